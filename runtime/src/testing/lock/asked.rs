//! A deserializer that has nothing to read: it notes what is asked of it, and gives samples.

use std::any::type_name;
use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::explore::Places;
use super::shape::Shape;
use crate::arguments::CALL;

/// What is asked for at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// A number, a flag, a character, nothing.
    Word(&'static str),
    Text,
    /// Whatever there is: what the type makes of it can't be seen.
    Anything,
    Option,
    Seq,
    /// Of so many parts.
    Tuple(usize),
    Map,
    /// Its name, its fields, and the name that rustc has for it.
    Struct(&'static str, &'static [&'static str], &'static str),
    /// The same with its variants.
    Enum(&'static str, &'static [&'static str], &'static str),
    /// A type that it stands in.
    Same(&'static str),
    /// A call of a saga or step: what its arguments look like is known otherwise.
    Call,
}

thread_local! {
    /// What the call looks like that is read next.
    static KNOWN: Cell<Option<fn() -> Shape>> = const { Cell::new(None) };
}

/// Says what the call looks like that is read next, which can't be seen from outside.
pub(crate) fn is_read_as(shape: fn() -> Shape) {
    KNOWN.set(Some(shape));
}

/// Numbers that are offered.
const NUMBERS: [u8; 5] = [1, 0, 2, 10, 100];

/// Texts that are offered. All that take the first one take any text.
pub(super) const TEXTS: [&str; 26] = [
    "",
    "a",
    "A",
    "0",
    "1",
    "EUR",
    "en",
    "a@b.example",
    "https://b.example/",
    "/",
    "1970-01-01T00:00:00Z",
    "1970-01-01T00:00:00",
    "1970-01-01",
    "00:00:00",
    "1970-01-01T00:00:00+00:00[UTC]",
    "UTC",
    "PT1S",
    "1s",
    "127.0.0.1",
    "::1",
    "127.0.0.1:80",
    "00000000-0000-4000-8000-000000000000",
    "1.0.0",
    "0.5",
    "AA==",
    "00",
];

impl Asked {
    /// How many samples there are.
    pub(super) fn samples(&self) -> usize {
        match self {
            Self::Word("bool") => 2,
            Self::Word("()") => 1,
            Self::Word(_) => NUMBERS.len(),
            Self::Text => TEXTS.len(),
            _ => 1,
        }
    }
}

/// Why a reading has failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// A field is missing.
    Missing,
    /// A field was not expected.
    Stranger,
    /// A field was given twice, the second time by the name `given`.
    Duplicate {
        at: usize,
        given: &'static str,
        field: &'static str,
    },
    /// The type stands in itself, and that has no end.
    Deep(usize),
    Other,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Failed {}

impl serde::de::Error for Failed {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Other
    }

    fn missing_field(_: &'static str) -> Self {
        Self::Missing
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::Stranger
    }

    fn duplicate_field(field: &'static str) -> Self {
        // Where it was, the place's own access says.
        Self::Duplicate { at: usize::MAX, given: "", field }
    }
}

/// The deserializer at one place.
#[derive(Clone, Copy)]
pub(super) struct Asking<'p> {
    places: &'p RefCell<Places>,
    at: usize,
    /// How often the type stands in itself here.
    depth: usize,
}

/// So often it may.
const DEEPEST: usize = 6;

impl<'p> Asking<'p> {
    pub(super) fn root(places: &'p RefCell<Places>) -> Self {
        Self { places, at: 0, depth: 0 }
    }

    fn part(self, name: &'static str) -> Self {
        let at = self.places.borrow_mut().part(self.at, name);
        Self { at, ..self }
    }

    /// Notes what is asked for. The number of the sample to be given.
    fn note(self, asked: Asked) -> usize {
        let mut places = self.places.borrow_mut();
        places.last = self.at;
        let place = &mut places.all[self.at];
        place.visits += 1;
        place.asked.get_or_insert(asked);
        place.sample
    }

    fn number(self, word: &'static str) -> u8 {
        NUMBERS[self.note(Asked::Word(word)).min(NUMBERS.len() - 1)]
    }

    /// The same type further out, where it is described: what is asked for here is asked for there.
    fn inward(self, asked: Asked) -> Result<Self, Failed> {
        let mut places = self.places.borrow_mut();
        let mut outer = places.all[self.at].parent;
        while let Some(at) = outer {
            if places.all[at].asked.as_ref() == Some(&asked) {
                let (Asked::Struct(name, ..) | Asked::Enum(name, ..)) = asked else { break };
                places.all[self.at].visits += 1;
                places.all[self.at].asked = Some(Asked::Same(name));
                if self.depth == DEEPEST {
                    return Err(Failed::Deep(at));
                }
                return Ok(Self { at, depth: self.depth + 1, ..self });
            }
            outer = places.all[at].parent;
        }
        drop(places);
        self.note(asked);
        Ok(self)
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $word:literal,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
            visitor.$visit(self.number($word).into())
        })*
    };
}

impl<'de> Deserializer<'de> for Asking<'_> {
    type Error = Failed;

    numbers! {
        deserialize_u8 visit_u8 "u8",
        deserialize_u16 visit_u16 "u16",
        deserialize_u32 visit_u32 "u32",
        deserialize_u64 visit_u64 "u64",
        deserialize_u128 visit_u128 "u128",
        deserialize_i16 visit_i16 "i16",
        deserialize_i32 visit_i32 "i32",
        deserialize_i64 visit_i64 "i64",
        deserialize_i128 visit_i128 "i128",
        deserialize_f32 visit_f32 "f32",
        deserialize_f64 visit_f64 "f64",
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        visitor.visit_i8(i8::try_from(self.number("i8")).unwrap_or_default())
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        visitor.visit_bool(self.note(Asked::Word("bool")) == 0)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        let sample = self.note(Asked::Word("char"));
        visitor.visit_char(['a', 'A', '0', ' ', '-'][sample.min(4)])
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        visitor.visit_borrowed_str(TEXTS[self.note(Asked::Text)])
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.note(Asked::Word("bytes"));
        visitor.visit_borrowed_bytes(b"")
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.note(Asked::Word("()"));
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failed> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.note(Asked::Anything);
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        visitor.visit_unit()
    }

    /// The name of a field where no struct is known: one whose fields are flattened. What it takes can't be seen.
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.note(Asked::Option);
        if self.depth > 0 { visitor.visit_none() } else { visitor.visit_some(self.part("")) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Failed> {
        if name == CALL {
            self.note(Asked::Call);
            self.places.borrow_mut().all[self.at].call = KNOWN.take();
            return Err(Failed::Other);
        }
        if name.starts_with('$') {
            // A type that has an arrangement with serde_json.
            return self.deserialize_any(visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.note(Asked::Seq);
        visitor.visit_seq(Parts { of: self, names: if self.depth > 0 { &[] } else { &[""] } })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Failed> {
        self.note(Asked::Tuple(len));
        visitor.visit_seq(Parts { of: self, names: NUMBERED.get(..len).ok_or(Failed::Other)? })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Failed> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.note(Asked::Map);
        visitor.visit_map(Entry { of: self, left: self.depth == 0 })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failed> {
        if name.starts_with('$') {
            return self.deserialize_any(visitor);
        }
        let of = self.inward(Asked::Struct(name, fields, type_name::<V::Value>()))?;
        visitor.visit_map(Fields::new(of, fields)).map_err(|failed| of.at_field(failed))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failed> {
        let of = self.inward(Asked::Enum(name, variants, type_name::<V::Value>()))?;
        let variant = {
            let places = of.places.borrow();
            match of.depth > 0 && !variants.is_empty() {
                true => Some(variants[places.all[of.at].shallow % variants.len()]),
                false => places.variant(of.at, variants),
            }
        };
        visitor.visit_enum(Variant { of, name: variant.ok_or(Failed::Other)? })
    }
}

impl Asking<'_> {
    /// Says by which name a field was given for the second time.
    fn at_field(self, failed: Failed) -> Failed {
        match failed {
            Failed::Duplicate { at: usize::MAX, field, .. } => {
                let given = self.places.borrow().all[self.at].given;
                Failed::Duplicate { at: self.at, given, field }
            }
            other => other,
        }
    }
}

/// Names for the parts of tuples.
const NUMBERED: [&str; 32] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20",
    "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31",
];

/// The parts of a list or tuple.
struct Parts<'p> {
    of: Asking<'p>,
    names: &'static [&'static str],
}

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = Failed;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Failed> {
        let Some((name, rest)) = self.names.split_first() else { return Ok(None) };
        self.names = rest;
        seed.deserialize(self.of.part(name)).map(Some)
    }
}

/// The one entry of a map.
struct Entry<'p> {
    of: Asking<'p>,
    left: bool,
}

impl<'de> MapAccess<'de> for Entry<'_> {
    type Error = Failed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failed> {
        if !std::mem::take(&mut self.left) {
            return Ok(None);
        }
        seed.deserialize(self.of.part("key")).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failed> {
        seed.deserialize(self.of.part("value"))
    }
}

/// The fields of a struct, those first that were visited least.
struct Fields<'p> {
    of: Asking<'p>,
    left: Vec<&'static str>,
    name: &'static str,
}

/// A field that no type has.
const STRANGER: &str = "@stranger";

impl<'p> Fields<'p> {
    fn new(of: Asking<'p>, names: &'static [&'static str]) -> Self {
        let mut places = of.places.borrow_mut();
        let place = &places.all[of.at];
        let mut left: Vec<&str> =
            names.iter().filter(|name| !place.alias.iter().any(|(alias, _)| alias == *name)).copied().collect();
        left.sort_by_key(|name| {
            let part = place.parts.iter().find(|(known, _)| known == name);
            (!place.first.contains(name), part.map_or(0, |(_, part)| places.all[*part].visits))
        });
        let left_out = places.left_out.filter(|(at, _)| *at == of.at).map(|(_, name)| name);
        left.retain(|name| Some(*name) != left_out);
        let has_stranger = places.stranger == Some(of.at);
        if has_stranger {
            left.insert(0, STRANGER);
        }
        places.met |= left_out.is_some() || has_stranger;
        left.reverse();
        drop(places);
        Self { of, left, name: "" }
    }
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Failed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failed> {
        let Some(name) = self.left.pop() else { return Ok(None) };
        self.name = name;
        self.of.places.borrow_mut().all[self.of.at].given = name;
        seed.deserialize(BorrowedStrDeserializer::<Failed>::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failed> {
        match self.name {
            STRANGER => seed.deserialize(StrDeserializer::<Failed>::new("")),
            name => seed.deserialize(self.of.part(name)),
        }
    }
}

/// One variant of an enum.
struct Variant<'p> {
    of: Asking<'p>,
    name: &'static str,
}

impl<'de, 'p> EnumAccess<'de> for Variant<'p> {
    type Error = Failed;
    type Variant = Asking<'p>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Asking<'p>), Failed> {
        let variant = seed.deserialize(StrDeserializer::<Failed>::new(self.name))?;
        Ok((variant, self.of.part(self.name)))
    }
}

impl<'de> VariantAccess<'de> for Asking<'_> {
    type Error = Failed;

    fn unit_variant(self) -> Result<(), Failed> {
        self.note(Asked::Word("()"));
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Failed> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Failed> {
        self.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Failed> {
        // Named after its variant.
        let name = {
            let places = self.places.borrow();
            let parent = places.all[self.at].parent.map(|parent| &places.all[parent]);
            let part = parent.and_then(|parent| parent.parts.iter().find(|(_, part)| *part == self.at));
            part.map_or("", |(name, _)| *name)
        };
        self.deserialize_struct(name, fields, visitor)
    }
}
