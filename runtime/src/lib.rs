//! Durable sagas from ordinary async functions.

pub mod client;
pub mod context;
pub mod definition;
pub mod durable;
pub mod prelude;
pub mod record;
pub mod retry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transport;
pub mod worker;

mod appending;
mod call;
mod engine;
mod error;
#[cfg(test)]
mod example;
mod failure;
mod inject;
mod machine;
mod message;
mod rest;
mod saga;
mod step;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use call::Call;
pub use client::{Client, Handle, IfExists, InstanceStatus, SagaError};
pub use context::{IdempotencyKey, StepContext};
pub use durable::{Caught, Durable, StepError};
pub use error::{Error, ErrorKind};
pub use failure::Failure;
pub use inject::{Dependencies, Injected};
pub use machine::Saved;
pub use message::{ErrorOf, Fallible, Message, Never, Plain, Shape, StepFailure, ValueOf};
pub use record::{Fault, FaultKind, Status};
pub use retry::RetryPolicy;
pub use saga::Saga;
pub use sagaflow_macros::{compensate, retry, saga, step};
pub use step::Step;
pub use transport::{ConnectOptions, Transport, connect, connect_with};
pub use worker::{RunningWorker, Worker, WorkerBuilder};

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
