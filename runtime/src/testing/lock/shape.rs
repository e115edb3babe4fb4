//! What a value looks like in a record: as text in the lock file, and whether code that reads one form can read another.

use std::fmt;

use super::parse::Text;

/// The form of a value in a record, as its type's `Deserialize` asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// `u64`, `string`, `bool`, `()`, `any`, …
    Word(String),
    /// Text of a form that only its type knows, with a sample of it if one was found.
    Like(Option<String>),
    /// `null` or a value.
    Option(Box<Shape>),
    /// An array of any length.
    Seq(Box<Shape>),
    /// An array of values that differ.
    Tuple(Vec<Shape>),
    /// An object with any keys.
    Map(Box<Shape>, Box<Shape>),
    /// An object with these fields.
    Struct(Struct),
    /// One of several forms, by name.
    Enum(String, Vec<(String, Shape)>),
    /// The form of a type that this stands in.
    Same(String),
    /// A type that can't be looked into, by its name.
    Type(String),
}

/// An object with fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Struct {
    /// The type's name; it does not stand in records.
    pub name: String,
    /// Whether other fields are an error.
    pub closed: bool,
    /// The fields by name.
    pub fields: Vec<Field>,
}

/// One field of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name in records.
    pub name: String,
    /// Other names that it is read by.
    pub alias: Vec<String>,
    /// Whether it may be left out.
    pub optional: bool,
    /// Its form.
    pub shape: Shape,
}

impl Shape {
    /// A form that has no parts.
    pub(super) fn word(word: &str) -> Self {
        Self::Word(word.to_owned())
    }

    /// A part of it: a field, or a place in a tuple.
    pub(super) fn part(&self, name: &str) -> Option<&Self> {
        let name = name.strip_prefix("r#").unwrap_or(name);
        match self {
            Self::Struct(of) => of.fields.iter().find(|field| field.name == name).map(|field| &field.shape),
            Self::Tuple(parts) => parts.get(name.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// Whether what was written in the form `there` can be read in this one.
    ///
    /// # Errors
    ///
    /// Why not; `at` is where that is.
    pub(super) fn reads(&self, there: &Self, at: &str) -> Result<(), String> {
        match (self, there) {
            (here, there) if here == there => Ok(()),
            (Self::Word(here), Self::Word(there)) if is_wider(here, there) => Ok(()),
            (Self::Word(here), Self::Like(_)) if here == "string" => Ok(()),
            (Self::Word(here), Self::Option(_)) if here == "any" => self.differs(there, at),
            (Self::Option(here), Self::Option(there)) => here.reads(there, at),
            (Self::Option(here), there) => here.reads(there, at).map_err(|_| self.difference(there, at)),
            (Self::Seq(here), Self::Seq(there)) => here.reads(there, &format!("{at}[]")),
            (Self::Seq(here), Self::Tuple(parts)) => {
                parts.iter().try_for_each(|there| here.reads(there, &format!("{at}[]")))
            }
            (Self::Tuple(here), Self::Tuple(there)) if here.len() == there.len() => {
                let mut parts = here.iter().zip(there).enumerate();
                parts.try_for_each(|(index, (here, there))| here.reads(there, &format!("{at}.{index}")))
            }
            (Self::Map(key, value), Self::Map(key_there, value_there)) => {
                key.reads(key_there, &format!("a key of {at}"))?;
                value.reads(value_there, &format!("{at}[…]"))
            }
            (Self::Map(key, value), Self::Struct(there)) if **key == Self::word("string") => {
                there.fields.iter().try_for_each(|field| value.reads(&field.shape, &joined(at, &field.name)))
            }
            (Self::Struct(here), Self::Struct(there)) => here.reads(there, at),
            (Self::Enum(_, here), Self::Enum(_, there)) => there.iter().try_for_each(|(name, there)| {
                let variant = here.iter().find(|(known, _)| known == name);
                let (_, here) =
                    variant.ok_or_else(|| format!("{} can be `{name}` in a record, and can't here", named(at)))?;
                here.reads(there, &joined(at, name))
            }),
            (Self::Same(_), Self::Same(_)) => Ok(()),
            _ => self.differs(there, at),
        }
    }

    fn differs(&self, there: &Self, at: &str) -> Result<(), String> {
        Err(self.difference(there, at))
    }

    fn difference(&self, there: &Self, at: &str) -> String {
        let (here, there) = (self.short(), there.short());
        if here == there {
            return format!("{} was another {here}", named(at));
        }
        format!("{} was {there}, and is {here} now", named(at))
    }

    /// Its text, cut.
    fn short(&self) -> String {
        const MOST: usize = 100;
        let text = self.to_string();
        if text.chars().count() <= MOST {
            format!("`{text}`")
        } else {
            format!("`{}…`", text.chars().take(MOST).collect::<String>())
        }
    }
}

impl Struct {
    fn reads(&self, there: &Self, at: &str) -> Result<(), String> {
        for field in &self.fields {
            let names = || std::iter::once(&field.name).chain(&field.alias);
            let path = joined(at, &field.name);
            match names().find_map(|name| there.fields.iter().find(|old| old.name == *name)) {
                Some(old) => {
                    field.shape.reads(&old.shape, &path)?;
                    if old.optional && !field.optional {
                        return Err(format!("`{path}` could be left out, and can't be now"));
                    }
                }
                None if field.optional => {}
                None => return Err(format!("`{path}` is in no record: it has been added, and has no default")),
            }
        }
        let is_read =
            |old: &&Field| self.fields.iter().any(|field| field.name == old.name || field.alias.contains(&old.name));
        match there.fields.iter().find(|old| !is_read(old)) {
            Some(old) if self.closed => {
                Err(format!("`{}` is in records, and unknown fields are refused", joined(at, &old.name)))
            }
            _ => Ok(()),
        }
    }
}

fn joined(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

fn named(at: &str) -> String {
    if at.is_empty() { "it".to_owned() } else { format!("`{at}`") }
}

/// Whether every number (or text) of one kind is one of another.
fn is_wider(here: &str, there: &str) -> bool {
    let bits = |word: &str| word.get(1..).and_then(|bits| bits.parse::<u32>().ok());
    let kind = |word: &str| word.chars().next();
    match (kind(here), bits(here), kind(there), bits(there)) {
        (Some('u'), Some(here), Some('u'), Some(there)) | (Some('i'), Some(here), Some('i'), Some(there)) => {
            here >= there
        }
        (Some('i'), Some(here), Some('u'), Some(there)) => here > there,
        (Some('f'), Some(here), Some('f'), Some(there)) => here >= there,
        // A float of 64 bits has 53 for its digits.
        (Some('f'), Some(64), Some('u' | 'i'), Some(there)) => there <= 32,
        _ => here == "string" && there == "char",
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Text::in_one_line(self))
    }
}
