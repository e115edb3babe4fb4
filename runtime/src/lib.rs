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
//! What can be awaited: calls of steps and of other sagas, [`sleep`] and [`sleep_until`], each of them with a
//! [`timeout`](Durable::timeout), all of several ([`join!`], [`try_join!`], [`join_all`], [`try_join_all`]), and the first of
//! several ([`race!`], [`race_all`]).
//!
//! # What a saga looks like
//!
//! The compiler tells what it has understood: [`outing::graph()`](Saga::graph) is the [`Graph`] of the states and of what leads
//! from one to the next, to be drawn with Mermaid or Graphviz.
//!
//! ```
//! # use sagaflow::prelude::*;
//! # #[step] async fn book(seat: u32) -> Result<String, Failure> { Ok(format!("seat {seat}")) }
//! #[saga]
//! async fn outing(seats: Vec<u32>) -> Result<Vec<String>, Failure> {
//!     let mut tickets = Vec::new();
//!     for seat in seats {
//!         tickets.push(book(seat).await?);
//!     }
//!     Ok(tickets)
//! }
//!
//! let drawing = outing::graph().to_mermaid();
//! assert!(drawing.contains(r#"{"for seat"}"#));
//! assert!(drawing.contains(r#"["book"]"#));
//! ```
//!
//! With `SAGAFLOW_EXPAND=outing` in the environment, `cargo check` prints what is generated for the saga `outing`, and its
//! states. The name is that of the function; for a name that no saga has, nothing is printed. Cargo compiles crates with sagas again
//! when the variable changes.
//!
//! # Guarantees and features
//!
//! What is guaranteed, and what is not, is said in the README. Feature flags: `nats` and `embedded` (both on) bring the
//! transports, `metrics` (on) what workers measure, `opentelemetry` one trace over clients and workers, `testing` the
//! kit that runs sagas through every crash and failure in tests, and the conformance suite for transports of your own.

// The macros name this crate `::sagaflow`, also within it.
extern crate self as sagaflow;

pub mod client;
pub mod context;
pub mod definition;
pub mod durable;
pub mod graph;
pub mod prelude;
pub mod record;
pub mod retry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transaction;
pub mod transport;
pub mod worker;

mod about;
mod alone;
mod appending;
mod arguments;
mod blocking;
mod borrowed;
mod call;
mod clock;
mod ends;
mod engine;
mod error;
#[cfg(test)]
mod example;
mod failure;
mod hooks;
mod inject;
mod logs;
mod machine;
mod message;
mod misfit;
mod over;
mod progress;
mod random;
mod rest;
mod saga;
mod schedule;
mod slot;
mod spans;
mod starts;
mod step;
mod turns;
mod waiting;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use about::{attribute, emit, progress};
pub use call::Call;
pub use client::{Client, Handle, IfExists, InstanceStatus, SagaError};
pub use context::{IdempotencyKey, StepContext};
pub use durable::{
    Boxable, Boxed, Detached, Durable, Promised, Rejected, ReplyTo, Request, Signal, SignalError, SignalTo, Started,
    StartedSet, StepError, TimedOut, Winner, attach, commit, defer, join_all, promise, race_all, request, signal,
    signal_to, sleep, sleep_until, try_join_all,
};
pub use error::{Error, ErrorKind};
pub use failure::Failure;
pub use graph::Graph;
pub use hooks::Report;
pub use inject::{Dependencies, Injected};
pub use message::{ErrorOf, Fallible, Message, Never, Plain, Shape, StepFailure, ValueOf};
pub use record::{FailedCall, Fault, FaultKind, Origin, Status};
pub use retry::RetryPolicy;
pub use saga::Saga;
#[cfg(feature = "testing")]
pub use sagaflow_macros::test;
pub use sagaflow_macros::{compensate, request, retry, saga, signal, step};
pub use schedule::{CatchUp, Overlap, Scheduled, scheduled};
pub use slot::Saved;
pub use step::Step;
pub use transport::{ConnectOptions, Transport, connect, connect_with};
pub use worker::{RunningWorker, Worker, WorkerBuilder, shutdown_signal};

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The examples of the documents, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/composition.md")]
struct Composition;

/// The same for those that need the test kit.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../../docs/testing.md")]
struct Testing;

#[cfg(doctest)]
#[doc = include_str!("../../docs/mailbox.md")]
struct Mailbox;

#[cfg(doctest)]
#[doc = include_str!("../../docs/operators.md")]
struct Operators;

#[cfg(doctest)]
#[doc = include_str!("../../docs/sagas.md")]
struct Sagas;

#[cfg(doctest)]
#[doc = include_str!("../../docs/schedules.md")]
struct Schedules;

#[cfg(doctest)]
#[doc = include_str!("../../docs/steps.md")]
struct Steps;

/// The examples of the documents, compiled and run.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../../docs/evolution.md")]
struct Evolution;
