//! Reading the former records of an instance.

use std::collections::VecDeque;

use futures::Stream;
use futures::stream::unfold;

use super::{Client, InstanceStatus, status};
use crate::transport::{InstanceId, Log, Logged, Of, Revision};
use crate::{Error, ErrorKind};

/// How many are read at a time.
const PAGE: usize = 64;

/// How an instance stood, from record to record; see [`Client::history`].
#[derive(Debug)]
pub struct History {
    client: Client,
    instance: InstanceId,
    after: u64,
    page: VecDeque<Logged>,
    /// The revision of the record that was shown last.
    shown: Option<Revision>,
    ended: bool,
}

impl History {
    pub(super) fn new(client: &Client, instance: InstanceId) -> Self {
        let (client, page) = (client.clone(), VecDeque::new());
        Self { client, instance, after: 0, page, shown: None, ended: false }
    }

    /// How it stood after the next of its records; at last, how it stands now. `None`: that was the last.
    ///
    /// # Errors
    ///
    /// What the transport says: asked again, it goes on where it was. [`ErrorKind::NotFound`] if nothing is known of such an instance.
    /// [`ErrorKind::Unreadable`] for a record that can't be read: the others follow. [`ErrorKind::Denied`] for a client that isn't trusted.
    pub async fn next(&mut self) -> Option<Result<InstanceStatus, Error>> {
        if self.ended {
            return None;
        }
        let next = self.turn().await;
        if next.as_ref().is_ok_and(Option::is_none) {
            self.ended = true;
        }
        next.transpose()
    }

    async fn turn(&mut self) -> Result<Option<InstanceStatus>, Error> {
        let (client, instance) = (&self.client, &self.instance);
        if client.transport.hands_in() {
            self.ended = true;
            let text = "a client that isn't trusted (`ConnectOptions::ingress`) can't read histories";
            return Err(Error::new(ErrorKind::Denied, text));
        }
        if self.page.is_empty() {
            self.page = client.transport.lines(Log::History, Of::Instance(instance), self.after, PAGE).await?.into();
        }
        if let Some(line) = self.page.pop_front() {
            self.after = line.position;
            self.shown = line.key.parse().ok().map(Revision).max(self.shown);
            return status::read(client, instance, &line.payload).map(Some);
        }
        // A record comes into the history before it is superseded.
        let last = client.transport.latest(instance).await?;
        self.ended = true;
        match (last, self.shown) {
            (Some(last), shown) if Some(last.revision) > shown => {
                status::read_noted(client, instance, last).await.map(Some)
            }
            (None, None) => Err(status::not_found(instance)),
            _ => Ok(None),
        }
    }

    /// The same as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<InstanceStatus, Error>> + Send {
        unfold(self, |mut history| async move { history.next().await.map(|status| (status, history)) })
    }
}
