//! The client: starts the instances, reads their outcomes, and holds them against what the oracle expects.
//!
//! It goes through the proxies as the workers do, and tries again for as long as the run lasts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sagaflow::{Call, Client, ErrorOf, Failure, Handle, Saga, SagaError, ValueOf};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::oracle::{Outcome, expect};
use crate::sagas::{climb, errand, tour};
use crate::shape::{Kind, Shape};

/// One instance in so many is started a second time, while it runs and after its end: that must change nothing.
const TWICE: u64 = 16;

/// Before something is tried again.
const PAUSE: Duration = Duration::from_millis(200);

/// How far the client is.
#[derive(Debug)]
pub(crate) struct Board {
    /// The instances whose start was acknowledged.
    started: Mutex<Vec<u64>>,
    counted: watch::Sender<u64>,
    told: watch::Sender<u64>,
    /// Outcomes that are not those expected.
    wrong: Mutex<Vec<String>>,
    /// How many may be started; the faults let more and more be.
    pub(crate) gate: watch::Sender<u64>,
    tried_again: AtomicU64,
}

impl Board {
    pub(crate) fn new() -> Arc<Self> {
        let (counted, told, gate) = (watch::Sender::new(0), watch::Sender::new(0), watch::Sender::new(0));
        let (started, wrong, tried_again) = (Mutex::default(), Mutex::default(), AtomicU64::new(0));
        Arc::new(Self { started, counted, told, wrong, gate, tried_again })
    }

    /// The instances that were started, by their numbers.
    pub(crate) fn started(&self) -> Vec<u64> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many were started, and how many outcomes told.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (*self.counted.borrow(), *self.told.borrow())
    }

    /// How often the client had to try something again.
    pub(crate) fn tried_again(&self) -> u64 {
        self.tried_again.load(Ordering::Relaxed)
    }

    /// Waits until so many were started.
    pub(crate) async fn reached(&self, started: u64) {
        // Fails only without a sender, and this is one.
        let _ = self.counted.subscribe().wait_for(|count| *count >= started).await;
    }

    fn has_started(&self, number: u64) {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).push(number);
        self.counted.send_modify(|count| *count += 1);
    }

    async fn again(&self) {
        self.tried_again.fetch_add(1, Ordering::Relaxed);
        sleep(PAUSE).await;
    }
}

/// Starts them all, so many at a time, and waits for their outcomes.
pub(crate) async fn drive(client: Client, seed: u64, sagas: u64, at_a_time: usize, board: Arc<Board>) {
    let room = Arc::new(Semaphore::new(at_a_time));
    let mut gate = board.gate.subscribe();
    let mut running = JoinSet::new();
    for number in 0..sagas {
        // Both fail only without what this function or its board holds.
        let _ = gate.wait_for(|allowed| *allowed > number).await;
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let (client, board) = (client.clone(), Arc::clone(&board));
        running.spawn(async move {
            let shape = Shape::of(seed, number);
            let size = u64::from(shape.size);
            match shape.kind {
                Kind::Tour => follow(&client, &board, seed, shape, || tour(number, size), plain).await,
                Kind::Climb => follow(&client, &board, seed, shape, || climb(number, size), plain).await,
                Kind::Errand => follow(&client, &board, seed, shape, || errand(number, size, shape.slow), plain).await,
            }
            drop(place);
        });
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
}

/// What a saga's handle tells.
type Outcomes<S> = Result<ValueOf<S>, SagaError<ErrorOf<S>>>;

/// The value or the text of the error.
type Told = Result<u64, String>;

/// The saga's own error without the way that it has come, which the oracle does not know.
fn plain(outcome: Result<u64, SagaError<Failure>>) -> Told {
    outcome.map_err(|failed| failed.error().map_or_else(|| failed.to_string(), ToString::to_string))
}

/// One instance, from its start to its outcome.
async fn follow<S: Saga>(
    client: &Client,
    board: &Board,
    seed: u64,
    shape: Shape,
    call: impl Fn() -> Call<S>,
    plain: fn(Outcomes<S>) -> Told,
) {
    let handle = start(client, board, shape, &call).await;
    board.has_started(shape.number);
    let twice = shape.number.is_multiple_of(TWICE);
    if twice {
        start(client, board, shape, &call).await;
    }
    let told = outcome(board, &handle, plain).await;
    let expected = match expect(seed, &shape).outcome {
        Outcome::Completed(value) => Ok(value),
        Outcome::Compensated(text) | Outcome::Failed(text) => Err(text),
    };
    if told != expected {
        let text = format!("{}: the client was told {told:?}, and {expected:?} was expected", shape.instance());
        board.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }
    if twice {
        let handle = start(client, board, shape, &call).await;
        let again = outcome(board, &handle, plain).await;
        if again != told {
            let text = format!("{}: first the client was told {told:?}, and then {again:?}", shape.instance());
            board.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        }
    }
    board.told.send_modify(|count| *count += 1);
}

async fn start<S: Saga>(client: &Client, board: &Board, shape: Shape, call: &impl Fn() -> Call<S>) -> Handle<S> {
    loop {
        if let Ok(handle) = client.start(call()).id(shape.id()).await {
            return handle;
        }
        board.again().await;
    }
}

async fn outcome<S: Saga>(board: &Board, handle: &Handle<S>, plain: fn(Outcomes<S>) -> Told) -> Told {
    loop {
        if let Ok(outcome) = handle.outcome().await {
            return plain(outcome);
        }
        board.again().await;
    }
}
