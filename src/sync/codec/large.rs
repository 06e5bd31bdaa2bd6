//! Large messages while they are decoded: what is known when, and that no step is long.

use super::decode::SMALL_PAYLOAD;
use super::deflate::deflate;
use super::kind::{Kind, ServerKind, numbered};
use super::vectors::{self, Side};
use super::*;
use crate::policy::UNIT_COST_MAX;

const MAX: usize = 4 << 20;

/// A message and how it came about: the costs of the steps, and those before its kind was known.
struct Opened {
    message: Result<ClientMessage>,
    steps: Vec<u64>,
    unknown: usize,
}

/// Opens and decodes it step by step.
fn step_by_step(codec: Codec, incoming: Incoming<'_>) -> Opened {
    let (mut steps, mut unknown) = (Vec::new(), 0);
    let mut opening = match codec.open::<ClientMessage>(incoming, MAX) {
        Ok(opening) => opening,
        Err(error) => return Opened { message: Err(error), steps, unknown },
    };
    while !opening.is_open() {
        unknown += usize::from(opening.kind().is_none());
        if let Err(error) = opening.open_part(incoming) {
            return Opened { message: Err(error), steps, unknown };
        }
        steps.push(opening.take_cost());
    }
    loop {
        let part = opening.decode_part(incoming);
        steps.push(opening.take_cost());
        if let Some(message) = part.transpose() {
            return Opened { message, steps, unknown };
        }
    }
}

fn in_text(text: &str) -> Opened {
    step_by_step(Codec::Json, Incoming::Text(text))
}

/// The same, compressed.
fn deflated(codec: Codec, plain: &[u8]) -> Opened {
    let frame = deflate(codec.header(DEFLATED, plain.len()), plain, plain.len()).unwrap();
    step_by_step(codec, Incoming::Binary(&frame))
}

#[track_caller]
fn short(opened: &Opened) {
    let largest = opened.steps.iter().max().unwrap();
    assert!(*largest <= UNIT_COST_MAX, "{largest}");
}

/// `{"type":"batch",…}` with operations of all kinds.
fn batch(count: usize) -> String {
    let ops = [
        r#"{"terminal":7,"op":"eof"}"#,
        " { \"op\" : {\"input\":\"]},{\\\"[\\\\\"} , \"terminal\" : 8 , \"new\" : [[],{}] } ",
        r#"{"terminal":9,"op":{"resize":{"cols":80,"rows":24}}}"#,
        "\n{\"terminal\":10,\"op\":{\"paste\":{\"bytes\":\"/w==\"}}}\t",
    ];
    let ops: Vec<&str> = ops.into_iter().cycle().take(count).collect();
    format!(r#"{{"new":"ops","ops":[{}],"id":5,"type":"batch"}}"#, ops.join(","))
}

#[test]
fn what_is_decoded_in_parts_is_the_same_message() {
    for count in [0, 1, 4, 4000, 20_000] {
        let text = batch(count);
        let opened = in_text(&text);
        short(&opened);
        let message = opened.message.unwrap();
        let ClientMessage::Batch { id: 5, ops } = &message else { panic!("{message:?}") };
        assert_eq!(ops.len(), count);
        for (n, op) in ops.iter().enumerate() {
            assert_eq!(op.terminal, 7 + n as u64 % 4);
        }
        assert_eq!(opened.steps.len() > 10, text.len() > 6 * PART_BYTES);
        for codec in Codec::EACH {
            let plain = codec.encode_client(&message, false).payload;
            let plain = &plain[if codec == Codec::Bincode { BINCODE_HEADER } else { 0 }..];
            let encoded = codec.encode_client(&message, false);
            let incoming = match codec {
                Codec::Json => Incoming::Text(std::str::from_utf8(plain).unwrap()),
                Codec::Bincode => Incoming::Binary(&encoded.payload),
            };
            let compressed = (count > 1000).then(|| deflated(codec, plain));
            for opened in [step_by_step(codec, incoming)].into_iter().chain(compressed) {
                short(&opened);
                assert!(opened.message.as_ref() == Ok(&message), "{codec:?} {count}");
                if codec == Codec::Bincode || count == 0 {
                    continue;
                }
                assert_eq!(opened.unknown, 1, "the type stands first");
            }
        }
    }
}

#[test]
fn what_is_wrong_with_a_large_message_is_found() {
    let padding = "x".repeat(PART_BYTES);
    let op = format!(r#"{{"terminal":1,"op":{{"input":"{padding}"}}}}"#);
    let text = |ops: &str, more: &str| format!(r#"{{"type":"batch","id":1,"ops":[{ops}]{more}}}"#);
    assert!(in_text(&text(&format!("{op},{op}"), "")).message.is_ok());
    let cases = [
        (text(&format!("{op},{op},"), ""), "operation 2: EOF"),
        (text(&format!("{op},,{op}"), ""), "operation 1: EOF"),
        (text(&format!("{op} {op}"), ""), "operation 0: trailing characters"),
        (text(&format!("{op},1"), ""), "operation 1: invalid type: integer"),
        (text(&format!("{op},[1,\"eof\"]"), ""), "operation 1: invalid type: sequence"),
        (text(&format!("{op},{{\"terminal\":1}}"), ""), "operation 1: missing field `op`"),
        (text(&op, r#","ops":[]"#), "batch: duplicate field `ops`"),
        (text(&op, r#","type":"batch""#), "batch: duplicate field `type`"),
        (text(&op, r#","id":2"#), "batch: duplicate field `id`"),
        (text(&op, ",}"), "batch: "),
        (text(&op, r#"}{"#), "batch: trailing characters"),
        (text(&op, "").replace(r#""id":1,"#, ""), "batch: missing field `id`"),
        (text(&op, "").replace("]}", "}}"), "operation 0: trailing"),
        (text(&op, "").replace("ops\":[", "ops\":{").replace("]}", "}}"), "batch: "),
    ];
    for (text, message) in cases {
        let error = in_text(&text).message.unwrap_err();
        assert!(error.message.contains(message), "{} does not say {message}", error.message);
    }
    let message = in_text(&text(&format!("{op},{op}"), "")).message.unwrap();
    let frame = Codec::Bincode.encode_client(&message, false).payload;
    let plain = &frame[BINCODE_HEADER..];
    for wrong in
        [&plain[..plain.len() - 1], &[plain, &[0]].concat(), &[&[6, 1, 9], &plain[3..]].concat()]
    {
        assert!(deflated(Codec::Bincode, wrong).message.is_err());
    }
}

#[test]
fn padding_is_looked_over_in_short_steps() {
    // Space within a message is not left out: so much may be there, and no more.
    let padded = |length: usize| format!(r#"{{{}"type":"ping","id":1}}"#, " ".repeat(length - 22));
    let opened = in_text(&padded(1 << 20));
    assert_eq!(opened.message, Ok(ClientMessage::Ping { id: 1 }));
    assert!(opened.steps.iter().all(|cost| *cost <= UNIT_COST_MAX), "{:?}", opened.steps);
    let opened = deflated(Codec::Json, padded(MAX).as_bytes());
    assert_eq!(opened.message.unwrap_err().kind, DecodeErrorKind::TooBig);
    let opened = deflated(Codec::Bincode, &[&[15][..], &vec![0; MAX - 1]].concat());
    assert_eq!(opened.message.unwrap_err().kind, DecodeErrorKind::TooBig);
    // Many small values are refused where they are found, wherever the type stands.
    for text in [
        format!(r#"{{"id":[{}0],"type":"batch"}}"#, "0,".repeat(1 << 20)),
        format!(r#"{{"type":"batch","id":1,"ops":[{{"x":[{}0]}}]}}"#, "0,".repeat(1 << 20)),
        format!(r#"{{"type":"input","data":{{{}"":0}}}}"#, r#""":0,"#.repeat(1 << 18)),
    ] {
        let opened = deflated(Codec::Json, text.as_bytes());
        let error = opened.message.unwrap_err();
        assert_eq!(error.kind, DecodeErrorKind::TooBig);
        assert!(error.message.contains("more than 16384 values"), "{}", error.message);
        assert!(opened.steps.len() <= 3);
    }
}

#[test]
fn a_type_is_found_wherever_and_however_it_is_written() {
    let cases = [
        (r#"{"id":1,"type":"ping"}"#, true),
        (r#"{"\u0074\u0079\u0070\u0065":"\u0070ing","id":1}"#, true),
        (r#"{"x":"type","id":1,"type":"ping"}"#, true),
        (r#"{"x":{"type":"snapshot"},"y":["type",{"type":1}],"type":"ping","id":1}"#, true),
        (r#"{"x":"\"type\":\"snapshot\",\\","type" : "ping","id":1}"#, true),
        (r#"{"Type":"ping","id":1}"#, false),
        (r#"{"x":{"type":"ping"},"id":1}"#, false),
        (r#"["type","ping"]"#, false),
        (r#"[0,"type":"ping"]"#, false),
        (r#"{"type":{"type":"ping"},"id":1}"#, false),
        (r#"{}{"type":"ping","id":1}"#, false),
        (r#"{"id":1,"type":"ping","\u0074ype":"ping"}"#, false),
    ];
    for (text, is_ping) in cases {
        let message = in_text(text).message;
        assert_eq!(message == Ok(ClientMessage::Ping { id: 1 }), is_ping, "{text}: {message:?}");
    }
}

#[test]
fn kinds_are_those_of_the_messages() {
    for vector in vectors::load().messages {
        for codec in Codec::EACH {
            let frame = vector.message().encode(codec, false);
            let incoming = match frame.text {
                true => Incoming::Text(std::str::from_utf8(&frame.payload).unwrap()),
                false => Incoming::Binary(&frame.payload),
            };
            let number = vector.message().encode(Codec::Bincode, false).payload[BINCODE_HEADER];
            let found = match vector.from {
                Side::Client => {
                    let mut opening = codec.open::<ClientMessage>(incoming, MAX).unwrap();
                    opening.open_part(incoming).unwrap();
                    assert!(opening.length() <= frame.payload.len());
                    opening.kind().unwrap().number()
                }
                Side::Server => {
                    let mut opening = codec.open::<ServerMessage>(incoming, MAX).unwrap();
                    opening.open_part(incoming).unwrap();
                    opening.kind().unwrap().number()
                }
            };
            assert_eq!(found, u32::from(number), "{} in {codec:?}", vector.name);
            if let (Side::Client, Incoming::Text(text)) = (&vector.from, incoming) {
                let fields: serde_json::Map<_, _> = serde_json::from_str(text).unwrap();
                let unknown =
                    fields.keys().find(|field| !ClientMessage::knows_field(field.as_bytes()));
                assert_eq!(unknown, None, "{}", vector.name);
            }
        }
    }
    assert_eq!(numbered::<ClientMessage>(22), Ok(ClientKind::Observe));
    assert_eq!(numbered::<ServerMessage>(15), Ok(ServerKind::Health));
    assert!(numbered::<ClientMessage>(23).is_err() && numbered::<ServerMessage>(16).is_err());
}

/// Whatever a message is padded with, it is the same message, and no step of it is long.
#[test]
fn what_nobody_knows_is_left_out() {
    let long = |text: &str| text.repeat((3 << 20) / text.len());
    let texts = [
        format!(r#"{{"pad":"{}","type":"ping","id":7}}"#, long("a\\n")),
        format!(r#"{{"type":"ping","x":[{}[]],"id":7}}"#, long("[],")),
        format!(r#"{{"type":"ping","id":7,"x":[{}1]}}"#, long(r#"{"type":"ack"},"#)),
        format!(r#"{{"id":7,"x":[{}1],"type":"ping","y":"{}"}}"#, long("1,"), "z".repeat(9000)),
        format!(r#"{{"type":"ping","id":7}}{}"#, long(" ")),
    ];
    for text in texts {
        let Opened { message, steps, .. } = step_by_step(Codec::Json, Incoming::Text(&text));
        assert_eq!(message, Ok(ClientMessage::Ping { id: 7 }), "{}", &text[..40]);
        assert!(steps.iter().all(|cost| *cost <= UNIT_COST_MAX), "{}", &text[..40]);
    }
    // What is known is not left out, however long; nor is what makes it no message.
    let texts = [
        format!(r#"{{"type":"ping","id":[{}1]}}"#, "1,".repeat(4000)),
        format!(r#"{{"type":"ping","id":7}}{}x"#, " ".repeat(9000)),
        format!(r#"{{"type":"ping","id":7,"x" [{}1]}}"#, "1,".repeat(4000)),
    ];
    for text in texts {
        let decoded = Codec::Json.decode_client(Incoming::Text(&text), MAX);
        assert!(decoded.is_err(), "{}", &text[..40]);
    }
}

/// The bound on memory refuses none that is no more than its lists: the densest of every kind, with a number
/// of elements at which a vector has just grown.
#[test]
fn the_densest_messages_are_read() {
    type Row = (Side, &'static [u8], &'static [u8], &'static [u8]);
    let lists: [Row; 8] = [
        (Side::Client, &[6, 0], &[0, 4], &[]),
        (Side::Client, &[8, 0], &[1, 0, 0], &[]),
        (Side::Client, &[8, 0], &[2, 0, 0, 0, 0, 1, 0, 0, 0], &[]),
        (Side::Server, &[9, 0, 2], &[0], &[]),
        (Side::Server, &[0, 1, 0, 1, 0, 1, 1, 0], &[0], &[0; 6]),
        (Side::Server, &[1, 0, 0, 0, 0, 0, 0], &[0, 0, 0, 0, 1, 0, 0], &[0; 5]),
        (Side::Server, &[1, 0, 0, 0, 0, 0, 0, 0], &[0, 0, 0, 0, 0, 1, 0, 0], &[0; 4]),
        (Side::Server, &[1, 0, 0, 0, 0, 0], &[0, 0], &[0; 6]),
    ];
    for (side, start, element, end) in lists {
        for count in [257u16, 1025, 2049] {
            let list = element.repeat(usize::from(count));
            let payload = [start, &[251], &count.to_le_bytes(), &list, end].concat();
            if payload.len() <= SMALL_PAYLOAD {
                continue;
            }
            let frame = [&Codec::Bincode.header(0, payload.len()), &payload[..]].concat();
            let incoming = Incoming::Binary(&frame);
            let result = match side {
                Side::Client => Codec::Bincode.decode_client(incoming, MAX).map(drop),
                Side::Server => Codec::Bincode.decode_server(incoming, MAX).map(drop),
            };
            assert_eq!(result, Ok(()), "{count} times {element:?} behind {start:?}");
        }
    }
}
