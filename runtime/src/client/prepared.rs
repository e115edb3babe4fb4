//! Starts and signals that are written down first and made later, by somebody who needn't know the saga: an outbox, a queue.

use bytes::Bytes;

use super::start::launched;
use super::{Client, IfExists, enter, signal};
use crate::engine;
use crate::record::{self, ScheduledRun, SentSignal, Start};
use crate::transport::InstanceId;
use crate::{Error, ErrorKind};

/// A start that is written down: [`StartBuilder::prepare`](super::StartBuilder::prepare) makes one,
/// [`Client::start_prepared`] makes the instance of it, wherever and whenever.
///
/// ```
/// # use sagaflow::prelude::*;
/// # use sagaflow::client::PreparedStart;
/// # #[step] async fn greet(name: String) -> String { format!("Hello, {name}") }
/// #[saga]
/// async fn welcome(name: String) -> Result<String, Failure> {
///     Ok(greet(name).await)
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// # let transport = sagaflow::connect("embedded:").await?;
/// # let worker = Worker::builder(transport.clone()).serve::<welcome>().build()?.spawn();
/// let client = Client::new(transport);
/// let prepared = client.start(welcome("Ada".into())).id("ada").prepare()?;
/// let (instance, text) = (prepared.instance().clone(), prepared.to_json()?);
/// // Later, and in another process perhaps, which doesn't know `welcome`:
/// client.start_prepared(&PreparedStart::from_json(instance, &text)?).await?;
/// assert_eq!(client.handle::<welcome>("ada")?.outcome().await?.unwrap(), "Hello, Ada");
/// # worker.shutdown().await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct PreparedStart {
    pub(super) instance: InstanceId,
    pub(super) start: Start,
}

impl PreparedStart {
    /// Whose start it is.
    #[must_use]
    pub fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// It is for many instances: none of what belongs to one stays.
    pub(crate) fn for_many(mut self) -> Self {
        self.start.trace = None;
        self
    }

    /// It is a run of this schedule.
    pub(crate) fn scheduled(&mut self, run: ScheduledRun) {
        self.start.scheduled = Some(Box::new(run));
    }

    /// What is to be written down beside the instance's saga and id: its arguments, as JSON.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unserializable`] if JSON can't carry it.
    pub fn to_json(&self) -> Result<String, Error> {
        let json = serde_json::to_string(&self.start);
        json.map_err(|error| {
            Error::new(ErrorKind::Unserializable, format!("{} can't be written: {error}", self.instance))
        })
    }

    /// Reads what was written down.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unreadable`] if it is no start, or one of a newer version.
    pub fn from_json(instance: InstanceId, json: &str) -> Result<Self, Error> {
        let unreadable = |why: &dyn std::fmt::Display| {
            Error::new(ErrorKind::Unreadable, format!("the start of {instance} can't be read: {why}"))
        };
        let start = record::decode_start(&record::Json, &Bytes::copy_from_slice(json.as_bytes()));
        let start = start.map_err(|error| unreadable(&error))?;
        if start.format > record::START_FORMAT {
            return Err(unreadable(&engine::newer(start.format)));
        }
        Ok(Self { instance, start })
    }
}

/// A signal that is written down: [`SignalBuilder::prepare`](super::SignalBuilder::prepare) makes one,
/// [`Client::send_prepared`] sends it, wherever and whenever, and as often as need be: it is taken once.
///
/// ```
/// use sagaflow::client::PreparedSignal;
/// use sagaflow::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[signal] #[derive(Serialize, Deserialize)] struct Approved { by: String }
///
/// #[saga]
/// async fn expense() -> Result<String, Failure> {
///     let Approved { by } = signal::<Approved>().await;
///     Ok(by)
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// # let transport = sagaflow::connect("embedded:").await?;
/// # let worker = Worker::builder(transport.clone()).serve::<expense>().build()?.spawn();
/// let client = Client::new(transport);
/// let handle = client.start(expense()).id("e-7").await?;
/// let prepared = client.signal("expense", "e-7", Approved { by: "Ada".into() }).prepare()?;
/// let (instance, text) = (prepared.instance().clone(), prepared.to_json()?);
/// // Later, and in another process perhaps, which doesn't know `Approved`:
/// client.send_prepared(&PreparedSignal::from_json(instance, &text)?).await?;
/// assert_eq!(handle.outcome().await?.unwrap(), "Ada");
/// # worker.shutdown().await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct PreparedSignal {
    pub(super) instance: InstanceId,
    pub(super) sent: SentSignal,
}

impl PreparedSignal {
    /// Whom it is for.
    #[must_use]
    pub fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// What is to be written down beside the instance's saga and id: its type's name, its key and what it says, as JSON.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unserializable`] if JSON can't carry it.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(&self.sent).map_err(|error| {
            let text = format!("the signal `{}` can't be written: {error}", self.sent.name);
            Error::new(ErrorKind::Unserializable, text)
        })
    }

    /// Reads what was written down.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unreadable`] if it is no signal, or one of a newer version.
    pub fn from_json(instance: InstanceId, json: &str) -> Result<Self, Error> {
        let unreadable = |why: &dyn std::fmt::Display| {
            Error::new(ErrorKind::Unreadable, format!("the signal to {instance} can't be read: {why}"))
        };
        match record::decode_signal(json) {
            Ok(Ok(sent)) => Ok(Self { instance, sent }),
            Ok(Err(format)) => {
                let known = record::SIGNAL_FORMAT;
                Err(unreadable(&format_args!(
                    "it has format {format}, and this version of sagaflow reads up to {known}"
                )))
            }
            Err(error) => Err(unreadable(&error)),
        }
    }
}

impl Client {
    /// Sends a signal that was written down. It has a key: sent again, it is dropped, for as long as the instance lives.
    ///
    /// # Errors
    ///
    /// As for [`signal`](Self::signal). After an attempt of which nobody knows how it went, [`ErrorKind::NotRunning`] doesn't tell
    /// whether the instance had taken the signal before it came to its end.
    pub async fn send_prepared(&self, prepared: &PreparedSignal) -> Result<(), Error> {
        signal::send(self, &prepared.instance, &prepared.sent, true).await
    }

    /// Makes an instance of a start that was written down, once: if there is one of its id already, this does nothing.
    ///
    /// # Errors
    ///
    /// As for a start: [`ErrorKind::Unreachable`] and [`ErrorKind::Busy`] when it is to be tried again,
    /// [`ErrorKind::TooLarge`], and others that the transport says.
    pub async fn start_prepared(&self, prepared: &PreparedStart) -> Result<(), Error> {
        let PreparedStart { instance, start } = prepared;
        if self.transport.hands_in() {
            return enter::enter(self, instance, start.clone(), IfExists::Attach).await;
        }
        // The code before the first step is not known here: a worker runs it.
        let first = engine::beginning(instance, start.clone(), self.clock.now());
        launched(self, instance, &first, IfExists::Attach).await
    }
}
