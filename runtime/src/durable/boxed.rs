//! Calls without their types, for lists of different ones.
//!
//! What a worker may have to run is known from the types of what a saga awaits. A [`Boxed`] does not say it: so the compiler of sagas
//! notes each `.boxed()` of a body ([`Inside`]), and the saga's definition has what stands in them by what they yield.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;

use futures::future::LocalBoxFuture;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde::ser::{Error as _, Serialize, Serializer};

use super::{Durable, Pending, Reply, misfit};
use crate::definition::SagaDefinition;
use crate::record::{Node, Unreadable, Unserializable, Value};
use crate::starts;

/// A call of a step or a saga, or a sleep, of which it is only known what it yields; see [`Durable::boxed`].
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Boxed<T>(Kind<T>);

enum Kind<T> {
    /// In an instance: what the record is to hold.
    Instance(Result<Box<Node>, Unserializable>),
    /// In the current task.
    Task(Box<dyn FnOnce() -> LocalBoxFuture<'static, T>>),
}

/// What can be [boxed](Durable::boxed): calls of steps and sagas, and sleeps. How they have ended reads the same for all of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be boxed",
    label = "neither a call of a step or a saga, nor a sleep",
    note = "await it in a `#[saga]` of its own and box the call of that: it runs inside the same instance, and costs no message"
)]
pub trait Boxable: Durable {}

impl<T: DeserializeOwned + 'static> Boxable for Boxed<T> {}

impl<T> Boxed<T> {
    /// Where the compiler of sagas has seen it.
    pub(super) fn seen<D: Durable<Output = T> + 'static>(call: D) -> Self {
        Self(match starts::is_running() {
            true => Kind::Instance(call.begin().map(|pending| pending.0)),
            false => Kind::Task(Box::new(|| Box::pin(call.inline()))),
        })
    }

    /// Where it has not.
    pub(super) fn unseen<D: Durable<Output = T> + 'static>(call: D) -> Self {
        match starts::is_running() {
            true => Self(Kind::Instance(Err(Unserializable(
                "a call was boxed outside of the saga's own body, so that nobody knows what it may run: write `.boxed()` in the body"
                    .to_owned(),
            )))),
            false => Self::seen(call),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + 'static> Durable for Boxed<T> {
    type Output = T;

    fn begin(self) -> Result<Pending, Unserializable> {
        match self.0 {
            Kind::Instance(node) => node.map(Pending),
            Kind::Task(_) => Err(elsewhere()),
        }
    }

    fn finish(reply: Reply) -> Result<T, Unreadable> {
        match reply {
            Reply::Output(output) => output.read(),
            Reply::Elapsed => Value::write(&()).map_err(|error| Unreadable(error.to_string()))?.read(),
            other => Err(misfit(&other)),
        }
    }

    fn describe(definition: &mut SagaDefinition) {
        definition.describe_boxed(TypeId::of::<T>());
    }

    async fn inline(self) -> T {
        match self.0 {
            Kind::Task(run) => run().await,
            Kind::Instance(_) => panic!("{}", elsewhere()),
        }
    }
}

fn elsewhere() -> Unserializable {
    Unserializable("a boxed call belongs to the run in which it was made, and can't leave it".to_owned())
}

impl<T> Serialize for Boxed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Kind::Instance(Ok(node)) => node.serialize(serializer),
            Kind::Instance(Err(error)) => Err(S::Error::custom(error)),
            Kind::Task(_) => Err(S::Error::custom(elsewhere())),
        }
    }
}

impl<'de, T> Deserialize<'de> for Boxed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::deserialize(deserializer).map(|node| Self(Kind::Instance(Ok(node))))
    }
}

impl<T> fmt::Debug for Boxed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Instance(node) => f.debug_tuple("Boxed").field(node).finish(),
            Kind::Task(_) => f.debug_tuple("Boxed").finish_non_exhaustive(),
        }
    }
}

/// Lends the type of what stands in a `.boxed()` to the saga's description.
pub struct Inside<D>(PhantomData<fn() -> D>);

impl<D> Inside<D> {
    /// The type is known from its use.
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<D> Clone for Inside<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Inside<D> {}

impl<D> fmt::Debug for Inside<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inside")
    }
}
