//! What starting a program costs the host, and that it does not depend on the host's memory.
//!
//! The peer here is `fork` and `exec` from the same process, with nothing of a terminal about it:
//! what `std::process::Command` does when it has a `pre_exec`. Both calls return when the program
//! has been executed.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::host::{Host, Wait};
use crate::stats::{Line, Table, Target, median, ms};
use crate::system::{Ballast, available_bytes};

const PROGRAM: &str = "/bin/true";
const ROUNDS: usize = 5;
const SPAWNS_PER_ROUND: usize = 10;
/// Fewer: one of a big host takes a fifth of a second.
const FORKS_PER_ROUND: usize = 4;
const BALLAST_BYTES: usize = 4 << 30;
const AVAILABLE_MIN: u64 = 6 << 30;

pub(crate) fn run(table: &mut Table) {
    table.section("starting /bin/true, median of 50", "fork + exec");
    let (mut small, mut big) = (Vec::new(), Vec::new());
    let (mut fork_small, mut fork_big) = (Vec::new(), Vec::new());
    let has_room = available_bytes() >= AVAILABLE_MIN;
    spawns();
    for _ in 0..ROUNDS {
        small.extend(spawns());
        fork_small.extend(forks());
        if has_room {
            let ballast = Ballast::new(BALLAST_BYTES);
            big.extend(spawns());
            fork_big.extend(forks());
            drop(ballast);
        }
    }
    line(table, "the call, host of a few MB", &small, &fork_small);
    if !has_room {
        table.skip("the call, host of 4 GiB resident", "less than 6 GiB of memory is available");
        return;
    }
    line(table, "the call, host of 4 GiB resident", &big, &fork_big);
    let growth = median(&big) / median(&small);
    let ours = format!("x {growth:.2}");
    let target = ("<= 1.20: independent", Target::AtMost(1.2));
    table.line(Line::figure("growth with the host's memory", ours, growth, target));
}

fn line(table: &mut Table, what: &str, ours: &[f64], forks: &[f64]) {
    let (ours, forks) = (median(ours), median(forks));
    let target = ("<= 1 ms", Target::AtMost(1000.0));
    table.line(Line::figure(what, ms(ours), ours, target).beside(ms(forks), ours / forks));
}

/// Microseconds of each call.
fn spawns() -> Vec<f64> {
    let mut host = Host::new(Wait::InTurn);
    let mut timed = || {
        let start = Instant::now();
        host.spawn(&[PROGRAM]);
        let us = start.elapsed().as_secs_f64() * 1e6;
        host.close_all();
        us
    };
    (0..SPAWNS_PER_ROUND).map(|_| timed()).collect()
}

fn forks() -> Vec<f64> {
    let timed = || {
        let mut command = Command::new(PROGRAM);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        // SAFETY: the hook does nothing; that there is one makes the library fork.
        unsafe { command.pre_exec(|| Ok(())) };
        let start = Instant::now();
        let mut child = command.spawn().unwrap();
        let us = start.elapsed().as_secs_f64() * 1e6;
        child.wait().unwrap();
        us
    };
    (0..FORKS_PER_ROUND).map(|_| timed()).collect()
}
