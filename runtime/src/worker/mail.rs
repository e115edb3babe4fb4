//! Mail: a notice finds the record that waits, and a record that waits finds its mail.
//!
//! A notice is acknowledged when the mail was taken, or nobody waits for it (whoever does so later looks into the queue). While somebody works on
//! the record it is for that one to take the mail: if it is in this worker, it hears of it; otherwise the notice is handed back, until
//! it comes to the right worker, or the record has moved on.

use std::time::Duration;

use bytes::Bytes;

use super::alarm::Reachable;
use super::job::{DUE, Job};
use crate::engine::{self, Body, CANCEL, CHILD, Event, Letter, Looked, PAUSE, Plan};
use crate::record::{self, Codec, Record, Status, Value};
use crate::transport::Notice;

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
const LATER: Duration = Duration::from_secs(5);

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
        let awaited = match &**name {
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
            let heard = worker.alarms.ring(instance, name);
            if heard && name == CANCEL {
                worker.attempts.cancel(instance);
            }
            let again = match heard {
                true => HEARD,
                false => BUSY * u32::try_from(self.delivery.delivered).unwrap_or(MOST_BUSY).clamp(1, MOST_BUSY),
            };
            return handle.nak(again).await;
        }
        match &**name {
            CANCEL => {
                let letter = Letter { number: *number, body: Body::Cancel };
                return self.transition(record, Event::Mail(vec![letter])).await;
            }
            CHILD => return self.notified_of_child(record, *number).await,
            PAUSE => return self.pause_as_asked(record, *number).await,
            _ => {}
        }
        match self.look(&record).await {
            // It was discarded.
            Ok(looked) if looked.letters.is_empty() => handle.ack().await,
            Ok(looked) => self.transition(record, Event::Looked(looked)).await,
            Err(error) => {
                tracing::warn!(%instance, "mail can't be read; the notice comes again: {error}");
                handle.nak(LATER).await;
            }
        }
    }

    /// Looks into the queues that a record waits for.
    pub(super) async fn look(&self, record: &Record) -> Result<Looked, crate::Error> {
        let mut looked = Looked::default();
        for (name, after) in engine::awaits(record) {
            let most = if name == CHILD { MOST_ENDS } else { MOST };
            let mail = self.worker.transport.mail(&self.delivery.instance, &name, after, most).await?;
            looked.letters.extend(mail.into_iter().map(|mail| {
                let codec = &*self.worker.options.codec;
                let body = match name == CHILD {
                    true => Body::Child(Box::new(
                        record::decode_end(codec, &mail.payload).map_err(|error| error.to_string()),
                    )),
                    false => Body::Signal(name.clone(), value(codec, &mail.payload)),
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
        let (transport, instance) = (&self.worker.transport, &self.delivery.instance);
        let last = async |name: &str| {
            // If it can't be read now, its notice comes again.
            let mail = transport.mail(instance, name, engine::taken(record, name), MOST).await.ok()?;
            mail.last().map(|mail| mail.number)
        };
        let asked = Asked {
            cancel: if cancel && record.status == Status::Running { last(CANCEL).await } else { None },
            pause: if pause { last(PAUSE).await } else { None },
        };
        // What was taken by somebody else is not to be looked for again and again.
        reachable.forget(cancel && asked.cancel.is_none(), pause && asked.pause.is_none());
        asked
    }

    /// Has what was taken removed.
    pub(super) async fn discard(&self, record: &Record) {
        let (transport, instance) = (&self.worker.transport, &self.delivery.instance);
        if record.status.is_terminal() {
            return transport.discard(instance, None).await;
        }
        for (name, number) in &record.taken {
            transport.discard(instance, Some((name, *number))).await;
        }
    }
}

/// What a signal says. What nobody can read becomes a text, which the saga that awaits it will not take for its signal.
fn value(codec: &dyn Codec, payload: &Bytes) -> Value {
    let text = codec.decode(payload).ok().map(|json| String::from_utf8_lossy(&json).into_owned());
    text.and_then(|text| Value::from_json(text).ok()).unwrap_or_else(|| {
        let shown = String::from_utf8_lossy(payload).into_owned();
        Value::from_json(serde_json::Value::String(shown).to_string()).expect("a quoted string is JSON")
    })
}
