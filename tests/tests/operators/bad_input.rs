//! What can't be done has a named answer.

use sagaflow::prelude::*;
use sagaflow::{ErrorKind, Status};
use serde_json::json;

use crate::support::{Stage, gate, on_both, refuse, seat};

#[saga]
async fn outing() -> Result<u32, Failure> {
    let through = gate(1).await?;
    Ok(through)
}

#[saga]
async fn failing() -> Result<(), Failure> {
    seat(1).await?;
    refuse().await
}

#[tokio::test]
async fn unknown_instances() {
    on_both(async |transport| {
        let client = Client::new(transport);
        for (verb, result) in [
            ("pause", client.pause("outing", "1").await),
            ("resume", client.resume("outing", "1").await),
            ("retry", client.retry("outing", "1").await),
            ("skip", client.skip("outing", "1", &()).await),
            ("terminate", client.terminate("outing", "1").await),
            ("watch", client.watch("outing", "1").await.map(drop)),
        ] {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{verb}: {error}");
        }
        for (verb, result) in [
            ("pause", client.pause("outing", "a b").await),
            ("retry", client.retry("outing", "").await),
            ("skip", client.skip("out.ing", "1", &()).await),
        ] {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidId, "{verb}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_does_not_stand_so() {
    on_both(async |transport| {
        let stage = Stage::serving::<outing>(&transport);
        let handle = stage.client.start(outing()).id("1").await.unwrap();
        stage.world.at_the_gate(1).await;
        for (result, text) in [
            (handle.resume().await, "outing/1 can't be resumed: it runs"),
            (handle.retry().await, "outing/1 can't be retried: it runs"),
            (handle.skip::<gate>(&1).await, "outing/1 can't be skipped: it runs"),
        ] {
            let error = result.unwrap_err();
            assert_eq!((error.kind(), &*error.to_string()), (ErrorKind::NotStuck, text));
        }
        stage.world.open_the_gate();
        handle.outcome().await.unwrap().unwrap();
        let error = handle.retry().await.unwrap_err();
        assert_eq!(error.to_string(), "outing/1 can't be retried: it has come to its end");
        assert_eq!(error.kind(), ErrorKind::NotStuck);
        stage.end().await;

        let stage = Stage::serving::<failing>(&transport);
        stage.world.fail("release", 1);
        let handle = stage.client.start(failing()).id("1").await.unwrap();
        stage.until("failing", "1", Status::Stuck).await;
        let error = handle.resume().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "failing/1 can't be resumed: it is stuck: `retry` what it is stuck at, or `skip` it"
        );
        assert_eq!(handle.pause().await.unwrap_err().kind(), ErrorKind::NotRunning);
        let error = handle.skip::<seat>(&1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotStuck);
        assert!(error.to_string().contains("it waits for no such step"), "{error}");
        let error = stage.client.skip("failing", "1", &json!(null)).at("elsewhere").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotStuck);
        assert_eq!(handle.status().await.unwrap().status, Status::Stuck, "nothing of that has changed it");
        stage.end().await;
    })
    .await;
}

/// What can't be written is refused before anything is done.
#[tokio::test]
async fn values_that_json_cannot_carry() {
    let client = Client::new(sagaflow::connect("embedded:").await.unwrap());
    let error = client.skip("outing", "1", &f64::NAN).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unserializable);
}
