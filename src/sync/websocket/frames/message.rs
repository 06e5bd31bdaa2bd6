//! A message that is coming in, piece by piece.
//!
//! A small one is a vector that grows by a quarter; what is larger lies in a [`MappedBuffer`] of its own, so that many
//! large ones that are never finished leave nothing behind.

use bytes::Bytes;

use super::{Broken, Payload, unmask};
use crate::sync::websocket::mapped_buffer::MappedBuffer;

/// Bytes up to which a message is in a vector.
pub(super) const SMALL_BYTES: usize = 16 << 10;

enum Held {
    Vector(Vec<u8>),
    MappedBuffer(MappedBuffer),
    /// Nothing is kept.
    Forgotten,
}

/// See the module's documentation.
pub(super) struct Partial {
    is_text: bool,
    held: Held,
    length: usize,
    /// Frames that it has come in, this one included.
    pub(super) fragments: u32,
}

impl Partial {
    pub(super) fn new(is_text: bool) -> Self {
        Partial { is_text, held: Held::Vector(Vec::new()), length: 0, fragments: 1 }
    }

    /// Bytes that have come.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Bytes that are kept.
    pub(super) fn held(&self) -> usize {
        match &self.held {
            Held::Vector(bytes) => bytes.capacity(),
            Held::MappedBuffer(pages) => pages.as_ref().len(),
            Held::Forgotten => 0,
        }
    }

    /// Keeps nothing.
    pub(super) fn forget(&mut self) {
        self.held = Held::Forgotten;
    }

    /// Adds masked bytes of a message that may have `max`. Whether there was room and memory for them.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        mask: Option<[u8; 4]>,
        keep: bool,
        max: usize,
    ) -> bool {
        let start = self.length;
        self.length += bytes.len();
        if !keep {
            self.forget();
        }
        match &mut self.held {
            Held::Forgotten => return true,
            Held::MappedBuffer(_) => {}
            Held::Vector(held) if self.length <= SMALL_BYTES => {
                if held.capacity() < self.length {
                    let wanted = self.length.max(held.capacity() + held.capacity() / 4);
                    held.reserve_exact(wanted.min(SMALL_BYTES) - held.len());
                }
                held.extend_from_slice(bytes);
                unmask(held.get_mut(start..).unwrap_or_default(), mask);
                return true;
            }
            Held::Vector(held) => {
                let Some(mut pages) = MappedBuffer::reserve(max) else { return false };
                if !pages.push(held) {
                    return false;
                }
                self.held = Held::MappedBuffer(pages);
            }
        }
        let Held::MappedBuffer(pages) = &mut self.held else { return false };
        let has_room = pages.push(bytes);
        unmask(pages.tail_mut(start), mask);
        has_room
    }

    /// The whole message.
    pub(super) fn finish(self) -> Result<Payload, Broken> {
        let bytes = match self.held {
            Held::Vector(bytes) => Bytes::from(bytes),
            Held::MappedBuffer(pages) => Bytes::from_owner(pages),
            Held::Forgotten => Bytes::new(),
        };
        if self.is_text {
            bytes.try_into().map(Payload::Text).map_err(|_| Broken::NotUtf8)
        } else {
            Ok(Payload::Binary(bytes))
        }
    }
}
