//! The tree of a watch as bytes: saved by one watch, compared with the disk by a later one.
//!
//! The form is a log of records, so a tree can be saved in parts while it changes: each part holds what changed
//! since the part before, and later records replace earlier ones. `docs/SAVED.md` describes it. The reader
//! believes nothing: the checksum is compared first, and every record is checked on its way into a new tree.
//!
//! Pure. `writer` makes the bytes, `reader` makes a tree of them in steps.

mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub(super) use reader::{Known, Loaded, Reader, Step};
pub use writer::WatchSave;

/// The first bytes.
const MAGIC: &[u8; 8] = b"orchtree";
/// The version of the form; others are refused.
const VERSION: u8 = 1;
/// Bytes of the end: its tag, the number of entries, the checksum.
const END_BYTES: usize = 1 + 8 + 8;

/// What a record is.
mod tag {
    pub(super) const ENTRY: u8 = 1;
    pub(super) const REMOVED: u8 = 2;
    /// Everything before counts no more.
    pub(super) const RESET: u8 = 3;
    pub(super) const END: u8 = 4;
}

/// Bits of an entry.
mod bit {
    /// The type, as `FileType` numbers it.
    pub(super) const TYPE: u8 = 7;
    /// A directory that is one entry.
    pub(super) const OPAQUE: u8 = 8;
    /// A file that has several names.
    pub(super) const LINKED: u8 = 16;
}

/// A checksum against damage: FNV-1a of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Checksum(u64);

impl Checksum {
    fn new() -> Self {
        Checksum(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
