//! Deferred steps, and the point of no return.

use sagaflow::prelude::*;
use sagaflow::{Status, StepError};

use crate::support::{Trace, check, measure, pay, reserve, run, status};

/// A step to defer: it fails for good if the door is stuck.
#[step]
async fn close(#[inject] trace: &Trace, #[inject] cx: &StepContext, door: String) -> Result<(), Failure> {
    trace.add(cx, format!("close {door}"));
    if door == "stuck" { Err(Failure::new("it does not move")) } else { Ok(()) }
}

#[saga]
async fn renovate(door: String, number: u32) -> Result<u32, Failure> {
    defer(close("house".to_owned())).await;
    reserve("paint".to_owned()).await?;
    defer(close(door)).await;
    let measured = measure(number).await;
    if measured == 99 {
        return Err(Failure::new("too high"));
    }
    Ok(measured)
}

#[tokio::test]
async fn deferred_steps_run_last_first_when_a_saga_has_succeeded() {
    let run = check(|| renovate("room".to_owned(), 7)).await;
    assert_eq!(run.result, "Ok(7)");
    assert_eq!(run.texts, ["reserve paint", "measure 7", "close room", "close house"]);
    let (status, trace) = status(renovate("room".to_owned(), 7)).await;
    assert_eq!((status.status, status.undone), (Status::Completed, 0));
    assert_eq!(trace.keys(), ["reserve/2", "measure/4", "defer#2:close/3", "defer:close/1"]);
}

#[tokio::test]
async fn and_among_the_compensations_when_it_has_failed() {
    let failed = run(|| renovate("room".to_owned(), 99)).await;
    assert_eq!(failed.texts, ["reserve paint", "measure 99", "close room", "free paint", "close house"]);
    let panicked = run(|| renovate("room".to_owned(), 13)).await;
    assert_eq!(panicked.texts, ["reserve paint", "close room", "free paint", "close house"]);
    let (status, _) = status(renovate("room".to_owned(), 99)).await;
    assert_eq!((status.status, status.undone), (Status::Compensated, 1), "only one of them undoes");
}

#[tokio::test]
async fn one_that_fails_for_good_is_stuck_after_a_success_too() {
    let (status, trace) = status(renovate("stuck".to_owned(), 7)).await;
    assert_eq!((status.status, status.cause.is_none()), (Status::Stuck, true));
    let reason = status.reason.unwrap();
    assert_eq!(reason, "deferred step `close` has failed at attempt 1: it does not move");
    assert_eq!(trace.texts(), ["reserve paint", "measure 7", "close stuck"]);
    let left: Vec<_> = status.compensations.iter().map(|undo| undo.step.as_str()).collect();
    assert_eq!(left, ["close"], "the other one is kept");
}

#[saga]
async fn only_defers(fails: bool) -> Result<(), Failure> {
    defer(close("house".to_owned())).await;
    if fails { Err(Failure::new("no")) } else { Ok(()) }
}

#[tokio::test]
async fn a_saga_that_does_nothing_else() {
    assert_eq!(check(|| only_defers(false)).await.texts, ["close house"]);
    assert_eq!(check(|| only_defers(true)).await.texts, ["close house"]);
    let (status, _) = status(only_defers(true)).await;
    assert_eq!((status.status, status.undone), (Status::Failed, 0), "there was nothing to undo");
}

/// The inner scope's doors are closed before the outer saga goes on.
#[saga]
async fn house(rooms: Vec<u32>) -> Result<u32, Failure> {
    defer(close("gate".to_owned())).await;
    let mut sum = 0;
    for room in rooms {
        sum += renovate(format!("room {room}"), room).await.unwrap_or(1000);
    }
    pay(sum).await
}

#[tokio::test]
async fn a_nested_saga_is_a_scope_of_its_own() {
    let run = run(|| house(vec![1, 99])).await;
    assert_eq!(run.result, "Ok(1001)");
    let expected = [
        "reserve paint",
        "measure 1",
        "close room 1",
        "close house",
        "reserve paint",
        "measure 99",
        "close room 99",
        "free paint",
        "close house",
        "pay 1001",
        "close gate",
    ];
    assert_eq!(run.texts, expected);
}

/// The paint of the room that went well is freed by the house's failure, its doors are closed once.
#[saga]
async fn unlucky_house() -> Result<u32, Failure> {
    renovate("room".to_owned(), 1).await?;
    Err(Failure::new("it rains in"))
}

#[tokio::test]
async fn its_compensations_stay_with_its_caller() {
    let run = run(unlucky_house).await;
    assert_eq!(run.texts, ["reserve paint", "measure 1", "close room", "close house", "free paint"]);
}

#[saga]
async fn slow(nap: String) -> Result<u32, Failure> {
    defer(close("house".to_owned())).await;
    reserve("bed".to_owned()).await?;
    sleep(nap).await;
    Ok(1)
}

#[saga]
async fn in_time(limit: String) -> Result<String, Failure> {
    Ok(match slow("1h".to_owned()).timeout(limit).await {
        Ok(slept) => format!("{slept:?}"),
        Err(late) => late.to_string(),
    })
}

#[tokio::test]
async fn what_is_given_up_runs_what_it_has_deferred() {
    // Longer than dead workers cost.
    let run = run(|| in_time("700ms".to_owned())).await;
    assert_eq!(run.result, r#"Ok("it took too long")"#);
    assert_eq!(run.texts, ["reserve bed", "free bed", "close house"]);
}

#[saga(deadline = "200ms")]
async fn limited() -> Result<u32, Failure> {
    slow("1h".to_owned()).await
}

#[tokio::test]
async fn so_does_one_that_runs_at_its_deadline() {
    let (status, trace) = status(limited()).await;
    assert_eq!(status.status, Status::Compensated);
    assert_eq!(trace.texts(), ["reserve bed", "free bed", "close house"]);
}

/// Shielded: the deadline passes while the deferred step is tried again.
#[step]
#[retry(fixed, delay = "150ms", max_attempts = 5)]
async fn close_slowly(#[inject] trace: &Trace, #[inject] cx: &StepContext) -> Result<(), Failure> {
    trace.add(cx, format!("close slowly, attempt {}", cx.attempt()));
    if cx.attempt() < 3 { Err(Failure::new("slowly")) } else { Ok(()) }
}

#[saga(deadline = "200ms")]
async fn shielded() -> Result<u32, Failure> {
    defer(close_slowly()).await;
    Ok(measure(1).await)
}

#[tokio::test]
async fn no_deadline_stops_a_deferred_step() {
    let (status, trace) = status(shielded()).await;
    assert_eq!(status.status, Status::Completed);
    assert_eq!(trace.texts().len(), 4);
}

/// Try, confirm, cancel.
#[saga]
async fn group(places: Vec<String>, number: u32) -> Result<u32, Failure> {
    for place in &places {
        reserve(place.clone()).await?;
    }
    commit().await;
    reserve("bus".to_owned()).await?;
    Ok(measure(number).await)
}

#[saga]
async fn around(places: Vec<String>, number: u32) -> Result<u32, Failure> {
    reserve("hotel".to_owned()).await?;
    let measured = match group(places, number).outcome().await {
        Ok(measured) => measured,
        Err(StepError::Failed(error)) => return Err(error),
        Err(_) => 0,
    };
    if measured < 10 {
        return Err(Failure::new("it is too small"));
    }
    Ok(measured)
}

fn places(list: &[&str]) -> Vec<String> {
    list.iter().map(|place| (*place).to_owned()).collect()
}

#[tokio::test]
async fn what_is_committed_is_not_undone() {
    assert_eq!(check(|| group(places(&["a", "b"]), 7)).await.result, "Ok(7)");
    let before = run(|| group(places(&["a", "full"]), 7)).await;
    assert_eq!(before.texts, ["reserve a", "reserve full", "free a"], "the point is not reached");
    let after = run(|| group(places(&["a", "b"]), 13)).await;
    assert_eq!(after.texts, ["reserve a", "reserve b", "reserve bus", "free bus"], "what comes after it is undone");
}

#[tokio::test]
async fn a_commit_is_that_of_its_own_scope() {
    let small = run(|| around(places(&["a"]), 7)).await;
    let undone = ["measure 7", "free bus", "free hotel"];
    assert_eq!(small.texts[small.texts.len() - 3..], undone, "nothing of what was committed is left to the caller");
    let faulty = run(|| around(places(&["a"]), 13)).await;
    assert_eq!(faulty.texts, ["reserve hotel", "reserve a", "reserve bus", "free bus", "free hotel"]);
}

#[saga]
async fn committed_deferred() -> Result<(), Failure> {
    defer(close("house".to_owned())).await;
    reserve("a".to_owned()).await?;
    commit().await;
    Err(Failure::new("no"))
}

#[tokio::test]
async fn deferred_steps_survive_a_commit() {
    let run = check(committed_deferred).await;
    assert_eq!(run.texts, ["reserve a", "close house"]);
    let (status, trace) = status(committed_deferred()).await;
    assert_eq!(status.status, Status::Failed);
    assert!(!trace.texts().contains(&"free a".to_owned()));
}
