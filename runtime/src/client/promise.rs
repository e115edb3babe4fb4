//! Resolving the promises of instances.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Client;
use super::post::{PATIENCE, standing, takes_mail};
use crate::durable::{Rejected, Token};
use crate::engine::queue_of_promise;
use crate::record::{Letter, Record, Value};
use crate::transport::{AppendError, InstanceId, Post};
use crate::{Error, ErrorKind, appending, random};

/// See [`Client::resolve`].
pub(super) async fn settle<T: Serialize + DeserializeOwned>(
    client: &Client,
    token: &str,
    outcome: Result<T, Rejected>,
) -> Result<(), Error> {
    let invalid = || Error::new(ErrorKind::InvalidToken, "this is no token of a promise");
    let token = Token::parse(token).ok_or_else(invalid)?;
    let instance = token.instance().ok_or_else(invalid)?;
    let value = Value::write(&outcome).map_err(|error| {
        Error::new(
            ErrorKind::Unserializable,
            format!("what a promise of {instance} comes to can't be written: {error}"),
        )
    })?;
    let record = standing(client, &instance).await?;
    check(&token, &instance, &record)?;
    // The key is the same for all, so that the first one counts; what tells them apart is in the letter.
    let letter = Letter::new(record.life, Some(format!("{:032x}", random::bits())), value);
    let payload = letter.encode(&*client.codec);
    let (name, key) = (queue_of_promise(token.number), format!("resolved@{}", record.life));
    let post = Post {
        instance: &instance,
        name: &name,
        key: &key,
        remember: true,
        answer_for: None,
        payload: payload.clone(),
    };
    match appending::post(&*client.transport, post, PATIENCE).await.map_err(|failed| (failed.unsure, failed.error)) {
        Ok(_) => {}
        Err((unsure, AppendError::Superseded { .. })) => {
            let own = unsure
                && client.transport.mail(&instance, &name, 0, 2).await?.iter().any(|mail| mail.payload == payload);
            if !own {
                return Err(already(&instance));
            }
        }
        Err((_, error)) => {
            let kind = match &error {
                AppendError::Busy(_) | AppendError::Undecided => ErrorKind::Busy,
                AppendError::Refused(_) => ErrorKind::Denied,
                AppendError::TooLarge { .. } => ErrorKind::TooLarge,
                _ => ErrorKind::Unreachable,
            };
            return Err(Error::new(kind, format!("a promise of {instance} was not resolved: {error}")).caused_by(error));
        }
    }
    // If it is no longer open, it has been taken; if it still is, and the instance has ended, nobody will take it.
    let record = standing(client, &instance).await?;
    match record.promises.contains_key(&token.number) && !takes_mail(&record) {
        true => Err(not_running(&instance)),
        false => Ok(()),
    }
}

/// Whether the token is one of a promise that can still be resolved.
fn check(token: &Token, instance: &InstanceId, record: &Record) -> Result<(), Error> {
    match record.promises.get(&token.number) {
        Some(secret) if !token.has_secret(secret) => {
            Err(Error::new(ErrorKind::InvalidToken, format!("this is no token of a promise of {instance}")))
        }
        Some(_) if takes_mail(record) => Ok(()),
        Some(_) => Err(not_running(instance)),
        // Its number has never been given.
        None if token.number > record.steps && record.original.is_none() => {
            Err(Error::new(ErrorKind::InvalidToken, format!("this is no token of a promise of {instance}")))
        }
        None => Err(already(instance)),
    }
}

fn already(instance: &InstanceId) -> Error {
    let text = format!("this promise of {instance} has been resolved or rejected before, or the saga has given it up");
    Error::new(ErrorKind::AlreadyResolved, text)
}

fn not_running(instance: &InstanceId) -> Error {
    Error::new(
        ErrorKind::NotRunning,
        format!("{instance} has come to its end, or unwinds, and waits for its promises no longer"),
    )
}
