//! The trace that an instance belongs to, in the form of W3C Trace Context.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The longest `tracestate` that is carried, in bytes; a longer one is left out, as its specification allows.
const LONGEST_STATE: usize = 512;

/// Where an instance stands in a distributed trace: what the HTTP headers `traceparent` and `tracestate` carry.
///
/// It is set when the instance is started, stays in its record to the end, and is the parent of all its spans.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceContext {
    traceparent: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tracestate: Option<Arc<str>>,
}

/// The parts of a `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parent {
    pub(crate) trace: u128,
    pub(crate) span: u64,
    pub(crate) flags: u8,
}

impl TraceContext {
    /// `None` if `traceparent` isn't one: whoever sent it is told by no error, as its specification wants.
    pub(crate) fn new(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        Parent::read(traceparent)?;
        let tracestate = tracestate.filter(|state| !state.is_empty() && state.len() <= LONGEST_STATE);
        Some(Self { traceparent: traceparent.into(), tracestate: tracestate.map(Arc::from) })
    }

    /// `00-TRACE-SPAN-FLAGS`, in hexadecimal.
    #[must_use]
    pub fn traceparent(&self) -> &str {
        &self.traceparent
    }

    /// What vendors of tracing systems add.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.tracestate.as_deref()
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TraceContext").field(&self.traceparent).finish()
    }
}

impl Parent {
    /// Reads `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`; later versions may have more after that.
    pub(crate) fn read(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.split('-');
        let version = hex(parts.next()?, 2)?;
        let (trace, span) = (hex(parts.next()?, 32)?, hex(parts.next()?, 16)?);
        let flags = hex(parts.next()?, 2)?;
        let more = parts.next().is_some();
        if version == 0xff || (version == 0 && more) || traceparent.len() > LONGEST_STATE || trace == 0 || span == 0 {
            return None;
        }
        // Both have the digits of their types.
        Some(Self { trace, span: span as u64, flags: flags as u8 })
    }
}

/// Exactly so many lower-case digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let fits = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    fits.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}
