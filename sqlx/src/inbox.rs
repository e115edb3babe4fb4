//! One attempt of a transactional step: its writes and the note that it has been run are committed together.
//!
//! ```text
//! BEGIN; claim (key, started, do)      waits for whoever has claimed it, and is at it
//!   nothing is noted                   the body runs; its output is noted; COMMIT
//!   noted already                      the body doesn't run: the output that is there is the output
//! ```
//!
//! A compensation by arguments claims `undo` under the same key, and then `do`, which waits for the step: if nothing is noted, the step has had no
//! effect and will have none, and there is nothing to undo. If not, it waits for the step, and undoes it.
//!
//! **No answer to a commit is no failure.** Whether it was committed is found out by claiming again, which waits for the transaction if
//! it is still open somewhere; until the database says it, the attempt goes on.

use std::time::Duration;

use futures::future::BoxFuture;
use sagaflow::definition::AttemptOutput;
use sagaflow::record::Value;
use sagaflow::transaction::{StepTransaction, TransactionBody, TransactionCall, TransactionEnd, TransactionError};
use tokio::time::sleep;

use crate::database::{Database, Shared};
use crate::driver::{Claim, Claimed, CommitError, Driver, Row};
use crate::error::{self, Answer, Error, ErrorKind, answer};
use crate::transaction::{self, Held, Transaction};

/// The pauses while nobody knows whether a transaction was committed.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

impl<DB: Driver, N: 'static> StepTransaction for Transaction<DB, N> {
    type Source = Database<DB, N>;

    fn attempt<'a>(
        source: &'a Database<DB, N>,
        call: TransactionCall<'a>,
        body: &'a TransactionBody<'a, Self>,
    ) -> BoxFuture<'a, Result<TransactionEnd, TransactionError>> {
        Box::pin(async move {
            let attempt = Attempt { shared: &source.shared, call, body };
            attempt.make().await.map_err(|error| {
                let text = error.to_string();
                if error.may_pass() { TransactionError::Retry(text) } else { TransactionError::Misuse(text) }
            })
        })
    }
}

/// One attempt.
struct Attempt<'a, DB: Driver, N> {
    shared: &'a Shared<DB>,
    call: TransactionCall<'a>,
    body: &'a TransactionBody<'a, Transaction<DB, N>>,
}

/// Why an attempt did not come to its end.
enum Halt {
    /// The transaction was in conflict with others; this is what the step has made of it, if it has returned.
    Conflict(Error, Option<Box<AttemptOutput>>),
    /// Nobody knows whether it was committed.
    Unknown(Error),
    /// It is over.
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Conflict => Self::Conflict(error, None),
            _ => Self::Failed(error),
        }
    }
}

impl<DB: Driver, N: 'static> Attempt<'_, DB, N> {
    async fn make(&self) -> Result<TransactionEnd, Error> {
        let TransactionCall { step, key, .. } = self.call;
        let (mut conflicts, mut unknown, mut pause) = (0, false, SHORTEST);
        loop {
            let error = match self.once().await {
                Ok(end) => return Ok(end),
                Err(Halt::Conflict(error, _)) if conflicts < self.shared.conflicts => {
                    conflicts += 1;
                    tracing::debug!(step, key, conflicts, %error, "in conflict with another transaction; begun anew");
                    // Half of it is chance, so that two that meet do not meet again.
                    sleep(Duration::from_millis(fastrand::u64(1..=4 << conflicts.min(6)))).await;
                    continue;
                }
                Err(Halt::Conflict(_, Some(output))) => return Ok(TransactionEnd::Ran(*output)),
                Err(Halt::Unknown(error)) => {
                    unknown = true;
                    error
                }
                // It could not be begun; whether the one before was committed is still not known.
                Err(Halt::Failed(error)) if unknown && error.kind() == ErrorKind::Unavailable => error,
                Err(Halt::Conflict(error, None) | Halt::Failed(error)) => return Err(error),
            };
            tracing::warn!(step, key, %error, "no answer to a commit; asking again in {pause:?} whether it was made");
            sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            pause = (pause * 2).min(LONGEST);
        }
    }

    async fn once(&self) -> Result<TransactionEnd, Halt> {
        let Some(key) = self.call.key else { return self.without_note().await };
        let claim = Claim {
            names: self.shared.names.clone(),
            key: key.to_owned(),
            started: self.call.started.as_microsecond(),
            part: if self.call.undoes { "undo" } else { "do" },
            step: self.call.step.to_owned(),
        };
        let (mut held, noted) = self.begin(&claim).await?;
        if let Some(note) = noted {
            // Nothing was written; if this fails, the connection is closed.
            let _ = held.rollback().await;
            return self.known(&claim, note);
        }
        if self.call.undoes && self.close_door(&claim, held.connection()).await? {
            let committed = DB::commit_claimed(held, &claim, "nothing", None).await;
            return self.committed(committed, TransactionEnd::NothingToUndo);
        }
        let mut transaction = Transaction::new(held, self.shared.names.clone(), Some(claim.clone()));
        let ran = (self.body)(&mut transaction).await;
        let seen = transaction.seen().clone();
        let held = transaction.into_held();
        let step = self.call.step;
        if let Some(word) = &seen.by_hand {
            let _ = held.rollback().await;
            let error = transaction::by_hand(word);
            return Err(Error::new(ErrorKind::ByHand, format!("step `{step}`: {error}")).into());
        }
        let output = match ran {
            Ok(output) => output,
            Err(unreadable) => {
                let _ = held.rollback().await;
                return Err(Error::new(ErrorKind::Invalid, unreadable.to_string()).into());
            }
        };
        match &output.error {
            None => self.commit(&claim, held, output).await,
            Some(error) => {
                let _ = held.rollback().await;
                if seen.conflict {
                    let error = Error::new(ErrorKind::Conflict, format!("step `{step}`: in conflict with others"));
                    return Err(Halt::Conflict(error, Some(Box::new(to_retry(output)))));
                }
                // What the step says of a database that is gone is not for good.
                if seen.gone || !error.terminal {
                    return Ok(TransactionEnd::Ran(to_retry(output)));
                }
                self.store_failure(&claim, output).await
            }
        }
    }

    async fn commit(&self, claim: &Claim, held: Held<DB>, output: AttemptOutput) -> Result<TransactionEnd, Halt> {
        let (json, step) = (output.output.as_json(), self.call.step);
        let (size, limit) = (json.len(), self.shared.largest_output);
        if size > limit {
            let _ = held.rollback().await;
            let message = format!(
                "step `{step}` returns {size} bytes, and {limit} is the most that is kept with its writes: return less (an id, and let the rest be read by it), or set `largest_output`"
            );
            return Err(Error::new(ErrorKind::OutputTooLarge, message).into());
        }
        let committed = DB::commit_claimed(held, claim, "done", Some(json)).await;
        self.committed(committed, TransactionEnd::Ran(output))
    }

    async fn begin(&self, claim: &Claim) -> Result<Claimed<DB>, Halt> {
        let begun = DB::begin_claimed(&self.shared.pool, self.shared.isolation, claim).await;
        begun.map_err(|error| self.failed("beginning", error))
    }

    fn committed(&self, committed: Result<(), CommitError>, end: TransactionEnd) -> Result<TransactionEnd, Halt> {
        match committed {
            Ok(()) => Ok(end),
            Err(CommitError::Unknown(error)) => {
                Err(Halt::Unknown(error::of(&format!("committing step `{}`", self.call.step), error)))
            }
            Err(CommitError::RolledBack(error)) => Err(self.not_committed(error).into()),
        }
    }

    fn not_committed(&self, error: sqlx::Error) -> Error {
        let step = self.call.step;
        let gone = matches!(error, sqlx::Error::RowNotFound) || answer(&error) == Answer::NoClaim;
        if gone {
            let message = format!(
                "step `{step}`: its transaction was committed or rolled back by hand, and what came after that was not in it; let the step's return do it"
            );
            return Error::new(ErrorKind::ByHand, message);
        }
        if answer(&error) == Answer::Aborted {
            let message = format!(
                "step `{step}` has returned `Ok`, but one of its statements had failed, and the database takes no more in this transaction: return that error, or execute the statement after a `SAVEPOINT`"
            );
            return Error::new(ErrorKind::FailedStatement, message).caused_by(error);
        }
        error::of(&format!("step `{step}` could not be committed"), error)
    }

    /// Closes the door for the step that is to be undone, if it has not been run: then there is nothing to undo. Waits for it
    /// if it is being run. Whether the door is closed now.
    async fn close_door(&self, claim: &Claim, connection: &mut DB::Connection) -> Result<bool, Halt> {
        let failed = |error| self.failed("undoing", error);
        let forward = Claim { part: "do", ..claim.clone() };
        let noted = DB::claim(connection, &forward).await.map_err(failed)?;
        if let Some(note) = noted {
            return Ok(state_of(&note) != "done");
        }
        DB::note(connection, &forward, "closed", None).await.map_err(failed)?;
        Ok(true)
    }

    /// Stores that the step has failed for good; its writes are rolled back.
    async fn store_failure(&self, claim: &Claim, output: AttemptOutput) -> Result<TransactionEnd, Halt> {
        if output.output.as_json().len() > self.shared.largest_output {
            // It is not needed: failing again does no harm.
            return Ok(TransactionEnd::Ran(output));
        }
        let (held, noted) = self.begin(claim).await?;
        if let Some(note) = noted {
            // Another worker was faster, and what it has come to holds.
            let _ = held.rollback().await;
            return self.known(claim, note);
        }
        let committed = DB::commit_claimed(held, claim, "failed", Some(output.output.as_json())).await;
        self.committed(committed, TransactionEnd::Ran(output))
    }

    /// What a note says.
    fn known(&self, claim: &Claim, row: Row) -> Result<TransactionEnd, Halt> {
        let step = self.call.step;
        let (by, key) = (row.first().cloned().flatten().unwrap_or_default(), &claim.key);
        match (state_of(&row), row.get(2).cloned().flatten()) {
            ("closed", _) => {
                let message = format!("step `{step}` comes too late: `{by}` has undone it already, so it is not run");
                Err(Error::new(ErrorKind::Closed, message).into())
            }
            _ if by != step => {
                let message = format!(
                    "step `{step}` has the key `{key}`, under which step `{by}` has been run: the saga's code has changed while this instance was running; give the steps back their places, or let an operator end the instance"
                );
                Err(Error::new(ErrorKind::KeyOfAnotherStep, message).into())
            }
            ("nothing", _) => Ok(TransactionEnd::NothingToUndo),
            (_, Some(output)) => match Value::from_json(output) {
                Ok(output) => Ok(TransactionEnd::Stored(output)),
                Err(error) => {
                    let message = format!("the stored output of step `{step}` is no JSON: {error}");
                    Err(Error::new(ErrorKind::Invalid, message).into())
                }
            },
            (state, None) => {
                let message = format!("the note of step `{step}` is in state `{state}` and has no output");
                Err(Error::new(ErrorKind::Invalid, message).into())
            }
        }
    }

    /// An inline run: there is no key, and no note.
    async fn without_note(&self) -> Result<TransactionEnd, Halt> {
        let held = DB::begin(&self.shared.pool, self.shared.isolation).await;
        let held = held.map_err(|error| self.failed("beginning", error))?;
        let mut transaction = Transaction::new(held, self.shared.names.clone(), None);
        let ran = (self.body)(&mut transaction).await;
        if let Some(word) = &transaction.seen().by_hand {
            return Err(transaction::by_hand(word).into());
        }
        let output = ran.map_err(|unreadable| Error::new(ErrorKind::Invalid, unreadable.to_string()))?;
        let held = transaction.into_held();
        let ended = match output.error {
            None => held.commit().await,
            Some(_) => held.rollback().await,
        };
        ended.map_err(|error| self.failed("ending", error))?;
        Ok(TransactionEnd::Ran(output))
    }

    fn failed(&self, doing: &str, error: sqlx::Error) -> Halt {
        error::of(&format!("{doing} step `{}`", self.call.step), error).into()
    }
}

fn state_of(row: &Row) -> &str {
    row.get(1).and_then(Option::as_deref).unwrap_or_default()
}

/// What the database had to do with it is not for good.
fn to_retry(mut output: AttemptOutput) -> AttemptOutput {
    if let Some(error) = &mut output.error {
        error.terminal = false;
    }
    output
}
