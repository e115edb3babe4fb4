//! Appending (and noting) with patience: the answers that only mean "not now" are waited out.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::transport::{Append, AppendError, InstanceId, Line, Note, Post, Revision, Transport};

const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

/// Why there was no append.
#[derive(Debug)]
pub(crate) struct Failed {
    /// The last answer.
    pub(crate) error: AppendError,
    /// An earlier answer was lost: so an [`AppendError::Superseded`] may come from this very append, and whoever gets it
    /// must not conclude who has moved the instance on.
    pub(crate) unsure: bool,
}

/// Appends until there is an answer that decides, or `patience` is over; then the last answer is the result. Each
/// answer that is no yes is shown to `on_error`.
///
/// Doing it again is safe by the append's condition.
pub(crate) async fn append(
    transport: &dyn Transport,
    append: Append<'_>,
    patience: Duration,
    on_error: impl Fn(&AppendError),
) -> Result<Revision, Failed> {
    let mut waiting = Waiting::new(append.instance, patience);
    loop {
        let error = match transport.append(append.clone()).await {
            Ok(revision) => return Ok(revision),
            Err(error) => error,
        };
        on_error(&error);
        // Boxed, as it is seldom: there is one of these futures for each step that is run anywhere.
        Box::pin(waiting.after(error)).await?;
    }
}

/// The same for a note. One that was stored by this call, though the answer was lost, is a success; an
/// [`AppendError::Superseded`] is somebody else's.
pub(crate) async fn note(
    transport: &dyn Transport,
    note: Note<'_>,
    patience: Duration,
    on_error: impl Fn(&AppendError),
) -> Result<(), Failed> {
    let mut waiting = Waiting::new(note.instance, patience);
    loop {
        let mut error = match transport.note(note.clone()).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if waiting.unsure && matches!(error, AppendError::Superseded { .. }) {
            let index = usize::try_from(note.number).unwrap_or(usize::MAX);
            match transport.notes(note.instance, note.of).await {
                Ok(notes) if notes.get(index) == Some(&note.payload) => return Ok(()),
                Ok(_) => {}
                Err(unread) => error = AppendError::Unknown(unread.to_string()),
            }
        }
        on_error(&error);
        waiting.after(error).await?;
    }
}

/// The same for mail. After a lost answer an [`AppendError::Superseded`] is most likely from this very post.
pub(crate) async fn post(transport: &dyn Transport, post: Post<'_>, patience: Duration) -> Result<u64, Failed> {
    let mut waiting = Waiting::new(post.instance, patience);
    loop {
        match transport.post(post.clone()).await {
            Ok(number) => return Ok(number),
            Err(error) => waiting.after(error).await?,
        }
    }
}

/// The same for a line. After a lost answer an [`AppendError::Superseded`] is most likely from this very one.
pub(crate) async fn write_line(transport: &dyn Transport, line: Line<'_>, patience: Duration) -> Result<u64, Failed> {
    let mut waiting = Waiting::new(line.instance, patience);
    loop {
        match transport.write_line(line.clone()).await {
            Ok(position) => return Ok(position),
            Err(error) => waiting.after(error).await?,
        }
    }
}

/// What has been waited for so far.
struct Waiting<'a> {
    instance: &'a InstanceId,
    patience: Duration,
    begun: Option<Instant>,
    pause: Duration,
    unsure: bool,
}

impl<'a> Waiting<'a> {
    fn new(instance: &'a InstanceId, patience: Duration) -> Self {
        Self { instance, patience, begun: None, pause: SHORTEST, unsure: false }
    }

    /// Waits before it is tried again, if that is of use.
    async fn after(&mut self, error: AppendError) -> Result<(), Failed> {
        self.unsure |= matches!(error, AppendError::Unknown(_));
        let unsure = self.unsure;
        let wait = match &error {
            // Half of it is chance, so that two appends that block each other do not meet again.
            AppendError::Undecided => Duration::from_millis(fastrand::u64(50..200)),
            AppendError::Unknown(_) | AppendError::Busy(_) => self.pause.mul_f64(0.5 + fastrand::f64() / 2.0),
            _ => return Err(Failed { error, unsure }),
        };
        if self.begun.get_or_insert_with(Instant::now).elapsed() + wait > self.patience {
            return Err(Failed { error, unsure });
        }
        tracing::warn!(instance = %self.instance, %error, "the transport did not take a record; trying again in {wait:?}");
        sleep(wait).await;
        self.pause = (self.pause * 2).min(LONGEST);
        Ok(())
    }
}
