//! What the tests share: a nats-server of their own.

mod nats_server;

pub use nats_server::{NatsServer, Settings};
