//! For those who test: the [kit](Lab) that runs sagas through every fault, the [lock file](mod@lock), which keeps changes of the code
//! from stranding instances that run, and the [conformance suite](conformance) of transports.

pub mod conformance;
mod lab;
pub mod lock;

#[doc(hidden)]
pub use lab::in_lab;
pub(crate) use lab::samples;
pub use lab::{CallOf, Check, Fault, Lab, Mock, NoPlan, OutcomeOf, Performance, Plan, Run};

#[doc(inline)]
pub use crate::__lock as lock;
