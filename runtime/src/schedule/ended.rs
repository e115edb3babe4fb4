//! Waiting for the end of a run, whatever its saga is.

use std::future::pending;

use crate::definition::SagaDefinition;
use crate::durable::{Durable, Pending, Reply};
use crate::record::{Child, Node, Unreadable, Unserializable, Vars};

/// The end of an instance: what it has returned, as JSON; none if it did not come to that, or is not known.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) saga: String,
    pub(super) id: String,
}

impl Durable for Ended {
    type Output = Option<String>;

    fn begin(self) -> Result<Pending, Unserializable> {
        let Self { saga, id } = self;
        let (version, args, occurrence, undo) = (1, Some(Vars::default()), 0, None);
        let (catch, attached, detached, cancelled) = (true, true, false, false);
        let child = Child { saga, id, version, args, occurrence, catch, detached, attached, undo, cancelled };
        Ok(Pending::new(Node::Child(Box::new(child))))
    }

    fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
        Ok(match reply {
            Reply::Output(output) => Some(output.as_json().to_owned()),
            _ => None,
        })
    }

    fn describe(definition: &mut SagaDefinition) {
        definition.add_any_child();
    }

    async fn inline(self) -> Self::Output {
        pending().await
    }
}
