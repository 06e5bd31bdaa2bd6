//! Memory of one large message, mapped for it alone.
//!
//! A range of addresses is reserved for the most that the message may have, and the kernel gives pages as
//! they are written. So the bytes lie in one piece and never move, a length that is only claimed costs no
//! memory, and all of it is given back the moment the message is gone, whatever the allocator of the process
//! does with freed blocks.

use std::num::NonZeroUsize;
use std::ptr::NonNull;

use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous, munmap};

/// Bytes that grow up to a maximum. See the module's documentation.
#[derive(Debug)]
pub(super) struct MappedBuffer {
    /// The first of `reserved` bytes that nobody else has.
    start: NonNull<u8>,
    reserved: NonZeroUsize,
    /// So many of them were written.
    length: usize,
}

// SAFETY: the mapping belongs to this value alone, and no thread is special to it.
unsafe impl Send for MappedBuffer {}
// SAFETY: a shared reference only reads.
unsafe impl Sync for MappedBuffer {}

impl MappedBuffer {
    /// Room for so many bytes; `None` if it is 0 or the process has no addresses left for it.
    pub(super) fn reserve(bytes: usize) -> Option<MappedBuffer> {
        let reserved = NonZeroUsize::new(bytes)?;
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_NORESERVE;
        // SAFETY: a new mapping of nothing, at an address of the kernel's choice.
        let start = unsafe { mmap_anonymous(None, reserved, protection, flags) }.ok()?;
        // A huge page would cost 2 MiB for the first byte. A kernel that has none says so, and is right.
        // SAFETY: the range was just mapped, and the advice changes nothing that is read.
        let _ = unsafe { madvise(start, reserved.get(), MmapAdvise::MADV_NOHUGEPAGE) };
        Some(MappedBuffer { start: start.cast(), reserved, length: 0 })
    }

    /// Adds bytes. Whether there was room for all of them; otherwise none are added.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        let Some(length) = self.length.checked_add(bytes.len()) else { return false };
        if length > self.reserved.get() {
            return false;
        }
        // SAFETY: `length` bytes are within the range, as just checked.
        let end = unsafe { self.start.add(self.length) };
        // SAFETY: the range from there on has room, is writable, and belongs to `self` alone, so `bytes` does
        // not overlap it.
        unsafe { end.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) };
        self.length = length;
        true
    }

    /// What was added from this byte on.
    pub(super) fn tail_mut(&mut self, from: usize) -> &mut [u8] {
        // SAFETY: so many bytes were written, and `self` is borrowed for as long as they are.
        let all = unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) };
        all.get_mut(from..).unwrap_or_default()
    }
}

impl AsRef<[u8]> for MappedBuffer {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: so many bytes were written, and `self` is borrowed for as long as they are.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl Drop for MappedBuffer {
    fn drop(&mut self) {
        // SAFETY: the whole mapping of `reserve`; nothing refers to it any more.
        let outcome = unsafe { munmap(self.start.cast(), self.reserved.get()) };
        invariant!(outcome.is_ok(), "what is unmapped was mapped");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_hold_what_was_added_and_no_more_than_reserved() {
        let mut pages = MappedBuffer::reserve(10_000).unwrap();
        assert_eq!(pages.as_ref(), b"");
        let bytes: Vec<u8> = (0..9_999).map(|n| (n % 251) as u8).collect();
        for piece in bytes.chunks(700) {
            assert!(pages.push(piece));
        }
        assert!(!pages.push(b"ab"));
        assert!(pages.push(b"a"));
        assert!(!pages.push(b"b") && pages.push(b""));
        pages.tail_mut(9_999)[0] = b'z';
        assert_eq!(pages.tail_mut(20_000), b"");
        assert_eq!(pages.as_ref(), [bytes, b"z".to_vec()].concat());
        assert!(MappedBuffer::reserve(0).is_none());
        assert!(MappedBuffer::reserve(usize::MAX).is_none());
    }
}
