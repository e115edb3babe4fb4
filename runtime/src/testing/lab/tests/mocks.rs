//! Mocked steps.

use super::assert_fails;
use super::shop::{Bug, PaymentError, Shop, charge, items, lab, order, release, reserve, send};
use crate::FaultKind;
use crate::SagaError;
use crate::testing::Lab;

#[test]
fn values_errors_and_sequences() {
    let mut lab = lab(Bug::None);
    let unreachable = || Err(PaymentError::Unreachable { bank: "the bank".to_owned() });
    lab.step::<charge>().returns(unreachable()).times(2).returns(Ok(7));
    lab.check(order(items(), 5)).assert_all(|run| {
        assert_eq!(run.outcome().unwrap().as_ref().unwrap(), &7);
        let calls = run.calls::<charge>();
        let attempts: Vec<_> =
            calls.iter().map(|call| (call.attempt, call.arguments.cents, call.output.clone())).collect();
        assert_eq!(attempts, [(1, 5, Some(unreachable())), (2, 5, Some(unreachable())), (3, 5, Some(Ok(7)))]);
        assert_eq!(run.took().as_secs(), 120);
    });
    lab.step::<charge>().returns(Err(PaymentError::Declined)).once().runs();
    lab.check(order(items(), 5)).assert_all(|run| {
        let Some(Err(SagaError::Failed { error, .. })) = run.outcome() else { panic!("{:?}", run.outcome()) };
        assert_eq!((error, run.calls::<release>().len()), (&PaymentError::Declined, 2), "it is not retried");
    });
}

#[test]
fn closures_panics_and_hangs() {
    let mut lab = lab(Bug::None);
    lab.step::<reserve>().answers_with(|call: reserve, world| {
        assert_eq!(world.get::<Shop>().unwrap().has("paid"), 0);
        Ok(call.item.to_uppercase())
    });
    lab.step::<charge>().panics("the bank burns").once().hangs().once().answers(|call| Ok(call.cents * 2));
    lab.check(order(items(), 5)).every_crash().assert_all(|run| {
        assert_eq!(run.outcome().unwrap().as_ref().unwrap(), &10);
        assert_eq!(run.calls::<send>().last().unwrap().arguments.items, ["BOOK", "PEN"]);
    });
    lab.step::<charge>().panics("the bank burns");
    lab.check(order(items(), 5)).assert_all(|run| {
        let Some(Err(SagaError::Fault(fault))) = run.outcome() else { panic!("{:?}", run.outcome()) };
        assert_eq!((fault.kind, &*fault.message), (FaultKind::Panicked, "the bank burns"));
    });
}

#[test]
fn what_a_mocked_step_injects_need_not_be_there() {
    let mut lab = Lab::new();
    lab.step::<reserve>().answers(|call| Ok(call.item));
    lab.step::<charge>().returns(Ok(5));
    lab.step::<send>().returns(Ok(()));
    lab.step::<super::shop::refund>().returns(Ok(()));
    lab.step::<release>().returns(Ok(()));
    lab.check(order(items(), 5))
        .every_crash()
        .every_failure()
        .assert_all(|run| assert!(run.completed() || run.failed()));
}

#[test]
fn a_step_without_a_mock_fails_where_only_mocks_are_to_run() {
    let mut lab = lab(Bug::None);
    lab.only_mocks().step::<reserve>().answers(|call| Ok(call.item));
    let says = ["step `charge` has no mock for this attempt, and only mocks are to run"];
    assert_fails(|| lab.check(order(items(), 5)).assert_all(|_| {}), &says);
}

#[test]
fn a_step_that_hangs_without_a_timeout_is_named() {
    let mut lab = lab(Bug::None);
    lab.step::<send>().hangs();
    let says = ["order/case waits for ever: attempt 1 of `send` (send/4) never ends, and has no timeout"];
    assert_fails(|| lab.check(order(items(), 5)).assert_all(|_| {}), &says);
}
