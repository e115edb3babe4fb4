//! Starting from within a transaction: a row in the outbox, written in the user's own transaction, of which a relay makes a
//! start when it is committed.
//!
//! Rolled back, there is no row, and nothing is ever started. Committed, the row is there until the transport has the
//! instance: a relay that dies in between has another one repeat the start, which does nothing the second time.

mod relay;

pub use relay::{Relay, RunningRelay};

use std::borrow::Cow;
use std::future::IntoFuture;
use std::sync::Arc;

use futures::future::BoxFuture;
use sagaflow::transport::InstanceId;
use sagaflow::{Call, Client, Saga};

use crate::database::Database;
use crate::driver::{Arg, Driver};
use crate::error::{self, Error, ErrorKind};
use crate::names::Names;
use crate::transaction::Transaction;

/// A transaction in which a start can be written.
///
/// sqlx's own (`pool.begin()`), if sagaflow's tables have their usual names; the one that a step runs in; and any that is taken
/// [`within`](Database::within) a database.
pub trait OutboxTransaction: Send {
    /// Its database.
    type Driver: Driver;

    #[doc(hidden)]
    fn outbox(&mut self) -> Outbox<'_, Self::Driver>;
}

/// Where a start is written.
#[doc(hidden)]
pub struct Outbox<'t, DB: Driver> {
    connection: &'t mut DB::Connection,
    names: Cow<'t, Names>,
    /// The database that it has to be.
    identity: Option<&'t str>,
}

impl<DB: Driver> std::fmt::Debug for Outbox<'_, DB> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox").field("names", &self.names).finish_non_exhaustive()
    }
}

#[cfg(feature = "postgres")]
impl OutboxTransaction for sqlx::Transaction<'_, sqlx::Postgres> {
    type Driver = sqlx::Postgres;

    fn outbox(&mut self) -> Outbox<'_, Self::Driver> {
        Outbox { connection: &mut *self, names: Cow::Owned(Names::usual()), identity: None }
    }
}

#[cfg(feature = "sqlite")]
impl OutboxTransaction for sqlx::Transaction<'_, sqlx::Sqlite> {
    type Driver = sqlx::Sqlite;

    fn outbox(&mut self) -> Outbox<'_, Self::Driver> {
        Outbox { connection: &mut *self, names: Cow::Owned(Names::usual()), identity: None }
    }
}

impl<DB: Driver, N> OutboxTransaction for Transaction<DB, N> {
    type Driver = DB;

    fn outbox(&mut self) -> Outbox<'_, DB> {
        let (names, connection) = self.parts();
        Outbox { connection, names: Cow::Borrowed(names), identity: None }
    }
}

/// A transaction of sqlx, taken within a database: its tables have that one's names, and it has to be that one's.
#[derive(Debug)]
pub struct Within<'t, 'c, DB: Driver> {
    transaction: &'t mut sqlx::Transaction<'c, DB>,
    names: Arc<Names>,
    identity: String,
}

impl<DB: Driver> OutboxTransaction for Within<'_, '_, DB> {
    type Driver = DB;

    fn outbox(&mut self) -> Outbox<'_, DB> {
        Outbox { connection: &mut *self.transaction, names: Cow::Borrowed(&self.names), identity: Some(&self.identity) }
    }
}

impl<DB: Driver, N> Database<DB, N> {
    /// Takes a transaction within this database: `client.start_in(&mut database.within(&mut tx), call)`. Needed if its tables have
    /// other names than the usual ones; a transaction of another database is then refused by name.
    pub fn within<'t, 'c>(&self, transaction: &'t mut sqlx::Transaction<'c, DB>) -> Within<'t, 'c, DB> {
        Within { transaction, names: self.shared.names.clone(), identity: self.shared.identity.clone() }
    }
}

/// Starting from within a transaction.
pub trait StartIn {
    /// Starts an instance when the transaction is committed, and never if it is rolled back:
    /// `client.start_in(&mut tx, checkout(request)).id("order-42").await?`.
    ///
    /// It writes a row into the outbox; a [`Relay`] makes the start.
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

    /// Starts of one key are made one after the other, in the order in which they were written. Default: the instance's id.
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
        let invalid = |error: sagaflow::Error| Error::new(ErrorKind::Invalid, error.to_string());
        let prepared = start.prepare().map_err(invalid)?;
        let payload = prepared.to_json().map_err(invalid)?;
        let instance = prepared.instance().clone();
        let Outbox { connection, names, identity } = self.transaction.outbox();
        let key = self.key.unwrap_or_else(|| instance.to_string());
        let mut sql = format!(
            "INSERT INTO {} (kind, saga, instance, payload, key) SELECT 'start', $1, $2, $3, $4",
            names.table("outbox")
        );
        let mut args: Vec<Arg> = vec![instance.saga().into(), instance.id().into(), payload.into(), key.into()];
        if let Some(identity) = identity {
            let meta = names.table("meta");
            sql.push_str(&format!(" WHERE EXISTS (SELECT 1 FROM {meta} WHERE name = 'identity' AND value = $5)"));
            args.push(identity.into());
        }
        let doing = format!("writing the start of {instance} into the outbox");
        let failed = |error| error::of(&doing, error);
        match <T::Driver as crate::driver::sealed::Driver>::execute(connection, sql.into(), args)
            .await
            .map_err(failed)?
        {
            1 => Ok(instance),
            _ => Err(Error::new(
                ErrorKind::AnotherDatabase,
                format!("{doing}: this transaction belongs to another database than the one that it was taken within"),
            )),
        }
    }
}

impl<'t, S: Saga, T: OutboxTransaction> IntoFuture for StartInBuilder<'t, S, T> {
    type Output = Result<InstanceId, Error>;
    type IntoFuture = BoxFuture<'t, Self::Output>;

    /// Writes the start into the outbox, and returns what instance it will be.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Invalid`] if the id or the arguments can't be: nothing was written, and the transaction can go on.
    /// * [`ErrorKind::AnotherDatabase`], [`ErrorKind::MissingMigration`]: the tables are not there, or not those.
    /// * what else the database says.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.write())
    }
}
