//! Any payload for the decoders of the protocol, with and without a right header. Decoding takes no more
//! memory than it may.
#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};

/// Counts what is allocated and not freed.
struct Counting;

static NOW: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size() as isize;
        PEAK.fetch_max(NOW.fetch_add(size, Relaxed) + size, Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size() as isize, Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn within(run: &mut dyn FnMut(), allowed: usize) {
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    run();
    let peak = PEAK.load(Relaxed) - before;
    assert!(peak <= allowed as isize, "{peak} bytes, {allowed} are allowed");
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| orchflow::fuzzing::protocol(data, &mut within));
