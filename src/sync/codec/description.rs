//! Keeps `docs/schema.json` equal to the declarations of the messages: a description for programs that make
//! clients. What it says is proved by reading all vectors by it alone, in both encodings.
//!
//! `ORCHFLOW_WRITE_VECTORS=1 cargo test --lib sync::codec` writes it anew.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::schema::{DEFAULT, FILES, declarations};
use super::vectors::{self, Any, Side};
use super::*;
use crate::sync::protocol::{CloseCode, PROTOCOL};

const CLOSE_CODES: [(CloseCode, &str); 11] = [
    (CloseCode::Bye, "bye"),
    (CloseCode::Shutdown, "shutdown"),
    (CloseCode::Protocol, "protocol"),
    (CloseCode::NotUtf8, "not_utf8"),
    (CloseCode::TooBig, "too_big"),
    (CloseCode::Unauthorized, "unauthorized"),
    (CloseCode::NoHello, "no_hello"),
    (CloseCode::BadMessage, "bad_message"),
    (CloseCode::TooSlow, "too_slow"),
    (CloseCode::TooMany, "too_many"),
    (CloseCode::Version, "version"),
];

/// `TwoWords` as `two_words`.
pub(super) fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Parts of a text at its commas, but not within brackets of any kind.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut from, mut found) = (0, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' | '{' | '<' => depth += 1,
            ')' | '}' | '>' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[from..]);
    found.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// A type in the words of the manual.
fn type_of(rust: &str) -> String {
    let inside = |start: &str| rust.strip_prefix(start)?.strip_suffix('>');
    match rust {
        "String" => "string".into(),
        "Octets" => "bytes".into(),
        "BTreeMap<String, String>" => "map".into(),
        _ => match (inside("Option<"), inside("Vec<"), inside("Box<")) {
            (Some(rust), ..) => format!("{}?", type_of(rust)),
            (_, Some(rust), _) => format!("[{}]", type_of(rust)),
            (.., Some(rust)) => type_of(rust),
            _ => snake(rust),
        },
    }
}

/// The fields between the braces of a structure.
fn fields(text: &str) -> Vec<Value> {
    let field = |part: &str| {
        let (part, has_default) = part.strip_prefix(DEFAULT).map_or((part, false), |p| (p, true));
        let (name, rust) = part.trim().split_once(':').unwrap();
        let mut field = json!({"name": name.trim(), "type": type_of(rust.trim())});
        if has_default {
            field["default"] = Value::Null;
        }
        field
    };
    parts(text).into_iter().map(field).collect()
}

/// A variant of a choice: nothing, values, or fields.
fn variant(part: &str, number: usize) -> Value {
    let (part, is_default) = part.strip_prefix(DEFAULT).map_or((part, false), |p| (p.trim(), true));
    let end = part.find(['(', '{', ' ']).unwrap_or(part.len());
    let (name, rest) = (&part[..end], part[end..].trim());
    let mut variant = json!({"number": number, "name": snake(name)});
    if let Some(values) = rest.strip_prefix('(') {
        variant["values"] = parts(&values[..values.len() - 1]).into_iter().map(type_of).collect();
    } else if let Some(inner) = rest.strip_prefix('{') {
        variant["fields"] = fields(&inner[..inner.len() - 1]).into();
    }
    if is_default {
        variant["is_default"] = true.into();
    }
    variant
}

/// All types but those that are numbers or bytes on the wire, by name.
fn types(sources: &str) -> Map<String, Value> {
    let mut types = Map::new();
    for item in declarations(sources, true) {
        let (kind, rest) = item.split_once(' ').unwrap();
        let Some((name, body)) = rest.split_once('{') else { continue };
        let body = &body[..body.rfind('}').unwrap()];
        let described = match kind {
            "struct" => json!({"fields": fields(body)}),
            _ => {
                let variants = parts(body).into_iter().enumerate();
                json!({"variants": variants.map(|(n, part)| variant(part, n)).collect::<Vec<_>>()})
            }
        };
        types.insert(snake(name.trim()), described);
    }
    let known = types.clone();
    types.values_mut().for_each(|each| fill_in(each, &known));
    types
}

/// Gives fields that may be left out the values that they have then.
fn fill_in(described: &mut Value, types: &Map<String, Value>) {
    if let Some(list) = described.get_mut("variants") {
        list.as_array_mut().unwrap().iter_mut().for_each(|each| fill_in(each, types));
    }
    let Some(fields) = described.get_mut("fields") else { return };
    for field in fields.as_array_mut().unwrap() {
        let kind = field["type"].as_str().unwrap().to_owned();
        if let Some(value) = field.get_mut("default") {
            *value = match kind.as_str() {
                kind if kind.ends_with('?') => Value::Null,
                kind if kind.starts_with('[') => json!([]),
                "string" | "bytes" => json!(""),
                "bool" => json!(false),
                "map" => json!({}),
                kind => match types.get(kind) {
                    Some(choice) => {
                        let all = choice["variants"].as_array().unwrap();
                        let usual = all.iter().find(|v| v["is_default"] == true).unwrap();
                        usual["name"].clone()
                    }
                    None => json!(0),
                },
            };
        }
    }
}

fn frames() -> Value {
    let hex = |kind: u8| format!("{kind:02x}");
    json!([
        {"kind": hex(BINCODE), "codec": "bincode", "from": "both", "header": [
            ["kind", "u8"], ["flags", "u8"], ["magic", "4f46"], ["schema", "u32"],
            ["length", "u32"]], "header_bytes": BINCODE_HEADER, "content": "message"},
        {"kind": hex(DEFLATED_JSON), "codec": "json", "from": "both", "header": [
            ["kind", "u8"], ["flags", "u8"], ["zero", "0000"], ["length", "u32"]],
            "header_bytes": JSON_HEADER, "content": "compressed message"},
        {"kind": hex(OUTPUT), "codec": "both", "from": "server", "header": [
            ["kind", "u8"], ["flags", "u8"], ["terminal", "u64"], ["offset", "u64"]],
            "header_bytes": OUTPUT_HEADER, "content": "output of the terminal"},
        {"kind": hex(INPUT), "codec": "both", "from": "client", "header": [
            ["kind", "u8"], ["flags", "u8"], ["terminal", "u64"]],
            "header_bytes": INPUT_HEADER, "content": "input for the terminal"},
    ])
}

/// The whole description.
fn describe() -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sync");
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    let sources: String = FILES.iter().map(|file| read(file)).collect();
    let codes: Vec<Value> = CLOSE_CODES
        .iter()
        .map(|(code, name)| json!({"code": *code as u16, "name": name}))
        .collect();
    json!({
        "about": "The messages of the OrchFlow protocol, generated from their declarations; see PROTOCOL.md. \
                  client_message and server_message are the messages: in JSON the field type is the name of \
                  the variant, and the fields stand beside it, also those of a structure that is its one value.",
        "protocol": PROTOCOL,
        "schema": format!("{SCHEMA:08x}"),
        "subprotocols": Codec::EACH.map(Codec::subprotocol),
        "token_prefix": crate::sync::websocket::http::TOKEN_PREFIX,
        "frames": frames(),
        "flag_compressed": DEFLATED,
        "close_codes": codes,
        "types": types(&sources),
    })
}

#[test]
fn the_description_is_up_to_date() {
    let mut text = serde_json::to_string_pretty(&describe()).unwrap();
    text.push('\n');
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema.json");
    if std::env::var_os("ORCHFLOW_WRITE_VECTORS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "docs/schema.json is out of date: ORCHFLOW_WRITE_VECTORS=1 writes it"
    );
}

/// Reads bincode by the description alone; gives what the JSON says.
struct Reader<'a> {
    types: &'a Value,
    rest: &'a [u8],
}

impl Reader<'_> {
    fn bytes(&mut self, count: u64) -> Vec<u8> {
        let (taken, rest) = self.rest.split_at(usize::try_from(count).unwrap());
        self.rest = rest;
        taken.to_vec()
    }

    fn number(&mut self) -> u64 {
        let first = self.bytes(1)[0];
        let width = match first {
            ..=250 => return first.into(),
            251 => 2,
            252 => 4,
            _ => 8,
        };
        let bytes = self.bytes(width);
        bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn text(&mut self) -> String {
        let length = self.number();
        String::from_utf8(self.bytes(length)).unwrap()
    }

    fn fields(&mut self, fields: &Value) -> Map<String, Value> {
        let all = fields.as_array().unwrap().iter();
        all.map(|f| (f["name"].as_str().unwrap().into(), self.value(f["type"].as_str().unwrap())))
            .collect()
    }

    fn value(&mut self, kind: &str) -> Value {
        if let Some(inner) = kind.strip_suffix('?') {
            return if self.bytes(1) == [0] { Value::Null } else { self.value(inner) };
        }
        if let Some(inner) = kind.strip_prefix('[') {
            let inner = inner.strip_suffix(']').unwrap();
            return (0..self.number()).map(|_| self.value(inner)).collect();
        }
        match kind {
            "u8" => self.bytes(1)[0].into(),
            "bool" => (self.bytes(1) == [1]).into(),
            "u16" | "u32" | "u64" => self.number().into(),
            "i16" | "i32" | "i64" => {
                let number = self.number();
                ((number >> 1) as i64 ^ -((number & 1) as i64)).into()
            }
            "decimal" => self.number().to_string().into(),
            "hex" => format!("{:016x}", self.number()).into(),
            "string" => self.text().into(),
            "bytes" => {
                let length = self.number();
                match String::from_utf8(self.bytes(length)) {
                    Ok(text) => text.into(),
                    Err(error) => json!({"bytes": STANDARD.encode(error.into_bytes())}),
                }
            }
            "map" => {
                let pairs = (0..self.number()).map(|_| (self.text(), Value::from(self.text())));
                pairs.collect::<Map<String, Value>>().into()
            }
            name => match &self.types[name] {
                described if described["fields"].is_array() => {
                    self.fields(&described["fields"]).into()
                }
                described => {
                    let (name, carried) = self.choice(described);
                    if carried.is_null() { name } else { json!({name.as_str().unwrap(): carried}) }
                }
            },
        }
    }

    /// The name of a variant, and what it carries.
    fn choice(&mut self, described: &Value) -> (Value, Value) {
        let variant = &described["variants"][usize::try_from(self.number()).unwrap()];
        assert!(variant.is_object(), "{described} has no such number");
        let values = variant["values"].as_array();
        let carried = match values.map(Vec::as_slice) {
            Some([one]) => self.value(one.as_str().unwrap()),
            Some(all) => all.iter().map(|each| self.value(each.as_str().unwrap())).collect(),
            None if variant["fields"].is_array() => self.fields(&variant["fields"]).into(),
            None => Value::Null,
        };
        (variant["name"].clone(), carried)
    }
}

/// Whoever has nothing but the description reads every vector as what it is in JSON.
#[test]
fn the_vectors_are_read_by_the_description() {
    let description = describe();
    let mut seen = std::collections::BTreeSet::new();
    for vector in vectors::load().messages {
        let (message, from) = (vector.message(), vector.from);
        let encoded = message.encode(Codec::Json, false).payload;
        let expected: Value = serde_json::from_slice(&encoded).unwrap();
        let payload = message.encode(Codec::Bincode, false).payload;
        let mut reader = Reader { types: &description["types"], rest: &payload[BINCODE_HEADER..] };
        let messages = if from == Side::Client { "client_message" } else { "server_message" };
        let (name, carried) = reader.choice(&description["types"][messages]);
        let mut read = carried.as_object().cloned().unwrap_or_default();
        assert_eq!(reader.rest, b"", "{}", vector.name);
        seen.insert((messages, name.as_str().unwrap().to_owned()));
        read.insert("type".into(), name);
        assert_eq!(Value::from(read), expected, "{}", vector.name);
    }
    let count =
        |messages: &str| description["types"][messages]["variants"].as_array().unwrap().len();
    assert_eq!(seen.len(), count("client_message") + count("server_message"), "{seen:?}");
}

/// Fields that have a default may be left out, and mean just that; the others may not.
#[test]
fn the_defaults_are_those_that_are_described() {
    let description = describe();
    let variants = description["types"]["client_message"]["variants"].as_array().unwrap();
    for vector in vectors::load().messages.iter().filter(|vector| vector.from == Side::Client) {
        let encoded = vector.message().encode(Codec::Json, false).payload;
        let message: Value = serde_json::from_slice(&encoded).unwrap();
        let variant = variants.iter().find(|v| v["name"] == message["type"]).unwrap();
        let fields = match &variant["values"][0] {
            Value::String(name) => &description["types"][name]["fields"],
            _ => &variant["fields"],
        };
        for field in fields.as_array().into_iter().flatten() {
            let name = field["name"].as_str().unwrap();
            let mut less = message.clone();
            less.as_object_mut().unwrap().remove(name);
            let decode = |message: &Value| {
                let payload = message.to_string().into_bytes();
                Any::decode(Side::Client, Codec::Json, &Encoded { text: true, payload })
            };
            let mut said = message.clone();
            said[name] = field["default"].clone();
            match field.get("default") {
                Some(_) => assert_eq!(decode(&less), Ok(decode(&said).unwrap()), "{name}"),
                // What may be nothing may be left out, too.
                None if field["type"].as_str().unwrap().ends_with('?') => {}
                None => assert!(decode(&less).is_err(), "{name} of {message}"),
            }
        }
    }
}
