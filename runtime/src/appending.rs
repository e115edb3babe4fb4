//! Appending with patience: the answers that only mean "not now" are waited out.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::transport::{Append, AppendError, Revision, Transport};

const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

/// Appends until there is an answer that decides, or `patience` is over; then the last answer is the result.
///
/// Doing it again is safe by the append's condition. After [`AppendError::Unknown`], an
/// [`AppendError::Superseded`] may come from this very append: whoever gets it must not conclude who has moved the instance on.
pub(crate) async fn append(
    transport: &dyn Transport,
    append: Append<'_>,
    patience: Duration,
) -> Result<Revision, AppendError> {
    let mut begun = None;
    let mut pause = SHORTEST;
    loop {
        let error = match transport.append(append.clone()).await {
            Ok(revision) => return Ok(revision),
            Err(error) => error,
        };
        let wait = match &error {
            // Half of it is chance, so that two appends that block each other do not meet again.
            AppendError::Undecided => Duration::from_millis(fastrand::u64(50..200)),
            AppendError::Unknown(_) | AppendError::Busy(_) => pause.mul_f64(0.5 + fastrand::f64() / 2.0),
            _ => return Err(error),
        };
        if begun.get_or_insert_with(Instant::now).elapsed() + wait > patience {
            return Err(error);
        }
        tracing::warn!(instance = %append.instance, %error, "the transport did not take a record; trying again in {wait:?}");
        sleep(wait).await;
        pause = (pause * 2).min(LONGEST);
    }
}
