//! What decoding takes, counted by the allocator: it stays within the bound whatever comes, in both codecs
//! and from both sides.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use super::decode::memory;
use super::vectors::Side;
use super::*;
use crate::sync::protocol::values::Octets;

/// Counts what each thread has allocated and not freed.
struct Counting;

thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that ends frees without being counted.
    let _ = NOW.try_with(|now| {
        now.set(now.get() + bytes);
        PEAK.with(|peak| peak.set(peak.get().max(now.get())));
    });
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }

    // `realloc` is that of the trait: the old memory and the new are there at once.
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that was allocated at once while it ran, in bytes.
fn peak<T>(run: impl FnOnce() -> T) -> usize {
    let before = NOW.get();
    PEAK.set(before);
    let result = run();
    let peak = PEAK.get() - before;
    drop(result);
    usize::try_from(peak).unwrap()
}

/// Runs it; it may allocate so many bytes at once.
pub(super) fn within(run: &mut dyn FnMut(), allowed: usize) {
    let peak = peak(run);
    assert!(peak <= allowed, "{peak} bytes, {allowed} are allowed");
}

/// Errors, and what a message has once: boxes, the scanner's and the decoder's own memory.
const CONSTANT: usize = 8 << 10;
/// The state of an inflater.
const INFLATER: usize = 64 << 10;

/// Decodes and checks the bound: what lists and strings may take, and for a JSON string with escapes up to
/// three times its length, since the decoder unescapes it into a buffer that grows.
#[track_caller]
fn bounded(side: Side, codec: Codec, plain: &[u8], escaped: usize) -> bool {
    let frame = [&codec.header(0, plain.len()), plain].concat();
    let incoming = match codec {
        Codec::Json => Incoming::Text(std::str::from_utf8(plain).unwrap()),
        Codec::Bincode => Incoming::Binary(&frame),
    };
    let mut is_accepted = false;
    let (peak, allowed) = match side {
        Side::Client => (
            peak(|| {
                let decoded = codec.decode_client(incoming, 4 << 20);
                is_accepted = decoded.is_ok();
                decoded
            }),
            memory::<ClientMessage>(plain.len()),
        ),
        Side::Server => (
            peak(|| {
                let decoded = codec.decode_server(incoming, 16 << 20);
                is_accepted = decoded.is_ok();
                decoded
            }),
            memory::<ServerMessage>(plain.len()),
        ),
    };
    let bound = allowed + 3 * escaped + CONSTANT;
    let start = String::from_utf8_lossy(&plain[..plain.len().min(80)]).into_owned();
    assert!(peak <= bound, "{peak} bytes, {bound} are allowed: {start}");
    is_accepted
}

/// A value repeated to some bytes in an array.
fn list(value: &str, bytes: usize) -> String {
    format!("[{}]", vec![value; bytes / (value.len() + 1)].join(","))
}

const BYTES: [usize; 3] = [900, 30_000, 300_000];

#[test]
fn unknown_fields_cost_nothing() {
    let names = "hello ack attach detach credit input batch spawn change subscribe watch remove_watch search \
                 query snapshot ping cancel";
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    for bytes in BYTES {
        let unknown = [
            list("[]", bytes),
            list("{}", bytes),
            list(r#""""#, bytes),
            list("0", bytes),
            list(&deep, bytes),
            list(r#"{"a":{"b":[1,2,{}]}}"#, bytes),
            format!(r#""{}""#, "x".repeat(bytes)),
            format!(r#""{}""#, r"\u0001".repeat(bytes / 6)),
            "1".repeat(bytes),
        ];
        for name in names.split_whitespace() {
            for value in &unknown {
                for text in [
                    format!(r#"{{"type":"{name}","new":{value}}}"#),
                    format!(r#"{{"new":{value},"type":"{name}"}}"#),
                    format!(
                        r#"{{"type":"{name}","id":1,"terminal":1,"ops":[],"collections":[],"version":1,"offset":1,"mutation":1,"data":"","new":{value}}}"#
                    ),
                ] {
                    bounded(Side::Client, Codec::Json, text.as_bytes(), 0);
                    // Skipped, it takes next to nothing.
                    let skipped =
                        peak(|| Codec::Json.decode_client(Incoming::Text(&text), 4 << 20));
                    assert!(skipped < 16 << 10, "{skipped} bytes: {}", &text[..80]);
                }
            }
        }
    }
}

#[test]
fn lists_maps_and_strings_stay_within_the_bound() {
    for bytes in BYTES {
        let client = [
            ("batch", r#""id":1,"ops":"#, list(r#"{"terminal":0,"op":"eof"}"#, bytes)),
            ("batch", r#""id":1,"ops":"#, list(r#"{"terminal":0,"op":{"input":"a"}}"#, bytes)),
            (
                "batch",
                r#""id":1,"ops":"#,
                list(r#"{"terminal":0,"op":{"input":{"bytes":"/w=="}}}"#, bytes),
            ),
            (
                "change",
                r#""mutation":1,"ops":"#,
                list(r#"{"change":{"remove_pane":{"id":""}}}"#, bytes),
            ),
            (
                "change",
                r#""mutation":1,"ops":"#,
                list(r#"{"change":{"put_pane":{"id":"","session":"","metadata":{"":""}}}}"#, bytes),
            ),
            ("subscribe", r#""collections":"#, list(r#""files""#, bytes)),
            ("hello", r#""attach":"#, list(r#"{"terminal":1}"#, bytes)),
            ("input", r#""terminal":1,"data":"#, format!(r#""{}""#, "x".repeat(bytes))),
            (
                "input",
                r#""terminal":1,"data":"#,
                format!(r#"{{"bytes":"{}"}}"#, "/w==".repeat(bytes / 4)),
            ),
        ];
        for (name, fields, value) in client {
            let text = format!(r#"{{"type":"{name}",{fields}{value}}}"#);
            bounded(Side::Client, Codec::Json, text.as_bytes(), 0);
        }
        let metadata: Vec<String> = (0..bytes / 12).map(|n| format!(r#""{n:x}":"""#)).collect();
        let session = |panes: &str, metadata: &str| {
            let put = format!(r#"{{"id":"","name":"","panes":{panes},"metadata":{metadata}}}"#);
            format!(
                r#"{{"type":"change","mutation":1,"ops":[{{"change":{{"put_session":{put}}}}}]}}"#
            )
        };
        for text in [
            session(&list(r#""""#, bytes), "{}"),
            session("[]", &format!("{{{}}}", metadata.join(","))),
        ] {
            bounded(Side::Client, Codec::Json, text.as_bytes(), 0);
        }
        let escaped =
            format!(r#"{{"type":"input","terminal":1,"data":"{}"}}"#, r"\n".repeat(bytes / 2));
        bounded(Side::Client, Codec::Json, escaped.as_bytes(), bytes / 2);
        let server = [list("null", bytes), list(r#"{"code":"limit","message":""}"#, bytes)];
        for value in server {
            let text = format!(r#"{{"type":"result","id":1,"outcome":{{"statuses":{value}}}}}"#);
            bounded(Side::Server, Codec::Json, text.as_bytes(), 0);
        }
    }
}

#[test]
fn errors_keep_nothing_of_what_they_quote() {
    for bytes in BYTES {
        let long = r"\u0001".repeat(bytes / 6);
        let wrong = [
            format!(r#"{{"type":"{long}"}}"#),
            format!(r#"{{"{long}":1}}"#),
            format!(r#""{long}""#),
            format!(r#"["{long}"]"#),
            format!(r#"{{"type":"ping","id":"{long}"}}"#),
            format!(r#"{{"type":"hello","compress":"{long}"}}"#),
            format!(r#"{{"type":"hello","attach":"{long}"}}"#),
            format!(r#"{{"type":"hello","resume":"{long}"}}"#),
            format!(r#"{{"type":"attach","terminal":1,"mode":"{long}"}}"#),
            format!(r#"{{"type":"attach","terminal":1,"start":{{"{long}":1}}}}"#),
            format!(r#"{{"type":"attach","terminal":1,"start":{{"now":"{long}"}}}}"#),
            format!(
                r#"{{"type":"batch","id":1,"ops":[{{"terminal":1,"op":{{"resize":"{long}"}}}}]}}"#
            ),
            format!(r#"{{"type":"batch","id":1,"ops":["{long}"]}}"#),
            format!(r#"{{"type":"change","mutation":1,"ops":[{{"change":"{long}"}}]}}"#),
            format!(r#"{{"type":"input","terminal":1,"data":{{"{long}":1}}}}"#),
        ];
        for text in wrong {
            assert!(!bounded(Side::Client, Codec::Json, text.as_bytes(), long.len()), "{text:.80}");
            bounded(Side::Server, Codec::Json, text.as_bytes(), long.len());
        }
    }
}

#[test]
fn any_bytes_behind_any_number_stay_within_the_bound() {
    let fills: [&[u8]; 9] = [
        &[0],
        &[1],
        &[2],
        &[3],
        &[0, 1],
        &[1, 0, 0],
        &[1, 97],
        &[0, 4],
        &[2, 1, 0, 0, 0, 0, 1, 0, 0],
    ];
    let counts: [&[u8]; 4] =
        [&[], &[251, 255, 255], &[252, 0, 0, 4, 0], &[253, 255, 255, 255, 255, 255, 255, 255, 255]];
    for bytes in [900, 10_000] {
        for fill in fills {
            let tail: Vec<u8> = fill.iter().copied().cycle().take(bytes).collect();
            for count in counts {
                for skipped in 0..6 {
                    for number in 0..17 {
                        let payload = [&[number], &vec![0; skipped][..], count, &tail].concat();
                        bounded(Side::Client, Codec::Bincode, &payload, 0);
                        bounded(Side::Server, Codec::Bincode, &payload, 0);
                    }
                }
            }
        }
    }
}

#[test]
fn inflating_takes_what_comes_out() {
    for length in [100_000, 4 << 20] {
        let message = ClientMessage::Input { terminal: 1, data: Octets(vec![b'x'; length - 100]) };
        for codec in Codec::EACH {
            let encoded = codec.encode_client(&message, true);
            let incoming = Incoming::Binary(&encoded.payload);
            let peak = peak(|| codec.decode_client(incoming, 4 << 20).unwrap());
            // The buffer grows once more at most when it is half full.
            let bound = length + length / 2 + length + INFLATER + CONSTANT;
            assert!(peak <= bound, "{peak} bytes, {bound} are allowed");
        }
    }
}
