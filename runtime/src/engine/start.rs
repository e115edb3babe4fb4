//! The first record of an instance.

use jiff::Timestamp;

use super::{Event, Moment, apply};
use crate::definition::SagaDefinition;
use crate::record::{FORMAT, Frame, Record, Status};
use crate::transport::InstanceId;

/// The record to start an instance with. The code before the first step is run at once, so that the record already
/// waits for that step. If there is none, or the code panics, the record stands at the beginning instead and
/// a worker takes it up, which then deals with the rest in the way that it deals with all instances.
pub(crate) fn start(
    definition: &SagaDefinition,
    instance: &InstanceId,
    arguments: Frame,
    now: Timestamp,
) -> Box<Record> {
    let record = Box::new(Record {
        format: FORMAT,
        saga: instance.saga().to_owned(),
        id: instance.id().to_owned(),
        status: Status::Running,
        started: now,
        updated: now,
        steps: 0,
        attempts: 0,
        frame: Some(arguments),
        cause: None,
        output: None,
        undone: 0,
        reason: None,
        original: None,
        handed_back: None,
        meta: std::collections::BTreeMap::new(),
    });
    let moment = Moment { now, chance: [0.0; 2], failure_rate: 0.0 };
    match apply(record.clone(), Event::Begin, definition, &moment) {
        Ok(first) if first.status == Status::Running => first,
        _ => record,
    }
}
