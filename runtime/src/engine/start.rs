//! The first record of an instance.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Event, apply};
use crate::definition::SagaDefinition;
use crate::record::{self, FORMAT, Frame, Record, Start, Status};
use crate::transport::InstanceId;

/// The record of an instance at its beginning: none of its code has run.
pub(crate) fn beginning(instance: &InstanceId, start: Start, now: Timestamp) -> Box<Record> {
    let Start { version, arguments, trace, begins, scheduled, attributes, .. } = start;
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
        frame: Some(Frame { version, vars: arguments, ..Frame::default() }),
        cause: None,
        failed: None,
        output: None,
        undone: 0,
        reason: None,
        original: None,
        handed_back: None,
        held: None,
        trace,
        taken: BTreeMap::new(),
        life: record::first(),
        ended_with: BTreeMap::new(),
        begun_with: None,
        brought: Vec::new(),
        asked: Vec::new(),
        answers: Vec::new(),
        emitted: 0,
        events: Vec::new(),
        history: None,
        promises: BTreeMap::new(),
        parent: None,
        attached: Vec::new(),
        begins,
        line: None,
        scheduled,
        progress: None,
        attributes,
    })
}

/// The record to start an instance with. The code before the first step is run at once, so that the record already
/// waits for that step. If there is none, or the code panics, or it is not to begin yet, the record stands at the beginning instead and
/// a worker takes it up, which then deals with the rest in the way that it deals with all instances.
pub(crate) fn start(definition: &SagaDefinition, instance: &InstanceId, start: Start, now: Timestamp) -> Box<Record> {
    begun(definition, beginning(instance, start, now), now)
}

/// The same with a record that stands at its beginning.
pub(crate) fn begun(definition: &SagaDefinition, record: Box<Record>, now: Timestamp) -> Box<Record> {
    if record.begins.is_some_and(|begins| begins > now) {
        return record;
    }
    let mut first = record.clone();
    match apply(&mut first, Event::Begin, definition, now) {
        Ok(_) if first.status == Status::Running => first,
        _ => record,
    }
}
