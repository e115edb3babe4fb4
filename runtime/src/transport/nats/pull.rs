//! Deliveries of one saga from one consumer: the pull protocol, and mending it.
//!
//! The client's own pull stream asks for more whenever it is polled and can't be emptied before it ends, so
//! that a worker that stops would leave up to one and a half batches to the ack wait. This one asks for exactly what is
//! missing, and can be taken apart: see [`Pull::take_rest`].

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_nats::{Message, StatusCode, Subject, Subscriber};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::Carrier;
use super::hands::{Hands, InHand};
use super::link::State;
use super::workers::Workers;
use crate::{Error, ErrorKind};

/// The longest that the server remembers one request for records.
///
/// It is never more than half of the ack wait: a process that is paused has its requests open, and would be given the very records that
/// are taken over from it when the ack wait has passed.
const EXPIRES: Duration = Duration::from_secs(5);
/// And never so short that asking is all that is done.
const SHORTEST_EXPIRY: Duration = Duration::from_millis(100);
/// In so many parts of that time the server says that it is there while it has no records.
const HEARTBEATS: u32 = 5;
/// Silence after which the request counts as lost: two heartbeats may be late.
const SILENCE: Duration = Duration::from_secs(3);

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// After so many failures in a row, the operator hears of it.
const FAILURES_TOLD: u32 = 3;
/// How often the operator hears of what only an operator can mend.
const REMINDER: Duration = Duration::from_secs(60);

/// The deliveries of one saga from one consumer.
pub(super) struct Pull {
    carrier: Arc<Carrier>,
    workers: Workers,
    subscriber: Option<Subscriber>,
    inbox: String,
    /// Where answers to the present requests go. What comes elsewhere belongs to requests that were given up.
    reply: Subject,
    generation: u64,
    /// The most records that are asked for, ready, or in the hands of the worker.
    capacity: usize,
    hands: Arc<Hands>,
    /// Asked for and not yet taken.
    wanted: usize,
    asking: Option<BoxFuture<'static, ()>>,
    /// Set while the consumer is being found or made again.
    mending: Option<BoxFuture<'static, Result<(), Error>>>,
    failures: u32,
    /// When the operator was told last that there are no deliveries, while that is so.
    told: Option<Instant>,
    heard: bool,
    silence: Pin<Box<Sleep>>,
    losses: u64,
}

/// What is left of a pull: messages that have been delivered and not taken.
pub(super) struct Rest {
    pub(super) subscriber: Subscriber,
    pub(super) hands: Arc<Hands>,
}

impl Pull {
    /// Joins the workers of a saga at one consumer, and has at most `capacity` records asked for or in hand.
    pub(super) async fn join(carrier: &Arc<Carrier>, workers: Workers, capacity: usize) -> Result<Self, Error> {
        let losses = carrier.link.state().losses;
        workers.ensure_patiently(carrier).await?;
        let inbox = carrier.client.new_inbox();
        let subscriber = carrier.client.subscribe(format!("{inbox}.*")).await.map_err(|error| {
            Error::new(ErrorKind::Unreachable, format!("subscribing to deliveries of {}: {error}", workers.saga))
        })?;
        Ok(Self {
            carrier: Arc::clone(carrier),
            workers,
            subscriber: Some(subscriber),
            reply: format!("{inbox}.0").into(),
            inbox,
            generation: 0,
            capacity,
            hands: Arc::default(),
            wanted: 0,
            asking: None,
            mending: None,
            failures: 0,
            told: None,
            heard: true,
            silence: Box::pin(sleep(SILENCE)),
            losses,
        })
    }

    /// The next record; `None` when the connection has ended for good, or the rest was taken.
    ///
    /// There is no error that ends it. What only an operator can mend (the stream is gone, a permission was taken away) is
    /// told, and tried on: a process that ended and was started again could do no more, and might make an empty stream where one is
    /// to be restored.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Message, InHand)>> {
        self.hands.wake_on_room(cx);
        loop {
            self.poll_mending(cx);
            if self.mending.is_none() && self.asking.is_none() {
                self.ask();
            }
            if self.asking.as_mut().is_some_and(|asking| asking.poll_unpin(cx).is_ready()) {
                self.asking = None;
            }
            let Some(subscriber) = &mut self.subscriber else { return Poll::Ready(None) };
            match subscriber.poll_next_unpin(cx) {
                Poll::Ready(Some(message)) => {
                    self.heard = true;
                    match message.status {
                        None | Some(StatusCode::OK) => {
                            self.goes_on();
                            self.wanted = self.wanted.saturating_sub(1);
                            return Poll::Ready(Some((message, self.hands.take())));
                        }
                        Some(status) => self.on_status(status, &message),
                    }
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending if self.mending.is_some() => return Poll::Pending,
                Poll::Pending => {
                    if std::mem::take(&mut self.heard) {
                        self.silence.as_mut().reset(Instant::now() + SILENCE);
                    }
                    if self.silence.poll_unpin(cx).is_pending() {
                        return Poll::Pending;
                    }
                    self.mend("the server is silent");
                }
            }
        }
    }

    /// Requests are lost with the connection: make new ones as soon as there is one again.
    pub(super) fn on_link(&mut self, state: State) {
        if state.losses != self.losses {
            self.losses = state.losses;
            self.mend("the connection was lost");
        }
    }

    /// Leaves, with what has been delivered and not been taken.
    pub(super) fn take_rest(&mut self) -> Option<Rest> {
        self.asking = None;
        self.mending = None;
        Some(Rest { subscriber: self.subscriber.take()?, hands: Arc::clone(&self.hands) })
    }

    /// Asks for as many records as there is room for; waits for room for several, while some are on their way.
    fn ask(&mut self) {
        let missing = self.capacity.saturating_sub(self.wanted + self.hands.taken());
        let least = if self.wanted == 0 { 1 } else { (self.capacity / 4).max(1) };
        if missing < least {
            return;
        }
        self.wanted += missing;
        let expires = EXPIRES.min(self.workers.ack_wait / 2).max(SHORTEST_EXPIRY);
        let heartbeat = expires / HEARTBEATS;
        let request = format!(
            r#"{{"batch":{missing},"expires":{},"idle_heartbeat":{}}}"#,
            expires.as_nanos(),
            heartbeat.as_nanos()
        );
        let stream = self.workers.stream(&self.carrier.layout);
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{}", self.workers.saga);
        let (client, reply) = (self.carrier.client.clone(), self.reply.clone());
        self.asking = Some(Box::pin(async move {
            // Fails only when the connection has ended, which the subscription shows, too.
            let _ = client.publish_with_reply(subject, reply, Bytes::from(request)).await;
        }));
    }

    fn on_status(&mut self, status: StatusCode, message: &Message) {
        if message.subject != self.reply || self.mending.is_some() {
            return;
        }
        let text = message.description.as_deref().unwrap_or_default();
        let unfilled = message.headers.as_ref().and_then(|headers| headers.get("Nats-Pending-Messages"));
        match (status, unfilled.and_then(|count| count.as_str().parse::<usize>().ok())) {
            (StatusCode::IDLE_HEARTBEAT, _) => self.goes_on(),
            // A request that has run out, or was ended by the server.
            (StatusCode::TIMEOUT, unfilled) => {
                self.wanted = self.wanted.saturating_sub(unfilled.unwrap_or(self.capacity));
            }
            (StatusCode::REQUEST_TERMINATED, Some(unfilled)) if text != "Consumer Deleted" => {
                self.wanted = self.wanted.saturating_sub(unfilled);
            }
            (StatusCode::NO_RESPONDERS, _) => self.mend("nobody answers (an election, or the consumer is gone)"),
            _ => self.mend(&format!("{status} {text}")),
        }
    }

    /// The consumer delivers, or says that it has nothing to deliver.
    fn goes_on(&mut self) {
        self.failures = 0;
        if self.told.take().is_some() {
            let Workers { saga, source, .. } = &self.workers;
            tracing::info!("deliveries of `{saga}` ({source}) go on again");
        }
    }

    /// Starts over after a pause: the consumer may be gone, the server may be in an election.
    fn mend(&mut self, why: &str) {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(5)).min(LONGEST_PAUSE);
        self.failures += 1;
        let Workers { saga, source, .. } = &self.workers;
        if self.failures == FAILURES_TOLD {
            tracing::warn!(
                "no deliveries of `{saga}` ({source}): {why}; trying on, there is nothing to do if the server is being started or moved"
            );
            self.told = Some(Instant::now());
        } else {
            tracing::debug!("no deliveries of `{saga}` ({source}): {why}; trying again in {pause:?}");
        }
        self.start_over(pause);
    }

    /// The same, for what an operator has to mend.
    fn mend_when_told(&mut self, error: &Error) {
        let Workers { saga, source, .. } = &self.workers;
        if self.told.is_none_or(|told| told.elapsed() >= REMINDER) {
            tracing::error!("no deliveries of `{saga}` ({source}) until this is mended: {error}");
            self.told = Some(Instant::now());
        }
        // Told already, and in better words.
        self.failures = FAILURES_TOLD;
        self.start_over(LONGEST_PAUSE);
    }

    fn start_over(&mut self, pause: Duration) {
        self.asking = None;
        let (carrier, workers) = (Arc::clone(&self.carrier), self.workers.clone());
        let pause = pause.mul_f64(0.75 + fastrand::f64() / 4.0);
        self.mending = Some(Box::pin(async move {
            sleep(pause).await;
            // With a limit, in case that the news of the connection got lost.
            let _ = timeout(LONGEST_PAUSE, carrier.link.connected()).await;
            workers.ensure(&carrier).await
        }));
    }

    /// Goes on with mending, if it is under way.
    fn poll_mending(&mut self, cx: &mut Context<'_>) {
        let Some(mending) = &mut self.mending else { return };
        match mending.poll_unpin(cx) {
            Poll::Pending => {}
            Poll::Ready(Ok(())) => {
                self.mending = None;
                self.generation += 1;
                self.reply = format!("{}.{}", self.inbox, self.generation).into();
                self.wanted = 0;
                self.heard = true;
            }
            Poll::Ready(Err(error)) => {
                if matches!(error.kind(), ErrorKind::Mismatch | ErrorKind::Denied) {
                    self.mend_when_told(&error);
                } else {
                    self.mend(&error.to_string());
                }
                // The new attempt must be polled once to wake this task.
                cx.waker().wake_by_ref();
            }
        }
    }
}
