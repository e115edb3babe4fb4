//! Children: a record's starts and cancels are sent, a child's last record tells its parent, and a parent takes the ends of its children.
//!
//! A parent of a thousand children is not written a thousand times: their ends stay in its queue until something comes of them, and what
//! is known of them meanwhile is kept in memory. **A notice is acknowledged when all mail up to its own has been looked at, and the
//! instance goes on waiting**; so whoever gets the last notice finds all of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};

use super::job::{DUE, Job};
use super::settle::PATIENCE;
use crate::appending;
use crate::ends;
use crate::engine::{self, CANCEL, CHILD, Event, Halt, Letter, Outgoing, Plan, RESERVE, Sent};
use crate::logs;
use crate::record::{self, Child, Record, START_FORMAT, Start, StartedBy};
use crate::transport::{Append, AppendError, InstanceId, Post, Revision};

/// So many children are started at the same time.
const AT_ONCE: usize = 64;

/// How many parents are remembered.
const MOST_PARENTS: usize = 64;

/// When it is tried again what the transport has refused.
const AGAIN: Duration = Duration::from_secs(5);

/// What is known of parents that wait for their children.
#[derive(Debug, Default)]
pub(super) struct Parents(Mutex<HashMap<InstanceId, Arc<tokio::sync::Mutex<Known>>>>);

/// One of them.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The stored record that this is about.
    revision: Option<Revision>,
    /// How the instance stands with what is in its queue, though that is not stored: it goes on waiting.
    record: Option<Box<Record>>,
    /// All mail up to this number has been looked at.
    looked_at: u64,
}

/// What has come of the ends of children.
#[derive(Debug)]
enum Taken {
    /// The instance goes on waiting, and stands so with them.
    Waits(Box<Record>),
    /// It has moved on, and its record says up to which number; or it could not be stored. The delivery is settled.
    Stored(Option<u64>),
}

impl Parents {
    fn of(&self, instance: &InstanceId) -> Arc<tokio::sync::Mutex<Known>> {
        let mut parents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if parents.len() >= MOST_PARENTS && !parents.contains_key(instance) {
            // What is forgotten is read again.
            parents.retain(|_, known| Arc::strong_count(known) > 1);
        }
        parents.entry(instance.clone()).or_default().clone()
    }
}

impl Job<'_> {
    /// Sends all that a record wants to have sent, and says what has become of it. To do it again does no harm.
    ///
    /// # Errors
    ///
    /// When the transport doesn't take it now.
    pub(super) async fn send(&self, record: &Record) -> Result<Vec<Sent>, String> {
        let mut waiting = engine::outgoing(record).into_iter();
        let (mut sending, mut all) = (FuturesUnordered::<BoxFuture<'_, _>>::new(), Vec::new());
        loop {
            let room = AT_ONCE - sending.len();
            sending.extend(waiting.by_ref().take(room).map(|outgoing| self.send_one(record, outgoing).boxed()));
            match sending.next().await {
                Some(sent) => all.push(sent?),
                None => return Ok(all),
            }
        }
    }

    async fn send_one(&self, record: &Record, outgoing: Outgoing<'_>) -> Result<Sent, String> {
        match outgoing {
            Outgoing::Start(child) => {
                let refused = self.start_child(record, child).await?;
                Ok(Sent { call: child.occurrence, refused })
            }
            Outgoing::Attach(child) => {
                let refused = self.attach(record, child).await?;
                Ok(Sent { call: child.occurrence, refused })
            }
            Outgoing::Cancel(child) => {
                self.cancel_child(child).await?;
                Ok(Sent { call: child.occurrence, refused: None })
            }
        }
    }

    /// Moves the instance on with what it wants to have sent.
    pub(super) async fn send_first(&self, record: Box<Record>) {
        // A worker that was lost may have got some of it done.
        let most = u64::from(self.worker.options.lost_limit) + 1 + engine::outgoing(&record).len() as u64;
        if self.delivery.delivered > most {
            let reason = "its workers die when they start its children; the saga's code after that may be why";
            return self.pause(Some(&record), reason.to_owned()).await;
        }
        match self.send(&record).await {
            Ok(sent) => self.transition(record, Event::Sent(sent)).await,
            Err(why) => self.not_sent(&why).await,
        }
    }

    /// The same with a record that was taken over from its holder, which is not stored yet. `None`: it could not be; the delivery is settled.
    pub(super) async fn sent(&self, mut record: Box<Record>) -> Option<Box<Record>> {
        if engine::outgoing(&record).is_empty() {
            return Some(record);
        }
        let now = self.worker.options.clock.now();
        match self.send(&record).await {
            Ok(sent) => match engine::apply(&mut record, Event::Sent(sent), self.saga(), now) {
                Ok(_) => Some(record),
                Err(Halt::Pause(reason) | Halt::Illegal(reason)) => {
                    self.halt(reason).await;
                    None
                }
            },
            Err(why) => {
                self.not_sent(&why).await;
                None
            }
        }
    }

    async fn not_sent(&self, why: &str) {
        let instance = &self.delivery.instance;
        tracing::error!(%instance, "its children can't be started or cancelled now; the record comes again: {why}");
        self.delivery.handle.nak(AGAIN).await;
    }

    /// Starts a child, if it has not been started. Why it never can be.
    async fn start_child(&self, parent: &Record, child: &Child) -> Result<Option<String>, String> {
        let options = &self.worker.options;
        let instance = match InstanceId::new(child.saga.as_str(), child.id.as_str()) {
            Ok(instance) => instance,
            Err(invalid) => return Ok(Some(invalid.to_string())),
        };
        let vars = child.args.clone().unwrap_or_default();
        let (begins, attributes) = (None, std::collections::BTreeMap::new());
        let (version, arguments, trace) = (child.version, vars, parent.trace.clone());
        let start = Start { format: START_FORMAT, version, arguments, trace, begins, scheduled: None, attributes };
        let by = engine::started_by(parent, child);
        let mut first = engine::beginning(&instance, start, options.clock.now());
        first.parent = Some(Box::new(by.clone()));
        let limit = self.worker.transport.max_record().saturating_sub(RESERVE);
        let payload = match record::encode(&*options.codec, &first) {
            Ok(payload) if payload.len() <= limit => payload,
            Ok(payload) => return Ok(Some(engine::about_size(&first, payload.len(), limit))),
            Err(error) => return Ok(Some(error.to_string())),
        };
        // What is there can come to the end of its time in between.
        for _ in 0..3 {
            let append = Append { quiet: true, ..Append::new(&instance, None, payload.clone()) };
            let count = |error: &AppendError| self.meters().refused(error);
            match appending::append(&*self.worker.transport, append, PATIENCE, count)
                .await
                .map_err(|failed| failed.error)
            {
                Ok(_) => return Ok(None),
                Err(AppendError::Superseded { .. }) => {}
                Err(AppendError::TooLarge { size, limit }) => {
                    return Ok(Some(engine::about_size(&first, size, limit)));
                }
                Err(error) => return Err(error.to_string()),
            }
            let there = self.worker.transport.latest(&instance).await.map_err(|error| error.to_string())?;
            if let Some(there) = there {
                let there = record::decode(&*options.codec, &there.payload);
                return Ok(
                    there.map_or_else(|_| Some(format!("there is {instance} already")), |there| is_other(&there, &by))
                );
            }
        }
        Err(format!("{instance} is there, and is not"))
    }

    /// Has a child cancelled, if it has not ended.
    async fn cancel_child(&self, child: &Child) -> Result<(), String> {
        let Ok(instance) = InstanceId::new(child.saga.as_str(), child.id.as_str()) else { return Ok(()) };
        let (transport, codec) = (&self.worker.transport, &self.worker.options.codec);
        let last = transport.latest(&instance).await.map_err(|error| error.to_string())?;
        let Some(last) = last else { return Ok(()) };
        if record::decode(&**codec, &last.payload).is_ok_and(|record| record.status.is_terminal()) {
            return Ok(());
        }
        let payload = codec.encode(b"null".to_vec());
        let post =
            Post { instance: &instance, name: CANCEL, key: "cancel", remember: false, answer_for: None, payload };
        match appending::post(&**transport, post, PATIENCE).await.map_err(|failed| failed.error) {
            Ok(_) | Err(AppendError::Superseded { .. }) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// A record that wants nothing, but that an end is told to those who wait for it.
    pub(super) async fn rests(&self, record: Box<Record>) {
        let handle = &self.delivery.handle;
        let told = match self.keep_last(&record).await {
            Ok(()) => match self.tell_end(&record, self.delivery.delivered > 1).await {
                Ok(()) => self.run_hook(&record).await,
                Err(why) => Err(why),
            },
            Err(why) => Err(why),
        };
        match told {
            Ok(()) => handle.ack().await,
            Err(why) => {
                let instance = &self.delivery.instance;
                tracing::error!(%instance, "how it stands can't be told to those who are to know it, or be kept in its history; that is tried again: {why}");
                handle.nak(AGAIN).await;
            }
        }
    }

    /// Keeps the last record of an instance in its history, as no other one supersedes it.
    async fn keep_last(&self, record: &Record) -> Result<(), String> {
        match record.keeps_history().filter(|_| record.status.is_terminal()) {
            Some(keep) => {
                let kept = logs::keep(&*self.worker.transport, &self.delivery.instance, &self.at, keep, PATIENCE).await;
                kept.map_err(|error| error.to_string())
            }
            None => Ok(()),
        }
    }

    /// Tells an end to all who wait for it. Who may have been told before is asked first whether it still runs: what has ended needs no mail.
    async fn tell_end(&self, record: &Record, again: bool) -> Result<(), String> {
        let (transport, codec) = (&*self.worker.transport, &*self.worker.options.codec);
        for who in ends::waiting(record) {
            if again && !self.runs(who).await? {
                continue;
            }
            ends::tell(transport, codec, record, who, PATIENCE).await?;
        }
        Ok(())
    }

    /// Whether an instance is there that has not come to its end.
    async fn runs(&self, who: &StartedBy) -> Result<bool, String> {
        let Ok(instance) = InstanceId::new(who.saga.as_str(), who.id.as_str()) else { return Ok(false) };
        let last = self.worker.transport.latest(&instance).await.map_err(|error| error.to_string())?;
        let Some(last) = last else { return Ok(false) };
        let last = record::decode(&*self.worker.options.codec, &last.payload);
        Ok(last.map_or(true, |last| !last.status.is_terminal()))
    }

    /// Deals with a notice that a child of this instance has come to its end.
    pub(super) async fn notified_of_child(&self, record: Box<Record>, number: u64) {
        let (handle, revision) = (&self.delivery.handle, self.at.revision);
        let known = self.worker.parents.of(&self.delivery.instance);
        let mut known = known.lock().await;
        if known.revision.is_some_and(|known| known > revision) {
            // It has waited here while the instance has moved on.
            return handle.nak(super::settle::AGAIN).await;
        }
        if known.revision != Some(revision) {
            // What was looked at with another record says nothing of this one: it may wait for other children.
            *known = Known { revision: Some(revision), ..Known::default() };
        }
        if known.looked_at >= number {
            return handle.ack().await;
        }
        let kept = known.record.take();
        let taken = match self.take_children(kept.unwrap_or(record)).await {
            Ok(taken) => taken,
            Err(error) => {
                let instance = &self.delivery.instance;
                tracing::warn!(%instance, "mail can't be read; the notice comes again: {error}");
                return handle.nak(AGAIN).await;
            }
        };
        match taken {
            Taken::Waits(record) => {
                known.looked_at = engine::taken(&record, CHILD).max(known.looked_at);
                known.record = Some(record);
                handle.ack().await;
            }
            Taken::Stored(up_to) => known.looked_at = up_to.unwrap_or_default().max(known.looked_at),
        }
    }

    /// Takes the ends of children, with a record that waits for them and that has just come. `None`: the delivery is settled.
    pub(super) async fn take_children_first(&self, record: Box<Record>) -> Result<Option<Box<Record>>, crate::Error> {
        match self.take_children(record).await? {
            Taken::Waits(record) => Ok(Some(record)),
            Taken::Stored(_) => Ok(None),
        }
    }

    /// Takes the ends of children for as long as there are any, until the instance moves on by it.
    async fn take_children(&self, mut record: Box<Record>) -> Result<Taken, crate::Error> {
        loop {
            let looked = self.look(&record).await?;
            if looked.letters.is_empty() {
                return Ok(Taken::Waits(record));
            }
            let only_ends = looked.letters.iter().all(Letter::is_end);
            let now = self.worker.options.clock.now();
            let before = engine::waits_for_children(&record);
            let changed = match engine::apply(&mut record, Event::Looked(looked), self.saga(), now) {
                Ok(changed) => changed,
                Err(Halt::Pause(reason) | Halt::Illegal(reason)) => {
                    self.halt(reason).await;
                    return Ok(Taken::Stored(None));
                }
            };
            let waits = matches!(engine::plan(&record, self.saga(), engine::after(now, DUE)), Plan::Wait(_));
            if only_ends && waits && engine::only_children_ended(&record, before, changed.as_deref()) {
                continue;
            }
            let stored = self.append(&record, now).await.is_some();
            if stored {
                self.discard(&record).await;
            }
            return Ok(Taken::Stored(stored.then(|| engine::taken(&record, CHILD))));
        }
    }
}

/// Who has started the instance that is there, if that is not this call.
fn is_other(there: &Record, by: &StartedBy) -> Option<String> {
    let name = format!("{}/{}", there.saga, there.id);
    match there.parent.as_deref() {
        Some(parent) if parent == by => None,
        Some(StartedBy { saga, id, .. }) => Some(format!("{name} is there already, started by {saga}/{id}")),
        None => Some(format!("{name} is there already, started by a client")),
    }
}
