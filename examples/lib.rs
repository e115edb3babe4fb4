//! Runnable examples of sagaflow: each folder is one, `cargo run --example NAME`.
