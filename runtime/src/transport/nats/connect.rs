//! Reaching a NATS server, and checking that it can carry sagas.

use std::time::Duration;

use async_nats::jetstream::{self, ErrorCode};
use async_nats::{Client, ConnectErrorKind, ServerAddr};
use tokio::time::{Instant, sleep, timeout_at};

use super::fault::{Fault, Nothing, ask};
use super::link::Link;
use crate::{Error, ErrorKind};

/// The oldest server that will do: it has the conditional publish without the races of older ones, message
/// TTLs, and the batches and schedules that the inbox needs.
const OLDEST: (u32, u32) = (2, 14);

/// The longest that one attempt to connect may take, so that several fit into the time allowed.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two attempts.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Where to connect, with the secrets kept apart from what may be shown.
pub(super) struct Target {
    /// The servers, without credentials, so that the client can't log them.
    servers: Vec<ServerAddr>,
    /// All servers as they may be shown.
    pub(super) name: String,
    credentials: Option<Credentials>,
}

#[derive(Clone, PartialEq, Eq)]
enum Credentials {
    Password { user: String, password: String },
    Token(String),
}

impl Target {
    /// Reads a URL such as `nats://user:password@a:4222,b:4222`.
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let scheme = url.split_once("://").map_or("nats", |(scheme, _)| scheme);
        let mut target = Self { servers: Vec::new(), name: String::new(), credentials: None };
        for part in url.split(',').map(str::trim) {
            let whole = if part.contains("://") { part.to_owned() } else { format!("{scheme}://{part}") };
            let (server, name, credentials) = parse_server(&whole)?;
            if let Some(credentials) = credentials {
                if target.credentials.as_ref().is_some_and(|known| *known != credentials) {
                    return Err(invalid(
                        &whole,
                        "its credentials are not those of the server before it; one connection has one user",
                    ));
                }
                target.credentials = Some(credentials);
            }
            if !target.name.is_empty() {
                target.name.push(',');
            }
            target.name.push_str(&name);
            target.servers.push(server);
        }
        Ok(target)
    }
}

fn parse_server(url: &str) -> Result<(ServerAddr, String, Option<Credentials>), Error> {
    // The text of the client's error is not shown: it may quote the password.
    let parsed = url.parse::<ServerAddr>().map_err(|_| invalid(url, "it is not of the form `nats://HOST:PORT`"))?;
    let mut parsed = parsed.into_inner();
    let host = parsed.host_str().unwrap_or_default().to_owned();
    if host.is_empty() {
        return Err(invalid(url, "it names no host"));
    }
    if !matches!(parsed.path(), "" | "/") || parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(invalid(url, "something follows the port"));
    }
    let unreadable = || invalid(url, "its credentials are not UTF-8 with `%XX` for special signs");
    let user = percent_decoded(parsed.username()).ok_or_else(unreadable)?;
    let credentials = match parsed.password() {
        Some(password) => {
            Some(Credentials::Password { user, password: percent_decoded(password).ok_or_else(unreadable)? })
        }
        None if !user.is_empty() => Some(Credentials::Token(user)),
        None => None,
    };
    let cleared = parsed.set_username("").and_then(|()| parsed.set_password(None));
    cleared.map_err(|()| invalid(url, "it can't carry credentials"))?;
    let server = ServerAddr::from_url(parsed).map_err(|_| invalid(url, "it is not of the form `nats://HOST:PORT`"))?;
    let name = format!("{}://{host}:{}", server.scheme(), server.port());
    Ok((server, name, credentials))
}

/// A URL that can't be used, quoted without its credentials.
fn invalid(url: &str, why: &str) -> Error {
    let shown = match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    };
    Error::new(
        ErrorKind::InvalidUrl,
        format!(
            "`{shown}` can't be used: {why} (allowed: `nats://HOST:PORT` or `tls://HOST:PORT`, several with commas, with `USER:PASSWORD@` or `TOKEN@` before the host)"
        ),
    )
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(byte);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

/// Connects; tries until the deadline unless the server says that it's no use.
pub(super) async fn connect(target: &Target, deadline: Instant, allowed: Duration) -> Result<(Client, Link), Error> {
    let mut pause = FIRST_PAUSE;
    loop {
        let link = Link::new(&target.name);
        let failure = match timeout_at(deadline, options(target, &link).connect(&target.servers[..])).await {
            Ok(Ok(client)) => return Ok((client, link)),
            Ok(Err(error)) => match error.kind() {
                ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                    return Err(Error::new(
                        ErrorKind::Denied,
                        format!(
                            "the NATS server at {} refuses the credentials ({error}); put the right `USER:PASSWORD@` or `TOKEN@` into the URL",
                            target.name
                        ),
                    ));
                }
                _ => error.to_string(),
            },
            Err(_) => "no answer".to_owned(),
        };
        if Instant::now() + pause >= deadline {
            return Err(Error::new(
                ErrorKind::Unreachable,
                format!(
                    "no NATS server can be reached at {} (tried for {allowed:?}; last: {failure}); is one running there, and does a firewall let this machine through?",
                    target.name
                ),
            ));
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn options(target: &Target, link: &Link) -> async_nats::ConnectOptions {
    let link = link.clone();
    let options = async_nats::ConnectOptions::new()
        .name("sagaflow")
        .connection_timeout(ATTEMPT_TIMEOUT)
        .request_timeout(Some(super::REQUEST_TIMEOUT))
        .max_reconnects(None)
        .reconnect_delay_callback(reconnect_delay)
        .event_callback(move |event| {
            link.on(event);
            std::future::ready(())
        });
    match target.credentials.clone() {
        Some(Credentials::Password { user, password }) => options.user_and_password(user, password),
        Some(Credentials::Token(token)) => options.token(token),
        None => options,
    }
}

/// At once, then with growing pauses of at most two seconds, spread so that all workers don't come back in one moment.
fn reconnect_delay(attempts: usize) -> Duration {
    if attempts <= 1 {
        return Duration::ZERO;
    }
    let longest = Duration::from_millis(50u64 << attempts.min(7)).min(Duration::from_secs(2));
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
}

/// The server must be new enough, and have JetStream for this user.
pub(super) async fn check_server(
    client: &Client,
    context: &jetstream::Context,
    link: &Link,
    name: &str,
    deadline: Instant,
) -> Result<(), Error> {
    let info = client.server_info();
    if !is_new_enough(&info.version) {
        return Err(unsuitable(format!(
            "found nats-server {} at {name}, sagaflow needs {}.{} or newer; update the server",
            info.version, OLDEST.0, OLDEST.1
        )));
    }
    let mut pause = FIRST_PAUSE;
    loop {
        let fault = match ask::<jetstream::account::Account>(context, link, "INFO".to_owned(), &Nothing {}).await {
            Ok(_) => return Ok(()),
            Err(fault) => fault,
        };
        let without = match &fault {
            // A server of a cluster may come without JetStream and still reach others that have it.
            Fault::Silent { nobody: true, .. } => !info.jetstream && info.cluster.is_none(),
            Fault::Answer(error) => matches!(
                error.error_code(),
                ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT
            ),
            _ => false,
        };
        if without {
            return Err(unsuitable(format!(
                "found nats-server {} without JetStream at {name}, sagaflow needs JetStream; start the server with `-js`, or enable JetStream for this user's account ({fault})",
                info.version
            )));
        }
        if !fault.is_passing() || Instant::now() + pause >= deadline {
            return Err(fault.into_error(&format!("asking {name} for JetStream")));
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn unsuitable(message: String) -> Error {
    Error::new(ErrorKind::UnsuitableServer, message)
}

/// Reads `2.14.0`, `2.15.1-RC.1`; what can't be read is not new enough.
pub(super) fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split(['.', '-']).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= OLDEST,
        _ => false,
    }
}
