//! Records that the worker's code can't take up.

use std::sync::Arc;
use std::time::Duration;

use super::{Faulty, Stage};
use crate::example::{Script, order};
use crate::{Client, ErrorKind, Status};

const NEWER_STATE: &[u8] = br#"{"format":1,"saga":"order","id":"1","status":"running","started":"2026-11-22T14:03:51Z",
    "updated":"2026-11-22T14:03:52Z","steps":4,"frame":{"state":"pack","vars":{"x":1},
    "pending":{"step":{"step":"pack","args":{},"occurrence":4}}}}"#;

#[tokio::test(start_paused = true)]
async fn unknown_state_is_handed_back_and_then_paused() {
    let stage = Stage::new(Script::default());
    stage.put("1", NEWER_STATE).await;
    let begun = tokio::time::Instant::now();
    let _worker = stage.builder().hand_back(Duration::from_secs(5), 3).build().unwrap().spawn();
    let handed_back = stage.until("1", |record| record.handed_back.is_some_and(|back| back.times == 2)).await;
    assert_eq!(handed_back.frame.unwrap().state, "pack");
    let record = stage.until("1", |record| record.status == Status::Paused).await;
    assert!(begun.elapsed() >= Duration::from_secs(15));
    assert_eq!(record.reason.unwrap(), "unknown state `pack` of saga `order` (no worker knew better in 3 hand-backs)");
    assert_eq!((record.steps, record.started), (4, handed_back.started));
    let status = stage.client.status("order", "1").await.unwrap();
    assert_eq!(
        (status.status, status.state.as_deref(), status.step.as_deref()),
        (Status::Paused, Some("pack"), Some("pack"))
    );
}

#[tokio::test(start_paused = true)]
async fn newer_format_is_handed_back_untouched() {
    let stage = Stage::new(Script::default());
    stage.put("1", br#"{"format":2,"saga":"order","new":[1, 2],"status":"dreaming"}"#).await;
    let _worker = stage.builder().hand_back(Duration::from_secs(5), 2).build().unwrap().spawn();
    let record = stage.until("1", |record| record.status == Status::Paused).await;
    let original: serde_json::Value = record.original.unwrap().read().unwrap();
    assert_eq!(original["new"], serde_json::json!([1, 2]));
    assert_eq!(original["status"], "dreaming");
    assert!(record.reason.unwrap().contains("format 2"));
}

#[tokio::test(start_paused = true)]
async fn unreadable_records_are_paused_at_once_with_nothing_lost() {
    let stage = Stage::new(Script::default());
    let cases: [(&str, &[u8], &str); 4] = [
        ("1", b"nonsense", r#""text:nonsense""#),
        ("2", b"\"a string\"", r#""text:\"a string\"""#),
        ("3", b"\xff\xfe\x00", r#""hex:fffe00""#),
        ("4", br#"{"status":"running"}"#, r#"{"status":"running"}"#),
    ];
    for (id, payload, _) in cases {
        stage.put(id, payload).await;
    }
    let _worker = stage.worker();
    for (id, _, original) in cases {
        let record = stage.until(id, |record| record.status == Status::Paused).await;
        assert_eq!(record.original.unwrap().as_json(), original);
        assert!(record.reason.unwrap().starts_with("the record can't be read"));
    }
}

#[tokio::test(start_paused = true)]
async fn oversize_record_is_refused_at_the_start_and_paused_later() {
    let mut stage = Stage::new(Script::default());
    stage.transport = Arc::new(Faulty { max_record: 4096 + 420, ..Faulty::new() });
    stage.client = Client::new(stage.transport.clone());
    let error = stage.client.start(order("b".repeat(420), 5)).id("0").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.to_string().contains("the arguments of step `reserve`"), "{error}");

    // The first record fits; with two compensations in it, the second doesn't.
    stage.client.start(order("b".into(), 5)).id("1").await.unwrap();
    let _worker = stage.worker();
    let record = stage.until("1", |record| record.status == Status::Paused).await;
    let reason = record.reason.unwrap();
    assert!(reason.contains("420 is the most; its largest part is the list of 2 compensations"), "{reason}");
    let original: crate::record::Record = record.original.unwrap().read().unwrap();
    assert_eq!(original.frame.unwrap().state, "reserve");
}
