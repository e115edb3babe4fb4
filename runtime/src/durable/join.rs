//! Joins of durables of different types.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::{Durable, Pending, Reply, branch, misfit};
use crate::definition::SagaDefinition;
use crate::record::{self, Branch, Node, Unreadable, Unserializable};

/// Waits for all of several; see [`join!`](crate::join).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Join<T>(T);

/// Waits for all of several, or the first error; see [`try_join!`](crate::try_join).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct TryJoin<T>(T);

impl<T> Join<T> {
    /// What `join!` makes of a tuple.
    #[doc(hidden)]
    pub fn of(durables: T) -> Self {
        Self(durables)
    }
}

impl<T> TryJoin<T> {
    /// What `try_join!` makes of a tuple.
    #[doc(hidden)]
    pub fn of(durables: T) -> Self {
        Self(durables)
    }
}

/// Waits for all of up to twelve calls, which run side by side: `join!(a, b).await` yields `(A, B)`.
///
/// Each has its own retries. Every result is recorded when it comes, so that a crash repeats only what had not ended. What
/// the calls return is not looked at: to stop at the first error, use [`try_join!`](crate::try_join); for a list of
/// calls of one type, [`join_all`](crate::join_all).
///
/// ```
/// use sagaflow::prelude::*;
///
/// #[step]
/// async fn weigh(parcel: u32) -> u32 {
///     parcel * 10
/// }
///
/// #[step]
/// async fn address(parcel: u32) -> Result<String, Failure> {
///     Ok(format!("street {parcel}"))
/// }
///
/// #[saga]
/// async fn label(parcel: u32) -> Result<String, Failure> {
///     let (grams, address) = join!(weigh(parcel), address(parcel)).await;
///     Ok(format!("{grams} g to {}", address?))
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// let transport = sagaflow::connect("embedded:").await?;
/// let worker = Worker::builder(transport.clone()).serve::<label>().build()?.spawn();
/// let handle = Client::new(transport).start(label(7)).await?;
/// assert_eq!(handle.outcome().await?.unwrap(), "70 g to street 7");
/// worker.shutdown().await
/// # }
/// ```
#[macro_export]
macro_rules! join {
    ($($durable:expr),+ $(,)?) => {
        $crate::durable::Join::of(($($crate::durable::IntoDurable::into_durable($durable),)+))
    };
}

/// Waits for all of up to twelve calls that return `Result`s with the same error, or for the first `Err`:
/// `try_join!(a, b).await` yields `Result<(A, B), E>`.
///
/// At the first `Err` the others are given up: attempts that are being made are dropped where they stand, and all that was done in
/// the join is undone, last first. Then the `.await` yields that `Err`, and the saga may go on. See [`join!`](crate::join).
///
/// ```
/// use sagaflow::prelude::*;
///
/// #[step]
/// #[compensate(cancel(output))]
/// async fn book(what: String) -> Result<String, Failure> {
///     if what == "hotel" { Err(Failure::new("no room")) } else { Ok(what) }
/// }
///
/// #[step]
/// async fn cancel(what: String) {
///     println!("{what} is cancelled");
/// }
///
/// #[saga]
/// async fn trip() -> Result<String, Failure> {
///     match try_join!(book("flight".into()), book("hotel".into())).await {
///         Ok((flight, hotel)) => Ok(format!("{flight} and {hotel}")),
///         // The flight, if it was booked, is cancelled by now.
///         Err(error) => Ok(format!("at home: {error}")),
///     }
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// let transport = sagaflow::connect("embedded:").await?;
/// let worker = Worker::builder(transport.clone()).serve::<trip>().build()?.spawn();
/// let handle = Client::new(transport).start(trip()).await?;
/// assert_eq!(handle.outcome().await?.unwrap(), "at home: no room");
/// worker.shutdown().await
/// # }
/// ```
#[macro_export]
macro_rules! try_join {
    ($($durable:expr),+ $(,)?) => {
        $crate::durable::TryJoin::of(($($crate::durable::IntoDurable::into_durable($durable),)+))
    };
}

/// What stands in the record.
pub(super) fn pending(of: Vec<Branch>, fails_fast: bool, limit: Option<NonZeroU32>) -> Pending {
    Pending::new(Node::Join(record::Join { of, fails_fast, limit }))
}

/// The replies of all branches: there must be so many.
pub(super) fn replies(replies: Vec<Reply>, number: usize) -> Result<std::vec::IntoIter<Reply>, Unreadable> {
    match replies.len() {
        had if had == number => Ok(replies.into_iter()),
        had => Err(Unreadable(format!("the record has joined {had} branches, and the code joins {number}"))),
    }
}

/// The error that has ended a join.
pub(super) fn first_error<D: Durable<Output = Result<T, E>>, T, E>(reply: Reply) -> Result<E, Unreadable> {
    match D::finish(reply)? {
        Err(error) => Ok(error),
        Ok(_) => Err(Unreadable("the join has ended by an error that is none".to_owned())),
    }
}

fn next<D: Durable>(replies: &mut std::vec::IntoIter<Reply>) -> Result<D::Output, Unreadable> {
    replies.next().map_or_else(|| Err(misfit(&Reply::All(Vec::new()))), D::finish)
}

macro_rules! tuples {
    ($number:literal: $($durable:ident $value:ident $place:tt),+) => {
        #[diagnostic::do_not_recommend]
        impl<$($durable: Durable),+> Durable for Join<($($durable,)+)> {
            type Output = ($($durable::Output,)+);

            fn begin(self) -> Result<Pending, Unserializable> {
                Ok(pending(vec![$(branch(self.0.$place)?),+], false, None))
            }

            fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
                let Reply::All(all) = reply else { return Err(misfit(&reply)) };
                let mut all = replies(all, $number)?;
                Ok(($(next::<$durable>(&mut all)?,)+))
            }

            fn describe(definition: &mut SagaDefinition) {
                $($durable::describe(definition);)+
            }

            async fn inline(self) -> Self::Output {
                tokio::join!($(self.0.$place.inline()),+)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<Error, $($durable, $value),+> Durable for TryJoin<($($durable,)+)>
        where
            $($durable: Durable<Output = Result<$value, Error>>),+
        {
            type Output = Result<($($value,)+), Error>;

            fn begin(self) -> Result<Pending, Unserializable> {
                Ok(pending(vec![$(branch(self.0.$place)?),+], true, None))
            }

            fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
                let mut all = match reply {
                    Reply::All(all) => replies(all, $number)?,
                    $(Reply::One($place, reply) => return first_error::<$durable, _, _>(*reply).map(Err),)+
                    other => return Err(misfit(&other)),
                };
                Ok(Ok(($(
                    match next::<$durable>(&mut all)? {
                        Ok(value) => value,
                        Err(error) => return Ok(Err(error)),
                    },
                )+)))
            }

            fn describe(definition: &mut SagaDefinition) {
                $($durable::describe(definition);)+
            }

            async fn inline(self) -> Self::Output {
                tokio::try_join!($(self.0.$place.inline()),+)
            }
        }
    };
}

tuples!(1: A A1 0);
tuples!(2: A A1 0, B B1 1);
tuples!(3: A A1 0, B B1 1, C C1 2);
tuples!(4: A A1 0, B B1 1, C C1 2, D D1 3);
tuples!(5: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4);
tuples!(6: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5);
tuples!(7: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6);
tuples!(8: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7);
tuples!(9: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7, I I1 8);
tuples!(10: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7, I I1 8, J J1 9);
tuples!(11: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7, I I1 8, J J1 9, K K1 10);
tuples!(12: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7, I I1 8, J J1 9, K K1 10, L L1 11);
