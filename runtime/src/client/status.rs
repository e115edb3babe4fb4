//! How an instance stands, for people and dashboards.

use bytes::Bytes;
use jiff::Timestamp;

use super::Client;
use crate::engine::{self, Head};
use crate::record::{self, Cause, FORMAT, HandBack, Record, Status, Undo};
use crate::transport::InstanceId;
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
    /// The compensations that are registered, in order of registration; they run last first.
    pub compensations: Vec<Undo>,
    /// When it was started.
    pub started: Timestamp,
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
    /// Set while workers whose code doesn't know it hand it back to others.
    pub handed_back: Option<HandBack>,
}

pub(super) async fn status(client: &Client, instance: &InstanceId) -> Result<InstanceStatus, Error> {
    let stored = client.transport.latest(instance).await?.ok_or_else(|| not_found(instance))?.payload;
    head(client, instance, &stored)?;
    let record = record::decode(&*client.codec, &stored).map_err(|error| unreadable(instance, &error.to_string()))?;
    // The record that was paused may be of a form that can't be read here: then there is less to show.
    let original: Option<Record> = record.original.as_ref().and_then(|original| original.read().ok());
    let shown = original.as_ref().unwrap_or(&record);
    let frame = shown.frame.as_ref();
    let call = frame.and_then(record::Frame::step);
    Ok(InstanceStatus {
        instance: instance.clone(),
        status: record.status,
        state: frame.map(|frame| frame.state.clone()).filter(|state| !state.is_empty()),
        step: call.map(|call| call.step.clone()),
        attempt: call.map(|call| call.attempt),
        lost: call.map_or(0, |call| call.lost),
        last_error: call.and_then(|call| call.error.clone()),
        next_attempt: call.and_then(|call| call.not_before),
        compensations: frame.map(|frame| frame.undo.clone()).unwrap_or_default(),
        started: record.started,
        updated: record.updated,
        steps: record.steps,
        attempts: record.attempts,
        undone: record.undone,
        cause: shown.cause.clone(),
        handed_back: shown.handed_back,
        reason: record.reason,
    })
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
