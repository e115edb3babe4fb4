//! What `#[saga]` implements.

use std::future::Future;

use crate::machine::Machine;
use crate::message::Message;

/// A function that runs as a durable saga. Implemented by `#[saga]`, not by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a saga",
    label = "not a saga",
    note = "annotate the async function with `#[saga]`"
)]
pub trait Saga: Message {
    /// The compiled function: takes up the state in which the machine stands, and runs to the next step or the end.
    ///
    /// The future is polled exactly once: it is either ready with what the function returned, or has left in the
    /// machine what it waits for.
    fn resume(machine: &mut Machine<'_>) -> impl Future<Output = Self::Output>;
}
