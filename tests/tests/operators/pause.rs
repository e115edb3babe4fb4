//! Pausing and resuming: nothing is lost, and no step is run twice for it.

use std::sync::Arc;
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::{ErrorKind, FaultKind, Status};
use sagaflow_differential::crash::{Crash, Crashing};
use serde::{Deserialize, Serialize};

use crate::support::{Stage, World, on_both, outcome, refuse, seat, stride, walk};

#[signal]
#[derive(Debug, Serialize, Deserialize)]
struct Bell {
    rings: u32,
}

#[saga]
async fn listener() -> Result<u32, Failure> {
    let Bell { rings } = signal::<Bell>().await;
    let seat = seat(rings).await?;
    Ok(seat)
}

/// Two walk side by side.
#[saga]
async fn crowd() -> Result<u32, Failure> {
    let mut number = 0;
    loop {
        let (first, second) = join!(stride(number), stride(number + 1)).await;
        if !first? || !second? {
            return Ok(number);
        }
        number += 2;
    }
}

#[saga]
async fn sleeper(wait: Duration) -> Result<u32, Failure> {
    let place = seat(1).await?;
    sleep(wait).await;
    Ok(place)
}

#[saga]
async fn retreat() -> Result<(), Failure> {
    seat(1).await?;
    // Undone first: that does not succeed before the gate is open.
    hold(2).await?;
    refuse().await
}

#[step]
#[compensate(let_go(number))]
async fn hold(#[inject] world: &World, number: u32) -> Result<u32, Failure> {
    world.add(format!("hold {number}"));
    Ok(number)
}

#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1000000)]
async fn let_go(#[inject] world: &World, number: u32) -> Result<(), Failure> {
    world.pass().await;
    if !world.is_home() {
        return Err(Failure::new("it sticks"));
    }
    world.add(format!("let go {number}"));
    Ok(())
}

/// What the steps have done, if that is each once and in order.
fn strides(log: &[String]) -> usize {
    let numbered: Vec<_> = (0..log.len()).map(|number| format!("stride {number}")).collect();
    assert_eq!(log, numbered, "each once, in order");
    log.len()
}

/// The step that runs comes to its end, and its result is kept: resumed, the instance goes on behind it.
#[tokio::test]
async fn a_step_that_runs_is_let_end_and_run_once() {
    on_both(async |transport| {
        let stage = Stage::serving::<walk>(&transport);
        let handle = stage.client.start(walk()).id("1").await.unwrap();
        stage.world.at_the_gate(1).await;
        handle.pause().await.unwrap();
        handle.pause().await.unwrap();
        let paused = stage.walked_to_rest("walk", "1").await;
        assert_eq!((paused.status, paused.reason.as_deref()), (Status::Paused, Some("paused by an operator")));
        assert_eq!((paused.state.as_deref(), paused.attempt), (Some("stride"), Some(1)), "what comes next is shown");
        let walked = strides(&stage.world.log());
        assert_eq!(paused.attempts, walked as u64, "all have ended, and nothing was begun after them");
        handle.pause().await.unwrap();
        handle.resume().await.unwrap();
        stage.world.open_the_gate();
        assert_eq!(outcome(&handle).await.unwrap(), walked as u32);
        assert_eq!(strides(&stage.world.log()), walked + 1);
        stage.end().await;
    })
    .await;
}

/// It can be paused again and again.
#[tokio::test]
async fn paused_again() {
    on_both(async |transport| {
        let stage = Stage::serving::<walk>(&transport);
        let handle = stage.client.start(walk()).id("1").await.unwrap();
        for _ in 0..3 {
            handle.pause().await.unwrap();
            assert_eq!(stage.walked_to_rest("walk", "1").await.status, Status::Paused);
            let walked = strides(&stage.world.log());
            handle.resume().await.unwrap();
            // It stays so: no request is left over.
            let further = |now: &sagaflow::InstanceStatus| now.attempts >= walked as u64 + 3;
            let on = stage.world.letting_through(stage.until_it("walk", "1", further)).await;
            assert_eq!(on.status, Status::Running);
        }
        stage.world.open_the_gate();
        outcome(&handle).await.unwrap();
        strides(&stage.world.log());
        stage.end().await;
    })
    .await;
}

/// Several steps side by side: all of them come to their end first.
#[tokio::test]
async fn steps_side_by_side_end_first() {
    on_both(async |transport| {
        let stage = Stage::serving::<crowd>(&transport);
        let handle = stage.client.start(crowd()).id("1").await.unwrap();
        stage.world.at_the_gate(2).await;
        handle.pause().await.unwrap();
        let paused = stage.walked_to_rest("crowd", "1").await;
        assert_eq!(paused.status, Status::Paused);
        let begun = stage.world.log().len();
        assert_eq!((paused.attempts, begun % 2), (begun as u64, 0), "all have ended");
        handle.resume().await.unwrap();
        stage.world.open_the_gate();
        outcome(&handle).await.unwrap();
        let mut log = stage.world.log();
        log.sort_by_key(|text| text[7..].parse::<usize>().unwrap());
        assert_eq!(strides(&log), begun + 2);
        stage.end().await;
    })
    .await;
}

/// While it is paused nothing happens to it, and what has become due meanwhile happens when it is resumed.
#[tokio::test]
async fn what_waits_is_paused_at_once() {
    on_both(async |transport| {
        let stage = Stage::serving::<sleeper>(&transport);
        let handle = stage.client.start(sleeper(Duration::from_millis(300))).id("1").await.unwrap();
        stage.until_it("sleeper", "1", |now| now.state.as_deref() == Some("sleep")).await;
        handle.pause().await.unwrap();
        let paused = stage.until("sleeper", "1", Status::Paused).await;
        assert_eq!(
            (paused.state.as_deref(), paused.compensations.len()),
            (Some("sleep"), 1),
            "what stood there is shown"
        );
        let wakes = paused.wakes.expect("the sleep's end");
        while jiff::Timestamp::now() < wakes {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(handle.status().await.unwrap().status, Status::Paused, "its time has come, and nothing happens");
        handle.resume().await.unwrap();
        assert_eq!(outcome(&handle).await.unwrap(), 1);
        stage.end().await;
    })
    .await;
}

/// Signals queue while it is paused, and are taken after.
#[tokio::test]
async fn signals_wait_while_it_is_paused() {
    on_both(async |transport| {
        let stage = Stage::serving::<listener>(&transport);
        let handle = stage.client.start(listener()).id("1").await.unwrap();
        stage.until_it("listener", "1", |now| now.state.is_some()).await;
        handle.pause().await.unwrap();
        stage.until("listener", "1", Status::Paused).await;
        handle.signal(Bell { rings: 3 }).await.unwrap();
        let mailbox = handle.status().await.unwrap().mailbox.unwrap();
        assert_eq!(mailbox.get("Bell"), Some(&1), "{mailbox:?}");
        handle.resume().await.unwrap();
        assert_eq!(outcome(&handle).await.unwrap(), 3);
        assert_eq!(handle.status().await.unwrap().mailbox.unwrap().len(), 0);
        stage.end().await;
    })
    .await;
}

/// An instance that unwinds can be paused, and unwinds on after.
#[tokio::test]
async fn unwinding_can_be_paused() {
    on_both(async |transport| {
        let stage = Stage::serving::<retreat>(&transport);
        let handle = stage.client.start(retreat()).id("1").await.unwrap();
        stage.world.at_the_gate(1).await;
        handle.pause().await.unwrap();
        let paused = stage.walked_to_rest("retreat", "1").await;
        assert_eq!((paused.status, paused.step.as_deref()), (Status::Paused, Some("let_go")));
        assert_eq!(stage.world.log(), ["seat 1", "hold 2", "refuse"]);
        handle.resume().await.unwrap();
        stage.world.open_the_gate();
        outcome(&handle).await.unwrap_err();
        assert_eq!(handle.status().await.unwrap().status, Status::Compensated);
        assert_eq!(stage.world.log(), ["seat 1", "hold 2", "refuse", "let go 2", "release 1"]);
        stage.end().await;
    })
    .await;
}

/// Both are asked for while a step runs: whichever is heard first, it is paused, or unwound by then, and is cancelled in the end.
#[tokio::test]
async fn cancelled_and_paused() {
    on_both(async |transport| {
        for pause_first in [false, true] {
            let stage = Stage::serving::<walk>(&transport);
            let id = format!("{pause_first}");
            let handle = stage.client.start(walk()).id(&*id).await.unwrap();
            stage.world.at_the_gate(1).await;
            if pause_first {
                handle.pause().await.unwrap();
                handle.cancel().await.unwrap();
            } else {
                handle.cancel().await.unwrap();
                handle.pause().await.unwrap();
            }
            if stage.walked_to_rest("walk", &id).await.status == Status::Paused {
                handle.resume().await.unwrap();
                // What was asked for before it was paused is not forgotten.
                stage.walked_to_rest("walk", &id).await;
            }
            let Err(SagaError::Fault(fault)) = outcome(&handle).await else { panic!("it was cancelled") };
            assert_eq!(fault.kind, FaultKind::Cancelled);
            stage.end().await;
        }
    })
    .await;
}

/// Who has ended, or is stuck, is not paused.
#[tokio::test]
async fn what_has_ended_is_not_paused() {
    on_both(async |transport| {
        let stage = Stage::serving::<sleeper>(&transport);
        let handle = stage.client.start(sleeper(Duration::ZERO)).id("1").await.unwrap();
        outcome(&handle).await.unwrap();
        let error = handle.pause().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotRunning);
        assert_eq!(error.to_string(), "sleeper/1 can't be paused: it has come to its end");
        stage.end().await;
    })
    .await;
}

/// The worker dies before or after an append, those that pause among them: nothing is lost.
#[tokio::test]
async fn pausing_through_crashes() {
    for crash in (1..=6).flat_map(|number| [Crash::Before(number), Crash::After(number)]).chain([Crash::AfterEach]) {
        let inner = sagaflow::connect("embedded:").await.unwrap();
        let stage = Stage::idle(&inner);
        let transport = Arc::new(Crashing::new(inner.clone(), crash));
        let handle = stage.client.start(walk()).id("1").await.unwrap();
        let working = async {
            loop {
                let builder = Worker::builder(transport.clone()).serve::<walk>().provide_shared(stage.world.clone());
                let builder = builder.ack_wait(Duration::from_millis(100)).lost_limit(u32::MAX);
                let worker = builder.build().unwrap().spawn();
                transport.crashed().await;
                drop(worker);
            }
        };
        let acting = async {
            stage.world.at_the_gate(1).await;
            handle.pause().await.unwrap();
            let paused = stage.walked_to_rest("walk", "1").await;
            assert_eq!(paused.status, Status::Paused);
            handle.resume().await.unwrap();
            stage.world.open_the_gate();
            outcome(&handle).await
        };
        let walked = tokio::select! {
            outcome = acting => outcome.unwrap(),
            () = working => unreachable!(),
        };
        let mut log = stage.world.log();
        // A step that was lost with its worker has been run again.
        log.dedup();
        assert_eq!(strides(&log), walked as usize + 1, "{crash:?}");
    }
}
