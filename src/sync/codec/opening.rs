//! Opening a payload to get its message: it is inflated, then looked at, then decoded, all in parts.
//!
//! Which message it is is known before it is decoded, so that what is not allowed costs no more. What is
//! decoded is bounded in memory by [`Message::MEMORY`], and in time by the bounds below.

use bincode::config;
use bincode::error::DecodeError as BincodeError;
use serde::Deserialize;

use super::decode::{bincode_error, memory, whole};
use super::deflate::Inflating;
use super::envelope::{
    BINCODE, BINCODE_HEADER, Codec, DEFLATED, DEFLATED_JSON, Incoming, JSON_HEADER, MAGIC,
    PART_BYTES, SCHEMA,
};
use super::error::{
    DecodeError, DecodeErrorKind, Result, malformed, short, too_big, unknown_kind, wrong_length,
};
use super::kind::{self, Kind, Message};
use super::meter::choice::AnyName;
use super::meter::{Meter, Metered};
use super::parts::Parts;
use super::scan::{Reduced, Scan};
use crate::sync::protocol::About;

/// Time for a byte in nanoseconds times 16, measured on messages that are made to be slow: inflated, looked
/// at, decoded from each codec, decoded within a long string.
const INFLATE_COST: u64 = 32;
const SCAN_COST: u64 = 24;
const JSON_COST: u64 = 120;
const BINCODE_COST: u64 = 60;
const STRING_COST: u64 = 3;
/// The same of padding, which can be no longer than [`kind::small`].
const PADDING_COST: u64 = 11;
/// Time for a value of a text, in nanoseconds.
const MARK_COST: u64 = 40;
/// Of any payload, in nanoseconds.
const BASE_COST: u64 = 500;

/// A payload that is being opened. Each step is given the same payload again.
#[derive(Debug)]
pub(crate) struct Opening<M: Message> {
    codec: Codec,
    /// Where the message begins, or its deflate stream.
    start: usize,
    /// Bytes of the message, after inflating.
    length: usize,
    inflating: Option<Inflating>,
    scan: Scan,
    /// A text without what nobody knows of it.
    reduced: Option<Reduced>,
    kind: Option<M::Kind>,
    /// What is decoded so far of a large message with operations.
    parts: Option<Parts<M>>,
    /// What has been done since it was last asked, in nanoseconds.
    cost: u64,
}

impl<M: Message> Opening<M> {
    /// Checks the header; nothing is inflated yet. `max_inflated`: bytes of the message after inflating.
    pub(super) fn new(codec: Codec, incoming: Incoming<'_>, max_inflated: usize) -> Result<Self> {
        let (start, length, is_deflated) = match (codec, incoming) {
            (Codec::Json, Incoming::Text(text)) if text.len() > max_inflated => {
                return Err(too_big(text.len(), max_inflated));
            }
            (Codec::Json, Incoming::Text(text)) => (0, text.len(), false),
            (Codec::Json, Incoming::Binary(frame)) => {
                (JSON_HEADER, json_header(frame, max_inflated)?, true)
            }
            (Codec::Bincode, Incoming::Text(_)) => {
                return Err(malformed(format_args!("a text frame, but the codec is bincode")));
            }
            (Codec::Bincode, Incoming::Binary(frame)) => {
                let (length, is_deflated) = bincode_header(frame, max_inflated)?;
                (BINCODE_HEADER, length, is_deflated)
            }
        };
        let payload = incoming.bytes().get(start..).unwrap_or_default();
        let inflating = if is_deflated { Some(Inflating::new(payload, length)?) } else { None };
        let (scan, kind, parts) = (Scan::new(M::MARKS_MAX, M::knows_field), None, None);
        let cost = BASE_COST;
        Ok(Opening { codec, start, length, inflating, scan, reduced: None, kind, parts, cost })
    }

    /// Which message it is, as soon as that is known.
    pub(crate) fn kind(&self) -> Option<M::Kind> {
        self.kind
    }

    /// Bytes of the message, after inflating.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// It has been inflated and looked at: what is left is to decode it.
    pub(crate) fn is_open(&self) -> bool {
        self.is_seen() && self.kind.is_some()
    }

    /// It has been inflated, and a text has been looked at.
    fn is_seen(&self) -> bool {
        let is_inflated = self.inflating.as_ref().is_none_or(Inflating::is_done);
        is_inflated && (self.codec == Codec::Bincode || self.scan.at() == self.length)
    }

    pub(super) fn codec(&self) -> Codec {
        self.codec
    }

    /// As much of the message as there is.
    pub(super) fn plain<'a>(&'a self, incoming: Incoming<'a>) -> &'a [u8] {
        let payload = incoming.bytes().get(self.start..).unwrap_or_default();
        self.inflating.as_ref().map_or(payload, Inflating::plain)
    }

    /// What a text is about, as far as it has been looked at.
    pub(super) fn seen(&self) -> About {
        self.scan.about()
    }

    /// What was done since this was last asked, as an estimate in nanoseconds: the same for the same work.
    pub(crate) fn take_cost(&mut self) -> u64 {
        std::mem::take(&mut self.cost)
    }

    /// Inflates and looks at one part. `incoming` is what it was made from.
    pub(crate) fn open_part(&mut self, incoming: Incoming<'_>) -> Result<()> {
        let payload = incoming.bytes().get(self.start..).unwrap_or_default();
        if let Some(inflating) = &mut self.inflating {
            let before = inflating.plain().len();
            inflating.work(payload)?;
            self.cost += cost(inflating.plain().len() - before, INFLATE_COST);
        }
        let plain = self.inflating.as_ref().map_or(payload, Inflating::plain);
        if self.codec == Codec::Json {
            let before = self.scan.at();
            self.scan.look(plain, before.saturating_add(PART_BYTES))?;
            self.cost += cost(self.scan.at() - before, SCAN_COST);
            if self.is_seen() && self.reduced.is_none() {
                self.reduced = self.scan.reduced(plain);
                let kept = self.reduced.as_ref().map_or(0, |kept| kept.text.len());
                self.cost += cost(kept, STRING_COST);
            }
        }
        if self.kind.is_none() {
            self.kind = self.find_kind(plain)?;
        }
        // What nobody knows of a text counts only until it is left out.
        let is_known = self.codec == Codec::Bincode || self.is_seen();
        let length = self.reduced.as_ref().map_or(self.length, |kept| kept.text.len());
        if let Some(kind) = self.kind.filter(|_| is_known)
            && !kind.may_be_large()
            && length > kind::small(self.codec)
        {
            return Err(too_big(length, kind::small(self.codec)));
        }
        Ok(())
    }

    fn find_kind(&self, plain: &[u8]) -> Result<Option<M::Kind>> {
        match self.codec {
            Codec::Bincode => {
                let number = bincode::decode_from_slice::<u32, _>(plain, config::standard());
                match number {
                    Ok((number, _)) => kind::numbered::<M>(number).map(Some),
                    Err(BincodeError::UnexpectedEnd { .. }) if plain.len() < self.length => {
                        Ok(None)
                    }
                    Err(error) => Err(bincode_error(&error)),
                }
            }
            Codec::Json => match self.scan.tag(plain) {
                Some(name) => match serde_json::from_slice::<&str>(name) {
                    Ok(name) => kind::named::<M>(name).map(Some),
                    // It has an escape.
                    Err(_) => match serde_json::from_slice::<String>(name) {
                        Ok(name) => kind::named::<M>(&name).map(Some),
                        Err(error) => Err(malformed(format_args!("{error}"))),
                    },
                },
                None if !self.is_seen() => Ok(None),
                None => Err(no_type(self.reduced.as_ref().map_or(plain, |kept| &kept.text))),
            },
        }
    }

    /// Decodes one part; the message once all of it is decoded. `incoming` is what it was made from, and it
    /// [is open](Opening::is_open).
    ///
    /// Operations of a large message are decoded one after the other; all else is one part.
    pub(crate) fn decode_part(&mut self, incoming: Incoming<'_>) -> Result<Option<M>> {
        let payload = incoming.bytes().get(self.start..).unwrap_or_default();
        let plain = self.inflating.as_ref().map_or(payload, Inflating::plain);
        let (plain, list) = match &self.reduced {
            Some(kept) => (kept.text.as_slice(), kept.list),
            None => (plain, self.scan.list()),
        };
        let Some(kind) = self.kind else {
            return Err(malformed(format_args!("the message is not open yet")));
        };
        if self.parts.is_none() && plain.len() > PART_BYTES {
            self.parts = Parts::new(self.codec, kind, plain, list)?;
        }
        let Some(parts) = &mut self.parts else {
            let marks = u64::from(self.scan.outer_marks());
            self.cost += marks * MARK_COST + cost(plain.len(), STRING_COST);
            if self.codec == Codec::Json {
                self.cost += cost(plain.len().min(kind::small(self.codec)), PADDING_COST);
            } else {
                self.cost += cost(plain.len().min(PART_BYTES / 2), BINCODE_COST - STRING_COST);
            }
            let meter = Meter::new(memory::<M>(plain.len()));
            return whole(self.codec, plain, kind, &meter).map(Some);
        };
        let before = parts.at();
        let is_done = parts.work(plain)?;
        let per_byte = if self.codec == Codec::Json { JSON_COST } else { BINCODE_COST };
        // What is beyond the part belongs to one operation, and is within its strings.
        let (bytes, long) = (parts.at() - before, (parts.at() - before).saturating_sub(PART_BYTES));
        self.cost += cost(bytes - long, per_byte) + cost(long, STRING_COST);
        if !is_done {
            return Ok(None);
        }
        self.parts.take().map(|parts| parts.finish(plain)).transpose()
    }
}

fn cost(bytes: usize, sixteenths: u64) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(sixteenths) / 16
}

/// The length of the text in a binary frame of the JSON codec.
fn json_header(frame: &[u8], max_inflated: usize) -> Result<usize> {
    let Some((header, _)) = frame.split_first_chunk::<JSON_HEADER>() else {
        return Err(short(frame));
    };
    let [kind, flags, zeros @ .., a, b, c, d] = *header;
    if kind != DEFLATED_JSON {
        return Err(unknown_kind(frame));
    }
    if flags != DEFLATED || zeros != [0; 2] {
        return Err(malformed(format_args!("unknown flags in the header of a compressed message")));
    }
    claimed([a, b, c, d], max_inflated)
}

/// The length of the message in a binary frame of the bincode codec, and whether it is compressed.
fn bincode_header(frame: &[u8], max_inflated: usize) -> Result<(usize, bool)> {
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
        0 => Ok((length, false)),
        DEFLATED => Ok((length, true)),
        _ => Err(malformed(format_args!("unknown flags {flags:#04x} in a binary frame"))),
    }
}

/// The length in a header, if a message may have it.
fn claimed(bytes: [u8; 4], max_inflated: usize) -> Result<usize> {
    let length = usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX);
    if length > max_inflated { Err(too_big(length, max_inflated)) } else { Ok(length) }
}

/// Why a text is no object with a field `type` that is a string.
fn no_type(text: &[u8]) -> DecodeError {
    #[derive(Deserialize)]
    struct Tag {
        #[serde(rename = "type")]
        _name: AnyName,
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let meter = Meter::new(0);
    let tag = Tag::deserialize(Metered::new(&mut deserializer, &meter));
    match tag.and_then(|_| deserializer.end()) {
        Ok(()) => malformed(format_args!("missing field `type`")),
        Err(error) => malformed(format_args!("{error}")),
    }
}
