//! Between instances: waiting for the end of one that is no child, and sending it signals.

use sagaflow::prelude::*;
use sagaflow::{FaultKind, SignalError, Status, StepError};

use crate::family::{self, Number, Soon, collector, patient, run, runs, ship, until};
use crate::support::{Trace, reserve, status};

#[saga]
async fn waits(place: String) -> Result<String, Failure> {
    ship(place).detach().id("s-1").await;
    let before = reserve("before".to_owned()).await?;
    let shipped = match attach::<ship>("s-1").await {
        Ok(shipped) => shipped,
        Err(error) => format!("not shipped: {error}"),
    };
    // It has come to its end by now.
    let again = attach::<ship>("s-1").await.is_ok();
    Ok(format!("{before}, {shipped}, {again}"))
}

#[tokio::test]
async fn an_end_is_waited_for_and_known_afterwards() {
    let shipped = run(|| waits("Rome".into())).await;
    assert_eq!(shipped.result, r#""before, Rome at dock for Rome., true""#);
    let failed = run(|| waits("all full".into())).await;
    assert_eq!(failed.result, r#""before, not shipped: all full is full, false""#);
    assert_eq!(failed.at("free dock for all full."), 0);
}

#[saga]
async fn crowd() -> Result<usize, Failure> {
    ship("Rome".to_owned()).detach().id("s-1").await;
    let ends = join_all((0..4).map(|_| attach::<ship>("s-1"))).await;
    Ok(ends.into_iter().flatten().collect::<std::collections::BTreeSet<_>>().len())
}

#[tokio::test]
async fn many_wait_for_the_same_end() {
    assert_eq!(run(crowd).await.result, "1");
}

#[saga]
async fn gives_up(soon: String) -> Result<String, Failure> {
    patient("Rome".to_owned()).detach().id("p-1").await;
    match race!(attach::<patient>("p-1"), sleep(std::time::Duration::from_millis(soon.parse()?))).await {
        Winner::First(_) => Err(Failure::new("it can't have ended")),
        Winner::Second(()) => Ok("given up".to_owned()),
    }
}

/// What is waited for is somebody else's: nobody cancels it.
#[tokio::test]
async fn what_is_no_longer_waited_for_goes_on() {
    for run in runs(|Soon(soon)| gives_up(if soon == "1m" { "60000" } else { "400" }.to_owned())).await {
        assert_eq!(run.result, r#""given up""#);
        assert!(!run.texts.iter().any(|text| text.starts_with("free")), "{run:?}");
    }
}

#[saga]
async fn nobody_there(takes_faults: bool) -> Result<String, Failure> {
    reserve("before".to_owned()).await?;
    if !takes_faults {
        return attach::<ship>("nobody").await;
    }
    match attach::<ship>("nobody").outcome().await {
        Err(StepError::Fault(fault)) => Ok(format!("{:?}: {fault}", fault.kind)),
        other => Ok(format!("{other:?}")),
    }
}

#[tokio::test]
async fn one_that_is_not_there_is_a_fault() {
    let taken = run(|| nobody_there(true)).await;
    let text = "NotFound: `ship` was not found: there is no ship/nobody, or its last record is no longer kept";
    assert_eq!(taken.result, format!("{text:?}"));
    let unwound = run(|| nobody_there(false)).await;
    assert_eq!((&*unwound.result, unwound.is_balanced()), ("NotFound of ship", true));
}

#[saga]
async fn is_told(place: String) -> Result<String, Failure> {
    reserve(place).await?;
    attach::<patient>("p-1").await
}

/// The fault of an instance is that of those who wait for it, though its id begins another life at once.
#[tokio::test]
async fn a_cancel_and_a_restart_are_told() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let builder = Worker::builder(transport.clone()).serve::<is_told>().provide(Trace::default());
    let worker = family::serve(builder).build().unwrap().spawn();
    let client = Client::new(transport);
    client.start(patient("Rome".into())).id("p-1").await.unwrap();
    let waits = client.start(is_told("x".into())).id("w-1").await.unwrap();
    client.cancel("patient", "p-1").await.unwrap();
    until(&client, "patient", "p-1", Status::is_terminal).await;
    client.start(patient("Rome".into())).id("p-1").if_exists(IfExists::Restart).await.unwrap();
    let outcome = tokio::time::timeout(family::HANGS, waits.outcome()).await.expect("it is told").unwrap();
    let Err(SagaError::Fault(fault)) = outcome else { panic!("{outcome:?}") };
    assert!(matches!(fault.kind, FaultKind::Cancelled | FaultKind::NotFound), "{fault:?}");
    worker.shutdown().await.unwrap();
}

#[saga]
async fn sends(numbers: usize) -> Result<Vec<u32>, Failure> {
    collector(numbers).detach().id("c-1").await;
    for number in 0..5 {
        signal_to("collector", "c-1", Number(number)).await?;
    }
    attach::<collector>("c-1").await
}

/// Each once and in order, whoever dies meanwhile.
#[tokio::test]
async fn signals_go_from_one_to_the_other() {
    assert_eq!(run(|| sends(5)).await.result, "[0, 1, 2, 3, 4]");
}

#[saga]
async fn cannot_send() -> Result<Vec<SignalError>, Failure> {
    let mut errors = Vec::new();
    collector(0).detach().id("ended").await;
    attach::<collector>("ended").await?;
    for (saga, id) in [("collector", "nobody"), ("collector", "ended"), ("collector", "no id"), ("", "ended")] {
        errors.extend(signal_to(saga, id, Number(1)).await.err());
    }
    Ok(errors)
}

#[tokio::test]
async fn a_signal_that_nobody_takes_is_an_error() {
    let errors = run(cannot_send).await.result;
    let expected = [
        r#"NotFound("there is no collector/nobody"#,
        r#"NotRunning("collector/ended takes no signals: it has come to its end")"#,
        r#"Refused("the id `no id` can't be used"#,
        r#"Refused("the saga name `` can't be used: it is empty"#,
    ];
    for text in expected {
        assert!(errors.contains(text), "{text}: {errors}");
    }
}

#[signal]
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Odd(f64);

#[saga]
async fn sends_what_cannot_be_written() -> Result<(), Failure> {
    reserve("before".to_owned()).await?;
    signal_to("collector", "c-1", Odd(f64::NAN)).await?;
    Ok(())
}

#[tokio::test]
async fn a_signal_that_cannot_be_written_pauses_the_sender() {
    let (paused, _) = status(sends_what_cannot_be_written()).await;
    let reason = paused.reason.unwrap();
    assert!(paused.status == Status::Paused && reason.contains("NaN"), "{reason}");
}

#[saga]
async fn waits_for_collector() -> Result<Vec<u32>, Failure> {
    attach::<collector>("early").await
}

/// Who has asked for an end before the last signal came is told of it, though that signal and its like are done away with then.
#[tokio::test]
async fn who_has_attached_before_the_last_mail_is_told() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), crate::support::nats().await] {
        let client = Client::new(transport.clone());
        client.start(collector(1)).id("early").await.unwrap();
        let attaching = Worker::builder(transport.clone()).serve::<waits_for_collector>().build().unwrap().spawn();
        let handle = client.start(waits_for_collector()).await.unwrap();
        let instance = sagaflow::transport::InstanceId::new("collector", "early").unwrap();
        while transport.mailbox(&instance).await.unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        client.signal("collector", "early", Number(7)).await.unwrap();
        let worker = Worker::builder(transport).serve::<collector>().build().unwrap().spawn();
        let outcome = tokio::time::timeout(family::HANGS, handle.outcome()).await.expect("it is told");
        assert_eq!(outcome.unwrap().unwrap(), [7]);
        worker.shutdown().await.unwrap();
        attaching.shutdown().await.unwrap();
    }
}
