//! What a client sends to an instance: how it is stored, and whether the instance still takes it.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Client, status};
use crate::engine::CANCEL;
use crate::record::{self, Cause, FaultKind, Letter, Record, Status, Value};
use crate::transport::{AppendError, InstanceId, Post};
use crate::{Error, ErrorKind, appending, random};

/// For so long a sender tries to get an answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A signal or a request, before it is known what it meets.
#[derive(Debug)]
pub(super) struct Mailing {
    /// Where it goes.
    pub(super) queue: String,
    /// The answer is to be found by a key that begins so; none, if none is wanted.
    pub(super) answer: Option<String>,
    pub(super) value: Value,
    /// The sender's, or one that nobody else has.
    pub(super) key: String,
    /// Whether it is the sender's.
    pub(super) remember: bool,
}

impl Mailing {
    pub(super) fn new<T: Serialize + DeserializeOwned>(
        queue: String,
        answer: Option<String>,
        value: &T,
        key: Option<String>,
    ) -> Result<Self, Error> {
        let remember = key.is_some();
        let key = key.unwrap_or_else(|| format!("{:032x}", random::bits()));
        let value = Value::write(value).map_err(|error| {
            Error::new(ErrorKind::Unserializable, format!("what is sent to `{queue}` can't be written: {error}"))
        })?;
        Ok(Self { queue, answer, value, key, remember })
    }

    /// Its key in a life of the instance: each life has its own.
    fn key_in(&self, life: u32) -> String {
        if life == record::first() { self.key.clone() } else { format!("{}@{life}", self.key) }
    }

    /// By what the answer is found.
    pub(super) fn answer_in(&self, life: u32) -> Option<String> {
        self.answer.as_ref().map(|begins| format!("{begins}-{}", self.key_in(life)))
    }

    /// Stores it for a life of the instance. Its number; `None`: there has been mail with this key.
    pub(super) async fn post(&self, client: &Client, instance: &InstanceId, life: u32) -> Result<Option<u64>, Error> {
        let letter = Letter::new(life, self.answer_in(life), self.value.clone());
        let (name, key, payload) = (&*self.queue, &*self.key_in(life), letter.encode(&*client.codec));
        let post = Post { instance, name, key, remember: self.remember, answer_for: None, payload };
        post_surely(client, post).await
    }

    /// Whether the instance was started with it.
    pub(super) fn has_begun(&self, record: &Record) -> bool {
        record.begun_with.as_ref() == Some(&self.key)
    }

    /// Whether the instance has taken it, in the life that it was posted to. Who looks so late that this is no longer known is told that it has not.
    pub(super) fn is_taken(&self, record: &Record, life: u32, number: u64) -> bool {
        let taken = match record.life.checked_sub(life) {
            Some(0) => &record.taken,
            Some(1) => &record.ended_with,
            _ => return false,
        };
        taken.get(&self.queue).is_some_and(|taken| *taken >= number)
    }
}

/// See [`Client::cancel`].
pub(super) async fn cancel(client: &Client, instance: &InstanceId) -> Result<(), Error> {
    let before = standing(client, instance).await?;
    if is_over(instance, &before)? {
        return Ok(());
    }
    let cancel = Mailing::new(CANCEL.to_owned(), None, &(), None)?;
    let cancel = Mailing { key: "cancel".to_owned(), ..cancel };
    let Some(number) = cancel.post(client, instance, before.life).await? else { return Ok(()) };
    let record = standing(client, instance).await?;
    if !cancel.is_taken(&record, before.life, number) && record.life == before.life {
        is_over(instance, &record)?;
    }
    Ok(())
}

/// Whether there is nothing left to cancel, as the instance unwinds already or was cancelled; an error if it has ended otherwise or can't.
fn is_over(instance: &InstanceId, record: &Record) -> Result<bool, Error> {
    // Who cancels twice may come when the first has had its effect.
    if matches!(&record.cause, Some(Cause::Fault(fault)) if fault.kind == FaultKind::Cancelled) {
        return Ok(true);
    }
    let why = match record.status {
        Status::Running => return Ok(false),
        Status::Unwinding => return Ok(true),
        Status::Stuck => "is stuck while it unwinds",
        Status::Paused => "is paused, and waits for an operator",
        _ => "has come to its end",
    };
    Err(Error::new(ErrorKind::NotRunning, format!("{instance} can't be cancelled: it {why}")))
}

/// Whether an instance takes signals and requests. What is paused may go on, and finds them then.
pub(super) fn takes_mail(record: &Record) -> bool {
    matches!(record.status, Status::Running | Status::Paused)
}

pub(super) fn takes_none(instance: &InstanceId, record: &Record) -> Error {
    let why = match record.status {
        Status::Unwinding | Status::Stuck => "unwinds",
        _ => "has come to its end",
    };
    Error::new(ErrorKind::NotRunning, format!("{instance} takes no signals: it {why}"))
}

/// A client that isn't trusted sends nothing.
pub(super) fn may_send(client: &Client) -> Result<(), Error> {
    if client.transport.hands_in() {
        let text = "a client that isn't trusted (`ConnectOptions::ingress`) can send neither signals nor cancels";
        return Err(Error::new(ErrorKind::Denied, text));
    }
    Ok(())
}

pub(super) async fn standing(client: &Client, instance: &InstanceId) -> Result<Box<Record>, Error> {
    may_send(client)?;
    let stored = client.transport.latest(instance).await?.ok_or_else(|| status::not_found(instance))?;
    decoded(client, instance, &stored.payload)
}

pub(super) fn decoded(client: &Client, instance: &InstanceId, payload: &bytes::Bytes) -> Result<Box<Record>, Error> {
    record::decode(&*client.codec, payload).map_err(|error| status::unreadable(instance, &error.to_string()))
}

/// What is stored for a request of an operator's: it is for one life of the instance.
pub(super) fn request(client: &Client, life: u32) -> bytes::Bytes {
    let nothing = Value::from_json("null".to_owned()).expect("that is JSON");
    Letter::new(life, None, nothing).encode(&*client.codec)
}

/// Its number; `None`: there has been mail with this key.
pub(super) async fn post_surely(client: &Client, post: Post<'_>) -> Result<Option<u64>, Error> {
    let instance = post.instance.clone();
    match appending::post(&*client.transport, post, PATIENCE).await.map_err(|failed| failed.error) {
        Ok(number) => Ok(Some(number)),
        Err(AppendError::Superseded { .. }) => Ok(None),
        Err(error) => {
            let kind = match &error {
                AppendError::Busy(_) | AppendError::Undecided => ErrorKind::Busy,
                AppendError::Refused(_) => ErrorKind::Denied,
                AppendError::TooLarge { .. } => ErrorKind::TooLarge,
                _ => ErrorKind::Unreachable,
            };
            Err(Error::new(kind, format!("nothing was sent to {instance}: {error}")).caused_by(error))
        }
    }
}
