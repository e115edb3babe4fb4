//! What generated code names, and nobody else: no promise of stability.

pub use serde;

pub use crate::definition::StepDefinition;
pub use crate::durable::Durable;
pub use crate::inject::Injected;
pub use crate::machine::{Machine, take, type_in};
pub use crate::message::{Fallible, Message, Plain, Shape};
pub use crate::retry::{Backoff, Jitter, OnExhausted, RetryPolicy};
pub use crate::saga::Saga;
pub use crate::step::Step;

use std::future::Future;

/// Runs what a saga awaits in the current task: what `.await` is in the inline form.
pub fn inline<D: Durable>(durable: D) -> impl Future<Output = D::Output> + Send {
    durable.inline()
}
