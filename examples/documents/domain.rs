//! Pages and books.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A page that was worked on. Its text stays in the bureau: what travels is what the saga needs to know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) number: u16,
    pub(crate) words: u32,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Book {
    pub(crate) title: String,
    pub(crate) pages: usize,
    pub(crate) words: u32,
}

/// How many words can be recognized on a page. Always the same.
pub(crate) fn words_on(number: u16) -> u32 {
    fastrand::Rng::with_seed(number.into()).u32(200..400)
}

impl fmt::Display for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {} pages, {} words", self.title, self.pages, self.words)
    }
}
