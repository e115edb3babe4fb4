//! The saga: a window over the lines.

use sagaflow::prelude::*;

use crate::domain::{ImportError, Refused, Rejected, Summary};
use crate::steps::{import_line, put_aside};

/// So many rejected lines are put aside together: what waits for that is all that the saga knows of them.
const TOGETHER: usize = 20;

#[saga]
pub(crate) async fn import(lines: u64, window: usize) -> Result<Summary, ImportError> {
    let mut running = StartedSet::new();
    let mut summary = Summary::default();
    let mut rejected = Vec::new();
    let mut next = 1;
    loop {
        while next <= lines && running.len() < window {
            running.add(import_line(next));
            next += 1;
        }
        // In the order in which they come to their ends, and none waits for a slow one.
        match running.next().await {
            Some(Ok(_)) => summary.imported += 1,
            Some(Err(Refused { line, error })) => rejected.push(Rejected { line, why: error.to_string() }),
            None => break,
        }
        if rejected.len() == TOGETHER {
            summary.rejected += put_aside(std::mem::take(&mut rejected)).await?;
        }
    }
    summary.rejected += put_aside(rejected).await?;
    Ok(summary)
}
