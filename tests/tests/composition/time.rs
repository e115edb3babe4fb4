//! Sleeps and timeouts.

use std::time::{Duration, SystemTime};

use sagaflow::prelude::*;
use sagaflow::{Status, StepError};

use crate::support::{Trace, check, check_by_the_clock, measure, pay, reserve, run, status};

#[saga]
async fn reminders(times: u32, pause: String) -> u32 {
    let mut said = 0;
    while said < times {
        sleep(pause.as_str()).await;
        said += measure(1).await;
    }
    said
}

#[tokio::test]
async fn a_saga_sleeps_between_steps() {
    let run = check(|| reminders(3, "20ms".to_owned())).await;
    assert_eq!((run.result.as_str(), run.texts.len()), ("Ok(3)", 3));
}

#[tokio::test]
async fn a_sleep_takes_at_least_its_time() {
    let begun = SystemTime::now();
    let (status, _) = status(reminders(2, "150ms".to_owned())).await;
    assert_eq!(status.status, Status::Completed);
    assert!(begun.elapsed().unwrap() >= Duration::from_millis(300) - Duration::from_millis(20));
}

#[tokio::test]
async fn a_sleeping_instance_says_until_when() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let handle = Client::new(transport).start(reminders(1, "3d".to_owned())).await.unwrap();
    let status = handle.status().await.unwrap();
    assert_eq!((status.status, status.state.as_deref(), status.step), (Status::Running, Some("sleep"), None));
    let time = status.wakes.expect("it has a time").duration_since(status.started);
    assert_eq!(time.as_secs(), 3 * 24 * 60 * 60);
}

#[tokio::test]
async fn a_duration_that_is_none_pauses_with_its_text() {
    let (status, _) = status(reminders(1, "3 moons".to_owned())).await;
    assert_eq!(status.status, Status::Paused);
    let reason = status.reason.unwrap();
    assert!(reason.contains("`3 moons` is not a duration") && reason.contains("such as `30s`"), "{reason}");
}

#[saga]
async fn not_before(time: SystemTime) -> Result<bool, Failure> {
    let nap = sleep_until(time);
    measure(2).await;
    nap.await;
    Ok(SystemTime::now() + Duration::from_millis(10) >= time)
}

#[tokio::test]
async fn a_sleep_until_a_time_waits_for_it_and_not_for_the_past() {
    assert_eq!(check(|| not_before(SystemTime::UNIX_EPOCH)).await.result, "Ok(true)");
    assert_eq!(
        check_by_the_clock(|| not_before(SystemTime::now() + Duration::from_millis(60))).await.result,
        "Ok(true)"
    );
}

#[saga]
async fn patient(cents: u32, limit: String) -> Result<String, Failure> {
    reserve("seat".to_owned()).await?;
    match pay(cents).timeout(limit).await {
        Ok(paid) => Ok(format!("paid {}", paid?)),
        Err(late) => {
            measure(1).await;
            Ok(late.to_string())
        }
    }
}

#[tokio::test]
async fn a_step_in_time_is_as_without_a_timeout() {
    let run = check(|| patient(7, "1h".to_owned())).await;
    assert_eq!(run.result, r#"Ok("paid 7")"#);
    assert_eq!(run.texts, ["reserve seat", "pay 7"]);
}

/// It is tried again and again; its time is that of all attempts.
#[tokio::test]
async fn a_step_that_takes_too_long_is_given_up_and_undone() {
    let run = run(|| patient(13, "80ms".to_owned())).await;
    assert_eq!(run.result, r#"Ok("it took too long")"#);
    assert_eq!(run.texts, ["reserve seat", "pay back 13", "measure 1"], "its outcome is unknown, so it is undone");
}

/// Never ends by itself; says when it is dropped.
#[step]
async fn wait_for_ever(#[inject] trace: &Trace, #[inject] cx: &StepContext) -> Result<(), Failure> {
    struct Says<'a>(&'a Trace, &'a StepContext);
    impl Drop for Says<'_> {
        fn drop(&mut self) {
            self.0.add(self.1, "dropped");
        }
    }
    let _says = Says(trace, cx);
    std::future::pending().await
}

#[saga]
async fn hasty() -> Result<(), Failure> {
    wait_for_ever().timeout(Duration::from_millis(50)).await?
}

#[tokio::test]
async fn an_attempt_that_is_being_made_is_dropped() {
    let (status, trace) = status(hasty()).await;
    assert_eq!(status.status, Status::Failed);
    assert_eq!(status.cause.unwrap().to_string(), "it took too long");
    assert_eq!(trace.texts(), ["dropped"]);
}

#[saga]
async fn stay(nights: u32) -> Result<u32, Failure> {
    let mut night = 0;
    while night < nights {
        reserve(format!("night {night}")).await?;
        night += 1;
        if night == 2 {
            sleep("1h").await;
        }
    }
    Ok(night)
}

#[saga]
async fn holiday(nights: u32, limit: String) -> Result<String, Failure> {
    reserve("flight".to_owned()).await?;
    let stayed = stay(nights).timeout(limit).await;
    match stayed {
        Err(late) if nights == 3 => Err(late.into()),
        Err(_) => Ok("home early".to_owned()),
        Ok(nights) => Ok(format!("{nights:?}")),
    }
}

#[tokio::test]
async fn a_nested_saga_that_takes_too_long_is_undone() {
    assert_eq!(check(|| holiday(1, "1h".to_owned())).await.result, r#"Ok("Ok(1)")"#);
    // Longer than dead workers cost.
    let early = run(|| holiday(4, "900ms".to_owned())).await;
    assert_eq!(early.result, r#"Ok("home early")"#);
    let expected = ["reserve flight", "reserve night 0", "reserve night 1", "free night 1", "free night 0"];
    assert_eq!(early.texts, expected);
    let (status, trace) = status(holiday(3, "50ms".to_owned())).await;
    assert_eq!((status.status, status.cause.unwrap().to_string().as_str()), (Status::Compensated, "it took too long"));
    assert_eq!(trace.texts().last().map(String::as_str), Some("free flight"));
}

#[saga]
async fn within_within(outer: String, inner: String) -> String {
    let slept = sleep("1h").timeout(inner).timeout(outer).await;
    format!("{slept:?}")
}

#[tokio::test]
async fn timeouts_nest() {
    let run_inner = check(|| within_within("1h".to_owned(), "30ms".to_owned())).await;
    assert_eq!(run_inner.result, r#"Ok("Ok(Err(TimedOut))")"#);
    let run_outer = check(|| within_within("30ms".to_owned(), "1h".to_owned())).await;
    assert_eq!(run_outer.result, r#"Ok("Err(TimedOut)")"#);
}

#[saga]
async fn takes_faults(number: u32) -> Result<String, Failure> {
    Ok(match measure(number).outcome().timeout("1h").await? {
        Ok(measured) => measured.to_string(),
        Err(StepError::Fault(fault)) => format!("{:?}", fault.kind),
        Err(StepError::Failed(never)) => never.to_string(),
        Err(other) => other.to_string(),
    })
}

#[tokio::test]
async fn faults_are_taken_within_a_timeout() {
    assert_eq!(check(|| takes_faults(5)).await.result, r#"Ok("5")"#);
    assert_eq!(run(|| takes_faults(13)).await.result, r#"Ok("Panicked")"#);
}

#[saga(deadline = "250ms")]
async fn limited(nights: u32, nap: String) -> Result<u32, Failure> {
    let stayed = stay(nights).await?;
    sleep(nap).await;
    measure(stayed).await;
    Ok(stayed)
}

#[saga]
async fn around(nights: u32) -> Result<u32, Failure> {
    limited(nights, "300ms".to_owned()).await
}

#[tokio::test]
async fn an_instance_that_runs_at_its_deadline_unwinds() {
    let (done, _) = status(limited(1, "1ms".to_owned())).await;
    assert_eq!((done.status, done.deadline.unwrap()), (Status::Completed, done.started + Duration::from_millis(250)));
    for (nights, nap) in [(1, "1h"), (4, "1ms")] {
        let (late, trace) = status(limited(nights, nap.to_owned())).await;
        assert_eq!(late.status, Status::Compensated);
        assert_eq!(late.cause.unwrap().to_string(), "`limited` had not ended at its deadline");
        let texts = trace.texts();
        assert_eq!(texts.last().map(String::as_str), Some("free night 0"), "{texts:?}");
    }
}

#[tokio::test]
async fn a_deadline_inside_is_the_callers() {
    let (inside, _) = status(around(1)).await;
    assert_eq!((inside.status, inside.deadline), (Status::Completed, None));
}
