//! Reads orders from JSON Lines. A line that is none is reported, and does not stop the others.

use std::collections::HashMap;
use std::fmt;

use sagaflow::transport::InstanceId;

use crate::domain::Order;

/// The orders that ship with the example: `--generate 1000 --seed 1` makes the same.
pub(crate) const SHIPPED: &[u8] = include_bytes!("orders.jsonl");

/// A line that is no order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// From 1.
    pub(crate) line: usize,
    pub(crate) why: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// Reads all lines; empty ones are skipped.
pub(crate) fn read(jsonl: &[u8]) -> (Vec<Order>, Vec<Malformed>) {
    let mut orders = Vec::new();
    let mut malformed = Vec::new();
    let mut seen = HashMap::new();
    let jsonl = jsonl.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(jsonl);
    for (line, bytes) in (1..).zip(jsonl.split(|byte| *byte == b'\n')) {
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        match parse(bytes, line, &mut seen) {
            Ok(order) => orders.push(order),
            Err(why) => malformed.push(Malformed { line, why }),
        }
    }
    (orders, malformed)
}

fn parse(bytes: &[u8], line: usize, seen: &mut HashMap<String, usize>) -> Result<Order, String> {
    let order: Order = serde_json::from_slice(bytes).map_err(|error| {
        // Every line is a text of one line: its number would only confuse.
        error.to_string().replace(" at line 1 column", " at column")
    })?;
    InstanceId::new("checkout", order.id.as_str()).map_err(|invalid| invalid.to_string())?;
    if order.items.is_empty() {
        return Err(format!("the order `{}` has no items", order.id));
    }
    if let Some(first) = seen.insert(order.id.clone(), line) {
        seen.insert(order.id.clone(), first);
        return Err(format!("the order `{}` is already in line {first}", order.id));
    }
    Ok(order)
}
