//! Deliveries of one saga from all shards and of its wakes, and handing back what was not taken.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_nats::jetstream::AckKind;
use async_nats::{Message, Subscriber};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::Carrier;
use super::ack::{About, NatsAck};
use super::hands::InHand;
use super::layout::instance_of;
use super::link::State;
use super::pull::Pull;
use super::workers::{Source, Workers};
use super::{sweep, timers};
use crate::Error;
use crate::transport::{Deliveries, Delivery, DeliveryOptions, InstanceId, Revision};

/// How long to wait for the last messages of a subscription that ends.
const LAST_MESSAGES: Duration = Duration::from_secs(2);

/// One part in so many of what a worker has ahead, it may have of wakes, on top.
const WAKES: usize = 4;

/// The deliveries of one saga to one worker.
pub(super) struct NatsDeliveries {
    carrier: Arc<Carrier>,
    saga: Arc<str>,
    /// One for each shard, and the last for the timers.
    pulls: Vec<Pull>,
    /// Which of them is looked at first: each in its turn.
    turn: usize,
    /// Wakes whose records are being read.
    waking: FuturesUnordered<BoxFuture<'static, Option<Delivery>>>,
    sweeper: AbortHandle,
    link: watch::Receiver<State>,
    closed: watch::Receiver<bool>,
}

impl NatsDeliveries {
    pub(super) async fn join(carrier: &Arc<Carrier>, saga: &str, options: DeliveryOptions) -> Result<Self, Error> {
        carrier.check_open()?;
        // Only the name is checked; the id stands for any.
        InstanceId::new(saga, "any")?;
        let saga: Arc<str> = saga.into();
        let link = carrier.link.watch();
        let shards = carrier.layout.shards();
        let capacity = (options.prefetch / usize::from(shards)).max(1);
        let records = (0..shards).map(|shard| (Source::Records(shard), capacity));
        let wakes = (Source::Wakes, (options.prefetch / WAKES).max(1));
        let pulls = records.chain([wakes]).map(|(source, capacity)| {
            let workers = Workers { saga: Arc::clone(&saga), source, ack_wait: options.ack_wait };
            Pull::join(carrier, workers, capacity)
        });
        let pulls = futures::future::try_join_all(pulls).await?;
        let sweeper = tokio::spawn(sweep::run(Arc::clone(carrier), Arc::clone(&saga), options.ack_wait)).abort_handle();
        let (carrier, closed) = (Arc::clone(carrier), carrier.closed.subscribe());
        Ok(Self { carrier, saga, pulls, turn: 0, waking: FuturesUnordered::new(), sweeper, link, closed })
    }

    /// Safe to cancel: each part of it either has done nothing, or has kept what it did in `self`.
    async fn next_delivery(&mut self) -> Option<Result<Delivery, Error>> {
        loop {
            if *self.closed.borrow_and_update() {
                return None;
            }
            let message = tokio::select! {
                biased;
                _ = self.closed.changed() => continue,
                _ = self.link.changed() => {
                    let state = *self.link.borrow_and_update();
                    self.pulls.iter_mut().for_each(|pull| pull.on_link(state));
                    continue;
                }
                Some(woken) = self.waking.next() => match woken {
                    Some(delivery) => return Some(Ok(delivery)),
                    None => continue,
                },
                message = poll_fn(|cx| poll_pulls(&mut self.pulls, &mut self.turn, cx)) => message,
            };
            match message? {
                Ok((message, in_hand)) => {
                    if let Some(of) = self.carrier.layout.woken(&message.subject) {
                        let reading = timers::delivery(Arc::clone(&self.carrier), of, message, in_hand);
                        self.waking.push(Box::pin(reading));
                    } else if let Some(delivery) = delivery(&self.carrier, message, in_hand).await {
                        return Some(Ok(delivery));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Reads a message; one that is not a record of ours is taken out of the way.
async fn delivery(carrier: &Arc<Carrier>, message: Message, in_hand: InHand) -> Option<Delivery> {
    let Some((about, reply)) = message.reply.and_then(|reply| Some((About::read(&reply)?, reply))) else {
        tracing::debug!("a message on {} is no delivery", message.subject);
        return None;
    };
    let Some(instance) = instance_of(&message.subject) else {
        tracing::warn!(
            "{} in the stream of records can't be the name of an instance; it is left alone",
            message.subject
        );
        let _ = carrier.client.publish(reply, "+TERM not the name of an instance".into()).await;
        return None;
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
    Some(Delivery {
        instance,
        revision,
        payload: message.payload,
        delivered: about.delivered,
        handle: Box::new(handle),
    })
}

/// The first message that any shard has. `None` when all have ended.
fn poll_pulls(
    pulls: &mut [Pull],
    turn: &mut usize,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<(Message, InHand), Error>>> {
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
}

impl Drop for NatsDeliveries {
    fn drop(&mut self) {
        self.sweeper.abort();
        let rests: Vec<_> = self.pulls.iter_mut().filter_map(Pull::take_rest).collect();
        // Without a runtime nothing can be sent any more; the records come again after the ack wait.
        if let Ok(runtime) = Handle::try_current() {
            let task = runtime.spawn(hand_back(self.carrier.client.clone(), rests, std::mem::take(&mut self.waking)));
            self.carrier.will_hand_back(task);
        }
    }
}

/// Hands back what was delivered and not taken, so that other workers get it at once.
///
/// The subscription ends first: the server would deliver what is handed back to this worker's own open requests.
/// What the server sends in that very moment comes again after the ack wait.
async fn hand_back(
    client: async_nats::Client,
    rests: Vec<Subscriber>,
    mut waking: FuturesUnordered<BoxFuture<'static, Option<Delivery>>>,
) {
    let mut replies = Vec::new();
    for mut rest in rests {
        if rest.drain().await.is_err() {
            continue;
        }
        let _ = timeout(LAST_MESSAGES, async {
            while let Some(message) = rest.next().await {
                if message.status.is_none() {
                    replies.extend(message.reply);
                }
            }
        })
        .await;
    }
    for reply in replies {
        let _ = client.publish(reply, AckKind::Nak(None).into()).await;
    }
    let _ = timeout(LAST_MESSAGES, async {
        while let Some(woken) = waking.next().await {
            if let Some(delivery) = woken {
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
            .field("shards", &(self.pulls.len() - 1))
            .finish_non_exhaustive()
    }
}
