//! The steps: each does one thing, and says how it is retried. None is undone: what is imported stays, and the next import finds it.

use sagaflow::prelude::*;

use crate::archive::Archive;
use crate::domain::{ImportError, Refused, Rejected, line, parse};

#[step]
#[retry(exponential, base = "50ms", max_delay = "2s", max_attempts = 20, unless(Refused { error: ImportError::Rejected(_), .. }))]
pub(crate) async fn import_line(
    #[inject] archive: &Archive,
    #[inject] cx: &StepContext,
    number: u64,
) -> Result<(), Refused> {
    let refused = |error| Refused { line: number, error };
    let line = line(number);
    let (name, mail) = parse(&line).map_err(refused)?;
    archive.store(cx, &format!("line {number:07}: {name} <{mail}>")).await.map_err(refused)
}

/// Writes down what was rejected. How many.
#[step]
#[retry(exponential, base = "50ms", max_delay = "2s", max_attempts = 100)]
pub(crate) async fn put_aside(
    #[inject] archive: &Archive,
    #[inject] cx: &StepContext,
    rejected: Vec<Rejected>,
) -> Result<u64, ImportError> {
    for Rejected { line, why } in &rejected {
        archive.store(cx, &format!("rejected {line:07}: {why}")).await?;
    }
    Ok(rejected.len() as u64)
}
