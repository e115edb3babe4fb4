//! The relay: makes starts of the rows of the outbox, once each, and those of one key one after the other.
//!
//! Any number of relays work side by side. One *holds* the rows that it is at, for a time; if it dies, they are
//! another one's after that. A row is deleted when the transport has the instance: if the relay dies in between, the
//! start is repeated, and finds the instance there.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use sagaflow::client::PreparedStart;
use sagaflow::transport::InstanceId;
use sagaflow::{Client, ErrorKind as Kind};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::database::{Database, Shared};
use crate::driver::{Driver, Row, Wake};
use crate::error::{self, Error};

/// So long a relay holds the rows that it has taken, in milliseconds.
const HOLD: i64 = 30_000;
/// When it looks again for rows whose turn it was not.
const AGAIN: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);
/// How many starts are on their way at a time.
const AT_ONCE: usize = 64;

/// Makes starts of what [`start_in`](super::StartIn::start_in) has written. A role of a worker, or a process of its own.
///
/// On PostgreSQL it listens for notifications, and looks by itself every second; on SQLite it looks 20 times a second.
#[must_use = "call `.spawn()`"]
pub struct Relay<DB: Driver> {
    shared: Arc<Shared<DB>>,
    client: Client,
    batch: u32,
}

/// A relay that runs in the background. Dropping it stops it where it stands, which loses nothing.
#[derive(Debug)]
pub struct RunningRelay {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl<DB: Driver> Relay<DB> {
    /// A relay from a database to the transport of a client.
    pub fn new<N>(database: &Database<DB, N>, client: Client) -> Self {
        Self { shared: database.shared.clone(), client, batch: 500 }
    }

    /// How many rows it takes at a time. Default 500.
    pub fn batch(mut self, rows: u32) -> Self {
        self.batch = rows.max(1);
        self
    }

    /// Starts it in a task of the current tokio runtime.
    #[must_use = "dropping it stops the relay"]
    pub fn spawn(self) -> RunningRelay {
        let (stop, stopped) = watch::channel(false);
        RunningRelay { stop, task: tokio::spawn(self.run(stopped)) }
    }

    /// Hands over what is in the outbox now, and returns how many rows that were.
    ///
    /// # Errors
    ///
    /// What the database says. Rows whose starts have failed stay.
    pub async fn hand_over(&self) -> Result<u64, Error> {
        let mut sum = 0;
        loop {
            let Done { taken, handed } = self.once().await?;
            sum += handed;
            if taken == 0 || handed == 0 {
                return Ok(sum);
            }
        }
    }

    async fn run(self, mut stopped: watch::Receiver<bool>) {
        let (mut wake, mut pause) = (None, AGAIN);
        loop {
            if *stopped.borrow() {
                return;
            }
            let wait = match self.turn(&mut wake).await {
                // There may be more.
                Ok(Done { taken, handed }) if handed > 0 && taken >= u64::from(self.batch) => continue,
                Ok(Done { taken, handed }) => {
                    pause = AGAIN;
                    (taken > handed).then_some(AGAIN)
                }
                Err(error) => {
                    tracing::warn!(%error, "the relay of the outbox tries again in {pause:?}");
                    wake = None;
                    let wait = pause.mul_f64(0.5 + fastrand::f64() / 2.0);
                    pause = (pause * 2).min(LONGEST);
                    Some(wait)
                }
            };
            let waits = async {
                match (wait, &mut wake) {
                    (None, Some(wake)) => wake.wait().await,
                    (wait, _) => sleep(wait.unwrap_or(AGAIN)).await,
                }
            };
            tokio::select! {
                () = waits => {}
                // An error means that it was dropped.
                _ = stopped.changed() => return,
            }
        }
    }

    /// It listens before it looks, so that nothing comes in between.
    async fn turn(&self, wake: &mut Option<Box<dyn Wake>>) -> Result<Done, Error> {
        if wake.is_none() {
            let listened = DB::listen(&self.shared.pool, self.shared.names.channel()).await;
            *wake = Some(listened.map_err(|error| error::of("listening to the outbox", error))?);
        }
        self.once().await
    }

    async fn once(&self) -> Result<Done, Error> {
        let mut connection = self.shared.pool.acquire().await.map_err(reading)?;
        let token = format!("{:016x}", fastrand::u64(..));
        let rows = self.take(&mut connection, &token).await.map_err(reading)?;
        let taken = rows.len() as u64;
        if rows.is_empty() {
            return Ok(Done { taken, handed: 0 });
        }
        let others = self.first_of_others(&mut connection, &token).await.map_err(reading)?;
        // Nobody else is kept from the connection while the starts are on their way.
        drop(connection);
        let mut groups: BTreeMap<String, Vec<Waiting>> = BTreeMap::new();
        for waiting in rows.into_iter().filter_map(Waiting::of) {
            groups.entry(waiting.key.clone()).or_default().push(waiting);
        }
        let groups = groups.into_iter().map(|(key, mut group)| {
            // What comes after a row that another relay has waits for that.
            let first = others.get(&key).copied().unwrap_or(i64::MAX);
            group.retain(|waiting| waiting.id < first);
            self.in_order(group)
        });
        let groups = futures::stream::iter(groups);
        let ends: Vec<_> = groups.buffer_unordered(AT_ONCE).collect().await;
        let (mut handed, mut refused) = (Vec::new(), Vec::new());
        for end in ends {
            handed.extend(end.handed);
            refused.extend(end.refused);
        }
        let mut connection = self.shared.pool.acquire().await.map_err(reading)?;
        self.settle(&mut connection, &token, &handed, &refused).await.map_err(reading)?;
        Ok(Done { taken, handed: (handed.len() + refused.len()) as u64 })
    }

    /// Takes rows in hand that nobody else has.
    async fn take(&self, connection: &mut DB::Connection, token: &str) -> Result<Vec<Row>, sqlx::Error> {
        let sql = "UPDATE {table:outbox} SET held_by = $1, held_until = {now_ms} + $2 WHERE id IN (\
               SELECT id FROM {table:outbox} WHERE state = 'waiting' AND held_until < {now_ms} ORDER BY id LIMIT $3 {skip_locked}\
             ) RETURNING CAST(id AS TEXT), saga, instance, payload, key";
        let sql = self.shared.names.fill(sql, &DB::DIALECT);
        DB::fetch(connection, sql.into(), vec![token.into(), HOLD.into(), i64::from(self.batch).into()]).await
    }

    /// Of each key of which rows were taken, the first one that was not taken: another relay has it, or has just given it back.
    async fn first_of_others(
        &self,
        connection: &mut DB::Connection,
        token: &str,
    ) -> Result<BTreeMap<String, i64>, sqlx::Error> {
        let sql = "SELECT key, CAST(min(id) AS TEXT) FROM {table:outbox} WHERE state = 'waiting' AND (held_by IS NULL OR held_by <> $1) AND key IN (\
               SELECT key FROM {table:outbox} WHERE held_by = $1 AND state = 'waiting'\
             ) GROUP BY key";
        let sql = self.shared.names.fill(sql, &DB::DIALECT);
        let rows = DB::fetch(connection, sql.into(), vec![token.into()]).await?;
        let first = |row: Row| {
            let mut row = row.into_iter();
            Some((row.next()??, row.next()??.parse().ok()?))
        };
        Ok(rows.into_iter().filter_map(first).collect())
    }

    /// The rows of one key, one after the other; ends at the first whose start is to be tried again.
    async fn in_order(&self, mut group: Vec<Waiting>) -> End {
        group.sort_by_key(|waiting| waiting.id);
        let mut end = End::default();
        for waiting in group {
            let prepared = InstanceId::new(&*waiting.saga, &*waiting.instance)
                .map_err(sagaflow::Error::from)
                .and_then(|instance| PreparedStart::from_json(instance, &waiting.payload));
            let started = match prepared {
                Ok(prepared) => self.client.start_prepared(&prepared).await,
                Err(error) => Err(error),
            };
            match started {
                Ok(()) => end.handed.push(waiting.id),
                Err(error) => {
                    let (saga, instance) = (&waiting.saga, &waiting.instance);
                    let for_good = [Kind::InvalidId, Kind::Unreadable, Kind::Unserializable, Kind::TooLarge];
                    if for_good.contains(&error.kind()) {
                        tracing::error!(saga, instance, %error, "a start in the outbox is refused, and stays there");
                        end.refused.push((waiting.id, error.to_string()));
                        continue;
                    }
                    tracing::warn!(saga, instance, %error, "a start in the outbox was not made; it is tried again");
                    break;
                }
            }
        }
        end
    }

    async fn settle(
        &self,
        connection: &mut DB::Connection,
        token: &str,
        handed: &[i64],
        refused: &[(i64, String)],
    ) -> Result<(), sqlx::Error> {
        let outbox = self.shared.names.table("outbox");
        if !handed.is_empty() {
            let ids: Vec<_> = handed.iter().map(i64::to_string).collect();
            DB::script(connection, format!("DELETE FROM {outbox} WHERE id IN ({})", ids.join(", "))).await?;
        }
        for (id, error) in refused {
            let sql = format!("UPDATE {outbox} SET state = 'refused', error = $1 WHERE id = $2");
            DB::execute(connection, sql.into(), vec![error.as_str().into(), (*id).into()]).await?;
        }
        // What was taken and could not be handed over is anybody's again.
        let sql =
            format!("UPDATE {outbox} SET held_by = NULL, held_until = 0 WHERE held_by = $1 AND state = 'waiting'");
        DB::execute(connection, sql.into(), vec![token.into()]).await.map(drop)
    }
}

/// What came of one look.
struct Done {
    taken: u64,
    handed: u64,
}

/// What came of the rows of one key.
#[derive(Default)]
struct End {
    handed: Vec<i64>,
    refused: Vec<(i64, String)>,
}

/// A row of the outbox.
struct Waiting {
    id: i64,
    saga: String,
    instance: String,
    payload: String,
    key: String,
}

impl Waiting {
    fn of(row: Row) -> Option<Self> {
        let mut columns = row.into_iter();
        let mut next = || columns.next()?;
        Some(Self { id: next()?.parse().ok()?, saga: next()?, instance: next()?, payload: next()?, key: next()? })
    }
}

fn reading(error: sqlx::Error) -> Error {
    error::of("reading the outbox", error)
}

impl RunningRelay {
    /// Stops it when it has handed over what it has taken.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        // It ends by itself; if it has panicked, the log says so.
        let mut task = self.task;
        let _ = (&mut task).await;
    }
}

impl<DB: Driver> fmt::Debug for Relay<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("names", &self.shared.names).field("batch", &self.batch).finish_non_exhaustive()
    }
}
