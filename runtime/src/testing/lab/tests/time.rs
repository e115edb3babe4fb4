//! Virtual time, runs that a test steps through, and how long all this takes.

use std::time::{Duration, Instant};

use super::shop::{Bug, PaymentError, Shop, charge, items, lab, order, send};
use crate::testing::Lab;
use crate::{Durable, Failure, Status, StepContext, saga, sleep, step};

#[saga]
async fn year() -> Result<u32, Failure> {
    for _ in 0..10 {
        sleep("365d").await;
    }
    Ok(10)
}

#[test]
fn years_pass_in_no_time() {
    let begun = Instant::now();
    Lab::new().check(year()).every_crash().assert_all(|run| {
        assert!(run.completed());
        let days = run.took().as_secs() / 86_400;
        assert_eq!(days, 3650);
    });
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[saga(deadline = "1h")]
async fn limited() -> Result<(), Failure> {
    sleep("1d").await;
    Ok(())
}

#[test]
fn a_deadline_passes() {
    Lab::new().check(limited()).assert_all(|run| {
        assert_eq!((run.status(), run.took().as_secs()), (Status::Failed, 3600));
    });
}

#[step]
async fn fails() -> Result<(), Failure> {
    Err(Failure::new("no"))
}

#[saga]
async fn stubborn() -> Result<(), Failure> {
    loop {
        let _ = fails().timeout("1m").await;
    }
}

#[test]
fn a_saga_that_goes_on_and_on_is_stopped() {
    let mut lab = Lab::new();
    lab.most_records(200);
    let says = ["it goes on and on: 200 records were stored, and it has not come to its end"];
    super::assert_fails(|| lab.check(stubborn()).assert_all(|_| {}), &says);
}

#[sagaflow::test]
async fn a_run_can_be_stepped_through(mut lab: Lab) {
    lab.world(Shop::default);
    lab.step::<send>().returns(Err(Failure::new("no van"))).times(2).runs();
    let mut run = lab.start(order(items(), 5)).await;
    run.advance("30m").await;
    let status = run.status().await;
    assert_eq!((status.step.as_deref(), status.attempt), (Some("send"), Some(2)));
    run.crash().await;
    run.advance("31m").await;
    assert_eq!(run.status().await.attempt, Some(3));
    assert_eq!(run.client().status("order", "case").await.unwrap().steps, 4);
    let run = run.finish().await;
    assert!(run.completed());
    assert_eq!((run.get::<Shop>().has("sent"), run.took().as_secs()), (1, 7200));
}

#[sagaflow::test]
async fn a_run_is_one_call(mut lab: Lab) -> Result<(), PaymentError> {
    lab.world(Shop::default);
    lab.step::<charge>().returns(Err(PaymentError::Declined));
    let run = lab.run(order(items(), 5)).await;
    assert!(run.failed());
    let run = super::shop::lab(Bug::None).run(order(items(), 5)).await;
    assert_eq!(run.outcome().unwrap().as_ref().unwrap(), &5);
    Ok(())
}

#[sagaflow::test]
#[should_panic(expected = "`order` never ends: order/case waits for ever: attempt 1 of `send` (send/4) never ends")]
async fn a_run_that_never_ends_says_so(mut lab: Lab) {
    lab.world(Shop::default).step::<send>().hangs();
    lab.run(order(items(), 5)).await;
}

#[step]
#[compensate(undo(number))]
async fn act(#[inject] shop: &Shop, #[inject] cx: &StepContext, number: u32) -> Result<u32, Failure> {
    shop.things.lock().unwrap().insert(cx.key().to_string(), number.to_string());
    Ok(number)
}

#[step]
async fn undo(#[inject] shop: &Shop, #[inject] cx: &StepContext, number: u32) {
    let _ = number;
    shop.things.lock().unwrap().remove(cx.key().as_str());
}

#[saga]
async fn twenty() -> Result<u32, Failure> {
    let mut sum = 0;
    for number in 0..20 {
        sum += act(number).await?;
    }
    Ok(sum)
}

/// Each of the crashes, failures and troubles of a saga of 20 steps.
#[test]
fn twenty_steps_are_checked_quickly() {
    let begun = Instant::now();
    let runs = std::cell::Cell::new(0);
    lab(Bug::None).check(twenty()).every_crash().every_failure().assert_all(|run| {
        runs.set(runs.get() + 1);
        assert_eq!(run.get::<Shop>().has(""), if run.completed() { 20 } else { 0 });
    });
    let took = begun.elapsed();
    println!("{} runs in {took:?}", runs.get());
    assert!(runs.get() > 140, "{}", runs.get());
    // Under a second where nothing else runs, and far more beside other tests.
    assert!(took < Duration::from_secs(60), "{took:?}");
}
