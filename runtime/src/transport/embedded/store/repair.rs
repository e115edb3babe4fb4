//! A torn tail of fjall's journal.
//!
//! After a power cut the last batch may be on the disk in part: not yet acknowledged, since its fsync never returned.
//! fjall leaves out a batch that has no end. But a batch whose pages reached the disk in another order can have its
//! end and a hole before it, and fjall then refuses to open. This module cuts such a batch off, on two conditions
//! that only a torn tail meets: it is the last one (batch *n + 1* is not begun before the fsync of batch *n* has
//! returned, so a damaged batch with another after it was acknowledged), and without it the store opens.
//!
//! It relies on the layout of journals in fjall 3: entries with a tag, start (1), item (2), end (3), clear (4).

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fjall::Database;

const TRAILER: &[u8] = b"FJL\x03";

/// Cuts off a torn last batch, and opens again. If that is not what is wrong, restores it, and returns the error.
pub(super) fn reopen(
    directory: &Path,
    open: impl FnOnce() -> fjall::Result<Database>,
    damage: fjall::Error,
) -> fjall::Result<Database> {
    let Some(journal) = active_journal(directory)? else {
        return Err(damage);
    };
    let bytes = fs::read(&journal)?;
    let Some(start) = torn_batch(&bytes) else {
        return Err(damage);
    };
    let file = OpenOptions::new().write(true).open(&journal)?;
    file.set_len(start as u64)?;
    file.sync_all()?;
    match open() {
        Ok(database) => {
            tracing::warn!(
                journal = %journal.display(),
                bytes = bytes.len() - start,
                "cut off a batch that was being written when the machine stopped; it had not been acknowledged"
            );
            Ok(database)
        }
        Err(_) => {
            let mut file = file;
            file.set_len(start as u64)?;
            file.seek(SeekFrom::Start(start as u64))?;
            file.write_all(&bytes[start..])?;
            file.sync_all()?;
            Err(damage)
        }
    }
}

/// The journal that was being written: the one with the greatest number.
fn active_journal(directory: &Path) -> std::io::Result<Option<PathBuf>> {
    let mut newest = None;
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let number = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".jnl")?.parse::<u64>().ok());
        if let Some(number) = number {
            newest = newest.max(Some((number, path)));
        }
    }
    Ok(newest.map(|(_, path)| path))
}

/// Where the last batch begins, if it is complete to look at, and nothing but unwritten space follows it.
fn torn_batch(journal: &[u8]) -> Option<usize> {
    let mut rest = journal;
    let mut begin = None;
    let mut last = None;
    while let Some(entry) = Entry::read(&mut rest) {
        let position = journal.len() - rest.len();
        match entry {
            Entry::Start => begin = Some(position - Entry::START),
            Entry::Inner => {}
            Entry::End => last = begin.take(),
        }
    }
    last.filter(|_| begin.is_none() && rest.iter().all(|byte| *byte == 0))
}

enum Entry {
    Start,
    Inner,
    End,
}

impl Entry {
    const START: usize = 1 + 4 + 8;

    fn read(rest: &mut &[u8]) -> Option<Self> {
        let entry;
        (entry, *rest) = match rest.first()? {
            1 => (Self::Start, rest.get(Self::START..)?),
            2 => {
                // Tag, kind, compression, keyspace, length of the key, of the value, of the value as written.
                let header = rest.get(..1 + 1 + 1 + 8 + 2 + 4 + 4)?;
                let key = u16::from_le_bytes(*header[11..].first_chunk()?);
                let value = u32::from_le_bytes(*header[17..].first_chunk()?);
                (Self::Inner, rest.get(header.len() + usize::from(key) + value as usize..)?)
            }
            3 => (Self::End, rest.get(1 + 8..)?.strip_prefix(TRAILER)?),
            4 => (Self::Inner, rest.get(1 + 8..)?),
            _ => return None,
        };
        Some(entry)
    }
}
