//! [`Failure`]: an error for steps and sagas that want no type of their own.

use std::fmt;

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
}

impl Failure {
    /// A failure with a message.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), causes: Vec::new(), terminal: false }
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
        Self { message: error.to_string(), causes, terminal: false }
    }
}
