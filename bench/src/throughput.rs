//! Many sagas, a fixed number of them under way at the same time.

use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use sagaflow::prelude::*;
use sagaflow::{Error, Status};

use crate::Failed;
use crate::cpu::{Meter, Spent};
use crate::place::Place;
use crate::sagas::{Gate, three};

/// Among how many tasks the starts are divided.
const STARTERS: u64 = 4;

/// What a measurement took.
#[derive(Debug)]
pub(crate) struct Took {
    pub(crate) time: Duration,
    /// The processor time of the same.
    pub(crate) spent: Spent,
    pub(crate) fsyncs: Option<u64>,
}

/// From the first start to the last outcome. The clock stops when the outcomes of those sagas are there that came to
/// their last step last; that all others are completed, too, is checked afterwards.
pub(crate) async fn measure(place: &Place, sagas: u64, at_once: u16, meter: Meter) -> Result<Took, Failed> {
    let gate = Arc::new(Gate::new(sagas, at_once));
    let worker = Worker::builder(place.transport.clone())
        .serve::<three>()
        .provide_shared(gate.clone())
        .concurrency(at_once.into())
        .build()?
        .spawn();
    let client = Client::new(place.transport.clone());
    let fsyncs = place.fsyncs();
    let (begun, before) = (Instant::now(), meter.read()?);

    let starters: Vec<_> = (0..STARTERS)
        .map(|starter| {
            let (client, gate) = (client.clone(), gate.clone());
            tokio::spawn(start((starter..sagas).step_by(STARTERS as usize), at_once, client, gate))
        })
        .collect();
    let mut handles = Vec::new();
    for starter in starters {
        handles.extend(starter.await??);
    }
    handles.sort_unstable_by_key(|(number, _)| *number);
    let last = gate.last(at_once).await;
    let outcomes = last.iter().map(|number| handles[*number as usize].1.outcome());
    stream::iter(outcomes).buffer_unordered(at_once.into()).try_for_each(|_| ready(Ok(()))).await?;

    let (time, spent) = (begun.elapsed(), meter.read()?.since(before));
    let took = Took { time, spent, fsyncs: place.fsyncs().zip(fsyncs).map(|(after, before)| after - before) };
    let statuses = handles.iter().map(|(_, handle)| handle.status());
    let unfinished = stream::iter(statuses)
        .buffer_unordered(64)
        .try_filter(|status| ready(status.status != Status::Completed))
        .try_collect::<Vec<_>>()
        .await?;
    if let Some(status) = unfinished.first() {
        return Err(format!("{} sagas are not completed: {status:?}", unfinished.len()).into());
    }
    worker.shutdown().await?;
    Ok(took)
}

async fn start(
    numbers: impl Iterator<Item = u64> + Send,
    at_once: u16,
    client: Client,
    gate: Arc<Gate>,
) -> Result<Vec<(u64, Handle<three>)>, Error> {
    stream::iter(numbers)
        .map(|number| {
            let (client, gate) = (&client, &gate);
            async move {
                gate.enter().await;
                let handle = client.start(three(number)).id(format!("saga-{number}")).await?;
                Ok((number, handle))
            }
        })
        .buffer_unordered(usize::from(at_once) / STARTERS as usize)
        .try_collect()
        .await
}
