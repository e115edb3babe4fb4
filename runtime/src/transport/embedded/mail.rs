//! The mail of an instance: stored under the same lock as its record, and delivered as a notice until somebody settles that.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::MAX_RECORD;
use super::core::{Core, remove_if_unused};
use super::journal::Write;
use super::queue::{Item, What};
use super::record::{Course, Slot, Status};
use crate::Error;
use crate::transport::{AppendError, Discard, InstanceId, Mail, Post};

/// All mail of one instance, by queue.
#[derive(Debug, Default)]
pub(super) struct Mailbox(HashMap<Arc<str>, Queued>);

#[derive(Debug, Default)]
struct Queued {
    by_number: BTreeMap<u64, Letter>,
    /// The number of the mail with this key.
    by_key: HashMap<String, u64>,
}

#[derive(Debug)]
struct Letter {
    key: String,
    remember: bool,
    /// When it is no longer to be found, if it is an answer.
    expires: Option<SystemTime>,
    payload: Bytes,
    /// The journal has decided about it; before, nobody sees it.
    written: bool,
    notice: Course,
}

/// Mail to be written, and who waits for that.
pub(super) struct MailPut {
    pub(super) instance: InstanceId,
    pub(super) name: Arc<str>,
    pub(super) number: u64,
    pub(super) key: String,
    pub(super) remember: bool,
    pub(super) expires: Option<SystemTime>,
    pub(super) payload: Bytes,
    pub(super) answer: oneshot::Sender<Result<u64, AppendError>>,
}

/// Mail as it is loaded from a store.
#[derive(Debug)]
pub(super) struct Loose {
    pub(super) instance: InstanceId,
    pub(super) name: Arc<str>,
    pub(super) number: u64,
    pub(super) key: String,
    pub(super) remember: bool,
    pub(super) expires: Option<SystemTime>,
    pub(super) payload: Bytes,
}

impl Letter {
    fn new(key: String, remember: bool, expires: Option<SystemTime>, payload: Bytes, written: bool) -> Self {
        let status = if expires.is_some() { Status::Settled } else { Status::Queued };
        Self { key, remember, expires, payload, written, notice: Course::new(status) }
    }

    fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

impl Mailbox {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How the notice of a piece of mail stands.
    pub(super) fn course(&mut self, name: &str, number: u64) -> Option<&mut Course> {
        self.0.get_mut(name)?.by_number.get_mut(&number).map(|letter| &mut letter.notice)
    }

    fn put(&mut self, name: &Arc<str>, number: u64, letter: Letter) {
        let queue = self.0.entry(Arc::clone(name)).or_default();
        queue.by_key.insert(letter.key.clone(), number);
        queue.by_number.insert(number, letter);
    }

    /// Takes out what `which` says, and returns it by queue and number.
    fn take_out(&mut self, which: impl Fn(&str, u64, &Letter) -> bool) -> Vec<(Arc<str>, u64)> {
        let mut gone = Vec::new();
        self.0.retain(|name, queue| {
            let Queued { by_number, by_key } = queue;
            by_number.retain(|number, letter| {
                let goes = which(name, *number, letter);
                if goes {
                    letter.notice.end();
                    by_key.remove(&letter.key);
                    gone.push((Arc::clone(name), *number));
                }
                !goes
            });
            !by_number.is_empty()
        });
        gone
    }
}

impl Core {
    pub(super) async fn post(&self, post: Post<'_>) -> Result<u64, AppendError> {
        let size = post.payload.len();
        if size > MAX_RECORD {
            return Err(AppendError::TooLarge { size, limit: MAX_RECORD });
        }
        post.check()?;
        match self.try_post(&post)? {
            Ok(number) => Ok(number),
            Err(answer) => answer.await.unwrap_or_else(|_| Err(self.refuse_closed())),
        }
    }

    /// Its number, or who will tell it when it is written.
    fn try_post(
        &self,
        post: &Post<'_>,
    ) -> Result<Result<u64, oneshot::Receiver<Result<u64, AppendError>>>, AppendError> {
        if self.is_closed() {
            return Err(self.refuse_closed());
        }
        let (instance, name): (_, Arc<str>) = (post.instance, post.name.into());
        let now = self.now();
        let expires = post.answer_for.map(|time| now + time);
        let mut shard = self.shard(instance);
        let slot = self.slot(&mut shard, instance);
        if expires.is_some() {
            // The only ones that grow without the instance's doing.
            let gone = slot.mailbox.take_out(|_, _, letter| letter.written && letter.is_expired(now));
            self.remove_from_store(instance, gone);
        }
        if let Some(queue) = slot.mailbox.0.get(&name)
            && let Some(number) = queue.by_key.get(post.key)
        {
            let written = queue.by_number.get(number).is_some_and(|letter| letter.written);
            return Err(if written { AppendError::Superseded { last: None } } else { AppendError::Undecided });
        }
        let number = self.next_number();
        let written = self.journal().is_none();
        let (remember, key, payload) = (post.remember, post.key.to_owned(), post.payload.clone());
        let letter = Letter::new(key.clone(), remember, expires, payload.clone(), written);
        let Some(journal) = self.journal() else {
            slot.mailbox.put(&name, number, letter);
            slot.tell(instance, name, number);
            return Ok(Ok(number));
        };
        let (answer, told) = oneshot::channel();
        let put =
            MailPut { instance: instance.clone(), name: name.clone(), number, key, remember, expires, payload, answer };
        if let Err(why) = journal.enqueue(Write::Mail(put)) {
            remove_if_unused(&mut shard, instance);
            return Err(AppendError::Refused(why));
        }
        slot.mailbox.put(&name, number, letter);
        Ok(Err(told))
    }

    /// The journal has written mail, or could not.
    pub(super) fn mail_decided(&self, put: MailPut, outcome: &Result<(), String>) {
        let MailPut { instance, name, number, answer, .. } = put;
        let mut shard = self.shard(&instance);
        if let Some(slot) = shard.get_mut(&instance) {
            if outcome.is_ok() {
                let queue = slot.mailbox.0.get_mut(&name);
                if let Some(letter) = queue.and_then(|queue| queue.by_number.get_mut(&number)) {
                    letter.written = true;
                    slot.tell(&instance, name, number);
                }
            } else {
                slot.mailbox.take_out(|queue, other, _| *queue == *name && other == number);
                remove_if_unused(&mut shard, &instance);
            }
        }
        drop(shard);
        let _ = answer.send(outcome.clone().map(|()| number).map_err(AppendError::Refused));
    }

    pub(super) fn mail(&self, instance: &InstanceId, name: &str, after: u64, most: usize) -> Result<Vec<Mail>, Error> {
        self.check_open()?;
        let shard = self.shard(instance);
        let queue = shard.get(instance).and_then(|slot| slot.mailbox.0.get(name));
        // What is not decided yet comes after all that is.
        let later = queue.into_iter().flat_map(|queue| queue.by_number.range(after.saturating_add(1)..));
        let now = self.now();
        let written = later.take_while(|(_, letter)| letter.written);
        let written = written.filter(|(_, letter)| !letter.is_expired(now)).take(most);
        Ok(written.map(|(number, letter)| Mail { number: *number, payload: letter.payload.clone() }).collect())
    }

    pub(super) fn mailbox(&self, instance: &InstanceId) -> Result<Vec<(String, u64)>, Error> {
        self.check_open()?;
        let shard = self.shard(instance);
        let queues = shard.get(instance).into_iter().flat_map(|slot| &slot.mailbox.0);
        let written = |queue: &Queued| -> Vec<u64> {
            queue
                .by_number
                .iter()
                .filter(|(_, letter)| letter.written && letter.expires.is_none())
                .map(|(number, _)| *number)
                .collect()
        };
        let all = queues.flat_map(|(name, queue)| written(queue).into_iter().map(|number| (name.to_string(), number)));
        Ok(all.collect())
    }

    pub(super) fn discard(&self, instance: &InstanceId, which: Discard<'_>) {
        self.take_out(instance, |name, number, letter| match which {
            _ if letter.expires.is_some() => false,
            Discard::Taken { name: of, up_to } => !letter.remember && name == of && number <= up_to,
            Discard::Ended { up_to } => number <= up_to,
        });
    }

    /// Nothing is left of an instance.
    pub(super) fn discard_all(&self, instance: &InstanceId) {
        self.take_out(instance, |_, _, _| true);
    }

    fn take_out(&self, instance: &InstanceId, which: impl Fn(&str, u64, &Letter) -> bool) {
        let mut shard = self.shard(instance);
        let Some(slot) = shard.get_mut(instance) else { return };
        let gone = slot.mailbox.take_out(|name, number, letter| letter.written && which(name, number, letter));
        self.remove_from_store(instance, gone);
        remove_if_unused(&mut shard, instance);
    }

    fn remove_from_store(&self, instance: &InstanceId, gone: Vec<(Arc<str>, u64)>) {
        if !gone.is_empty()
            && let Some(journal) = self.journal()
        {
            // A store that fails keeps it, and that does no harm.
            let _ = journal.enqueue(Write::Discard(instance.clone(), gone));
        }
    }

    /// Takes over what a store holds, after the records. Who was told of it is forgotten: so all is told again.
    pub(super) fn load_mail(&self, mail: Vec<Loose>) {
        for Loose { instance, name, number, key, remember, expires, payload } in mail {
            let mut shard = self.shard(&instance);
            let slot = self.slot(&mut shard, &instance);
            let letter = Letter::new(key, remember, expires, payload, true);
            slot.mailbox.put(&name, number, letter);
            slot.tell(&instance, name, number);
        }
    }
}

impl Slot {
    /// Has a worker told of mail, unless it is an answer.
    fn tell(&mut self, instance: &InstanceId, name: Arc<str>, number: u64) {
        if self.mailbox.course(&name, number).is_none_or(|course| matches!(course.status, Status::Settled)) {
            return;
        }
        self.notices.push(Item { instance: instance.clone(), what: What::Notice(name, number) });
    }
}
