//! Payloads of an attacker: nothing panics, nothing is allocated for a length that is only claimed, and the error says in one line what is wrong.

use flate2::{Compress, Compression, FlushCompress, Status};

use super::decode::SMALL_PAYLOAD;
use super::deflate::Inflating;
use super::vectors::{self, Any, Side};
use super::*;

const MAX: usize = vectors::INFLATED_MAX;

/// Decodes for a side and looks at the error; whether it was accepted.
pub(super) fn accepts(
    side: Side,
    codec: Codec,
    incoming: Incoming<'_>,
) -> std::result::Result<(), DecodeError> {
    let result = match side {
        Side::Client => codec.decode_client(incoming, MAX).map(drop),
        Side::Server => codec.decode_server(incoming, MAX).map(drop),
    };
    if let Err(error) = &result {
        assert!(
            !error.message.is_empty() && error.message.len() <= ERROR_BYTES_MAX + '…'.len_utf8()
        );
        assert!(!error.message.contains(char::is_control), "{}", error.message);
    }
    result
}

pub(super) fn binary(codec: Codec, frame: &[u8]) -> std::result::Result<(), DecodeError> {
    accepts(Side::Client, codec, Incoming::Binary(frame))
}

pub(super) fn text(text: &str) -> std::result::Result<(), DecodeError> {
    accepts(Side::Client, Codec::Json, Incoming::Text(text))
}

#[track_caller]
pub(super) fn refused(
    result: std::result::Result<(), DecodeError>,
    kind: DecodeErrorKind,
    message: &str,
) {
    let error = result.expect_err("is accepted");
    assert_eq!(error.kind, kind, "{}", error.message);
    assert!(error.message.contains(message), "{} does not say {message}", error.message);
}

/// A frame of the bincode codec around a payload.
pub(super) fn frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = Codec::Bincode.header(0, payload.len());
    frame.extend(payload);
    frame
}

/// A compressed frame with a length as claimed.
fn deflated_frame(codec: Codec, length: usize, deflated: &[u8]) -> Vec<u8> {
    let mut frame = codec.header(DEFLATED, length);
    frame.extend(deflated);
    frame
}

/// Every vector in every form that a wire carries.
fn every_form() -> Vec<(Side, Codec, Encoded)> {
    let vectors = vectors::load();
    let mut forms = Vec::new();
    for vector in vectors.messages.iter().chain(&vectors.deflated) {
        for codec in Codec::EACH {
            let message = vector.message();
            let plain = message.encode(codec, false);
            let compressed = message.encode(codec, true);
            if compressed != plain {
                forms.push((vector.from, codec, compressed));
            }
            if plain.payload.len() < 2000 {
                forms.push((vector.from, codec, plain));
            }
        }
    }
    forms
}

#[test]
fn a_message_cut_off_anywhere_is_none() {
    for (side, codec, encoded) in every_form() {
        for end in 0..encoded.payload.len() {
            let cut = &encoded.payload[..end];
            let result = match (encoded.text, std::str::from_utf8(cut)) {
                (true, Ok(cut)) => accepts(side, codec, Incoming::Text(cut)),
                (true, Err(_)) => continue,
                (false, _) => accepts(side, codec, Incoming::Binary(cut)),
            };
            refused(result, DecodeErrorKind::Malformed, "");
            if end > BINCODE_HEADER && codec == Codec::Bincode && encoded.payload[1] == 0 {
                // Also when the header is right.
                refused(
                    accepts(side, codec, Incoming::Binary(&frame(&cut[BINCODE_HEADER..]))),
                    DecodeErrorKind::Malformed,
                    "ends too early",
                );
            }
        }
        let mut longer = encoded.payload.clone();
        longer.push(b'0');
        let result = match encoded.text {
            true => accepts(side, codec, Incoming::Text(std::str::from_utf8(&longer).unwrap())),
            false => accepts(side, codec, Incoming::Binary(&longer)),
        };
        refused(result, DecodeErrorKind::Malformed, "");
        if codec == Codec::Bincode && encoded.payload[1] == 0 {
            let result = accepts(side, codec, Incoming::Binary(&frame(&longer[BINCODE_HEADER..])));
            refused(result, DecodeErrorKind::Malformed, "1 bytes follow the message");
        }
    }
}

#[test]
fn a_wrong_bit_is_another_message_or_an_error() {
    for (side, codec, encoded) in every_form() {
        let mut payload = encoded.payload;
        for at in 0..payload.len() {
            let right = payload[at];
            let flips: &[u8] = if encoded.text { &[1, 32] } else { &[1, 2, 8, 64, 128, 255] };
            for wrong in flips.iter().map(|bits| right ^ bits) {
                payload[at] = wrong;
                let _ = match (encoded.text, std::str::from_utf8(&payload)) {
                    (true, Ok(text)) => accepts(side, codec, Incoming::Text(text)),
                    (true, Err(_)) => continue,
                    (false, _) => accepts(side, codec, Incoming::Binary(&payload)),
                };
            }
            payload[at] = right;
        }
    }
}

#[test]
fn forged_lengths_are_refused_before_memory_is_taken() {
    // Each stands in turn in the place of every byte, so also where lengths stand.
    let forged: [&[u8]; 5] = [
        &[253, 255, 255, 255, 255, 255, 255, 255, 255],
        &[253, 0, 0, 0, 0, 0, 0, 0, 128],
        &[253, 0, 0, 0, 0, 1, 0, 0, 0],
        &[252, 255, 255, 255, 255],
        &[252, 0, 0, 16, 0],
    ];
    let mut too_big = 0;
    for vector in vectors::load().messages {
        let payload =
            vector.message().encode(Codec::Bincode, false).payload.split_off(BINCODE_HEADER);
        for at in 0..payload.len() {
            for number in forged {
                let forged = [&payload[..at], number, &payload[at + 1..]].concat();
                let result =
                    accepts(vector.from, Codec::Bincode, Incoming::Binary(&frame(&forged)));
                too_big += usize::from(result.is_err_and(|e| e.kind == DecodeErrorKind::TooBig));
            }
        }
    }
    assert!(too_big > 1000, "{too_big}");
    // A batch of 2^64 - 1 operations, and of as many as would just fit into the memory of the server.
    for length in [u64::MAX, 1 << 60, 1 << 32, 1 << 20] {
        let payload = [&[6, 0, 253][..], &length.to_le_bytes()].concat();
        let result = binary(Codec::Bincode, &frame(&payload));
        refused(result, DecodeErrorKind::TooBig, "longer than its message can be");
    }
    // A padded message does not get more than a client may have.
    let mut payload = [&[6, 0, 252][..], &200_000u32.to_le_bytes()].concat();
    payload.resize(10_000, 3);
    refused(binary(Codec::Bincode, &frame(&payload)), DecodeErrorKind::TooBig, "");
}

/// The bound on small messages refuses none: lists of the smallest elements.
#[test]
fn the_densest_small_messages_are_read() {
    let lists: [(Side, &[u8], &[u8]); 5] = [
        (Side::Server, &[9, 0, 2], &[0]),
        (Side::Client, &[9], &[3]),
        (Side::Client, &[6, 0], &[0, 4]),
        (Side::Client, &[8, 0], &[1, 0, 0]),
        (Side::Server, &[1, 0, 0, 0, 0, 0, 0, 0], &[0; 6]),
    ];
    for (side, start, element) in lists {
        let count = (SMALL_PAYLOAD - 20) / element.len();
        let mut payload = [start, &[251], &(count as u16).to_le_bytes()].concat();
        payload.extend(element.iter().cycle().take(count * element.len()));
        if start.len() > 5 {
            // The panes of a diff stand before terminals, files, changes and the hash.
            payload.extend([0, 0, 0, 0]);
        }
        assert!(payload.len() <= SMALL_PAYLOAD);
        assert_eq!(accepts(side, Codec::Bincode, Incoming::Binary(&frame(&payload))), Ok(()));
    }
}

#[test]
fn headers_are_checked() {
    let ping = frame(&[15, 1]);
    let with = |at: usize, byte: u8| {
        let mut frame = ping.clone();
        frame[at] = byte;
        binary(Codec::Bincode, &frame)
    };
    assert_eq!(binary(Codec::Bincode, &ping), Ok(()));
    refused(with(0, 0), DecodeErrorKind::Malformed, "kind 0x00");
    refused(with(0, DEFLATED_JSON), DecodeErrorKind::Malformed, "kind 0x02");
    refused(with(0, OUTPUT), DecodeErrorKind::Malformed, "kind 0x10");
    refused(with(1, 2), DecodeErrorKind::Malformed, "unknown flags 0x02");
    refused(with(1, 0x81), DecodeErrorKind::Malformed, "unknown flags 0x81");
    refused(with(2, b'o'), DecodeErrorKind::Malformed, "magic");
    refused(with(4, !ping[4]), DecodeErrorKind::Schema, "schema");
    refused(with(8, 1), DecodeErrorKind::Malformed, "has 2 bytes, its header says 1");
    refused(with(8, 3), DecodeErrorKind::Malformed, "has 2 bytes, its header says 3");
    refused(with(11, 255), DecodeErrorKind::TooBig, "1048576 are allowed");
    refused(binary(Codec::Bincode, &[]), DecodeErrorKind::Malformed, "too short");
    refused(binary(Codec::Json, &[]), DecodeErrorKind::Malformed, "too short");
    refused(binary(Codec::Json, &ping), DecodeErrorKind::Malformed, "kind 0x01");
    let as_text = accepts(Side::Client, Codec::Bincode, Incoming::Text("{}"));
    refused(as_text, DecodeErrorKind::Malformed, "text frame");
    for flags in [[0, 0, 0], [2, 0, 0], [3, 0, 0], [1, 1, 0], [1, 0, 1]] {
        let header = [&[DEFLATED_JSON][..], &flags, &[2, 0, 0, 0]].concat();
        refused(binary(Codec::Json, &header), DecodeErrorKind::Malformed, "flags");
    }
    for codec in Codec::EACH {
        let mut input = input_header(1);
        input[1] = 1;
        refused(binary(codec, &input), DecodeErrorKind::Malformed, "unknown flags 0x01");
        refused(binary(codec, &input[..9]), DecodeErrorKind::Malformed, "");
        let mut output = output_header(1, 2);
        output[1] = 128;
        let result = accepts(Side::Server, codec, Incoming::Binary(&output));
        refused(result, DecodeErrorKind::Malformed, "unknown flags 0x80");
        for end in 0..OUTPUT_HEADER {
            let result = accepts(Side::Server, codec, Incoming::Binary(&output[..end]));
            refused(result, DecodeErrorKind::Malformed, "");
        }
    }
}

#[test]
fn bincode_says_what_is_wrong() {
    let cases: &[(&[u8], &str)] = &[
        (&[], "ends too early"),
        (&[23], "ClientMessage has no variant 23"),
        (&[251, 255, 255], "ClientMessage has no variant 65535"),
        (&[253, 0, 0, 0, 0, 0, 0, 0, 0], "a number is of type U64, expected U32"),
        (&[254], "a number is of type U128, expected U32"),
        (&[255], "a number is of type Reserved, expected U32"),
        (&[9, 1, 4], "Collection has no variant 4"),
        (&[0, 2], "2"),
        (&[0, 1, 2, 0xff, 0xfe], "not UTF-8"),
        (&[0, 0, 0, 0, 0, 0, 2], "a bool is 2"),
    ];
    for (payload, message) in cases {
        refused(binary(Codec::Bincode, &frame(payload)), DecodeErrorKind::Malformed, message);
    }
    // Longer forms of a number are read; see the manual.
    assert_eq!(binary(Codec::Bincode, &frame(&[251, 15, 0, 252, 1, 0, 0, 0])), Ok(()));
}

#[test]
fn json_says_what_is_wrong_and_where() {
    let cases = [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("null", "invalid type: null"),
        ("[]", "line 1"),
        ("{}", "missing field `type`"),
        ("\u{feff}{}", "line 1 column 1"),
        (r#"{"type":"frobnicate"}"#, "unknown variant `frobnicate`, expected one of `hello`"),
        (r#"{"type":1}"#, "line 1"),
        (r#"{"type":null}"#, "line 1"),
        (r#"{"type":"ping"}"#, "ping: missing field `id`"),
        (r#"{"type":"ping","id":-1}"#, "ping: invalid value: integer `-1`, expected u64"),
        (r#"{"type":"ping","id":1.5}"#, "ping: invalid type: floating point `1.5`"),
        (r#"{"type":"ping","id":1e999}"#, "number out of range at line 1"),
        (r#"{"type":"ping","id":18446744073709551616}"#, "ping: invalid type: floating point"),
        (r#"{"type":"ping","id":"1"}"#, "ping: invalid type: string \"1\", expected u64"),
        (r#"{"type":"ping","id":[]}"#, "ping: invalid type: sequence"),
        (r#"{"type":"ping","id":1,"id":1}"#, "ping: duplicate field `id`"),
        (r#"{"type":"ping","type":"ping","id":1}"#, "duplicate field `type`"),
        (r#"{"type":"ping","id":1}{}"#, "trailing characters at line 1 column 23"),
        (r#"{"type":"ping","id":1,}"#, "trailing comma at line 1 column 23"),
        (r#"{"type":"ping","id":01}"#, "invalid number at line 1"),
        (r#"{"type":"watch","id":1,"path":"\ud800"}"#, "line 1"),
        (r#"{"type":"watch","id":1,"path":{"bytes":"?"}}"#, "watch: Invalid symbol"),
        (r#"{"type":"watch","id":1,"path":{"bytes":1}}"#, "watch: invalid type: integer `1`"),
        (r#"{"type":"watch","id":1,"path":{"bytes":"","a":""}}"#, "watch: only \"bytes\""),
        (r#"{"type":"watch","id":1,"path":{}}"#, "watch: missing field `bytes`"),
        (
            r#"{"type":"watch","id":1,"path":1}"#,
            "watch: invalid type: integer `1`, expected a string or",
        ),
        (
            r#"{"type":"subscribe","collections":["windows"]}"#,
            "subscribe: unknown variant `windows`",
        ),
        (r#"{"type":"attach","terminal":1,"start":{"offset":1,"now":2}}"#, "attach: "),
    ];
    for (json, message) in cases {
        refused(text(json), DecodeErrorKind::Malformed, message);
    }
    let accepted = [
        r#" {"id" : 1, "type": "ping", "new": {"field": [1, null, "\n"]}} "#,
        r#"{"type":"snapshot","id":5}"#,
        r#"{"type":"attach","terminal":1}"#,
        r#"{"type":"hello"}"#,
        r#"{"type":"spawn","id":1,"profile":"shell","cwd":null}"#,
        r#"{"type":"watch","id":1,"path":{"bytes":"/w=="}}"#,
    ];
    for json in accepted {
        assert_eq!(text(json), Ok(()), "{json}");
    }
}

#[test]
fn errors_stay_one_short_line() {
    refused(
        text(&format!(r#"{{"type":"{}"}}"#, "é\\n".repeat(9000))),
        DecodeErrorKind::Malformed,
        "…",
    );
    refused(
        text(&format!(r#"{{"type":"p","{}":}}"#, "x".repeat(9000))),
        DecodeErrorKind::Malformed,
        "",
    );
}

#[test]
fn json_does_not_nest() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        // The message itself is one of the 127.
        for depth in [120, 126, 127, 128, 100_000] {
            let nested = [&open.repeat(depth), "1", &close.repeat(depth)].concat();
            let result = text(&format!(r#"{{"type":"ping","id":1,"x":{nested}}}"#));
            if depth <= 126 {
                assert_eq!(result, Ok(()));
            } else {
                refused(result, DecodeErrorKind::Malformed, "recursion limit exceeded");
            }
            assert!(text(&open.repeat(depth)).is_err());
        }
    }
}

#[test]
fn a_text_is_no_larger_than_allowed() {
    let long = format!(r#"{{"type":"ping","id":1}}{}"#, " ".repeat(MAX));
    refused(text(&long), DecodeErrorKind::TooBig, "1048576 are allowed");
}

/// A raw deflate stream of `mebibytes` of the number of `batch`, which may be large, about a thousandth of
/// that in size.
fn bomb(mebibytes: usize) -> Vec<u8> {
    let sixes = vec![6; 1 << 20];
    let mut compress = Compress::new(Compression::best(), false);
    let mut piece = Vec::with_capacity(1 << 16);
    // A full flush ends at a byte and forgets what was before: the same piece fits anywhere.
    let status = compress.compress_vec(&sixes, &mut piece, FlushCompress::Full);
    assert!(matches!(status, Ok(Status::Ok)) && compress.total_in() == 1 << 20);
    let mut stream = piece.repeat(mebibytes);
    // An empty last block.
    stream.extend([0x03, 0x00]);
    stream
}

#[test]
fn an_inflate_bomb_stops_at_its_bound() {
    let stream = bomb(1);
    let mut inflating = Inflating::new(&stream, 1 << 20).unwrap();
    while !inflating.is_done() {
        inflating.work(&stream).unwrap();
    }
    assert!(inflating.plain() == vec![6; 1 << 20]);
    let bomb = bomb(1024);
    for codec in Codec::EACH {
        for claimed in [0, 1, 22, 1000, MAX - 1, MAX] {
            let result = binary(codec, &deflated_frame(codec, claimed, &bomb));
            refused(result, DecodeErrorKind::Malformed, "inflates to more than");
        }
        for claimed in [MAX + 1, 1 << 30, u32::MAX as usize] {
            let result = binary(codec, &deflated_frame(codec, claimed, &bomb));
            refused(result, DecodeErrorKind::TooBig, "1048576 are allowed");
        }
    }
}

#[test]
fn a_stream_gives_exactly_what_it_claims() {
    let message = ClientMessage::Ping { id: 7 };
    for codec in Codec::EACH {
        let mut plain = codec.encode_client(&message, false).payload;
        if codec == Codec::Bincode {
            plain.drain(..BINCODE_HEADER);
        }
        let length = plain.len();
        // Stored, not compressed: a last block, its length and the complement of that.
        let lengths = [(length as u16).to_le_bytes(), (!(length as u16)).to_le_bytes()].concat();
        let stored = [&[1], &lengths[..], &plain].concat();
        let compressed = deflate(Vec::new(), &plain, 200).unwrap();
        for stream in [stored, compressed] {
            let open = |claimed: usize, stream: &[u8]| {
                let frame = deflated_frame(codec, claimed, stream);
                codec.decode_client(Incoming::Binary(&frame), MAX).map(|decoded| match decoded {
                    FromClient::Message(message) => message,
                    FromClient::Input { .. } => panic!("input"),
                })
            };
            assert_eq!(open(length, &stream).as_ref(), Ok(&message));
            assert!(open(length - 1, &stream).unwrap_err().message.contains("inflates to more"));
            assert!(open(length + 1, &stream).unwrap_err().message.contains("its header says"));
            assert!(open(0, &stream).is_err());
            let longer = [&stream[..], &[0]].concat();
            assert!(
                open(length, &longer).unwrap_err().message.contains("follow the deflate stream")
            );
            for end in 0..stream.len() {
                assert!(open(length, &stream[..end]).is_err());
            }
            assert!(open(MAX, &stream).unwrap_err().message.contains("cannot inflate to"));
        }
        for broken in [&[7u8][..], &[0xff; 40], &[1, 0, 0, 0, 0]] {
            assert!(binary(codec, &deflated_frame(codec, 2, broken)).is_err());
        }
    }
}

#[test]
fn any_is_both_sides() {
    let pong = Any::Server(ServerMessage::Pong { id: 1 });
    let encoded = pong.encode(Codec::Json, true);
    assert_eq!(encoded.payload, br#"{"type":"pong","id":1}"#);
    assert!(Any::decode(Side::Client, Codec::Json, &encoded).is_err());
    assert_eq!(Any::decode(Side::Server, Codec::Json, &encoded), Ok(pong));
}
