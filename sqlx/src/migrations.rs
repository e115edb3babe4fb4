//! The tables, and how they come about: forward only, one step after the other.
//!
//! **A step that has been released is never changed**; what is to be different comes with a new one.

use crate::database::DatabaseBuilder;
use crate::driver::{Claim, Dialect, Driver};
use crate::error::{self, Error, ErrorKind};
use crate::names::Names;

/// One step: statements for both databases, and those for a server or a file only.
struct Step {
    name: &'static str,
    both: &'static str,
    server: &'static str,
    file: &'static str,
}

/// The steps, from version 1 on.
const STEPS: [Step; 3] = [
    Step { name: "inbox, outbox, projection", both: FIRST, server: FIRST_SERVER, file: FIRST_FILE },
    Step { name: "signals in the outbox", both: SIGNALS, server: "", file: "" },
    Step { name: "claims of steps", both: "", server: CLAIMS_SERVER, file: "" },
];

/// A statement of a note that is open when it is committed breaks the reference to `never`, which has no rows: so whoever commits before
/// the step has returned is refused by the database itself.
const FIRST: &str = "
CREATE TABLE {table:meta} (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE {table:never} (
    id INTEGER PRIMARY KEY CHECK (1 = 0)
);
-- What transactional steps have come to.
CREATE TABLE {table:inbox} (
    key TEXT NOT NULL,          -- saga/instance/site/occurrence: the step's idempotency key
    started BIGINT NOT NULL,    -- when the instance was started, in microseconds
    part TEXT NOT NULL,         -- do, or undo: a compensation by arguments has the key of the step that it undoes
    step TEXT NOT NULL,
    state TEXT NOT NULL,        -- done; failed for good; closed (it may not come any more); nothing (there was nothing to undo)
    open INTEGER CONSTRAINT {plain:inbox_open} REFERENCES {table:never} (id) DEFERRABLE INITIALLY DEFERRED,
    output TEXT,                -- what the step has returned, as JSON
    at {time} NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (key, started, part)
);
CREATE INDEX {plain:inbox_at} ON {table:inbox} (at);
-- What is to be started or signalled when the transaction that has written it is committed.
CREATE TABLE {table:outbox} (
    id {serial},
    kind TEXT NOT NULL,         -- start
    saga TEXT NOT NULL,
    instance TEXT NOT NULL,
    payload TEXT NOT NULL,      -- what is handed over, as JSON
    key TEXT NOT NULL,          -- rows of one key are handed over one after the other
    state TEXT NOT NULL DEFAULT 'waiting', -- or refused (for good, see the error)
    error TEXT,
    held_by TEXT,               -- the relay that is at it
    held_until BIGINT NOT NULL DEFAULT 0, -- so long, in milliseconds since 1970
    at {time} NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX {plain:outbox_waiting} ON {table:outbox} (id) WHERE state = 'waiting';
CREATE INDEX {plain:outbox_key} ON {table:outbox} (key, id) WHERE state = 'waiting';
CREATE TABLE {table:projection} (
    name TEXT PRIMARY KEY,
    position TEXT,              -- up to where the transport's records are in the tables
    held_by TEXT,
    held_until BIGINT NOT NULL DEFAULT 0
);
-- One row per instance, as it stands.
CREATE TABLE {table:instances} (
    saga TEXT NOT NULL,
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    status TEXT NOT NULL,       -- running, unwinding, stuck, paused, completed, compensated, failed
    state TEXT,                 -- of the saga: after the step that it waits for
    step TEXT,
    attempt INTEGER,            -- of that step
    attempts BIGINT NOT NULL,   -- that have been finished, over all steps
    steps BIGINT NOT NULL,
    error TEXT,                 -- how the attempt before has failed, or why the instance unwinds or has failed
    reason TEXT,                -- why it is stuck or paused
    outcome {json},             -- what the saga has returned
    started {time} NOT NULL,
    updated {time} NOT NULL,
    finished {time},
    wakes {time},               -- when it goes on, if it waits for a time
    meta {json} NOT NULL,
    PRIMARY KEY (saga, id)
);
CREATE INDEX {plain:instances_status} ON {table:instances} (status, updated);
CREATE TABLE {table:transitions} (
    saga TEXT NOT NULL,
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    status TEXT NOT NULL,
    state TEXT,
    step TEXT,
    attempt INTEGER,
    error TEXT,
    at {time} NOT NULL,
    PRIMARY KEY (saga, id, revision)
);
CREATE INDEX {plain:transitions_at} ON {table:transitions} (at);
";

/// Notified once per statement, in the transaction that writes the rows: those who listen hear of it when it is committed.
const FIRST_SERVER: &str = "
CREATE FUNCTION {table:outbox_notify}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('{channel}', '');
    RETURN NULL;
END $$;
CREATE TRIGGER {plain:outbox_notify} AFTER INSERT ON {table:outbox}
    FOR EACH STATEMENT EXECUTE FUNCTION {table:outbox_notify}();
CREATE VIEW {table:trouble} AS
    SELECT CASE WHEN status IN ('stuck', 'paused') THEN status WHEN status IN ('failed', 'compensated') THEN 'failed today' ELSE 'slow' END AS what,
           saga, id, status, state, step, attempt, coalesce(reason, error) AS why, started, updated
    FROM {table:instances}
    WHERE status IN ('stuck', 'paused')
       OR status IN ('failed', 'compensated') AND finished >= date_trunc('day', now())
       OR status IN ('running', 'unwinding') AND coalesce(wakes, updated) < now() - interval '5 minutes';
";

/// The same view, in the words of SQLite.
const FIRST_FILE: &str = "
CREATE VIEW {table:trouble} AS
    SELECT CASE WHEN status IN ('stuck', 'paused') THEN status WHEN status IN ('failed', 'compensated') THEN 'failed today' ELSE 'slow' END AS what,
           saga, id, status, state, step, attempt, coalesce(reason, error) AS why, started, updated
    FROM {table:instances}
    WHERE status IN ('stuck', 'paused')
       OR status IN ('failed', 'compensated') AND finished >= datetime('now', 'start of day')
       OR status IN ('running', 'unwinding') AND coalesce(wakes, updated) < datetime('now', '-5 minutes');
";

/// Only who knows that a row was tried before can say what a refusal means.
const SIGNALS: &str = "
ALTER TABLE {table:outbox} ADD COLUMN tries INTEGER NOT NULL DEFAULT 0; -- how often a relay has tried it
CREATE INDEX {plain:outbox_instance} ON {table:outbox} (saga, instance) WHERE state = 'waiting';
";

/// What a step needs at its beginning and at its end. Functions, since a session keeps their plans: as statements they would be planned
/// anew for each step.
const CLAIMS_SERVER: &str = "
-- Takes a key until the transaction ends, and returns what is noted under it: the step, the state and the output, as JSON. Who comes
-- second waits here for the first. That nothing is noted twice is the doing of the primary key; the lock keeps the second from
-- working in vain.
CREATE FUNCTION {table:claim}(its_key TEXT, its_start BIGINT, its_part TEXT) RETURNS TEXT LANGUAGE plpgsql AS $$
DECLARE
    noted TEXT;
BEGIN
    -- Said before the step has done anything; after a failover this may be a server that only reads.
    IF current_setting('transaction_read_only') = 'on' THEN
        RAISE EXCEPTION 'this server only reads' USING ERRCODE = 'read_only_sql_transaction';
    END IF;
    -- As expressions they are evaluated without a plan of their own.
    IF pg_advisory_xact_lock(hashtextextended(its_key || '/' || its_part, 0)) IS NULL
        OR set_config('sagaflow.claim', its_key, true) IS NULL THEN
        RETURN NULL;
    END IF;
    -- A statement of its own, which sees what the first has committed.
    SELECT json_build_array(note.step, note.state, note.output) INTO noted FROM {table:inbox} note
        WHERE note.key = its_key AND note.started = its_start AND note.part = its_part;
    RETURN noted;
END $$;
-- Notes what a step has come to, in the transaction that has taken the key.
CREATE FUNCTION {table:note}(its_key TEXT, its_start BIGINT, its_part TEXT, its_step TEXT, its_state TEXT, its_output TEXT)
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- The setting is gone if that transaction was committed or rolled back by hand.
    IF current_setting('sagaflow.claim', true) IS DISTINCT FROM its_key THEN
        RAISE EXCEPTION 'the transaction that has claimed % is over', its_key USING ERRCODE = 'SGF01';
    END IF;
    -- What is there already is open if the step has asked for the connection itself, and else the note of another.
    INSERT INTO {table:inbox} AS note (key, started, part, step, state, output)
        VALUES (its_key, its_start, its_part, its_step, its_state, its_output)
        ON CONFLICT (key, started, part) DO UPDATE SET state = EXCLUDED.state, output = EXCLUDED.output, open = NULL
        WHERE note.state = 'open';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'another has noted %', its_key USING ERRCODE = '40001';
    END IF;
END $$;
";

/// The version that this one writes and reads.
pub(crate) const VERSION: u32 = 3;
const _: () = assert!(VERSION as usize == STEPS.len());

/// One step of the migration, for those who let a tool of their own run it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migration {
    /// Its number, from 1.
    pub version: u32,
    /// What it brings.
    pub name: &'static str,
    /// The statements, to be run in one transaction.
    pub sql: String,
}

/// All steps, in order, with the names filled in.
pub(crate) fn all(names: &Names, dialect: &Dialect) -> Vec<Migration> {
    let mut before = String::new();
    if let Some(schema) = names.schema() {
        before.push_str(&format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\";\n"));
    }
    before.push_str(&names.fill(LEDGER, dialect));
    let step = |(version, step): (u32, &Step)| {
        let Step { name, both, server, file } = step;
        let own = if dialect.is_server { server } else { file };
        let ledger = names.table("migrations");
        let sql = names.fill(&format!("{both}{own}").replace("{channel}", &names.channel()), dialect);
        let before = if version == 1 { before.as_str() } else { "" };
        Migration { version, name, sql: format!("{before}{sql}INSERT INTO {ledger} (version) VALUES ({version});\n") }
    };
    (1..).zip(&STEPS).map(step).collect()
}

/// Which steps have been run.
const LEDGER: &str = "CREATE TABLE IF NOT EXISTS {table:migrations} (
    version INTEGER PRIMARY KEY,
    at {time} NOT NULL DEFAULT CURRENT_TIMESTAMP
);
";

/// Runs the steps that have not been run, one process at a time.
pub(crate) async fn run<DB: Driver>(builder: &DatabaseBuilder<DB>) -> Result<(), Error> {
    let (names, dialect) = (builder.names()?, DB::DIALECT);
    let failed = |error| error::of("migrating the tables of sagaflow", error);
    let mut held = DB::begin(builder.pool(), crate::Isolation::Default).await.map_err(failed)?;
    let connection = held.connection();
    if dialect.is_server {
        // Any number, the same for all: `CREATE … IF NOT EXISTS` of two at once is an error.
        DB::script(connection, "SELECT pg_advisory_xact_lock(7240163)".to_owned()).await.map_err(failed)?;
    }
    let present = present::<DB>(connection, &names).await.map_err(failed)?.unwrap_or(0);
    for migration in all(&names, &dialect).into_iter().filter(|migration| migration.version > present) {
        DB::script(connection, migration.sql).await.map_err(failed)?;
    }
    let identity =
        format!("INSERT INTO {} (name, value) VALUES ('identity', $1) ON CONFLICT DO NOTHING", names.table("meta"));
    let random = format!("{:032x}", fastrand::u128(..));
    DB::execute(connection, identity.into(), vec![random.into()]).await.map_err(failed)?;
    held.commit().await.map_err(failed)
}

/// The version of the tables that are there; `None`: there are none.
async fn present<DB: Driver>(connection: &mut DB::Connection, names: &Names) -> Result<Option<u32>, sqlx::Error> {
    // Asked of the catalogue, since a statement that fails would be the last one of the transaction.
    let ledger = names.table("migrations");
    let there = if DB::DIALECT.is_server {
        format!("SELECT CAST(to_regclass('{ledger}') AS TEXT)")
    } else {
        format!("SELECT name FROM sqlite_master WHERE type = 'table' AND name = '{ledger}'")
    };
    let there = DB::fetch(connection, there.into(), Vec::new()).await?;
    if there.into_iter().flatten().flatten().next().is_none() {
        return Ok(None);
    }
    let sql = format!("SELECT CAST(max(version) AS TEXT) FROM {ledger}");
    let rows = DB::fetch(connection, sql.into(), Vec::new()).await?;
    Ok(rows.into_iter().flatten().flatten().next().and_then(|version| version.parse().ok()))
}

/// Looks whether the tables are those of this version and may be written, and returns the database's identity.
pub(crate) async fn check<DB: Driver>(builder: &DatabaseBuilder<DB>) -> Result<String, Error> {
    let names = builder.names()?;
    let failed = |error| error::of("looking at the tables of sagaflow", error);
    let mut held = DB::begin(builder.pool(), crate::Isolation::Default).await.map_err(failed)?;
    let connection = held.connection();
    let ledger = names.table("migrations");
    match present::<DB>(connection, &names).await.map_err(failed)? {
        None => {
            return Err(Error::new(
                ErrorKind::MissingMigration,
                format!(
                    "there is no table `{ledger}`: run `sagaflow_sqlx::migrate(&pool)` once before (with the same schema and prefix)"
                ),
            ));
        }
        Some(version) if version < VERSION => {
            return Err(Error::new(
                ErrorKind::OlderSchema,
                format!(
                    "the tables are of version {version}, and {VERSION} is needed: run `sagaflow_sqlx::migrate(&pool)` before"
                ),
            ));
        }
        // Of a newer version only what is needed here is asked for, and that is still there: migrations only add.
        Some(_) => {}
    }
    let sql = format!("SELECT value FROM {} WHERE name = 'identity'", names.table("meta"));
    let rows = DB::fetch(connection, sql.into(), Vec::new()).await.map_err(failed)?;
    let identity = rows.into_iter().flatten().flatten().next();
    for table in ["inbox", "outbox"] {
        // Rolled back below; only whether it is permitted counts.
        let probe = format!("DELETE FROM {} WHERE key = '' AND at > CURRENT_TIMESTAMP", names.table(table));
        DB::execute(connection, probe.into(), Vec::new()).await.map_err(failed)?;
    }
    let probe = Claim { names: names.clone().into(), key: String::new(), started: 0, part: "do", step: String::new() };
    DB::claim(connection, &probe).await.map_err(failed)?;
    DB::note(connection, &probe, "done", None).await.map_err(failed)?;
    held.rollback().await.map_err(failed)?;
    identity.ok_or_else(|| {
        let message = "the tables were made by hand and have no identity: run `sagaflow_sqlx::migrate(&pool)` once, which adds it";
        Error::new(ErrorKind::MissingMigration, message)
    })
}
