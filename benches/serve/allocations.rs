//! Allocations of the engine's thread for output that clients are sent.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use crate::crowd::Crowd;
use crate::serving::Serving;
use crate::stats::{Line, Table, Target};

/// The system's allocator, which also counts, for each thread by itself.
pub(crate) struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<i64> = const { Cell::new(0) };
}

fn count(allocations: u64, bytes: i64) {
    // A thread that ends may have given its counters back.
    let _ = ALLOCATIONS.try_with(|all| all.set(all.get() + allocations));
    let _ = BYTES.try_with(|all| all.set(all.get() + bytes));
}

// SAFETY: every call goes to the system's allocator unchanged; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        count(1, bytes as i64 - layout.size() as i64);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, bytes) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, -(layout.size() as i64));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// How often this thread has allocated.
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.get()
}

/// Bytes that this thread has allocated and not freed.
pub(crate) fn live_bytes() -> i64 {
    BYTES.get()
}

const ROUNDS: u64 = 500;

pub(crate) fn run(table: &mut Table) {
    table.section("allocations in steady state, each frame", "");
    for clients in [1, 500] {
        let serving = Serving::start();
        let cat = serving.spawn_echo();
        let mut crowd = Crowd::start(serving.address);
        let fields = r#","attach":[{"terminal":$,"start":"now"}]"#;
        crowd.open(clients, &serving.token, &[cat], fields);
        crowd.command(&format!("rounds\t{ROUNDS}"));
        let before = serving.with(|_| allocations());
        // What the question itself costs is not counted.
        let asked = serving.with(|_| allocations()) - before;
        let before = serving.with(|_| allocations());
        let frames = crowd.command(&format!("rounds\t{ROUNDS}"));
        let made = serving.with(|_| allocations()) - before - asked;
        let each = made as f64 / frames as f64;
        let what = format!("a typed line and its echo, {clients} client(s)");
        let ours = format!("{each:.3}");
        table.line(Line::figure(&what, ours, each, ("", Target::None)));
    }
}
