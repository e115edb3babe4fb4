//! A saga without its types: its states, its steps, and how to take it up.

use std::any::TypeId;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::body::Awaited;
use super::{Body, Describe, Migration, StepDefinition, Variable};
use crate::Failure;
use crate::hooks::{Hook, Hooks, TakesReport};
use crate::machine::{self, Advance, States};
use crate::record::{Frame, Reply};
use crate::saga::Saga;
use crate::starts::Starts;
use crate::step::Step;

/// A saga as a worker serves it. Described by the compiled functions themselves: its own, and those of the sagas that
/// run inside it.
#[derive(Debug)]
pub struct SagaDefinition {
    name: &'static str,
    deadline: Option<Duration>,
    history: Option<Duration>,
    hooks: Hooks,
    /// The compiled functions by name and version.
    bodies: BTreeMap<&'static str, BTreeMap<u32, Body>>,
    /// The one that is being described.
    current: (&'static str, u32),
    steps: BTreeMap<&'static str, Arc<StepDefinition>>,
    /// The names that steps had before, with those that they have now.
    renamed: BTreeMap<&'static str, &'static str>,
    /// Names that two different steps or sagas claim.
    clashes: Vec<&'static str>,
}

/// Which state comes after which: for each node its name, what it is, and the ways on with their conditions.
///
/// A node is a state, or a place where several ways meet; the names of those begin with `@`: `@start`, `@for`, `@loop`,
/// `@join`. A way leads to a node, or to `@completed` or `@failed`.
pub(crate) type Outline = &'static [(&'static str, &'static str, &'static [(&'static str, &'static str)])];

/// In place of the name of a saga: any of them.
pub(crate) const ANY: &str = "*";

/// One state of a saga.
#[derive(Debug, Clone)]
pub struct StateDefinition {
    /// Its name: after the step that it waits for.
    pub name: &'static str,
    /// The steps that it may run.
    pub steps: Vec<&'static str>,
    /// The sagas that it may run inside.
    pub sagas: Vec<&'static str>,
    /// The sagas that it may start as children.
    pub children: Vec<&'static str>,
    /// The variables that wait with it.
    pub variables: Vec<Variable>,
    /// The type of what it awaits.
    pub(crate) awaits: &'static str,
}

impl SagaDefinition {
    /// The definition of a saga.
    #[must_use]
    pub fn of<S: Saga>() -> Self {
        let mut definition = Self {
            name: S::NAME,
            deadline: S::DEADLINE,
            history: S::HISTORY,
            hooks: Hooks::default(),
            bodies: BTreeMap::new(),
            current: (S::NAME, S::VERSION),
            steps: BTreeMap::new(),
            renamed: BTreeMap::new(),
            clashes: Vec::new(),
        };
        definition.add_body::<S>();
        S::hooks(&mut definition);
        definition
    }

    pub(crate) fn add_step<S: Step>(&mut self) {
        if let Some(body) = self.current_body() {
            body.awaited.steps.push(S::NAME);
        }
        self.add(StepDefinition::of::<S>());
    }

    /// Adds a step and the steps that undo it.
    fn add(&mut self, step: Arc<StepDefinition>) {
        match self.steps.get(step.name()) {
            Some(known) if known.type_id() == step.type_id() => return,
            Some(_) => return self.clashes.push(step.name()),
            None => {}
        }
        self.steps.insert(step.name(), step.clone());
        for alias in step.aliases().iter().filter(|alias| **alias != step.name()) {
            self.renamed.insert(alias, step.name());
        }
        if let Some(compensation) = step.compensation() {
            self.add(compensation.definition());
        }
    }

    /// Adds a saga with all that it awaits. One that is being described awaits itself.
    pub(crate) fn add_saga<S: Saga>(&mut self) {
        if let Some(outer) = self.current_body() {
            outer.awaited.sagas.push(S::NAME);
        }
        self.add_body::<S>();
    }

    /// Adds a saga that may be started as a child. What it awaits is its own.
    pub(crate) fn add_child<S: Saga>(&mut self) {
        if let Some(body) = self.current_body() {
            body.awaited.children.push(S::NAME);
        }
    }

    /// The state may wait for the end of an instance of any saga.
    pub(crate) fn add_any_child(&mut self) {
        if let Some(body) = self.current_body() {
            body.awaited.children.push(ANY);
        }
    }

    fn add_body<S: Saga>(&mut self) {
        let versions = self.bodies.entry(S::NAME).or_default();
        match versions.get(&S::VERSION) {
            Some(known) if known.type_id == TypeId::of::<S>() => return,
            Some(_) => return self.clashes.push(S::NAME),
            None => {}
        }
        versions.insert(S::VERSION, Body::of::<S>());
        let outer = std::mem::replace(&mut self.current, (S::NAME, S::VERSION));
        machine::describe::<S>(self);
        S::earlier(self);
        self.current = outer;
    }

    fn current_body(&mut self) -> Option<&mut Body> {
        let (name, version) = self.current;
        self.bodies.get_mut(name)?.get_mut(&version)
    }

    pub(crate) fn add_state(&mut self, name: &'static str, awaits: &'static str) {
        if let Some(body) = self.current_body() {
            let Awaited { steps, sagas, children } = std::mem::take(&mut body.awaited);
            body.states.push(StateDefinition { name, steps, sagas, children, variables: Vec::new(), awaits });
        }
    }

    pub(crate) fn set_variables(&mut self, slots: &[Variable], states: States) {
        let Some(body) = self.current_body() else { return };
        for (state, (_, waits)) in body.states.iter_mut().zip(states) {
            state.variables = waits.iter().map(|slot| slots[*slot].clone()).collect();
        }
    }

    /// The code of the saga that is described boxes calls that yield this, and are described so.
    pub(crate) fn add_boxed(&mut self, yields: TypeId, describe: Describe) {
        if let Some(body) = self.current_body() {
            body.boxed.push((yields, describe));
        }
    }

    /// A boxed call is awaited that yields this: it may be any of those that the code boxes.
    pub(crate) fn describe_boxed(&mut self, yields: TypeId) {
        let boxed = self.current_body().map(|body| body.boxed.clone()).unwrap_or_default();
        boxed.iter().filter(|(of, _)| *of == yields).for_each(|(_, describe)| describe(self));
    }

    pub(crate) fn set_outline(&mut self, outline: Outline) {
        if let Some(body) = self.current_body() {
            body.outline = outline;
        }
    }

    /// Says that instances of the version `Old` end on its code. Both have the same result: whoever waits for it can't
    /// know the version. Used by generated code.
    #[doc(hidden)]
    pub fn before<New: Saga, Old: Saga<Output = New::Output>>(&mut self) {
        self.add_body::<Old>();
    }

    /// Says which function makes instances of earlier versions into instances of this one. Used by generated code.
    #[doc(hidden)]
    pub fn migrate<S: Saga>(&mut self, migrate: fn(&mut Migration) -> Result<(), Failure>) {
        if let Some(body) = self.current_body() {
            body.migrate = Some(migrate);
        }
    }

    /// Says what is told when an instance gets stuck, or is paused otherwise than by an operator. Used by generated code.
    #[doc(hidden)]
    pub fn on_stuck<S: Saga>(&mut self, hook: impl TakesReport<S>) {
        self.hooks.stuck = Some(Hook::new(hook));
    }

    /// Says what is told when an instance has failed. Used by generated code.
    #[doc(hidden)]
    pub fn on_failed<S: Saga>(&mut self, hook: impl TakesReport<S>) {
        self.hooks.failed = Some(Hook::new(hook));
    }

    pub(crate) fn hooks(&self) -> &Hooks {
        &self.hooks
    }

    /// Adds a step that undoes what older code has done. Used by generated code.
    #[doc(hidden)]
    pub fn keep<S: Step>(&mut self) {
        self.add(StepDefinition::of::<S>());
    }

    /// Which state comes after which.
    pub(crate) fn outline(&self) -> Outline {
        self.newest(self.name).map_or(&[], Body::outline)
    }

    /// The saga's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The version of its code: that of the instances that are started now.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.bodies.get(self.name).and_then(|versions| versions.keys().next_back()).copied().unwrap_or(1)
    }

    /// How long after its start an instance is to have ended, if the saga says so.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// How long the former records of its instances are kept, if they are.
    #[must_use]
    pub fn history(&self) -> Option<Duration> {
        self.history
    }

    /// Its states, in the order of the function's text.
    #[must_use]
    pub fn states(&self) -> &[StateDefinition] {
        self.states_of(self.name).unwrap_or_default()
    }

    /// The states of a saga that runs inside it, or of itself.
    #[must_use]
    pub fn states_of(&self, saga: &str) -> Option<&[StateDefinition]> {
        self.newest(saga).map(Body::states)
    }

    /// The names of the sagas that run inside it, and its own.
    pub fn sagas(&self) -> impl Iterator<Item = &'static str> {
        self.bodies.keys().copied()
    }

    /// Its steps by name, those that undo others and those of nested sagas included.
    pub fn steps(&self) -> impl Iterator<Item = &Arc<StepDefinition>> {
        self.steps.values()
    }

    /// A step by its name, or by one that it had before (`#[step(alias = "…")]`).
    #[must_use]
    pub fn step(&self, name: &str) -> Option<&Arc<StepDefinition>> {
        self.steps.get(name).or_else(|| self.steps.get(self.renamed.get(name)?))
    }

    pub(crate) fn type_id(&self) -> TypeId {
        self.newest(self.name).map_or_else(TypeId::of::<()>, |body| body.type_id)
    }

    /// Names that stand for more than one step or saga. One that a step had before must not be another's today.
    pub(crate) fn clashes(&self) -> impl Iterator<Item = &'static str> {
        let renamed = self.renamed.keys().filter(|old| self.steps.contains_key(*old));
        self.clashes.iter().chain(renamed).copied()
    }

    /// The compiled functions of a saga by version. A nested one may be known by a name that it had before.
    pub(crate) fn versions(&self, saga: &str) -> Option<&BTreeMap<u32, Body>> {
        self.bodies.get(saga).or_else(|| {
            let had = |body: &Body| body.aliases.contains(&saga);
            self.bodies.values().find(|versions| versions.values().next_back().is_some_and(had))
        })
    }

    /// The newest code of a saga.
    pub(crate) fn newest(&self, saga: &str) -> Option<&Body> {
        self.versions(saga)?.values().next_back()
    }

    /// The code of a saga for an instance of this version.
    pub(crate) fn body(&self, saga: &str, version: u32) -> Option<&Body> {
        self.versions(saga)?.get(&version)
    }

    /// The names that a step or a nested saga had before.
    pub(crate) fn aliases(&self, awaited: &str) -> &'static [&'static str] {
        match self.steps.get(awaited) {
            Some(step) => step.aliases(),
            None => self.newest(awaited).map_or(&[], |body| body.aliases),
        }
    }

    /// How many instances run at a time, and among those with which key, if not as many as there are: for one that stands at its beginning.
    ///
    /// # Errors
    ///
    /// Why the key can't be made.
    pub(crate) fn line(&self, frame: &Frame) -> Result<Option<(u32, Option<String>)>, String> {
        self.body(self.name, frame.version).map_or(Ok(None), |body| body.line(frame))
    }

    /// Whether its instances may have to wait for their turn.
    pub(crate) fn is_limited(&self) -> bool {
        self.versions(self.name).into_iter().flat_map(BTreeMap::values).any(Body::is_limited)
    }

    /// Whether any of its states may start such a child.
    pub(crate) fn has_child(&self, saga: &str) -> bool {
        let bodies = self.bodies.values().flat_map(BTreeMap::values);
        bodies.flat_map(Body::states).any(|state| state.children.contains(&saga))
    }

    /// Runs the code of a saga on: its own, or that of one inside it.
    pub(crate) fn advance(&self, saga: &str, frame: &Frame, reply: Option<Reply>, starts: Starts) -> (Advance, Starts) {
        let Some(body) = self.body(saga, frame.version) else {
            let unknown = format!("version {} of saga `{saga}` is called but not described", frame.version);
            return (Advance::Unfit(unknown), starts);
        };
        let state = body.state(&frame.state, |awaited| self.aliases(awaited));
        let frame = match state {
            Some(state) if state.name != frame.state => {
                Cow::Owned(Frame { state: state.name.to_owned(), ..frame.clone() })
            }
            _ => Cow::Borrowed(frame),
        };
        body.advance(frame, reply, starts)
    }
}
