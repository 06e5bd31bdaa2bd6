//! What terminals cost, beside a plain C epoll loop and beside the targets of the design.
//!
//! `cargo bench --bench terminals` runs everything in some minutes; `-- SECTION...` only some:
//! `throughput`, `echo`, `floods`, `allocations`, `spawn`, `idle`, `start`, and with screens
//! `screen-flow`, `screen-echo`, `screen-memory`, `screen-cost`. One table is printed, a line for each
//! figure.
//!
//! Machines are shared and noisy, so a figure counts as a ratio to a peer that was measured in
//! alternation with it in the same run; each is the median of several rounds. Nothing here fails for
//! being slow: a line that misses its target says so. What is wrong (a lost byte, an echo that never
//! comes, a child left behind) ends the run.
//!
//! The peer is `peers/epoll_loop.c`, compiled at run time with `$CC` or `cc`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs
)]

#[path = "terminals/allocations.rs"]
mod allocations;
#[path = "terminals/echo.rs"]
mod echo;
#[path = "terminals/host.rs"]
mod host;
#[path = "terminals/idle.rs"]
mod idle;
#[path = "terminals/peer.rs"]
mod peer;
#[path = "terminals/screen_cost.rs"]
mod screen_cost;
#[path = "terminals/screen_flow.rs"]
mod screen_flow;
#[path = "terminals/screen_memory.rs"]
mod screen_memory;
#[path = "terminals/sections.rs"]
mod sections;
#[path = "terminals/spawn.rs"]
mod spawn;
#[path = "terminals/start.rs"]
mod start;
#[path = "terminals/stats.rs"]
mod stats;
#[path = "terminals/system.rs"]
mod system;
#[path = "terminals/texts.rs"]
mod texts;
#[path = "terminals/throughput.rs"]
mod throughput;

use std::process::ExitCode;

use peer::Peer;
use stats::Table;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

/// The whole run takes some minutes; one that hangs is killed, its terminals hung up with it.
const SECONDS_MAX: u32 = 900;

type Section = fn(&mut Table, &Peer);

const SECTIONS: [(&str, Section); 11] = [
    ("throughput", throughput::run),
    ("echo", echo::without_floods),
    ("floods", echo::with_floods),
    ("allocations", |table, _| allocations::run(table)),
    ("spawn", |table, _| spawn::run(table)),
    ("idle", |table, _| idle::run(table)),
    ("start", |table, _| start::run(table)),
    ("screen-flow", screen_flow::throughput),
    ("screen-echo", screen_flow::echo),
    ("screen-memory", screen_memory::run),
    ("screen-cost", |table, _| screen_cost::run(table)),
];

fn main() -> ExitCode {
    let sections = match sections::asked_for(&SECTIONS) {
        Ok(sections) => sections,
        Err(end) => return end,
    };
    system::kill_after(SECONDS_MAX);
    system::allow_descriptors(4096);
    let peer = Peer::compile();
    let mut table = Table::begin();
    for run in sections {
        run(&mut table, &peer);
    }
    assert!(!system::has_children(), "a child was left behind");
    table.end();
    ExitCode::SUCCESS
}
