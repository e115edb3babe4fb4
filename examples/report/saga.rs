//! The report, and what it is made from.

use std::fmt;

use jiff::Timestamp;
use sagaflow::prelude::*;

/// The shop whose orders are reported: in earnest a database.
pub(crate) struct Shop {
    /// How many orders it has had until a time.
    pub(crate) orders: Box<dyn Fn(Timestamp) -> u64 + Send + Sync>,
    /// Where reports go.
    pub(crate) post: Box<dyn Fn(&str) + Send + Sync>,
}

impl fmt::Debug for Shop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shop")
    }
}

/// What a report has come to, for the next one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Reported {
    pub(crate) until: Timestamp,
    pub(crate) orders: u64,
}

/// Reports what has come since the last report that went out: that of a night in which the post was closed is part of the next one.
#[saga]
pub(crate) async fn report(to: String) -> Result<Reported, Failure> {
    let Some(run) = scheduled::<Reported>() else {
        return Err(Failure::new("a report is for a time of its schedule: trigger that to have one now"));
    };
    let before = run.last.unwrap_or(Reported { until: Timestamp::UNIX_EPOCH, orders: 0 });
    let orders = count(run.at).await?;
    let new = orders.saturating_sub(before.orders);
    send(format!("to {to}: {new} orders until {}, {orders} in all", run.at)).await?;
    Ok(Reported { until: run.at, orders })
}

/// Counts the orders until a time.
#[step]
#[retry(exponential, base = "1s", max_attempts = 5)]
async fn count(#[inject] shop: &Shop, until: Timestamp) -> Result<u64, Failure> {
    Ok((shop.orders)(until))
}

/// Sends the report.
#[step]
#[retry(exponential, base = "1s", max_attempts = 5)]
async fn send(#[inject] shop: &Shop, text: String) -> Result<(), Failure> {
    (shop.post)(&text);
    Ok(())
}
