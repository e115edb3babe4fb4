//! The notes of a record: stored under the same lock as the record, gone with it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::MAX_RECORD;
use super::core::{Core, Step};
use super::journal::Write;
use crate::Error;
use crate::transport::{AppendError, InstanceId, Note, Revision};

/// The notes of one record, by number.
#[derive(Debug, Default)]
pub(super) struct Notes(BTreeMap<u64, Noted>);

#[derive(Debug)]
struct Noted {
    payload: Bytes,
    /// The journal has decided about it; before, nobody sees it.
    written: bool,
}

/// A note to be written, and who waits for that.
pub(super) struct NotePut {
    pub(super) instance: InstanceId,
    pub(super) of: Revision,
    pub(super) number: u64,
    pub(super) payload: Bytes,
    pub(super) answer: oneshot::Sender<Result<(), AppendError>>,
}

/// Notes that are void, as their record is gone.
#[derive(Debug)]
pub(super) struct Void {
    pub(super) of: Revision,
    pub(super) numbers: Vec<u64>,
}

impl Notes {
    pub(super) fn numbers(&self) -> Vec<u64> {
        self.0.keys().copied().collect()
    }
}

impl Core {
    pub(super) async fn note(&self, note: Note<'_>) -> Result<(), AppendError> {
        let size = note.payload.len();
        if size > MAX_RECORD {
            return Err(AppendError::TooLarge { size, limit: MAX_RECORD });
        }
        loop {
            match self.try_note(&note)? {
                Step::Done(()) => return Ok(()),
                Step::Written(answer) => return answer.await.unwrap_or_else(|_| Err(self.refuse_closed())),
                Step::Wait(decision) => drop(decision.await),
            }
        }
    }

    fn try_note(&self, note: &Note<'_>) -> Result<Step<()>, AppendError> {
        let Note { instance, of, number, .. } = *note;
        if self.is_closed() {
            return Err(self.refuse_closed());
        }
        let mut shard = self.shard(instance);
        let Some(slot) = shard.get_mut(instance) else { return Err(AppendError::Superseded { last: None }) };
        if let Some(decision) = slot.wait_for_decision() {
            return Ok(Step::Wait(decision));
        }
        let last = slot.last();
        let Some(record) = slot.record.as_mut().filter(|_| last == Some(of)) else {
            return Err(AppendError::Superseded { last });
        };
        let vacant = match record.notes.0.entry(number) {
            Entry::Occupied(noted) if noted.get().written => return Err(AppendError::Superseded { last }),
            Entry::Occupied(_) => return Err(AppendError::Undecided),
            Entry::Vacant(vacant) => vacant,
        };
        let payload = note.payload.clone();
        let Some(journal) = self.journal() else {
            vacant.insert(Noted { payload, written: true });
            return Ok(Step::Done(()));
        };
        let (sender, answer) = oneshot::channel();
        let put = NotePut { instance: instance.clone(), of, number, payload: payload.clone(), answer: sender };
        journal.enqueue(Write::Note(put)).map_err(AppendError::Refused)?;
        vacant.insert(Noted { payload, written: false });
        Ok(Step::Written(answer))
    }

    /// The journal has written a note, or could not.
    pub(super) fn note_decided(&self, put: NotePut, outcome: &Result<(), String>) {
        let NotePut { instance, of, number, answer, .. } = put;
        let mut shard = self.shard(&instance);
        let record = shard.get_mut(&instance).and_then(|slot| slot.record.as_mut());
        if let Some(record) = record.filter(|record| record.revision == of) {
            if outcome.is_err() {
                record.notes.0.remove(&number);
            } else if let Some(noted) = record.notes.0.get_mut(&number) {
                noted.written = true;
            }
        }
        drop(shard);
        let _ = answer.send(outcome.clone().map_err(AppendError::Refused));
    }

    pub(super) fn notes(&self, instance: &InstanceId, of: Revision) -> Result<Vec<Bytes>, Error> {
        self.check_open()?;
        let shard = self.shard(instance);
        let record = shard.get(instance).and_then(|slot| slot.record.as_ref()).filter(|record| record.revision == of);
        let Some(record) = record else { return Ok(Vec::new()) };
        let in_order = (0..).zip(&record.notes.0).take_while(|(n, (number, noted))| n == *number && noted.written);
        Ok(in_order.map(|(_, (_, noted))| noted.payload.clone()).collect())
    }

    /// Takes over what a store holds, after the records.
    pub(super) fn load_notes(&self, notes: Vec<(InstanceId, u64, Bytes)>) {
        for (instance, number, payload) in notes {
            let mut shard = self.shard(&instance);
            if let Some(record) = shard.get_mut(&instance).and_then(|slot| slot.record.as_mut()) {
                record.notes.0.insert(number, Noted { payload, written: true });
            }
        }
    }
}
