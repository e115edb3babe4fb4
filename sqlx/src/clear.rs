//! Clearing away what is old, in small batches, so that nobody waits for long.
//!
//! A note of a transactional step is cleared away only when its instance has come to its end, or is no longer kept: for as long
//! as it may be undone or delivered again, the note is what makes its effects happen once.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sagaflow::{Client, ErrorKind as Kind};

use crate::Isolation;
use crate::database::Database;
use crate::driver::{Arg, Driver};
use crate::error::{self, Error, ErrorKind};

/// How many rows are cleared away in one transaction.
const BATCH: i64 = 500;

/// How many rows were cleared away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Cleared {
    /// Notes of transactional steps.
    pub notes: u64,
    /// Rows of the outbox that were refused.
    pub refused: u64,
    /// Instances that have come to their end.
    pub instances: u64,
    /// Transitions.
    pub transitions: u64,
}

impl<DB: Driver, N> Database<DB, N> {
    /// Clears away what is older than `age`: notes of transactional steps whose instances have ended, refused rows of the outbox,
    /// and projected rows of instances that have ended. Call it now and then, on any process.
    ///
    /// The client says which instances have ended; it has to be on the transport that the steps' workers are on.
    ///
    /// # Errors
    ///
    /// What the database says; [`ErrorKind::Unavailable`] when the transport can't be asked. What was cleared away until then is.
    pub async fn clear_away(&self, client: &Client, age: Duration) -> Result<Cleared, Error> {
        let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
        let cutoff = DB::DIALECT.time(Timestamp::now().saturating_sub(age).unwrap_or(Timestamp::MIN));
        let refused = "DELETE FROM {table:outbox} WHERE id IN (\
             SELECT id FROM {table:outbox} WHERE state = 'refused' AND at < CAST($1 AS {time}) LIMIT $2)";
        let instances = "DELETE FROM {table:instances} WHERE (saga, id) IN (\
             SELECT saga, id FROM {table:instances} WHERE finished < CAST($1 AS {time}) LIMIT $2)";
        let transitions = "DELETE FROM {table:transitions} WHERE (saga, id, revision) IN (\
             SELECT saga, id, revision FROM {table:transitions} WHERE at < CAST($1 AS {time}) LIMIT $2)";
        Ok(Cleared {
            notes: self.clear_notes(client, &cutoff).await?,
            refused: self.clear(refused, &cutoff).await?,
            instances: self.clear(instances, &cutoff).await?,
            transitions: self.clear(transitions, &cutoff).await?,
        })
    }

    /// Deletes batch after batch until one is not full.
    async fn clear(&self, sql: &str, cutoff: &str) -> Result<u64, Error> {
        let sql = self.shared.names.fill(sql, &DB::DIALECT);
        let mut sum = 0;
        loop {
            let mut connection = self.shared.pool.acquire().await.map_err(clearing)?;
            let args: Vec<Arg> = vec![cutoff.into(), BATCH.into()];
            let cleared = DB::execute(&mut connection, sql.as_str().into(), args).await.map_err(clearing)?;
            sum += cleared;
            if cleared < BATCH.unsigned_abs() {
                return Ok(sum);
            }
        }
    }

    async fn clear_notes(&self, client: &Client, cutoff: &str) -> Result<u64, Error> {
        let select = "SELECT key, CAST(started AS TEXT), part FROM {table:inbox} WHERE at < CAST($1 AS {time}) \
             AND (key, started, part) > ($2, $3, $4) ORDER BY key, started, part LIMIT $5";
        let select = self.shared.names.fill(select, &DB::DIALECT);
        let delete =
            format!("DELETE FROM {} WHERE key = $1 AND started = $2 AND part = $3", self.shared.names.table("inbox"));
        // Before all keys.
        let (mut after, mut sum) = ((String::new(), i64::MIN, String::new()), 0);
        let mut standing = HashMap::new();
        loop {
            let mut connection = self.shared.pool.acquire().await.map_err(clearing)?;
            let (key, started, part) = after.clone();
            let args: Vec<Arg> = vec![cutoff.into(), key.into(), started.into(), part.into(), BATCH.into()];
            let rows = DB::fetch(&mut connection, select.as_str().into(), args).await.map_err(clearing)?;
            drop(connection);
            let notes: Vec<_> = rows.into_iter().filter_map(note).collect();
            let Some(last) = notes.last() else { return Ok(sum) };
            after = last.clone();
            let mut over = Vec::new();
            for note in notes {
                let (key, started, _) = &note;
                let mut parts = key.splitn(3, '/');
                let (Some(saga), Some(id)) = (parts.next(), parts.next()) else { continue };
                let instance = (saga.to_owned(), id.to_owned());
                let stands = match standing.get(&instance) {
                    Some(stands) => *stands,
                    None => {
                        let stands = stands(client, saga, id).await?;
                        *standing.entry(instance).or_insert(stands)
                    }
                };
                // An instance of the same id that was started at another time is another one.
                if stands != Some(*started) {
                    over.push(note);
                }
            }
            // What has been asked may have changed in the next batch.
            standing.clear();
            let mut held = DB::begin(&self.shared.pool, Isolation::Default).await.map_err(clearing)?;
            for (key, started, part) in over {
                let args = vec![key.into(), started.into(), part.into()];
                sum += DB::execute(held.connection(), delete.as_str().into(), args).await.map_err(clearing)?;
            }
            held.commit().await.map_err(clearing)?;
        }
    }
}

/// When the instance of an id was started that has not ended; `None`: there is none.
async fn stands(client: &Client, saga: &str, id: &str) -> Result<Option<i64>, Error> {
    match client.status(saga, id).await {
        Ok(status) => Ok((!status.status.is_terminal()).then(|| status.started.as_microsecond())),
        Err(error) if matches!(error.kind(), Kind::NotFound | Kind::InvalidId) => Ok(None),
        Err(error) => {
            let text = format!("whether {saga}/{id} has ended can't be asked: {error}");
            Err(Error::new(ErrorKind::Unavailable, text))
        }
    }
}

fn note(row: crate::driver::Row) -> Option<(String, i64, String)> {
    let mut columns = row.into_iter();
    Some((columns.next()??, columns.next()??.parse().ok()?, columns.next()??))
}

fn clearing(error: sqlx::Error) -> Error {
    error::of("clearing away what is old", error)
}
