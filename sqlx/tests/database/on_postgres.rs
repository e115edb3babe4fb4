//! What both databases do, and what only PostgreSQL does.

use sagaflow_sqlx::Postgres as Db;

use crate::support::PostgresStage as Stage;

/// How a transaction that writes is begun.
const BEGIN: &str = "BEGIN";

#[path = "barrier.rs"]
mod barrier;
#[path = "inbox.rs"]
mod inbox;
#[path = "killed.rs"]
mod killed;
#[path = "misuse.rs"]
mod misuse;
#[path = "outage.rs"]
mod outage;
#[path = "outbox.rs"]
mod outbox;
#[path = "projection.rs"]
mod projection;
#[path = "sagas.rs"]
mod sagas;
#[path = "server.rs"]
mod server;
#[path = "signals.rs"]
mod signals;
#[path = "transitions.rs"]
mod transitions;
