//! Joins: all of several, side by side.

use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::testing::Lab;
use sagaflow::{Status, StepError};

use crate::support::{Trace, check_in_any_order, measure, pay, reserve, run_in_any_order, status};

#[saga]
async fn outing(museum: String, cents: u32) -> Result<String, Failure> {
    let train = reserve("train".to_owned()).await?;
    let (museum, paid, ()) = join!(reserve(museum), pay(cents), sleep("1ms")).await;
    let museum = museum.unwrap_or_else(|error| error.to_string());
    if cents == 99 {
        return Err(Failure::new("too dear"));
    }
    Ok(format!("{train}, {museum}, {}", paid?))
}

#[tokio::test]
async fn a_join_waits_for_all_and_yields_what_they_return() {
    let good = check_in_any_order(|| outing("forum".to_owned(), 7)).await;
    assert_eq!(good.result, r#"Ok("train, forum, 7")"#);
    let full = check_in_any_order(|| outing("forum full".to_owned(), 7)).await;
    assert_eq!(full.result, r#"Ok("train, forum full is full, 7")"#, "an error is a result like any other");
}

#[tokio::test]
async fn what_was_done_in_a_join_is_undone_with_its_saga() {
    let run = run_in_any_order(|| outing("forum".to_owned(), 99)).await;
    let expected = ["free forum", "free train", "pay 99", "pay back 99", "reserve forum", "reserve train"];
    assert_eq!(run.texts, expected);
    let (status, trace) = status(outing("forum".to_owned(), 99)).await;
    assert_eq!((status.status, status.undone), (Status::Compensated, 3));
    assert_eq!(trace.texts().last().map(String::as_str), Some("free train"), "it was done first");
}

/// Comes to its end when so many of them are being run.
#[step]
async fn meet(#[inject] trace: &Trace, #[inject] cx: &StepContext, others: usize, number: u32) -> u32 {
    trace.meet(others).await;
    trace.add(cx, format!("meet {number}"));
    number
}

#[saga]
async fn party(guests: Vec<u32>) -> Vec<u32> {
    let number = guests.len();
    join_all(guests.iter().map(|guest| meet(number, *guest))).await
}

#[tokio::test]
async fn the_steps_run_side_by_side() {
    let (status, trace) = status(party(vec![5, 3, 4])).await;
    assert_eq!((status.status, status.steps, status.attempts), (Status::Completed, 3, 3));
    let mut keys = trace.keys();
    keys.sort();
    assert_eq!(keys, ["join_all/1", "join_all/2", "join_all/3"], "each has a key of its own");
}

#[saga]
async fn several(numbers: Vec<u32>, limit: usize) -> Result<u32, Failure> {
    let list = join_all(numbers.into_iter().map(measure)).concurrency(limit).await;
    Ok(list.into_iter().enumerate().map(|(place, number)| number * 10_u32.pow(place as u32)).sum())
}

#[tokio::test]
async fn a_list_is_joined_in_its_order() {
    let run = check_in_any_order(|| several(vec![1, 2, 3, 4, 5], 9)).await;
    assert_eq!(run.result, "Ok(54321)");
    let limited = check_in_any_order(|| several(vec![1, 2, 3, 4, 5], 2)).await;
    assert_eq!(limited, run);
}

#[tokio::test]
async fn nothing_is_joined_at_once() {
    let run = check_in_any_order(|| several(Vec::new(), 1)).await;
    assert_eq!((run.result.as_str(), run.texts.len()), ("Ok(0)", 0));
}

#[tokio::test]
async fn a_limit_of_none_pauses_with_the_way_around() {
    let (status, _) = status(several(vec![1], 0)).await;
    assert_eq!(status.status, Status::Paused);
    assert!(status.reason.as_ref().unwrap().contains("`.concurrency(0)` lets none of the calls begin"), "{status:?}");
}

/// Ends after some others had time to begin.
#[step]
async fn crowd(#[inject] trace: &Trace) -> usize {
    trace.crowded().await
}

#[saga]
async fn limited(calls: usize, limit: usize) -> usize {
    let crowds = join_all((0..calls).map(|_| crowd())).concurrency(limit).await;
    crowds.into_iter().max().unwrap_or_default()
}

#[tokio::test]
async fn no_more_run_than_the_limit_lets() {
    for (limit, most) in [(1, "1"), (3, "3"), (20, "20")] {
        let (done, trace) = status(limited(60, limit)).await;
        assert_eq!((done.status, done.steps), (Status::Completed, 60));
        assert_eq!(trace.most().to_string(), most, "with a limit of {limit}");
    }
}

/// Waits when it has a room.
#[saga]
async fn room(name: String, nap: String) -> Result<String, Failure> {
    let first = reserve(format!("hall of {name}, too")).await?;
    sleep(nap).await;
    let second = reserve(name).await?;
    Ok(format!("{first}, {second}"))
}

#[saga]
async fn both(names: (String, String), nap: String) -> Result<String, Failure> {
    reserve("flight".to_owned()).await?;
    match try_join!(room(names.0, nap), reserve(names.1)).await {
        Ok((room, other)) => Ok(format!("{room}, {other}")),
        Err(error) if error.to_string().contains("end") => Err(error),
        Err(error) => Ok(format!("none: {error}")),
    }
}

fn names(one: &str, two: &str) -> (String, String) {
    (one.to_owned(), two.to_owned())
}

#[tokio::test]
async fn try_join_yields_all_values() {
    let run = check_in_any_order(|| both(names("suite", "car"), "1ms".to_owned())).await;
    assert_eq!(run.result, r#"Ok("hall of suite, too, suite, car")"#);
}

#[tokio::test]
async fn the_first_error_ends_a_try_join_and_undoes_the_rest() {
    let run = run_in_any_order(|| both(names("suite", "car full"), "1h".to_owned())).await;
    assert_eq!(run.result, r#"Ok("none: car full is full")"#);
    let given_up = ["reserve car full", "reserve flight"];
    for text in given_up {
        assert!(run.texts.iter().any(|done| done == text), "{:?}", run.texts);
    }
    let had = run.texts.iter().any(|done| done == "reserve hall of suite, too");
    assert!(had && run.texts.iter().any(|done| done == "free hall of suite, too"), "{:?}", run.texts);
    assert!(run.texts.iter().all(|done| done != "free flight"), "that was before the join");
}

#[tokio::test]
async fn what_has_succeeded_in_a_try_join_that_fails_is_undone_too() {
    // The room is full when the car is there for long.
    let run = run_in_any_order(|| both(names("room full", "car"), "30ms".to_owned())).await;
    assert_eq!(run.result, r#"Ok("none: room full is full")"#);
    let expected = [
        "free car",
        "free hall of room full, too",
        "reserve car",
        "reserve flight",
        "reserve hall of room full, too",
        "reserve room full",
    ];
    assert_eq!(run.texts, expected);
    let (status, trace) = status(both(names("end full", "car"), "30ms".to_owned())).await;
    assert_eq!((status.status, status.undone), (Status::Compensated, 3));
    assert_eq!(trace.texts().last().map(String::as_str), Some("free flight"), "it was done first");
}

#[saga]
async fn rooms(names: Vec<String>) -> Result<Vec<String>, Failure> {
    try_join_all(names.into_iter().map(|name| room(name, "1ms".to_owned()))).concurrency(2).await
}

#[tokio::test]
async fn a_list_of_sagas_is_joined_until_the_first_error() {
    let list = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let run = check_in_any_order(|| rooms(list(&["one", "two", "three"]))).await;
    assert_eq!(run.result, r#"Ok(["hall of one, too, one", "hall of two, too, two", "hall of three, too, three"])"#);
    assert_eq!(run.texts.len(), 6);
    let (failed, trace) = status(rooms(list(&["one full", "two", "three", "four"]))).await;
    assert_eq!((failed.status, failed.cause.unwrap().to_string().as_str()), (Status::Compensated, "one full is full"));
    let texts = trace.texts();
    assert!(texts.iter().all(|text| !text.contains("four")), "it had not begun: {texts:?}");
    for freed in texts.iter().filter_map(|text| text.strip_prefix("free ")) {
        assert!(texts.contains(&format!("reserve {freed}")), "{texts:?}");
    }
}

#[saga]
async fn inner(number: u32, nap: String) -> Result<u32, Failure> {
    let (one, rest) = join!(measure(number), join_all([number + 1, number + 2].map(measure))).await;
    sleep(nap).await;
    Ok(one + rest.into_iter().sum::<u32>())
}

/// A join in a saga in a timeout in a join.
#[saga]
async fn deep(limits: (String, String), nap: String) -> Result<String, Failure> {
    let (one, two) = join!(inner(1, "1ms".to_owned()).timeout(limits.0), inner(100, nap).timeout(limits.1)).await;
    Ok(format!("{:?} {}", one.map(|sum| sum.unwrap_or(0)), two.is_ok()))
}

#[tokio::test]
async fn joins_nest() {
    let run = check_in_any_order(|| deep(names("1h", "1h"), "1ms".to_owned())).await;
    assert_eq!(run.result, r#"Ok("Ok(6) true")"#);
    assert_eq!(run.texts.len(), 6);
    let late = check_in_any_order(|| deep(names("1h", "1s"), "1h".to_owned())).await;
    assert_eq!(late.result, r#"Ok("Ok(6) false")"#);
    assert_eq!(late.texts, run.texts);
}

#[saga]
async fn careful(numbers: Vec<u32>) -> Result<String, Failure> {
    let all = join_all(numbers.into_iter().map(|number| measure(number).outcome())).await;
    let all = all.into_iter().map(|outcome| match outcome {
        Ok(number) => number.to_string(),
        Err(StepError::Fault(fault)) => format!("{:?}", fault.kind),
        Err(other) => other.to_string(),
    });
    Ok(all.collect::<Vec<_>>().join(" "))
}

#[saga]
async fn careless(numbers: Vec<u32>) -> Result<u32, Failure> {
    let hall = reserve("hall".to_owned());
    let (_, all) = join!(hall, join_all(numbers.into_iter().map(measure))).await;
    Ok(all.into_iter().sum())
}

#[tokio::test]
async fn faults_are_values_where_they_are_taken_and_unwind_otherwise() {
    assert_eq!(check_in_any_order(|| careful(vec![1, 2])).await.result, r#"Ok("1 2")"#);
    assert_eq!(run_in_any_order(|| careful(vec![1, 13, 2])).await.result, r#"Ok("1 Panicked 2")"#);
    let (status, _) = status(careless(vec![13, 1])).await;
    assert!(matches!(status.status, Status::Compensated | Status::Failed), "{status:?}");
    assert!(status.cause.unwrap().to_string().starts_with("`measure` panicked"));
}

/// A join waits in the record like any call.
#[saga]
async fn prepared(number: u32) -> Result<u32, Failure> {
    let later = join_all((0..3).map(measure)).concurrency(2);
    let pair = join!(measure(number), sleep("1ms"));
    let first = measure(100).await;
    let list = later.await;
    Ok(first + list.len() as u32 + pair.await.0)
}

#[tokio::test]
async fn joins_are_values() {
    let run = check_in_any_order(|| prepared(5)).await;
    assert_eq!(run.result, "Ok(108)");
}

#[step]
async fn take_seconds(seconds: u64) -> u64 {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    seconds
}

#[saga]
async fn one_after_the_other(seconds: Vec<u64>) -> u64 {
    let mut running = StartedSet::new();
    let mut sum = 0;
    for next in seconds {
        if running.len() == 3 {
            sum += running.next().await.unwrap_or(0);
        }
        running.add(take_seconds(next));
    }
    while let Some(taken) = running.next().await {
        sum += taken;
    }
    sum
}

/// A step for which one more lost worker would be one too many is made alone, when what runs has ended. Its worker waits for that, and does nothing
/// meanwhile: in the lab, where time moves only when nothing else can, this would never end.
#[test]
fn a_last_chance_waits_until_what_runs_has_ended() {
    Lab::new().check(one_after_the_other(vec![1, 5, 5, 1, 2, 1, 1, 1, 1])).assert_every_crash_resumes();
}
