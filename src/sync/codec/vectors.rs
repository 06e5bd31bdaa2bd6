//! `tests/vectors/messages.json`: the protocol by example, for clients in any language.
//!
//! The names and the JSON of the messages in it are written by hand; `ORCHFLOW_WRITE_VECTORS=1 cargo test
//! --lib sync::codec` fills in what follows from them; other tests may fail in that run, as they may still see the
//! old file. Without it the file must be what would be written.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::*;
use crate::sync::protocol::{
    Content, Exit, FileEntry, FileKind, PaneEntry, SessionEntry, SizePolicy, TerminalEntry,
};

/// Enough for every vector.
pub(super) const INFLATED_MAX: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Side {
    Client,
    Server,
}

/// A message and its forms.
#[derive(Deserialize)]
pub(super) struct MessageVector {
    pub(super) name: String,
    pub(super) from: Side,
    json: Value,
    /// The payload of the binary frame.
    #[serde(default)]
    bincode: String,
    /// Compressed, in the JSON codec.
    #[serde(default)]
    json_deflated: String,
    /// Compressed, in the bincode codec.
    #[serde(default)]
    bincode_deflated: String,
}

/// A frame of output or input.
#[derive(Deserialize)]
pub(super) struct FrameVector {
    name: String,
    from: Side,
    terminal: u64,
    offset: Option<u64>,
    bytes: String,
    #[serde(default)]
    frame: String,
}

/// An entry and its digest.
#[derive(Deserialize)]
struct DigestVector {
    collection: String,
    entry: Value,
}

#[derive(Deserialize)]
pub(super) struct Vectors {
    pub(super) messages: Vec<MessageVector>,
    pub(super) deflated: Vec<MessageVector>,
    frames: Vec<FrameVector>,
    digests: Vec<DigestVector>,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/messages.json")
}

pub(super) fn load() -> Vectors {
    serde_json::from_str(&std::fs::read_to_string(path()).unwrap()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}

/// A message of either side.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Any {
    Client(ClientMessage),
    Server(ServerMessage),
}

impl Any {
    pub(super) fn encode(&self, codec: Codec, compress: bool) -> Encoded {
        match self {
            Any::Client(message) => codec.encode_client(message, compress),
            Any::Server(message) => codec.encode_server(message, compress),
        }
    }

    pub(super) fn decode(side: Side, codec: Codec, encoded: &Encoded) -> Result<Any> {
        let incoming = match encoded.text {
            true => Incoming::Text(std::str::from_utf8(&encoded.payload).unwrap()),
            false => Incoming::Binary(&encoded.payload),
        };
        Ok(match side {
            Side::Client => match codec.decode_client(incoming, INFLATED_MAX)? {
                FromClient::Message(message) => Any::Client(message),
                other => panic!("not a message: {other:?}"),
            },
            Side::Server => match codec.decode_server(incoming, INFLATED_MAX)? {
                FromServer::Message(message) => Any::Server(message),
                other => panic!("not a message: {other:?}"),
            },
        })
    }

    pub(super) fn side(&self) -> Side {
        match self {
            Any::Client(_) => Side::Client,
            Any::Server(_) => Side::Server,
        }
    }
}

impl MessageVector {
    pub(super) fn message(&self) -> Any {
        let encoded = Encoded { text: true, payload: self.json.to_string().into_bytes() };
        Any::decode(self.from, Codec::Json, &encoded).expect(&self.name)
    }

    /// The start of its line in the file.
    fn opening(&self, message: &Any) -> String {
        let text = message.encode(Codec::Json, false);
        assert!(text.text);
        let (text, from) = (String::from_utf8(text.payload).unwrap(), side(self.from));
        format!("{{\"name\": \"{}\", \"from\": \"{from}\", \"json\": {text}, ", self.name)
    }

    fn line(&self) -> String {
        let message = self.message();
        let frame = message.encode(Codec::Bincode, false);
        format!("{}\"bincode\": \"{}\"}}", self.opening(&message), hex(&frame.payload))
    }

    /// Other versions of the library may compress to other bytes: what is there stays if it is right.
    fn deflated_line(&self) -> String {
        let message = self.message();
        let form = |codec: Codec, committed: &str| {
            let committed = Encoded { text: false, payload: unhex(committed) };
            if Any::decode(self.from, codec, &committed).as_ref() == Ok(&message) {
                return hex(&committed.payload);
            }
            let encoded = message.encode(codec, true);
            assert!(!encoded.text, "{} is not compressed", self.name);
            hex(&encoded.payload)
        };
        format!(
            "{}\"json_deflated\": \"{}\", \"bincode_deflated\": \"{}\"}}",
            self.opening(&message),
            form(Codec::Json, &self.json_deflated),
            form(Codec::Bincode, &self.bincode_deflated),
        )
    }
}

impl FrameVector {
    fn line(&self) -> String {
        let header = match self.offset {
            Some(offset) => output_header(self.terminal, offset).to_vec(),
            None => input_header(self.terminal).to_vec(),
        };
        let offset = self.offset.map_or(String::new(), |offset| format!("\"offset\": {offset}, "));
        format!(
            "{{\"name\": \"{}\", \"from\": \"{}\", \"terminal\": {}, {offset}\"bytes\": \"{}\", \"frame\": \"{}{}\"}}",
            self.name,
            side(self.from),
            self.terminal,
            self.bytes,
            hex(&header),
            self.bytes
        )
    }
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}

/// FNV-1a-64 over fields, each behind its length: written from the manual, apart from the state's own.
struct Fields(u64);

impl Fields {
    fn field(&mut self, field: impl AsRef<[u8]>) {
        let field = field.as_ref();
        let length = u32::try_from(field.len()).unwrap().to_le_bytes();
        for byte in length.iter().chain(field) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn each<T: ToString>(&mut self, fields: impl IntoIterator<Item = T>) {
        fields.into_iter().for_each(|field| self.field(field.to_string()));
    }

    fn metadata(&mut self, metadata: &std::collections::BTreeMap<String, String>) {
        self.each([metadata.len()]);
        for (key, value) in metadata {
            self.each([key, value]);
        }
    }

    fn session(&mut self, e: &SessionEntry) {
        self.each(["session", &e.id, &e.version.to_string(), &e.name]);
        self.each([e.panes.len()]);
        self.each(&e.panes);
        self.metadata(&e.metadata);
    }

    fn pane(&mut self, e: &PaneEntry) {
        self.each(["pane", &e.id, &e.version.to_string(), &e.session, &e.title]);
        match &e.content {
            Content::Empty => self.each(["empty", ""]),
            Content::Terminal(id) => self.each(["terminal", &id.to_string()]),
            Content::File(path) => {
                self.field("file");
                self.field(&path.0);
            }
            Content::Custom(name) => self.each(["custom", name]),
        }
        self.metadata(&e.metadata);
    }

    fn terminal(&mut self, e: &TerminalEntry) {
        self.each(["terminal", &e.id.to_string(), &e.version.to_string(), &e.title]);
        self.field(e.cwd.as_ref().map_or(&[][..], |cwd| &cwd.0));
        self.each([e.cols, e.rows]);
        self.field(e.pid.map_or(String::new(), |pid| pid.to_string()));
        self.each([u8::from(e.running)]);
        self.field(match e.exit {
            None => String::new(),
            Some(Exit::Code(code)) => format!("code:{code}"),
            Some(Exit::Signal(signal)) => format!("signal:{signal}"),
            Some(Exit::Unknown) => "unknown".into(),
        });
        self.each([e.closing, e.screen].map(u8::from));
        self.field(&e.program.0);
        self.field(e.last_exit.map_or(String::new(), |code| code.to_string()));
        self.each([u8::from(e.hidden_input)]);
        self.field(match e.size_policy {
            SizePolicy::Latest => "latest",
            SizePolicy::Smallest => "smallest",
            SizePolicy::Fixed => "fixed",
        });
    }

    fn file(&mut self, e: &FileEntry) {
        self.field("file");
        self.each([e.watch, e.id.0, e.version, e.parent.0]);
        self.field(&e.name.0);
        self.field(match e.kind {
            FileKind::File => "file",
            FileKind::Directory => "directory",
            FileKind::Symlink => "symlink",
            FileKind::Other => "other",
        });
        self.each([e.size]);
        self.each([e.modified_us]);
        self.each([e.mode, u16::from(e.ignored)]);
    }
}

impl DigestVector {
    /// The digest and the entry as it is written.
    fn digest(&self) -> (u64, String) {
        fn parse<T: for<'a> Deserialize<'a> + Serialize>(entry: &Value) -> (T, String) {
            let entry = serde_json::from_value(entry.clone()).unwrap();
            let text = serde_json::to_string(&entry).unwrap();
            (entry, text)
        }
        let mut fields = Fields(0xcbf2_9ce4_8422_2325);
        let text = match self.collection.as_str() {
            "sessions" => {
                let (entry, text) = parse(&self.entry);
                fields.session(&entry);
                text
            }
            "panes" => {
                let (entry, text) = parse(&self.entry);
                fields.pane(&entry);
                text
            }
            "terminals" => {
                let (entry, text) = parse(&self.entry);
                fields.terminal(&entry);
                text
            }
            _ => {
                let (entry, text) = parse(&self.entry);
                fields.file(&entry);
                text
            }
        };
        (fields.0, text)
    }
}

/// The file as it should be.
fn written(vectors: &Vectors) -> String {
    let mut hash = 0u64;
    let digests = vectors.digests.iter().map(|vector| {
        let (digest, entry) = vector.digest();
        hash = hash.wrapping_add(digest);
        let collection = &vector.collection;
        format!("{{\"collection\": \"{collection}\", \"digest\": \"{digest:016x}\", \"entry\": {entry}}}")
    });
    let sections: [(&str, Vec<String>); 4] = [
        ("digests", digests.collect()),
        ("messages", vectors.messages.iter().map(MessageVector::line).collect()),
        ("deflated", vectors.deflated.iter().map(MessageVector::deflated_line).collect()),
        ("frames", vectors.frames.iter().map(FrameVector::line).collect()),
    ];
    let mut text = format!("{{\n  \"schema\": \"{SCHEMA:08x}\",\n  \"hash\": \"{hash:016x}\"");
    for (name, lines) in sections {
        write!(text, ",\n  \"{name}\": [\n    {}\n  ]", lines.join(",\n    ")).unwrap();
    }
    text + "\n}\n"
}

#[test]
fn vectors_are_up_to_date() {
    let written = written(&load());
    if std::env::var_os("ORCHFLOW_WRITE_VECTORS").is_some() {
        std::fs::write(path(), &written).unwrap();
    }
    let committed = std::fs::read_to_string(path()).unwrap();
    for (committed, written) in committed.lines().zip(written.lines()) {
        assert_eq!(committed, written, "if this is meant: ORCHFLOW_WRITE_VECTORS=1");
    }
    assert_eq!(committed.len(), written.len());
}

#[test]
fn messages_decode_the_same_from_both_codecs() {
    let vectors = load();
    let mut seen = BTreeSet::new();
    for vector in &vectors.messages {
        let message = vector.message();
        let frame = Encoded { text: false, payload: unhex(&vector.bincode) };
        let text = Encoded { text: true, payload: vector.json.to_string().into_bytes() };
        for (codec, encoded) in [(Codec::Bincode, &frame), (Codec::Json, &text)] {
            let decoded = Any::decode(vector.from, codec, encoded);
            assert_eq!(decoded.as_ref(), Ok(&message), "{} in {codec:?}", vector.name);
        }
        // What is written by hand is what is encoded, so no field has been ignored.
        let encoded = message.encode(Codec::Json, false).payload;
        assert_eq!(
            serde_json::from_slice::<Value>(&encoded).unwrap(),
            vector.json,
            "{}",
            vector.name
        );
        seen.insert((side(vector.from), frame.payload[BINCODE_HEADER]));
    }
    for vector in &vectors.deflated {
        for (codec, frame) in
            [(Codec::Json, &vector.json_deflated), (Codec::Bincode, &vector.bincode_deflated)]
        {
            let encoded = Encoded { text: false, payload: unhex(frame) };
            let decoded = Any::decode(vector.from, codec, &encoded);
            assert_eq!(decoded, Ok(vector.message()), "{} in {codec:?}", vector.name);
        }
    }
    let all = (0..23).map(|index| ("client", index)).chain((0..16).map(|index| ("server", index)));
    assert_eq!(seen, all.collect(), "there is a vector for every message");
}

#[test]
fn frames_of_terminals_decode() {
    for vector in load().frames {
        let (frame, bytes) = (unhex(&vector.frame), unhex(&vector.bytes));
        let (incoming, terminal) = (Incoming::Binary(&frame), vector.terminal);
        for codec in Codec::EACH {
            match vector.offset {
                Some(offset) => assert_eq!(
                    codec.decode_server(incoming, 0),
                    Ok(FromServer::Output { terminal, offset, bytes: &bytes }),
                ),
                None => assert_eq!(
                    codec.decode_client(incoming, 0),
                    Ok(FromClient::Input { terminal, bytes: &bytes }),
                ),
            }
        }
    }
}
