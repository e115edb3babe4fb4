//! A world whose steps wait, fail and count as they are told, on both transports.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::{ConnectOptions, InstanceStatus, Saga, Status, connect_with};
use sagaflow_tests::NatsServer;
use tokio::sync::{OnceCell, watch};

/// Longer than any case takes.
pub(crate) const HANGS: Duration = Duration::from_secs(30);

/// What the steps of a case share.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// What steps have done, in order.
    log: Mutex<Vec<String>>,
    /// How often each step of a name is still to fail.
    failures: Mutex<HashMap<&'static str, usize>>,
    /// How many have come to the gate so far, and how many may pass.
    arrived: watch::Sender<usize>,
    permits: watch::Sender<usize>,
    passed: AtomicUsize,
    home: AtomicBool,
}

impl World {
    pub(crate) fn add(&self, text: impl Into<String>) {
        self.log.lock().unwrap().push(text.into());
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// The step fails so often from now on.
    pub(crate) fn fail(&self, step: &'static str, times: usize) {
        self.failures.lock().unwrap().insert(step, times);
    }

    pub(crate) fn fails(&self, step: &'static str) -> bool {
        let mut failures = self.failures.lock().unwrap();
        let left = failures.entry(step).or_default();
        let fails = *left > 0;
        *left = left.saturating_sub(1);
        fails
    }

    /// Waits until one may pass the gate.
    pub(crate) async fn pass(&self) {
        self.arrived.send_modify(|arrived| *arrived += 1);
        let mine = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
        self.permits.subscribe().wait_for(|permits| *permits >= mine).await.unwrap();
    }

    /// Waits until so many have come to the gate.
    pub(crate) async fn at_the_gate(&self, number: usize) {
        self.arrived.subscribe().wait_for(|arrived| *arrived >= number).await.unwrap();
    }

    /// All may pass from now on, and walks end.
    pub(crate) fn open_the_gate(&self) {
        self.home.store(true, Ordering::SeqCst);
        self.permits.send_replace(usize::MAX);
    }

    pub(crate) fn is_home(&self) -> bool {
        self.home.load(Ordering::SeqCst)
    }

    /// Whoever is at the gate may pass, and whoever comes to it, until something has happened.
    pub(crate) async fn letting_through<T>(&self, until: impl Future<Output = T>) -> T {
        let mut arrived = self.arrived.subscribe();
        let letting = async {
            loop {
                let number = *arrived.borrow_and_update();
                self.permits.send_if_modified(|permits| {
                    let more = *permits < number;
                    *permits = number.max(*permits);
                    more
                });
                arrived.changed().await.unwrap();
            }
        };
        tokio::select! {
            biased;
            done = until => done,
            never = letting => never,
        }
    }
}

/// Takes a seat, and gives it back if the saga fails.
#[step]
#[compensate(release(output))]
pub(crate) async fn seat(#[inject] world: &World, number: u32) -> Result<u32, Failure> {
    world.add(format!("seat {number}"));
    Ok(number)
}

#[step]
pub(crate) async fn release(#[inject] world: &World, number: u32) -> Result<(), Failure> {
    world.add(format!("release {number}"));
    if world.fails("release") { Err(Failure::new("the seat is nailed down")) } else { Ok(()) }
}

/// Charges as often as it is told to fail, and then some; it waits for an operator when it has no attempts left.
#[step]
#[retry(fixed, delay = "1ms", max_attempts = 2, exhausted = pause)]
pub(crate) async fn charge(#[inject] world: &World, cents: u64) -> Result<u64, Failure> {
    world.add(format!("charge {cents}"));
    if world.fails("charge") { Err(Failure::new("no connection to the bank")) } else { Ok(cents) }
}

/// Waits at the gate.
#[step]
#[compensate(release(0))]
pub(crate) async fn gate(#[inject] world: &World, number: u32) -> Result<u32, Failure> {
    world.add(format!("gate {number}"));
    world.pass().await;
    world.add(format!("through {number}"));
    Ok(number)
}

/// One step of a walk, past the gate; whether it goes on.
#[step]
#[compensate(release(number))]
pub(crate) async fn stride(#[inject] world: &World, number: u32) -> Result<bool, Failure> {
    world.add(format!("stride {number}"));
    world.pass().await;
    Ok(!world.is_home())
}

/// Walks until the gate is open.
#[saga]
pub(crate) async fn walk() -> Result<u32, Failure> {
    let mut number = 0;
    while stride(number).await? {
        number += 1;
    }
    Ok(number)
}

#[step]
pub(crate) async fn refuse(#[inject] world: &World) -> Result<(), Failure> {
    world.add("refuse");
    Err(Failure::new("no"))
}

/// One case: a transport in which there is nothing yet, a worker and a client.
pub(crate) struct Stage {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) client: Client,
    pub(crate) world: Arc<World>,
    worker: Option<RunningWorker>,
}

impl Stage {
    /// Of a worker that serves this saga.
    pub(crate) fn serving<S: Saga>(transport: &Arc<dyn Transport>) -> Self {
        let mut stage = Self::idle(transport);
        stage.work::<S>();
        stage
    }

    /// Without a worker.
    pub(crate) fn idle(transport: &Arc<dyn Transport>) -> Self {
        let (transport, world) = (transport.clone(), Arc::<World>::default());
        Self { client: Client::new(transport.clone()), transport, world, worker: None }
    }

    pub(crate) fn work<S: Saga>(&mut self) {
        let builder = Worker::builder(self.transport.clone()).serve::<S>().provide_shared(self.world.clone());
        self.worker = Some(builder.build().unwrap().spawn());
    }

    /// Waits until an instance stands so.
    pub(crate) async fn until(&self, saga: &str, id: &str, status: Status) -> InstanceStatus {
        self.until_it(saga, id, |now| now.status == status).await
    }

    pub(crate) async fn until_it(
        &self,
        saga: &str,
        id: &str,
        fits: impl Fn(&InstanceStatus) -> bool,
    ) -> InstanceStatus {
        let mut watch = self.client.watch(saga, id).await.unwrap();
        let mut seen = Vec::new();
        let waiting = async {
            loop {
                let status = watch.next().await.expect("it has not ended").unwrap();
                if fits(&status) {
                    return self.client.status(saga, id).await.unwrap();
                }
                seen.push(format!("{:?} {:?} {:?}", status.status, status.state, status.reason));
            }
        };
        match tokio::time::timeout(HANGS, waiting).await {
            Ok(status) => status,
            Err(_) => panic!("{saga}/{id} does not come to stand so; the last that was seen of it: {:?}", seen.last()),
        }
    }

    /// Lets steps through the gate until the instance waits for an operator, or has come to its end.
    pub(crate) async fn walked_to_rest(&self, saga: &str, id: &str) -> InstanceStatus {
        let rests = |now: &InstanceStatus| !matches!(now.status, Status::Running | Status::Unwinding);
        self.world.letting_through(self.until_it(saga, id, rests)).await
    }

    pub(crate) async fn end(mut self) {
        if let Some(worker) = self.worker.take() {
            worker.shutdown().await.unwrap();
        }
    }
}

/// An outcome, in time.
pub(crate) async fn outcome<S: Saga>(
    handle: &Handle<S>,
) -> Result<sagaflow::ValueOf<S>, SagaError<sagaflow::ErrorOf<S>>> {
    match tokio::time::timeout(HANGS, handle.outcome()).await {
        Ok(outcome) => outcome.unwrap(),
        Err(_) => panic!("`{}` hangs: {:?}", S::NAME, handle.status().await),
    }
}

/// Plays a case in memory and over NATS.
pub(crate) async fn on_both<F: Future<Output = ()>>(case: impl Fn(Arc<dyn Transport>) -> F) {
    case(sagaflow::connect("embedded:").await.unwrap()).await;
    case(nats().await).await;
}

/// A NATS server in which there is nothing yet.
pub(crate) async fn nats() -> Arc<dyn Transport> {
    static SERVER: OnceCell<NatsServer> = OnceCell::const_new();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let server = SERVER.get_or_init(NatsServer::start).await;
    let mut options = ConnectOptions::default();
    options.prefix = format!("run-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    connect_with(&server.url(), options).await.unwrap()
}
