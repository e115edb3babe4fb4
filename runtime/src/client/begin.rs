//! Sending something to an instance that is started by that if there is none.
//!
//! The first record carries the mail with which it begins (`Record::brought`): start and signal are one append, on the condition that there is no
//! record, or that the terminal one is still the last. To an instance that runs, mail is posted as ever; if that is to be started anew when it
//! has come to its end, the sender waits until its mail was taken (`ask`), or begins again.

use super::ask::Asking;
use super::post::{Mailing, PATIENCE, decoded, may_send, standing, takes_mail, takes_none};
use super::start::append_first;
use super::{Client, IfExists, status};
use crate::ends;
use crate::engine::{self, is_of_requests};
use crate::logs;
use crate::record::{self, Brought, Record};
use crate::transport::{InstanceId, Revision, Stored};
use crate::worker::KEEP;
use crate::{Error, ErrorKind};

/// How to start an instance.
#[derive(Debug)]
pub(super) struct Begin {
    /// Its first record, none of whose code has run.
    pub(super) first: Box<Record>,
    pub(super) definition: std::sync::Arc<crate::definition::SagaDefinition>,
    pub(super) if_exists: IfExists,
}

/// Where mail has got.
#[derive(Debug)]
pub(super) enum Sent {
    /// Into a queue, for this life of the instance, with this number; without one: there has been such mail.
    Posted(u32, Option<u64>),
    /// Into the first record of this life.
    Brought(u32),
    /// The instance takes none. How it stands.
    Refused(Box<Record>),
}

/// Sends it, if that is possible now.
pub(super) async fn send(
    client: &Client,
    instance: &InstanceId,
    mailing: &Mailing,
    begin: Option<&Begin>,
) -> Result<Sent, Error> {
    may_send(client)?;
    loop {
        let (record, begin_after) = match client.transport.latest(instance).await? {
            None => (None, Some(None)),
            Some(stored) => {
                let record = decoded(client, instance, &stored.payload)?;
                let may =
                    begin.is_some_and(|begin| begin.if_exists == IfExists::Restart) && record.status.is_terminal();
                let revision = stored.revision;
                (Some((record, stored)), may.then_some(Some(revision)))
            }
        };
        if let Some((record, _)) = &record {
            if mailing.has_begun(record) {
                return Ok(Sent::Brought(record.life));
            }
            if begin.is_some_and(|begin| begin.if_exists == IfExists::Refuse) {
                return Err(Error::new(ErrorKind::AlreadyStarted, format!("{instance} has been started before")));
            }
        }
        match (record, begin, begin_after) {
            (former, Some(begin), Some(after)) => {
                if let Some((former, stored)) = &former {
                    tell_end(client, instance, former, stored).await?;
                }
                let first = first(client, begin, mailing, former.as_ref().map(|(former, _)| &**former));
                if append_first(client, instance, &first, after).await? {
                    return Ok(Sent::Brought(first.life));
                }
                // Somebody else was faster.
            }
            (None, ..) => return Err(status::not_found(instance)),
            (Some((record, _)), ..) if takes_mail(&record) => {
                let number = mailing.post(client, instance, record.life).await?;
                return Ok(Sent::Posted(record.life, number));
            }
            (Some((record, _)), ..) => return Ok(Sent::Refused(record)),
        }
    }
}

/// The first record of an instance that begins with mail.
fn first(client: &Client, begin: &Begin, mailing: &Mailing, former: Option<&Record>) -> Box<Record> {
    let mut first = begin.first.clone();
    if let Some(former) = former {
        anew(&mut first, former);
    }
    first.begun_with = Some(mailing.key.clone());
    // Of a signal nobody needs to be told that it was taken: it is in the record already.
    let key = mailing.answer_in(first.life).filter(|_| is_of_requests(&mailing.queue));
    first.brought = vec![Brought { queue: mailing.queue.clone(), key, value: mailing.value.clone() }];
    engine::begun(&begin.definition, first, client.clock.now())
}

/// Makes a first record the one of the next life.
pub(super) fn anew(first: &mut Record, former: &Record) {
    first.life = former.life.saturating_add(1);
    // So that no two calls of steps of one id have the same idempotency key.
    first.steps = former.steps;
    first.taken.clone_from(&former.taken);
    first.ended_with.clone_from(&former.taken);
}

/// Of the name of a signal, so much stands in the key by which its sender finds out that it was taken.
const MOST_NAME: usize = 48;

/// By what the sender of a signal finds out that it was taken. (Apart from those of requests; a name is ASCII.)
pub(super) fn answer_of_signal(name: &str) -> String {
    format!("~{}", &name[..name.len().min(MOST_NAME)])
}

/// Sends a signal. If the instance is to be started anew at its end, until it is known to be taken.
pub(super) async fn signal(
    client: &Client,
    instance: &InstanceId,
    mailing: Mailing,
    begin: &Begin,
    name: &str,
) -> Result<(), Error> {
    if begin.if_exists == IfExists::Restart {
        let answer = Some(answer_of_signal(name));
        let (mailing, begin) = (Mailing { answer, ..mailing }, Some(begin));
        return Asking { client, instance, mailing, begin, is_signal: true }.answer().await.map(drop);
    }
    let (life, number) = match send(client, instance, &mailing, Some(begin)).await? {
        Sent::Brought(_) | Sent::Posted(_, None) => return Ok(()),
        Sent::Posted(life, Some(number)) => (life, number),
        Sent::Refused(record) => return Err(takes_none(instance, &record)),
    };
    let after = standing(client, instance).await?;
    match mailing.is_taken(&after, life, number) || (after.life == life && takes_mail(&after)) {
        true => Ok(()),
        false => Err(takes_none(instance, &after)),
    }
}

/// An end that is to be superseded is told first, with the events that stand in it, and kept in the history: afterwards nobody could.
async fn tell_end(client: &Client, instance: &InstanceId, record: &Record, stored: &Stored) -> Result<(), Error> {
    let (transport, codec) = (&*client.transport, &*client.codec);
    let kept = match record.keeps_history() {
        Some(keep) => logs::keep(transport, instance, stored, keep, PATIENCE).await,
        None => Ok(()),
    };
    let told = match kept {
        Ok(()) => logs::tell_events(transport, codec, instance, record, (KEEP, PATIENCE)).await,
        Err(error) => Err(error),
    };
    told.map_err(|error| {
        let text = format!("{instance} was not started anew, since what its end has to tell can't be written: {error}");
        Error::new(ErrorKind::Unreachable, text).caused_by(error)
    })?;
    for who in ends::waiting(record) {
        let told = ends::tell(transport, codec, record, who, PATIENCE).await;
        told.map_err(|why| {
            let text = format!(
                "{instance} was not started anew, since {}/{} can't be told of its end: {why}",
                who.saga, who.id
            );
            Error::new(ErrorKind::Unreachable, text)
        })?;
    }
    Ok(())
}

/// After which record a start comes, if the id may be started anew: `None` if not.
pub(super) async fn end_of_former(
    client: &Client,
    instance: &InstanceId,
) -> Result<Option<(Box<Record>, Revision)>, Error> {
    let Some(stored) = client.transport.latest(instance).await? else { return Ok(None) };
    let record = record::decode(&*client.codec, &stored.payload)
        .map_err(|error| status::unreadable(instance, &error.to_string()))?;
    if !record.status.is_terminal() {
        return Ok(None);
    }
    tell_end(client, instance, &record, &stored).await?;
    Ok(Some((record, stored.revision)))
}
