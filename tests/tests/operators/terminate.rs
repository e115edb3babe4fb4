//! Ending an instance where it stands.

use sagaflow::prelude::*;
use sagaflow::{ErrorKind, FaultKind, Status};

use crate::support::{Stage, gate, on_both, outcome, refuse, seat};

#[saga]
async fn outing() -> Result<u32, Failure> {
    seat(1).await?;
    let through = gate(2).await?;
    Ok(through)
}

#[saga]
async fn failing() -> Result<(), Failure> {
    seat(1).await?;
    refuse().await
}

#[tokio::test]
async fn nothing_is_undone() {
    on_both(async |transport| {
        let stage = Stage::serving::<outing>(&transport);
        let handle = stage.client.start(outing()).id("1").await.unwrap();
        stage.world.at_the_gate(1).await;
        handle.terminate().await.unwrap();
        let Err(SagaError::Fault(fault)) = outcome(&handle).await else { panic!("it was terminated") };
        assert_eq!((fault.kind, fault.to_string().as_str()), (FaultKind::Terminated, "`outing` was terminated"));
        stage.world.open_the_gate();
        // The step that ran comes to its end, and that changes nothing.
        while !stage.world.log().contains(&"through 2".to_owned()) {
            tokio::task::yield_now().await;
        }
        let error = handle.terminate().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotRunning);
        let again = stage.client.start(outing()).id("1").await.unwrap();
        outcome(&again).await.unwrap_err();
        let world = stage.world.clone();
        stage.end().await;
        assert_eq!(world.log(), ["seat 1", "gate 2", "through 2"], "no compensation was run");
        let status = handle.status().await.unwrap();
        assert_eq!((status.status, status.undone, status.compensations.len()), (Status::Terminated, 0, 0));
    })
    .await;
}

/// One that nobody serves, and one that waits for an operator.
#[tokio::test]
async fn what_waits_is_terminated_too() {
    on_both(async |transport| {
        let stage = Stage::idle(&transport);
        let handle = stage.client.start(outing()).id("1").await.unwrap();
        stage.client.terminate("outing", "1").await.unwrap();
        outcome(&handle).await.unwrap_err();
        let stage = Stage::serving::<failing>(&transport);
        stage.world.fail("release", 1);
        let handle = stage.client.start(failing()).id("1").await.unwrap();
        stage.until("failing", "1", Status::Stuck).await;
        handle.terminate().await.unwrap();
        outcome(&handle).await.unwrap_err();
        assert_eq!(handle.retry().await.unwrap_err().kind(), ErrorKind::NotStuck);
        stage.end().await;
    })
    .await;
}
