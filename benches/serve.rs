//! What serving clients costs, beside other servers of WebSockets and beside the targets of the design.
//!
//! `cargo bench --bench serve` runs everything in some minutes; `-- SECTION...` only some: `echo`,
//! `throughput`, `fanout`, `idle`, `allocations`. One table is printed, a line for each figure.
//!
//! Machines are shared and noisy, so a figure counts as a ratio to a peer that was measured in alternation
//! with it in the same run; each is the median of several rounds. Nothing here fails for being slow: a line
//! that misses its target says so. What is wrong (a byte that is lost or different, an echo that never
//! comes) ends the run.
//!
//! The peers are `peers/lws_terminal.c` (terminals on libwebsockets, as ttyd is built), `peers/terminal.mjs`
//! (the same with `ws` and `node-pty`) and `peers/uws_topic.py` (a topic of uWebSockets). They are built or
//! installed once into cargo's target folder; one that cannot be had is left out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs
)]

#[path = "serve/allocations.rs"]
mod allocations;
#[path = "serve/client.rs"]
mod client;
#[path = "serve/crowd.rs"]
mod crowd;
#[path = "serve/echo.rs"]
mod echo;
#[path = "serve/fanout.rs"]
mod fanout;
#[path = "serve/idle.rs"]
mod idle;
#[path = "serve/peers.rs"]
mod peers;
#[path = "terminals/sections.rs"]
mod sections;
#[path = "serve/serving.rs"]
mod serving;
#[path = "terminals/stats.rs"]
#[allow(dead_code)] // The terminals' figures use more of it.
mod stats;
#[path = "terminals/system.rs"]
#[allow(dead_code)]
mod system;
#[path = "terminals/texts.rs"]
#[allow(dead_code)]
mod texts;
#[path = "serve/throughput.rs"]
mod throughput;
#[path = "serve/wire.rs"]
mod wire;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use peers::{Peers, Running};
use stats::Table;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

/// The whole run takes some minutes; one that hangs is killed, and what it has started ends with it.
const SECONDS_MAX: u32 = 900;

/// How the benchmark starts itself as many clients; the address follows.
const CROWD: &str = "--crowd=";

/// What the sections share.
struct World {
    directory: TempDir,
    peers: Peers,
}

impl World {
    /// The peers that have terminals, running, each with these commands.
    fn terminal_peers(&self, commands: &[&str]) -> Vec<(&'static str, Running)> {
        let mut running = Vec::new();
        if let Some(program) = &self.peers.lws {
            running.push(("libwebsockets", Running::lws(program, commands)));
        }
        if let Some(modules) = &self.peers.node {
            running.push(("node-pty", Running::node(modules, self.directory.path(), commands)));
        }
        running
    }
}

/// A directory that goes away with this value.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("orchflow-serve-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        TempDir(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Seconds on one of the system's clocks.
fn clock_seconds(clock: libc::clockid_t) -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime fills the struct that the pointer is valid for.
    let answer = unsafe { libc::clock_gettime(clock, &raw mut time) };
    assert_eq!(answer, 0, "clock_gettime");
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

type Section = fn(&mut Table, &World);

const SECTIONS: [(&str, Section); 5] = [
    ("echo", echo::run),
    ("throughput", throughput::run),
    ("fanout", fanout::run),
    ("idle", |table, _| idle::run(table)),
    ("allocations", |table, _| allocations::run(table)),
];

fn main() -> ExitCode {
    if let Some(argument) = std::env::args().find(|arg| arg.starts_with(CROWD)) {
        system::kill_after(SECONDS_MAX);
        system::allow_descriptors(u64::MAX);
        crowd::be(argument.trim_start_matches(CROWD));
        return ExitCode::SUCCESS;
    }
    let sections = match sections::asked_for(&SECTIONS) {
        Ok(sections) => sections,
        Err(end) => return end,
    };
    // A thread that panics must not leave the others waiting for it.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        hook(info);
        std::process::exit(1);
    }));
    system::kill_after(SECONDS_MAX);
    system::allow_descriptors(u64::MAX);
    let directory = TempDir::new();
    let peers = Peers::find(directory.path());
    let world = World { directory, peers };
    let mut table = Table::beside("the peer");
    for run in sections {
        run(&mut table, &world);
    }
    table.end();
    ExitCode::SUCCESS
}
