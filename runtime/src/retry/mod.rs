//! Retry policies: when a failed attempt is made again.

pub(crate) mod adaptive;
mod after;
mod policy;
pub(crate) mod schedule;
#[cfg(test)]
mod tests;

pub use after::{RetryDelay, retry_delay};
pub use policy::{Backoff, Jitter, OnExhausted, RetryPolicy};
