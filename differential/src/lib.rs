//! Does a saga mean the same as the plain async function that it is written as?
//!
//! [`program`] writes random well-formed bodies. Each is compiled twice: as a saga with the steps of [`steps`], and as a
//! plain async function with those of [`plain`]. [`compare`] runs both, without faults and with a worker that
//! [crashes](crash), with steps that fail, and with steps that fail and then succeed; results, traces and
//! compensations must be the same. [`batch`] compiles many programs in one crate.

pub mod batch;
pub mod compare;
pub mod crash;
pub mod plain;
pub mod program;
pub mod shrink;
pub mod stage;
pub mod steps;
