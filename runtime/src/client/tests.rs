//! Tests of the client alone; those with a worker stand at the worker.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Client, id};
use crate::example::order;
use crate::transport::{Append, InstanceId, Transport, embedded};
use crate::{ErrorKind, Status};

#[test]
fn random_ids_differ_and_are_valid() {
    let ids: HashSet<String> = (0..1000).map(|_| id::random()).collect();
    assert_eq!(ids.len(), 1000);
    for id in ids {
        assert_eq!(id.len(), 23);
        InstanceId::new("order", id).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_instance_is_not_found() {
    let client = Client::new(embedded::memory());
    let handle = client.handle::<order>("1").unwrap();
    assert_eq!(handle.outcome().await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(handle.status().await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(client.handle::<order>("a b").unwrap_err().kind(), ErrorKind::InvalidId);
}

#[tokio::test(start_paused = true)]
async fn status_shows_the_first_step() {
    let client = Client::new(embedded::memory());
    client.start(order("book".into(), 5)).id("1").await.unwrap();
    let status = client.status("order", "1").await.unwrap();
    assert_eq!((status.status, status.state.as_deref()), (Status::Running, Some("reserve")));
    assert_eq!((status.step.as_deref(), status.attempt, status.steps), (Some("reserve"), Some(1), 1));
}

#[tokio::test(start_paused = true)]
async fn outcome_that_does_not_fit_is_a_clear_error() {
    let transport = embedded::memory();
    let instance = InstanceId::new("order", "1").unwrap();
    let outcome = async |id: &str, payload: &'static str| {
        let instance = InstanceId::new("order", id).unwrap();
        let append = Append::new(&instance, None, payload.into());
        transport.append(append).await.unwrap();
        let client = Client::new(Arc::clone(&transport) as Arc<dyn Transport>);
        client.handle::<order>(id).unwrap().outcome().await.unwrap_err()
    };
    let error = outcome("1", r#"{"format":9,"status":"completed"}"#).await;
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    assert!(error.to_string().contains(&instance.to_string()) && error.to_string().contains("format 9"), "{error}");
    let error = outcome(
        "2",
        r#"{"format":1,"saga":"order","id":"2","status":"completed","started":"2026-11-22T14:03:51Z",
            "updated":"2026-11-22T14:03:51Z","output":{"Ok":17}}"#,
    )
    .await;
    assert!(error.to_string().contains("its output doesn't fit what `order` returns"), "{error}");
}
