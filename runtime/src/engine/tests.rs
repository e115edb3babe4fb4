//! Tests of the rules, one per rule, on the saga of [`crate::example`].

mod branches;

use jiff::Timestamp;

use super::{Body, CANCEL, Ended, Ending, Event, Halt, Letter, Plan, after, apply, fit, plan, start, taken};
use crate::arguments;
use crate::definition::{AttemptError, AttemptOutput, SagaDefinition};
use crate::example::{order, reserve};
use crate::machine::first_frame;
use crate::record::{Cause, FaultKind, Frame, Node, Record, START_FORMAT, Start, Status, StepCall, Value};
use crate::transport::InstanceId;
use crate::{Failure, Saga};

/// An instance that is moved on by hand.
struct Instance {
    definition: SagaDefinition,
    record: Box<Record>,
    now: Timestamp,
}

impl Instance {
    fn of(amount: u64) -> Self {
        Self::started(&order { item: "book".to_owned(), amount })
    }

    fn started<S: Saga>(message: &S) -> Self {
        let definition = SagaDefinition::of::<S>();
        let id = InstanceId::new(S::NAME, "1").unwrap();
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let Frame { version, vars: arguments, .. } = first_frame(message).unwrap();
        let (trace, begins, attributes) = (None, None, std::collections::BTreeMap::new());
        let handed_in = Start { format: START_FORMAT, version, arguments, trace, begins, scheduled: None, attributes };
        let record = start(&definition, &id, handed_in, now);
        Self { definition, record, now }
    }

    /// One that waits for a later step.
    fn at(step: &str) -> Self {
        let mut instance = Self::of(5);
        while instance.call().step != step {
            instance.succeeds(7);
        }
        instance
    }

    fn call(&self) -> &StepCall {
        self.record.frame.as_ref().and_then(|frame| frame.step()).expect("it waits for a step")
    }

    fn state(&self) -> &str {
        &self.record.frame.as_ref().expect("it has not ended").state
    }

    fn undo(&self) -> Vec<&str> {
        self.record.frame.iter().flat_map(|frame| &frame.undo).map(|undo| undo.step.as_str()).collect()
    }

    fn try_on(&self, event: Event) -> Result<Box<Record>, Halt> {
        // By way of its JSON, as in life.
        let stored = serde_json::to_string(&self.record).unwrap();
        let mut record: Box<Record> = serde_json::from_str(&stored).unwrap();
        apply(&mut record, event, &self.definition, self.now).map(|_| record)
    }

    fn on(&mut self, event: Event) {
        self.record = self.try_on(event).unwrap();
    }

    /// How the attempt of the pending call ends.
    fn ended(&self, ending: Ending) -> Event {
        Event::Ended(vec![ended(self.call().occurrence, ending)])
    }

    fn ends(&mut self, ending: Ending) {
        self.on(self.ended(ending));
    }

    fn succeeds(&mut self, value: u64) {
        self.ends(Ending::Output(returned(Ok(value), false)));
    }

    fn fails(&mut self, terminal: bool) {
        self.ends(Ending::Output(returned(Err("no"), terminal)));
    }

    fn faults(&mut self, kind: FaultKind) {
        self.ends(Ending::Fault(kind, "so it is".to_owned()));
    }

    fn plan(&self) -> Plan<'_> {
        plan(&self.record, &self.definition, self.now)
    }
}

fn ended(of: u64, ending: Ending) -> Ended {
    Ended { of, ending, chance: [0.5; 2], failure_rate: 0.0, saved: None }
}

/// What happens when the worker is lost that runs nothing but the pending call.
fn lost(limit: u32) -> Ending {
    Ending::Lost { limit, alone: true }
}

fn returned(output: Result<u64, &str>, terminal: bool) -> AttemptOutput {
    let error = output.as_ref().err().map(|text| error(text, terminal));
    AttemptOutput { output: Value::write(&output.map_err(Failure::new)).unwrap(), error }
}

fn error(text: &str, terminal: bool) -> AttemptError {
    AttemptError { text: text.to_owned(), terminal, retry_after: None }
}

#[test]
fn start_runs_the_code_before_the_first_step() {
    let instance = Instance::of(5);
    assert_eq!(instance.record.status, Status::Running);
    assert_eq!((instance.state(), instance.call().occurrence, instance.call().attempt), ("reserve", 1, 1));
    assert_eq!(arguments::read_value::<reserve>(&instance.call().args).unwrap().item, "book");
    assert_eq!(instance.call().since, Some(instance.now));
    assert!(matches!(instance.plan(), Plan::Run(call, None) if call.site == "reserve"));
}

#[test]
fn panic_before_the_first_step_is_left_to_a_worker() {
    let mut instance = Instance::of(13);
    assert_eq!(instance.state(), "");
    assert!(matches!(instance.plan(), Plan::Begin));
    instance.on(Event::Begin);
    assert_eq!(instance.record.status, Status::Failed);
    let Some(Cause::Fault(fault)) = &instance.record.cause else { panic!("no fault") };
    assert_eq!((fault.of.as_str(), fault.kind), ("order", FaultKind::Panicked));
}

#[test]
fn success_goes_on_to_the_next_step() {
    let mut instance = Instance::of(5);
    instance.succeeds(7);
    assert_eq!((instance.state(), instance.call().occurrence), ("charge", 2));
    assert_eq!((instance.record.steps, instance.record.attempts), (2, 1));
}

#[test]
fn all_steps_done_completes() {
    let mut instance = Instance::at("notify");
    instance.succeeds(1);
    assert_eq!(instance.record.status, Status::Completed);
    assert!(instance.record.frame.is_none());
    assert!(matches!(instance.plan(), Plan::Nothing));
    let output: Result<String, Failure> = instance.record.output.unwrap().read().unwrap();
    assert_eq!(output.unwrap(), "7 7 notified");
}

#[test]
fn compensation_by_output_is_registered_with_success() {
    let mut instance = Instance::of(5);
    assert!(instance.undo().is_empty());
    instance.succeeds(7);
    assert_eq!(instance.undo()[0], "release");
    assert_eq!(instance.record.frame.unwrap().undo[0].args.as_json(), r#"{"reserved":7}"#);
}

#[test]
fn compensation_by_arguments_is_registered_before_the_first_attempt() {
    let instance = Instance::at("charge");
    assert_eq!(instance.undo(), ["release", "refund"]);
    let undo = &instance.record.frame.as_ref().unwrap().undo[1];
    assert!(undo.before);
    assert_eq!((undo.site.as_str(), undo.occurrence), ("charge", 2));
}

#[test]
fn failed_attempt_is_a_transition() {
    let mut instance = Instance::of(5);
    instance.fails(false);
    let call = instance.call();
    assert_eq!((call.attempt, call.error.as_deref(), call.delay_ms), (2, Some("no"), Some(1000)));
    assert!(matches!(instance.plan(), Plan::Wait(time) if time == call.not_before.unwrap()));
    instance.now = after(instance.now, std::time::Duration::from_secs(1));
    assert!(matches!(instance.plan(), Plan::Run(..)));
    instance.fails(false);
    assert_eq!((instance.call().attempt, instance.call().delay_ms), (3, Some(2000)));
    instance.succeeds(7);
    assert_eq!((instance.state(), instance.record.attempts), ("charge", 3));
}

#[test]
fn exhausted_attempts_hand_the_error_to_the_body() {
    let mut instance = Instance::of(5);
    (0..3).for_each(|_| instance.fails(false));
    assert_eq!(instance.record.status, Status::Failed, "nothing had been done, so nothing was undone");
    assert!(matches!(&instance.record.cause, Some(Cause::Error(text)) if text == "no"));
    assert_eq!(instance.record.attempts, 3);
}

#[test]
fn terminal_error_is_not_retried() {
    let mut instance = Instance::of(5);
    instance.fails(true);
    assert_eq!(instance.record.status, Status::Failed);
    assert_eq!(instance.record.attempts, 1);
}

#[test]
fn err_of_step_unwinds_in_reverse_order() {
    let mut instance = Instance::at("charge");
    instance.fails(true);
    assert_eq!(instance.record.status, Status::Unwinding);
    assert_eq!(instance.call().step, "refund", "its own compensation too: it was attempted");
    instance.succeeds(0);
    assert_eq!(instance.call().step, "release");
    instance.succeeds(0);
    assert_eq!(instance.record.status, Status::Compensated);
    assert_eq!((instance.record.undone, instance.record.steps), (2, 4));
    let output: Result<String, Failure> = instance.record.output.unwrap().read().unwrap();
    assert_eq!(output.unwrap_err().to_string(), "no");
}

#[test]
fn compensation_before_shares_the_forward_key_and_others_have_their_own() {
    let mut instance = Instance::at("charge");
    instance.fails(true);
    assert_eq!((instance.call().site.as_str(), instance.call().occurrence), ("charge", 2));
    instance.succeeds(0);
    assert_eq!((instance.call().site.as_str(), instance.call().occurrence), ("reserve:release", 4));
}

#[test]
fn compensations_are_retried_by_their_own_policy() {
    let mut instance = Instance::at("charge");
    instance.fails(true);
    instance.succeeds(0);
    instance.fails(false);
    assert_eq!((instance.record.status, instance.call().attempt), (Status::Unwinding, 2));
    instance.succeeds(0);
    assert_eq!(instance.record.status, Status::Compensated);
}

#[test]
fn compensation_failure_makes_stuck() {
    let mut instance = Instance::at("charge");
    instance.fails(true);
    instance.fails(false);
    assert_eq!(instance.record.status, Status::Stuck);
    assert_eq!(instance.call().step, "refund", "kept, to be made again");
    assert_eq!(instance.undo(), ["release"], "kept, to be run after it");
    let reason = instance.record.reason.as_deref().unwrap();
    assert_eq!(reason, "compensation `refund` has failed at attempt 1: no");
    assert!(matches!(instance.plan(), Plan::Nothing));
}

#[test]
fn panic_unwinds() {
    let mut instance = Instance::at("charge");
    instance.faults(FaultKind::Panicked);
    assert_eq!(instance.call().attempt, 2, "retried by the policy first");
    instance.faults(FaultKind::Panicked);
    assert_eq!((instance.record.status, instance.call().step.as_str()), (Status::Unwinding, "refund"));
    assert!(instance.record.output.is_none());
    let Some(Cause::Fault(fault)) = &instance.record.cause else { panic!("no fault") };
    assert_eq!(fault.to_string(), "`charge` panicked: so it is");
}

#[test]
fn panic_in_the_body_unwinds() {
    let mut instance = Instance::of(14);
    instance.succeeds(7);
    assert_eq!((instance.record.status, instance.call().step.as_str()), (Status::Unwinding, "release"));
    let Some(Cause::Fault(fault)) = &instance.record.cause else { panic!("no fault") };
    assert_eq!((fault.of.as_str(), fault.message.as_str()), ("order", "an unlucky amount"));
}

#[test]
fn caught_fault_resumes_body() {
    let mut instance = Instance::at("notify");
    instance.faults(FaultKind::TimedOut);
    assert_eq!(instance.record.status, Status::Completed);
    let output: Result<String, Failure> = instance.record.output.unwrap().read().unwrap();
    assert_eq!(output.unwrap(), "7 7 silent");
}

#[test]
fn lost_workers_count_until_the_attempt_fails() {
    let mut instance = Instance::of(5);
    instance.ends(lost(3));
    instance.ends(lost(3));
    assert_eq!((instance.call().lost, instance.call().attempt, instance.record.attempts), (2, 1, 0));
    instance.ends(lost(3));
    assert_eq!((instance.call().lost, instance.call().attempt, instance.record.attempts), (0, 2, 1));
    assert!(instance.call().error.as_deref().unwrap().contains("lost its worker"));
}

#[test]
fn postponing_consumes_no_attempt() {
    let mut instance = Instance::of(5);
    let until = after(instance.now, std::time::Duration::from_secs(9));
    instance.ends(Ending::Postponed(until));
    assert_eq!((instance.call().attempt, instance.record.attempts), (1, 0));
    assert!(matches!(instance.plan(), Plan::Wait(time) if time == until));
}

#[test]
fn unsavable_output_pauses() {
    let instance = Instance::of(5);
    let halt = instance.try_on(instance.ended(Ending::Unsavable("no such luck".to_owned()))).unwrap_err();
    assert_eq!(halt, Halt::Pause("no such luck".to_owned()));
}

#[test]
fn variable_that_does_not_fit_pauses() {
    let mut instance = Instance::of(5);
    let vars = &mut instance.record.frame.as_mut().unwrap().vars;
    *vars = serde_json::from_str(r#"{"amount":"five"}"#).unwrap();
    let halt = instance.try_on(instance.ended(Ending::Output(returned(Ok(7), false)))).unwrap_err();
    assert!(matches!(&halt, Halt::Pause(reason) if reason.contains("`amount` of state `reserve`")), "{halt:?}");
}

#[test]
fn unknown_state_step_saga_and_format_are_unfit() {
    let unfit = |change: fn(&mut Record)| {
        let mut instance = Instance::of(5);
        change(&mut instance.record);
        if let Err(misfit) = fit(&mut instance.record, &instance.definition) {
            return misfit.to_string();
        }
        match instance.plan() {
            Plan::Unfit(reason) => reason,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        unfit(|record| record.frame.as_mut().unwrap().state = "pack".to_owned()),
        "unknown state `pack` of saga `order`"
    );
    assert_eq!(unfit(|record| record.saga = "other".to_owned()), "the record is of saga `other`, not of `order`");
    assert!(unfit(|record| record.format = 99).contains("format 99"));
    let step = unfit(|record| {
        let pending = record.frame.as_mut().unwrap().pending.as_deref_mut();
        let Some(Node::Step(call)) = pending else { panic!("a step") };
        call.step = "pack".to_owned();
    });
    assert_eq!(step, "unknown step `pack` in saga `order`");
}

#[test]
fn events_that_do_not_fit_are_illegal() {
    let mut instance = Instance::of(5);
    assert!(matches!(instance.try_on(Event::Begin), Err(Halt::Illegal(_))));
    instance.fails(true);
    for event in [Event::Begin, Event::Ended(vec![ended(1, lost(3))]), Event::Tick(instance.now)] {
        assert!(matches!(instance.try_on(event), Err(Halt::Illegal(_))), "it has failed");
    }
}

#[test]
fn a_cancel_undoes_what_was_done_and_is_known_to_be_taken() {
    let mut instance = Instance::at("charge");
    let cancel = || Event::Mail(vec![Letter { number: 9, body: Body::Cancel }]);
    instance.on(cancel());
    let Some(Cause::Fault(fault)) = &instance.record.cause else { panic!("{:?}", instance.record.cause) };
    assert_eq!((fault.kind, &*fault.of), (FaultKind::Cancelled, "order"));
    assert_eq!((instance.record.status, taken(&instance.record, CANCEL)), (Status::Unwinding, 9));
    assert!(matches!(instance.try_on(cancel()), Err(Halt::Illegal(_))), "while it unwinds it is too late");
}

#[test]
fn a_signal_that_nobody_awaits_is_not_taken() {
    let mut instance = Instance::of(5);
    let value = Value::from_json("1".to_owned()).unwrap();
    instance.on(Event::Mail(vec![Letter {
        number: 3,
        body: Body::Signal("Paid".to_owned(), Box::new(crate::record::Letter::new(1, None, value))),
    }]));
    assert!(instance.record.taken.is_empty());
    assert_eq!(instance.state(), "reserve");
}

#[test]
fn talkative_errors_are_cut() {
    let mut instance = Instance::of(5);
    let text = "ü".repeat(5000);
    let output = AttemptOutput { error: Some(error(&text, false)), ..returned(Err("no"), false) };
    instance.ends(Ending::Output(output));
    assert!(instance.call().error.as_ref().unwrap().len() < 1100);
}
