//! What stands beside the records, notes and mail: a part of the sweeper's pass removes what is void, and makes up for lost notices.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::layout::Layout;
use super::purge::purge;
use super::read::Last;
use super::{Carrier, read, scan, sweep};
use crate::transport::{InstanceId, Revision};

/// The most messages that a pass looks at; the rest is left to the next one.
const MOST: usize = 10_000;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Notes,
    Mail,
}

/// The notes or the mail of a saga, as far as they have been looked at.
#[derive(Debug)]
pub(super) struct Sides {
    side: Side,
    /// Where those begin that were not void at the last pass.
    begin: u64,
    /// Where to go on, if the last pass has not come to the end.
    resume: Option<u64>,
    /// Whether there may be mail whose notice was lost, that was stored up to then: each is looked at once.
    told: Option<Timestamp>,
}

impl Sides {
    pub(super) fn new(side: Side) -> Self {
        Self { side, begin: 1, resume: None, told: None }
    }

    pub(super) fn place(&self) -> &'static str {
        match self.side {
            Side::Notes => "notes",
            Side::Mail => "mail",
        }
    }

    pub(super) fn stream(&self, layout: &Layout) -> String {
        match self.side {
            Side::Notes => layout.notes_stream(),
            Side::Mail => layout.mail_stream(),
        }
    }

    /// Whose it is; and of which record, if it is a note.
    fn owner(&self, layout: &Layout, subject: &str) -> Option<(InstanceId, Option<Revision>)> {
        match self.side {
            Side::Notes => layout.noted(subject).map(|(instance, of, _)| (instance, Some(of))),
            Side::Mail => layout.posted(subject).map(|(instance, _)| (instance, None)),
        }
    }

    /// Purges what is older than `patience` and void: notes of a record that is no longer the last, mail of an instance that has come to
    /// its end. Wakes those instances once that wait, and have mail so old.
    pub(super) async fn sweep(&mut self, carrier: &Carrier, saga: &str, patience: Duration) -> Result<(), String> {
        let (layout, stream) = (&carrier.layout, self.stream(&carrier.layout));
        let filter = match self.side {
            Side::Notes => layout.notes_of(saga),
            Side::Mail => layout.mail_of(saga),
        };
        let now = Timestamp::now();
        let is_old = |time: Timestamp| now.duration_since(time).unsigned_abs() > patience && time < now;
        let resumed = self.resume.take();
        let (mut from, mut live_from) = (resumed.unwrap_or(self.begin), resumed.map(|_| self.begin));
        let (mut looked_at, mut told) = (0, self.told);
        let mut before = None;
        'pages: loop {
            let asked = Instant::now();
            let page =
                scan::page(carrier, &stream, &filter, from, usize::MAX).await.map_err(|error| error.to_string())?;
            for found in page.found {
                if !is_old(found.stored_at) {
                    from = found.sequence;
                    break 'pages;
                }
                looked_at += 1;
                if self.side == Side::Mail && Layout::is_answer(&found.subject) {
                    // The server removes it in its time.
                    continue;
                }
                let Some(owner) = self.owner(layout, &found.subject) else { continue };
                let is_new = self.told.is_none_or(|told| told < found.stored_at);
                told = told.max(Some(found.stored_at));
                // What belongs together mostly follows each other.
                if before.as_ref() == Some(&(owner.clone(), is_new)) {
                    continue;
                }
                let (instance, of) = &owner;
                let last = read::last(carrier, instance).await.map_err(|error| error.to_string())?;
                if is_void(*of, last.as_ref()) {
                    let void =
                        of.map_or_else(|| layout.mailbox(instance).to_vec(), |of| vec![layout.notes(instance, of)]);
                    for filter in &void {
                        purge(carrier, &stream, filter, Some(found.sequence).filter(|_| of.is_none())).await?;
                    }
                    continue;
                }
                live_from.get_or_insert(found.sequence);
                // Only what waits: what is worked on must not be delivered a second time.
                if self.side == Side::Mail
                    && is_new
                    && let Some(Last { stored, not_before: Some(due), .. }) = last
                    && due > now
                {
                    sweep::wake_one(carrier, instance, stored.revision).await;
                }
                before = Some((owner, is_new));
            }
            match page.next {
                Some(next) if looked_at < MOST => from = next,
                Some(next) => {
                    self.resume = Some(next);
                    from = next;
                    break;
                }
                None => break,
            }
            // No more than half of the time.
            sleep(asked.elapsed()).await;
        }
        self.told = told;
        self.begin = live_from.unwrap_or(from);
        Ok(())
    }
}

fn is_void(of: Option<Revision>, last: Option<&Last>) -> bool {
    match (of, last) {
        (_, None) => true,
        (Some(of), Some(last)) => last.stored.revision != of,
        (None, Some(last)) => last.terminal,
    }
}
