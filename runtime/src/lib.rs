//! Durable sagas from ordinary async functions.

#[cfg(feature = "testing")]
pub mod testing;
pub mod transport;

mod error;

pub use error::{Error, ErrorKind};
pub use transport::{ConnectOptions, Transport, connect, connect_with};
