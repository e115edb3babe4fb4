//! Races: the first of several.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use serde::{Deserialize, Serialize};

use super::{Durable, IntoDurable, Pending, Reply, branch, misfit};
use crate::definition::SagaDefinition;
use crate::message::Never;
use crate::record::{self, Branch, Node, Unreadable, Unserializable};

/// Waits for the first of several; see [`race!`](crate::race).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Race<T>(T);

/// Waits for the first of a list; see [`race_all`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct RaceAll<D>(Vec<D>);

/// Which branch of a [`race!`](crate::race) has won, with what it has yielded. A race of two has no `Third`: what can't be needs no arm in a
/// `match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Winner<A, B = Never, C = Never, D = Never, E = Never, F = Never, G = Never, H = Never> {
    First(A),
    Second(B),
    Third(C),
    Fourth(D),
    Fifth(E),
    Sixth(F),
    Seventh(G),
    Eighth(H),
}

impl<T> Race<T> {
    /// What `race!` makes of a tuple.
    #[doc(hidden)]
    pub fn of(durables: T) -> Self {
        Self(durables)
    }
}

/// Waits for the first of up to eight calls that comes to its end, and gives the others up: `race!(a, b).await` yields a
/// [`Winner`].
///
/// A call that fails has come to its end, too. Of those that end at the same time the first listed wins. The others are given up before
/// the `.await` yields: an attempt that is being made is dropped where it stands, and what was done in them is undone, last
/// first (compensations that use no output are run for a step whose outcome is unknown, too). For a list of calls of one
/// type, use [`race_all`].
///
/// ```
/// use sagaflow::prelude::*;
///
/// #[step]
/// #[retry(fixed, delay = "5ms", max_attempts = 1000)]
/// async fn confirmed(order: u64) -> Result<u64, Failure> {
///     if order % 2 == 0 { Ok(order) } else { Err(Failure::new("not yet")) }
/// }
///
/// #[saga]
/// async fn wait_for_it(order: u64) -> Result<String, Failure> {
///     match race!(confirmed(order), sleep("50ms")).await {
///         Winner::First(confirmed) => Ok(format!("order {} is confirmed", confirmed?)),
///         Winner::Second(()) => Ok("nobody has answered".to_owned()),
///     }
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// let transport = sagaflow::connect("embedded:").await?;
/// let worker = Worker::builder(transport.clone()).serve::<wait_for_it>().build()?.spawn();
/// let client = Client::new(transport);
/// assert_eq!(client.start(wait_for_it(4)).await?.outcome().await?.unwrap(), "order 4 is confirmed");
/// assert_eq!(client.start(wait_for_it(5)).await?.outcome().await?.unwrap(), "nobody has answered");
/// worker.shutdown().await
/// # }
/// ```
#[macro_export]
macro_rules! race {
    ($($durable:expr),+ $(,)?) => {
        $crate::durable::Race::of(($($crate::durable::IntoDurable::into_durable($durable),)+))
    };
}

/// Waits for the first call of a list that comes to its end, and gives the others up: `race_all(calls).await` yields its place in the list,
/// from 0, and what it has yielded. See [`race!`](crate::race) for the rules.
///
/// A race of nothing has no winner: it pauses the instance when it is awaited (and panics in an inline run).
///
/// ```
/// use sagaflow::prelude::*;
///
/// #[step]
/// async fn quote(carrier: String) -> Result<u64, Failure> {
///     Ok(carrier.len() as u64)
/// }
///
/// #[saga]
/// async fn fastest(carriers: Vec<String>) -> Result<String, Failure> {
///     let (place, cents) = race_all(carriers.iter().cloned().map(quote)).await;
///     Ok(format!("{} for {}", carriers[place], cents?))
/// }
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// assert_eq!(fastest(vec!["mail".into(), "pigeon".into()]).inline().await.unwrap(), "mail for 4");
/// # });
/// ```
pub fn race_all<I>(calls: I) -> RaceAll<<I::Item as IntoDurable>::Durable>
where
    I: IntoIterator<Item: IntoDurable>,
{
    RaceAll(calls.into_iter().map(IntoDurable::into_durable).collect())
}

fn pending(of: Vec<Branch>) -> Pending {
    Pending::new(Node::Race(record::Race { of }))
}

fn no_winner() -> Unserializable {
    Unserializable("a race of nothing has no winner: look whether there is anything to wait for before".to_owned())
}

#[diagnostic::do_not_recommend]
impl<D: Durable> Durable for RaceAll<D> {
    type Output = (usize, D::Output);

    fn begin(self) -> Result<Pending, Unserializable> {
        if self.0.is_empty() {
            return Err(no_winner());
        }
        self.0.into_iter().map(branch).collect::<Result<_, _>>().map(pending)
    }

    fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
        match reply {
            Reply::One(place, reply) => Ok((place as usize, D::finish(*reply)?)),
            other => Err(misfit(&other)),
        }
    }

    fn describe(definition: &mut SagaDefinition) {
        D::describe(definition);
    }

    async fn inline(self) -> Self::Output {
        assert!(!self.0.is_empty(), "{}", no_winner());
        let mut calls: Vec<Pin<Box<_>>> = self.0.into_iter().map(|call| Box::pin(call.inline())).collect();
        poll_fn(|context| {
            for (place, call) in calls.iter_mut().enumerate() {
                if let Poll::Ready(output) = call.as_mut().poll(context) {
                    return Poll::Ready((place, output));
                }
            }
            Poll::Pending
        })
        .await
    }
}

macro_rules! tuples {
    ($($durable:ident $call:ident $place:tt $winner:ident),+) => {
        #[diagnostic::do_not_recommend]
        impl<$($durable: Durable),+> Durable for Race<($($durable,)+)> {
            type Output = Winner<$($durable::Output),+>;

            fn begin(self) -> Result<Pending, Unserializable> {
                Ok(pending(vec![$(branch(self.0.$place)?),+]))
            }

            fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
                match reply {
                    $(Reply::One($place, reply) => $durable::finish(*reply).map(Winner::$winner),)+
                    other => Err(misfit(&other)),
                }
            }

            fn describe(definition: &mut SagaDefinition) {
                $($durable::describe(definition);)+
            }

            async fn inline(self) -> Self::Output {
                $(let mut $call = pin!(self.0.$place.inline());)+
                poll_fn(|context| {
                    $(if let Poll::Ready(output) = $call.as_mut().poll(context) {
                        return Poll::Ready(Winner::$winner(output));
                    })+
                    Poll::Pending
                })
                .await
            }
        }
    };
}

tuples!(A a 0 First);
tuples!(A a 0 First, B b 1 Second);
tuples!(A a 0 First, B b 1 Second, C c 2 Third);
tuples!(A a 0 First, B b 1 Second, C c 2 Third, D d 3 Fourth);
tuples!(A a 0 First, B b 1 Second, C c 2 Third, D d 3 Fourth, E e 4 Fifth);
tuples!(A a 0 First, B b 1 Second, C c 2 Third, D d 3 Fourth, E e 4 Fifth, F f 5 Sixth);
tuples!(A a 0 First, B b 1 Second, C c 2 Third, D d 3 Fourth, E e 4 Fifth, F f 5 Sixth, G g 6 Seventh);
tuples!(A a 0 First, B b 1 Second, C c 2 Third, D d 3 Fourth, E e 4 Fifth, F f 5 Sixth, G g 6 Seventh, H h 7 Eighth);
