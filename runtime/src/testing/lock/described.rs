//! What the lock file says: of sagas, their states and their steps. Made from the code, or read from the file.

use std::collections::{BTreeMap, BTreeSet};

use super::shape::Shape;
use crate::definition::{Body, Outline, SagaDefinition, StateDefinition, StepDefinition};
use crate::misfit::outermost;

/// All that a lock file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Described {
    /// The sagas that are served, by name.
    pub(super) sagas: BTreeMap<String, Saga>,
}

/// A saga that is served, with all that its instances may need.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Saga {
    /// Its code by name and version: its own, and that of the sagas that run inside it.
    pub(super) bodies: BTreeMap<(String, u32), Code>,
    /// Its steps by name.
    pub(super) steps: BTreeMap<String, Step>,
}

/// One compiled function.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Code {
    /// Its arguments, as an object.
    pub(super) arguments: Shape,
    pub(super) returns: Shape,
    pub(super) states: BTreeMap<String, State>,
}

/// A state.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// What it awaits: `Timeout<Call>`.
    pub(super) form: String,
    /// The steps that it may call.
    pub(super) steps: BTreeSet<String>,
    /// The sagas that it may run inside.
    pub(super) sagas: BTreeSet<String>,
    /// The sagas that it may start as children.
    pub(super) children: BTreeSet<String>,
    /// The states that may come right before it.
    pub(super) after: BTreeSet<String>,
    pub(super) variables: BTreeMap<String, Variable>,
}

/// A variable that waits with a state.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) shape: Shape,
    pub(super) has_default: bool,
}

/// A step.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Its arguments, as an object.
    pub(super) arguments: Shape,
    pub(super) returns: Shape,
    /// The step that undoes it.
    pub(super) undone_by: Option<String>,
}

impl Described {
    /// What the code says.
    pub(super) fn of(definitions: &[SagaDefinition]) -> Self {
        Self { sagas: definitions.iter().map(|definition| (definition.name().to_owned(), saga(definition))).collect() }
    }
}

fn saga(definition: &SagaDefinition) -> Saga {
    let versions = definition.sagas().filter_map(|name| Some((name, definition.versions(name)?)));
    let bodies = versions.flat_map(|(name, versions)| {
        versions.iter().map(move |(version, body)| ((name.to_owned(), *version), code(body)))
    });
    let steps = definition.steps().map(|definition| (definition.name().to_owned(), step(definition)));
    Saga { bodies: bodies.collect(), steps: steps.collect() }
}

fn step(definition: &std::sync::Arc<StepDefinition>) -> Step {
    let undone_by = definition.compensation().map(|compensation| compensation.step().to_owned());
    Step { arguments: (definition.arguments)(), returns: (definition.returns)(), undone_by }
}

fn code(body: &Body) -> Code {
    let state = |definition: &StateDefinition| {
        let variables = definition.variables.iter().map(|variable| {
            let described = Variable { shape: variable.shape(), has_default: variable.has_default };
            (variable.name.to_owned(), described)
        });
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let state = State {
            form: without_names(definition.awaits),
            steps: owned(&definition.steps),
            sagas: owned(&definition.sagas),
            children: owned(&definition.children),
            after: before(body.outline(), definition.name),
            variables: variables.collect(),
        };
        (definition.name.to_owned(), state)
    };
    Code { arguments: (body.arguments)(), returns: (body.returns)(), states: body.states().iter().map(state).collect() }
}

/// The states from which a node can be reached with no other state on the way.
fn before(outline: Outline, node: &str) -> BTreeSet<String> {
    let (mut found, mut seen) = (BTreeSet::new(), BTreeSet::from([node]));
    let mut open = vec![node];
    while let Some(to) = open.pop() {
        for (from, _, _) in outline.iter().filter(|(_, _, ways)| ways.iter().any(|(way, _)| *way == to)) {
            // A place between states; the start is one that counts.
            if from.starts_with('@') && *from != "@start" {
                if seen.insert(from) {
                    open.push(from);
                }
            } else {
                found.insert((*from).to_owned());
            }
        }
    }
    found
}

/// The type of a durable without paths, and without the names of steps: `sagaflow::durable::Timeout<sagaflow::Call<shop::charge>>`
/// as `Timeout<Call>`.
fn without_names(form: &str) -> String {
    let mut words = Vec::new();
    let mut rest = form;
    while let Some(end) = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':' || c == '#')) {
        let (word, after) = rest.split_at(end);
        let name = word.rsplit("::").next().unwrap_or(word);
        if matches!(name, "Call" | "Caught" | "ChildCall" | "CaughtChild" | "CompensatedChild" | "Detach")
            && after.starts_with('<')
        {
            words.push(name.to_owned());
            rest = after_brackets(after);
            continue;
        }
        let sign = after.chars().next().unwrap_or(' ');
        words.push(format!("{name}{sign}"));
        rest = &after[sign.len_utf8()..];
    }
    words.push(outermost(rest).map_or(rest, |(name, _)| name).to_owned());
    words.concat()
}

/// What follows the brackets that a text begins with.
fn after_brackets(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[at + c.len_utf8()..];
        }
    }
    ""
}
