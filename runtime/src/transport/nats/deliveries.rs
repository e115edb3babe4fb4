//! Deliveries of one saga from all shards, of its wakes and of notices of its mail, and handing back what was not taken.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_nats::jetstream::AckKind;
use async_nats::{Message, Subject};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use super::Carrier;
use super::ack::{About, NatsAck};
use super::hands::InHand;
use super::layout::instance_of;
use super::link::State;
use super::pull::{Pull, Rest};
use super::workers::{JOIN_TIMEOUT, Source, Workers};
use super::{mail, sweep, timers, watch as watching};
use crate::Error;
use crate::transport::{Deliveries, Delivery, DeliveryOptions, InstanceId, Revision};

/// How long to wait for the last messages of a subscription that ends.
const LAST_MESSAGES: Duration = Duration::from_secs(2);

/// One part in so many of what a worker has ahead, it may have of wakes, and of notices of mail, on top.
const WAKES: usize = 4;

pub(super) type Arriving = FuturesUnordered<BoxFuture<'static, Option<Delivery>>>;

/// The deliveries of one saga to one worker.
pub(super) struct NatsDeliveries {
    carrier: Arc<Carrier>,
    saga: Arc<str>,
    /// One for each shard, then those for the timers and for mail.
    pulls: Vec<Pull>,
    /// Which of them is looked at first: each in its turn.
    turn: usize,
    /// Those that need a word with the server first: wakes whose records are being read, records that are announced.
    arriving: Arriving,
    sweeper: AbortHandle,
    link: watch::Receiver<State>,
    closed: watch::Receiver<bool>,
}

impl NatsDeliveries {
    pub(super) async fn join(carrier: &Arc<Carrier>, saga: &str, options: DeliveryOptions) -> Result<Self, Error> {
        carrier.check_open()?;
        // Only the name is checked; the id stands for any.
        InstanceId::new(saga, "any")?;
        carrier.ensure_workers_streams(Instant::now() + JOIN_TIMEOUT).await?;
        let saga: Arc<str> = saga.into();
        let link = carrier.link.watch();
        let shards = carrier.layout.shards();
        let capacity = (options.prefetch / usize::from(shards)).max(1);
        let records = (0..shards).map(|shard| (Source::Records(shard), capacity));
        let wakes = (Source::Wakes, (options.prefetch / WAKES).max(1));
        let mail = (Source::Mail, (options.prefetch / WAKES).max(1));
        let pulls = records.chain([wakes, mail]).map(|(source, capacity)| {
            let workers = Workers { saga: Arc::clone(&saga), source, ack_wait: options.ack_wait };
            Pull::join(carrier, workers, capacity)
        });
        let pulls = futures::future::try_join_all(pulls).await?;
        let sweeper = tokio::spawn(sweep::run(Arc::clone(carrier), Arc::clone(&saga), options.ack_wait)).abort_handle();
        let (carrier, closed) = (Arc::clone(carrier), carrier.closed.subscribe());
        Ok(Self { carrier, saga, pulls, turn: 0, arriving: FuturesUnordered::new(), sweeper, link, closed })
    }

    /// Ends it all but for what has been delivered.
    fn take_rest(&mut self) -> (Vec<Rest>, Arriving) {
        self.sweeper.abort();
        (self.pulls.iter_mut().filter_map(Pull::take_rest).collect(), std::mem::take(&mut self.arriving))
    }

    /// Safe to cancel: each part of it either has done nothing, or has kept what it did in `self`.
    async fn next_delivery(&mut self) -> Option<Result<Delivery, Error>> {
        loop {
            if *self.closed.borrow_and_update() {
                return None;
            }
            // While records come, listening to all else for each of them would cost as much again.
            let arrived = if self.arriving.is_empty() {
                poll_fn(|cx| Poll::Ready(poll_pulls(&mut self.pulls, &mut self.turn, cx))).await
            } else {
                Poll::Pending
            };
            let message = match arrived {
                Poll::Ready(message) => message,
                Poll::Pending => tokio::select! {
                    biased;
                    _ = self.closed.changed() => continue,
                    _ = self.link.changed() => {
                        let state = *self.link.borrow_and_update();
                        self.pulls.iter_mut().for_each(|pull| pull.on_link(state));
                        continue;
                    }
                    Some(arrived) = self.arriving.next() => match arrived {
                        Some(delivery) => return Some(Ok(delivery)),
                        None => continue,
                    },
                    message = poll_fn(|cx| poll_pulls(&mut self.pulls, &mut self.turn, cx)) => message,
                },
            };
            let (message, in_hand) = message?;
            let layout = &self.carrier.layout;
            let is_record = layout.woken(&message.subject).is_none() && layout.posted(&message.subject).is_none();
            if !is_record || watching::is_announced(&message) {
                self.arriving.push(Box::pin(arrive(Arc::clone(&self.carrier), message, in_hand)));
                continue;
            }
            match delivery(&self.carrier, message, in_hand) {
                Ok(delivery) => return Some(Ok(delivery)),
                Err(odd) => self.arriving.push(Box::pin(odd.out_of_the_way(Arc::clone(&self.carrier)))),
            }
        }
    }
}

/// A message that is no record of ours; and where to tell the server so, if it is a delivery.
struct Odd(Option<Subject>);

impl Odd {
    /// Sees to it that it does not come again.
    async fn out_of_the_way(self, carrier: Arc<Carrier>) -> Option<Delivery> {
        let _ = carrier.client.publish(self.0?, "+TERM not the name of an instance".into()).await;
        None
    }
}

/// Reads a message. Not async, as there is nothing to wait for: this is done for every delivery.
fn delivery(carrier: &Arc<Carrier>, message: Message, in_hand: InHand) -> Result<Delivery, Odd> {
    let Some((about, reply)) = message.reply.and_then(|reply| Some((About::read(&reply)?, reply))) else {
        tracing::debug!("a message on {} is no delivery", message.subject);
        return Err(Odd(None));
    };
    let Some(instance) = instance_of(&message.subject) else {
        tracing::warn!(
            "{} in the stream of records can't be the name of an instance; it is left alone",
            message.subject
        );
        return Err(Odd(Some(reply)));
    };
    let revision = Revision(about.revision);
    let handle = NatsAck {
        carrier: Arc::clone(carrier),
        reply,
        instance: instance.clone(),
        revision,
        wake: false,
        _in_hand: in_hand,
    };
    let (payload, delivered, handle) = (message.payload, about.delivered, Box::new(handle));
    Ok(Delivery { instance, revision, payload, delivered, notice: None, handle })
}

/// A message that may need a word with the server first.
async fn arrive(carrier: Arc<Carrier>, message: Message, in_hand: InHand) -> Option<Delivery> {
    if let Some(of) = carrier.layout.woken(&message.subject) {
        return timers::delivery(carrier, of, message, in_hand).await;
    }
    if let Some(to) = carrier.layout.posted(&message.subject) {
        return mail::delivery(carrier, to, message, in_hand).await;
    }
    let is_announced = watching::is_announced(&message);
    let delivery = match delivery(&carrier, message, in_hand) {
        Ok(delivery) => delivery,
        Err(odd) => return odd.out_of_the_way(carrier).await,
    };
    if is_announced {
        // Those who watch are told of it: the one who appended it may have died before it told them.
        watching::announce(&carrier, &delivery.instance, delivery.revision, delivery.payload.clone()).await;
    }
    Some(delivery)
}

/// The first message that any shard has. `None` when all have ended.
fn poll_pulls(pulls: &mut [Pull], turn: &mut usize, cx: &mut Context<'_>) -> Poll<Option<(Message, InHand)>> {
    let mut ended = 0;
    for offset in 0..pulls.len() {
        let index = (*turn + offset) % pulls.len();
        match pulls[index].poll_next(cx) {
            Poll::Ready(Some(item)) => {
                *turn = (index + 1) % pulls.len();
                return Poll::Ready(Some(item));
            }
            Poll::Ready(None) => ended += 1,
            Poll::Pending => {}
        }
    }
    if ended == pulls.len() { Poll::Ready(None) } else { Poll::Pending }
}

impl Deliveries for NatsDeliveries {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<Delivery, Error>>> {
        Box::pin(self.next_delivery())
    }

    fn leave(mut self: Box<Self>) -> BoxFuture<'static, Vec<Delivery>> {
        Box::pin(async move {
            let (messages, mut arriving) = self.take_rest();
            for (message, in_hand) in last_messages(messages).await {
                arriving.push(Box::pin(arrive(Arc::clone(&self.carrier), message, in_hand)));
            }
            let mut deliveries = Vec::new();
            let _ = timeout(LAST_MESSAGES, async {
                while let Some(arrived) = arriving.next().await {
                    deliveries.extend(arrived);
                }
            })
            .await;
            deliveries
        })
    }
}

impl Drop for NatsDeliveries {
    fn drop(&mut self) {
        let (rests, arriving) = self.take_rest();
        if rests.is_empty() && arriving.is_empty() {
            return;
        }
        // Without a runtime nothing can be sent any more; the records come again after the ack wait.
        if let Ok(runtime) = Handle::try_current() {
            let task = runtime.spawn(hand_back(self.carrier.client.clone(), rests, arriving));
            self.carrier.will_hand_back(task);
        }
    }
}

/// What was delivered and not taken.
///
/// The subscriptions end first: the server would deliver what is handed back to this worker's own open requests.
/// What the server sends in that very moment comes again after the ack wait.
async fn last_messages(rests: Vec<Rest>) -> Vec<(Message, InHand)> {
    let rests = rests.into_iter().map(|Rest { mut subscriber, hands }| async move {
        let mut messages = Vec::new();
        if subscriber.drain().await.is_ok() {
            let _ = timeout(LAST_MESSAGES, async {
                while let Some(message) = subscriber.next().await {
                    if message.status.is_none() {
                        messages.push((message, hands.take()));
                    }
                }
            })
            .await;
        }
        messages
    });
    futures::future::join_all(rests).await.into_iter().flatten().collect()
}

/// Hands back what was delivered and not taken, so that other workers get it at once.
pub(super) async fn hand_back(client: async_nats::Client, rests: Vec<Rest>, mut arriving: Arriving) {
    for (message, _in_hand) in last_messages(rests).await {
        if let Some(reply) = message.reply {
            let _ = client.publish(reply, AckKind::Nak(None).into()).await;
        }
    }
    let _ = timeout(LAST_MESSAGES, async {
        while let Some(arrived) = arriving.next().await {
            if let Some(delivery) = arrived {
                delivery.handle.nak(Duration::ZERO).await;
            }
        }
        client.flush().await
    })
    .await;
}

impl fmt::Debug for NatsDeliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsDeliveries")
            .field("saga", &self.saga)
            .field("shards", &(self.pulls.len() - 2))
            .finish_non_exhaustive()
    }
}
