//! A variable that waits with a state, without its type.

use crate::record::{Unreadable, Value};

/// A variable that waits with a state: how it is called in the record, and what its value must be.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Its key in the record: a variable or a field of one (`request.items`). What the compiler has added begins with `@`.
    pub name: &'static str,
    /// Its type, as [`std::any::type_name`] gives it.
    pub type_name: &'static str,
    /// The keys that it had in older records (`#[saga(alias = "…")]`).
    pub alias: &'static [&'static str],
    /// Whether it has a value where a record has none (`#[saga(default)]`).
    pub has_default: bool,
    pub(crate) check: fn(&Value) -> Result<(), Unreadable>,
    #[cfg(feature = "testing")]
    pub(crate) shape: fn() -> crate::testing::lock::Shape,
}

impl Variable {
    /// Its keys, today's first.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.alias.iter().copied())
    }

    /// Whether a value can be read as one of its type.
    ///
    /// # Errors
    ///
    /// What the type's `Deserialize` says.
    pub(crate) fn check(&self, value: &Value) -> Result<(), Unreadable> {
        (self.check)(value)
    }

    /// What its value looks like in a record.
    #[cfg(feature = "testing")]
    pub(crate) fn shape(&self) -> crate::testing::lock::Shape {
        (self.shape)()
    }
}
