//! Sagas in sagas: they run inside the instance, and undo their own work before their caller sees that they have failed.

use sagaflow::prelude::*;
use sagaflow::{FaultKind, Status, StepError};

use crate::support::{check, free, measure, pay, reserve, run, status};

/// Fails after two reservations if the museum is full.
#[saga]
async fn visit(city: String, museum: String) -> Result<String, Failure> {
    let hotel = reserve(format!("hotel {city}")).await?;
    let museum = reserve(museum).await?;
    if museum == "closed museum" {
        return Err(Failure::new("it is closed"));
    }
    Ok(format!("{hotel}, {museum}"))
}

#[saga]
async fn journey(museums: Vec<(String, String)>, cents: u32) -> Result<String, Failure> {
    let train = reserve("train".to_owned()).await?;
    let mut seen = vec![train];
    for (city, museum) in &museums {
        match visit(city.clone(), museum.clone()).await {
            Ok(visited) => seen.push(visited),
            Err(error) => seen.push(format!("not {city}: {error}")),
        }
    }
    pay(cents).await?;
    if cents == 99 {
        return Err(Failure::new("too dear"));
    }
    Ok(seen.join("; "))
}

fn museums(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(city, museum)| ((*city).to_owned(), (*museum).to_owned())).collect()
}

#[tokio::test]
async fn a_nested_saga_runs_inside_its_callers_instance() {
    let run = check(|| journey(museums(&[("Rome", "forum"), ("Oslo", "fram")]), 7)).await;
    assert_eq!(run.result, r#"Ok("train; hotel Rome, forum; hotel Oslo, fram")"#);
    let (status, trace) = status(journey(museums(&[("Rome", "forum")]), 7)).await;
    assert_eq!(trace.keys(), ["reserve/1", "visit/reserve/2", "visit/reserve#2/3", "pay/4"]);
    assert_eq!((status.status, status.steps, status.undone), (Status::Completed, 4, 0));
}

#[tokio::test]
async fn one_that_fails_is_undone_before_its_caller_goes_on() {
    let run = run(|| journey(museums(&[("Rome", "all full"), ("Oslo", "closed museum"), ("Bonn", "rhine")]), 7)).await;
    let result = r#"Ok("train; not Rome: all full is full; not Oslo: it is closed; hotel Bonn, rhine")"#;
    assert_eq!(run.result, result);
    let expected = [
        "reserve train",
        "reserve hotel Rome",
        "reserve all full",
        "free hotel Rome",
        "reserve hotel Oslo",
        "reserve closed museum",
        "free closed museum",
        "free hotel Oslo",
        "reserve hotel Bonn",
        "reserve rhine",
        "pay 7",
    ];
    assert_eq!(run.texts, expected);
}

#[tokio::test]
async fn what_one_has_done_is_undone_with_its_caller() {
    let run = run(|| journey(museums(&[("Rome", "forum"), ("Oslo", "all full")]), 99)).await;
    assert!(run.result.contains("too dear"), "{}", run.result);
    let undone = ["pay 99", "pay back 99", "free forum", "free hotel Rome", "free train"];
    assert_eq!(run.texts[run.texts.len() - 5..], undone);
}

#[saga]
async fn countdown(from: u32) -> Result<u32, Failure> {
    if from == 0 {
        return Ok(0);
    }
    let number = measure(from).await;
    Ok(number + countdown(from - 1).await?)
}

#[tokio::test]
async fn a_saga_may_await_itself() {
    let run = check(|| countdown(4)).await;
    assert_eq!(run.result, "Ok(10)");
    assert_eq!(run.texts, ["measure 4", "measure 3", "measure 2", "measure 1"]);
    let (_, trace) = status(countdown(2)).await;
    assert_eq!(trace.keys(), ["measure/1", "countdown/measure/2"]);
}

/// Comes to its end before it reaches a step.
#[saga]
async fn at_once(number: u32) -> Result<u32, Failure> {
    if number > 1000 {
        return Err(Failure::new("too large"));
    }
    Ok(number)
}

#[saga]
async fn sum(numbers: Vec<u32>) -> Result<u32, Failure> {
    let mut sum = 0;
    for number in numbers {
        sum += at_once(number).await?;
    }
    Ok(sum)
}

#[tokio::test]
async fn one_without_steps_costs_no_message() {
    assert_eq!(check(|| sum((1..=100).collect())).await.result, "Ok(5050)");
    assert!(check(|| sum(vec![1, 2000])).await.result.contains("too large"));
    let (status, _) = status(sum((1..=100).collect())).await;
    assert_eq!((status.status, status.steps, status.attempts), (Status::Completed, 0, 0));
}

/// Panics in a step, or between steps.
#[saga]
async fn weigh(number: u32) -> u32 {
    let _place = reserve(format!("scales {number}")).await;
    let measured = measure(number).await;
    assert_ne!(measured, 7, "not a weight");
    measured
}

#[saga]
async fn careful(number: u32) -> Result<String, Failure> {
    reserve("hall".to_owned()).await?;
    Ok(match weigh(number).outcome().await {
        Ok(weight) => format!("weighs {weight}"),
        Err(StepError::Fault(fault)) => format!("{:?} in `{}`", fault.kind, fault.of),
        Err(other) => other.to_string(),
    })
}

#[saga]
async fn careless(number: u32) -> Result<u32, Failure> {
    reserve("hall".to_owned()).await?;
    Ok(weigh(number).await)
}

#[tokio::test]
async fn faults_are_replies_where_they_are_taken() {
    assert_eq!(check(|| careful(5)).await.result, r#"Ok("weighs 5")"#);
    let run_13 = run(|| careful(13)).await;
    assert_eq!(run_13.result, r#"Ok("Panicked in `measure`")"#);
    assert_eq!(run_13.texts, ["reserve hall", "reserve scales 13", "free scales 13"]);
    let run_7 = run(|| careful(7)).await;
    assert_eq!(run_7.result, r#"Ok("Panicked in `weigh`")"#);
    assert_eq!(run_7.texts, ["reserve hall", "reserve scales 7", "measure 7", "free scales 7"]);
}

#[tokio::test]
async fn faults_that_are_not_taken_unwind_the_instance() {
    for (number, of) in [(13, "measure"), (7, "weigh")] {
        let run = run(|| careless(number)).await;
        assert!(run.result.contains(&format!("of: \"{of}\"")), "{}", run.result);
        let expected = [format!("free scales {number}"), "free hall".to_owned()];
        assert_eq!(run.texts[run.texts.len() - 2..], expected);
        let (status, _) = status(careless(number)).await;
        assert_eq!((status.status, status.undone), (Status::Compensated, 2));
        let Some(sagaflow::record::Cause::Fault(fault)) = status.cause else { panic!("{:?}", status.cause) };
        assert_eq!(fault.kind, FaultKind::Panicked);
    }
}

#[step]
#[compensate(refuse(output))]
async fn lock(name: String) -> Result<String, Failure> {
    Ok(name)
}

/// Can't be undone.
#[step]
async fn refuse(name: String) -> Result<(), Failure> {
    Err(Failure::new(format!("{name} is rusty")))
}

#[saga]
async fn locked() -> Result<(), Failure> {
    reserve("cellar".to_owned()).await?;
    lock("door".to_owned()).await?;
    Err(Failure::new("no wine"))
}

#[saga]
async fn evening() -> Result<bool, Failure> {
    Ok(locked().await.is_ok())
}

#[tokio::test]
async fn a_compensation_inside_that_fails_for_good_makes_the_instance_stuck() {
    let (status, trace) = status(evening()).await;
    assert_eq!(status.status, Status::Stuck);
    assert_eq!(status.reason.as_deref(), Some("compensation `refuse` has failed at attempt 1: door is rusty"));
    assert_eq!(status.step.as_deref(), Some("refuse"), "kept, to be made again");
    assert_eq!(trace.texts(), ["reserve cellar"], "and what was done before it is not undone yet");
}

/// Calls that are made before a step wait in the record: those of sagas, too.
#[saga]
async fn prepared(number: u32) -> Result<u32, Failure> {
    let (first, second) = (countdown(number), countdown(number + 1));
    let measured = measure(100).await;
    let second = second.await?;
    Ok(measured + first.await? * 10 + second)
}

#[tokio::test]
async fn calls_of_sagas_are_values() {
    let run = check(|| prepared(1)).await;
    assert_eq!(run.result, "Ok(113)");
    assert_eq!(run.texts, ["measure 100", "measure 2", "measure 1", "measure 1"]);
    let _ = free(String::new());
}
