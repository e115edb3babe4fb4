//! The database as steps know it: a pool, and where the tables are.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use sqlx::Pool;

use crate::driver::Driver;
use crate::error::Error;
use crate::migrations::{self, Migration};
use crate::names::{Names, USUAL};

/// Which database a step means, if a worker has only one of a kind.
#[derive(Debug)]
pub enum Main {}

/// A database in which steps run: `Worker::builder(…).provide(Database::open(pool).await?)`.
///
/// A worker that has two of a kind names them with types of its own: a step with `tx: &mut Transaction<Postgres, Savings>`
/// runs in the one that was opened with `Database::builder(pool).open_as::<Savings>()`. Cheap to clone.
pub struct Database<DB: Driver, N = Main> {
    pub(crate) shared: Arc<Shared<DB>>,
    of: PhantomData<fn() -> N>,
}

pub(crate) struct Shared<DB: Driver> {
    pub(crate) pool: Pool<DB>,
    pub(crate) names: Arc<Names>,
    pub(crate) identity: String,
    pub(crate) isolation: Isolation,
    pub(crate) largest_output: usize,
    pub(crate) conflicts: u32,
}

/// How much a transaction is apart from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Isolation {
    /// As the database is set (PostgreSQL: `READ COMMITTED`). SQLite's transactions are always serializable.
    #[default]
    Default,
    /// `REPEATABLE READ`
    RepeatableRead,
    /// `SERIALIZABLE`
    Serializable,
}

/// Says where the tables are, and how steps run.
#[derive(Debug)]
#[must_use = "call `.open()` or `.migrate()`"]
pub struct DatabaseBuilder<DB: Driver> {
    pool: Pool<DB>,
    schema: Option<String>,
    prefix: String,
    isolation: Isolation,
    largest_output: usize,
    conflicts: u32,
}

impl<DB: Driver> Database<DB> {
    /// Opens the database of a pool, with its tables under their usual names.
    ///
    /// # Errors
    ///
    /// See [`DatabaseBuilder::open`].
    pub async fn open(pool: Pool<DB>) -> Result<Self, Error> {
        Self::builder(pool).open().await
    }

    /// Begins to say where the tables are.
    pub fn builder(pool: Pool<DB>) -> DatabaseBuilder<DB> {
        DatabaseBuilder::new(pool)
    }
}

impl<DB: Driver, N> Database<DB, N> {
    /// The pool.
    #[must_use]
    pub fn pool(&self) -> &Pool<DB> {
        &self.shared.pool
    }

    /// A random text that was made with the tables: it tells this database from others.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.shared.identity
    }
}

impl<DB: Driver> DatabaseBuilder<DB> {
    fn new(pool: Pool<DB>) -> Self {
        Self {
            pool,
            schema: None,
            prefix: USUAL.to_owned(),
            isolation: Isolation::default(),
            largest_output: 1 << 20,
            conflicts: 5,
        }
    }

    /// The schema that the tables are in (PostgreSQL only). Default: the first one of the connections' search path.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// What the tables' names begin with. Default `sagaflow_`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How much the steps' transactions are apart from others. Default as the database is set.
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = isolation;
        self
    }

    /// The largest output of a step that is kept, in bytes of JSON. Default 1 MiB. A step that returns more is rolled back, and
    /// its instance paused.
    pub fn largest_output(mut self, bytes: usize) -> Self {
        self.largest_output = bytes;
        self
    }

    /// How often an attempt is begun anew at once when its transaction is in conflict with others (`40001`, `40P01`,
    /// `SQLITE_BUSY`), before it counts as failed. Default 5.
    pub fn conflicts(mut self, times: u32) -> Self {
        self.conflicts = times;
        self
    }

    /// Makes the tables, or brings them up to date. Does nothing if they are; any number of processes may call it at once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidName`](crate::ErrorKind::InvalidName), and what the database says.
    pub async fn migrate(&self) -> Result<(), Error> {
        migrations::run(self).await
    }

    /// The statements that [`migrate`](Self::migrate) executes, for those who let a tool of their own run them. Each step notes
    /// itself that it has been run. After the first, `migrate` is still to be called once, or a row with a random text of
    /// one's own inserted into the table `meta` under the name `identity`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidName`](crate::ErrorKind::InvalidName)
    pub fn migrations(&self) -> Result<Vec<Migration>, Error> {
        Ok(migrations::all(&self.names()?, &DB::DIALECT))
    }

    /// Looks whether the tables are there and may be written, and opens the database.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::MissingMigration`](crate::ErrorKind::MissingMigration) and [`OlderSchema`](crate::ErrorKind::OlderSchema): `migrate` first.
    /// * [`ErrorKind::Denied`](crate::ErrorKind::Denied) when the database's user may not write them.
    /// * [`ErrorKind::InvalidName`](crate::ErrorKind::InvalidName), [`Unavailable`](crate::ErrorKind::Unavailable), and what else the database says.
    pub async fn open(self) -> Result<Database<DB>, Error> {
        self.open_as().await
    }

    /// The same, for the steps whose transaction names `N`.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub async fn open_as<N>(self) -> Result<Database<DB, N>, Error> {
        let identity = migrations::check(&self).await?;
        let names = Arc::new(self.names()?);
        let Self { pool, isolation, largest_output, conflicts, .. } = self;
        let shared = Shared { pool, names, identity, isolation, largest_output, conflicts };
        Ok(Database { shared: Arc::new(shared), of: PhantomData })
    }

    pub(crate) fn names(&self) -> Result<Names, Error> {
        Names::new(self.schema.clone(), self.prefix.clone(), &DB::DIALECT)
    }

    pub(crate) fn pool(&self) -> &Pool<DB> {
        &self.pool
    }
}

impl<DB: Driver> Clone for DatabaseBuilder<DB> {
    fn clone(&self) -> Self {
        let Self { pool, schema, prefix, isolation, largest_output, conflicts } = self;
        let (isolation, largest_output, conflicts) = (*isolation, *largest_output, *conflicts);
        Self {
            pool: pool.clone(),
            schema: schema.clone(),
            prefix: prefix.clone(),
            isolation,
            largest_output,
            conflicts,
        }
    }
}

impl<DB: Driver, N> Clone for Database<DB, N> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), of: PhantomData }
    }
}

impl<DB: Driver, N> fmt::Debug for Database<DB, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { names, isolation, .. } = &*self.shared;
        let (name, isolation) = (DB::DIALECT.name, isolation);
        f.debug_struct("Database")
            .field("database", &name)
            .field("names", names)
            .field("isolation", isolation)
            .finish_non_exhaustive()
    }
}
