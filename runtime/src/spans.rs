//! The spans of instances, steps and attempts, and how they hang together over processes.
//!
//! | span | fields | lasts |
//! |---|---|---|
//! | `start` | `saga`, `id` | in the client, the start of an instance |
//! | `saga` | `saga`, `id`, `revision`, `traceparent` | in a worker, one delivery, from when it is taken up until the next record is appended |
//! | `step` | `step`, `site`, `occurrence` | what is done about the step that the record waits for |
//! | `attempt` | `attempt` | the user's code |
//!
//! The trace travels in the record. With the feature `opentelemetry` the spans of all workers are children of
//! the client's `start` in one trace; without it, `traceparent` is a field. Where nobody listens, nothing is made or formatted.

use tracing::field::Empty;
use tracing::{Span, info_span};

use crate::record::{Record, StepCall, TraceContext};
use crate::transport::{InstanceId, Revision};

/// The start of an instance, in the client; `given` is the trace that the caller has named.
pub(crate) fn start(instance: &InstanceId, given: Option<&TraceContext>) -> Span {
    let span = info_span!("start", otel.name = Empty, saga = instance.saga(), id = instance.id());
    named(&span, "start ", instance.saga());
    child_of(&span, given);
    span
}

/// The trace that an instance belongs to: the span of its start if that goes into a trace, or what the caller has named.
#[cfg_attr(not(feature = "opentelemetry"), expect(unused_variables, reason = "the span has no trace then"))]
pub(crate) fn to_carry(start: &Span, given: Option<TraceContext>) -> Option<TraceContext> {
    #[cfg(feature = "opentelemetry")]
    if let Some(context) = otel::context(start) {
        return Some(context);
    }
    given
}

/// One delivery.
pub(crate) fn saga(instance: &InstanceId, revision: Revision, record: &Record) -> Span {
    let (saga, id, revision) = (instance.saga(), instance.id(), number(revision.0));
    let span = info_span!("saga", otel.name = Empty, saga, id, revision, traceparent = Empty);
    named(&span, "saga ", saga);
    if let Some(trace) = record.trace.as_ref().filter(|_| !span.is_disabled()) {
        span.record("traceparent", trace.traceparent());
        child_of(&span, Some(trace));
    }
    span
}

/// What is done about a step.
pub(crate) fn step(call: &StepCall) -> Span {
    let StepCall { step, site, .. } = call;
    let occurrence = number(call.occurrence);
    let span = info_span!("step", otel.name = Empty, step, site, occurrence);
    named(&span, "step ", step);
    span
}

/// The user's code.
pub(crate) fn attempt(call: &StepCall) -> Span {
    let span = info_span!("attempt", otel.name = Empty, otel.status_code = Empty, attempt = i64::from(call.attempt));
    named(&span, "attempt ", &call.step);
    span
}

/// Tracing systems know no unsigned numbers, and would take it as text.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Marks an attempt as failed.
#[cfg_attr(
    not(feature = "opentelemetry"),
    expect(unused_variables, reason = "only tracing systems have a field for it")
)]
pub(crate) fn failed(attempt: &Span) {
    #[cfg(feature = "opentelemetry")]
    attempt.record("otel.status_code", "ERROR");
}

/// The name by which a tracing system shows the span.
#[cfg_attr(
    not(feature = "opentelemetry"),
    expect(unused_variables, reason = "only tracing systems have a field for it")
)]
fn named(span: &Span, what: &str, of: &str) {
    #[cfg(feature = "opentelemetry")]
    span.record("otel.name", tracing::field::display(format_args!("{what}{of}")));
}

#[cfg_attr(not(feature = "opentelemetry"), expect(unused_variables, reason = "the span has no trace then"))]
fn child_of(span: &Span, parent: Option<&TraceContext>) {
    #[cfg(feature = "opentelemetry")]
    if let Some(parent) = parent.filter(|_| !span.is_disabled()) {
        otel::set_parent(span, parent);
    }
}

#[cfg(feature = "opentelemetry")]
mod otel {
    use std::str::FromStr;

    use opentelemetry::trace::{SpanContext, TraceContextExt, TraceState};
    use opentelemetry::{Context, SpanId, TraceFlags, TraceId};
    use tracing::Span;
    use tracing_opentelemetry::OpenTelemetrySpanExt;

    use crate::record::{Parent, TraceContext};

    /// Fails only where no layer of OpenTelemetry listens to the span; then there is nothing to set.
    pub(super) fn set_parent(span: &Span, parent: &TraceContext) {
        let Some(read) = Parent::read(parent.traceparent()) else { return };
        let state = parent.tracestate().and_then(|state| TraceState::from_str(state).ok()).unwrap_or_default();
        let (trace, id) = (TraceId::from(read.trace), SpanId::from(read.span));
        let remote = SpanContext::new(trace, id, TraceFlags::new(read.flags), true, state);
        let _ = span.set_parent(Context::new().with_remote_span_context(remote));
    }

    /// The trace of a span, and it as the parent.
    pub(super) fn context(span: &Span) -> Option<TraceContext> {
        let context = span.context();
        let span = context.span().span_context().clone();
        if !span.is_valid() {
            return None;
        }
        let flags = span.trace_flags().to_u8();
        let parent = format!("00-{}-{}-{flags:02x}", span.trace_id(), span.span_id());
        TraceContext::new(&parent, Some(&span.trace_state().header()))
    }
}
