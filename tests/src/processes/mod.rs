//! What the workers serve that run in processes of their own; their steps say on the output what they do.

pub mod new;
pub mod old;
pub mod tally;

use std::time::Duration;

use sagaflow::prelude::*;

/// Stays for so long, and then asks whether it is still its turn.
#[step]
pub async fn linger(#[inject] cx: &StepContext, milliseconds: u64) -> Result<bool, Failure> {
    say("begins", cx);
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    let current = cx.is_current().await?;
    say(if current { "ends" } else { "ends too late" }, cx);
    Ok(current)
}

/// One step that takes its time.
#[saga]
pub async fn stay(milliseconds: u64) -> Result<bool, Failure> {
    linger(milliseconds).await
}

/// `begins stay/a/linger/1`
fn say(what: &str, cx: &StepContext) {
    println!("{what} {}", cx.key());
}
