//! A saga for unit tests, written by hand the way `#[saga]` and `#[step]` write it:
//!
//! ```text
//! #[step] #[compensate(release(output))] #[retry(exponential, base = "1s", factor = 1.0, max_attempts = 3)]
//! async fn reserve(item: String) -> Result<u64, Failure>;
//! #[step] #[compensate(refund(amount))] #[retry(fixed, delay = "1s", max_attempts = 2, timeout = "1m")]
//! async fn charge(amount: u64) -> Result<u64, Failure>;
//! #[step] async fn notify(payment: u64) -> Result<u64, Failure>;
//!
//! #[saga]
//! async fn order(item: String, amount: u64) -> Result<String, Failure> {
//!     assert!(amount != 13);
//!     let reserved = reserve(item).await?;
//!     assert!(amount != 14);
//!     let paid = charge(amount).await?;
//!     match notify(paid).outcome().await {
//!         Ok(_) => Ok(format!("{reserved} {paid} notified")),
//!         Err(StepError::Failed(error)) => Err(error),
//!         Err(StepError::Fault(_)) => Ok(format!("{reserved} {paid} silent")),
//!     }
//! }
//!
//! #[step] #[retry(adaptive, base = "1s", threshold = 0.2, max_attempts = 8, exhausted = pause)]
//! async fn ping(number: u64) -> Result<u64, Failure>;
//! #[saga] async fn probe(number: u64) -> Result<u64, Failure> { ping(number).await }
//! ```

use std::collections::{HashMap, VecDeque};
use std::future::{Future, pending};
use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::__private::{Fallible, Injected, Machine, Message, RetryPolicy, Saga, Step, StepDefinition};
use crate::durable::{Caught, StepError};
use crate::retry::{Backoff, OnExhausted};
use crate::{Call, Failure, StepContext};

/// What the steps are to do, and what they have done.
#[derive(Debug, Default)]
pub(crate) struct Script {
    acts: Mutex<HashMap<&'static str, VecDeque<Act>>>,
    done: watch::Sender<Vec<String>>,
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

    async fn attempt(&self, context: &StepContext, value: u64) -> Result<u64, Failure> {
        let act = self.acts.lock().unwrap().get_mut(context.step()).and_then(VecDeque::pop_front);
        let line = format!("{} {} {}", context.step(), context.attempt(), context.key());
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

macro_rules! step {
    ($name:ident { $field:ident: $type:ty }, $value:expr, $define:expr) => {
        #[derive(Debug, Serialize, Deserialize)]
        #[expect(non_camel_case_types, reason = "as the macros name it")]
        pub(crate) struct $name {
            pub(crate) $field: $type,
        }

        pub(crate) fn $name($field: $type) -> Call<$name> {
            Call::new($name { $field })
        }

        impl Message for $name {
            const NAME: &'static str = stringify!($name);
            type Output = Result<u64, Failure>;
            type Shape = Fallible;

            fn inline(self) -> impl Future<Output = Self::Output> + Send {
                self.run(Injected::inline(Self::NAME))
            }
        }

        impl Step for $name {
            fn define(step: &mut StepDefinition) {
                step.needs::<Script>("script");
                step.needs::<StepContext>("context");
                let define: fn(&mut StepDefinition) = $define;
                define(step);
            }

            async fn run(self, injected: Injected) -> Self::Output {
                let value: fn(&Self) -> u64 = $value;
                injected.get::<Script>().attempt(injected.get::<StepContext>(), value(&self)).await
            }
        }
    };
}

const SECOND: Duration = Duration::from_secs(1);

step!(reserve { item: String }, |_| 7, |step| {
    step.retry(RetryPolicy::new(Backoff::Exponential { base: SECOND, factor: 1.0 }).max_attempts(3));
    step.undone_by_output(|_: reserve, reserved| release(reserved));
});
step!(release { reserved: u64 }, |step| step.reserved, |step| {
    step.retry(RetryPolicy::new(Backoff::Fixed { delay: SECOND }).max_attempts(2));
});
step!(charge { amount: u64 }, |step| step.amount, |step| {
    let policy = RetryPolicy::new(Backoff::Fixed { delay: SECOND }).max_attempts(2);
    step.retry(policy.timeout(Duration::from_secs(60)));
    step.undone_by_arguments(|step: charge| refund(step.amount));
});
step!(refund { amount: u64 }, |step| step.amount, |_| {});
step!(notify { payment: u64 }, |step| step.payment, |_| {});

#[derive(Debug, Serialize, Deserialize)]
#[expect(non_camel_case_types, reason = "as the macros name it")]
pub(crate) struct order {
    pub(crate) item: String,
    pub(crate) amount: u64,
}

pub(crate) fn order(item: impl Into<String>, amount: u64) -> Call<order> {
    Call::new(order { item: item.into(), amount })
}

impl Message for order {
    const NAME: &'static str = "order";
    type Output = Result<String, Failure>;
    type Shape = Fallible;

    async fn inline(self) -> Self::Output {
        let reserved = reserve(self.item).inline().await?;
        let paid = charge(self.amount).inline().await?;
        notify(paid).inline().await?;
        Ok(format!("{reserved} {paid} notified"))
    }
}

impl Saga for order {
    async fn resume(machine: &mut Machine<'_>) -> Self::Output {
        let mut amount: Option<u64> = None;
        let mut reserved: Option<u64> = None;
        let mut paid: Option<u64> = None;
        let mut call_1: Option<Call<reserve>> = None;
        let mut call_2: Option<Call<charge>> = None;
        let mut call_3: Option<Caught<notify>> = None;
        match machine.enter(&[("reserve", 1), ("charge", 2), ("notify", 3)], 0, 4).await {
            0 => {
                let order { item, amount: given } = machine.arguments().await;
                assert!(given != 13, "an unlucky amount");
                machine.save("amount", &given, &amount).await;
                match machine.suspend("reserve", reserve(item), &mut call_1).await {}
            }
            1 => {
                machine.restore("amount", &mut amount).await;
                let given = amount.take().unwrap();
                let got = machine.reply(&call_1).await?;
                assert!(given != 14, "an unlucky amount");
                machine.save("reserved", &got, &reserved).await;
                match machine.suspend("charge", charge(given), &mut call_2).await {}
            }
            2 => {
                machine.restore("reserved", &mut reserved).await;
                let got = machine.reply(&call_2).await?;
                machine.save("reserved", &reserved.take().unwrap(), &reserved).await;
                machine.save("paid", &got, &paid).await;
                match machine.suspend("notify", notify(got).outcome(), &mut call_3).await {}
            }
            3 => {
                machine.restore("reserved", &mut reserved).await;
                machine.restore("paid", &mut paid).await;
                let (reserved, paid) = (reserved.unwrap(), paid.unwrap());
                match machine.reply(&call_3).await {
                    Ok(_) => Ok(format!("{reserved} {paid} notified")),
                    Err(StepError::Failed(error)) => Err(error),
                    Err(StepError::Fault(_)) => Ok(format!("{reserved} {paid} silent")),
                }
            }
            _ => {
                machine.describe("reserve", &call_1, &[("amount", "u64")]);
                machine.describe("charge", &call_2, &[("reserved", "u64")]);
                machine.describe("notify", &call_3, &[("reserved", "u64"), ("paid", "u64")]);
                match machine.described().await {}
            }
        }
    }
}

step!(ping { number: u64 }, |step| step.number, |step| {
    let policy = RetryPolicy::new(Backoff::Adaptive { base: SECOND, threshold: 0.2 });
    step.retry(policy.max_attempts(8).exhausted(OnExhausted::Pause));
});

#[derive(Debug, Serialize, Deserialize)]
#[expect(non_camel_case_types, reason = "as the macros name it")]
pub(crate) struct probe {
    number: u64,
}

pub(crate) fn probe(number: u64) -> Call<probe> {
    Call::new(probe { number })
}

impl Message for probe {
    const NAME: &'static str = "probe";
    type Output = Result<u64, Failure>;
    type Shape = Fallible;

    async fn inline(self) -> Self::Output {
        ping(self.number).inline().await
    }
}

impl Saga for probe {
    async fn resume(machine: &mut Machine<'_>) -> Self::Output {
        let mut call_1: Option<Call<ping>> = None;
        match machine.enter(&[("ping", 1)], 0, 2).await {
            0 => {
                let probe { number } = machine.arguments().await;
                match machine.suspend("ping", ping(number), &mut call_1).await {}
            }
            1 => machine.reply(&call_1).await,
            _ => {
                machine.describe("ping", &call_1, &[]);
                match machine.described().await {}
            }
        }
    }
}
