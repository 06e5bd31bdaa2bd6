//! What the fuzzer does with the codecs: payloads as they are, and payloads in right headers, so that it
//! need not find out the schema. Nothing may panic, and what is read as a message is written and read the
//! same in both codecs.

use super::*;

const MAX: usize = 1 << 16;

/// The first byte of `data` says what is done with the rest.
pub(crate) fn fuzz(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let codec = if choice & 1 == 0 { Codec::Bincode } else { Codec::Json };
    let framed: Vec<u8>;
    let incoming = match ((choice >> 1) % 3, std::str::from_utf8(data)) {
        (0, Ok(text)) if codec == Codec::Json => Incoming::Text(text),
        (0, _) if codec == Codec::Bincode => {
            framed = [&codec.header(0, data.len()), data].concat();
            Incoming::Binary(&framed)
        }
        (1, _) => {
            let Some(([a, b], data)) = data.split_first_chunk() else { return };
            let length = usize::from(u16::from_le_bytes([*a, *b]));
            framed = [&codec.header(DEFLATED, length), data].concat();
            Incoming::Binary(&framed)
        }
        _ => Incoming::Binary(data),
    };
    if let Ok(FromClient::Message(message)) = codec.decode_client(incoming, MAX) {
        for codec in Codec::EACH {
            let encoded = codec.encode_client(&message, choice & 0x80 != 0);
            let again = codec.decode_client(open(&encoded), usize::MAX);
            assert!(small_or(again, FromClient::Message(message.clone())));
        }
    }
    if let Ok(FromServer::Message(message)) = codec.decode_server(incoming, MAX) {
        for codec in Codec::EACH {
            let encoded = codec.encode_server(&message, choice & 0x80 != 0);
            let again = codec.decode_server(open(&encoded), usize::MAX);
            assert!(small_or(again, FromServer::Message(message.clone())));
        }
    }
}

fn open(encoded: &Encoded) -> Incoming<'_> {
    match std::str::from_utf8(&encoded.payload) {
        Ok(text) if encoded.text => Incoming::Text(text),
        _ => Incoming::Binary(&encoded.payload),
    }
}

/// The same message; or one that JSON could say and that takes more memory than bincode may.
fn small_or<T: PartialEq>(again: Result<T>, message: T) -> bool {
    again.map_or_else(|error| error.kind == DecodeErrorKind::TooBig, |again| again == message)
}
