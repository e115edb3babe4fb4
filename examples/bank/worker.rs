//! A process that works: workers on a transport, over both databases. It may be killed at any moment.

use futures::StreamExt;
use sagaflow::{Client, ErrorKind, Saga, Worker};
use sagaflow_sqlx::Database;
use sqlx::postgres::PgPoolOptions;

use crate::domain::{Order, Refusal};
use crate::ledger::{Left, Right, on_postgres, on_sqlite};
use crate::options::Work;
use crate::parent::{Failed, sqlite_pool};

/// How many transfers are started and waited for at a time.
const AT_ONCE: usize = 200;

/// Works; ends when the transfers have ended, if it is the one that drives them.
///
/// # Errors
///
/// When there is no transport or no database.
pub(crate) async fn run(work: &Work) -> Result<(), Failed> {
    if work.left.starts_with("postgres") {
        // Short: while a server is down, the pool's pauses between two tries grow up to a fifth of this.
        let patience = std::time::Duration::from_secs(5);
        let pool = |url: &str| PgPoolOptions::new().max_connections(20).acquire_timeout(patience).connect_lazy(url);
        let (left, right) = (pool(&work.left)?, pool(&work.right)?);
        let left = patiently(async || Database::builder(left.clone()).open_as::<Left>().await).await?;
        let right = patiently(async || Database::builder(right.clone()).open_as::<Right>().await).await?;
        let start = |client: &Client, order: Order| {
            let client = client.clone();
            async move {
                let handle = client.start(on_postgres::transfer(order.clone())).id(order.id).await?;
                handle.outcome().await.map(|outcome| outcome.map_err(|error| error.error().cloned()))
            }
        };
        serve::<on_postgres::transfer, _, _>(work, |worker| worker.provide(left.clone()).provide(right.clone()), start)
            .await
    } else {
        let left = Database::builder(sqlite_pool(&work.left).await?).open_as::<Left>().await?;
        let right = Database::builder(sqlite_pool(&work.right).await?).open_as::<Right>().await?;
        let start = |client: &Client, order: Order| {
            let client = client.clone();
            async move {
                let handle = client.start(on_sqlite::transfer(order.clone())).id(order.id).await?;
                handle.outcome().await.map(|outcome| outcome.map_err(|error| error.error().cloned()))
            }
        };
        serve::<on_sqlite::transfer, _, _>(work, |worker| worker.provide(left.clone()).provide(right.clone()), start)
            .await
    }
}

/// How a transfer has ended.
type Ended = Result<Result<i64, Option<Refusal>>, sagaflow::Error>;

async fn serve<S, F, Fut>(
    work: &Work,
    provide: impl Fn(sagaflow::WorkerBuilder) -> sagaflow::WorkerBuilder,
    start: F,
) -> Result<(), Failed>
where
    S: Saga,
    F: Fn(&Client, Order) -> Fut,
    Fut: Future<Output = Ended>,
{
    let transport = sagaflow::connect(&work.transport).await?;
    let mut workers = Vec::new();
    for _ in 0..work.workers {
        // Short, so that what a killed process was at is soon another one's.
        let builder = Worker::builder(transport.clone()).serve::<S>().ack_wait(std::time::Duration::from_secs(2));
        // Being killed says nothing against the step that was being run.
        workers.push(provide(builder).lost_limit(1000).build()?.spawn());
    }
    if !work.drive {
        std::future::pending::<()>().await;
    }
    let client = Client::new(transport);
    let orders = (0..work.transfers).map(|number| Order::numbered(number, work.accounts, work.seed));
    let ends =
        futures::stream::iter(orders).map(|order| patiently_started(&client, order, &start)).buffer_unordered(AT_ONCE);
    let (mut done, mut refused) = (0_u32, 0_u32);
    let mut ends = std::pin::pin!(ends);
    while let Some(end) = ends.next().await {
        match end? {
            Ok(_) => done += 1,
            Err(Some(Refusal::Database(error))) => return Err(format!("a transfer was given up: {error}").into()),
            Err(Some(_)) => refused += 1,
            Err(None) => return Err("a transfer ended without a result".into()),
        }
    }
    println!("{}", serde_json::json!({ "completed": done, "refused": refused }));
    for worker in workers {
        worker.shutdown().await?;
    }
    Ok(())
}

/// A server that is down just now comes back.
async fn patiently_started<Fut: Future<Output = Ended>>(
    client: &Client,
    order: Order,
    start: &impl Fn(&Client, Order) -> Fut,
) -> Ended {
    loop {
        match start(client, order.clone()).await {
            Err(error) if matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Busy) => {
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
            ended => return ended,
        }
    }
}

async fn patiently<T>(open: impl AsyncFn() -> Result<T, sagaflow_sqlx::Error>) -> Result<T, Failed> {
    loop {
        match open().await {
            Err(error) if error.kind() == sagaflow_sqlx::ErrorKind::Unavailable => {
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
            opened => return Ok(opened?),
        }
    }
}
