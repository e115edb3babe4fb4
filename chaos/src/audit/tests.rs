//! The audit finds what it is there to find: evidence that is perfect, and then made wrong in one way.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::chain::{Seen, Sent};
use super::record::{Record, StepCall};
use super::{Evidence, Finding, Kind, Source, judge};
use crate::effects::{Effect, Result as Noted, What, Which};
use crate::evidence::{Book, Captured, Published, raw};
use crate::faults::Incident;
use crate::oracle::Outcome;

mod case;

use case::{Case, SEED};

fn source(number: u64, incidents: Vec<Incident>) -> Source {
    Source {
        seed: SEED,
        started: vec![number],
        captured: PathBuf::new(),
        published: PathBuf::new(),
        effects: Vec::new(),
        incidents,
        ack_wait: Duration::from_millis(1),
    }
}

#[test]
fn perfect_evidence_is_found_good() {
    let (mut completed, mut compensated, mut failed) = (0, 0, 0);
    for number in 0..500 {
        let case = Case::perfect(number);
        match case.expected.outcome {
            Outcome::Completed(_) => completed += 1,
            Outcome::Compensated(_) => compensated += 1,
            Outcome::Failed(_) => failed += 1,
        }
        let (records, calls) = (case.seen.len() as u64, case.expected.calls.len());
        assert!((1..=80).contains(&calls), "{calls} calls, compensations included");
        let audited = case.judged();
        assert_eq!(audited.findings, []);
        assert_eq!((audited.finished, audited.gaps, audited.repeated), (1, 0, 0));
        assert_eq!((audited.transitions, audited.executions), (records - 1, records - 1));
    }
    assert!(completed > 300 && compensated > 30 && failed > 0, "{completed}, {compensated}, {failed}");
}

#[test]
fn a_missing_instance_is_lost() {
    let mut case = Case::completing();
    (case.seen, case.effects) = (Vec::new(), Vec::new());
    let audited = case.judged();
    assert_eq!((audited.count(Kind::Lost), audited.finished, audited.findings.len()), (1, 0, 1));
}

#[test]
fn an_instance_that_has_not_ended_is_lost() {
    let mut case = Case::completing();
    case.seen.pop();
    assert_eq!(case.found(), [Kind::Lost]);
}

#[test]
fn one_that_was_not_acknowledged_may_stand_anywhere() {
    let mut case = Case::completing();
    case.seen.truncate(3);
    case.effects.truncate(6);
    let mut source = source(case.number, Vec::new());
    source.started.clear();
    let mut evidence = Evidence::default();
    evidence.instances.entry(case.expected.instance.clone()).or_default().seen = case.seen;
    case.effects.into_iter().for_each(|effect| evidence.executions.take(effect));
    assert_eq!(judge(&source, evidence).findings, []);
}

#[test]
fn a_wrong_outcome_is_lost() {
    let mut case = Case::completing();
    case.seen.last_mut().expect("its end").record.output = Some(json!({ "Ok": 0 }));
    assert_eq!(case.found(), [Kind::Lost]);
}

#[test]
fn a_paused_instance_is_found() {
    let mut case = Case::completing();
    case.seen.truncate(3);
    case.effects.truncate(6);
    let paused = Record { reason: Some("why".to_owned()), ..case.record("paused", 3, 3, 0) };
    case.append(paused);
    assert_eq!(case.found(), [Kind::OutOfOrder, Kind::Lost]);
}

#[test]
fn two_records_after_the_same_one_are_a_double_transition() {
    let mut case = Case::completing();
    let mut second = case.seen[3].clone();
    second.revision += 1;
    case.seen.push(second);
    assert!(case.found().contains(&Kind::Double));
}

#[test]
fn a_record_without_its_condition_is_a_double_transition() {
    let mut case = Case::completing();
    case.seen[3].after = None;
    assert_eq!(case.found(), [Kind::Double]);
}

#[test]
fn a_revision_with_two_contents_is_a_double_transition() {
    let mut case = Case::completing();
    let mut second = case.seen[3].clone();
    second.record = case.seen[4].record.clone();
    case.seen.push(second);
    assert_eq!(case.found(), [Kind::Double]);
}

#[test]
fn going_back_to_a_call_that_was_done_is_a_double_transition() {
    let mut case = Case::completing();
    let again = case.seen[2].record.clone();
    case.seen.truncate(5);
    case.append(again);
    let found = case.found();
    assert_eq!(found.first(), Some(&Kind::Double), "{found:?}");
}

#[test]
fn going_on_after_the_end_is_a_double_transition() {
    let mut case = Case::completing();
    let again = case.seen[0].record.clone();
    case.append(again);
    assert!(case.found().contains(&Kind::Double));
}

#[test]
fn a_missing_step_is_out_of_order() {
    let mut case = Case::completing();
    case.seen.remove(4);
    assert!(case.linked().found().contains(&Kind::OutOfOrder));
}

#[test]
fn a_changed_order_is_out_of_order() {
    let mut case = Case::completing();
    let first = case.place(|call, _| call.attempt == 1 && call.occurrence == 2);
    let second = case.place(|call, _| call.attempt == 1 && call.occurrence == 3);
    case.exchange(first, second);
    assert!(case.found().contains(&Kind::OutOfOrder));
}

#[test]
fn other_arguments_are_out_of_order() {
    let mut case = Case::completing();
    case.call_mut(2).args["number"] = Value::from(77);
    assert!(case.found().contains(&Kind::OutOfOrder));
}

#[test]
fn unwinding_in_another_order_is_out_of_order() {
    let mut case = Case::unwinding();
    let first = case.place(|call, record| record.status == "unwinding" && call.attempt == 1);
    let second = case.place(|call, record| record.undone == 1 && call.attempt == 1);
    case.exchange(first, second);
    assert!(case.found().contains(&Kind::OutOfOrder));
}

#[test]
fn a_compensation_that_is_left_out_is_out_of_order() {
    let mut case = Case::unwinding();
    let undone = case.place(|_, record| record.undone == 1);
    case.seen.remove(undone);
    assert!(case.linked().found().contains(&Kind::OutOfOrder));
}

#[test]
fn an_attempt_that_is_left_out_is_out_of_order() {
    let mut case = Case::unwinding();
    let retried = case.place(|call, _| call.attempt == 2);
    case.seen.remove(retried);
    assert!(case.linked().found().contains(&Kind::OutOfOrder));
}

#[test]
fn a_result_that_was_never_executed_is_unfounded() {
    for place in [0, 5] {
        let mut case = Case::completing();
        case.effects.drain(2 * place..2 * place + 2);
        assert_eq!(case.found(), [Kind::Unfounded]);
    }
}

#[test]
fn a_result_that_was_recorded_before_it_was_executed_is_unfounded() {
    let mut case = Case::completing();
    case.effects[5].at += 5_000_000;
    assert_eq!(case.found(), [Kind::Unfounded]);
}

#[test]
fn another_result_than_the_executed_one_is_unfounded() {
    let mut case = Case::completing();
    case.effects[5].what = What::Ended(Noted::Error);
    assert_eq!(case.found(), [Kind::Unfounded]);
}

#[test]
fn an_execution_before_its_record_is_unfounded() {
    let mut case = Case::completing();
    case.effects[4].at -= 10_000;
    assert_eq!(case.found(), [Kind::Unfounded]);
}

#[test]
fn an_execution_before_its_time_is_unfounded() {
    let mut case = Case::unwinding();
    let retried = case.place(|call, _| call.attempt == 2);
    case.call_mut(retried).not_before = Some(Timestamp::from_second(1).expect("a time"));
    assert_eq!(case.found(), [Kind::Unfounded]);
}

#[test]
fn an_execution_that_no_record_asks_for_is_unfounded() {
    let mut case = Case::completing();
    let mut more = case.effects[4].clone();
    more.which.attempt = 9;
    case.effects.push(more);
    assert_eq!(case.found(), [Kind::Unfounded]);
}

#[test]
fn an_execution_again_needs_a_fault() {
    let mut case = Case::completing();
    let more =
        [4, 5].map(|place| Effect { process: 2, at: case.effects[place].at + 100, ..case.effects[place].clone() });
    case.effects.extend(more);
    let audited = case.clone().judged();
    assert_eq!((audited.repeated, audited.count(Kind::Unexplained), audited.findings.len()), (1, 1, 1));
    let at = case.effects[4].at + 50;
    case.incidents.push(Incident { from: at, to: at });
    let audited = case.judged();
    assert_eq!((audited.repeated, audited.findings), (1, Vec::new()));
}

#[test]
fn a_gap_is_filled_by_what_was_sent_and_is_no_double_transition() {
    let mut case = Case::completing();
    let Seen { after, stored: at, record, .. } = case.seen.remove(4);
    let audited = case.clone().judged();
    assert_eq!((audited.gaps, audited.unresolved), (1, 1));
    // Sent twice, as after a lost answer.
    case.sent = vec![Sent { after, at, record }; 2];
    let audited = case.clone().judged();
    assert_eq!((audited.gaps, audited.unresolved, audited.findings), (1, 0, Vec::new()));
    // Two different ones: what follows shows which of them it was.
    for wrong in [0, 1] {
        let mut case = case.clone();
        case.sent[wrong].record = case.seen[3].record.clone();
        case.sent[wrong].record.steps += 1;
        let audited = case.clone().judged();
        assert_eq!((audited.gaps, audited.unresolved, audited.findings), (1, 0, Vec::new()));
        // If none of them can have been it, something is wrong.
        case.sent[1 - wrong].record = case.seen[1].record.clone();
        assert!(!case.judged().findings.is_empty());
    }
}

#[test]
fn a_gap_of_several_records_is_filled() {
    let mut case = Case::completing();
    for _ in 0..3 {
        let Seen { after, stored: at, record, .. } = case.seen.remove(4);
        case.sent.push(Sent { after, at, record });
    }
    let audited = case.judged();
    assert_eq!((audited.gaps, audited.unresolved, audited.findings), (3, 0, Vec::new()));
}

#[test]
fn what_fills_a_gap_is_checked_too() {
    let mut case = Case::completing();
    let Seen { after, stored: at, .. } = case.seen.remove(4);
    case.sent.push(Sent { after, at, record: case.seen[1].record.clone() });
    assert!(case.found().contains(&Kind::Double));
}

#[test]
fn a_foreign_record_is_found() {
    let mut evidence = Evidence::default();
    evidence.instances.entry("tour/x".to_owned()).or_default();
    let mut source = source(0, Vec::new());
    source.started.clear();
    let audited = judge(&source, evidence);
    assert!(matches!(audited.findings.as_slice(), [Finding { kind: Kind::OutOfOrder, .. }]));
}

/// A record as an engine may write it, with more in it than the audit reads.
fn written(record: &Record) -> String {
    let Record { saga, id, status, steps, attempts, undone, .. } = record;
    let mut json = json!({
        "format": 1, "saga": saga, "id": id, "status": status, "steps": steps, "attempts": attempts, "undone": undone,
        "started": "2026-11-22T14:03:51Z",
    });
    if let Some(StepCall { step, args, site, occurrence, attempt, not_before, .. }) = record.call() {
        let mut call =
            json!({ "step": step, "args": args, "site": site, "occurrence": occurrence, "attempt": attempt });
        if let Some(not_before) = not_before {
            call["not_before"] = Value::from(not_before.to_string());
        }
        json["frame"] = json!({ "state": site, "vars": {}, "pending": { "step": call } });
    }
    for (name, value) in [("output", &record.output), ("cause", &record.cause)] {
        if let Some(value) = value {
            json[name] = value.clone();
        }
    }
    json.to_string()
}

#[test]
fn evidence_is_read_from_its_files() {
    let case = Case::unwinding();
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    let captured = Book::create(&path("captured")).expect("a file");
    let published = Book::create(&path("published")).expect("a file");
    let instance = &case.expected.instance;
    for (place, seen) in case.seen.iter().enumerate() {
        let Seen { revision, after, stored, .. } = *seen;
        let (instance, record) = (instance.clone(), raw(written(&seen.record).as_bytes()));
        let reply = place.to_string();
        published.write(&Published::Sent {
            reply: reply.clone(),
            instance: instance.clone(),
            after,
            at: stored,
            record: record.clone(),
        });
        match place {
            // Not told by the server, and answered; not told and not answered; refused; answered and told.
            2 => published.write(&Published::Stored { reply, revision }),
            4 => continue,
            5 => {
                captured.write(&Captured {
                    instance: instance.clone(),
                    revision,
                    after,
                    stored,
                    record: record.clone(),
                });
                let reply = "other".to_owned();
                published.write(&Published::Sent {
                    reply: reply.clone(),
                    instance,
                    after,
                    at: stored,
                    record: raw(b"{}"),
                });
                published.write(&Published::Refused { reply, code: 10071 });
            }
            _ => {
                published.write(&Published::Stored { reply, revision });
                captured.write(&Captured { instance, revision, after, stored, record });
            }
        }
    }
    captured.flush().and_then(|()| published.flush()).expect("written");
    let lines =
        case.effects.iter().map(|Effect { at, which: Which { key, step, attempt }, process, what }| match what {
            What::Begun { number, place } => format!("B {at} {key} {step} {attempt} {number} {place} {process}\n"),
            What::Ended(Noted::Output) => format!("E {at} {key} {step} {attempt} output {process}\n"),
            What::Ended(Noted::Error) => format!("E {at} {key} {step} {attempt} error {process}\n"),
        });
    // A killed worker's last line is half a line.
    std::fs::write(path("effects"), lines.chain(["B 17 tour/".to_owned()]).collect::<String>()).expect("written");

    let effects = vec![path("effects"), path("none")];
    let source =
        Source { captured: path("captured"), published: path("published"), effects, ..source(case.number, Vec::new()) };
    let audited = super::audit(&source).expect("it can be read");
    assert_eq!((audited.gaps, audited.unresolved, audited.findings), (2, 0, Vec::new()));
    assert_eq!((audited.finished, audited.executions), (1, case.seen.len() as u64 - 1));
}

#[test]
fn an_answered_record_that_follows_the_same_one_is_a_double_transition() {
    let mut case = Case::completing();
    let second = Seen { revision: case.seen[3].revision + 1, told: false, ..case.seen[3].clone() };
    case.seen.push(second);
    let audited = case.judged();
    assert!(audited.count(Kind::Double) > 0 && audited.gaps == 1);
}
