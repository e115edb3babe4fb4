//! Saying who this is, anew for each connection: so files with credentials can be renewed while the process runs.

use std::path::Path;

use async_nats::{Auth, AuthError};
use nkeys::KeyPair;

use super::target::Target;
use crate::transport::{ConnectOptions, Credentials};
use crate::{Error, ErrorKind};

/// The credentials of the options, or of the URL; they can be read, and are of the form that they should have.
pub(super) async fn credentials(target: &Target, options: &ConnectOptions) -> Result<Credentials, Error> {
    let credentials = match (&options.credentials, &target.credentials) {
        (Credentials::InUrl, None) => return Ok(Credentials::InUrl),
        (Credentials::InUrl, Some(in_url)) => in_url,
        (given, None) => given,
        (_, Some(_)) => {
            return Err(Error::new(
                ErrorKind::InvalidUrl,
                format!(
                    "the URL of {} carries credentials, and `ConnectOptions::credentials` has others: leave one of them out",
                    target.name
                ),
            ));
        }
    };
    // Any nonce will do to find what can't be read.
    match sign(credentials.clone(), b"nonce").await {
        Ok(_) => Ok(credentials.clone()),
        Err(why) => Err(Error::new(ErrorKind::Denied, format!("can't connect to {}: {why}", target.name))),
    }
}

/// The answer to the server's nonce, for the client.
pub(super) async fn answer(credentials: Credentials, nonce: Vec<u8>) -> Result<Auth, AuthError> {
    sign(credentials, &nonce).await.map_err(|why| {
        tracing::error!("{why}");
        AuthError::new(why)
    })
}

async fn sign(credentials: Credentials, nonce: &[u8]) -> Result<Auth, String> {
    let mut auth = Auth::new();
    match credentials {
        Credentials::InUrl => {}
        Credentials::Password { user, password } => {
            auth.username = Some(user);
            auth.password = Some(password);
        }
        Credentials::Token(token) => auth.token = Some(token),
        Credentials::Nkey(seed) => sign_by_nkey(&mut auth, &seed, nonce, "`Credentials::Nkey`")?,
        Credentials::NkeyFile(path) => {
            let seed = read(&path, "the seed of an nkey").await?;
            sign_by_nkey(&mut auth, &seed, nonce, &format!("the file {}", path.display()))?;
        }
        Credentials::File(path) => {
            let text = read(&path, "credentials").await?;
            let (Some(jwt), Some(seed)) = (between(&text, "USER JWT"), between(&text, "USER NKEY SEED")) else {
                return Err(format!(
                    "the file {} holds no credentials: a user's JWT and the seed of its nkey, as `nsc generate creds` writes them",
                    path.display()
                ));
            };
            sign_by_nkey(&mut auth, seed, nonce, &format!("the file {}", path.display()))?;
            // The JWT names the key.
            auth.nkey = None;
            auth.jwt = Some(jwt.to_owned());
        }
    }
    Ok(auth)
}

async fn read(path: &Path, what: &str) -> Result<String, String> {
    let path = path.to_owned();
    let shown = path.display().to_string();
    // A small file, once for each connection.
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
    match read {
        Ok(Ok(text)) => Ok(text),
        Ok(Err(error)) => Err(format!("the file {shown} with {what} can't be read: {error}")),
        Err(stopped) => Err(format!("the file {shown} with {what} can't be read: {stopped}")),
    }
}

/// The error of the keys' reader is not shown: it may quote the seed.
fn sign_by_nkey(auth: &mut Auth, seed: &str, nonce: &[u8], place: &str) -> Result<(), String> {
    let pair = KeyPair::from_seed(seed.trim());
    let signed = pair.and_then(|pair| Ok((pair.public_key(), pair.sign(nonce)?)));
    let (public, signature) = signed.map_err(|_| format!("{place} holds no seed of a user's nkey (`SU…`)"))?;
    auth.nkey = Some(public);
    auth.signature = Some(signature);
    Ok(())
}

/// The line between `-----BEGIN … NAME-----` and `------END`.
fn between<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| line.starts_with("---") && line.contains("BEGIN") && line.contains(name))?;
    lines.find(|line| !line.is_empty()).filter(|line| !line.starts_with("---"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_files_are_read() {
        let text = "-----BEGIN NATS USER JWT-----\r\na.b.c\r\n------END NATS USER JWT------\n\n\
                    ****** IMPORTANT ******\n-----BEGIN USER NKEY SEED-----\nSUA\n------END USER NKEY SEED------\n";
        assert_eq!(between(text, "USER JWT"), Some("a.b.c"));
        assert_eq!(between(text, "USER NKEY SEED"), Some("SUA"));
        assert_eq!(between("-----BEGIN USER NKEY SEED-----\n------END", "USER NKEY SEED"), None);
        assert_eq!(between("SUA", "USER NKEY SEED"), None);
    }

    #[tokio::test]
    async fn a_wrong_seed_is_not_quoted() {
        let why = sign(Credentials::Nkey("SUHUNTER2".to_owned()), b"x").await.err().unwrap();
        assert!(!why.contains("HUNTER2") && why.contains("holds no seed"), "{why}");
    }
}
