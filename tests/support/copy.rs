//! A client's copy of the state, with a hash of its own making, as `docs/PROTOCOL.md` defines it.

#![allow(dead_code)] // Every test binary uses another part of it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The collections, in the order of the protocol.
const COLLECTIONS: [&str; 4] = ["sessions", "panes", "terminals", "files"];

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Copy {
    /// Entries by collection and id.
    entries: BTreeMap<(&'static str, String), Value>,
    /// The last complete version.
    pub(crate) epoch: u64,
    pub(crate) n: u64,
    is_between: bool,
}

impl Copy {
    pub(crate) fn entry(&self, collection: &'static str, id: &str) -> Option<&Value> {
        self.entries.get(&(collection, id.to_owned()))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What `hello.resume` says.
    pub(crate) fn resume(&self) -> Value {
        json!({"epoch": self.epoch, "n": self.n})
    }

    /// Applies a part of a diff, checks what can be checked, and says whether it was the last.
    pub(crate) fn apply(&mut self, diff: &Value) -> bool {
        if diff["full"] == true {
            assert_eq!(diff["from"], 0, "{diff}");
            self.entries.clear();
            (self.epoch, self.n) = (diff["epoch"].as_u64().unwrap(), 0);
        }
        assert_eq!(
            (diff["epoch"].as_u64(), diff["from"].as_u64()),
            (Some(self.epoch), Some(self.n))
        );
        for key in diff["removed"].as_array().unwrap() {
            let (kind, value) = key.as_object().unwrap().iter().next().unwrap();
            let collection = COLLECTIONS.iter().find(|name| name.trim_end_matches('s') == kind);
            let id = match value {
                Value::Object(_) => file_id(value),
                value => text(value),
            };
            self.entries.remove(&(*collection.unwrap(), id));
        }
        for collection in COLLECTIONS {
            for entry in diff[collection].as_array().unwrap() {
                let id = if collection == "files" { file_id(entry) } else { text(&entry["id"]) };
                self.entries.insert((collection, id), entry.clone());
            }
        }
        self.is_between = diff["more"] == true;
        if !self.is_between {
            self.n = diff["to"].as_u64().unwrap();
            if let Some(hash) = diff["hash"].as_str() {
                assert_eq!(hash, format!("{:016x}", self.hash()), "{diff}");
            }
        }
        !self.is_between
    }

    pub(crate) fn hash(&self) -> u64 {
        self.entries
            .iter()
            .map(|((collection, _), entry)| digest(collection, entry))
            .fold(0, u64::wrapping_add)
    }
}

fn file_id(entry: &Value) -> String {
    format!("{}/{}", entry["watch"], entry["id"].as_str().unwrap())
}

/// A scalar as the hash has it: a text as it is, a number in decimal, nothing for none.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(on) => u8::from(*on).to_string(),
        Value::String(text) => text.clone(),
        number => number.to_string(),
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    match value["bytes"].as_str() {
        Some(encoded) => STANDARD.decode(encoded).unwrap(),
        None => text(value).into_bytes(),
    }
}

/// The digest of an entry: FNV-1a of 64 bits over its fields.
pub(crate) fn digest(collection: &str, entry: &Value) -> u64 {
    let mut fields: Vec<Vec<u8>> = vec![collection.trim_end_matches('s').into()];
    let names: &[&str] = match collection {
        "sessions" => &["id", "version", "name", "panes", "metadata"],
        "panes" => &["id", "version", "session", "title", "content", "metadata"],
        "terminals" => &[
            "id",
            "version",
            "title",
            "cwd",
            "cols",
            "rows",
            "pid",
            "running",
            "exit",
            "closing",
            "screen",
            "program",
            "last_exit",
            "hidden_input",
            "size_policy",
        ],
        _ => &[
            "watch",
            "id",
            "version",
            "parent",
            "name",
            "kind",
            "size",
            "modified_us",
            "mode",
            "ignored",
        ],
    };
    for name in names {
        let value = &entry[*name];
        match *name {
            "panes" => {
                let panes = value.as_array().unwrap();
                fields.push(panes.len().to_string().into());
                fields.extend(panes.iter().map(bytes));
            }
            "metadata" => {
                let pairs: BTreeMap<_, _> = value.as_object().unwrap().iter().collect();
                fields.push(pairs.len().to_string().into());
                for (key, value) in pairs {
                    fields.extend([key.clone().into_bytes(), bytes(value)]);
                }
            }
            "content" => match value.as_object().and_then(|one| one.iter().next()) {
                Some((kind, value)) => fields.extend([kind.clone().into_bytes(), bytes(value)]),
                None => fields.extend([bytes(value), Vec::new()]),
            },
            "exit" => fields.push(match value.as_object().and_then(|one| one.iter().next()) {
                Some((kind, number)) => format!("{kind}:{number}").into(),
                None => bytes(value),
            }),
            _ => fields.push(bytes(value)),
        }
    }
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for field in fields {
        let length = (field.len() as u32).to_le_bytes();
        for byte in length.iter().chain(&field) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}
