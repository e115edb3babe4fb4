//! Slots: where the variables of a compiled saga wait between its arms, and how they come from a frame and go into one.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::definition::Variable;
use crate::machine::Machine;
use crate::record::{Frame, Record, Unserializable, Value};
use crate::waiting::Leave;

/// What can wait in a record: every `T` that is `Serialize` and `Deserialize`.
///
/// A trait of the record, not of the value: of a value that is a borrow rustc would say to borrow it otherwise.
#[diagnostic::on_unimplemented(
    message = "`{T}` is alive across a step and can't be saved",
    label = "can't be saved",
    note = "what is used after a step's `.await` is stored while the step runs: it must own its data, and have `Serialize` and `Deserialize`",
    note = "make it again after the step, or keep what it is made from"
)]
pub trait Saved<T> {
    /// The slot of a variable. Generated code asks for the trait here only, and by the next.
    #[doc(hidden)]
    #[must_use]
    fn slot(machine: &mut Machine<'_>, name: &'static str) -> Slot<T> {
        Self::evolved(machine, name, (&[], None))
    }

    /// The same with the names that it had before, and what stands in for it.
    #[doc(hidden)]
    #[must_use]
    fn evolved(machine: &mut Machine<'_>, name: &'static str, evolution: Evolution<T>) -> Slot<T>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Saved<T> for Record {
    fn evolved(machine: &mut Machine<'_>, name: &'static str, (alias, default): Evolution<T>) -> Slot<T> {
        let (number, frame) = machine.slot(|| Variable {
            name,
            type_name: std::any::type_name::<T>(),
            alias,
            has_default: default.is_some(),
            check: |value| value.read::<T>().map(drop),
            #[cfg(feature = "testing")]
            shape: crate::testing::lock::trace::<T>,
        });
        let value = frame.and_then(|frame| {
            let restored = restore(frame, name, alias, default);
            restored.map_err(|reason| machine.note(reason)).ok()
        });
        Slot { number, name, value, written: None, write: Value::write }
    }
}

/// The names that a variable has in frames of older code, and its value where those have none.
pub(crate) type Evolution<T> = (&'static [&'static str], Option<fn() -> T>);

/// A variable from a frame.
fn restore<T: DeserializeOwned>(
    frame: &Frame,
    name: &str,
    alias: &[&str],
    default: Option<fn() -> T>,
) -> Result<T, String> {
    let state = &frame.state;
    let found = std::iter::once(&name).chain(alias).find_map(|name| frame.vars.find(name));
    match (found, default) {
        (Some(value), _) => {
            value.read().map_err(|error| format!("the variable `{name}` of state `{state}` doesn't fit: {error}"))
        }
        (None, Some(default)) => Ok(default()),
        (None, None) => Err(format!("the record has no variable `{name}`, which state `{state}` needs")),
    }
}

/// The same for a part of an expression that stands before a step in it.
#[diagnostic::on_unimplemented(
    message = "`{T}` stands before a step in the same expression, and can't be saved while the step runs",
    label = "evaluated before the step, and can't be saved",
    note = "await the step first, with `let`, and write its result here"
)]
pub trait SavedOperand<T> {
    /// Its slot.
    #[doc(hidden)]
    fn slot(machine: &mut Machine<'_>, name: &'static str) -> Slot<T>;
}

#[diagnostic::do_not_recommend]
impl<T> SavedOperand<T> for Record
where
    Self: Saved<T>,
{
    fn slot(machine: &mut Machine<'_>, name: &'static str) -> Slot<T> {
        <Self as Saved<T>>::slot(machine, name)
    }
}

/// Where a variable waits between two arms.
#[derive(Debug)]
pub struct Slot<T> {
    number: usize,
    name: &'static str,
    /// Empty while an arm has it, or nobody has assigned it.
    value: Option<T>,
    /// What an arm that has it has written for the next frame.
    written: Option<Result<Value, Unserializable>>,
    write: fn(&T) -> Result<Value, Unserializable>,
}

impl<T> Slot<T> {
    /// Puts the variable in.
    pub fn put(&mut self, value: T) {
        self.value = Some(value);
    }

    /// Takes the variable out.
    ///
    /// # Panics
    ///
    /// Never, but for a bug in the compiler of sagas, which has put it in before.
    pub fn take(&mut self) -> T {
        self.value.take().expect(EMPTY)
    }

    /// Writes the variable, which an arm has, for the next frame.
    pub fn save(&mut self, value: &T) {
        self.written = Some((self.write)(value));
    }
}

impl<T> Leave for Slot<T> {
    fn leave(&mut self, machine: &mut Machine<'_>) {
        let Some(frame) = machine.next_frame(self.number) else { return };
        let written = self.written.take().or_else(|| self.value.as_ref().map(self.write));
        match written {
            Some(Ok(value)) => frame.vars.put(self.name, value),
            Some(Err(error)) => machine.note(format!("the variable `{}` can't be saved: {error}", self.name)),
            None => machine.note(format!(
                "bug in sagaflow: the variable `{}` is saved before it is assigned; please report it",
                self.name
            )),
        }
    }
}

/// Where a variable of any type waits that is never saved.
#[derive(Debug)]
pub struct Passing<T>(Option<T>);

impl<T> Passing<T> {
    /// Nothing is in it.
    #[must_use]
    pub fn new() -> Self {
        Self(None)
    }

    /// Puts the variable in.
    pub fn put(&mut self, value: T) {
        self.0 = Some(value);
    }

    /// Takes the variable out.
    ///
    /// # Panics
    ///
    /// Never, but for a bug in the compiler of sagas, which has put it in before.
    pub fn take(&mut self) -> T {
        self.0.take().expect(EMPTY)
    }
}

impl<T> Default for Passing<T> {
    fn default() -> Self {
        Self::new()
    }
}

const EMPTY: &str = "bug in sagaflow: a variable is read before it is assigned; please report it";
