//! Hostile messages in both codecs: well-formed WebSocket, and nothing that the server could mean.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/bystander.rs"]
mod bystander;
#[path = "support/client.rs"]
mod client;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/serving.rs"]
mod serving;

use bystander::Bystander;
use orchflow::{Config, Limits};
use raw::{BINARY, FIN, Raw, SCHEMA, TEXT, bincode_frame, bincode_hello, deflate};
use serde_json::json;
use serving::Serving;

const JSON: &str = "orchflow.v1.json";
const BINCODE: &str = "orchflow.v1.bincode";

/// A compressed message in JSON that claims this length.
fn deflated_json(claimed: usize, stream: &[u8]) -> Vec<u8> {
    [&[2, 1, 0, 0], &(claimed as u32).to_le_bytes()[..], stream].concat()
}

/// A compressed message in bincode that claims this length.
fn deflated_bincode(claimed: usize, stream: &[u8]) -> Vec<u8> {
    let schema = SCHEMA.to_le_bytes();
    [&[1, 1, b'O', b'F'], &schema[..], &(claimed as u32).to_le_bytes(), stream].concat()
}

/// What is wrong in a message alone is answered by an error, and the connection goes on.
#[test]
fn malformed_json_is_answered() {
    let serving = Serving::start(Config::default());
    let mut bystander = Bystander::new(&serving);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let fields = format!(r#"{{"type":"ping","id":1,"x":{deep}}}"#);
    let text = [
        "",
        " ",
        "hello",
        "null",
        "1",
        "[]",
        "{}",
        "{",
        "\"ping\"",
        "\u{feff}{}",
        r#"{"type":"ping"}"#,
        r#"{"type":"Ping","id":1}"#,
        r#"{"type":"welcome"}"#,
        r#"{"type":["ping"],"id":1}"#,
        r#"{"type":"ping","id":-1}"#,
        r#"{"type":"ping","id":1.5}"#,
        r#"{"type":"ping","id":"1"}"#,
        r#"{"type":"ping","id":18446744073709551616}"#,
        r#"{"type":"ping","id":1e400}"#,
        r#"{"type":"ping","id":1,"id":2}"#,
        r#"{"type":"ping","id":1}{"type":"ping","id":2}"#,
        r#"{"type":"ping","id":1} x"#,
        r#"{"type":"ping","id":NaN}"#,
        r#"{"type":"input","terminal":1,"data":{"bytes":"!"}}"#,
        r#"{"type":"input","terminal":1,"data":{"bytes":"AA==","x":1}}"#,
        r#"{"type":"input","terminal":1,"data":["AA=="]}"#,
        r#"{"type":"input","terminal":1,"data":"\ud800"}"#,
        r#"{"type":"attach","terminal":1,"mode":"everything"}"#,
        r#"{"type":"attach","terminal":1,"start":{"offset":-1}}"#,
        r#"{"type":"subscribe","collections":["secrets"]}"#,
        r#"{"type":"batch","id":1,"ops":{}}"#,
        r#"{"type":"batch","id":1,"ops":[{"terminal":1,"op":{"resize":{"cols":65536,"rows":1}}}]}"#,
        r#"{"type":"change","mutation":1,"ops":[{"change":{"put_file":{}}}]}"#,
        r#"{"type":"hello"}"#,
        &deep,
        &fields,
    ];
    let mut raw = Raw::enter(serving.address, &serving.token);
    for row in text {
        raw.frame(FIN | TEXT, row.as_bytes());
        answered_and_alive(&mut raw, &row[..row.len().min(80)]);
    }
    bystander.echoes();
}

#[test]
fn malformed_frames_of_either_codec_are_answered() {
    let serving = Serving::start(Config::default());
    let mut bystander = Bystander::new(&serving);
    let ping = br#"{"type":"ping","id":1}"#;
    let stream = deflate(ping);
    let mut cut = stream.clone();
    cut.pop();
    let table: Vec<(&str, Vec<u8>)> = vec![
        ("an empty frame", vec![]),
        ("a kind alone", vec![2]),
        ("an unknown kind", vec![0x7f; 40]),
        ("bincode in JSON", bincode_frame(&[15, 1])),
        ("output from a client", [&[0x10, 0][..], &[1; 20]].concat()),
        ("half of an input", vec![0x11, 0, 1, 0, 0]),
        ("input with flags", vec![0x11, 1, 1, 0, 0, 0, 0, 0, 0, 0, b'x']),
        ("unknown flags", [&[2, 3, 0, 0, 22, 0, 0, 0][..], &stream].concat()),
        ("no flag", [&[2, 0, 0, 0, 22, 0, 0, 0][..], ping].concat()),
        ("zeros that are none", [&[2, 1, 1, 0, 22, 0, 0, 0][..], &stream].concat()),
        ("a length too small", deflated_json(ping.len() - 1, &stream)),
        ("a length too large", deflated_json(ping.len() + 1, &stream)),
        ("a stream that is cut off", deflated_json(ping.len(), &cut)),
        ("bytes behind the stream", deflated_json(ping.len(), &[&stream[..], b"x"].concat())),
        ("no stream", deflated_json(4, b"\xff\xff\xff\xff")),
        ("no bytes", deflated_json(0, b"")),
        ("compressed nonsense", deflated_json(4, &deflate(b"nope"))),
        ("compressed bytes that are no text", deflated_json(3, &deflate(b"\"\xff\""))),
    ];
    let mut raw = Raw::enter(serving.address, &serving.token);
    for (row, bytes) in table {
        raw.frame(FIN | BINARY, &bytes);
        answered_and_alive(&mut raw, row);
    }
    bystander.echoes();
}

fn answered_and_alive(raw: &mut Raw, row: &str) {
    let answer = raw.next_json().expect(row);
    assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!("invalid")), "{row}");
    assert!(answer["message"].as_str().unwrap().len() <= 512, "{row}");
    raw.json(&json!({"type": "ping", "id": 77}));
    assert_eq!(raw.next_json().unwrap(), json!({"type": "pong", "id": 77}), "{row}");
}

#[test]
fn malformed_bincode_is_answered() {
    let serving = Serving::start(Config::default());
    let mut bystander = Bystander::new(&serving);
    let max = [0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let with = |head: &[u8], tail: &[u8]| [head, tail].concat();
    // A change of everything, cut off at each byte.
    let change =
        [&[8, 1, 1, 0, 1][..], b"s", &[4], b"name", &[1, 1], b"p", &[1, 1, b'k', 1, b'v', 1, 0]]
            .concat();
    let mut table: Vec<(String, Vec<u8>)> = (0..change.len())
        .map(|end| (format!("cut off after {end}"), change[..end].to_vec()))
        .collect();
    let rows: [(&str, Vec<u8>); 10] = [
        ("nothing", vec![]),
        ("an unknown message", vec![16]),
        ("a message of many bytes", with(&max, &[])),
        ("a second hello", bincode_hello("x")),
        ("bytes behind", vec![15, 1, 0]),
        ("an integer of 128 bits", vec![15, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("no integer", vec![15, 0xff]),
        ("a text of no UTF-8", vec![7, 1, 1, 0xff, 0, 0, 0]),
        ("a flag of two", vec![12, 1, 1, 1, b'x', 2, 0, 0]),
        ("a choice of many", vec![2, 1, 3, 0, 0]),
    ];
    table.extend(rows.map(|(row, bytes)| (row.to_string(), bytes)));
    let mut raw = Raw::enter_bincode(serving.address, &serving.token);
    for (row, message) in table {
        raw.frame(FIN | BINARY, &bincode_frame(&message));
        bincode_answered(&mut raw, &row);
    }
    // The envelope itself.
    let good = bincode_frame(&[15, 1]);
    for (row, at, byte) in [
        ("another kind", 0, 3),
        ("JSON in bincode", 0, 2),
        ("unknown flags", 1, 2),
        ("flags of another kind", 1, 0x80),
        ("no magic", 2, b'X'),
        ("half a magic", 3, b'X'),
        ("another length", 8, 3),
        ("a smaller length", 8, 1),
    ] {
        let mut frame = good.clone();
        frame[at] = byte;
        raw.frame(FIN | BINARY, &frame);
        bincode_answered(&mut raw, row);
    }
    (0..good.len()).for_each(|end| {
        raw.frame(FIN | BINARY, &good[..end]);
        bincode_answered(&mut raw, &format!("an envelope cut off after {end}"));
    });
    raw.frame(FIN | TEXT, br#"{"type":"ping","id":1}"#);
    bincode_answered(&mut raw, "text");
    bystander.echoes();
}

fn bincode_answered(raw: &mut Raw, row: &str) {
    let (_, answer) = raw.next_frame().expect(row);
    assert_eq!(answer[12..14], [10, 0], "an error: invalid; {row}");
    raw.frame(FIN | BINARY, &bincode_frame(&[15, 77]));
    assert_eq!(raw.next_frame().unwrap().1[12..], [11, 77], "{row}");
}

/// What closes the connection at once.
#[test]
fn messages_that_close() {
    let serving = Serving::start(Config::default());
    let mut bystander = Bystander::new(&serving);
    let bound = Limits::default().client_inflated_bytes;
    let large = vec![b' '; 4 * bound];
    let bomb = deflate(&large);
    let mut schema = bincode_frame(&[15, 1]);
    schema[4] ^= 1;
    let mut claims = bincode_frame(&[15, 1]);
    claims[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    let deep = deflated_json(bound, &deflate(&vec![b'['; bound]));
    type Row<'a> = (&'a str, &'a str, u16, Vec<u8>);
    let table: Vec<Row<'_>> = vec![
        ("a bomb that says so", JSON, 1009, deflated_json(large.len(), &bomb)),
        ("a bomb that says the most", JSON, 1009, deflated_json(u32::MAX as usize, &bomb)),
        ("a bomb in bincode", BINCODE, 1009, deflated_bincode(large.len(), &bomb)),
        ("a large claim", BINCODE, 1009, claims),
        ("another schema", BINCODE, 4007, schema),
    ];
    for (row, codec, code, bytes) in table {
        let mut raw = match codec {
            JSON => Raw::enter(serving.address, &serving.token),
            _ => Raw::enter_bincode(serving.address, &serving.token),
        };
        raw.frame(FIN | BINARY, &bytes);
        assert_eq!(raw.close_code(), Some(code), "{row}");
        bystander.echoes();
    }
    // Lengths of bincode that are not there: no memory is taken for them.
    let max = [0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let million = [0xfc, 0x40, 0x42, 0x0f, 0x00];
    for (row, head, length) in [
        ("a text of 2^64 bytes", &[7, 1][..], &max[..]),
        ("a text of a million bytes", &[7, 1], &million),
        ("data of 2^64 bytes", &[5, 1], &max),
        ("a list of 2^64 operations", &[6, 1], &max),
        ("a list of a million operations", &[6, 1], &million),
        ("2^64 collections", &[9], &max),
        ("2^64 metadata", &[8, 1, 1, 0, 1, b's', 0, 0], &max),
    ] {
        let mut raw = Raw::enter_bincode(serving.address, &serving.token);
        raw.frame(FIN | BINARY, &bincode_frame(&[head, length].concat()));
        assert_eq!(raw.close_code(), Some(1009), "{row}");
    }
    // Bombs that lie are found out at the byte that is too many.
    let mut raw = Raw::enter(serving.address, &serving.token);
    for (row, bytes) in [
        ("a bomb that says little", deflated_json(16, &bomb)),
        ("a bomb that says just what is allowed", deflated_json(bound, &bomb)),
        ("brackets without end", deep),
    ] {
        raw.frame(FIN | BINARY, &bytes);
        answered_and_alive(&mut raw, row);
    }
    bystander.echoes();
}

/// Before the hello everything is smaller, and nothing is forgiven.
#[test]
fn before_the_hello() {
    let serving = Serving::start(Config::default());
    let mut bystander = Bystander::new(&serving);
    let blank = |length| vec![b' '; length];
    let hello = |token: &str| json!({"type": "hello", "token": token}).to_string().into_bytes();
    let bomb = |length: usize| deflated_json(length, &deflate(&blank(length)));
    let binary = FIN | BINARY;
    let mut padded = hello(&serving.token);
    padded.resize(8 << 10, b' ');
    type Row<'a> = (&'a str, &'a str, u16, u8, Vec<u8>);
    let table: Vec<Row<'_>> = vec![
        ("a ping", JSON, 4003, FIN | TEXT, br#"{"type":"ping","id":1}"#.to_vec()),
        ("nonsense", JSON, 4003, FIN | TEXT, b"hello".to_vec()),
        ("an empty text", JSON, 4003, FIN | TEXT, vec![]),
        ("input", JSON, 4003, binary, vec![0x11, 0, 1, 0, 0, 0, 0, 0, 0, 0, b'x']),
        ("an unknown frame", JSON, 4003, binary, vec![9; 9]),
        ("a ping in bincode", BINCODE, 4003, binary, bincode_frame(&[15, 1])),
        ("half of a hello", BINCODE, 4003, binary, bincode_frame(&[0, 1, 43])),
        ("a hello in the other codec", BINCODE, 4003, FIN | TEXT, hello(&serving.token)),
        ("another schema", BINCODE, 4007, binary, {
            let mut frame = bincode_frame(&bincode_hello(&serving.token));
            frame[4] ^= 1;
            frame
        }),
        ("a large message", JSON, 1009, FIN | TEXT, blank((4 << 10) + 1)),
        ("a large claim", JSON, 1009, FIN | TEXT, blank(1 << 20)),
        ("a bomb", JSON, 1009, binary, bomb(1 << 20)),
        ("a small bomb", JSON, 1009, binary, bomb((4 << 10) + 1)),
        (
            "a hello that inflates",
            JSON,
            1009,
            binary,
            deflated_json(padded.len(), &deflate(&padded)),
        ),
        (
            "a bomb in bincode",
            BINCODE,
            1009,
            binary,
            deflated_bincode(1 << 20, &deflate(&blank(1 << 20))),
        ),
        ("no token", JSON, 4001, FIN | TEXT, br#"{"type":"hello"}"#.to_vec()),
        ("an empty token", JSON, 4001, FIN | TEXT, hello("")),
        ("a token of zeros", JSON, 4001, FIN | TEXT, hello(&"A".repeat(43))),
        ("a long token", JSON, 4001, FIN | TEXT, hello(&"A".repeat(3000))),
        ("no token in bincode", BINCODE, 4001, binary, bincode_frame(&bincode_hello(""))),
    ];
    for (row, codec, code, first, bytes) in table {
        let mut raw = Raw::upgrade(serving.address, codec);
        raw.frame(first, &bytes);
        assert_eq!(raw.close_code(), Some(code), "{row}");
        bystander.echoes();
    }
    // The largest hello that is taken.
    let mut largest = hello(&serving.token);
    largest.resize(4 << 10, b' ');
    let mut raw = Raw::upgrade(serving.address, JSON);
    raw.frame(FIN | TEXT, &largest);
    assert_eq!(raw.next_json().unwrap()["type"], "welcome");
}

#[test]
fn sixteen_malformed_messages_in_a_row_close() {
    let serving = Serving::start(Config::default());
    let mut bystander = Bystander::new(&serving);
    let mut raw = Raw::enter(serving.address, &serving.token);
    for _ in 0..4 {
        for _ in 0..15 {
            raw.frame(FIN | TEXT, b"nonsense");
            assert_eq!(raw.next_json().unwrap()["code"], "invalid");
        }
        raw.json(&json!({"type": "ping", "id": 1}));
        assert_eq!(raw.next_json().unwrap()["type"], "pong");
    }
    for _ in 0..15 {
        raw.frame(FIN | TEXT, b"nonsense");
        assert_eq!(raw.next_json().unwrap()["code"], "invalid");
    }
    raw.frame(FIN | TEXT, b"nonsense");
    assert_eq!(raw.close_code(), Some(4003));
    bystander.echoes();
}
