//! Watching an instance: each change of how it stands, until its end.

use std::fmt;
use std::time::Duration;

use futures::Stream;
use futures::stream::unfold;
use jiff::Timestamp;
use tokio::time::sleep;

use super::{Client, InstanceStatus, status};
use crate::transport::{InstanceId, Revision, Stored, Watch};
use crate::{Error, ErrorKind};

/// How often it is looked for changes that nobody tells of: often while there are any …
const SHORTEST: Duration = Duration::from_millis(100);
/// … and less often while nothing moves.
const LONGEST: Duration = Duration::from_secs(1);

/// The changes of one instance; see [`Client::watch`].
pub struct InstanceWatch {
    client: Client,
    instance: InstanceId,
    watch: Box<dyn Watch>,
    /// What was seen last: its revision, and when that, or the last note beside it, was made.
    seen: Option<(Revision, Timestamp)>,
    pause: Duration,
    ended: bool,
}

impl InstanceWatch {
    /// `entered`: there may be no record yet, as no worker has admitted the start.
    pub(super) async fn begin(client: &Client, instance: &InstanceId, entered: bool) -> Result<Self, Error> {
        let watch = client.transport.watch(instance).await?;
        if !entered && client.transport.latest(instance).await?.is_none() {
            return Err(status::not_found(instance));
        }
        let (client, instance) = (client.clone(), instance.clone());
        Ok(Self { client, instance, watch, seen: None, pause: SHORTEST, ended: false })
    }

    /// The next change; waits for one. `None` after the instance's end, and when the transport was closed. Safe to cancel.
    ///
    /// # Errors
    ///
    /// What the transport says, after which it may be asked again; [`ErrorKind::Unreadable`] for a record that can't be read, and
    /// [`ErrorKind::NotFound`] when the last record is no longer kept, after which there is nothing more.
    pub async fn next(&mut self) -> Option<Result<InstanceStatus, Error>> {
        while !self.ended {
            let stored = tokio::select! {
                told = self.watch.next() => match told {
                    Some(Ok(stored)) => Some(stored),
                    Some(Err(error)) => return Some(Err(error)),
                    None => return None,
                },
                () = sleep(self.pause) => match self.client.transport.latest(&self.instance).await {
                    Ok(stored) => stored,
                    Err(error) if error.kind() == ErrorKind::Closed => return None,
                    Err(error) => return Some(Err(error)),
                },
            };
            match stored {
                Some(stored) => match self.look(stored).await {
                    Some(status) => return Some(status),
                    None => self.pause = (self.pause * 2).min(LONGEST),
                },
                None if self.seen.is_some() => {
                    self.ended = true;
                    return Some(Err(status::not_found(&self.instance)));
                }
                None => {}
            }
        }
        None
    }

    /// The same as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<InstanceStatus, Error>> + Send {
        unfold(self, |mut watch| async move { watch.next().await.map(|status| (status, watch)) })
    }

    /// How it stands, if that is something new.
    async fn look(&mut self, stored: Stored) -> Option<Result<InstanceStatus, Error>> {
        let revision = stored.revision;
        if self.seen.is_some_and(|(seen, _)| seen > revision) {
            return None;
        }
        let status = status::read_noted(&self.client, &self.instance, stored).await;
        let now = (revision, status.as_ref().map_or(Timestamp::MIN, |status| status.updated));
        if self.seen == Some(now) {
            return None;
        }
        self.seen = Some(now);
        self.pause = SHORTEST;
        self.ended = status.as_ref().is_ok_and(|status| status.status.is_terminal());
        Some(status)
    }
}

impl fmt::Debug for InstanceWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstanceWatch")
            .field("instance", &self.instance)
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}
