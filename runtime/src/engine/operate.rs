//! What operators do to an instance that waits for them: the record that takes the place of its stuck or paused one.
//!
//! Whoever does it knows none of the saga's code. So nothing of that is run here: what an operator has said that a step yields stands in the
//! step's call, and the worker that takes the record up goes by it.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::attempt::{Ended, Ending};
use super::{PAUSE, short, taken};
use crate::definition::{AttemptOutput, SagaDefinition};
use crate::record::{
    Answer, Cause, Codec, FORMAT, Fault, FaultKind, Frame, Join, Node, Origin, Race, Record, Status, StepCall, Value,
};

/// Why an operator can't do something. It is to be told in the words of whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is neither stuck nor paused.
    NotStuck,
    /// It waits for no step (of this name).
    NoStep,
    /// It waits for several: where each is called, and the number of its call.
    Several(Vec<String>),
    /// What it held can't be read here.
    Unreadable(String),
}

/// What stood in a paused record: the payload to put in its place, and what can be read of it.
///
/// It is untouched, but for what says how workers have had it in hand.
pub(crate) fn resumed(paused: &Record, codec: &dyn Codec) -> Result<(Bytes, Option<Box<Record>>), Refused> {
    let unreadable = |why: &str| Refused::Unreadable(why.to_owned());
    let original = paused.original.as_ref().filter(|_| paused.status == Status::Paused).ok_or(Refused::NotStuck)?;
    if original.as_json().trim_start().starts_with('"') {
        let text: String = original.read().map_err(|error| unreadable(&error.0))?;
        return match text.split_once(':') {
            Some(("text", text)) => Ok((Bytes::from(text.to_owned()), None)),
            Some(("hex", digits)) => bytes(digits).map(|bytes| (bytes, None)).ok_or_else(|| unreadable("odd digits")),
            _ => Err(unreadable("it is neither a record nor a text")),
        };
    }
    let mut fields: BTreeMap<String, Box<RawValue>> = original.read().map_err(|_| unreadable("it is no object"))?;
    fields.remove("handed_back");
    fields.remove("held");
    let json = serde_json::to_vec(&fields).map_err(|error| unreadable(&error.to_string()))?;
    let record: Option<Box<Record>> = serde_json::from_slice(&json).ok();
    Ok((codec.encode(json), record.filter(|record| record.format <= FORMAT)))
}

fn bytes(digits: &str) -> Option<Bytes> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect::<Option<Vec<u8>>>().map(Bytes::from)
}

/// The record that a stuck or paused one goes on from.
fn waiting(record: &Record, codec: &dyn Codec) -> Result<Box<Record>, Refused> {
    match record.status {
        Status::Stuck => {
            let mut waiting = Box::new(record.clone());
            // Nothing but an unwinding instance has a cause, or has returned.
            let unwinds = record.cause.is_some() || record.output.is_some();
            (waiting.status, waiting.reason) = (if unwinds { Status::Unwinding } else { Status::Running }, None);
            Ok(waiting)
        }
        Status::Paused => {
            let unreadable = || Refused::Unreadable("it is of another format".to_owned());
            resumed(record, codec)?.1.ok_or_else(unreadable)
        }
        _ => Err(Refused::NotStuck),
    }
}

/// The steps that the instance waits for are tried anew: those that have failed from their first attempt on, and all at once.
pub(crate) fn retried(record: &Record, codec: &dyn Codec, now: Timestamp) -> Result<Box<Record>, Refused> {
    let mut retried = waiting(record, codec)?;
    let mut found = false;
    let each = &mut |call: &mut StepCall, _: bool| {
        found = true;
        if call.error.is_some() || call.lost > 0 {
            (call.attempt, call.lost, call.since) = (1, 0, Some(now));
            (call.not_before, call.delay_ms, call.skipped) = (None, None, None);
        }
    };
    let unwinds = retried.status == Status::Unwinding;
    retried.frame.iter_mut().for_each(|frame| frame.calls_mut(unwinds, each));
    if !found {
        return Err(Refused::NoStep);
    }
    retried.updated = now;
    Ok(retried)
}

/// Which call is to be skipped, of several.
#[derive(Debug, Clone, Default)]
pub(crate) struct Which {
    /// Where it is called, perhaps with the number of the call: `charge`, `charge/3`.
    pub at: Option<String>,
    /// The names that its step has, or had.
    pub names: Option<Vec<&'static str>>,
}

impl Which {
    fn is(&self, call: &StepCall) -> bool {
        let at = self.at.as_ref().is_none_or(|at| *at == call.site || *at == address(call));
        at && self.names.as_ref().is_none_or(|names| names.contains(&&*call.step))
    }
}

fn address(call: &StepCall) -> String {
    format!("{}/{}", call.site, call.occurrence)
}

/// The step that the instance is stuck at, or waits for, is taken to have yielded a value.
pub(crate) fn skipped(
    record: &Record,
    codec: &dyn Codec,
    which: &Which,
    value: &Value,
    now: Timestamp,
) -> Result<Box<Record>, Refused> {
    let stuck = record.status == Status::Stuck;
    let mut skipped = waiting(record, codec)?;
    let unwinds = skipped.status == Status::Unwinding;
    let mut found: Vec<(u64, bool, String, bool)> = Vec::new();
    let look = &mut |call: &mut StepCall, undoes: bool| {
        let failed = call.error.is_some();
        // What an instance is stuck at is a compensation that has failed.
        if which.is(call) && (!stuck || (undoes && failed)) {
            found.push((call.occurrence, undoes, address(call), failed));
        }
    };
    skipped.frame.iter_mut().for_each(|frame| frame.calls_mut(unwinds, look));
    if found.len() > 1 && found.iter().any(|(.., failed)| *failed) {
        found.retain(|(.., failed)| *failed);
    }
    let (occurrence, undoing) = match &*found {
        [] => return Err(Refused::NoStep),
        [(occurrence, undoes, ..)] => (*occurrence, *undoes),
        several => return Err(Refused::Several(several.iter().map(|(_, _, address, _)| address.clone()).collect())),
    };
    let set = &mut |call: &mut StepCall, undoes: bool| {
        if call.occurrence == occurrence && undoes == undoing {
            (call.skipped, call.not_before) = (Some(value.clone()), None);
        }
    };
    skipped.frame.iter_mut().for_each(|frame| frame.calls_mut(unwinds, set));
    skipped.updated = now;
    Ok(skipped)
}

/// How the calls have ended that an operator has skipped. `Err`: a value is none that its step can have; the record is without it then.
pub(crate) fn said(record: &mut Record, definition: &SagaDefinition) -> Result<Vec<Ended>, String> {
    let (mut ended, mut wrong) = (Vec::new(), None);
    let unwinds = record.status == Status::Unwinding;
    let each = &mut |call: &mut StepCall, undoes: bool| {
        let Some(value) = &call.skipped else { return };
        let output = match definition.step(&call.step) {
            // Nobody reads what a compensation returns.
            Some(_) if undoes => Ok(AttemptOutput { output: value.clone(), error: None }),
            Some(step) => step.skipped(value),
            None => return,
        };
        match output {
            Ok(output) => ended.push(Ended {
                of: call.occurrence,
                ending: Ending::Output(output),
                chance: [0.0; 2],
                failure_rate: 0.0,
                saved: None,
            }),
            Err(error) => {
                wrong = Some(format!("step `{}` was skipped with a value that it can't have: {error}", call.step));
                call.skipped = None;
            }
        }
    };
    record.frame.iter_mut().for_each(|frame| frame.calls_mut(unwinds, each));
    match wrong {
        None => Ok(ended),
        Some(why) => Err(short(why)),
    }
}

/// The last record of an instance that is ended where it stands.
pub(crate) fn terminated(record: &Record, now: Timestamp) -> Box<Record> {
    let (of, origin) = (record.saga.clone(), Some(Box::new(Origin::of(&record.saga, &record.id))));
    let fault = Fault { of, kind: FaultKind::Terminated, message: String::new(), origin };
    // Who has asked hears that there will be no answer.
    let refused = record.asked.iter().map(|key| Answer { key: key.clone(), value: None });
    let answers = record.answers.iter().cloned().chain(refused).collect();
    Box::new(Record {
        answers,
        asked: Vec::new(),
        format: FORMAT,
        status: Status::Terminated,
        updated: now,
        frame: None,
        cause: Some(Cause::Fault(fault)),
        failed: None,
        output: None,
        reason: None,
        original: None,
        handed_back: None,
        held: None,
        ..record.clone()
    })
}

/// Notes that the request to pause the instance has been taken.
pub(crate) fn note_pause(record: &mut Record, number: u64) {
    record.taken.insert(PAUSE.to_owned(), number.max(taken(record, PAUSE)));
}

impl Frame {
    /// Calls `visit` with each call that is made, or comes next, and whether it undoes something.
    fn calls_mut(&mut self, undoes: bool, visit: &mut impl FnMut(&mut StepCall, bool)) {
        self.pending.iter_mut().for_each(|node| node.calls_mut(undoes, visit));
        let running = self.started.iter_mut().filter(|started| started.of.runs());
        running.for_each(|started| started.of.node.calls_mut(undoes, visit));
    }
}

impl Node {
    fn calls_mut(&mut self, undoes: bool, visit: &mut impl FnMut(&mut StepCall, bool)) {
        match self {
            Self::Step(call) => visit(call, undoes),
            Self::Undo(undoing) => undoing.call.iter_mut().for_each(|call| visit(call, true)),
            Self::Sleep(_)
            | Self::Signal(_)
            | Self::Ended(_)
            | Self::Scope(_)
            | Self::Answer(_)
            | Self::Handle(_)
            | Self::Child(_) => {}
            Self::Timeout(timeout) => timeout.of.node.calls_mut(undoes, visit),
            Self::Saga(nested) => nested.frame.calls_mut(undoes, visit),
            Self::Join(Join { of, .. }) | Self::Race(Race { of }) => {
                let running = of.iter_mut().filter(|branch| branch.runs());
                running.for_each(|branch| branch.node.calls_mut(undoes, visit));
            }
        }
    }
}
