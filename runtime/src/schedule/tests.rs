//! When schedules come, and what becomes of runs that overlap, are late, or are asked for.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;

use super::order::{Order, Spec, What};
use super::plan::Plan;
use super::{CatchUp, Overlap, When, schedule};
use crate::prelude::*;
use crate::testing::Lab;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// The next times, in the zone's own clock.
fn next(when: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let when = When::parse(when, zone, at(after)).expect("a schedule");
    let times = std::iter::successors(Some(at(after)), |time| when.next(*time)).skip(1).take(count);
    times.map(|time| time.in_tz(zone).expect("a zone").strftime("%m-%d %H:%M%:z").to_string()).collect()
}

#[test]
fn times_come_as_the_expression_says() {
    assert_eq!(
        next("30 3 * * 1-5", "UTC", "2026-11-26T12:00:00Z", 3),
        ["11-27 03:30+00:00", "11-30 03:30+00:00", "12-01 03:30+00:00"]
    );
    assert_eq!(next("@monthly", "UTC", "2026-11-26T12:00:00Z", 2), ["12-01 00:00+00:00", "01-01 00:00+00:00"]);
    assert_eq!(next("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", 1), ["02-29 00:00+00:00"]);
    assert_eq!(next("0 9 * * *", "Asia/Kolkata", "2026-11-26T12:00:00Z", 1), ["11-27 09:00+05:30"]);
}

/// The clock goes from 02:00 to 03:00: what would come in between comes an hour later on the wall, and once.
#[test]
fn what_the_spring_leaves_out_comes_after_it() {
    let spring = "2026-03-28T12:00:00Z";
    let expected = ["03-29 03:30+02:00", "03-30 02:30+02:00"];
    assert_eq!(next("30 2 * * *", "Europe/Berlin", spring, 2), expected);
    // Also if one asks after the change, and before it comes.
    assert_eq!(next("30 2 * * *", "Europe/Berlin", "2026-03-29T01:10:00Z", 2), expected);
    // Two that come at the same time are one.
    let once = ["03-29 03:30+02:00", "03-30 02:30+02:00", "03-30 03:30+02:00"];
    assert_eq!(next("30 2,3 * * *", "Europe/Berlin", spring, 3), once);
    // What passes is not held up.
    let passing = ["03-29 01:30+01:00", "03-29 03:00+02:00", "03-29 03:30+02:00"];
    assert_eq!(next("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:10:00Z", 3), passing);
}

/// The clock goes from 03:00 to 02:00: a time on the wall comes the first time, and what passes comes both times.
#[test]
fn what_the_autumn_has_twice_comes_once() {
    let autumn = "2026-10-24T12:00:00Z";
    assert_eq!(next("30 2 * * *", "Europe/Berlin", autumn, 2), ["10-25 02:30+02:00", "10-26 02:30+01:00"]);
    // Also if one asks between the two.
    assert_eq!(next("30 2 * * *", "Europe/Berlin", "2026-10-25T00:45:00Z", 1), ["10-26 02:30+01:00"]);
    let passing = ["10-25 02:00+02:00", "10-25 02:00+01:00", "10-25 03:00+01:00"];
    assert_eq!(next("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 3), passing);
}

#[test]
fn intervals_are_counted_from_their_beginning() {
    let from = at("2026-11-26T12:00:07Z");
    let when = When::parse("@every 15m", "UTC", from).expect("an interval");
    assert_eq!(when.next(from), Some(at("2026-11-26T12:15:07Z")));
    assert_eq!(when.next(at("2026-11-26T13:14:59Z")), Some(at("2026-11-26T13:15:07Z")));
    assert_eq!(when.next(at("2020-01-01T00:00:00Z")), Some(from));
}

#[test]
fn what_is_no_schedule_says_where() {
    let wrong = |when: &str, zone: &str| When::parse(when, zone, Timestamp::UNIX_EPOCH).expect_err("it is none");
    assert_eq!(
        wrong("0 25 * * *", "UTC"),
        "`0 25 * * *` is no schedule: at column 3: value must be in range 0..=23; found 25\n  0 25 * * *\n    ^"
    );
    assert!(wrong("0 3 * *", "UTC").ends_with("and this one has 4"));
    assert!(wrong("", "UTC").ends_with("and this one has 0"));
    assert!(wrong("@fortnightly", "UTC").contains("there are `@every 15m`, `@hourly`"));
    assert!(wrong("@every soon", "UTC").contains("`soon` is no duration such as `15m`"));
    assert!(wrong("@every 10ms", "UTC").contains("an interval is a second or more"));
    assert!(wrong("0 3 * * *", "Europe/Nowhere").contains("`Europe/Nowhere` is no time zone"));
    let never = When::parse("0 0 31 2 *", "UTC", Timestamp::UNIX_EPOCH).expect("it can be read");
    assert_eq!(never.next(at("2026-01-01T00:00:00Z")), None);
}

fn spec(when: &str, overlap: Overlap, catch_up: CatchUp) -> Spec {
    let what = What { saga: "x".to_owned(), start: String::new(), fallible: true };
    let (when, zone) = (when.to_owned(), "UTC".to_owned());
    Spec { when, zone, what, overlap, catch_up, from: at("2026-11-26T12:00:00Z") }
}

#[test]
fn what_is_late_is_caught_up_with_as_wanted() {
    let due = at("2026-11-26T13:00:00Z");
    let (in_time, late) = (at("2026-11-26T13:00:01Z"), at("2026-11-26T16:10:00Z"));
    let chosen = |catch_up, now| {
        let chosen = spec("0 * * * *", Overlap::Skip, catch_up).choose(due, now);
        (chosen.at.map(|at| at.to_string()), chosen.cursor.to_string(), chosen.missed)
    };
    let (one, four) = ("2026-11-26T13:00:00Z".to_owned(), "2026-11-26T16:00:00Z".to_owned());
    for catch_up in [CatchUp::Last, CatchUp::All, CatchUp::None] {
        assert_eq!(chosen(catch_up, in_time), (Some(one.clone()), one.clone(), 0));
    }
    assert_eq!(chosen(CatchUp::Last, late), (Some(four.clone()), four.clone(), 3));
    assert_eq!(chosen(CatchUp::All, late), (Some(one.clone()), one, 0));
    assert_eq!(chosen(CatchUp::None, late), (None, four, 4));
}

/// What stands in the records of schedules, as it was first written. It must load for ever.
#[test]
fn a_plan_as_it_was_first_written_is_read() {
    let written = r#"{"spec":{"when":"0 3 * * *","zone":"UTC","what":{"saga":"report","start":"{}","fallible":true},"overlap":"skip","catch_up":"last","from":"2026-11-26T12:00:00Z"},"cursor":"2026-11-27T03:00:00Z","paused":false,"run":{"id":"nightly@2026-11-27T03:00:00Z","at":"2026-11-27T03:00:00Z","runs":true},"last":"7","waiting":[],"ready":[{"at":"2026-11-27T03:00:00Z","exactly":false,"stops":true}],"back_fill":null,"started":1,"skipped":0,"error":null}"#;
    let plan: Plan = serde_json::from_str(written).expect("it is read");
    assert_eq!(serde_json::to_string(&plan).expect("it is written"), written);
    assert_eq!(plan.running(), Some(("report".to_owned(), "nightly@2026-11-27T03:00:00Z".to_owned())));
    let order: Order =
        serde_json::from_str(r#"{"back_fill":["2026-11-26T12:00:00Z","2026-11-27T12:00:00Z"]}"#).expect("it is read");
    assert!(matches!(order, Order::BackFill(..)));
}

/// What the runs have said.
#[derive(Debug, Default)]
struct Book(Mutex<Vec<String>>);

impl Book {
    fn lines(&self) -> Vec<String> {
        let mut lines = self.0.lock().unwrap().clone();
        // What a crash has repeated.
        lines.dedup();
        lines
    }
}

#[step]
async fn write_down(#[inject] book: &Book, line: String) -> Result<(), Failure> {
    book.0.lock().unwrap().push(line);
    Ok(())
}

/// Takes so long, and counts its runs by what the one before has returned.
#[saga]
async fn counting(minutes: u64) -> Result<u64, Failure> {
    let run = scheduled::<u64>().ok_or_else(|| Failure::new("nobody has scheduled it"))?;
    let number = run.last.unwrap_or(0) + 1;
    write_down(format!("{number} begins")).await?;
    sleep(Duration::from_secs(60 * minutes)).await;
    Ok(number)
}

/// What runs come of an hourly schedule in three hours and a half.
fn runs_of(minutes: u64, overlap: Overlap) -> Lab {
    let mut lab = Lab::new();
    lab.provide(Book::default).serve::<counting>();
    let from = Timestamp::now();
    let start = format!(r#"{{"format":1,"arguments":{{"minutes":{minutes}}}}}"#);
    let what = What { saga: "counting".to_owned(), start, fallible: true };
    let (when, zone, catch_up) = ("@every 1h".to_owned(), "UTC".to_owned(), CatchUp::All);
    let spec = Spec { when, zone, what, overlap, catch_up, from };
    let after = Duration::from_secs(3 * 3600 + 1800);
    lab.check(schedule(spec))
        .meanwhile(move |handle| async move {
            tokio::time::sleep(after).await;
            handle.signal(Order::Remove).await.expect("it is told");
        })
        .every_crash()
        .assert_all(move |run| {
            assert!(run.completed());
            let lines = run.get::<Book>().lines();
            let expected: &[&str] = match (minutes, overlap) {
                (10, _) => &["1 begins", "2 begins", "3 begins"],
                // It goes on at the second time, and has ended at the third.
                (90, Overlap::Skip) => &["1 begins", "2 begins"],
                (90, Overlap::Queue) => &["1 begins", "2 begins"],
                // None has ended when the next begins; or none ever ends well.
                _ => &["1 begins", "1 begins", "1 begins"],
            };
            let mut all = expected.to_vec();
            all.dedup();
            assert_eq!(lines, all, "{minutes} {overlap:?}\n{}", run.story());
        });
    lab
}

#[test]
fn each_time_has_its_run_through_every_crash() {
    runs_of(10, Overlap::Skip);
}

#[test]
fn runs_that_overlap_are_dealt_with_as_wanted() {
    for overlap in [Overlap::Skip, Overlap::Queue, Overlap::Allow, Overlap::CancelOld] {
        runs_of(90, overlap);
    }
}

/// What the shop does otherwise.
#[saga]
async fn season() -> Result<(), Failure> {
    sleep("30d").await;
    Ok(())
}

/// Users step through it as they would in earnest.
#[tokio::test(start_paused = true)]
async fn each_night_has_its_run_in_the_kit() {
    let mut lab = Lab::new();
    lab.provide(Book::default).serve::<counting>().serve_schedules();
    let mut run = lab.start(season()).await;
    let nightly = run.client().schedule("0 3 * * *", counting(1)).await.expect("a schedule");
    run.advance("20d").await;
    run.crash().await;
    assert_eq!(nightly.status().await.expect("it is there").started, 20);
    nightly.remove().await.expect("it is told");
    let run = run.finish().await;
    let lines = run.get::<Book>().lines();
    assert_eq!((lines.len(), &*lines[19]), (20, "20 begins"), "{}", run.story());
}
