//! Instances that wait for long: how late they come, and what they cost the others meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use sagaflow::Transport;
use sagaflow::transport::{Append, DeliveryOptions, InstanceId};

use crate::Failed;
use crate::place::Place;

/// How many timers fire, over which time, and how long after the first record was appended.
const TIMERS: u64 = 20_000;
const SPREAD: Duration = Duration::from_secs(4);
const LEAD: Duration = Duration::from_secs(20);

/// How many appends and parkings are under way at the same time.
const AT_ONCE: usize = 500;

/// Parks instances whose times lie within a few seconds; yields how late each of them came.
pub(crate) async fn lateness(place: &Place) -> Result<Vec<Duration>, Failed> {
    let begun = Instant::now();
    let due = move |number: u64| LEAD + SPREAD.mul_f64(number as f64 / TIMERS as f64);
    park(place, TIMERS, move |number| due(number).saturating_sub(begun.elapsed())).await?;
    if begun.elapsed() > LEAD {
        return Err(format!("parking {TIMERS} instances took {:?}, which is too long", begun.elapsed()).into());
    }
    let mut woken = place.transport.deliveries("sleeper", options()).await?;
    let mut late = Vec::new();
    while late.len() < TIMERS as usize {
        let delivery = woken.next().await.ok_or("closed")??;
        late.push(begun.elapsed().saturating_sub(due(delivery.instance.id().parse()?)));
        tokio::spawn(async move { delivery.handle.ack().await });
    }
    Ok(late)
}

/// Parks so many instances for as long as `wait` says of each.
pub(crate) async fn park(
    place: &Place,
    instances: u64,
    wait: impl Fn(u64) -> Duration + Send + Copy + 'static,
) -> Result<(), Failed> {
    let transport = place.transport.clone();
    let starting = tokio::spawn(start(transport.clone(), instances));
    let mut deliveries = transport.deliveries("sleeper", options()).await?;
    let received = stream::poll_fn(move |cx| {
        let next = std::pin::pin!(deliveries.next());
        std::future::Future::poll(next, cx)
    });
    received
        .take(instances as usize)
        .map_err(Failed::from)
        .try_for_each_concurrent(AT_ONCE, |delivery| async move {
            delivery.handle.park(wait(delivery.instance.id().parse()?)).await;
            Ok(())
        })
        .await?;
    starting.await?
}

async fn start(transport: Arc<dyn Transport>, instances: u64) -> Result<(), Failed> {
    let transport = &transport;
    stream::iter(0..instances)
        .map(Ok)
        .try_for_each_concurrent(AT_ONCE, |number| async move {
            let instance = InstanceId::new("sleeper", number.to_string())?;
            let payload = "a record of about the size that is usual, were it not all white space".into();
            transport.append(Append { quiet: true, ..Append::new(&instance, None, payload) }).await?;
            Ok(())
        })
        .await
}

fn options() -> DeliveryOptions {
    let mut options = DeliveryOptions::default();
    options.prefetch = 2 * AT_ONCE;
    options
}
