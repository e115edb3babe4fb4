//! From a URL to a transport.

use std::sync::Arc;
use std::time::Duration;

use super::{Credentials, Tls, Transport, embedded};
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
    /// How often to look for instances that nobody works on though they want something, for whatever reason. Default 1
    /// minute, at least 1 second. (`nats:` only)
    pub sweep_every: Duration,
    /// Who this is. Default: what the URL carries. (`nats:` only)
    pub credentials: Credentials,
    /// How the connection is made safe. Default: as the URL (`tls://`) or the server asks for. (`nats:` only)
    pub tls: Tls,
    /// What the subjects of answers to this process begin with. Default `_INBOX`. Processes that may not read each other's answers need a
    /// prefix each, and the permission to subscribe to `PREFIX.>` alone. (`nats:` only)
    pub inbox_prefix: String,
    /// For a client that isn't trusted to write records: its starts are handed in at the ingress, and workers admit them. Default
    /// `false`. (`nats:` only)
    pub ingress: bool,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            prefix: "sagaflow".to_owned(),
            shards: 1,
            replicas: 1,
            connect_timeout: Duration::from_secs(15),
            sweep_every: Duration::from_secs(60),
            credentials: Credentials::default(),
            tls: Tls::default(),
            inbox_prefix: "_INBOX".to_owned(),
            ingress: false,
        }
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
    match Target::parse(url)? {
        Target::Memory => Ok(embedded::memory()),
        Target::Directory(path) => open_directory(path).await,
        Target::Nats => open_nats(url, &options).await,
    }
}

#[cfg(feature = "embedded")]
async fn open_directory(path: &str) -> Result<Arc<dyn Transport>, Error> {
    let path = path.to_owned();
    // All records are read, which may take seconds.
    match tokio::task::spawn_blocking(move || embedded::open(path)).await {
        Ok(opened) => opened.map(|transport| transport as _),
        Err(stopped) => Err(Error::new(ErrorKind::Storage, "opening the store was interrupted").caused_by(stopped)),
    }
}

#[cfg(not(feature = "embedded"))]
async fn open_directory(path: &str) -> Result<Arc<dyn Transport>, Error> {
    Err(without_feature(&format!("embedded:{path}"), "embedded"))
}

#[cfg(feature = "nats")]
async fn open_nats(url: &str, options: &ConnectOptions) -> Result<Arc<dyn Transport>, Error> {
    super::nats::open(url, options).await
}

#[cfg(not(feature = "nats"))]
async fn open_nats(url: &str, _options: &ConnectOptions) -> Result<Arc<dyn Transport>, Error> {
    Err(without_feature(url, "nats"))
}

#[cfg(not(all(feature = "nats", feature = "embedded")))]
fn without_feature(url: &str, feature: &str) -> Error {
    Error::new(
        ErrorKind::InvalidUrl,
        format!("`{url}` needs sagaflow's feature `{feature}`, which this build is without: add it in `Cargo.toml`"),
    )
}

/// What a URL names.
#[derive(Debug, PartialEq, Eq)]
enum Target<'a> {
    Memory,
    Directory(&'a str),
    Nats,
}

const FORMS: &str = "`embedded:` (in memory), `embedded:PATH` (a directory), `nats://HOST:PORT` and `tls://HOST:PORT`";

impl<'a> Target<'a> {
    fn parse(url: &'a str) -> Result<Self, Error> {
        if let Some(path) = url.strip_prefix("embedded:") {
            return Ok(if path.is_empty() { Self::Memory } else { Self::Directory(path) });
        }
        let servers = url.strip_prefix("nats://").or_else(|| url.strip_prefix("tls://"));
        if servers.is_some_and(|servers| !servers.is_empty()) {
            return Ok(Self::Nats);
        }
        let nearest = nearest(url).map_or_else(String::new, |form| format!("; did you mean `{form}`?"));
        Err(Error::new(
            ErrorKind::InvalidUrl,
            format!("`{}` names no transport{nearest} (the forms are {FORMS})", without_password(url)),
        ))
    }
}

/// The URL that was probably meant, for one whose scheme is nearly right.
fn nearest(url: &str) -> Option<String> {
    let (scheme, rest) = match url.split_once(':') {
        // `localhost:4222` has no scheme, and neither has `./data`.
        Some((_, rest)) if rest.starts_with(|c: char| c.is_ascii_digit()) => {
            return Some(format!("nats://{url}"));
        }
        Some(parts) => parts,
        None if url.contains('/') || url.starts_with('.') => {
            return Some(format!("embedded:{url}"));
        }
        None => (url, ""),
    };
    let written = scheme.to_ascii_lowercase();
    let known = ["embedded", "nats", "tls"].into_iter().min_by_key(|known| distance(known, &written))?;
    if distance(known, &written) > known.len() / 3 {
        return None;
    }
    Some(match known {
        "embedded" => format!("embedded:{rest}"),
        _ => {
            let servers = without_password(rest.trim_start_matches('/'));
            let servers = if servers.is_empty() { "HOST:PORT".to_owned() } else { servers };
            format!("{known}://{servers}")
        }
    })
}

/// A message must not show the password of `nats://user:password@host`.
fn without_password(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.find("://").map_or(0, |at| at + 3);
            format!("{}…@{host}", &before[..scheme])
        }
        None => url.to_owned(),
    }
}

/// How many insertions, deletions and substitutions lie between two words (Levenshtein's distance).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.chars().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.chars().count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn error(url: &str) -> String {
        let error = Target::parse(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidUrl);
        error.to_string()
    }

    #[test]
    fn the_forms_are_known() {
        assert_eq!(Target::parse("embedded:").unwrap(), Target::Memory);
        assert_eq!(Target::parse("embedded:./data").unwrap(), Target::Directory("./data"));
        assert_eq!(Target::parse("nats://127.0.0.1:4222").unwrap(), Target::Nats);
        assert_eq!(Target::parse("tls://a:4222,tls://b:4222").unwrap(), Target::Nats);
    }

    #[test]
    fn near_misses_are_told_the_nearest_form() {
        for (url, meant) in [
            ("nat://localhost:4222", "nats://localhost:4222"),
            ("nats:host", "nats://host"),
            ("nats:/host", "nats://host"),
            ("nats://", "nats://HOST:PORT"),
            ("NATS://host:1", "nats://host:1"),
            ("embeded:", "embedded:"),
            ("EMBEDDED:", "embedded:"),
            ("embedded", "embedded:"),
            ("Embeded:./data", "embedded:./data"),
            ("./data", "embedded:./data"),
            ("localhost:4222", "nats://localhost:4222"),
        ] {
            let text = error(url);
            assert!(text.contains(&format!("did you mean `{meant}`?")), "{url}: {text}");
            assert!(text.contains(FORMS), "{text}");
        }
    }

    #[test]
    fn a_foreign_url_is_told_the_forms_only() {
        for url in ["", "http://example.com", "postgres://db", "redis:"] {
            assert_eq!(error(url), format!("`{url}` names no transport (the forms are {FORMS})"));
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let text = error("nat://user:secret@host:4222");
        assert!(text.contains("did you mean `nats://…@host:4222`?") && !text.contains("secret"), "{text}");
    }

    #[tokio::test]
    async fn embedded_opens() {
        assert_eq!(connect("embedded:").await.unwrap().name(), "embedded:");
    }
}
