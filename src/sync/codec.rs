//! From messages to WebSocket payloads and back, in both codecs. Pure.
//!
//! The JSON codec sends text frames; the bincode codec sends binary frames behind an envelope of 12 bytes.
//! In both, a large message may be compressed, and the bytes of terminals travel raw in binary frames of
//! their own. `docs/PROTOCOL.md` shows every byte; `tests/vectors/messages.json` holds examples of all of it.
//!
//! Decoding is made for hostile input: it never panics, what it allocates is bounded by the size of the
//! message and by constants, whatever lengths the message claims, and inflating stops at the first byte
//! too many. Every byte of a payload has to be accounted for.
//!
//! This is the only file that calls bincode or flate2.

use bincode::error::DecodeError as BincodeError;
use bincode::{Decode, Encode, config};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::protocol::{ClientMessage, ServerMessage};

/// First byte of a binary frame: a message in bincode.
const BINCODE: u8 = 0x01;
/// A compressed message in JSON.
const DEFLATED_JSON: u8 = 0x02;
/// Output of a terminal.
const OUTPUT: u8 = 0x10;
/// Input for a terminal.
const INPUT: u8 = 0x11;

/// Flag of an envelope: the payload is a raw deflate stream.
const DEFLATED: u8 = 0x01;
const MAGIC: [u8; 2] = *b"OF";
const BINCODE_HEADER: usize = 12;
const JSON_HEADER: usize = 8;
const OUTPUT_HEADER: usize = 18;
pub(crate) const INPUT_HEADER: usize = 10;

/// Messages up to this size are not worth compressing.
const COMPRESS_ABOVE: usize = 1024;
/// Deflate cannot make more than 1,032 bytes of one, see its specification (RFC 1951): a match of 258 bytes in two bits.
const DEFLATE_RATIO: usize = 1032;

/// Memory that the lists and strings of a decoded message may take, claimed before it is allocated: small
/// for small messages, so that a few bytes cannot make the server allocate megabytes.
const SMALL_PAYLOAD: usize = 1024;
const SMALL_MEMORY: usize = 128 * 1024;
/// Of a message of a client.
const CLIENT_MEMORY: usize = 4 * 1024 * 1024;
/// Of a message of the server: screens have many small parts.
const SERVER_MEMORY: usize = 64 * 1024 * 1024;

/// Messages about an error show no more than this of what the other side sent.
const ERROR_BYTES_MAX: usize = 400;

/// Tells apart what the two sides take the messages to look like: a hash of their declarations, which a
/// test keeps equal to the types.
pub(crate) const SCHEMA: u32 = fnv1a_32(include_bytes!("protocol/schema.txt"));

const fn fnv1a_32(bytes: &[u8]) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

/// How messages are written on a connection, as its subprotocol says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Json,
    Bincode,
}

/// A WebSocket payload and the type of frame that it goes into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Encoded {
    /// A text frame; else a binary one.
    pub(crate) text: bool,
    pub(crate) payload: Vec<u8>,
}

/// A WebSocket payload that came in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Incoming<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

/// What came from a client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FromClient<'a> {
    Message(ClientMessage),
    Input { terminal: u64, bytes: &'a [u8] },
}

/// What came from the server.
#[allow(clippy::large_enum_variant, reason = "it is looked at where it is made, never kept")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FromServer<'a> {
    Message(ServerMessage),
    Output { terminal: u64, offset: u64, bytes: &'a [u8] },
}

/// Why a payload is not a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DecodeError {
    pub(crate) kind: DecodeErrorKind,
    /// One line for people; it may quote a little of what came.
    pub(crate) message: String,
}

/// What the other side did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecodeErrorKind {
    /// It is no message.
    Malformed,
    /// It is, or claims to be, larger than allowed.
    TooBig,
    /// It was made for other declarations of the messages than ours.
    Schema,
}

type Result<T> = std::result::Result<T, DecodeError>;

impl Codec {
    /// Both.
    pub(crate) const EACH: [Codec; 2] = [Codec::Bincode, Codec::Json];

    /// The WebSocket subprotocol that stands for it.
    pub(crate) fn subprotocol(self) -> &'static str {
        match self {
            Codec::Json => "orchflow.v1.json",
            Codec::Bincode => "orchflow.v1.bincode",
        }
    }

    /// The payload of a message; compressed if that is allowed, the message is large and it helps.
    pub(crate) fn encode_server(self, message: &ServerMessage, compress: bool) -> Encoded {
        self.encode(message, compress)
    }

    /// See [`Codec::encode_server`].
    pub(crate) fn encode_client(self, message: &ClientMessage, compress: bool) -> Encoded {
        self.encode(message, compress)
    }

    /// What a client sent. `max_inflated`: bytes of a message after inflating.
    pub(crate) fn decode_client(
        self,
        incoming: Incoming<'_>,
        max_inflated: usize,
    ) -> Result<FromClient<'_>> {
        if let Incoming::Binary(frame) = incoming
            && let Some(([INPUT, flags, terminal @ ..], bytes)) =
                frame.split_first_chunk::<INPUT_HEADER>()
        {
            no_flags(*flags)?;
            return Ok(FromClient::Input { terminal: u64::from_le_bytes(*terminal), bytes });
        }
        self.decode::<_, CLIENT_MEMORY>(incoming, max_inflated).map(FromClient::Message)
    }

    /// What the server sent. `max_inflated`: bytes of a message after inflating.
    pub(crate) fn decode_server(
        self,
        incoming: Incoming<'_>,
        max_inflated: usize,
    ) -> Result<FromServer<'_>> {
        if let Incoming::Binary(frame) = incoming
            && let Some(([OUTPUT, flags, terminal @ ..], rest)) = frame.split_first_chunk::<10>()
            && let Some((offset, bytes)) = rest.split_first_chunk::<8>()
        {
            no_flags(*flags)?;
            let [terminal, offset] = [*terminal, *offset].map(u64::from_le_bytes);
            return Ok(FromServer::Output { terminal, offset, bytes });
        }
        self.decode::<_, SERVER_MEMORY>(incoming, max_inflated).map(FromServer::Message)
    }

    fn encode<T: Serialize + Encode>(self, message: &T, compress: bool) -> Encoded {
        let mut payload = match self {
            Codec::Json => Vec::new(),
            Codec::Bincode => vec![0; BINCODE_HEADER],
        };
        let header = payload.len();
        // Writing into a vector does not fail, and no message holds what a codec cannot write.
        let written = match self {
            Codec::Json => serde_json::to_writer(&mut payload, message).is_ok(),
            Codec::Bincode => {
                bincode::encode_into_std_write(message, &mut payload, config::standard()).is_ok()
            }
        };
        debug_assert!(written, "a message cannot be encoded");
        let length = payload.len() - header;
        let deflated = if compress && length > COMPRESS_ABOVE {
            deflate(
                self.header(DEFLATED, length),
                payload.get(header..).unwrap_or_default(),
                payload.len(),
            )
        } else {
            None
        };
        if let Some(payload) = deflated {
            return Encoded { text: false, payload };
        }
        if let Some(space) = payload.first_chunk_mut::<BINCODE_HEADER>()
            && self == Codec::Bincode
        {
            space.copy_from_slice(&self.header(0, length));
        }
        Encoded { text: self == Codec::Json, payload }
    }

    /// The envelope of a message of `length` bytes.
    fn header(self, flags: u8, length: usize) -> Vec<u8> {
        let length = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        match self {
            Codec::Json => [&[DEFLATED_JSON, flags, 0, 0], &length[..]].concat(),
            Codec::Bincode => {
                [&[BINCODE, flags], &MAGIC[..], &SCHEMA.to_le_bytes(), &length].concat()
            }
        }
    }

    fn decode<T, const MEMORY: usize>(
        self,
        incoming: Incoming<'_>,
        max_inflated: usize,
    ) -> Result<T>
    where
        T: DeserializeOwned + Decode<()>,
    {
        match (self, incoming) {
            (Codec::Json, Incoming::Text(text)) if text.len() > max_inflated => {
                Err(too_big(text.len(), max_inflated))
            }
            (Codec::Json, Incoming::Text(text)) => from_json(text.as_bytes()),
            (Codec::Json, Incoming::Binary(frame)) => from_json(&open_json(frame, max_inflated)?),
            (Codec::Bincode, Incoming::Text(_)) => {
                Err(malformed(format_args!("a text frame, but the codec is bincode")))
            }
            (Codec::Bincode, Incoming::Binary(frame)) => {
                open_bincode::<T, MEMORY>(frame, max_inflated)
            }
        }
    }
}

/// What stands before the output of a terminal: `offset` is that of its first byte.
pub(crate) fn output_header(terminal: u64, offset: u64) -> [u8; OUTPUT_HEADER] {
    let mut header = [0; OUTPUT_HEADER];
    header[0] = OUTPUT;
    header[2..10].copy_from_slice(&terminal.to_le_bytes());
    header[10..].copy_from_slice(&offset.to_le_bytes());
    header
}

/// What stands before the input for a terminal.
pub(crate) fn input_header(terminal: u64) -> [u8; INPUT_HEADER] {
    let mut header = [0; INPUT_HEADER];
    header[0] = INPUT;
    header[2..].copy_from_slice(&terminal.to_le_bytes());
    header
}

/// Bytes of the message in a frame: those that it claims to inflate to, or its own if it is not compressed.
/// What inflates to more than it claims is refused, so no more than this is worked on.
pub(crate) fn claimed_bytes(incoming: Incoming<'_>) -> usize {
    let claim = match incoming {
        Incoming::Text(text) => return text.len(),
        Incoming::Binary([BINCODE, DEFLATED, _, _, _, _, _, _, a, b, c, d, ..])
        | Incoming::Binary([DEFLATED_JSON, _, _, _, a, b, c, d, ..]) => [*a, *b, *c, *d],
        Incoming::Binary(frame) => return frame.len(),
    };
    usize::try_from(u32::from_le_bytes(claim)).unwrap_or(usize::MAX)
}

/// The text in a binary frame of the JSON codec.
fn open_json(frame: &[u8], max_inflated: usize) -> Result<Vec<u8>> {
    let Some((header, deflated)) = frame.split_first_chunk::<JSON_HEADER>() else {
        return Err(short(frame));
    };
    let [kind, flags, zeros @ .., a, b, c, d] = *header;
    if kind != DEFLATED_JSON {
        return Err(unknown_kind(frame));
    }
    if flags != DEFLATED || zeros != [0; 2] {
        return Err(malformed(format_args!("unknown flags in the header of a compressed message")));
    }
    inflate(deflated, claimed([a, b, c, d], max_inflated)?)
}

/// The message in a binary frame of the bincode codec.
fn open_bincode<T, const MEMORY: usize>(frame: &[u8], max_inflated: usize) -> Result<T>
where
    T: Decode<()>,
{
    let Some((header, payload)) = frame.split_first_chunk::<BINCODE_HEADER>() else {
        return Err(short(frame));
    };
    let [kind, flags, magic_0, magic_1, s0, s1, s2, s3, a, b, c, d] = *header;
    if kind != BINCODE {
        return Err(unknown_kind(frame));
    }
    if [magic_0, magic_1] != MAGIC {
        return Err(malformed(format_args!("the magic bytes of a message are not \"OF\"")));
    }
    let schema = u32::from_le_bytes([s0, s1, s2, s3]);
    if schema != SCHEMA {
        let message = format!("the schema of the message is {schema:08x}, ours is {SCHEMA:08x}");
        return Err(DecodeError { kind: DecodeErrorKind::Schema, message });
    }
    let length = claimed([a, b, c, d], max_inflated)?;
    match flags {
        0 if payload.len() != length => Err(wrong_length(payload.len(), length)),
        0 => from_bincode::<T, MEMORY>(payload),
        DEFLATED => from_bincode::<T, MEMORY>(&inflate(payload, length)?),
        _ => Err(malformed(format_args!("unknown flags {flags:#04x} in a binary frame"))),
    }
}

/// The length in a header, if a message may have it.
fn claimed(bytes: [u8; 4], max_inflated: usize) -> Result<usize> {
    let length = usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX);
    if length > max_inflated { Err(too_big(length, max_inflated)) } else { Ok(length) }
}

fn from_json<T: DeserializeOwned>(text: &[u8]) -> Result<T> {
    serde_json::from_slice(text).map_err(|error| {
        // Once the type of a message is known its fields are looked at without their positions.
        match serde_json::from_slice::<Tag>(text) {
            Ok(tag) if error.line() == 0 => malformed(format_args!("{}: {error}", tag.name)),
            _ => malformed(format_args!("{error}")),
        }
    })
}

/// The part of a JSON message that says which one it is.
#[derive(serde::Deserialize)]
struct Tag {
    #[serde(rename = "type")]
    name: String,
}

fn from_bincode<T, const MEMORY: usize>(payload: &[u8]) -> Result<T>
where
    T: Decode<()>,
{
    let decoded = if payload.len() <= SMALL_PAYLOAD {
        bincode::decode_from_slice(payload, config::standard().with_limit::<SMALL_MEMORY>())
    } else {
        bincode::decode_from_slice(payload, config::standard().with_limit::<MEMORY>())
    };
    match decoded {
        Ok((message, used)) if used == payload.len() => Ok(message),
        Ok((_, used)) => {
            let after = payload.len() - used;
            Err(malformed(format_args!("{after} bytes follow the message")))
        }
        Err(error) => Err(bincode_error(&error)),
    }
}

/// What bincode says, in words.
fn bincode_error(error: &BincodeError) -> DecodeError {
    match error {
        BincodeError::LimitExceeded => DecodeError {
            kind: DecodeErrorKind::TooBig,
            message: "a list or a string is longer than its message can be".into(),
        },
        BincodeError::UnexpectedEnd { .. } => malformed(format_args!("the message ends too early")),
        BincodeError::UnexpectedVariant { type_name, found, .. } => {
            malformed(format_args!("{type_name} has no variant {found}"))
        }
        BincodeError::InvalidBooleanValue(value) => {
            malformed(format_args!("a bool is {value}, neither 0 nor 1"))
        }
        BincodeError::Utf8 { .. } => malformed(format_args!("a string is not UTF-8")),
        BincodeError::InvalidIntegerType { expected, found } => {
            malformed(format_args!("a number is of type {found:?}, expected {expected:?}"))
        }
        other => malformed(format_args!("{other:?}")),
    }
}

/// `header` and behind it `payload` as a raw deflate stream, if both are shorter than `plain`.
fn deflate(header: Vec<u8>, payload: &[u8], plain: usize) -> Option<Vec<u8>> {
    let mut out = header;
    // The stream is given no more space than it may take.
    out.reserve_exact(plain.checked_sub(out.len() + 1)?);
    let mut compress = Compress::new(Compression::fast(), false);
    let status = compress.compress_vec(payload, &mut out, FlushCompress::Finish);
    (matches!(status, Ok(Status::StreamEnd)) && out.len() < plain).then_some(out)
}

/// Inflates a raw deflate stream that has to give exactly `length` bytes.
///
/// Memory grows with what really came out, not with what was claimed.
fn inflate(deflated: &[u8], length: usize) -> Result<Vec<u8>> {
    if length > deflated.len().saturating_mul(DEFLATE_RATIO) {
        return Err(malformed(format_args!("{} bytes cannot inflate to {length}", deflated.len())));
    }
    let mut inflater = Decompress::new(false);
    // One byte of space more than wanted shows whether there is more.
    let space = length + 1;
    let mut out = Vec::with_capacity(space.min(deflated.len().saturating_mul(4)));
    let mut rest = deflated;
    loop {
        let before = (rest.len(), out.len());
        let status = inflater
            .decompress_vec(rest, &mut out, FlushDecompress::None)
            .map_err(|error| malformed(format_args!("{error}")))?;
        let used = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
        rest = deflated.get(used..).unwrap_or_default();
        if out.len() > length {
            return Err(malformed(format_args!(
                "inflates to more than the {length} bytes it claims"
            )));
        }
        if status == Status::StreamEnd {
            break;
        }
        if out.len() == out.capacity() {
            out.reserve_exact(out.len().clamp(1, space - out.len()));
        } else if before == (rest.len(), out.len()) {
            return Err(malformed(format_args!("the deflate stream ends too early")));
        }
    }
    match rest.len() {
        0 if out.len() == length => Ok(out),
        0 => Err(wrong_length(out.len(), length)),
        after => Err(malformed(format_args!("{after} bytes follow the deflate stream"))),
    }
}

fn no_flags(flags: u8) -> Result<()> {
    match flags {
        0 => Ok(()),
        _ => Err(malformed(format_args!("unknown flags {flags:#04x} in a binary frame"))),
    }
}

fn short(frame: &[u8]) -> DecodeError {
    malformed(format_args!("a binary frame of {} bytes is too short", frame.len()))
}

fn unknown_kind(frame: &[u8]) -> DecodeError {
    let kind = frame.first().copied().unwrap_or_default();
    malformed(format_args!(
        "a binary frame of the kind {kind:#04x} with {} bytes is not known here",
        frame.len()
    ))
}

fn wrong_length(found: usize, claimed: usize) -> DecodeError {
    malformed(format_args!("the message has {found} bytes, its header says {claimed}"))
}

fn too_big(length: usize, max: usize) -> DecodeError {
    let message = format!("a message of {length} bytes; {max} are allowed");
    DecodeError { kind: DecodeErrorKind::TooBig, message }
}

/// An error in one line of bounded length, whatever it quotes.
fn malformed(text: std::fmt::Arguments<'_>) -> DecodeError {
    let mut message = text.to_string();
    if message.len() > ERROR_BYTES_MAX {
        let end = (0..=ERROR_BYTES_MAX).rev().find(|at| message.is_char_boundary(*at));
        message.truncate(end.unwrap_or_default());
        message.push('…');
    }
    if message.contains(char::is_control) {
        message = message.replace(char::is_control, " ");
    }
    DecodeError { kind: DecodeErrorKind::Malformed, message }
}

#[cfg(any(fuzzing, test))]
pub(super) mod fuzz;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod manual;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod vectors;
