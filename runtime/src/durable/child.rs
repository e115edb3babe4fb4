//! Children: calls of sagas that run as instances of their own.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Durable, Pending, Reply, StepError, misfit, scope};
use crate::arguments;
use crate::definition::SagaDefinition;
use crate::machine::first_frame;
use crate::message::{ErrorOf, Message, Shape, ValueOf};
use crate::record::{Child, Deferred, Node, Unreadable, Unserializable};
use crate::transport::InstanceId;
use crate::{Call, Saga, Step};

/// A call of a saga as a child: an instance of its own, whose end is waited for; see [`Call::child`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "")]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct ChildCall<S: Saga> {
    call: Call<S>,
    id: Option<String>,
}

/// The same, with faults as values; see [`ChildCall::outcome`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "", transparent)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct CaughtChild<S: Saga>(ChildCall<S>);

/// The same, with a step that undoes it; see [`ChildCall::compensate`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "")]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct CompensatedChild<S: Saga, C: Step> {
    child: ChildCall<S>,
    undo: Call<C>,
}

/// A call of a saga that is started for good, and not waited for; see [`Call::detach`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "", transparent)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Detach<S: Saga>(ChildCall<S>);

/// An instance that was started with [`Call::detach`]. It can wait in a variable, and be returned.
pub struct Detached<S> {
    id: String,
    saga: PhantomData<fn() -> S>,
}

impl<S: Message> Call<S> {
    /// Runs the saga as a *child*: an instance of its own, over all workers that serve it, whose end is waited for. (A call that is awaited
    /// as it is runs inside the instance that awaits it.)
    ///
    /// The `.await` yields what the child returns. A child that ends by a fault (a panic, a cancel) unwinds the saga, unless the call says
    /// [`.outcome()`](ChildCall::outcome). When it is given up, by a timeout, by another one that wins the race, or since its parent
    /// fails or is cancelled, the child is cancelled, and its end is waited for before anything else is undone. What a child has done that
    /// has returned a value is not undone when its parent fails later, unless the call says so ([`.compensate(…)`](ChildCall::compensate)).
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
    /// async fn ship_all(orders: Vec<u64>) -> Result<Vec<String>, Failure> {
    ///     let parcels = join_all(orders.into_iter().map(|order| ship(order).child())).await;
    ///     parcels.into_iter().collect()
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), sagaflow::Error> {
    /// let transport = sagaflow::connect("embedded:").await?;
    /// let worker = Worker::builder(transport.clone()).serve::<ship_all>().serve::<ship>().build()?.spawn();
    /// let handle = Client::new(transport).start(ship_all(vec![7, 8])).await?;
    /// assert_eq!(handle.outcome().await?.unwrap(), ["parcel 7", "parcel 8"]);
    /// worker.shutdown().await
    /// # }
    /// ```
    pub fn child(self) -> ChildCall<S>
    where
        S: Saga,
    {
        ChildCall { call: self, id: None }
    }

    /// Starts the saga as an instance of its own, for good, and does not wait for its end: the `.await` yields which instance that is, when it
    /// is started. It is not cancelled with the saga that has started it. `ship(order).detach().id("ship-7").await` gives it an id.
    ///
    /// In an inline run it is run to its end.
    pub fn detach(self) -> Detach<S>
    where
        S: Saga,
    {
        Detach(self.child())
    }
}

impl<S: Saga> ChildCall<S> {
    /// The child's id, unique within its saga; 1 to 128 ASCII letters, digits and signs other than `.` `*` `>` `/` `\`. Without one, it is
    /// made of the parent's and the number of the call: `order:o-7:3`. A text that can't be an id pauses the parent when it is awaited.
    ///
    /// If somebody else has started an instance with this id, the child can't be started: that is a fault of the kind
    /// [`NotStarted`](crate::FaultKind::NotStarted), which says who has.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Registers a step that undoes what the child has done: if the child has returned a value, and the saga that awaits it fails later. It
    /// runs in the order of the compensations. (A child that fails has undone its own work.)
    pub fn compensate<C: Step>(self, undo: Call<C>) -> CompensatedChild<S, C> {
        CompensatedChild { child: self, undo }
    }

    /// Takes faults as values, too; see [`Call::outcome`].
    pub fn outcome(self) -> CaughtChild<S> {
        CaughtChild(self)
    }

    fn record(self) -> Result<Child, Unserializable> {
        let (saga, frame) = (S::NAME.to_owned(), first_frame(&self.call.message)?);
        if let Some(id) = &self.id {
            InstanceId::new(S::NAME, id.as_str()).map_err(|invalid| Unserializable(invalid.to_string()))?;
        }
        Ok(Child {
            saga,
            id: self.id.unwrap_or_default(),
            version: frame.version,
            args: Some(frame.vars),
            occurrence: 0,
            catch: false,
            detached: false,
            attached: false,
            undo: None,
            cancelled: false,
        })
    }

    /// Boxed, since a saga may have children of its own kind.
    fn run(self) -> Pin<Box<dyn Future<Output = S::Output>>> {
        Box::pin(scope::inline(S::inline(self.call.message)))
    }
}

impl<S: Saga> Detach<S> {
    /// The instance's id; see [`ChildCall::id`].
    pub fn id(self, id: impl Into<String>) -> Self {
        Self(self.0.id(id))
    }
}

impl<S> Detached<S> {
    /// The instance's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// What an instance has returned that was waited for.
pub(super) fn child_reply<S: Saga>(reply: Reply) -> Result<S::Output, Unreadable> {
    match reply {
        Reply::Output(output) => S::Shape::read(&output),
        other => Err(misfit(&other)),
    }
}

/// The same, where faults are values.
pub(super) fn child_faults<S: Saga>(reply: Reply) -> Result<Result<ValueOf<S>, StepError<ErrorOf<S>>>, Unreadable> {
    match reply {
        Reply::Output(output) => Ok(S::Shape::split(S::Shape::read(&output)?).map_err(StepError::Failed)),
        Reply::Fault(fault) => Ok(Err(StepError::Fault(fault))),
        other => Err(misfit(&other)),
    }
}

fn pending(child: Child) -> Pending {
    Pending::new(Node::Child(Box::new(child)))
}

#[diagnostic::do_not_recommend]
impl<S: Saga> Durable for ChildCall<S> {
    type Output = S::Output;

    fn begin(self) -> Result<Pending, Unserializable> {
        self.record().map(pending)
    }

    fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
        child_reply::<S>(reply)
    }

    fn describe(definition: &mut SagaDefinition) {
        definition.add_child::<S>();
    }

    async fn inline(self) -> Self::Output {
        self.run().await
    }
}

#[diagnostic::do_not_recommend]
impl<S: Saga> Durable for CaughtChild<S> {
    type Output = Result<ValueOf<S>, StepError<ErrorOf<S>>>;

    fn begin(self) -> Result<Pending, Unserializable> {
        Ok(pending(Child { catch: true, ..self.0.record()? }))
    }

    fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
        child_faults::<S>(reply)
    }

    fn describe(definition: &mut SagaDefinition) {
        definition.add_child::<S>();
    }

    async fn inline(self) -> Self::Output {
        S::Shape::split(self.0.run().await).map_err(StepError::Failed)
    }
}

#[diagnostic::do_not_recommend]
impl<S: Saga, C: Step> Durable for CompensatedChild<S, C> {
    type Output = S::Output;

    fn begin(self) -> Result<Pending, Unserializable> {
        let (step, args) = (C::NAME.to_owned(), arguments::write_value(&self.undo.message)?);
        Ok(pending(Child { undo: Some(Box::new(Deferred { step, args })), ..self.child.record()? }))
    }

    fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
        ChildCall::<S>::finish(reply)
    }

    fn describe(definition: &mut SagaDefinition) {
        definition.add_child::<S>();
        definition.keep::<C>();
    }

    async fn inline(self) -> Self::Output {
        self.child.run().await
    }
}

#[diagnostic::do_not_recommend]
impl<S: Saga> Durable for Detach<S> {
    type Output = Detached<S>;

    fn begin(self) -> Result<Pending, Unserializable> {
        Ok(pending(Child { detached: true, ..self.0.record()? }))
    }

    fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
        match reply {
            Reply::Output(id) => id.read(),
            other => Err(misfit(&other)),
        }
    }

    fn describe(definition: &mut SagaDefinition) {
        definition.add_child::<S>();
    }

    async fn inline(self) -> Self::Output {
        let id = self.0.id.clone().unwrap_or_else(|| "inline".to_owned());
        self.0.run().await;
        Detached { id, saga: PhantomData }
    }
}

impl<S> Serialize for Detached<S> {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        self.id.serialize(serializer)
    }
}

impl<'de, S> Deserialize<'de> for Detached<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|id| Self { id, saga: PhantomData })
    }
}

impl<S> Clone for Detached<S> {
    fn clone(&self) -> Self {
        Self { id: self.id.clone(), saga: PhantomData }
    }
}

impl<S> PartialEq for Detached<S> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl<S> Eq for Detached<S> {}

impl<S: Saga> fmt::Debug for Detached<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", S::NAME, self.id)
    }
}

impl<S: Saga> fmt::Display for Detached<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", S::NAME, self.id)
    }
}
