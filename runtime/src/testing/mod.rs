//! For those who test: the [conformance suite](conformance) of transports.

pub mod conformance;
