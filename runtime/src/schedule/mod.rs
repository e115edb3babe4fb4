//! Schedules: sagas that are started again and again, at times of the calendar or at intervals.
//!
//! **A schedule is itself an instance**, of a saga of sagaflow's own (`instance`), that waits for its next time and starts what it is to start under an id that comes from
//! that time: so no restart, and no number of workers, loses or doubles a run. What operators want of it is a signal to it (`order`). The rules of times are in
//! `when`, those of overlaps and missed times in `plan`.

mod ended;
mod instance;
mod order;
mod plan;
mod run;
#[cfg(test)]
mod tests;
mod when;

pub(crate) use instance::{SCHEDULE, run_of, schedule};
pub(crate) use order::{Order, Spec, What};
pub(crate) use plan::Info;
pub use plan::{CatchUp, Overlap};
pub use run::{Scheduled, scheduled};
pub(crate) use when::When;
