//! A graph as a Mermaid flowchart.

use std::fmt::Write as _;

use super::{Graph, NodeKind};

/// Nodes are named `n0`, `n1`, … and `u0`, … (steps that undo): their own names may be no names in Mermaid.
pub(super) fn write(graph: &Graph) -> String {
    let mut text = String::from("flowchart TD\n");
    for (position, node) in graph.nodes.iter().enumerate() {
        let label = quoted(&graph.label(node).join("\n"));
        let (open, close) = match node.kind {
            NodeKind::Start | NodeKind::Completed | NodeKind::Failed => ("([", "])"),
            NodeKind::State { .. } => ("[", "]"),
            NodeKind::Place { .. } => ("{", "}"),
        };
        let _ = writeln!(text, "    n{position}{open}{label}{close}");
    }
    for (from, to, when) in graph.lines() {
        let when = if when.is_empty() { String::new() } else { format!("|{}|", quoted(&when)) };
        let _ = writeln!(text, "    n{from} -->{when} n{to}");
    }
    let undoing = graph.undoing_steps();
    for (position, (_, label)) in undoing.iter().enumerate() {
        let _ = writeln!(text, "    u{position}[[{}]]", quoted(&label.join("\n")));
    }
    for (state, undone_by) in graph.undoings() {
        let undone_by = undoing.iter().position(|(step, _)| *step == undone_by);
        let _ = undone_by.map(|undone_by| writeln!(text, "    n{state} -.->|\"undone by\"| u{undone_by}"));
    }
    text
}

/// In quotes. What means something to Mermaid or to HTML becomes an entity, which Mermaid writes with `#`.
fn quoted(text: &str) -> String {
    // A place without a label still needs one that isn't empty.
    let text = if text.is_empty() { " " } else { text };
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '\n' => quoted.push_str("<br/>"),
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' | '|' | '*' | '~' => {
                let _ = write!(quoted, "#{};", u32::from(character));
            }
            control if control.is_control() => quoted.push(' '),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}
