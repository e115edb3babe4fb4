//! Building a worker: what it serves, with what; all checked before anything is consumed.

use std::any::TypeId;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::held::InHand;
use super::limits::Limiter;
use super::meters::Meters;
use super::{Options, Served, Shared, Worker};
use crate::clock::Clock;
use crate::definition::{SagaDefinition, StepDefinition};
use crate::engine::LINE;
use crate::hooks::Hook;
use crate::record::{Codec, Json};
use crate::retry::Backoff;
use crate::retry::adaptive::Breaker;
use crate::schedule::schedule;
use crate::transport::Transport;
use crate::turns::line;
use crate::{Client, Dependencies, Error, ErrorKind, Saga, StepContext};

/// How long a terminal record is kept if nobody says otherwise: 7 days.
pub(crate) const KEEP: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Builds a [`Worker`].
#[derive(Debug)]
#[must_use = "call `.build()`"]
pub struct WorkerBuilder {
    transport: Arc<dyn Transport>,
    dependencies: Dependencies,
    sagas: Vec<SagaDefinition>,
    options: Options,
}

impl WorkerBuilder {
    pub(super) fn new(transport: Arc<dyn Transport>) -> Self {
        let options = Options {
            concurrency: 64,
            codec: Arc::new(Json),
            ack_wait: Duration::from_secs(30),
            grace: Duration::from_secs(10),
            keep: KEEP,
            keep_events: KEEP,
            lost_limit: 3,
            hand_back_delay: Duration::from_secs(5),
            hand_back_limit: 60,
            clock: Clock::System,
            #[cfg(feature = "testing")]
            rehearsal: None,
        };
        Self { transport, dependencies: Dependencies::new(), sagas: Vec::new(), options }
    }

    /// Serves a saga: runs its instances, with all their steps and compensations.
    pub fn serve<S: Saga>(mut self) -> Self {
        self.sagas.push(SagaDefinition::of::<S>());
        self
    }

    /// Serves schedules ([`Client::schedule`]): each waits for its times in one of the workers that do.
    pub fn serve_schedules(self) -> Self {
        self.serve::<schedule>()
    }

    /// Provides what steps take as `#[inject] x: &T`. A second value of the same type replaces the first. A [`Client`] of the worker's own transport is there
    /// without being provided.
    pub fn provide<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.dependencies = self.dependencies.with(value);
        self
    }

    /// Provides what others hold, too; steps take it as `#[inject] x: &T`.
    pub fn provide_shared<T: Send + Sync + 'static>(mut self, value: Arc<T>) -> Self {
        self.dependencies = self.dependencies.with_shared(value);
        self
    }

    /// How many steps are run at the same time, over all sagas. Default 64.
    pub fn concurrency(mut self, deliveries: usize) -> Self {
        self.options.concurrency = deliveries;
        self
    }

    /// How records are stored. Default JSON as it is. All workers and clients of a saga must use the same.
    pub fn codec(mut self, codec: impl Codec) -> Self {
        self.options.codec = Arc::new(codec);
        self
    }

    /// How long after a worker's death its deliveries go to others; while it lives it renews them every third of
    /// this time, however long a step takes. Default 30 seconds.
    pub fn ack_wait(mut self, wait: Duration) -> Self {
        self.options.ack_wait = wait;
        self
    }

    /// How long a shutdown waits for the steps that are being run. Default 10 seconds.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.options.grace = grace;
        self
    }

    /// How long the last record of an instance that has come to its end is kept: for so long its outcome can be read,
    /// and its id is protected against a second start. Default 7 days.
    pub fn keep(mut self, keep: Duration) -> Self {
        self.options.keep = keep;
        self
    }

    /// How long what sagas [emit](crate::emit) stays in its log: at least as long as their last records. Default 7 days.
    pub fn keep_events(mut self, keep: Duration) -> Self {
        self.options.keep_events = keep;
        self
    }

    /// How many workers may be lost during one attempt before it counts as failed
    /// ([`FaultKind::WorkerLost`](crate::FaultKind::WorkerLost)). Default 3.
    pub fn lost_limit(mut self, workers: u32) -> Self {
        self.options.lost_limit = workers;
        self
    }

    /// A record whose saga, state, step or format this worker's code doesn't know is handed back, to be delivered
    /// again after `delay` (perhaps to a worker with newer code); after `limit` times the instance is paused.
    /// Default 5 seconds and 60 times.
    pub fn hand_back(mut self, delay: Duration, limit: u32) -> Self {
        self.options.hand_back_delay = delay;
        self.options.hand_back_limit = limit;
        self
    }

    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn clock(mut self, clock: Clock) -> Self {
        self.options.clock = clock;
        self
    }

    /// Who runs the steps' bodies in the worker's place, and with what.
    #[cfg(feature = "testing")]
    pub(crate) fn rehearse(mut self, rehearsal: Arc<dyn super::Rehearsal>, dependencies: Dependencies) -> Self {
        self.options.rehearsal = Some(rehearsal);
        self.dependencies = self.dependencies.and(dependencies);
        self
    }

    /// Checks it all, and makes the worker. Nothing is consumed yet.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::MissingDependency`] if a step of a saga injects what was not provided; the text names all.
    /// * [`ErrorKind::InvalidWorker`] if it serves nothing, or the same name stands for two sagas or two steps,
    ///   or its concurrency is 0.
    /// * [`ErrorKind::InvalidId`] if a saga's name can't be part of a subject.
    pub fn build(mut self) -> Result<Worker, Error> {
        self.provide_client();
        self.serve_hooks();
        self.serve_lines();
        self.check_names()?;
        self.check_dependencies()?;
        let name: Arc<str> = format!("{:016x}", fastrand::u64(..)).into();
        let client = Client::of_worker(&self.transport, &self.options.codec, self.options.clock);
        let (mut breakers, mut limiters) = (HashMap::new(), HashMap::new());
        for step in self.sagas.iter().flat_map(SagaDefinition::steps) {
            if let Backoff::Adaptive { base, threshold } = step.policy().backoff {
                breakers.insert(step.name(), Mutex::new(Breaker::new(base, threshold)));
            }
            if !step.limits().is_none() {
                let limiter = match step.limits().shared && !self.options.is_rehearsal() {
                    true => Limiter::shared(step.limits(), step.name(), &name, client.clone())?,
                    false => Limiter::new(step.limits()),
                };
                limiters.insert(step.name(), limiter);
            }
        }
        let shared = Shared {
            client,
            transport: self.transport,
            dependencies: Arc::new(self.dependencies),
            breakers,
            limiters,
            name,
            slots: Semaphore::new(self.options.concurrency.min(Semaphore::MAX_PERMITS)),
            stopping: AtomicBool::new(false),
            hurry: watch::Sender::new(false),
            several: watch::Sender::new(0),
            held: Arc::new(InHand::default()),
            attempts: Arc::default(),
            alarms: Arc::default(),
            parents: super::children::Parents::default(),
            options: self.options,
        };
        let served = |definition| {
            let meters = Meters::of(&definition);
            Arc::new(Served { definition, meters })
        };
        Ok(Worker { shared: Arc::new(shared), sagas: self.sagas.into_iter().map(served).collect() })
    }

    /// Steps may talk to other instances by the worker's own transport.
    fn provide_client(&mut self) {
        if !self.dependencies.has(TypeId::of::<Client>()) {
            let client = Client::of_worker(&self.transport, &self.options.codec, self.options.clock);
            self.dependencies = std::mem::take(&mut self.dependencies).with(client);
        }
    }

    /// What is told of instances that get stuck or fail is served with their sagas.
    fn serve_hooks(&mut self) {
        let mut at = 0;
        while let Some(saga) = self.sagas.get(at) {
            let hooks: Vec<_> = saga.hooks().all().map(Hook::definition).collect();
            for hook in hooks {
                let is_same = |saga: &SagaDefinition| saga.name() == hook.name() && saga.type_id() == hook.type_id();
                if !self.sagas.iter().any(is_same) {
                    self.sagas.push(hook);
                }
            }
            at += 1;
        }
    }

    /// The lines in which instances wait for their turns are served with their sagas.
    fn serve_lines(&mut self) {
        if self.sagas.iter().any(SagaDefinition::is_limited) && !self.sagas.iter().any(|saga| saga.name() == LINE) {
            self.sagas.push(SagaDefinition::of::<line>());
        }
    }

    fn check_names(&self) -> Result<(), Error> {
        let invalid = |message: String| Err(Error::new(ErrorKind::InvalidWorker, message));
        if self.sagas.is_empty() {
            return invalid("this worker serves nothing: add `.serve::<…>()` for each saga".to_owned());
        }
        if self.options.concurrency == 0 {
            return invalid("a worker with concurrency 0 never does anything".to_owned());
        }
        let mut sagas = BTreeMap::new();
        let mut steps: BTreeMap<&str, (TypeId, &str)> = BTreeMap::new();
        for saga in &self.sagas {
            crate::transport::InstanceId::new(saga.name(), "any")?;
            match sagas.insert(saga.name(), saga.type_id()) {
                Some(known) if known == saga.type_id() => {
                    return invalid(format!("saga `{}` is served twice", saga.name()));
                }
                Some(_) => {
                    return invalid(format!(
                        "two different sagas have the name `{0}`; to serve an earlier version of it, too, say so in the newest one: \
                         `#[saga(version = 2, before = {0}_v1)]`",
                        saga.name()
                    ));
                }
                None => {}
            }
            if let Some(clash) = saga.clashes().next() {
                return invalid(format!("two different steps of saga `{}` have the name `{clash}`", saga.name()));
            }
            for step in saga.steps() {
                match steps.insert(step.name(), (step.type_id(), saga.name())) {
                    Some((known, other)) if known != step.type_id() => {
                        let (step, saga) = (step.name(), saga.name());
                        return invalid(format!("sagas `{other}` and `{saga}` have different steps named `{step}`"));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn check_dependencies(&self) -> Result<(), Error> {
        let mut missing = String::new();
        for saga in &self.sagas {
            for step in saga.steps() {
                self.missing_of(saga.name(), step, &mut missing);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::MissingDependency,
            format!("steps inject what the worker was not given; add `.provide(…)` for:{missing}"),
        ))
    }

    fn missing_of(&self, saga: &str, step: &StepDefinition, missing: &mut String) {
        #[cfg(feature = "testing")]
        if self.options.rehearsal.as_ref().is_some_and(|rehearsal| !rehearsal.runs_body(step.name())) {
            return;
        }
        for need in step.dependencies() {
            if need.type_id != TypeId::of::<StepContext>() && !self.dependencies.has(need.type_id) {
                let (step, parameter, of_type) = (step.name(), need.parameter, need.type_name);
                // Writing to a string can't fail.
                let _ = write!(missing, "\n  `{parameter}: &{of_type}` of step `{step}` in saga `{saga}`");
            }
        }
    }
}
