//! What the tests share: a nats-server of their own.
