//! Starts and signals from within a transaction: rows in the outbox, written in the user's own transaction, which a relay
//! hands over when it is committed.
//!
//! Rolled back, there is no row, and nothing is ever started or sent. Committed, the row is there until the transport has what
//! it says: a relay that dies in between has another one repeat it, which does nothing the second time.

mod relay;
mod row;
mod signals;
mod starts;

pub use relay::{Relay, RunningRelay};
pub use signals::{SignalIn, SignalInBuilder};
pub use starts::{StartIn, StartInBuilder};

use std::borrow::Cow;
use std::sync::Arc;

use sagaflow::transport::InstanceId;

use crate::database::Database;
use crate::driver::{Arg, Driver};
use crate::error::{self, Error, ErrorKind};
use crate::names::Names;
use crate::transaction::Transaction;

/// A transaction in which starts and signals can be written.
///
/// sqlx's own (`pool.begin()`), if sagaflow's tables have their usual names; the one that a step runs in; and any that is taken
/// [`within`](Database::within) a database.
pub trait OutboxTransaction: Send {
    /// Its database.
    type Driver: Driver;

    #[doc(hidden)]
    fn outbox(&mut self) -> Outbox<'_, Self::Driver>;
}

/// Where they are written.
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

/// What a row says.
struct Written<'a> {
    kind: &'static str,
    instance: &'a InstanceId,
    payload: String,
    /// Rows of one key are handed over one after the other; without one, those of the instance.
    key: Option<String>,
}

impl<DB: Driver> Outbox<'_, DB> {
    async fn write(self, row: Written<'_>) -> Result<(), Error> {
        let Self { connection, names, identity } = self;
        let Written { kind, instance, payload, key } = row;
        let key = key.unwrap_or_else(|| instance.to_string());
        let mut sql = format!(
            "INSERT INTO {} (kind, saga, instance, payload, key) SELECT '{kind}', $1, $2, $3, $4",
            names.table("outbox")
        );
        let mut args: Vec<Arg> = vec![instance.saga().into(), instance.id().into(), payload.into(), key.into()];
        if let Some(identity) = identity {
            let meta = names.table("meta");
            sql.push_str(&format!(" WHERE EXISTS (SELECT 1 FROM {meta} WHERE name = 'identity' AND value = $5)"));
            args.push(identity.into());
        }
        let doing = format!("writing a {kind} of {instance} into the outbox");
        match DB::execute(connection, sql.into(), args).await.map_err(|error| error::of(&doing, error))? {
            1 => Ok(()),
            _ => Err(Error::new(
                ErrorKind::AnotherDatabase,
                format!("{doing}: this transaction belongs to another database than the one that it was taken within"),
            )),
        }
    }
}

/// What sagaflow itself says of a start or signal.
fn invalid(error: &sagaflow::Error) -> Error {
    Error::new(ErrorKind::Invalid, error.to_string())
}
