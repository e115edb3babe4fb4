//! The sagas that are measured: their steps do next to nothing.

use std::sync::atomic::{AtomicU64, Ordering};

use sagaflow::prelude::*;
use std::sync::Mutex;
use tokio::sync::{Notify, Semaphore};

/// How many steps [`three()`] has.
pub(crate) const STEPS: u64 = 3;

#[saga]
pub(crate) async fn three(number: u64) -> Result<u64, Failure> {
    let one = first(number).await;
    let two = second(one).await;
    let three = third(two).await;
    Ok(three)
}

#[step]
pub(crate) async fn first(number: u64) -> u64 {
    number + 1
}

#[step]
pub(crate) async fn second(number: u64) -> u64 {
    number + 1
}

#[step]
pub(crate) async fn third(#[inject] gate: &Gate, number: u64) -> u64 {
    gate.leave(number - 2);
    number + 1
}

#[saga]
pub(crate) async fn count(n: u64) -> Result<u64, Failure> {
    let mut sum = 0_u64;
    for i in 0..n {
        let one = tick(i).await;
        sum += one;
    }
    Ok(sum)
}

#[step]
pub(crate) async fn tick(i: u64) -> u64 {
    u64::from(i < u64::MAX)
}

#[saga]
pub(crate) async fn held(number: u64) -> Result<u64, Failure> {
    let through = pass(number).await;
    Ok(through)
}

#[step]
pub(crate) async fn pass(#[inject] door: &Door, number: u64) -> u64 {
    door.pass().await;
    number
}

/// Holds all back until it is opened, and knows when so many have come.
#[derive(Debug)]
pub(crate) struct Door {
    missing: AtomicU64,
    all_in: Notify,
    opened: Semaphore,
}

impl Door {
    pub(crate) fn new(expected: usize) -> Self {
        Self { missing: AtomicU64::new(expected as u64), all_in: Notify::new(), opened: Semaphore::new(0) }
    }

    async fn pass(&self) {
        if self.missing.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.all_in.notify_one();
        }
        // It is closed to open the door.
        let _ = self.opened.acquire().await;
    }

    /// Waits until all have come.
    pub(crate) async fn all_in(&self) {
        self.all_in.notified().await;
    }

    pub(crate) fn open(&self) {
        self.opened.close();
    }
}

/// Lets so many sagas in at the same time, and knows when all have come to their last step.
#[derive(Debug)]
pub(crate) struct Gate {
    room: Semaphore,
    left: AtomicU64,
    all_left: Notify,
    /// The numbers of those that have come to their last step, in that order.
    order: Mutex<Vec<u64>>,
}

impl Gate {
    pub(crate) fn new(sagas: u64, at_once: u16) -> Self {
        Self {
            room: Semaphore::new(at_once.into()),
            left: AtomicU64::new(sagas),
            all_left: Notify::new(),
            order: Mutex::new(Vec::with_capacity(usize::try_from(sagas).unwrap_or_default())),
        }
    }

    /// Waits until there is room for one more.
    pub(crate) async fn enter(&self) {
        if let Ok(permit) = self.room.acquire().await {
            permit.forget();
        }
    }

    /// One has come to its last step.
    pub(crate) fn leave(&self, number: u64) {
        self.order.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(number);
        self.room.add_permits(1);
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.all_left.notify_one();
        }
    }

    /// Waits until all have come to their last step; yields the numbers of the last `n` of them.
    pub(crate) async fn last(&self, n: u16) -> Vec<u64> {
        self.all_left.notified().await;
        let order = self.order.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        order.iter().rev().take(n.into()).copied().collect()
    }
}
