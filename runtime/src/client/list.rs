//! Listing instances: the last records of a transport are read page by page, and what fits a filter is shown.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

use futures::Stream;
use futures::stream::unfold;
use jiff::Timestamp;
use serde::Serialize;

use super::{Client, InstanceStatus};
use crate::record::{Status, Value};
use crate::transport::{InstanceId, Stored};
use crate::{Error, ErrorKind};

/// Which instances: those that fit all that is said. Of several statuses one is enough; a filter that says nothing fits all instances.
///
/// ```
/// use sagaflow::client::Filter;
/// use sagaflow::Status;
///
/// let filter = Filter::new().saga("checkout").status(Status::Stuck).status(Status::Paused).attribute("tenant", "acme");
/// # let _ = filter;
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "it is to be given to `list` or `batch`"]
pub struct Filter {
    saga: Option<String>,
    statuses: Vec<Status>,
    state: Option<String>,
    parent: Option<(String, String)>,
    started_before: Option<Timestamp>,
    started_after: Option<Timestamp>,
    updated_before: Option<Timestamp>,
    updated_after: Option<Timestamp>,
    /// The JSON of a value that is none fits nothing.
    attributes: Vec<(String, Option<String>)>,
}

impl Filter {
    /// All instances.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of this saga. Only these are read then.
    pub fn saga(mut self, saga: impl Into<String>) -> Self {
        self.saga = Some(saga.into());
        self
    }

    /// Those of this status, or of others that are named so.
    pub fn status(mut self, status: Status) -> Self {
        self.statuses.push(status);
        self
    }

    /// Those that stand in this state (`charge`, `charge#2`).
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// The children of this instance.
    pub fn parent(mut self, saga: impl Into<String>, id: impl Into<String>) -> Self {
        self.parent = Some((saga.into(), id.into()));
        self
    }

    /// Those that were started before this time.
    pub fn started_before(mut self, time: Timestamp) -> Self {
        self.started_before = Some(time);
        self
    }

    /// Those that were started at this time, or after it.
    pub fn started_after(mut self, time: Timestamp) -> Self {
        self.started_after = Some(time);
        self
    }

    /// Those that have not moved since this time.
    pub fn updated_before(mut self, time: Timestamp) -> Self {
        self.updated_before = Some(time);
        self
    }

    /// Those that have moved at this time, or after it.
    pub fn updated_after(mut self, time: Timestamp) -> Self {
        self.updated_after = Some(time);
        self
    }

    /// Those that have this attribute with this value.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let value = Value::write_only(&value).ok().map(|value| value.as_json().to_owned());
        self.attributes.push((name.into(), value));
        self
    }

    /// Whether it says nothing.
    pub(super) fn is_empty(&self) -> bool {
        let Self { saga, statuses, state, parent, .. } = self;
        let Self { started_before, started_after, updated_before, updated_after, attributes, .. } = self;
        let times = [started_before, started_after, updated_before, updated_after];
        saga.is_none()
            && state.is_none()
            && parent.is_none()
            && statuses.is_empty()
            && attributes.is_empty()
            && times.iter().all(|time| time.is_none())
    }

    fn fits(&self, status: &InstanceStatus) -> bool {
        let attribute = |(name, value): &(String, Option<String>)| {
            let there = status.attributes.get(name).map(Value::as_json);
            there.is_some() && there == value.as_deref()
        };
        (self.statuses.is_empty() || self.statuses.contains(&status.status))
            && self.state.as_ref().is_none_or(|state| status.state.as_ref() == Some(state))
            && self.parent.as_ref().is_none_or(|(saga, id)| {
                status.parent.as_ref().is_some_and(|parent| parent.saga() == saga && parent.id() == id)
            })
            && self.started_before.is_none_or(|time| status.started < time)
            && self.started_after.is_none_or(|time| status.started >= time)
            && self.updated_before.is_none_or(|time| status.updated < time)
            && self.updated_after.is_none_or(|time| status.updated >= time)
            && self.attributes.iter().all(attribute)
    }
}

/// The instances that fit a filter; see [`Client::list`]. They come in no particular order, each once, as it stood when it was come across.
///
/// An instance that is there all the time, and fits all the time, is listed; what is started, moves or ends meanwhile may be or not.
#[derive(Debug)]
pub struct Listing {
    client: Client,
    filter: Filter,
    page: VecDeque<(InstanceId, Stored)>,
    /// Where the next page begins; `None`: there is none.
    next: Option<Option<String>>,
    /// The hashes of those that were listed and may move: they may be come across again.
    listed: HashSet<u64>,
    hasher: RandomState,
}

impl Listing {
    pub(super) fn new(client: &Client, filter: Filter) -> Self {
        let (page, listed, hasher) = (VecDeque::new(), HashSet::new(), RandomState::new());
        Self { client: client.clone(), filter, page, next: Some(None), listed, hasher }
    }

    /// The next instance. `None`: there are no more.
    ///
    /// # Errors
    ///
    /// What the transport says: asked again, it goes on where it was. [`ErrorKind::Unreadable`] for an instance whose record can't be
    /// read: the others follow. [`ErrorKind::Denied`] for a client that isn't trusted.
    pub async fn next(&mut self) -> Option<Result<InstanceStatus, Error>> {
        loop {
            while let Some((instance, stored)) = self.page.pop_front() {
                match self.client.read(&instance, &stored) {
                    Ok(status) if self.filter.fits(&status) && self.is_new(&status) => return Some(Ok(status)),
                    Ok(_) => {}
                    Err(error) => return Some(Err(error)),
                }
            }
            if let Err(error) = self.turn_page().await? {
                return Some(Err(error));
            }
        }
    }

    /// The same as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<InstanceStatus, Error>> + Send {
        unfold(self, |mut listing| async move { listing.next().await.map(|status| (status, listing)) })
    }

    /// How many there are.
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    pub async fn count(mut self) -> Result<u64, Error> {
        let mut count = 0;
        while let Some(status) = self.next().await {
            status?;
            count += 1;
        }
        Ok(count)
    }

    /// Reads the next page, if there is one.
    async fn turn_page(&mut self) -> Option<Result<(), Error>> {
        let after = self.next.clone()?;
        if self.client.transport.hands_in() {
            self.next = None;
            let text = "a client that isn't trusted (`ConnectOptions::ingress`) can't list instances";
            return Some(Err(Error::new(ErrorKind::Denied, text)));
        }
        if let Some(saga) = &self.filter.saga
            && let Err(invalid) = InstanceId::new(saga.as_str(), "any")
        {
            self.next = None;
            return Some(Err(invalid.into()));
        }
        match self.client.transport.records(self.filter.saga.as_deref(), after.as_deref()).await {
            Ok(page) => {
                self.page = page.records.into();
                self.next = page.next.map(Some);
                Some(Ok(()))
            }
            Err(error) => {
                if !matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Busy) {
                    self.next = None;
                }
                Some(Err(error))
            }
        }
    }

    /// What has come to its end does not move, and so does not come again.
    fn is_new(&mut self, status: &InstanceStatus) -> bool {
        let hash = self.hasher.hash_one(&status.instance);
        if status.status.is_terminal() { !self.listed.contains(&hash) } else { self.listed.insert(hash) }
    }
}
