//! The compiler of sagaflow.
