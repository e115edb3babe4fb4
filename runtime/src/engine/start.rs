//! The first record of an instance.

use jiff::Timestamp;

use super::{Event, apply};
use crate::definition::SagaDefinition;
use crate::record::{FORMAT, Frame, Record, Status, TraceContext};
use crate::transport::InstanceId;

/// The record of an instance at its beginning: none of its code has run.
pub(crate) fn beginning(
    instance: &InstanceId,
    arguments: Frame,
    trace: Option<TraceContext>,
    now: Timestamp,
) -> Box<Record> {
    Box::new(Record {
        format: FORMAT,
        saga: instance.saga().to_owned(),
        id: instance.id().to_owned(),
        status: Status::Running,
        started: now,
        updated: now,
        deadline: None,
        steps: 0,
        attempts: 0,
        frame: Some(arguments),
        cause: None,
        failed: None,
        output: None,
        undone: 0,
        reason: None,
        original: None,
        handed_back: None,
        held: None,
        trace,
        taken: std::collections::BTreeMap::new(),
        parent: None,
        meta: std::collections::BTreeMap::new(),
    })
}

/// The record to start an instance with. The code before the first step is run at once, so that the record already
/// waits for that step. If there is none, or the code panics, the record stands at the beginning instead and
/// a worker takes it up, which then deals with the rest in the way that it deals with all instances.
pub(crate) fn start(
    definition: &SagaDefinition,
    instance: &InstanceId,
    arguments: Frame,
    trace: Option<TraceContext>,
    now: Timestamp,
) -> Box<Record> {
    let record = beginning(instance, arguments, trace, now);
    let mut first = record.clone();
    match apply(&mut first, Event::Begin, definition, now) {
        Ok(_) if first.status == Status::Running => first,
        _ => record,
    }
}
