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

pub use crate::rest::{AnyRest, Iterable};

use std::future::Future;

/// Runs what a saga awaits in the current task: what `.await` is in the inline form.
pub fn inline<D: Durable>(durable: D) -> impl Future<Output = D::Output> + Send {
    durable.inline()
}

/// Fails to resolve for a `Result` behind an alias with another name: then two implementations fit.
/// `#[step]` and `#[saga]` tell by the name `Result` whether a function can fail.
pub trait PlainOutputMustNotBeAnAliasOfResult<Marker> {
    /// Exists to be named.
    fn check() {}
}

impl<T> PlainOutputMustNotBeAnAliasOfResult<Plain> for T {}

impl<T, E> PlainOutputMustNotBeAnAliasOfResult<Fallible> for Result<T, E> {}
