//! Answers to queries.

use super::*;

fn check_replies(table: &[(&str, &str)]) {
    for (query, answer) in table {
        assert_eq!(replies(query), *answer, "{query:?}");
    }
}

#[test]
fn identity_and_status() {
    let version = format!("\x1bP>|OrchFlow({})\x1b\\", env!("CARGO_PKG_VERSION"));
    check_replies(&[
        ("\x1b[c", "\x1b[?62;22c"),
        ("\x1b[0c\x1bZ", "\x1b[?62;22c\x1b[?62;22c"),
        ("\x1b[1c", ""),
        ("\x1b[>c", "\x1b[>1;10;0c"),
        ("\x1b[=c", "\x1bP!|00000000\x1b\\"),
        ("\x1b[>q", &version),
        ("\x1b[>0q", &version),
        ("\x1b[5n", "\x1b[0n"),
        ("\x1b[?5n\x1b[?15n\x1b[?25n\x1b[?26n", "\x1b[?0n\x1b[?13n\x1b[?20n\x1b[?27;1;0;0n"),
        ("\x1b[?53n\x1b[?55n\x1b[?56n", "\x1b[?50n\x1b[?50n\x1b[?57;0n"),
        ("\x1b[?62n\x1b[?63;7n", "\x1b[0000*{\x1bP7!~0000\x1b\\"),
        ("\x1b[?75n\x1b[?85n", "\x1b[?70n\x1b[?83n"),
        ("\x1b[?999n\x1b[7n\x05", ""),
    ]);
}

#[test]
fn the_cursor_is_reported_from_the_origin() {
    check_replies(&[
        ("\x1b[6n", "\x1b[1;1R"),
        ("ab\ncd\x1b[6n", "\x1b[2;5R"),
        ("\x1b[3;4H\x1b[?6n", "\x1b[?3;4;1R"),
        ("01234567890123456789\x1b[6n", "\x1b[1;20R"),
        ("\x1b[2;5r\x1b[?6h\x1b[2;3H\x1b[6n", "\x1b[2;3R"),
        ("\x1b[?69h\x1b[5;9s\x1b[2;5r\x1b[?6h\x1b[2;3H\x1b[6n\x1b[?6n", "\x1b[2;3R\x1b[?2;3;1R"),
    ]);
}

/// DECRQM: what was set is reported as set, what was reset as reset, the rest as unknown.
#[test]
fn modes_are_reported() {
    let private = [
        1, 4, 5, 6, 7, 12, 18, 19, 25, 41, 42, 45, 47, 66, 67, 69, 9, 1000, 1002, 1003, 1004, 1005,
        1006, 1007, 1015, 1016, 1042, 1047, 1049, 2004, 2026, 2027, 2031,
    ];
    for mode in private {
        let query = format!("\x1b[?{mode}h\x1b[?{mode}$p\x1b[?{mode}l\x1b[?{mode}$p");
        assert_eq!(replies(query), format!("\x1b[?{mode};1$y\x1b[?{mode};2$y"));
        let saved = format!("\x1b[?{mode}h\x1b[?{mode}s\x1b[?{mode}l\x1b[?{mode}r\x1b[?{mode}$p");
        assert_eq!(replies(saved), format!("\x1b[?{mode};1$y"));
    }
    for mode in [2, 4, 12, 20] {
        let query = format!("\x1b[{mode}h\x1b[{mode}$p\x1b[{mode}l\x1b[{mode}$p");
        assert_eq!(replies(query), format!("\x1b[{mode};1$y\x1b[{mode};2$y"));
    }
    check_replies(&[
        // Not below a VT320, and margins of columns not below a VT420 (DECSCL).
        ("\x1b[62\"p\x1b[?7$p\x1b[4$p", ""),
        ("\x1b[63\"p\x1b[?69h\x1b[?69$p", "\x1b[?69;2$y"),
        ("\x1b[65\"p\x1bP$q\"p\x1b\\", "\x1bP1$r64;1\"p\x1b\\"),
        ("\x1b[?7$p\x1b[?25$p\x1b[?1007$p", "\x1b[?7;1$y\x1b[?25;1$y\x1b[?1007;1$y"),
        ("\x1b[?12345$p\x1b[99$p\x1b[1$p", "\x1b[?12345;0$y\x1b[99;0$y\x1b[1;4$y"),
        // What never changes: no VT52, no other width than the host's, no keys that repeat here.
        ("\x1b[?2l\x1b[?2$p\x1b[?40h\x1b[?40$p", "\x1b[?2;3$y\x1b[?40;4$y"),
        ("\x1b[?3h\x1b[?3$p\x1b[?8h\x1b[?8$p", "\x1b[?3;4$y\x1b[?8;4$y"),
        ("\x1b[?95h\x1b[?95$p\x1b[?60$p\x1b[3$p", "\x1b[?95;0$y\x1b[?60;0$y\x1b[3;4$y"),
        (
            "\x1b[?1048$p\x1b7\x1b[?1048$p\x1bc\x1b[?1048$p",
            "\x1b[?1048;2$y\x1b[?1048;1$y\x1b[?1048;2$y",
        ),
        // The mouse is reported in one way at a time.
        ("\x1b[?1003h\x1b[?1000h\x1b[?1003$p\x1b[?1000$p", "\x1b[?1003;2$y\x1b[?1000;1$y"),
        ("\x1b[?1003h\x1b[?1000l\x1b[?1003$p", "\x1b[?1003;2$y"),
        (
            "\x1b[?1006h\x1b[?1005l\x1b[?1006$p\x1b[?1006l\x1b[?1006$p",
            "\x1b[?1006;1$y\x1b[?1006;2$y",
        ),
        // Several in one sequence.
        ("\x1b[?1;25;2004h\x1b[?1$p\x1b[?2004$p", "\x1b[?1;1$y\x1b[?2004;1$y"),
        ("\x1b[?1;2004s\x1b[?1;2004h\x1b[?1;2004r\x1b[?2004$p", "\x1b[?2004;2$y"),
    ]);
}

/// DECRQSS.
#[test]
fn settings_are_reported() {
    let table = [
        ("", "m", "0m"),
        ("\x1b[1;3;5;7;9m", "m", "0;1;5;7;3;9m"),
        ("\x1b[4;31;104m", "m", "0;4;31;104m"),
        ("\x1b[9;8;7;5;4;3;2;1m", "m", "0;1;4;5;7;8;2;3;9m"),
        ("\x1b[21;9;5m", "m", "0;5;9;21m"),
        ("\x1b[4:5;2;1m", "m", "0;1;4:5;2m"),
        ("\x1b[21;38;5;200;48;2;1;2;3m", "m", "0;21;38:5:200;48:2::1:2:3m"),
        ("\x1b[4:3;58;5;3m", "m", "0;4:3;58:5:3m"),
        ("", "r", "1;6r"),
        ("\x1b[2;4r", "r", "2;4r"),
        ("", "s", "1;20s"),
        ("\x1b[?69h\x1b[3;9s", "s", "3;9s"),
        ("", " q", "2 q"),
        ("\x1b[5 q", " q", "5 q"),
        ("\x1b[4 q", " q", "4 q"),
        ("\x1b[?12h", " q", "1 q"),
        ("", "\"q", "0\"q"),
        ("\x1b[1\"q", "\"q", "1\"q"),
        ("", "\"p", "64;1\"p"),
        ("\x1b[62\"p", "\"p", "62;1\"p"),
        ("", "$|", "20$|"),
        ("", "*|", "6*|"),
        ("", "t", "6t"),
        ("", "*x", "0*x"),
        ("\x1b[2*x\x1b[1*x\x1b[7*x", "*x", "1*x"),
        ("\x1b[2*x\x1b[!p", "*x", "0*x"),
        ("\x1b[1$}\x1b[2$~", "$}", "0$}"),
        ("", "$~", "0$~"),
        ("\x1b[2*x", "*x", "2*x"),
    ];
    for (before, name, setting) in table {
        let query = format!("{before}\x1bP$q{name}\x1b\\");
        assert_eq!(replies(query), format!("\x1bP1$r{setting}\x1b\\"), "{before:?} {name}");
    }
    check_replies(&[("\x1bP$qz\x1b\\", "\x1bP0$r\x1b\\")]);
}

/// XTGETTCAP.
#[test]
fn capabilities_are_reported() {
    let unknown = "\x1bP0+r\x1b\\";
    check_replies(&[
        ("\x1bP+q436f\x1b\\", "\x1bP1+r436F=323536\x1b\\"),
        ("\x1bP+q636F6c6f7273\x1b\\", "\x1bP1+r636F6C6F7273=323536\x1b\\"),
        ("\x1bP+q524742\x1b\\", "\x1bP1+r524742=382F382F38\x1b\\"),
        ("\x1bP+q544e\x1b\\\x1bP+q436\x1b\\\x1bP+q\x1b\\", &unknown.repeat(3)),
        ("\x1bP+q436f;zz;\x1b\\", &format!("\x1bP1+r436F=323536\x1b\\{unknown}{unknown}")),
        ("\x1bP+p544e\x1b\\\x1bP?+q436f\x1b\\", ""),
        (&format!("\x1bP+q{}\x1b\\", "544e;".repeat(1000)), &unknown.repeat(16)),
    ]);
}

#[test]
fn colours_are_reported_as_they_are_set() {
    check_replies(&[
        ("\x1b]4;1;?\x07", "\x1b]4;1;rgb:cdcd/0000/0000\x07"),
        (
            "\x1b]4;1;?;196;?\x1b\\",
            "\x1b]4;1;rgb:cdcd/0000/0000\x1b\\\x1b]4;196;rgb:ffff/0000/0000\x1b\\",
        ),
        ("\x1b]4;1;#102030\x07\x1b]4;1;?\x07", "\x1b]4;1;rgb:1010/2020/3030\x07"),
        ("\x1b]4;1;#102030\x07\x1b]104;1\x07\x1b]4;1;?\x07", "\x1b]4;1;rgb:cdcd/0000/0000\x07"),
        ("\x1b]4;1;#102030\x07\x1b]104\x07\x1b]4;1;?\x07", "\x1b]4;1;rgb:cdcd/0000/0000\x07"),
        ("\x1b]4;1;#102030\x07\x1bc\x1b]4;1;?\x07", "\x1b]4;1;rgb:cdcd/0000/0000\x07"),
        ("\x1b]4;261;?;x;?;1\x07\x1b]5;5;?\x07\x1b]5\x07", ""),
        ("\x1b]10;?;?\x07", "\x1b]10;rgb:e5e5/e5e5/e5e5\x07\x1b]11;rgb:0000/0000/0000\x07"),
        ("\x1b]10;#fff;#123\x07\x1b]11;?\x07", "\x1b]11;rgb:1010/2020/3030\x07"),
        ("\x1b]12;rgb:1/2/3\x07\x1b]112\x07\x1b]12;?\x07", "\x1b]12;rgb:e5e5/e5e5/e5e5\x07"),
        ("\x1b]11;rgb:1/2/3\x07\x1b]111\x07\x1b]11;?\x07", "\x1b]11;rgb:0000/0000/0000\x07"),
        ("\x1b]10;rgb:1/2/3\x07\x1b]104\x07\x1b]10;?\x07", "\x1b]10;rgb:1111/2222/3333\x07"),
        ("\x1b]10;rgb:1/2/3\x07\x1b]110\x07\x1b]10;?\x07", "\x1b]10;rgb:e5e5/e5e5/e5e5\x07"),
        ("\x1b]12;?;?;?\x07", "\x1b]12;rgb:e5e5/e5e5/e5e5\x07"),
        // The special colours: of bold, underlined, blinking, reversed and italic text.
        (
            "\x1b]5;0;?\x07\x1b]4;260;?\x07",
            "\x1b]5;0;rgb:e5e5/e5e5/e5e5\x07\x1b]4;260;rgb:e5e5/e5e5/e5e5\x07",
        ),
        (
            "\x1b]5;1;#102030;4;#fff\x1b\\\x1b]4;257;?\x1b\\\x1b]5;4;?\x07",
            "\x1b]4;257;rgb:1010/2020/3030\x1b\\\x1b]5;4;rgb:f0f0/f0f0/f0f0\x07",
        ),
        ("\x1b]5;1;#102030\x07\x1b]105;1\x07\x1b]5;1;?\x07", "\x1b]5;1;rgb:e5e5/e5e5/e5e5\x07"),
        ("\x1b]5;1;#102030\x07\x1b]105\x07\x1b]5;1;?\x07", "\x1b]5;1;rgb:e5e5/e5e5/e5e5\x07"),
        ("\x1b]5;1;#102030\x07\x1b]104;257\x07\x1b]5;1;?\x07", "\x1b]5;1;rgb:e5e5/e5e5/e5e5\x07"),
        (
            "\x1b]4;1;#102030\x07\x1b]105\x07\x1b]105;1\x07\x1b]4;1;?\x07",
            "\x1b]4;1;rgb:1010/2020/3030\x07",
        ),
        ("\x1b]4;0;TekHVC:1/1/1\x07\x1b]4;0;?\x07", "\x1b]4;0;rgb:1a1a/1313/0f0f\x07"),
        ("\x1b]11;rgbi:0.5/0.5/0.5\x07\x1b]11;?\x07", "\x1b]11;rgb:c1c1/bbbb/bbbb\x07"),
        ("\x1b]13;?\x07\x1b]10\x07\x1b]4\x07", ""),
    ]);
}

/// What a program could abuse is reported only to those that may read; what is the window's never.
#[test]
fn the_window_is_the_hosts() {
    let query = "\x1b]0;t\x07A\x1b[20t\x1b[21t\x1b[7;1;1;1;1;1*y";
    assert_eq!(replies(query), "");
    assert_eq!(read_back(query), "\x1b]Lt\x1b\\\x1b]lt\x1b\\\x1bP7!~FFBF\x1b\\");
    check_replies(&[
        ("\x1b[18t", "\x1b[8;6;20t"),
        ("\x1b[14t\x1b[16t\x1b[11t\x1b[13t\x1b[19t\x1b[8;5;5t\x1b[t", ""),
    ]);
    let mut emulator = emulator(20, 6);
    let size = Size { pixel_width: 160, pixel_height: 96, ..Size::cells(20, 6) };
    emulator.resize(size);
    feed(&mut emulator, "\x1b[14t\x1b[16t\x1b[14;2t");
    assert_eq!(emulator.take_replies().unwrap(), b"\x1b[4;96;160t\x1b[6;16;8t");
    for (pixel_width, pixel_height) in [(0, 96), (160, 0), (19, 96), (160, 5)] {
        emulator.resize(Size { pixel_width, pixel_height, ..size });
        feed(&mut emulator, "\x1b[16t");
        assert_eq!(emulator.take_replies(), None, "{pixel_width}x{pixel_height}");
    }
}

#[test]
fn keyboards_are_reported() {
    check_replies(&[
        ("\x1b[?u", "\x1b[?0u"),
        ("\x1b[>5u\x1b[?u\x1b[<u\x1b[?u", "\x1b[?5u\x1b[?0u"),
        ("\x1b[=3u\x1b[=8;2u\x1b[?u\x1b[=1;3u\x1b[?u", "\x1b[?11u\x1b[?10u"),
        ("\x1b[>5u\x1b[?1049h\x1b[?u\x1b[>7u\x1b[?1049l\x1b[?u", "\x1b[?0u\x1b[?5u"),
        ("\x1b[>5u\x1b[?47h\x1b[>7u\x1b[?47h\x1b[?u\x1b[?47l\x1b[?u", "\x1b[?7u\x1b[?5u"),
        ("\x1b[>5u\x1b[>6u\x1b[<9u\x1b[?u", "\x1b[?0u"),
        ("\x1b[>255u\x1b[?u\x1bc\x1b[?u", "\x1b[?31u\x1b[?0u"),
        ("\x1b[>4;2m\x1b[?4m\x1b[>4m\x1b[?4m", "\x1b[>4;2m\x1b[>4;0m"),
        ("\x1b[>4;1m\x1b[>4;9m\x1b[?4m\x1b[>m\x1b[?4m", "\x1b[>4;1m\x1b[>4;0m"),
        ("\x1b[>4;1m\x1b[>4n\x1b[?4m", "\x1b[>4;0m"),
    ]);
    let pushes = "\x1b[>1u".repeat(1000) + &"\x1b[<u".repeat(15) + "\x1b[?u\x1b[<u\x1b[?u";
    assert_eq!(replies(pushes), "\x1b[?0u\x1b[?0u", "16 entries, the first one the screen's own");
}

#[test]
fn the_colour_scheme_is_reported() {
    check_replies(&[("\x1b[?996n", "\x1b[?997;1n")]);
    let (dark, light) = (Rgb { r: 20, g: 20, b: 60 }, Rgb { r: 250, g: 245, b: 200 });
    let mut emulator = fed("\x1b]11;#ffffff\x07");
    emulator.set_colors(dark, light, dark);
    assert_eq!(emulator.take_replies(), None, "nobody asked for it");
    feed(&mut emulator, "\x1b[?2031h\x1b[?996n");
    assert_eq!(emulator.take_replies().unwrap(), b"\x1b[?997;2n");
    emulator.set_colors(light, dark, light);
    assert_eq!(emulator.take_replies().unwrap(), b"\x1b[?997;1n");
    emulator.set_colors(light, Rgb { b: 0, ..dark }, light);
    assert_eq!(emulator.take_replies(), None, "it is as dark as before");
    feed(&mut emulator, "\x1b]10;?\x07");
    assert_eq!(emulator.take_replies().unwrap(), b"\x1b]10;rgb:fafa/f5f5/c8c8\x07");
}

/// A reader that answers queries itself does not get the queries that are answered here.
#[test]
fn places_of_queries_are_known() {
    let mut emulator = fed("ab\x1b[6ncd\x1b[1mef\x1b]10;?\x1b\\gh\x1b[999n\x1b[");
    let mut queries = Vec::new();
    while let Some((from, to)) = emulator.next_query(queries.last().map_or(0, |(_, to)| *to)) {
        queries.push((from, to));
    }
    assert_eq!(queries, [(2, 6), (14, 22)]);
    assert_eq!(emulator.unfinished_query(), Some(30));
    emulator.forget_queries(6);
    assert_eq!(emulator.next_query(0), Some((14, 22)));
    feed(&mut emulator, "m");
    assert_eq!(emulator.unfinished_query(), None);
    feed(&mut emulator, "1".repeat(300));
    assert_eq!(emulator.unfinished_query(), None);
}

#[test]
fn a_flood_of_queries_is_bounded() {
    let mut emulator = fed("\x1b[c".repeat(100_000));
    assert!(emulator.take_replies().unwrap().len() <= (64 << 10) + 100);
    let silent = ScreenOptions { replies: false, ..ScreenOptions::default() };
    let mut emulator = Emulator::new(Size::cells(20, 6), &silent, 0);
    feed(&mut emulator, "\x1b[c\x1b[6n\x1bP$qm\x1b\\\x1b[");
    assert_eq!((emulator.take_replies(), emulator.unfinished_query()), (None, None));
}
