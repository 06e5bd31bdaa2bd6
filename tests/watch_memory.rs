//! How much memory the tree of a watch takes, counted by an allocator of the test's own.
//!
//! One test: what another one allocated meanwhile would be counted with it.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use orchflow::{Config, Engine, Event, WatchEvent, WatchOptions};
use support::files::TempDir;

/// The system's allocator, which also counts the bytes that it gave and that were not freed: more than was asked for,
/// since it rounds up.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        let pointer = unsafe { System.alloc(layout) };
        LIVE.fetch_add(size_of_piece(pointer), Ordering::Relaxed);
        pointer
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(size_of_piece(pointer), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn size_of_piece(pointer: *mut u8) -> usize {
    // SAFETY: it is null, or the system's allocator gave it.
    unsafe { libc::malloc_usable_size(pointer.cast()) }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The tree of `benches/files`.
const BRANCHES: usize = 100;
const TWIGS: usize = 100;
const LEAVES: usize = 10;

fn plant(root: &Path, leaves: usize) {
    for twig in 0..BRANCHES * TWIGS {
        let dir = root.join(format!("branch{}/twig{}", twig / TWIGS, twig % TWIGS));
        fs::create_dir_all(&dir).unwrap();
        for leaf in 0..leaves {
            fs::write(dir.join(format!("leaf{leaf}")), b"green").unwrap();
        }
    }
}

/// What watching a directory takes, and the memory of the engine with it.
fn heap_of(root: &Path) -> usize {
    let before = LIVE.load(Ordering::Relaxed);
    let mut engine = Engine::new(Config::default()).unwrap();
    let watch = engine.add_watch(&WatchOptions::new(root)).unwrap();
    engine.sync_watch(watch, 0).unwrap();
    let mut is_synced = false;
    while !is_synced {
        engine.turn(None).unwrap();
        while let Some(event) = engine.next_event().unwrap() {
            is_synced |= matches!(event, Event::Watch { event: WatchEvent::Synced { .. }, .. });
        }
    }
    LIVE.load(Ordering::Relaxed) - before
}

#[test]
fn a_directory_takes_at_most_200_bytes_and_a_file_128() {
    let folder = TempDir::in_memory();
    let [empty, bare, full] = ["empty", "bare", "full"].map(|name| folder.path().join(name));
    fs::create_dir(&empty).unwrap();
    plant(&bare, 0);
    plant(&full, LEAVES);
    let [empty, bare, full] = [empty, bare, full].map(|root| heap_of(&root));
    let dirs = BRANCHES * (1 + TWIGS);
    let of_dir = (bare - empty) as f64 / dirs as f64;
    let of_file = (full - bare) as f64 / (BRANCHES * TWIGS * LEAVES) as f64;
    println!("a directory: {of_dir:.1} bytes, a file: {of_file:.1}");
    assert!(of_dir <= 200.0 && of_file <= 128.0, "a directory: {of_dir:.1}, a file: {of_file:.1}");
}
