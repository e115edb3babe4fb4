//! Who connects, and whom it trusts: credentials and TLS. Secrets never show in `Debug`.

use std::fmt;
use std::path::PathBuf;

/// Who connects to a NATS server. What stands in a file is read anew for each connection, so that it can be renewed.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// What the URL carries: `nats://USER:PASSWORD@HOST`, `nats://TOKEN@HOST`, or nothing.
    #[default]
    InUrl,
    /// A user and its password.
    Password {
        /// The user's name.
        user: String,
        /// Its password.
        password: String,
    },
    /// A token.
    Token(String),
    /// The seed of a user's nkey (`SU…`).
    Nkey(String),
    /// A file with the seed of a user's nkey.
    NkeyFile(PathBuf),
    /// A credentials file (`.creds`): a user's JWT and the seed of its nkey, as `nsc` writes it.
    File(PathBuf),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUrl => f.write_str("InUrl"),
            Self::Password { user, .. } => write!(f, "Password {{ user: {user:?}, password: … }}"),
            Self::Token(_) => f.write_str("Token(…)"),
            Self::Nkey(_) => f.write_str("Nkey(…)"),
            Self::NkeyFile(path) => f.debug_tuple("NkeyFile").field(path).finish(),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// How a connection to a NATS server is made safe. It is when the URL says `tls://`, when anything is set here, and when the
/// server asks for it. All files are PEM, and read anew for each connection, so that they can be renewed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tls {
    /// Files with the certificates of the authorities that are trusted to have signed the server's, in place of those that
    /// the operating system trusts.
    pub roots: Vec<PathBuf>,
    /// This process's own certificate, for servers that ask for one (`verify: true`).
    pub identity: Option<Identity>,
    /// Whether the server begins with TLS at once (`handshake_first: true`), in place of a greeting in the clear.
    pub first: bool,
}

impl Tls {
    /// Whether something here makes no sense without TLS.
    #[cfg(feature = "nats")]
    pub(super) fn is_set(&self) -> bool {
        *self != Self::default()
    }
}

/// A process's own certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// A file with the certificate, and those between it and the authority.
    pub certificate: PathBuf,
    /// A file with its private key.
    pub key: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConnectOptions;

    #[test]
    fn secrets_do_not_show() {
        let all = [
            Credentials::Password { user: "shop".to_owned(), password: "hunter2".to_owned() },
            Credentials::Token("hunter2".to_owned()),
            Credentials::Nkey("hunter2".to_owned()),
            Credentials::NkeyFile("/etc/shop.nk".into()),
            Credentials::File("/etc/shop.creds".into()),
        ];
        for credentials in all {
            let options = ConnectOptions { credentials, ..ConnectOptions::default() };
            let shown = format!("{options:?} {options:#?}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
