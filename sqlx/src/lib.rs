//! [sagaflow](https://docs.rs/sagaflow) with the user's database: PostgreSQL or SQLite, through [sqlx].
//!
//! * `#[step(transaction)]` with a [`Transaction`]: what the step writes and the note that it has been run are committed together,
//!   so its effects happen exactly once.
//! * [`client.start_in(&mut tx, …)`](StartIn::start_in): an instance is started when a transaction of yours is committed, and never if
//!   it is rolled back; [`client.signal_in(&mut tx, …)`](SignalIn::signal_in) sends a signal in the same way. A [`Relay`] hands them over.
//! * A [`Projector`] keeps one row per instance: `SELECT` what your sagas are doing.
//!
//! The guide, with examples, is `docs/database.md` of the repository. Feature flags: `postgres` and `sqlite`, both on.

mod clear;
pub mod database;
pub mod driver;
mod error;
mod inbox;
mod migrations;
mod names;
pub mod outbox;
pub mod projection;
mod transaction;

pub use clear::Cleared;
pub use database::{Database, DatabaseBuilder, Isolation, Main};
pub use error::{Error, ErrorKind};
pub use migrations::Migration;
pub use outbox::{Relay, SignalIn, StartIn};
pub use projection::{Chronicle, Projector};
#[cfg(feature = "postgres")]
pub use sqlx::Postgres;
#[cfg(feature = "sqlite")]
pub use sqlx::Sqlite;
pub use transaction::Transaction;

use driver::Driver;
use sqlx::Pool;

/// Makes the tables of sagaflow, or brings them up to date, under their usual names. See [`DatabaseBuilder::migrate`] for others.
///
/// # Errors
///
/// What the database says.
pub async fn migrate<DB: Driver>(pool: &Pool<DB>) -> Result<(), Error> {
    Database::builder(pool.clone()).migrate().await
}

/// The examples of the guide, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/database.md")]
struct Guide;
