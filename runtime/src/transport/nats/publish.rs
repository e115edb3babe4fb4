//! Publishing into streams, each publish with its own answer.
//!
//! All answers come to one inbox, and one task hands them to those who wait. The client's own way to do this
//! (`Context::send_publish`) does not tell those who wait when the connection is lost: each would find out by its
//! time-out. Here they know at once, and append again as soon as there is a connection. And what is not answered in
//! time leaves nothing behind.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::jetstream;
use async_nats::{Client, HeaderMap, Message, StatusCode, Subject, Subscriber};
use bytes::Bytes;
use futures::StreamExt;
use serde::Deserialize;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use super::denials::{Denial, Since};
use super::link::Link;
use crate::{Error, ErrorKind};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How often to look for answers that did not come.
const LOOK: Duration = Duration::from_millis(500);

/// Publishes on their way at one time; beyond that, publishing waits. At 50,000 per second, this is one second of them.
const ON_THEIR_WAY: usize = 50_000;

/// Why a message may not be in its stream.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// No answer: it may be there or not.
    #[error("{0}")]
    Silent(String),
    /// This user may not publish there, or not get answers.
    #[error("{0}")]
    Denied(Denial),
    /// The stream's.
    #[error(transparent)]
    Answer(jetstream::Error),
    /// The server takes no message of this size.
    #[error("the message is larger than the server takes")]
    TooLarge,
    /// The connection has ended for good: it was not sent.
    #[error("the connection has ended")]
    Ended,
}

type Answer = Result<u64, Refusal>;

/// Publishes, and waits for answers; ends with its last owner.
#[derive(Debug)]
pub(super) struct Publisher {
    client: Client,
    link: Link,
    inbox: String,
    waiting: Arc<Mutex<Waiting>>,
    room: Semaphore,
    task: AbortHandle,
}

/// Those who wait for an answer. They are numbered in the order in which they came, and most answers come in it, too.
#[derive(Debug, Default)]
struct Waiting {
    /// From the oldest that waits on; `None`: it has its answer.
    by_number: VecDeque<Option<Waiter>>,
    /// The number of the first of them.
    first: u64,
}

#[derive(Debug)]
struct Waiter {
    subject: Subject,
    since: Instant,
    sender: oneshot::Sender<Answer>,
}

impl Publisher {
    pub(super) async fn start(client: &Client, link: &Link) -> Result<Self, Error> {
        let inbox = client.new_inbox();
        let answers = client
            .subscribe(format!("{inbox}.*"))
            .await
            .map_err(|error| Error::new(ErrorKind::Unreachable, format!("subscribing to answers: {error}")))?;
        let waiting = Arc::<Mutex<Waiting>>::default();
        let task = tokio::spawn(hand_out(answers, Arc::clone(&waiting), link.clone())).abort_handle();
        let room = Semaphore::new(ON_THEIR_WAY);
        Ok(Self { client: client.clone(), link: link.clone(), inbox, waiting, room, task })
    }

    /// Publishes a message, and returns its sequence in the stream.
    pub(super) async fn publish(&self, subject: String, headers: HeaderMap, payload: Bytes) -> Answer {
        let subject = Subject::from(subject);
        // It is never closed.
        let Ok(_room) = self.room.acquire().await else { return Err(Refusal::Ended) };
        if !self.link.state().connected {
            Box::pin(self.connected()).await?;
        }
        let (sender, answer) = oneshot::channel();
        let number = lock(&self.waiting).add(subject.clone(), sender);
        // Boxed, as what is seldom done above: these are large and soon over, and this future waits much longer, for the
        // answer. There is one for each append, and under 1 KiB allocators are fast.
        let sent = self.client.publish_with_reply_and_headers(subject, self.reply(number), headers, payload);
        if let Err(error) = Box::pin(sent).await {
            lock(&self.waiting).take(number);
            return Err(match error.kind() {
                async_nats::client::PublishErrorKind::MaxPayloadExceeded => Refusal::TooLarge,
                _ => Refusal::Ended,
            });
        }
        // The other end is only dropped with the connection.
        answer.await.unwrap_or(Err(Refusal::Ended))
    }

    /// Where the answer to a publish comes. Written into just enough room: this is made for every append.
    fn reply(&self, number: u64) -> String {
        let digits = number.checked_ilog10().unwrap_or_default() as usize + 1;
        let mut reply = String::with_capacity(self.inbox.len() + 1 + digits);
        reply.push_str(&self.inbox);
        reply.push('.');
        // Nothing fails in a string.
        let _ = write!(reply, "{number}");
        reply
    }

    /// What is given to the client without a connection would be sent whenever there is one again, long after its
    /// sender has given it up: so that is waited for.
    async fn connected(&self) -> Result<(), Refusal> {
        let connected = async {
            tokio::select! {
                () = self.link.connected() => true,
                () = self.link.ended() => false,
            }
        };
        match timeout_at(Instant::now() + TIMEOUT, connected).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::Ended),
            Err(_) => Err(Refusal::Silent("there is no connection".to_owned())),
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Waiting {
    fn add(&mut self, subject: Subject, sender: oneshot::Sender<Answer>) -> u64 {
        self.by_number.push_back(Some(Waiter { subject, since: Instant::now(), sender }));
        self.first + (self.by_number.len() as u64 - 1)
    }

    /// Takes one out, if it still waits.
    fn take(&mut self, number: u64) -> Option<oneshot::Sender<Answer>> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let waiter = self.by_number.get_mut(index)?.take()?;
        self.forget_answered();
        Some(waiter.sender)
    }

    /// The oldest is always one that waits.
    fn forget_answered(&mut self) {
        while let Some(None) = self.by_number.front() {
            self.by_number.pop_front();
            self.first += 1;
        }
    }

    /// Tells those who began to wait before a time.
    fn give_up(&mut self, before: Instant, refusal: impl Fn() -> Refusal) {
        while let Some(waiter) = self.by_number.front_mut() {
            if waiter.as_ref().is_some_and(|waiter| waiter.since > before) {
                break;
            }
            if let Some(waiter) = waiter.take() {
                // Who does not wait any more needs no answer.
                let _ = waiter.sender.send(Err(refusal()));
            }
            self.forget_answered();
        }
    }

    /// Tells those who publish what this user may not, which the server answers with silence.
    fn deny(&mut self, denial: &Denial) {
        for waiter in &mut self.by_number {
            if let Some(waiter) = waiter.take_if(|waiter| denial.concerns(&waiter.subject)) {
                let _ = waiter.sender.send(Err(Refusal::Denied(denial.clone())));
            }
        }
        self.forget_answered();
    }
}

/// Hands the answers to those who wait for them, until the connection has ended.
async fn hand_out(mut answers: Subscriber, waiting: Arc<Mutex<Waiting>>, connection: Link) {
    let mut link = connection.watch();
    let mut losses = link.borrow().losses;
    let mut heard = Since::CONNECTED;
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            message = answers.next() => {
                let Some(message) = message else { break };
                let number = message.subject.rsplit('.').next().and_then(|number| number.parse().ok());
                let sender = number.and_then(|number| lock(&waiting).take(number));
                if let Some(sender) = sender {
                    let _ = sender.send(read(&message));
                }
            }
            changed = link.changed() => {
                let state = *link.borrow_and_update();
                if changed.is_err() || state.ended {
                    break;
                }
                if state.losses != losses {
                    losses = state.losses;
                    lock(&waiting).give_up(Instant::now(), || Refusal::Silent("the connection was lost".to_owned()));
                }
            }
            denials = connection.denials(&mut heard) => {
                denials.iter().for_each(|denial| lock(&waiting).deny(denial));
                if let Some(denial) = connection.answers_denied() {
                    lock(&waiting).give_up(Instant::now(), || Refusal::Denied(denial.clone()));
                }
            }
            now = look.tick() => {
                if let Some(before) = now.checked_sub(TIMEOUT) {
                    lock(&waiting).give_up(before, || match connection.answers_denied() {
                        Some(denial) => Refusal::Denied(denial),
                        None => Refusal::Silent(format!(
                            "no answer within {TIMEOUT:?} (if that goes on while the server is there, its disk may be full: it \
                             then needs room, and to be started again)"
                        )),
                    });
                }
            }
        }
    }
    lock(&waiting).give_up(Instant::now(), || Refusal::Ended);
}

/// What the server says of a publish.
#[derive(Deserialize)]
struct PubAck {
    #[serde(default)]
    seq: u64,
    error: Option<jetstream::Error>,
}

fn read(message: &Message) -> Answer {
    if message.status == Some(StatusCode::NO_RESPONDERS) {
        return Err(Refusal::Silent("nobody is there to take it (an election, or the stream is gone)".to_owned()));
    }
    match serde_json::from_slice::<PubAck>(&message.payload) {
        Ok(PubAck { error: Some(error), .. }) => Err(Refusal::Answer(error)),
        Ok(PubAck { seq, .. }) if seq > 0 => Ok(seq),
        Ok(_) => Err(Refusal::Silent("the answer has no sequence".to_owned())),
        Err(error) => Err(Refusal::Silent(format!("the answer can't be read: {error}"))),
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
