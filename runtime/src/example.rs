//! Sagas for unit tests, whose steps do what a script says.

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::Mutex;

use tokio::sync::watch;

use crate::{Durable, Failure, StepContext, StepError, Winner, join, join_all, race, saga, sleep, step, try_join_all};

/// What the steps are to do, and what they have done.
#[derive(Debug, Default)]
pub(crate) struct Script {
    acts: Mutex<HashMap<&'static str, VecDeque<Act>>>,
    done: watch::Sender<Vec<String>>,
    contexts: Mutex<Vec<StepContext>>,
}

/// What one attempt is to do, other than to succeed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    Fail,
    Terminal,
    Panic,
    Hang,
}

impl Script {
    /// The next attempts of a step are to do this; those after them succeed.
    pub(crate) fn on(self, step: &'static str, acts: impl IntoIterator<Item = Act>) -> Self {
        self.acts.lock().unwrap().entry(step).or_default().extend(acts);
        self
    }

    /// The attempts so far: step, attempt, and idempotency key.
    pub(crate) fn done(&self) -> Vec<String> {
        self.done.borrow().clone()
    }

    /// Waits until there have been so many attempts.
    pub(crate) async fn attempts(&self, count: usize) {
        self.done.subscribe().wait_for(|done| done.len() >= count).await.unwrap();
    }

    /// The context of the last attempt of a step.
    pub(crate) fn context(&self, step: &str) -> StepContext {
        let contexts = self.contexts.lock().unwrap();
        contexts.iter().rfind(|context| context.step() == step).cloned().expect("it was attempted")
    }

    async fn attempt(&self, context: &StepContext, value: u64) -> Result<u64, Failure> {
        let act = self.acts.lock().unwrap().get_mut(context.step()).and_then(VecDeque::pop_front);
        let line = format!("{} {} {}", context.step(), context.attempt(), context.key());
        self.contexts.lock().unwrap().push(context.clone());
        self.done.send_modify(|done| done.push(line));
        match act {
            None => Ok(value),
            Some(Act::Fail) => Err(Failure::new("not now")),
            Some(Act::Terminal) => Err(Failure::new("never").terminal()),
            Some(Act::Panic) => panic!("as scripted"),
            Some(Act::Hang) => pending().await,
        }
    }
}

#[step]
#[retry(exponential, base = "1s", factor = 1.0, max_attempts = 3)]
#[compensate(release(output))]
pub(crate) async fn reserve(
    #[inject] script: &Script,
    #[inject] context: &StepContext,
    item: String,
) -> Result<u64, Failure> {
    let _ = item;
    script.attempt(context, 7).await
}

#[step]
#[retry(fixed, delay = "1s", max_attempts = 2)]
pub(crate) async fn release(
    #[inject] script: &Script,
    #[inject] context: &StepContext,
    reserved: u64,
) -> Result<u64, Failure> {
    script.attempt(context, reserved).await
}

#[step]
#[retry(fixed, delay = "1s", max_attempts = 2, timeout = "60s")]
#[compensate(refund(amount))]
pub(crate) async fn charge(
    #[inject] script: &Script,
    #[inject] context: &StepContext,
    amount: u64,
) -> Result<u64, Failure> {
    script.attempt(context, amount).await
}

#[step]
pub(crate) async fn refund(
    #[inject] script: &Script,
    #[inject] context: &StepContext,
    amount: u64,
) -> Result<u64, Failure> {
    script.attempt(context, amount).await
}

#[step]
pub(crate) async fn notify(
    #[inject] script: &Script,
    #[inject] context: &StepContext,
    payment: u64,
) -> Result<u64, Failure> {
    script.attempt(context, payment).await
}

#[saga]
pub(crate) async fn order(item: String, amount: u64) -> Result<String, Failure> {
    assert!(amount != 13, "an unlucky amount");
    let reserved = reserve(item).await?;
    assert!(amount != 14, "an unlucky amount");
    let paid = charge(amount).await?;
    match notify(paid).outcome().await {
        Ok(_) => Ok(format!("{reserved} {paid} notified")),
        Err(StepError::Failed(error)) => Err(error),
        Err(StepError::Fault(_)) => Ok(format!("{reserved} {paid} silent")),
    }
}

#[step]
#[retry(adaptive, base = "1s", threshold = 0.2, max_attempts = 8, exhausted = pause)]
pub(crate) async fn ping(
    #[inject] script: &Script,
    #[inject] context: &StepContext,
    number: u64,
) -> Result<u64, Failure> {
    script.attempt(context, number).await
}

#[saga]
pub(crate) async fn probe(number: u64) -> Result<u64, Failure> {
    ping(number).await
}

/// Three side by side.
#[saga]
pub(crate) async fn fan(amount: u64) -> Result<String, Failure> {
    let (reserved, paid, notified) = join!(reserve("book".to_owned()), charge(amount), notify(6).outcome()).await;
    let notified = if notified.is_ok() { "notified" } else { "silent" };
    Ok(format!("{} {} {notified}", reserved?, paid?))
}

/// As many as there are amounts, but the first error ends it.
#[saga]
pub(crate) async fn charges(amounts: Vec<u64>, limit: usize) -> Result<u64, Failure> {
    let paid = try_join_all(amounts.into_iter().map(charge)).concurrency(limit).await?;
    Ok(paid.into_iter().sum())
}

/// Branches in branches.
#[saga]
pub(crate) async fn fans(amounts: Vec<u64>) -> Vec<String> {
    let fans = join_all(amounts.into_iter().map(fan)).timeout("1h").await;
    fans.map(|fans| fans.into_iter().map(|fan| fan.unwrap_or_default()).collect()).unwrap_or_default()
}

/// A payment, a reservation that waits first, and a time.
#[saga]
pub(crate) async fn quick(amount: u64) -> Result<String, Failure> {
    match race!(charge(amount), reserve("seat".to_owned()), sleep("1m")).await {
        Winner::First(paid) => Ok(format!("paid {}", paid?)),
        Winner::Second(reserved) => Ok(format!("reserved {}", reserved?)),
        Winner::Third(()) => Ok("too late".to_owned()),
    }
}
