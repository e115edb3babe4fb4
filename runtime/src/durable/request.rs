//! Requests: signals that are answered.

use std::future::pending;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Durable, Pending, Reply, misfit};
use crate::definition::SagaDefinition;
use crate::engine::queue_of_requests;
use crate::record::{Answer, Awaited, Node, Take, Unreadable, Unserializable, Value};

/// What an instance can be asked; `#[request(reply = …)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no request",
    label = "not a request",
    note = "write `#[request(reply = …)]` before the type, and derive `serde::Serialize` and `serde::Deserialize` for it"
)]
pub trait Request: Serialize + DeserializeOwned + Send + 'static {
    /// The name of its queue: the type's own, unless `#[request(name = "…")]` says another.
    const NAME: &'static str;

    /// What it is answered with.
    type Reply: Serialize + DeserializeOwned + Send + 'static;
}

/// A request that a saga waits for; see [`request`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Requested<T> {
    #[serde(skip)]
    request: PhantomData<fn() -> T>,
}

/// Waits for a request: `let (AddItem { price }, reply) = request::<AddItem>().await;` in a saga. It is answered by
/// [`reply.send(…).await`](ReplyTo::send), now or many steps later.
///
/// Requests of a type are taken in the order in which they came, as [signals](super::signal()) are. Inline (without a worker) none ever comes.
///
/// ```
/// use sagaflow::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[request(reply = Result<u64, String>)]
/// #[derive(Serialize, Deserialize)]
/// struct Withdraw {
///     cents: u64,
/// }
///
/// #[saga]
/// async fn account(mut balance: u64) -> Result<(), Failure> {
///     loop {
///         let (Withdraw { cents }, reply) = request::<Withdraw>().await;
///         if cents > balance {
///             reply.send(Err(format!("there are only {balance}"))).await;
///         } else {
///             balance -= cents;
///             reply.send(Ok(balance)).await;
///         }
///     }
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// let transport = sagaflow::connect("embedded:").await?;
/// let worker = Worker::builder(transport.clone()).serve::<account>().build()?.spawn();
/// let handle = Client::new(transport).start(account(100)).id("ada").await?;
/// assert_eq!(handle.ask(Withdraw { cents: 30 }).await?, Ok(70));
/// assert_eq!(handle.ask(Withdraw { cents: 90 }).await?, Err("there are only 70".to_owned()));
/// worker.shutdown().await
/// # }
/// ```
pub fn request<T: Request>() -> Requested<T> {
    Requested { request: PhantomData }
}

/// To whom the answer to a request goes. It can wait in a variable across steps. If it is dropped, whoever has asked is refused
/// when the instance comes to its end.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
#[must_use = "whoever has asked waits for the answer: `reply.send(…).await`"]
pub struct ReplyTo<T> {
    key: String,
    #[serde(skip)]
    request: PhantomData<fn() -> T>,
}

impl<T: Request> ReplyTo<T> {
    /// Answers the request: `reply.send(Ok(total)).await` in a saga. The `.await` ends at once and costs no message: the answer stands in the
    /// next record, and is told by whoever takes that up. Whether anybody still waits for it, does not matter.
    pub fn send(self, reply: T::Reply) -> SendReply<T> {
        SendReply { key: self.key, reply }
    }
}

impl<T> std::fmt::Debug for ReplyTo<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ReplyTo").field(&self.key).finish()
    }
}

/// An answer that is given; see [`ReplyTo::send`].
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct SendReply<T: Request> {
    key: String,
    reply: T::Reply,
}

impl<T: Request> std::fmt::Debug for SendReply<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SendReply").field(&self.key).finish()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Request> Durable for Requested<T> {
    type Output = (T, ReplyTo<T>);

    fn begin(self) -> Result<Pending, Unserializable> {
        let name = queue_of_requests(T::NAME);
        Ok(Pending::new(Node::Signal(Awaited { name, take: Take::Next })))
    }

    fn finish(reply: Reply) -> Result<(T, ReplyTo<T>), Unreadable> {
        match reply {
            Reply::Asked(key, value) => Ok((value.read()?, ReplyTo { key, request: PhantomData })),
            other => Err(misfit(&other)),
        }
    }

    fn describe(_: &mut SagaDefinition) {}

    async fn inline(self) -> (T, ReplyTo<T>) {
        pending().await
    }
}

#[diagnostic::do_not_recommend]
impl<T: Request> Durable for SendReply<T> {
    type Output = ();

    fn begin(self) -> Result<Pending, Unserializable> {
        let value = Value::write(&self.reply)?;
        Ok(Pending::new(Node::Answer(Answer { key: self.key, value: Some(value) })))
    }

    fn finish(reply: Reply) -> Result<(), Unreadable> {
        match reply {
            Reply::Done => Ok(()),
            other => Err(misfit(&other)),
        }
    }

    fn describe(_: &mut SagaDefinition) {}

    async fn inline(self) {}
}
