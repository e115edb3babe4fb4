//! How large the records are: the raw measurement sends as many bytes.

use std::sync::{Arc, Mutex, PoisonError};

use sagaflow::prelude::*;
use sagaflow::transport::InstanceId;

use crate::Failed;
use crate::place::Place;

/// Of the same form as the saga that is measured; its steps look at the record for which they run.
#[saga]
async fn weigh(number: u64) -> Result<u64, Failure> {
    let one = look1(number).await?;
    let two = look2(one).await?;
    let three = look3(two).await?;
    Ok(three)
}

#[step]
async fn look1(#[inject] scales: &Scales, #[inject] cx: &StepContext, number: u64) -> Result<u64, Failure> {
    scales.look(cx.instance()).await?;
    Ok(number + 1)
}

#[step]
async fn look2(#[inject] scales: &Scales, #[inject] cx: &StepContext, number: u64) -> Result<u64, Failure> {
    scales.look(cx.instance()).await?;
    Ok(number + 1)
}

#[step]
async fn look3(#[inject] scales: &Scales, #[inject] cx: &StepContext, number: u64) -> Result<u64, Failure> {
    scales.look(cx.instance()).await?;
    Ok(number + 1)
}

/// Looks at records.
#[derive(Debug)]
struct Scales {
    transport: Arc<dyn Transport>,
    sizes: Mutex<Vec<usize>>,
}

impl Scales {
    async fn look(&self, instance: Option<&InstanceId>) -> Result<(), sagaflow::Error> {
        let Some(instance) = instance else { return Ok(()) };
        let record = self.transport.latest(instance).await?;
        let size = record.map_or(0, |record| record.payload.len());
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner).push(size);
        Ok(())
    }
}

/// The sizes in bytes of the four records of a three-step saga, from the first to the terminal one.
pub(crate) async fn record_sizes(place: &Place) -> Result<[usize; 4], Failed> {
    let scales = Arc::new(Scales { transport: place.transport.clone(), sizes: Mutex::default() });
    let worker =
        Worker::builder(place.transport.clone()).serve::<weigh>().provide_shared(scales.clone()).build()?.spawn();
    let client = Client::new(place.transport.clone());
    client.start(weigh(12_345)).id("saga-12345").await?.outcome().await??;
    scales.look(Some(&InstanceId::new("weigh", "saga-12345")?)).await?;
    worker.shutdown().await?;
    let sizes = scales.sizes.lock().unwrap_or_else(PoisonError::into_inner).clone();
    sizes.try_into().map_err(|sizes: Vec<_>| format!("a saga of three steps had {} records", sizes.len()).into())
}
