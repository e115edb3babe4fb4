//! Notes: a log beside a record, in which each number is given once, and which is void with the record.

use std::time::Duration;

use futures::future::join_all;

use super::Harness;
use super::kit::{Kit, instance, note, record};
use crate::transport::{Append, AppendError, InstanceId, Revision};

async fn assert_refused(kit: &Kit<'_>, order: &InstanceId, of: Revision, number: u64) {
    match kit.note(note(order, of, number, "refused")).await {
        Err(AppendError::Superseded { .. }) => {}
        other => panic!("expected `superseded`, got {other:?}"),
    }
}

/// Notes are read in the order of their numbers, and come back as they were; the record is as it was.
pub async fn notes_come_back_in_order(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.start(&order).await;
    assert_eq!(kit.notes(&order, first).await, [""; 0]);
    for (number, text) in (0..).zip(["one", "", "three"]) {
        kit.note(note(&order, first, number, text)).await.expect("a note is stored");
    }
    assert_eq!(kit.notes(&order, first).await, ["one", "", "three"]);
    let stored = kit.latest(&order).await.expect("the record is there");
    assert_eq!((stored.revision, &stored.payload[..]), (first, &b"started"[..]));
    kit.patient_worker().await.expect(&order, first).await;
}

/// Which note has a number is decided once.
pub async fn a_second_note_of_a_number_is_refused(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.start(&order).await;
    kit.note(note(&order, first, 0, "mine")).await.expect("a note is stored");
    assert_refused(&kit, &order, first, 0).await;
    assert_eq!(kit.notes(&order, first).await, ["mine"]);
}

/// 16 notes with the same number, at the same time: one is stored, the others are told.
pub async fn of_concurrent_notes_one_wins(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.start(&order).await;
    let answers = join_all((0..16).map(|n| {
        let (kit, order) = (&kit, &order);
        async move {
            let text = format!("by {n}");
            let answer = kit.note(note(order, first, 0, &text)).await;
            (text, answer)
        }
    }));
    let mut stored = Vec::new();
    for (text, answer) in answers.await {
        match answer {
            Ok(()) => stored.push(text),
            Err(AppendError::Superseded { .. }) => {}
            Err(other) => panic!("expected `superseded`, got {other:?}"),
        }
    }
    assert_eq!(stored.len(), 1, "only one note is stored");
    assert_eq!(kit.notes(&order, first).await, stored);
}

/// What comes after a number that is missing does not count before that is there.
pub async fn notes_end_where_a_number_is_missing(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.start(&order).await;
    for number in [0, 2] {
        kit.note(note(&order, first, number, &number.to_string())).await.expect("a note is stored");
    }
    assert_eq!(kit.notes(&order, first).await, ["0"]);
    kit.note(note(&order, first, 1, "1")).await.expect("a note is stored");
    assert_eq!(kit.notes(&order, first).await, ["0", "1", "2"]);
}

/// The notes of another instance, and of a record before, are others.
pub async fn notes_belong_to_one_record(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let (order, other) = (instance("order"), instance("other"));
    let (first, of_other) = (kit.start(&order).await, kit.start(&other).await);
    kit.note(note(&order, first, 0, "of the first")).await.expect("a note is stored");
    kit.note(note(&other, of_other, 0, "of the other")).await.expect("a note is stored");
    let append = Append { noted: true, ..record(&order, Some(first), "second") };
    let second = kit.append(append).await.expect("a record is appended after one with notes");
    assert_eq!(kit.notes(&order, second).await, [""; 0]);
    kit.note(note(&order, second, 0, "of the second")).await.expect("a note is stored");
    assert_eq!(kit.notes(&order, second).await, ["of the second"]);
    assert_eq!(kit.notes(&other, of_other).await, ["of the other"]);
}

/// They are removed when the next record is there.
pub async fn notes_vanish_some_time_after_their_record(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.start(&order).await;
    for number in 0..5 {
        kit.note(note(&order, first, number, "void soon")).await.expect("a note is stored");
    }
    let append = Append { noted: true, ..record(&order, Some(first), "second") };
    kit.append(append).await.expect("a record is appended after one with notes");
    kit.in_time("the end of the notes", async {
        while !kit.notes(&order, first).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

/// More notes than any single answer holds.
pub async fn a_thousand_notes_come_back(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.start(&order).await;
    let expected: Vec<_> = (0..1100).map(|n| format!("note {n}")).collect();
    let stored = join_all((0..).zip(&expected).map(|(number, text)| kit.note(note(&order, first, number, text)))).await;
    stored.into_iter().for_each(|stored| stored.expect("a note is stored"));
    assert_eq!(kit.notes(&order, first).await, expected);
}

/// A note may be as large as a record.
pub async fn a_note_that_is_too_large_is_refused(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.start(&order).await;
    let limit = kit.transport.max_record();
    match kit.note(note(&order, first, 0, &"x".repeat(limit + 1))).await {
        Err(AppendError::TooLarge { size, limit: told }) => assert_eq!((size, told), (limit + 1, limit)),
        other => panic!("expected `too large`, got {other:?}"),
    }
    kit.note(note(&order, first, 0, &"x".repeat(limit))).await.expect("the largest note is stored");
    assert_eq!(kit.notes(&order, first).await[0].len(), limit);
}

/// Notes are as durable as records, and so is that they are void.
pub async fn notes_survive_a_restart(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let (order, other) = (instance("order"), instance("other"));
    let (first, of_other) = (kit.start(&order).await, kit.start(&other).await);
    for number in 0..3 {
        kit.note(note(&order, first, number, &number.to_string())).await.expect("a note is stored");
        kit.note(note(&other, of_other, number, "void")).await.expect("a note is stored");
    }
    let append = Append { noted: true, ..record(&other, Some(of_other), "second") };
    let second = kit.append(append).await.expect("a record is appended after one with notes");
    let Some(kit) = kit.reopen().await else { return };
    assert_eq!(kit.notes(&order, first).await, ["0", "1", "2"]);
    assert_eq!(kit.notes(&other, second).await, [""; 0]);
    assert_refused(&kit, &order, first, 2).await;
    kit.note(note(&order, first, 3, "3")).await.expect("a note is stored");
    assert_eq!(kit.notes(&order, first).await, ["0", "1", "2", "3"]);
}
