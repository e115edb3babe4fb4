//! Appending under a condition, against a real server.

use std::time::Duration;

use sagaflow::transport::{Append, AppendError, Revision};
use sagaflow_tests::NatsServer;

use crate::support::{append, append_keeping, id, latest, open, soon, text};

#[tokio::test]
async fn an_append_on_a_stale_condition_is_superseded_by_the_last_revision() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let first = append(&transport, &id(1), None, "1").await.unwrap();
    let second = append(&transport, &id(1), Some(first), "2").await.unwrap();
    assert!(second > first);
    for stale in [None, Some(first), Some(Revision(second.0 + 1))] {
        match append(&transport, &id(1), stale, "3").await {
            Err(AppendError::Superseded { last }) => assert_eq!(last, Some(second)),
            other => panic!("{other:?}"),
        }
    }
    let stored = latest(&transport, &id(1)).await.unwrap();
    assert_eq!((stored.revision, text(&stored.payload)), (second, "2"));
    assert_eq!(latest(&transport, &id(2)).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixteen_appends_at_once_one_wins() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let mut after = None;
    for round in 0..20 {
        let racers = (0..16).map(|racer| {
            let transport = transport.clone();
            tokio::spawn(async move { append(&transport, &id(1), after, &format!("{round}/{racer}")).await })
        });
        let mut won = Vec::new();
        for result in futures::future::join_all(racers).await {
            match result.unwrap() {
                Ok(revision) => won.push(revision),
                Err(AppendError::Superseded { .. } | AppendError::Undecided) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(won.len(), 1, "round {round}: {won:?}");
        after = Some(won[0]);
    }
    assert_eq!(latest(&transport, &id(1)).await.unwrap().revision, after.unwrap());
}

#[tokio::test]
async fn the_largest_record_is_taken_and_one_byte_more_is_not() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let limit = transport.max_record();
    let longest = "x".repeat(limit);
    append_keeping(&transport, &id(1), None, &longest, Some(Duration::from_secs(3600))).await.unwrap();
    assert_eq!(latest(&transport, &id(1)).await.unwrap().payload.len(), limit);
    match append(&transport, &id(2), None, &format!("{longest}x")).await {
        Err(AppendError::TooLarge { size, limit: most }) => assert_eq!((size, most), (limit + 1, limit)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_terminal_record_protects_its_id_until_it_expires() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let first = append(&transport, &id(1), None, "1").await.unwrap();
    // The server knows whole seconds: this is one.
    append_keeping(&transport, &id(1), Some(first), "done", Some(Duration::from_millis(10))).await.unwrap();
    assert!(matches!(append(&transport, &id(1), None, "again").await, Err(AppendError::Superseded { .. })));
    // No event tells that a record has expired.
    soon(async {
        while latest(&transport, &id(1)).await.is_some() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    match append(&transport, &id(1), Some(first), "late").await {
        Err(AppendError::Superseded { last }) => assert_eq!(last, None),
        other => panic!("{other:?}"),
    }
    append(&transport, &id(1), None, "again").await.unwrap();
}

#[tokio::test]
async fn without_an_answer_the_outcome_is_unknown_and_appending_again_is_safe() {
    let mut server = NatsServer::start().await;
    let transport = open(&server).await;
    let first = append(&transport, &id(1), None, "1").await.unwrap();
    server.kill();
    let instance = id(1);
    let next = || Append::new(&instance, Some(first), "2".into());
    assert!(matches!(soon(transport.append(next())).await, Err(AppendError::Unknown(_))));
    server.restart().await;
    soon(async {
        loop {
            match transport.append(next()).await {
                // The one that went unanswered may have been sent after all.
                Ok(_) | Err(AppendError::Superseded { .. }) => return,
                Err(AppendError::Unknown(_)) => {}
                Err(other) => panic!("{other}"),
            }
        }
    })
    .await;
    let stored = latest(&transport, &id(1)).await.unwrap();
    assert_eq!(text(&stored.payload), "2");
    assert!(stored.revision > first);
}
