//! An expense that somebody has to approve: who does not answer is reminded, and after the last reminder it is refused.

use std::time::Duration;

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

/// What was spent, and how patient the one is who has paid it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Expense {
    pub(crate) what: String,
    pub(crate) euros: u32,
    /// After so long there is a reminder …
    pub(crate) remind_after: Duration,
    /// … up to so many.
    pub(crate) reminders: u32,
}

/// What the approver says.
#[signal]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Decision {
    pub(crate) by: String,
    pub(crate) approved: bool,
}

/// Tells people.
pub(crate) struct Office(pub(crate) Box<dyn Fn(&str) + Send + Sync>);

#[step]
pub(crate) async fn remind(#[inject] office: &Office, text: String) {
    (office.0)(&text);
}

#[step]
pub(crate) async fn pay_out(#[inject] office: &Office, euros: u32) -> Result<u32, Failure> {
    (office.0)(&format!("{euros} euros are paid out"));
    Ok(euros)
}

#[saga]
pub(crate) async fn approval(expense: Expense) -> Result<String, Failure> {
    let Expense { what, euros, remind_after, reminders } = expense;
    remind(format!("{what}, {euros} euros: please approve")).await;
    let mut reminded = 0;
    let Decision { by, approved } = loop {
        match signal::<Decision>().timeout(remind_after).await {
            Ok(decision) => break decision,
            Err(TimedOut) if reminded < reminders => {
                reminded += 1;
                remind(format!("{what}, {euros} euros: still waits to be approved (reminder {reminded})")).await;
            }
            Err(TimedOut) => return Err(Failure::new("nobody has approved it")),
        }
    };
    if !approved {
        return Err(Failure::new(format!("refused by {by}")));
    }
    pay_out(euros).await?;
    Ok(format!("approved by {by}, after {reminded} reminders"))
}
