//! What `#[saga]` makes of the language: each saga is run inline (the oracle) and durably, and both must agree in their
//! result and in the trace of their steps.
#![expect(
    clippy::needless_late_init,
    clippy::needless_range_loop,
    clippy::needless_return,
    clippy::never_loop,
    clippy::nonminimal_bool,
    clippy::redundant_closure_call,
    clippy::toplevel_ref_arg,
    clippy::semicolon_if_nothing_returned,
    clippy::useless_vec,
    reason = "the odd forms are what is tested"
)]

#[path = "language/support.rs"]
mod support;

#[path = "language/accessors.rs"]
mod accessors;
#[path = "language/bindings.rs"]
mod bindings;
#[path = "language/borrowed_loops.rs"]
mod borrowed_loops;
#[path = "language/borrows.rs"]
mod borrows;
#[path = "language/branches.rs"]
mod branches;
#[expect(clippy::allow_attributes, clippy::allow_attributes_without_reason, reason = "it is what users write")]
#[path = "language/compiles/mod.rs"]
pub mod compiles;
#[path = "language/corners.rs"]
mod corners;
#[path = "language/expressions.rs"]
mod expressions;
#[path = "language/failures.rs"]
mod failures;
#[path = "language/frames.rs"]
mod frames;
#[path = "language/items.rs"]
mod items;
#[path = "language/iteration.rs"]
mod iteration;
#[path = "language/jumps.rs"]
mod jumps;
#[path = "language/listed.rs"]
mod listed;
#[path = "language/loops.rs"]
mod loops;
#[path = "language/macros.rs"]
mod macros;
#[path = "language/matches.rs"]
mod matches;
#[path = "language/moves.rs"]
mod moves;
#[path = "language/names.rs"]
mod names;
#[path = "language/order.rs"]
mod order;
#[path = "language/samples/mod.rs"]
mod samples;
#[path = "language/shadowing.rs"]
mod shadowing;
#[path = "language/signatures.rs"]
mod signatures;
#[path = "language/strange/mod.rs"]
mod strange;
