//! PostgreSQL for tests and measures: the server that `SAGAFLOW_POSTGRES` names, or one of its own.

#[expect(dead_code, unreachable_pub, reason = "it is a module of the tests, which use all of it")]
#[path = "../../tests/src/postgres.rs"]
mod server;

use std::env;

pub(crate) use server::VARIABLE;

/// A server that is there, or one that ends with this.
#[derive(Debug)]
pub(crate) enum Postgres {
    Given(String),
    Own(server::Postgres),
}

impl Postgres {
    /// Finds the one that the variable names, or starts one.
    ///
    /// # Errors
    ///
    /// A text that says what was tried and what to do.
    pub(crate) fn find(durable: bool) -> Result<Self, String> {
        match env::var(VARIABLE).ok().filter(|given| !given.is_empty()) {
            Some(given) => Ok(Self::Given(given)),
            None => server::Postgres::start(durable).map(Self::Own),
        }
    }

    /// Where it can be reached.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Given(url) => url.clone(),
            Self::Own(server) => server.url(),
        }
    }
}
