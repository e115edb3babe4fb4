//! One run of a saga in the lab, and what came of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::journal::{Attempted, Ending, Entry, Pages, Standing};
use super::plan::{Fault, Plan};
use super::setup::Setup;
use super::troupe::{End, Troupe};
use super::{diagram, story};
use crate::arguments;
use crate::client::{Event, InstanceStatus};
use crate::message::{ErrorOf, Message, Shape, ValueOf};
use crate::record::Status;
use crate::transport::InstanceId;
use crate::{Call, Dependencies, Error, Handle, Saga, SagaError, Step};

/// What a saga came to, in its own types.
pub type OutcomeOf<S> = Result<ValueOf<S>, SagaError<ErrorOf<S>>>;

/// One run of a saga: what came of it, and what its steps did on the way.
pub struct Run<S: Saga> {
    pub(super) facts: Facts,
    pub(super) outcomes: Vec<(InstanceId, Option<OutcomeOf<S>>)>,
    events: Vec<Event>,
    history: Vec<InstanceStatus>,
    world: Dependencies,
}

/// A run without its types.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) saga: &'static str,
    pub(super) plan: Plan,
    pub(super) end: End,
    pub(super) pages: Pages,
    /// The instances that the run has begun, in order.
    pub(super) instances: Vec<(InstanceId, Option<Standing>)>,
    /// All others that there were.
    pub(super) others: Vec<(InstanceId, Standing)>,
    /// How the world was before it, and after it.
    pub(super) before: Option<Arc<str>>,
    pub(super) after: Option<Arc<str>>,
    pub(super) took: Duration,
    /// The faults of the plan that have not come about.
    pub(super) unmet: Vec<Fault>,
    pub(super) ack_wait: Duration,
}

/// One attempt of a step, with its arguments.
pub struct CallOf<S: Step> {
    /// The arguments.
    pub arguments: S,
    /// Which attempt of its call it was, from 1.
    pub attempt: u32,
    /// The state in which it was made and the number of the call: the idempotency key without the instance.
    pub call: String,
    /// What it yielded; `None` if it did not: it panicked, timed out, or its worker died.
    pub output: Option<S::Output>,
}

/// What is run along with the saga, from its start on.
pub(super) type Meanwhile<S> = dyn Fn(Handle<S>) -> futures::future::BoxFuture<'static, ()> + Send + Sync;

/// The calls of the further instances of a run, by their numbers.
pub(super) type Others<S> = dyn Fn(u32) -> Call<S> + Send + Sync;

/// Runs a saga by a plan, on a clock of its own.
pub(super) fn run<S: Saga>(
    setup: &Arc<Setup>,
    plan: &Plan,
    call: impl Fn(u32) -> Call<S>,
    meanwhile: Option<&Meanwhile<S>>,
) -> Result<Run<S>, Error> {
    fastrand::seed(plan.seed.unwrap_or(0));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.expect("the operating system has what a runtime needs");
    runtime.block_on(async {
        let mut troupe = Troupe::new(setup, plan)?;
        let before = troupe.scene.look();
        let client = troupe.client();
        let mut handles = Vec::new();
        let count = plan.instances.max(1);
        for number in 1..=count {
            let id = if count == 1 { "case".to_owned() } else { format!("case-{number}") };
            let handle = client.start(call(number)).id(id).await?;
            if let Some(meanwhile) = meanwhile {
                tokio::spawn(meanwhile(handle.clone()));
            }
            handles.push(handle);
        }
        let end = troupe.play().await?;
        report(&troupe, plan, end, before, &handles).await
    })
}

/// What came of a run.
pub(super) async fn report<S: Saga>(
    troupe: &Troupe,
    plan: &Plan,
    end: End,
    before: Option<Arc<str>>,
    handles: &[Handle<S>],
) -> Result<Run<S>, Error> {
    let scene = &troupe.scene;
    let mut all = scene.instances();
    let mut outcomes = Vec::new();
    let mut instances = Vec::new();
    for handle in handles {
        let instance = handle.instance().clone();
        let standing = all.remove(&instance).map(|(_, standing)| standing);
        let ended = standing.as_ref().is_some_and(|standing| standing.status.is_terminal());
        let outcome = if ended { Some(handle.outcome().await?) } else { None };
        outcomes.push((instance.clone(), outcome));
        instances.push((instance, standing));
    }
    let pages = scene.journal.pages().clone();
    let took = pages.entries.last().map_or(Duration::ZERO, |(at, _)| *at);
    let facts = Facts {
        saga: S::NAME,
        plan: plan.clone(),
        end,
        pages,
        instances,
        others: all.into_iter().map(|(instance, (_, standing))| (instance, standing)).collect(),
        before,
        after: scene.look(),
        took,
        unmet: scene.unmet(),
        ack_wait: scene.ack_wait(),
    };
    let (client, mut events, mut history) = (troupe.client(), Vec::new(), Vec::new());
    let mut told = client.events(S::NAME)?;
    while let Some(event) = told.try_next().await? {
        events.push(event);
    }
    if let (Some(_), Some(handle)) = (S::HISTORY, handles.first()) {
        let mut stood = client.history(S::NAME, handle.id())?;
        while let Some(status) = stood.next().await {
            history.push(status?);
        }
    }
    Ok(Run { facts, outcomes, events, history, world: scene.world.clone() })
}

impl<S: Saga> Run<S> {
    /// The faults that it met.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.facts.plan
    }

    /// What the saga returned, or how it failed. `None` if it has not come to its end: it is [stuck](Self::is_stuck) or
    /// [paused](Self::is_paused). Of several instances, the first one's.
    #[must_use]
    pub fn outcome(&self) -> Option<&OutcomeOf<S>> {
        self.outcomes.first().and_then(|(_, outcome)| outcome.as_ref())
    }

    /// The outcomes of all instances, by their ids.
    pub fn outcomes(&self) -> impl Iterator<Item = (&str, Option<&OutcomeOf<S>>)> {
        self.outcomes.iter().map(|(instance, outcome)| (instance.id(), outcome.as_ref()))
    }

    /// Where the instance stands in the end. Of several instances, the first one.
    ///
    /// # Panics
    ///
    /// When nothing was started.
    #[must_use]
    pub fn status(&self) -> Status {
        let standing = self.facts.instances.first().and_then(|(_, standing)| standing.as_ref());
        standing.expect("an instance was started").status
    }

    /// Whether all instances have returned their values.
    #[must_use]
    pub fn completed(&self) -> bool {
        self.facts.all(|status| status == Status::Completed)
    }

    /// Whether all instances have failed, and what they had done was undone.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.facts.all(|status| matches!(status, Status::Compensated | Status::Failed))
    }

    /// Whether an instance is stuck: one of its compensations has failed for good.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        !self.facts.all(|status| status != Status::Stuck)
    }

    /// Whether an instance is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        !self.facts.all(|status| status != Status::Paused)
    }

    /// Why it is stuck or paused, or has failed.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.facts.instances.iter().find_map(|(_, standing)| standing.as_ref()?.reason.as_deref())
    }

    /// What the lab [provides](super::Lab::provide), as this run has left it.
    ///
    /// # Panics
    ///
    /// When the lab provides nothing of this type.
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> &T {
        self.world
            .get()
            .unwrap_or_else(|| panic!("this lab provides no `{}`: add `lab.provide(…)`", std::any::type_name::<T>()))
    }

    /// The attempts of a step, in the order in which they began, over all instances.
    ///
    /// # Panics
    ///
    /// When the step's message has been changed by hand so that it can't be read back.
    #[must_use]
    pub fn calls<T: Step>(&self) -> Vec<CallOf<T>> {
        let attempts = self.facts.pages.attempts.iter().filter(|made| made.step == T::NAME);
        attempts.map(CallOf::of).collect()
    }

    /// What the saga has [emitted](crate::emit), over all instances, in the order in which it was told.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The records that the instance has had, oldest first, if its saga [keeps them](crate::Client::history). Of several instances, the first one's.
    #[must_use]
    pub fn history(&self) -> &[InstanceStatus] {
        &self.history
    }

    /// How long it took, in virtual time.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.facts.took
    }

    /// What happened, a line for each event.
    #[must_use]
    pub fn story(&self) -> String {
        story::tell(&self.facts)
    }

    /// What happened, as a sequence diagram for Mermaid.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        diagram::draw(&self.facts)
    }
}

impl<S: Step> CallOf<S> {
    fn of(made: &Attempted) -> Self {
        let arguments = arguments::read_value(&made.args).expect("the arguments of a step that was run can be read");
        let output = match &made.ending {
            Ending::Output { output, .. } => <S as Message>::Shape::read(output).ok(),
            _ => None,
        };
        Self { arguments, attempt: made.attempt, call: made.call.clone(), output }
    }
}

impl Facts {
    fn all(&self, is: impl Fn(Status) -> bool) -> bool {
        self.instances.iter().all(|(_, standing)| standing.as_ref().is_some_and(|standing| is(standing.status)))
    }

    /// The instances that wait for ever.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (&InstanceId, &Standing)> {
        let begun = self.instances.iter().filter_map(|(instance, standing)| Some((instance, standing.as_ref()?)));
        let others = self.others.iter().map(|(instance, standing)| (instance, standing));
        begun.chain(others).filter(|(_, standing)| !standing.status.is_at_rest())
    }

    /// The records that workers have appended, or wanted to; a note counts as one, and so do a letter and a line in a log.
    pub(super) fn records(&self) -> impl Iterator<Item = u32> {
        self.pages.entries.iter().filter_map(|(_, entry)| match entry {
            Entry::Stored { number, .. }
            | Entry::Noted { number, .. }
            | Entry::Posted { number, .. }
            | Entry::Logged { number, .. }
            | Entry::Refused { number, .. } => Some(*number),
            _ => None,
        })
    }
}

impl<S: Saga> fmt::Debug for Run<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("saga", &self.facts.saga).field("plan", &self.facts.plan).finish_non_exhaustive()
    }
}

impl<S: Step> fmt::Debug for CallOf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOf").field("call", &self.call).field("attempt", &self.attempt).finish_non_exhaustive()
    }
}
