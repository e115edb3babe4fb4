//! What the examples share: the world that their steps change, and how they are run, killed and audited.
//!
//! Each of the other folders is an example, `cargo run --example NAME`.

mod audit;
mod chance;
mod journal;
mod kills;
mod progress;
mod setting;

pub use audit::Audit;
pub use chance::strikes;
pub use journal::{Journal, JournalError, PLAIN};
pub use progress::{bar, beside, watched};
pub use setting::{Ended, Failed, Setting, carry_out, quiet_logs};
