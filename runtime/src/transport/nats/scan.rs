//! Reading through a stream, page by page, in the order of the sequences.

use std::time::Duration;

use async_nats::{HeaderMap, Message, StatusCode};
use bytes::Bytes;
use futures::StreamExt;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use super::{Carrier, REQUEST_TIMEOUT, read};
use crate::{Error, ErrorKind};

/// The most messages that are asked for at a time, and the most bytes (a record can have a megabyte).
const PAGE: usize = 256;
const PAGE_BYTES: usize = 4 << 20;

/// How long to wait for a replica that lags behind.
const CATCHING_UP: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// A message as it stands in a stream.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) subject: String,
    pub(super) sequence: u64,
    pub(super) stored_at: Timestamp,
    pub(super) headers: HeaderMap,
    pub(super) payload: Bytes,
}

/// A page of messages, and where the next one begins.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) found: Vec<Found>,
    /// `None`: this was the last.
    pub(super) next: Option<u64>,
}

/// All messages from the sequence `from` on whose subjects fit the filter, but no more than `most` and a page. None is missing that
/// was stored before.
pub(super) async fn all(
    carrier: &Carrier,
    stream: &str,
    filter: &str,
    mut from: u64,
    most: usize,
) -> Result<Vec<Found>, Error> {
    let mut all = Vec::new();
    let deadline = Instant::now() + CATCHING_UP;
    loop {
        while all.len() < most {
            let page = page(carrier, stream, filter, from, most - all.len()).await?;
            all.extend(page.found);
            let Some(next) = page.next else { break };
            from = next;
        }
        if all.len() >= most || is_the_end(carrier, stream, filter, from).await? {
            return Ok(all);
        }
        lags(stream, filter, deadline).await?;
    }
}

/// A page from the sequence `from` on. The last one is the last indeed: none is missing that was stored before.
pub(super) async fn page_caught_up(carrier: &Carrier, stream: &str, filter: &str, from: u64) -> Result<Page, Error> {
    let deadline = Instant::now() + CATCHING_UP;
    loop {
        let page = page(carrier, stream, filter, from, usize::MAX).await?;
        if page.next.is_some() || is_the_end(carrier, stream, filter, from).await? {
            return Ok(page);
        }
        lags(stream, filter, deadline).await?;
    }
}

/// Whether there is nothing from this sequence on. With several replicas, one that lags behind may have said so: the leader knows the last.
async fn is_the_end(carrier: &Carrier, stream: &str, filter: &str, from: u64) -> Result<bool, Error> {
    Ok(carrier.layout.replicas == 1 || read::last_sequence(carrier, stream, filter).await? < from)
}

/// Waits for a replica that lags behind.
async fn lags(stream: &str, filter: &str, deadline: Instant) -> Result<(), Error> {
    if Instant::now() > deadline {
        let text = format!("reading `{filter}`: a replica of `{stream}` lags behind");
        return Err(Error::new(ErrorKind::Unreachable, text));
    }
    sleep(PAUSE).await;
    Ok(())
}

/// The messages from the sequence `from` on whose subjects fit the filter. Where there are several replicas, any of them answers,
/// perhaps one that lags behind. No more than `most`.
///
/// # Errors
///
/// [`ErrorKind::Denied`] and [`ErrorKind::Unreachable`].
pub(super) async fn page(carrier: &Carrier, stream: &str, filter: &str, from: u64, most: usize) -> Result<Page, Error> {
    let failed = |what: String| Error::new(ErrorKind::Unreachable, format!("reading through `{stream}`: {what}"));
    let inbox = carrier.client.new_inbox();
    let mut answers = carrier.client.subscribe(inbox.clone()).await.map_err(|error| failed(error.to_string()))?;
    let request =
        json!({ "seq": from.max(1), "next_by_subj": filter, "batch": most.min(PAGE), "max_bytes": PAGE_BYTES });
    let (subject, since) = (format!("$JS.API.DIRECT.GET.{stream}"), carrier.link.since());
    let asked = carrier.client.publish_with_reply(subject.clone(), inbox, request.to_string().into()).await;
    asked.map_err(|error| failed(error.to_string()))?;
    let mut page = Page { found: Vec::new(), next: None };
    loop {
        let answer = tokio::select! {
            biased;
            answer = timeout(REQUEST_TIMEOUT, answers.next()) => answer.map_err(|_| failed("no answer".to_owned()))?,
            denial = carrier.link.denied(&subject, since) => {
                return Err(Error::new(ErrorKind::Denied, format!("reading through `{stream}`: {denial}")));
            }
        };
        let answer = answer.ok_or_else(|| failed("the connection has ended".to_owned()))?;
        match answer.status {
            None | Some(StatusCode::OK) => {}
            // The end of the page (204), or nothing there (404).
            Some(status) if status.as_u16() == 204 || status == StatusCode::NOT_FOUND => return Ok(page),
            Some(status) => {
                let text = answer.description.as_deref().unwrap_or_default();
                return Err(failed(format!("{status} {text}")));
            }
        }
        let found = found(answer).ok_or_else(|| failed("an answer without its place in the stream".to_owned()))?;
        page.next = Some(found.sequence + 1);
        page.found.push(found);
    }
}

fn found(answer: Message) -> Option<Found> {
    let headers = answer.headers?;
    Some(Found {
        subject: header(&headers, "Nats-Subject")?.to_owned(),
        sequence: header(&headers, "Nats-Sequence")?.parse().ok()?,
        stored_at: header(&headers, "Nats-Time-Stamp")?.parse().ok()?,
        payload: answer.payload,
        headers,
    })
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.as_str())
}
