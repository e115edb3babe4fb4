//! Joins of lists.

use std::num::NonZeroU32;

use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::join::{first_error, pending};
use super::{Durable, IntoDurable, Pending, Reply, branch, misfit};
use crate::definition::SagaDefinition;
use crate::record::{Unreadable, Unserializable};

/// Waits for all of a list; see [`join_all`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct JoinAll<D>(List<D>);

/// Waits for all of a list, or the first error; see [`try_join_all`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct TryJoinAll<D>(List<D>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct List<D> {
    of: Vec<D>,
    limit: Option<u32>,
}

/// Waits for all calls of a list, which run side by side: `join_all(calls).await` yields a `Vec` of what they return, in the order of
/// the list.
///
/// Each has its own retries. Every result is recorded when it comes, so that a crash repeats only what had not ended. A worker
/// runs as many of them at a time as it has [slots](crate::WorkerBuilder::concurrency) free;
/// [`.concurrency(20)`](JoinAll::concurrency) lets no more of them begin. A join of nothing yields an empty list at once. What the calls return is
/// not looked at: to stop at the first error, use [`try_join_all`]; for a few calls of different types, [`join!`](crate::join).
///
/// ```
/// use sagaflow::prelude::*;
///
/// #[step]
/// async fn render(page: u32) -> String {
///     format!("page {page}")
/// }
///
/// #[saga]
/// async fn document(pages: u32) -> Vec<String> {
///     join_all((1..=pages).map(render)).concurrency(20).await
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// let transport = sagaflow::connect("embedded:").await?;
/// let worker = Worker::builder(transport.clone()).serve::<document>().build()?.spawn();
/// let handle = Client::new(transport).start(document(100)).await?;
/// assert_eq!(handle.outcome().await?.unwrap()[99], "page 100");
/// worker.shutdown().await
/// # }
/// ```
pub fn join_all<I>(calls: I) -> JoinAll<<I::Item as IntoDurable>::Durable>
where
    I: IntoIterator<Item: IntoDurable>,
{
    JoinAll(List::of(calls))
}

/// Waits for all calls of a list that return `Result`s, or for the first `Err`: `try_join_all(calls).await` yields
/// `Result<Vec<T>, E>`.
///
/// At the first `Err` the others are given up: attempts that are being made are dropped where they stand, and all that was done in
/// the join is undone, last first. Then the `.await` yields that `Err`, and the saga may go on. See [`join_all`].
///
/// ```
/// use sagaflow::prelude::*;
///
/// #[step]
/// #[compensate(release(output))]
/// async fn reserve(article: String) -> Result<String, Failure> {
///     if article == "moon" { Err(Failure::new("sold out")) } else { Ok(article) }
/// }
///
/// #[step]
/// async fn release(article: String) {
///     println!("{article} is on the shelf again");
/// }
///
/// #[saga]
/// async fn pack(articles: Vec<String>) -> Result<Vec<String>, Failure> {
///     try_join_all(articles.into_iter().map(reserve)).await
/// }
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// assert_eq!(pack(vec!["sun".into()]).inline().await.unwrap(), ["sun"]);
/// assert_eq!(pack(vec!["sun".into(), "moon".into()]).inline().await.unwrap_err().to_string(), "sold out");
/// # });
/// ```
pub fn try_join_all<I>(calls: I) -> TryJoinAll<<I::Item as IntoDurable>::Durable>
where
    I: IntoIterator<Item: IntoDurable>,
{
    TryJoinAll(List::of(calls))
}

impl<D: Durable> List<D> {
    fn of<I: IntoIterator<Item: IntoDurable<Durable = D>>>(calls: I) -> Self {
        Self { of: calls.into_iter().map(IntoDurable::into_durable).collect(), limit: None }
    }

    fn limit(&mut self, limit: usize) {
        self.limit = Some(u32::try_from(limit).unwrap_or(u32::MAX));
    }

    fn begin(self, fails_fast: bool) -> Result<Pending, Unserializable> {
        let limit = self.limit.map(|limit| NonZeroU32::new(limit).ok_or_else(never_begins)).transpose()?;
        let branches: Result<_, _> = self.of.into_iter().map(branch).collect();
        Ok(pending(branches?, fails_fast, limit))
    }

    /// How many run at a time inline.
    fn at_a_time(&self) -> usize {
        match self.limit {
            None => usize::MAX,
            Some(0) => panic!("{}", never_begins()),
            Some(limit) => limit as usize,
        }
    }
}

fn never_begins() -> Unserializable {
    Unserializable("`.concurrency(0)` lets none of the calls begin: give the number that may run at a time".to_owned())
}

impl<D: Durable> JoinAll<D> {
    /// At most so many of the calls run at a time; the others wait until one of those has ended. The limit is that of this one join.
    ///
    /// A limit of 0 pauses the instance when it is awaited (and panics in an inline run).
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.0.limit(calls);
        self
    }
}

impl<D: Durable> TryJoinAll<D> {
    /// At most so many of the calls run at a time; see [`JoinAll::concurrency`].
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.0.limit(calls);
        self
    }
}

#[diagnostic::do_not_recommend]
impl<D: Durable> Durable for JoinAll<D> {
    type Output = Vec<D::Output>;

    fn begin(self) -> Result<Pending, Unserializable> {
        self.0.begin(false)
    }

    fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
        match reply {
            Reply::All(replies) => replies.into_iter().map(D::finish).collect(),
            other => Err(misfit(&other)),
        }
    }

    fn describe(definition: &mut SagaDefinition) {
        D::describe(definition);
    }

    async fn inline(self) -> Self::Output {
        let at_a_time = self.0.at_a_time();
        stream::iter(self.0.of.into_iter().map(D::inline)).buffered(at_a_time).collect().await
    }
}

#[diagnostic::do_not_recommend]
impl<D: Durable<Output = Result<T, E>>, T, E> Durable for TryJoinAll<D> {
    type Output = Result<Vec<T>, E>;

    fn begin(self) -> Result<Pending, Unserializable> {
        self.0.begin(true)
    }

    fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
        match reply {
            Reply::All(replies) => {
                let outputs: Result<Vec<_>, _> = replies.into_iter().map(D::finish).collect();
                outputs.map(|outputs| outputs.into_iter().collect())
            }
            Reply::One(_, reply) => first_error::<D, _, _>(*reply).map(Err),
            other => Err(misfit(&other)),
        }
    }

    fn describe(definition: &mut SagaDefinition) {
        D::describe(definition);
    }

    /// The first error in time is the one that counts.
    async fn inline(self) -> Self::Output {
        let at_a_time = self.0.at_a_time();
        let calls = self.0.of.into_iter().enumerate();
        let calls = calls.map(|(place, call)| async move { call.inline().await.map(|value| (place, value)) });
        let mut values: Vec<_> = stream::iter(calls).buffer_unordered(at_a_time).try_collect().await?;
        values.sort_by_key(|(place, _)| *place);
        Ok(values.into_iter().map(|(_, value)| value).collect())
    }
}
