//! What `#[step]` implements.

use std::future::Future;

use crate::definition::StepDefinition;
use crate::inject::Injected;
use crate::message::Message;

/// A function that runs as a durable step. Implemented by `#[step]`, not by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a step",
    label = "not a step",
    note = "annotate the async function with `#[step]`"
)]
pub trait Step: Message {
    /// Says all that the engine has to know about the step: policy, dependencies, compensation.
    fn define(step: &mut StepDefinition) {
        let _ = step;
    }

    /// Runs one attempt.
    fn run(message: Self, injected: Injected) -> impl Future<Output = Self::Output> + Send;
}
