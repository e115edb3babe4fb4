#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, clippy::all, clippy::pedantic)]
//! A crate with strict lints: generated code makes none of them fire.

use sagaflow::prelude::*;

/// What is bought.
#[step]
pub async fn buy(item: String) -> Result<u64, Failure> {
    Ok(item.len() as u64)
}

/// In every build.
#[cfg(not(any()))]
#[step]
pub async fn pack(id: u64) -> u64 {
    id
}

/// In none.
#[cfg(any())]
#[step]
pub async fn unpack(id: Unknown) -> u64 {
    id
}

/// Warnings may be allowed.
#[allow(unused_variables, clippy::unused_async)]
#[step]
pub async fn ignore(number: u64) -> bool {
    let unused = 1;
    true
}

/// Everything.
///
/// # Errors
///
/// When nothing can be bought.
#[saga]
#[allow(unused_variables)]
pub async fn order(items: Vec<String>) -> Result<u64, Failure> {
    let unused = 1;
    let mut total = 0;
    for item in items {
        let id = buy(item).await?;
        if ignore(id).await {
            total += pack(id).await;
        }
    }
    Ok(total)
}

#[test]
fn compiles() {}
