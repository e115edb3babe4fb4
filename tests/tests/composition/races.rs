//! Races: the first of several; the others are given up, and undone.

use sagaflow::Status;
use sagaflow::prelude::*;

use crate::support::{Trace, check, measure, pay, reserve, run, run_in_any_order, status};

#[saga]
async fn patience(cents: u32, limit: String) -> Result<String, Failure> {
    reserve("seat".to_owned()).await?;
    match race!(pay(cents), sleep(limit)).await {
        Winner::First(paid) => Ok(format!("paid {}", paid?)),
        Winner::Second(()) => {
            measure(1).await;
            Ok("waited".to_owned())
        }
    }
}

#[tokio::test]
async fn the_first_to_end_wins() {
    let paid = check(|| patience(7, "1h".to_owned())).await;
    assert_eq!(paid.result, r#"Ok("paid 7")"#);
    assert_eq!(paid.texts, ["reserve seat", "pay 7"]);
}

#[tokio::test]
async fn what_has_lost_is_undone_before_the_saga_goes_on() {
    let waited = run(|| patience(13, "80ms".to_owned())).await;
    assert_eq!(waited.result, r#"Ok("waited")"#);
    assert_eq!(waited.texts, ["reserve seat", "pay back 13", "measure 1"], "its outcome is unknown, so it is undone");
}

#[saga]
async fn naps(first: String, second: String, third: String) -> String {
    match race!(sleep(first), sleep(second), sleep(third)).await {
        Winner::First(()) => "first".to_owned(),
        Winner::Second(()) => "second".to_owned(),
        Winner::Third(()) => "third".to_owned(),
    }
}

#[tokio::test]
async fn the_first_listed_wins_of_those_that_are_due() {
    for (naps_of, winner) in
        [(["1h", "20ms", "1h"], "second"), (["20ms", "20ms", "1h"], "first"), (["1h", "1h", "1ms"], "third")]
    {
        let [one, two, three] = naps_of.map(str::to_owned);
        let run = check(|| naps(one.clone(), two.clone(), three.clone())).await;
        assert_eq!(run.result, format!("Ok({winner:?})"));
    }
}

/// Takes two places, and waits between.
#[saga]
async fn hotel(name: String, nap: String) -> Result<String, Failure> {
    let first = reserve(format!("{name} 1")).await?;
    sleep(nap).await;
    let second = reserve(format!("{name} 2")).await?;
    Ok(format!("{first}, {second}"))
}

#[saga]
async fn fastest(hotels: Vec<(String, String)>, fails: bool) -> Result<String, Failure> {
    let (place, booked) = race_all(hotels.iter().map(|(name, nap)| hotel(name.clone(), nap.clone()))).await;
    if fails {
        return Err(Failure::new(format!("{place} is too far")));
    }
    Ok(format!("{place}: {}", booked?))
}

fn hotels(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, nap)| ((*name).to_owned(), (*nap).to_owned())).collect()
}

#[tokio::test]
async fn sagas_race() {
    let list = || hotels(&[("slow", "1h"), ("quick", "400ms"), ("never", "2h")]);
    let won = crate::support::run_in_any_order(|| fastest(list(), false)).await;
    assert_eq!(won.result, r#"Ok("1: quick 1, quick 2")"#);
    let expected =
        ["free never 1", "free slow 1", "reserve never 1", "reserve quick 1", "reserve quick 2", "reserve slow 1"];
    assert_eq!(won.texts, expected, "what the winner has done is kept");
    let (failed, trace) = status(fastest(hotels(&[("quick", "1ms"), ("slow", "1h")]), true)).await;
    assert_eq!((failed.status, failed.undone), (Status::Compensated, 3));
    let texts = trace.texts();
    assert_eq!(
        texts[texts.len() - 3..],
        ["free slow 1", "free quick 2", "free quick 1"],
        "with its saga, it is undone"
    );
}

#[tokio::test]
async fn one_that_fails_has_ended_too() {
    let run = run(|| fastest(hotels(&[("slow", "1h"), ("full", "1ms")]), false)).await;
    // `full 1` is free, `full 2` is free: the names end with a number.
    assert!(run.result.contains("1: full 1, full 2"), "{}", run.result);
    let (failed, _) = status(none(Vec::new())).await;
    assert_eq!(failed.status, Status::Paused);
    assert!(failed.reason.unwrap().contains("a race of nothing has no winner"));
}

#[saga]
async fn none(numbers: Vec<u32>) -> u32 {
    race_all(numbers.into_iter().map(measure)).await.1
}

/// Within a timeout, within a join.
#[saga]
async fn nested_race(limit: String) -> Result<String, Failure> {
    let raced = race!(hotel("a".to_owned(), "1h".to_owned()), sleep("2h")).timeout(limit);
    let (raced, measured) = join!(raced, measure(3)).await;
    Ok(format!("{} {measured}", raced.is_err()))
}

#[tokio::test]
async fn races_nest() {
    let late = crate::support::run_in_any_order(|| nested_race("900ms".to_owned())).await;
    assert_eq!(late.result, r#"Ok("true 3")"#);
    assert_eq!(late.texts, ["free a 1", "measure 3", "reserve a 1"]);
}

/// Runs until it is dropped, and is undone by its arguments.
#[step]
#[compensate(hang_up(line))]
async fn hang_on(#[inject] trace: &Trace, #[inject] cx: &StepContext, line: u32) -> Result<u32, Failure> {
    trace.add(cx, format!("hang on {line}"));
    std::future::pending().await
}

#[step]
async fn hang_up(#[inject] trace: &Trace, #[inject] cx: &StepContext, line: u32) {
    trace.add(cx, format!("hang up {line}"));
}

#[saga]
async fn call_both(fails: bool) -> Result<String, Failure> {
    if fails {
        let seat = nap_then_reserve("full".to_owned());
        return match try_join!(hang_on(1), seat).await {
            Ok(_) => Ok("both".to_owned()),
            Err(error) => Ok(error.to_string()),
        };
    }
    match race!(hang_on(1), nap_then_reserve("seat".to_owned())).await {
        Winner::First(_) => Ok("the first".to_owned()),
        Winner::Second(seat) => seat,
    }
}

#[saga]
async fn nap_then_reserve(place: String) -> Result<String, Failure> {
    sleep("30ms").await;
    reserve(place).await
}

/// The compensation has the key of the attempt that it comes after, and is not taken for it.
#[tokio::test]
async fn an_attempt_that_is_given_up_while_it_runs_is_undone() {
    let won = run_in_any_order(|| call_both(false)).await;
    assert_eq!(won.result, r#"Ok("seat")"#);
    assert_eq!(won.texts, ["hang on 1", "hang up 1", "reserve seat"]);
    let failed = run_in_any_order(|| call_both(true)).await;
    assert_eq!(failed.result, r#"Ok("full is full")"#);
    assert_eq!(failed.texts, ["hang on 1", "hang up 1", "reserve full"]);
}
