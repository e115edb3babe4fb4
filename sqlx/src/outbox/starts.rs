//! Starting from within a transaction.

use std::future::IntoFuture;
use std::sync::Arc;

use futures::future::BoxFuture;
use sagaflow::transport::InstanceId;
use sagaflow::{Call, Client, Saga};

use super::{OutboxTransaction, Written, invalid};
use crate::error::Error;

/// Starting from within a transaction.
pub trait StartIn {
    /// Starts an instance when the transaction is committed, and never if it is rolled back:
    /// `client.start_in(&mut tx, checkout(request)).id("order-42").await?`.
    ///
    /// It writes a row into the outbox; a [`Relay`](crate::Relay) makes the start.
    fn start_in<'t, S: Saga, T: OutboxTransaction>(
        &'t self,
        transaction: &'t mut T,
        call: Call<S>,
    ) -> StartInBuilder<'t, S, T>;
}

impl StartIn for Client {
    fn start_in<'t, S: Saga, T: OutboxTransaction>(
        &'t self,
        transaction: &'t mut T,
        call: Call<S>,
    ) -> StartInBuilder<'t, S, T> {
        StartInBuilder { client: self, transaction, call, id: None, key: None, traceparent: None }
    }
}

/// A start that is put together; `.await` it.
#[derive(Debug)]
#[must_use = "nothing is written until it is awaited"]
pub struct StartInBuilder<'t, S, T> {
    client: &'t Client,
    transaction: &'t mut T,
    call: Call<S>,
    id: Option<Arc<str>>,
    key: Option<String>,
    traceparent: Option<String>,
}

impl<'t, S: Saga, T: OutboxTransaction> StartInBuilder<'t, S, T> {
    /// The instance's id; unique within its saga, and what makes the start idempotent. Without one, a random one is made.
    pub fn id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Starts and signals of one key are handed over one after the other, in the order in which they were written. Default: the instance's
    /// saga and id.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The trace that the instance is to belong to; see
    /// [`StartBuilder::traceparent`](sagaflow::client::StartBuilder::traceparent).
    pub fn traceparent(mut self, traceparent: impl Into<String>) -> Self {
        self.traceparent = Some(traceparent.into());
        self
    }

    async fn write(self) -> Result<InstanceId, Error> {
        let mut start = self.client.start(self.call);
        if let Some(id) = self.id {
            start = start.id(id);
        }
        if let Some(traceparent) = self.traceparent {
            start = start.traceparent(traceparent);
        }
        let prepared = start.prepare().map_err(|error| invalid(&error))?;
        let payload = prepared.to_json().map_err(|error| invalid(&error))?;
        let instance = prepared.instance().clone();
        let written = Written { kind: "start", instance: &instance, payload, key: self.key };
        self.transaction.outbox().write(written).await?;
        Ok(instance)
    }
}

impl<'t, S: Saga, T: OutboxTransaction> IntoFuture for StartInBuilder<'t, S, T> {
    type Output = Result<InstanceId, Error>;
    type IntoFuture = BoxFuture<'t, Self::Output>;

    /// Writes the start into the outbox, and returns what instance it will be.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the id or the arguments can't be: nothing was written, and the transaction can go on.
    /// * [`ErrorKind::AnotherDatabase`](crate::ErrorKind::AnotherDatabase), [`ErrorKind::MissingMigration`](crate::ErrorKind::MissingMigration): the tables are not there, or not those.
    /// * what else the database says.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.write())
    }
}
