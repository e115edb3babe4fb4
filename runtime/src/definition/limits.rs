//! How many attempts of a step are made.

use std::time::Duration;

/// How many attempts of a step one worker makes, or all workers together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// So many at a time.
    pub concurrency: Option<usize>,
    /// So many in a time.
    pub rate: Option<Rate>,
    /// Whether that holds for all workers together.
    pub shared: bool,
}

/// So many in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many; not 0.
    pub count: u32,
    /// In which time.
    pub per: Duration,
}

impl Limits {
    /// Whether there are none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}
