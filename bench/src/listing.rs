//! Many instances that wait, and how long it takes to look through them all.

use std::time::Instant;

use futures::{StreamExt, TryStreamExt, stream};
use sagaflow::client::Filter;
use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Failed;
use crate::place::Place;

/// How many starts are under way at the same time.
const AT_ONCE: usize = 500;

/// Among how many tenants the instances are divided.
const TENANTS: u64 = 100;

#[signal]
#[derive(Debug, Serialize, Deserialize)]
struct Paid {
    cents: u64,
}

#[saga]
async fn invoice(number: u64) -> Result<u64, Failure> {
    let Paid { cents } = signal::<Paid>().await;
    Ok(number + cents)
}

/// How long it took, in seconds.
pub(crate) struct Listed {
    /// To list all.
    pub(crate) all: f64,
    /// Until the first was there.
    pub(crate) first: f64,
    /// To list those with an attribute: one in a hundred.
    pub(crate) by_attribute: f64,
}

/// Starts `n` instances that wait for a signal, and lists them.
pub(crate) async fn measure(place: &Place, n: u64) -> Result<Listed, Failed> {
    let client = Client::new(place.transport.clone());
    let start = |number: u64| {
        let start = client.start(invoice(number)).id(number.to_string());
        async move { start.attribute("tenant", number % TENANTS).await.map(drop) }
    };
    stream::iter((0..n).map(Ok)).try_for_each_concurrent(AT_ONCE, start).await?;
    let begun = Instant::now();
    let mut listing = Box::pin(client.list(Filter::new().saga("invoice")).into_stream());
    let mut listed = u64::from(listing.next().await.transpose()?.is_some());
    let first = begun.elapsed().as_secs_f64();
    while listing.next().await.transpose()?.is_some() {
        listed += 1;
    }
    let all = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let found = client.list(Filter::new().saga("invoice").attribute("tenant", 7)).count().await?;
    let by_attribute = begun.elapsed().as_secs_f64();
    if (listed, found) != (n, n / TENANTS) {
        return Err(format!("{listed} of {n} instances were listed, and {found} by their attribute").into());
    }
    Ok(Listed { all, first, by_attribute })
}
