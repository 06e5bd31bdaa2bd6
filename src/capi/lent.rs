//! Memory that is lent to the host until a later call.
//!
//! A debug build lends copies and overwrites them when the loan ends, so that a host that reads too late
//! notices. A release build lends what the engine has.

use std::ptr;

use super::sized;
use super::types::orch_bytes;

/// A C struct that is lent.
///
/// # Safety
/// Every bit pattern is valid in all fields.
pub(super) unsafe trait Lendable: Copy {}

pub(super) fn poison_all<T: Lendable>(lent: &mut [T]) {
    lent.iter_mut().for_each(poison);
}

/// Overwrites what was lent.
pub(super) fn poison<T: Lendable>(lent: &mut T) {
    // SAFETY: a reference is good for writing, and the trait vouches for the pattern.
    unsafe { ptr::write_bytes(ptr::from_mut(lent), Lent::POISON, 1) };
}

/// The bytes of an event.
#[derive(Default)]
pub(super) struct Lent {
    /// Texts that live nowhere else.
    text: Vec<u8>,
    copy: Vec<u8>,
}

impl Lent {
    /// What a debug build writes over bytes whose loan has ended.
    pub(super) const POISON: u8 = 0xDB;

    pub(super) fn end(&mut self) {
        if cfg!(debug_assertions) {
            self.text.fill(Lent::POISON);
            self.copy.fill(Lent::POISON);
        }
    }

    /// Lends bytes that the engine keeps until the next event.
    pub(super) fn lend(&mut self, bytes: &[u8]) -> orch_bytes {
        let (data, len) = self.lend_raw(bytes);
        orch_bytes { data: data.cast(), len }
    }

    /// The same, as an address and a length.
    pub(super) fn lend_raw(&mut self, bytes: &[u8]) -> (*const u8, usize) {
        if !cfg!(debug_assertions) {
            return (bytes.as_ptr(), bytes.len());
        }
        self.end();
        if self.copy.len() < bytes.len() {
            self.copy.resize(bytes.len(), Lent::POISON);
        }
        self.copy[..bytes.len()].copy_from_slice(bytes);
        (self.copy.as_ptr(), bytes.len())
    }

    /// Keeps a text and lends it. Lend the bytes of the same event before: they end the loan of texts.
    pub(super) fn lend_text(&mut self, text: &str) -> orch_bytes {
        self.text.clear();
        self.text.extend_from_slice(text.as_bytes());
        sized::lend(&self.text)
    }
}
