//! Samples of error types: one value for each variant, made by their own `Deserialize`.
//!
//! To make a step fail, its `Err` needs a value, and only the user's code knows the type. But the type can be read from JSON, so it
//! tells a deserializer what it is made of; this one answers every question with the simplest value that there is.

use std::cell::Cell;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

/// The text of the strings in a sample.
const TEXT: &str = "as the plan says";

/// So deep a type may be nested before it is taken for one that contains itself.
const DEEPEST: u32 = 16;

/// Samples of a type with the names of their variants; of a type that is no enum, one without a name. Those that the type refuses
/// (a number out of its range, a text that it can't parse) are left out.
pub(crate) fn samples<T: DeserializeOwned>() -> Vec<(Option<&'static str>, T)> {
    let mut samples = Vec::new();
    let mut index = 0;
    loop {
        let seen = Cell::new(None);
        let sampler = Sampler { variant: Some(index), seen: Some(&seen), depth: 0 };
        let sample = T::deserialize(sampler);
        let (name, count) = seen.get().unwrap_or((None, 1));
        samples.extend(sample.ok().map(|sample| (name, sample)));
        index += 1;
        if index >= count {
            return samples;
        }
    }
}

/// The variant's name, and how many there are.
type Seen = Cell<Option<(Option<&'static str>, usize)>>;

#[derive(Clone, Copy)]
struct Sampler<'s> {
    /// The variant that the outermost enum is to have; the first for all within.
    variant: Option<usize>,
    seen: Option<&'s Seen>,
    depth: u32,
}

#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl serde::de::Error for Refused {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

impl<'s> Sampler<'s> {
    /// For a part of this value.
    fn part(self) -> Result<Self, Refused> {
        if self.depth >= DEEPEST {
            return Err(Refused::custom("it contains itself"));
        }
        Ok(Self { variant: None, seen: None, depth: self.depth + 1 })
    }

    /// For the content of a newtype, which may be the enum itself.
    fn inner(self) -> Result<Self, Refused> {
        Ok(Self { depth: self.part()?.depth, ..self })
    }
}

macro_rules! simplest {
    ($($method:ident: $visit:ident($value:expr);)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            visitor.$visit($value)
        })*
    };
}

impl<'de> Deserializer<'de> for Sampler<'_> {
    type Error = Refused;

    simplest! {
        deserialize_any: visit_str(TEXT);
        deserialize_bool: visit_bool(false);
        deserialize_i8: visit_i8(1);
        deserialize_i16: visit_i16(1);
        deserialize_i32: visit_i32(1);
        deserialize_i64: visit_i64(1);
        deserialize_i128: visit_i128(1);
        deserialize_u8: visit_u8(1);
        deserialize_u16: visit_u16(1);
        deserialize_u32: visit_u32(1);
        deserialize_u64: visit_u64(1);
        deserialize_u128: visit_u128(1);
        deserialize_f32: visit_f32(1.0);
        deserialize_f64: visit_f64(1.0);
        deserialize_char: visit_char('x');
        deserialize_str: visit_str(TEXT);
        deserialize_string: visit_str(TEXT);
        deserialize_bytes: visit_bytes(&[]);
        deserialize_byte_buf: visit_bytes(&[]);
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_none()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self.inner()?)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_seq(Parts { left: 0, of: self.part()? })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_seq(Parts { left: len, of: self.part()? })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_seq(Parts { left: len, of: self.part()? })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_map(Fields { names: [].iter(), of: self.part()? })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_map(Fields { names: fields.iter(), of: self.part()? })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let index = self.variant.unwrap_or(0);
        let name = *variants.get(index).ok_or_else(|| Refused::custom("it has no variants"))?;
        if let Some(seen) = self.seen {
            seen.set(Some((Some(name), variants.len())));
        }
        visitor.visit_enum(Variant { name, of: self.part()? })
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_str(TEXT)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_unit()
    }
}

/// So many parts, all alike.
struct Parts<'s> {
    left: usize,
    of: Sampler<'s>,
}

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refused> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(self.of).map(Some)
    }
}

/// The fields of a struct.
struct Fields<'s> {
    names: std::slice::Iter<'static, &'static str>,
    of: Sampler<'s>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        let Some(name) = self.names.next() else { return Ok(None) };
        let name: StrDeserializer<'_, Refused> = (*name).into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        seed.deserialize(self.of)
    }
}

struct Variant<'s> {
    name: &'static str,
    of: Sampler<'s>,
}

impl<'de, 's> EnumAccess<'de> for Variant<'s> {
    type Error = Refused;
    type Variant = Content<'s>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content<'s>), Refused> {
        let name: StrDeserializer<'_, Refused> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, Content(self.of)))
    }
}

/// What stands in a variant.
struct Content<'s>(Sampler<'s>);

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = Refused;

    fn unit_variant(self) -> Result<(), Refused> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refused> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refused> {
        self.0.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Refused> {
        self.0.deserialize_struct("", fields, visitor)
    }
}
