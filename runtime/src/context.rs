//! What a step can know about its own attempt.

use std::fmt::{self, Write as _};

use crate::transport::InstanceId;

/// The context of one attempt of a step; a step gets it by `#[inject] cx: &StepContext`.
#[derive(Debug, Clone)]
pub struct StepContext {
    instance: Option<InstanceId>,
    step: String,
    key: IdempotencyKey,
    attempt: u32,
}

impl StepContext {
    pub(crate) fn new(instance: InstanceId, step: &str, key: IdempotencyKey, attempt: u32) -> Self {
        Self { instance: Some(instance), step: step.to_owned(), key, attempt }
    }

    pub(crate) fn inline(step: &str) -> Self {
        Self { instance: None, step: step.to_owned(), key: IdempotencyKey(format!("inline/{step}")), attempt: 1 }
    }

    /// The instance that this step runs in; `None` in an inline run.
    #[must_use]
    pub fn instance(&self) -> Option<&InstanceId> {
        self.instance.as_ref()
    }

    /// The step's name.
    #[must_use]
    pub fn step(&self) -> &str {
        &self.step
    }

    /// The key that all attempts of this one call share, and no other call has: hand it to services that take an
    /// idempotency key, or store it beside what the step writes, and the step's effects happen once.
    #[must_use]
    pub fn key(&self) -> &IdempotencyKey {
        &self.key
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

/// Names one call of a step in one instance: `checkout/order-42/create_payment/3`. The same for all its attempts,
/// and for a compensation that is registered before the first attempt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    pub(crate) fn new(instance: &InstanceId, site: &str, occurrence: u64) -> Self {
        let (saga, id) = (instance.saga(), instance.id());
        // Written by hand: this is made for every attempt.
        let mut text = String::with_capacity(saga.len() + id.len() + site.len() + 12);
        for part in [saga, "/", id, "/", site, "/"] {
            text.push_str(part);
        }
        let _ = write!(text, "{occurrence}");
        Self(text)
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
