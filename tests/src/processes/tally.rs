//! An entity that many send to.

use std::collections::BTreeMap;

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

/// A sender's next number.
#[signal]
#[derive(Debug, Serialize, Deserialize)]
pub struct Next {
    /// Who sends it.
    pub from: u64,
    /// Counts from 1.
    pub number: u64,
}

/// Takes so many signals: those of each sender in their order, each once.
#[saga]
pub async fn tally(signals: u64) -> Result<BTreeMap<u64, u64>, Failure> {
    let mut last = BTreeMap::new();
    let mut taken = 0;
    while taken < signals {
        let Next { from, number } = signal::<Next>().await;
        let before = last.insert(from, number).unwrap_or(0);
        if number != before + 1 {
            return Err(Failure::new(format!("sender {from}: {number} came after {before}")));
        }
        taken += 1;
    }
    Ok(last)
}
