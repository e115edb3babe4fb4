//! Children that are given up: they are cancelled, and their ends are waited for before anything else goes on.

use std::sync::Arc;
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::{Saga, Status};

use crate::family::{self, Run, guardian, patient, runs, runs_while, ship, until};
use crate::support::{Trace, measure, nats, pay, reserve};

#[saga]
async fn limited(limit: String) -> Result<String, Failure> {
    reserve("before".to_owned()).await?;
    let result = match patient("Rome".to_owned()).child().timeout(limit.as_str()).await {
        Ok(place) => place?,
        Err(TimedOut) => "late".to_owned(),
    };
    measure(1).await;
    Ok(result)
}

#[tokio::test]
async fn a_timeout_cancels_a_child_and_waits_for_its_end() {
    for run in runs(|soon| limited(soon.0.into())).await {
        assert_eq!(run.result, r#""late""#);
        assert!(run.at("reserve Rome") < run.at("free Rome"), "{run:?}");
        assert!(run.at("free Rome") < run.at("measure 1"), "{run:?}");
        assert!(!run.texts.contains(&"free before".to_owned()));
    }
}

#[saga]
async fn raced(limit: String) -> Result<String, Failure> {
    let winner = race!(guardian("Rome".to_owned()).child(), patient("Oslo".to_owned()).child(), sleep(limit.as_str()));
    let result = match winner.await {
        Winner::Third(()) => "nobody".to_owned(),
        _ => "somebody".to_owned(),
    };
    measure(1).await;
    Ok(result)
}

#[tokio::test]
async fn those_that_lose_a_race_have_ended_before_it_yields() {
    for run in runs(|soon| raced(soon.0.into())).await {
        assert_eq!(run.result, r#""nobody""#);
        for place in ["Rome", "Oslo", "guard of Rome."] {
            assert!(run.at(&format!("free {place}")) < run.at("measure 1"), "{run:?}");
        }
        assert!(run.at("free Rome") < run.at("free guard of Rome."), "the grandchild first: {run:?}");
    }
}

/// The second one fails when the first has reserved its place, for all that a test can know.
#[saga]
async fn both(limit: String) -> Result<String, Failure> {
    let result = try_join!(patient("Rome".to_owned()).child(), slowly_fails(limit)).await;
    measure(1).await;
    Ok(result.map_or_else(|error| error.to_string(), |(place, _)| place))
}

#[saga]
async fn slowly_fails(limit: String) -> Result<String, Failure> {
    sleep(limit.as_str()).await;
    reserve("all full".to_owned()).await
}

#[tokio::test]
async fn the_first_error_of_a_join_cancels_the_others() {
    for run in runs(|soon| both(soon.0.into())).await {
        assert_eq!(run.result, r#""all full is full""#);
        assert!(run.at("reserve all full") < run.at("free Rome"), "{run:?}");
        assert!(run.at("free Rome") < run.at("measure 1"), "{run:?}");
    }
}

/// What it has started and not awaited is cancelled when it returns.
#[saga]
async fn forgets(limit: String) -> Result<String, Failure> {
    let other = patient("Rome".to_owned()).child().start();
    sleep(limit.as_str()).await;
    pay(7).await?;
    if limit.is_empty() {
        return other.await;
    }
    Ok("done".to_owned())
}

#[tokio::test]
async fn one_that_nobody_awaits_has_ended_before_its_parent() {
    for run in runs(|soon| forgets(soon.0.into())).await {
        assert_eq!(run.result, r#""done""#);
        assert!(run.at("pay 7") < run.at("free Rome"), "{run:?}");
    }
}

#[saga(deadline = "1m")]
async fn hurried() -> Result<String, Failure> {
    reserve("before".to_owned()).await?;
    patient("Rome".to_owned()).child().await
}

#[tokio::test]
async fn a_deadline_cancels_children() {
    let whole = std::sync::Mutex::new(0);
    family::lab().check(hurried()).every_crash().assert_all(|run| {
        let result = family::plain(run.outcome().expect("it comes to its end"));
        let run = Run { result, texts: run.get::<Trace>().without_repeats() };
        assert_eq!(run.result, "DeadlinePassed of hurried");
        assert!(run.at("free Rome") < run.at("free before"), "{run:?}");
        *whole.lock().unwrap() += 1;
    });
    assert!(whole.into_inner().unwrap() > 10);
}

/// Two levels of children, a step and a started child.
#[saga]
async fn grandmother() -> Result<String, Failure> {
    reserve("before".to_owned()).await?;
    let mut other = patient("Oslo".to_owned()).child().start();
    let (one, _) = join!(guardian("Rome".to_owned()).child(), &mut other).await;
    one
}

async fn cancel<S: Saga>(handle: Handle<S>, trace: Option<Arc<Trace>>) {
    match trace {
        Some(trace) => {
            let all_there = async {
                while trace.texts().len() < 4 {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            };
            tokio::time::timeout(family::HANGS, all_there).await.expect("all have reserved their places");
        }
        None => tokio::time::sleep(Duration::from_secs(60)).await,
    }
    handle.cancel().await.unwrap();
}

#[tokio::test]
async fn a_cancel_goes_down_and_is_waited_for() {
    for run in runs_while(|_| grandmother(), cancel).await {
        assert_eq!(run.result, "Cancelled of grandmother");
        assert!(run.is_balanced(), "{run:?}");
        assert_eq!(run.texts.len(), 8, "{run:?}");
        assert_eq!(run.at("free before"), 7, "when all children have ended: {run:?}");
        assert!(run.at("free Rome") < run.at("free guard of Rome."), "{run:?}");
    }
}

/// The step that fails, and a cancel, find the child in any state: started or not, ended or not.
#[saga]
async fn at_the_same_time(number: u32) -> Result<String, Failure> {
    let (shipped, fails) = (ship("Rome".to_owned()).child(), slowly_fails(format!("{number}ms")));
    try_join!(shipped, fails).await.map(|(shipped, _)| shipped)
}

#[tokio::test]
async fn whenever_a_child_is_given_up_it_is_undone_or_has_ended() {
    for number in [1, 2, 5, 50] {
        let runs = runs(|_| at_the_same_time(number)).await;
        for run in runs {
            assert_eq!(run.result, "failed: all full is full");
            let [reserved, freed] =
                ["reserve Rome", "free Rome"].map(|text| run.texts.iter().filter(|done| *done == text).count());
            assert!(freed <= reserved, "{run:?}");
        }
    }
}

/// A child that waits for an operator is waited for.
#[tokio::test]
async fn a_child_that_nobody_serves_is_waited_for_when_it_is_cancelled() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let client = Client::new(transport.clone());
        let trace = Arc::new(Trace::default());
        let builder = || Worker::builder(transport.clone()).provide_shared(trace.clone());
        let parents = builder().serve::<limited>().build().unwrap().spawn();
        let handle = client.start(limited("50ms".into())).id("l-1").await.unwrap();
        until(&client, "limited", "l-1", |status| status == Status::Running).await;
        let child = loop {
            let status = handle.status().await.unwrap();
            if let Some(child) = status.children.first()
                && status.wakes.is_none()
            {
                break child.clone();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        assert!(!trace.texts().contains(&"measure 1".to_owned()), "it waits");
        let children = builder().serve::<patient>().build().unwrap().spawn();
        assert_eq!(handle.outcome().await.unwrap().unwrap(), "late");
        let status = client.status("patient", child.id()).await.unwrap().status;
        assert!(matches!(status, Status::Failed | Status::Compensated), "{status:?}");
        parents.shutdown().await.unwrap();
        children.shutdown().await.unwrap();
    }
}

/// The child comes to its end at the time of its limit, or before, or after.
#[saga]
async fn just_in_time(limit: String) -> Result<String, Failure> {
    reserve("before".to_owned()).await?;
    let shipped = dawdle(limit.clone()).child().compensate(sink("Rome".to_owned()));
    let result = match shipped.timeout(limit.as_str()).await {
        Ok(place) => place?,
        Err(TimedOut) => "late".to_owned(),
    };
    pay(7).await?;
    Err(Failure::new(result))
}

#[saga]
async fn dawdle(limit: String) -> Result<String, Failure> {
    let place = reserve("Rome".to_owned()).await?;
    sleep(limit.as_str()).await;
    Ok(place)
}

#[step]
async fn sink(#[inject] trace: &Trace, #[inject] cx: &StepContext, place: String) {
    trace.add(cx, format!("sink {place}"));
}

/// Whether it has returned a value or was cancelled, it is undone once: by its own compensation, or by that of the call.
#[test]
fn one_that_ends_while_it_is_given_up_is_undone_by_one_or_the_other() {
    let mut lab = family::lab();
    lab.serve::<dawdle>();
    let seen = std::sync::Mutex::new((0, 0));
    lab.check(just_in_time("1m".to_owned())).every_crash().every_delay().assert_all(|run| {
        let result = family::plain(run.outcome().expect("it comes to its end"));
        let run = Run { result, texts: run.get::<Trace>().without_repeats() };
        let undone = ["free Rome", "sink Rome"].map(|text| usize::from(run.texts.contains(&text.to_owned())));
        let reserved = usize::from(run.texts.contains(&"reserve Rome".to_owned()));
        assert_eq!(undone[0] + undone[1], reserved, "{run:?}");
        let mut seen = seen.lock().unwrap();
        *seen = (seen.0 + undone[0], seen.1 + undone[1]);
    });
    let (by_itself, by_the_call) = seen.into_inner().unwrap();
    assert!(by_itself > 0 && by_the_call > 0, "both have come about: {by_itself} {by_the_call}");
}
