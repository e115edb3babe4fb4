//! Purging what is void, in the background: one request after the other, as each takes the server a while. What can't be purged
//! is left to the sweeper.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_nats::jetstream::stream::PurgeResponse;
use serde_json::json;

use super::Carrier;
use super::fault::ask;

/// What is to be purged: a stream and a filter, and up to which sequence (all, if none is said).
#[derive(Debug, Default)]
pub(super) struct Purges(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: BTreeMap<(String, String), Option<u64>>,
    running: bool,
}

/// Has the messages purged that fit a filter, `up_to` a sequence. What comes for the same filter while others are being purged becomes one request.
pub(super) fn begin(carrier: &Arc<Carrier>, stream: String, filter: String, up_to: Option<u64>) {
    let mut state = carrier.purges.0.lock().unwrap_or_else(PoisonError::into_inner);
    let waiting = state.waiting.entry((stream, filter)).or_insert(up_to);
    *waiting = waiting.zip(up_to).map(|(waiting, up_to)| waiting.max(up_to));
    if std::mem::replace(&mut state.running, true) {
        return;
    }
    drop(state);
    let purging = Arc::clone(carrier);
    carrier.will_hand_back(tokio::spawn(async move {
        while let Some(((stream, filter), up_to)) = purging.purges.next() {
            if let Err(error) = purge(&purging, &stream, &filter, up_to).await {
                tracing::debug!("left to the sweeper: {error}");
            }
        }
    }));
}

impl Purges {
    fn next(&self) -> Option<((String, String), Option<u64>)> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = state.waiting.pop_first();
        state.running = next.is_some();
        next
    }
}

/// Purges, and waits for it.
pub(super) async fn purge(carrier: &Carrier, stream: &str, filter: &str, up_to: Option<u64>) -> Result<(), String> {
    let subject = format!("STREAM.PURGE.{stream}");
    if let Some(denial) = carrier.link.denial(&format!("$JS.API.{subject}")) {
        return Err(denial.to_string());
    }
    let request = match up_to {
        // The server purges up to this, without it.
        Some(up_to) => json!({ "filter": filter, "seq": up_to + 1 }),
        None => json!({ "filter": filter }),
    };
    let purged = ask::<PurgeResponse>(&carrier.context, &carrier.link, subject, &request).await;
    purged.map(drop).map_err(|fault| fault.to_string())
}
