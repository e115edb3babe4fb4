//! Steps that send signals: posting them is a boundary at which the worker dies, too.

use serde::{Deserialize, Serialize};

use super::assert_fails;
use crate::prelude::*;
use crate::testing::Lab;

#[signal]
#[derive(Serialize, Deserialize)]
struct Reminded {
    key: Option<String>,
}

/// Reminds its own instance. Without a key it does so again when it is run again.
#[step]
async fn remind(#[inject] client: &Client, #[inject] cx: &StepContext, key: Option<String>) -> Result<(), Failure> {
    let instance = cx.instance().ok_or_else(|| Failure::new("an inline run has none"))?;
    let signal = client.signal(instance.saga(), instance.id(), Reminded { key: key.clone() });
    match key {
        Some(key) => signal.key(key).await?,
        None => signal.await?,
    }
    Ok(())
}

/// Whether it was reminded twice.
#[saga]
async fn reminded_twice(key: Option<String>) -> Result<bool, Failure> {
    remind(key).await?;
    signal::<Reminded>().await;
    Ok(signal::<Reminded>().timeout("1h").await.is_ok())
}

#[test]
fn a_signal_with_a_key_is_one_whatever_happens() {
    let mut plans = Vec::new();
    let all = std::sync::Mutex::new(&mut plans);
    Lab::new().check(reminded_twice(Some("once".into()))).every_crash().assert_all(|run| {
        assert_eq!(run.outcome().unwrap().as_ref().unwrap(), &false);
        all.lock().unwrap().push(run.plan().to_string());
    });
    // The first that is stored is the signal.
    for plan in ["crash before record 1", "crash after record 1", "lose answer 1"] {
        assert!(plans.iter().any(|run| run == plan), "{plans:?}");
    }
}

#[test]
fn a_signal_without_one_is_sent_again_and_that_is_found() {
    let check = |plan: &str| {
        let lab = Lab::new();
        let check = lab.check(reminded_twice(None));
        if plan.is_empty() { check.every_crash() } else { check.plan(plan) }
    };
    let once = |plan: &str| check(plan).assert_all(|run| assert!(!run.outcome().unwrap().as_ref().unwrap()));
    let said = [
        "worker 1 dies: record 1 was stored, and the worker does not know of it",
        "`Reminded` is sent to reminded_twice/case",
    ];
    assert_fails(|| once("crash after record 1"), &said);
    assert_fails(|| once(""), &["reminded_twice/case"]);
    // Before it was posted there is nothing to be done twice.
    once("crash before record 1");
}

#[test]
fn the_diagram_shows_the_mail() {
    Lab::new().check(reminded_twice(None)).assert_all(|run| {
        let diagram = run.to_mermaid();
        assert!(diagram.contains("w1->>records: 1: Reminded to reminded_twice/case"), "{diagram}");
    });
}

/// Whoever ought to send it does not.
#[saga]
async fn forgotten() -> Result<(), Failure> {
    signal::<Reminded>().await;
    Ok(())
}

#[test]
fn a_signal_that_never_comes_is_named() {
    let says = ["forgotten/case waits for ever: for the signal `Reminded`, in state `signal`"];
    assert_fails(|| Lab::new().check(forgotten()).assert_all(|_| {}), &says);
}
