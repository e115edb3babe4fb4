//! A row of the outbox, and how it is handed over.

use std::fmt;

use sagaflow::client::{PreparedSignal, PreparedStart};
use sagaflow::transport::InstanceId;
use sagaflow::{Client, Error, ErrorKind as Kind};

use crate::driver::Row;

/// A row of the outbox that a relay has in hand.
pub(super) struct Waiting {
    pub(super) id: i64,
    pub(super) kind: String,
    pub(super) saga: String,
    pub(super) instance: String,
    payload: String,
    pub(super) key: String,
    /// How often it was tried, this time included.
    pub(super) tries: u32,
}

/// Why a row was not handed over.
pub(super) struct Refusal {
    pub(super) why: String,
    /// It will never be otherwise.
    pub(super) for_good: bool,
    /// There is no such instance (yet).
    pub(super) is_missing: bool,
}

impl Refusal {
    pub(super) fn for_now(why: String) -> Self {
        Self { why, for_good: false, is_missing: false }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Waiting {
    pub(super) fn of(row: Row) -> Option<Self> {
        let mut columns = row.into_iter();
        let mut next = || columns.next()?;
        Some(Self {
            id: next()?.parse().ok()?,
            kind: next()?,
            saga: next()?,
            instance: next()?,
            payload: next()?,
            key: next()?,
            tries: next()?.parse().ok()?,
        })
    }

    /// Makes the start, or sends the signal. It may have been done before: then this does nothing.
    pub(super) async fn hand(&self, client: &Client) -> Result<(), Refusal> {
        let instance = InstanceId::new(&*self.saga, &*self.instance).map_err(Error::from);
        let is_signal = self.kind == "signal";
        let handed = match instance {
            Err(error) => Err(error),
            Ok(instance) if is_signal => match PreparedSignal::from_json(instance, &self.payload) {
                Ok(signal) => client.send_prepared(&signal).await,
                Err(error) => Err(error),
            },
            Ok(instance) => match PreparedStart::from_json(instance, &self.payload) {
                Ok(start) => client.start_prepared(&start).await,
                Err(error) => Err(error),
            },
        };
        handed.map_err(|error| self.refusal(&error, is_signal))
    }

    fn refusal(&self, error: &Error, is_signal: bool) -> Refusal {
        let is_missing = is_signal && error.kind() == Kind::NotFound;
        let takes_none = is_missing || is_signal && error.kind() == Kind::NotRunning;
        let is_bad = matches!(error.kind(), Kind::InvalidId | Kind::Unreadable | Kind::Unserializable | Kind::TooLarge);
        let mut why = error.to_string();
        if takes_none && self.tries > 1 {
            why.push_str(" (it was tried before, and may have been taken then)");
        }
        Refusal { why, for_good: is_bad || takes_none, is_missing }
    }
}
