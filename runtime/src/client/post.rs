//! Signals and cancels: what a client sends to an instance.

use std::future::IntoFuture;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;

use super::{Client, PreparedSignal, status};
use crate::durable::Signal;
use crate::engine::{self, CANCEL, RESERVE};
use crate::record::{self, Cause, FaultKind, Record, SIGNAL_FORMAT, SentSignal, Status, Value};
use crate::transport::{AppendError, InstanceId, Post};
use crate::{Error, ErrorKind, appending};

/// For so long a sender tries to get an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A signal that is put together; `.await` it.
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct SignalBuilder<'c, T> {
    client: &'c Client,
    instance: Result<InstanceId, Error>,
    signal: T,
    key: Option<String>,
}

impl<'c, T: Signal> SignalBuilder<'c, T> {
    pub(super) fn new(client: &'c Client, instance: Result<InstanceId, Error>, signal: T) -> Self {
        Self { client, instance, signal, key: None }
    }

    /// Names this signal among those of its type to this instance: sent again with the same key, it is dropped, for as long as the instance
    /// lives. So who doesn't know whether a signal was sent can send it again. 1 to 128 ASCII letters, digits and signs other than
    /// `.` `*` `>` `/` `\`.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    async fn send(self) -> Result<(), Error> {
        let Self { client, instance, signal, key } = self;
        let remember = key.is_some();
        let sent =
            SentSignal { format: SIGNAL_FORMAT, name: T::NAME.to_owned(), key: named(key), value: value(&signal)? };
        send(client, &instance?, &sent, remember).await
    }

    /// Writes the signal down instead of sending it: for an outbox, or somebody who sends it later
    /// ([`Client::send_prepared`]). It has a key in any case: without one of yours, a random one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidId`] if the saga, the id or the key can't be one; [`ErrorKind::Unserializable`] if the signal can't be
    /// written; [`ErrorKind::TooLarge`] if it is more than the transport takes.
    pub fn prepare(self) -> Result<PreparedSignal, Error> {
        let Self { client, instance, signal, key } = self;
        let (instance, key) = (instance?, named(key));
        InstanceId::new(instance.saga(), key.as_str()).map_err(|_| {
            let text = format!(
                "the key `{key}` of the signal `{}` can't be used (allowed: 1 to {} ASCII letters, digits and signs other than `.` `*` `>` `/` `\\`)",
                T::NAME,
                InstanceId::MAX_LEN
            );
            Error::new(ErrorKind::InvalidId, text)
        })?;
        let sent = SentSignal { format: SIGNAL_FORMAT, name: T::NAME.to_owned(), key, value: value(&signal)? };
        let (size, limit) = (encode(client, &sent).len(), client.transport.max_record().saturating_sub(RESERVE));
        if size > limit {
            let text = format!("the signal `{}` has {size} bytes, and {limit} is the most", T::NAME);
            return Err(Error::new(ErrorKind::TooLarge, text));
        }
        Ok(PreparedSignal { instance, sent })
    }
}

fn named(key: Option<String>) -> String {
    key.unwrap_or_else(|| format!("{:032x}", fastrand::u128(..)))
}

fn value<T: Signal>(signal: &T) -> Result<Value, Error> {
    Value::write(signal).map_err(|error| {
        Error::new(ErrorKind::Unserializable, format!("the signal `{}` can't be written: {error}", T::NAME))
    })
}

fn encode(client: &Client, sent: &SentSignal) -> Bytes {
    client.codec.encode(sent.value.as_json().to_owned().into_bytes())
}

pub(super) async fn send(
    client: &Client,
    instance: &InstanceId,
    sent: &SentSignal,
    remember: bool,
) -> Result<(), Error> {
    standing(client, instance).await.and_then(|record| takes_signals(instance, &record))?;
    let SentSignal { name, key, .. } = sent;
    let post = Post { instance, name, key, remember, payload: encode(client, sent) };
    let Some(number) = post_surely(client, post).await? else { return Ok(()) };
    // It may have come to its end meanwhile: then it has either taken the signal, or never will.
    let record = standing(client, instance).await?;
    if engine::taken(&record, name) >= number { Ok(()) } else { takes_signals(instance, &record) }
}

impl<'c, T: Signal + Sync> IntoFuture for SignalBuilder<'c, T> {
    type Output = Result<(), Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    /// Sends the signal. When this returns it is stored, for the instance to take it in its turn.
    ///
    /// It fails with [`ErrorKind::NotFound`] if there is no such instance, and with [`ErrorKind::NotRunning`] if it unwinds or has come to its
    /// end, also if it does so in this very moment without taking the signal.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// See [`Client::cancel`].
pub(super) async fn cancel(client: &Client, instance: &InstanceId) -> Result<(), Error> {
    if is_over(instance, &*standing(client, instance).await?)? {
        return Ok(());
    }
    let payload = client.codec.encode(b"null".to_vec());
    let post = Post { instance, name: CANCEL, key: "cancel", remember: false, payload };
    let Some(number) = post_surely(client, post).await? else { return Ok(()) };
    let record = standing(client, instance).await?;
    if engine::taken(&record, CANCEL) < number {
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

fn takes_signals(instance: &InstanceId, record: &Record) -> Result<(), Error> {
    let why = match record.status {
        // What is paused may go on, and finds its signals then.
        Status::Running | Status::Paused => return Ok(()),
        Status::Unwinding | Status::Stuck => "unwinds",
        _ => "has come to its end",
    };
    Err(Error::new(ErrorKind::NotRunning, format!("{instance} takes no signals: it {why}")))
}

async fn standing(client: &Client, instance: &InstanceId) -> Result<Box<Record>, Error> {
    if client.transport.hands_in() {
        let text = "a client that isn't trusted (`ConnectOptions::ingress`) can send neither signals nor cancels";
        return Err(Error::new(ErrorKind::Denied, text));
    }
    let stored = client.transport.latest(instance).await?.ok_or_else(|| status::not_found(instance))?.payload;
    record::decode(&*client.codec, &stored).map_err(|error| status::unreadable(instance, &error.to_string()))
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
