//! What output costs: a few bytes that ask for work on a whole screen end the call.

use super::*;

const WORK_MAX: u64 = 500_000;

/// Sequences of one operation each, and what comes before them. On a screen of a million cells, or in a row of so
/// many columns, each of them costs more than its bytes.
const COSTLY: &[(&str, &str)] = &[
    ("", "\x1b#8"),
    ("", "\x1b[65$x"),
    ("\x1b[41m", "\x1b[$z"),
    ("\x1b#8", "\x1b[${"),
    ("\x1b#8", "\x1b[;;;;;2;2$v"),
    ("\x1b[2*x\x1b#8", "\x1b[;;;;1$r\x1b[;;;;22$r"),
    ("\x1b#8", "\x1b[;;;;1$t"),
    ("\x1b[41m", "\x1b[2J"),
    ("\x1b[41m", "\x1b[J"),
    ("\x1b[41m\x1b[9999;9999H", "\x1b[1J"),
    ("\x1b#8", "\x1b[?2J"),
    ("\x1b[41m", "\x1b[9999S"),
    ("\x1b[41m", "\x1b[9999T"),
    ("\x1b[41m\x1b[H", "\x1b[9999L"),
    ("\x1b[41m\x1b[H", "\x1b[9999M"),
    ("\x1b#8", "\x1b['}"),
    ("\x1b#8", "\x1b['~"),
    ("\x1b#8", "\x1b[ @"),
    ("\x1b#8", "\x1b[ A"),
    ("\x1b[41m\x1b[?69h\x1b[2;999s\x1b[9999;5H", "\n"),
    ("\x1b[41m\x1b[?69h\x1b[2;999s\x1b[1;5H", "\x1bM"),
    ("", "\x1b#8\x1bc"),
    ("", "\x1b[?1049h\x1b#8\x1b[?1049l"),
];

/// One call takes in as little of it as costs the bound, and reports at least a cell for each that was written.
#[test]
fn operations_on_a_large_screen_end_a_call() {
    let cells = 1000 * 1000;
    for (before, operation) in COSTLY {
        let mut emulator = emulator(1000, 1000);
        feed(&mut emulator, before);
        let output = operation.as_bytes().repeat(3);
        let (taken, cost) = emulator.advance(&output, Duration::ZERO, WORK_MAX);
        assert!(taken <= operation.len(), "{operation:?}: {taken} bytes in one call");
        assert!((WORK_MAX..4 * cells).contains(&cost), "{operation:?} costs {cost}");
    }
}

/// What costs as much as a row is wide ends the call in time, also in the middle of printed text.
#[test]
fn operations_on_a_wide_row_end_a_call() {
    let table: &[(&str, &str)] = &[
        ("\x1b[41m\x1b[16H", "\n"),
        ("\x1b[41m\x1b[8;15r\x1b[9H", "\x1b[L"),
        ("", "\x1b[@"),
        ("", "\x1b[P"),
        ("\x1b[41m", "\x1b[X\x1b[2K"),
        ("\x1b[3g", "\r\t"),
        ("\x1b[3g", "\r\x1b[9999I\x1b[9999Z"),
        ("\x1b[4h", "a\r"),
        ("\x1b[4h", "界"),
        ("\x1b[4h\x1b(0", "q\u{301}"),
        ("", "\x1b[3g\x1b[?5W"),
    ];
    for (before, operation) in table {
        let mut emulator = emulator(60_000, 16);
        feed(&mut emulator, "\x1b#8");
        feed(&mut emulator, before);
        let output = operation.as_bytes().repeat(4096);
        let (taken, cost) = emulator.advance(&output, Duration::ZERO, WORK_MAX);
        assert!(taken <= 20 * operation.len(), "{operation:?}: {taken} bytes in one call");
        assert!((WORK_MAX..2 * WORK_MAX).contains(&cost), "{operation:?} costs {cost}");
    }
}

/// On a screen of one column each character scrolls; rows between margins are moved past many others.
#[test]
fn scrolling_among_many_rows_ends_a_call() {
    let table = [("", "xxxxxxxx"), ("", "\n"), ("", "\x1bM"), ("y", "\x1b[2000b"), ("", "界界")];
    for (before, operation) in table {
        let mut emulator = emulator(2, 60_000);
        feed(&mut emulator, "\x1b[15000;45000r\x1b[45000H");
        feed(&mut emulator, if operation == "\x1bM" { "\x1b[15000H" } else { before });
        let output = operation.as_bytes().repeat(1000);
        let (taken, cost) = emulator.advance(&output, Duration::ZERO, WORK_MAX);
        assert!(taken <= 64, "{operation:?}: {taken} bytes in one call");
        assert!((WORK_MAX..4 * WORK_MAX).contains(&cost), "{operation:?} costs {cost}");
    }
}

/// A screen of usual size is fed whole reads.
#[test]
fn usual_output_is_taken_in_at_once() {
    let table = ["plain text of a build\r\n", "\x1b[2J\x1b[H\x1b[1mvim\x1b[m\x1b[K\x1b[5;10H"];
    for text in table {
        let mut emulator = emulator(200, 60);
        let output = text.as_bytes().repeat((4 << 10) / text.len());
        let (taken, _) = emulator.advance(&output, Duration::ZERO, WORK_MAX);
        assert_eq!(taken, output.len(), "{text:?}");
    }
}
