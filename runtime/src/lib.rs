//! Durable transactions over many services, written as ordinary async Rust.
//!
//! * [`#[step]`](macro@step) makes an async function a durable step: its arguments and its result travel in messages, it is
//!   tried again by its [`#[retry]`](macro@retry) policy, and undone by its [`#[compensate]`](macro@compensate) call.
//! * [`#[saga]`](macro@saga) compiles an async function that awaits steps into a state machine. There is no replay: it
//!   resumes at its last message.
//! * A [`Worker`] runs them over a [`Transport`]: NATS JetStream, a directory, or memory ([`connect`]).
//! * A [`Client`] starts instances, once per id, and waits for their outcomes.
//!
//! ```
//! use sagaflow::prelude::*;
//!
//! #[step]
//! #[retry(exponential, base = "10ms", factor = 1.0, max_attempts = 5)]
//! #[compensate(give_back(seat))]
//! async fn book(seat: u32) -> Result<String, Failure> {
//!     Ok(format!("seat {seat}"))
//! }
//!
//! #[step]
//! async fn give_back(seat: u32) {
//!     println!("seat {seat} is free again");
//! }
//!
//! #[saga]
//! async fn outing(seats: Vec<u32>) -> Result<Vec<String>, Failure> {
//!     let mut tickets = Vec::new();
//!     for seat in seats {
//!         tickets.push(book(seat).await?);
//!     }
//!     Ok(tickets)
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), sagaflow::Error> {
//! let transport = sagaflow::connect("embedded:").await?;
//! let worker = Worker::builder(transport.clone()).serve::<outing>().build()?.spawn();
//! let handle = Client::new(transport).start(outing(vec![3, 4])).id("sunday").await?;
//! assert_eq!(handle.outcome().await?.unwrap(), ["seat 3", "seat 4"]);
//! worker.shutdown().await
//! # }
//! ```
//!
//! What is guaranteed, and what is not, is said in the README. Feature flags: `nats` and `embedded` (both on) bring the
//! transports, `testing` the conformance suite for transports of your own.

// The macros name this crate `::sagaflow`, also in its own tests.
#[cfg(test)]
extern crate self as sagaflow;

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
