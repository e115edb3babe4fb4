//! Checks: a saga is run once for each plan, and each run is judged.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::future::Future;
use std::panic::resume_unwind;
use std::sync::Arc;

use super::judge::{self, Comparable};
use super::plan::Plan;
use super::pool;
use super::run::{Facts, Meanwhile, Others, Run};
use super::setup::Setup;
use super::{chance, places, quiet};
use crate::arguments;
use crate::definition::SagaDefinition;
use crate::machine::panic_text;
use crate::record::Value;
use crate::{Call, Handle, Saga};

/// So many random plans are run before any of them is judged.
const BATCH: u64 = 64;

/// The variable that names a file for the diagram of a failed run.
const DIAGRAM: &str = "SAGAFLOW_DIAGRAM";

/// A saga with its arguments, to be run under many plans; see [`Lab::check`](super::Lab::check).
#[must_use = "say how the runs are judged: `.assert_all(…)`, or one of the ready-made checks"]
pub struct Check<S: Saga> {
    setup: Arc<Setup>,
    arguments: Value,
    meanwhile: Option<Box<Meanwhile<S>>>,
    others: Option<Box<Others<S>>>,
    crashes: bool,
    delays: bool,
    failures: bool,
    compensations: bool,
    pairs: usize,
    random: u64,
    named: Vec<Plan>,
}

/// A plan that is run, and whether an instance is to get stuck by it.
struct Case {
    plan: Plan,
    stuck: bool,
}

impl<S: Saga> Check<S> {
    pub(super) fn new(setup: Arc<Setup>, arguments: Value) -> Self {
        Self {
            setup,
            arguments,
            meanwhile: None,
            others: None,
            crashes: false,
            delays: false,
            failures: false,
            compensations: false,
            pairs: 0,
            random: 0,
            named: Vec::new(),
        }
    }

    /// Every crash: the worker dies at each boundary (before a step, after it and before its record, after its record, before and after what a step
    /// sends), and at all of them; each
    /// delivery gets lost, comes twice, or comes to another worker, too, while the first one is cut off; each answer to an append
    /// gets lost.
    pub fn every_crash(mut self) -> Self {
        self.crashes = true;
        self
    }

    /// Each delivery comes five minutes late. What has a limit in time may then well end otherwise.
    pub fn every_delay(mut self) -> Self {
        self.delays = true;
        self
    }

    /// Every failure: each call of a step fails for good, with each variant of its error type (or by a panic, if it has none); and
    /// it times out after it has done its work, where its policy has a `timeout`.
    pub fn every_failure(mut self) -> Self {
        self.failures = true;
        self
    }

    /// Each compensation that runs when a step fails fails for good itself: the instance gets stuck, and its
    /// [status](Run::status) says so.
    pub fn every_failed_compensation(mut self) -> Self {
        self.compensations = true;
        self
    }

    /// Also pairs of the faults that were chosen: so many at most, spread evenly over all that there are.
    pub fn pairs(mut self, most: usize) -> Self {
        self.pairs = most;
        self
    }

    /// So many random plans: several instances, several workers, several faults at a time. With `SAGAFLOW_SEED` in the environment, one
    /// plan: the one of that seed. One that fails is made as short as it can be before it is shown.
    pub fn random(mut self, plans: u64) -> Self {
        self.random = plans;
        self
    }

    /// The calls of the further instances of random plans, which have the numbers from 2 on. Without it, all instances have the same
    /// arguments.
    pub fn others(mut self, call: impl Fn(u32) -> Call<S> + Send + Sync + 'static) -> Self {
        self.others = Some(Box::new(call));
        self
    }

    /// Only this plan, as a failed check has named it: `"crash before record 3"`. More than one may be named.
    ///
    /// # Panics
    ///
    /// When the text is no plan; it says what one looks like.
    #[track_caller]
    pub fn plan(mut self, plan: &str) -> Self {
        self.named.push(plan.parse().unwrap_or_else(|error| panic!("{error}")));
        self
    }

    /// Does something along with each run, from the start of each instance on: sends it what it waits for, say.
    pub fn meanwhile<F>(mut self, act: impl Fn(Handle<S>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.meanwhile = Some(Box::new(move |handle| Box::pin(act(handle))));
        self
    }

    /// Runs the saga without faults and under all plans that were chosen, and asks this of every run. What it asserts has to hold
    /// whatever happens, so it usually distinguishes: `if run.completed() { … } else { … }`.
    ///
    /// # Panics
    ///
    /// When it panics for a run, or one never comes to rest: with the story of the first such run, and its plan.
    #[track_caller]
    pub fn assert_all(self, assert: impl Fn(&Run<S>)) {
        let judge = |run: &Run<S>, _: bool| {
            let mut wrong = judge::restless(&run.facts);
            if wrong.is_empty()
                && let Err(panic) = quiet::catch(|| assert(run))
            {
                wrong.push(panic_text(&*panic));
                // Perhaps it is known why.
                wrong.extend(judge::not_idempotent(&run.facts));
            }
            wrong
        };
        self.every_case(&judge);
    }

    /// Every step, and every compensation, is made twice with the same key, as after a crash: the second time it must change nothing.
    ///
    /// # Panics
    ///
    /// When a step changes the world twice: with the step's name, and what it changed. When there is no [world](super::Lab::world)
    /// to look at.
    #[track_caller]
    pub fn assert_steps_idempotent(self) {
        self.need_world("whether a step has changed something twice");
        let whole = self.sound();
        let mut plans: Vec<Plan> = places::repeats(&whole.facts).into_iter().map(Plan::from).collect();
        for failing in self.deepest_failures(&whole.facts) {
            let repeats = places::repeats(&failing.facts).into_iter();
            plans.extend(repeats.map(|fault| failing.facts.plan.clone().and(fault)));
        }
        let judge = |run: &Run<S>, _: bool| {
            let restless = judge::restless(&run.facts);
            if restless.is_empty() { judge::not_idempotent(&run.facts) } else { restless }
        };
        self.judge_all(cases(plans), 0, &judge);
    }

    /// Each step fails for good in turn, in each of its ways, and each compensation: whenever the saga fails, the world is as it was
    /// before; when a compensation fails, the instance is stuck, and nothing is lost.
    ///
    /// # Panics
    ///
    /// When something is left: with the names of the step and of the compensation. When there is no [world](super::Lab::world) to
    /// look at.
    #[track_caller]
    pub fn assert_every_failure_unwinds(self) {
        self.need_world("what is left of a saga that has failed");
        let whole = self.sound();
        let failures = places::failures(&whole.facts, &self.setup.definitions());
        let judge = |run: &Run<S>, stuck: bool| judge::not_unwound(&run.facts, stuck);
        let runs = self.judge_all(cases(failures.into_iter().map(Plan::from)), 0, &judge);
        let held = runs.len();
        self.judge_all(self.stuck(&runs), held, &judge);
    }

    /// The worker dies at each boundary, deliveries and answers get lost, come twice or to two workers: the saga always comes to the same
    /// end, and leaves the same world.
    ///
    /// # Panics
    ///
    /// When it does not: with the story of the run.
    #[track_caller]
    pub fn assert_every_crash_resumes(self) {
        let whole = self.sound();
        let comparable = Comparable::of(&whole.facts, &self.run(&Plan::without_faults()).facts);
        let faults = places::crashes(&whole.facts).into_iter().chain(places::troubles(&whole.facts));
        let judge = |run: &Run<S>, _: bool| judge::not_resumed(&run.facts, &whole.facts, comparable);
        let plans = faults.map(Plan::from).chain([places::relay(&whole.facts)]);
        self.judge_all(cases(plans), 0, &judge);
    }

    /// Runs all that was chosen.
    #[track_caller]
    fn every_case(&self, judge: &dyn Fn(&Run<S>, bool) -> Vec<String>) {
        if !self.named.is_empty() {
            for plan in &self.named {
                let run = self.run(plan);
                self.look_at(&run, false, 0, judge);
                if let Some(fault) = run.facts.unmet.first() {
                    panic!(
                        "the plan `{plan}` has not come about: `{}` has met no `{fault}`:\n{}",
                        S::NAME,
                        run.story()
                    );
                }
            }
            return;
        }
        let whole = self.run(&Plan::without_faults());
        self.look_at(&whole, false, 0, judge);
        let sagas = self.setup.definitions();
        let mut faults = Vec::new();
        if self.crashes {
            faults.extend(places::crashes(&whole.facts));
            faults.extend(places::troubles(&whole.facts));
        }
        if self.delays {
            faults.extend(places::delays(&whole.facts));
        }
        if self.failures {
            faults.extend(places::failures(&whole.facts, &sagas));
        }
        let mut singles: Vec<Plan> = faults.iter().cloned().map(Plan::from).collect();
        if self.crashes {
            singles.push(places::relay(&whole.facts));
        }
        let runs = self.judge_all(cases(singles), 1, judge);
        let mut held = runs.len() + 1;
        if self.compensations {
            let failing = if self.failures { runs } else { self.failures_of(&whole.facts, &sagas) };
            held += self.judge_all(self.stuck(&failing), held, judge).len();
        }
        held += self.judge_all(cases(places::pairs(&faults, self.pairs)), held, judge).len();
        self.every_chance(&whole.facts, &sagas, held, judge);
    }

    /// Runs random plans.
    #[track_caller]
    fn every_chance(
        &self,
        whole: &Facts,
        sagas: &[SagaDefinition],
        held: usize,
        judge: &dyn Fn(&Run<S>, bool) -> Vec<String>,
    ) {
        if self.random == 0 {
            return;
        }
        let mut faults = places::crashes(whole);
        faults.extend(places::troubles(whole));
        faults.extend(places::delays(whole));
        faults.extend(places::failures(whole, sagas));
        let (first, count) = match std::env::var(chance::SEED) {
            Ok(seed) => {
                let seed = seed.trim().parse();
                (
                    seed.unwrap_or_else(|_| {
                        panic!("`{}` is a number: the seed that a failed check has shown", chance::SEED)
                    }),
                    1,
                )
            }
            Err(_) => (u64::from(fastrand::Rng::new().u32(..)), self.random),
        };
        let mut held = held;
        for begin in (0..count).step_by(BATCH as usize) {
            let seeds = (begin..count.min(begin + BATCH)).map(|n| first + n);
            let plans: Vec<Plan> = seeds.map(|seed| chance::plan(seed, &faults)).collect();
            for run in self.run_all(&plans) {
                if judge(&run, false).is_empty() {
                    held += 1;
                    continue;
                }
                let seed = run.facts.plan.seed.unwrap_or_default();
                let fails = |plan: &Plan| !judge(&self.run(plan), false).is_empty();
                let run = self.run(&chance::shrink(run.facts.plan.clone(), fails));
                let wrong = judge(&run, false);
                let hint = format!("it was made shorter from a random plan: `{}={seed}` repeats that", chance::SEED);
                panic!("{}", self.report(&run, &wrong, held, Some(&hint)));
            }
        }
    }

    /// The run without faults, if nothing is wrong with it.
    #[track_caller]
    fn sound(&self) -> Run<S> {
        let whole = self.run(&Plan::without_faults());
        let wrong = judge::unsound(&whole.facts);
        if !wrong.is_empty() {
            panic!("{}", self.report(&whole, &wrong, 0, None));
        }
        whole
    }

    #[track_caller]
    fn need_world(&self, what: &str) {
        assert!(
            !self.setup.views.is_empty(),
            "nobody can see {what}: give the lab a world with `lab.world(…)`, or say what is to be looked at with `lab.observe(…)`"
        );
    }

    /// Runs in which each call fails for good.
    fn failures_of(&self, whole: &Facts, sagas: &[SagaDefinition]) -> Vec<Run<S>> {
        let plans: Vec<_> = places::failures(whole, sagas).into_iter().map(Plan::from).collect();
        self.run_all(&plans)
    }

    /// Runs that undo: of those that fail, the ones that run each compensation first from behind.
    fn deepest_failures(&self, whole: &Facts) -> Vec<Run<S>> {
        let mut seen = BTreeSet::new();
        let mut runs = self.failures_of(whole, &self.setup.definitions());
        runs.reverse();
        runs.retain(|run| {
            let undone = run.facts.pages.attempts.iter().filter(|made| places::is_compensation(made));
            undone.filter(|made| seen.insert((made.step, made.call.clone()))).count() > 0
        });
        runs
    }

    /// Each compensation of these runs fails for good, once.
    fn stuck(&self, runs: &[Run<S>]) -> Vec<Case> {
        let (sagas, mut seen) = (self.setup.definitions(), BTreeSet::new());
        let plans = runs.iter().flat_map(|run| places::failed_compensations(&run.facts, &sagas));
        let plans = plans.filter(|(of, _)| seen.insert(of.rsplit_once('/').map(|(site, _)| site.to_owned())));
        plans.map(|(_, plan)| Case { plan, stuck: true }).collect()
    }

    /// Runs all cases, and judges each.
    #[track_caller]
    fn judge_all(&self, cases: Vec<Case>, held: usize, judge: &dyn Fn(&Run<S>, bool) -> Vec<String>) -> Vec<Run<S>> {
        let plans: Vec<_> = cases.iter().map(|case| case.plan.clone()).collect();
        let runs = self.run_all(&plans);
        for (index, (run, case)) in runs.iter().zip(&cases).enumerate() {
            self.look_at(run, case.stuck, held + index, judge);
        }
        runs
    }

    #[track_caller]
    fn look_at(&self, run: &Run<S>, stuck: bool, held: usize, judge: &dyn Fn(&Run<S>, bool) -> Vec<String>) {
        let wrong = judge(run, stuck);
        if !wrong.is_empty() {
            panic!("{}", self.report(run, &wrong, held, None));
        }
    }

    /// What a failed check says.
    fn report(&self, run: &Run<S>, wrong: &[String], held: usize, hint: Option<&str>) -> String {
        let plan = run.plan();
        let mut text = match *plan == Plan::without_faults() {
            true => format!("`{}` fails the check without any fault\n", S::NAME),
            false => format!("`{}` fails the check under the plan `{plan}` ({held} runs before it held)\n", S::NAME),
        };
        // Writing to a string can't fail.
        let _ = writeln!(text, "\nwhat is wrong:");
        for wrong in wrong {
            let _ = writeln!(text, "  {}", wrong.trim_end().replace('\n', "\n  "));
        }
        let _ = writeln!(text, "\nwhat happened:\n{}", run.story());
        if let Some(hint) = hint {
            let _ = writeln!(text, "{hint}");
        }
        let _ = writeln!(text, "run it alone: `lab.check(…).plan(\"{plan}\").assert_all(…)`");
        let _ = match std::env::var(DIAGRAM) {
            Ok(path) => match std::fs::write(&path, run.to_mermaid()) {
                Ok(()) => writeln!(text, "its sequence diagram is in {path}"),
                Err(error) => writeln!(text, "its sequence diagram can't be written to {path}: {error}"),
            },
            Err(_) => writeln!(text, "draw it: `{DIAGRAM}=FILE` writes its sequence diagram"),
        };
        text
    }

    /// The call of the instance with this number, from 1.
    fn call(&self, number: u32) -> Call<S> {
        match &self.others {
            Some(others) if number > 1 => others(number),
            _ => Call::new(arguments::read_value(&self.arguments).expect("what was written can be read")),
        }
    }

    fn run(&self, plan: &Plan) -> Run<S> {
        let mut runs = self.run_all(std::slice::from_ref(plan));
        runs.pop().expect("one run for each plan")
    }

    /// One run for each plan, on threads of their own.
    fn run_all(&self, plans: &[Plan]) -> Vec<Run<S>> {
        let one =
            |plan: &Plan| super::run::run(&self.setup, plan, |number| self.call(number), self.meanwhile.as_deref());
        let runs = pool::map(plans, one).unwrap_or_else(|panic| resume_unwind(panic));
        let runs =
            runs.into_iter().map(|run| run.unwrap_or_else(|error| panic!("the lab can't run `{}`: {error}", S::NAME)));
        runs.collect()
    }
}

fn cases(plans: impl IntoIterator<Item = Plan>) -> Vec<Case> {
    plans.into_iter().map(|plan| Case { plan, stuck: false }).collect()
}

impl<S: Saga> fmt::Debug for Check<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").field("saga", &S::NAME).field("setup", &self.setup).finish_non_exhaustive()
    }
}
