//! What the workers and clients of one run share: the transport in memory, the clock, the faults that are still to come, the journal.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, mpsc, watch};

use super::journal::{Entry, Journal, Standing};
use super::plan::{Fault, Plan};
use super::setup::Setup;
use super::words;
use crate::Dependencies;
use crate::clock::Clock;
use crate::transport::embedded::{self, EmbeddedTransport};
use crate::transport::{Delivery, InstanceId, Revision};

/// What one run's workers and clients share.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) setup: Arc<Setup>,
    pub(super) inner: Arc<EmbeddedTransport>,
    pub(super) clock: Clock,
    pub(super) journal: Journal,
    pub(super) world: Dependencies,
    /// The faults, and whether each has come about.
    faults: Mutex<Vec<(Fault, bool)>>,
    deliveries: AtomicU32,
    records: AtomicU32,
    /// How the instances stand.
    instances: watch::Sender<BTreeMap<InstanceId, (Revision, Standing)>>,
    /// Tells that an instance or an attempt has come to rest.
    pub(super) calmer: Notify,
    /// Which attempts of mocked steps were made, in the order in which they were made first.
    rehearsed: Mutex<BTreeMap<&'static str, Vec<(String, u32)>>>,
    /// Second copies of deliveries, and who has got the first.
    copies: Mutex<VecDeque<(u32, Delivery)>>,
    pub(super) copied: Notify,
    /// The deliveries of workers that are cut off.
    overtaken: Mutex<Vec<(InstanceId, Revision, u32)>>,
    deaths: mpsc::UnboundedSender<u32>,
    /// Why the run can't go on.
    trouble: Mutex<Option<String>>,
}

impl Scene {
    /// A scene, and where it tells of workers that have died.
    pub(super) fn new(setup: Arc<Setup>, plan: &Plan) -> (Arc<Self>, mpsc::UnboundedReceiver<u32>) {
        let (deaths, died) = mpsc::unbounded_channel();
        let clock = Clock::tokio();
        let world = setup.make_world();
        let scene = Self {
            inner: embedded::memory_with(clock),
            clock,
            journal: Journal::new(),
            world,
            faults: Mutex::new(plan.faults.iter().map(|fault| (fault.clone(), false)).collect()),
            deliveries: AtomicU32::new(0),
            records: AtomicU32::new(0),
            instances: watch::Sender::default(),
            calmer: Notify::new(),
            rehearsed: Mutex::default(),
            copies: Mutex::default(),
            copied: Notify::new(),
            overtaken: Mutex::default(),
            deaths,
            trouble: Mutex::default(),
            setup,
        };
        (Arc::new(scene), died)
    }

    /// How the world looks now.
    pub(super) fn look(&self) -> Option<Arc<str>> {
        self.setup.look(&self.world)
    }

    pub(super) fn next_delivery(&self) -> u32 {
        self.deliveries.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The number of a record that a worker is about to append.
    pub(super) fn next_record(&self) -> u32 {
        let number = self.records.fetch_add(1, Ordering::Relaxed) + 1;
        let most = self.setup.most_records;
        if number > most {
            self.give_up(format!("it goes on and on: {most} records were stored, and it has not come to its end"));
        }
        number
    }

    /// Whether the plan has such a fault; if so, it has come about.
    pub(super) fn meets(&self, is: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut faults = lock(&self.faults);
        let (fault, met) = faults.iter_mut().find(|(fault, _)| is(fault))?;
        *met = true;
        Some(fault.clone())
    }

    /// The faults that have not come about.
    pub(super) fn unmet(&self) -> Vec<Fault> {
        lock(&self.faults).iter().filter(|(_, met)| !met).map(|(fault, _)| fault.clone()).collect()
    }

    /// The run ends here, for this reason; the first counts.
    pub(super) fn give_up(&self, why: String) {
        lock(&self.trouble).get_or_insert(why);
        self.calmer.notify_one();
    }

    pub(super) fn trouble(&self) -> Option<String> {
        lock(&self.trouble).clone()
    }

    pub(super) fn died(&self, worker: u32) {
        // Whoever listens may be gone: then the run is over.
        let _ = self.deaths.send(worker);
    }

    /// A record was stored, which is to be taken up in any case, if it `tells`.
    pub(super) fn stored(&self, instance: &InstanceId, revision: Revision, payload: &Bytes, tells: bool) -> Standing {
        let mut standing = words::standing(payload);
        standing.tells = tells && standing.status.is_at_rest();
        self.instances.send_modify(|instances| {
            instances.insert(instance.clone(), (revision, standing.clone()));
        });
        self.calmer.notify_one();
        standing
    }

    /// What an instance waits for with a record, in words. Of the last one that is known.
    pub(super) fn waits(&self, instance: &InstanceId, revision: Revision, payload: &Bytes) -> String {
        match self.instances.borrow().get(instance) {
            Some((last, standing)) if *last == revision => standing.waits.clone(),
            _ => words::standing(payload).waits,
        }
    }

    /// What stood in a record was told.
    pub(super) fn told(&self, instance: &InstanceId, of: Revision) {
        self.instances.send_modify(|instances| {
            if let Some((revision, standing)) = instances.get_mut(instance)
                && *revision == of
            {
                standing.tells = false;
            }
        });
        self.calmer.notify_one();
    }

    pub(super) fn instances(&self) -> BTreeMap<InstanceId, (Revision, Standing)> {
        self.instances.borrow().clone()
    }

    /// Whether all instances have come to rest, and nobody works.
    pub(super) fn is_at_rest(&self) -> bool {
        self.is_done() && self.journal.pages().running == 0
    }

    /// Whether all instances have come to rest, though somebody may still work in vain.
    pub(super) fn is_done(&self) -> bool {
        self.instances.borrow().values().all(|(_, standing)| standing.status.is_at_rest() && !standing.tells)
    }

    /// Which act of its mock an attempt does: as at its first time, if it is made again.
    pub(super) fn number(&self, step: &'static str, call: String, attempt: u32) -> usize {
        let mut rehearsed = lock(&self.rehearsed);
        let made = rehearsed.entry(step).or_default();
        let same = |(of, number): &(String, u32)| *of == call && *number == attempt;
        made.iter().position(same).unwrap_or_else(|| {
            made.push((call, attempt));
            made.len() - 1
        })
    }

    /// Gives a second copy of a delivery to another worker than this one.
    pub(super) fn copy(&self, worker: u32, delivery: Delivery) {
        lock(&self.copies).push_back((worker, delivery));
        self.copied.notify_waiters();
    }

    /// A copy of what another worker has got.
    pub(super) fn copy_for(&self, worker: u32, saga: &str) -> Option<Delivery> {
        let mut copies = lock(&self.copies);
        let place = copies.iter().position(|(has, copy)| *has != worker && copy.instance.saga() == saga)?;
        copies.remove(place).map(|(_, delivery)| delivery)
    }

    /// From now on this worker is cut off with this delivery.
    pub(super) fn overtake(&self, instance: &InstanceId, revision: Revision, worker: u32) {
        lock(&self.overtaken).push((instance.clone(), revision, worker));
    }

    /// Whether this worker is cut off with a delivery of this record.
    pub(super) fn is_cut_off(&self, instance: &InstanceId, revision: Revision, worker: u32) -> bool {
        lock(&self.overtaken).iter().any(|(of, at, by)| of == instance && *at == revision && *by == worker)
    }

    /// A worker that was cut off is done with what it had, and has stored nothing of that.
    pub(super) fn is_back(&self, of: &(InstanceId, Revision, u32)) {
        lock(&self.overtaken).retain(|known| known != of);
    }

    /// Waits until others have moved the instance on, if this worker is cut off with it.
    pub(super) async fn until_overtaken(&self, instance: &InstanceId, after: Option<Revision>, worker: u32) {
        let Some(revision) = after else { return };
        let overtaken = (instance.clone(), revision, worker);
        let place = {
            let mut all = lock(&self.overtaken);
            let place = all.iter().position(|known| *known == overtaken);
            // Once: what comes to the same worker by another way is not cut off.
            place.map(|place| all.swap_remove(place))
        };
        if place.is_none() {
            return;
        }
        let moved = |instances: &BTreeMap<InstanceId, (Revision, Standing)>| {
            instances.get(instance).is_some_and(|(last, _)| *last > revision)
        };
        let mut instances = self.instances.subscribe();
        // The sender lives as long as this.
        let _ = instances.wait_for(moved).await;
    }

    pub(super) fn fault(&self, what: String) {
        self.journal.write(Entry::Fault(what));
    }

    /// The time on the clock of the run.
    pub(super) fn ack_wait(&self) -> Duration {
        self.setup.ack_wait
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
