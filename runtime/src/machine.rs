//! The machine: what the compiled saga talks to while it runs from one step to the next.
//!
//! The compiled function is an async function only so that `return`, `?` and macros that hide them mean in it what
//! they mean in the user's function. It is polled once. Where it has to stop (at a step, or because a variable of an
//! old record doesn't fit) it notes why, leaves its loop, and awaits a future that is never ready: the only `.await` in
//! it, where no variable is alive any more. (Each `.await` costs rustc time for each variable that is alive there.)

use std::any::TypeId;
use std::convert::Infallible;
use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::arguments;
use crate::definition::{Outline, SagaDefinition, Variable};
use crate::durable::{Durable, Inside, Pending};
use crate::message::{Message, Shape};
use crate::record::{Frame, Reply, Unreadable, Unserializable, Value};
use crate::saga::Saga;
use crate::starts::{self, Starts};
use crate::waiting::Leave;

/// One run of a compiled saga, from where it stands to its next step or its end.
#[derive(Debug)]
pub struct Machine<'a> {
    task: Task<'a>,
    /// Set when the function has stopped short of returning.
    stopped: Option<Stop>,
    /// The version of the saga.
    version: u32,
    /// The states, with the numbers of the slots that wait with each.
    states: States,
    /// How many slots there are so far.
    slots: usize,
}

/// States by name, with the numbers of the slots that wait with each.
pub(crate) type States = &'static [(&'static str, &'static [usize])];

#[derive(Debug)]
enum Task<'a> {
    Run { frame: &'a Frame, reply: Option<Reply> },
    Describe(&'a mut SagaDefinition, Vec<Variable>),
}

#[derive(Debug)]
enum Stop {
    /// What waits with the state is put into the frame slot by slot.
    Suspended(Frame, &'static [usize]),
    /// The record can't be taken up by this code, or the next one can't be written.
    Unfit(String),
    Described,
}

/// What one run of a compiled saga came to.
#[derive(Debug)]
pub(crate) enum Advance {
    /// It waits for the pending node of this frame (whose compensations are still those of before).
    Suspended(Frame),
    /// It has returned.
    Returned { output: Value, error: Option<String> },
    /// It can't go on: this code doesn't know the state, or a value doesn't fit or can't be saved.
    Unfit(String),
    /// The user's code between the steps panicked.
    Panicked(String),
}

/// Takes a saga up where its frame stands, with the reply to what it waited for (none at the beginning).
pub(crate) fn advance<S: Saga>(frame: &Frame, reply: Option<Reply>, starts: Starts) -> (Advance, Starts) {
    let mut machine = Machine::new(Task::Run { frame, reply }, S::VERSION);
    let run = || catch_unwind(AssertUnwindSafe(|| poll_once(S::resume(&mut machine))));
    let (polled, starts) = starts::collect(starts, run);
    let advance = match polled {
        Err(panic) => Advance::Panicked(panic_text(&*panic)),
        Ok(Poll::Ready(output)) => match S::Shape::write(&output) {
            Ok(value) => Advance::Returned { output: value, error: S::Shape::error(&output).map(ToString::to_string) },
            Err(error) => Advance::Unfit(format!("what `{}` returned can't be saved: {error}", S::NAME)),
        },
        Ok(Poll::Pending) => match machine.stopped {
            Some(Stop::Suspended(frame, _)) => match &starts.failed {
                None => Advance::Suspended(frame),
                Some(error) => {
                    Advance::Unfit(format!("the arguments of a call that was started can't be saved: {error}"))
                }
            },
            Some(Stop::Unfit(reason)) => Advance::Unfit(reason),
            Some(Stop::Described) | None => {
                Advance::Unfit(format!("bug in sagaflow: `{}` awaited something else than a step", S::NAME))
            }
        },
    };
    let advance = match &starts.about.wrong {
        Some(reason) if !matches!(advance, Advance::Panicked(_)) => Advance::Unfit(reason.clone()),
        _ => advance,
    };
    (advance, starts)
}

/// The key of the line that an instance stands in at its beginning, by its arguments.
pub(crate) fn line_key<S: Saga>(frame: &Frame) -> Result<Option<String>, String> {
    let message: S =
        arguments::read(&frame.vars).map_err(|error| format!("the arguments of `{}` don't fit: {error}", S::NAME))?;
    catch_unwind(AssertUnwindSafe(|| S::line_key(message)))
        .map_err(|panic| format!("the key of `{}` panicked: {}", S::NAME, panic_text(&*panic)))
}

/// Fills a saga's definition from its compiled function, without running any of the user's code.
pub(crate) fn describe<S: Saga>(definition: &mut SagaDefinition) {
    let mut machine = Machine::new(Task::Describe(definition, Vec::new()), S::VERSION);
    let polled = poll_once(S::resume(&mut machine));
    debug_assert!(polled.is_pending(), "a description stops the machine");
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// The text of a panic.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panicked".to_owned())
}

/// The calls of generated code.
impl<'a> Machine<'a> {
    fn new(task: Task<'a>, version: u32) -> Self {
        Self { task, stopped: None, version, states: &[], slots: 0 }
    }

    /// Which states there are, and which slots wait with each; before anything else.
    pub fn states(&mut self, states: States) {
        self.states = states;
    }

    /// Where it stands: at the `start`, in one of the states, or at the `description` of itself. None if the frame doesn't
    /// fit.
    pub fn enter<At, const STATES: usize>(&mut self, at: [At; STATES], start: At, description: At) -> Option<At> {
        let Task::Run { frame, .. } = self.task else { return Some(description) };
        if frame.state.is_empty() {
            return Some(start);
        }
        let at = self.states.iter().zip(at).find(|((state, _), _)| *state == frame.state).map(|(_, at)| at);
        if at.is_none() {
            let names = listed(self.states.iter().map(|(state, _)| *state));
            self.note(format!("unknown state `{}`: this version of the saga has {names}", frame.state));
        }
        at.filter(|_| self.stopped.is_none())
    }

    /// The number of the next slot, and the frame that it is filled from.
    pub(crate) fn slot(&mut self, describe: impl FnOnce() -> Variable) -> (usize, Option<&'a Frame>) {
        let slot = self.slots;
        self.slots += 1;
        let frame = match &mut self.task {
            Task::Run { frame, .. } => *frame,
            Task::Describe(_, variables) => {
                variables.push(describe());
                return (slot, None);
            }
        };
        let waits = self.states.iter().any(|(state, slots)| *state == frame.state && slots.contains(&slot));
        (slot, waits.then_some(frame))
    }

    /// The frame that a slot goes into.
    pub(crate) fn next_frame(&mut self, slot: usize) -> Option<&mut Frame> {
        match &mut self.stopped {
            Some(Stop::Suspended(frame, slots)) if slots.contains(&slot) => Some(frame),
            _ => None,
        }
    }

    /// The saga's arguments, at the beginning.
    pub fn arguments<M: Message>(&mut self) -> Option<M> {
        let read = match &self.task {
            Task::Run { frame, .. } => arguments::read(&frame.vars).map_err(|error| error.to_string()),
            Task::Describe(..) => Err("bug in sagaflow: a description reads no arguments".to_owned()),
        };
        read.map_err(|error| self.note(format!("the arguments of `{}` don't fit: {error}", M::NAME))).ok()
    }

    /// What the awaited call has yielded; none if it doesn't fit.
    pub(crate) fn reply<T>(&mut self, finish: fn(Reply) -> Result<T, Unreadable>) -> Option<T> {
        let (state, reply) = match &mut self.task {
            Task::Run { frame, reply } => {
                (&frame.state[..], reply.take().ok_or_else(|| "there is no reply".to_owned()))
            }
            Task::Describe(..) => ("", Err("bug in sagaflow: a description has no replies".to_owned())),
        };
        let finished = reply.and_then(|reply| finish(reply).map_err(|error| error.to_string()));
        finished
            .map_err(|error| self.note(format!("the reply that state `{state}` waits for doesn't fit: {error}")))
            .ok()
    }

    /// Leaves a call to be run; the machine goes on in `state`.
    pub(crate) fn suspend(&mut self, state: &'static str, begun: Result<Pending, Unserializable>) {
        match begun {
            Ok(pending) => {
                let slots = self.states.iter().find(|(name, _)| *name == state).map_or(&[][..], |(_, slots)| slots);
                let (version, state) = (self.version, state.to_owned());
                let frame = Frame { version, state, pending: Some(pending.0), ..Frame::default() };
                self.stopped = Some(Stop::Suspended(frame, slots));
            }
            Err(error) => self.note(format!("the arguments of the call at `{state}` can't be saved: {error}")),
        }
    }

    /// The definition that is described, if it is.
    pub(crate) fn definition(&mut self) -> Option<&mut SagaDefinition> {
        match &mut self.task {
            Task::Run { .. } => None,
            Task::Describe(definition, _) => Some(definition),
        }
    }

    /// What stands in a `.boxed()` of the code; before what is awaited, which may be boxed.
    pub fn inside<D: Durable<Output: 'static>>(&mut self) -> Inside<D> {
        if let Some(definition) = self.definition() {
            definition.add_boxed(TypeId::of::<D::Output>(), D::describe);
        }
        Inside::new()
    }

    /// Ends the description: says which state comes after which.
    pub fn described(&mut self, outline: Outline) {
        let states = self.states;
        if let Task::Describe(definition, variables) = &mut self.task {
            definition.set_variables(variables, states);
            definition.set_outline(outline);
        }
        self.stopped = Some(Stop::Described);
    }

    /// Takes what waits in a slot into the next frame, if it waits there.
    pub fn leave(&mut self, slot: &mut dyn Leave) {
        slot.leave(self);
    }

    /// Stops here for good.
    pub async fn stop(&mut self) -> Infallible {
        pending().await
    }

    /// Notes why it can't go on: the first reason counts.
    pub(crate) fn note(&mut self, reason: String) {
        if !matches!(self.stopped, Some(Stop::Unfit(_))) {
            self.stopped = Some(Stop::Unfit(reason));
        }
    }
}

/// The arguments of a saga as the variables of its first frame.
pub(crate) fn first_frame<S: Saga>(message: &S) -> Result<Frame, Unserializable> {
    Ok(Frame { version: S::VERSION, vars: arguments::write(message)?, ..Frame::default() })
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "no states".to_owned() } else { names.join(", ") }
}
