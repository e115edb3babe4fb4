//! A signal from one instance to another: a step, whose arguments hold the key by which the signal is known if it is sent again.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::Duration;

use super::Signal;
use crate::arguments::{Argument, Arguments, Written};
use crate::call::StepKind;
use crate::definition::StepDefinition;
use crate::inject::Injected;
use crate::message::{Fallible, Message};
use crate::record::{Unserializable, Value};
use crate::retry::{Backoff, Jitter, RetryPolicy};
use crate::{Call, Client, ErrorKind, Step, random};

/// Sends a signal from a saga to an instance of another, or of its own: `signal_to("order", "o-7", Approved { by }).await?`. It is stored for that instance
/// once, whoever dies meanwhile, before this saga goes on.
///
/// It is a step like others: where a call can stand, it can. While the transport can't be reached it is tried again, with growing pauses of up to a minute; it has no other
/// limit than that of a [`timeout`](crate::Durable::timeout). Signals that are sent one after the other come in that order.
///
/// The step uses the worker's own client, or the [`Client`] that the worker was [given](crate::WorkerBuilder::provide); in a unit test
/// (`.inline()`) provide one.
///
/// ```
/// use sagaflow::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[signal]
/// #[derive(Serialize, Deserialize)]
/// struct Arrived {
///     parcel: u64,
/// }
///
/// #[saga]
/// async fn order(parcels: usize) -> Result<Vec<u64>, Failure> {
///     let mut arrived = Vec::new();
///     while arrived.len() < parcels {
///         arrived.push(signal::<Arrived>().await.parcel);
///     }
///     Ok(arrived)
/// }
///
/// #[saga]
/// async fn deliver(parcel: u64, order: String) -> Result<(), Failure> {
///     signal_to("order", &order, Arrived { parcel }).await?;
///     Ok(())
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// let transport = sagaflow::connect("embedded:").await?;
/// let worker = Worker::builder(transport.clone()).serve::<order>().serve::<deliver>().build()?.spawn();
/// let client = Client::new(transport);
/// let handle = client.start(order(2)).id("o-7").await?;
/// for parcel in [4, 5] {
///     client.start(deliver(parcel, "o-7".into())).await?.outcome().await?.unwrap();
/// }
/// assert_eq!(handle.outcome().await?.unwrap(), [4, 5]);
/// worker.shutdown().await
/// # }
/// ```
///
/// # Errors
///
/// The `.await` yields a [`SignalError`] if the signal can't be taken by that instance. What can't be written as JSON pauses the saga that sends it.
pub fn signal_to<T: Signal>(saga: impl Into<String>, id: impl Into<String>, signal: T) -> Call<SignalTo> {
    let (name, signal) = (T::NAME.to_owned(), Sent(Value::write(&signal)));
    let key = format!("{:032x}", random::bits());
    Call::new(SignalTo { saga: saga.into(), id: id.into(), name, signal, key })
}

/// The step that [`signal_to`] is: to be named in tests (`lab.step::<SignalTo>()`).
#[derive(Debug, Clone)]
pub struct SignalTo {
    saga: String,
    id: String,
    name: String,
    signal: Sent,
    /// The same for all attempts, as it stands in the record.
    key: String,
}

/// Why [`signal_to`] has not sent its signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum SignalError {
    /// There is no such instance, or its last record is no longer kept.
    #[error("{0}")]
    NotFound(String),
    /// It unwinds, or has come to its end, without having taken the signal.
    #[error("{0}")]
    NotRunning(String),
    /// It can't be sent: the name of the saga or the id can't be one, the signal is larger than the transport takes, or the transport forbids it.
    #[error("{0}")]
    Refused(String),
    /// The transport can't be reached; the step tries again.
    #[error("{0}")]
    Unreachable(String),
}

/// A signal that has been written down, or why it could not be.
#[derive(Debug, Clone)]
struct Sent(Result<Value, Unserializable>);

impl Serialize for Sent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Sent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(Ok(value)))
    }
}

impl Message for SignalTo {
    const NAME: &'static str = "signal_to";
    type Output = Result<(), SignalError>;
    type Shape = Fallible;
    type Kind = StepKind;

    fn write(&self, arguments: &mut Written) {
        Argument::write(arguments, "saga", &self.saga);
        Argument::write(arguments, "id", &self.id);
        Argument::write(arguments, "name", &self.name);
        Argument::write(arguments, "signal", &self.signal);
        Argument::write(arguments, "key", &self.key);
    }

    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        fn one<T: DeserializeOwned + Argument>(arguments: &mut Arguments<'_>, name: &'static str) -> Option<T> {
            Argument::read(arguments, name)
        }
        // All are read, so that all are known where nothing is.
        let (saga, id, name) = (one(arguments, "saga"), one(arguments, "id"), one(arguments, "name"));
        let (signal, key) = (one(arguments, "signal"), one(arguments, "key"));
        Some(Self { saga: saga?, id: id?, name: name?, signal: signal?, key: key? })
    }
}

#[diagnostic::do_not_recommend]
impl Step for SignalTo {
    fn define(step: &mut StepDefinition) {
        step.documented("Sends a signal to an instance");
        let backoff = Backoff::Exponential { base: Duration::from_millis(200), factor: 1.0 };
        step.retry(RetryPolicy::new(backoff).jitter(Jitter::Equal).max_delay(Duration::from_secs(60)));
        step.terminal(|error: &SignalError| !matches!(error, SignalError::Unreachable(_)));
        step.needs::<Client>("client");
    }

    async fn run(message: Self, injected: Injected) -> Result<(), SignalError> {
        let Self { saga, id, name, signal, key } = message;
        let signal = signal.0.map_err(|error| SignalError::Refused(error.to_string()))?;
        let sent = injected.get::<Client>().send_written(&saga, &id, name, signal, key).await;
        sent.map_err(|error| {
            let text = error.to_string();
            match error.kind() {
                ErrorKind::NotFound => SignalError::NotFound(text),
                ErrorKind::NotRunning => SignalError::NotRunning(text),
                ErrorKind::Busy | ErrorKind::Unreachable => SignalError::Unreachable(text),
                _ => SignalError::Refused(text),
            }
        })
    }
}
