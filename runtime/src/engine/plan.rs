//! What a record wants from the worker that holds it.

use jiff::Timestamp;

use crate::definition::SagaDefinition;
use crate::record::{Branch, FORMAT, Frame, Join, Node, Race, Record, Started, Status, StepCall, Take};

/// What to do with a record.
#[derive(Debug)]
pub(crate) enum Plan<'r> {
    /// Take the saga up at its beginning.
    Begin,
    /// Attempt this step, and give it up at that time, if there is one.
    Run(&'r StepCall, Option<Timestamp>),
    /// Attempt these steps side by side. At that time, if there is one, there is something else to do, too.
    RunAll(Vec<&'r StepCall>, Option<Timestamp>),
    /// Send what it wants to have sent, before anything else.
    Send,
    /// A timer has come to its end.
    Tick,
    /// Look which mail there is: it goes on with that, or with none.
    Look,
    /// Nothing before this time; before the end of all times, if it only waits for mail.
    Wait(Timestamp),
    /// Nothing: it has come to its end, or waits for an operator.
    Nothing,
    /// This code can't take it up, for this reason. Another version of it may.
    Unfit(String),
}

/// What to do with a record now. Whether it fits the code is another question: see [`fit`](super::fit).
pub(crate) fn plan<'r>(record: &'r Record, definition: &SagaDefinition, now: Timestamp) -> Plan<'r> {
    if record.status.is_at_rest() {
        return Plan::Nothing;
    }
    if record.format > FORMAT {
        return Plan::Unfit(newer(record.format));
    }
    if record.saga != definition.name() {
        return Plan::Unfit(format!("the record is of saga `{}`, not of `{}`", record.saga, definition.name()));
    }
    let Some(frame) = &record.frame else { return Plan::Unfit("the record has no frame".to_owned()) };
    if frame.pending.is_none() {
        return match record.status == Status::Running && frame.state.is_empty() {
            true => at_beginning(record, now).map_or(Plan::Begin, Plan::Wait),
            false => Plan::Unfit(format!("the record waits for nothing in state `{}`", frame.state)),
        };
    }
    let wants = Wants::of(record, frame, now);
    match (wants.ready, wants.wake) {
        _ if wants.sends => Plan::Send,
        _ if wants.due => Plan::Tick,
        (Some(call), wake) if wants.branches => Plan::RunAll(std::iter::once(call).chain(wants.others).collect(), wake),
        (Some(call), give_up) => Plan::Run(call, give_up),
        (None, _) if wants.looks => Plan::Look,
        (None, Some(time)) => Plan::Wait(time),
        (None, None) => Plan::Unfit(format!("the record waits for nothing in state `{}`", frame.state)),
    }
}

/// Why a record of a newer format is not taken up.
pub(crate) fn newer(format: u32) -> String {
    format!("the record has format {format}, and this version of sagaflow reads up to {FORMAT}")
}

/// When there is something to do for a record, if that is later than `now`.
pub(crate) fn wakes(record: &Record, now: Timestamp) -> Option<Timestamp> {
    let frame = record.frame.as_ref()?;
    if frame.pending.is_none() {
        return at_beginning(record, now);
    }
    let Wants { ready, wake, due, looks, sends, .. } = Wants::of(record, frame, now);
    if sends || due || looks || ready.is_some() { None } else { wake }
}

/// Until when a record waits at its beginning, if it does: for ever, if it waits for mail.
fn at_beginning(record: &Record, now: Timestamp) -> Option<Timestamp> {
    let turn = record.line.as_ref().map(|_| Timestamp::MAX);
    turn.or_else(|| record.begins.filter(|begins| *begins > now))
}

/// Whether somebody is to look which mail there is.
pub(crate) fn looks(record: &Record) -> bool {
    let frame = record.frame.as_ref().filter(|_| record.status == Status::Running);
    frame.is_some_and(|frame| Wants::of(record, frame, Timestamp::MIN).looks)
}

/// What a tree wants at a time.
#[derive(Debug, Default)]
struct Wants<'r> {
    /// The first step that can be attempted …
    ready: Option<&'r StepCall>,
    /// … and the others.
    others: Vec<&'r StepCall>,
    /// Whether there are branches side by side.
    branches: bool,
    /// When there is more to do.
    wake: Option<Timestamp>,
    /// Whether a timer has come to its end.
    due: bool,
    /// Whether mail is looked for.
    looks: bool,
    /// Whether there is something to be sent.
    sends: bool,
}

impl<'r> Wants<'r> {
    fn of(record: &Record, frame: &'r Frame, now: Timestamp) -> Self {
        let mut wants = Self::default();
        if record.status == Status::Running {
            wants.add_time(record.deadline, now);
        }
        wants.add_frame(frame, now);
        wants
    }

    fn add_frame(&mut self, frame: &'r Frame, now: Timestamp) {
        frame.pending.iter().for_each(|node| self.add(node, now));
        for started in frame.running() {
            self.branches = true;
            self.add(&started.of.node, now);
        }
    }

    fn add(&mut self, node: &'r Node, now: Timestamp) {
        match node {
            Node::Step(call) => self.add_call(call, now),
            Node::Undo(undoing) => {
                undoing.call.iter().for_each(|call| self.add_call(call, now));
                undoing.children.iter().for_each(|child| self.add_child(!child.cancelled));
            }
            Node::Child(child) => self.add_child(child.args.is_some()),
            Node::Sleep(timer) => self.add_time(timer.until, now),
            Node::Signal(signal) if signal.take == Take::Next => self.wake_at(Timestamp::MAX),
            Node::Signal(_) => {
                self.looks = true;
                self.wake_at(now);
            }
            Node::Timeout(timeout) => {
                self.add_time(timeout.timer.until, now);
                self.add(&timeout.of.node, now);
            }
            Node::Saga(nested) => self.add_frame(&nested.frame, now),
            Node::Join(Join { of, .. }) | Node::Race(Race { of }) => self.add_all(of, now),
            Node::Ended(_) | Node::Scope(_) | Node::Answer(_) | Node::Handle(_) => {}
        }
    }

    fn add_all(&mut self, branches: &'r [Branch], now: Timestamp) {
        self.branches = true;
        branches.iter().filter(|branch| branch.runs()).for_each(|branch| self.add(&branch.node, now));
    }

    fn add_call(&mut self, call: &'r StepCall, now: Timestamp) {
        match call.not_before {
            Some(time) if time > now => self.wake_at(time),
            _ if self.ready.is_none() => self.ready = Some(call),
            _ => self.others.push(call),
        }
    }

    /// A child that tells of its end by mail.
    fn add_child(&mut self, sends: bool) {
        self.sends |= sends;
        self.wake_at(Timestamp::MAX);
    }

    fn add_time(&mut self, time: Option<Timestamp>, now: Timestamp) {
        match time {
            Some(time) if time <= now => self.due = true,
            Some(time) => self.wake_at(time),
            None => {}
        }
    }

    fn wake_at(&mut self, time: Timestamp) {
        self.wake = Some(self.wake.map_or(time, |known| known.min(time)));
    }
}

impl Node {
    /// The call that is made or comes next; of several, the first listed.
    pub(crate) fn call(&self) -> Option<&StepCall> {
        match self {
            Self::Step(call) => Some(call),
            Self::Undo(undoing) => undoing.call.as_ref(),
            Self::Sleep(_)
            | Self::Signal(_)
            | Self::Ended(_)
            | Self::Scope(_)
            | Self::Answer(_)
            | Self::Handle(_)
            | Self::Child(_) => None,
            Self::Timeout(timeout) => timeout.of.node.call(),
            Self::Saga(nested) => nested.frame.step(),
            Self::Join(Join { of, .. }) | Self::Race(Race { of }) => {
                of.iter().filter(|branch| branch.runs()).find_map(|branch| branch.node.call())
            }
        }
    }

    /// Calls `visit` with each call that is made, or comes next.
    pub(crate) fn calls<'n>(&'n self, visit: &mut impl FnMut(&'n StepCall)) {
        match self {
            Self::Step(call) => visit(call),
            Self::Undo(undoing) => undoing.call.iter().for_each(visit),
            Self::Sleep(_)
            | Self::Signal(_)
            | Self::Ended(_)
            | Self::Scope(_)
            | Self::Answer(_)
            | Self::Handle(_)
            | Self::Child(_) => {}
            Self::Timeout(timeout) => timeout.of.node.calls(visit),
            Self::Saga(nested) => nested.frame.calls(visit),
            Self::Join(Join { of, .. }) | Self::Race(Race { of }) => {
                of.iter().filter(|branch| branch.runs()).for_each(|branch| branch.node.calls(visit));
            }
        }
    }
}

impl Frame {
    /// The step call that it waits for; else the first that was started.
    pub(crate) fn step(&self) -> Option<&StepCall> {
        self.pending
            .as_deref()
            .and_then(Node::call)
            .or_else(|| self.running().find_map(|started| started.of.node.call()))
    }

    /// Calls `visit` with each call that is made, or comes next.
    pub(crate) fn calls<'n>(&'n self, visit: &mut impl FnMut(&'n StepCall)) {
        self.pending.iter().for_each(|node| node.calls(visit));
        self.running().for_each(|started| started.of.node.calls(visit));
    }

    pub(super) fn running(&self) -> impl Iterator<Item = &Started> {
        self.started.iter().filter(|started| started.of.runs())
    }
}
