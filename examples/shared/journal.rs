//! The journal: what the simulated services have done to their world, in memory and, if a path is given, in a file.
//!
//! A step's effects happen at least once; the journal lets each happen once for an idempotency key, as a good service does. What is in the
//! file was there before its step returned, so that a program that is killed and started again finds it.

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sagaflow::StepContext;
use serde::{Deserialize, Serialize};

/// Whose effects those of an inline run are.
pub const PLAIN: &str = "inline";

/// What was done, in order.
#[derive(Default)]
pub struct Journal {
    book: Mutex<Book>,
    voice: Option<Voice>,
}

type Voice = Box<dyn Fn(&str) + Send + Sync>;

#[derive(Default)]
struct Book {
    effects: Vec<Effect>,
    /// The places of the effects by their keys.
    places: HashMap<String, usize>,
    repeats: u64,
    file: Option<File>,
}

struct Effect {
    /// The saga's name and the instance's id, or [`PLAIN`].
    whose: String,
    what: String,
    undone: bool,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Done { whose: String, key: String, what: String },
    Undone { whose: String, what: String },
    Forgotten { whose: String },
}

/// The file can't be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the journal can't be written: {0}")]
pub struct JournalError(String);

impl Journal {
    /// A journal with a file, which is read back if it exists. A last line that a crash has cut short is dropped.
    ///
    /// # Errors
    ///
    /// When the file can't be used, is another process's, or is no journal.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        file.try_lock().map_err(|_| io::Error::other("another process is using it"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let good = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut book = Book::default();
        for (number, line) in bytes[..good].split_inclusive(|byte| *byte == b'\n').enumerate() {
            let line = serde_json::from_slice(line);
            book.apply(line.map_err(|error| io::Error::other(format!("line {}: {error}", number + 1)))?);
        }
        file.set_len(good as u64)?;
        file.seek(io::SeekFrom::End(0))?;
        book.file = Some(file);
        Ok(Self { book: Mutex::new(book), voice: None })
    }

    /// The same, with somebody who is told what is worth telling.
    #[must_use]
    pub fn with_voice(self, voice: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { voice: Some(Box::new(voice)), ..self }
    }

    /// Does something under the step's idempotency key, unless it was done before. Whether it is done now.
    ///
    /// # Errors
    ///
    /// When the file can't be written; then it is not done.
    pub fn once(&self, cx: &StepContext, what: impl Into<String>) -> Result<bool, JournalError> {
        let what = what.into();
        let key = format!("{} {what}", cx.key());
        let mut book = self.book();
        if book.places.contains_key(&key) {
            book.repeats += 1;
            return Ok(false);
        }
        book.enter(Line::Done { whose: whose(cx), key, what })?;
        Ok(true)
    }

    /// Undoes what was done for the step's instance, if it was; nothing to undo is fine. Whether there was.
    ///
    /// # Errors
    ///
    /// When the file can't be written; then it is not undone.
    pub fn undo(&self, cx: &StepContext, what: &str) -> Result<bool, JournalError> {
        let whose = whose(cx);
        let mut book = self.book();
        if !book.effects.iter().any(|effect| effect.stands_for(&whose) && effect.what == what) {
            return Ok(false);
        }
        book.enter(Line::Undone { whose, what: what.to_owned() })?;
        Ok(true)
    }

    /// Tells something, if there is somebody to be told.
    pub fn tell(&self, text: impl AsRef<str>) {
        if let Some(voice) = &self.voice {
            voice(text.as_ref());
        }
    }

    /// Forgets what was done for an instance: a transport that was emptied since doesn't know of it.
    ///
    /// # Errors
    ///
    /// When the file can't be written.
    pub fn forget(&self, whose: &str) -> Result<(), JournalError> {
        let mut book = self.book();
        match book.effects.iter().any(|effect| effect.whose == whose) {
            true => book.enter(Line::Forgotten { whose: whose.to_owned() }),
            false => Ok(()),
        }
    }

    /// What was done for an instance and has not been undone, in the order of the alphabet.
    #[must_use]
    pub fn standing(&self, whose: &str) -> Vec<String> {
        let book = self.book();
        let mut standing: Vec<_> =
            book.effects.iter().filter(|effect| effect.stands_for(whose)).map(|effect| effect.what.clone()).collect();
        standing.sort();
        standing
    }

    /// How many things that begin like this were done for an instance and have not been undone.
    #[must_use]
    pub fn count(&self, whose: &str, prefix: &str) -> usize {
        let counts = |effect: &&Effect| effect.stands_for(whose) && effect.what.starts_with(prefix);
        self.book().effects.iter().filter(counts).count()
    }

    /// How often something was to be done that had been done before, since the journal was opened.
    #[must_use]
    pub fn repeats(&self) -> u64 {
        self.book().repeats
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// Into the file first. One `write` for a line: a killed process loses none that has returned.
    fn enter(&mut self, line: Line) -> Result<(), JournalError> {
        if let Some(file) = &mut self.file {
            let trouble = |error: io::Error| JournalError(error.to_string());
            let mut bytes = serde_json::to_vec(&line).map_err(|error| trouble(error.into()))?;
            bytes.push(b'\n');
            file.write_all(&bytes).map_err(trouble)?;
        }
        self.apply(line);
        Ok(())
    }

    fn apply(&mut self, line: Line) {
        match line {
            Line::Done { whose, key, what } => {
                self.places.insert(key, self.effects.len());
                self.effects.push(Effect { whose, what, undone: false });
            }
            Line::Undone { whose, what } => {
                let undone = self.effects.iter_mut().filter(|effect| effect.whose == whose && effect.what == what);
                undone.for_each(|effect| effect.undone = true);
            }
            Line::Forgotten { whose } => {
                let gone = |place: &usize| self.effects[*place].whose == whose;
                self.places.retain(|_, place| !gone(place));
                let undone = self.effects.iter_mut().filter(|effect| effect.whose == whose);
                undone.for_each(|effect| effect.undone = true);
            }
        }
    }
}

impl Effect {
    fn stands_for(&self, whose: &str) -> bool {
        !self.undone && self.whose == whose
    }
}

/// What the test kit compares.
impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let book = self.book();
        let mut standing: Vec<_> = book.effects.iter().filter(|effect| !effect.undone).collect();
        standing.sort_by_key(|effect| (&effect.whose, &effect.what));
        f.debug_list().entries(standing.iter().map(|effect| format!("{}: {}", effect.whose, effect.what))).finish()
    }
}

fn whose(cx: &StepContext) -> String {
    cx.instance().map_or_else(|| PLAIN.to_owned(), |instance| format!("{}/{}", instance.saga(), instance.id()))
}

#[cfg(test)]
mod tests {
    use sagaflow::prelude::*;

    use super::{Journal, PLAIN};

    #[step]
    async fn put(#[inject] journal: &Journal, #[inject] cx: &StepContext, what: String) -> Result<bool, Failure> {
        Ok(journal.once(cx, what)?)
    }

    #[step]
    async fn take(#[inject] journal: &Journal, #[inject] cx: &StepContext, what: String) -> Result<bool, Failure> {
        Ok(journal.undo(cx, &what)?)
    }

    async fn open(path: &std::path::Path) -> Dependencies {
        Dependencies::new().with(Journal::open(path).expect("a journal"))
    }

    #[tokio::test]
    async fn what_was_done_is_there_after_a_crash_without_the_line_that_it_cut_short() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("journal.jsonl");
        let dependencies = open(&path).await;
        let is_in_use = Journal::open(&path).expect_err("it is in use");
        assert!(is_in_use.to_string().contains("another process"), "{is_in_use}");
        let done = dependencies.scope(async {
            let done = [put("a".into()).inline().await, put("b".into()).inline().await, put("a".into()).inline().await];
            assert_eq!(take("b".into()).inline().await, Ok(true));
            assert_eq!(take("b".into()).inline().await, Ok(false));
            done
        });
        assert_eq!(done.await, [Ok(true), Ok(true), Ok(false)]);

        let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("the file");
        std::io::Write::write_all(&mut file, br#"{"done":{"whose":"inline","key":"x"#).expect("written");
        let journal = Journal::open(&path).expect("the journal of before");
        assert_eq!(journal.standing(PLAIN), ["a"]);
        journal.forget(PLAIN).expect("written");
        drop(journal);
        assert_eq!(Journal::open(&path).expect("the journal of before").count(PLAIN, ""), 0);
    }
}
