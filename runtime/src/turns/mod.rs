//! Turns: of the instances of a saga, or of those with the same key, only so many run at a time (`#[saga(concurrency = 2, key = request.tenant)]`).
//!
//! **Who waits for a turn stands in a line that is itself an instance**, of a saga of sagaflow's own (`instance`). An instance that is to wait says so with its first
//! record, in which nothing of its code has run; whoever appends or takes up that record puts its name into the line. The names wait there as mail, in the order in which they came, so that
//! the line's record holds only those that have their turn, however many wait. An instance gets its turn by mail, and goes on with its beginning. Its end is told to the line
//! as it would be to a parent, whichever way it ends.
//!
//! All of that may happen twice, after a crash: a name that has its turn already, or whose instance has ended, is passed over.

mod instance;
#[cfg(test)]
mod tests;

pub(crate) use instance::{Join, Left, Member, Standing, line};
