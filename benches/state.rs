//! What the application state costs, beside the targets of the design.
//!
//! `cargo bench --bench state` runs everything in about a minute and prints a line for each figure: the
//! difference of 100 changes among 1,000 and among 1,000,000 entries, which must not depend on how many
//! there are; what a write costs; how fast a snapshot is read; what a file takes in memory.
//!
//! Nothing here fails for being slow: a line that misses its target says so. A difference with other
//! contents than it should have ends the run.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    dead_code // of the shared table
)]

#[path = "terminals/stats.rs"]
mod stats;

use std::hint::black_box;
use std::time::Instant;

use orchflow::{
    ApplicationState, Change, ChangeOp, ChangeSet, Collection, Collections, FileKey, FileKind,
    Limits, Pane, PaneContent, Session, StateBudget, StateChanges, StateCursor, StateFile,
};
use stats::{Line, Table, Target, median, percentile, us};

const CHANGES: u64 = 100;
const ROUNDS: usize = 2001;
const LARGE: u64 = 1_000_000;

fn facts(id: u64, size: u64) -> StateFile {
    StateFile {
        parent: id / 16,
        name: format!("a_file_of_usual_name_{id}.rs").into_bytes().into(),
        kind: FileKind::File,
        size,
        modified_us: 1_700_000_000_000_000,
        mode: 0o100_644,
        ignored: false,
    }
}

fn key(id: u64) -> FileKey {
    FileKey { watch: 1, id }
}

fn state_of(entries: u64) -> ApplicationState {
    let limits = Limits { state_bytes: 1 << 30, ..Limits::default() };
    let mut state = ApplicationState::new(1, &limits);
    for id in 0..entries {
        assert!(state.put_file(key(id), facts(id, 0)));
    }
    state.commit_metadata();
    state
}

/// The `n`th of the entries that change, spread over all of them, others in each round.
fn changed(entries: u64, round: u64, n: u64) -> u64 {
    (n * (entries / CHANGES) + round * 7919) % entries
}

/// Microseconds of each difference of 100 changes, and of one of the writes that it reports.
fn differences(entries: u64) -> (Vec<f64>, Vec<f64>) {
    let mut state = state_of(entries);
    let mut changes = StateChanges::default();
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS as u64 {
        let mut cursor = StateCursor::at(state.version());
        let new: Vec<(FileKey, StateFile)> = (0..CHANGES)
            .map(|n| changed(entries, round, n))
            .map(|id| (key(id), facts(id, round + 1)))
            .collect();
        let begun = Instant::now();
        for (key, facts) in new {
            assert!(state.put_file(key, facts));
        }
        state.commit_metadata();
        writes.push(begun.elapsed().as_secs_f64() * 1e6 / CHANGES as f64);
        let begun = Instant::now();
        state.read_changes(&mut cursor, Collections::ALL, StateBudget::UNBOUNDED, &mut changes);
        reads.push(begun.elapsed().as_secs_f64() * 1e6);
        assert!(!changes.full && !changes.more);
        assert_eq!(changes.entries.len() as u64, CHANGES);
        black_box(&changes);
    }
    (reads, writes)
}

fn bench_differences(table: &mut Table) {
    table.section("100 changes as a difference, as a value", "among 1,000");
    let (small, _) = differences(1000);
    let (large, writes) = differences(LARGE);
    let target = || ("at most 10 us", Target::AtMost(10.0));
    let (of_small, of_large) = (median(&small), median(&large));
    table.line(Line::figure("among 1,000 entries", us(of_small), of_small, target()));
    let line = Line::figure("among 1,000,000 entries", us(of_large), of_large, target());
    table.line(line.beside(us(of_small), of_large / of_small));
    let worst = percentile(&large, 99);
    let none = || ("", Target::None);
    table.line(Line::figure("among 1,000,000, 99th percentile", us(worst), worst, none()));
    let write = median(&writes);
    table.line(Line::figure("a file put, among 1,000,000", us(write), write, none()));
}

fn bench_snapshot(table: &mut Table) {
    table.section("a snapshot of 1,000,000 files, 256 entries a slice", "");
    let state = state_of(LARGE);
    let bytes = memory_of(&state);
    let mut cursor = StateCursor::default();
    let mut changes = StateChanges::default();
    let budget = StateBudget { entries: 256, bytes: 64 << 10 };
    let (mut reported, mut slices) = (0, Vec::new());
    let begun = Instant::now();
    loop {
        let slice = Instant::now();
        state.read_changes(&mut cursor, Collections::ALL, budget, &mut changes);
        slices.push(slice.elapsed().as_secs_f64() * 1e6);
        reported += changes.entries.len();
        if !changes.more {
            break;
        }
    }
    let rate = reported as f64 / begun.elapsed().as_secs_f64();
    assert_eq!(reported as u64, LARGE);
    let none = || ("", Target::None);
    let millions = format!("{:.1} M/s", rate / 1e6);
    table.line(Line::figure("entries read", millions, rate, none()));
    let worst = percentile(&slices, 99);
    table.line(Line::figure("a slice, 99th percentile", us(worst), worst, none()));
    let target = ("at most 200 bytes", Target::AtMost(200.0));
    table.line(Line::figure("memory of a file", format!("{bytes:.0} B"), bytes, target));
    let counted = state.bytes() as f64 / LARGE as f64;
    table.line(Line::figure("counted for a file", format!("{counted:.0} B"), counted, none()));
}

/// Resident bytes of each file, found by building the same state once more.
fn memory_of(state: &ApplicationState) -> f64 {
    let before = resident();
    let second = state_of(LARGE);
    let grown = resident() - before;
    assert_eq!(second.count(Collection::Files), state.count(Collection::Files));
    grown / LARGE as f64
}

/// Resident bytes of this process.
fn resident() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4096.0
}

fn bench_commit(table: &mut Table) {
    table.section("a change set of one pane among 16,000", "");
    let mut state = ApplicationState::new(1, &Limits::default());
    let op = |change| ChangeOp { change, base: None };
    let put = |n: u64, title: String| {
        let session = format!("session{}", n / 100);
        let pane = Pane { session, title, content: PaneContent::Empty, ..Pane::default() };
        op(Change::PutPane { id: format!("pane{n}"), pane })
    };
    for n in 0..160 {
        let id = format!("session{n}");
        let mut ops = vec![op(Change::PutSession { id, session: Session::default() })];
        ops.extend((n * 100..(n + 1) * 100).map(|n| put(n, String::new())));
        state.commit(&ChangeSet { ops }).unwrap();
    }
    let mut times = Vec::new();
    for round in 0..ROUNDS as u64 {
        let set = ChangeSet { ops: vec![put(round * 7919 % 16_000, round.to_string())] };
        let begun = Instant::now();
        state.commit(&set).unwrap();
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    let time = median(&times);
    table.line(Line::figure("committed", us(time), time, ("", Target::None)));
}

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        // `cargo test --all-targets` runs this too; only `cargo bench` adds `--bench`.
        println!("nothing is measured without --bench");
        return;
    }
    let mut table = Table::begin();
    bench_differences(&mut table);
    bench_snapshot(&mut table);
    bench_commit(&mut table);
    table.end();
}
