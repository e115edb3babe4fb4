//! What operators do to one instance: pause, resume, retry, skip, terminate. No code of its saga need be known.
//!
//! To pause is mail, as to cancel is: a step that runs is let come to its end, and its result is kept. An instance that is stuck or paused is
//! worked on by nobody; what sets it going again is an append of the client's, on the condition that it still stands so.

use std::future::IntoFuture;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Client, post, status};
use crate::ends;
use crate::engine::{self, ATTACH, CANCEL, PAUSE, RESERVE, Refused, Which};
use crate::record::{self, Record, Status, Value};
use crate::transport::{Append, AppendError, Discard, InstanceId, Post, Stored};
use crate::worker::KEEP;
use crate::{Error, ErrorKind, appending, logs};

/// For so long it is tried to get an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// So often it is tried to be faster than the workers that move an instance on.
const TURNS: usize = 100;

/// The record to put in the place of another.
struct Next {
    payload: Bytes,
    /// What can be read of it.
    record: Option<Box<Record>>,
}

/// See [`Client::pause`].
pub(super) async fn pause(client: &Client, instance: &InstanceId) -> Result<(), Error> {
    let (Stored { revision, .. }, record) = found(client, instance).await?;
    if is_paused(instance, &record)? {
        return Ok(());
    }
    let (key, payload) = (format!("pause-{revision}"), post::request(client, record.life));
    let post = Post { instance, name: PAUSE, key: &key, remember: false, answer_for: None, payload };
    let Some(number) = post::post_surely(client, post).await? else { return Ok(()) };
    let (_, record) = found(client, instance).await?;
    if engine::taken(&record, PAUSE) < number {
        is_paused(instance, &record)?;
    }
    Ok(())
}

fn is_paused(instance: &InstanceId, record: &Record) -> Result<bool, Error> {
    match record.status {
        Status::Running | Status::Unwinding => Ok(false),
        Status::Paused => Ok(true),
        status => {
            let text = format!("{instance} can't be paused: it {}", so_it_stands(status));
            Err(Error::new(ErrorKind::NotRunning, text))
        }
    }
}

/// What is to be made of an instance's record.
#[derive(Debug, Clone, Copy)]
pub(super) enum Verb<'v> {
    /// See [`Client::resume`].
    Resume,
    /// See [`Client::retry`].
    Retry,
    /// See [`Client::skip`].
    Skip(&'v Which, &'v Value),
    /// See [`Client::terminate`].
    Terminate,
}

impl Verb<'_> {
    fn make(self, client: &Client, instance: &InstanceId, record: &Record) -> Result<Next, Error> {
        let (codec, now) = (&*client.codec, client.clock.now());
        let made = match self {
            Self::Resume => engine::resumed(record, codec),
            Self::Retry => engine::retried(record, codec, now).and_then(|next| written(client, next)),
            Self::Skip(which, value) => {
                engine::skipped(record, codec, which, value, now).and_then(|next| written(client, next))
            }
            Self::Terminate if record.status.is_terminal() => {
                let text = format!("{instance} can't be terminated: it {}", so_it_stands(record.status));
                return Err(Error::new(ErrorKind::NotRunning, text));
            }
            Self::Terminate => written(client, engine::terminated(record, now)),
        };
        let (payload, next) = made.map_err(|refused| refused_as(instance, record, self, refused))?;
        let limit = client.transport.max_record().saturating_sub(RESERVE);
        match &next {
            Some(next) if payload.len() > limit => {
                Err(Error::new(ErrorKind::TooLarge, engine::about_size(next, payload.len(), limit)))
            }
            _ => Ok(Next { payload, record: next }),
        }
    }

    fn is_done(self) -> &'static str {
        match self {
            Self::Resume => "resumed",
            Self::Retry => "retried",
            Self::Skip(..) => "skipped",
            Self::Terminate => "terminated",
        }
    }
}

fn written(client: &Client, record: Box<Record>) -> Result<(Bytes, Option<Box<Record>>), Refused> {
    let payload = record::encode(&*client.codec, &record).map_err(|error| Refused::Unreadable(error.to_string()))?;
    Ok((payload, Some(record)))
}

/// Puts what a verb makes of the instance's last record in the place of that, whatever it is: as often as somebody else is faster, it is made anew.
pub(super) async fn operate(client: &Client, instance: &InstanceId, verb: Verb<'_>) -> Result<(), Error> {
    for _ in 0..TURNS {
        let (stored, record) = found(client, instance).await?;
        let revision = stored.revision;
        let Next { payload, record: next } = verb.make(client, instance, &record)?;
        let (next, now) = (next.as_deref(), client.clock.now());
        // Nobody has taken it, if the instance was paused meanwhile.
        let cancelled = match next.filter(|next| next.status == Status::Running) {
            Some(next) => !client.transport.mail(instance, CANCEL, engine::taken(next, CANCEL), 1).await?.is_empty(),
            None => false,
        };
        // What comes later may be for an instance that is started anew.
        let up_to = match verb {
            Verb::Terminate => {
                let mailbox = client.transport.mailbox(instance).await?;
                // Who has attached is told of the end by the notice of that.
                let attached = |name: &str, number: u64| name == ATTACH && number > engine::taken(&record, ATTACH);
                let first =
                    mailbox.iter().filter(|(name, number)| attached(name, *number)).map(|(_, number)| *number).min();
                mailbox
                    .iter()
                    .map(|(_, number)| *number)
                    .filter(|number| first.is_none_or(|first| *number < first))
                    .max()
            }
            _ => None,
        };
        let up_to = up_to.unwrap_or_default();
        let append = Append {
            not_before: next.and_then(|next| engine::wakes(next, now)).map(SystemTime::from),
            keep: next.filter(|next| next.status.is_terminal()).map(|_| KEEP),
            deliver: next.is_some_and(ends::is_to_be_taken_up),
            noted: record.held.is_some(),
            ..Append::new(instance, Some(revision), payload)
        };
        let kept = match record.keeps_history() {
            Some(keep) => logs::keep(&*client.transport, instance, &stored, keep, PATIENCE).await,
            None => Ok(()),
        };
        let appended = match kept {
            Ok(()) => appending::append(&*client.transport, append, PATIENCE, |_| {}).await,
            Err(error) => Err(appending::Failed { error, unsure: false }),
        };
        match appended.map_err(|failed| (failed.unsure, failed.error)) {
            Ok(revision) if cancelled => {
                let life = next.map_or(record.life, |next| next.life);
                let (key, payload) = (format!("cancel-{revision}"), post::request(client, life));
                let again = Post { instance, name: CANCEL, key: &key, remember: false, answer_for: None, payload };
                return post::post_surely(client, again).await.map(drop);
            }
            Ok(_) => {
                if matches!(verb, Verb::Terminate) {
                    client.transport.discard(instance, Discard::Ended { up_to }).await;
                }
                return Ok(());
            }
            Err((true, AppendError::Superseded { .. })) => {
                tracing::info!(%instance, "it has moved on: most likely by this very request, which got no answer the first time");
                return Ok(());
            }
            Err((false, AppendError::Superseded { .. })) => {}
            Err((_, error)) => {
                let kind = match &error {
                    AppendError::Busy(_) | AppendError::Undecided => ErrorKind::Busy,
                    AppendError::Refused(_) => ErrorKind::Denied,
                    AppendError::TooLarge { .. } => ErrorKind::TooLarge,
                    _ => ErrorKind::Unreachable,
                };
                return Err(Error::new(kind, format!("{instance} was left as it is: {error}")).caused_by(error));
            }
        }
    }
    let text = format!("{instance} moves on faster than it can be {}: pause it first", verb.is_done());
    Err(Error::new(ErrorKind::Busy, text))
}

/// The last record of an instance.
async fn found(client: &Client, instance: &InstanceId) -> Result<(Stored, Box<Record>), Error> {
    if client.transport.hands_in() {
        let text =
            "a client that isn't trusted (`ConnectOptions::ingress`) is no operator: it can only start instances";
        return Err(Error::new(ErrorKind::Denied, text));
    }
    let stored = client.transport.latest(instance).await?.ok_or_else(|| status::not_found(instance))?;
    let record = record::decode(&*client.codec, &stored.payload);
    Ok((stored, record.map_err(|error| status::unreadable(instance, &error.to_string()))?))
}

fn refused_as(instance: &InstanceId, record: &Record, verb: Verb<'_>, refused: Refused) -> Error {
    let verb = verb.is_done();
    match refused {
        Refused::NotStuck => {
            let text = format!("{instance} can't be {verb}: it {}", so_it_stands(record.status));
            Error::new(ErrorKind::NotStuck, text)
        }
        Refused::NoStep => {
            let text =
                format!("{instance} can't be {verb}: it waits for no such step; `resume` lets it go on as it stands");
            Error::new(ErrorKind::NotStuck, text)
        }
        Refused::Several(places) => {
            let places: Vec<_> = places.iter().map(|place| format!("`{place}`")).collect();
            let text = format!(
                "{instance} waits for several steps, {}: say which is to be {verb}, with `.at(\"…\")`",
                places.join(", ")
            );
            Error::new(ErrorKind::NotStuck, text)
        }
        Refused::Unreadable(why) => status::unreadable(instance, &why),
    }
}

fn so_it_stands(status: Status) -> &'static str {
    match status {
        Status::Running => "runs",
        Status::Unwinding => "unwinds",
        Status::Stuck => "is stuck: `retry` what it is stuck at, or `skip` it",
        Status::Paused => "is paused",
        _ => "has come to its end",
    }
}

/// What a skipped step is to have yielded.
pub(super) fn yielded<T: Serialize + DeserializeOwned>(value: &T) -> Result<Value, Error> {
    Value::write(value).map_err(|error| {
        Error::new(ErrorKind::Unserializable, format!("what the step is to have yielded can't be written: {error}"))
    })
}

/// A step that is to be skipped; `.await` it.
#[derive(Debug)]
#[must_use = "nothing is skipped until it is awaited"]
pub struct SkipBuilder<'c> {
    client: &'c Client,
    instance: Result<InstanceId, Error>,
    value: Result<Value, Error>,
    which: Which,
}

impl<'c> SkipBuilder<'c> {
    pub(super) fn new<T: Serialize + DeserializeOwned>(
        client: &'c Client,
        instance: Result<InstanceId, Error>,
        value: &T,
    ) -> Self {
        let value = yielded(value);
        Self { client, instance, value, which: Which::default() }
    }

    /// Only a step of one of these names will do.
    pub(super) fn of(mut self, names: Vec<&'static str>) -> Self {
        self.which.names = Some(names);
        self
    }

    /// Which step, where the instance waits for several side by side: where it is called (the state's name, after those of the sagas that it
    /// is nested in), or that and the number of the call, as in `charge/3`. The error that says that there are several lists them.
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.which.at = Some(place.into());
        self
    }
}

impl<'c> IntoFuture for SkipBuilder<'c> {
    type Output = Result<(), Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    /// Sets the instance going again with this value. When this returns, that is stored.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (instance, value) = (self.instance?, self.value?);
            operate(self.client, &instance, Verb::Skip(&self.which, &value)).await
        })
    }
}

impl Client {
    /// Pauses an instance that runs or unwinds: at the next boundary it stops, and waits until it is [resumed](Self::resume). A step that is
    /// being run is not stopped: its result is kept. Nothing is begun after it, and no time that passes meanwhile is lost: what has become due by
    /// then happens when it is resumed. This returns when the request is stored; a worker has to take it. To pause what is paused changes nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such instance; [`ErrorKind::NotRunning`] if it
    /// has come to its end or is stuck; otherwise what the transport says.
    pub async fn pause(&self, saga: &str, id: &str) -> Result<(), Error> {
        pause(self, &InstanceId::new(saga, id)?).await
    }

    /// Lets a paused instance go on from where it stood, whatever has paused it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such instance; [`ErrorKind::NotStuck`] if it
    /// is not paused; otherwise what the transport says.
    pub async fn resume(&self, saga: &str, id: &str) -> Result<(), Error> {
        operate(self, &InstanceId::new(saga, id)?, Verb::Resume).await
    }

    /// Lets a stuck or paused instance go on, and the steps of it that have failed begin anew: with their first attempt, at once. Their
    /// idempotency keys stay the same.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such instance; [`ErrorKind::NotStuck`] if it
    /// is neither stuck nor paused, or waits for no step; otherwise what the transport says.
    pub async fn retry(&self, saga: &str, id: &str) -> Result<(), Error> {
        operate(self, &InstanceId::new(saga, id)?, Verb::Retry).await
    }

    /// Lets a stuck or paused instance go on as if the step that it waits for had succeeded with this value:
    /// `client.skip("checkout", "order-42", &json!({"id": 7})).await?`. What a compensation returns, nobody reads: `&()` will do.
    ///
    /// Whether the value is one that the step can have, the worker sees that takes the instance up; if it is none, the instance is
    /// paused, with that as the reason. [`Handle::skip`](super::Handle::skip) has it checked by the compiler.
    ///
    /// It fails as [`retry`](Self::retry) does, and with [`ErrorKind::NotStuck`] if the instance waits for several steps
    /// and nobody has said [which](SkipBuilder::at).
    pub fn skip<T: Serialize + DeserializeOwned>(&self, saga: &str, id: &str, value: &T) -> SkipBuilder<'_> {
        SkipBuilder::new(self, InstanceId::new(saga, id).map_err(Error::from), value)
    }

    /// Ends an instance where it stands, **and undoes nothing**: no compensation is run, neither now nor later, and what is deferred is not
    /// run either. What it has done stays done, and is yours to clean up. [`cancel`](Self::cancel) is what you want in all other cases.
    ///
    /// A step that is being run is not stopped, and what it comes to is dropped. The outcome is a fault of the kind
    /// [`Terminated`](crate::FaultKind::Terminated).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such instance; [`ErrorKind::NotRunning`] if it
    /// has come to its end; [`ErrorKind::Unreadable`] if its record can't be read; otherwise what the transport says.
    pub async fn terminate(&self, saga: &str, id: &str) -> Result<(), Error> {
        operate(self, &InstanceId::new(saga, id)?, Verb::Terminate).await
    }
}
