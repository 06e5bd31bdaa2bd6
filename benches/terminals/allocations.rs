//! Allocations on the hot paths, counted by the benchmark's own allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::host::{Host, PATIENCE, Reported, Wait};
use crate::stats::{Line, Table, Target};

/// The system's allocator, which also counts.
pub(crate) struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call goes to the system's allocator unchanged; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, bytes) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.load(Ordering::Relaxed)
}

const EVENTS: u64 = 5000;
const KEYS: usize = 200;

pub(crate) fn run(table: &mut Table) {
    table.section("allocations in steady state", "");
    for floods in [1, 16] {
        let (allocations, events) = of_floods(floods);
        let what = format!("output events of {floods} flood{}", plural(floods));
        print(table, &what, allocations, events);
    }
    let allocations = of_keys();
    print(table, "keys and their echoes", allocations, KEYS as u64);
}

fn of_floods(floods: usize) -> (u64, u64) {
    let mut host = Host::new(Wait::InTurn);
    host.spawn_floods(floods);
    // Steady state: every log has been filled and has begun to reuse its memory.
    let log_bytes = host.engine.limits().log_bytes as u64;
    flow(&mut host, |reported| reported.other_bytes >= 4 * log_bytes * floods as u64);
    let before = allocations();
    let reported = flow(&mut host, |reported| reported.output_events >= EVENTS);
    (allocations() - before, reported.output_events)
}

/// Turns until it is enough; gives what was reported in all.
pub(crate) fn flow(host: &mut Host, enough: impl Fn(&Reported) -> bool) -> Reported {
    let patience = Instant::now() + PATIENCE;
    let mut all = Reported::default();
    while !enough(&all) {
        let reported = host.turn(Duration::from_secs(1), None);
        all.output_events += reported.output_events;
        all.screen_events += reported.screen_events;
        all.other_bytes += reported.other_bytes;
        assert!(Instant::now() < patience, "the floods do not flow");
    }
    all
}

fn of_keys() -> u64 {
    let mut host = Host::new(Wait::InTurn);
    let cat = host.spawn_echo();
    host.echoes(cat, KEYS);
    let before = allocations();
    let echoes = host.echoes(cat, KEYS);
    let made = allocations() - before;
    drop(echoes);
    // Its two lists of figures are the benchmark's own.
    made - 2
}

fn print(table: &mut Table, what: &str, allocations: u64, events: u64) {
    let each = allocations as f64 / events as f64;
    let ours = format!("{allocations} in {events}");
    table.line(Line::figure(what, ours, each, ("0", Target::AtMost(0.0))));
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}
