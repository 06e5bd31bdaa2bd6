//! The enums of the protocol in JSON: a message, whose variant is in its field `type`, and a choice, which
//! is an object of one field.
//!
//! serde has both, but what it has for the first keeps all fields until it knows the variant, and what JSON
//! does for the second quotes any string in its errors.

use std::fmt;
use std::io;

use serde::de::value::U32Deserializer;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, MapAccess,
    VariantAccess, Visitor,
};
use serde_json::ser::Formatter;

use super::Meter;
use super::access::MeteredMap;

/// A message whose variant is known. `content` is the object that it is read from, `type` and all.
pub(in crate::sync::codec) struct Tagged<'m, D> {
    pub(in crate::sync::codec) content: D,
    pub(in crate::sync::codec) meter: &'m Meter,
    /// The number of the variant.
    pub(in crate::sync::codec) variant: u32,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Tagged<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, D::Error> {
        Err(de::Error::custom("a message is a choice"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let number = usize::try_from(self.variant).unwrap_or(usize::MAX);
        self.meter.set_name(variants.get(number).copied().unwrap_or_default());
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de, D: Deserializer<'de>> EnumAccess<'de> for Tagged<'_, D> {
    type Error = D::Error;
    type Variant = Fields<D>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Fields<D>), D::Error> {
        let variant = seed.deserialize(U32Deserializer::new(self.variant))?;
        Ok((variant, Fields(self.content)))
    }
}

/// The fields of a message, among them `type`.
pub(in crate::sync::codec) struct Fields<D>(D);

impl<'de, D: Deserializer<'de>> VariantAccess<'de> for Fields<D> {
    type Error = D::Error;

    fn unit_variant(self) -> Result<(), D::Error> {
        self.0.deserialize_struct("", &[], Unknown)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, D::Error> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, D::Error> {
        Err(de::Error::custom("a message has named fields"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct("", fields, visitor)
    }
}

/// Fields of which none is known.
struct Unknown;

impl<'de> Visitor<'de> for Unknown {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<AnyName>()?.is_some() {
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// The name of a field or a variant, whatever it is.
pub(in crate::sync::codec) struct AnyName;

impl<'de> Deserialize<'de> for AnyName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AnyName, D::Error> {
        deserializer.deserialize_identifier(AnyName)
    }
}

impl Visitor<'_> for AnyName {
    type Value = AnyName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<AnyName, E> {
        Ok(AnyName)
    }
}

/// An object of one field, which names the variant; that it has no more is checked by who reads the object.
pub(in crate::sync::codec) struct FieldChoice<'m, A> {
    pub(in crate::sync::codec) map: MeteredMap<'m, A>,
}

impl<'de, 'm, A: MapAccess<'de>> EnumAccess<'de> for FieldChoice<'m, A> {
    type Error = A::Error;
    type Variant = FieldVariant<'m, A>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        mut self,
        seed: S,
    ) -> Result<(S::Value, FieldVariant<'m, A>), A::Error> {
        match self.map.next_key_seed(seed)? {
            Some(variant) => Ok((variant, FieldVariant { map: self.map })),
            None => Err(de::Error::custom("an empty object where a choice is expected")),
        }
    }
}

pub(in crate::sync::codec) struct FieldVariant<'m, A> {
    map: MeteredMap<'m, A>,
}

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for FieldVariant<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        Err(de::Error::custom("a choice that carries nothing is a string"))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(
        mut self,
        seed: S,
    ) -> Result<S::Value, A::Error> {
        self.map.next_value_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(
        mut self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(Inside { visitor, shape: Shape::Tuple(length) })
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(Inside { visitor, shape: Shape::Struct(fields) })
    }
}

enum Shape {
    Tuple(usize),
    Struct(&'static [&'static str]),
}

/// What a variant carries.
struct Inside<V> {
    visitor: V,
    shape: Shape,
}

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Inside<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        match self.shape {
            Shape::Tuple(length) => deserializer.deserialize_tuple(length, self.visitor),
            Shape::Struct(fields) => deserializer.deserialize_struct("", fields, self.visitor),
        }
    }
}

/// Writes a choice as a message: not `{"ping":{"id":1}}` but `{"type":"ping","id":1}`, and not `"snapshot"`
/// but `{"type":"snapshot"}`.
#[derive(Debug, Default)]
pub(in crate::sync::codec) struct TypeFirst {
    /// Objects that are open, the two of the choice included.
    depth: u32,
}

impl Formatter for TypeFirst {
    fn begin_string<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        match self.depth {
            0 => writer.write_all(b"{\"type\":\""),
            _ => writer.write_all(b"\""),
        }
    }

    fn end_string<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        match self.depth {
            0 => writer.write_all(b"\"}"),
            _ => writer.write_all(b"\""),
        }
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        match self.depth {
            1 => writer.write_all(b"{\"type\":"),
            2 => Ok(()),
            _ => writer.write_all(b"{"),
        }
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        match self.depth {
            1 => Ok(()),
            _ => writer.write_all(b"}"),
        }
    }

    fn begin_object_key<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        is_first: bool,
    ) -> io::Result<()> {
        // After the type comes a comma before each field; before the type none.
        if self.depth == 2 || !is_first { writer.write_all(b",") } else { Ok(()) }
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.depth == 1 { Ok(()) } else { writer.write_all(b":") }
    }
}
