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
//! Both codecs decode through one wrapper, [`meter`], which holds the bound. Only here and in `opening.rs` is
//! bincode called, only in `deflate.rs` flate2.

mod access;
mod choice;
mod deflate;
mod kind;
mod meter;
mod opening;
mod parts;
mod scan;
mod skip;

use bincode::config;

use self::choice::TypeFirst;
use self::deflate::deflate;
pub(crate) use self::kind::ClientKind;
pub(crate) use self::kind::Message;
pub(crate) use self::opening::Opening;
use super::protocol::{ClientMessage, ServerMessage};
use crate::error::one_line;

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
/// Bytes that one part of the work on a message goes through.
const PART_BYTES: usize = 64 << 10;

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

impl<'a> Incoming<'a> {
    pub(crate) fn bytes(self) -> &'a [u8] {
        match self {
            Incoming::Text(text) => text.as_bytes(),
            Incoming::Binary(bytes) => bytes,
        }
    }
}

/// What came from a client.
#[cfg(any(test, fuzzing))]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FromClient<'a> {
    Message(ClientMessage),
    Input { terminal: u64, bytes: &'a [u8] },
}

/// What came from the server.
#[cfg(any(test, fuzzing))]
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
    #[cfg(any(test, fuzzing))]
    pub(crate) fn decode_client(
        self,
        incoming: Incoming<'_>,
        max_inflated: usize,
    ) -> Result<FromClient<'_>> {
        match input(incoming)? {
            Some((terminal, bytes)) => Ok(FromClient::Input { terminal, bytes }),
            None => self.decode(incoming, max_inflated).map(FromClient::Message),
        }
    }

    /// What the server sent. `max_inflated`: bytes of a message after inflating.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn decode_server(
        self,
        incoming: Incoming<'_>,
        max_inflated: usize,
    ) -> Result<FromServer<'_>> {
        match output(incoming)? {
            Some((terminal, offset, bytes)) => Ok(FromServer::Output { terminal, offset, bytes }),
            None => self.decode(incoming, max_inflated).map(FromServer::Message),
        }
    }

    fn encode<M: Message>(self, message: &M, compress: bool) -> Encoded {
        let mut payload = match self {
            Codec::Json => Vec::new(),
            Codec::Bincode => vec![0; BINCODE_HEADER],
        };
        let header = payload.len();
        // Writing into a vector does not fail, and no message holds what a codec cannot write.
        let written = match self {
            Codec::Json => {
                let formatter = TypeFirst::default();
                let mut serializer =
                    serde_json::Serializer::with_formatter(&mut payload, formatter);
                message.serialize(&mut serializer).is_ok()
            }
            Codec::Bincode => {
                let config = config::standard();
                bincode::serde::encode_into_std_write(message, &mut payload, config).is_ok()
            }
        };
        invariant!(written, "our own messages can be encoded");
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

    /// Begins to open what is no input or output of a terminal. `max_inflated`: bytes of a message after
    /// inflating.
    pub(crate) fn open<M: Message>(
        self,
        incoming: Incoming<'_>,
        max_inflated: usize,
    ) -> Result<Opening<M>> {
        Opening::new(self, incoming, max_inflated)
    }

    #[cfg(any(test, fuzzing))]
    fn decode<M: Message>(self, incoming: Incoming<'_>, max_inflated: usize) -> Result<M> {
        let mut opening = self.open::<M>(incoming, max_inflated)?;
        while !opening.is_open() {
            opening.open_part(incoming)?;
        }
        loop {
            if let Some(message) = opening.decode_part(incoming)? {
                return Ok(message);
            }
        }
    }
}

/// The terminal and the bytes of an input frame, if it is one.
pub(crate) fn input(incoming: Incoming<'_>) -> Result<Option<(u64, &[u8])>> {
    let Incoming::Binary(frame) = incoming else { return Ok(None) };
    match frame.split_first_chunk::<INPUT_HEADER>() {
        Some(([INPUT, flags, terminal @ ..], bytes)) => {
            no_flags(*flags)?;
            Ok(Some((u64::from_le_bytes(*terminal), bytes)))
        }
        _ => Ok(None),
    }
}

/// The terminal, the offset and the bytes of an output frame, if it is one.
pub(crate) fn output(incoming: Incoming<'_>) -> Result<Option<(u64, u64, &[u8])>> {
    let Incoming::Binary(frame) = incoming else { return Ok(None) };
    if let Some(([OUTPUT, flags, terminal @ ..], rest)) = frame.split_first_chunk::<10>()
        && let Some((offset, bytes)) = rest.split_first_chunk::<8>()
    {
        no_flags(*flags)?;
        let [terminal, offset] = [*terminal, *offset].map(u64::from_le_bytes);
        return Ok(Some((terminal, offset, bytes)));
    }
    Ok(None)
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
    let message = one_line(message.into()).into_owned();
    DecodeError { kind: DecodeErrorKind::Malformed, message }
}

#[cfg(test)]
mod description;
#[cfg(any(fuzzing, test))]
pub(super) mod fuzz;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod large;
#[cfg(test)]
mod manual;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod numbers;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod strict;
#[cfg(test)]
mod vectors;
