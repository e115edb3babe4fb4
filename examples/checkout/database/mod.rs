//! The ledger in a database of the user's (`--database`): the same checkout with transactional steps, audited from SQL.

pub(crate) mod steps;
mod tables;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use sagaflow::prelude::*;
use sagaflow::{ErrorKind, Saga, ValueOf, WorkerBuilder};
use sagaflow_sqlx::Database;

use crate::domain::{Order, Receipt};
use crate::options::{Options, Role};
use crate::{ACK_WAIT, carry_out, conclude, read_orders, stop};
use steps::{Latency, on_postgres, on_sqlite};
pub(crate) use tables::Tables;

/// Plays this process's part.
///
/// # Errors
///
/// When the database or the transport can't be used.
pub(crate) async fn run(options: &Options, url: &str) -> Result<ExitCode, Box<dyn Error>> {
    let tables = Tables::open(url).await?;
    match &tables {
        Tables::Postgres(pool) => {
            let database = Database::open(pool.clone()).await?;
            play(options, &tables, on_postgres::checkout, &|worker| worker.provide(database.clone())).await
        }
        Tables::Sqlite(pool) => {
            let database = Database::open(pool.clone()).await?;
            play(options, &tables, on_sqlite::checkout, &|worker| worker.provide(database.clone())).await
        }
    }
}

async fn play<S: Saga>(
    options: &Options,
    tables: &Tables,
    call: impl Fn(Order) -> Call<S>,
    provide: &impl Fn(WorkerBuilder) -> WorkerBuilder,
) -> Result<ExitCode, Box<dyn Error>>
where
    ValueOf<S>: Into<Receipt>,
{
    let orders = if options.role == Role::Worker { Vec::new() } else { read_orders(options)? };
    let transport = sagaflow::connect(&options.transport).await?;
    let mut workers = Vec::new();
    if options.role != Role::Client {
        forget_another_life::<S>(tables, &transport).await?;
        for _ in 0..options.workers {
            let worker = Worker::builder(transport.clone()).serve::<S>().provide(Latency(options.gateway_latency()));
            workers.push(provide(worker).concurrency(64).ack_wait(ACK_WAIT).build()?.spawn());
        }
    }
    if options.role == Role::Worker {
        eprintln!("working; interrupt to stop");
        sagaflow::shutdown_signal().await;
        stop(workers).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let (settled, took) = carry_out(transport, orders, call).await?;
    stop(workers).await?;
    let things = tables.things().await?;
    conclude(options, &settled, took, |instance| things.get(instance).cloned().unwrap_or_default())
}

/// If the server or the directory was emptied since, what it has made has to go, too.
async fn forget_another_life<S: Saga>(tables: &Tables, transport: &Arc<dyn Transport>) -> Result<(), Box<dyn Error>> {
    let client = Client::new(transport.clone());
    for instance in tables.things().await?.keys() {
        match client.status(S::NAME, instance).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            known => return Ok(known.map(drop)?),
        }
    }
    Ok(tables.clear().await?)
}
