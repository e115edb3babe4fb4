//! The three hard cases of compensations that have the key of the step which they undo.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sagaflow_sqlx::Database;

use super::{Db, Stage};
use crate::support::{Gate, attempt, backward, effects, forward, short, write};

#[tokio::test]
async fn duplicate() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let (paid, given_back) = (AtomicU32::new(0), AtomicU32::new(0));
    // Each of the two many times, and many at once.
    let forwards = (0..6).map(|_| attempt(&database, forward("k"), &paid, write!("paid")));
    futures::future::join_all(forwards).await;
    let backwards = (0..6).map(|_| attempt(&database, backward("k"), &given_back, write!("given back")));
    let ends: Vec<_> = futures::future::join_all(backwards).await.into_iter().map(short).collect();
    assert_eq!(ends.iter().filter(|end| end.starts_with("ran")).count(), 1, "{ends:?}");
    assert_eq!((paid.load(Ordering::SeqCst), given_back.load(Ordering::SeqCst)), (1, 1));
    assert_eq!((effects!(stage, "paid"), effects!(stage, "given back")), (1, 1));
    stage.end().await;
}

#[tokio::test]
async fn null_compensation() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let runs = AtomicU32::new(0);
    // It never ran; or it ran, and failed for good.
    let failing = attempt(&database, forward("failed"), &runs, |_| Box::pin(async { Ok(Err(("no", true))) }));
    assert_eq!(short(failing.await), "failed no terminal: true");
    for key in ["never", "failed"] {
        let backwards = (0..6).map(|_| attempt(&database, backward(key), &runs, write!("given back")));
        let ends: Vec<_> = futures::future::join_all(backwards).await.into_iter().map(short).collect();
        assert!(ends.iter().all(|end| end == "nothing"), "{key}: {ends:?}");
    }
    assert_eq!((runs.load(Ordering::SeqCst), effects!(stage, "given back")), (1, 0));
    stage.end().await;
}

#[tokio::test]
async fn late_forward() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let runs = AtomicU32::new(0);
    assert_eq!(short(attempt(&database, backward("k"), &runs, write!("given back")).await), "nothing");
    let forwards = (0..6).map(|_| attempt(&database, forward("k"), &runs, write!("paid")));
    for end in futures::future::join_all(forwards).await.into_iter().map(short) {
        assert_eq!(end, "retry: step `pay` comes too late: `give_back` has undone it already, so it is not run");
    }
    assert_eq!((runs.load(Ordering::SeqCst), effects!(stage, "paid")), (0, 0));
    stage.end().await;
}

/// The compensation comes while the step is at it: it waits, and then undoes it.
#[tokio::test]
async fn a_compensation_waits_for_the_step_that_it_undoes() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    for (key, value, expected) in [
        ("done", Ok("paid"), (r#"ran {"Ok":"paid"}"#, r#"ran {"Ok":"given back"}"#)),
        ("failed", Err(("no", false)), ("failed no terminal: false", "nothing")),
    ] {
        let (runs, gate) = (AtomicU32::new(0), Gate::default());
        let pay = attempt(&database, forward(key), &runs, |tx| {
            let gate = gate.clone();
            Box::pin(async move {
                sqlx::query("INSERT INTO effects (name) VALUES ('paid')").execute(&mut *tx).await?;
                gate.pass().await;
                Ok(value)
            })
        });
        let give_back = async {
            gate.reached().await;
            let mut waits = std::pin::pin!(attempt(&database, backward(key), &runs, write!("given back")));
            assert!(tokio::time::timeout(Duration::from_millis(100), &mut waits).await.is_err(), "it did not wait");
            gate.open();
            waits.await
        };
        let (pay, give_back) = tokio::join!(pay, give_back);
        assert_eq!((&*short(pay), &*short(give_back)), expected);
    }
    assert_eq!((effects!(stage, "paid"), effects!(stage, "given back")), (1, 1));
    stage.end().await;
}

/// Both at the same moment, many times: either nothing was done, or it was undone.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_a_race_nothing_is_left_half_done() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let runs = AtomicU32::new(0);
    for round in 0..20 {
        let key = format!("k{round}");
        let (pay, give_back) = tokio::join!(
            attempt(&database, forward(&key), &runs, write!("paid")),
            attempt(&database, backward(&key), &runs, write!("given back")),
        );
        let (pay, give_back) = (short(pay), short(give_back));
        let fits = match give_back.as_str() {
            "nothing" => pay.contains("too late"),
            other => other.starts_with("ran") && pay.starts_with("ran"),
        };
        assert!(fits, "{pay} / {give_back}");
    }
    assert_eq!(effects!(stage, "paid"), effects!(stage, "given back"));
    stage.end().await;
}
