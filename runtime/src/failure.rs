//! [`Failure`]: an error for steps and sagas that want no type of their own.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An error that any `std::error::Error` turns into by `?`, keeping its chain of messages.
///
/// ```
/// use sagaflow::Failure;
///
/// fn parse(text: &str) -> Result<u32, Failure> {
///     Ok(text.parse::<u32>()?)
/// }
/// assert_eq!(parse("x").unwrap_err().to_string(), "invalid digit found in string");
/// assert!(Failure::new("no such account").terminal().is_terminal());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    causes: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    terminal: bool,
    /// In milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl Failure {
    /// A failure with a message.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), causes: Vec::new(), terminal: false, retry_after: None }
    }

    /// The same, not to be retried.
    #[must_use]
    pub fn terminal(mut self) -> Self {
        self.terminal = true;
        self
    }

    /// Whether it is not to be retried.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// The same, with a wish: if the step has another attempt, it is made after this delay (and not after the one of its
    /// retry policy, but no later than the policy's `max_delay`). For services that say when to come back.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sagaflow::Failure;
    ///
    /// let busy = Failure::new("429 Too Many Requests").retry_after(Duration::from_secs(30));
    /// assert_eq!(busy.retry_delay(), Some(Duration::from_secs(30)));
    /// ```
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        // Rounded up, so that nobody comes back too soon.
        self.retry_after = Some(u64::try_from(delay.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX));
        self
    }

    /// The delay after which it wants to be retried, if it [says so](Self::retry_after).
    #[must_use]
    pub fn retry_delay(&self) -> Option<Duration> {
        self.retry_after.map(Duration::from_millis)
    }

    /// The messages of what caused it, nearest first.
    #[must_use]
    pub fn causes(&self) -> &[String] {
        &self.causes
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.causes.iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

// `Failure` is no `std::error::Error` itself, so that this conversion can exist (as in `anyhow`).
impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        Self { message: error.to_string(), causes, terminal: false, retry_after: None }
    }
}
