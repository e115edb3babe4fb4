//! The steps that programs call, as sagas know them. [`plain`](crate::plain) has the same as plain functions.

use sagaflow::StepContext;
use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::stage::{Stage, number};

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its number.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its items.
    pub items: Vec<u32>,
    /// A note, perhaps.
    pub note: Option<String>,
    /// How it is sent.
    pub kind: Kind,
}

/// How an order is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// As it is.
    Plain,
    /// With a card.
    Gift(String),
    /// In a parcel.
    Parcel {
        /// Its weight.
        weight: u32,
        /// Its labels.
        labels: Vec<String>,
    },
}

/// The order of a number.
#[must_use]
pub fn order(id: u32) -> Order {
    let kind = match id % 3 {
        0 => Kind::Plain,
        1 => Kind::Gift(format!("card {id}")),
        _ => Kind::Parcel { weight: id, labels: vec![format!("l{id}"), "fragile".to_owned()] },
    };
    let note = id.is_multiple_of(2).then(|| format!("note {id}"));
    Order { id, name: format!("order {id}"), items: (0..id % 4).collect(), note, kind }
}

/// Yields its number.
///
/// # Errors
///
/// As scripted.
#[step]
#[retry(fixed, delay = "1ms", max_attempts = 3)]
#[compensate(undo_num(output))]
pub async fn num(#[inject] stage: &Stage, #[inject] context: &StepContext, n: u32) -> Result<u32, Failure> {
    stage.attempt(number(context), context.attempt(), "num", n.to_string())?;
    Ok(n)
}

/// Undoes `num`.
#[step]
pub async fn undo_num(#[inject] stage: &Stage, #[inject] context: &StepContext, n: u32) {
    stage.done(number(context), "undo num", n.to_string());
}

/// Yields its text.
///
/// # Errors
///
/// As scripted.
#[step]
#[retry(fixed, delay = "1ms", max_attempts = 3)]
#[compensate(undo_text(text))]
pub async fn text(#[inject] stage: &Stage, #[inject] context: &StepContext, text: String) -> Result<String, Failure> {
    stage.attempt(number(context), context.attempt(), "text", text.clone())?;
    Ok(text)
}

/// Undoes `text`, which may not have happened.
#[step]
pub async fn undo_text(#[inject] stage: &Stage, #[inject] context: &StepContext, text: String) {
    stage.done(number(context), "undo text", text);
}

/// Yields the sum.
///
/// # Errors
///
/// As scripted.
#[step]
#[retry(fixed, delay = "1ms", max_attempts = 3)]
pub async fn add(#[inject] stage: &Stage, #[inject] context: &StepContext, a: u32, b: u32) -> Result<u32, Failure> {
    stage.attempt(number(context), context.attempt(), "add", format!("{a}, {b}"))?;
    Ok(a.wrapping_add(b))
}

/// Yields an order.
///
/// # Errors
///
/// As scripted.
#[step]
#[retry(fixed, delay = "1ms", max_attempts = 3)]
pub async fn find(#[inject] stage: &Stage, #[inject] context: &StepContext, id: u32) -> Result<Order, Failure> {
    stage.attempt(number(context), context.attempt(), "find", id.to_string())?;
    Ok(order(id))
}

/// Yields numbers.
///
/// # Errors
///
/// As scripted.
#[step]
#[retry(fixed, delay = "1ms", max_attempts = 3)]
pub async fn list(#[inject] stage: &Stage, #[inject] context: &StepContext, n: u32) -> Result<Vec<u32>, Failure> {
    stage.attempt(number(context), context.attempt(), "list", n.to_string())?;
    Ok((0..n % 4).collect())
}

/// Yields an even number, and nothing for an odd one.
#[step]
pub async fn even(#[inject] stage: &Stage, #[inject] context: &StepContext, n: u32) -> Option<u32> {
    stage.done(number(context), "even", n.to_string());
    n.is_multiple_of(2).then_some(n)
}

/// Yields its flag.
#[step]
pub async fn flag(#[inject] stage: &Stage, #[inject] context: &StepContext, yes: bool) -> bool {
    stage.done(number(context), "flag", yes.to_string());
    yes
}

/// Yields nothing.
#[step]
pub async fn note(#[inject] stage: &Stage, #[inject] context: &StepContext, text: String) {
    stage.done(number(context), "note", text);
}
