//! Mail: a notice finds the record that waits, and a record that waits finds its mail.
//!
//! A notice is acknowledged when the mail was taken, or nobody waits for it (whoever does so later looks into the queue). While somebody works on
//! the record it is for that one to take the mail: if it is in this worker, it hears of it; otherwise the notice is handed back, until
//! it comes to the right worker, or the record has moved on.

use std::time::Duration;

use super::alarm::Reachable;
use super::job::{DUE, Job};
use super::settle::PATIENCE;
use crate::appending;
use crate::engine::{self, ATTACH, Body, CANCEL, CHILD, Event, Letter, Looked, PAUSE, Plan};
use crate::logs;
use crate::record::{self, Record, Status};
use crate::transport::{AppendError, Discard, Mail, Notice, Post};

/// For so long an answer is known.
const ANSWERS: Duration = Duration::from_secs(3600);

/// The most pieces of mail that are taken at a time.
const MOST: usize = 64;
/// The same for the ends of children.
const MOST_ENDS: usize = 256;

/// When a notice comes again whose record somebody else works on: so long the first time, and longer and longer …
const BUSY: Duration = Duration::from_millis(50);
/// … up to this.
const MOST_BUSY: u32 = 20;
/// When it comes again if that one has heard of it.
const HEARD: Duration = Duration::from_secs(2);
/// When it comes again if the record is not for this code, or can't be looked at now.
pub(super) const LATER: Duration = Duration::from_secs(5);

/// What is asked of an instance.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// To be cancelled: the number of the last such request.
    pub(super) cancel: Option<u64>,
    /// To be paused: the same.
    pub(super) pause: Option<u64>,
}

impl Job<'_> {
    /// Deals with a notice.
    pub(super) async fn notified(&self, notice: &Notice) {
        let (worker, handle, instance) = (self.worker, &self.delivery.handle, &self.delivery.instance);
        let Notice { name, number } = notice;
        // What can't be read is paused by whoever gets the record itself.
        let Ok(mut record) = record::decode(&*worker.options.codec, &self.delivery.payload) else {
            return handle.nak(LATER).await;
        };
        if record.has_to_tell() && !self.tell_first(&mut record).await {
            return;
        }
        if &**name == ATTACH && record.status.is_terminal() {
            return self.tell_those_attached(record).await;
        }
        let awaited = match &**name {
            // What waits for an operator may go on, and hears of it then.
            ATTACH if record.status.is_at_rest() => return handle.nak(LATER).await,
            ATTACH => true,
            CANCEL => record.status == Status::Running,
            PAUSE => !record.status.is_at_rest(),
            _ => engine::awaits(&record).iter().any(|(awaited, _)| awaited == name),
        };
        if !awaited || engine::taken(&record, name) >= *number {
            return handle.ack().await;
        }
        let now = worker.options.clock.now();
        let is_not_ours = record.handed_back.is_some_and(|handed_back| handed_back.until > now);
        if is_not_ours || engine::fit(&mut record, self.saga()).is_err() {
            return handle.nak(LATER).await;
        }
        let waits = matches!(engine::plan(&record, self.saga(), engine::after(now, DUE)), Plan::Wait(_));
        if record.held.is_some() || !waits {
            // Who holds the record has nothing to do for those that attach.
            let heard = &**name != ATTACH && worker.alarms.ring(instance, name);
            if heard && name == CANCEL {
                worker.attempts.cancel(instance);
            }
            let again = match heard {
                true => HEARD,
                false => BUSY * u32::try_from(self.delivery.delivered).unwrap_or(MOST_BUSY).clamp(1, MOST_BUSY),
            };
            return handle.nak(again).await;
        }
        let event = match &**name {
            ATTACH => return self.notified_of_attach(record).await,
            CHILD => return self.notified_of_child(record, *number).await,
            PAUSE => return self.pause_as_asked(record, *number).await,
            CANCEL => self.last_of(&record, CANCEL).await.map(|last| {
                Event::Mail(last.map(|number| Letter { number, body: Body::Cancel }).into_iter().collect())
            }),
            _ => self.look(&record).await.map(Event::Looked),
        };
        match event {
            // It was discarded.
            Ok(event) if event.is_empty() => handle.ack().await,
            Ok(event) => self.transition(record, event).await,
            Err(error) => {
                tracing::warn!(%instance, "mail can't be read; the notice comes again: {error}");
                handle.nak(LATER).await;
            }
        }
    }

    /// Tells what a record has to tell, before anything else is done with it. `false`: that is not possible now, and the
    /// delivery has been handed back.
    pub(super) async fn tell_first(&self, record: &mut Record) -> bool {
        let told = self.tell(record).await;
        if let Err(error) = &told {
            let instance = &self.delivery.instance;
            tracing::error!(%instance, "what it has to tell others could not be told; the record comes again: {error}");
            self.delivery.handle.nak(LATER).await;
        }
        told.is_ok()
    }

    /// Stores the answers where those find them who ask again, or had not listened, and events in their log. They are not in the next record.
    pub(super) async fn tell(&self, record: &mut Record) -> Result<(), AppendError> {
        let (transport, instance) = (&*self.worker.transport, &self.delivery.instance);
        for answer in &record.answers {
            let payload = answer.encode(&*self.worker.options.codec);
            let name = engine::queue_of_answer(&answer.key);
            let answer_for = Some(ANSWERS);
            let post = Post { instance, name: &name, key: "answer", remember: false, answer_for, payload };
            match appending::post(transport, post, PATIENCE).await.map_err(|failed| failed.error) {
                Ok(_) | Err(AppendError::Superseded { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        record.answers.clear();
        let options = &self.worker.options;
        // An event must not be told again when an old last record is come across that has it.
        let keep = options.keep_events.max(options.keep);
        logs::tell_events(transport, &*options.codec, instance, record, (keep, PATIENCE)).await?;
        record.events.clear();
        Ok(())
    }

    /// Looks into the queues that a record waits for.
    pub(super) async fn look(&self, record: &Record) -> Result<Box<Looked>, crate::Error> {
        let mut looked = Box::<Looked>::default();
        for (name, after) in engine::awaits(record) {
            let most = if name == CHILD { MOST_ENDS } else { MOST };
            let mail = self.worker.transport.mail(&self.delivery.instance, &name, after, most).await?;
            looked.letters.extend(mail.into_iter().map(|mail| {
                let codec = &*self.worker.options.codec;
                let body = match name == CHILD {
                    true => Body::Child(Box::new(
                        record::decode_end(codec, &mail.payload).map_err(|error| error.to_string()),
                    )),
                    false => Body::Signal(name.clone(), Box::new(record::Letter::decode(codec, &mail.payload))),
                };
                Letter { number: mail.number, body }
            }));
            looked.queues.push(name);
        }
        Ok(looked)
    }

    /// What is asked of this instance, and was not taken, if there is a sign of that.
    pub(super) async fn asked(&self, record: &Record, reachable: &Reachable) -> Asked {
        let (cancel, pause) = (reachable.is_cancelled(), reachable.is_paused());
        if !cancel && !pause {
            return Asked::default();
        }
        // If it can't be read now, its notice comes again.
        let last = async |name| self.last_of(record, name).await.ok().flatten();
        let asked = Asked {
            cancel: if cancel && record.status == Status::Running { last(CANCEL).await } else { None },
            pause: if pause { last(PAUSE).await } else { None },
        };
        // What was taken by somebody else is not to be looked for again and again.
        reachable.forget(cancel && asked.cancel.is_none(), pause && asked.pause.is_none());
        asked
    }

    /// The number of the last letter of a queue that is for this life of the instance, and was not taken.
    async fn last_of(&self, record: &Record, name: &str) -> Result<Option<u64>, crate::Error> {
        let (after, codec) = (engine::taken(record, name), &*self.worker.options.codec);
        let mail = self.worker.transport.mail(&self.delivery.instance, name, after, MOST).await?;
        let is_for_this =
            |mail: &&Mail| record::Letter::decode(codec, &mail.payload).life.is_none_or(|life| life == record.life);
        Ok(mail.iter().rfind(is_for_this).map(|mail| mail.number))
    }

    /// Has what was taken removed; and what nobody will take any more, as far as it is older than that. (What is younger may be for an
    /// instance that has been started anew meanwhile, and is left to the transport.)
    pub(super) async fn discard(&self, record: &Record) {
        let (transport, instance) = (&self.worker.transport, &self.delivery.instance);
        if record.status.is_terminal() {
            let up_to = record.taken.values().copied().max().unwrap_or_default();
            // Who has attached meanwhile is told of the end by the notice of that, which must not go with the rest.
            let attached = transport.mail(instance, ATTACH, engine::taken(record, ATTACH), 1).await;
            let Ok(attached) = attached else { return };
            let up_to = attached.first().map_or(up_to, |first| up_to.min(first.number.saturating_sub(1)));
            return transport.discard(instance, Discard::Ended { up_to }).await;
        }
        for (name, up_to) in &record.taken {
            transport.discard(instance, Discard::Taken { name, up_to: *up_to }).await;
        }
    }
}
