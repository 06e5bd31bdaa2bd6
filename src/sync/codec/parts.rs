//! A large message whose operations are decoded one after the other, so that no step takes long.
//!
//! What is left when they are taken out is a small message with an empty list, which is decoded last: it
//! finds what is wrong beside the operations.

use bincode::config;
use serde::de::value::Error as Plain;
use serde::de::{DeserializeSeed, Deserializer};

use super::decode::{bincode_error, memory, over, read, whole};
use super::envelope::{Codec, PART_BYTES};
use super::error::{Result, malformed, too_big};
use super::kind::{Message, Ops, small};
use super::meter::{Meter, Metered};
use super::scan::element_end;

/// The operations of a message as far as they are decoded.
#[derive(Debug)]
pub(super) struct Parts<M: Message> {
    codec: Codec,
    kind: M::Kind,
    ops: M::Ops,
    /// Operations that there is room for.
    room: usize,
    meter: Meter,
    /// Where the list begins and ends in the text; in bincode, which has it last, where its count stands.
    list: (usize, usize),
    /// Where the next operation begins.
    at: usize,
    /// Operations that are still to come, in bincode.
    left: usize,
}

impl<M: Message> Parts<M> {
    /// `list`: where the operations are in a text. Nothing if the kind has none, or if they are few.
    pub(super) fn new(
        codec: Codec,
        kind: M::Kind,
        plain: &[u8],
        list: Option<(usize, usize)>,
    ) -> Result<Option<Self>> {
        let Some(ops) = M::Ops::new(kind) else { return Ok(None) };
        let meter = Meter::new(memory::<M>(plain.len()));
        let (list, at, left) = match (codec, list) {
            (Codec::Json, Some((start, end))) => {
                let beside = plain.len() - (end - start);
                if beside > small(codec) {
                    return Err(too_big(beside, small(codec)));
                }
                if end - start <= PART_BYTES {
                    return Ok(None);
                }
                ((start, end), start + 1, 0)
            }
            (Codec::Json, None) if plain.len() > small(codec) => {
                return Err(too_big(plain.len(), small(codec)));
            }
            (Codec::Json, None) => return Ok(None),
            (Codec::Bincode, _) => {
                // The number of the message, the number that the client gave it, the count.
                let ((_, _, count), at) =
                    bincode::decode_from_slice::<(u32, u64, u64), _>(plain, config::standard())
                        .map_err(|error| bincode_error(&error))?;
                let ((_, _), start) =
                    bincode::decode_from_slice::<(u32, u64), _>(plain, config::standard())
                        .map_err(|error| bincode_error(&error))?;
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                meter.check::<Plain>(count, ops.size()).map_err(|_| over())?;
                ((start, plain.len()), at, count)
            }
        };
        Ok(Some(Parts { codec, kind, ops, room: 0, meter, list, at, left }))
    }

    /// How far the message has been decoded, in bytes.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Decodes operations until they are some bytes; whether that were all.
    pub(super) fn work(&mut self, plain: &[u8]) -> Result<bool> {
        let end = self.at.saturating_add(PART_BYTES);
        while self.at < end {
            let is_done = match self.codec {
                Codec::Json => self.next_in_json(plain),
                Codec::Bincode => self.next_in_bincode(plain),
            };
            if is_done? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The message, once all operations are decoded.
    pub(super) fn finish(self, plain: &[u8]) -> Result<M> {
        let (start, end) = self.list;
        let before = plain.get(..start).unwrap_or_default();
        let after = plain.get(end..).unwrap_or_default();
        let empty: &[u8] = if self.codec == Codec::Json { b"[]" } else { &[0] };
        let mut message: M =
            whole(self.codec, &[before, empty, after].concat(), self.kind, &self.meter)?;
        self.ops.put_into(&mut message);
        Ok(message)
    }

    fn next_in_json(&mut self, plain: &[u8]) -> Result<bool> {
        let list = plain.get(..self.list.1).unwrap_or_default();
        let end = element_end(list, self.at);
        let element = list.get(self.at..end).unwrap_or_default();
        let is_last = end + 1 >= list.len();
        if is_last && self.ops.len() == 0 && element.iter().all(u8::is_ascii_whitespace) {
            return Ok(true);
        }
        let number = self.ops.len();
        self.make_room()?;
        let mut deserializer = serde_json::Deserializer::from_slice(element);
        let decoded = self.ops.push(Metered::new(&mut deserializer, &self.meter));
        match decoded.and_then(|()| deserializer.end()) {
            Ok(()) => self.at = end + 1,
            Err(_) if self.meter.is_over() => return Err(over()),
            Err(error) => return Err(malformed(format_args!("operation {number}: {error}"))),
        }
        Ok(is_last)
    }

    fn next_in_bincode(&mut self, plain: &[u8]) -> Result<bool> {
        let Some(left) = self.left.checked_sub(1) else {
            let after = plain.len() - self.at;
            return match after {
                0 => Ok(true),
                _ => Err(malformed(format_args!("{after} bytes follow the message"))),
            };
        };
        self.left = left;
        self.make_room()?;
        let seed = Next::<M> { ops: &mut self.ops, meter: &self.meter };
        let rest = plain.get(self.at..).unwrap_or_default();
        match read(seed, rest) {
            Ok(((), used)) => self.at += used,
            Err(_) if self.meter.is_over() => return Err(over()),
            Err(error) => return Err(bincode_error(&error)),
        }
        Ok(false)
    }

    /// Charges the space for one more operation.
    fn make_room(&mut self) -> Result<()> {
        let (count, size) = (self.ops.len(), self.ops.size());
        self.meter.grow::<Plain>(count, &mut self.room, size).map_err(|_| over())
    }
}

struct Next<'a, M: Message> {
    ops: &'a mut M::Ops,
    meter: &'a Meter,
}

impl<'de, M: Message> DeserializeSeed<'de> for Next<'_, M> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> std::result::Result<(), D::Error> {
        self.ops.push(Metered::new(inner, self.meter))
    }
}
