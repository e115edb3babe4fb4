//! The instances' records: append, latest, and what the settling of a delivery does to them.
//!
//! Locks: an instance's shard first, or the logs'; under it at most one of a queue's, a consumer's, the timers' or the journal's,
//! which are never held while another is taken.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::MAX_RECORD;
use super::delivery::Settle;
use super::feed::Waiting;
use super::journal::{Journal, Put, Write};
use super::log::Logs;
use super::queue::{Consumer, Item, Queue, What};
use super::record::{Course, Loaded, Record, Slot, Status, Timing, after, wall_after};
use super::timers::{Event, Timers};
use crate::clock::Clock;
use crate::transport::{Append, AppendError, Delivery, InstanceId, RecordPage, Revision, Stored};
use crate::{Error, ErrorKind};

/// How many locks the instances share, by hash: enough that two cores rarely meet at one.
const SHARDS: usize = 64;

pub(super) struct Core {
    name: String,
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
    queues: RwLock<HashMap<Arc<str>, Arc<Queue>>>,
    /// The greatest revision given so far.
    revision: AtomicU64,
    pub(super) timers: Timers,
    /// Those who want to have each record as it comes.
    feeds: RwLock<Vec<Weak<Waiting>>>,
    /// Whether there are any, without a lock.
    has_feeds: AtomicBool,
    closed: AtomicBool,
    journal: Option<Arc<Journal>>,
    clock: Clock,
    pub(super) logs: Mutex<Logs>,
}

pub(super) type Shard = HashMap<InstanceId, Slot>;

/// What an append, or a note, came to, so far.
pub(super) enum Step<T> {
    Done(T),
    /// It is being written.
    Written(oneshot::Receiver<Result<T, AppendError>>),
    /// Another append is being written: it is to be tried again after that.
    Wait(oneshot::Receiver<()>),
}

impl Core {
    pub(super) fn new(name: &str, journal: Option<Arc<Journal>>, clock: Clock) -> Self {
        Self {
            name: name.to_owned(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            queues: RwLock::default(),
            revision: AtomicU64::new(0),
            timers: Timers::default(),
            feeds: RwLock::default(),
            has_feeds: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            journal,
            clock,
            logs: Mutex::default(),
        }
    }

    pub(super) async fn append(self: &Arc<Self>, append: Append<'_>) -> Result<Revision, AppendError> {
        let size = append.payload.len();
        if size > MAX_RECORD {
            return Err(AppendError::TooLarge { size, limit: MAX_RECORD });
        }
        let timing = Timing::of(&append, self.clock);
        if timing != Timing::Ready {
            self.timers.ensure_driven(self);
        }
        loop {
            match self.try_append(&append, timing)? {
                Step::Done(revision) => return Ok(revision),
                Step::Written(answer) => {
                    return answer.await.unwrap_or_else(|_| Err(self.refuse_closed()));
                }
                Step::Wait(decision) => drop(decision.await),
            }
        }
    }

    fn try_append(&self, append: &Append<'_>, timing: Timing) -> Result<Step<Revision>, AppendError> {
        let Append { instance, after, .. } = *append;
        if self.is_closed() {
            return Err(self.refuse_closed());
        }
        let mut shard = self.shard(instance);
        if let Some(slot) = shard.get_mut(instance) {
            if let Some(decision) = slot.wait_for_decision() {
                return Ok(Step::Wait(decision));
            }
            let last = slot.last();
            if last != after {
                return Err(AppendError::Superseded { last });
            }
        } else if after.is_some() {
            return Err(AppendError::Superseded { last: None });
        }

        let revision = Revision(self.next_number());
        let record = Record::new(revision, append.payload.clone(), timing);
        let slot = self.slot(&mut shard, instance);
        let Some(journal) = &self.journal else {
            self.install(slot, instance, record);
            return Ok(Step::Done(revision));
        };
        let (sender, answer) = oneshot::channel();
        let expires = append.keep.map(wall_after);
        let void = slot.void();
        let not_before = match (append.deliver, append.keep) {
            // Of a terminal record this says that it is to be delivered.
            (true, Some(_)) => Some(SystemTime::now()),
            // A restart must not keep it back.
            (true, None) => None,
            (false, _) => append.not_before,
        };
        let put = Put { instance: instance.clone(), record, not_before, expires, void, answer: sender };
        if let Err(why) = journal.enqueue(Write::Put(put)) {
            remove_if_unused(&mut shard, instance);
            return Err(AppendError::Refused(why));
        }
        slot.undecided = Some(Vec::new());
        Ok(Step::Written(answer))
    }

    pub(super) fn now(&self) -> SystemTime {
        self.clock.now().into()
    }

    /// The next revision, or number of mail: none comes twice.
    pub(super) fn next_number(&self) -> u64 {
        self.revision.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The journal has written a record, or could not: from here on it counts, or never was.
    pub(super) fn decided(&self, put: Put, outcome: &Result<(), String>) {
        let Put { instance, record, answer, .. } = put;
        let mut shard = self.shard(&instance);
        let slot = self.slot(&mut shard, &instance);
        // Dropping the senders wakes those who wait for the decision.
        slot.undecided = None;
        let result = match outcome {
            Ok(()) => {
                let revision = record.revision;
                self.install(slot, &instance, record);
                Ok(revision)
            }
            Err(why) => {
                remove_if_unused(&mut shard, &instance);
                Err(AppendError::Refused(why.clone()))
            }
        };
        drop(shard);
        let _ = answer.send(result);
    }

    /// Makes a record the instance's last: voids the delivery of the one before, and sees to its own.
    fn install(&self, slot: &mut Slot, instance: &InstanceId, record: Record) {
        let (revision, timing) = (record.revision, record.timing);
        if let Some(mut former) = slot.record.replace(record) {
            former.course.end();
        }
        for watcher in &slot.watchers {
            watcher.notify_one();
        }
        if self.has_feeds.load(Ordering::Acquire)
            && let Some(stored) = slot.stored()
        {
            self.feed(instance, &stored);
        }
        let item = || Item { instance: instance.clone(), what: What::Record(revision) };
        match timing {
            Timing::Ready => slot.queue.push(item()),
            Timing::NotBefore(due) => self.timers.at(due, Event::Ready(item())),
            Timing::Expires(due) => self.timers.at(due, Event::Expire(instance.clone(), revision)),
            Timing::Tells(due) => {
                slot.queue.push(item());
                self.timers.at(due, Event::Expire(instance.clone(), revision));
            }
        }
    }

    /// Takes over what a store holds.
    #[cfg_attr(not(feature = "embedded"), expect(dead_code, reason = "only a store on disk loads records"))]
    pub(super) fn load(&self, loaded: Loaded) {
        self.revision.store(loaded.greatest.0, Ordering::Relaxed);
        for (instance, Stored { revision, payload }, timing) in loaded.records {
            let mut shard = self.shard(&instance);
            let slot = self.slot(&mut shard, &instance);
            self.install(slot, &instance, Record::new(revision, payload, timing));
        }
        self.load_notes(loaded.notes);
        self.load_mail(loaded.mail);
        self.load_lines(loaded.lines);
    }

    /// From now on this feed gets each record.
    pub(super) fn feed_to(&self, feed: &Arc<Waiting>) {
        let mut feeds = self.feeds.write().unwrap_or_else(PoisonError::into_inner);
        feeds.retain(|feed| feed.strong_count() > 0);
        feeds.push(Arc::downgrade(feed));
        self.has_feeds.store(true, Ordering::Release);
    }

    fn feed(&self, instance: &InstanceId, stored: &Stored) {
        let feeds = self.feeds.read().unwrap_or_else(PoisonError::into_inner);
        feeds.iter().filter_map(Weak::upgrade).for_each(|feed| feed.push(instance, stored.clone()));
    }

    /// Looks at the last record of each instance.
    pub(super) fn each_record(&self, mut look: impl FnMut(&InstanceId, Stored)) {
        for shard in &self.shards {
            for (instance, slot) in lock(shard).iter() {
                slot.stored().into_iter().for_each(|stored| look(instance, stored));
            }
        }
    }

    /// The last records of one of the parts that the instances are divided into: a page.
    pub(super) fn records(&self, saga: Option<&str>, after: Option<&str>) -> Result<RecordPage, Error> {
        self.check_open()?;
        let part = match after {
            None => 0,
            Some(text) => text.parse().ok().filter(|part| *part < self.shards.len()).ok_or_else(|| {
                let text =
                    format!("`{text}` is no position in the records of `{}`: begin anew, without one", self.name);
                Error::new(ErrorKind::InvalidOptions, text)
            })?,
        };
        let shard = lock(&self.shards[part]);
        let wanted = shard.iter().filter(|(instance, _)| saga.is_none_or(|saga| instance.saga() == saga));
        let records = wanted.filter_map(|(instance, slot)| Some((instance.clone(), slot.stored()?))).collect();
        let next = (part + 1 < self.shards.len()).then(|| (part + 1).to_string());
        Ok(RecordPage { records, next })
    }

    pub(super) fn latest(&self, instance: &InstanceId) -> Result<Option<Stored>, Error> {
        self.check_open()?;
        Ok(self.shard(instance).get(instance).and_then(Slot::stored))
    }

    /// Hands the first record or notice that waits to this worker.
    pub(super) fn take(self: &Arc<Self>, queue: &Queue, consumer: &Arc<Consumer>) -> Option<Delivery> {
        while let Some(item) = queue.pop() {
            let mut shard = self.shard(&item.instance);
            let Some(slot) = shard.get_mut(&item.instance) else { continue };
            let stored = slot.stored();
            // What was superseded, or taken, while it waited is still in the queue; this is where it is left out.
            let Some(course) = slot.course(&item.what).filter(|course| matches!(course.status, Status::Queued)) else {
                continue;
            };
            let Some(Stored { revision, payload }) = stored else {
                // Mail of an instance that has no record wakes nobody.
                course.status = Status::Settled;
                continue;
            };
            course.delivered += 1;
            let delivered = course.delivered;
            let deadline = Instant::now() + consumer.ack_wait();
            let (key, watch) = consumer.hold(item.clone(), delivered, deadline);
            course.status = Status::Held(Arc::clone(consumer), key);
            drop(shard);
            if watch {
                self.timers.wake_by(deadline);
            }
            let (instance, notice) = (item.instance.clone(), item.notice());
            let handle = Box::new(Settle::new(self, item, delivered));
            return Some(Delivery { instance, revision, payload, delivered, notice, handle });
        }
        None
    }

    /// Acknowledged for good: what was delivered stays, and is not delivered again.
    pub(super) fn settle(&self, item: &Item, delivered: u64) {
        self.held(item, delivered, |course, _, _, _| course.end());
    }

    /// Handed back, for delivery after `delay`.
    pub(super) fn hand_back(&self, item: &Item, delivered: u64, delay: Duration) {
        self.held(item, delivered, |course, queue, consumer, key| {
            consumer.release(key);
            if delay.is_zero() {
                course.status = Status::Queued;
                queue.push(item.clone());
            } else {
                course.status = Status::Delayed;
                self.timers.at(after(delay), Event::Ready(item.clone()));
            }
        });
    }

    /// Still being worked on.
    pub(super) fn extend(&self, item: &Item, delivered: u64) {
        self.held(item, delivered, |_, _, consumer, key| consumer.extend(key));
    }

    /// The ack wait has passed: for delivery again, unless it was settled or kept alive at the last moment.
    pub(super) fn time_out(&self, item: &Item, delivered: u64, now: Instant) {
        self.held(item, delivered, |course, queue, consumer, key| {
            if consumer.release_if_due(key, now) {
                course.status = Status::Queued;
                queue.push(item.clone());
            }
        });
    }

    /// A delay is over.
    pub(super) fn ready(&self, item: &Item) {
        if let Some(slot) = self.shard(&item.instance).get_mut(&item.instance) {
            let queue = Arc::clone(slot.queue_of(&item.what));
            if let Some(course) = slot.course(&item.what).filter(|course| matches!(course.status, Status::Delayed)) {
                course.status = Status::Queued;
                queue.push(item.clone());
            }
        }
    }

    /// A terminal record has been kept for long enough.
    pub(super) fn expire(&self, instance: &InstanceId, revision: Revision) {
        let mut shard = self.shard(instance);
        let Some(slot) = shard.get_mut(instance) else {
            return;
        };
        // An append on its way takes the record's place in the store, too.
        if slot.undecided.is_some() || slot.record.as_ref().is_none_or(|record| record.revision != revision) {
            return;
        }
        let void = slot.void();
        slot.record = None;
        if let Some(journal) = &self.journal {
            // A store that fails keeps the record; it is left out when the store is opened again.
            let _ = journal.enqueue(Write::Remove(instance.clone(), void));
        }
        remove_if_unused(&mut shard, instance);
        drop(shard);
        self.discard_all(instance);
    }

    /// Does something to what is in the hands of a worker by just this delivery.
    fn held(&self, item: &Item, delivered: u64, act: impl FnOnce(&mut Course, &Queue, Arc<Consumer>, usize)) {
        if let Some(slot) = self.shard(&item.instance).get_mut(&item.instance) {
            let queue = Arc::clone(slot.queue_of(&item.what));
            if let Some(course) = slot.course(&item.what).filter(|course| course.delivered == delivered)
                && let Status::Held(consumer, key) = &course.status
            {
                let (consumer, key) = (Arc::clone(consumer), *key);
                act(course, &queue, consumer, key);
            }
        }
    }

    /// The instance's record if it came after `seen`.
    pub(super) fn after(&self, instance: &InstanceId, seen: Option<Revision>) -> Option<Stored> {
        self.shard(instance).get(instance).and_then(Slot::stored).filter(|stored| Some(stored.revision) > seen)
    }

    pub(super) fn add_watcher(&self, instance: &InstanceId, watcher: &Arc<Notify>) {
        let mut shard = self.shard(instance);
        self.slot(&mut shard, instance).watchers.push(Arc::clone(watcher));
    }

    pub(super) fn remove_watcher(&self, instance: &InstanceId, watcher: &Arc<Notify>) {
        let mut shard = self.shard(instance);
        if let Some(slot) = shard.get_mut(instance) {
            slot.watchers.retain(|other| !Arc::ptr_eq(other, watcher));
            remove_if_unused(&mut shard, instance);
        }
    }

    /// The queue of a saga.
    pub(super) fn queue(&self, saga: &str) -> Arc<Queue> {
        if let Some(queue) = self.queues.read().unwrap_or_else(PoisonError::into_inner).get(saga) {
            return Arc::clone(queue);
        }
        let mut queues = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(queues.entry(Arc::from(saga)).or_default())
    }

    /// The queue of the notices of a saga's mail. No saga has such a name.
    pub(super) fn notices(&self, saga: &str) -> Arc<Queue> {
        self.queue(&format!("{saga}/mail"))
    }

    pub(super) fn journal(&self) -> Option<&Journal> {
        self.journal.as_deref()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(super) fn check_open(&self) -> Result<(), Error> {
        if self.is_closed() { Err(Error::new(ErrorKind::Closed, self.closed_text())) } else { Ok(()) }
    }

    /// Ends all streams of deliveries and all watches, and lets the journal write what it has.
    pub(super) fn close(&self) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(journal) = &self.journal {
            journal.close();
        }
        self.timers.close();
        let feeds = self.feeds.read().unwrap_or_else(PoisonError::into_inner);
        feeds.iter().filter_map(Weak::upgrade).for_each(|feed| feed.close());
        for queue in self.queues.read().unwrap_or_else(PoisonError::into_inner).values() {
            queue.close();
        }
        for shard in &self.shards {
            for slot in lock(shard).values() {
                slot.watchers.iter().for_each(|watcher| watcher.notify_one());
            }
        }
    }

    /// How many instances take memory.
    #[cfg(test)]
    pub(super) fn instances(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    pub(super) fn refuse_closed(&self) -> AppendError {
        AppendError::Refused(self.closed_text())
    }

    fn closed_text(&self) -> String {
        format!("the transport `{}` has been closed", self.name)
    }

    pub(super) fn shard(&self, instance: &InstanceId) -> MutexGuard<'_, Shard> {
        let hash = self.hasher.hash_one(instance);
        lock(&self.shards[hash as usize % SHARDS])
    }

    pub(super) fn slot<'a>(&self, shard: &'a mut Shard, instance: &InstanceId) -> &'a mut Slot {
        match shard.entry(instance.clone()) {
            Entry::Occupied(slot) => slot.into_mut(),
            Entry::Vacant(vacant) => {
                let (queue, notices) = (self.queue(instance.saga()), self.notices(instance.saga()));
                vacant.insert(Slot::new(queue, notices))
            }
        }
    }
}

pub(super) fn remove_if_unused(shard: &mut Shard, instance: &InstanceId) {
    if shard.get(instance).is_some_and(Slot::is_unused) {
        shard.remove(instance);
    }
}

/// Locks; a panic elsewhere can't have left anything half-done under one of these locks.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
