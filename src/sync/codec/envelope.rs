//! Envelopes: what stands before a message in a binary frame, and frames with the bytes of terminals.

use super::error::{Result, malformed};

/// First byte of a binary frame: a message in bincode.
pub(super) const BINCODE: u8 = 0x01;
/// A compressed message in JSON.
pub(super) const DEFLATED_JSON: u8 = 0x02;
/// Output of a terminal.
pub(super) const OUTPUT: u8 = 0x10;
/// Input for a terminal.
pub(super) const INPUT: u8 = 0x11;

/// Flag of an envelope: the payload is a raw deflate stream.
pub(super) const DEFLATED: u8 = 0x01;
pub(super) const MAGIC: [u8; 2] = *b"OF";
pub(super) const BINCODE_HEADER: usize = 12;
pub(super) const JSON_HEADER: usize = 8;
pub(super) const OUTPUT_HEADER: usize = 18;
pub(crate) const INPUT_HEADER: usize = 10;

/// Bytes that one part of the work on a message goes through.
pub(super) const PART_BYTES: usize = 64 << 10;

/// Tells apart what the two sides take the messages to look like: a hash of their declarations, which a
/// test keeps equal to the types.
pub(crate) const SCHEMA: u32 = fnv1a_32(include_bytes!("../protocol/schema.txt"));

pub(super) const fn fnv1a_32(bytes: &[u8]) -> u32 {
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

    /// The envelope of a message of `length` bytes.
    pub(super) fn header(self, flags: u8, length: usize) -> Vec<u8> {
        let length = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        match self {
            Codec::Json => [&[DEFLATED_JSON, flags, 0, 0], &length[..]].concat(),
            Codec::Bincode => {
                [&[BINCODE, flags], &MAGIC[..], &SCHEMA.to_le_bytes(), &length].concat()
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
