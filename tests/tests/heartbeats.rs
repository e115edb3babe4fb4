//! Heartbeats over a real server: what is in hand stays in hand, and what is short costs none.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use futures::StreamExt;
use sagaflow::prelude::*;
use sagaflow_tests::NatsServer;
use tokio::sync::watch;
use tokio::time::timeout;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What steps have begun, and whether those that wait may go on.
#[derive(Debug, Clone, Default)]
struct Journal {
    begun: Arc<watch::Sender<Vec<String>>>,
    open: Arc<watch::Sender<bool>>,
}

impl Journal {
    async fn begun(&self, count: usize) {
        let mut begun = self.begun.subscribe();
        timeout(PATIENCE, begun.wait_for(|begun| begun.len() >= count)).await.expect("in time").expect("it stays");
    }
}

#[step]
async fn take(#[inject] journal: &Journal, #[inject] cx: &StepContext, milliseconds: u64) -> Result<(), Failure> {
    journal.begun.send_modify(|begun| begun.push(cx.key().to_string()));
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    Ok(())
}

#[step]
async fn hold(#[inject] journal: &Journal, #[inject] cx: &StepContext) -> Result<bool, Failure> {
    journal.begun.send_modify(|begun| begun.push(cx.key().to_string()));
    journal.open.subscribe().wait_for(|open| *open).await?;
    Ok(cx.is_current().await?)
}

#[saga]
async fn chain(steps: u32, milliseconds: u64) -> Result<u32, Failure> {
    let mut done = 0;
    while done < steps {
        take(milliseconds).await?;
        done += 1;
    }
    Ok(done)
}

#[saga]
async fn held() -> Result<bool, Failure> {
    hold().await
}

struct Stage {
    server: NatsServer,
    client: Client,
    journal: Journal,
}

impl Stage {
    async fn new() -> Self {
        let server = NatsServer::start().await;
        let client = Client::new(sagaflow::connect(&server.url()).await.unwrap());
        Self { server, client, journal: Journal::default() }
    }

    /// A worker with a connection of its own.
    async fn worker(&self, ack_wait: Duration, concurrency: usize) -> RunningWorker {
        let transport = sagaflow::connect(&self.server.url()).await.unwrap();
        let builder = Worker::builder(transport).serve::<chain>().serve::<held>().provide(self.journal.clone());
        builder.ack_wait(ack_wait).concurrency(concurrency).build().unwrap().spawn()
    }

    /// Counts the heartbeats of each delivery from now on.
    async fn heartbeats(&self) -> watch::Receiver<HashMap<String, usize>> {
        let listener = async_nats::connect(self.server.url()).await.unwrap();
        let mut acks = listener.subscribe("$JS.ACK.>").await.unwrap();
        listener.flush().await.unwrap();
        let (counted, counts) = watch::channel(HashMap::new());
        tokio::spawn(async move {
            while let Some(ack) = acks.next().await {
                if &ack.payload[..] == b"+WPI" {
                    counted.send_modify(|counts| *counts.entry(ack.subject.to_string()).or_insert(0) += 1);
                }
            }
        });
        counts
    }
}

#[tokio::test]
async fn a_step_of_ten_times_the_ack_wait_runs_once() {
    const ACK_WAIT: Duration = Duration::from_millis(700);
    let stage = Stage::new().await;
    let (first, second) = (stage.worker(ACK_WAIT, 4).await, stage.worker(ACK_WAIT, 4).await);
    let heartbeats = stage.heartbeats().await;
    let handle = stage.client.start(chain(1, 7000)).id("a").await.unwrap();
    assert_eq!(timeout(PATIENCE, handle.outcome()).await.unwrap().unwrap(), Ok(1));
    assert_eq!(*stage.journal.begun.borrow(), ["chain/a/take/1"]);
    assert_eq!(handle.status().await.unwrap().lost, 0);
    let counted = heartbeats.borrow().clone();
    assert_eq!(counted.len(), 1, "one delivery: {counted:?}");
    // One for each third of the ack wait, and a little later.
    let beats = *counted.values().next().unwrap();
    assert!((10..=40).contains(&beats), "{beats}");
    first.shutdown().await.unwrap();
    second.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_waits_in_a_workers_queue_stays_there() {
    const ACK_WAIT: Duration = Duration::from_millis(700);
    let stage = Stage::new().await;
    let busy = stage.worker(ACK_WAIT, 1).await;
    let running = stage.client.start(held()).id("runs").await.unwrap();
    stage.journal.begun(1).await;
    let queued = stage.client.start(held()).id("waits").await.unwrap();
    let administrator = async_nats::jetstream::new(async_nats::connect(stage.server.url()).await.unwrap());
    timeout(PATIENCE, async {
        loop {
            let consumer: PullConsumer = administrator.get_consumer_from_stream("held", "sagaflow-0").await.unwrap();
            if consumer.cached_info().num_ack_pending == 2 {
                return;
            }
        }
    })
    .await
    .expect("both are with the busy worker");
    let idle = stage.worker(ACK_WAIT, 4).await;
    let mut heartbeats = stage.heartbeats().await;
    // Three ack waits of both.
    let enough = heartbeats.wait_for(|counts| counts.len() >= 2 && counts.values().all(|beats| *beats >= 9));
    timeout(PATIENCE, enough).await.expect("both are kept alive").unwrap();
    assert_eq!(*stage.journal.begun.borrow(), ["held/runs/hold/1"], "the idle worker has got neither");
    stage.journal.open.send_replace(true);
    for handle in [running, queued] {
        assert_eq!(timeout(PATIENCE, handle.outcome()).await.unwrap().unwrap(), Ok(true));
    }
    assert_eq!(stage.journal.begun.borrow().len(), 2);
    busy.shutdown().await.unwrap();
    idle.shutdown().await.unwrap();
}

/// There is always a delivery in hand, for longer in all than two heartbeats; and each is in hand for far less than one.
#[tokio::test]
async fn short_steps_cost_no_heartbeat() {
    const ACK_WAIT: Duration = Duration::from_secs(9);
    let stage = Stage::new().await;
    let worker = stage.worker(ACK_WAIT, 4).await;
    let heartbeats = stage.heartbeats().await;
    let begun = tokio::time::Instant::now();
    let handle = stage.client.start(chain(350, 20)).await.unwrap();
    assert_eq!(timeout(PATIENCE, handle.outcome()).await.unwrap().unwrap(), Ok(350));
    assert!(begun.elapsed() > ACK_WAIT * 2 / 3, "long enough for two: {:?}", begun.elapsed());
    assert_eq!(*heartbeats.borrow(), HashMap::new());
    worker.shutdown().await.unwrap();
}

/// Half as many again as run at a time, however many there are. Counted while all steps wait: the server counts a delivery
/// that is superseded as open for a little longer.
#[tokio::test]
async fn a_worker_has_no_more_than_it_can_start_soon() {
    let stage = Stage::new().await;
    let mut handles = Vec::new();
    for number in 0..60 {
        handles.push(stage.client.start(held()).id(number.to_string()).await.unwrap());
    }
    let worker = stage.worker(Duration::from_secs(30), 4).await;
    stage.journal.begun(4).await;
    let administrator = async_nats::jetstream::new(async_nats::connect(stage.server.url()).await.unwrap());
    let mut open = Vec::new();
    let counting = async {
        // Those that it waits for, and then for long enough to see more.
        while open.iter().filter(|open| **open >= 6).count() < 200 {
            let consumer: PullConsumer = administrator.get_consumer_from_stream("held", "sagaflow-0").await.unwrap();
            open.push(consumer.cached_info().num_ack_pending);
        }
    };
    timeout(PATIENCE, counting).await.expect("it fetches two more than it runs");
    assert_eq!(open.iter().max(), Some(&6));
    assert_eq!(stage.journal.begun.borrow().len(), 4, "and runs no more than its slots");
    stage.journal.open.send_replace(true);
    for handle in handles {
        assert_eq!(timeout(PATIENCE, handle.outcome()).await.unwrap().unwrap(), Ok(true));
    }
    worker.shutdown().await.unwrap();
}
