//! One entity that takes signals: what one costs must not depend on how many came before it.

use std::time::Instant;

use futures::future::try_join_all;
use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Failed;
use crate::line::milliseconds;
use crate::place::Place;

/// So many send at the same time, each of them one after the other.
const SENDERS: u64 = 10;

#[signal]
#[derive(Debug, Serialize, Deserialize)]
struct Add {
    from: u64,
    number: u64,
}

/// Takes so many signals, those of each sender in their order.
#[saga]
async fn account(signals: u64) -> Result<u64, Failure> {
    let mut last = vec![0; SENDERS as usize];
    let mut taken = 0;
    while taken < signals {
        let Add { from, number } = signal::<Add>().await;
        let before = std::mem::replace(&mut last[from as usize], number);
        if number != before + 1 {
            return Err(Failure::new(format!("sender {from}: {number} came after {before}")));
        }
        taken += 1;
    }
    Ok(taken)
}

/// The milliseconds per signal of an entity that takes `n`, from the first that is sent until the last is taken; and how many bytes its record has in the end.
pub(crate) async fn measure(place: &Place, n: u64) -> Result<(f64, usize), Failed> {
    let worker = Worker::builder(place.transport.clone()).serve::<account>().build()?.spawn();
    let client = Client::new(place.transport.clone());
    let handle = client.start(account(n)).id("account").await?;
    let begun = Instant::now();
    let send = async |from: u64| -> Result<(), Failed> {
        for number in 1..=n / SENDERS {
            handle.signal(Add { from, number }).await?;
        }
        Ok(())
    };
    try_join_all((0..SENDERS).map(send)).await?;
    let taken = handle.outcome().await??;
    let whole = begun.elapsed();
    if taken != n {
        return Err(format!("{taken} of {n} signals were taken").into());
    }
    let last = place.transport.latest(handle.instance()).await?.ok_or("its last record is gone")?;
    worker.shutdown().await?;
    Ok((milliseconds(whole.div_f64(n as f64)), last.payload.len()))
}
