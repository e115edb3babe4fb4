//! A connection with an open transaction. Dropped, it is rolled back.

use std::fmt;

use sqlx::Database;
use sqlx::pool::PoolConnection;

use crate::driver::sealed::Driver;

/// A connection with an open transaction. Dropped, it is rolled back.
pub enum Held<DB: Database> {
    /// sqlx has begun it.
    Tracked(sqlx::Transaction<'static, DB>),
    /// It was begun by a statement.
    Bare(Bare<DB>),
}

/// A connection in a transaction of which sqlx knows nothing.
pub struct Bare<DB: Database> {
    connection: PoolConnection<DB>,
    open: bool,
}

impl<DB: Database> Held<DB> {
    #[cfg(feature = "postgres")]
    pub(crate) fn bare(connection: PoolConnection<DB>) -> Self {
        Self::Bare(Bare { connection, open: true })
    }

    pub(crate) fn connection(&mut self) -> &mut DB::Connection {
        match self {
            Self::Tracked(transaction) => &mut *transaction,
            Self::Bare(bare) => &mut bare.connection,
        }
    }

    /// Its transaction is over.
    pub(crate) fn ended(&mut self) {
        if let Self::Bare(bare) = self {
            bare.open = false;
        }
    }
}

impl<DB: Driver> Held<DB> {
    pub(crate) async fn commit(mut self) -> Result<(), sqlx::Error> {
        match &mut self {
            Self::Tracked(_) => {}
            Self::Bare(bare) => DB::script(&mut bare.connection, "COMMIT".to_owned()).await?,
        }
        self.ended();
        match self {
            Self::Tracked(transaction) => transaction.commit().await,
            Self::Bare(_) => Ok(()),
        }
    }

    pub(crate) async fn rollback(mut self) -> Result<(), sqlx::Error> {
        match &mut self {
            Self::Tracked(transaction) if !DB::DIALECT.is_server => {
                // If it was rolled back behind sqlx's back, the rollback would fail, and the pool would keep a connection of
                // which sqlx believes that it is in a transaction. If it wasn't, it is this that fails.
                let _ = DB::script(&mut *transaction, "BEGIN".to_owned()).await;
            }
            Self::Tracked(_) => {}
            Self::Bare(bare) => DB::script(&mut bare.connection, "ROLLBACK".to_owned()).await?,
        }
        self.ended();
        match self {
            Self::Tracked(transaction) => transaction.rollback().await,
            Self::Bare(_) => Ok(()),
        }
    }
}

impl<DB: Database> Drop for Bare<DB> {
    fn drop(&mut self) {
        if self.open {
            // Nobody knows where it stands: the server rolls back when it is gone.
            self.connection.close_on_drop();
        }
    }
}

impl<DB: Database> fmt::Debug for Held<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("tracked", &matches!(self, Self::Tracked(_))).finish()
    }
}

impl<DB: Database> fmt::Debug for Bare<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bare").field("open", &self.open).finish_non_exhaustive()
    }
}
