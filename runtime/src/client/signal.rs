//! Sending a signal.

use std::future::IntoFuture;

use futures::future::BoxFuture;

use super::ask::Asking;
use super::begin::answer_of_signal;
use super::post::{Mailing, standing, takes_mail, takes_none};
use super::{Client, PreparedSignal};
use crate::durable::Signal;
use crate::engine::RESERVE;
use crate::record::{Letter, SIGNAL_FORMAT, SentSignal, Value};
use crate::transport::InstanceId;
use crate::{Error, ErrorKind, random};

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
    /// lives. So who doesn't know whether a signal was sent can send it again. 1 to 100 ASCII letters, digits and signs other than
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
        let size = Letter::new(u32::MAX, None, sent.value.clone()).encode(&*client.codec).len();
        let limit = client.transport.max_record().saturating_sub(RESERVE);
        if size > limit {
            let text = format!("the signal `{}` has {size} bytes, and {limit} is the most", T::NAME);
            return Err(Error::new(ErrorKind::TooLarge, text));
        }
        Ok(PreparedSignal { instance, sent })
    }
}

fn named(key: Option<String>) -> String {
    key.unwrap_or_else(|| format!("{:032x}", random::bits()))
}

fn value<T: Signal>(signal: &T) -> Result<Value, Error> {
    Value::write(signal).map_err(|error| {
        Error::new(ErrorKind::Unserializable, format!("the signal `{}` can't be written: {error}", T::NAME))
    })
}

/// Sends a signal to an instance that runs. It may come to its end meanwhile: then it has either taken the signal, or never will.
pub(super) async fn send(
    client: &Client,
    instance: &InstanceId,
    sent: &SentSignal,
    remember: bool,
) -> Result<(), Error> {
    let SentSignal { name, key, value, .. } = sent;
    let mailing = Mailing { queue: name.clone(), answer: None, value: value.clone(), key: key.clone(), remember };
    post(client, instance, &mailing).await
}

/// The same for a sender that may have sent it before and not know of it, when the instance has come to its end meanwhile: whether it was taken is known for
/// an hour.
pub(super) async fn send_surely(client: &Client, instance: &InstanceId, sent: SentSignal) -> Result<(), Error> {
    let SentSignal { name, key, value, .. } = sent;
    let answer = Some(answer_of_signal(&name));
    let mailing = Mailing { queue: name, answer, value, key, remember: true };
    let refused = match post(client, instance, &mailing).await {
        Err(error) if error.kind() == ErrorKind::NotRunning => error,
        sent => return sent,
    };
    let asking = Asking { client, instance, mailing, begin: None, is_signal: true };
    asking.answered_before().await?.map(drop).ok_or(refused)
}

async fn post(client: &Client, instance: &InstanceId, mailing: &Mailing) -> Result<(), Error> {
    let before = standing(client, instance).await?;
    if mailing.has_begun(&before) {
        return Ok(());
    }
    if !takes_mail(&before) {
        return Err(takes_none(instance, &before));
    }
    let Some(number) = mailing.post(client, instance, before.life).await? else { return Ok(()) };
    let after = standing(client, instance).await?;
    match mailing.is_taken(&after, before.life, number) || (after.life == before.life && takes_mail(&after)) {
        true => Ok(()),
        false => Err(takes_none(instance, &after)),
    }
}

impl<'c, T: Signal + Sync> IntoFuture for SignalBuilder<'c, T> {
    type Output = Result<(), Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    /// Sends the signal. When this returns it is stored, for the instance to take it in its turn.
    ///
    /// It fails with [`ErrorKind::NotFound`] if there is no such instance, and with
    /// [`ErrorKind::NotRunning`] if it unwinds or has come to its end, also if it does so in this very moment
    /// without taking the signal.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
