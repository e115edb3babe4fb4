//! Mocks: what steps do instead of running their bodies.

use std::fmt::{self, Debug};
use std::marker::PhantomData;
use std::sync::Arc;

use super::setup::Setup;
use crate::arguments;
use crate::definition::{AttemptOutput, StepDefinition};
use crate::message::{Message, Shape};
use crate::record::{Unreadable, Value};
use crate::{Dependencies, Step};

/// Says what a step does in the lab; see [`Lab::step`](super::Lab::step).
///
/// Each call of a method adds an act, which is what every attempt from then on does. With [`times`](Self::times) it is done so many
/// times, and the next act follows. When all acts are used up, the step runs its body. An attempt that is made again
/// after a crash does what it did the first time.
pub struct Mock<'l, S> {
    setup: &'l mut Setup,
    step: PhantomData<fn() -> S>,
}

/// The acts of one step.
#[derive(Debug, Clone, Default)]
pub(super) struct Script {
    acts: Vec<(Act, Option<u32>)>,
}

/// What an attempt does.
#[derive(Clone)]
pub(super) enum Act {
    /// Runs the step's body.
    Run,
    Output(AttemptOutput),
    Answer(Arc<Answer>),
    Panic(String),
    Hang,
}

pub(super) type Answer =
    dyn Fn(&StepDefinition, &Value, &Dependencies) -> Result<AttemptOutput, Unreadable> + Send + Sync;

impl<'l, S: Step> Mock<'l, S> {
    pub(super) fn new(setup: &'l mut Setup) -> Self {
        Self { setup, step: PhantomData }
    }

    /// Yields this: `Ok(…)` or `Err(…)`, or the plain value of a step that returns one.
    ///
    /// # Panics
    ///
    /// When the output can't be saved.
    pub fn returns(self, output: S::Output) -> Self {
        let output = written::<S>(&StepDefinition::of::<S>(), &output)
            .unwrap_or_else(|error| panic!("what step `{}` is to return can't be saved: {error}", S::NAME));
        self.act(Act::Output(output))
    }

    /// Yields what this function makes of the step's arguments.
    pub fn answers(self, answer: impl Fn(S) -> S::Output + Send + Sync + 'static) -> Self {
        self.answers_with(move |call, _| answer(call))
    }

    /// Yields what this function makes of the step's arguments, and what the lab [provides](super::Lab::provide).
    pub fn answers_with(self, answer: impl Fn(S, &Dependencies) -> S::Output + Send + Sync + 'static) -> Self {
        self.act(Act::Answer(Arc::new(move |definition, args, world| {
            let output = answer(arguments::read_value::<S>(args)?, world);
            written::<S>(definition, &output)
        })))
    }

    /// Panics with this text.
    pub fn panics(self, text: impl Into<String>) -> Self {
        self.act(Act::Panic(text.into()))
    }

    /// Never ends.
    pub fn hangs(self) -> Self {
        self.act(Act::Hang)
    }

    /// Runs the step's body.
    pub fn runs(self) -> Self {
        self.act(Act::Run)
    }

    /// So many times, and then what is said next.
    ///
    /// # Panics
    ///
    /// When nothing was said before it.
    pub fn times(self, times: u32) -> Self {
        let script = self.setup.mocks.entry(S::NAME).or_default();
        let act = script.acts.last_mut();
        act.unwrap_or_else(|| panic!("say what `{}` does before you say how many times", S::NAME)).1 = Some(times);
        self
    }

    /// Once, and then what is said next.
    ///
    /// # Panics
    ///
    /// When nothing was said before it.
    pub fn once(self) -> Self {
        self.times(1)
    }

    fn act(self, act: Act) -> Self {
        let script = self.setup.mocks.entry(S::NAME).or_default();
        // What has been said before without a number of times is replaced.
        script.acts.retain(|(_, times)| times.is_some());
        script.acts.push((act, None));
        self
    }
}

impl Script {
    /// What the attempt with this number (from 0, over all calls of the step) does; `None`: the acts are used up.
    pub(super) fn act(&self, number: usize) -> Option<&Act> {
        let mut left = number;
        for (act, times) in &self.acts {
            match times.map(|times| times as usize) {
                Some(times) if left >= times => left -= times,
                _ => return Some(act),
            }
        }
        None
    }

    /// Whether the body of the step may be run.
    pub(super) fn may_run(&self) -> bool {
        let ends = self.acts.last().is_none_or(|(_, times)| times.is_some());
        ends || self.acts.iter().any(|(act, _)| matches!(act, Act::Run))
    }
}

/// An output as an attempt yields it.
fn written<S: Step>(definition: &StepDefinition, output: &S::Output) -> Result<AttemptOutput, Unreadable> {
    let error = <S as Message>::Shape::error(output).map(|error| definition.error(error));
    let output = <S as Message>::Shape::write(output).map_err(|error| Unreadable(error.0))?;
    Ok(AttemptOutput { output, error })
}

impl Debug for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run => f.write_str("Run"),
            Self::Output(output) => f.debug_tuple("Output").field(&output.output).finish(),
            Self::Answer(_) => f.write_str("Answer"),
            Self::Panic(text) => f.debug_tuple("Panic").field(text).finish(),
            Self::Hang => f.write_str("Hang"),
        }
    }
}

impl<S> Debug for Mock<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mock").finish_non_exhaustive()
    }
}
