//! Starting an instance by the ingress: what this client may not write, a worker writes for it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Client, IfExists};
use crate::engine::{self, RESERVE};
use crate::record::{self, Start, Unserializable};
use crate::transport::{Enter, EnterError, EntryKind, InstanceId};
use crate::{Error, ErrorKind};

/// For so long it is tried to get an answer.
const PATIENCE: Duration = Duration::from_secs(30);
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

/// Hands a start in. When this returns, the start is stored; a worker will admit it.
pub(super) async fn enter(
    client: &Client,
    instance: &InstanceId,
    start: Start,
    if_exists: IfExists,
) -> Result<(), Error> {
    if if_exists == IfExists::Restart {
        let text = format!(
            "{instance} can't be started anew by the ingress: only a worker, or a client that is trusted, may supersede a record"
        );
        return Err(Error::new(ErrorKind::Denied, text));
    }
    let payload = encode(client, instance, &start)?;
    let exists = || Error::new(ErrorKind::AlreadyStarted, format!("{instance} has been started before"));
    if if_exists == IfExists::Refuse && client.transport.latest(instance).await?.is_some() {
        return Err(exists());
    }
    let (begun, mut pause) = (Instant::now(), SHORTEST);
    let mut unanswered = false;
    loop {
        let enter = Enter { kind: EntryKind::Start, instance, payload: payload.clone() };
        let error = match client.transport.enter(enter).await {
            Ok(()) => return Ok(()),
            Err(EnterError::Pending) if if_exists == IfExists::Attach => return Ok(()),
            Err(EnterError::Pending) => return Err(exists()),
            Err(error) => error,
        };
        let wait = match &error {
            EnterError::Unknown(_) => {
                unanswered = true;
                pause.mul_f64(0.5 + fastrand::f64() / 2.0)
            }
            // Half of it is chance, so that two that block each other do not meet again.
            EnterError::Undecided => Duration::from_millis(fastrand::u64(50..200)),
            _ => return Err(failed(instance, error, unanswered)),
        };
        if begun.elapsed() + wait > PATIENCE {
            return Err(failed(instance, error, unanswered));
        }
        if unanswered {
            tracing::warn!(%instance, %error, "the ingress did not answer; trying again in {wait:?}");
            pause = (pause * 2).min(LONGEST);
        }
        sleep(wait).await;
    }
}

/// The record that a worker will make of it must fit, too: that is found here, where somebody hears of it.
pub(super) fn encode(client: &Client, instance: &InstanceId, start: &Start) -> Result<bytes::Bytes, Error> {
    let unserializable =
        |error: Unserializable| Error::new(ErrorKind::Unserializable, format!("{instance} can't be started: {error}"));
    let codec = &*client.codec;
    let first = engine::beginning(instance, start.clone(), client.clock.now());
    let size = record::encode(codec, &first).map_err(unserializable)?.len();
    let limit = client.transport.max_record().saturating_sub(RESERVE);
    if size > limit {
        let about = engine::about_size(&first, size, limit);
        return Err(Error::new(ErrorKind::TooLarge, format!("{instance} can't be started: {about}")));
    }
    record::encode_start(codec, start).map_err(unserializable)
}

fn failed(instance: &InstanceId, error: EnterError, unanswered: bool) -> Error {
    let kind = match &error {
        EnterError::Busy(_) | EnterError::Undecided => ErrorKind::Busy,
        EnterError::TooLarge { .. } => ErrorKind::TooLarge,
        EnterError::Refused(_) => ErrorKind::Denied,
        _ => ErrorKind::Unreachable,
    };
    let text = match &error {
        _ if unanswered => {
            format!(
                "{instance}: whether its start was handed in is not known, and it is safe to start it again: {error}"
            )
        }
        EnterError::Busy(why) => {
            format!(
                "{instance} was not started: the ingress takes no more until workers have admitted what it holds ({why}); try again later"
            )
        }
        _ => format!("{instance} was not started: {error}"),
    };
    Error::new(kind, text).caused_by(error)
}
