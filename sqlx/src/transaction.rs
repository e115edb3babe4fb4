//! The open transaction that a step is given, and how it is held.

mod held;
mod words;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use futures::future::{BoxFuture, TryFutureExt};
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use sqlx::{Either, Execute, Executor, SqlStr};

use crate::database::Main;
use crate::driver::{Claim, Driver};
use crate::error::{Answer, Error, ErrorKind, answer};
use crate::names::Names;
pub(crate) use held::Held;

/// The open transaction that a `#[step(transaction)]` runs in: `tx: &mut Transaction<Postgres>`, or `Transaction<Sqlite>`.
///
/// It is an executor of sqlx: `sqlx::query(…).execute(&mut *tx).await?`. When the step returns `Ok`, it is committed, together with
/// the step's output; when it returns an `Err`, it is rolled back. So the step itself can do neither: `COMMIT`, `ROLLBACK`
/// and the like are refused (`SAVEPOINT`, `RELEASE` and `ROLLBACK TO` are not).
///
/// The second type says which [`Database`](crate::Database) it belongs to, if there is more than one of a kind.
pub struct Transaction<DB: Driver, N = Main> {
    held: Held<DB>,
    names: Arc<Names>,
    /// Of which the note is to be written at the end; as long as the database would not see that it isn't.
    unseen: Option<Claim>,
    seen: Seen,
    of: PhantomData<fn() -> N>,
}

/// What the database has answered to the step's statements, which may hide it in an error of its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// In conflict with another transaction: all may go well if it is done again.
    pub(crate) conflict: bool,
    /// The connection is gone.
    pub(crate) gone: bool,
    /// It has tried to end the transaction by this word.
    pub(crate) by_hand: Option<String>,
}

impl Seen {
    fn note(&mut self, error: &sqlx::Error) {
        match answer(error) {
            Answer::Conflict => self.conflict = true,
            Answer::Gone => self.gone = true,
            _ => {}
        }
    }
}

impl<DB: Driver, N> Transaction<DB, N> {
    pub(crate) fn new(held: Held<DB>, names: Arc<Names>, claim: Option<Claim>) -> Self {
        Self { held, names, unseen: claim, seen: Seen::default(), of: PhantomData }
    }

    /// The connection itself, for what takes one. Don't end the transaction with it, and don't `begin()` on it: that
    /// would be found when the step's output is to be committed, and the instance would be paused. For a part that may fail
    /// by itself, execute `SAVEPOINT part`, and then `RELEASE part` or `ROLLBACK TO part`.
    ///
    /// Conflicts with other transactions that come up here are not seen, and so not tried again at once.
    ///
    /// On PostgreSQL the first call is a round trip: nobody looks at what is executed with the connection, so the database
    /// is asked to refuse a `COMMIT` before the step has returned.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn connection(&mut self) -> Result<&mut DB::Connection, sqlx::Error> {
        self.lock_door().await?;
        Ok(self.held.connection())
    }

    /// Has the database refuse a commit by hand. Before a savepoint, too: rolled back to it, the lock would be gone.
    async fn lock_door(&mut self) -> Result<(), sqlx::Error> {
        let Some(claim) = &self.unseen else { return Ok(()) };
        let locked = DB::lock_door(self.held.connection(), claim).await;
        if !locked.inspect_err(|error| self.seen.note(error))? {
            self.seen.conflict = true;
            let error = Error::new(ErrorKind::Conflict, format!("`{}` was run by another meanwhile", claim.step));
            return Err(sqlx::Error::Configuration(Box::new(error)));
        }
        self.unseen = None;
        Ok(())
    }

    pub(crate) fn parts(&mut self) -> (&Names, &mut DB::Connection) {
        (&self.names, self.held.connection())
    }

    pub(crate) fn seen(&self) -> &Seen {
        &self.seen
    }

    pub(crate) fn into_held(self) -> Held<DB> {
        self.held
    }

    /// Whether a statement may be executed here.
    fn check(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let Some(word) = words::ends_transaction(sql) else { return Ok(()) };
        self.seen.by_hand = Some(word.clone());
        Err(sqlx::Error::Configuration(Box::new(by_hand(&word))))
    }
}

pub(crate) fn by_hand(word: &str) -> Error {
    Error::new(
        ErrorKind::ByHand,
        format!(
            "a step with `transaction` is committed when it returns `Ok`, and rolled back when it returns an `Err`: leave out the `{word}`, or use `SAVEPOINT`, `RELEASE` and `ROLLBACK TO` for a part of it"
        ),
    )
}

impl<DB: Driver, N> fmt::Debug for Transaction<DB, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("database", &DB::DIALECT.name)
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

/// A statement whose text has been looked at.
struct Checked<A> {
    sql: SqlStr,
    arguments: Option<A>,
    persistent: bool,
    savepoint: bool,
}

macro_rules! executor {
    ($database:ident) => {
        impl<N> Transaction<sqlx::$database, N> {
            fn checked<'q, E>(&mut self, mut query: E) -> Result<Checked<Arguments<sqlx::$database>>, sqlx::Error>
            where
                E: Execute<'q, sqlx::$database>,
            {
                let persistent = query.persistent();
                let arguments = query.take_arguments().map_err(sqlx::Error::Encode)?;
                let sql = query.sql();
                self.check(sql.as_str())?;
                let savepoint = words::may_make_savepoint(sql.as_str());
                Ok(Checked { sql, arguments, persistent, savepoint })
            }
        }

        impl Execute<'_, sqlx::$database> for Checked<Arguments<sqlx::$database>> {
            fn sql(self) -> SqlStr {
                self.sql
            }

            fn statement(&self) -> Option<&<sqlx::$database as sqlx::Database>::Statement> {
                None
            }

            fn take_arguments(&mut self) -> Result<Option<Arguments<sqlx::$database>>, sqlx::error::BoxDynError> {
                Ok(self.arguments.take())
            }

            fn persistent(&self) -> bool {
                self.persistent
            }
        }

        impl<'c, N> Executor<'c> for &'c mut Transaction<sqlx::$database, N> {
            type Database = sqlx::$database;

            fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Many<sqlx::$database>>
            where
                'c: 'e,
                E: 'q + Execute<'q, sqlx::$database>,
            {
                match self.checked(query) {
                    Err(error) => futures::stream::once(async { Err(error) }).boxed(),
                    Ok(checked) => {
                        let rows = async move {
                            if checked.savepoint {
                                self.lock_door().await?;
                            }
                            let Transaction { held, seen, .. } = self;
                            Ok(held.connection().fetch_many(checked).inspect_err(|error| seen.note(error)))
                        };
                        rows.try_flatten_stream().boxed()
                    }
                }
            }

            fn fetch_optional<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> BoxFuture<'e, Result<Option<<sqlx::$database as sqlx::Database>::Row>, sqlx::Error>>
            where
                'c: 'e,
                E: 'q + Execute<'q, sqlx::$database>,
            {
                match self.checked(query) {
                    Err(error) => Box::pin(async { Err(error) }),
                    Ok(checked) => Box::pin(async move {
                        if checked.savepoint {
                            self.lock_door().await?;
                        }
                        let Transaction { held, seen, .. } = self;
                        held.connection().fetch_optional(checked).inspect_err(|error| seen.note(error)).await
                    }),
                }
            }

            fn prepare_with<'e>(
                self,
                sql: SqlStr,
                parameters: &'e [<sqlx::$database as sqlx::Database>::TypeInfo],
            ) -> BoxFuture<'e, Result<<sqlx::$database as sqlx::Database>::Statement, sqlx::Error>>
            where
                'c: 'e,
            {
                let Transaction { held, seen, .. } = self;
                Box::pin(held.connection().prepare_with(sql, parameters).inspect_err(|error| seen.note(error)))
            }
        }
    };
}

type Arguments<DB> = <DB as sqlx::Database>::Arguments;
type Many<DB> = Result<Either<<DB as sqlx::Database>::QueryResult, <DB as sqlx::Database>::Row>, sqlx::Error>;

#[cfg(feature = "postgres")]
executor!(Postgres);
#[cfg(feature = "sqlite")]
executor!(Sqlite);
