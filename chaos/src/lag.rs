//! Finds when a process of the run did not get to run: the machine was busy, or the process was stopped.
//!
//! A worker that is late with its heartbeats loses deliveries to others, as one that is stopped does. So that counts as a
//! fault, when steps are found to be executed again.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::effects::{Nanos, now};

const TICK: Duration = Duration::from_millis(50);

/// Tells of each time in which this process was late by more than a tenth of the ack wait: from when to when. Never ends.
pub(crate) async fn watch(ack_wait: Duration, mut tell: impl FnMut(Nanos, Nanos)) {
    let most = Nanos::try_from((TICK + ack_wait / 10).as_nanos()).unwrap_or(Nanos::MAX);
    let mut beat = interval(TICK);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = now();
    loop {
        beat.tick().await;
        let present = now();
        if present.saturating_sub(last) > most {
            tell(last, present);
        }
        last = present;
    }
}
