//! Notes: small messages beside a record, for what its holder has got done while the record stays the last.

use bytes::Bytes;

use super::{InstanceId, Revision};

/// A note to store; see [`Transport::note`](super::Transport::note).
#[derive(Debug, Clone)]
pub struct Note<'a> {
    /// Whose record it belongs to.
    pub instance: &'a InstanceId,
    /// The record's revision: the instance's last one, as far as the caller knows.
    pub of: Revision,
    /// The notes of a record are numbered from 0. The next one is stored when the one before is known to be stored.
    pub number: u64,
    /// What it says.
    pub payload: Bytes,
}
