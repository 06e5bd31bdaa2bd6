//! What attackers send: frames that are small on the wire and expensive to whoever takes them apart.
//!
//! Each is made from `docs/PROTOCOL.md` at its first use and shared from then on, so that any number of
//! attackers has one copy and a process that holds both sides can be measured.

#![allow(dead_code)] // Every test binary uses another part of it.

use std::sync::OnceLock;

use serde_json::json;

use super::raw::SCHEMA;
use super::raw::{BINARY, CONTINUATION, FIN, PING, TEXT, bincode_frame, deflate, frame, header};

/// Bytes of the largest message, inflated.
pub(crate) const INFLATED: usize = 4 << 20;
/// Bytes of the largest message on the wire.
pub(crate) const MESSAGE: usize = 1 << 20;

/// A frame, or several.
pub(crate) type Payload = fn() -> &'static [u8];

fn once(cell: &'static OnceLock<Vec<u8>>, make: impl FnOnce() -> Vec<u8>) -> &'static [u8] {
    cell.get_or_init(make)
}

/// A message in JSON as a compressed frame.
pub(crate) fn compressed_json(text: &[u8]) -> Vec<u8> {
    let mut payload = vec![2, 1, 0, 0];
    payload.extend_from_slice(&(text.len() as u32).to_le_bytes());
    payload.extend(deflate(text));
    payload
}

/// A message in bincode as a compressed payload.
fn compressed_bincode(message: &[u8]) -> Vec<u8> {
    let mut payload = vec![1, 1, b'O', b'F'];
    payload.extend_from_slice(&SCHEMA.to_le_bytes());
    payload.extend_from_slice(&(message.len() as u32).to_le_bytes());
    payload.extend(deflate(message));
    payload
}

/// `begin`, then `piece` as often as it fits into `bytes`, then `end`. The last byte of a piece, a comma, is
/// left out of the last one.
pub(crate) fn filled(begin: &str, piece: &str, end: &str, bytes: usize) -> Vec<u8> {
    let count = (bytes - begin.len() - end.len()) / piece.len();
    let mut text = begin.as_bytes().to_vec();
    text.extend_from_slice(piece.repeat(count).as_bytes());
    if piece.ends_with(',') {
        text.pop();
    }
    text.extend_from_slice(end.as_bytes());
    text
}

fn compressed_frame(text: &[u8]) -> Vec<u8> {
    frame(FIN | BINARY, &compressed_json(text))
}

/// 64 KiB of empty continuation frames, none of them the last of its message.
pub(crate) fn empty_fragments() -> &'static [u8] {
    static CELL: OnceLock<Vec<u8>> = OnceLock::new();
    once(&CELL, || frame(CONTINUATION, b"").repeat((64 << 10) / 6))
}

/// The same from a server, which does not mask.
pub(crate) fn empty_fragments_of_a_server() -> &'static [u8] {
    static CELL: OnceLock<Vec<u8>> = OnceLock::new();
    once(&CELL, || [CONTINUATION, 0].repeat(32 << 10))
}

/// 64 KiB of pings that are control frames.
pub(crate) fn control_pings() -> &'static [u8] {
    static CELL: OnceLock<Vec<u8>> = OnceLock::new();
    once(&CELL, || frame(FIN | PING, b"").repeat((64 << 10) / 6))
}

/// A ping with a field that nobody knows: a string of 4 MiB, 4 KiB on the wire.
pub(crate) fn padded_ping() -> &'static [u8] {
    static CELL: OnceLock<Vec<u8>> = OnceLock::new();
    once(&CELL, || {
        compressed_frame(&filled(r#"{"type":"ping","id":1,"x":""#, "a", r#""}"#, INFLATED))
    })
}

/// A ping with a field that nobody knows: two million empty arrays.
pub(crate) fn nested_arrays() -> &'static [u8] {
    static CELL: OnceLock<Vec<u8>> = OnceLock::new();
    once(&CELL, || {
        compressed_frame(&filled(r#"{"type":"ping","id":1,"x":["#, "[],", "]}", INFLATED))
    })
}

/// Input of 4 MiB for a terminal that does not exist, in bincode.
pub(crate) fn padded_input_bincode() -> &'static [u8] {
    static CELL: OnceLock<Vec<u8>> = OnceLock::new();
    once(&CELL, || {
        let bytes = INFLATED - 64;
        let mut message = vec![5, 1, 252];
        message.extend_from_slice(&(bytes as u32).to_le_bytes());
        message.resize(message.len() + bytes, b'a');
        frame(FIN | BINARY, &compressed_bincode(&message))
    })
}

/// A session with as many panes without a name as a message of 4 MiB holds, in bincode.
pub(crate) fn empty_strings_bincode() -> &'static [u8] {
    static CELL: OnceLock<Vec<u8>> = OnceLock::new();
    once(&CELL, || {
        let count = INFLATED - 64;
        // A change of one operation: a session with an id and no name.
        let mut message = vec![8, 1, 1, 0, 1, b's', 0, 252];
        message.extend_from_slice(&(count as u32).to_le_bytes());
        message.resize(message.len() + count, 0);
        message.extend_from_slice(&[0, 0]);
        frame(FIN | BINARY, &compressed_bincode(&message))
    })
}

const PUT_SESSION: &str = r#"{"type":"change","mutation":1,"ops":[{"change":{"put_session":{"id":"s","name":"","panes":["#;

/// A session with a million panes without a name.
pub(crate) fn empty_strings() -> &'static [u8] {
    static CELL: OnceLock<Vec<u8>> = OnceLock::new();
    once(&CELL, || {
        compressed_frame(&filled(PUT_SESSION, r#""","#, r#"],"metadata":{}}}}]}"#, INFLATED))
    })
}

/// A session with metadata of 300,000 names.
pub(crate) fn metadata() -> &'static [u8] {
    static CELL: OnceLock<Vec<u8>> = OnceLock::new();
    once(&CELL, || {
        let begin = format!(r#"{PUT_SESSION}],"metadata":{{"#);
        let mut text = begin.into_bytes();
        for n in 0.. {
            let entry = format!(r#""{n:x}":"","#);
            if text.len() + entry.len() + 8 > INFLATED {
                break;
            }
            text.extend_from_slice(entry.as_bytes());
        }
        text.pop();
        text.extend_from_slice(b"}}}}]}");
        compressed_frame(&text)
    })
}

/// A batch of 380,000 operations on a terminal that does not exist; structures as arrays, which are shorter.
pub(crate) fn huge_batch() -> &'static [u8] {
    static CELL: OnceLock<Vec<u8>> = OnceLock::new();
    once(&CELL, || {
        let text = format!(
            r#"{{"type":"batch","id":1,"ops":[{}[0,"eof"]]}}"#,
            r#"[0,"eof"],"#.repeat(379_999)
        );
        compressed_frame(text.as_bytes())
    })
}

/// A batch of 15,000 operations, each on another terminal that does not exist, as an honest client writes it.
pub(crate) fn batch_of_15_000(id: u64) -> Vec<u8> {
    let ops = (1_u64 << 30..).take(15_000).map(|n| json!({"terminal": n, "op": "eof"}));
    let batch = json!({"type": "batch", "id": id, "ops": ops.collect::<Vec<_>>()});
    frame(FIN | TEXT, batch.to_string().as_bytes())
}

/// A change set at its bounds: 1,024 operations, 1,023 of them panes with half a KiB of title and metadata.
pub(crate) fn change_set() -> &'static [u8] {
    static CELL: OnceLock<Vec<u8>> = OnceLock::new();
    once(&CELL, || {
        let session = json!({"id": "full", "name": "", "panes": [], "metadata": {}});
        let mut ops = vec![json!({"change": {"put_session": session}})];
        for n in 0..1023 {
            let (title, metadata) = ("t".repeat(400), json!({"a": "b".repeat(100)}));
            let pane = json!({"id": format!("p{n}"), "session": "full", "title": title,
                "metadata": metadata});
            ops.push(json!({"change": {"put_pane": pane}}));
        }
        let text = json!({"type": "change", "mutation": 1, "ops": ops}).to_string();
        frame(FIN | TEXT, text.as_bytes())
    })
}

/// A message of 1 MiB but for its last byte.
pub(crate) fn unfinished() -> &'static [u8] {
    static CELL: OnceLock<Vec<u8>> = OnceLock::new();
    once(&CELL, || {
        let mut bytes = header(FIN | TEXT, MESSAGE as u64);
        bytes.resize(bytes.len() + MESSAGE - 1, b' ');
        bytes
    })
}

/// Changes, batches and searches that a token which may only observe does not allow, and that are as large
/// as a message may be: three frames.
pub(crate) fn forbidden() -> &'static [u8] {
    static CELL: OnceLock<Vec<u8>> = OnceLock::new();
    once(&CELL, || [empty_strings(), metadata(), huge_batch()].concat())
}

/// A search.
pub(crate) fn search(id: u64, terminal: u64, pattern: &str, max: u32) -> Vec<u8> {
    let message = json!({"type": "search", "id": id, "terminal": terminal, "pattern": pattern,
        "regex": true, "ignore_case": true, "max": max});
    frame(FIN | TEXT, message.to_string().as_bytes())
}

/// An expression that takes long to compile; each number gives another one.
pub(crate) fn slow_to_compile(n: u64) -> String {
    format!(r"\w{{{}}}[^x]{{40}}z{n}", 20 + n % 10)
}

/// An expression that looks through the rest of a line for each match: quadratic.
pub(crate) fn slow_to_run(n: u64) -> String {
    format!("a.*z{n}|a")
}

/// A JSON message of 16 MiB from a server, compressed: a pong with a field that nobody knows.
pub(crate) fn large_pong() -> &'static [u8] {
    static CELL: OnceLock<Vec<u8>> = OnceLock::new();
    once(&CELL, || {
        let text = filled(r#"{"type":"pong","id":1,"x":["#, "[],", "]}", 16 << 20);
        server_frame(FIN | BINARY, &compressed_json(&text))
    })
}

/// A frame of a server: not masked.
pub(crate) fn server_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first, payload.len() as u64);
    frame[1] &= 0x7f;
    frame.truncate(frame.len() - 4);
    frame.extend_from_slice(payload);
    frame
}

/// A message in bincode, for those who do not want to know of envelopes.
pub(crate) fn bincode(message: &[u8]) -> Vec<u8> {
    frame(FIN | BINARY, &bincode_frame(message))
}

/// Makes all of them, so that what they take is there before memory is measured.
pub(crate) fn prepare() {
    let all: [Payload; 14] = [
        empty_fragments,
        empty_fragments_of_a_server,
        control_pings,
        padded_ping,
        nested_arrays,
        padded_input_bincode,
        empty_strings_bincode,
        empty_strings,
        metadata,
        huge_batch,
        change_set,
        unfinished,
        forbidden,
        large_pong,
    ];
    for payload in all {
        payload();
    }
}
