//! Everything is filled at once, and the engine stays within `memory_bytes_total`, as an allocator of the test's own
//! counts it: until all is used up, while it is, when there is room again, and a second time. At the end what was counted
//! is free.
//!
//! One test: what another one allocated meanwhile would be counted with it.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr
)]

#[path = "support/client.rs"]
mod client;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/serving.rs"]
mod serving;
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use client::WATCHDOG;
use orchflow::{
    Change, ChangeOp, ChangeSet, Config, Engine, Limits, MemoryUse, Metadata, RestartPolicy,
    ScreenOptions, Session, TerminalFilter, WatchOptions,
};
use raw::{FIN, Raw, TEXT, header};
use serde_json::json;
use serving::Serving;
use support::files::TempDir;
use support::host::sh;

/// The system's allocator, which also counts the bytes that it gave and that were not freed: more than was asked for,
/// since it rounds up.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        let pointer = unsafe { System.alloc(layout) };
        let bytes = size_of_piece(pointer);
        PEAK.fetch_max(LIVE.fetch_add(bytes, Ordering::Relaxed) + bytes, Ordering::Relaxed);
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

const MIB: usize = 1 << 20;
const TOTAL: usize = 32 * MIB;
/// What is not counted: what an allocator adds to each piece, buffers that an engine has whatever it does, and the
/// test's own clients.
const ELSE_BYTES: usize = 3 * MIB;

fn limits() -> Limits {
    Limits {
        memory_bytes_total: TOTAL,
        log_bytes_max: MIB,
        log_bytes_total: TOTAL,
        screen_bytes_total: TOTAL,
        state_bytes: TOTAL,
        resource_bytes: TOTAL,
        inbox_bytes: MIB,
        client_partial_bytes_total: 4 * MIB,
        ..Limits::default()
    }
}

/// Terminals with output that nobody reads, and with long scrollbacks; how many could be made.
fn fill_terminals(engine: &mut Engine) -> usize {
    let mut made = 0;
    for n in 0..40 {
        let text = "seq -f 'line %.0f of a scrollback that is long' 1 40000; exec cat";
        let options = match n % 3 {
            0 => sh(text)
                .log_bytes(64 << 10)
                .screen(ScreenOptions { scrollback: 50_000, ..ScreenOptions::default() }),
            1 => sh("head -c 3000000 /dev/zero; exec cat"),
            // What it is started with again is kept.
            _ => (0..5).fold(sh("exec cat").restart(RestartPolicy::on_failure()), |options, n| {
                options.env(format!("LARGE{n}"), "x".repeat(100_000))
            }),
        };
        let Ok(id) = engine.spawn(&options) else { break };
        if n % 3 == 1 {
            let reader = engine.terminal_state(id).unwrap().readers[0].id;
            engine.pause_reader(reader).unwrap();
        }
        made += 1;
    }
    made
}

/// More sessions than there is memory for.
const SESSIONS: usize = 800;

/// Sessions that are as large as they may be; how many there could be.
fn fill_state(engine: &mut Engine) -> usize {
    for n in 0..SESSIONS {
        let pair = |n: usize| (format!("key{n}"), "v".repeat(4000));
        let metadata: Metadata = (0..3).map(pair).collect();
        let id = format!("s{n}");
        let session = Session { name: id.clone(), metadata, ..Session::default() };
        let change = Change::PutSession { id, session };
        if engine.change_state(&ChangeSet { ops: vec![ChangeOp { change, base: None }] }).is_err() {
            return n;
        }
    }
    SESSIONS
}

fn close_terminals(engine: &mut Engine) {
    for id in engine.terminals(TerminalFilter::All) {
        // One that is closing already may be closed again.
        engine.close(id, Duration::ZERO).unwrap();
    }
}

fn clear_state(engine: &mut Engine) {
    for n in 0..SESSIONS {
        let change = Change::RemoveSession { id: format!("s{n}") };
        // It may never have been there.
        let _ = engine.change_state(&ChangeSet { ops: vec![ChangeOp { change, base: None }] });
    }
}

/// What the engine counts, beside what the allocator does.
struct Account<'a> {
    serving: &'a Serving,
    base: usize,
}

impl Account<'_> {
    /// Both are within the budget.
    fn look(&self) -> MemoryUse {
        let memory = self.serving.with(|engine| engine.memory());
        let peak = PEAK.load(Ordering::Relaxed) - self.base;
        assert!(memory.total() <= TOTAL, "{memory:?}");
        assert!(peak <= TOTAL + ELSE_BYTES, "{peak} bytes live, {memory:?}");
        memory
    }

    /// Looks until it is so.
    fn until(&self, what: &str, is_so: impl Fn(&MemoryUse) -> bool) -> MemoryUse {
        let until = Instant::now() + WATCHDOG * 2;
        loop {
            let memory = self.look();
            if is_so(&memory) {
                return memory;
            }
            assert!(Instant::now() < until, "not reached: {what}: {memory:?}");
        }
    }

    /// Looks until no more bytes than these are live.
    fn until_live(&self, what: &str, bytes: usize) {
        self.until(what, |memory| {
            let live = LIVE.load(Ordering::Relaxed).saturating_sub(self.base);
            live <= bytes.max(memory.total())
        });
    }
}

#[test]
fn everything_at_once_stays_within_the_budget() {
    let folder = TempDir::in_memory();
    for n in 0..20_000 {
        fs::write(folder.path().join(format!("a file with a name {n}")), "").unwrap();
    }
    let path = folder.path().to_owned();
    let config = Config { limits: limits(), ..Config::default() };
    let serving = Serving::start_with(config, |options| {
        options.resource("/large", "text/plain", support::files::noise(1, MIB))
    });
    let ops = vec![json!({"terminal": 1, "op": "eof"}); 16_000];
    let batch = json!({"type": "batch", "id": 5, "ops": ops});
    let part = vec![b' '; 300_000];
    let base = LIVE.load(Ordering::Relaxed);
    PEAK.store(base, Ordering::Relaxed);
    let account = Account { serving: &serving, base };
    let mut clients: Vec<Raw> =
        (0..20).map(|_| Raw::enter(serving.address, &serving.token)).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        if n % 2 == 0 {
            client.json(&batch);
        } else {
            client.send(&[header(FIN | TEXT, MIB as u64).as_slice(), &part].concat());
        }
    }
    let publish = serving.with(move |engine| {
        let watch = engine.add_watch(&WatchOptions::new(path)).unwrap();
        engine.set_watch_published(watch, true).unwrap();
        watch
    });
    let made = serving.with(|engine| (fill_terminals(engine), fill_state(engine)));
    let full = account.until("it is full", |memory| memory.is_full);
    eprintln!("{made:?} made: {full:?}");
    let state = serving.with(move |engine| engine.watch_state(publish).unwrap());
    assert!(state.entries > 0);

    // What is asked for while it is full.
    for _ in 0..5 {
        serving.with(fill_terminals);
        serving.with(fill_state);
        account.look();
    }

    serving.with(close_terminals);
    account.until("there is room", |memory| !memory.is_full);
    // There is room for as much as before.
    let again = serving.with(fill_terminals);
    account.until("it is full again", |memory| memory.is_full);
    eprintln!("{again} made again: {:?}", account.look());

    drop(clients);
    serving.with(move |engine| engine.remove_watch(publish).unwrap());
    serving.with(|engine| {
        close_terminals(engine);
        clear_state(engine);
    });
    let left = account.until("all is free", |memory| memory.total() < 2 * MIB);
    account.until_live("what was counted is free", left.total() + ELSE_BYTES);
}
