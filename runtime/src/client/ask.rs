//! Asking an instance: a request is sent, and the answer waited for.

use std::future::IntoFuture;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::{Instant, timeout_at};

use super::begin::{self, Begin, Sent};
use super::post::{Mailing, decoded, may_send, standing, takes_mail, takes_none};
use super::{Client, IfExists, status};
use crate::durable::Request;
use crate::engine::{queue_of_answer, queue_of_requests};
use crate::record::{Answer, Record, Status, Value};
use crate::transport::{InstanceId, Stored, Watch};
use crate::{Error, ErrorKind};

/// If the transport tells nothing, it is asked: so soon at first, and later and later …
const SHORTEST: Duration = Duration::from_millis(200);
/// … up to this.
const LONGEST: Duration = Duration::from_secs(5);

/// A question that is put together; `.await` it.
#[derive(Debug)]
#[must_use = "nothing is asked until it is awaited"]
pub struct AskBuilder<'c, T> {
    client: &'c Client,
    instance: Result<InstanceId, Error>,
    request: T,
    key: Option<String>,
}

impl<'c, T: Request> AskBuilder<'c, T> {
    pub(super) fn new(client: &'c Client, instance: Result<InstanceId, Error>, request: T) -> Self {
        Self { client, instance, request, key: None }
    }

    /// Names this request among those of its type to this instance: asked again with the same key, the instance does not get it a second time,
    /// and the answer is that of the first time. Keys are remembered for as long as the instance lives, and the answers for an hour.
    /// 1 to 48 ASCII letters, digits and signs other than `.` `*` `>` `/` `\`.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

impl<'c, T: Request + Sync> IntoFuture for AskBuilder<'c, T> {
    type Output = Result<T::Reply, Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    /// Asks, and waits for the answer, for however long the instance takes: put a time limit around it where that matters. Who stops
    /// waiting, and asks again with the same key, gets the answer.
    ///
    /// It fails with [`ErrorKind::NotFound`] if there is no such instance; with [`ErrorKind::NotRunning`] if it unwinds or has come to its
    /// end, also if it does so without having taken the request; with [`ErrorKind::Unanswered`] if it has taken the request, and dropped it or come
    /// to its end without an answer.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { client, instance, request, key } = self;
            let instance = instance?;
            ask::<T>(client, &instance, &request, key, None).await
        })
    }
}

/// Asks, and waits for the answer.
pub(super) async fn ask<T: Request>(
    client: &Client,
    instance: &InstanceId,
    request: &T,
    key: Option<String>,
    begin: Option<&Begin>,
) -> Result<T::Reply, Error> {
    let mailing = Mailing::new(queue_of_requests(T::NAME), Some(T::NAME.to_owned()), request, key)?;
    let answer = Asking { client, instance, mailing, begin, is_signal: false }.answer().await?;
    answer.read().map_err(|error| {
        let text = format!("{instance} has answered `{}`, and that can't be read: {error}", T::NAME);
        Error::new(ErrorKind::Unreadable, text)
    })
}

/// A question on its way; or a signal whose sender wants to know that it was taken.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    pub(super) client: &'a Client,
    pub(super) instance: &'a InstanceId,
    pub(super) mailing: Mailing,
    pub(super) begin: Option<&'a Begin>,
    pub(super) is_signal: bool,
}

impl Asking<'_> {
    /// Sends it, until it has been taken, and waits for the answer. A signal that an instance was started with is in its record, and that is enough.
    pub(super) async fn answer(&self) -> Result<Value, Error> {
        let Self { client, instance, mailing, begin, is_signal } = self;
        let mut watch = client.transport.watch(instance).await?;
        loop {
            if let Some(answer) = self.answered_before().await? {
                return self.read(answer);
            }
            let (life, number) = match begin::send(client, instance, mailing, *begin).await? {
                Sent::Brought(_) if *is_signal => return Ok(Value::null()),
                Sent::Brought(life) => (life, None),
                Sent::Posted(life, number) => (life, Some(number.unwrap_or_default())),
                Sent::Refused(record) => {
                    // It may have come to its end just now, and have answered what was sent with this key before.
                    return match self.answered_before().await? {
                        Some(answer) => self.read(answer),
                        None => Err(takes_none(instance, &record)),
                    };
                }
            };
            if let Some(answer) = self.wait(&mut *watch, life, number).await? {
                return self.read(answer);
            }
            // The instance has come to its end without having taken it.
            if begin.is_none_or(|begin| begin.if_exists != IfExists::Restart) {
                return Err(takes_none(instance, &*standing(client, instance).await?));
            }
        }
    }

    /// Whether what has this key, which is the sender's own, has been answered, so that nothing is begun for it.
    pub(super) async fn answered_before(&self) -> Result<Option<Answer>, Error> {
        if !self.mailing.remember {
            return Ok(None);
        }
        may_send(self.client)?;
        let Some(Stored { payload, .. }) = self.client.transport.latest(self.instance).await? else { return Ok(None) };
        let record = decoded(self.client, self.instance, &payload)?;
        match self.told(&record, record.life) {
            Some(answer) => Ok(Some(answer)),
            None => self.kept(record.life).await,
        }
    }

    /// Waits for the answer. `None`: this life of the instance is over, and has not taken it. (If it had, there would be an answer,
    /// or a refusal, which are told before anything comes after the record that announces them.) Without a `number` it was begun with it.
    async fn wait(&self, watch: &mut dyn Watch, life: u32, number: Option<u64>) -> Result<Option<Answer>, Error> {
        let (client, instance) = (self.client, self.instance);
        let (mut pause, mut look_at) = (SHORTEST, Instant::now() + SHORTEST);
        loop {
            let (payload, look) = match timeout_at(look_at, watch.next()).await {
                // The record that has announced it may have been skipped.
                Ok(Some(stored)) => (Some(stored?.payload), false),
                Ok(None) => {
                    let name = client.transport.name();
                    let text = format!("the transport `{name}` was closed while {instance} was asked");
                    return Err(Error::new(ErrorKind::Closed, text));
                }
                Err(_) => {
                    pause = (pause * 2).min(LONGEST);
                    look_at = Instant::now() + pause;
                    (client.transport.latest(instance).await?.map(|stored| stored.payload), true)
                }
            };
            let Some(payload) = payload else { return Err(status::not_found(instance)) };
            let record = decoded(client, instance, &payload)?;
            if let Some(answer) = self.told(&record, life) {
                return Ok(Some(answer));
            }
            let is_over = record.life > life || (record.life == life && record.status.is_terminal());
            let unwinds = record.life == life && matches!(record.status, Status::Unwinding | Status::Stuck);
            let key = self.mailing.answer_in(life).unwrap_or_default();
            let is_open = record.asked.contains(&key);
            let is_taken = number.is_some_and(|number| number > 0 && self.mailing.is_taken(&record, life, number));
            if (is_over || unwinds || look || (is_taken && !is_open))
                && let Some(answer) = self.kept(life).await?
            {
                return Ok(Some(answer));
            }
            if is_over && number.is_none() {
                let text = format!("{instance} has come to its end without having taken what it was started with");
                return Err(Error::new(ErrorKind::Unanswered, text));
            }
            // While it unwinds, what it has taken may still be refused.
            if is_over || (unwinds && !is_open) {
                return if takes_mail(&record) || is_over { Ok(None) } else { Err(takes_none(instance, &record)) };
            }
        }
    }

    /// The answer, if this record announces it.
    fn told(&self, record: &Record, life: u32) -> Option<Answer> {
        let key = self.mailing.answer_in(life)?;
        record.answers.iter().find(|answer| answer.key == key).cloned()
    }

    /// The answer, if it has been told before.
    async fn kept(&self, life: u32) -> Result<Option<Answer>, Error> {
        let Some(key) = self.mailing.answer_in(life) else { return Ok(None) };
        let mail = self.client.transport.mail(self.instance, &queue_of_answer(&key), 0, 1).await?;
        let answer = mail.first().map(|mail| Answer::decode(&*self.client.codec, &mail.payload)).transpose();
        answer.map_err(|error| status::unreadable(self.instance, &error.to_string()))
    }

    fn read(&self, answer: Answer) -> Result<Value, Error> {
        answer.value.ok_or_else(|| {
            let (instance, queue) = (self.instance, &self.mailing.queue);
            let text = format!("{instance} has taken what it was asked (`{queue}`), and does not answer it");
            Error::new(ErrorKind::Unanswered, text)
        })
    }
}
