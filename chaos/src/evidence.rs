//! What was seen of the records, in files of one JSON line each, until the audit reads them.
//!
//! | file | who writes it | what is in it |
//! |---|---|---|
//! | `captured.jsonl` | `capture` | records that a server has stored, by the server's own word |
//! | `published.jsonl` | `proxy` | everything that was ever sent to become a record, and what was answered |
//! | `redelivered.jsonl` | `proxy` | deliveries that were not the first of their record: for people who look for reasons |

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::effects::Nanos;

/// A record that a server has stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Captured {
    /// `SAGA/ID`
    pub(crate) instance: String,
    pub(crate) revision: u64,
    /// The condition that was sent with it: the revision that it follows. 0: it is the first.
    pub(crate) after: Option<u64>,
    /// When the server stored it.
    pub(crate) stored: Nanos,
    pub(crate) record: Box<RawValue>,
}

/// What was sent by way of the proxy, or answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Published {
    /// Sent; noted before the server got it. So nothing can be stored that is not here.
    Sent {
        /// Where the answer goes: names this sending.
        reply: String,
        instance: String,
        after: Option<u64>,
        at: Nanos,
        record: Box<RawValue>,
    },
    /// The server has stored it, at this revision.
    Stored { reply: String, revision: u64 },
    /// The server has refused it.
    Refused { reply: String, code: u64 },
}

/// A record that was delivered again.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Redelivered<'f> {
    pub(crate) at: Nanos,
    /// Of the record, or of its wake.
    pub(crate) subject: &'f str,
    /// `$JS.ACK.STREAM.CONSUMER.DELIVERED.SEQUENCE.…`
    pub(crate) reply: &'f str,
}

/// A record's bytes as a JSON value; what is none, or has lines, as a string of it.
pub(crate) fn raw(bytes: &[u8]) -> Box<RawValue> {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains('\n')
        && let Ok(value) = RawValue::from_string(text.clone().into_owned())
    {
        return value;
    }
    let quoted = serde_json::Value::String(text.into_owned()).to_string();
    RawValue::from_string(quoted).expect("a quoted string is JSON")
}

/// `SAGA/ID` from the subject of a record, `PREFIX.SHARD.SAGA.ID` or `captured.SHARD.SAGA.ID`.
pub(crate) fn instance(subject: &str) -> Option<String> {
    let mut tokens = subject.rsplitn(3, '.');
    let (id, saga) = (tokens.next()?, tokens.next()?);
    tokens.next().map(|_| format!("{saga}/{id}"))
}

/// A file of lines that several tasks write to.
#[derive(Debug)]
pub(crate) struct Book(Mutex<BufWriter<File>>);

impl Book {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self(Mutex::new(BufWriter::new(File::create_new(path)?))))
    }

    /// # Panics
    ///
    /// When the disk is full: without evidence there is nothing to go on for.
    pub(crate) fn write(&self, line: &impl Serialize) {
        let mut text = serde_json::to_vec(line).expect("lines are JSON");
        text.push(b'\n');
        self.lock().write_all(&text).expect("the evidence can be written");
    }

    pub(crate) fn flush(&self) -> io::Result<()> {
        self.lock().flush()
    }

    fn lock(&self) -> MutexGuard<'_, BufWriter<File>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lines of a file.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> io::Result<impl Iterator<Item = io::Result<T>> + use<T>> {
    let lines = BufReader::with_capacity(1 << 20, File::open(path)?).lines();
    Ok(lines.map(|line| Ok(serde_json::from_str(&line?)?)))
}
