//! From what a saga's definition says to its graph.

use std::collections::HashMap;

use super::{Graph, Node, NodeKind, StepNode, Transition, UndoneBy, Variable};
use crate::definition::{SagaDefinition, StepDefinition};

// The names that the compiler gives them (`outline` in the macros).
const START: &str = "@start";
const COMPLETED: &str = "@completed";
const FAILED: &str = "@failed";

impl SagaDefinition {
    /// What the saga looks like.
    #[must_use]
    pub fn graph(&self) -> Graph {
        let outline = self.outline();
        let mut nodes: Vec<_> = outline.iter().map(|(name, label, _)| self.node(name, label)).collect();
        let ways = || outline.iter().flat_map(|(_, _, ways)| ways.iter());
        for (name, kind) in [(COMPLETED, NodeKind::Completed), (FAILED, NodeKind::Failed)] {
            if ways().any(|(to, _)| *to == name) {
                nodes.push(Node { id: name.to_owned(), kind });
            }
        }
        let positions: HashMap<&str, usize> =
            outline.iter().enumerate().map(|(position, (name, _, _))| (*name, position)).collect();
        let transitions = outline.iter().enumerate().flat_map(|(position, (from, _, ways))| {
            let positions = &positions;
            ways.iter().map(move |(to, when)| Transition {
                from: (*from).to_owned(),
                to: (*to).to_owned(),
                when: (*when).to_owned(),
                back: positions.get(to).is_some_and(|to| *to <= position),
            })
        });
        let transitions = transitions.collect();
        Graph {
            saga: self.name().to_owned(),
            nodes,
            transitions,
            steps: self.steps().map(|step| step.node()).collect(),
        }
    }

    fn node(&self, name: &str, label: &str) -> Node {
        let kind = match self.states().iter().find(|state| state.name == name) {
            Some(state) => NodeKind::State {
                steps: state.steps.iter().map(|step| (*step).to_owned()).collect(),
                sagas: state.sagas.iter().map(|saga| (*saga).to_owned()).collect(),
                children: state.children.iter().map(|saga| (*saga).to_owned()).collect(),
                variables: state
                    .variables
                    .iter()
                    .map(|variable| Variable {
                        name: variable.name.to_owned(),
                        type_name: variable.type_name.to_owned(),
                    })
                    .collect(),
            },
            None if name == START => NodeKind::Start,
            None => NodeKind::Place { label: label.to_owned() },
        };
        Node { id: name.to_owned(), kind }
    }
}

impl StepDefinition {
    fn node(&self) -> StepNode {
        let policy = self.policy().to_string();
        let undone_by = self.compensation().map(|undo| UndoneBy { step: undo.step().to_owned(), before: undo.before });
        StepNode {
            name: self.name().to_owned(),
            doc: self.doc().to_owned(),
            retry: Some(policy).filter(|policy| !policy.is_empty()),
            undone_by,
        }
    }
}
