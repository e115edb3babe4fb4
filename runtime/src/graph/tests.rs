//! Text that means something to Mermaid or Graphviz.

use super::{Graph, Node, NodeKind, StepNode, Transition, UndoneBy};

/// A graph with odd text at every place.
fn odd() -> Graph {
    let odd = "say \"no\" <b>&amp;</b> | #35; `x` *y* _z_ \\n a;b {c} [d] (e) é 日本\nnext %% line --> end";
    let node = |id: &str, kind| Node { id: id.to_owned(), kind };
    let way = |from: &str, to: &str| Transition {
        from: from.to_owned(),
        to: to.to_owned(),
        when: odd.to_owned(),
        back: false,
    };
    let step = |name: &str, undone_by| StepNode {
        name: name.to_owned(),
        doc: odd.to_owned(),
        retry: Some(odd.to_owned()),
        undone_by,
    };
    Graph {
        saga: odd.to_owned(),
        nodes: vec![
            node("@start", NodeKind::Start),
            node(
                "end#2",
                NodeKind::State {
                    steps: vec!["end".to_owned()],
                    sagas: vec!["inner".to_owned()],
                    children: Vec::new(),
                    variables: Vec::new(),
                },
            ),
            node("@for", NodeKind::Place { label: odd.to_owned() }),
            node("@join", NodeKind::Place { label: String::new() }),
            node("@completed", NodeKind::Completed),
            node("@failed", NodeKind::Failed),
        ],
        transitions: vec![
            way("@start", "end#2"),
            way("end#2", "@for"),
            way("@for", "@completed"),
            way("@for", "@failed"),
        ],
        steps: vec![step("end", Some(UndoneBy { step: "undo".to_owned(), before: true })), step("undo", None)],
    }
}

#[test]
fn mermaid_takes_odd_text_for_text() {
    let text = odd().to_mermaid();
    for line in text.lines().skip(1) {
        let inner = line.replace("<br/>", "");
        assert_eq!(inner.matches('"').count() % 2, 0, "{line}");
        // Nothing of the text's own is left that isn't an entity.
        for label in inner.split('"').skip(1).step_by(2) {
            assert!(!label.contains(['<', '>', '&', '|', '`', '\\', '*']), "{label}");
            assert!(
                label
                    .split('#')
                    .skip(1)
                    .all(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(';')),
                "{label}"
            );
        }
    }
    assert!(text.contains("say #34;no#34; #60;b#62;#38;amp;#60;/b#62; #124; #35;35; "), "{text}");
    assert!(text.contains("é 日本<br/>next"), "{text}");
}

#[test]
fn graphviz_takes_odd_text_for_text() {
    let text = odd().to_dot();
    assert!(
        text.contains(r#"say \"no\" <b>&amp;amp;</b> | #35; `x` *y* _z_ \\n a;b {c} [d] (e) é 日本\nnext"#),
        "{text}"
    );
    for line in text.lines() {
        let unescaped = line.replace("\\\\", "").replace("\\\"", "");
        assert_eq!(unescaped.matches('"').count() % 2, 0, "{line}");
    }
}
