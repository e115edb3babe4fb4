//! What only SQLite does.

use std::sync::atomic::AtomicU32;
use std::time::Duration;

use sagaflow_sqlx::{Database, ErrorKind, Sqlite};
use sqlx::sqlite::SqlitePoolOptions;

use super::Stage;
use crate::support::{attempt, effects, forward, short, write};

/// Another process writes for longer than the pool's busy time-out: the attempt is begun anew at once.
#[tokio::test]
async fn busy_is_tried_again_at_once() {
    let stage = Stage::new().await;
    let impatient = Stage::options(&stage.directory).busy_timeout(Duration::ZERO);
    let impatient = SqlitePoolOptions::new().connect_with(impatient).await.unwrap();
    let (patient, runs) = (stage.pool.clone(), AtomicU32::new(0));
    let database = Database::<Sqlite>::builder(impatient.clone()).conflicts(u32::MAX).open().await.unwrap();
    let other = patient.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let mut waits = std::pin::pin!(attempt(&database, forward("k"), &runs, write!("paid")));
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut waits).await.is_err());
    other.rollback().await.unwrap();
    assert_eq!(short(waits.await), r#"ran {"Ok":"paid"}"#);
    // Not for ever.
    let database = Database::<Sqlite>::builder(impatient.clone()).conflicts(2).open().await.unwrap();
    let other = patient.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let said = short(attempt(&database, forward("k2"), &runs, write!("paid")).await);
    assert!(said.starts_with("retry: beginning step `pay`: in conflict with other transactions"), "{said}");
    other.rollback().await.unwrap();
    assert_eq!(effects!(stage, "paid"), 1);
    impatient.close().await;
    stage.end().await;
}

#[tokio::test]
async fn a_file_has_no_schemas() {
    let stage = Stage::new().await;
    let error = Database::<Sqlite>::builder(stage.pool.clone()).schema("sagas").open().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidName);
    stage.end().await;
}
