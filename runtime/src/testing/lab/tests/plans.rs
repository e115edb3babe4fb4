//! Plans as text, samples of errors, and chance.

use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};

use super::shop::{Bug, Shop, items, lab, order};
use super::{assert_fails, failure};
use crate::Failure;
use crate::testing::{Fault, Plan, samples};

#[test]
fn plans_are_read_as_they_are_written() {
    for text in [
        "no faults",
        "crash at delivery 1",
        "crash before record 2 + crash after record 3",
        "lose delivery 4 + double delivery 5 + delay delivery 6 + overtake delivery 7 + lose answer 8",
        "fail visit/reserve#2/9 with the bank does not answer",
        "panic create_user:delete_user/10 + time out charge/11",
        "3 instances + 2 workers + seed 12 + crash at delivery 13",
    ] {
        assert_eq!(text.parse::<Plan>().unwrap().to_string(), text);
    }
    for text in
        ["", "crash", "crash before record", "crash before record 0", "fail charge/3", "panic charge", "x instances"]
    {
        assert!(text.parse::<Plan>().is_err(), "{text}");
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Refusal {
    Unit,
    Newtype(Inner),
    Tuple(u8, Option<String>),
    Struct { list: Vec<Inner>, more: (bool, char), boxed: Box<u64> },
    Unreadable(std::net::IpAddr),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Inner {
    number: std::num::NonZeroU32,
    text: String,
}

#[test]
fn there_is_a_sample_of_each_variant() {
    let inner = || Inner { number: std::num::NonZeroU32::MIN, text: "as the plan says".to_owned() };
    let all = samples::<Refusal>();
    let names: Vec<_> = all.iter().map(|(name, _)| name.unwrap()).collect();
    assert_eq!(names, ["Unit", "Newtype", "Tuple", "Struct"], "no text is an address: that one is left out");
    assert_eq!(all[1].1, Refusal::Newtype(inner()));
    assert_eq!(all[2].1, Refusal::Tuple(1, None));
    assert_eq!(all[3].1, Refusal::Struct { list: Vec::new(), more: (false, 'x'), boxed: Box::new(1) });
    let failures = samples::<Failure>();
    assert_eq!((failures.len(), failures[0].1.to_string()), (1, "as the plan says".to_owned()));
    assert!(samples::<crate::Never>().is_empty());
}

#[test]
fn random_plans_hold_and_a_failed_one_is_made_short() {
    lab(Bug::None).check(order(items(), 5)).random(60).assert_all(|run| {
        let shop = run.get::<Shop>();
        let completed = run.outcomes().filter(|(_, outcome)| matches!(outcome, Some(Ok(_)))).count();
        assert_eq!(shop.has("paid"), completed);
        assert_eq!(*shop.cents.lock().unwrap(), 5 * completed as i64);
    });
    let mut shortest = Vec::new();
    let text = failure(|| {
        lab(Bug::ChargesTwice).check(order(items(), 5)).random(500).assert_all(|run| {
            let completed = run.outcomes().filter(|(_, outcome)| matches!(outcome, Some(Ok(_)))).count() as i64;
            assert_eq!(*run.get::<Shop>().cents.lock().unwrap(), 5 * completed);
        });
    });
    assert!(text.contains("it was made shorter from a random plan: `SAGAFLOW_SEED="), "{text}");
    let named = text.split("`lab.check(…).plan(\"").nth(1).unwrap().split('"').next().unwrap();
    shortest.extend(named.parse::<Plan>().unwrap().faults().iter().cloned());
    assert_eq!(shortest.len(), 1, "{text}");
}

#[test]
fn the_meanwhile_runs_along_with_each_run() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let check = lab(Bug::None).check(order(items(), 5)).every_failure().meanwhile(|handle| async move {
        assert_eq!(handle.id(), "case");
        RUNS.fetch_add(1, Ordering::Relaxed);
    });
    let judged = std::cell::Cell::new(0);
    check.assert_all(|_| judged.set(judged.get() + 1));
    assert!(judged.get() > 5);
    assert_eq!(RUNS.load(Ordering::Relaxed), judged.get());
}

#[test]
fn a_fault_makes_a_plan() {
    let plan = Plan::from(Fault::LoseAnswer(3)).and(Fault::Panic("charge/3".to_owned()));
    assert_eq!(plan.to_string(), "lose answer 3 + panic charge/3");
    let says = ["`burn` is no fault"];
    assert_fails(|| drop(lab(Bug::None).check(order(items(), 5)).plan("burn")), &says);
}

/// Run again with the variables that a failed check names: the same plan, the same story; and the diagram is where it is wanted.
#[test]
fn a_seed_repeats_its_plan_and_a_diagram_is_written() {
    if std::env::var_os("SAGAFLOW_SEED").is_some() {
        lab(Bug::None).check(order(items(), 5)).random(500).assert_all(|run| {
            println!("{}\n{}", run.plan(), run.story());
            assert!(!run.plan().to_string().contains("seed"), "it fails on purpose");
        });
        return;
    }
    let name = "testing::lab::tests::plans::a_seed_repeats_its_plan_and_a_diagram_is_written";
    let diagram = tempfile::NamedTempFile::new().unwrap();
    let again = |seed: &str| {
        let mut process = std::process::Command::new(std::env::current_exe().unwrap());
        process
            .args(["--exact", name, "--nocapture"])
            .env("SAGAFLOW_SEED", seed)
            .env("SAGAFLOW_DIAGRAM", diagram.path());
        let output = process.output().unwrap();
        assert!(!output.status.success(), "it fails on purpose");
        String::from_utf8(output.stdout).unwrap()
    };
    let (first, second, other) = (again("1234"), again("1234"), again("77"));
    let stories = |text: &str| text.lines().filter(|line| !line.contains("finished in")).collect::<Vec<_>>().join("\n");
    assert_eq!(stories(&first), stories(&second));
    assert_ne!(stories(&first), stories(&other));
    assert!(first.contains("seed 1234"), "{first}");
    let drawn = std::fs::read_to_string(diagram.path()).unwrap();
    assert!(drawn.starts_with("sequenceDiagram\n    participant client\n"), "{drawn}");
}
