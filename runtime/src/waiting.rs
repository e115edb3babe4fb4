//! The types of what waits with a state: their names, for descriptions, and an error of our own for text that is
//! borrowed.
//!
//! serde can read a `&str`, but only out of what it reads from: of a variable of this type rustc would say that an
//! implementation of `Deserialize` isn't general enough. An inherent method goes before one of a trait, so those types
//! are met here, when all types are known.

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

#[rustfmt::skip]
impl<'t> Waiting<'_, &'t str> {
    /// The error.
    pub fn type_name(self) -> &'static str where &'t str: OwnsItsText { "" }
}

#[rustfmt::skip]
impl<'t> Waiting<'_, &'t [u8]> {
    /// The error.
    pub fn type_name(self) -> &'static str where &'t [u8]: OwnsItsText { "" }
}

#[rustfmt::skip]
impl<'t> Waiting<'_, &'t Path> {
    /// The error.
    pub fn type_name(self) -> &'static str where &'t Path: OwnsItsText { "" }
}

#[rustfmt::skip]
impl<'t> Waiting<'_, Option<&'t str>> {
    /// The error.
    pub fn type_name(self) -> &'static str where Option<&'t str>: OwnsItsText { "" }
}

#[rustfmt::skip]
impl<'t> Waiting<'_, Vec<&'t str>> {
    /// The error.
    pub fn type_name(self) -> &'static str where Vec<&'t str>: OwnsItsText { "" }
}

#[rustfmt::skip]
impl<'t> Waiting<'_, Items<&'t str>> {
    /// The error.
    pub fn type_name(self) -> &'static str where Items<&'t str>: OwnsItsText { "" }
}

#[rustfmt::skip]
impl<'t> Waiting<'_, (&'t str, &'t str)> {
    /// The error.
    pub fn type_name(self) -> &'static str where (&'t str, &'t str): OwnsItsText { "" }
}
