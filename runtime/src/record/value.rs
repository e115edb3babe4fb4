//! Values of the user's types inside a record: kept as JSON text, and read only where their type is known.

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::strict::Strict;

/// A value of a type that only the user's code knows, as JSON.
#[derive(Clone)]
pub struct Value(Box<RawValue>);

impl Value {
    /// Writes a value down.
    ///
    /// What JSON can't carry back is an error now, not another value later: NaN, `Some(None)`, maps with structured keys.
    /// In debug and test builds the value is also read back and written again, and both texts are compared, which finds
    /// implementations of `Serialize` and `Deserialize` that don't fit each other.
    ///
    /// # Errors
    ///
    /// When JSON can't carry the value, or would not bring it back as it is.
    pub fn write<T: Serialize + DeserializeOwned>(value: &T) -> Result<Self, Unserializable> {
        let text = to_raw_value(&Strict::new(value)).map_err(|error| Unserializable(error.to_string()))?;
        if cfg!(debug_assertions) {
            verify::<T>(text.get())?;
        }
        Ok(Self(text))
    }

    /// Writes a value down whose type can't be read. Nothing is compared.
    ///
    /// # Errors
    ///
    /// When JSON can't carry the value.
    pub(crate) fn write_only<T: Serialize + ?Sized>(value: &T) -> Result<Self, Unserializable> {
        to_raw_value(&Strict::new(value)).map(Self).map_err(|error| Unserializable(error.to_string()))
    }

    /// Reads the value.
    ///
    /// # Errors
    ///
    /// When the text doesn't fit the type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Unreadable> {
        serde_json::from_str(self.0.get()).map_err(|error| Unreadable(error.to_string()))
    }

    /// A field of a struct, or a part of a tuple.
    fn field(&self, name: &str) -> Option<Self> {
        let name = name.strip_prefix("r#").unwrap_or(name);
        match name.parse::<usize>() {
            Ok(index) => serde_json::from_str::<Vec<Self>>(self.as_json()).ok()?.into_iter().nth(index),
            Err(_) => serde_json::from_str::<Vars>(self.as_json()).ok()?.remove(name),
        }
    }

    /// The JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        self.0.get()
    }

    /// What stands for nothing.
    pub(crate) fn null() -> Self {
        Self::from_json("null".to_owned()).expect("it is JSON")
    }

    /// Takes JSON text as it is.
    ///
    /// # Errors
    ///
    /// When it isn't JSON.
    pub fn from_json(text: String) -> Result<Self, Unreadable> {
        RawValue::from_string(text).map(Self).map_err(|error| Unreadable(error.to_string()))
    }
}

/// Reads a text back as `T` and writes it again; both texts must be the same value.
fn verify<T: Serialize + DeserializeOwned>(text: &str) -> Result<(), Unserializable> {
    let back: T = serde_json::from_str(text).map_err(|error| {
        Unserializable(format!("it would not be readable again: {error}; written: {}", shorten(text)))
    })?;
    let again = serde_json::to_string(&back).map_err(|error| Unserializable(error.to_string()))?;
    // Unordered maps and sets come back in another order: compare the values then, not the texts.
    let same = text == again || {
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).map(canonical);
        matches!((parse(text), parse(&again)), (Ok(a), Ok(b)) if a == b)
    };
    if same {
        Ok(())
    } else {
        Err(Unserializable(format!(
            "it would come back as another value: {} instead of {}",
            shorten(&again),
            shorten(text)
        )))
    }
}

/// Sorts the arrays of a JSON value, so that sets compare as sets.
fn canonical(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Array(items) => {
            let mut items: Vec<_> = items.into_iter().map(canonical).collect();
            items.sort_by_cached_key(ToString::to_string);
            serde_json::Value::Array(items)
        }
        serde_json::Value::Object(map) => map.into_iter().map(|(key, value)| (key, canonical(value))).collect(),
        other => other,
    }
}

fn shorten(text: &str) -> String {
    const MOST: usize = 80;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain("…".chars()).collect()
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shorten(self.0.get()))
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

/// A value that JSON can't carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unserializable(pub String);

/// A text that doesn't fit its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// The variables of a frame, by name, in the order in which they were written.
#[derive(Debug, Clone, Default)]
pub struct Vars(Vec<(String, Value)>);

impl Vars {
    /// Adds a variable.
    pub fn put(&mut self, name: impl Into<String>, value: Value) {
        self.0.push((name.into(), value));
    }

    /// Looks a variable up.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Takes a variable away.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(at).1)
    }

    /// The value of a variable that was perhaps saved as a part of another: of `user.id`, if there is a `user` only, the
    /// field `id` of it. (Older code has read more of the variable than today's.)
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Cow<'_, Value>> {
        if let Some(value) = self.get(name) {
            return Some(Cow::Borrowed(value));
        }
        let dots = name.match_indices('.').map(|(at, _)| at).rev();
        let (whole, fields) =
            dots.map(|at| (&name[..at], &name[at + 1..])).find_map(|(whole, path)| Some((self.get(whole)?, path)))?;
        fields.split('.').try_fold(Cow::Borrowed(whole), |value, field| value.field(field).map(Cow::Owned))
    }

    /// The variables' names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl Serialize for Vars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Vars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Vars;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of variables")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Vars, A::Error> {
                let mut vars = Vars::default();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    vars.0.push((name, value));
                }
                Ok(vars)
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}
