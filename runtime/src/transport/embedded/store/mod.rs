//! The directory: a fjall database with the keyspaces `records`, `notes`, `mail`, `lines` and `meta`.
//!
//! Why fjall: appends are short, at random keys, and many to a commit. A log-structured store writes them one after
//! the other into its journal; a copy-on-write B-tree writes a page per record. With batches of 500 records of 300
//! bytes, fjall took three times as many per second as redb, and stayed there as the store grew.
//!
//! A commit writes the batch into fjall's journal and calls `fdatasync`, which also brings to the disk what is needed
//! to find the data (the file's length), only not its times. fjall applies the batch to its tables after that.

mod format;
mod repair;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};

use super::journal::{Backend, Write};
use super::notes::Void;
use super::record::{Loaded, Timing, after};
use crate::transport::{InstanceId, Revision, Stored};
use crate::{Error, ErrorKind};

/// The store in a directory; its lock is held until it is dropped.
pub(super) struct Store {
    name: String,
    database: Database,
    records: Keyspace,
    notes: Keyspace,
    mail: Keyspace,
    lines: Keyspace,
    meta: Keyspace,
}

/// Opens the store in a directory, makes it if it is missing, and reads all that it holds.
pub(super) fn open(path: &Path) -> Result<(Store, Loaded), Error> {
    let name = format!("embedded:{}", path.display());
    prepare(path).map_err(|error| storage(&name, "the directory can't be used", error))?;
    let database = match open_database(path) {
        Err(fjall::Error::JournalRecovery(damage)) => {
            repair::reopen(path, || open_database(path), fjall::Error::JournalRecovery(damage))
        }
        other => other,
    };
    let database = database.map_err(|error| match error {
        fjall::Error::Locked => Error::new(
            ErrorKind::Locked,
            format!(
                "`{name}` is open already, in this process or another: a directory belongs to one transport at a \
                 time (end the other, choose another directory, or use `nats://HOST:PORT` for several processes)"
            ),
        ),
        error => storage(&name, "the store can't be opened", error),
    })?;
    let failed = |error: fjall::Error| storage(&name, "the store can't be read", error);
    let records = database.keyspace("records", KeyspaceCreateOptions::default).map_err(failed)?;
    let notes = database.keyspace("notes", KeyspaceCreateOptions::default).map_err(failed)?;
    let mail = database.keyspace("mail", KeyspaceCreateOptions::default).map_err(failed)?;
    let lines = database.keyspace("lines", KeyspaceCreateOptions::default).map_err(failed)?;
    let meta = database.keyspace("meta", KeyspaceCreateOptions::default).map_err(failed)?;
    let store = Store { name: name.clone(), database, records, notes, mail, lines, meta };
    store.check_format()?;
    let loaded = store.load()?;
    Ok((store, loaded))
}

/// Makes the directory, and finds out now rather than at the first append whether it can be written.
fn prepare(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)?;
    let probe = path.join(".sagaflow-writable");
    fs::write(&probe, [])?;
    fs::remove_file(&probe)
}

fn open_database(path: &Path) -> fjall::Result<Database> {
    // All reads are served from memory: there is little for a cache to do, and little for more than one thread.
    Database::builder(path).manual_journal_persist(true).cache_size(4 * 1024 * 1024).worker_threads(1).open()
}

fn storage(name: &str, what: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let error = error.into();
    Error::new(ErrorKind::Storage, format!("`{name}`: {what}: {error}")).caused_by(error)
}

impl Store {
    fn check_format(&self) -> Result<(), Error> {
        let failed = |error: fjall::Error| storage(&self.name, "the store can't be read", error);
        match self.meta.get(format::VERSION_KEY).map_err(failed)? {
            Some(found) if found == format::VERSION => Ok(()),
            found if found.as_ref().is_none_or(|found| format::READABLE.contains(&&**found)) => {
                let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
                batch.insert(&self.meta, format::VERSION_KEY, format::VERSION);
                batch.commit().map_err(failed)
            }
            found => Err(Error::new(
                ErrorKind::Mismatch,
                format!(
                    "`{}` was written in format {:?} of the store, this version of sagaflow reads {:?}: use the \
                     version that wrote it, or another directory",
                    self.name,
                    found.unwrap_or_default(),
                    format::VERSION
                ),
            )),
        }
    }

    fn load(&self) -> Result<Loaded, Error> {
        let failed = |error: fjall::Error| storage(&self.name, "the store can't be read", error);
        let unreadable =
            |why: String| Error::new(ErrorKind::Unreadable, format!("`{}`: a record can't be read: {why}", self.name));
        let greatest = match self.meta.get(format::REVISION_KEY).map_err(failed)? {
            Some(value) => format::decode_revision(&value).map_err(unreadable)?,
            None => Revision(0),
        };
        let (records, notes, mail, lines) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut loaded = Loaded { greatest, records, notes, mail, lines };
        let now = SystemTime::now();
        for entry in self.records.iter() {
            let (key, value) = entry.into_inner().map_err(failed)?;
            let instance = format::decode_key(&key).map_err(unreadable)?;
            let record = format::decode(&value).map_err(unreadable)?;
            loaded.greatest = loaded.greatest.max(record.revision);
            let timing = match (record.expires, record.not_before) {
                (Some(expires), told) => match expires.duration_since(now) {
                    Ok(rest) if told.is_some() => Timing::Tells(after(rest)),
                    Ok(rest) => Timing::Expires(after(rest)),
                    Err(_) => {
                        self.records.remove(key).map_err(failed)?;
                        continue;
                    }
                },
                (None, Some(due)) => {
                    due.duration_since(now).map_or(Timing::Ready, |delay| Timing::NotBefore(after(delay)))
                }
                (None, None) => Timing::Ready,
            };
            let stored = Stored { revision: record.revision, payload: record.payload };
            loaded.records.push((instance, stored, timing));
        }
        self.load_notes(&mut loaded)?;
        for entry in self.mail.iter() {
            let (key, value) = entry.into_inner().map_err(failed)?;
            loaded.mail.push(format::decode_mail(&key, &value).map_err(unreadable)?);
        }
        self.load_lines(&mut loaded, now)?;
        // In the order in which it came.
        loaded.mail.sort_unstable_by_key(|mail| mail.number);
        // Those that have waited longest are delivered first.
        loaded.records.sort_unstable_by_key(|(_, stored, _)| stored.revision);
        Ok(loaded)
    }

    /// The lines whose time is not over; the others are removed.
    fn load_lines(&self, loaded: &mut Loaded, now: SystemTime) -> Result<(), Error> {
        let failed = |error: fjall::Error| storage(&self.name, "the store can't be read", error);
        let unreadable =
            |why: String| Error::new(ErrorKind::Unreadable, format!("`{}`: a line can't be read: {why}", self.name));
        for entry in self.lines.iter() {
            let (key, value) = entry.into_inner().map_err(failed)?;
            let line = format::decode_line(&key, &value).map_err(unreadable)?;
            if line.expires <= now {
                self.lines.remove(key).map_err(failed)?;
            } else {
                loaded.lines.push(line);
            }
        }
        Ok(())
    }

    /// The notes of the records that are there; others are left from before a crash, and removed.
    fn load_notes(&self, loaded: &mut Loaded) -> Result<(), Error> {
        let failed = |error: fjall::Error| storage(&self.name, "the store can't be read", error);
        let unreadable =
            |why: String| Error::new(ErrorKind::Unreadable, format!("`{}`: a note can't be read: {why}", self.name));
        let last: HashMap<_, _> =
            loaded.records.iter().map(|(instance, stored, _)| (instance, stored.revision)).collect();
        let mut notes = Vec::new();
        for entry in self.notes.iter() {
            let (key, value) = entry.into_inner().map_err(failed)?;
            let (instance, of, number) = format::decode_note_key(&key).map_err(unreadable)?;
            if last.get(&instance) == Some(&of) {
                notes.push((instance, number, Bytes::copy_from_slice(&value)));
            } else {
                self.notes.remove(key).map_err(failed)?;
            }
        }
        loaded.notes = notes;
        Ok(())
    }
}

impl Store {
    fn remove_notes(&self, changes: &mut OwnedWriteBatch, instance: &InstanceId, void: Option<&Void>) {
        for (of, number) in void.into_iter().flat_map(|void| void.numbers.iter().map(|number| (void.of, *number))) {
            changes.remove(&self.notes, format::encode_note_key(instance, of, number));
        }
    }
}

impl Backend for Store {
    fn write(&mut self, batch: &[Write], sync: bool) -> Result<(), String> {
        let mode = if sync { PersistMode::SyncData } else { PersistMode::Buffer };
        let mut changes = self.database.batch().durability(Some(mode));
        let mut greatest = None;
        for write in batch {
            match write {
                Write::Put(put) => {
                    greatest = greatest.max(Some(put.record.revision));
                    changes.insert(&self.records, format::encode_key(&put.instance), format::encode(put));
                    self.remove_notes(&mut changes, &put.instance, put.void.as_ref());
                }
                Write::Remove(instance, void) => {
                    changes.remove(&self.records, format::encode_key(instance));
                    self.remove_notes(&mut changes, instance, void.as_ref());
                }
                Write::Mail(mail) => {
                    greatest = greatest.max(Some(Revision(mail.number)));
                    let key = format::encode_mail_key(&mail.instance, &mail.name, mail.number);
                    changes.insert(&self.mail, key, format::encode_mail(mail));
                }
                Write::Discard(instance, mail) => {
                    for (name, number) in mail {
                        changes.remove(&self.mail, format::encode_mail_key(instance, name, *number));
                    }
                }
                Write::Line(line) => {
                    greatest = greatest.max(Some(Revision(line.written.position)));
                    changes.insert(&self.lines, format::line_key(&line.written), format::encode_line(&line.written));
                }
                Write::Expired(log, saga, positions) => {
                    for position in positions {
                        changes.remove(&self.lines, format::encode_line_key(*log, saga, *position));
                    }
                }
                Write::Note(note) => {
                    let key = format::encode_note_key(&note.instance, note.of, note.number);
                    changes.insert(&self.notes, key, &*note.payload);
                }
            }
        }
        // The record with the greatest revision may expire; no revision may come twice all the same.
        if let Some(greatest) = greatest {
            changes.insert(&self.meta, format::REVISION_KEY, format::encode_revision(greatest));
        }
        changes.commit().map_err(|error| {
            format!(
                "`{}`: writing failed, and what is on the disk is no longer known for sure ({error}): restart",
                self.name
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store with this version, as its first bytes say.
    fn of_version(version: &[u8]) -> (tempfile::TempDir, Result<(Store, Loaded), Error>) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (store, _) = open(directory.path()).expect("it opens");
        store.meta.insert(format::VERSION_KEY, version).expect("it is written");
        drop(store);
        let opened = open(directory.path());
        (directory, opened)
    }

    #[test]
    fn a_store_of_format_1_is_taken_over() {
        let (_directory, opened) = of_version(b"1");
        let (store, loaded) = opened.expect("it opens");
        assert!(loaded.notes.is_empty() && loaded.mail.is_empty());
        assert_eq!(&*store.meta.get(format::VERSION_KEY).unwrap().unwrap(), format::VERSION);
    }

    #[test]
    fn a_store_of_a_newer_format_is_refused() {
        let (_directory, opened) = of_version(b"9");
        let error = opened.err().expect("it does not open");
        assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
        assert!(error.to_string().contains("was written in format"), "{error}");
    }
}
