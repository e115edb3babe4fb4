//! The records of one instance in their order, link by link: each says, by the condition that it was sent with, which
//! one it follows. So a record that was not seen shows as a gap, and is told apart from one that was moved on from twice.

use std::collections::{BTreeMap, BTreeSet};

use super::record::Record;
use super::{Kind, Records};
use crate::effects::Nanos;

/// A record that is stored, by a server's word.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) revision: u64,
    /// 0: it is the first. None: it was sent without a condition.
    pub(crate) after: Option<u64>,
    pub(crate) stored: Nanos,
    pub(crate) record: Record,
    /// Whether a server has told of it by itself; otherwise it has answered so to whoever sent it.
    pub(crate) told: bool,
}

/// A record that was sent, without an answer.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) after: Option<u64>,
    pub(crate) at: Nanos,
    pub(crate) record: Record,
}

/// One record in the chain.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) stored: Nanos,
    pub(crate) record: Record,
    /// Before it one is missing.
    pub(crate) after_gap: bool,
    /// It fills a gap, and may as well have been one of these. What follows it shows which.
    pub(crate) others: Vec<Record>,
}

#[derive(Debug, Default)]
pub(crate) struct Chain {
    pub(crate) links: Vec<Link>,
    /// Records that no server has told of by itself.
    pub(crate) gaps: u64,
    /// Of these, those of which nothing is known.
    pub(crate) unresolved: u64,
}

/// Puts records in order.
pub(crate) fn link(records: Records, find: &mut impl FnMut(Kind, String)) -> Chain {
    let Records { seen, sent } = records;
    let mut by_revision: BTreeMap<u64, Seen> = BTreeMap::new();
    for seen in seen {
        let Some(known) = by_revision.get_mut(&seen.revision) else {
            by_revision.insert(seen.revision, seen);
            continue;
        };
        if known.record != seen.record || known.after != seen.after {
            let text = format!("revision {} is two different records", seen.revision);
            find(Kind::Double, text);
        }
        known.told |= seen.told;
    }
    // Revisions that somebody wanted to go on from: so they were delivered, and so they are stored.
    let wanted: BTreeSet<u64> =
        by_revision.values().filter_map(|seen| seen.after).chain(sent.iter().filter_map(|s| s.after)).collect();

    let mut chain = Chain::default();
    let mut last = 0;
    for (revision, seen) in by_revision {
        let mut after_gap = false;
        match seen.after {
            None => find(Kind::Double, format!("revision {revision} was stored without a condition")),
            Some(after) if after == last => {}
            Some(after) if after < last => {
                let text = format!("revision {revision} follows {after}, and so does what led to {last}");
                find(Kind::Double, text);
            }
            Some(after) => after_gap = !fill(&mut chain, last, after, &wanted, &sent),
        }
        chain.gaps += u64::from(!seen.told);
        chain.links.push(Link { stored: seen.stored, record: seen.record, after_gap, others: Vec::new() });
        last = revision;
    }
    chain
}

/// Fills the gap between two revisions, the latter included, with what was sent and not answered. Whether it could.
fn fill(chain: &mut Chain, last: u64, until: u64, wanted: &BTreeSet<u64>, sent: &[Sent]) -> bool {
    let mut follows = last;
    for &missing in wanted.range(last + 1..=until) {
        chain.gaps += 1;
        let mut candidates = sent.iter().filter(|sent| sent.after == Some(follows));
        let Some(first) = candidates.next() else {
            chain.unresolved += 1;
            return false;
        };
        let (mut stored, mut others) = (first.at, Vec::new());
        for other in candidates {
            stored = stored.min(other.at);
            // Sent again, it is the same record.
            if other.record != first.record && !others.contains(&other.record) {
                others.push(other.record.clone());
            }
        }
        chain.links.push(Link { stored, record: first.record.clone(), after_gap: false, others });
        follows = missing;
    }
    true
}
