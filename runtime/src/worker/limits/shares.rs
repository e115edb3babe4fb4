//! A worker's dealings with a limit that all workers share.
//!
//! The whole is a record of its own (`sagaflow-limit/STEP`), which no worker is given: it says who may make how many attempts at a time, and until when,
//! and when the next attempt is due. A worker takes its part by appending the next record, on the condition that nobody else has; it renews its part while it
//! has use for it, and gives back what it has no use for. What a dead worker had is free again when its lease is over.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep};

use super::ledger::Ledger;
use crate::client::Client;
use crate::definition::Limits;
use crate::engine;
use crate::transport::{InstanceId, Revision};

/// The name of the saga that the records of shared limits have.
pub(crate) const LIMIT: &str = "sagaflow-limit";

/// For so long after its last change the record of a limit is kept.
const KEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// So often a worker tries to change the record against others.
const TRIES: u32 = 10;

/// The longest pause between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// The part of one worker in a limit.
#[derive(Debug)]
pub(super) struct Shares {
    client: Client,
    instance: InstanceId,
    /// What the worker calls itself.
    by: String,
    limits: Limits,
    /// What was last seen of the record. Held while it is changed.
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
pub(super) struct Known {
    revision: Option<Revision>,
    ledger: Ledger,
}

/// What a worker has come to.
#[derive(Debug, Clone)]
pub(super) struct Granted {
    /// So many attempts at a time …
    pub(super) permits: usize,
    /// … for a lease from then on.
    pub(super) at: Instant,
    /// The times at which attempts may be made.
    pub(super) turns: Vec<Instant>,
}

impl Shares {
    pub(super) fn new(client: Client, instance: InstanceId, by: String, limits: Limits) -> Self {
        Self { client, instance, by, limits, known: Mutex::default() }
    }

    pub(super) fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// Nobody else in this worker changes it meanwhile.
    pub(super) async fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().await
    }

    /// Takes a part of the whole, as large as is wanted and possible, in place of the one before; and some turns.
    ///
    /// # Errors
    ///
    /// Why that is not possible now.
    pub(super) async fn take(&self, known: &mut Known, permits: usize, turns: u32) -> Result<Granted, String> {
        let mut why = String::new();
        for attempt in 0..TRIES {
            if attempt > 0 {
                sleep(PAUSE.mul_f64(fastrand::f64())).await;
                *known = self.read().await?;
            }
            let (now, at) = (self.client.now(), Instant::now());
            let mut ledger = known.ledger.clone();
            let most = self.limits.concurrency.unwrap_or_default();
            let permits = ledger.set(&self.by, permits, most, now);
            let turns = self.limits.rate.map(|rate| ledger.turns(rate, turns, now)).unwrap_or_default();
            let turns = turns.into_iter().map(|turn| at + engine::until(now, turn)).collect();
            match self.client.put_limit(&self.instance, known.revision, &ledger, KEEP).await {
                Ok(Some(revision)) => {
                    *known = Known { revision: Some(revision), ledger };
                    return Ok(Granted { permits, at, turns });
                }
                Ok(None) => "others were faster".clone_into(&mut why),
                Err(error) => why = error.to_string(),
            }
        }
        // What was last seen may be an old one.
        *known = Known::default();
        Err(why)
    }

    async fn read(&self) -> Result<Known, String> {
        let found = self.client.limit(&self.instance).await.map_err(|error| error.to_string())?;
        let Some((revision, ledger)) = found else { return Ok(Known::default()) };
        Ok(Known { revision: Some(revision), ledger: ledger.unwrap_or_default() })
    }
}
