//! One saga at a time.

use std::sync::Arc;
use std::time::Instant;

use sagaflow::prelude::*;

use crate::Failed;
use crate::line::{milliseconds, percentile};
use crate::place::Place;
use crate::sagas::{Gate, three};

/// How many sagas run before the measurement begins.
const WARM_UP: u64 = 50;

/// The median and the 99th percentile, in milliseconds, from before the start to after the outcome.
pub(crate) async fn measure(place: &Place, samples: u64) -> Result<(f64, f64), Failed> {
    let gate = Arc::new(Gate::new(samples + WARM_UP, 1));
    let worker = Worker::builder(place.transport.clone()).serve::<three>().provide_shared(gate).build()?.spawn();
    let client = Client::new(place.transport.clone());
    let mut times = Vec::new();
    for number in 0..samples + WARM_UP {
        let begun = Instant::now();
        let handle = client.start(three(number)).id(format!("saga-{number}")).await?;
        handle.outcome().await??;
        if number >= WARM_UP {
            times.push(begun.elapsed());
        }
    }
    worker.shutdown().await?;
    Ok((milliseconds(percentile(times.clone(), 50)), milliseconds(percentile(times, 99))))
}
