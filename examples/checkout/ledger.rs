//! The ledger: everything that the services have made, in memory and, if a file is given, in a journal beside it.
//!
//! A step's effects happen at least once, so the ledger makes them once: what was made under an idempotency key is
//! made again by nobody. With a journal that also holds over a crash: an effect is in the file before its step returns,
//! and a program that is started again reads it back.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sagaflow::StepContext;
use serde::{Deserialize, Serialize};

use crate::domain::{Id, LedgerError, Line, Payment, PlacedOrder, User};

/// Shared by the services.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    books: Mutex<Books>,
}

/// What the ledger keeps.
#[derive(Debug, Default)]
pub(crate) struct Books {
    by_instance: HashMap<String, Vec<Made>>,
    /// The names of all users there are.
    names: HashSet<String>,
    last_id: Id,
    journal: Option<File>,
}

/// Something that was made once.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Made {
    key: String,
    thing: Thing,
    undone: bool,
}

/// What can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Thing {
    User(User),
    Line(Line),
    Order(PlacedOrder),
    Payment(Payment),
}

/// One line of the journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Made { instance: String, key: String, thing: Thing },
    Undone { instance: String, id: Id },
}

impl Ledger {
    /// A ledger with a journal, which is read back if it exists. A last line that a crash has cut short is dropped.
    ///
    /// # Errors
    ///
    /// When the file can't be used, is another process's, or is no journal.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        file.try_lock().map_err(|_| io::Error::other("another process is using it"))?;
        let (books, good) = Books::read(&mut file)?;
        file.set_len(good)?;
        file.seek(io::SeekFrom::End(0))?;
        Ok(Self { books: Mutex::new(Books { journal: Some(file), ..books }) })
    }

    /// A ledger as another process's journal shows it, to be looked at.
    ///
    /// # Errors
    ///
    /// When the file can't be read, or is no journal.
    pub(crate) fn look_at(path: &Path) -> io::Result<Self> {
        let (books, _) = Books::read(&mut File::open(path)?)?;
        Ok(Self { books: Mutex::new(books) })
    }

    /// Makes something under the step's idempotency key, or gives back what was made under it before.
    ///
    /// # Errors
    ///
    /// What `decide` says, or that the journal can't be written.
    pub(crate) fn make<E: From<LedgerError>>(
        &self,
        cx: &StepContext,
        decide: impl FnOnce(&Books, Id) -> Result<Thing, E>,
    ) -> Result<Thing, E> {
        let mut books = self.books();
        let instance = instance_of(cx);
        let key = cx.key().as_str();
        if let Some(made) = books.made(instance).iter().find(|made| made.key == key) {
            return Ok(made.thing.clone());
        }
        let thing = decide(&books, books.last_id + 1)?;
        books.enter(Entry::Made { instance: instance.to_owned(), key: key.to_owned(), thing: thing.clone() })?;
        Ok(thing)
    }

    /// Undoes those of the instance's things that `which` picks; none is fine.
    ///
    /// # Errors
    ///
    /// When the journal can't be written.
    pub(crate) fn undo(&self, cx: &StepContext, which: impl Fn(&Thing) -> bool) -> Result<(), LedgerError> {
        let mut books = self.books();
        let instance = instance_of(cx);
        let ids: Vec<_> = books.live(instance).filter(|thing| which(thing)).map(Thing::id).collect();
        ids.into_iter().try_for_each(|id| books.enter(Entry::Undone { instance: instance.to_owned(), id }))
    }

    /// Forgets everything.
    ///
    /// # Errors
    ///
    /// When the journal can't be emptied.
    pub(crate) fn clear(&self) -> io::Result<()> {
        let mut books = self.books();
        let journal = books.journal.take();
        if let Some(journal) = &journal {
            journal.set_len(0)?;
        }
        *books = Books { journal, ..Books::default() };
        Ok(())
    }

    /// What was made for an instance and has not been undone.
    pub(crate) fn live(&self, instance: &str) -> Vec<Thing> {
        self.books().live(instance).cloned().collect()
    }

    /// What there is.
    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// What was made for an instance and has not been undone.
    pub(crate) fn live(&self, instance: &str) -> impl Iterator<Item = &Thing> {
        self.made(instance).iter().filter(|made| !made.undone).map(|made| &made.thing)
    }

    /// Whether a user has this name.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The instances for which anything was ever made.
    pub(crate) fn instances(&self) -> Vec<String> {
        self.by_instance.keys().cloned().collect()
    }

    fn made(&self, instance: &str) -> &[Made] {
        self.by_instance.get(instance).map_or(&[], Vec::as_slice)
    }

    /// Into the journal first, then into the books. One `write` per line: a killed process loses none that returned.
    fn enter(&mut self, entry: Entry) -> Result<(), LedgerError> {
        if let Some(journal) = &mut self.journal {
            let trouble = |error: io::Error| LedgerError(error.to_string());
            let mut line = serde_json::to_vec(&entry).map_err(|error| trouble(error.into()))?;
            line.push(b'\n');
            journal.write_all(&line).map_err(trouble)?;
        }
        self.apply(entry);
        Ok(())
    }

    fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Made { instance, key, thing } => {
                self.last_id = self.last_id.max(thing.id());
                if let Thing::User(user) = &thing {
                    self.names.insert(user.name.clone());
                }
                self.by_instance.entry(instance).or_default().push(Made { key, thing, undone: false });
            }
            Entry::Undone { instance, id } => {
                let made = self.by_instance.get_mut(&instance).into_iter().flatten();
                for made in made.filter(|made| made.thing.id() == id) {
                    made.undone = true;
                    if let Thing::User(user) = &made.thing {
                        self.names.remove(&user.name);
                    }
                }
            }
        }
    }

    /// Reads a journal; also says up to which byte it is whole.
    fn read(file: &mut File) -> io::Result<(Self, u64)> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let good = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut books = Self::default();
        for (number, line) in bytes[..good].split_inclusive(|byte| *byte == b'\n').enumerate() {
            let entry = serde_json::from_slice(line);
            books.apply(entry.map_err(|error| io::Error::other(format!("line {}: {error}", number + 1)))?);
        }
        Ok((books, good as u64))
    }
}

impl Thing {
    pub(crate) fn id(&self) -> Id {
        match self {
            Self::User(user) => user.id,
            Self::Line(line) => line.id,
            Self::Order(order) => order.id,
            Self::Payment(payment) => payment.id,
        }
    }
}

/// The instance's id, which is the order's. (An inline run, in a unit test, has none.)
fn instance_of(cx: &StepContext) -> &str {
    cx.instance().map_or("inline", |instance| instance.id())
}
