//! Transactional steps: their effects happen exactly once.

use std::sync::atomic::{AtomicU32, Ordering};

use sagaflow_sqlx::Database;

use super::{Db, Stage};
use crate::support::{Gate, attempt, effects, forward, short, write};

#[tokio::test]
async fn delivered_again_it_returns_the_stored_output_and_does_not_run() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let runs = AtomicU32::new(0);
    assert_eq!(short(attempt(&database, forward("k"), &runs, write!("paid")).await), r#"ran {"Ok":"paid"}"#);
    for _ in 0..3 {
        assert_eq!(short(attempt(&database, forward("k"), &runs, write!("paid")).await), r#"stored {"Ok":"paid"}"#);
    }
    assert_eq!((runs.load(Ordering::SeqCst), effects!(stage, "paid")), (1, 1));
    stage.end().await;
}

#[tokio::test]
async fn of_two_at_once_the_second_waits_for_the_first_and_takes_its_output() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let (runs, gate) = (AtomicU32::new(0), Gate::default());
    let first = attempt(&database, forward("k"), &runs, |tx| {
        let gate = gate.clone();
        Box::pin(async move {
            sqlx::query("INSERT INTO effects (name) VALUES ('paid')").execute(&mut *tx).await?;
            gate.pass().await;
            Ok(Ok("by the first"))
        })
    });
    let second = async {
        gate.reached().await;
        let mut waits = std::pin::pin!(attempt(&database, forward("k"), &runs, write!("by the second")));
        // It has the time to run, and is not let.
        let early = tokio::time::timeout(std::time::Duration::from_millis(200), &mut waits).await;
        assert!(early.is_err(), "it did not wait");
        gate.open();
        waits.await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(short(first), r#"ran {"Ok":"by the first"}"#);
    assert_eq!(short(second), r#"stored {"Ok":"by the first"}"#);
    assert_eq!((runs.load(Ordering::SeqCst), effects!(stage, "paid")), (1, 1));
    stage.end().await;
}

#[tokio::test]
async fn if_the_first_of_two_fails_the_second_runs() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let (runs, gate) = (AtomicU32::new(0), Gate::default());
    let first = attempt(&database, forward("k"), &runs, |tx| {
        let gate = gate.clone();
        Box::pin(async move {
            sqlx::query("INSERT INTO effects (name) VALUES ('paid')").execute(&mut *tx).await?;
            gate.pass().await;
            Ok(Err(("busy", false)))
        })
    });
    let second = async {
        gate.reached().await;
        let mut waits = std::pin::pin!(attempt(&database, forward("k"), &runs, write!("paid")));
        assert!(tokio::time::timeout(std::time::Duration::from_millis(100), &mut waits).await.is_err());
        gate.open();
        waits.await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(short(first), "failed busy terminal: false");
    assert_eq!(short(second), r#"ran {"Ok":"paid"}"#);
    assert_eq!((runs.load(Ordering::SeqCst), effects!(stage, "paid")), (2, 1));
    stage.end().await;
}

/// Many at the same moment, of many keys: each key has one effect, and all get the same output.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_at_the_same_moment_has_one_effect_per_key() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let runs = AtomicU32::new(0);
    let crowd = (0..40).map(|n| {
        let (database, runs) = (&database, &runs);
        async move {
            let key = format!("k{}", n % 5);
            short(attempt(database, forward(&key), runs, write!("paid")).await)
        }
    });
    let ends = futures::future::join_all(crowd).await;
    assert_eq!(ends.iter().filter(|end| end.starts_with("ran")).count(), 5, "{ends:?}");
    assert_eq!(ends.iter().filter(|end| *end == r#"stored {"Ok":"paid"}"#).count(), 35, "{ends:?}");
    assert_eq!((runs.load(Ordering::SeqCst), effects!(stage, "paid")), (5, 5));
    stage.end().await;
}

#[tokio::test]
async fn an_error_rolls_back_and_is_stored_only_if_it_is_terminal() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let runs = AtomicU32::new(0);
    for (terminal, then) in [(false, r#"ran {"Ok":"paid"}"#), (true, r#"stored {"Err":"no"}"#)] {
        let key = format!("terminal: {terminal}");
        let failing = attempt(&database, forward(&key), &runs, |tx| {
            Box::pin(async move {
                sqlx::query("INSERT INTO effects (name) VALUES ('lost')").execute(&mut *tx).await?;
                Ok(Err(("no", terminal)))
            })
        });
        assert_eq!(short(failing.await), format!("failed no terminal: {terminal}"));
        assert_eq!(short(attempt(&database, forward(&key), &runs, write!("paid")).await), then);
    }
    assert_eq!((effects!(stage, "lost"), effects!(stage, "paid")), (0, 1));
    stage.end().await;
}

/// The second instance of an id, started when the first was no longer kept, has the same keys.
#[tokio::test]
async fn two_instances_of_one_id_are_told_apart() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let runs = AtomicU32::new(0);
    assert_eq!(short(attempt(&database, forward("k"), &runs, write!("paid")).await), r#"ran {"Ok":"paid"}"#);
    let mut later = forward("k");
    later.started = jiff::Timestamp::now();
    assert_eq!(short(attempt(&database, later, &runs, write!("paid")).await), r#"ran {"Ok":"paid"}"#);
    stage.end().await;
}

/// A body that is dropped where it stands (a timeout, a panic, a shutdown) leaves nothing, and holds up nobody.
#[tokio::test]
async fn dropped_in_the_middle_it_leaves_nothing() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let (runs, gate) = (AtomicU32::new(0), Gate::default());
    let dropped = attempt(&database, forward("k"), &runs, |tx| {
        let gate = gate.clone();
        Box::pin(async move {
            sqlx::query("INSERT INTO effects (name) VALUES ('lost')").execute(&mut *tx).await?;
            gate.pass().await;
            Ok(Ok("never"))
        })
    });
    tokio::select! {
        _ = dropped => panic!("the gate is closed"),
        () = gate.reached() => {}
    }
    assert_eq!(short(attempt(&database, forward("k"), &runs, write!("paid")).await), r#"ran {"Ok":"paid"}"#);
    assert_eq!((effects!(stage, "lost"), effects!(stage, "paid")), (0, 1));
    stage.end().await;
}
