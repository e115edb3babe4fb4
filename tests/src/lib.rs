//! What the tests share: nats-servers of their own, connections to them that fail, workers in processes of their own, logs.

pub mod processes;

mod cluster;
mod logs;
mod nats_server;
pub mod postgres;
mod process;
mod proxy;
mod small_disk;

pub use cluster::Cluster;
pub use logs::Logs;
pub use nats_server::{NatsServer, Settings};
pub use postgres::Postgres;
pub use process::Process;
pub use proxy::Proxy;
pub use small_disk::SmallDisk;
