//! What sagas say of themselves: `checkout::graph()`, and the README's picture of it.

use std::collections::BTreeSet;

use sagaflow::graph::NodeKind;
use sagaflow::prelude::*;
use sagaflow::{Graph, StepError};
use serde::{Deserialize, Serialize};

/// The README's saga.
mod readme {
    use super::*;

    #[derive(Debug, Serialize, Deserialize)]
    pub(crate) struct User {
        id: u64,
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub(crate) struct Order {
        id: u64,
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub(crate) struct Item {
        article: String,
        price: u64,
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub(crate) struct Request {
        name: String,
        items: Vec<Item>,
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub(crate) struct Receipt {
        order: u64,
        lines: u64,
    }

    #[step]
    pub(crate) async fn delete_user(id: u64) {
        let _ = id;
    }

    #[step]
    pub(crate) async fn release(article: String) {
        let _ = article;
    }

    /// Makes the account that the order belongs to.
    ///
    /// Not part of the label.
    #[step]
    #[retry(exponential, base = "1s", factor = 1.0, max_delay = "5m", max_attempts = 8)]
    #[compensate(delete_user(output.id))]
    pub(crate) async fn create_user(name: String) -> Result<User, Failure> {
        Ok(User { id: name.len() as u64 })
    }

    /// Takes an article off the shelf.
    #[step]
    #[compensate(release(article))]
    pub(crate) async fn reserve(article: String) -> Result<u64, Failure> {
        Ok(article.len() as u64)
    }

    /// Asks for the money.
    #[step]
    #[retry(fixed, delay = "5s", max_attempts = 20)]
    pub(crate) async fn create_order(user: u64, total: u64) -> Result<Order, Failure> {
        Ok(Order { id: user + total })
    }

    #[saga]
    pub(crate) async fn checkout(request: Request) -> Result<Receipt, Failure> {
        let user = create_user(request.name).await?;
        let (mut total, mut lines) = (0, 0);
        for item in request.items {
            if item.price == 0 {
                continue;
            }
            reserve(item.article).await?;
            total += item.price;
            lines += 1;
        }
        let order = create_order(user.id, total).await?;
        Ok(Receipt { order: order.id, lines })
    }
}

#[step]
async fn num(n: u32) -> Result<u32, Failure> {
    Ok(n)
}

#[step]
async fn even(n: u32) -> bool {
    n.is_multiple_of(2)
}

/// All transitions as `from > to: when`; those that lead back with `<`.
fn ways(graph: &Graph) -> Vec<String> {
    let ways = graph.transitions.iter().map(|way| {
        let when = if way.when.is_empty() { String::new() } else { format!(": {}", way.when) };
        format!("{} {} {}{when}", way.from, if way.back { '<' } else { '>' }, way.to)
    });
    ways.collect()
}

/// What holds for every graph: all can be reached, and every way leads somewhere.
fn check(graph: &Graph) {
    let ids: BTreeSet<_> = graph.nodes.iter().map(|node| &*node.id).collect();
    assert_eq!(ids.len(), graph.nodes.len(), "{graph:#?}");
    let (mut reached, mut open) = (BTreeSet::from(["@start"]), vec!["@start"]);
    while let Some(node) = open.pop() {
        for way in graph.transitions.iter().filter(|way| way.from == node) {
            assert!(ids.contains(&*way.to), "{} is no node", way.to);
            if reached.insert(&way.to) {
                open.push(&way.to);
            }
        }
    }
    assert_eq!(ids, reached);
}

macro_rules! graph_is {
    ($saga:ident: $($way:literal),* $(,)?) => {
        let graph = $saga::graph();
        check(&graph);
        assert_eq!(ways(&graph), [$($way),*]);
    };
}

#[test]
fn the_readme_shows_a_graph_that_is_true() {
    let graph = readme::checkout::graph();
    check(&graph);
    let readme = include_str!("../../README.md");
    let mermaid = format!("```mermaid\n{}```\n", graph.to_mermaid());
    assert!(readme.contains(&mermaid), "the README's graph is now:\n{mermaid}");
}

#[test]
fn states_tell_what_waits_and_steps_what_they_do() {
    let graph = readme::checkout::graph();
    let reserve = graph.nodes.iter().find(|node| node.id == "reserve").expect("it is a state");
    let NodeKind::State { steps, variables, .. } = &reserve.kind else { panic!("{reserve:?}") };
    assert_eq!(steps, &["reserve"]);
    let variables: Vec<_> = variables.iter().map(|variable| (&*variable.name, &*variable.type_name)).collect();
    assert!(variables.contains(&("user.id", "u64")), "{variables:?}");
    assert!(variables.contains(&("item.price", "u64")), "{variables:?}");
    let user = graph.step("create_user").expect("it is a step");
    assert_eq!(user.doc, "Makes the account that the order belongs to.");
    let policy = "exponential, base = \"1s\", factor = 1.0, max_delay = \"5m\", max_attempts = 8";
    assert_eq!(user.retry.as_deref(), Some(policy));
    let undone_by = user.undone_by.as_ref().expect("it is undone");
    assert_eq!((&*undone_by.step, undone_by.before), ("delete_user", false));
    assert!(graph.step("reserve").and_then(|step| step.undone_by.as_ref()).is_some_and(|undone| undone.before));
    let json = serde_json::to_value(&graph).expect("it is JSON");
    assert_eq!(json["nodes"][1]["kind"]["state"]["steps"][0], "create_user");
}

#[saga]
async fn branches(n: u32) -> Result<u32, Failure> {
    let mut n = n;
    if n > 9 {
        n = num(n).await?;
    } else if even(n).await {
        return Ok(0);
    }
    match num(n).await {
        Ok(0) => {}
        Ok(few) if few < 5 => return num(few).await,
        Ok(_) => n += 1,
        Err(error) => return Err(error),
    }
    num(n).await
}

#[test]
fn branches_lead_to_their_steps() {
    graph_is!(branches:
        "@start > num: n > 9",
        "@start > even: else",
        "num > @failed: Err",
        "num > num#2: Ok",
        "even > @completed: true",
        "even > num#2: else",
        "num#2 > num#4: Ok(0)",
        "num#2 > num#3: Ok(few) if few < 5",
        "num#2 > num#4: Ok(_)",
        "num#2 > @failed: Err(error)",
        "num#3 > @completed: Ok",
        "num#3 > @failed: Err",
        "num#4 > @completed: Ok",
        "num#4 > @failed: Err",
    );
}

#[saga]
async fn labels(rows: Vec<Vec<u32>>) -> Result<u32, Failure> {
    let mut total = 0;
    'rows: for row in rows {
        for item in &row {
            if *item == 0 {
                continue 'rows;
            }
        }
        loop {
            total += num(total).await?;
            if total > 100 {
                break 'rows;
            }
            if total > 10 {
                break;
            }
        }
    }
    Ok(total)
}

#[test]
fn labelled_jumps_lead_where_they_say() {
    graph_is!(labels:
        "@start > @for",
        "@for < @for: *item == 0",
        "@for > num: next",
        "@for > @completed: done",
        "num > @failed: Err",
        "num > @completed: total > 100",
        "num < @for: total > 10",
        "num < num: Ok",
    );
}

#[saga]
async fn waits(mut queue: Vec<u32>, limit: u32) -> Option<u32> {
    while let Some(next) = queue.pop() {
        let found = num(next).await.ok()?;
        if found == limit {
            return Some(found);
        }
    }
    None
}

#[test]
fn loops_lead_back_and_an_option_is_a_value() {
    graph_is!(waits:
        "@start > @loop",
        "@loop > num: let Some(next) = queue.pop()",
        "@loop > @completed: else",
        "num > @completed: None",
        "num > @completed: found == limit",
        "num < @loop: Ok",
    );
}

#[saga]
async fn nested(n: u32) -> Result<u32, Failure> {
    let sum = num(num(n).await? + 1).await? + if even(n).await && even(n + 1).await { num(1).await? } else { 0 };
    let Some(rest) = sum.checked_sub(2) else {
        return Err(num(sum).await.map(|_| Failure::new("too few"))?);
    };
    let value = 'found: {
        if rest == 7 {
            break 'found num(7).await?;
        }
        rest
    };
    Ok(value)
}

#[test]
fn nested_expressions_keep_their_order() {
    graph_is!(nested:
        "@start > num",
        "num > @failed: Err",
        "num > num#2: Ok",
        "num#2 > @failed: Err",
        "num#2 > even: Ok",
        "even > even#2: true",
        "even > @join#2: else",
        "even#2 > num#3: true",
        "even#2 > @join#2: else",
        "num#3 > @failed: Err",
        "num#3 > @join#2: Ok",
        "@join#2 > num#4: else",
        "@join#2 > num#5: Some(rest), rest == 7",
        "@join#2 > @completed: Some(rest), else",
        "num#5 > @failed: Err",
        "num#5 > @completed: Ok",
        "num#4 > @failed: Err",
        "num#4 > @failed: Ok",
    );
}

#[saga]
async fn caught(n: u32) -> u32 {
    let text = format!("{n}");
    match num(n).outcome().await {
        Ok(n) => n,
        Err(StepError::Failed(_)) if text.is_empty() => 1,
        Err(_) => 0,
    }
}

#[test]
fn a_saga_that_can_t_fail_only_completes() {
    graph_is!(caught:
        "@start > num",
        "num > @completed: Ok(n)",
        "num > @completed: Err(StepError::Failed(_)) if text.is_empty()",
        "num > @completed: Err(_)",
    );
}

/// Counts down to its end, and waits between.
#[saga]
async fn down(n: u32) -> Result<u32, Failure> {
    if n == 0 {
        return Ok(0);
    }
    sagaflow::sleep("1s").await;
    empty().await?;
    let below = down(n - 1).await?;
    num(below).await
}

#[test]
fn a_saga_that_runs_itself_has_one_graph() {
    graph_is!(down:
        "@start > @completed: n == 0",
        "@start > sleep: else",
        "sleep > empty",
        "empty > @failed: Err",
        "empty > down: Ok",
        "down > @failed: Err",
        "down > num: Ok",
        "num > @completed: Ok",
        "num > @failed: Err",
    );
    let awaits = down::graph().nodes.into_iter().filter_map(|node| match node.kind {
        NodeKind::State { steps, sagas, .. } => Some((node.id, steps, sagas)),
        _ => None,
    });
    let named = |id: &str, steps: &[&str], sagas: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        (id.to_owned(), owned(steps), owned(sagas))
    };
    let expected = [
        named("sleep", &[], &[]),
        named("empty", &[], &["empty"]),
        named("down", &[], &["down"]),
        named("num", &["num"], &[]),
    ];
    assert_eq!(awaits.collect::<Vec<_>>(), expected);
}

#[saga]
async fn empty() -> Result<(), Failure> {
    Ok(())
}

#[test]
fn a_saga_without_steps_has_a_graph() {
    graph_is!(empty: "@start > @completed");
}

#[saga]
async fn sends(times: u32) -> Result<(), Failure> {
    for _ in 0..times {
        empty().child().await?;
    }
    empty().detach().await;
    Ok(())
}

#[test]
fn children_have_graphs_of_their_own() {
    let graph = sends::graph();
    let awaits: Vec<_> = graph.states().map(|node| (node.id.as_str(), &node.kind)).collect();
    let NodeKind::State { steps, sagas, children, .. } = awaits[0].1 else { panic!("{awaits:?}") };
    assert_eq!((awaits[0].0, awaits[1].0, awaits.len()), ("empty", "empty#2", 2));
    assert_eq!((steps.len(), sagas.len(), children), (0, 0, &vec!["empty".to_owned()]));
    assert!(graph.to_mermaid().contains("child empty"), "{}", graph.to_mermaid());
}
