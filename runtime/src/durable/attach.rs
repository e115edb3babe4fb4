//! Waiting for the end of an instance that is no child.

use std::future::pending;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::child::{child_faults, child_reply};
use super::{Durable, Pending, Reply, StepError};
use crate::Saga;
use crate::definition::SagaDefinition;
use crate::message::{ErrorOf, ValueOf};
use crate::record::{Child, Node, Unreadable, Unserializable, Vars};
use crate::transport::InstanceId;

/// An instance whose end is waited for; see [`attach`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "")]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Attach<S> {
    id: String,
    #[serde(skip)]
    saga: PhantomData<fn() -> S>,
}

/// The same, with faults as values; see [`Attach::outcome`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "", transparent)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct CaughtAttach<S>(Attach<S>);

/// Waits in a saga for the end of an instance that somebody else has started: `attach::<checkout>("order-42").await` yields what it returns.
///
/// Whoever waits holds nothing but its record, and any number may wait for the same instance. That goes on as if nobody did: it is not cancelled when who waits
/// gives up. An instance that has come to its end answers at once, for as long as its last record is kept; one that there is none of is a fault of the
/// kind [`NotFound`](crate::FaultKind::NotFound), which unwinds the saga, as one of the instance itself does, unless
/// [`.outcome()`](Attach::outcome) takes faults as values. An id that is started anew while its end is being told begins another life: what was waited for is the one before.
///
/// Inline (without a worker) no end ever comes.
///
/// ```
/// use sagaflow::prelude::*;
///
/// #[step]
/// async fn pack(order: u64) -> Result<String, Failure> {
///     Ok(format!("parcel {order}"))
/// }
///
/// #[saga]
/// async fn ship(order: u64) -> Result<String, Failure> {
///     pack(order).await
/// }
///
/// #[saga]
/// async fn label(order: u64) -> Result<String, Failure> {
///     let parcel = attach::<ship>(format!("ship-{order}")).await?;
///     Ok(format!("{parcel}, labelled"))
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// let transport = sagaflow::connect("embedded:").await?;
/// let worker = Worker::builder(transport.clone()).serve::<ship>().serve::<label>().build()?.spawn();
/// let client = Client::new(transport);
/// client.start(ship(7)).id("ship-7").await?;
/// assert_eq!(client.start(label(7)).await?.outcome().await?.unwrap(), "parcel 7, labelled");
/// worker.shutdown().await
/// # }
/// ```
pub fn attach<S: Saga>(id: impl Into<String>) -> Attach<S> {
    Attach { id: id.into(), saga: PhantomData }
}

impl<S: Saga> Attach<S> {
    /// Takes faults as values, too: that of the instance, and that there is none; see [`Call::outcome`](crate::Call::outcome).
    pub fn outcome(self) -> CaughtAttach<S> {
        CaughtAttach(self)
    }

    fn record(self, catch: bool) -> Result<Pending, Unserializable> {
        InstanceId::new(S::NAME, self.id.as_str()).map_err(|invalid| Unserializable(invalid.to_string()))?;
        let (saga, id, version, args) = (S::NAME.to_owned(), self.id, S::VERSION, Some(Vars::default()));
        let (occurrence, detached, undo, cancelled) = (0, false, None, false);
        let attached = true;
        let child = Child { saga, id, version, args, occurrence, catch, detached, attached, undo, cancelled };
        Ok(Pending::new(Node::Child(Box::new(child))))
    }
}

#[diagnostic::do_not_recommend]
impl<S: Saga> Durable for Attach<S> {
    type Output = S::Output;

    fn begin(self) -> Result<Pending, Unserializable> {
        self.record(false)
    }

    fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
        child_reply::<S>(reply)
    }

    fn describe(definition: &mut SagaDefinition) {
        definition.add_child::<S>();
    }

    async fn inline(self) -> Self::Output {
        pending().await
    }
}

#[diagnostic::do_not_recommend]
impl<S: Saga> Durable for CaughtAttach<S> {
    type Output = Result<ValueOf<S>, StepError<ErrorOf<S>>>;

    fn begin(self) -> Result<Pending, Unserializable> {
        self.0.record(true)
    }

    fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
        child_faults::<S>(reply)
    }

    fn describe(definition: &mut SagaDefinition) {
        definition.add_child::<S>();
    }

    async fn inline(self) -> Self::Output {
        pending().await
    }
}
