//! One task per saga receives its deliveries; each delivery gets a task of its own at once, which waits for a free
//! slot. So whatever the transport has handed out is in hand, and kept alive, from the moment it arrives.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{Shared, job};
use crate::definition::SagaDefinition;
use crate::transport::{Deliveries, DeliveryOptions};
use crate::{Error, ErrorKind};

/// Receives until told to stop, or until the transport ends.
pub(super) async fn receive(
    worker: Arc<Shared>,
    saga: Arc<SagaDefinition>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Error> {
    // An error means that the sender is gone, and with it the worker.
    let mut stopped = pin!(async move { stop.wait_for(|stop| *stop).await.is_ok() });
    let mut deliveries = tokio::select! {
        _ = &mut stopped => return Ok(()),
        joined = join(&worker, saga.name()) => joined?,
    };
    loop {
        let delivery = tokio::select! {
            biased;
            _ = &mut stopped => return Ok(()),
            delivery = deliveries.next() => delivery,
        };
        match delivery {
            Some(Ok(delivery)) => {
                let held = worker.held.take(delivery);
                let place = held.place();
                let task = tokio::spawn(job::work(worker.clone(), saga.clone(), held));
                worker.held.worked_on(place, task.abort_handle());
            }
            Some(Err(error)) => {
                tracing::error!(saga = saga.name(), %error, "this worker gets no more deliveries");
                return Err(error);
            }
            None => {
                let transport = worker.transport.name();
                return Err(Error::new(ErrorKind::Closed, format!("the transport `{transport}` was closed")));
            }
        }
    }
}

/// Joins the saga's workers; a transport that can't be reached just now is tried again.
async fn join(worker: &Shared, saga: &str) -> Result<Box<dyn Deliveries>, Error> {
    let mut options = DeliveryOptions::default();
    // Half as many again as can run, so that the next ones are there when a slot becomes free.
    options.prefetch = worker.options.concurrency + worker.options.concurrency.div_ceil(2);
    options.ack_wait = worker.options.ack_wait;
    let mut pause = Duration::from_millis(100);
    loop {
        match worker.transport.deliveries(saga, options).await {
            Err(error) if matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Busy) => {
                tracing::warn!(saga, %error, "can't join the saga's workers; trying again in {pause:?}");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
            joined => return joined,
        }
    }
}
