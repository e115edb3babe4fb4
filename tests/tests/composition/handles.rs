//! Calls that are started, and awaited later.

use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::{Status, StepError};

use crate::support::{Trace, check, check_in_any_order, measure, outcome, pay, reserve, run_in_any_order, status};

/// Begins before the saga's own steps go on.
#[saga]
async fn ship(parcel: String, number: u32) -> Result<String, Failure> {
    let packing = reserve(parcel).start();
    let measured = measure(number).await;
    let packed = packing.await?;
    if measured == 99 {
        return Err(Failure::new("too heavy"));
    }
    Ok(format!("{packed}: {measured}"))
}

#[tokio::test]
async fn a_started_call_runs_while_the_code_goes_on() {
    let run = check_in_any_order(|| ship("box".to_owned(), 7)).await;
    assert_eq!((run.result.as_str(), run.texts.len()), (r#"Ok("box: 7")"#, 2));
    let failed = run_in_any_order(|| ship("box".to_owned(), 99)).await;
    assert_eq!(failed.texts, ["free box", "measure 99", "reserve box"], "what it had done is the caller's");
}

/// Both meet, so they run at the same time.
#[step]
async fn meet(#[inject] trace: &Trace, number: usize) -> Result<usize, Failure> {
    trace.meet(number).await;
    Ok(number)
}

#[saga]
async fn meeting() -> Result<usize, Failure> {
    let first = meet(2).start();
    let second = meet(2).await?;
    Ok(first.await? + second)
}

#[tokio::test]
async fn it_does_so_at_the_same_time() {
    assert_eq!(outcome(meeting()).await.unwrap(), 4);
}

#[saga]
async fn nap(name: String, time: String) -> Result<String, Failure> {
    reserve(format!("bed of {name}")).await?;
    sleep(time).await;
    Ok(name)
}

#[saga]
async fn patient(naps: Vec<(String, String)>, limit: String) -> Result<String, Failure> {
    let mut said = Vec::new();
    for (name, time) in naps {
        let mut napping = nap(name, time).start();
        match race!(&mut napping, sleep(limit.as_str())).await {
            Winner::First(name) => said.push(format!("{} in time", name?)),
            Winner::Second(()) => {
                measure(1).await;
                let name = napping.await?;
                said.push(format!("{name} late"));
            }
        }
    }
    Ok(said.join(", "))
}

fn naps(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, time)| ((*name).to_owned(), (*time).to_owned())).collect()
}

#[tokio::test]
async fn a_handle_that_loses_a_race_goes_on() {
    let run = check_in_any_order(|| patient(naps(&[("Ada", "300ms")]), "20ms".to_owned())).await;
    assert_eq!(run.result, r#"Ok("Ada late")"#);
    assert_eq!(run.texts, ["measure 1", "reserve bed of Ada"]);
    let early = check(|| patient(naps(&[("Ada", "1ms"), ("Bob", "1ms")]), "1h".to_owned())).await;
    assert_eq!(early.result, r#"Ok("Ada in time, Bob in time")"#);
}

/// Never awaits the second.
#[saga]
async fn impatient(number: u32) -> Result<u32, Failure> {
    let napping = nap("Ada".to_owned(), "1h".to_owned()).start();
    let paying = pay(3).start();
    let paid = paying.await?;
    let measured = measure(number).await;
    if measured == 99 {
        return Err(Failure::new("too late"));
    }
    if measured == 1000 {
        napping.await?;
    }
    Ok(measured + paid)
}

#[tokio::test]
async fn what_is_not_awaited_is_undone_when_the_saga_returns() {
    let done = run_in_any_order(|| impatient(7)).await;
    assert_eq!(done.result, "Ok(10)");
    assert_eq!(done.texts, ["free bed of Ada", "measure 7", "pay 3", "reserve bed of Ada"]);
    let failed = run_in_any_order(|| impatient(99)).await;
    assert_eq!(failed.texts, ["free bed of Ada", "measure 99", "pay 3", "pay back 3", "reserve bed of Ada"]);
    let (status, _) = status(impatient(7)).await;
    assert_eq!(status.status, Status::Completed);
}

#[saga]
async fn unlucky(take: bool) -> Result<String, Failure> {
    let napping = nap("Ada".to_owned(), "1h".to_owned()).start();
    if take {
        let measuring = measure(13).outcome().start();
        reserve("seat".to_owned()).await?;
        return match measuring.await {
            Err(StepError::Fault(fault)) => Ok(format!("{:?}", fault.kind)),
            other => Ok(format!("{other:?}")),
        };
    }
    let measuring = measure(13).start();
    let napped = napping.await?;
    measuring.await;
    Ok(napped)
}

#[tokio::test]
async fn a_fault_unwinds_at_once_unless_it_is_taken() {
    let (status, trace) = status(unlucky(false)).await;
    assert_eq!(status.status, Status::Compensated);
    assert_eq!(trace.texts().last().map(String::as_str), Some("free bed of Ada"));
    let taken = run_in_any_order(|| unlucky(true)).await;
    assert_eq!(taken.result, r#"Ok("Panicked")"#);
    assert_eq!(taken.texts, ["free bed of Ada", "reserve bed of Ada", "reserve seat"]);
}

/// Fails if it has no bed.
#[saga]
async fn who_failed() -> Result<String, Failure> {
    let good = reserve("seat".to_owned()).start();
    let bad = reserve("bed full".to_owned()).start();
    sleep("20ms").await;
    let bad = bad.await?;
    let good = good.await?;
    Ok(format!("{bad}, {good}"))
}

#[tokio::test]
async fn errors_of_started_calls_know_where_they_come_from() {
    let error = outcome(who_failed()).await.unwrap_err();
    assert_eq!(error.to_string(), "bed full is full (from `reserve` at `reserve` of who_failed/case, attempt 1)");
}

/// A window over a list.
#[saga]
async fn import(lines: u32, window: usize) -> Result<u32, Failure> {
    let mut running = StartedSet::new();
    let (mut sum, mut most) = (0, 0);
    for line in 0..lines {
        if running.len() == window {
            sum += running.next().await.transpose()?.unwrap_or_default();
        }
        running.add(pay(100 + line));
        most = most.max(running.len());
    }
    while let Some(line) = running.next().await {
        sum += line?;
    }
    if most > window {
        return Err(Failure::new("too many"));
    }
    Ok(sum)
}

#[tokio::test]
async fn a_window_slides_over_a_list() {
    let run = check_in_any_order(|| import(7, 3)).await;
    assert_eq!((run.result, run.texts.len()), (format!("Ok({})", (100..107).sum::<u32>()), 7));
    assert_eq!(outcome(import(0, 3)).await.unwrap(), 0);
    assert_eq!(outcome(import(300, 20)).await.unwrap(), (100..400).sum::<u32>());
}

#[saga]
async fn fastest_first() -> Vec<u32> {
    let mut naps = StartedSet::new();
    for ms in [120_u64, 0, 60] {
        naps.add(slow_measure(u32::try_from(ms).unwrap_or(0), ms));
    }
    let mut order = Vec::new();
    while let Some(number) = naps.next().await {
        order.push(number);
    }
    order
}

#[saga]
async fn slow_measure(number: u32, ms: u64) -> u32 {
    sleep(Duration::from_millis(ms)).await;
    measure(number).await
}

#[tokio::test]
async fn they_are_yielded_as_they_end() {
    assert_eq!(outcome(fastest_first()).await.unwrap(), [0, 60, 120]);
    assert_eq!(Dependencies::new().with(Trace::default()).scope(fastest_first().inline()).await, [0, 60, 120]);
}

#[saga]
async fn twice() -> Result<String, Failure> {
    let mut reserving = reserve("seat".to_owned()).start();
    let first = match race!(&mut reserving, sleep("1h")).await {
        Winner::First(seat) => seat?,
        Winner::Second(()) => String::new(),
    };
    Ok(first + &reserving.await?)
}

#[tokio::test]
async fn one_that_is_awaited_twice_pauses_with_its_reason() {
    let (status, _) = status(twice()).await;
    assert_eq!(status.status, Status::Paused);
    let reason = status.reason.unwrap();
    assert!(reason.contains("is awaited for the second time"), "{reason}");
}
