//! The NATS JetStream transport.
