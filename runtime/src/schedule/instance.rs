//! The saga that a schedule is, and its steps.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ended::Ended;
use super::order::{Order, Spec};
use super::plan::{Chosen, Plan, Tick};
use crate::client::PreparedStart;
use crate::prelude::*;
use crate::record::{ScheduledRun, Value};
use crate::transport::InstanceId;
use crate::{Error, ErrorKind, StepContext};

/// The name of the saga that all schedules are instances of.
pub(crate) const SCHEDULE: &str = "sagaflow-schedule";

/// Waits for its times, and starts what it is to start.
#[saga(name = "sagaflow-schedule")]
pub(crate) async fn schedule(spec: Spec) -> Result<(), Failure> {
    let mut plan = Plan::new(spec);
    loop {
        progress(&plan.info());
        let goes_on = match (plan.running(), plan.due()) {
            (Some((saga, id)), Some(due)) => {
                match race!(Ended { saga, id }, sleep_until(due), signal::<Order>()).await {
                    Winner::First(output) => plan.ended(output.as_deref()),
                    Winner::Second(()) => plan.tick(due),
                    Winner::Third(order) => plan.ordered(order),
                }
            }
            (Some((saga, id)), None) => match race!(Ended { saga, id }, signal::<Order>()).await {
                Winner::First(output) => plan.ended(output.as_deref()),
                Winner::Second(order) => plan.ordered(order),
            },
            (None, Some(due)) => match race!(sleep_until(due), signal::<Order>()).await {
                Winner::First(()) => plan.tick(due),
                Winner::Second(order) => plan.ordered(order),
            },
            (None, None) => {
                let order = signal::<Order>().await;
                plan.ordered(order)
            }
        };
        if !goes_on {
            return Ok(());
        }
        while let Some(tick) = plan.take() {
            if tick.stops
                && let Some((saga, id)) = plan.running()
            {
                // What can't be cancelled has ended, or waits for an operator; its end is waited for in both cases.
                let _ = stop(saga.clone(), id.clone()).await;
                let output = Ended { saga, id }.await;
                let _ = plan.ended(output.as_deref());
            }
            match fire(plan.spec.clone(), tick, plan.last.clone()).outcome().await {
                Ok(Fired { chosen, id }) => plan.fired(tick, chosen, id),
                Err(error) => plan.failed(tick, error.to_string()),
            }
        }
    }
}

/// What has come of a tick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fired {
    chosen: Chosen,
    /// The id of the run.
    id: Option<String>,
}

/// Starts the run of a time, or finds out that it is to be left out. Made again, it finds the run there.
#[step]
#[retry(exponential, base = "200ms", max_delay = "1m", unless(NotStarted { for_good: true, .. }))]
async fn fire(
    #[inject] client: &Client,
    #[inject] cx: &StepContext,
    spec: Spec,
    tick: Tick,
    last: Option<String>,
) -> Result<Fired, NotStarted> {
    let now = client.now();
    let chosen = match tick.exactly {
        true => Chosen { at: Some(tick.at), cursor: tick.at, missed: 0 },
        false => spec.choose(tick.at, now),
    };
    let Some(at) = chosen.at else { return Ok(Fired { chosen, id: None }) };
    let by = cx.instance().map(|instance| instance.id().to_owned()).unwrap_or_default();
    let id = run_of(&by, at);
    let instance = InstanceId::new(spec.what.saga.as_str(), id.as_str()).map_err(Error::from)?;
    let mut prepared = PreparedStart::from_json(instance, &spec.what.start)?;
    let last = last.and_then(|last| Value::from_json(last).ok());
    prepared.scheduled(ScheduledRun { by, at, last });
    client.start_prepared(&prepared).await?;
    Ok(Fired { chosen, id: Some(id) })
}

/// The id of a run: that of its schedule, and its time.
pub(crate) fn run_of(schedule: &str, at: Timestamp) -> String {
    // A point can't be part of an id.
    format!("{schedule}@{at}").replace('.', ",")
}

/// Has a run cancelled.
#[step]
#[retry(exponential, base = "200ms", max_delay = "1m", unless(NotStarted { for_good: true, .. }))]
async fn stop(#[inject] client: &Client, saga: String, id: String) -> Result<(), NotStarted> {
    Ok(client.cancel(&saga, &id).await?)
}

/// Why a run could not be started, or cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{text}")]
pub(crate) struct NotStarted {
    for_good: bool,
    text: String,
}

impl From<Error> for NotStarted {
    fn from(error: Error) -> Self {
        let for_good = !matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Busy);
        Self { for_good, text: error.to_string() }
    }
}
