//! Logs: a line is written once, read in order, and gone when its time is over.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;

use super::Harness;
use super::kit::{Kit, LONG, instance};
use crate::transport::{AppendError, InstanceId, Line, Log, Logged, Of};

const LOGS: [Log; 2] = [Log::Events, Log::History];

fn line<'a>(log: Log, instance: &'a InstanceId, key: &'a str) -> Line<'a> {
    Line { log, instance, key, keep: LONG, payload: Bytes::copy_from_slice(key.as_bytes()) }
}

async fn write(kit: &Kit<'_>, log: Log, instance: &InstanceId, key: &str) -> u64 {
    kit.write_line(line(log, instance, key)).await.expect("a line is written")
}

async fn read(kit: &Kit<'_>, log: Log, of: Of<'_>, after: u64, most: usize) -> Vec<Logged> {
    kit.in_time("the lines", kit.transport.lines(log, of, after, most)).await.expect("the lines are read")
}

fn keys(lines: &[Logged]) -> Vec<&str> {
    assert!(lines.iter().all(|line| line.payload == line.key), "the payload is that of the key: {lines:?}");
    lines.iter().map(|line| &*line.key).collect()
}

async fn assert_dropped(kit: &Kit<'_>, line: Line<'_>) {
    match kit.write_line(line).await {
        Err(AppendError::Superseded { .. }) => {}
        other => panic!("expected `superseded`, got {other:?}"),
    }
}

/// Positions grow; the lines of a saga, and those of one instance, are read from after a position on, so many at a time. The logs are apart, and so are sagas.
pub async fn lines_are_read_in_order(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let (order, other) = (instance("order"), instance("other"));
    let elsewhere = InstanceId::new("elsewhere", "order").expect("a valid id");
    for log in LOGS {
        let mut positions = Vec::new();
        for (instance, key) in [(&order, "a"), (&other, "b"), (&elsewhere, "x"), (&order, "c"), (&other, "d")] {
            positions.push(write(&kit, log, instance, key).await);
        }
        assert!(positions.is_sorted_by(|a, b| a < b), "{positions:?}");
        let saga = Of::Saga(order.saga());
        let all = read(&kit, log, saga, 0, 100).await;
        assert_eq!(keys(&all), ["a", "b", "c", "d"]);
        assert_eq!(all.iter().map(|line| line.instance.id()).collect::<Vec<_>>(), ["order", "other", "order", "other"]);
        assert_eq!(all.iter().map(|line| line.position).collect::<Vec<_>>(), [0, 1, 3, 4].map(|at| positions[at]));
        assert_eq!(keys(&read(&kit, log, saga, positions[0], 2).await), ["b", "c"]);
        assert_eq!(keys(&read(&kit, log, saga, positions[4], 100).await), [""; 0]);
        assert_eq!(keys(&read(&kit, log, Of::Instance(&order), 0, 100).await), ["a", "c"]);
        assert_eq!(keys(&read(&kit, log, Of::Instance(&other), positions[1], 100).await), ["d"]);
        assert_eq!(keys(&read(&kit, log, Of::Saga("nowhere"), 0, 100).await), [""; 0]);
    }
}

/// More lines than a page has.
pub async fn a_thousand_lines_are_read(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let expected: Vec<_> = (0..1000).map(|n| format!("line-{n}")).collect();
    for some in expected.chunks(100) {
        // Side by side, they come in any order; chunk after chunk they do not.
        join_all(some.iter().map(|key| write(&kit, Log::Events, &order, key))).await;
    }
    let all = read(&kit, Log::Events, Of::Saga(order.saga()), 0, 10_000).await;
    for (found, some) in keys(&all).chunks(100).zip(expected.chunks(100)) {
        let (mut found, mut some) = (found.to_vec(), some.iter().map(String::as_str).collect::<Vec<_>>());
        found.sort_unstable();
        some.sort_unstable();
        assert_eq!(found, some);
    }
    assert_eq!(all.len(), expected.len());
}

/// A key is one of its instance and log: there it is written once, of many at the same time, too.
pub async fn a_line_is_written_once(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let (order, other) = (instance("order"), instance("other"));
    let many = join_all((0..16).map(|_| kit.write_line(line(Log::Events, &order, "key")))).await;
    assert_eq!(many.iter().filter(|written| written.is_ok()).count(), 1, "{many:?}");
    assert_dropped(&kit, line(Log::Events, &order, "key")).await;
    write(&kit, Log::Events, &other, "key").await;
    write(&kit, Log::History, &order, "key").await;
    assert_eq!(keys(&read(&kit, Log::Events, Of::Saga(order.saga()), 0, 100).await), ["key", "key"]);
}

/// A line is gone some time after its time; the others stay. Whether the instance has a record or not is all the same to it.
pub async fn a_line_is_kept_for_its_time(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.start(&order).await;
    let short = Line { keep: harness.shortest_keep(), ..line(Log::Events, &order, "short") };
    kit.write_line(short).await.expect("a line is written");
    write(&kit, Log::Events, &order, "long").await;
    kit.finish(&order, first, harness.shortest_keep()).await;
    kit.in_time("the end of a line", async {
        while keys(&read(&kit, Log::Events, Of::Instance(&order), 0, 100).await) != ["long"]
            || kit.latest(&order).await.is_some()
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    write(&kit, Log::Events, &order, "short").await;
    assert_eq!(keys(&read(&kit, Log::Events, Of::Instance(&order), 0, 100).await), ["long", "short"]);
}

/// What can't be a key is refused as what it is, and what is too large as that.
pub async fn lines_that_cannot_be_are_refused(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    for odd in ["", "a.b", "a b", "*", "a/b", "ä"] {
        let answer = kit.write_line(line(Log::Events, &order, odd)).await;
        assert!(matches!(answer, Err(AppendError::Refused(_))), "`{odd}`: {answer:?}");
    }
    let payload = Bytes::from(vec![b'x'; kit.transport.max_record() + 1]);
    let answer = kit.write_line(Line { payload, ..line(Log::Events, &order, "large") }).await;
    assert!(matches!(answer, Err(AppendError::TooLarge { .. })), "{answer:?}");
    let payload = Bytes::from(vec![b'x'; kit.transport.max_record()]);
    kit.write_line(Line { payload, ..line(Log::History, &order, "largest") }).await.expect("it is written");
}

/// After a restart lines are there, and their keys are taken.
pub async fn lines_survive_a_restart(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let short = Line { keep: harness.shortest_keep(), ..line(Log::Events, &order, "short") };
    kit.write_line(short).await.expect("a line is written");
    let position = write(&kit, Log::Events, &order, "key").await;
    tokio::time::sleep(harness.shortest_keep()).await;
    let Some(kit) = kit.reopen().await else { return };
    assert_dropped(&kit, line(Log::Events, &order, "key")).await;
    kit.in_time("the end of a line", async {
        while keys(&read(&kit, Log::Events, Of::Instance(&order), 0, 100).await) != ["key"] {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let next = write(&kit, Log::Events, &order, "next").await;
    assert!(next > position, "{next} is more than {position}");
}
