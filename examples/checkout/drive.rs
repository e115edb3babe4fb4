//! The client's part: starts every order, waits for all outcomes, shows how far it is.

use std::pin::pin;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sagaflow::prelude::*;
use sagaflow::{Error, Saga, Status, ValueOf};

use crate::domain::{Order, Receipt};

/// How many orders are under way at the same time.
const AT_ONCE: usize = 256;
/// How often it is looked whether one is stuck.
const LOOK: Duration = Duration::from_secs(2);

/// An order that is done with.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(crate) id: String,
    pub(crate) status: Status,
    pub(crate) receipt: Option<Receipt>,
    pub(crate) attempts: u64,
    pub(crate) steps: u64,
}

/// Starts all orders and waits for them. An order that was started before, by a process that was killed, is not started
/// again: its id is taken, and its outcome is that of the first start.
///
/// # Errors
///
/// When the transport fails for good.
pub(crate) async fn all<S: Saga>(
    client: &Client,
    orders: Vec<Order>,
    call: impl Fn(Order) -> Call<S>,
) -> Result<Vec<Settled>, Error>
where
    ValueOf<S>: Into<Receipt>,
{
    let bar = ProgressBar::with_draw_target(Some(orders.len() as u64), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} orders, {per_sec}, {elapsed}") {
        bar.set_style(style);
    }
    let settled = stream::iter(orders)
        .map(|order| one(client, order.id.clone(), call(order)))
        .buffer_unordered(AT_ONCE)
        .inspect_ok(|_| bar.inc(1))
        .try_collect()
        .await;
    bar.finish_and_clear();
    settled
}

async fn one<S: Saga>(client: &Client, id: String, call: Call<S>) -> Result<Settled, Error>
where
    ValueOf<S>: Into<Receipt>,
{
    let instance = client.start(call).id(id.as_str()).await?;
    let mut outcome = pin!(instance.outcome());
    let receipt = loop {
        tokio::select! {
            outcome = &mut outcome => break outcome?.ok().map(Into::into),
            // An outcome waits for the operator of a stuck instance; here there is none.
            () = tokio::time::sleep(LOOK) => {
                if matches!(instance.status().await?.status, Status::Stuck | Status::Paused) {
                    break None;
                }
            }
        }
    };
    let status = instance.status().await?;
    if let Some(reason) = &status.reason {
        eprintln!("{} is {:?}: {reason}", status.instance, status.status);
    }
    Ok(Settled { id, status: status.status, receipt, attempts: status.attempts, steps: status.steps })
}
