//! Bugs of the kinds that sagas have: each is found, and named.

use super::assert_fails;
use super::shop::{Bug, Shop, items, lab, order};
use crate::testing::Lab;
use crate::{Durable, Failure, saga, sleep, step};

#[test]
fn the_shop_without_bugs_passes_all_checks() {
    let lab = lab(Bug::None);
    lab.check(order(items(), 5)).assert_steps_idempotent();
    lab.check(order(items(), 5)).assert_every_failure_unwinds();
    lab.check(order(items(), 5)).assert_every_crash_resumes();
}

#[test]
fn a_step_that_is_not_idempotent_is_named() {
    let lab = lab(Bug::ChargesTwice);
    let says = [
        "`order` fails the check under the plan `crash before record 3`",
        "step `charge` isn't idempotent: made again with the key `order/case/charge/3`",
        "-         data: 5,",
        "+         data: 10,",
        "worker 1 dies: `charge` (charge/3) had run, and nothing of that was stored",
        "worker 2 takes its place",
        "run it alone: `lab.check(…).plan(\"crash before record 3\").assert_all(…)`",
    ];
    assert_fails(|| lab.check(order(items(), 5)).assert_steps_idempotent(), &says);
    // Whoever does not look for it finds it, too.
    assert_fails(|| lab.check(order(items(), 5)).assert_every_crash_resumes(), &says[1..4]);
}

#[test]
fn a_compensation_that_is_not_idempotent_is_named() {
    let lab = lab(Bug::RefundsTwice);
    let says = ["step `refund` isn't idempotent: made again with the key `order/case/charge/3`", "fail send/4 with"];
    assert_fails(|| lab.check(order(items(), 5)).assert_steps_idempotent(), &says);
}

#[test]
fn a_compensation_that_forgets_something_is_named() {
    let lab = lab(Bug::ForgetsAnItem);
    let says = [
        "under the plan `fail charge/3 with Declined`",
        "`release` has not undone what `reserve` (reserve/2) did:",
        "+             \"order/case/reserve/2\": \"reserved pen\",",
        "it has failed, and this is left of it:",
        "fails: the card was declined",
    ];
    assert_fails(|| lab.check(order(items(), 5)).assert_every_failure_unwinds(), &says);
}

#[test]
fn a_timeout_that_is_too_short_is_named() {
    let lab = lab(Bug::Slow);
    let says = [
        "`order` fails the check without any fault",
        "order/case fails even without faults: `charge` timed out: no output within 10s",
        "each of the 3 attempts of `charge` (charge/3) was dropped where it stood, after 10s: its timeout is too short",
    ];
    assert_fails(|| lab.check(order(items(), 5)).assert_every_crash_resumes(), &says);
}

#[step]
async fn note(#[inject] shop: &Shop, text: String) -> Result<(), Failure> {
    shop.things.lock().unwrap().insert(text.clone(), text);
    Ok(())
}

#[step]
async fn check_note(#[inject] shop: &Shop) -> Result<usize, Failure> {
    Ok(shop.has(""))
}

#[saga]
async fn notes(text: String) -> Result<usize, Failure> {
    note(text).await?;
    check_note().await
}

#[test]
fn a_step_that_nothing_undoes_is_named() {
    let says = ["under the plan `fail check_note/2 with", "nothing undoes what `note` (note/1) did:"];
    assert_fails(|| lab(Bug::None).check(notes("hello".to_owned())).assert_every_failure_unwinds(), &says);
}

#[step]
#[retry(fixed, delay = "1s", max_attempts = 2, timeout = "5s")]
#[compensate(tear(output))]
async fn write(#[inject] shop: &Shop, text: String) -> Result<String, Failure> {
    shop.things.lock().unwrap().insert(text.clone(), text.clone());
    Ok(text)
}

#[step]
async fn tear(#[inject] shop: &Shop, text: String) {
    shop.things.lock().unwrap().remove(&text);
}

#[saga]
async fn letter(text: String) -> Result<String, Failure> {
    write(text).await
}

/// Its compensation needs an output that there is not.
#[test]
fn a_step_whose_outcome_is_unknown_and_that_is_not_undone_is_named() {
    let says = [
        "under the plan `time out write/1`",
        "nobody knows whether `write` (write/1) has happened, and nothing undoes what it did:",
        "a compensation by its arguments, without `output`, would run",
    ];
    assert_fails(|| lab(Bug::None).check(letter("dear Ada".to_owned())).assert_every_failure_unwinds(), &says);
}

#[saga]
async fn hasty(text: String) -> Result<String, Failure> {
    match write(text).timeout("20s").await {
        Ok(written) => written,
        Err(_) => Err(Failure::new("too late")),
    }
}

#[test]
fn a_limit_that_no_crash_fits_into_is_named() {
    let says = [
        "hasty/case ends otherwise than without faults: failed",
        "the time of state `write` is over",
        "a worker's death alone takes 30s (the ack wait), so this time is too short to live through one",
    ];
    let mut lab = lab(Bug::None);
    assert_fails(|| lab.check(hasty("dear Ada".to_owned())).assert_every_crash_resumes(), &says);
    lab.ack_wait("2s");
    lab.check(hasty("dear Ada".to_owned())).assert_every_crash_resumes();
}

#[saga]
async fn patient() -> Result<(), Failure> {
    sleep("100y").await;
    Ok(())
}

#[test]
fn a_saga_that_waits_for_ever_is_named_with_what_it_waits_for() {
    assert_fails(|| Lab::new().check(patient()).assert_all(|_| {}), &["patient/case waits for ever: for its time, "]);
}

#[test]
fn checks_that_need_to_see_the_world_say_so() {
    let mut lab = Lab::new();
    lab.provide(Shop::default);
    let says = ["nobody can see whether a step has changed something twice: give the lab a world with `lab.world(…)`"];
    assert_fails(|| lab.check(order(items(), 5)).assert_steps_idempotent(), &says);
    assert_fails(
        || Lab::new().check(order(items(), 5)).assert_all(|_| {}),
        &["the lab can't run `order`", "`shop: &sagaflow::testing::lab::tests::shop::Shop` of step `charge`"],
    );
}
