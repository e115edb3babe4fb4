//! A graph as a Graphviz digraph.

use std::fmt::Write as _;

use super::{Graph, NodeKind};

/// Nodes are named `n0`, `n1`, … and `u0`, … (steps that undo).
pub(super) fn write(graph: &Graph) -> String {
    let mut text = format!("digraph {} {{\n", quoted(&graph.saga));
    text.push_str("    node [shape=box, fontname=\"sans-serif\"]\n    edge [fontname=\"sans-serif\"]\n");
    for (position, node) in graph.nodes.iter().enumerate() {
        let shape = match node.kind {
            NodeKind::Start | NodeKind::Completed | NodeKind::Failed => ", shape=oval",
            NodeKind::State { .. } => ", style=rounded",
            NodeKind::Place { .. } => ", shape=diamond",
        };
        let _ = writeln!(text, "    n{position} [label={}{shape}]", quoted(&graph.label(node).join("\n")));
    }
    for (from, to, when) in graph.lines() {
        let when = if when.is_empty() { String::new() } else { format!(" [label={}]", quoted(&when)) };
        let _ = writeln!(text, "    n{from} -> n{to}{when}");
    }
    let undoing = graph.undoing_steps();
    for (position, (_, label)) in undoing.iter().enumerate() {
        let _ = writeln!(text, "    u{position} [label={}, peripheries=2]", quoted(&label.join("\n")));
    }
    for (state, undone_by) in graph.undoings() {
        let undone_by = undoing.iter().position(|(step, _)| *step == undone_by);
        let _ = undone_by
            .map(|undone_by| writeln!(text, "    n{state} -> u{undone_by} [style=dashed, label=\"undone by\"]"));
    }
    text + "}\n"
}

/// In quotes. In labels a backslash begins an escape of Graphviz's own; entities of HTML are read, too.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '\n' => quoted.push_str("\\n"),
            '"' | '\\' => quoted.extend(['\\', character]),
            '&' => quoted.push_str("&amp;"),
            control if control.is_control() => quoted.push(' '),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}
