//! Watching one instance.

use std::time::Duration;

use futures::StreamExt;
use sagaflow::prelude::*;
use sagaflow::{ErrorKind, Status};

use crate::support::{HANGS, Stage, gate, on_both, seat};

#[saga]
async fn tour() -> Result<u32, Failure> {
    let first = seat(1).await?;
    let second = gate(first + 1).await?;
    Ok(second)
}

/// It shows where the instance stands, also where nobody is told of it, and ends with it.
#[tokio::test]
async fn shows_changes_until_the_end() {
    on_both(async |transport| {
        let stage = Stage::serving::<tour>(&transport);
        let handle = stage.client.start(tour()).id("1").await.unwrap();
        let mut watch = handle.watch().await.unwrap();
        let states = async {
            let mut states = Vec::new();
            while let Some(status) = watch.next().await {
                let status = status.unwrap();
                if status.state.as_deref() == Some("gate") {
                    stage.world.open_the_gate();
                }
                states.push((status.status, status.state));
            }
            states
        };
        let states = tokio::time::timeout(HANGS, states).await.unwrap();
        assert!(states.contains(&(Status::Running, Some("gate".to_owned()))), "{states:?}");
        assert_eq!(states.last(), Some(&(Status::Completed, None)));
        assert!(watch.next().await.is_none());
        // Of what has ended already one sees just that.
        let seen: Vec<_> = stage.client.watch("tour", "1").await.unwrap().into_stream().collect().await;
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].as_ref().unwrap().status, Status::Completed);
        stage.end().await;
    })
    .await;
}

/// It ends when the transport is closed, and when the last record is no longer kept.
#[tokio::test]
async fn ends_when_there_is_nothing_to_watch() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    client.start(tour()).id("1").await.unwrap();
    let mut watch = client.watch("tour", "1").await.unwrap();
    watch.next().await.unwrap().unwrap();
    transport.close().await.unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(5), watch.next()).await.unwrap().is_none());
    let error = client.watch("tour", "1").await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}
