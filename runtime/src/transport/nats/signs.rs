//! Signs of life: which deliveries somebody says something about.
//!
//! The server does not tell which deliveries of a consumer are open. But whoever has one sends at each third of the ack
//! wait that it is in progress, and in the end how it ended, and all of that can be listened to.

use std::collections::HashSet;
use std::time::Duration;

use async_nats::Subscriber;
use futures::StreamExt;
use futures::stream::select;
use tokio::time::{Instant, timeout_at};

use super::Carrier;
use super::ack::About;
use super::workers::Workers;

/// Listens for a whole ack wait, and returns the revisions, up to `last`, about whose deliveries somebody says something.
///
/// These are no more than the consumer can have open deliveries, however many records there are.
pub(super) async fn alive(
    carrier: &Carrier,
    workers: &Workers,
    ack_wait: Duration,
    last: u64,
) -> Result<HashSet<u64>, String> {
    let (stream, saga) = (workers.stream(&carrier.layout), &workers.saga);
    // The two forms that servers use.
    let subjects = [format!("$JS.ACK.{stream}.{saga}.>"), format!("$JS.ACK.*.*.{stream}.{saga}.>")];
    let [older, newer] = [listen(carrier, &subjects[0]).await?, listen(carrier, &subjects[1]).await?];
    let mut said = select(older, newer);
    let mut alive = HashSet::new();
    let losses = carrier.link.state().losses;
    let end = Instant::now() + ack_wait;
    while let Ok(message) = timeout_at(end, said.next()).await {
        let message = message.ok_or_else(|| "the connection has ended".to_owned())?;
        alive.extend(About::read(&message.subject).map(|about| about.revision).filter(|revision| *revision <= last));
    }
    // The server complains of the subscription when it likes, but before an ack wait is over.
    if let Some(denial) = subjects.iter().find_map(|subject| carrier.link.denial(subject)) {
        return Err(format!("who works on what can't be listened to ({denial}); nothing in doubt is woken"));
    }
    if carrier.link.state().losses != losses {
        return Err("the connection was lost while listening".to_owned());
    }
    Ok(alive)
}

async fn listen(carrier: &Carrier, subject: &str) -> Result<Subscriber, String> {
    carrier.client.subscribe(subject.to_owned()).await.map_err(|error| error.to_string())
}
