//! The relay: hands over the rows of the outbox, once each, and those of one key one after the other.
//!
//! Any number of relays work side by side. One *holds* the rows that it is at, for a time; if it dies, they are
//! another one's after that. A row is deleted when the transport has what it says: if the relay dies in between, a
//! start is repeated, and finds the instance there; a signal is sent again with the same key, and dropped.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use sagaflow::Client;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::row::{Refusal, Waiting};
use crate::database::{Database, Shared};
use crate::driver::{Driver, Row, Wake};
use crate::error::{self, Error};

/// So long a relay holds the rows that it has taken, in milliseconds.
const HOLD: i64 = 30_000;
/// When it looks again for rows whose turn it was not.
const AGAIN: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);
/// How many starts and signals are on their way at a time.
const AT_ONCE: usize = 64;

/// Hands over what [`start_in`](super::StartIn::start_in) and [`signal_in`](super::SignalIn::signal_in) have written. A role of a worker, or a
/// process of its own.
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
    /// What the database says. Rows that could not be handed over stay.
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
        // Nobody else is kept from the connection while they are on their way.
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
        let mut all = End::default();
        for End { handed, refused, failed } in ends {
            all.handed.extend(handed);
            all.refused.extend(refused);
            all.failed.extend(failed);
        }
        let mut connection = self.shared.pool.acquire().await.map_err(reading)?;
        self.settle(&mut connection, &token, &all).await.map_err(reading)?;
        Ok(Done { taken, handed: (all.handed.len() + all.refused.len()) as u64 })
    }

    /// Takes rows in hand that nobody else has, and that are behind none that somebody has, or that is to be tried again later: however many
    /// wait behind such a one, they are in nobody's way.
    async fn take(&self, connection: &mut DB::Connection, token: &str) -> Result<Vec<Row>, sqlx::Error> {
        // A row of a kind that this version doesn't know is left to newer ones.
        let sql = "UPDATE {table:outbox} SET held_by = $1, held_until = {now_ms} + $2, tries = tries + 1 WHERE id IN (\
               SELECT id FROM {table:outbox} AS row WHERE state = 'waiting' AND held_until < {now_ms} AND kind IN ('start', 'signal') AND NOT EXISTS (\
                 SELECT 1 FROM {table:outbox} AS before WHERE before.key = row.key AND before.id < row.id AND before.state = 'waiting' AND before.held_until >= {now_ms}\
               ) ORDER BY id LIMIT $3 {skip_locked}\
             ) RETURNING CAST(id AS TEXT), kind, saga, instance, payload, key, CAST(tries AS TEXT)";
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

    /// The rows of one key, one after the other; ends at the first that is to be tried again.
    async fn in_order(&self, mut group: Vec<Waiting>) -> End {
        group.sort_by_key(|waiting| waiting.id);
        let mut end = End::default();
        for waiting in group {
            let error = match self.hand(&waiting).await {
                Ok(()) => {
                    end.handed.push(waiting.id);
                    continue;
                }
                Err(error) => error,
            };
            let (kind, saga, instance) = (&waiting.kind, &waiting.saga, &waiting.instance);
            if error.for_good {
                tracing::error!(kind, saga, instance, %error, "a row of the outbox is refused, and stays there");
                end.refused.push((waiting.id, error.to_string()));
            } else {
                let wait = AGAIN.saturating_mul(1 << waiting.tries.min(7)).min(LONGEST);
                tracing::warn!(kind, saga, instance, %error, "a row of the outbox was not handed over; it is tried again in {wait:?}");
                end.failed.push((waiting.id, i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)));
                break;
            }
        }
        end
    }

    /// A signal to an instance whose start waits under another key waits for it.
    async fn hand(&self, waiting: &Waiting) -> Result<(), Refusal> {
        match waiting.hand(&self.client).await {
            Err(refusal) if refusal.is_missing => match self.starts(waiting).await {
                Ok(true) => Err(Refusal { for_good: false, ..refusal }),
                // It may have been started just before the answer.
                Ok(false) => waiting.hand(&self.client).await,
                Err(error) => Err(Refusal::for_now(error.to_string())),
            },
            handed => handed,
        }
    }

    /// Whether the start of its instance is in the outbox.
    async fn starts(&self, waiting: &Waiting) -> Result<bool, Error> {
        let sql = "SELECT '' FROM {table:outbox} WHERE kind = 'start' AND saga = $1 AND instance = $2 AND state = 'waiting' LIMIT 1";
        let sql = self.shared.names.fill(sql, &DB::DIALECT);
        let mut connection = self.shared.pool.acquire().await.map_err(reading)?;
        let args = vec![waiting.saga.as_str().into(), waiting.instance.as_str().into()];
        Ok(!DB::fetch(&mut connection, sql.into(), args).await.map_err(reading)?.is_empty())
    }

    async fn settle(&self, connection: &mut DB::Connection, token: &str, end: &End) -> Result<(), sqlx::Error> {
        let names = &self.shared.names;
        if !end.handed.is_empty() {
            let ids: Vec<_> = end.handed.iter().map(i64::to_string).collect();
            let outbox = names.table("outbox");
            DB::script(connection, format!("DELETE FROM {outbox} WHERE id IN ({})", ids.join(", "))).await?;
        }
        for (id, error) in &end.refused {
            let sql =
                "UPDATE {table:outbox} SET state = 'refused', error = $1, held_by = NULL, held_until = 0 WHERE id = $2";
            let sql = names.fill(sql, &DB::DIALECT);
            DB::execute(connection, sql.into(), vec![error.as_str().into(), (*id).into()]).await?;
        }
        for (id, wait) in &end.failed {
            let sql = "UPDATE {table:outbox} SET held_by = NULL, held_until = {now_ms} + $1 WHERE id = $2";
            let sql = names.fill(sql, &DB::DIALECT);
            DB::execute(connection, sql.into(), vec![(*wait).into(), (*id).into()]).await?;
        }
        // What its turn has not come to is anybody's again.
        let sql = "UPDATE {table:outbox} SET held_by = NULL, held_until = 0, tries = tries - 1 WHERE held_by = $1 AND state = 'waiting'";
        let sql = names.fill(sql, &DB::DIALECT);
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
    /// To be tried again, after so many milliseconds.
    failed: Vec<(i64, i64)>,
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
