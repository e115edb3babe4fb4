//! Steps that block their thread, and services that say when to come back.

use std::time::Duration;

use futures::FutureExt;
use sagaflow::prelude::*;
use sagaflow::{Status, StepError};
use serde::{Deserialize, Serialize};

use crate::support::{Trace, check, reserve, run, status};

/// Runs on a thread for blocking work, with what it injects.
#[step(blocking, name = "pack-it")]
#[retry(fixed, delay = "1ms", max_attempts = 3)]
#[compensate(unpack(output))]
fn pack(#[inject] trace: &Trace, #[inject] cx: &StepContext, mut parcel: String) -> Result<String, Failure> {
    // Blocks; on a worker's own thread this would be a panic of tokio's.
    let seen = tokio::runtime::Handle::current().block_on(async { parcel.clone() });
    if cx.attempt() < 3 && parcel == "heavy" {
        return Err(Failure::new("not yet"));
    }
    trace.add(cx, format!("pack {seen}"));
    assert_ne!(parcel, "cursed", "it is cursed");
    parcel.push('!');
    Ok(parcel)
}

#[step(blocking)]
fn unpack(#[inject] trace: &Trace, #[inject] cx: &StepContext, parcel: String) {
    trace.add(cx, format!("unpack {parcel}"));
}

#[saga]
async fn send(parcel: String, place: String) -> Result<String, Failure> {
    let packed = match pack(parcel).outcome().await {
        Ok(packed) => packed,
        Err(StepError::Fault(fault)) => return Err(Failure::new(format!("{:?}: {}", fault.kind, fault.message))),
        Err(other) => return Err(Failure::new(other.to_string())),
    };
    reserve(place).await?;
    Ok(packed)
}

#[tokio::test]
async fn a_blocking_step_is_a_step() {
    let done = check(|| send("light".to_owned(), "van".to_owned())).await;
    assert_eq!(
        (done.result.as_str(), &*done.texts),
        (r#"Ok("light!")"#, &["pack light", "reserve van"].map(str::to_owned)[..])
    );
    assert_eq!(run(|| send("heavy".to_owned(), "van".to_owned())).await.result, r#"Ok("heavy!")"#);
    let undone = run(|| send("light".to_owned(), "van, full".to_owned())).await;
    assert_eq!(undone.texts, ["pack light", "reserve van, full", "unpack light!"]);
}

#[tokio::test]
async fn a_panic_of_a_blocking_step_is_a_fault() {
    let (status, _) = status(send("cursed".to_owned(), "van".to_owned())).await;
    assert_eq!(status.status, Status::Failed);
    let cause = status.cause.unwrap().to_string();
    assert!(cause.starts_with("Panicked: ") && cause.contains("it is cursed"), "{cause}");
}

#[test]
fn a_blocking_step_runs_inline_without_a_runtime() {
    let trace = std::sync::Arc::new(Trace::default());
    let call = Dependencies::new().with_shared(trace.clone()).scope(unpack("light".to_owned()).inline());
    call.now_or_never().expect("it has run where it was called");
    assert_eq!(trace.texts(), ["unpack light"]);
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Refusal {
    Busy { ms: u64 },
    Closed,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Refusal {
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { ms } => Some(Duration::from_millis(*ms)),
            Self::Closed => None,
        }
    }
}

/// The delay of its policy is longer than any test.
#[step]
#[retry(fixed, delay = "1h", max_attempts = 3, after = error.retry_after())]
async fn ask(#[inject] trace: &Trace, #[inject] cx: &StepContext, closed: bool) -> Result<u32, Refusal> {
    trace.add(cx, format!("ask, attempt {}", cx.attempt()));
    match cx.attempt() {
        1 => Err(Refusal::Busy { ms: 5 }),
        _ if closed => Err(Refusal::Closed),
        attempt => Ok(attempt),
    }
}

#[step]
#[retry(exponential, base = "1h", max_attempts = 3)]
async fn ask_again(#[inject] trace: &Trace, #[inject] cx: &StepContext) -> Result<u32, Failure> {
    trace.add(cx, format!("ask again, attempt {}", cx.attempt()));
    match cx.attempt() {
        1 => Err(Failure::new("too many requests").retry_after(Duration::from_millis(5))),
        attempt => Ok(attempt),
    }
}

#[saga]
async fn polite(closed: bool) -> Result<u32, Failure> {
    let first = ask(closed).await.map_err(|error| Failure::new(error.to_string()))?;
    Ok(first + ask_again().await?)
}

#[tokio::test]
async fn an_error_says_when_to_come_back() {
    let run = run(|| polite(false)).await;
    assert_eq!(run.result, "Ok(4)");
    let expected = ["ask, attempt 1", "ask, attempt 2", "ask again, attempt 1", "ask again, attempt 2"];
    assert_eq!(run.texts, expected);
}

#[tokio::test]
async fn an_error_that_does_not_say_leaves_it_to_the_policy() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let trace = std::sync::Arc::new(Trace::default());
    let worker =
        Worker::builder(transport.clone()).serve::<polite>().provide_shared(trace.clone()).build().unwrap().spawn();
    let handle = Client::new(transport).start(polite(true)).id("case").await.unwrap();
    let status = loop {
        let status = handle.status().await.unwrap();
        if status.attempt == Some(3) {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let wait = status.next_attempt.unwrap().duration_since(status.updated);
    assert_eq!((wait.as_secs(), trace.texts().len()), (3600, 2));
    worker.shutdown().await.unwrap();
}

/// Says when it learns that it is over.
#[step(blocking)]
#[retry(fixed, delay = "1ms", max_attempts = 1, timeout = "30ms")]
fn grind(#[inject] trace: &Trace, #[inject] cx: &StepContext) -> Result<(), Failure> {
    while !cx.is_cancelled() {
        std::thread::sleep(Duration::from_millis(1));
    }
    trace.add(cx, "told");
    Ok(())
}

#[saga]
async fn mill() -> Result<String, Failure> {
    match grind().outcome().await {
        Err(StepError::Fault(fault)) => Ok(format!("{:?}", fault.kind)),
        other => Ok(format!("{other:?}")),
    }
}

#[tokio::test]
async fn a_blocking_step_is_told_that_its_time_is_over() {
    let (status, trace) = status(mill()).await;
    assert_eq!((status.status, status.attempts), (Status::Completed, 1));
    // The runtime waits for it.
    while trace.texts() != ["told"] {
        tokio::task::yield_now().await;
    }
}
