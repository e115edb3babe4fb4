//! Orders and shipments.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a customer wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) customer: String,
    pub(crate) items: Vec<String>,
    /// After how long the customer is told that it takes longer, in milliseconds.
    pub(crate) patience_ms: u64,
}

/// What was made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shipment {
    pub(crate) customer: String,
    pub(crate) items: usize,
    pub(crate) boxes: usize,
    /// Whether it took longer than promised.
    pub(crate) late: bool,
}

/// How many items go into a box.
pub(crate) const BOX: usize = 24;

/// What is charged for an order, in euros.
pub(crate) fn price(items: usize) -> usize {
    items * 20
}

/// What a late customer is told.
pub(crate) fn notice(customer: &str) -> String {
    format!("a mail to {customer}: your order takes longer than we have promised")
}

impl fmt::Display for Shipment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let late = if self.late { ", late" } else { "" };
        write!(f, "{} items in {} boxes to {}{late}", self.items, self.boxes, self.customer)
    }
}
