//! One saga that loops: what a step costs must not depend on how many came before it.

use std::time::Instant;

use sagaflow::prelude::*;

use crate::Failed;
use crate::line::{median, milliseconds};
use crate::place::Place;
use crate::sagas::count;

/// The milliseconds per step of a saga of `n` steps, start and outcome included: the median of several runs, more of
/// them the shorter they are.
pub(crate) async fn measure(place: &Place, n: u64) -> Result<f64, Failed> {
    let worker = Worker::builder(place.transport.clone()).serve::<count>().build()?.spawn();
    let client = Client::new(place.transport.clone());
    let runs = (2_000 / n).clamp(1, 100);
    let mut times = Vec::new();
    for run in 0..=runs {
        let steps = if run == 0 { n.min(100) } else { n };
        let begun = Instant::now();
        let handle = client.start(count(steps)).id(format!("loop-{run}")).await?;
        let sum = handle.outcome().await??;
        if sum != steps {
            return Err(format!("a loop of {steps} steps has made {sum}").into());
        }
        // The first run is there to warm up.
        if run > 0 {
            times.push(begun.elapsed());
        }
    }
    worker.shutdown().await?;
    let whole = median(times);
    Ok(milliseconds(whole.div_f64(n as f64)))
}
