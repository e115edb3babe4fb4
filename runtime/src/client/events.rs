//! Reading what sagas have emitted.

use std::collections::VecDeque;
use std::time::Duration;

use futures::Stream;
use futures::stream::unfold;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use tokio::time::sleep;

use super::Client;
use crate::record::{self, Unreadable, Value};
use crate::transport::{InstanceId, Log, Logged, Of};
use crate::{Error, ErrorKind};

/// How long it waits at the end of the log before it looks again.
const SHORTEST: Duration = Duration::from_millis(25);
const LONGEST: Duration = Duration::from_millis(250);

/// How many are read at a time.
const PAGE: usize = 256;

/// Something that a saga has [emitted](crate::emit).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Event {
    /// Its place in the log of its saga: [`Events::after`] goes on behind it.
    pub position: u64,
    /// Names it among the events of its instance, for ever: another event has another key. So it is what a consumer remembers that must not do a thing
    /// twice.
    pub key: String,
    /// Whose event it is.
    pub instance: InstanceId,
    /// The how manieth of its instance it is, from 1.
    pub number: u64,
    /// When it was emitted.
    pub at: Timestamp,
    /// What it says.
    pub value: Value,
}

impl Event {
    /// What it says, as the type that was emitted.
    ///
    /// # Errors
    ///
    /// When it is of another type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Unreadable> {
        self.value.read()
    }
}

/// The events of a saga, in the order in which they were told; see [`Client::events`].
#[derive(Debug)]
pub struct Events {
    client: Client,
    /// A saga's name, and any id.
    saga: InstanceId,
    after: u64,
    page: VecDeque<Logged>,
    pause: Duration,
}

impl Events {
    pub(super) fn new(client: &Client, saga: &str) -> Result<Self, Error> {
        if client.transport.hands_in() {
            let text = "a client that isn't trusted (`ConnectOptions::ingress`) can't read events";
            return Err(Error::new(ErrorKind::Denied, text));
        }
        let saga = InstanceId::new(saga, "any")?;
        Ok(Self { client: client.clone(), saga, after: 0, page: VecDeque::new(), pause: SHORTEST })
    }

    /// Begins behind the event of this [position](Event::position), which one has kept with what one has made of it.
    #[must_use]
    pub fn after(mut self, position: u64) -> Self {
        (self.after, self.page) = (position, VecDeque::new());
        self
    }

    /// The next event; waits until there is one. `None`: the transport was closed. Safe to cancel. At the end of the log it is looked several times in a
    /// second whether there is more.
    ///
    /// # Errors
    ///
    /// What the transport says: asked again, it goes on where it was. [`ErrorKind::Unreadable`] for an event that can't be read: the others follow.
    pub async fn next(&mut self) -> Option<Result<Event, Error>> {
        loop {
            match self.try_next().await {
                Ok(Some(event)) => return Some(Ok(event)),
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::Closed => return None,
                Err(error) => return Some(Err(error)),
            }
            sleep(self.pause).await;
            self.pause = (self.pause * 2).min(LONGEST);
        }
    }

    /// The next event, if there is one now.
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next), and [`ErrorKind::Closed`] when the transport was closed.
    pub async fn try_next(&mut self) -> Result<Option<Event>, Error> {
        if self.page.is_empty() {
            let transport = &self.client.transport;
            self.page = transport.lines(Log::Events, Of::Saga(self.saga.saga()), self.after, PAGE).await?.into();
        }
        let Some(Logged { position, instance, key, payload }) = self.page.pop_front() else { return Ok(None) };
        (self.after, self.pause) = (position, SHORTEST);
        let told = record::decode_event(&*self.client.codec, &payload).map_err(|error| {
            let text = format!("the event {key} of {instance}, at {position}, can't be read: {error}");
            Error::new(ErrorKind::Unreadable, text)
        })?;
        let (number, at, value) = (told.number, told.at, told.event);
        Ok(Some(Event { position, key, instance, number, at, value }))
    }

    /// The same as a stream that ends when the transport is closed.
    pub fn into_stream(self) -> impl Stream<Item = Result<Event, Error>> + Send {
        unfold(self, |mut events| async move { events.next().await.map(|event| (event, events)) })
    }
}
