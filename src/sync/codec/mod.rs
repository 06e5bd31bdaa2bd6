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
//! Both codecs decode through one wrapper, [`meter`], which holds the bound. Only here and in `decode.rs` is
//! bincode called, only in `deflate.rs` flate2.

mod about;
mod decode;
mod deflate;
mod envelope;
mod error;
mod kind;
mod meter;
mod opening;
mod parts;
mod scan;

use bincode::config;

use self::deflate::deflate;
#[cfg(test)]
use self::envelope::{
    BINCODE, DEFLATED_JSON, INPUT, JSON_HEADER, OUTPUT, OUTPUT_HEADER, PART_BYTES, SCHEMA, fnv1a_32,
};
use self::envelope::{BINCODE_HEADER, DEFLATED};
pub(crate) use self::envelope::{
    Codec, INPUT_HEADER, Incoming, claimed_bytes, input, input_header, output, output_header,
};
#[cfg(test)]
use self::error::ERROR_BYTES_MAX;
use self::error::Result;
pub(crate) use self::error::{DecodeError, DecodeErrorKind};
pub(crate) use self::kind::{ClientKind, Message};
use self::meter::choice::TypeFirst;
pub(crate) use self::opening::Opening;
use crate::sync::protocol::{ClientMessage, ServerMessage};

/// Messages up to this size are not worth compressing.
const COMPRESS_ABOVE: usize = 1024;
/// A WebSocket payload and the type of frame that it goes into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Encoded {
    /// A text frame; else a binary one.
    pub(crate) text: bool,
    pub(crate) payload: Vec<u8>,
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

impl Codec {
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

/// Bounds that [`super::manual`] compares with `docs/PROTOCOL.md`.
#[cfg(test)]
pub(super) mod bounds {
    pub(crate) use crate::sync::codec::decode::{MEMORY_PER_BYTE, SMALL_MEMORY, SMALL_PAYLOAD};
    pub(crate) use crate::sync::codec::kind::{Message, small};
    pub(crate) use crate::sync::codec::scan::{DEPTH_MAX, SKIP_BYTES};
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
mod round_trip;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod strict;
#[cfg(test)]
mod vectors;
