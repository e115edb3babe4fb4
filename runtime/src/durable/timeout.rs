//! A limit on how long something may take.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Durable, IntoDuration, Pending, Reply, misfit};
use crate::definition::SagaDefinition;
use crate::record::{self, Branch, Node, Timer, Unreadable, Unserializable};

/// Something that may take no longer than a limit; see [`Durable::timeout`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Timeout<D> {
    of: D,
    /// An error is told where it is awaited.
    timer: Result<Timer, String>,
}

impl<D> Timeout<D> {
    pub(super) fn new(of: D, limit: impl IntoDuration) -> Self {
        Self { of, timer: limit.into_duration().map(Timer::after) }
    }
}

/// It has taken longer than its [`timeout`](Durable::timeout).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it took too long")
    }
}

impl std::error::Error for TimedOut {}

#[diagnostic::do_not_recommend]
impl<D: Durable> Durable for Timeout<D> {
    type Output = Result<D::Output, TimedOut>;

    fn begin(self) -> Result<Pending, Unserializable> {
        let timer = self.timer.map_err(Unserializable)?;
        let of = Branch { node: *self.of.begin()?.0, undo: Vec::new(), waiting: false };
        Ok(Pending::new(Node::Timeout(Box::new(record::Timeout { timer, of }))))
    }

    fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
        match reply {
            Reply::InTime(reply) => D::finish(*reply).map(Ok),
            Reply::TimedOut => Ok(Err(TimedOut)),
            other => Err(misfit(&other)),
        }
    }

    fn describe(definition: &mut SagaDefinition) {
        D::describe(definition);
    }

    async fn inline(self) -> Self::Output {
        match self.timer {
            Ok(timer) => tokio::time::timeout(timer.left(), self.of.inline()).await.map_err(|_| TimedOut),
            Err(error) => panic!("{error}"),
        }
    }
}
