//! Steps that are one transaction of the user's database (`#[step(transaction)]`): the contract between this crate, which
//! knows the step, and a crate that knows the database (`sagaflow-sqlx`).
//!
//! The database keeps a note for each such step that has been run, with its output, and commits it with what the step
//! writes. Asked again, it gives the output and does not run the step. So the step's effects happen exactly once.
//!
//! A compensation by arguments has the key of the step that it undoes, and comes to the same notes: if that step has had
//! no effect, it does nothing, and closes the door for it.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;

use crate::arguments;
use crate::definition::{AttemptError, AttemptOutput, NoOutput, StepDefinition};
use crate::inject::Injected;
use crate::message::{Message, Shape};
use crate::record::{FaultKind, Unreadable, Value};
use crate::step::Step;

/// What a `#[step(transaction)]` takes as `tx: &mut T`. Implemented by crates that know a database, not by applications.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no transaction that a step can run in",
    label = "not a transaction of a step",
    note = "`sagaflow-sqlx` has them: `tx: &mut sagaflow_sqlx::Transaction<Postgres>`"
)]
pub trait StepTransaction: Sized + Send + 'static {
    /// What begins it: a dependency that the worker is given by `.provide(…)`.
    type Source: Send + Sync + 'static;

    /// Makes one attempt: begins a transaction, runs the body in it, and commits it with the note. The body is not run if there
    /// is a note already, and may be run more than once if its transaction was rolled back.
    fn attempt<'a>(
        source: &'a Self::Source,
        call: TransactionCall<'a>,
        body: &'a TransactionBody<'a, Self>,
    ) -> BoxFuture<'a, Result<TransactionEnd, TransactionError>>;
}

/// Runs the step in a transaction that is open.
pub type TransactionBody<'a, T> =
    dyn for<'t> Fn(&'t mut T) -> BoxFuture<'t, Result<AttemptOutput, Unreadable>> + Send + Sync + 'a;

/// Which call is attempted.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TransactionCall<'a> {
    /// The step's name.
    pub step: &'a str,
    /// Names the call; see [`StepContext::key`](crate::StepContext::key). `None`: an inline run, of which no note is kept.
    pub key: Option<&'a str>,
    /// When the instance was started: it tells two instances of the same id apart, of which the second was started when the first was no longer kept.
    pub started: Timestamp,
    /// Whether this is a compensation by arguments: the key is that of the step which it undoes.
    pub undoes: bool,
}

impl<'a> TransactionCall<'a> {
    /// The call of a step; see the fields.
    #[must_use]
    pub fn new(step: &'a str, key: Option<&'a str>, started: Timestamp, undoes: bool) -> Self {
        Self { step, key, started, undoes }
    }
}

/// How an attempt has ended.
#[derive(Debug)]
pub enum TransactionEnd {
    /// The body was run. An output without an error is committed; with one, the body's writes are rolled back.
    Ran(AttemptOutput),
    /// It had been run before, and this was its output.
    Stored(Value),
    /// There was nothing to undo: the step that this one undoes has had no effect, and will have none.
    NothingToUndo,
}

/// Why an attempt has no output. Nothing of it was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionError {
    /// Another attempt may go better; it is made by the step's retry policy.
    Retry(String),
    /// No attempt will go better before somebody has mended this: the instance is paused.
    Misuse(String),
}

/// A step that runs in a transaction. Implemented by `#[step(transaction)]`, not by hand.
pub trait TransactionalStep: Step {
    /// The transaction.
    type Transaction: StepTransaction;

    /// Runs the body once.
    fn run_in(
        message: Self,
        transaction: &mut Self::Transaction,
        injected: Injected,
    ) -> impl Future<Output = Self::Output> + Send;
}

/// One attempt of a transactional step.
pub(crate) async fn attempt<S: TransactionalStep>(
    definition: Arc<StepDefinition>,
    args: Value,
    injected: Injected,
) -> Result<AttemptOutput, NoOutput> {
    let body: &TransactionBody<'_, S::Transaction> =
        &|transaction| run::<S>(&definition, args.clone(), injected.clone(), transaction);
    let source = injected.get::<<S::Transaction as StepTransaction>::Source>();
    let ended = S::Transaction::attempt(source, injected.context().transaction_call(), body).await;
    match ended {
        Ok(TransactionEnd::Ran(output)) => Ok(output),
        Ok(TransactionEnd::Stored(stored)) => {
            let misfit = |error| Unreadable(format!("the stored output of step `{}` doesn't fit: {error}", S::NAME));
            let output = <S as Message>::Shape::read(&stored).map_err(misfit)?;
            // What is not terminal is not stored.
            let error = <S as Message>::Shape::error(&output).map(|error| AttemptError {
                text: error.to_string(),
                terminal: true,
                retry_after: None,
            });
            Ok(AttemptOutput { output: stored, error })
        }
        Ok(TransactionEnd::NothingToUndo) => {
            let nothing = Value::write(&()).map_err(|error| Unreadable(error.to_string()))?;
            Ok(AttemptOutput { output: nothing, error: None })
        }
        Err(TransactionError::Retry(text)) => Err(NoOutput::Fault(FaultKind::NotCommitted, text)),
        Err(TransactionError::Misuse(text)) => Err(NoOutput::Unsavable(text)),
    }
}

fn run<'t, S: TransactionalStep>(
    definition: &Arc<StepDefinition>,
    args: Value,
    injected: Injected,
    transaction: &'t mut S::Transaction,
) -> BoxFuture<'t, Result<AttemptOutput, Unreadable>> {
    let definition = definition.clone();
    Box::pin(async move {
        let message = definition.arguments::<S>(&args)?;
        let output = S::run_in(message, transaction, injected).await;
        definition.output::<S>(&output)
    })
}

/// The inline run of a transactional step: in a transaction of its own, of which no note is kept.
///
/// # Panics
///
/// When there is no output, since the transaction could not be begun or committed, say: there is nobody to try again.
pub async fn in_transaction<S: TransactionalStep>(step: S, injected: Injected) -> S::Output {
    let args = arguments::write_value(&step).unwrap_or_else(|error| panic!("the arguments of `{}`: {error}", S::NAME));
    let ended = attempt::<S>(StepDefinition::of::<S>(), args, injected).await;
    let output = ended.unwrap_or_else(|error| panic!("step `{}` has no output: {error}", S::NAME)).output;
    <S as Message>::Shape::read(&output).unwrap_or_else(|error| panic!("the output of `{}`: {error}", S::NAME))
}
