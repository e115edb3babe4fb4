//! `#[retry(after = …)]`: the error says when to come back.

use std::time::Duration;

/// What the expression of `#[retry(after = …)]` may yield: an `Option<Duration>`, or a `Duration`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no delay: `after` needs a `Duration`, or an `Option<Duration>`",
    label = "not a delay",
    note = "`after` says when the service wants to be asked again: `None` leaves it to the policy"
)]
pub trait RetryDelay {
    /// The delay, if there is a wish.
    fn retry_delay(self) -> Option<Duration>;
}

#[diagnostic::do_not_recommend]
impl RetryDelay for Duration {
    fn retry_delay(self) -> Option<Duration> {
        Some(self)
    }
}

#[diagnostic::do_not_recommend]
impl RetryDelay for Option<Duration> {
    fn retry_delay(self) -> Option<Duration> {
        self
    }
}

/// Called by generated code with what the expression yields.
#[doc(hidden)]
pub fn retry_delay(delay: impl RetryDelay) -> Option<Duration> {
    delay.retry_delay()
}
