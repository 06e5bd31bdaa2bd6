//! What file watches cost, beside `inotifywait` and the `notify` crate, plain and with its full debouncer.
//!
//! `cargo bench --bench files` runs everything in some minutes; `-- SECTION...` only some: `add`, `writes`,
//! `deletes`, `memory`, `idle`, `echo`. Each watcher is a process of its own, measured by the kernel's
//! accounting, and all of them are measured in turn on the same tree of 10,101 directories and 100,000
//! files. `inotifywait` is used where it is installed (inotify-tools); the peer in `peers/notify` is built
//! when its registry can be reached.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs
)]

#[path = "files/echo.rs"]
mod echo;
#[path = "files/forest.rs"]
mod forest;
#[path = "terminals/stats.rs"]
#[allow(dead_code)] // The terminals' figures use more of it.
mod stats;
#[path = "files/watcher.rs"]
mod watcher;

use std::process::ExitCode;
use std::time::Duration;

use forest::Forest;
use stats::{Line, Table, Target, median, median_ratio};
use watcher::{Kind, Running};

const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let (flags, wanted): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    if let Some(path) = flags.iter().find_map(|flag| flag.strip_prefix("--watcher=")) {
        watcher::be_ours(path);
        return ExitCode::SUCCESS;
    }
    if !flags.iter().any(|flag| flag == "--bench") {
        println!("nothing is measured without --bench");
        return ExitCode::SUCCESS;
    }
    let wants = |section: &str| wanted.is_empty() || wanted.iter().any(|name| name == section);
    let kinds = watcher::kinds();
    let mut table = Table::begin();
    let forest = Forest::plant();
    if wants("add") {
        add(&mut table, &kinds, &forest);
    }
    if wants("writes") {
        writes(&mut table, &kinds, &forest);
    }
    if wants("deletes") {
        deletes(&mut table, &kinds, &forest);
    }
    if wants("memory") {
        memory(&mut table, &forest);
    }
    if wants("idle") {
        idle(&mut table, &forest);
    }
    if wants("echo") {
        echo::run(&mut table, &forest);
    }
    table.end();
    ExitCode::SUCCESS
}

fn seconds(value: f64) -> String {
    format!("{value:.3} s")
}

/// Prints one of our figures beside that of each peer.
fn compare(table: &mut Table, what: &str, figures: &[(Kind, Vec<f64>)], bound: (&str, f64)) {
    let Some((_, ours)) = figures.iter().find(|(kind, _)| *kind == Kind::Ours) else { return };
    for (kind, theirs) in figures.iter().filter(|(kind, _)| *kind != Kind::Ours) {
        let ratio = median_ratio(ours, theirs);
        let target = match kind {
            Kind::Inotifywait => (bound.0, Target::AtMost(bound.1)),
            _ => ("", Target::None),
        };
        let what = format!("{what}, {}", kind.name());
        table.line(Line::ratio(
            &what,
            seconds(median(ours)),
            seconds(median(theirs)),
            ratio,
            target,
        ));
    }
}

/// Time and memory until a tree is watched.
fn add(table: &mut Table, kinds: &[Kind], forest: &Forest) {
    table.section("watching 10,101 directories, 100,000 files", "the peer");
    let mut times: Vec<(Kind, Vec<f64>)> = kinds.iter().map(|kind| (*kind, Vec::new())).collect();
    let mut memory: Vec<(Kind, f64)> = Vec::new();
    for round in 0..=ROUNDS {
        for (kind, times) in &mut times {
            let running = Running::start(*kind, forest.root());
            // The first round warms the caches.
            if round > 0 {
                times.push(running.ready_after);
            }
            if round == ROUNDS {
                memory.push((*kind, running.memory_peak()));
            }
            running.end();
        }
    }
    compare(table, "until watched (ours: tree included)", &times, ("<= 1.9 (0.4 s / 0.21 s)", 1.9));
    for (kind, bytes) in memory {
        let mib = format!("{:.1} MiB", bytes / f64::from(1 << 20));
        let bound = match kind {
            Kind::Ours => ("<= 25 MB", Target::AtMost(25e6)),
            _ => ("", Target::None),
        };
        table.line(Line::figure(&format!("memory, {}", kind.name()), mib, bytes, bound));
    }
}

/// Processor time for 20,000 files that are written in 10,000 directories.
fn writes(table: &mut Table, kinds: &[Kind], forest: &Forest) {
    table.section("20,000 files written in 10,000 directories", "the peer");
    let mut cpu: Vec<(Kind, Vec<f64>)> = kinds.iter().map(|kind| (*kind, Vec::new())).collect();
    let mut reported: Vec<(Kind, usize)> = Vec::new();
    for round in 0..3 {
        for (kind, cpu) in &mut cpu {
            let running = Running::start(*kind, forest.root());
            let before = running.cpu_seconds();
            forest.write_more();
            running.wait_quiet();
            cpu.push(running.cpu_seconds() - before);
            let events = running.end();
            if round == 2 {
                reported.push((*kind, events));
            }
            forest.delete_more();
        }
    }
    let ours = cpu.iter().find(|(kind, _)| *kind == Kind::Ours).map(|(_, cpu)| median(cpu));
    if let Some(ours) = ours {
        let bound = ("<= 0.3 s", Target::AtMost(0.3));
        table.line(Line::figure("processor time", seconds(ours), ours, bound));
    }
    compare(table, "processor time", &cpu, ("", f64::INFINITY));
    for (kind, events) in reported {
        let (what, bound) = (format!("events, {}", kind.name()), ("20,000", 20_000.0));
        let target = if kind == Kind::Ours { Target::AtMost(bound.1) } else { Target::None };
        table.line(Line::figure(&what, events.to_string(), events as f64, (bound.0, target)));
    }
}

/// Processor time for 1,010 directories with 10,000 files that are deleted.
fn deletes(table: &mut Table, kinds: &[Kind], forest: &Forest) {
    table.section("rm -rf of 1,010 directories, 10,000 files", "the peer");
    let mut cpu: Vec<(Kind, Vec<f64>)> = kinds.iter().map(|kind| (*kind, Vec::new())).collect();
    for _ in 0..3 {
        for (kind, cpu) in &mut cpu {
            let running = Running::start(*kind, forest.root());
            let before = running.cpu_seconds();
            forest.fell_some();
            running.wait_quiet();
            cpu.push(running.cpu_seconds() - before);
            running.end();
            forest.plant_some();
        }
    }
    compare(table, "processor time", &cpu, ("", f64::INFINITY));
}

/// Memory of a directory and of a file.
fn memory(table: &mut Table, forest: &Forest) {
    table.section("memory of a tree", "");
    let of = |root: &std::path::Path| {
        let running = Running::start(Kind::Ours, root);
        let bytes = running.memory_now();
        running.end();
        bytes
    };
    let empty = of(&forest.empty());
    let bare = of(&forest.bare());
    let full = of(forest.root());
    for (what, bytes, count) in
        [("a directory", bare - empty, 10_101.0), ("a file", full - bare, 100_000.0)]
    {
        let each = bytes / count;
        table.line(Line::figure(what, format!("{each:.0} bytes"), each, ("", Target::None)));
    }
}

/// Wakeups in 5 s with nothing happening.
fn idle(table: &mut Table, forest: &Forest) {
    table.section("idle, 10,101 directories watched", "");
    let running = Running::start(Kind::Ours, forest.root());
    running.wait_quiet();
    let before = running.switches();
    std::thread::sleep(Duration::from_secs(5));
    let wakeups = running.switches() - before;
    running.end();
    let target = ("0", Target::AtMost(0.0));
    table.line(Line::figure("wakeups in 5 s", wakeups.to_string(), wakeups as f64, target));
}
