//! What operators see: one trace over clients and workers, and what is measured.

#[path = "observability/metrics.rs"]
mod metrics;
#[path = "observability/traces.rs"]
mod traces;
