//! Reaching a NATS server, and checking that it can carry sagas.

use std::time::Duration;

use async_nats::jetstream::{self, ErrorCode};
use async_nats::{Client, ConnectErrorKind, ServerAddr};
use tokio::time::{Instant, sleep, timeout_at};

use super::fault::{Fault, Nothing, ask};
use super::link::Link;
use super::target::Target;
use super::{auth, tls};
use crate::transport::{ConnectOptions, Credentials};
use crate::{Error, ErrorKind};

/// The oldest server that will do: it has the conditional publish without the races of older ones, message
/// TTLs, and the batches and schedules that the inbox needs.
const OLDEST: (u32, u32) = (2, 14);

/// The longest that one attempt to connect may take, so that several fit into the time allowed.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two attempts.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How often the server is asked whether it is there. A connection on which three such questions in a row go unanswered is given up and
/// made anew: one that is cut without a word (by a firewall, a machine that is gone) is noticed in no other way.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// Connects; tries until the deadline unless the server says that it's no use.
pub(super) async fn connect(
    target: &Target,
    options: &ConnectOptions,
    deadline: Instant,
) -> Result<(Client, Link), Error> {
    check_inbox(&options.inbox_prefix)?;
    let credentials = auth::credentials(target, options).await?;
    let mut pause = FIRST_PAUSE;
    loop {
        let link = Link::new(&target.name, &options.inbox_prefix);
        let client = client(target, options, &credentials, &link);
        let failure = match timeout_at(deadline, client.connect(&target.servers[..])).await {
            Ok(Ok(client)) => return Ok((client, link)),
            Ok(Err(error)) => {
                let refused =
                    matches!(error.kind(), ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation);
                if refused {
                    return Err(wrong_credentials(target, &credentials, &error.to_string()));
                }
                if let Some(trouble) = tls::trouble(&error) {
                    let text = format!("no safe connection to the NATS server at {}: {trouble}", target.name);
                    return Err(Error::new(ErrorKind::Tls, text).caused_by(error));
                }
                error.to_string()
            }
            Err(_) => "no answer".to_owned(),
        };
        if Instant::now() + pause >= deadline {
            let silent = failure.contains("timed out") || failure == "no answer";
            let hint = match options.tls.first {
                true => "is one running there, with `handshake_first`, and does a firewall let this machine through?",
                false if silent => {
                    "is one running there, does a firewall let this machine through, and does it begin with TLS at once \
                     (then set `ConnectOptions::tls.first`)?"
                }
                false => "is one running there, and does a firewall let this machine through?",
            };
            return Err(Error::new(
                ErrorKind::Unreachable,
                format!(
                    "no NATS server can be reached at {} (tried for {:?}; last: {failure}); {hint}",
                    target.name, options.connect_timeout
                ),
            ));
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// It becomes the first tokens of subjects.
fn check_inbox(prefix: &str) -> Result<(), Error> {
    let fits =
        |token: &str| !token.is_empty() && token.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '*' | '>'));
    if prefix.len() <= 64 && prefix.split('.').all(fits) {
        return Ok(());
    }
    let text = format!(
        "`ConnectOptions::inbox_prefix` can't be `{prefix}`: it is the beginning of subjects, such as `_INBOX` or `_INBOX_shop`"
    );
    Err(Error::new(ErrorKind::InvalidOptions, text))
}

fn wrong_credentials(target: &Target, credentials: &Credentials, said: &str) -> Error {
    let advice = match credentials {
        Credentials::InUrl => {
            "it asks for some: put `USER:PASSWORD@` or `TOKEN@` into the URL, or set `ConnectOptions::credentials`"
        }
        Credentials::Password { .. } => "is it this user, and this password?",
        Credentials::Token(_) => "is it this token?",
        Credentials::Nkey(_) | Credentials::NkeyFile(_) => "does it know the public key of this seed?",
        Credentials::File(_) => {
            "has the user been revoked, have its credentials expired, does the server know its account?"
        }
    };
    Error::new(
        ErrorKind::Denied,
        format!("the NATS server at {} refuses the credentials ({said}); {advice}", target.name),
    )
}

fn client(
    target: &Target,
    options: &ConnectOptions,
    credentials: &Credentials,
    link: &Link,
) -> async_nats::ConnectOptions {
    let link = link.clone();
    let client = match credentials.clone() {
        Credentials::InUrl => async_nats::ConnectOptions::new(),
        credentials => {
            async_nats::ConnectOptions::with_auth_callback(move |nonce| auth::answer(credentials.clone(), nonce))
        }
    };
    let client = client
        .name("sagaflow")
        .custom_inbox_prefix(&options.inbox_prefix)
        .connection_timeout(ATTEMPT_TIMEOUT)
        .request_timeout(Some(super::REQUEST_TIMEOUT))
        .max_reconnects(None)
        .ping_interval(PING_INTERVAL)
        .reconnect_delay_callback(reconnect_delay)
        .event_callback(move |event| {
            link.on(event);
            std::future::ready(())
        });
    tls::configure(client, &options.tls, target.servers.iter().any(ServerAddr::tls_required))
}

/// At once, then with growing pauses of at most two seconds, spread so that all workers don't come back in one moment.
fn reconnect_delay(attempts: usize) -> Duration {
    if attempts <= 1 {
        return Duration::ZERO;
    }
    let longest = Duration::from_millis(50u64 << attempts.min(7)).min(Duration::from_secs(2));
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
}

/// The server must be new enough.
pub(super) fn check_version(client: &Client, name: &str) -> Result<(), Error> {
    let info = client.server_info();
    if is_new_enough(&info.version) {
        return Ok(());
    }
    Err(unsuitable(format!(
        "found nats-server {} at {name}, sagaflow needs {}.{} or newer; update the server",
        info.version, OLDEST.0, OLDEST.1
    )))
}

/// The server must have JetStream for this user.
pub(super) async fn check_jetstream(
    client: &Client,
    context: &jetstream::Context,
    link: &Link,
    name: &str,
    deadline: Instant,
) -> Result<(), Error> {
    let info = client.server_info();
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
