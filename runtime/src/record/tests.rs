//! Tests of the persisted types: what an older version has written must load for ever.

use super::{FORMAT, FaultKind, Record, Status, Value, Vars};
use crate::record::Cause;

/// Records as format 1 writes them, with every field that it has. Never edit it: a change of the format gets a file
/// of its own.
const FORMAT_1: &str = include_str!("fixtures/format_1.json");

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
}

#[test]
fn variables_keep_their_order() {
    let vars: Vars = serde_json::from_str(r#"{"z":1,"a":2}"#).unwrap();
    assert_eq!(serde_json::to_string(&vars).unwrap(), r#"{"z":1,"a":2}"#);
}
