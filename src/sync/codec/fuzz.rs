//! What the fuzzer does with the codecs: payloads as they are, and payloads in right headers, so that it
//! need not find out the schema. Nothing may panic, and what is read as a message is written and read the
//! same in both codecs.

use super::*;

const MAX: usize = 1 << 16;

/// Runs what decodes a message; the number is how many bytes it may have allocated at once.
pub(crate) type Measure<'a> = &'a mut dyn FnMut(&mut dyn FnMut(), usize);

/// The first byte of `data` says what is done with the rest.
pub(crate) fn fuzz(data: &[u8], measure: Measure<'_>) {
    let Some((choice, data)) = data.split_first() else { return };
    let codec = if choice & 1 == 0 { Codec::Bincode } else { Codec::Json };
    let framed: Vec<u8>;
    let mut length = data.len();
    let incoming = match ((choice >> 1) % 3, std::str::from_utf8(data)) {
        (0, Ok(text)) if codec == Codec::Json => Incoming::Text(text),
        (0, _) if codec == Codec::Bincode => {
            framed = [&codec.header(0, data.len()), data].concat();
            Incoming::Binary(&framed)
        }
        (1, _) => {
            let Some(([a, b], data)) = data.split_first_chunk() else { return };
            length = usize::from(u16::from_le_bytes([*a, *b]));
            framed = [&codec.header(DEFLATED, length), data].concat();
            Incoming::Binary(&framed)
        }
        _ => {
            length = MAX;
            Incoming::Binary(data)
        }
    };
    let mut decoded = None;
    let allowed = |memory: usize| memory + most_beside(length);
    measure(
        &mut || decoded = codec.decode_client(incoming, MAX).ok(),
        allowed(decode::memory::<ClientMessage>(length)),
    );
    if let Some(FromClient::Message(message)) = decoded {
        for codec in Codec::EACH {
            let encoded = codec.encode_client(&message, choice & 0x80 != 0);
            let again = codec.decode_client(open(&encoded), usize::MAX);
            assert!(small_or(again, FromClient::Message(message.clone())));
        }
    }
    let mut decoded = None;
    measure(
        &mut || decoded = codec.decode_server(incoming, MAX).ok(),
        allowed(decode::memory::<ServerMessage>(length)),
    );
    if let Some(FromServer::Message(message)) = decoded {
        for codec in Codec::EACH {
            let encoded = codec.encode_server(&message, choice & 0x80 != 0);
            let again = codec.decode_server(open(&encoded), usize::MAX);
            assert!(small_or(again, FromServer::Message(message.clone())));
        }
    }
}

/// What decoding a message of so many bytes may take beside its lists and strings: the inflater and what
/// comes out of it, a string of JSON that is unescaped, an error.
pub(super) fn most_beside(length: usize) -> usize {
    (72 << 10) + 5 * length
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
