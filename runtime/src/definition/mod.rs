//! What a worker knows of the code it serves: sagas, their states and steps, without their types.

mod body;
mod limits;
mod migration;
mod saga;
mod step;
mod variable;

pub(crate) use body::{Body, Describe};
pub use limits::{Limits, Rate};
pub use migration::Migration;
pub(crate) use saga::{ANY, Outline};
pub use saga::{SagaDefinition, StateDefinition};
pub(crate) use step::NoOutput;
pub use step::{AttemptError, AttemptOutput, Compensation, Need, StepDefinition};
pub use variable::Variable;
