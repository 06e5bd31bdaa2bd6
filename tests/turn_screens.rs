//! Output that asks for work on a whole large screen, again and again: it is shown in units of bounded cost, and
//! readers get it once it is shown, whatever happens in between.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::time::{Duration, Instant};

use orchflow::{ExitStatus, ScreenOptions, Size, SpawnOptions, Stage, TerminalId};
use support::WATCHDOG;
use support::host::{Host, sh};

/// Columns and rows of the screen.
const SIZE: (u16, u16) = (500, 400);

/// What output may cost beside its bytes before a unit ends, and what a byte and a read cost; see
/// `src/terminal/screen/mod.rs` and `src/terminal/reading.rs`.
const WORK_MAX: u64 = 500_000;
const READ_COST_MAX: u64 = 16 * 1024 * 15 + 2_000;

/// `ESC # 8` fills the screen.
const FILLS: usize = 300;

/// Prints that so often, at once, and some text behind it.
fn filling(then: &str) -> SpawnOptions {
    let script =
        format!("stty raw; i=0; while [ $i -lt {FILLS} ]; do s=\"$s\\033#8\"; i=$((i+1)); done");
    sh(&format!("{script}; printf \"${{s}}end\"; {then}"))
        .screen(ScreenOptions::default())
        .size(Size::cells(SIZE.0, SIZE.1))
}

fn is_shown(host: &mut Host, id: TerminalId) -> bool {
    host.engine.terminal_state(id).unwrap().log_end >= (3 * FILLS + 3) as u64
}

#[test]
fn a_read_is_shown_in_units_of_bounded_cost() {
    let mut host = Host::new();
    let id = host.spawn(&filling("exec cat"));
    host.wait("all of it", |host| is_shown(host, id));
    let cells = u64::from(SIZE.0) * u64::from(SIZE.1);
    let stats = host.engine.turn_stats();
    let reads = stats.stages.iter().find(|stats| stats.stage == Stage::Reads).unwrap();
    assert!(reads.cost >= cells * FILLS as u64, "{reads:?}");
    assert!(reads.unit_cost_max <= READ_COST_MAX + WORK_MAX + 2 * cells, "{reads:?}");
}

/// Turns, and pauses the terminal after each turn, until all of it is shown.
fn show_between_pauses(host: &mut Host, id: TerminalId) {
    let (mut pauses, end) = (0, Instant::now() + WATCHDOG);
    loop {
        assert!(Instant::now() < end, "what waits is forgotten after {pauses} pauses");
        host.engine.turn(Some(Duration::from_secs(1))).unwrap();
        if is_shown(host, id) {
            break;
        }
        host.engine.pause(id).unwrap();
        let shown = host.engine.terminal_state(id).unwrap().log_end;
        host.engine.turn(Some(Duration::ZERO)).unwrap();
        assert_eq!(
            host.engine.terminal_state(id).unwrap().log_end,
            shown,
            "it is read while it is paused"
        );
        host.engine.resume(id).unwrap();
        pauses += 1;
    }
    assert!(pauses > 3, "nothing had to wait");
}

fn expected() -> Vec<u8> {
    [b"\x1b#8".repeat(FILLS), b"end".to_vec()].concat()
}

/// The kernel has nothing more to report while a part of what was read still waits.
#[test]
fn what_waits_is_shown_after_each_pause() {
    let mut host = Host::new();
    let id = host.spawn(&filling("exec cat"));
    let reader = host.reader(id);
    show_between_pauses(&mut host, id);
    host.quiesce();
    assert!(host.heard(reader).bytes == expected(), "bytes are lost");
}

/// The program has ended meanwhile.
#[test]
fn what_waits_is_shown_before_the_exit() {
    let mut host = Host::new();
    let id = host.spawn(&filling("exit 3"));
    let reader = host.reader(id);
    show_between_pauses(&mut host, id);
    host.wait_exit(id);
    assert!(host.heard(reader).bytes == expected(), "bytes are lost");
    assert_eq!(host.exit(id).unwrap(), (ExitStatus::Code(3), expected().len() as u64));
}
