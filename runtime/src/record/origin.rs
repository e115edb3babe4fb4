//! Where an error comes from, and what led to it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Fault, is_zero_u32};

/// So many links a chain of failed calls has at most: a saga that calls itself may fail a thousand levels deep.
const MOST_LINKS: usize = 16;

/// A place in an instance: where an error comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The instance's saga.
    pub saga: String,
    /// The instance's id.
    pub id: String,
    /// Where the call was made, as in its idempotency key: the name of the state, after those of the sagas that it is nested
    /// in (`wait_for_customer/charge`). Empty for the instance's own code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub site: String,
    /// Which attempt of a step it was, from 1; 0 for a saga's code, which has no attempts.
    #[serde(default, skip_serializing_if = "is_zero_u32")]
    pub attempt: u32,
}

/// A call that has failed, and what led to that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedCall {
    /// The step or saga that was called.
    pub of: String,
    /// The text of its error.
    pub error: String,
    /// Where it was called.
    pub origin: Origin,
    /// The failed call that it had awaited just before it failed itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Box<FailedCall>>,
}

impl Origin {
    /// The instance as a whole.
    pub(crate) fn of(saga: &str, id: &str) -> Self {
        Self { saga: saga.to_owned(), id: id.to_owned(), site: String::new(), attempt: 0 }
    }
}

/// `` `pay/charge` of shop/order-42, attempt 3 ``
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.site.is_empty() {
            write!(f, "`{}` of ", self.site)?;
        }
        write!(f, "{}/{}", self.saga, self.id)?;
        if self.attempt == 0 { Ok(()) } else { write!(f, ", attempt {}", self.attempt) }
    }
}

impl FailedCall {
    /// This one and those that led to it, nearest first.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |call| call.cause.as_deref())
    }

    /// The call that failed first: where it all began.
    #[must_use]
    pub fn root(&self) -> &Self {
        self.chain().last().unwrap_or(self)
    }

    /// One that `cause` has led to. A chain that is too long loses what is next to this one; its root stays.
    pub(crate) fn caused_by(mut self, cause: Option<Box<Self>>) -> Self {
        self.cause = match cause {
            Some(cause) if cause.chain().count() >= MOST_LINKS - 1 => cause.cause,
            cause => cause,
        };
        self
    }

    /// A fault that was taken as a value.
    pub(crate) fn of_fault(fault: &Fault) -> Option<Box<Self>> {
        let origin = Origin::clone(fault.origin.as_deref()?);
        Some(Box::new(Self { of: fault.of.clone(), error: fault.to_string(), origin, cause: None }))
    }
}

/// On one line, with the place where it began: `` no seats left (from `reserve` at `trip/reserve` of order/42, attempt 3) ``.
/// With `{:#}`, one line for each call that it went through.
impl fmt::Display for FailedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)?;
        self.write_trail(f)
    }
}

impl FailedCall {
    /// Writes where an error comes from, behind its text.
    pub(crate) fn write_trail(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |origin: &Origin| origin.site.is_empty();
        if !f.alternate() {
            return match self.root() {
                Self { origin, .. } if whole(origin) => write!(f, " (from {origin})"),
                Self { of, origin, .. } => write!(f, " (from `{of}` at {origin})"),
            };
        }
        self.chain().try_for_each(|Self { of, error, origin, .. }| match whole(origin) {
            true => write!(f, "\n  in {origin}"),
            false => write!(f, "\n  from `{of}` at {origin}: {error}"),
        })
    }
}
