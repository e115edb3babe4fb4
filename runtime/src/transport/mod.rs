//! The contract between engine and transport: an instance is a subject, its last message is its state.
//!
//! A transport stores, for each instance, exactly one record (the last one appended), and delivers each
//! stored record to one worker at a time until it is superseded by the next or acknowledged.
//! **A transport knows nothing of sagas' meaning**: a record is bytes to it.
//!
//! What every implementation has to do is a public test suite: `sagaflow::testing::conformance`.

mod append;
mod connect;
mod delivery;
pub mod embedded;
mod instance;
#[cfg(feature = "nats")]
pub mod nats;

pub use append::{Append, AppendError, Revision, Stored};
pub use connect::{ConnectOptions, connect, connect_with};
pub use delivery::{Ack, Deliveries, Delivery, DeliveryOptions, Watch};
pub use instance::{InstanceId, InvalidId};

use std::fmt::Debug;

use futures::future::BoxFuture;

use crate::Error;

/// Carries records and delivers them; see the [module's page](self).
///
/// Use one through [`connect`]; implement it for a carrier of your own, and hold it to
/// `sagaflow::testing::conformance`.
pub trait Transport: Debug + Send + Sync + 'static {
    /// Appends a record on the condition that `append.after` is still the instance's last revision
    /// (`None`: that the instance has no record), and returns the new record's revision.
    ///
    /// Returns only when the record is as durable as this transport makes records. From then on the record
    /// before it is gone, and any delivery of that one that is still open is void.
    ///
    /// # Errors
    ///
    /// See [`AppendError`]: its variants call for different actions.
    fn append<'a>(&'a self, append: Append<'a>) -> BoxFuture<'a, Result<Revision, AppendError>>;

    /// The instance's last record, or `None` if it has none (never started, or its terminal record has expired).
    ///
    /// # Errors
    ///
    /// When the transport can't be reached.
    fn latest<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Option<Stored>, Error>>;

    /// Joins the workers of a saga: the returned stream yields records of its instances, each to one worker at a time.
    ///
    /// # Errors
    ///
    /// When the transport can't be reached, or refuses.
    fn deliveries<'a>(
        &'a self,
        saga: &'a str,
        options: DeliveryOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Deliveries>, Error>>;

    /// Watches an instance: yields its present record, if it has one, and then each later one. Records that
    /// come in quick succession may be skipped, the last one never.
    ///
    /// # Errors
    ///
    /// When the transport can't be reached.
    fn watch<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Box<dyn Watch>, Error>>;

    /// The largest record in bytes that [`append`](Self::append) takes.
    fn max_record(&self) -> usize;

    /// How this transport names itself in messages, without secrets: `nats://127.0.0.1:4222`, `embedded:`.
    fn name(&self) -> String;

    /// Flushes what is still on its way (acknowledgements), then lets go of connections and files.
    fn close(&self) -> BoxFuture<'_, Result<(), Error>>;
}
