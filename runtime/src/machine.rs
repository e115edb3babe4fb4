//! The machine: what the compiled saga talks to while it runs from one step to the next.
//!
//! The compiled function is an async function only so that `return`, `?` and macros that hide them mean in it what
//! they mean in the user's function. It is polled once. Where it has to stop (at a step, or because a variable of an
//! old record doesn't fit) it awaits a future that is never ready, and is dropped.

use std::any::type_name;
use std::convert::Infallible;
use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::definition::{Outline, SagaDefinition, Variable};
use crate::durable::{Durable, Pending};
use crate::message::{Message, Shape};
use crate::record::{Frame, Record, Reply, Unreadable, Unserializable, Value, Vars};
use crate::saga::Saga;
use crate::starts::{self, Starts};

/// What can wait in a record: every `T` that is `Serialize` and `Deserialize`.
///
/// A trait of the record, not of the value: of a value that is a borrow rustc would say to borrow it otherwise.
#[diagnostic::on_unimplemented(
    message = "`{T}` is alive across a step and can't be saved",
    label = "can't be saved",
    note = "what is used after a step's `.await` is stored while the step runs: it must own its data, and have `Serialize` and `Deserialize`",
    note = "make it again after the step, or keep what it is made from"
)]
pub trait Saved<T> {
    /// How it is written and read. The one place where generated code asks for the trait.
    #[doc(hidden)]
    #[must_use]
    fn codec() -> Codec<T>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Saved<T> for Record {
    fn codec() -> Codec<T> {
        Codec {
            write: Value::write,
            read: Value::read,
            check: |value| value.read::<T>().map(drop),
            #[cfg(feature = "testing")]
            shape: crate::testing::lock::trace::<T>,
        }
    }
}

/// The same for a part of an expression that stands before a step in it.
#[diagnostic::on_unimplemented(
    message = "`{T}` stands before a step in the same expression, and can't be saved while the step runs",
    label = "evaluated before the step, and can't be saved",
    note = "await the step first, with `let`, and write its result here"
)]
pub trait SavedOperand<T> {
    /// How it is written and read.
    #[doc(hidden)]
    fn codec() -> Codec<T>;
}

#[diagnostic::do_not_recommend]
impl<T> SavedOperand<T> for Record
where
    Self: Saved<T>,
{
    fn codec() -> Codec<T> {
        <Self as Saved<T>>::codec()
    }
}

/// How a variable is written into a frame and read from it.
#[derive(Debug)]
pub struct Codec<T> {
    write: fn(&T) -> Result<Value, Unserializable>,
    read: fn(&Value) -> Result<T, Unreadable>,
    pub(crate) check: fn(&Value) -> Result<(), Unreadable>,
    #[cfg(feature = "testing")]
    pub(crate) shape: fn() -> crate::testing::lock::Shape,
}

/// One run of a compiled saga, from where it stands to its next step or its end.
#[derive(Debug)]
pub struct Machine<'a> {
    task: Task<'a>,
    /// Set when the function has stopped short of returning.
    stopped: Option<Stop>,
    /// The variables written so far for the next frame.
    vars: Vars,
    /// The version of the saga.
    version: u32,
}

#[derive(Debug)]
enum Task<'a> {
    Run { frame: &'a Frame, reply: Option<Reply> },
    Describe(&'a mut SagaDefinition),
}

#[derive(Debug)]
enum Stop {
    Suspended(Frame),
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
            Some(Stop::Suspended(frame)) => match &starts.failed {
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
    (advance, starts)
}

/// Fills a saga's definition from its compiled function, without running any of the user's code.
pub(crate) fn describe<S: Saga>(definition: &mut SagaDefinition) {
    let mut machine = Machine::new(Task::Describe(definition), S::VERSION);
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
        Self { task, stopped: None, vars: Vars::default(), version }
    }

    /// Where it stands: at the `start`, in one of the `states`, or at the `description` of itself.
    pub async fn enter<At: Copy>(&mut self, states: &[(&'static str, At)], start: At, description: At) -> At {
        let Task::Run { frame, .. } = &self.task else { return description };
        if frame.state.is_empty() {
            return start;
        }
        match states.iter().find(|(state, _)| *state == frame.state) {
            Some((_, at)) => *at,
            None => {
                let known: Vec<_> = states.iter().map(|(state, _)| *state).collect();
                let reason =
                    format!("unknown state `{}`: this version of the saga has {}", frame.state, listed(&known));
                self.halt(reason).await
            }
        }
    }

    /// The saga's arguments, at the beginning.
    pub async fn arguments<M: Message>(&mut self) -> M {
        let read = match &self.task {
            Task::Run { frame, .. } => read_arguments(&frame.vars),
            Task::Describe(_) => Err("bug in sagaflow: a description reads no arguments".to_owned()),
        };
        match read {
            Ok(message) => message,
            Err(error) => self.halt(format!("the arguments of `{}` don't fit: {error}", M::NAME)).await,
        }
    }

    /// Reads a variable of the frame into its slot.
    ///
    /// What goes wrong with variables is noted, and the function stops at the next place where it may: were each of these calls awaited, a
    /// saga of a hundred steps would have thousands of places to stop at, and take rustc minutes.
    pub fn restore<T>(&mut self, name: &'static str, slot: &mut Option<T>, codec: &Codec<T>) {
        self.restore_renamed(name, &[], slot, codec);
    }

    /// The same for a variable that older code called otherwise.
    pub fn restore_renamed<T>(
        &mut self,
        name: &'static str,
        old: &[&'static str],
        slot: &mut Option<T>,
        codec: &Codec<T>,
    ) {
        match self.find(name, old, codec) {
            Ok(Some(value)) => *slot = Some(value),
            Ok(None) => {
                let state = self.state();
                self.note(format!("the record has no variable `{name}`, which state `{state}` needs"));
            }
            Err(reason) => self.note(reason),
        }
    }

    /// The same for a variable that has a default where older code has saved none.
    pub fn restore_or<T>(
        &mut self,
        name: &'static str,
        old: &[&'static str],
        slot: &mut Option<T>,
        codec: &Codec<T>,
        default: impl FnOnce() -> T,
    ) {
        match self.find(name, old, codec) {
            Ok(value) => *slot = Some(value.unwrap_or_else(default)),
            Err(reason) => self.note(reason),
        }
    }

    /// Looks a variable up by its name, and by those that it had before.
    fn find<T>(&self, name: &str, old: &[&str], codec: &Codec<T>) -> Result<Option<T>, String> {
        let Task::Run { frame, .. } = &self.task else {
            return Err("bug in sagaflow: a description restores nothing".to_owned());
        };
        let found = std::iter::once(name).chain(old.iter().copied()).find_map(|name| frame.vars.find(name));
        let read = found.map(|value| (codec.read)(&value)).transpose();
        read.map_err(|error| format!("the variable `{name}` of state `{}` doesn't fit: {error}", frame.state))
    }

    fn state(&self) -> &str {
        match &self.task {
            Task::Run { frame, .. } => &frame.state,
            Task::Describe(_) => "",
        }
    }

    /// Goes on if all variables could be restored.
    pub async fn restored(&mut self) {
        if self.stopped.is_some() {
            pending::<()>().await;
        }
    }

    /// What the awaited call has yielded.
    pub async fn reply<T>(&mut self, finish: fn(Reply) -> Result<T, Unreadable>) -> T {
        let (finished, state) = match &mut self.task {
            Task::Run { frame, reply: Some(_) } if self.stopped.is_some() => {
                (Err("bug in sagaflow: resumed twice".to_owned()), frame.state.clone())
            }
            Task::Run { frame, reply } => match reply.take() {
                Some(reply) => (finish(reply).map_err(|error| error.to_string()), frame.state.clone()),
                None => (Err("there is no reply".to_owned()), frame.state.clone()),
            },
            Task::Describe(_) => (Err("bug in sagaflow: a description has no replies".to_owned()), String::new()),
        };
        match finished {
            Ok(output) => output,
            Err(error) => self.halt(format!("the reply that state `{state}` waits for doesn't fit: {error}")).await,
        }
    }

    /// Writes a variable that is read after the coming step.
    pub fn save<T>(&mut self, name: &'static str, value: &T, codec: &Codec<T>) {
        match (codec.write)(value) {
            Ok(value) => self.vars.put(name, value),
            Err(error) => self.note(format!("the variable `{name}` can't be saved: {error}")),
        }
    }

    /// The same for a variable that nobody has taken out of its slot.
    pub fn keep<T>(&mut self, name: &'static str, slot: &Option<T>, codec: &Codec<T>) {
        match slot {
            Some(value) => self.save(name, value, codec),
            None => self.note(format!(
                "bug in sagaflow: the variable `{name}` is saved before it is assigned; please report it"
            )),
        }
    }

    /// Stops here until the call has been run; the machine goes on in `state`. The slot only takes the call's type;
    /// `begin` is [`Durable::begin`], asked for by the generated code so that an error has the place of the `.await`.
    pub async fn suspend<D>(
        &mut self,
        state: &'static str,
        call: D,
        _slot: &mut Option<D>,
        begin: fn(D) -> Result<Pending, Unserializable>,
    ) -> Infallible {
        if self.stopped.is_some() {
            return pending().await;
        }
        match begin(call) {
            Ok(pending) => {
                let vars = std::mem::take(&mut self.vars);
                let (state, version) = (state.to_owned(), self.version);
                let frame = Frame { version, state, vars, pending: Some(pending.0), ..Frame::default() };
                self.stop(Stop::Suspended(frame)).await
            }
            Err(error) => self.halt(format!("the arguments of the call at `{state}` can't be saved: {error}")).await,
        }
    }

    /// Describes one state: what it awaits, and which variables wait with it.
    pub fn describe<D: Durable>(&mut self, state: &'static str, _call: &Option<D>, variables: &[Variable]) {
        if let Task::Describe(definition) = &mut self.task {
            D::describe(definition);
            definition.add_state(state, type_name::<D>(), variables);
        }
    }

    /// Ends the description: says which state comes after which.
    pub async fn described(&mut self, outline: Outline) -> Infallible {
        if let Task::Describe(definition) = &mut self.task {
            definition.set_outline(outline);
        }
        self.stop(Stop::Described).await
    }

    /// Notes why it can't go on: the first reason counts.
    fn note(&mut self, reason: String) {
        self.stopped.get_or_insert(Stop::Unfit(reason));
    }

    async fn halt<T>(&mut self, reason: String) -> T {
        match self.stop(Stop::Unfit(reason)).await {}
    }

    async fn stop(&mut self, stop: Stop) -> Infallible {
        self.stopped = Some(stop);
        pending().await
    }
}

/// Moves a value out of its slot, where the compiler of sagas has put it before.
///
/// # Panics
///
/// Never, but for a bug in that compiler.
pub fn take<T>(slot: &mut Option<T>) -> T {
    slot.take().expect("bug in sagaflow: a variable is read before it is assigned; please report it")
}

fn read_arguments<M: Message>(vars: &Vars) -> Result<M, String> {
    let text = serde_json::to_string(vars).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

/// The arguments of a saga as the variables of its first frame.
pub(crate) fn first_frame<S: Saga>(message: &S) -> Result<Frame, Unserializable> {
    let value = Value::write(message)?;
    let vars = value.read().map_err(|error| Unserializable(error.0))?;
    Ok(Frame { version: S::VERSION, vars, ..Frame::default() })
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        return "no states".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
