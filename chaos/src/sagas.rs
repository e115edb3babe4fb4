//! The sagas and steps that are run. Each step notes its begin and its end in the effect log.

use std::time::Duration;

use sagaflow::prelude::*;

use crate::effects::{Effects, Result as Noted};
use crate::shape::{Ending, complaint, fate, value};

/// What the steps of a worker share.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) ack_wait: Duration,
    pub(crate) effects: Effects,
}

impl World {
    /// One attempt, as its fate says.
    async fn run(&self, cx: &StepContext, number: u64, place: u64) -> Result<u64, Failure> {
        let (step, fate) = (cx.step(), fate(self.seed, number, cx.step(), place));
        let execution = self.effects.begin(cx, number, place);
        let takes = fate.takes.duration(self.ack_wait);
        if !takes.is_zero() {
            tokio::time::sleep(takes).await;
        }
        if cx.attempt() > fate.stumbles && fate.ending == Ending::Success {
            execution.end(Noted::Output);
            return Ok(value(self.seed, number, step, place));
        }
        execution.end(Noted::Error);
        let failure = Failure::new(complaint(step, place));
        let is_last = cx.attempt() > fate.stumbles;
        Err(if is_last && fate.ending == Ending::Terminal { failure.terminal() } else { failure })
    }
}

/// Undone by its output.
#[step]
#[retry(fixed, delay = "40ms", max_attempts = 4)]
#[compensate(leave(number, output))]
pub(crate) async fn visit(
    #[inject] world: &World,
    #[inject] cx: &StepContext,
    number: u64,
    place: u64,
) -> Result<u64, Failure> {
    world.run(cx, number, place).await
}

#[step]
#[retry(fixed, delay = "60ms", max_attempts = 8)]
pub(crate) async fn leave(
    #[inject] world: &World,
    #[inject] cx: &StepContext,
    number: u64,
    ticket: u64,
) -> Result<u64, Failure> {
    world.run(cx, number, ticket).await
}

/// Undone by its arguments: also when it has failed.
#[step]
#[retry(exponential, base = "20ms", factor = 1.0, max_delay = "300ms", max_attempts = 5)]
#[compensate(release(number, place))]
pub(crate) async fn hold(
    #[inject] world: &World,
    #[inject] cx: &StepContext,
    number: u64,
    place: u64,
) -> Result<u64, Failure> {
    world.run(cx, number, place).await
}

#[step]
#[retry(exponential, base = "20ms", factor = 1.0, max_delay = "300ms", max_attempts = 8)]
pub(crate) async fn release(
    #[inject] world: &World,
    #[inject] cx: &StepContext,
    number: u64,
    place: u64,
) -> Result<u64, Failure> {
    world.run(cx, number, place).await
}

/// Has one attempt, and nothing to undo.
#[step]
pub(crate) async fn roll(
    #[inject] world: &World,
    #[inject] cx: &StepContext,
    number: u64,
    throw: u64,
) -> Result<u64, Failure> {
    world.run(cx, number, throw).await
}

/// Takes longer than the ack wait.
#[step]
pub(crate) async fn haul(
    #[inject] world: &World,
    #[inject] cx: &StepContext,
    number: u64,
    leg: u64,
) -> Result<u64, Failure> {
    world.run(cx, number, leg).await
}

/// Its delay is so long that the instance is parked.
#[step]
#[retry(fixed, delay = "5500ms", jitter = none, max_attempts = 3)]
pub(crate) async fn call_back(
    #[inject] world: &World,
    #[inject] cx: &StepContext,
    number: u64,
    leg: u64,
) -> Result<u64, Failure> {
    world.run(cx, number, leg).await
}

#[saga]
pub(crate) async fn tour(number: u64, places: u64) -> Result<u64, Failure> {
    let mut sum = 0;
    for place in 0..places {
        let ticket = visit(number, place).await?;
        sum += ticket;
        if place % 4 == 3 {
            sum += hold(number, place).await?;
        }
    }
    Ok(sum)
}

#[saga]
pub(crate) async fn climb(number: u64, limit: u64) -> Result<u64, Failure> {
    let (mut height, mut throws) = (0u64, 0u64);
    let reached = 'up: loop {
        let up = roll(number, throws).await?;
        throws += 1;
        height += up;
        if up == 6 {
            let mut slips = 0;
            while slips < 2 {
                let down = roll(number, throws).await?;
                throws += 1;
                slips += 1;
                if down == 1 && throws < limit {
                    continue 'up;
                }
                height = height.saturating_sub(down);
            }
        }
        if throws >= limit {
            break 'up height;
        }
    };
    let rope = hold(number, throws).await?;
    Ok(reached + rope)
}

#[saga]
pub(crate) async fn errand(number: u64, legs: u64, slow: bool) -> Result<u64, Failure> {
    let mut total = match hold(number, 0).await {
        Ok(kept) => kept,
        Err(_) => roll(number, 0).await?,
    };
    for leg in 1..=legs {
        total += match leg % 3 {
            0 => roll(number, leg).await?,
            1 => visit(number, leg).await?,
            _ if slow => haul(number, leg).await?,
            _ => hold(number, leg).await?,
        };
    }
    if slow {
        total += call_back(number, legs).await?;
    }
    Ok(total)
}
