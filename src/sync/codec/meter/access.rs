//! What a [`Metered`] deserializer hands out: elements, entries, fields and variants, all metered.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::U32Deserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::skip::{self, Names};
use super::{Meter, Metered, MeteredVisitor, Wanted};

/// Errors and names need no more of a string than this.
const QUOTED_BYTES: usize = crate::sync::codec::error::ERROR_BYTES_MAX;
/// Entries that a node of a `BTreeMap` has room for.
const NODE_ENTRIES: usize = 12;

pub(in crate::sync::codec) struct MeteredSeed<'m, S> {
    pub(in crate::sync::codec) inner: S,
    pub(in crate::sync::codec) meter: &'m Meter,
    pub(in crate::sync::codec) is_top: bool,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for MeteredSeed<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Metered { inner, meter: self.meter, is_top: self.is_top })
    }
}

pub(in crate::sync::codec) struct MeteredSeq<'m, A> {
    pub(in crate::sync::codec) inner: A,
    pub(in crate::sync::codec) meter: &'m Meter,
    /// Its elements go into a vector.
    pub(in crate::sync::codec) is_kept: bool,
    pub(in crate::sync::codec) count: usize,
    /// Elements that the vector has room for.
    pub(in crate::sync::codec) room: usize,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for MeteredSeq<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let size = size_of::<S::Value>();
        if self.is_kept
            && self.count == 0
            && let Some(claimed) = self.inner.size_hint()
        {
            self.meter.check(claimed, size)?;
        }
        let seed = MeteredSeed { inner: seed, meter: self.meter, is_top: false };
        let element = self.inner.next_element_seed(seed)?;
        if self.is_kept && element.is_some() {
            self.meter.grow(self.count, &mut self.room, size)?;
            self.count += 1;
        }
        Ok(element)
    }

    // No size hint: nothing is reserved for what has only been claimed.
}

/// The entries of a map, or the fields of a structure.
pub(in crate::sync::codec) struct MeteredMap<'m, A> {
    pub(in crate::sync::codec) inner: A,
    pub(in crate::sync::codec) meter: &'m Meter,
    /// Its entries go into a `BTreeMap`.
    pub(in crate::sync::codec) is_kept: bool,
    pub(in crate::sync::codec) is_top: bool,
    pub(in crate::sync::codec) is_first: bool,
    pub(in crate::sync::codec) key_bytes: usize,
    /// Fields that nobody knows.
    pub(in crate::sync::codec) skipped: Names,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for MeteredMap<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.key_bytes = size_of::<S::Value>();
        if self.is_kept
            && self.is_first
            && let Some(claimed) = self.inner.size_hint()
        {
            self.meter.check(claimed, self.key_bytes)?;
        }
        let seed = MeteredSeed { inner: seed, meter: self.meter, is_top: self.is_top };
        let key = self.inner.next_key_seed(seed)?;
        if key.is_none() {
            self.skipped.check()?;
        }
        Ok(key)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        if self.is_kept {
            // A map begins with a whole node; later each entry has its part of a node that is half full.
            let entries = if self.is_first { NODE_ENTRIES } else { 3 };
            self.is_first = false;
            self.meter.charge(entries * (self.key_bytes + size_of::<S::Value>()))?;
        }
        let field = self.meter.field.get();
        let seed = MeteredSeed { inner: seed, meter: self.meter, is_top: false };
        let value = self.inner.next_value_seed(seed)?;
        // Of the fields that are known, who asks for them sees to it.
        if self.meter.is_skipped.take() && field != 0 {
            self.skipped.push(field);
        }
        Ok(value)
    }
}

/// A choice by its number.
pub(in crate::sync::codec) struct Numbered<'m, A> {
    pub(in crate::sync::codec) inner: A,
    pub(in crate::sync::codec) meter: &'m Meter,
    pub(in crate::sync::codec) name: &'static str,
    pub(in crate::sync::codec) count: usize,
}

impl<'de, 'm, A: EnumAccess<'de>> EnumAccess<'de> for Numbered<'m, A> {
    type Error = A::Error;
    type Variant = NumberedVariant<'m, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (number, inner) = self.inner.variant_seed(PhantomData::<u32>)?;
        if usize::try_from(number).map_or(true, |number| number >= self.count) {
            let name = self.name;
            return Err(de::Error::custom(format_args!("{name} has no variant {number}")));
        }
        let value = seed.deserialize(U32Deserializer::new(number))?;
        Ok((value, NumberedVariant { inner, meter: self.meter }))
    }
}

pub(in crate::sync::codec) struct NumberedVariant<'m, A> {
    inner: A,
    meter: &'m Meter,
}

impl<'m, A> NumberedVariant<'m, A> {
    fn visitor<V>(&self, inner: V) -> MeteredVisitor<'m, V> {
        let (meter, wanted) = (self.meter, Wanted::Other);
        MeteredVisitor { inner, meter, wanted, is_human: false, is_top: false }
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for NumberedVariant<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let seed = MeteredSeed { inner: seed, meter: self.meter, is_top: false };
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.visitor(visitor);
        self.inner.tuple_variant(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.visitor(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}

/// The name of a field or a variant: nothing of it is kept but a hash.
pub(in crate::sync::codec) struct Name<'m, V> {
    pub(in crate::sync::codec) inner: V,
    /// Takes the hash; 0 of the field `type`.
    pub(in crate::sync::codec) field: &'m Cell<u64>,
    /// Counts the field `type`.
    pub(in crate::sync::codec) tags: Option<&'m Cell<u32>>,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Name<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<V::Value, E> {
        self.field.set(skip::hash(name));
        if let Some(tags) = self.tags
            && name == "type"
        {
            self.field.set(0);
            tags.set(tags.get() + 1);
            if tags.get() > 1 {
                return Err(E::duplicate_field("type"));
            }
        }
        self.inner.visit_str(start_of(name))
    }
}

/// What errors quote of a string.
pub(in crate::sync::codec) fn start_of(text: &str) -> &str {
    if text.len() <= QUOTED_BYTES {
        return text;
    }
    let end = (0..=QUOTED_BYTES).rev().find(|at| text.is_char_boundary(*at));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}
