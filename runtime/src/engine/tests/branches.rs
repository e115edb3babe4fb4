//! Rules of joins and races, and of the notes that say what has changed in them.

use super::{Instance, ended, returned};
use crate::engine::{Changes, Ended, Ending, Event, Path, Plan, after, apply, fold, last_chance};
use crate::example::{charges, fan, fans, quick};
use crate::record::{Node, Record, Reply, Status, StepCall};

fn output(value: u64) -> Ending {
    Ending::Output(returned(Ok(value), false))
}

fn failure() -> Ending {
    Ending::Output(returned(Err("no"), true))
}

impl Instance {
    /// The calls that can be made.
    fn ready(&self) -> Vec<&StepCall> {
        match self.plan() {
            Plan::RunAll(calls, _) => calls,
            other => panic!("not several: {other:?}"),
        }
    }

    fn occurrences(&self) -> Vec<u64> {
        self.ready().iter().map(|call| call.occurrence).collect()
    }

    fn end(&mut self, ends: impl IntoIterator<Item = (u64, Ending)>) -> Option<Vec<Path>> {
        let ended: Vec<Ended> = ends.into_iter().map(|(of, ending)| ended(of, ending)).collect();
        apply(&mut self.record, Event::Ended(ended), &self.definition, self.now).unwrap()
    }

    fn pending(&self) -> &Node {
        self.record.frame.as_ref().unwrap().pending.as_deref().unwrap()
    }

    /// What has been undone, in order, until it comes to its end.
    fn unwound(&mut self) -> Vec<String> {
        let mut steps = Vec::new();
        while self.record.status == Status::Unwinding {
            steps.push(self.call().step.clone());
            self.succeeds(0);
        }
        steps
    }
}

fn json(record: &Record) -> serde_json::Value {
    serde_json::to_value(record).unwrap()
}

#[test]
fn all_branches_begin_at_once_with_numbers_of_their_own() {
    let instance = Instance::started(&fan { amount: 5 });
    assert_eq!(instance.occurrences(), [1, 2, 3]);
    assert!(instance.ready().iter().all(|call| call.site == "join" && call.since == Some(instance.now)));
    assert_eq!(instance.record.steps, 3);
}

#[test]
fn a_branch_that_has_ended_waits_for_the_others() {
    let mut instance = Instance::started(&fan { amount: 5 });
    assert_eq!(instance.end([(2, output(5))]), Some(vec![vec![1]]), "only this branch has changed");
    assert_eq!(instance.occurrences(), [1, 3]);
    assert_eq!(instance.end([(1, output(7)), (3, output(6))]), None, "the saga has gone on");
    assert_eq!(instance.record.status, Status::Completed);
    assert_eq!(instance.record.output.as_ref().unwrap().as_json(), r#"{"Ok":"7 5 notified"}"#);
    assert_eq!(instance.record.attempts, 3);
}

#[test]
fn each_branch_has_its_own_attempts() {
    let mut instance = Instance::started(&fan { amount: 5 });
    instance.end([(1, Ending::Output(returned(Err("not now"), false)))]);
    assert_eq!(instance.occurrences(), [2, 3]);
    let Plan::RunAll(_, Some(wake)) = instance.plan() else { panic!("it waits for an attempt, too") };
    instance.now = wake;
    let attempts: Vec<_> = instance.ready().iter().map(|call| (call.occurrence, call.attempt)).collect();
    assert_eq!(attempts, [(1, 2), (2, 1), (3, 1)]);
    instance.end([
        (1, output(7)),
        (2, output(5)),
        (3, Ending::Postponed(after(wake, std::time::Duration::from_secs(9)))),
    ]);
    assert!(matches!(instance.plan(), Plan::Wait(_)), "nothing can be made now");
}

#[test]
fn what_ends_last_is_undone_first() {
    let mut instance = Instance::started(&fan { amount: 5 });
    instance.end([(1, output(7))]);
    instance.end([(2, output(5))]);
    let mut other = Instance::started(&fan { amount: 5 });
    other.end([(2, output(5))]);
    other.end([(1, output(7))]);
    for (mut instance, expected) in [(instance, ["refund", "release"]), (other, ["release", "refund"])] {
        // A fault that nobody takes: `notify` is called by `outcome`, so the timer of all is made to fail it.
        instance.record.deadline = Some(instance.now);
        let now = instance.now;
        apply(&mut instance.record, Event::Tick(now), &instance.definition, now).unwrap();
        assert_eq!(instance.unwound(), expected);
    }
}

#[test]
fn no_more_begin_than_the_limit_lets() {
    let mut instance = Instance::started(&charges { amounts: vec![1, 2, 3, 4, 5], limit: 2 });
    assert_eq!((instance.occurrences(), instance.record.steps), (vec![1, 2], 2));
    let changed = instance.end([(2, output(2))]);
    assert_eq!(changed, Some(vec![vec![1], vec![2]]), "one has ended, the next has begun");
    assert_eq!((instance.occurrences(), instance.record.steps), (vec![1, 3], 3));
    instance.end([(1, output(1)), (3, output(3))]);
    assert_eq!(instance.occurrences(), [4, 5]);
    instance.end([(5, output(5))]);
    instance.end([(4, output(4))]);
    assert_eq!(instance.record.output.as_ref().unwrap().as_json(), r#"{"Ok":15}"#);
}

#[test]
fn nothing_is_joined_before_it_waits() {
    let instance = Instance::started(&charges { amounts: Vec::new(), limit: 1 });
    assert!(matches!(instance.plan(), Plan::Begin), "it would end at once, so a worker does it");
}

#[test]
fn the_first_error_undoes_all_that_was_begun() {
    let mut instance = Instance::started(&charges { amounts: vec![1, 2, 3, 4, 5], limit: 3 });
    instance.end([(2, output(2))]);
    // Both are told at once; the first listed fails it.
    assert_eq!(instance.end([(4, failure()), (3, failure())]), None);
    let Node::Undo(undoing) = instance.pending() else { panic!("{:?}", instance.pending()) };
    assert!(undoing.failed && matches!(undoing.then, Reply::One(2, _)), "{undoing:?}");
    // The one that was never begun has nothing to undo.
    let undone: Vec<_> = undoing.undo.iter().map(|undo| undo.args.as_json()).collect();
    assert_eq!(undone, [r#"{"amount":1}"#, r#"{"amount":3}"#, r#"{"amount":2}"#, r#"{"amount":4}"#], "from the end on");
    for _ in 0..4 {
        assert_eq!(instance.call().step, "refund");
        instance.succeeds(0);
    }
    assert_eq!((instance.record.status, instance.record.undone), (Status::Compensated, 4));
}

#[test]
fn the_first_listed_wins_and_the_others_are_undone() {
    let mut instance = Instance::started(&quick { amount: 5 });
    assert_eq!(instance.occurrences(), [1, 2]);
    // What has lost at the last moment is known, and undone with the rest.
    assert_eq!(instance.end([(2, output(7)), (1, output(5))]), None);
    assert_eq!((instance.call().step.as_str(), instance.call().args.as_json()), ("release", r#"{"reserved":7}"#));
    instance.succeeds(0);
    assert_eq!(instance.record.output.as_ref().unwrap().as_json(), r#"{"Ok":"paid 5"}"#);
}

#[test]
fn a_timer_that_wins_undoes_what_may_have_been_done() {
    let mut instance = Instance::started(&quick { amount: 5 });
    let Plan::RunAll(_, Some(wake)) = instance.plan() else { panic!("{:?}", instance.plan()) };
    instance.now = wake;
    assert!(matches!(instance.plan(), Plan::Tick));
    instance.on(Event::Tick(wake));
    assert_eq!(instance.call().step, "refund", "its outcome is unknown; `reserve` needs one to be undone");
    instance.succeeds(0);
    assert_eq!(instance.record.output.as_ref().unwrap().as_json(), r#"{"Ok":"too late"}"#);
}

/// Whatever happens, the stored record with its notes is the record.
#[test]
fn notes_say_what_has_changed() {
    let mut instance = Instance::started(&fans { amounts: vec![1, 2, 3] });
    let mut stored = instance.record.clone();
    let mut events = vec![
        vec![(1, output(7))],
        vec![(5, output(2)), (9, Ending::Fault(crate::FaultKind::Panicked, "so".to_owned()))],
        vec![(3, output(6)), (4, Ending::Output(returned(Err("not now"), false)))],
        vec![(7, Ending::Lost { limit: 3, alone: false }), (8, Ending::Postponed(instance.now))],
    ];
    let expected: [&[&[u32]]; 4] = [&[&[0, 0]], &[&[1, 1], &[2, 2]], &[&[0, 2], &[1, 0]], &[&[2, 0], &[2, 1]]];
    for (ends, expected) in events.drain(..).zip(expected) {
        let changed = instance.end(ends).expect("only branches have changed");
        assert_eq!(changed, expected);
        let mut changes = Changes::default();
        changes.add(Some(changed));
        let note = changes.note(&instance.record, instance.now, Vec::new()).unwrap();
        fold(&mut stored, vec![note]).unwrap();
        assert_eq!(json(&stored), json(&instance.record));
    }
    // The whole of the first fan, of which parts have changed before.
    let mut changes = Changes::default();
    changes.add(Some(vec![vec![0, 1], vec![1, 2]]));
    changes.add(instance.end([(2, output(1))]));
    let Some(crate::record::Note::Progress(progress)) = changes.note(&instance.record, instance.now, Vec::new()) else {
        panic!("a note")
    };
    let at: Vec<_> = progress.branches.iter().map(|changed| changed.at.clone()).collect();
    assert_eq!(at, [vec![0], vec![1, 2]]);
    changes.add(None);
    assert!(changes.note(&instance.record, instance.now, Vec::new()).is_none(), "that is for a record");
}

#[test]
fn of_several_that_were_lost_none_fails_before_it_was_tried_alone() {
    let mut instance = Instance::started(&fan { amount: 5 });
    for _ in 0..5 {
        instance.end([1, 2, 3].map(|of| (of, Ending::Lost { limit: 3, alone: false })));
    }
    assert!(instance.ready().iter().all(|call| call.lost == 2 && call.attempt == 1 && last_chance(call, 3)));
    instance.end([(3, Ending::Lost { limit: 3, alone: true })]);
    assert_eq!(instance.occurrences(), [1, 2], "this one has failed by that");
    instance.end([(1, Ending::Lost { limit: 1, alone: false })]);
    assert_eq!(instance.occurrences(), [2], "where the first loss is one too many, it counts at once");
}
