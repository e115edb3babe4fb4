//! Strange but legal: what somebody will write some day.

#![expect(warnings, clippy::all, reason = "the odd forms are what is tested")]

mod control;
mod items;
mod mixtures;
mod patterns;
mod values;
