//! sagaflow on the user's database. What both databases must do stands in modules that are compiled for each of them.

#![expect(clippy::duplicate_mod, reason = "the same tests, of two databases")]

#[path = "database/on_postgres.rs"]
mod postgres;
#[path = "database/on_sqlite.rs"]
mod sqlite;
#[path = "database/support.rs"]
mod support;
