//! What a NATS URL says: the servers, and the credentials kept apart from what may be shown.

use async_nats::ServerAddr;

use crate::transport::Credentials;
use crate::{Error, ErrorKind};

/// Where to connect, with the secrets kept apart from what may be shown.
pub(super) struct Target {
    /// The servers, without credentials, so that the client can't log them.
    pub(super) servers: Vec<ServerAddr>,
    /// All servers as they may be shown.
    pub(super) name: String,
    /// What the URL carries.
    pub(super) credentials: Option<Credentials>,
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
