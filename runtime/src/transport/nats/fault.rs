//! What went wrong with one request to the JetStream API, and which error that is to the caller.

use async_nats::jetstream::context::RequestErrorKind;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::{self, ErrorCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::denials::Denial;
use super::link::Link;
use crate::{Error, ErrorKind};

/// Why a request to the JetStream API failed.
#[derive(Debug)]
pub(super) enum Fault {
    /// Nobody answered in time, or nobody is there to answer: try again.
    Silent {
        /// No server takes such requests now: no JetStream, or an election.
        nobody: bool,
        text: String,
    },
    /// This user may not ask that.
    Denied(Denial),
    /// The server's denial.
    Answer(jetstream::Error),
    /// The request could not be made or its answer not be read.
    Broken(String),
}

/// The payload of a request that says all by its subject: an empty object.
#[derive(Debug, Serialize)]
pub(super) struct Nothing {}

/// Asks the JetStream API: `subject` without `$JS.API.`.
pub(super) async fn ask<V: DeserializeOwned>(
    context: &jetstream::Context,
    link: &Link,
    subject: String,
    payload: &(impl Serialize + Sync),
) -> Result<V, Fault> {
    let (since, denied) = (link.since(), format!("$JS.API.{subject}"));
    let answer = tokio::select! {
        biased;
        answer = context.request(subject.clone(), payload) => answer,
        denial = link.denied(&denied, since) => return Err(Fault::Denied(denial)),
    };
    match answer {
        Ok(Response::Ok(value)) => Ok(value),
        Ok(Response::Err { error }) => Err(Fault::Answer(error)),
        Err(error) => Err(match error.kind() {
            RequestErrorKind::NoResponders => Fault::Silent { nobody: true, text: error.to_string() },
            RequestErrorKind::TimedOut => Fault::Silent { nobody: false, text: format!("no answer to {subject}") },
            _ => Fault::Broken(error.to_string()),
        }),
    }
}

impl Fault {
    /// Worth trying again: an election or a start that will be over soon.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Silent { .. } => true,
            Self::Answer(error) => matches!(
                error.error_code(),
                ErrorCode::CLUSTER_NOT_AVAILABLE | ErrorCode::CLUSTER_NOT_LEADER | ErrorCode::CLUSTER_NO_PEERS
            ),
            Self::Denied(_) | Self::Broken(_) => false,
        }
    }

    pub(super) fn is(&self, code: ErrorCode) -> bool {
        matches!(self, Self::Answer(error) if error.error_code() == code)
    }

    /// The error to the caller; `what` says what was tried, as in "looking up the stream `x`".
    pub(super) fn into_error(self, what: &str) -> Error {
        match self {
            Self::Silent { text, .. } => Error::new(
                ErrorKind::Unreachable,
                format!("{what}: no answer from JetStream ({text}); is its cluster complete?"),
            ),
            Self::Denied(denial) => Error::new(ErrorKind::Denied, format!("{what}: {denial}")),
            Self::Answer(error) if error.code() == 503 => {
                Error::new(ErrorKind::Busy, format!("{what}: the NATS server refuses for now: {error}"))
                    .caused_by(error)
            }
            Self::Answer(error) => {
                Error::new(ErrorKind::Other, format!("{what}: the NATS server refuses: {error}")).caused_by(error)
            }
            Self::Broken(text) => Error::new(ErrorKind::Other, format!("{what}: {text}")),
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Silent { text, .. } | Self::Broken(text) => f.write_str(text),
            Self::Denied(denial) => denial.fmt(f),
            Self::Answer(error) => error.fmt(f),
        }
    }
}
