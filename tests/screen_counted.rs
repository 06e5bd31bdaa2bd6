//! What screens say that they take is what they take, as an allocator of the test's own counts it.
//!
//! One test: what another one allocated meanwhile would be counted with it.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
#![allow(clippy::print_stderr)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use orchflow::{AdoptOptions, Limits, ScreenOptions};
use support::host::Host;
use support::played::Played;

/// The system's allocator, which also counts the bytes that are asked for and not freed.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What else the host and the test keep may differ by so much between two looks.
const ELSE_BYTES: usize = 2 << 10;

fn repeated(count: usize, piece: impl Fn(usize) -> String) -> Vec<u8> {
    (0..count).map(piece).collect::<String>().into_bytes()
}

#[test]
fn screens_count_what_they_take() {
    let kinds: [(&str, Vec<u8>); 9] = [
        ("plain", repeated(8000, |n| format!("a line of plain text, number {n}\r\n"))),
        (
            "colours",
            repeated(8000, |n| format!("\x1b[38;5;{}mcolour \x1b[4m{n}\x1b[m\r\n", n % 256)),
        ),
        ("styles", repeated(9000, |n| format!("\x1b[38;2;{};{};9mx\x1b[m\r\n", n % 251, n % 241))),
        (
            "links",
            repeated(3000, |n| format!("\x1b]8;;http://host/{n}\x1b\\link\x1b]8;;\x1b\\\r\n")),
        ),
        ("wide", repeated(6000, |_| "終端の画面に表示\r\n".into())),
        ("clusters", repeated(6000, |n| format!("e\u{301}{}\u{308}\u{323} x\r\n", n % 10))),
        ("one line", repeated(9000, |_| "no end of it ".into())),
        ("marks", repeated(5000, |_| "\x1b]133;A\x07$ \x1b]133;B\x07\r\n".into())),
        ("alternate", repeated(500, |n| format!("\x1b[?1049h\x1b[{}Hx", n % 5))),
    ];
    let limits = Limits { log_bytes: 64 << 10, ..Limits::default() };
    let mut host = Host::with_limits(limits);
    let screen = ScreenOptions { scrollback: 5000, ..ScreenOptions::default() };
    for (kind, output) in &kinds {
        let options = AdoptOptions::new().reader(None).screen(screen.clone());
        let mut tty = Played::new(&mut host, options);
        // The log is full before it is counted.
        tty.play_all(&mut host, &repeated(3000, |n| format!("a line before it, number {n}\r\n")));
        tty.play_all(&mut host, b"\x1bc");
        let (live, counted) = (LIVE.load(Ordering::Relaxed), host.engine.screen_bytes());
        tty.play_all(&mut host, output);
        let takes = LIVE.load(Ordering::Relaxed).saturating_sub(live);
        let says = host.engine.screen_bytes() - counted;
        eprintln!("{kind}: takes {takes} bytes, says {says}");
        assert!(takes.abs_diff(says) <= ELSE_BYTES, "{kind}: {takes}, not {says}");
        host.close(tty.id);
    }
}
