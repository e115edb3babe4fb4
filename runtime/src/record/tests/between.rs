//! What instances, clients and operators send each other, and what is told of them.

use super::*;

/// Records of an id that was started anew, with a question; which has been asked, has answered, and has made promises.
const FORMAT_1_REQUESTS: &str = include_str!("../fixtures/format_1_requests.json");
/// Mail as it is stored: for a life, with a key, for all lives; and bare, as it was at first.
const LETTERS: &str = include_str!("../fixtures/letters_1.json");

#[test]
fn format_1_with_requests_and_promises_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_REQUESTS).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_REQUESTS).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
    assert_eq!((records[0].life, records[0].promises.len()), (2, 2));
    let [answered, refused] = &records[0].answers[..] else { panic!("there are two") };
    assert_eq!(answered.value.as_ref().map(Value::as_json), Some("null"));
    assert!(refused.value.is_none());
    assert!(fixtures().iter().all(|record| record.life == 1 && record.promises.is_empty()));
}

#[test]
fn letters_load_and_are_written_as_they_were() {
    let before: Vec<serde_json::Value> = serde_json::from_str(LETTERS).unwrap();
    let read = |letter: &serde_json::Value| Letter::decode(&Json, &letter.to_string().into());
    let letters: Vec<Letter> = before.iter().map(read).collect();
    let said: Vec<_> =
        letters.iter().map(|letter| (letter.life, letter.key.as_deref(), letter.value.as_json())).collect();
    let by = r#"{"by":"Ada"}"#;
    assert_eq!(
        said,
        [(Some(2), Some("k"), by), (Some(1), None, "7"), (None, None, "null"), (None, None, by), (None, None, "7")]
    );
    for (letter, before) in letters.iter().zip(&before).take(3) {
        let written: serde_json::Value = serde_json::from_slice(&letter.encode(&Json)).unwrap();
        assert_eq!(written, *before);
        assert!(letter.encode(&Json).starts_with(b"{\"$mail\":1"), "by which it is told from a bare one");
    }
    let odd = Letter::decode(&Json, &bytes::Bytes::from_static(b"\xff{"));
    assert_eq!(odd.value.read::<String>().unwrap(), "\u{fffd}{");
}

#[test]
fn format_1_with_mail_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_MAIL).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_MAIL).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
    assert_eq!(records[0].taken["Approved"], 17);
    assert!(fixtures().iter().all(|record| record.taken.is_empty()), "older ones have taken none");
}

/// The same format since instances have children.
const FORMAT_1_CHILDREN: &str = include_str!("../fixtures/format_1_children.json");
/// What a child's end says to its parent, as it is written since there are children. Never edit it, either.
const CHILD_END_1: &str = include_str!("../fixtures/child_end_1.json");

#[test]
fn format_1_with_children_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_CHILDREN).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_CHILDREN).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
    assert_eq!(records[1].parent.as_ref().unwrap().call, 1);
    assert!(fixtures().iter().all(|record| record.parent.is_none()), "older ones have none");
    let before: serde_json::Value = serde_json::from_str(CHILD_END_1).unwrap();
    let ends: Vec<ChildEnd> = serde_json::from_str(CHILD_END_1).unwrap();
    assert_eq!(serde_json::to_value(&ends).unwrap(), before);
}

/// The same format since ends of others can be waited for.
const FORMAT_1_ATTACHED: &str = include_str!("../fixtures/format_1_attached.json");

#[test]
fn format_1_with_attached_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_ATTACHED).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_ATTACHED).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
    assert_eq!(records[1].attached[0].call, 2);
    assert!(fixtures().iter().all(|record| record.attached.is_empty()), "older ones have none");
}

/// The same format since schedules start instances.
const FORMAT_1_SCHEDULED: &str = include_str!("../fixtures/format_1_scheduled.json");

#[test]
fn format_1_with_a_schedule_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_SCHEDULED).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_SCHEDULED).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
    assert_eq!(records[0].scheduled.as_ref().unwrap().by, "nightly");
    assert!(fixtures().iter().all(|record| record.scheduled.is_none()), "older ones have none");
}

/// The same format since instances and calls wait for their turns.
const FORMAT_1_TURNS: &str = include_str!("../fixtures/format_1_turns.json");

#[test]
fn format_1_with_turns_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_TURNS).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_TURNS).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
    assert_eq!(records[0].line.as_ref().unwrap().of, "backup@acme");
    assert!(records[1].frame.as_ref().unwrap().step().unwrap().turn);
    assert!(fixtures().iter().all(|record| record.line.is_none()), "older ones have none");
}

/// The same format since sagas emit events and keep histories.
const FORMAT_1_EMITTING: &str = include_str!("../fixtures/format_1_emitting.json");

#[test]
fn format_1_with_events_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_EMITTING).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_EMITTING).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
    assert!(
        fixtures().iter().all(|record| record.events.is_empty() && record.history.is_none()),
        "older ones have none"
    );
    let [(first, told), (second, _)] = &records[0].events_to_tell(&Json)[..] else { panic!("there are two") };
    // As consumers know them: neither changes.
    assert_eq!([first, second], ["1795694400000000-2", "1795694400000000-3"]);
    let line = r#"{"format":1,"saga":"order","id":"order-42","number":2,"at":"2026-11-26T12:00:01Z","event":{"Paid":{"cents":1290}}}"#;
    assert_eq!(std::str::from_utf8(told).unwrap().replace(": ", ":").replace("{ ", "{").replace(" }", "}"), line);
    assert_eq!(decode_event(&Json, told).unwrap().event.as_json(), records[0].events[0].event.as_json());
}
