//! Tests of the persisted types: what an older version has written must load for ever.

mod between;
mod times;

use super::{
    ChildEnd, FORMAT, FailedCall, FaultKind, Json, Letter, Note, Origin, Parent, Record, START_FORMAT, Start, Status,
    TraceContext, Value, Vars, decode, decode_event, decode_signal, decode_start, encode_start,
};
use crate::record::Cause;

/// Records as format 1 writes them, with every field that it has. Never edit it: a change of the format gets a file
/// of its own.
const FORMAT_1: &str = include_str!("../fixtures/format_1.json");

/// The same format since it carries the trace.
const FORMAT_1_TRACE: &str = include_str!("../fixtures/format_1_trace.json");

/// The same format since it has sagas in sagas, sleeps and timeouts.
const FORMAT_1_TREE: &str = include_str!("../fixtures/format_1_tree.json");

/// The same format since errors know where they come from.
const FORMAT_1_ORIGIN: &str = include_str!("../fixtures/format_1_origin.json");

/// The same format since steps can be deferred.
const FORMAT_1_SCOPE: &str = include_str!("../fixtures/format_1_scope.json");

/// The same format since it has branches side by side.
const FORMAT_1_BRANCHES: &str = include_str!("../fixtures/format_1_branches.json");

/// Notes as they are written since there are any. Never edit it, either.
const NOTE_1: &str = include_str!("../fixtures/note_1.json");

/// The same format since calls can be started.
const FORMAT_1_STARTED: &str = include_str!("../fixtures/format_1_started.json");

/// The same format since steps save their progress.
const FORMAT_1_SAVED: &str = include_str!("../fixtures/format_1_saved.json");

/// Records that operators have had to do with.
const FORMAT_1_OPERATORS: &str = include_str!("../fixtures/format_1_operators.json");

/// Records that wait for signals, and have taken some.
const FORMAT_1_MAIL: &str = include_str!("../fixtures/format_1_mail.json");

/// The same format since calls say that they undo a step whose key they have.
const FORMAT_1_UNDOES: &str = include_str!("../fixtures/format_1_undoes.json");

#[test]
fn format_1_with_a_call_that_undoes_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_UNDOES).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_UNDOES).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
    let undoes = |record: &Record| match &**record.frame.as_ref()?.pending.as_ref()? {
        super::Node::Step(call) => Some(call.undoes),
        _ => None,
    };
    assert_eq!(undoes(&records[0]), Some(true));
    // Older ones don't say it.
    let older: Vec<Record> = serde_json::from_str(FORMAT_1_SCOPE).unwrap();
    assert_eq!(undoes(&older[1]), Some(false));
}

#[test]
fn format_1_with_operators_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_OPERATORS).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_OPERATORS).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
    let call = records[0].frame.as_ref().and_then(|frame| frame.step()).unwrap();
    assert_eq!(call.skipped.as_ref().unwrap().as_json(), r#"{ "id": 7 }"#);
    assert_eq!(records[1].begins, Some("2027-01-01T00:00:00Z".parse().unwrap()));
    assert!(records[2].status == Status::Terminated && records[2].status.is_terminal());
    assert_eq!(records[0].attributes["tenant"].as_json(), r#""acme""#);
}

fn fixtures() -> Vec<Record> {
    serde_json::from_str(FORMAT_1).unwrap()
}

#[test]
fn format_1_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1).unwrap();
    let records = fixtures();
    let mut after = serde_json::to_value(&records).unwrap();
    for (before, after) in before.as_array().unwrap().iter().zip(after.as_array_mut().unwrap()) {
        // What is always written, though it may be left out.
        for count in ["steps", "attempts"] {
            if before.get(count).is_none() {
                assert_eq!(after.as_object_mut().unwrap().remove(count), Some(0.into()));
            }
        }
        if let Some(call) = after.pointer_mut("/frame/pending/step")
            && before.pointer("/frame/pending/step/attempt").is_none()
        {
            assert_eq!(call.as_object_mut().unwrap().remove("attempt"), Some(1.into()));
        }
        assert_eq!(before, after);
    }
    assert_eq!(FORMAT, 1, "a new format needs a fixture");
}

/// A start as format 1 writes it. Never edit it, either.
const START_1: &str = include_str!("../fixtures/start_1.json");

#[test]
fn a_start_of_format_1_loads_and_is_written_as_it_was() {
    let start: Start = decode_start(&Json, &START_1.into()).unwrap();
    let value = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).unwrap();
    assert_eq!(value(&encode_start(&Json, &start).unwrap()), value(START_1.as_bytes()));
    assert_eq!((start.format, START_FORMAT), (1, 1), "a new format needs a fixture");
}

#[test]
fn format_1_with_versions_loads_and_is_written_as_it_was() {
    const VERSION: &str = include_str!("../fixtures/format_1_version.json");
    const START: &str = include_str!("../fixtures/start_1_version.json");
    let value = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).unwrap();
    let records: Vec<Record> = serde_json::from_str(VERSION).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), value(VERSION.as_bytes()));
    let frame = records[0].frame.as_ref().unwrap();
    assert_eq!((frame.version, &*frame.requires), (2, &["coupon".to_owned()][..]));
    let start: Start = decode_start(&Json, &START.into()).unwrap();
    assert_eq!(value(&encode_start(&Json, &start).unwrap()), value(START.as_bytes()));
    // Older ones are of the first version.
    let first = fixtures().iter().filter_map(|record| record.frame.as_ref()).all(|frame| frame.version == 1);
    assert!(first && decode_start(&Json, &START_1.into()).unwrap().version == 1);
}

#[test]
fn a_start_carries_a_trace_and_nothing_that_is_none() {
    let start = |traceparent: &str| {
        let text = format!(r#"{{ "format": 1, "arguments": {{}}, "trace": {{ "traceparent": "{traceparent}" }} }}"#);
        decode_start(&Json, &text.into()).unwrap()
    };
    let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let again = decode_start(&Json, &encode_start(&Json, &start(good)).unwrap()).unwrap();
    assert_eq!(again.trace.unwrap().traceparent(), good);
    assert_eq!(start(&"x".repeat(10_000)).trace, None);
}

#[test]
fn of_a_newer_start_only_the_number_is_read() {
    let newer = r#"{ "format": 2, "arguments": "elsewhere" }"#;
    assert_eq!(decode_start(&Json, &newer.into()).unwrap().format, 2);
    for unreadable in ["", "{}", r#"{ "format": 1, "arguments": 7 }"#, "{ \"format\": 1, \"arguments\": {"] {
        assert!(decode_start(&Json, &unreadable.as_bytes().to_vec().into()).is_err(), "{unreadable}");
    }
}

#[test]
fn format_1_with_trees_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_TREE).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_TREE).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
    let step = |record: &Record| record.frame.as_ref()?.step().map(|call| call.site.clone());
    let sites: Vec<_> = records.iter().map(step).collect();
    assert_eq!(
        sites,
        [Some("stay/reserve".to_owned()), Some("stay/reserve:free".to_owned()), None, Some("a".to_owned())]
    );
}

#[test]
fn format_1_with_origins_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_ORIGIN).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_ORIGIN).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
    let failed = records[0].failed.as_ref().unwrap();
    assert_eq!(failed.to_string(), "no seats left (from `reserve` at `trip/reserve` of holiday/failed, attempt 3)");
    let lines = [
        "no seats left",
        "  from `trip` at `trip` of holiday/failed: no seats left",
        "  from `reserve` at `trip/reserve` of holiday/failed, attempt 3: full",
    ];
    assert_eq!(format!("{failed:#}"), lines.join("\n"));
    assert!(fixtures().iter().all(|record| record.failed.is_none()), "older ones have none");
}

#[test]
fn format_1_with_deferred_steps_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_SCOPE).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_SCOPE).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
    assert!(records[0].frame.as_ref().unwrap().undo[0].deferred);
    assert!(records[1].frame.as_ref().unwrap().step().unwrap().deferred);
}

#[test]
fn format_1_with_started_calls_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_STARTED).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_STARTED).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
    let calls = |record: &Record| record.frame.as_ref().unwrap().step().unwrap().occurrence;
    assert_eq!(records.iter().map(calls).collect::<Vec<_>>(), [3, 2]);
}

#[test]
fn format_1_with_saved_progress_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_SAVED).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_SAVED).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
}

#[test]
fn a_long_chain_of_failed_calls_keeps_both_ends() {
    let origin = Origin::of("holiday", "1");
    let call = |of: u32| FailedCall { of: of.to_string(), error: String::new(), origin: origin.clone(), cause: None };
    let deep = (1..1000).fold(call(0), |cause, of| call(of).caused_by(Some(Box::new(cause))));
    let chain: Vec<_> = deep.chain().map(|call| call.of.as_str()).collect();
    assert!(chain.len() <= 16, "{chain:?}");
    assert_eq!((chain[0], *chain.last().unwrap()), ("999", "0"));
}

#[test]
fn format_1_with_a_trace_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_TRACE).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_TRACE).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
    let trace = records[0].trace.as_ref().unwrap();
    assert_eq!(trace.traceparent(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    assert_eq!((trace.tracestate(), records[1].trace.as_ref().unwrap().tracestate()), (Some("vendor=1"), None));
    assert!(fixtures().iter().all(|record| record.trace.is_none()), "older ones have none");
}

#[test]
fn what_is_no_traceparent_is_no_trace() {
    let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let parent = Parent::read(good).unwrap();
    assert_eq!(parent.trace, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
    assert_eq!((parent.span, parent.flags), (0x00f0_67aa_0ba9_02b7, 1));
    assert!(TraceContext::new("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", None).is_some());
    for bad in [
        "",
        "00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ] {
        assert_eq!(TraceContext::new(bad, None), None, "{bad}");
    }
    let long = "v=".to_owned() + &"1".repeat(600);
    assert_eq!(TraceContext::new(good, Some(&long)).unwrap().tracestate(), None);
}

#[test]
fn every_status_has_a_fixture() {
    let found: Vec<Status> = fixtures().iter().map(|record| record.status).collect();
    for status in [
        Status::Running,
        Status::Unwinding,
        Status::Stuck,
        Status::Paused,
        Status::Completed,
        Status::Compensated,
        Status::Failed,
    ] {
        assert!(found.contains(&status), "{status:?}");
    }
}

#[test]
fn fields_mean_what_they_meant() {
    let records = fixtures();
    let call = records[1].frame.as_ref().unwrap().step().unwrap();
    assert_eq!((call.attempt, call.lost, call.delay_ms, call.catch), (3, 1, Some(1000), true));
    assert!(records[1].frame.as_ref().unwrap().undo[0].before);
    let Some(Cause::Fault(fault)) = &records[3].cause else { panic!("a fault") };
    assert_eq!(fault.kind, FaultKind::WorkerLost);
    assert_eq!(fault.to_string(), "`create_order` lost its worker: 3 workers");
}

#[test]
fn values_that_json_cannot_carry_are_errors() {
    assert!(Value::write(&f64::NAN).is_err());
    assert!(Value::write(&std::collections::HashMap::from([((1, 2), 3)])).is_err());
    assert!(Value::write(&std::collections::HashSet::from([1, 2, 3])).is_ok());
    assert!(Value::write(&Some(None::<u8>)).is_err());
    assert!(Value::write(&vec![Some(Some(1)), Some(None)]).is_err());
    assert!(Value::write(&Some(Some(1))).is_ok());
    assert!(Value::write(&Some(f64::NAN)).is_err());
    assert!(Value::write(&Some(())).is_err());
    assert!(Value::write(&(1.5, None::<u8>, ())).is_ok());
}

#[test]
fn variables_keep_their_order() {
    let vars: Vars = serde_json::from_str(r#"{"z":1,"a":2}"#).unwrap();
    assert_eq!(serde_json::to_string(&vars).unwrap(), r#"{"z":1,"a":2}"#);
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    let mut json = serde_json::to_vec(&fixtures()[0]).unwrap();
    let at = json.iter().rposition(u8::is_ascii_alphabetic).unwrap();
    json[at] = 0xff;
    let error = decode(&Json, &json.into()).unwrap_err().to_string();
    assert!(error.contains("line") && error.contains("column"), "{error}");
}

#[test]
fn format_1_with_branches_loads_and_is_written_as_it_was() {
    let before: serde_json::Value = serde_json::from_str(FORMAT_1_BRANCHES).unwrap();
    let records: Vec<Record> = serde_json::from_str(FORMAT_1_BRANCHES).unwrap();
    assert_eq!(serde_json::to_value(&records).unwrap(), before);
    assert_eq!(records[0].frame.as_ref().unwrap().step().unwrap().occurrence, 2, "the first that is made");
    assert_eq!(records[0].held.as_ref().unwrap().runs, [2, 3]);
}

#[test]
fn notes_load_and_are_written_as_they_were() {
    let before: serde_json::Value = serde_json::from_str(NOTE_1).unwrap();
    let notes: Vec<Note> = serde_json::from_str(NOTE_1).unwrap();
    assert_eq!(serde_json::to_value(&notes).unwrap(), before);
    let mut record: Vec<Record> = serde_json::from_str(FORMAT_1_BRANCHES).unwrap();
    assert_eq!(crate::engine::fold(&mut record[0], notes), Ok(true), "closed by the last one");
    let record = serde_json::to_value(&record[0]).unwrap();
    let of = record.pointer("/frame/pending/join/of").unwrap();
    assert_eq!(of.pointer("/1/node/ended/output/Ok").unwrap(), "hotel");
    assert_eq!(of.pointer("/2/node/race/of/0/node/step/attempt").unwrap(), 2);
    assert_eq!(
        (&record["steps"], &record["attempts"], &record["held"]["runs"]),
        (&4.into(), &2.into(), &serde_json::json!([2, 3, 4]))
    );
    assert_eq!(record["held"]["until"], "2026-11-22T14:04:24Z");
}

/// Signals as they are written down since they can be. Never edit it.
const SIGNAL_1: &str = include_str!("../fixtures/signal_1.json");

#[test]
fn a_signal_of_format_1_loads_and_is_written_as_it_was() {
    let signal = decode_signal(SIGNAL_1).unwrap().unwrap();
    assert_eq!((&*signal.name, &*signal.key, signal.value.as_json()), ("Approved", "click-1", r#"{"by":"Ada"}"#));
    assert_eq!(serde_json::to_string(&signal).unwrap(), SIGNAL_1.trim());
    // One of a newer format, whatever it looks like, says its number.
    assert_eq!(decode_signal(r#"{ "format": 2, "queue": [] }"#).unwrap().unwrap_err(), 2);
    assert!(decode_signal(r#"{ "format": 1, "name": "Approved" }"#).is_err());
}
