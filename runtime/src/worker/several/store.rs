//! What is stored while steps of a record run: the record, held by this worker, or a note of what has changed in it.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::{Ready, Several, keep};
use crate::appending::Failed;
use crate::engine::{self, Changes, Ended, RESERVE};
use crate::record::{self, Lease};
use crate::transport::AppendError;

/// In so many parts of the ack wait a hold is renewed.
pub(super) const THIRDS: u32 = 3;

/// The most notes of one record.
const MOST_NOTES: usize = 500;

/// So many bytes of notes are never too many; more of them are not to outgrow their record.
const FEW_BYTES: usize = 16 * 1024;

impl Several<'_> {
    /// Stores what has changed, in a record that this worker holds or a note of that, while what runs goes on. `false`: it was
    /// refused, and all is over here.
    pub(super) async fn store(&mut self, ready: &[Ready], alone: Option<u64>) -> bool {
        self.keep_saved();
        let options = &self.job.worker.options;
        let now = options.clock.now();
        let until = engine::after(now, options.ack_wait);
        let renew = Instant::now() + options.ack_wait / THIRDS;
        let runs = match alone {
            Some(alone) => HashSet::from([alone]),
            // Those that have no permit yet may be begun before the next record, too.
            None => {
                let waiting = ready.iter().map(|call| call.occurrence).take(options.concurrency);
                waiting.chain(self.running.keys().copied()).collect()
            }
        };
        let stored = match self.note(until, &runs) {
            Some(payload) if alone.is_none() => self.store_note(payload, runs).await,
            _ => self.store_record(until, runs, now).await,
        };
        if stored {
            (self.changes, self.renew) = (Changes::Nothing, Some(renew));
        }
        stored
    }

    /// The note that says what has changed, if one can and is worth it: with a new record from time to time, those that have to
    /// be read stay few, and all that is written grows with what has happened.
    fn note(&self, until: Timestamp, runs: &HashSet<u64>) -> Option<Bytes> {
        self.renew.filter(|_| self.job.notes.len() < MOST_NOTES)?;
        let more = runs.difference(&self.named).copied().collect();
        let note = self.changes.note(&self.record, until, more)?;
        let payload = record::encode_note(&*self.job.worker.options.codec, &note).ok()?;
        let (record, notes) = (self.job.at.payload.len(), self.note_bytes + payload.len());
        let fits = record + notes <= self.job.worker.transport.max_record().saturating_sub(RESERVE);
        (fits && notes <= record.max(FEW_BYTES)).then_some(payload)
    }

    async fn store_note(&mut self, payload: Bytes, runs: HashSet<u64>) -> bool {
        let size = payload.len();
        let note = self.job.store_note(payload);
        let stored = meanwhile(note, &mut self.tasks, &mut self.running, &mut self.ended).await;
        match stored {
            Ok(()) => {
                self.note_bytes += size;
                self.named.extend(runs);
                true
            }
            Err(Failed { error: AppendError::Superseded { last }, unsure }) => {
                self.job.log_superseded(last, unsure);
                false
            }
            Err(Failed { error, .. }) => {
                let instance = &self.job.delivery.instance;
                tracing::error!(%instance, %error, "what was done could not be noted; the record will be taken over");
                false
            }
        }
    }

    async fn store_record(&mut self, until: Timestamp, runs: HashSet<u64>, now: Timestamp) -> bool {
        let by = self.job.worker.name.to_string();
        self.record.held = Some(Lease { by, until, runs: runs.iter().copied().collect() });
        let append = self.job.append(&self.record, now);
        let stored = meanwhile(append, &mut self.tasks, &mut self.running, &mut self.ended).await;
        let Some(stored) = stored else { return false };
        self.last.store(stored.revision.0, Ordering::Release);
        (self.job.at, self.job.notes) = (stored, Vec::new());
        (self.note_bytes, self.named) = (0, runs);
        if self.record.has_to_tell() {
            let told = self.job.tell(&mut self.record);
            let told = meanwhile(told, &mut self.tasks, &mut self.running, &mut self.ended).await;
            // They are in the next record, too, then.
            told.err()
                .into_iter()
                .for_each(|error| tracing::warn!("what it has to tell others could not be told yet: {error}"));
        }
        true
    }
}

/// Waits for something to be stored, while the attempts go on.
pub(super) async fn meanwhile<T>(
    stored: impl Future<Output = T>,
    tasks: &mut JoinSet<(u64, Option<Ended>)>,
    running: &mut HashMap<u64, AbortHandle>,
    ended: &mut Vec<Ended>,
) -> T {
    let mut stored = pin!(stored);
    loop {
        tokio::select! {
            biased;
            stored = &mut stored => return stored,
            Some(joined) = tasks.join_next_with_id() => {
                keep(running, ended, joined);
            }
        }
    }
}
