//! The memory of a process that works on many instances at the same time.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use sagaflow::prelude::*;

use crate::Failed;
use crate::place::Place;
use crate::sagas::{Door, held};

/// How many instances are in flight: each in its step.
pub(crate) const IN_FLIGHT: usize = 1_000;

/// The resident memory of this process (worker and client) while so many steps run, and before there was a worker; in bytes.
pub(crate) async fn measure(place: &Place) -> Result<(u64, u64), Failed> {
    let before = resident()?;
    let door = Arc::new(Door::new(IN_FLIGHT));
    let worker = Worker::builder(place.transport.clone())
        .serve::<held>()
        .provide_shared(door.clone())
        .concurrency(IN_FLIGHT)
        .build()?
        .spawn();
    let client = Client::new(place.transport.clone());
    let handles: Vec<_> = stream::iter(0..IN_FLIGHT as u64)
        .map(|number| client.start(held(number)).id(format!("saga-{number}")).into_future())
        .buffer_unordered(64)
        .try_collect()
        .await?;
    door.all_in().await;
    let during = resident()?;
    door.open();
    for handle in handles {
        handle.outcome().await??;
    }
    worker.shutdown().await?;
    Ok((before, during))
}

/// What Linux says of this process.
fn resident() -> Result<u64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024)
}
