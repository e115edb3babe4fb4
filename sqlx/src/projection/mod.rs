//! Results in SQL: one row per instance, kept up to date from the transport's feed; and, if asked for, one per transition.
//!
//! The rows of a page and the position behind it are committed together, so each is applied exactly once, a restart goes on
//! where it was, and a row never goes back (it knows its record's revision). One projector is at it at a time: it
//! *holds* the projection, and another one takes over when it hasn't been heard of for a while.

mod chronicle;
mod sql;

pub use chronicle::Chronicle;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sagaflow::Client;
use sagaflow::client::InstanceStatus;
use sagaflow::transport::{Feed, FeedPage, InstanceId, Stored};
use serde_json::{Map, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::Isolation;
use crate::database::{Database, Shared};
use crate::driver::{Arg, Dialect, Driver};
use crate::error::{self, Error, ErrorKind};

/// So long a projector holds the projection without a word, in milliseconds, and so often it says one.
const HOLD: i64 = 10_000;
const RENEW: Duration = Duration::from_secs(3);
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);
/// How much later than a record its row may be, unless told otherwise.
const LATE: Duration = Duration::from_millis(250);
/// A page with fewer records than this was all that there was.
const FEW: usize = 200;

/// Keeps the tables `instances` and `transitions` up to date. A role of a worker, or a process of its own; any number may run, of
/// which one is at it.
#[must_use = "call `.spawn()`"]
pub struct Projector<DB: Driver> {
    shared: Arc<Shared<DB>>,
    client: Client,
    transitions: bool,
    late: Option<Duration>,
}

/// A projector that runs in the background. Dropping it stops it where it stands, which loses nothing.
#[derive(Debug)]
pub struct RunningProjector {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl<DB: Driver> Projector<DB> {
    /// A projector from the transport of a client to a database.
    pub fn new<N>(client: Client, database: &Database<DB, N>) -> Self {
        Self { shared: database.shared.clone(), client, transitions: false, late: None }
    }

    /// Whether there is a row for each transition, too. Default: no.
    ///
    /// A transport keeps the last record of an instance. So there is a row for each record that the projector has come to before it
    /// was superseded: while it keeps up, that is nearly all of them, and the last one always. With a [`Chronicle`] it is all of them.
    pub fn transitions(mut self, transitions: bool) -> Self {
        self.transitions = transitions;
        self
    }

    /// How much later than its record a row may be: at most 5 seconds. Default 250 ms; with [`transitions`](Self::transitions) zero.
    ///
    /// What an instance goes through in that time is one row to be written, not one for each record, so a longer time costs the
    /// database and the sagas less. A projector that has fallen behind does not wait.
    pub fn late(mut self, late: Duration) -> Self {
        self.late = Some(late);
        self
    }

    /// Starts it in a task of the current tokio runtime.
    #[must_use = "dropping it stops the projector"]
    pub fn spawn(self) -> RunningProjector {
        let (stop, stopped) = watch::channel(false);
        RunningProjector { stop, task: tokio::spawn(self.run(stopped)) }
    }

    /// Empties the table `instances`, and has it filled anew from what the transport holds. Instances that came to their end so long ago
    /// that the transport doesn't keep them any more are then gone. Transitions stay.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn rebuild(&self) -> Result<(), Error> {
        let failed = |error| error::of("emptying the projection", error);
        let mut held = DB::begin(&self.shared.pool, Isolation::Default).await.map_err(failed)?;
        // Whoever is at it finds at the end of its page that it has started anew.
        for sql in [
            "UPDATE {table:projection} SET position = NULL, held_by = NULL, held_until = 0 WHERE name = 'instances'",
            "DELETE FROM {table:instances}",
        ] {
            self.execute(held.connection(), sql, Vec::new()).await.map_err(failed)?;
        }
        held.commit().await.map_err(failed)
    }

    async fn run(self, mut stopped: watch::Receiver<bool>) {
        let token = format!("{:016x}", fastrand::u64(..));
        let mut pause = SHORTEST;
        loop {
            let begun = Instant::now();
            let worked = tokio::select! {
                worked = self.project(&token) => worked,
                // An error means that it was dropped.
                _ = stopped.changed() => break,
            };
            if begun.elapsed() > LONGEST * 2 {
                pause = SHORTEST;
            }
            match worked {
                // Another one is at it, or it was told to begin anew.
                Ok(End::NotHeld) => {}
                Ok(End::Closed) => return,
                Err(error) => tracing::warn!(%error, "the projection tries again in {pause:?}"),
            }
            tokio::select! {
                () = sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)) => {}
                _ = stopped.changed() => break,
            }
            pause = (pause * 2).min(LONGEST);
        }
        // So that the next one need not wait.
        if let Ok(mut connection) = self.shared.pool.acquire().await {
            let sql = "UPDATE {table:projection} SET held_by = NULL, held_until = 0 WHERE held_by = $1";
            let _ = self.execute(&mut connection, sql, vec![token.into()]).await;
        }
    }

    /// Applies page after page, for as long as it holds the projection.
    async fn project(&self, token: &str) -> Result<End, Error> {
        let reading = |error| error::of("reading the position of the projection", error);
        let mut connection = self.shared.pool.acquire().await.map_err(reading)?;
        let insert = "INSERT INTO {table:projection} (name) VALUES ('instances') ON CONFLICT DO NOTHING";
        self.execute(&mut connection, insert, Vec::new()).await.map_err(reading)?;
        let hold = "UPDATE {table:projection} SET held_by = $1, held_until = {now_ms} + $2 \
             WHERE name = 'instances' AND (held_by IS NULL OR held_by = $1 OR held_until < {now_ms}) RETURNING position";
        let hold = self.shared.names.fill(hold, &DB::DIALECT);
        let rows = DB::fetch(&mut connection, hold.into(), vec![token.into(), HOLD.into()]).await.map_err(reading)?;
        let Some(row) = rows.into_iter().next() else { return Ok(End::NotHeld) };
        drop(connection);
        let mut position = row.into_iter().next().flatten();
        let feed = self.client.feed(position.as_deref()).await;
        let mut feed =
            feed.map_err(|error| Error::new(ErrorKind::Other, format!("the feed can't be read: {error}")))?;
        let late = self.late.unwrap_or(if self.transitions { Duration::ZERO } else { LATE }).min(LONGEST);
        loop {
            let Some(page) = self.next(&mut *feed).await? else { return Ok(End::Closed) };
            let few = page.as_ref().is_some_and(|page| page.records.len() < FEW);
            let reached = page.as_ref().map(|page| page.position.clone()).or_else(|| position.clone());
            if !self.apply(token, page.as_ref(), position.as_deref(), reached.as_deref()).await? {
                return Ok(End::NotHeld);
            }
            position = reached;
            if few {
                sleep(late).await;
            }
        }
    }

    /// The next page; `Some(None)`: there was none for so long that the others are to hear that this one is alive.
    async fn next(&self, feed: &mut dyn Feed) -> Result<Option<Option<FeedPage>>, Error> {
        match timeout(RENEW, feed.next()).await {
            Err(_) => Ok(Some(None)),
            Ok(None) => Ok(None),
            Ok(Some(Ok(page))) => Ok(Some(Some(page))),
            Ok(Some(Err(error))) => Err(Error::new(ErrorKind::Other, format!("the feed can't be read: {error}"))),
        }
    }

    /// Commits the rows of a page with the position behind it. `false`: another one holds the projection, or it begins anew.
    async fn apply(
        &self,
        token: &str,
        page: Option<&FeedPage>,
        before: Option<&str>,
        reached: Option<&str>,
    ) -> Result<bool, Error> {
        let failed = |error| error::of("writing the projection", error);
        let mut held = DB::begin(&self.shared.pool, Isolation::Default).await.map_err(failed)?;
        let connection = held.connection();
        let go_on = "UPDATE {table:projection} SET position = $1, held_until = {now_ms} + $2 \
             WHERE name = 'instances' AND held_by = $3 AND coalesce(position, '') = $4";
        let args =
            vec![reached.map(str::to_owned).into(), HOLD.into(), token.into(), before.unwrap_or_default().into()];
        if self.execute(connection, go_on, args).await.map_err(failed)? != 1 {
            let _ = held.rollback().await;
            return Ok(false);
        }
        if let Some(page) = page {
            // Of one instance only the last of a page: a statement changes a row once.
            let last: HashMap<_, _> = page.records.iter().map(|(of, stored)| (of, stored.revision)).collect();
            let is_last = |(of, stored): &(InstanceId, Stored)| last.get(of) == Some(&stored.revision);
            let (mut lasts, mut all) = (Vec::new(), Vec::new());
            for record in &page.records {
                let last = is_last(record);
                let Some(row) = (last || self.transitions).then(|| self.row(record)).flatten() else { continue };
                if self.transitions {
                    all.push(row.clone());
                }
                if last {
                    lasts.push(row);
                }
            }
            self.execute(connection, instances(&DB::DIALECT), vec![as_json(lasts).into()]).await.map_err(failed)?;
            if self.transitions {
                self.execute(connection, transitions(&DB::DIALECT), vec![as_json(all).into()]).await.map_err(failed)?;
            }
        }
        held.commit().await.map_err(failed)?;
        Ok(true)
    }

    /// `None`, with a warning: a record that can't be read.
    fn row(&self, (instance, stored): &(InstanceId, Stored)) -> Option<Map<String, serde_json::Value>> {
        let revision = stored.revision.0;
        let read = self.client.read(instance, stored);
        let read = read.inspect_err(|error| tracing::warn!(%instance, revision, %error, "left out of the projection"));
        read.ok().map(|status| row(&status, revision, &DB::DIALECT))
    }

    async fn execute(&self, connection: &mut DB::Connection, sql: &str, args: Vec<Arg>) -> Result<u64, sqlx::Error> {
        DB::execute(connection, self.shared.names.fill(sql, &DB::DIALECT).into(), args).await
    }
}

/// Why a projector stops for now.
enum End {
    NotHeld,
    Closed,
}

/// What is shown of an instance. What isn't there is left out.
fn row(status: &InstanceStatus, revision: u64, dialect: &Dialect) -> Map<String, serde_json::Value> {
    let InstanceStatus { instance, state, step, attempt, attempts, steps, reason, started, updated, .. } = status;
    let error = status.last_error.clone().or_else(|| status.cause.as_ref().map(ToString::to_string));
    let outcome = status.output.as_ref().and_then(|output| serde_json::from_str(output.as_json()).ok());
    let finished = status.status.is_terminal().then(|| dialect.time(*updated));
    let wakes = status.wakes.map(|time| dialect.time(time));
    let mut row = json!({
        "saga": instance.saga(), "id": instance.id(), "revision": revision, "status": status.status,
        "state": state, "step": step, "attempt": attempt, "attempts": attempts, "steps": steps,
        "error": error, "reason": reason, "started": dialect.time(*started), "updated": dialect.time(*updated),
        "finished": finished, "wakes": wakes, "meta": status.attributes,
    });
    if let Some(outcome) = outcome {
        row["outcome"] = outcome;
    }
    match row {
        serde_json::Value::Object(row) => {
            row.into_iter().filter(|(name, value)| name == "outcome" || !value.is_null()).collect()
        }
        _ => Map::new(),
    }
}

/// Writes rows (JSON) into `instances`; one that is of a later record stays.
fn instances(dialect: &Dialect) -> &'static str {
    if dialect.is_server { sql::INSTANCES_SERVER } else { sql::INSTANCES_FILE }
}

/// Writes rows (JSON) into `transitions`, once each.
fn transitions(dialect: &Dialect) -> &'static str {
    if dialect.is_server { sql::TRANSITIONS_SERVER } else { sql::TRANSITIONS_FILE }
}

fn as_json(rows: Vec<Map<String, serde_json::Value>>) -> String {
    without_zero(serde_json::Value::from(rows).to_string())
}

/// JSON without zero characters, which PostgreSQL's texts can't have.
fn without_zero(json: String) -> String {
    if !json.contains("\\u0000") {
        return json;
    }
    let mut out = String::with_capacity(json.len());
    let mut rest = json.as_str();
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        // An escaped backslash is none that begins an escape.
        let length = if escape.starts_with("\\u0000") { 6 } else { 2 };
        out.push_str(if length == 6 { "\\ufffd" } else { &escape[..2] });
        rest = &escape[length..];
    }
    out + rest
}

impl RunningProjector {
    /// Stops it.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        // It ends by itself; if it has panicked, the log says so.
        let _ = self.task.await;
    }
}

impl<DB: Driver> fmt::Debug for Projector<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = &self.shared.names;
        f.debug_struct("Projector")
            .field("names", names)
            .field("transitions", &self.transitions)
            .field("late", &self.late)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn zero_characters_are_replaced_and_nothing_else() {
        let json = r#"["a\u0000b\\u0000\n\u0000"]"#;
        assert_eq!(super::without_zero(json.to_owned()), r#"["a\ufffdb\\u0000\n\ufffd"]"#);
    }
}
