//! Stuck and paused instances: retried, skipped.

use sagaflow::prelude::*;
use sagaflow::{ErrorKind, Status};
use serde_json::json;

use crate::support::{Stage, charge, on_both, outcome, refuse, release, seat, stride, walk};

#[saga]
async fn outing() -> Result<(), Failure> {
    seat(1).await?;
    seat(2).await?;
    refuse().await
}

#[saga]
async fn purchase(cents: u64) -> Result<u64, Failure> {
    seat(1).await?;
    let charged = charge(cents).await?;
    Ok(charged + 1)
}

/// Its nested saga fails, and what that has done is undone before it goes on.
#[saga]
async fn detour() -> Result<u32, Failure> {
    let tried = outing().await;
    let place = seat(if tried.is_err() { 7 } else { 8 }).await?;
    Ok(place)
}

#[saga]
async fn two_purchases() -> Result<u64, Failure> {
    let (first, second) = join!(charge(1), charge(2)).await;
    Ok(first? + second?)
}

fn count(log: &[String], text: &str) -> usize {
    log.iter().filter(|entry| *entry == text).count()
}

/// A compensation that has failed is tried again, and the others are run after it.
#[tokio::test]
async fn a_stuck_instance_is_retried() {
    on_both(async |transport| {
        let stage = Stage::serving::<outing>(&transport);
        stage.world.fail("release", 2);
        let handle = stage.client.start(outing()).id("1").await.unwrap();
        let stuck = stage.until("outing", "1", Status::Stuck).await;
        assert_eq!(stuck.step.as_deref(), Some("release"));
        assert!(stuck.reason.unwrap().contains("the seat is nailed down"));
        handle.retry().await.unwrap();
        stage.until_it("outing", "1", |now| now.status == Status::Stuck && now.attempts > stuck.attempts).await;
        stage.client.retry("outing", "1").await.unwrap();
        outcome(&handle).await.unwrap_err();
        let ended = handle.status().await.unwrap();
        assert_eq!((ended.status, ended.undone, ended.reason), (Status::Compensated, 2, None));
        let log = stage.world.log();
        assert_eq!((count(&log, "release 2"), count(&log, "release 1")), (3, 1), "{log:?}");
        stage.end().await;
    })
    .await;
}

/// A compensation that can't be run is passed over, and only that.
#[tokio::test]
async fn a_stuck_instance_is_skipped() {
    on_both(async |transport| {
        let stage = Stage::serving::<outing>(&transport);
        stage.world.fail("release", 1);
        let handle = stage.client.start(outing()).id("1").await.unwrap();
        stage.until("outing", "1", Status::Stuck).await;
        stage.client.skip("outing", "1", &()).await.unwrap();
        outcome(&handle).await.unwrap_err();
        let ended = handle.status().await.unwrap();
        assert_eq!((ended.status, ended.undone), (Status::Compensated, 1), "one of two was run");
        let log = stage.world.log();
        assert_eq!((count(&log, "release 2"), count(&log, "release 1")), (1, 1), "{log:?}");
        stage.end().await;
    })
    .await;
}

/// What is stuck while a part of it is undone goes on with its code.
#[tokio::test]
async fn a_part_that_is_stuck_goes_on() {
    on_both(async |transport| {
        let stage = Stage::serving::<detour>(&transport);
        stage.world.fail("release", 1);
        let handle = stage.client.start(detour()).id("1").await.unwrap();
        stage.until("detour", "1", Status::Stuck).await;
        handle.retry().await.unwrap();
        assert_eq!(outcome(&handle).await.unwrap(), 7);
        stage.world.fail("release", 1);
        let handle = stage.client.start(detour()).id("2").await.unwrap();
        stage.until("detour", "2", Status::Stuck).await;
        handle.skip::<release>(&()).await.unwrap();
        assert_eq!(outcome(&handle).await.unwrap(), 7);
        stage.end().await;
    })
    .await;
}

/// A step that has used up its attempts begins anew with the first.
#[tokio::test]
async fn a_paused_instance_is_retried_from_the_first_attempt() {
    on_both(async |transport| {
        let stage = Stage::serving::<purchase>(&transport);
        stage.world.fail("charge", 3);
        let handle = stage.client.start(purchase(5)).id("1").await.unwrap();
        let paused = stage.until("purchase", "1", Status::Paused).await;
        assert!(paused.reason.unwrap().starts_with("step `charge` has used up its attempts (2)"));
        // The third failure is the first of two attempts.
        handle.retry().await.unwrap();
        assert_eq!(outcome(&handle).await.unwrap(), 6);
        assert_eq!(count(&stage.world.log(), "charge 5"), 4);
        assert_eq!(count(&stage.world.log(), "seat 1"), 1);
        stage.end().await;
    })
    .await;
}

/// Resumed, it goes on where it stood: with its last attempt.
#[tokio::test]
async fn a_paused_instance_is_resumed_with_its_last_attempt() {
    on_both(async |transport| {
        let stage = Stage::serving::<purchase>(&transport);
        stage.world.fail("charge", 3);
        let handle = stage.client.start(purchase(5)).id("1").await.unwrap();
        stage.until("purchase", "1", Status::Paused).await;
        handle.resume().await.unwrap();
        stage
            .until_it("purchase", "1", |now| now.status == Status::Paused && count(&stage.world.log(), "charge 5") == 3)
            .await;
        handle.resume().await.unwrap();
        assert_eq!(outcome(&handle).await.unwrap(), 6);
        assert_eq!(count(&stage.world.log(), "charge 5"), 4);
        stage.end().await;
    })
    .await;
}

/// The saga goes on with what the operator has said, which the compiler or the worker has checked.
#[tokio::test]
async fn a_step_is_skipped_with_a_value() {
    on_both(async |transport| {
        let stage = Stage::serving::<purchase>(&transport);
        stage.world.fail("charge", 2);
        let handle = stage.client.start(purchase(5)).id("1").await.unwrap();
        stage.until("purchase", "1", Status::Paused).await;
        handle.skip::<charge>(&41).await.unwrap();
        assert_eq!(outcome(&handle).await.unwrap(), 42);
        assert_eq!(count(&stage.world.log(), "charge 5"), 2);

        stage.world.fail("charge", 2);
        let handle = stage.client.start(purchase(5)).id("2").await.unwrap();
        stage.until("purchase", "2", Status::Paused).await;
        stage.client.skip("purchase", "2", &json!("a lot")).await.unwrap();
        let wrong = |now: &sagaflow::InstanceStatus| {
            now.reason.as_deref().is_some_and(|reason| reason.contains("skipped with a value"))
        };
        let paused = stage.until_it("purchase", "2", wrong).await;
        let reason = paused.reason.unwrap();
        assert!(
            reason.starts_with("step `charge` was skipped with a value that it can't have: invalid type: string"),
            "{reason}"
        );
        assert_eq!((paused.status, paused.step.as_deref()), (Status::Paused, Some("charge")));
        stage.client.skip("purchase", "2", &json!(8)).await.unwrap();
        assert_eq!(outcome(&handle).await.unwrap(), 9);
        assert_eq!(count(&stage.world.log(), "charge 5"), 4, "no attempt was made after it");
        stage.end().await;
    })
    .await;
}

/// Of several steps it has to be said which.
#[tokio::test]
async fn one_of_several_steps_is_skipped() {
    on_both(async |transport| {
        let stage = Stage::serving::<two_purchases>(&transport);
        stage.world.fail("charge", 8);
        let handle = stage.client.start(two_purchases()).id("1").await.unwrap();
        let paused = stage.until("two_purchases", "1", Status::Paused).await;
        assert!(paused.reason.unwrap().starts_with("step `charge` has used up its attempts"));
        let error = stage.client.skip("two_purchases", "1", &json!(5)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotStuck);
        let text = error.to_string();
        assert!(text.contains("waits for several steps, `join/1`, `join/2`"), "{text}");
        stage.world.fail("charge", 0);
        stage.client.skip("two_purchases", "1", &json!(50)).at("join/2").await.unwrap();
        assert_eq!(outcome(&handle).await.unwrap(), 51);
        stage.end().await;
    })
    .await;
}

/// What an operator has paused can be skipped, too.
#[tokio::test]
async fn what_was_paused_by_hand_is_skipped() {
    on_both(async |transport| {
        let stage = Stage::serving::<walk>(&transport);
        let handle = stage.client.start(walk()).id("1").await.unwrap();
        handle.pause().await.unwrap();
        let paused = stage.walked_to_rest("walk", "1").await;
        assert_eq!(paused.status, Status::Paused);
        let error = handle.skip::<seat>(&5).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotStuck, "it does not wait for that one");
        let walked = stage.world.log().len();
        handle.skip::<stride>(&false).await.unwrap();
        assert_eq!(outcome(&handle).await.unwrap(), walked as u32);
        assert_eq!(stage.world.log().len(), walked);
        stage.end().await;
    })
    .await;
}
