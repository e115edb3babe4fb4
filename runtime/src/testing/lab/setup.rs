//! What every run of a lab is made from: dependencies, sagas, mocks, limits.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Write as _};
use std::sync::Arc;
use std::time::Duration;

use super::mock::Script;
use crate::definition::SagaDefinition;
use crate::{Dependencies, Saga, WorkerBuilder};

type Make = Arc<dyn Fn() -> Dependencies + Send + Sync>;
type View = Arc<dyn Fn(&Dependencies) -> Option<String> + Send + Sync>;
type Serve = (fn() -> SagaDefinition, fn(WorkerBuilder) -> WorkerBuilder);

/// What every run is made from.
#[derive(Clone)]
pub(super) struct Setup {
    /// Makes what lives through a run.
    pub(super) world: Vec<Make>,
    /// Makes what lives in a worker, and dies with it.
    pub(super) memory: Vec<Make>,
    /// How the world looks.
    pub(super) views: Vec<View>,
    served: Vec<&'static str>,
    pub(super) serves: Vec<Serve>,
    pub(super) mocks: BTreeMap<&'static str, Script>,
    /// Whether a step without a mock is a failed test.
    pub(super) only_mocks: bool,
    pub(super) workers: u32,
    pub(super) ack_wait: Duration,
    /// The most records that one run may take.
    pub(super) most_records: u32,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            world: Vec::new(),
            memory: Vec::new(),
            views: Vec::new(),
            served: Vec::new(),
            serves: Vec::new(),
            mocks: BTreeMap::new(),
            only_mocks: false,
            workers: 1,
            ack_wait: Duration::from_secs(30),
            most_records: 10_000,
        }
    }
}

impl Setup {
    pub(super) fn serve<S: Saga>(&mut self) {
        if !self.served.contains(&S::NAME) {
            self.served.push(S::NAME);
            self.serves.push((SagaDefinition::of::<S>, WorkerBuilder::serve::<S>));
        }
    }

    pub(super) fn definitions(&self) -> Vec<SagaDefinition> {
        self.serves.iter().map(|(definition, _)| definition()).collect()
    }

    /// What the steps of one run share.
    pub(super) fn make_world(&self) -> Dependencies {
        all(&self.world)
    }

    /// What one worker has.
    pub(super) fn make_memory(&self) -> Dependencies {
        all(&self.memory)
    }

    /// How a world looks; `None` if nobody has said what is to be looked at.
    pub(super) fn look(&self, world: &Dependencies) -> Option<Arc<str>> {
        let mut text = String::new();
        for view in &self.views {
            let seen = view(world)?;
            // Writing to a string can't fail.
            let _ = writeln!(text, "{seen}");
        }
        (!self.views.is_empty()).then(|| text.trim_end().into())
    }
}

fn all(makers: &[Make]) -> Dependencies {
    makers.iter().fold(Dependencies::new(), |all, make| all.and(make()))
}

impl Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("mocks", &self.mocks)
            .field("only_mocks", &self.only_mocks)
            .field("workers", &self.workers)
            .field("ack_wait", &self.ack_wait)
            .finish_non_exhaustive()
    }
}
