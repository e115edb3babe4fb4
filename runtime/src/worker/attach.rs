//! Attaching: an instance wants to hear of the end of another one.
//!
//! Who waits posts a letter; whoever gets the notice of it notes in the record that is waited for who that is, when no step of it runs, or tells the end, if that is
//! what the record is. Who waits looks once more when the letter is there: an end that came in between is told by itself.

use super::job::Job;
use super::mail::LATER;
use super::settle::PATIENCE;
use crate::appending;
use crate::ends;
use crate::engine::{self, ATTACH};
use crate::record::{self, Child, Letter, Record, StartedBy, Value};
use crate::transport::{AppendError, InstanceId, Post};

/// The most letters that are taken at a time.
const MOST: usize = 256;

impl Job<'_> {
    /// Asks for the end of an instance. Why it never comes: there is no such instance.
    pub(super) async fn attach(&self, waits: &Record, child: &Child) -> Result<Option<String>, String> {
        let (transport, codec) = (&*self.worker.transport, &*self.worker.options.codec);
        let instance = match InstanceId::new(child.saga.as_str(), child.id.as_str()) {
            Ok(instance) => instance,
            Err(invalid) => return Ok(Some(invalid.to_string())),
        };
        let who = engine::started_by(waits, child);
        let Some(there) = self.stands(&instance).await? else {
            return Ok(Some(format!("there is no {instance}, or its last record is no longer kept")));
        };
        if there.status.is_terminal() {
            return ends::tell(transport, codec, &there, &who, PATIENCE).await.map(|()| None);
        }
        let value = Value::write_only(&who).map_err(|error| error.to_string())?;
        let (key, payload) = (engine::key_of(&who), Letter::new(there.life, None, value).encode(codec));
        let post = Post { instance: &instance, name: ATTACH, key: &key, remember: false, answer_for: None, payload };
        match appending::post(transport, post, PATIENCE).await.map_err(|failed| failed.error) {
            Ok(_) | Err(AppendError::Superseded { .. }) => {}
            Err(error) => return Err(error.to_string()),
        }
        match self.stands(&instance).await? {
            Some(now) if now.life == there.life && now.status.is_terminal() => {
                ends::tell(transport, codec, &now, &who, PATIENCE).await.map(|()| None)
            }
            Some(now) if now.life == there.life => Ok(None),
            _ => Ok(Some(ends::gone(&instance))),
        }
    }

    async fn stands(&self, instance: &InstanceId) -> Result<Option<Box<Record>>, String> {
        let last = self.worker.transport.latest(instance).await.map_err(|error| error.to_string())?;
        let decoded = last.map(|last| record::decode(&*self.worker.options.codec, &last.payload)).transpose();
        decoded.map_err(|error| format!("{instance} can't be read: {error}"))
    }

    /// Deals with a notice that somebody waits for the end of this instance, when no step of it runs.
    pub(super) async fn notified_of_attach(&self, mut record: Box<Record>) {
        let handle = &self.delivery.handle;
        match self.attaching(&record).await {
            // It was taken, and is yet to be discarded.
            Ok(letters) if letters.is_empty() => handle.ack().await,
            Ok(letters) => {
                engine::attach(&mut record, letters);
                if self.append(&record, self.worker.options.clock.now()).await.is_some() {
                    self.discard(&record).await;
                }
            }
            Err(why) => self.not_attached(&why).await,
        }
    }

    /// The same when it has come to its end.
    pub(super) async fn tell_those_attached(&self, mut record: Box<Record>) {
        match self.attaching(&record).await {
            Ok(letters) => {
                // All others are told by the delivery of the record.
                record.parent = None;
                record.attached = letters.into_iter().filter_map(|(_, who)| who).collect();
                self.rests(record).await;
            }
            Err(why) => self.not_attached(&why).await,
        }
    }

    async fn not_attached(&self, why: &str) {
        let instance = &self.delivery.instance;
        tracing::warn!(%instance, "who waits for its end can't be seen to now; the notice comes again: {why}");
        self.delivery.handle.nak(LATER).await;
    }

    /// Who waits for the end of this life of the instance, and is not in its record: the numbers of the letters, and what they say. Who has waited for the one before is
    /// told that nobody knows its end any more.
    async fn attaching(&self, record: &Record) -> Result<Vec<(u64, Option<StartedBy>)>, String> {
        let (transport, codec) = (&*self.worker.transport, &*self.worker.options.codec);
        let after = engine::taken(record, ATTACH);
        let mail = transport.mail(&self.delivery.instance, ATTACH, after, MOST).await;
        let mut letters = Vec::new();
        for mail in mail.map_err(|error| error.to_string())? {
            let letter = Letter::decode(codec, &mail.payload);
            let mut who: Option<StartedBy> = letter.value.read().ok();
            if letter.life.is_some_and(|life| life != record.life)
                && let Some(who) = who.take()
            {
                ends::tell_gone(transport, codec, record, &who, PATIENCE).await?;
            }
            letters.push((mail.number, who));
        }
        Ok(letters)
    }
}
