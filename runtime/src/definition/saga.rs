//! A saga without its types: its states, its steps, and how to take it up.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::StepDefinition;
use crate::durable::Reply;
use crate::machine::{self, Advance};
use crate::record::Frame;
use crate::saga::Saga;
use crate::step::Step;

/// A saga as a worker serves it. Described by the compiled function itself.
#[derive(Debug)]
pub struct SagaDefinition {
    name: &'static str,
    type_id: TypeId,
    states: Vec<StateDefinition>,
    steps: BTreeMap<&'static str, Arc<StepDefinition>>,
    /// Names that two different steps claim.
    clashes: Vec<&'static str>,
    advance: fn(&Frame, Option<Reply>) -> Advance,
}

/// One state of a saga.
#[derive(Debug, Clone)]
pub struct StateDefinition {
    /// Its name: after the step that it waits for.
    pub name: &'static str,
    /// The variables that wait with it, with their types' names.
    pub variables: Vec<(&'static str, &'static str)>,
}

impl SagaDefinition {
    /// The definition of a saga.
    #[must_use]
    pub fn of<S: Saga>() -> Self {
        let mut definition = Self {
            name: S::NAME,
            type_id: TypeId::of::<S>(),
            states: Vec::new(),
            steps: BTreeMap::new(),
            clashes: Vec::new(),
            advance: machine::advance::<S>,
        };
        machine::describe::<S>(&mut definition);
        definition
    }

    pub(crate) fn add_step<S: Step>(&mut self) {
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
        if let Some(compensation) = step.compensation() {
            self.add(compensation.definition());
        }
    }

    pub(crate) fn add_state(&mut self, name: &'static str, variables: &[(&'static str, &'static str)]) {
        self.states.push(StateDefinition { name, variables: variables.to_vec() });
    }

    /// The saga's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its states, in the order of the function's text.
    #[must_use]
    pub fn states(&self) -> &[StateDefinition] {
        &self.states
    }

    /// Its steps by name, those that undo others included.
    pub fn steps(&self) -> impl Iterator<Item = &Arc<StepDefinition>> {
        self.steps.values()
    }

    /// A step by its name.
    #[must_use]
    pub fn step(&self, name: &str) -> Option<&Arc<StepDefinition>> {
        self.steps.get(name)
    }

    pub(crate) fn type_id(&self) -> TypeId {
        self.type_id
    }

    /// Step names that stand for more than one step.
    pub(crate) fn clashes(&self) -> &[&'static str] {
        &self.clashes
    }

    pub(crate) fn advance(&self, frame: &Frame, reply: Option<Reply>) -> Advance {
        (self.advance)(frame, reply)
    }
}
