//! What a worker knows of the code it serves: sagas, their states and steps, without their types.

mod saga;
mod step;

pub use saga::{SagaDefinition, StateDefinition};
pub use step::{AttemptOutput, Compensation, Need, StepDefinition};
