//! What it costs to ask a screen: snapshots, changes, searches; and what a viewer makes the engine
//! allocate.

use std::time::Instant;

use orchflow::{ScreenOptions, ScreenUpdate, Search, Size, SpawnOptions, TerminalId};

use crate::allocations::{allocations, flow};
use crate::host::{Host, Screens, Wait};
use crate::stats::{Line, Table, Target, median, percentile, us};
use crate::texts::printable;

const ROUNDS: usize = 200;
const SEARCHES: usize = 30;
const SEARCHED_ROWS: usize = 10_000;
const SCROLLBACK: usize = 1000;
const EVENTS: u64 = 5000;

const SMALL: Size = Size { cols: 80, rows: 24, pixel_width: 0, pixel_height: 0 };
const BIG: Size = Size { cols: 200, rows: 60, pixel_width: 0, pixel_height: 0 };

pub(crate) fn run(table: &mut Table) {
    table.section("a snapshot, p50", "p99");
    snapshots(table);
    table.section("what changed, p50 (a look and an update)", "p99");
    for size in [SMALL, BIG] {
        changes(table, size);
    }
    table.section("a search in 10,000 full rows of 80, p50", "p99");
    searches(table);
    allocations_of_viewers(table);
}

/// A terminal that shows what is typed, control sequences too.
struct Shown {
    host: Host,
    id: TerminalId,
    size: Size,
}

impl Shown {
    fn new(size: Size, scrollback: usize) -> Self {
        let options = ScreenOptions { scrollback, ..ScreenOptions::default() };
        let mut host = Host::with_screens(Wait::InTurn, Screens::Kept(options));
        let id = host.spawn_with(SpawnOptions::program("cat").size(size));
        host.engine.set_mode(id, orchflow::Mode::Raw).unwrap();
        Shown { host, id, size }
    }

    fn show(&mut self, bytes: &[u8]) {
        self.host.show(self.id, bytes);
    }

    /// Prints full rows; the cursor is in the last of them.
    fn show_rows(&mut self, count: usize, first: u64, coloured: bool) {
        let mut bytes = Vec::new();
        for row in 0..count as u64 {
            bytes.extend_from_slice(if row > 0 { b"\r\n" } else { b"\r" });
            row_of(u64::from(self.size.cols), first + row, coloured, &mut bytes);
        }
        self.show(&bytes);
    }

    fn changes(&mut self, generation: u64, update: &mut ScreenUpdate) {
        self.host.engine.screen_changes(self.id, generation, update).unwrap();
    }
}

fn row_of(cols: u64, first: u64, coloured: bool, out: &mut Vec<u8>) {
    let piece = if coloured { 8 } else { cols };
    for col in (0..cols).step_by(piece as usize) {
        if coloured {
            out.extend_from_slice(format!("\x1b[0;3{}m", (first + col / piece) % 8).as_bytes());
        }
        printable(first + col, piece.min(cols - col), out);
    }
    if coloured {
        out.extend_from_slice(b"\x1b[0m");
    }
}

/// Microseconds of each call.
fn timed(rounds: usize, mut call: impl FnMut()) -> Vec<f64> {
    let once = |_| {
        let start = Instant::now();
        call();
        start.elapsed().as_secs_f64() * 1e6
    };
    (0..rounds).map(once).collect()
}

fn line(table: &mut Table, what: &str, times: &[f64]) {
    let line = Line::figure(what, us(median(times)), median(times), ("", Target::None));
    table.line(Line { peer: us(percentile(times, 99)), ..line });
}

fn snapshots(table: &mut Table) {
    for (what, rows, history, coloured) in [
        ("80x24, plain", 24, 0, false),
        ("80x24, coloured", 24, 0, true),
        ("80x24, plain, 1,000 rows above", 24 + SCROLLBACK, SCROLLBACK, false),
        ("80x24, coloured, 1,000 rows above", 24 + SCROLLBACK, SCROLLBACK, true),
    ] {
        let mut shown = Shown::new(SMALL, SCROLLBACK);
        shown.show_rows(rows, 0, coloured);
        let mut bytes = 0;
        let times = timed(ROUNDS, || {
            bytes = shown.host.engine.snapshot(shown.id, history).unwrap().bytes.len();
        });
        line(table, &format!("{what} ({:.1} KB)", bytes as f64 / 1e3), &times);
    }
}

fn changes(table: &mut Table, size: Size) {
    let mut shown = Shown::new(size, SCROLLBACK);
    let (rows, cols) = (usize::from(size.rows), u64::from(size.cols));
    shown.show_rows(rows, 0, true);
    let mut update = ScreenUpdate::default();
    shown.changes(0, &mut update);
    let mut measure = |what: &str, expected: usize, show: &mut dyn FnMut(u64) -> Vec<u8>| {
        let mut times = Vec::new();
        for round in 0..ROUNDS as u64 {
            let bytes = show(round);
            shown.show(&bytes);
            let generation = update.generation;
            times.extend(timed(1, || shown.changes(generation, &mut update)));
            assert_eq!(update.rows.len(), expected, "{what}");
        }
        line(table, &format!("{}x{}, {what}", size.cols, size.rows), &times);
    };
    measure("a word of one row", 1, &mut |round| format!("\x1b[5;9H{round:08}").into_bytes());
    measure("a scroll by one row", 1, &mut |round| {
        let mut bytes = format!("\x1b[{rows}H\r\n").into_bytes();
        row_of(cols, 7 * round, true, &mut bytes);
        bytes
    });
    measure("the whole screen", rows, &mut |round| {
        let mut bytes = b"\x1b[H".to_vec();
        for row in 0..rows as u64 {
            bytes.extend_from_slice(if row > 0 { b"\r\n" } else { b"" });
            row_of(cols, 31 * round + 5 * row + 3, true, &mut bytes);
        }
        bytes
    });
}

fn searches(table: &mut Table) {
    let mut shown = Shown::new(SMALL, SEARCHED_ROWS);
    shown.show_rows(SEARCHED_ROWS - 1, 0, false);
    shown.show(b"\r\nthe needle");
    let literal = Search::literal("the needle");
    for (what, search) in [
        ("a literal text", literal.clone()),
        ("a literal text in any case", Search { ignore_case: true, ..literal.clone() }),
        (
            "a regular expression",
            Search { pattern: "the +[a-z]{6}".into(), regex: true, ..literal },
        ),
    ] {
        let times = timed(SEARCHES, || {
            let found = shown.host.engine.search(shown.id, &search).unwrap();
            assert_eq!(found.matches.len(), 1);
        });
        line(table, what, &times);
    }
}

fn allocations_of_viewers(table: &mut Table) {
    table.section("allocations in steady state, with viewers", "");
    let viewed = || Screens::Viewed(ScreenOptions::default());
    for (what, screens, floods) in [
        ("1 flood, a screen, nobody looks", Screens::Kept(ScreenOptions::default()), 1),
        ("1 flood, a viewer", viewed(), 1),
        ("16 floods, a viewer each", viewed(), 16),
    ] {
        let mut host = Host::with_screens(Wait::InTurn, screens);
        host.spawn_floods(floods);
        // Steady state: every log and every scrollback is full.
        let log_bytes = host.engine.limits().log_bytes as u64;
        flow(&mut host, |reported| reported.other_bytes >= 4 * log_bytes * floods as u64);
        let before = allocations();
        let reported = flow(&mut host, |reported| reported.output_events >= EVENTS);
        let made = allocations() - before;
        let updates = reported.screen_events;
        let each = made as f64 / reported.output_events as f64;
        let ours = format!("{made} in {}", reported.output_events);
        let line = Line::figure(what, ours, each, ("", Target::None));
        table.line(Line { peer: format!("{updates} updates"), ..line });
    }
}
