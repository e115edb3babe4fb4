//! Records that a worker holds: what is noted beside them, and how another worker takes them over.
//!
//! The notes of a record are a log that one worker writes and whoever comes after it reads. Which note has a number is decided once,
//! by the transport; so a worker that takes over stores a note of its own after the last one that it has read: from then on the
//! former holder, if it still lives, can note nothing, and learns that it has been replaced before it begins anything more.

use bytes::Bytes;
use jiff::Timestamp;

use super::job::{DUE, Job};
use super::settle::PATIENCE;
use crate::appending::{self, Failed};
use crate::engine;
use crate::record::{self, Note, Record};
use crate::transport::{self, AppendError};

impl Job<'_> {
    /// Takes a record up that a worker holds, or has held: the record with its notes, which nobody adds to any more. `None`: its holder
    /// lives, as far as one can know, or the notes can't be read now; the delivery is settled.
    pub(super) async fn find(&mut self, record: Box<Record>, now: Timestamp) -> Option<Box<Record>> {
        let held_until = |record: &Record| {
            let until = record.held.as_ref().map(|held| held.until);
            until.filter(|until| *until > engine::after(now, DUE))
        };
        if let Some(until) = held_until(&record) {
            self.wait_for_holder(now, until).await;
            return None;
        }
        loop {
            let notes = match self.worker.transport.notes(&self.delivery.instance, self.at.revision).await {
                Ok(notes) => notes,
                Err(error) => return self.unread(&error.to_string()).await,
            };
            let mut found = record.clone();
            let closed = match self.fold(&mut found, &notes) {
                Ok(closed) => closed,
                Err(why) => return self.unread(&why).await,
            };
            self.notes = notes;
            if closed {
                // Whoever has closed them may have died since; if not, the next append decides.
                return Some(found);
            }
            if let Some(until) = held_until(&found) {
                self.wait_for_holder(now, until).await;
                return None;
            }
            let closing = match record::encode_note(&*self.worker.options.codec, &Note::Closed) {
                Ok(payload) => self.store_note(payload).await,
                Err(error) => return self.unread(&error.to_string()).await,
            };
            match closing {
                Ok(()) => return Some(found),
                // The instance has moved on: the append finds it so, too, and settles the delivery.
                Err(Failed { error: AppendError::Superseded { last: Some(last) }, .. }) if last != self.at.revision => {
                    return Some(found);
                }
                // The holder lives, or somebody else was faster: what the notes say now will tell.
                Err(Failed { error: AppendError::Superseded { .. }, .. }) => {}
                Err(Failed { error, .. }) => return self.unread(&error.to_string()).await,
            }
        }
    }

    async fn unread(&self, why: &str) -> Option<Box<Record>> {
        let (instance, delay) = (&self.delivery.instance, self.worker.options.hand_back_delay);
        tracing::warn!(%instance, "what another worker has noted can't be read; trying again in {delay:?}: {why}");
        self.delivery.handle.nak(delay).await;
        None
    }

    fn fold(&self, record: &mut Record, notes: &[Bytes]) -> Result<bool, String> {
        let codec = &*self.worker.options.codec;
        let notes: Result<_, _> = notes.iter().map(|note| record::decode_note(codec, note)).collect();
        engine::fold(record, notes.map_err(|error| error.to_string())?)
    }

    /// Stores the next note of the job's record.
    pub(super) async fn store_note(&mut self, payload: Bytes) -> Result<(), Failed> {
        let (instance, of, number) = (&self.delivery.instance, self.at.revision, self.notes.len() as u64);
        let note = transport::Note { instance, of, number, payload: payload.clone() };
        appending::note(&*self.worker.transport, note, PATIENCE, |error| self.meters().refused(error)).await?;
        self.notes.push(payload);
        Ok(())
    }

    /// The job's record with its notes, as what is stored: for what becomes of an instance whose notes are void.
    pub(super) fn as_it_stands(&self) -> Bytes {
        let codec = &*self.worker.options.codec;
        let with_notes = || {
            let mut record = record::decode(codec, &self.at.payload).ok()?;
            self.fold(&mut record, &self.notes).ok()?;
            record::encode(codec, &record).ok()
        };
        let noted = !self.notes.is_empty();
        noted.then(with_notes).flatten().unwrap_or_else(|| self.at.payload.clone())
    }
}
