//! The workers of one run: hired, lost, replaced, until all instances have come to rest.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::actor::Actor;
use super::desk::{CLIENT, Desk, Seat};
use super::journal::Entry;
use super::plan::Plan;
use super::scene::Scene;
use super::setup::Setup;
use crate::{Client, Dependencies, Error, RunningWorker, Worker};

/// Whoever does nothing for so long waits for ever.
const FOR_EVER: Duration = Duration::from_secs(50 * 365 * 24 * 60 * 60);

/// The workers of one run.
#[derive(Debug)]
pub(super) struct Troupe {
    pub(super) scene: Arc<Scene>,
    died: mpsc::UnboundedReceiver<u32>,
    workers: BTreeMap<u32, (RunningWorker, Arc<Desk>)>,
    last: u32,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// All instances have come to rest.
    Rest,
    /// Nothing moves any more, and somebody still waits.
    Waits,
    /// It can't go on, for this reason.
    Trouble(String),
}

impl Troupe {
    /// The workers that the plan wants.
    pub(super) fn new(setup: &Arc<Setup>, plan: &Plan) -> Result<Self, Error> {
        let (scene, died) = Scene::new(setup.clone(), plan);
        let mut troupe = Self { scene, died, workers: BTreeMap::new(), last: CLIENT };
        let wanted = if plan.workers > 0 { plan.workers } else { setup.workers };
        for _ in 0..wanted.max(if plan.needs_two_workers() { 2 } else { 1 }) {
            troupe.hire()?;
        }
        Ok(troupe)
    }

    /// A client, to whom nothing happens.
    pub(super) fn client(&self) -> Client {
        let seat = Arc::new(Seat(Desk::new(self.scene.clone(), CLIENT)));
        Client::new(seat).with_clock(self.scene.clock)
    }

    /// One worker more.
    pub(super) fn hire(&mut self) -> Result<u32, Error> {
        self.last += 1;
        let (scene, number) = (&self.scene, self.last);
        let desk = Desk::new(scene.clone(), number);
        let actor = Arc::new(Actor { scene: scene.clone(), desk: desk.clone() });
        let seat = Arc::new(Seat(desk.clone()));
        // What a step starts or sends with it is this worker's doing.
        let client = Dependencies::new().with(Client::new(seat.clone()).with_clock(scene.clock));
        let dependencies = client.and(scene.world.clone()).and(scene.setup.make_memory());
        let mut builder = Worker::builder(seat).rehearse(actor, dependencies);
        for (_, serve) in &scene.setup.serves {
            builder = serve(builder);
        }
        let worker = builder.clock(scene.clock).ack_wait(scene.ack_wait()).keep(FOR_EVER * 4).build()?.spawn();
        self.workers.insert(number, (worker, desk));
        Ok(number)
    }

    /// Drops a worker with all that it has in memory; another one takes its place.
    pub(super) async fn replace(&mut self, number: u32) -> Result<(), Error> {
        let Some((worker, desk)) = self.workers.remove(&number) else { return Ok(()) };
        drop(worker);
        // Its tasks are dropped when the runtime comes to them.
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        desk.bury().await;
        let worker = self.hire()?;
        self.scene.journal.write(Entry::Replaced { worker });
        Ok(())
    }

    /// The worker with the least number dies here.
    pub(super) async fn crash(&mut self) -> Result<(), Error> {
        let Some(number) = self.workers.keys().next().copied() else { return Ok(()) };
        self.scene.journal.write(Entry::Crashed { worker: number, at: "as the test says".to_owned() });
        self.replace(number).await
    }

    /// Plays until everything has come to rest.
    pub(super) async fn play(&mut self) -> Result<End, Error> {
        loop {
            while let Ok(number) = self.died.try_recv() {
                self.replace(number).await?;
            }
            if let Some(trouble) = self.scene.trouble() {
                return Ok(End::Trouble(trouble));
            }
            if self.scene.is_at_rest() {
                return Ok(End::Rest);
            }
            tokio::select! {
                biased;
                Some(number) = self.died.recv() => self.replace(number).await?,
                () = self.scene.calmer.notified() => {}
                () = sleep(FOR_EVER) => {
                    return Ok(if self.scene.is_done() { End::Rest } else { End::Waits });
                }
            }
        }
    }

    /// Keeps the workers going: those that die are replaced. Never ends.
    pub(super) async fn go_on(&mut self) -> Result<(), Error> {
        while let Some(number) = self.died.recv().await {
            self.replace(number).await?;
        }
        Ok(())
    }
}
