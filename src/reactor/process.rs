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
pub(crate) struct ProcessIdentity(u32);

impl ProcessIdentity {
    pub(crate) fn current() -> Self {
        let Some(mark) = page() else { return ProcessIdentity(std::process::id()) };
        match mark.load(Ordering::Relaxed) {
            0 => name(mark, &GENERATION),
            generation => ProcessIdentity(generation),
        }
    }

    pub(crate) fn is_current(self) -> bool {
        let current = page().map_or_else(std::process::id, |mark| mark.load(Ordering::Relaxed));
        self.0 == current
    }
}

/// Names a process that has no name yet. Of several threads that come here at once one does it for all.
fn name(mark: &AtomicU32, generations: &AtomicU32) -> ProcessIdentity {
    // The counter is ordinary memory: a child goes on from where its parent was.
    let generation = generations.fetch_add(1, Ordering::Relaxed) + 1;
    match mark.compare_exchange(0, generation, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => ProcessIdentity(generation),
        Err(earlier) => ProcessIdentity(earlier),
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    /// Two engines made at once on two threads belong to the same process.
    #[test]
    fn threads_that_ask_first_at_once_agree() {
        let mark = AtomicU32::new(0);
        let counter = AtomicU32::new(0);
        let barrier = Barrier::new(4);
        let ask = || {
            barrier.wait();
            name(&mark, &counter)
        };
        for _ in 0..500 {
            mark.store(0, Ordering::Relaxed);
            let answers: Vec<ProcessIdentity> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        }
    }
}
