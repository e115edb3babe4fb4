//! Calls that run while the saga's code goes on.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Error as _, Serialize, Serializer};

use super::{Durable, IntoDurable, Pending, Reply, misfit};
use crate::definition::SagaDefinition;
use crate::record::{HandleOf, Node, Unreadable, Unserializable};
use crate::starts;

/// The handle of a call that was started; see [`Durable::start`].
#[must_use = "what is started and not awaited is given up and undone when the saga returns: `.await` the handle"]
pub struct Started<D: Durable>(In<Rc<RefCell<Inline<D::Output>>>>);

/// Calls of one type that were started, to be awaited in the order in which they come to their ends.
///
/// A sliding window over a list of any length: at most a hundred calls are alive at a time, and only they stand in the record.
/// What a call has yielded leaves the record when [`next`](Self::next) takes it.
///
/// ```
/// use sagaflow::prelude::*;
///
/// #[step]
/// async fn import(line: u64) -> Result<u64, Failure> {
///     Ok(line % 7)
/// }
///
/// #[saga]
/// async fn import_all(lines: u64) -> Result<u64, Failure> {
///     let mut running = StartedSet::new();
///     let mut sum = 0;
///     for line in 0..lines {
///         if running.len() == 3 {
///             sum += running.next().await.transpose()?.unwrap_or(0);
///         }
///         running.add(import(line));
///     }
///     while let Some(imported) = running.next().await {
///         sum += imported?;
///     }
///     Ok(sum)
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// let transport = sagaflow::connect("embedded:").await?;
/// let worker = Worker::builder(transport.clone()).serve::<import_all>().build()?.spawn();
/// let handle = Client::new(transport).start(import_all(10)).await?;
/// assert_eq!(handle.outcome().await?.unwrap(), (0..10).map(|line| line % 7).sum::<u64>());
/// worker.shutdown().await
/// # }
/// ```
pub struct StartedSet<D: Durable>(In<Rc<RefCell<Calls<D::Output>>>>);

/// The next call of a [`StartedSet`] that comes to its end.
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Next<D: Durable>(In<Rc<RefCell<Calls<D::Output>>>>);

type Calls<T> = FuturesUnordered<LocalBoxFuture<'static, T>>;

/// Where it runs.
enum In<I> {
    /// In an instance, where it has this number.
    Instance(u64),
    /// In the current task.
    Task(I),
}

/// A call in the current task, until its output is taken.
struct Inline<T>(Option<LocalBoxFuture<'static, T>>);

impl<D: Durable + 'static> Started<D> {
    pub(super) fn new(call: D) -> Self {
        let mut call = Some(call);
        let begin = || call.take().map_or_else(|| Err(elsewhere()), D::begin);
        match starts::start(begin, 0) {
            Some(ticket) => Self(In::Instance(ticket)),
            None => {
                let call = call.map(|call| -> LocalBoxFuture<'static, D::Output> { Box::pin(call.inline()) });
                Self(In::Task(Rc::new(RefCell::new(Inline(call)))))
            }
        }
    }
}

/// Awaits it and keeps the handle: `race!(&mut packing, sleep("1h")).await` does not give it up if it loses.
#[diagnostic::do_not_recommend]
impl<D: Durable> IntoDurable for &mut Started<D> {
    type Durable = Started<D>;

    fn into_durable(self) -> Started<D> {
        Started(self.0.clone())
    }
}

#[diagnostic::do_not_recommend]
impl<D: Durable> Durable for Started<D> {
    type Output = D::Output;

    fn begin(self) -> Result<Pending, Unserializable> {
        self.0.number().map(|ticket| Pending::new(Node::Handle(HandleOf::Ticket(ticket))))
    }

    fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
        D::finish(reply)
    }

    fn describe(definition: &mut SagaDefinition) {
        D::describe(definition);
    }

    /// It runs when it is awaited.
    async fn inline(self) -> Self::Output {
        let In::Task(call) = self.0 else { panic!("{}", elsewhere()) };
        poll_fn(|context| {
            let mut call = call.borrow_mut();
            let Some(future) = &mut call.0 else { panic!("a handle is awaited for the second time") };
            let polled = future.as_mut().poll(context);
            if polled.is_ready() {
                call.0 = None;
            }
            polled
        })
        .await
    }
}

impl<D: Durable> StartedSet<D> {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self(starts::ticket().map_or_else(|| In::Task(Rc::default()), In::Instance))
    }

    /// Starts a call; see [`Durable::start`].
    pub fn add(&mut self, call: impl IntoDurable<Durable = D>)
    where
        D: 'static,
    {
        let call = call.into_durable();
        match &self.0 {
            In::Instance(set) => {
                // Elsewhere than in its saga it starts nothing, and whoever awaits or saves it is told so.
                starts::start(|| call.begin(), *set);
            }
            In::Task(calls) => calls.borrow_mut().push(Box::pin(call.inline())),
        }
    }

    /// Waits for the next call that comes to its end; `None` if there are no more. A call that has ended long ago is the first to be
    /// yielded: it is the order of their ends.
    #[expect(clippy::should_implement_trait, reason = "it is no iterator: what it makes is awaited")]
    pub fn next(&mut self) -> Next<D> {
        Next(self.0.clone())
    }

    /// How many calls there are whose output was not taken yet.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            In::Instance(set) => starts::left(*set).unwrap_or_default(),
            In::Task(calls) => calls.borrow().len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<D: Durable> Default for StartedSet<D> {
    fn default() -> Self {
        Self::new()
    }
}

#[diagnostic::do_not_recommend]
impl<D: Durable> Durable for Next<D> {
    type Output = Option<D::Output>;

    fn begin(self) -> Result<Pending, Unserializable> {
        self.0.number().map(|set| Pending::new(Node::Handle(HandleOf::Set(set))))
    }

    fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
        match reply {
            Reply::One(_, reply) => D::finish(*reply).map(Some),
            Reply::Done => Ok(None),
            other => Err(misfit(&other)),
        }
    }

    fn describe(definition: &mut SagaDefinition) {
        D::describe(definition);
    }

    /// All of the set run while one is awaited.
    async fn inline(self) -> Self::Output {
        let In::Task(calls) = self.0 else { panic!("{}", elsewhere()) };
        poll_fn(|context| calls.borrow_mut().poll_next_unpin(context)).await
    }
}

impl<I> In<I> {
    fn number(&self) -> Result<u64, Unserializable> {
        match self {
            Self::Instance(number) => Ok(*number),
            Self::Task(_) => Err(elsewhere()),
        }
    }
}

impl<I: Clone> Clone for In<I> {
    fn clone(&self) -> Self {
        match self {
            Self::Instance(number) => Self::Instance(*number),
            Self::Task(inline) => Self::Task(inline.clone()),
        }
    }
}

fn elsewhere() -> Unserializable {
    Unserializable("a handle belongs to the instance that has started the call, and can't leave it".to_owned())
}

macro_rules! handles {
    ($($handle:ident),+) => {
        $(
            impl<D: Durable> Serialize for $handle<D> {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    self.0.number().map_err(S::Error::custom)?.serialize(serializer)
                }
            }

            impl<'de, D: Durable> Deserialize<'de> for $handle<D> {
                fn deserialize<S: Deserializer<'de>>(deserializer: S) -> Result<Self, S::Error> {
                    u64::deserialize(deserializer).map(|number| Self(In::Instance(number)))
                }
            }

            impl<D: Durable> fmt::Debug for $handle<D> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.debug_tuple(stringify!($handle)).field(&self.0.number().ok()).finish()
                }
            }
        )+
    };
}

handles!(Started, StartedSet, Next);
