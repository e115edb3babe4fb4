//! The test kit: a saga runs as it does in production, on a clock that does not wait, through every fault that it can meet.
//!
//! A [`Lab`] has what the steps need. [`Lab::check`] runs a saga under many [`Plan`]s of faults; [`Lab::run`] and [`Lab::start`] run
//! it once. What runs is the real engine and the real worker over the embedded transport in memory. A worker that crashes
//! is dropped with all that it has in memory. See `docs/testing.md`.
//!
//! | module | its job |
//! |---|---|
//! | `setup`, `mock` | what every run is made from |
//! | `plan`, `places`, `chance` | faults: how they are named, where they can be, random ones |
//! | `scene`, `desk`, `deliveries`, `actor` | one run's surroundings: transport, deliveries, attempts |
//! | `troupe`, `performance` | the workers of a run, and a run that a test steps through |
//! | `journal`, `run`, `words`, `story`, `diagram` | what happened |
//! | `check`, `judge`, `pool`, `quiet` | all plans, and what is wrong with a run |
//! | `sample` | errors of the user's types, made up |

mod actor;
mod chance;
mod check;
mod deliveries;
mod desk;
mod diagram;
mod journal;
mod judge;
mod mock;
mod performance;
mod places;
mod plan;
mod pool;
mod quiet;
mod run;
mod sample;
mod scene;
mod setup;
mod story;
mod troupe;
mod words;

#[cfg(test)]
mod tests;

pub use check::Check;
pub use mock::Mock;
pub use performance::Performance;
pub use plan::{Fault, NoPlan, Plan};
pub use run::{CallOf, OutcomeOf, Run};
pub(crate) use sample::samples;

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::arguments;
use crate::durable::IntoDuration;
use crate::schedule::schedule;
use crate::{Call, Dependencies, Saga, Step};
use setup::Setup;

/// What the tests of a saga need: dependencies, mocks, and the ways to run it. A `#[sagaflow::test]` gets one.
///
/// ```
/// use std::collections::BTreeMap;
/// use std::sync::Mutex;
///
/// use sagaflow::prelude::*;
/// use sagaflow::testing::Lab;
///
/// /// Stands for the bank: what was paid, by idempotency key.
/// #[derive(Debug, Default)]
/// struct Bank(Mutex<BTreeMap<String, u64>>);
///
/// #[step]
/// #[retry(fixed, delay = "1h", max_attempts = 5)]
/// #[compensate(pay_back(cents))]
/// async fn pay(#[inject] bank: &Bank, #[inject] cx: &StepContext, cents: u64) -> Result<u64, Failure> {
///     bank.0.lock().unwrap().insert(cx.key().to_string(), cents);
///     Ok(cents)
/// }
///
/// #[step]
/// async fn pay_back(#[inject] bank: &Bank, #[inject] cx: &StepContext, cents: u64) {
///     let _ = cents;
///     bank.0.lock().unwrap().remove(cx.key().as_str());
/// }
///
/// #[saga]
/// async fn twice(cents: u64) -> Result<u64, Failure> {
///     Ok(pay(cents).await? + pay(cents).await?)
/// }
///
/// let mut lab = Lab::new();
/// lab.world(Bank::default);
/// lab.check(twice(5)).every_crash().every_failure().assert_all(|run| {
///     let payments = run.get::<Bank>().0.lock().unwrap().len();
///     assert_eq!(payments, if run.completed() { 2 } else { 0 });
/// });
/// ```
#[derive(Debug, Clone, Default)]
pub struct Lab {
    setup: Setup,
}

impl Lab {
    /// A lab in which there is nothing yet. A `#[sagaflow::test]` makes one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Provides what steps take as `#[inject] x: &T`. It is made anew for each run, and lives through the crashes of the run's workers,
    /// as a service does: `lab.provide(FakeGateway::default)`. A `&Client` need not be provided: the lab has one for each worker, and what a
    /// step starts or sends with it meets faults, too.
    pub fn provide<T: Send + Sync + 'static>(&mut self, make: impl Fn() -> T + Send + Sync + 'static) -> &mut Self {
        self.provide_all(move || Dependencies::new().with(make()))
    }

    /// The same for several that have something in common: `lab.provide_all(|| Dependencies::new().with(…).with(…))`.
    pub fn provide_all(&mut self, make: impl Fn() -> Dependencies + Send + Sync + 'static) -> &mut Self {
        self.setup.world.push(Arc::new(make));
        self
    }

    /// Provides what is in a worker's memory, and goes with it: it is made anew for each worker, so that none of it is left after a crash.
    pub fn provide_to_workers<T: Send + Sync + 'static>(
        &mut self,
        make: impl Fn() -> T + Send + Sync + 'static,
    ) -> &mut Self {
        self.setup.memory.push(Arc::new(move || Dependencies::new().with(make())));
        self
    }

    /// [Provides](Self::provide) what the steps change, and [observes](Self::observe) it as its `{:#?}` shows it. That must not change by
    /// itself: with maps in it, take a `BTreeMap`.
    pub fn world<T: Debug + Send + Sync + 'static>(
        &mut self,
        make: impl Fn() -> T + Send + Sync + 'static,
    ) -> &mut Self {
        self.provide(make).observe(|world: &T| format!("{world:#?}"))
    }

    /// Says how something that the lab provides looks, as text, best with a line for each thing. The ready-made checks compare
    /// such texts: before and after each step, and in the end.
    pub fn observe<T: Send + Sync + 'static>(
        &mut self,
        view: impl Fn(&T) -> String + Send + Sync + 'static,
    ) -> &mut Self {
        self.setup.views.push(Arc::new(move |world: &Dependencies| world.get::<T>().map(&view)));
        self
    }

    /// Says what a step does instead of running its body. What the step injects then need not be provided.
    ///
    /// ```
    /// use sagaflow::prelude::*;
    /// use sagaflow::testing::Lab;
    /// # #[step] async fn roll() -> Result<u32, Failure> { Ok(4) }
    ///
    /// #[step]
    /// #[retry(exponential, base = "1h", max_attempts = 5)]
    /// async fn charge(cents: u64) -> Result<u64, Failure> {
    ///     unreachable!("{cents}: there is no bank in a test")
    /// }
    ///
    /// #[saga]
    /// async fn pay(cents: u64) -> Result<u64, Failure> {
    ///     charge(cents).await
    /// }
    ///
    /// let mut lab = Lab::new();
    /// lab.step::<charge>().returns(Err(Failure::new("busy"))).times(2).answers(|charge { cents }| Ok(cents + 1));
    /// lab.check(pay(7)).assert_all(|run| {
    ///     assert_eq!(run.outcome().unwrap().as_ref().unwrap(), &8);
    ///     assert_eq!(run.calls::<charge>().len(), 3);
    ///     assert_eq!(run.took().as_secs(), 3 * 3600); // an hour, and then two
    /// });
    /// ```
    pub fn step<S: Step>(&mut self) -> Mock<'_, S> {
        self.setup.mocks.remove(S::NAME);
        Mock::new(&mut self.setup)
    }

    /// A step without a mock fails the test, instead of running its body.
    pub fn only_mocks(&mut self) -> &mut Self {
        self.setup.only_mocks = true;
        self
    }

    /// Serves a saga beside the one that is run: one that it starts.
    pub fn serve<S: Saga>(&mut self) -> &mut Self {
        self.setup.serve::<S>();
        self
    }

    /// Serves [schedules](crate::Client::schedule): those that the run makes, or the [client](Performance::client) of one that is stepped through.
    pub fn serve_schedules(&mut self) -> &mut Self {
        self.serve::<schedule>()
    }

    /// How many workers there are. Default 1; where a plan needs two at the same time, 2.
    pub fn workers(&mut self, workers: u32) -> &mut Self {
        self.setup.workers = workers;
        self
    }

    /// How long after a worker's death others get what it had in hand. Default 30 seconds, as for a
    /// [worker](crate::WorkerBuilder::ack_wait).
    ///
    /// # Panics
    ///
    /// When it is no duration.
    #[track_caller]
    pub fn ack_wait(&mut self, wait: impl IntoDuration) -> &mut Self {
        self.setup.ack_wait = duration(wait);
        self
    }

    /// After so many records a run is taken for one that never ends. Default 10,000.
    pub fn most_records(&mut self, records: u32) -> &mut Self {
        self.setup.most_records = records;
        self
    }

    /// A saga with its arguments, to be run under many plans: say which, and how the runs are judged.
    ///
    /// # Panics
    ///
    /// When the arguments can't be saved.
    #[track_caller]
    pub fn check<S: Saga>(&self, call: Call<S>) -> Check<S> {
        let arguments = arguments::write_value(call.message())
            .unwrap_or_else(|error| panic!("the arguments of `{}` can't be saved: {error}", S::NAME));
        let mut setup = self.setup.clone();
        setup.serve::<S>();
        Check::new(Arc::new(setup), arguments)
    }

    /// Runs a saga once, without faults, until it has come to rest. For a `#[sagaflow::test]`.
    ///
    /// # Panics
    ///
    /// When it never comes to rest, with what it waits for. When something that a step injects is not provided.
    #[track_caller]
    pub fn run<S: Saga>(&self, call: Call<S>) -> impl Future<Output = Run<S>> {
        let start = self.start(call);
        async move { start.await.finish().await }
    }

    /// Starts a saga, to be stepped through. For a `#[sagaflow::test]`.
    ///
    /// # Panics
    ///
    /// When something that a step injects is not provided, or the arguments can't be saved.
    #[track_caller]
    pub fn start<S: Saga>(&self, call: Call<S>) -> impl Future<Output = Performance<S>> {
        let mut setup = self.setup.clone();
        setup.serve::<S>();
        Performance::start(Arc::new(setup), call)
    }
}

/// Runs a test in a runtime whose time passes only when nothing else can happen: what `#[sagaflow::test]` makes of it.
pub fn in_lab<F: Future>(test: impl FnOnce(Lab) -> F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.expect("the operating system has what a runtime needs");
    runtime.block_on(test(Lab::new()))
}

#[track_caller]
fn duration(duration: impl IntoDuration) -> Duration {
    duration.into_duration().unwrap_or_else(|error| panic!("{error}"))
}
