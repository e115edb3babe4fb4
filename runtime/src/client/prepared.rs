//! Starts that are written down first and made later, by somebody who needn't know the saga: an outbox, a queue.

use bytes::Bytes;

use super::start::launched;
use super::{Client, IfExists, enter};
use crate::engine;
use crate::record::{self, Frame, Start};
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

impl Client {
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
        let Start { version, arguments, trace, .. } = start.clone();
        let frame = Frame { version, vars: arguments, ..Frame::default() };
        let first = engine::beginning(instance, frame, trace, self.clock.now());
        launched(self, instance, &first, IfExists::Attach).await
    }
}
