//! Sending signals from within a transaction.

use std::future::IntoFuture;

use futures::future::BoxFuture;
use sagaflow::client::SignalBuilder;
use sagaflow::transport::InstanceId;
use sagaflow::{Client, Signal};

use super::{OutboxTransaction, Written, invalid};
use crate::error::Error;

/// Sending signals from within a transaction.
pub trait SignalIn {
    /// Sends a signal when the transaction is committed, and never if it is rolled back:
    /// `client.signal_in(&mut tx, "expense", "e-7", Approved { by }).await?`.
    ///
    /// It writes a row into the outbox; a [`Relay`](crate::Relay) sends the signal, once. Signals to one instance are sent in the order in which they were
    /// written, and after its start, if that is in the outbox, too.
    fn signal_in<'t, S: Signal, T: OutboxTransaction>(
        &'t self,
        transaction: &'t mut T,
        saga: &str,
        id: &str,
        signal: S,
    ) -> SignalInBuilder<'t, S, T>;
}

impl SignalIn for Client {
    fn signal_in<'t, S: Signal, T: OutboxTransaction>(
        &'t self,
        transaction: &'t mut T,
        saga: &str,
        id: &str,
        signal: S,
    ) -> SignalInBuilder<'t, S, T> {
        SignalInBuilder { transaction, signal: self.signal(saga, id, signal), order: None }
    }
}

/// A signal that is put together; `.await` it.
#[derive(Debug)]
#[must_use = "nothing is written until it is awaited"]
pub struct SignalInBuilder<'t, S, T> {
    transaction: &'t mut T,
    signal: SignalBuilder<'t, S>,
    order: Option<String>,
}

impl<'t, S: Signal, T: OutboxTransaction> SignalInBuilder<'t, S, T> {
    /// Names this signal among those of its type to this instance: another one of the same key is dropped; see
    /// [`SignalBuilder::key`]. Without one, each row is a signal of its own.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.signal = self.signal.key(key);
        self
    }

    /// Is handed over in one order with the starts of this [key](super::StartInBuilder::key), and other signals. Default: the instance's saga and
    /// id.
    pub fn in_order_of(mut self, key: impl Into<String>) -> Self {
        self.order = Some(key.into());
        self
    }

    async fn write(self) -> Result<InstanceId, Error> {
        let prepared = self.signal.prepare().map_err(|error| invalid(&error))?;
        let payload = prepared.to_json().map_err(|error| invalid(&error))?;
        let instance = prepared.instance().clone();
        let written = Written { kind: "signal", instance: &instance, payload, key: self.order };
        self.transaction.outbox().write(written).await?;
        Ok(instance)
    }
}

impl<'t, S: Signal + Sync, T: OutboxTransaction> IntoFuture for SignalInBuilder<'t, S, T> {
    type Output = Result<InstanceId, Error>;
    type IntoFuture = BoxFuture<'t, Self::Output>;

    /// Writes the signal into the outbox, and returns whom it is for. Whether there is such an instance shows only when it is sent.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the id, the key or the signal can't be: nothing was written, and the transaction
    ///   can go on.
    /// * [`ErrorKind::AnotherDatabase`](crate::ErrorKind::AnotherDatabase), [`ErrorKind::MissingMigration`](crate::ErrorKind::MissingMigration):
    ///   the tables are not there, or not those.
    /// * what else the database says.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.write())
    }
}
