//! What a worker of the lab gets: the deliveries of the transport in memory, lost, doubled, late, or its last as the plan says.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::{Instant, sleep_until};

use super::desk::{Desk, LATE};
use super::journal::Entry;
use super::plan::Fault;
use super::scene::Scene;
use super::words;
use crate::Error;
use crate::transport::{Ack, Deliveries, Delivery, InstanceId, Revision};

/// The deliveries of one worker.
pub(super) struct Received {
    desk: Arc<Desk>,
    inner: Box<dyn Deliveries>,
    saga: Box<str>,
    /// What comes late, and when.
    late: Vec<(Instant, Delivery)>,
}

impl Received {
    pub(super) fn new(desk: Arc<Desk>, inner: Box<dyn Deliveries>, saga: &str) -> Self {
        Self { desk, inner, saga: saga.into(), late: Vec::new() }
    }

    async fn next(&mut self) -> Option<Result<Delivery, Error>> {
        loop {
            self.desk.live().await;
            let scene = self.desk.scene.clone();
            let copied = scene.copied.notified();
            if let Some(copy) = scene.copy_for(self.desk.number, &self.saga) {
                return Some(Ok(self.hand_out(copy, true)));
            }
            let late = self.late.iter().map(|(due, _)| *due).min();
            let in_time = async {
                match late {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            let delivery = tokio::select! {
                biased;
                () = in_time => self.late_one(),
                () = copied => continue,
                next = living(&self.desk, self.inner.next()) => match next {
                    Some(Ok(delivery)) => self.meet(delivery).await,
                    other => return other,
                },
            };
            if let Some(delivery) = delivery {
                return Some(Ok(delivery));
            }
        }
    }

    /// What has come late.
    fn late_one(&mut self) -> Option<Delivery> {
        let now = Instant::now();
        let place = self.late.iter().position(|(due, _)| *due <= now)?;
        let (_, delivery) = self.late.swap_remove(place);
        Some(delivery)
    }

    /// What becomes of a delivery that has just come.
    async fn meet(&mut self, delivery: Delivery) -> Option<Delivery> {
        let scene = self.desk.scene.clone();
        let worker = self.desk.number;
        if scene.is_cut_off(&delivery.instance, delivery.revision, worker) {
            // What comes again does not come to whoever is cut off.
            scene.copy(worker, delivery);
            return None;
        }
        let number = scene.next_delivery();
        let Delivery { instance, revision, payload, delivered, notice, handle } = delivery;
        let waits = scene.waits(&instance, revision, &payload);
        scene.journal.write(Entry::Delivered { number, worker, waits: waits.clone() });
        let handle: Arc<dyn Ack> = Arc::from(handle);
        let again = |delivered: u64, handle: Arc<dyn Ack>| Delivery {
            instance: instance.clone(),
            revision,
            payload: payload.clone(),
            delivered,
            notice: notice.clone(),
            handle: Box::new(Shared(handle)),
        };
        let at = |of: u32| of == number;
        let met = scene.meets(|fault| match fault {
            Fault::CrashAtDelivery(of) | Fault::LoseDelivery(of) | Fault::DoubleDelivery(of) => at(*of),
            Fault::DelayDelivery(of) | Fault::OvertakeDelivery(of) => at(*of),
            _ => false,
        });
        match met {
            Some(Fault::CrashAtDelivery(_)) => {
                self.desk.take(&instance, revision, payload, handle);
                self.desk
                    .die(format!("it had just got delivery {number}, with which {instance} waits for {waits}"))
                    .await
            }
            Some(Fault::LoseDelivery(_)) => {
                scene.fault(format!("delivery {number} is lost on its way to worker {worker}"));
                handle.nak(scene.ack_wait()).await;
                None
            }
            Some(Fault::DelayDelivery(_)) => {
                scene.fault(format!("delivery {number} comes {} late", words::duration(LATE)));
                let late = self.hand_out(again(delivered, handle), false);
                self.late.push((Instant::now() + LATE, late));
                None
            }
            Some(Fault::DoubleDelivery(_)) => {
                scene.fault(format!("delivery {number} comes twice"));
                scene.copy(worker, again(delivered, handle.clone()));
                Some(self.hand_out(again(delivered, handle), false))
            }
            Some(Fault::OvertakeDelivery(_)) => {
                scene.fault(format!(
                    "worker {worker} is cut off with delivery {number}, which goes to another one, too"
                ));
                scene.overtake(&instance, revision, worker);
                scene.copy(worker, again(delivered + 1, handle));
                let cut = Cut { scene: scene.clone(), of: (instance.clone(), revision, worker) };
                Some(self.hand_out(again(delivered, Arc::new(cut)), false))
            }
            _ => Some(self.hand_out(again(delivered, handle), false)),
        }
    }

    /// Gives a delivery into the worker's hands; `anew` if it comes otherwise than from the transport.
    fn hand_out(&self, delivery: Delivery, anew: bool) -> Delivery {
        let Delivery { instance, revision, payload, delivered, notice, handle } = delivery;
        if anew {
            let (number, worker) = (self.desk.scene.next_delivery(), self.desk.number);
            let waits = self.desk.scene.waits(&instance, revision, &payload);
            self.desk.scene.journal.write(Entry::Delivered { number, worker, waits });
        }
        let handle: Arc<dyn Ack> = Arc::from(handle);
        let id = self.desk.take(&instance, revision, payload.clone(), handle.clone());
        let tells = notice.is_none().then(|| (instance.clone(), revision));
        let handle = Box::new(Hand { desk: self.desk.clone(), id, tells, inner: handle });
        Delivery { instance, revision, payload, delivered, notice, handle }
    }
}

/// Polls only for a worker that lives: what comes later is for others.
async fn living<T>(desk: &Desk, future: BoxFuture<'_, T>) -> T {
    let mut future = future;
    poll_fn(|context| if desk.is_dead() { Poll::Pending } else { future.as_mut().poll(context) }).await
}

impl Deliveries for Received {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<Delivery, Error>>> {
        Box::pin(self.next())
    }

    fn leave(self: Box<Self>) -> BoxFuture<'static, Vec<Delivery>> {
        let Self { inner, mut late, .. } = *self;
        Box::pin(async move {
            let mut left = inner.leave().await;
            left.extend(late.drain(..).map(|(_, delivery)| delivery));
            left
        })
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received").field("worker", &self.desk.number).field("saga", &self.saga).finish_non_exhaustive()
    }
}

/// Settles a delivery that stands in a worker's hands.
struct Hand {
    desk: Arc<Desk>,
    id: u64,
    /// The record that it has brought, if that was what it has brought.
    tells: Option<(InstanceId, Revision)>,
    inner: Arc<dyn Ack>,
}

impl Ack for Hand {
    fn ack(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.desk.live().await;
            self.desk.release(self.id);
            self.inner.ack().await;
            if let Some((instance, revision)) = &self.tells {
                self.desk.scene.told(instance, *revision);
            }
        })
    }

    fn superseded(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.desk.live().await;
            self.desk.release(self.id);
            self.inner.superseded().await;
        })
    }

    fn nak(&self, delay: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.desk.live().await;
            self.desk.release(self.id);
            self.inner.nak(delay).await;
        })
    }

    fn park(&self, delay: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.desk.live().await;
            self.desk.release(self.id);
            self.inner.park(delay).await;
        })
    }

    fn in_progress(&self) -> BoxFuture<'_, ()> {
        self.inner.in_progress()
    }

    fn term(&self, reason: &str) -> BoxFuture<'_, ()> {
        let reason = reason.to_owned();
        Box::pin(async move {
            self.desk.live().await;
            self.desk.release(self.id);
            self.inner.term(&reason).await;
        })
    }
}

/// A handle that two deliveries have.
struct Shared(Arc<dyn Ack>);

impl Ack for Shared {
    fn ack(&self) -> BoxFuture<'_, ()> {
        self.0.ack()
    }

    fn superseded(&self) -> BoxFuture<'_, ()> {
        self.0.superseded()
    }

    fn nak(&self, delay: Duration) -> BoxFuture<'_, ()> {
        self.0.nak(delay)
    }

    fn park(&self, delay: Duration) -> BoxFuture<'_, ()> {
        self.0.park(delay)
    }

    fn in_progress(&self) -> BoxFuture<'_, ()> {
        self.0.in_progress()
    }

    fn term(&self, reason: &str) -> BoxFuture<'_, ()> {
        self.0.term(reason)
    }
}

/// The handle of a worker that is cut off: nobody hears of what it says. It is cut off until it has said something.
struct Cut {
    scene: Arc<Scene>,
    of: (InstanceId, Revision, u32),
}

impl Ack for Cut {
    fn ack(&self) -> BoxFuture<'_, ()> {
        self.scene.is_back(&self.of);
        Box::pin(std::future::ready(()))
    }

    fn nak(&self, _: Duration) -> BoxFuture<'_, ()> {
        self.scene.is_back(&self.of);
        Box::pin(std::future::ready(()))
    }

    fn in_progress(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn term(&self, _: &str) -> BoxFuture<'_, ()> {
        self.scene.is_back(&self.of);
        Box::pin(std::future::ready(()))
    }
}
