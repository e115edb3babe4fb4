//! The steps of [`steps`](crate::steps) as plain async functions: what they do is written down on the stage of the task.

use std::sync::Arc;

use sagaflow::Failure;

use crate::stage::Stage;
use crate::steps::order;
pub use crate::steps::{Kind, Order};

tokio::task_local! {
    /// The stage of a plain run.
    pub static STAGE: Arc<Stage>;
}

/// A call that can fail. A plain function has no attempts: what would fail only at first succeeds.
fn attempt(step: &'static str, arguments: String) -> Result<(), Failure> {
    STAGE.with(|stage| stage.attempt(stage.calls() + 1, 2, step, arguments))
}

fn done(step: &'static str, arguments: String) {
    STAGE.with(|stage| stage.done(stage.calls() + 1, step, arguments));
}

/// Yields its number.
///
/// # Errors
///
/// As scripted.
pub async fn num(n: u32) -> Result<u32, Failure> {
    attempt("num", n.to_string())?;
    Ok(n)
}

/// Yields its text.
///
/// # Errors
///
/// As scripted.
pub async fn text(text: String) -> Result<String, Failure> {
    attempt("text", text.clone())?;
    Ok(text)
}

/// Yields the sum.
///
/// # Errors
///
/// As scripted.
pub async fn add(a: u32, b: u32) -> Result<u32, Failure> {
    attempt("add", format!("{a}, {b}"))?;
    Ok(a.wrapping_add(b))
}

/// Yields an order.
///
/// # Errors
///
/// As scripted.
pub async fn find(id: u32) -> Result<Order, Failure> {
    attempt("find", id.to_string())?;
    Ok(order(id))
}

/// Yields numbers.
///
/// # Errors
///
/// As scripted.
pub async fn list(n: u32) -> Result<Vec<u32>, Failure> {
    attempt("list", n.to_string())?;
    Ok((0..n % 4).collect())
}

/// Yields an even number, and nothing for an odd one.
pub async fn even(n: u32) -> Option<u32> {
    done("even", n.to_string());
    n.is_multiple_of(2).then_some(n)
}

/// Yields its flag.
pub async fn flag(yes: bool) -> bool {
    done("flag", yes.to_string());
    yes
}

/// Yields nothing.
pub async fn note(text: String) {
    done("note", text);
}
