//! Small types of the wire: bytes that are mostly text, and numbers that JSON cannot carry exactly.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::num::ParseIntError;

/// Bytes: in JSON a string where they are UTF-8, else `{"bytes": "<base64>"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Octets(pub(crate) Vec<u8>);

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_bytes(&self.0);
        }
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("bytes", &STANDARD.encode(&self.0))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(OctetsVisitor)
        } else {
            deserializer.deserialize_byte_buf(OctetsVisitor)
        }
    }
}

struct OctetsVisitor;

impl<'de> Visitor<'de> for OctetsVisitor {
    type Value = Octets;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or {\"bytes\": \"<base64>\"}")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Octets, E> {
        Ok(Octets(text.as_bytes().to_vec()))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Octets, E> {
        Ok(Octets(bytes.to_vec()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Octets, A::Error> {
        let Some(field) = map.next_key::<Field>()? else {
            return Err(de::Error::missing_field("bytes"));
        };
        if field == Field::Other {
            return Err(de::Error::custom(ONLY_BYTES));
        }
        let Base64(bytes) = map.next_value()?;
        match map.next_key::<Field>()? {
            None => Ok(Octets(bytes)),
            Some(_) => Err(de::Error::custom(ONLY_BYTES)),
        }
    }
}

const ONLY_BYTES: &str = "only \"bytes\" is known here";

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Field {
    Bytes,
    #[serde(other)]
    Other,
}

/// Bytes from a string of base64, without a copy of the string.
struct Base64(Vec<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parse = |text: &str| STANDARD.decode(text).map(Base64).map_err(|e| e.to_string());
        deserializer.deserialize_str(Parsed { parse, expected: "a string of base64" })
    }
}

/// What is written as a string in JSON.
struct Parsed<F> {
    parse: F,
    expected: &'static str,
}

impl<T, F: FnOnce(&str) -> Result<T, String>> Visitor<'_> for Parsed<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).map_err(E::custom)
    }
}

/// Reads a map; a key that comes twice is an error.
pub(crate) fn unique<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    deserializer.deserialize_map(UniqueVisitor)
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = BTreeMap<String, String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some((key, value)) = map.next_entry()? {
            if entries.insert(key, value).is_some() {
                return Err(de::Error::custom("a key of a map comes twice"));
            }
        }
        Ok(entries)
    }
}

/// A number of 64 bits: in JSON its decimal digits as a string, since numbers there are doubles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decimal(pub(crate) u64);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_u64(self.0);
        }
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return u64::deserialize(deserializer).map(Decimal);
        }
        let parse = |text: &str| {
            let is_shortest = text == "0" || !text.starts_with(['0', '+']);
            let number = text.parse().map_err(|e: ParseIntError| e.to_string())?;
            if is_shortest { Ok(Decimal(number)) } else { Err("not in its shortest form".into()) }
        };
        deserializer.deserialize_str(Parsed { parse, expected: "a string of decimal digits" })
    }
}

/// A hash of 64 bits: in JSON 16 hexadecimal digits as a string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hex(pub(crate) u64);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_u64(self.0);
        }
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return u64::deserialize(deserializer).map(Hex);
        }
        let parse = |text: &str| {
            let is_whole = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
            let number = u64::from_str_radix(text, 16).map_err(|e| e.to_string())?;
            if is_whole { Ok(Hex(number)) } else { Err("not 16 digits".into()) }
        };
        deserializer.deserialize_str(Parsed { parse, expected: "a string of hexadecimal digits" })
    }
}
