//! What can be wrong with the database, by name.

use std::fmt;

/// What went wrong with the user's database; the text says what to do about it.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<sqlx::Error>,
}

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The tables are not there: [`migrate`](crate::migrate()) has not been run.
    MissingMigration,
    /// The tables are those of an older version: [`migrate`](crate::migrate()) is to be run again.
    OlderSchema,
    /// The database does not permit what has to be done.
    Denied,
    /// A name of a schema or a prefix of tables that can't be one.
    InvalidName,
    /// A step has said `COMMIT` or `ROLLBACK` by itself.
    ByHand,
    /// A statement of the step had failed, and it went on as if it hadn't: the transaction can't be committed.
    FailedStatement,
    /// The key of a step is there, and another step has used it.
    KeyOfAnotherStep,
    /// The step that this one undoes comes after it, and is refused.
    Closed,
    /// The step's output is larger than what is kept.
    OutputTooLarge,
    /// The transaction belongs to another database than the one that is to write in it.
    AnotherDatabase,
    /// What is to be started or signalled can't be: its id, its arguments.
    Invalid,
    /// Transactions were in conflict with others (`40001`, `40P01`, `SQLITE_BUSY`) again and again.
    Conflict,
    /// The database does not answer, or has no connection left.
    Unavailable,
    /// Something else that the database says.
    Other,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    pub(crate) fn caused_by(mut self, source: sqlx::Error) -> Self {
        self.source = Some(source);
        self
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether it may be gone the next time.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Conflict
                | ErrorKind::Unavailable
                | ErrorKind::Denied
                | ErrorKind::FailedStatement
                | ErrorKind::Closed
                | ErrorKind::Other
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// What an answer of the database means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// In conflict with another transaction: the same may go well at once.
    Conflict,
    /// There is no connection (any more).
    Gone,
    /// A table or schema is not there.
    NoTable,
    /// Not permitted.
    Denied,
    /// A statement of the transaction had failed before.
    Aborted,
    /// A transaction was to be committed in which a note is open.
    OpenNote,
    /// The transaction is not the one that has claimed the key.
    NoClaim,
    /// Something else.
    Other,
}

/// PostgreSQL's five letters, or SQLite's (extended) numbers.
pub(crate) fn answer(error: &sqlx::Error) -> Answer {
    let error = match error {
        sqlx::Error::Database(error) => error,
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => return Answer::Gone,
        _ => return Answer::Other,
    };
    let code = error.code().unwrap_or_default();
    match &*code {
        "40001" | "40P01" => Answer::Conflict,
        "42P01" | "3F000" | "42883" => Answer::NoTable,
        "42501" | "25006" => Answer::Denied,
        "25P02" => Answer::Aborted,
        "23503" if error.constraint().is_some_and(|name| name.ends_with(OPEN)) => Answer::OpenNote,
        "SGF01" => Answer::NoClaim,
        // It starts, ends, or has no room for another connection.
        code if code.len() == 5 && ["57P", "08", "53300"].iter().any(|class| code.starts_with(class)) => Answer::Gone,
        _ if code.len() == 5 => Answer::Other,
        // SQLite says at the end of a transaction only that some key is missing.
        "787" => Answer::OpenNote,
        code => match code.parse::<u32>().map(|code| code & 0xff) {
            Ok(5 | 6) => Answer::Conflict,
            Ok(8 | 3 | 23) => Answer::Denied,
            Ok(10 | 14) => Answer::Gone,
            Ok(1) if error.message().starts_with("no such table") => Answer::NoTable,
            _ => Answer::Other,
        },
    }
}

/// How the names of the constraints end that keep a note from being committed open.
pub(crate) const OPEN: &str = "_open";

/// An error of the database, while something was done.
pub(crate) fn of(doing: &str, error: sqlx::Error) -> Error {
    let (kind, advice) = match answer(&error) {
        Answer::Conflict => (ErrorKind::Conflict, "in conflict with other transactions"),
        Answer::Gone => (ErrorKind::Unavailable, "the database does not answer"),
        Answer::NoTable => (
            ErrorKind::MissingMigration,
            "the tables of sagaflow are not there (any more); run `sagaflow_sqlx::migrate`, with the same schema and prefix",
        ),
        Answer::Denied => {
            (ErrorKind::Denied, "the database does not permit it; grant its user the rights on the tables of sagaflow")
        }
        Answer::Aborted => (
            ErrorKind::FailedStatement,
            "a statement had failed before, and the database takes no more in this transaction",
        ),
        Answer::OpenNote | Answer::NoClaim => {
            (ErrorKind::ByHand, "the transaction was committed or rolled back by hand")
        }
        Answer::Other => (ErrorKind::Other, "the database refuses"),
    };
    Error::new(kind, format!("{doing}: {advice}")).caused_by(error)
}
