//! Retry policies: when a failed attempt is made again.

mod policy;

pub use policy::{Backoff, Jitter, OnExhausted, RetryPolicy};
