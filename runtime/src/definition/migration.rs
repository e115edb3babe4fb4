//! An instance of an earlier version, on its way to the next one.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Failure;
use crate::record::{Frame, Value};

/// What `#[saga(migrate = function)]` names.
pub(crate) type Migrate = fn(&mut Migration) -> Result<(), Failure>;

/// An instance of an earlier version of a saga, in the hands of the function that makes it one of this version:
/// `#[saga(version = 2, migrate = to_money)]`.
///
/// The instance waits in a state, for a step that was called with arguments that stay what they are, and some variables wait with it.
/// The function changes what this version of the code calls otherwise. It is called whenever a worker takes such an instance up,
/// until that has moved on, so it must do nothing but look at what it is given. When it returns an error, or the outcome
/// does not fit the code (a variable that is missing, say), the instance is handed back, and paused in the end, as it was.
///
/// ```
/// use sagaflow::definition::Migration;
/// use sagaflow::prelude::*;
///
/// # #[step] async fn reserve(item: String) -> Result<u64, Failure> { Ok(item.len() as u64) }
/// # #[step] async fn charge(cents: u64, currency: String) -> Result<u64, Failure> { let _ = currency; Ok(cents) }
/// /// Version 1 knew euros only, as a number: `let mut total = …` beside `reserve`.
/// #[saga(version = 2, migrate = to_cents)]
/// async fn buy(item: String) -> Result<u64, Failure> {
///     let (cents, currency) = (4200, "EUR".to_owned());
///     reserve(item).await?;
///     charge(cents, currency).await
/// }
///
/// fn to_cents(instance: &mut Migration) -> Result<(), Failure> {
///     if instance.state() == "reserve" {
///         let euros: u64 = instance.take("total")?;
///         instance.put("cents", &(euros * 100))?;
///         instance.put("currency", &"EUR")?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Migration {
    frame: Frame,
}

impl Migration {
    pub(crate) fn new(frame: Frame) -> Self {
        Self { frame }
    }

    pub(crate) fn into_frame(self) -> Frame {
        self.frame
    }

    /// The version that the instance is of.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.frame.version
    }

    /// The state in which it waits; empty at its beginning, where the variables are the saga's arguments.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.frame.state
    }

    /// Says how this version calls the state. It must be one that waits for the same step.
    pub fn rename_state(&mut self, state: impl Into<String>) {
        self.frame.state = state.into();
    }

    /// Whether a variable waits with the state. Of a variable that is read by fields, each field is one of its own (`user.id`).
    #[must_use]
    pub fn has(&self, variable: &str) -> bool {
        self.frame.vars.get(variable).is_some()
    }

    /// Reads a variable.
    ///
    /// # Errors
    ///
    /// When there is none of this name, or it is of another type.
    pub fn get<T: DeserializeOwned>(&self, variable: &str) -> Result<T, Failure> {
        let state = &self.frame.state;
        let value = self.frame.vars.get(variable);
        let value =
            value.ok_or_else(|| Failure::new(format!("there is no variable `{variable}` in state `{state}`")))?;
        value
            .read()
            .map_err(|error| Failure::new(format!("the variable `{variable}` of state `{state}` doesn't fit: {error}")))
    }

    /// Reads a variable and takes it away.
    ///
    /// # Errors
    ///
    /// When there is none of this name, or it is of another type.
    pub fn take<T: DeserializeOwned>(&mut self, variable: &str) -> Result<T, Failure> {
        let value = self.get(variable)?;
        self.frame.vars.remove(variable);
        self.frame.requires.retain(|required| required != variable);
        Ok(value)
    }

    /// Adds a variable, or replaces one.
    ///
    /// # Errors
    ///
    /// When JSON can't carry the value.
    pub fn put<T: Serialize + ?Sized>(&mut self, variable: impl Into<String>, value: &T) -> Result<(), Failure> {
        let variable = variable.into();
        let value = Value::write_only(value)
            .map_err(|error| Failure::new(format!("the variable `{variable}` can't be saved: {error}")))?;
        self.frame.vars.remove(&variable);
        self.frame.vars.put(variable, value);
        Ok(())
    }

    /// Gives a variable another name.
    ///
    /// # Errors
    ///
    /// When there is none of this name.
    pub fn rename(&mut self, variable: &str, new: impl Into<String>) -> Result<(), Failure> {
        let state = &self.frame.state;
        let value = self.frame.vars.remove(variable);
        let value =
            value.ok_or_else(|| Failure::new(format!("there is no variable `{variable}` in state `{state}`")))?;
        self.frame.requires.retain(|required| required != variable);
        self.frame.vars.put(new, value);
        Ok(())
    }
}
