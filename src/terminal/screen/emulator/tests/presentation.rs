//! Reports of the presentation state, and their way back.

use super::*;

/// As a real xterm reports it, but for the sizes of character sets (the last flags): xterm reports 96 for all.
#[test]
fn cursor_and_tab_stops_are_reported() {
    let table = [
        ("", "1;1;1;@;@;@;0;2;@;BBBB"),
        ("\x1b[5;7H\x1b[1;4;7m", "5;7;1;K;@;@;0;2;@;BBBB"),
        ("\x1b[5m", "1;1;1;D;@;@;0;2;@;BBBB"),
        ("\x1b[4:3;2;3;8;9m", "1;1;1;B;@;@;0;2;@;BBBB"),
        ("\x1b[1\"q", "1;1;1;@;A;@;0;2;@;BBBB"),
        ("\x1b[2;4r\x1b[?6h\x1b[2;2H", "3;2;1;@;@;A;0;2;@;BBBB"),
        ("01234567890123456789", "1;20;1;@;@;H;0;2;@;BBBB"),
        ("\x1bN", "1;1;1;@;@;B;0;2;@;BBBB"),
        ("\x1bO", "1;1;1;@;@;D;0;2;@;BBBB"),
        ("\x1bn\x1b|", "1;1;1;@;@;@;2;3;@;BBBB"),
        ("\x1b(0\x1b)0\x1b*A\x1b+<\x0e", "1;1;1;@;@;@;1;2;@;00A<"),
        ("\x1b-A\x1b.A\x1b/A", "1;1;1;@;@;@;0;2;N;BAAA"),
        ("\x1b[?42h\x1b(K\x1b)%6\x1b+R", "1;1;1;@;@;@;0;2;@;K%6BR"),
    ];
    for (before, report) in table {
        let expected = format!("\x1bP1$u{report}\x1b\\");
        assert_eq!(replies(format!("{before}\x1b[1$w")), expected, "{before:?}");
    }
    let stops = [
        ("", "1/9/17"),
        ("\x1b[3g", ""),
        ("\x1b[1;4H\x1bH", "1/4/9/17"),
        ("\x1bP2$t4/7/12\x1b\\", "4/7/12"),
        ("\x1bP2$t12/4\x1b\\", "4/12"),
        ("\x1bP2$t4/7/99/8\x1b\\", "4/7/8"),
        ("\x1bP2$t4/0/7\x1b\\", "4"),
        ("\x1bP2$t\x1b\\", ""),
        ("\x1bP3$t4/7\x1b\\\x1bP$t4\x1b\\", "1/9/17"),
    ];
    for (before, report) in stops {
        let expected = format!("\x1bP2$u{report}\x1b\\");
        assert_eq!(replies(format!("{before}\x1b[2$w")), expected, "{before:?}");
    }
    assert_eq!(replies("\x1b[0$w\x1b[3$w\x1b[$w"), "");
}

/// What a cursor report is restored to, reported again.
#[test]
fn a_cursor_is_restored() {
    let table = [
        ("5;7;1;A;@;@;0;2;@;BBBB", "5;7;1;A;@;@;0;2;@;BBBB"),
        ("5;7;1;O;A;B;1;3;L;0<AA", "5;7;1;O;A;B;1;3;L;0<AA"),
        // A wrap that was pending is not restored; G0 has never 96 characters; unknown sets are left.
        ("5;20;1;@;@;H;0;2;@;BBBB", "5;20;1;@;@;@;0;2;@;BBBB"),
        ("1;1;1;@;@;@;0;2;A;A%zBB", "1;1;1;@;@;@;0;2;@;BBBB"),
        // What does not fit the screen or is no report.
        ("7;1;1;A;@;@;0;2;@;BBBB", "1;1;1;@;@;@;0;2;@;BBBB"),
        ("1;21;1;A;@;@;0;2;@;BBBB", "1;1;1;@;@;@;0;2;@;BBBB"),
        (";;1;A;@;@;0;2;@;BBBB", "1;1;1;@;@;@;0;2;@;BBBB"),
        ("5;7;1;a;@;@;0;2;@;BBBB", "1;1;1;@;@;@;0;2;@;BBBB"),
        ("5;7;1;A;@", "1;1;1;@;@;@;0;2;@;BBBB"),
        ("", "1;1;1;@;@;@;0;2;@;BBBB"),
    ];
    for (report, again) in table {
        let query = format!("\x1bP1$t{report}\x1b\\\x1b[1$w");
        assert_eq!(replies(query), format!("\x1bP1$u{again}\x1b\\"), "{report}");
    }
    // Other attributes stay, and a position counts from the corner also with origin mode.
    let mut emulator =
        fed("\x1b[3;9m\x1b[2;4r\x1bP1$t3;2;1;A;@;A;0;2;@;BBBB\x1b\\X\x1b[?6$p\x1bP$qm\x1b\\");
    assert_eq!(text(&emulator), "\n\n X");
    assert_eq!(emulator.take_replies().unwrap(), b"\x1b[?6;1$y\x1bP1$r0;1;3;9m\x1b\\");
}
