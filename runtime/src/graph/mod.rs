//! The graph of a saga: its states and what leads from one to the next, as data, as Mermaid and as Graphviz.
//!
//! The compiler of sagas knows all this; [`Saga::graph`] gives it back at run time, without running any of the saga's code.
//!
//! ```
//! use sagaflow::prelude::*;
//!
//! /// Takes the money.
//! #[step]
//! #[retry(fixed, delay = "5s", max_attempts = 3)]
//! #[compensate(give_back(cents))]
//! async fn charge(cents: u64) -> Result<bool, Failure> {
//!     Ok(cents < 100)
//! }
//!
//! #[step]
//! async fn give_back(cents: u64) {
//!     println!("{cents} are back");
//! }
//!
//! #[step]
//! async fn ship(parcel: String) -> Result<(), Failure> {
//!     println!("{parcel} is on its way");
//!     Ok(())
//! }
//!
//! #[saga]
//! async fn order(cents: u64, parcels: Vec<String>) -> Result<(), Failure> {
//!     if charge(cents).await? {
//!         for parcel in parcels {
//!             ship(parcel).await?;
//!         }
//!     }
//!     Ok(())
//! }
//!
//! let graph = order::graph();
//! let way = graph.transitions.iter().find(|way| way.to == "@failed").unwrap();
//! assert_eq!((way.from.as_str(), way.when.as_str()), ("charge", "Err"));
//! // The loop's way back.
//! assert!(graph.transitions.iter().any(|way| way.back && way.from == "ship"));
//! // For a page, a wiki, or `dot -Tsvg`.
//! assert!(graph.to_mermaid().starts_with("flowchart TD\n"));
//! assert!(graph.to_dot().starts_with("digraph \"order\" {\n"));
//! ```
//!
//! What it can't show: a fault (a panic, a time-out, a worker that was lost) leads from every state to `@failed`, unless the
//! body takes it with [`Call::outcome`](crate::Call::outcome); and a `return` that a macro hides is known only for `bail!`
//! and `ensure!`, and where the word stands in the macro's arguments.

mod build;
mod dot;
mod mermaid;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use crate::definition::SagaDefinition;
use crate::saga::Saga;

/// What a saga looks like: [nodes](Self::nodes), and [transitions](Self::transitions) between them.
///
/// `Serialize`, so that other tools can draw it; there is no way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Graph {
    /// The saga's name.
    pub saga: String,
    /// The start, the states and the places between them, each after those that lead to it (but for loops); the ends
    /// that can be reached stand last.
    pub nodes: Vec<Node>,
    /// What leads from one node to the next.
    pub transitions: Vec<Transition>,
    /// The steps that the states run, and those that undo them, by name.
    pub steps: Vec<StepNode>,
}

/// A place in the graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Node {
    /// Unique within the graph. Of a state, its name in records (`reserve#2`); all others begin with `@`.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
}

/// What a [`Node`] is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NodeKind {
    /// Where every instance begins.
    Start,
    /// The instance waits for what it awaits.
    State {
        /// The names of the steps.
        steps: Vec<String>,
        /// The names of the sagas that run inside of it; they have graphs of their own.
        sagas: Vec<String>,
        /// The names of the sagas that it starts as children; they have graphs of their own.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        children: Vec<String>,
        /// What is saved meanwhile.
        variables: Vec<Variable>,
    },
    /// A place between states where several ways meet or part. No record stands here.
    Place {
        /// What it is, as source text: `for item`, `loop`; empty where branches come together.
        label: String,
    },
    /// The saga has returned its value.
    Completed,
    /// The saga has returned an error: what was done is undone.
    Failed,
}

/// A variable that waits with a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Variable {
    /// Its key in the record: a variable or a field of one (`request.items`). What the compiler has added begins with `@`.
    pub name: String,
    /// Its type, as [`std::any::type_name`] gives it.
    pub type_name: String,
}

/// A way from one node to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Transition {
    /// The [`Node::id`] that it leaves.
    pub from: String,
    /// The [`Node::id`] that it leads to.
    pub to: String,
    /// Under which condition, as short source text (`total > 10`, `Ok`, `Err`, `else`); empty if it is the only way.
    pub when: String,
    /// Whether it leads back, in a loop.
    pub back: bool,
}

/// A step of the saga.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StepNode {
    /// Its name.
    pub name: String,
    /// The first paragraph of its documentation; empty without one.
    pub doc: String,
    /// Its retry policy as `#[retry(…)]` says it; none if it has one attempt only.
    pub retry: Option<String>,
    /// The step that undoes it.
    pub undone_by: Option<UndoneBy>,
}

/// How a step is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UndoneBy {
    /// The name of the step that undoes.
    pub step: String,
    /// Whether it is registered before the first attempt, and so runs also when the outcome is unknown.
    pub before: bool,
}

impl Graph {
    /// The graph of a saga; the same as [`Saga::graph`].
    #[must_use]
    pub fn of<S: Saga>() -> Self {
        SagaDefinition::of::<S>().graph()
    }

    /// The nodes that are states.
    pub fn states(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| matches!(node.kind, NodeKind::State { .. }))
    }

    /// A step by its name.
    #[must_use]
    pub fn step(&self, name: &str) -> Option<&StepNode> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// As a Mermaid flowchart, which code hosts and wikis draw inside of ` ```mermaid `.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        mermaid::write(self)
    }

    /// As a Graphviz digraph, for `dot -Tsvg`.
    #[must_use]
    pub fn to_dot(&self) -> String {
        dot::write(self)
    }

    /// The lines that say what a state waits for: its name, what its steps do, their retry policies.
    fn label(&self, node: &Node) -> Vec<String> {
        let NodeKind::State { steps, sagas, children, .. } = &node.kind else { return vec![self.title(node)] };
        let mut lines = vec![node.id.clone()];
        for step in steps.iter().filter_map(|name| self.step(name)) {
            let is_named = node.id.split('#').next() == Some(&*step.name);
            lines.extend(step.label().into_iter().skip(usize::from(is_named)));
        }
        lines.extend(sagas.iter().map(|name| format!("saga {name}")));
        lines.extend(children.iter().map(|name| format!("child {name}")));
        lines
    }

    fn title(&self, node: &Node) -> String {
        match &node.kind {
            NodeKind::Start => self.saga.clone(),
            NodeKind::State { .. } => node.id.clone(),
            NodeKind::Place { label } => label.clone(),
            NodeKind::Completed => "completed".to_owned(),
            NodeKind::Failed => "failed".to_owned(),
        }
    }

    /// The ways between two nodes as one, with all their conditions; and the positions of the nodes.
    fn lines(&self) -> Vec<(usize, usize, String)> {
        let positions: HashMap<&str, usize> =
            self.nodes.iter().enumerate().map(|(position, node)| (&*node.id, position)).collect();
        let mut lines: Vec<(usize, usize, Vec<&str>)> = Vec::new();
        let mut known = HashMap::new();
        for Transition { from, to, when, .. } in &self.transitions {
            let ends = (positions[&**from], positions[&**to]);
            let line = *known.entry(ends).or_insert_with(|| {
                lines.push((ends.0, ends.1, Vec::new()));
                lines.len() - 1
            });
            lines[line].2.push(when);
        }
        // A way without a condition is there whatever else is.
        let label = |when: Vec<&str>| if when.contains(&"") { String::new() } else { when.join("\n") };
        lines.into_iter().map(|(from, to, when)| (from, to, label(when))).collect()
    }

    /// The states, by position, and the names of the steps that undo theirs.
    fn undoings(&self) -> Vec<(usize, &str)> {
        let mut undoings = Vec::new();
        for (position, node) in self.nodes.iter().enumerate() {
            let NodeKind::State { steps, .. } = &node.kind else { continue };
            let undone = steps.iter().filter_map(|name| self.step(name)?.undone_by.as_ref());
            undoings.extend(undone.map(|undone| (position, &*undone.step)));
        }
        undoings
    }

    /// The steps that undo others, each with its documentation and policy.
    fn undoing_steps(&self) -> Vec<(&str, Vec<String>)> {
        let names: BTreeSet<&str> = self.undoings().into_iter().map(|(_, step)| step).collect();
        names
            .into_iter()
            .map(|name| (name, self.step(name).map_or_else(|| vec![name.to_owned()], StepNode::label)))
            .collect()
    }
}

impl StepNode {
    fn label(&self) -> Vec<String> {
        let mut lines = vec![self.name.clone()];
        lines.extend(Some(self.doc.clone()).filter(|doc| !doc.is_empty()));
        lines.extend(self.retry.as_ref().map(|retry| format!("retry: {retry}")));
        lines
    }
}
