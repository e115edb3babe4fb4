//! What waits with a state leaves its slot; and an error of our own for text that is borrowed.
//!
//! serde can read a `&str`, but only out of what it reads from: of a variable of this type rustc would say that an
//! implementation of `Deserialize` isn't general enough. An inherent method goes before one of a trait, so those types
//! are met here, when all types are known. (One method, for a trait of those types: where a type can't be known because of another
//! error, rustc has nothing to choose from, and says nothing.)

use std::path::Path;

use crate::machine::Machine;
use crate::rest::Items;
use crate::slot::Slot;

/// What a slot is, whatever its type.
pub trait Leave {
    /// Puts the variable into the next frame, if it waits there.
    fn leave(&mut self, machine: &mut Machine<'_>);
}

/// A slot when all types are known.
#[derive(Debug)]
pub struct Waiting<'s, T>(pub &'s mut Slot<T>);

/// `.slot()` for all types but those of borrowed text.
pub trait AnySlot<'s> {
    /// The slot, of which the type matters no more.
    fn slot(self) -> &'s mut dyn Leave;
}

impl<'s, T> AnySlot<'s> for Waiting<'s, T> {
    fn slot(self) -> &'s mut dyn Leave {
        self.0
    }
}

/// Never implemented: the error is its message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is alive across a step and can't be saved, as it borrows its text",
    label = "can't be saved",
    note = "what is used after a step's `.await` is stored while the step runs, and a borrow is not: own the text (`.to_owned()`), or make the borrow again after the step",
    note = "what borrows all of a variable or field (`let name = &user.name;`), or is always the same text (`let label = \"paid\";`), is made again by itself"
)]
pub trait OwnsItsText {}

/// The types of borrowed text.
pub trait BorrowedText {}

impl BorrowedText for &str {}
impl BorrowedText for &[u8] {}
impl BorrowedText for &Path {}
impl BorrowedText for Option<&str> {}
impl BorrowedText for Vec<&str> {}
impl BorrowedText for Items<&str> {}
impl BorrowedText for (&str, &str) {}

#[rustfmt::skip]
impl<'s, T: BorrowedText> Waiting<'s, T> {
    /// The error.
    pub fn slot(self) -> &'s mut Slot<T> where T: OwnsItsText { self.0 }
}
