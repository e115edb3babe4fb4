//! Who waits for a turn gets it, whatever ends before and whoever crashes; and no more than may run do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::{Join, Left, Standing};
use crate::prelude::*;
use crate::record::Status;
use crate::testing::Lab;

/// Who is where.
#[derive(Debug, Clone, Default)]
struct Site(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    at: BTreeMap<String, BTreeSet<u32>>,
    /// The most that were at a place at a time.
    most: usize,
    /// Those that have come, in their order.
    came: Vec<u32>,
}

impl Site {
    fn came(&self) -> Vec<u32> {
        self.0.lock().unwrap().came.clone()
    }
}

#[step]
async fn enter(#[inject] site: &Site, place: String, number: u32) {
    let mut seen = site.0.lock().unwrap();
    let here = seen.at.entry(place).or_default();
    let (is_new, count) = (here.insert(number), here.len());
    seen.most = seen.most.max(count);
    if is_new && !seen.came.contains(&number) {
        seen.came.push(number);
    }
}

#[step]
async fn leave(#[inject] site: &Site, place: String, number: u32) {
    site.0.lock().unwrap().at.entry(place).or_default().remove(&number);
}

/// What stands in the mail and the records of lines, as it was first written. It must load for ever.
#[test]
fn what_was_first_written_is_read() {
    let join = r#"{"saga":"backup","member":{"id":"b-7","life":1},"most":1}"#;
    let read: Join = serde_json::from_str(join).expect("it is read");
    assert_eq!((serde_json::to_string(&read).expect("it is written"), &*read.member.id), (join.to_owned(), "b-7"));
    let left: Left = serde_json::from_str(r#"{"member":{"id":"b-7","life":1}}"#).expect("it is read");
    assert_eq!(left.member, read.member);
    let standing: Standing = serde_json::from_str(r#"{"running":["b-7"],"closes":false}"#).expect("it is read");
    assert!(!standing.closes);
}

/// Two at a time, at each place. Those with a number of three or more find nothing, and fail.
#[saga(concurrency = 2, key = place.to_lowercase())]
async fn dig(place: String, number: u32) -> Result<u32, Failure> {
    enter(place.clone(), number).await;
    sleep("10m").await;
    leave(place, number).await;
    if number < 3 { Ok(number) } else { Err(Failure::new("nothing there")) }
}

#[saga]
async fn crew() -> Result<Vec<bool>, Failure> {
    let digs = ["a", "A", "b", "a"]
        .into_iter()
        .zip(0..)
        .map(|(place, number)| dig(place.to_owned(), number).child().outcome());
    Ok(join_all(digs).await.into_iter().map(|found| found.is_ok()).collect())
}

#[test]
fn no_more_than_may_run_do_through_every_crash() {
    let mut lab = Lab::new();
    lab.provide(Site::default).serve::<dig>();
    lab.check(crew()).every_crash().assert_all(|run| {
        assert_eq!(run.outcome().unwrap().as_ref().unwrap(), &[true, true, true, false], "{}", run.story());
        let seen = run.get::<Site>().0.lock().unwrap();
        // A place is told by its key.
        assert_eq!(seen.at.values().map(BTreeSet::len).sum::<usize>(), 0);
        assert!(seen.most <= 2 && seen.came.len() == 4, "{seen:?}\n{}", run.story());
    });
}

#[saga(concurrency = 1)]
async fn alone(number: u32) -> Result<u32, Failure> {
    enter("there".to_owned(), number).await;
    sleep("1h").await;
    leave("there".to_owned(), number).await;
    Ok(number)
}

#[saga]
async fn day() -> Result<(), Failure> {
    sleep("1d").await;
    Ok(())
}

/// However an instance ends, the next has its turn; and one that has ended while it waited is passed over.
#[tokio::test(start_paused = true)]
async fn every_end_gives_the_turn_to_the_next() {
    let mut lab = Lab::new();
    let site = Site::default();
    let there = site.clone();
    lab.provide(move || there.clone()).serve::<alone>();
    let mut run = lab.start(day()).await;
    let client = run.client().clone();
    for number in 0..6 {
        client.start(alone(number)).id(number.to_string()).await.expect("it is started");
    }
    run.advance("1m").await;
    assert_eq!(site.came(), [0]);
    let waits = client.status("alone", "4").await.expect("it is there");
    assert_eq!((waits.status, waits.state), (Status::Running, None));
    client.cancel("alone", "1").await.expect("it is told");
    client.terminate("alone", "0").await.expect("it is ended");
    run.advance("1m").await;
    assert_eq!(site.came(), [0, 2]);
    client.cancel("alone", "2").await.expect("it is told");
    run.crash().await;
    run.advance("1m").await;
    assert_eq!(site.came(), [0, 2, 3]);
    client.pause("alone", "4").await.expect("it is told");
    run.advance("65m").await;
    // It has its turn, and keeps it until somebody resumes it.
    assert_eq!(site.came(), [0, 2, 3]);
    client.resume("alone", "4").await.expect("it is told");
    run.advance("3h").await;
    assert_eq!(site.came(), [0, 2, 3, 4, 5]);
    // Started anew, it stands in line anew: the line has ended meanwhile.
    for _ in 0..2 {
        run.advance("30m").await;
        client.start(alone(6)).id("5").if_exists(IfExists::Restart).await.expect("it is started");
        run.advance("61m").await;
    }
    // Ids have up to 128 bytes.
    for number in [7, 8] {
        client.start(alone(number)).id(format!("{number}{}", "x".repeat(127))).await.expect("it is started");
    }
    run.advance("121m").await;
    let run = run.finish().await;
    assert_eq!(site.came(), [0, 2, 3, 4, 5, 6, 7, 8], "{}", run.story());
}
