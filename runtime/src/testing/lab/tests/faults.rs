//! Every fault is met, and what survives it is what the shop is to be.

use std::sync::atomic::{AtomicU32, Ordering};

use super::shop::{Bug, PaymentError, Shop, charge, items, lab, order, refund, release, reserve, send};
use super::{assert_fails, failure};
use crate::testing::{Lab, Run};
use crate::{Failure, Status, saga, step};

/// Whatever happens: all of it, or nothing.
fn all_or_nothing(run: &Run<order>) {
    let shop = run.get::<Shop>();
    let counts = (shop.has("reserved"), shop.has("paid"), shop.has("sent"), *shop.cents.lock().unwrap());
    if run.completed() {
        assert_eq!(counts, (2, 1, 1, 5));
    } else {
        assert!(run.failed(), "{:?}: {:?}", run.status(), run.reason());
        assert_eq!(counts, (0, 0, 0, 0));
    }
}

#[test]
fn all_or_nothing_under_every_fault_and_pairs_of_them() {
    lab(Bug::None)
        .check(order(items(), 5))
        .every_crash()
        .every_delay()
        .every_failure()
        .pairs(60)
        .assert_all(all_or_nothing);
}

#[test]
fn each_fault_comes_about_and_leaves_its_trace() {
    let lab = lab(Bug::None);
    let story = |plan: &str, says: &str| {
        lab.check(order(items(), 5)).plan(plan).assert_all(|run| {
            all_or_nothing(run);
            assert!(run.story().contains(says), "{plan}: {}", run.story());
        });
    };
    story(
        "crash at delivery 2",
        "worker 1 dies: it had just got delivery 2, with which order/case waits for `reserve` (reserve/2)",
    );
    story("crash before record 2", "worker 1 dies: `reserve` (reserve/2) had run, and nothing of that was stored");
    story("crash after record 2", "worker 1 dies: record 2 was stored, and the worker does not know of it");
    story("lose delivery 2", "`reserve` is taken over: the worker that had it is gone");
    story("double delivery 2", "comes too late, and is dropped");
    story("delay delivery 2", "5m  ");
    story("overtake delivery 2", "made again with the same key");
    story("lose answer 2", "record 2 was stored, but the answer is lost");
    story("fail charge/3 with Unreachable", "attempt 3, as the plan says");
    story(
        "time out charge/3",
        "is dropped where it stands, after 10s (charge/3, attempt 3, and never ends, as the plan says)",
    );
    story("panic send/4", "panics: it panics, as the plan says (send/4, as the plan says)");
    story("crash before record 2 + fail charge/3 with Declined", "failed, and undone: the card was declined");
}

#[test]
fn a_plan_that_does_not_come_about_is_a_failed_test() {
    let lab = lab(Bug::None);
    let check = |plan: &str| lab.check(order(items(), 5)).plan(plan).assert_all(|_| {});
    assert_fails(
        || check("crash before record 99"),
        &["has not come about: `order` has met no `crash before record 99`"],
    );
    assert_fails(
        || check("fail charge/3 with Nonsense"),
        &["step `charge` has no error `Nonsense`; there are `Declined`, `Unreachable`"],
    );
    assert_fails(|| check("burn 3"), &["`burn 3` is no fault: write `crash before record 3`"]);
}

#[test]
fn a_failed_compensation_is_stuck_and_says_which() {
    let mut stuck = Vec::new();
    let seen = std::sync::Mutex::new(&mut stuck);
    lab(Bug::None).check(order(items(), 5)).every_failed_compensation().assert_all(|run| match run.status() {
        Status::Completed => assert!(run.plan().faults().is_empty()),
        Status::Stuck => seen.lock().unwrap().push(run.reason().unwrap().to_owned()),
        other => panic!("{other:?}"),
    });
    let names: Vec<_> = stuck.iter().map(|reason| reason.split('`').nth(1).unwrap()).collect();
    assert_eq!(names, ["release", "refund"], "each once; the calls of a loop are one");
}

#[test]
fn the_failed_check_tells_a_story() {
    let lab = lab(Bug::ChargesTwice);
    let text = failure(|| lab.check(order(items(), 5)).every_crash().assert_all(all_or_nothing));
    let story = text.split("what happened:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let expected = [
        r#"  0s   order/case is started"#,
        r#"  0s   reserve({"item":"book"}) → "book" (reserve/1)"#,
        r#"  0s   reserve({"item":"pen"}) → "pen" (reserve/2)"#,
        r#"  0s   charge({"cents":5}) → 5 (charge/3)"#,
        r#"  0s   worker 1 dies: `charge` (charge/3) had run, and nothing of that was stored"#,
        r#"  0s   worker 2 takes its place"#,
        r#"  30s  `charge` is taken over: the worker that had it is gone"#,
        r#"  30s  charge({"cents":5}) → 5 (charge/3, made again with the same key)"#,
        r#"  30s  send({"items":["book","pen"]}) → null (send/4)"#,
        r#"  30s  completed: 5"#,
    ];
    assert_eq!(story.lines().collect::<Vec<_>>(), expected, "{text}");
    assert!(text.contains("assertion `left == right` failed"), "{text}");
}

#[test]
fn a_run_is_drawn() {
    lab(Bug::None).check(order(items(), 5)).plan("crash before record 3").assert_all(|run| {
        let drawing = run.to_mermaid();
        assert!(drawing.starts_with("sequenceDiagram\n    participant client\n"), "{drawing}");
        for line in [
            "participant w2 as worker 2",
            "client->>records: start order/case",
            "records->>w1: 3: charge (charge/3)",
            "w1->>w1: charge (charge/3) ok, 0s",
            "Note over w1: dies: charge (charge/3) had run, and nothing of that was stored",
            "w2->>records: 7: completed: 5",
        ] {
            assert!(drawing.contains(line), "{line}\n{drawing}");
        }
    });
}

/// What a worker has in memory.
#[derive(Debug, Default)]
struct Cache(AtomicU32);

#[step]
async fn count(#[inject] cache: &Cache) -> Result<u32, Failure> {
    Ok(cache.0.fetch_add(1, Ordering::Relaxed) + 1)
}

#[saga]
async fn counting() -> Result<Vec<u32>, Failure> {
    let (first, second) = (count().await?, count().await?);
    let third = count().await?;
    Ok(vec![first, second, third])
}

#[test]
fn a_crash_drops_the_memory_of_the_worker() {
    let counts = |plan: &str, of: &dyn Fn(&mut Lab)| {
        let (mut lab, counts) = (Lab::new(), std::sync::Mutex::new(Vec::new()));
        of(&mut lab);
        lab.check(counting()).plan(plan).assert_all(|run| {
            *counts.lock().unwrap() = run.outcome().unwrap().as_ref().unwrap().clone();
        });
        counts.into_inner().unwrap()
    };
    let memory = |lab: &mut Lab| {
        lab.provide_to_workers(Cache::default);
    };
    let world = |lab: &mut Lab| {
        lab.provide(Cache::default);
    };
    assert_eq!(counts("no faults", &memory), [1, 2, 3]);
    assert_eq!(counts("crash after record 2", &memory), [1, 2, 1]);
    assert_eq!(counts("crash after record 2", &world), [1, 2, 3]);
}

/// Its names are those of steps in all of the kit's tests.
#[test]
fn all_steps_of_the_shop_were_seen() {
    lab(Bug::None).check(order(items(), 5)).plan("fail send/4 with as the plan says").assert_all(|run| {
        let of = (run.calls::<reserve>().len(), run.calls::<charge>().len(), run.calls::<send>().len());
        assert_eq!((of, run.calls::<refund>().len(), run.calls::<release>().len()), ((2, 1, 3), 1, 2));
    });
}

#[saga]
async fn beside(items: Vec<String>, cents: i64) -> Result<i64, PaymentError> {
    let mut items = items.into_iter();
    let (first, second) = (items.next().unwrap_or_default(), items.next().unwrap_or_default());
    let (paid, first, second) = crate::join!(charge(cents), reserve(first), reserve(second)).await;
    let paid = paid?;
    send(vec![first?, second?]).await?;
    Ok(paid)
}

#[test]
fn steps_side_by_side_are_checked_like_others() {
    let check = |bug: Bug| lab(bug).check(beside(items(), 5));
    check(Bug::None).every_crash().every_failure().assert_all(|run| {
        let shop = run.get::<Shop>();
        let counts = (shop.has("reserved"), shop.has("paid"), *shop.cents.lock().unwrap());
        assert_eq!(counts, if run.completed() { (2, 1, 5) } else { (0, 0, 0) });
    });
    check(Bug::None).assert_every_crash_resumes();
    check(Bug::None).assert_every_failure_unwinds();
    check(Bug::None).assert_steps_idempotent();
    let says = ["step `charge` isn't idempotent: made again with the key `beside/case/"];
    assert_fails(|| check(Bug::ChargesTwice).assert_every_crash_resumes(), &says);
    let says = ["`release` has not undone what `reserve`"];
    assert_fails(|| check(Bug::ForgetsAnItem).assert_every_failure_unwinds(), &says);
}
