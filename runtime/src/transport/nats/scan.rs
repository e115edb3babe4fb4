//! Reading the records of a saga in one shard, page by page, from the oldest on.

use async_nats::header::NATS_MESSAGE_TTL;
use async_nats::{HeaderMap, Message, StatusCode};
use futures::StreamExt;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::timeout;

use super::append::not_before;
use super::layout::instance_of;
use super::{Carrier, REQUEST_TIMEOUT};
use crate::transport::{InstanceId, Revision};

/// The most records that are asked for at a time, and the most bytes (a record can have a megabyte).
const PAGE: usize = 256;
const PAGE_BYTES: usize = 4 << 20;

/// A record as one sees it without its meaning.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) instance: InstanceId,
    pub(super) revision: Revision,
    pub(super) stored_at: Timestamp,
    pub(super) not_before: Option<Timestamp>,
    /// It is only kept for a while, to protect the id.
    pub(super) terminal: bool,
}

/// A page of records, and where the next one begins.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) records: Vec<Seen>,
    /// `None`: this was the last.
    pub(super) next: Option<u64>,
}

/// The records from the sequence `from` on, in the order of their sequences.
pub(super) async fn page(carrier: &Carrier, stream: &str, filter: &str, from: u64) -> Result<Page, String> {
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let inbox = carrier.client.new_inbox();
    let mut answers = carrier.client.subscribe(inbox.clone()).await.map_err(|error| failed(&error))?;
    let request = json!({ "seq": from.max(1), "next_by_subj": filter, "batch": PAGE, "max_bytes": PAGE_BYTES });
    let subject = format!("$JS.API.DIRECT.GET.{stream}");
    let asked = carrier.client.publish_with_reply(subject, inbox, request.to_string().into()).await;
    asked.map_err(|error| failed(&error))?;
    let mut page = Page { records: Vec::new(), next: None };
    loop {
        let answer = timeout(REQUEST_TIMEOUT, answers.next()).await.map_err(|_| "no answer".to_owned())?;
        let answer = answer.ok_or_else(|| "the connection has ended".to_owned())?;
        match answer.status {
            None | Some(StatusCode::OK) => {}
            // The end of the page (204), or nothing there (404).
            Some(status) if status.as_u16() == 204 || status == StatusCode::NOT_FOUND => return Ok(page),
            Some(status) => {
                return Err(format!("{status} {}", answer.description.as_deref().unwrap_or_default()));
            }
        }
        let headers = answer.headers.as_ref();
        let Some(sequence) = headers.and_then(|headers| header(headers, "Nats-Sequence")?.parse().ok()) else {
            return Err("an answer without a sequence".to_owned());
        };
        page.next = Some(sequence + 1);
        page.records.extend(seen(&answer, sequence));
    }
}

/// Reads one answer; what is not the record of an instance is passed over.
fn seen(answer: &Message, sequence: u64) -> Option<Seen> {
    let headers = answer.headers.as_ref()?;
    Some(Seen {
        instance: instance_of(header(headers, "Nats-Subject")?)?,
        revision: Revision(sequence),
        stored_at: header(headers, "Nats-Time-Stamp")?.parse().ok()?,
        not_before: not_before(headers),
        terminal: headers.get(NATS_MESSAGE_TTL).is_some(),
    })
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.as_str())
}
