//! The machine: what the compiled saga talks to while it runs from one step to the next.
//!
//! The compiled function is an async function only so that `return`, `?` and macros that hide them mean in it what
//! they mean in the user's function. It is polled once. Where it has to stop (at a step, or because a variable of an
//! old record doesn't fit) it awaits a future that is never ready, and is dropped.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::definition::SagaDefinition;
use crate::durable::{Durable, Pending, Reply};
use crate::message::{Message, Shape};
use crate::record::{Frame, Unreadable, Unserializable, Value, Vars};
use crate::saga::Saga;

/// A value that can wait in a record: implemented for everything that is `Serialize` and `Deserialize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is alive across a step and can't be saved",
    label = "can't be saved",
    note = "what is used after a step's `.await` is stored while the step runs: it must own its data, and have `Serialize` and `Deserialize`",
    note = "make it again after the step, or keep what it is made from"
)]
pub trait Saved: Sized {
    /// How it is written and read. The one place where generated code asks for the trait.
    #[doc(hidden)]
    #[must_use]
    fn codec() -> Codec<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Saved for T {
    fn codec() -> Codec<T> {
        Codec { write: Value::write, read: Value::read }
    }
}

/// How a variable is written into a frame and read from it.
#[derive(Debug)]
pub struct Codec<T> {
    write: fn(&T) -> Result<Value, Unserializable>,
    read: fn(&Value) -> Result<T, Unreadable>,
}

/// One run of a compiled saga, from where it stands to its next step or its end.
#[derive(Debug)]
pub struct Machine<'a> {
    task: Task<'a>,
    /// Set when the function has stopped short of returning.
    stopped: Option<Stop>,
    /// The variables written so far for the next frame.
    vars: Vars,
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
pub(crate) fn advance<S: Saga>(frame: &Frame, reply: Option<Reply>) -> Advance {
    let mut machine = Machine::new(Task::Run { frame, reply });
    let polled = catch_unwind(AssertUnwindSafe(|| poll_once(S::resume(&mut machine))));
    match polled {
        Err(panic) => Advance::Panicked(panic_text(&*panic)),
        Ok(Poll::Ready(output)) => match S::Shape::write(&output) {
            Ok(value) => Advance::Returned { output: value, error: S::Shape::error(&output).map(ToString::to_string) },
            Err(error) => Advance::Unfit(format!("what `{}` returned can't be saved: {error}", S::NAME)),
        },
        Ok(Poll::Pending) => match machine.stopped {
            Some(Stop::Suspended(frame)) => Advance::Suspended(frame),
            Some(Stop::Unfit(reason)) => Advance::Unfit(reason),
            Some(Stop::Described) | None => {
                Advance::Unfit(format!("bug in sagaflow: `{}` awaited something else than a step", S::NAME))
            }
        },
    }
}

/// Fills a saga's definition from its compiled function, without running any of the user's code.
pub(crate) fn describe<S: Saga>(definition: &mut SagaDefinition) {
    let mut machine = Machine::new(Task::Describe(definition));
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
    fn new(task: Task<'a>) -> Self {
        Self { task, stopped: None, vars: Vars::default() }
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
    pub async fn restore<T>(&mut self, name: &'static str, slot: &mut Option<T>, codec: &Codec<T>) {
        let read = match &self.task {
            Task::Run { frame, .. } => match frame.vars.get(name) {
                Some(value) => (codec.read)(value)
                    .map_err(|error| format!("the variable `{name}` of state `{}` doesn't fit: {error}", frame.state)),
                None => Err(format!("the record has no variable `{name}`, which state `{}` needs", frame.state)),
            },
            Task::Describe(_) => Err("bug in sagaflow: a description restores nothing".to_owned()),
        };
        match read {
            Ok(value) => *slot = Some(value),
            Err(reason) => self.halt(reason).await,
        }
    }

    /// What the awaited call has yielded. The slot only lends its type.
    pub async fn reply<D: Durable>(&mut self, _call: &Option<D>) -> D::Output {
        let (finished, state) = match &mut self.task {
            Task::Run { frame, reply: Some(_) } if self.stopped.is_some() => {
                (Err("bug in sagaflow: resumed twice".to_owned()), frame.state.clone())
            }
            Task::Run { frame, reply } => match reply.take() {
                Some(reply) => (D::finish(reply).map_err(|error| error.to_string()), frame.state.clone()),
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
    pub async fn save<T>(&mut self, name: &'static str, value: &T, codec: &Codec<T>) {
        match (codec.write)(value) {
            Ok(value) => self.vars.put(name, value),
            Err(error) => self.halt(format!("the variable `{name}` can't be saved: {error}")).await,
        }
    }

    /// The same for a variable that nobody has taken out of its slot.
    pub async fn keep<T>(&mut self, name: &'static str, slot: &Option<T>, codec: &Codec<T>) {
        match slot {
            Some(value) => self.save(name, value, codec).await,
            None => {
                let reason =
                    format!("bug in sagaflow: the variable `{name}` is saved before it is assigned; please report it");
                self.halt::<()>(reason).await;
            }
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
        match begin(call) {
            Ok(pending) => {
                let vars = std::mem::take(&mut self.vars);
                let frame = Frame { state: state.to_owned(), vars, pending: Some(pending.0), undo: Vec::new() };
                self.stop(Stop::Suspended(frame)).await
            }
            Err(error) => self.halt(format!("the arguments of the call at `{state}` can't be saved: {error}")).await,
        }
    }

    /// Describes one state: what it awaits, and which variables wait with it.
    pub fn describe<D: Durable>(
        &mut self,
        state: &'static str,
        _call: &Option<D>,
        variables: &[(&'static str, &'static str)],
    ) {
        if let Task::Describe(definition) = &mut self.task {
            D::describe(definition);
            definition.add_state(state, variables);
        }
    }

    /// Ends the description.
    pub async fn described(&mut self) -> Infallible {
        self.stop(Stop::Described).await
    }

    async fn halt<T>(&mut self, reason: String) -> T {
        match self.stop(Stop::Unfit(reason)).await {}
    }

    async fn stop(&mut self, stop: Stop) -> Infallible {
        self.stopped = Some(stop);
        pending().await
    }
}

/// The name of a slot's type, for descriptions.
#[must_use]
pub fn type_in<T>(_slot: &Option<T>) -> &'static str {
    std::any::type_name::<T>()
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
pub(crate) fn first_frame<M: Message>(message: &M) -> Result<Frame, Unserializable> {
    let value = Value::write(message)?;
    let vars = value.read().map_err(|error| Unserializable(error.0))?;
    Ok(Frame { vars, ..Frame::default() })
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        return "no states".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
