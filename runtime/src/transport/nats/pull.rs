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

/// How long the server remembers one request for records.
const EXPIRES: Duration = Duration::from_secs(5);
/// How often the server says that it is there while it has no records.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Silence after which the request counts as lost: two heartbeats may be late.
const SILENCE: Duration = Duration::from_secs(3);

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// After so many failures in a row, the operator hears of it.
const FAILURES_TOLD: u32 = 3;

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
    heard: bool,
    silence: Pin<Box<Sleep>>,
    losses: u64,
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
            heard: true,
            silence: Box::pin(sleep(SILENCE)),
            losses,
        })
    }

    /// The next record; `None` when the connection has ended for good, or the rest was taken.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(Message, InHand), Error>>> {
        self.hands.wake_on_room(cx);
        loop {
            if let Some(error) = self.poll_mending(cx) {
                return Poll::Ready(Some(Err(error)));
            }
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
                            self.failures = 0;
                            self.wanted = self.wanted.saturating_sub(1);
                            return Poll::Ready(Some(Ok((message, self.hands.take()))));
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
    pub(super) fn take_rest(&mut self) -> Option<Subscriber> {
        self.asking = None;
        self.mending = None;
        self.subscriber.take()
    }

    /// Asks for as many records as there is room for; waits for room for several, while some are on their way.
    fn ask(&mut self) {
        let missing = self.capacity.saturating_sub(self.wanted + self.hands.taken());
        let least = if self.wanted == 0 { 1 } else { (self.capacity / 4).max(1) };
        if missing < least {
            return;
        }
        self.wanted += missing;
        let request = format!(
            r#"{{"batch":{missing},"expires":{},"idle_heartbeat":{}}}"#,
            EXPIRES.as_nanos(),
            HEARTBEAT.as_nanos()
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
            (StatusCode::IDLE_HEARTBEAT, _) => self.failures = 0,
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

    /// Starts over after a pause: the consumer may be gone, the server may be in an election.
    fn mend(&mut self, why: &str) {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(5)).min(LONGEST_PAUSE);
        self.failures += 1;
        let Workers { saga, source, .. } = &self.workers;
        if self.failures == FAILURES_TOLD {
            tracing::warn!("no deliveries of `{saga}` ({source}): {why}; trying on");
        } else {
            tracing::debug!("no deliveries of `{saga}` ({source}): {why}; trying again in {pause:?}");
        }
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

    /// Goes on with mending, if it is under way; returns an error that can't be mended.
    fn poll_mending(&mut self, cx: &mut Context<'_>) -> Option<Error> {
        match self.mending.as_mut()?.poll_unpin(cx) {
            Poll::Pending => None,
            Poll::Ready(Ok(())) => {
                self.mending = None;
                self.generation += 1;
                self.reply = format!("{}.{}", self.inbox, self.generation).into();
                self.wanted = 0;
                self.heard = true;
                None
            }
            Poll::Ready(Err(error)) => {
                self.mend(&error.to_string());
                // The new attempt must be polled once to wake this task.
                cx.waker().wake_by_ref();
                matches!(error.kind(), ErrorKind::Mismatch | ErrorKind::Denied).then_some(error)
            }
        }
    }
}
