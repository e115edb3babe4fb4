//! The yardstick: deliver + conditional publish + ack, with async-nats alone.
//!
//! The same stream and consumer settings, number of instances, steps, concurrency and record sizes as sagaflow's; but no
//! saga is decided upon, nothing is encoded or decoded, and the payloads are made once. What sagaflow reaches of it
//! is what its own work leaves of NATS's speed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE;
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::{Context, Message, stream};
use bytes::Bytes;
use futures::TryStreamExt;
use tokio::sync::{Notify, Semaphore};

use crate::Failed;
use crate::cpu::Meter;
use crate::sagas::STEPS;
use crate::throughput::Took;

const STREAM: &str = "RAW";

/// One run.
struct Run {
    jetstream: Context,
    /// The payload of each record; its first byte says how many steps are done.
    payloads: Vec<Bytes>,
    /// Room for instances under way.
    room: Semaphore,
    left: AtomicU64,
    all_left: Notify,
}

/// What so many instances take, from the first publish to the last acknowledged one.
pub(crate) async fn measure(
    url: &str,
    instances: u64,
    at_once: u16,
    sizes: [usize; 4],
    meter: Meter,
) -> Result<Took, Failed> {
    let client = async_nats::connect(url).await?;
    let jetstream = async_nats::jetstream::new(client.clone());
    let consumer = prepare(&jetstream, at_once).await?;
    let payload = |(done, size): (usize, &usize)| {
        let mut bytes = vec![b' '; (*size).max(1)];
        bytes[0] = b'0' + u8::try_from(done).unwrap_or_default();
        Bytes::from(bytes)
    };
    let run = Arc::new(Run {
        jetstream: jetstream.clone(),
        payloads: sizes.iter().enumerate().map(payload).collect(),
        room: Semaphore::new(at_once.into()),
        left: AtomicU64::new(instances),
        all_left: Notify::new(),
    });

    let (begun, before) = (Instant::now(), meter.read()?);
    let working = tokio::spawn(work(run.clone(), consumer, at_once));
    let starting = tokio::spawn(start(run.clone(), instances, at_once));
    let finished = async {
        starting.await??;
        run.all_left.notified().await;
        Ok::<(), Failed>(())
    };
    let abort = working.abort_handle();
    tokio::select! {
        finished = finished => finished?,
        worked = working => return Err(worked?.err().unwrap_or_else(|| "the deliveries have ended".into())),
    }
    let took = Took { time: begun.elapsed(), spent: meter.read()?.since(before), fsyncs: None };
    abort.abort();
    jetstream.delete_stream(STREAM).await?;
    client.drain().await?;
    Ok(took)
}

async fn prepare(jetstream: &Context, at_once: u16) -> Result<PullConsumer, Failed> {
    let stream = jetstream
        .create_stream(stream::Config {
            name: STREAM.to_owned(),
            subjects: vec!["raw.*.*.*".to_owned()],
            max_messages_per_subject: 1,
            allow_direct: true,
            ..stream::Config::default()
        })
        .await?;
    let consumer = stream
        .create_consumer(pull::Config {
            durable_name: Some("worker".to_owned()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: Duration::from_secs(30),
            max_ack_pending: i64::from(at_once) * 4,
            filter_subject: "raw.*.three.*".to_owned(),
            ..pull::Config::default()
        })
        .await?;
    Ok(consumer)
}

/// Starts the instances, as many at the same time as there is room for.
async fn start(run: Arc<Run>, instances: u64, at_once: u16) -> Result<(), Failed> {
    futures::stream::iter((0..instances).map(Ok))
        .try_for_each_concurrent(usize::from(at_once), |number| {
            let run = &run;
            async move {
                run.room.acquire().await?.forget();
                run.append(format!("raw.0.three.saga-{number}"), 0, 0).await
            }
        })
        .await
}

async fn work(run: Arc<Run>, consumer: PullConsumer, at_once: u16) -> Result<(), Failed> {
    let messages = consumer
        .stream()
        .max_messages_per_batch(usize::from(at_once) / 2)
        .expires(Duration::from_secs(5))
        .heartbeat(Duration::from_secs(1))
        .messages()
        .await?;
    messages
        .map_err(Failed::from)
        .try_for_each_concurrent(usize::from(at_once), |message| {
            let run = &run;
            async move { run.step(message).await }
        })
        .await
}

impl Run {
    /// Deliver, publish the next one on the condition that this one is the last, ack.
    async fn step(&self, message: Message) -> Result<(), Failed> {
        let done = message.payload.first().map_or(0, |first| usize::from(first - b'0'));
        if done as u64 == STEPS {
            return message.ack().await;
        }
        let revision = message.info()?.stream_sequence;
        self.append(message.subject.to_string(), revision, done + 1).await?;
        message.ack().await?;
        if done as u64 + 1 == STEPS {
            self.room.add_permits(1);
            if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
                self.all_left.notify_one();
            }
        }
        Ok(())
    }

    async fn append(&self, subject: String, after: u64, done: usize) -> Result<(), Failed> {
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, after.to_string());
        self.jetstream.publish_with_headers(subject, headers, self.payloads[done].clone()).await?.await?;
        Ok(())
    }
}
