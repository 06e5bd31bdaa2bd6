//! Whose process is this? A forked child has a copy of the engine that it must not use: the epoll set
//! and the terminals are the parent's.
//!
//! Asking `getpid` costs a system call for every call of the host, and in a process namespace a child
//! may have its parent's number. Instead a page of memory is marked so that the kernel empties it in a
//! forked child (`MADV_WIPEONFORK`, Linux 4.14). It holds how many forks away from the first process
//! this one is, counting from 1: asking is one load.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous};

/// The process that something was made in. Where the kernel cannot mark a page it is the process id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) fn current() -> Self {
        let Some(mark) = page() else { return Process(std::process::id()) };
        match mark.load(Ordering::Relaxed) {
            0 => {
                // The counter is ordinary memory: a child goes on from where its parent was.
                let generation = GENERATION.fetch_add(1, Ordering::Relaxed) + 1;
                mark.store(generation, Ordering::Relaxed);
                Process(generation)
            }
            generation => Process(generation),
        }
    }

    pub(crate) fn is_current(self) -> bool {
        let current = page().map_or_else(std::process::id, |mark| mark.load(Ordering::Relaxed));
        self.0 == current
    }
}

static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The marked page, for the life of the process; `None` where the kernel cannot do it.
fn page() -> Option<&'static AtomicU32> {
    static PAGE: OnceLock<Option<&'static AtomicU32>> = OnceLock::new();
    *PAGE.get_or_init(map_page)
}

fn map_page() -> Option<&'static AtomicU32> {
    let bytes = NonZeroUsize::new(4096)?;
    let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: a new private mapping at an address of the kernel's choice disturbs nothing.
    let address = unsafe { mmap_anonymous(None, bytes, protection, MapFlags::MAP_PRIVATE) }.ok()?;
    // SAFETY: the range is the page just mapped.
    unsafe { madvise(address, bytes.get(), MmapAdvise::MADV_WIPEONFORK) }.ok()?;
    // SAFETY: the page is zeroed, aligned, never unmapped, and only ever used as this atomic.
    Some(unsafe { address.cast::<AtomicU32>().as_ref() })
}
