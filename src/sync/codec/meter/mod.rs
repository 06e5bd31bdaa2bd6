//! Bounds the memory of a message while it is decoded, whatever the codec.
//!
//! Every deserializer, visitor and access that decoding goes through is wrapped in one that charges a
//! [`Meter`] before memory is taken: a string its length, a list its growth, a map its nodes. What is
//! skipped costs nothing and is not kept; see [`skip`](self::skip). Three more things that serde does by itself are undone here:
//! lengths claimed by the other side reserve no memory, errors quote only the start of a long string, and
//! a structure written as a JSON array is an error.

pub(super) mod access;
pub(super) mod choice;
pub(super) mod skip;

use std::cell::Cell;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, Deserialize, Deserializer, EnumAccess, MapAccess, SeqAccess, Unexpected, Visitor,
};

use self::access::{MeteredMap, MeteredSeq, Name, Numbered, start_of};
use self::choice::FieldChoice;
use self::skip::{Names, Skipped};

/// What a message may still take, in bytes.
#[derive(Debug)]
pub(in crate::sync::codec) struct Meter {
    left: Cell<usize>,
    /// More was asked for than was left.
    is_over: Cell<bool>,
    /// How often the field `type` was there.
    pub(in crate::sync::codec) tags: Cell<u32>,
    /// The name of the message, for errors.
    name: Cell<&'static str>,
    /// Hash of the field that was read last, and whether its value was skipped.
    pub(in crate::sync::codec) field: Cell<u64>,
    pub(in crate::sync::codec) is_skipped: Cell<bool>,
}

impl Meter {
    pub(in crate::sync::codec) fn new(budget: usize) -> Meter {
        Meter {
            left: Cell::new(budget),
            is_over: Cell::new(false),
            tags: Cell::new(0),
            name: Cell::new(""),
            field: Cell::new(0),
            is_skipped: Cell::new(false),
        }
    }

    pub(in crate::sync::codec) fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// The name of the message, once it is known.
    pub(in crate::sync::codec) fn name(&self) -> &'static str {
        self.name.get()
    }

    pub(in crate::sync::codec) fn set_name(&self, name: &'static str) {
        self.name.set(name);
    }

    pub(in crate::sync::codec) fn charge<E: de::Error>(&self, bytes: usize) -> Result<(), E> {
        match self.left.get().checked_sub(bytes) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(self.over()),
        }
    }

    fn refund(&self, bytes: usize) {
        self.left.set(self.left.get().saturating_add(bytes));
    }

    /// Charges what a vector of `count` elements takes when one more is pushed. It has room for `room`; as it
    /// grows, the old memory and the new are there at once.
    pub(in crate::sync::codec) fn grow<E: de::Error>(
        &self,
        count: usize,
        room: &mut usize,
        size: usize,
    ) -> Result<(), E> {
        if count == *room {
            let least = if size == 1 { 8 } else { 4 };
            let new = room.saturating_mul(2).max(least);
            self.charge(new.saturating_mul(size))?;
            self.refund(*room * size);
            *room = new;
        }
        Ok(())
    }

    /// Refuses a claimed number of elements that cannot be held, before any of them is read.
    pub(in crate::sync::codec) fn check<E: de::Error>(
        &self,
        claimed: usize,
        size: usize,
    ) -> Result<(), E> {
        if claimed.saturating_mul(size) > self.left.get() { Err(self.over()) } else { Ok(()) }
    }

    fn over<E: de::Error>(&self) -> E {
        self.is_over.set(true);
        E::custom("a list or a string is longer than its message can be")
    }
}

/// A deserializer whose lists, maps and strings are charged.
pub(in crate::sync::codec) struct Metered<'m, D> {
    pub(in crate::sync::codec) inner: D,
    pub(in crate::sync::codec) meter: &'m Meter,
    /// It reads the message itself: of its fields `type` is known already.
    pub(in crate::sync::codec) is_top: bool,
}

impl<'m, D> Metered<'m, D> {
    pub(in crate::sync::codec) fn new(inner: D, meter: &'m Meter) -> Self {
        Metered { inner, meter, is_top: false }
    }

    /// Of the object that is the message itself.
    pub(in crate::sync::codec) fn top(inner: D, meter: &'m Meter) -> Self {
        Metered { inner, meter, is_top: true }
    }
}

/// What is wanted, where something else may come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::sync::codec) enum Wanted {
    /// A string or bytes: charged.
    Text,
    /// Elements that are kept: charged.
    List,
    /// Entries that are kept: charged.
    Map,
    /// Fields: they have their places already.
    Struct,
    /// One of so many variants of this type: in JSON its name, or an object of one field.
    Choice(&'static str, usize),
    /// A value or nothing; a number; the values of a variant.
    Other,
}

pub(in crate::sync::codec) struct MeteredVisitor<'m, V> {
    pub(in crate::sync::codec) inner: V,
    pub(in crate::sync::codec) meter: &'m Meter,
    pub(in crate::sync::codec) wanted: Wanted,
    pub(in crate::sync::codec) is_human: bool,
    pub(in crate::sync::codec) is_top: bool,
}

impl<'m, D> Metered<'m, D> {
    fn visit<'de, V: Visitor<'de>>(
        self,
        wanted: Wanted,
        visitor: V,
        method: impl FnOnce(D, MeteredVisitor<'m, V>) -> Result<V::Value, D::Error>,
    ) -> Result<V::Value, D::Error>
    where
        D: Deserializer<'de>,
    {
        let is_human = self.inner.is_human_readable();
        let (meter, is_top) = (self.meter, self.is_top);
        let visitor = MeteredVisitor { inner: visitor, meter, wanted, is_human, is_top };
        // What JSON says itself when it meets a string quotes all of it, so it is never asked for a type.
        if is_human && wanted != Wanted::Text {
            return self.inner.deserialize_any(visitor);
        }
        method(self.inner, visitor)
    }
}

/// Methods that only say what is wanted.
macro_rules! wants {
    ($($method:ident: $wanted:ident $inner:ident,)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.visit(Wanted::$wanted, visitor, |inner, visitor| inner.$inner(visitor))
        }
    )* };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Metered<'_, D> {
    type Error = D::Error;

    wants! {
        deserialize_bool: Other deserialize_bool,
        deserialize_i8: Other deserialize_i8,
        deserialize_i16: Other deserialize_i16,
        deserialize_i32: Other deserialize_i32,
        deserialize_i64: Other deserialize_i64,
        deserialize_u8: Other deserialize_u8,
        deserialize_u16: Other deserialize_u16,
        deserialize_u32: Other deserialize_u32,
        deserialize_u64: Other deserialize_u64,
        deserialize_f32: Other deserialize_f32,
        deserialize_f64: Other deserialize_f64,
        deserialize_char: Other deserialize_char,
        deserialize_unit: Other deserialize_unit,
        deserialize_any: Text deserialize_any,
        // Borrowed, so that nothing is copied before it was charged.
        deserialize_str: Text deserialize_str,
        deserialize_string: Text deserialize_str,
        deserialize_bytes: Text deserialize_bytes,
        deserialize_byte_buf: Text deserialize_bytes,
        deserialize_seq: List deserialize_seq,
        deserialize_map: Map deserialize_map,
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let (meter, is_human) = (self.meter, self.inner.is_human_readable());
        let wanted = Wanted::Other;
        self.inner.deserialize_option(MeteredVisitor {
            inner: visitor,
            meter,
            wanted,
            is_human,
            is_top: false,
        })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.visit(Wanted::Other, visitor, |inner, v| inner.deserialize_unit_struct(name, v))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.visit(Wanted::Other, visitor, |inner, v| inner.deserialize_tuple(length, v))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.visit(Wanted::Other, visitor, |inner, v| {
            inner.deserialize_tuple_struct(name, length, v)
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.visit(Wanted::Struct, visitor, |inner, v| inner.deserialize_struct(name, fields, v))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let wanted = Wanted::Choice(name, variants.len());
        self.visit(wanted, visitor, |inner, v| inner.deserialize_enum(name, variants, v))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let tags = self.is_top.then_some(&self.meter.tags);
        self.inner.deserialize_identifier(Name { inner: visitor, field: &self.meter.field, tags })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        if !self.inner.is_human_readable() {
            return self.inner.deserialize_ignored_any(visitor);
        }
        Skipped::deserialize(self.inner)?;
        self.meter.is_skipped.set(true);
        visitor.visit_unit()
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// Methods that pass a value on.
macro_rules! visits {
    ($($method:ident: $type:ty,)*) => { $(
        fn $method<E: de::Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )* };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for MeteredVisitor<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    visits! {
        visit_bool: bool,
        visit_i8: i8,
        visit_i16: i16,
        visit_i32: i32,
        visit_i64: i64,
        visit_u8: u8,
        visit_u16: u16,
        visit_u32: u32,
        visit_u64: u64,
        visit_f32: f32,
        visit_f64: f64,
        visit_char: char,
    }

    fn visit_unit<E: de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_none<E: de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Metered::new(inner, self.meter))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<V::Value, E> {
        match self.wanted {
            Wanted::Text => {
                self.meter.charge(text.len())?;
                self.inner.visit_str(text)
            }
            Wanted::Choice(..) => self.inner.visit_enum(StrDeserializer::new(start_of(text))),
            _ => self.inner.visit_str(start_of(text)),
        }
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<V::Value, E> {
        self.meter.charge(bytes.len())?;
        self.inner.visit_bytes(bytes)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        if self.is_human && matches!(self.wanted, Wanted::Struct | Wanted::Map) {
            return Err(de::Error::invalid_type(Unexpected::Seq, &self.inner));
        }
        let is_kept = self.wanted == Wanted::List;
        self.inner.visit_seq(MeteredSeq { inner, meter: self.meter, is_kept, count: 0, room: 0 })
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let is_kept = self.wanted == Wanted::Map;
        let (meter, is_top) = (self.meter, self.is_top);
        let map = MeteredMap {
            inner,
            meter,
            is_kept,
            is_top,
            is_first: true,
            key_bytes: 0,
            skipped: Names::default(),
        };
        match self.wanted {
            Wanted::Choice(..) => self.inner.visit_enum(FieldChoice { map }),
            _ => self.inner.visit_map(map),
        }
    }

    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let Wanted::Choice(name, count) = self.wanted else { return self.inner.visit_enum(inner) };
        self.inner.visit_enum(Numbered { inner, meter: self.meter, name, count })
    }
}
