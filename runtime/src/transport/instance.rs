//! Which instance a record belongs to.

use std::fmt;
use std::sync::Arc;

/// Names an instance: a saga and an id that is unique within it. Written `checkout/order-42`.
///
/// Both parts become one token of a NATS subject, so neither may be empty, longer than [`MAX_LEN`](Self::MAX_LEN)
/// bytes, or contain white space, control characters, non-ASCII characters, or any of `.`, `*`, `>`, `/`, `\`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId {
    saga: Arc<str>,
    id: Arc<str>,
}

impl InstanceId {
    /// The greatest length of a saga's name, and of an id, in bytes.
    pub const MAX_LEN: usize = 128;

    /// Puts the name of an instance together.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] says which part is wrong, and what is allowed.
    ///
    /// ```
    /// use sagaflow::transport::InstanceId;
    /// assert_eq!(InstanceId::new("checkout", "order-42").unwrap().to_string(), "checkout/order-42");
    /// assert!(InstanceId::new("checkout", "order 42").is_err());
    /// ```
    pub fn new(saga: impl Into<Arc<str>>, id: impl Into<Arc<str>>) -> Result<Self, InvalidId> {
        let (saga, id) = (saga.into(), id.into());
        check("saga name", &saga)?;
        check("id", &id)?;
        Ok(Self { saga, id })
    }

    /// The saga's name.
    #[must_use]
    pub fn saga(&self) -> &str {
        &self.saga
    }

    /// The instance's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.saga, self.id)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A saga's name or an id that can't be part of a subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {part} `{value}` can't be used: {why} (allowed: 1 to {max} ASCII letters, digits and signs other than `.` `*` `>` `/` `\\`)", max = InstanceId::MAX_LEN)]
pub struct InvalidId {
    part: &'static str,
    value: String,
    why: String,
}

/// Whether a text can be a token of a subject.
pub(super) fn check(part: &'static str, value: &str) -> Result<(), InvalidId> {
    // Byte by byte, as this is done for every delivery; a byte that is not ASCII is part of a forbidden character.
    let forbidden = |byte: u8| !byte.is_ascii_graphic() || matches!(byte, b'.' | b'*' | b'>' | b'/' | b'\\');
    let why = if value.is_empty() {
        "it is empty".to_owned()
    } else if value.len() > InstanceId::MAX_LEN {
        format!("it has {} bytes", value.len())
    } else if let Some(at) = value.bytes().position(forbidden) {
        // All before it is ASCII, so a character begins here.
        format!("it contains {:?}", value[at..].chars().next().unwrap_or_default())
    } else {
        return Ok(());
    };
    let mut value = value.to_owned();
    if value.len() > InstanceId::MAX_LEN {
        value = value.chars().take(40).chain("…".chars()).collect();
    }
    Err(InvalidId { part, value, why })
}
