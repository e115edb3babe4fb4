//! How far an attempt has come: what a long step saves while it runs (`cx.save`).
//!
//! A step that is the only one of its record saves into the record's notes. Beside other steps, it leaves what it saves to the worker that
//! holds the record, which stores it with the record: when something else is stored, and at its heartbeat.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use crate::appending::{self, Failed};
use crate::record::{self, Codec, Note, Value};
use crate::transport::{self, AppendError, InstanceId, Revision, Transport};
use crate::{Error, ErrorKind};

/// No more than one note in this time …
const SHORTEST: Duration = Duration::from_secs(1);

/// … or in this part of the time that the attempt has run: so a record has some hundreds of notes at most.
const PART: u32 = 50;

/// For so long it is tried to store a note.
const PATIENCE: Duration = Duration::from_secs(30);

/// What one attempt has saved.
#[derive(Debug)]
pub(crate) struct Progress {
    notes: Option<Notes>,
    begun: Instant,
    state: Mutex<State>,
    /// Held while a note is written.
    log: tokio::sync::Mutex<Log>,
}

/// Where notes go.
#[derive(Debug)]
pub(crate) struct Notes {
    pub(crate) instance: InstanceId,
    pub(crate) of: Revision,
    pub(crate) occurrence: u64,
    /// Nobody can have had the record before.
    pub(crate) fresh: bool,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) codec: Arc<dyn Codec>,
}

#[derive(Debug)]
struct State {
    saved: Option<Value>,
    /// Whether `saved` is not stored.
    changed: bool,
    /// When a note may be written.
    next: Option<Instant>,
    /// Whether a task waits for that.
    waits: bool,
}

#[derive(Debug, Default)]
struct Log {
    /// The record's notes, as far as they are known.
    known: Vec<Bytes>,
    read: bool,
}

impl Progress {
    /// Of an attempt that finds this saved by those before it.
    pub(crate) fn new(saved: Option<Value>, notes: Option<Notes>) -> Arc<Self> {
        let state = Mutex::new(State { saved, changed: false, next: None, waits: false });
        Arc::new(Self { notes, begun: Instant::now(), state, log: tokio::sync::Mutex::default() })
    }

    /// Saves. Of several values that come shortly one after the other only the last is stored.
    pub(crate) async fn save(self: &Arc<Self>, value: Value) -> Result<(), Error> {
        {
            let mut state = self.state();
            (state.saved, state.changed) = (Some(value), true);
            if self.notes.is_none() {
                return Ok(());
            }
            if let Some(next) = state.next.filter(|next| *next > Instant::now()) {
                if !state.waits {
                    state.waits = true;
                    self.write_at(next);
                }
                return Ok(());
            }
        }
        self.write().await
    }

    /// What was saved last, in this attempt or before it.
    pub(crate) async fn saved(&self) -> Result<Option<Value>, Error> {
        if self.state().saved.is_none()
            && let Some(notes) = self.notes.as_ref().filter(|notes| !notes.fresh)
        {
            let mut log = self.log.lock().await;
            notes.read(&mut log).await?;
            let saved = notes.last(&log)?;
            let mut state = self.state();
            if state.saved.is_none() {
                state.saved = saved;
            }
        }
        Ok(self.state().saved.clone())
    }

    /// The newest value, if it was saved in this attempt or found by it.
    pub(crate) fn newest(&self) -> Option<Value> {
        self.state().saved.clone()
    }

    /// The newest value, if the holder of the record has not stored it yet.
    pub(crate) fn take_changed(&self) -> Option<Value> {
        let mut state = self.state();
        std::mem::take(&mut state.changed).then(|| state.saved.clone()).flatten()
    }

    /// The notes of the record, as far as they are known here.
    pub(crate) async fn notes(&self) -> Vec<Bytes> {
        std::mem::take(&mut self.log.lock().await.known)
    }

    /// Writes when it may be done, unless the attempt has ended by then.
    fn write_at(self: &Arc<Self>, time: Instant) {
        let progress = Arc::downgrade(self);
        tokio::spawn(async move {
            sleep_until(time).await;
            let Some(progress) = progress.upgrade() else { return };
            progress.state().waits = false;
            if let Err(error) = progress.write().await {
                tracing::warn!(%error, "the progress of a step could not be stored; its next `save` tries again");
            }
        });
    }

    async fn write(&self) -> Result<(), Error> {
        let Some(notes) = &self.notes else { return Ok(()) };
        let mut log = self.log.lock().await;
        let Some(value) = self.take_changed() else { return Ok(()) };
        let written = notes.write(&mut log, value).await;
        let mut state = self.state();
        state.next = Some(Instant::now() + SHORTEST.max(self.begun.elapsed() / PART));
        state.changed |= written.is_err();
        written
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notes {
    async fn read(&self, log: &mut Log) -> Result<(), Error> {
        if !log.read {
            log.known = self.transport.notes(&self.instance, self.of).await?;
            log.read = true;
        }
        Ok(())
    }

    /// What the notes say to be saved.
    fn last(&self, log: &Log) -> Result<Option<Value>, Error> {
        let mut last = None;
        for note in &log.known {
            let note = record::decode_note(&*self.codec, note);
            if let Note::Save { occurrence, saved } =
                note.map_err(|error| Error::new(ErrorKind::Unreadable, format!("a note can't be read: {error}")))?
                && occurrence == self.occurrence
            {
                last = Some(saved);
            }
        }
        Ok(last)
    }

    async fn write(&self, log: &mut Log, saved: Value) -> Result<(), Error> {
        let note = Note::Save { occurrence: self.occurrence, saved };
        let payload = record::encode_note(&*self.codec, &note)
            .map_err(|error| Error::new(ErrorKind::Unserializable, error.to_string()))?;
        if !self.fresh {
            self.read(log).await?;
        }
        loop {
            let number = log.known.len() as u64;
            let note = transport::Note { instance: &self.instance, of: self.of, number, payload: payload.clone() };
            let error = match appending::note(&*self.transport, note, PATIENCE, |_| {}).await {
                Ok(()) => {
                    log.known.push(payload);
                    return Ok(());
                }
                Err(Failed { error, .. }) => error,
            };
            let known = log.known.len();
            return Err(match error {
                AppendError::Superseded { .. } => {
                    // By a note of a worker that had the attempt before, or by the next record.
                    let last = self.transport.latest(&self.instance).await?.map(|last| last.revision);
                    log.read = false;
                    self.read(log).await?;
                    let closed = log
                        .known
                        .last()
                        .is_some_and(|note| matches!(record::decode_note(&*self.codec, note), Ok(Note::Closed)));
                    if last == Some(self.of) && !closed && log.known.len() > known {
                        continue;
                    }
                    let text = "another worker has taken this attempt over: what is saved here counts for nothing";
                    Error::new(ErrorKind::Superseded, text)
                }
                AppendError::TooLarge { size, limit } => Error::new(
                    ErrorKind::TooLarge,
                    format!("what is to be saved has {size} bytes, and {limit} is the most"),
                ),
                error => Error::new(ErrorKind::Unreachable, format!("the progress could not be stored: {error}")),
            });
        }
    }
}
