//! What a record wants from the worker that holds it.

use jiff::Timestamp;

use crate::definition::SagaDefinition;
use crate::record::{FORMAT, Frame, Node, Record, Status, StepCall};

/// What to do with a record.
#[derive(Debug)]
pub(crate) enum Plan<'r> {
    /// Take the saga up at its beginning.
    Begin,
    /// Attempt this step.
    Run(&'r StepCall),
    /// Nothing before this time.
    Wait(Timestamp),
    /// Nothing: it has come to its end, or waits for an operator.
    Nothing,
    /// This code can't take it up, for this reason. Another version of it may.
    Unfit(String),
}

/// What to do with a record now.
pub(crate) fn plan<'r>(record: &'r Record, definition: &SagaDefinition, now: Timestamp) -> Plan<'r> {
    if !matches!(record.status, Status::Running | Status::Unwinding) {
        return Plan::Nothing;
    }
    if record.format > FORMAT {
        return Plan::Unfit(newer(record.format));
    }
    if record.saga != definition.name() {
        return Plan::Unfit(format!("the record is of saga `{}`, not of `{}`", record.saga, definition.name()));
    }
    let Some(frame) = &record.frame else { return Plan::Unfit("the record has no frame".to_owned()) };
    let running = record.status == Status::Running;
    if running && !frame.state.is_empty() && !definition.states().iter().any(|state| state.name == frame.state) {
        return Plan::Unfit(format!("unknown state `{}` of saga `{}`", frame.state, definition.name()));
    }
    match &frame.pending {
        None if running && frame.state.is_empty() => Plan::Begin,
        None => Plan::Unfit(format!("the record waits for nothing in state `{}`", frame.state)),
        Some(node) => {
            let call = node.leaf();
            if definition.step(&call.step).is_none() {
                return Plan::Unfit(format!("unknown step `{}` in saga `{}`", call.step, definition.name()));
            }
            match call.not_before {
                Some(time) if time > now => Plan::Wait(time),
                _ => Plan::Run(call),
            }
        }
    }
}

/// Why a record of a newer format is not taken up.
pub(crate) fn newer(format: u32) -> String {
    format!("the record has format {format}, and this version of sagaflow reads up to {FORMAT}")
}

/// The leaves of what a frame waits for. So far a tree has one.
impl Node {
    pub(crate) fn leaf(&self) -> &StepCall {
        match self {
            Self::Step(call) => call,
        }
    }

    pub(crate) fn leaf_mut(&mut self) -> &mut StepCall {
        match self {
            Self::Step(call) => call,
        }
    }
}

impl Frame {
    /// The step call that it waits for.
    pub(crate) fn step(&self) -> Option<&StepCall> {
        self.pending.as_deref().map(Node::leaf)
    }
}
