//! The clock of this process: the system's, or in tests one that goes with tokio's.

use jiff::Timestamp;

/// Where workers, clients and embedded transports take the time from.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// Goes with tokio's clock, which tests can pause.
    #[cfg(any(test, feature = "testing"))]
    Tokio {
        /// The time …
        origin: Timestamp,
        /// … at this instant.
        at: tokio::time::Instant,
    },
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            #[cfg(any(test, feature = "testing"))]
            Self::Tokio { origin, at } => crate::engine::after(*origin, at.elapsed()),
        }
    }

    /// A clock that goes with tokio's, from now on.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn tokio() -> Self {
        Self::Tokio { origin: Timestamp::now(), at: tokio::time::Instant::now() }
    }
}
