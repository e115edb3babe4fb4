//! The lines that are imported, and what can be wrong with one.

use std::fmt;

use sagaflow_examples::JournalError;
use serde::{Deserialize, Serialize};

const NAMES: [&str; 5] = ["ada", "grace", "edsger", "barbara", "tony"];

/// The line of the file with a number: `17,grace,grace17@example.com`. Always the same; one in fifty is damaged.
pub(crate) fn line(number: u64) -> String {
    let mut rng = fastrand::Rng::with_seed(number);
    let (name, damage) = (NAMES[rng.usize(..NAMES.len())], rng.u8(..100));
    match damage {
        0 => format!("{number},,nobody{number}@example.com"),
        1 => format!("{number},{name},{name}{number}"),
        _ => format!("{number},{name},{name}{number}@example.com"),
    }
}

/// Why a line was not imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum ImportError {
    #[error("{0}")]
    Rejected(String),
    /// To be tried again.
    #[error("the archive is busy")]
    Busy,
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Which line was not imported, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("line {line}: {error}")]
pub(crate) struct Refused {
    pub(crate) line: u64,
    pub(crate) error: ImportError,
}

/// A line that can't be imported, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rejected {
    pub(crate) line: u64,
    pub(crate) why: String,
}

/// What came of the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) imported: u64,
    pub(crate) rejected: u64,
}

/// Whom a line is about: name and address.
pub(crate) fn parse(line: &str) -> Result<(&str, &str), ImportError> {
    let fields: Vec<_> = line.split(',').collect();
    match fields[..] {
        [_, "", _] => Err(ImportError::Rejected("no name".to_owned())),
        [_, _, mail] if !mail.contains('@') => Err(ImportError::Rejected(format!("`{mail}` is no address"))),
        [_, name, mail] => Ok((name, mail)),
        _ => Err(ImportError::Rejected(format!("{} fields in place of 3", fields.len()))),
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines imported, {} rejected", self.imported, self.rejected)
    }
}
