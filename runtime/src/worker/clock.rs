//! The worker's clock: the system's, or in tests one that goes with tokio's.

use jiff::Timestamp;

/// Where a worker takes the time from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Clock {
    /// The system's clock.
    System,
    /// Goes with tokio's clock, which tests can pause.
    #[cfg(test)]
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
            #[cfg(test)]
            Self::Tokio { origin, at } => crate::engine::after(*origin, at.elapsed()),
        }
    }

    /// A clock that goes with tokio's, from now on.
    #[cfg(test)]
    pub(crate) fn tokio() -> Self {
        Self::Tokio { origin: Timestamp::now(), at: tokio::time::Instant::now() }
    }
}
