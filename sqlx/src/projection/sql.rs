//! The statements of the projection: rows come as one JSON text, which is one round trip for a page.

/// One row for each instance; one that is of a later record stays.
pub(super) const INSTANCES_SERVER: &str = "
INSERT INTO {table:instances} AS here (saga, id, revision, status, state, step, attempt, attempts, steps, error, reason, outcome, started, updated, finished, wakes, meta)
SELECT saga, id, revision, status, state, step, attempt, attempts, steps, error, reason, outcome, started, updated, finished, wakes, meta
  FROM jsonb_to_recordset(CAST($1 AS JSONB)) AS new (saga TEXT, id TEXT, revision BIGINT, status TEXT, state TEXT, step TEXT, attempt INTEGER, attempts BIGINT, steps BIGINT, error TEXT, reason TEXT, outcome JSONB, started TIMESTAMPTZ, updated TIMESTAMPTZ, finished TIMESTAMPTZ, wakes TIMESTAMPTZ, meta JSONB)
    ON CONFLICT (saga, id) DO UPDATE SET revision = excluded.revision,
         status = excluded.status,
         state = excluded.state,
         step = excluded.step,
         attempt = excluded.attempt,
         attempts = excluded.attempts,
         steps = excluded.steps,
         error = excluded.error,
         reason = excluded.reason,
         outcome = excluded.outcome,
         started = excluded.started,
         updated = excluded.updated,
         finished = excluded.finished,
         wakes = excluded.wakes,
         meta = excluded.meta
 WHERE here.revision < excluded.revision";

/// The same, in the words of SQLite.
pub(super) const INSTANCES_FILE: &str = "
INSERT INTO {table:instances} AS here (saga, id, revision, status, state, step, attempt, attempts, steps, error, reason, outcome, started, updated, finished, wakes, meta)
SELECT value ->> '$.saga', value ->> '$.id', value ->> '$.revision', value ->> '$.status', value ->> '$.state', value ->> '$.step', value ->> '$.attempt', value ->> '$.attempts', value ->> '$.steps', value ->> '$.error', value ->> '$.reason', value -> '$.outcome', value ->> '$.started', value ->> '$.updated', value ->> '$.finished', value ->> '$.wakes', value -> '$.meta'
  FROM json_each($1) WHERE true
    ON CONFLICT (saga, id) DO UPDATE SET revision = excluded.revision,
         status = excluded.status,
         state = excluded.state,
         step = excluded.step,
         attempt = excluded.attempt,
         attempts = excluded.attempts,
         steps = excluded.steps,
         error = excluded.error,
         reason = excluded.reason,
         outcome = excluded.outcome,
         started = excluded.started,
         updated = excluded.updated,
         finished = excluded.finished,
         wakes = excluded.wakes,
         meta = excluded.meta
 WHERE here.revision < excluded.revision";

/// One row for each record.
pub(super) const TRANSITIONS_SERVER: &str = "
INSERT INTO {table:transitions} (saga, id, revision, status, state, step, attempt, error, at)
SELECT saga, id, revision, status, state, step, attempt, error, updated
  FROM jsonb_to_recordset(CAST($1 AS JSONB)) AS new (saga TEXT, id TEXT, revision BIGINT, status TEXT, state TEXT, step TEXT, attempt INTEGER, error TEXT, updated TIMESTAMPTZ)
    ON CONFLICT DO NOTHING";

/// The same, in the words of SQLite.
pub(super) const TRANSITIONS_FILE: &str = "
INSERT INTO {table:transitions} (saga, id, revision, status, state, step, attempt, error, at)
SELECT value ->> '$.saga', value ->> '$.id', value ->> '$.revision', value ->> '$.status', value ->> '$.state', value ->> '$.step', value ->> '$.attempt', value ->> '$.error', value ->> '$.updated'
  FROM json_each($1) WHERE true
    ON CONFLICT DO NOTHING";
