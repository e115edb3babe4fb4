//! Steps that fail: what the saga comes to, and what is undone, last first.

use sagaflow::prelude::*;

use crate::support::{Trace, run};

#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1)]
#[compensate(undo(output))]
async fn act(#[inject] trace: &Trace, n: u32, fails: u32) -> Result<u32, Failure> {
    trace.add(format_args!("act {n}"));
    if n == fails { Err(Failure::new(format!("{n} fails"))) } else { Ok(n) }
}

#[step]
async fn undo(#[inject] trace: &Trace, n: u32) {
    trace.add(format_args!("undo {n}"));
}

#[saga]
async fn in_sequence(fails: u32) -> Result<u32, Failure> {
    let a = act(1, fails).await?;
    let b = act(2, fails).await? + a;
    let c = act(3, fails).await?;
    Ok(act(4, fails).await? + b + c)
}

#[saga]
async fn in_a_loop(fails: u32) -> Result<u32, Failure> {
    let mut sum = 0;
    for i in 1..=3 {
        sum += act(i, fails).await?;
        if i == 2 {
            sum += act(20, fails).await?;
        }
    }
    if sum > 25 { Err(Failure::new("too much")) } else { Ok(sum) }
}

#[saga]
async fn handled(fails: u32) -> Result<u32, Failure> {
    let a = match act(1, fails).await {
        Ok(a) => a,
        Err(_) => act(10, fails).await?,
    };
    let b = act(2, fails).await.unwrap_or(0);
    if act(3, fails).await.is_err() {
        return Err(Failure::new("three"));
    }
    Ok(a + b)
}

async fn undone<S: sagaflow::Saga>(make: impl Fn() -> Call<S>) -> String
where
    sagaflow::ValueOf<S>: std::fmt::Debug,
    sagaflow::ErrorOf<S>: std::fmt::Debug,
{
    let (_, trace) = run(make).await;
    let undone: Vec<_> = trace.iter().filter_map(|entry| entry.strip_prefix("undo ")).collect();
    undone.join(" ")
}

#[tokio::test]
async fn each_step_in_turn() {
    for (fails, expected) in [(1, ""), (2, "1"), (3, "2 1"), (4, "3 2 1"), (5, "")] {
        assert_eq!(undone(|| in_sequence(fails)).await, expected, "when {fails} fails");
    }
}

#[tokio::test]
async fn each_round_in_turn() {
    for (fails, expected) in [(1, ""), (2, "1"), (20, "2 1"), (3, "20 2 1"), (4, "3 20 2 1")] {
        assert_eq!(undone(|| in_a_loop(fails)).await, expected, "when {fails} fails");
    }
}

#[tokio::test]
async fn errors_that_the_body_handles() {
    for (fails, expected) in [(1, ""), (2, ""), (3, "2 1"), (4, "")] {
        assert_eq!(undone(|| handled(fails)).await, expected, "when {fails} fails");
    }
}
