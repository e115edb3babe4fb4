//! What is said about instances: attributes, progress; and starts that begin later.

use std::time::Duration;

use jiff::Timestamp;
use sagaflow::client::{Filter, PreparedStart};
use sagaflow::prelude::*;
use sagaflow::{ErrorKind, FaultKind, Status};

use crate::support::{Stage, gate, on_both, outcome, refuse, seat};

/// Says where it is, at each step and in a part of it.
#[saga]
async fn tour(stops: u32) -> Result<u32, Failure> {
    attribute("stops", stops);
    for stop in 0..stops {
        progress(&format!("at {stop}"));
        gate(stop).await?;
    }
    let dined = dinner().await?;
    progress("home");
    attribute("dined", dined);
    Ok(stops)
}

#[saga]
async fn dinner() -> Result<bool, Failure> {
    progress("at dinner");
    attribute("seat", "window");
    seat(7).await?;
    Ok(true)
}

#[saga]
async fn fails_after() -> Result<(), Failure> {
    progress(&1);
    seat(1).await?;
    progress(&2);
    refuse().await
}

#[saga]
async fn says(number: u32) -> Result<u32, Failure> {
    seat(1).await?;
    match number {
        0 => progress(&f64::NAN),
        1 => progress(&"long".repeat(2000)),
        2 => attribute("two words", 1),
        3 => attribute("list", vec![1]),
        _ => (0..17).for_each(|n| attribute(&format!("a{n}"), n)),
    }
    seat(2).await?;
    Ok(number)
}

fn json(value: Option<&sagaflow::record::Value>) -> Option<&str> {
    value.map(sagaflow::record::Value::as_json)
}

#[tokio::test]
async fn progress_and_attributes_go_with_the_record() {
    on_both(async |transport| {
        let stage = Stage::serving::<tour>(&transport);
        let handle =
            stage.client.start(tour(2)).id("1").attribute("tenant", "acme").attribute("vip", true).await.unwrap();
        stage.world.at_the_gate(1).await;
        let status = handle.status().await.unwrap();
        assert_eq!(json(status.progress.as_ref()), Some("\"at 0\""));
        stage.world.open_the_gate();
        assert_eq!(outcome(&handle).await.unwrap(), 2);
        let status = handle.status().await.unwrap();
        assert_eq!(json(status.progress.as_ref()), Some("\"home\""));
        let all: Vec<_> = status.attributes.iter().map(|(name, value)| format!("{name}={}", value.as_json())).collect();
        assert_eq!(all, ["dined=true", "seat=\"window\"", "stops=2", "tenant=\"acme\"", "vip=true"]);
        assert_eq!(status.steps, 3, "what was said has cost no step");

        stage
            .client
            .start(tour(1))
            .id("2")
            .attribute("tenant", "other")
            .await
            .unwrap()
            .outcome()
            .await
            .unwrap()
            .unwrap();
        let count = async |filter: Filter| stage.client.list(filter.saga("tour")).count().await.unwrap();
        assert_eq!(count(Filter::new().attribute("tenant", "acme")).await, 1);
        assert_eq!(count(Filter::new().attribute("dined", true)).await, 2);
        assert_eq!(count(Filter::new().attribute("stops", 2)).await, 1);
        assert_eq!(count(Filter::new().attribute("stops", "2")).await, 0, "a text is no number");
        assert_eq!(count(Filter::new().attribute("stops", 2).attribute("tenant", "other")).await, 0);
        assert_eq!(count(Filter::new().attribute("nobody", "has it")).await, 0);
        stage.end().await;
    })
    .await;
}

/// What was said last stays, also of what has failed, and of what is paused.
#[tokio::test]
async fn what_was_said_stays() {
    on_both(async |transport| {
        let stage = Stage::serving::<fails_after>(&transport);
        stage.world.fail("release", 1);
        let handle = stage.client.start(fails_after()).id("1").await.unwrap();
        let stuck = stage.until("fails_after", "1", Status::Stuck).await;
        assert_eq!(json(stuck.progress.as_ref()), Some("2"));
        handle.retry().await.unwrap();
        outcome(&handle).await.unwrap_err();
        assert_eq!(json(handle.status().await.unwrap().progress.as_ref()), Some("2"));
        stage.end().await;
    })
    .await;
}

#[tokio::test]
async fn what_can_not_be_stored_pauses_with_the_reason() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let stage = Stage::serving::<says>(&transport);
    for (number, text) in [
        "how far the saga has come can't be stored: NaN",
        "how far the saga has come can't be stored: it has 8002 bytes, and 4096 is the most",
        "`two words` can't be the name of an attribute: allowed are 1 to 64 ASCII letters, digits and signs",
        "the attribute `list` is neither a text nor a number nor a truth value",
        "the instance would have 17 attributes, and 16 is the most",
    ]
    .into_iter()
    .enumerate()
    {
        let id = number.to_string();
        stage.client.start(says(number as u32)).id(&*id).await.unwrap();
        let paused = stage.until("says", &id, Status::Paused).await;
        let reason = paused.reason.unwrap();
        assert!(reason.starts_with(text.trim_end_matches("NaN")), "{reason}");
    }
    stage.end().await;
}

#[tokio::test]
async fn starts_with_what_is_no_attribute_are_refused() {
    let client = Client::new(sagaflow::connect("embedded:").await.unwrap());
    let start = || client.start(dinner()).id("1");
    let many = (0..17).fold(start(), |start, n| start.attribute(format!("a{n}"), n));
    for (start, text) in [
        (start().attribute("", 1), "dinner/1 can't be started: `` can't be the name of an attribute"),
        (start().attribute("é", 1), "dinner/1 can't be started: `é` can't be the name of an attribute"),
        (
            start().attribute("long", "x".repeat(300)),
            "dinner/1 can't be started: the attribute `long` has 302 bytes, and 256 is the most",
        ),
        (start().attribute("none", ()), "dinner/1 can't be started: the attribute `none` is neither"),
        (many, "dinner/1 can't be started: the instance would have 17 attributes, and 16 is the most"),
    ] {
        let error = start.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidAttribute, "{error}");
        assert!(error.to_string().starts_with(text), "{error}");
    }
    assert_eq!(client.status("dinner", "1").await.unwrap_err().kind(), ErrorKind::NotFound, "nothing was started");
}

/// A start for later is there at once, and begins at its time.
#[tokio::test]
async fn begins_at_its_time() {
    on_both(async |transport| {
        let stage = Stage::serving::<dinner>(&transport);
        let time = Timestamp::now() + Duration::from_millis(400);
        let handle = stage.client.start(dinner()).id("1").attribute("tenant", "acme").at(time).await.unwrap();
        let status = handle.status().await.unwrap();
        assert_eq!((status.status, status.wakes, status.steps), (Status::Running, Some(time), 0));
        assert_eq!(stage.client.list(Filter::new().attribute("tenant", "acme")).count().await.unwrap(), 1);
        let again = stage.client.start(dinner()).id("1").await.unwrap();
        assert!(outcome(&again).await.unwrap());
        assert!(Timestamp::now() >= time, "not before its time");
        let ended = handle.status().await.unwrap();
        assert_eq!((ended.steps, ended.attributes.len()), (1, 2));
        // A time that has passed is now.
        let late = stage.client.start(dinner()).id("2").at("2020-01-01T00:00:00Z".parse().unwrap()).await.unwrap();
        assert!(outcome(&late).await.unwrap());
        stage.end().await;
    })
    .await;
}

/// Before its time it can be cancelled, paused and terminated like any other.
#[tokio::test]
async fn what_has_not_begun_is_cancelled() {
    on_both(async |transport| {
        let stage = Stage::serving::<dinner>(&transport);
        let later = Timestamp::now() + Duration::from_secs(3600);
        let start = |id: &'static str| stage.client.start(dinner()).id(id).at(later).into_future();
        let handle = start("cancelled").await.unwrap();
        handle.cancel().await.unwrap();
        let Err(SagaError::Fault(fault)) = outcome(&handle).await else { panic!("it was cancelled") };
        assert_eq!(fault.kind, FaultKind::Cancelled);
        let handle = start("paused").await.unwrap();
        handle.pause().await.unwrap();
        let paused = stage.until("dinner", "paused", Status::Paused).await;
        assert_eq!(paused.wakes, Some(later));
        handle.resume().await.unwrap();
        assert_eq!(handle.status().await.unwrap().status, Status::Running);
        handle.terminate().await.unwrap();
        outcome(&handle).await.unwrap_err();
        assert!(stage.world.log().is_empty(), "nothing was begun");
        stage.end().await;
    })
    .await;
}

/// What is written down keeps both.
#[tokio::test]
async fn prepared_starts_keep_them() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let client = Client::new(transport);
    let later = Timestamp::now() + Duration::from_secs(3600);
    let prepared = client.start(dinner()).id("1").at(later).attribute("tenant", "acme").prepare().unwrap();
    let (instance, text) = (prepared.instance().clone(), prepared.to_json().unwrap());
    client.start_prepared(&PreparedStart::from_json(instance, &text).unwrap()).await.unwrap();
    let status = client.status("dinner", "1").await.unwrap();
    assert_eq!((status.wakes, json(status.attributes.get("tenant"))), (Some(later), Some("\"acme\"")));
}
