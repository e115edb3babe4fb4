//! One task per saga receives its deliveries; each delivery gets a task of its own at once, which waits for a free
//! slot. So whatever the transport has handed out is in hand, and kept alive, from the moment it arrives.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use tokio::sync::watch;

use super::{Served, Shared, job, settle};
use crate::transport::{Delivery, DeliveryOptions};
use crate::{Error, ErrorKind};

/// Receives until told to stop, or until the transport ends. A worker that can't serve one of its sagas any more stops
/// receiving the others, too: whoever watches over the process is to see it.
pub(super) async fn receive(
    worker: Arc<Shared>,
    saga: Arc<Served>,
    stop: Arc<watch::Sender<bool>>,
) -> Result<(), Error> {
    let ended = receive_until(&worker, &saga, stop.subscribe()).await;
    stop_all(saga.definition.name(), &ended, &stop);
    ended
}

/// If this has ended by itself, all the worker is to end.
pub(super) fn stop_all(name: &str, ended: &Result<(), Error>, stop: &watch::Sender<bool>) {
    if let Err(error) = ended {
        if error.kind() == ErrorKind::Closed {
            tracing::info!(saga = name, "the worker ends: {error}");
        } else {
            tracing::error!(saga = name, "the worker ends, since it can't serve this saga: {error}");
        }
        stop.send_replace(true);
    }
}

async fn receive_until(worker: &Arc<Shared>, saga: &Arc<Served>, mut stop: watch::Receiver<bool>) -> Result<(), Error> {
    // An error means that the sender is gone, and with it the worker.
    let mut stopped = pin!(async move { stop.wait_for(|stop| *stop).await.is_ok() });
    let mut deliveries = tokio::select! {
        _ = &mut stopped => return Ok(()),
        joined = patiently(worker, saga.definition.name(), |saga, options| worker.transport.deliveries(saga, options)) => joined?,
    };
    loop {
        let delivery = tokio::select! {
            biased;
            _ = &mut stopped => break,
            delivery = deliveries.next() => delivery,
        };
        match delivery {
            Some(Ok(delivery)) => take(worker, saga, delivery),
            Some(Err(error)) => return Err(error),
            None => {
                let transport = worker.transport.name();
                return Err(Error::new(ErrorKind::Closed, format!("the transport `{transport}` was closed")));
            }
        }
    }
    let rest = deliveries.leave().await;
    join_all(rest.iter().map(|delivery| settle::hand_over(worker, delivery, false))).await;
    Ok(())
}

/// Takes a delivery in hand, in a task of its own.
fn take(worker: &Arc<Shared>, saga: &Arc<Served>, delivery: Delivery) {
    let held = worker.held.take(delivery);
    let place = held.place();
    // Boxed: tokio aligns its tasks to a cache line, for which allocators are slow when they are large.
    let task = tokio::spawn(Box::pin(job::work(worker.clone(), saga.clone(), held)));
    worker.held.worked_on(place, task.abort_handle());
}

/// Joins the saga's workers; a transport that can't be reached just now is tried again.
pub(super) async fn patiently<'a, T>(
    worker: &Shared,
    saga: &'a str,
    join: impl Fn(&'a str, DeliveryOptions) -> BoxFuture<'a, Result<T, Error>>,
) -> Result<T, Error> {
    let mut options = DeliveryOptions::default();
    // Half as many again as can run, so that the next ones are there when a slot becomes free.
    options.prefetch = worker.options.concurrency + worker.options.concurrency.div_ceil(2);
    options.ack_wait = worker.options.delivery_wait();
    let mut pause = Duration::from_millis(100);
    loop {
        match join(saga, options).await {
            Err(error) if matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Busy) => {
                tracing::warn!(saga, %error, "can't join the saga's workers; trying again in {pause:?}");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
            joined => return joined,
        }
    }
}
