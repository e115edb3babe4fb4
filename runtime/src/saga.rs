//! What `#[saga]` implements.

use std::future::Future;
use std::time::Duration;

use crate::definition::SagaDefinition;
use crate::graph::Graph;
use crate::machine::Machine;
use crate::message::Message;

/// A function that runs as a durable saga. Implemented by `#[saga]`, not by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a saga",
    label = "not a saga",
    note = "annotate the async function with `#[saga]`"
)]
pub trait Saga: Message {
    /// How long after its start an instance is to have ended (`#[saga(deadline = "1h")]`). One that still runs then unwinds. For a
    /// saga that runs inside another one it means nothing.
    const DEADLINE: Option<Duration> = None;

    /// How long the former records of an instance are kept (`#[saga(history = "7d")]`), for
    /// [`Client::history`](crate::Client::history); none: they aren't. For a saga that runs inside another one it means nothing.
    const HISTORY: Option<Duration> = None;

    /// How many of its instances run at a time (`#[saga(concurrency = 2)]`), or of those with the same key; none: as many as there are. For a
    /// saga that runs inside another one it means nothing.
    const CONCURRENCY: Option<u32> = None;

    /// The version of the code (`#[saga(version = 2)]`). An instance keeps that of its start.
    const VERSION: u32 = 1;

    /// Says what is done with instances of earlier versions.
    #[doc(hidden)]
    fn earlier(definition: &mut SagaDefinition) {
        let _ = definition;
    }

    /// Says what is told when an instance gets stuck or fails.
    #[doc(hidden)]
    fn hooks(definition: &mut SagaDefinition) {
        let _ = definition;
    }

    /// The key among whose instances [`CONCURRENCY`](Self::CONCURRENCY) is counted (`key = request.tenant`).
    #[doc(hidden)]
    fn line_key(message: Self) -> Option<String> {
        let _ = message;
        None
    }

    /// The compiled function: takes up the state in which the machine stands, and runs to the next step or the end.
    ///
    /// The future is polled exactly once: it is either ready with what the function returned, or has left in the
    /// machine what it waits for.
    fn resume(machine: &mut Machine<'_>) -> impl Future<Output = Self::Output>;

    /// Runs the function in the current task, without durability: for unit tests, and the oracle for the compiled function.
    #[doc(hidden)]
    fn inline(message: Self) -> impl Future<Output = Self::Output>;

    /// The saga's states and what leads from one to the next, to be looked at: `checkout::graph().to_mermaid()`. Runs
    /// none of the saga's code.
    ///
    /// ```
    /// use sagaflow::prelude::*;
    ///
    /// #[step]
    /// async fn greet(name: String) -> Result<String, Failure> {
    ///     Ok(format!("Hello, {name}"))
    /// }
    ///
    /// #[saga]
    /// async fn welcome(names: Vec<String>) -> Result<(), Failure> {
    ///     for name in names {
    ///         greet(name).await?;
    ///     }
    ///     Ok(())
    /// }
    ///
    /// let graph = welcome::graph();
    /// assert_eq!(graph.states().map(|state| state.id.as_str()).collect::<Vec<_>>(), ["greet"]);
    /// ```
    #[must_use]
    fn graph() -> Graph {
        Graph::of::<Self>()
    }
}
