//! The error of everything that sagaflow itself does (never of a user's step).

use std::fmt;

/// What went wrong, by kind; the text says what to do about it.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A transport URL that isn't one.
    InvalidUrl,
    /// A [schedule](crate::Client::schedule) that can't be read, or never comes.
    InvalidSchedule,
    /// A [`ConnectOptions`](crate::ConnectOptions) that can't be: a prefix with a dot, no shards.
    InvalidOptions,
    /// Nothing answers at the URL, or the connection is gone for longer than the limit.
    Unreachable,
    /// The server answers but can't serve: too old, or without JetStream.
    UnsuitableServer,
    /// The server refuses: credentials, permissions. Or the credentials can't be read.
    Denied,
    /// There is no safe connection: the server's certificate or one's own doesn't hold, or one side speaks no TLS.
    Tls,
    /// What exists on the server or disk doesn't fit what was asked for.
    Mismatch,
    /// Another process has the embedded store open.
    Locked,
    /// Reading or writing the embedded store failed.
    Storage,
    /// A saga's name or an id that can't be used.
    InvalidId,
    /// An instance of this id exists, and the caller asked for a new one.
    AlreadyStarted,
    /// What can't be an attribute of an instance: its name, its type, its size, or one too many.
    InvalidAttribute,
    /// There is no such instance.
    NotFound,
    /// The instance unwinds, has come to its end, or waits for an operator: it takes no signals, or can't be cancelled.
    NotRunning,
    /// The instance is neither stuck nor paused, or doesn't wait for what was asked for: there is nothing to retry, skip or resume.
    NotStuck,
    /// It was asked, and has come to its end without an answer.
    Unanswered,
    /// The promise was resolved or rejected before, or the saga has given it up.
    AlreadyResolved,
    /// A token of a promise that is none.
    InvalidToken,
    /// A value can't be written as a message, or would not come back as it was.
    Unserializable,
    /// A stored record can't be read.
    Unreadable,
    /// A record is larger than the transport takes.
    TooLarge,
    /// A dependency that a step injects was not provided.
    MissingDependency,
    /// Two different steps or sagas have the same name, or a worker serves nothing.
    InvalidWorker,
    /// The transport refuses for now; try again later.
    Busy,
    /// Another worker has taken over: what this one does counts for nothing.
    Superseded,
    /// The transport or worker has been closed.
    Closed,
    /// Something else; see the text.
    Other,
}

impl Error {
    /// An error of a kind, with a text that says what happened and what to do. For implementers of transports.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The same, with what caused it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<crate::transport::InvalidId> for Error {
    fn from(invalid: crate::transport::InvalidId) -> Self {
        Self::new(ErrorKind::InvalidId, invalid.to_string())
    }
}
