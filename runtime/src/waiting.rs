//! The types of what waits with a state: their names, for descriptions, and an error of our own for text that is
//! borrowed.
//!
//! serde can read a `&str`, but only out of what it reads from: of a variable of this type rustc would say that an
//! implementation of `Deserialize` isn't general enough. An inherent method goes before one of a trait, so those types
//! are met here, when all types are known. (One method, for a trait of those types: where a type can't be known because of another
//! error, rustc has nothing to choose from, and says nothing.)

use std::path::Path;

use crate::rest::Items;

/// The slot of a variable.
#[derive(Debug)]
pub struct Waiting<'s, T>(pub &'s Option<T>);

/// `.type_name()` for all types but those of borrowed text.
pub trait TypeName {
    /// The type's name.
    fn type_name(self) -> &'static str;
}

impl<T> TypeName for Waiting<'_, T> {
    fn type_name(self) -> &'static str {
        std::any::type_name::<T>()
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
impl<T: BorrowedText> Waiting<'_, T> {
    /// The error.
    pub fn type_name(self) -> &'static str where T: OwnsItsText { "" }
}
