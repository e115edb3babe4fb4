//! Schedules in earnest: with several workers, on all transports, and told what to do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sagaflow::client::Filter;
use sagaflow::prelude::*;
use sagaflow::{Error, ErrorKind, Overlap, RunningWorker};

use crate::family::HANGS;
use crate::support::{Trace, nats, reserve};

#[saga]
async fn backup(place: String) -> Result<String, Failure> {
    let run = scheduled::<String>().ok_or_else(|| Failure::new("nobody has scheduled it"))?;
    reserve(format!("{place} {} after {}", run.at, run.last.is_some())).await
}

#[saga]
async fn other() -> Result<(), Failure> {
    Ok(())
}

async fn transports() -> [Arc<dyn Transport>; 2] {
    [sagaflow::connect("embedded:").await.unwrap(), nats().await]
}

fn worker(transport: &Arc<dyn Transport>, trace: &Arc<Trace>) -> RunningWorker {
    let builder = Worker::builder(transport.clone()).serve::<backup>().serve::<other>().serve_schedules();
    builder.provide_shared(trace.clone()).build().unwrap().spawn()
}

async fn soon(what: &str, is: impl AsyncFn() -> bool) {
    let found = async {
        while !is().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(HANGS, found).await.unwrap_or_else(|_| panic!("{what} does not come"));
}

/// Three workers, and one that goes after a while: each time has one run, which knows what the one before has returned.
#[tokio::test]
async fn each_time_has_one_run_whoever_is_there() {
    for transport in transports().await {
        let trace = Arc::new(Trace::default());
        let workers = [worker(&transport, &trace), worker(&transport, &trace)];
        let short = worker(&transport, &trace);
        let client = Client::new(transport);
        let schedule = client.schedule("@every 1s", backup("disk".into())).id("often").await.unwrap();
        soon("a first run", async || trace.texts().len() == 1).await;
        short.shutdown().await.unwrap();
        soon("a fourth run", async || trace.texts().len() == 4).await;
        schedule.remove().await.unwrap();
        let texts = trace.texts();
        let times: BTreeSet<_> = texts.iter().map(|text| text.split(' ').nth(2).unwrap().to_owned()).collect();
        assert_eq!(times.len(), texts.len(), "no time twice: {texts:?}");
        assert!(texts[0].ends_with("after false") && texts[3].ends_with("after true"), "{texts:?}");
        let times: Vec<Timestamp> = times.iter().map(|time| time.parse().unwrap()).collect();
        assert!(
            times.windows(2).all(|pair| pair[1].duration_since(pair[0]).as_secs() == 1),
            "none is missing: {times:?}"
        );
        for worker in workers {
            worker.shutdown().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_schedule_does_what_it_is_told() {
    for transport in transports().await {
        let trace = Arc::new(Trace::default());
        let worker = worker(&transport, &trace);
        let client = Client::new(transport);
        let yearly = client.schedule("0 0 1 1 *", backup("disk".into())).id("yearly").zone("Asia/Tokyo");
        let yearly = yearly.overlap(Overlap::Allow).await.unwrap();
        client.schedule("@hourly", other()).await.unwrap();
        let status = yearly.status().await.unwrap();
        assert_eq!((status.next.len(), status.started, status.paused), (5, 0, false));
        assert_eq!(status.next[0].in_tz("Asia/Tokyo").unwrap().strftime("%m-%d %H:%M").to_string(), "01-01 00:00");
        let ids: Vec<_> = client.schedules().await.unwrap().into_iter().map(|status| status.id).collect();
        assert_eq!(ids, ["other", "yearly"]);

        yearly.pause().await.unwrap();
        soon("the pause", async || yearly.status().await.unwrap().paused).await;
        assert!(yearly.status().await.unwrap().next.is_empty());
        let run = yearly.trigger().await.unwrap();
        soon("a run", async || yearly.status().await.unwrap().last.is_some_and(|(id, _)| id == run)).await;
        client.handle::<backup>(&*run).unwrap().outcome().await.unwrap().unwrap();
        yearly.resume().await.unwrap();
        soon("the end of the pause", async || !yearly.status().await.unwrap().paused).await;

        let years = ["2020-06-01T00:00:00Z", "2023-06-01T00:00:00Z"].map(|time| time.parse::<Timestamp>().unwrap());
        yearly.back_fill(years[0], years[1]).await.unwrap();
        // Those that have been are not made again.
        yearly.back_fill(years[0], years[1]).await.unwrap();
        soon("all runs", async || yearly.status().await.unwrap().started == 7).await;
        for year in 2020..2023 {
            let handle = client.handle::<backup>(format!("yearly@{year}-12-31T15:00:00Z")).unwrap();
            handle.outcome().await.unwrap().unwrap();
        }
        assert_eq!(client.list(Filter::new().saga("backup")).count().await.unwrap(), 4);
        assert_eq!(trace.texts().len(), 4, "{:?}", trace.texts());

        yearly.remove().await.unwrap();
        soon("its end", async || client.schedules().await.unwrap().len() == 1).await;
        let gone = [yearly.status().await.map(drop), yearly.pause().await].map(|answer| answer.unwrap_err().kind());
        assert_eq!(gone, [ErrorKind::NotFound, ErrorKind::NotRunning]);
        // Its id is free.
        let again = client.schedule("0 0 1 1 *", other()).id("yearly").await.unwrap();
        assert_eq!(again.status().await.unwrap().saga, "other");
        worker.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn a_schedule_is_replaced_by_another_and_not_by_itself() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    let worker = worker(&transport, &Arc::new(Trace::default()));
    let first = client.schedule("@every 1h", backup("disk".into())).id("b").await.unwrap();
    let next = async || first.status().await.unwrap().next[0];
    let before = next().await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    client.schedule("@every 1h", backup("disk".into())).id("b").await.unwrap();
    let handle = client.schedule_handle("b").unwrap();
    // It has been told, and has come through it when it does what it is told next.
    handle.trigger().await.unwrap();
    soon("a run", async || handle.status().await.unwrap().started == 1).await;
    assert_eq!(next().await, before);
    client.schedule("@every 2h", backup("disk".into())).id("b").await.unwrap();
    soon("the other", async || first.status().await.unwrap().when == "@every 2h").await;
    let error = client.schedule("@every 2h", other()).id("b").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyStarted);
    assert_eq!(
        error.to_string(),
        "`b` is a schedule of the saga `backup`: give this one another id, or remove that one"
    );
    worker.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_can_be_no_schedule_is_refused() {
    let client = Client::new(sagaflow::connect("embedded:").await.unwrap());
    let refused = async |when: &str| -> Error { client.schedule(when, other()).await.unwrap_err() };
    let never = refused("0 0 31 2 *").await;
    assert_eq!(never.kind(), ErrorKind::InvalidSchedule);
    assert_eq!(never.to_string(), "`0 0 31 2 *` never comes, at least not within four years");
    let wrong = refused("0 25 * * *").await;
    assert_eq!(wrong.kind(), ErrorKind::InvalidSchedule);
    assert!(wrong.to_string().contains("at column 3: value must be in range 0..=23; found 25"), "{wrong}");
    let zone = client.schedule("@daily", other()).zone("Mars/Olympus").await.unwrap_err();
    assert_eq!(zone.kind(), ErrorKind::InvalidSchedule, "{zone}");
    let id = client.schedule("@daily", other()).id("x".repeat(97)).await.unwrap_err();
    assert_eq!(id.kind(), ErrorKind::InvalidId, "{id}");
    let unknown = client.schedule_handle("unknown").unwrap();
    assert_eq!(unknown.remove().await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(unknown.status().await.unwrap_err().kind(), ErrorKind::NotFound);
    let (from, until) = (Timestamp::UNIX_EPOCH, Timestamp::now());
    for (from, until) in [(until, from), (from, Timestamp::MAX)] {
        assert_eq!(unknown.back_fill(from, until).await.unwrap_err().kind(), ErrorKind::InvalidSchedule);
    }
    assert!(client.schedules().await.unwrap().is_empty(), "nothing was made");
}
