//! One compiled function of a saga: a saga that is served, or one that runs inside it, in one of its versions.

use std::any::TypeId;
use std::borrow::Cow;

use super::migration::Migrate;
use super::{Outline, SagaDefinition, StateDefinition};
use crate::arguments;
use crate::machine::{self, Advance};
use crate::record::{Frame, Reply, Unreadable, Value};
use crate::saga::Saga;
use crate::starts::Starts;

/// Adds the steps and sagas that something may run to a definition.
pub(crate) type Describe = fn(&mut SagaDefinition);

/// One compiled function.
#[derive(Debug)]
pub(crate) struct Body {
    pub(super) type_id: TypeId,
    pub(super) aliases: &'static [&'static str],
    pub(super) states: Vec<StateDefinition>,
    pub(super) outline: Outline,
    /// What was added since the last state.
    pub(super) awaited: Awaited,
    /// What its code boxes, by the type that it yields.
    pub(super) boxed: Vec<(TypeId, Describe)>,
    /// Makes instances of earlier versions into instances of this one.
    pub(super) migrate: Option<Migrate>,
    /// So many instances run at a time, of those with the same key.
    concurrency: Option<u32>,
    line_key: fn(&Frame) -> Result<Option<String>, String>,
    advance: fn(&Frame, Option<Reply>, Starts) -> (Advance, Starts),
    check_arguments: fn(&Value) -> Result<(), Unreadable>,
    #[cfg(feature = "testing")]
    pub(crate) arguments: fn() -> crate::testing::lock::Shape,
    #[cfg(feature = "testing")]
    pub(crate) returns: fn() -> crate::testing::lock::Shape,
}

/// What a state may run, and start.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    pub(super) steps: Vec<&'static str>,
    pub(super) sagas: Vec<&'static str>,
    pub(super) children: Vec<&'static str>,
}

impl Body {
    pub(super) fn of<S: Saga>() -> Self {
        Self {
            type_id: TypeId::of::<S>(),
            aliases: S::ALIASES,
            states: Vec::new(),
            outline: &[],
            awaited: Awaited::default(),
            boxed: Vec::new(),
            migrate: None,
            concurrency: S::CONCURRENCY,
            line_key: machine::line_key::<S>,
            advance: machine::advance::<S>,
            check_arguments: |given| arguments::read_value::<S>(given).map(drop),
            #[cfg(feature = "testing")]
            arguments: arguments::trace::<S>,
            #[cfg(feature = "testing")]
            returns: crate::testing::lock::trace_output::<S>,
        }
    }

    /// Its states, in the order of the function's text.
    pub(crate) fn states(&self) -> &[StateDefinition] {
        &self.states
    }

    /// Which state comes after which.
    pub(crate) fn outline(&self) -> Outline {
        self.outline
    }

    /// How many instances run at a time, and among those with which key, if not as many as there are. `frame` stands at its beginning.
    ///
    /// # Errors
    ///
    /// Why the key can't be made.
    pub(super) fn line(&self, frame: &Frame) -> Result<Option<(u32, Option<String>)>, String> {
        self.concurrency.map(|most| (self.line_key)(frame).map(|key| (most, key))).transpose()
    }

    /// Whether not as many instances run at a time as there are.
    pub(super) fn is_limited(&self) -> bool {
        self.concurrency.is_some()
    }

    /// The function that makes instances of earlier versions into its own.
    pub(crate) fn migration(&self) -> Option<Migrate> {
        self.migrate
    }

    /// The state of a name, or the one that had it before what it awaits was renamed: of `reserve#2` with
    /// `#[step(alias = "reserve")] async fn reserve_item`, the state `reserve_item#2`.
    pub(crate) fn state(
        &self,
        name: &str,
        aliases_of: impl Fn(&str) -> &'static [&'static str],
    ) -> Option<&StateDefinition> {
        if let Some(state) = self.states.iter().find(|state| state.name == name) {
            return Some(state);
        }
        let (old, number) = divided(name);
        self.states.iter().find(|state| {
            // The names of children do not change: those of instances can't.
            let awaited = state.steps.iter().chain(&state.sagas);
            divided(state.name).1 == number
                && awaited.flat_map(|awaited| aliases_of(awaited)).any(|alias| *alias == old)
        })
    }

    /// Whether the arguments of its beginning can be read.
    pub(crate) fn check_arguments(&self, arguments: &Value) -> Result<(), Unreadable> {
        (self.check_arguments)(arguments)
    }

    /// Runs its code on from where a frame stands.
    pub(super) fn advance(&self, frame: Cow<'_, Frame>, reply: Option<Reply>, starts: Starts) -> (Advance, Starts) {
        let (advance, starts) = (self.advance)(&frame, reply, starts);
        let advance = match advance {
            Advance::Suspended(mut next) => {
                // What has a default here must not be lost by code that doesn't know it: that would go on without.
                let state = self.states.iter().find(|state| state.name == next.state);
                let variables = state.map(|state| &*state.variables).unwrap_or_default();
                next.requires = variables
                    .iter()
                    .filter(|variable| variable.has_default)
                    .map(|variable| variable.name.to_owned())
                    .collect();
                Advance::Suspended(next)
            }
            other => other,
        };
        (advance, starts)
    }
}

/// `reserve#2` as `reserve` and `#2`.
fn divided(state: &str) -> (&str, &str) {
    state.split_at(state.find('#').unwrap_or(state.len()))
}
