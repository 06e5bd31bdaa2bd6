//! Memory of the host for idle terminals: without a screen, with one, and with scrollback.

use orchflow::{ScreenOptions, SpawnOptions};

use crate::host::{Host, Screens, Wait};
use crate::peer::Peer;
use crate::stats::{Line, Table, Target};
use crate::system::{resident_bytes, trim_memory};
use crate::texts::printable;

const IDLE: usize = 1000;
/// Fewer: each takes two megabytes.
const WITH_SCROLLBACK: usize = 100;
const SCROLLBACK: usize = 1000;
const COLS: u64 = 80;
const ROWS: usize = 24;
const KIB: f64 = 1024.0;

pub(crate) fn run(table: &mut Table, peer: &Peer) {
    table.section("memory of each of 1,000 idle terminals", "");
    let at_most = |kib: f64| Target::AtMost(kib * KIB);
    idle(table, "without a screen", Screens::None, ("<= 16 KiB", at_most(16.0)));
    let screen = Screens::Kept(ScreenOptions::default());
    idle(table, "with a screen of 80x24", screen, ("<= 28 KiB", at_most(28.0)));
    with_scrollback(table, peer);
}

/// A line of output is in each of them.
fn idle(table: &mut Table, what: &str, screens: Screens, target: (&str, Target)) {
    let mut host = Host::with_screens(Wait::InTurn, screens);
    let start = |host: &mut Host, count| {
        let ids: Vec<_> = (0..count).map(|_| host.spawn(&["cat"])).collect();
        for id in &ids {
            host.engine.write(*id, b"a line that is echoed twice\n").unwrap();
        }
        host.quiesce();
        ids
    };
    // What the first terminal costs beside itself is not counted.
    start(&mut host, 1);
    trim_memory();
    let before = resident_bytes();
    start(&mut host, IDLE);
    trim_memory();
    let each = resident_bytes().saturating_sub(before) as f64 / IDLE as f64;
    table.line(Line::figure(what, format!("{:.2} KiB", each / KIB), each, target));
}

/// Full rows of ASCII text, and the same bytes in terminals without a screen: their logs.
fn with_scrollback(table: &mut Table, peer: &Peer) {
    let file = peer.directory.path().join("rows");
    let mut rows = Vec::new();
    for row in 0..SCROLLBACK + ROWS {
        printable(row as u64, COLS, &mut rows);
        rows.push(b'\n');
    }
    std::fs::write(&file, rows).unwrap();
    let title = format!("memory of each of {WITH_SCROLLBACK} with 1,000 full rows above it");
    table.section(&title, "no screen");
    let command = format!("cat {}; exec cat", file.display());
    let kept = of_output(&command, Screens::Kept(ScreenOptions::default()));
    let bare = of_output(&command, Screens::None);
    let kib = |bytes: f64| format!("{:.1} KiB", bytes / KIB);
    let line = Line::figure("with a screen of 80x24", kib(kept), kept, ("", Target::None));
    table.line(line.beside(kib(bare), kept / bare));
}

/// Bytes of each terminal that shows what this command writes.
fn of_output(command: &str, screens: Screens) -> f64 {
    let has_screen = screens != Screens::None;
    let mut host = Host::with_screens(Wait::InTurn, screens);
    let start = |host: &mut Host, count| {
        let argv = ["sh", "-c", command];
        let options = SpawnOptions::program(argv[0]).args(&argv[1..]);
        let ids: Vec<_> = (0..count).map(|_| host.spawn_with(options.clone())).collect();
        host.quiesce();
        ids
    };
    start(&mut host, 1);
    trim_memory();
    let before = resident_bytes();
    let ids = start(&mut host, WITH_SCROLLBACK);
    for id in ids {
        let screen = host.engine.terminal_state(id).unwrap().screen;
        assert_eq!(screen.map(|screen| screen.history), has_screen.then_some(SCROLLBACK));
    }
    trim_memory();
    resident_bytes().saturating_sub(before) as f64 / WITH_SCROLLBACK as f64
}
