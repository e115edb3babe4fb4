//! What both databases do, and what only SQLite does.

use sagaflow_sqlx::Sqlite as Db;

use crate::support::SqliteStage as Stage;

/// How a transaction that writes is begun.
const BEGIN: &str = "BEGIN IMMEDIATE";

#[path = "barrier.rs"]
mod barrier;
#[path = "file.rs"]
mod file;
#[path = "inbox.rs"]
mod inbox;
#[path = "killed.rs"]
mod killed;
#[path = "misuse.rs"]
mod misuse;
#[path = "outbox.rs"]
mod outbox;
#[path = "projection.rs"]
mod projection;
#[path = "sagas.rs"]
mod sagas;
#[path = "signals.rs"]
mod signals;
#[path = "transitions.rs"]
mod transitions;
