//! How an instance stands, for people and dashboards.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

use super::Client;
use crate::engine::{self, Head};
use crate::record::{self, Cause, FORMAT, FailedCall, HandBack, Record, Status, Undo, Value};
use crate::transport::{InstanceId, Revision, Stored};
use crate::{Error, ErrorKind};

/// How an instance stands.
///
/// Of a paused instance, what stood in the record that was paused is shown (where it can be read).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InstanceStatus {
    /// The saga's name and the instance's id.
    pub instance: InstanceId,
    /// Where it stands.
    pub status: Status,
    /// The state of the saga; none at its beginning and its end.
    pub state: Option<String>,
    /// The step that it waits for, if it does.
    pub step: Option<String>,
    /// Which attempt of that step is being made or comes next, from 1.
    pub attempt: Option<u32>,
    /// How many workers have been lost during that attempt.
    pub lost: u32,
    /// How the attempt before failed.
    pub last_error: Option<String>,
    /// When the next attempt may be made, if it has to wait.
    pub next_attempt: Option<Timestamp>,
    /// When it goes on by itself, if it waits for a time: for its next attempt, or the end of a sleep, a timeout or its deadline.
    pub wakes: Option<Timestamp>,
    /// The compensations that are registered, in order of registration; they run last first.
    pub compensations: Vec<Undo>,
    /// When it was started.
    pub started: Timestamp,
    /// When it is to have ended, if its saga has a deadline.
    pub deadline: Option<Timestamp>,
    /// When it last moved.
    pub updated: Timestamp,
    /// How many step calls it has made, compensations included.
    pub steps: u64,
    /// How many attempts have been finished, over all steps.
    pub attempts: u64,
    /// How many compensations have been run.
    pub undone: u64,
    /// Why it is stuck or paused.
    pub reason: Option<String>,
    /// Why it unwinds, or has failed.
    pub cause: Option<Cause>,
    /// The failed call that led to that, if there was one.
    pub failed: Option<FailedCall>,
    /// What it has returned (`Ok` or `Err`, or a plain value) as JSON, when it has come to its end or unwinds.
    pub output: Option<Value>,
    /// The instance that has started this one, if one has.
    pub parent: Option<InstanceId>,
    /// The children that it waits for.
    pub children: Vec<InstanceId>,
    /// How far the saga has come, by its own words ([`progress`](crate::progress)).
    pub progress: Option<Value>,
    /// What applications have attached, to find the instance by.
    pub attributes: BTreeMap<String, Value>,
    /// How many pieces of mail wait to be taken, by queue; those of sagaflow itself begin with `$`. `None`: it was not looked, as in lists, or this
    /// client may not look.
    pub mailbox: Option<BTreeMap<String, u64>>,
    /// Set while workers whose code doesn't know it hand it back to others.
    pub handed_back: Option<HandBack>,
}

pub(super) async fn status(client: &Client, instance: &InstanceId) -> Result<InstanceStatus, Error> {
    let Stored { revision, payload } = client.transport.latest(instance).await?.ok_or_else(|| not_found(instance))?;
    let record = decoded(client, instance, &payload)?;
    let record = if record.held.is_some() { with_notes(client, instance, revision, record).await } else { record };
    Ok(InstanceStatus { mailbox: mailbox(client, instance, &record).await, ..show(instance, &record) })
}

/// How much mail waits for the instance. One that has come to its end has none.
async fn mailbox(client: &Client, instance: &InstanceId, record: &Record) -> Option<BTreeMap<String, u64>> {
    let mut waiting = BTreeMap::new();
    if record.status.is_terminal() {
        return Some(waiting);
    }
    if client.transport.hands_in() {
        return None;
    }
    let mail = client.transport.mailbox(instance).await;
    let mail = mail.inspect_err(|error| tracing::debug!(%instance, "its mail can't be read: {error}")).ok()?;
    for (name, number) in mail {
        if number > engine::taken(record, &name) {
            *waiting.entry(name).or_default() += 1;
        }
    }
    Some(waiting)
}

/// How an instance stands by its record, with the notes beside that.
pub(super) async fn read_noted(
    client: &Client,
    instance: &InstanceId,
    stored: Stored,
) -> Result<InstanceStatus, Error> {
    let Stored { revision, payload } = stored;
    let record = decoded(client, instance, &payload)?;
    let record = if record.held.is_some() { with_notes(client, instance, revision, record).await } else { record };
    Ok(show(instance, &record))
}

/// How an instance stands by its record.
pub(super) fn read(client: &Client, instance: &InstanceId, stored: &Bytes) -> Result<InstanceStatus, Error> {
    decoded(client, instance, stored).map(|record| show(instance, &record))
}

fn decoded(client: &Client, instance: &InstanceId, stored: &Bytes) -> Result<Box<Record>, Error> {
    head(client, instance, stored)?;
    record::decode(&*client.codec, stored).map_err(|error| unreadable(instance, &error.to_string()))
}

fn show(instance: &InstanceId, record: &Record) -> InstanceStatus {
    // The record that was paused may be of a form that can't be read here: then there is less to show.
    let original: Option<Record> = record.original.as_ref().and_then(|original| original.read().ok());
    let shown = original.as_ref().unwrap_or(record);
    let frame = shown.frame.as_ref();
    let call = frame.and_then(record::Frame::step);
    InstanceStatus {
        instance: instance.clone(),
        status: record.status,
        state: frame.map(|frame| frame.state.clone()).filter(|state| !state.is_empty()),
        step: call.map(|call| call.step.clone()),
        attempt: call.map(|call| call.attempt),
        lost: call.map_or(0, |call| call.lost),
        last_error: call.and_then(|call| call.error.clone()),
        next_attempt: call.and_then(|call| call.not_before),
        wakes: engine::wakes(shown, shown.updated).filter(|time| *time < Timestamp::MAX),
        compensations: frame.map(|frame| frame.undo.clone()).unwrap_or_default(),
        started: record.started,
        deadline: shown.deadline,
        updated: record.updated,
        steps: record.steps,
        attempts: record.attempts,
        undone: record.undone,
        cause: shown.cause.clone(),
        failed: shown.failed.as_deref().cloned(),
        handed_back: shown.handed_back,
        output: shown.output.clone(),
        parent: shown.parent.as_ref().and_then(|by| named(&by.saga, &by.id)),
        children: engine::children(shown).iter().filter_map(|child| named(&child.saga, &child.id)).collect(),
        progress: shown.progress.clone(),
        attributes: shown.attributes.clone(),
        mailbox: None,
        reason: record.reason.clone(),
    }
}

/// An instance by the words of a record.
fn named(saga: &str, id: &str) -> Option<InstanceId> {
    InstanceId::new(saga, id).ok()
}

/// A record that a worker holds, with what that has noted since. Where that can't be read (a client need not be allowed to), the record
/// is shown as it is: a little older.
async fn with_notes(client: &Client, instance: &InstanceId, revision: Revision, record: Box<Record>) -> Box<Record> {
    let Ok(notes) = client.transport.notes(instance, revision).await else { return record };
    let notes: Result<_, _> = notes.iter().map(|note| record::decode_note(&*client.codec, note)).collect();
    let mut noted = record.clone();
    match notes.map(|notes| engine::fold(&mut noted, notes)) {
        Ok(Ok(_)) => noted,
        _ => record,
    }
}

/// Reads what all formats have, and refuses a newer one.
pub(super) fn head(client: &Client, instance: &InstanceId, stored: &Bytes) -> Result<Head, Error> {
    let json = client.codec.decode(stored).map_err(|error| unreadable(instance, &error))?;
    let head = engine::head(&json).map_err(|error| unreadable(instance, &error.to_string()))?;
    if head.format > FORMAT && head.is_terminal() {
        return Err(unreadable(instance, &engine::newer(head.format)));
    }
    Ok(head)
}

pub(super) fn not_found(instance: &InstanceId) -> Error {
    let text = format!("there is no {instance}: it was never started, or its last record is no longer kept");
    Error::new(ErrorKind::NotFound, text)
}

pub(super) fn unreadable(instance: &InstanceId, why: &str) -> Error {
    Error::new(
        ErrorKind::Unreadable,
        format!("the record of {instance} can't be read (is the codec the workers'?): {why}"),
    )
}
