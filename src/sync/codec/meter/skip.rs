//! What nobody knows of a JSON message: read to its end and kept nowhere.
//!
//! It is held to the rules all the same: no object has a name twice. A reader that takes the first of two
//! fields and one that takes the last would see different messages.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// The names that an object has so far, as hashes: of two that are equal, one is in excess.
#[derive(Default)]
pub(in crate::sync::codec) struct Names(Vec<u64>);

impl Names {
    pub(in crate::sync::codec) fn push(&mut self, hash: u64) {
        self.0.push(hash);
    }

    /// The object has ended.
    pub(in crate::sync::codec) fn check<E: de::Error>(&mut self) -> Result<(), E> {
        self.0.sort_unstable();
        match self.0.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            true => Err(E::custom("a field comes twice")),
            false => Ok(()),
        }
    }
}

/// FNV-1a of 64 bits. Whoever makes two names with the same hash has a message refused that is their own.
pub(in crate::sync::codec) fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A value that nobody knows.
pub(in crate::sync::codec) struct Skipped;

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Skipped, D::Error> {
        deserializer.deserialize_any(Skipped)
    }
}

/// Methods that take a value and keep nothing.
macro_rules! skips {
    ($($method:ident: $type:ty,)*) => { $(
        fn $method<E: de::Error>(self, _: $type) -> Result<Skipped, E> {
            Ok(Skipped)
        }
    )* };
}

impl<'de> Visitor<'de> for Skipped {
    type Value = Skipped;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    skips! {
        visit_bool: bool,
        visit_i64: i64,
        visit_u64: u64,
        visit_f64: f64,
        visit_str: &str,
    }

    fn visit_unit<E: de::Error>(self) -> Result<Skipped, E> {
        Ok(Skipped)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Skipped, A::Error> {
        while list.next_element::<Skipped>()?.is_some() {}
        Ok(Skipped)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Skipped, A::Error> {
        let mut names = Names::default();
        while let Some(Hashed(hash)) = map.next_key()? {
            names.push(hash);
            map.next_value::<Skipped>()?;
        }
        names.check()?;
        Ok(Skipped)
    }
}

/// The hash of a name.
struct Hashed(u64);

impl<'de> Deserialize<'de> for Hashed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hashed, D::Error> {
        deserializer.deserialize_str(HashedVisitor)
    }
}

struct HashedVisitor;

impl Visitor<'_> for HashedVisitor {
    type Value = Hashed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Hashed, E> {
        Ok(Hashed(hash(name)))
    }
}
