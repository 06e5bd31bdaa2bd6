//! Faults that the screen model before this one had, with changes of size: each is one of its kind.

use super::*;

/// A screen of this size that is fed, and then perhaps resized and fed again.
fn shown(
    size: (u16, u16),
    output: &[u8],
    resized: Option<(u16, u16)>,
    more: &[u8],
) -> (String, (usize, usize)) {
    let mut emulator = emulator(size.0, size.1);
    feed(&mut emulator, output);
    if let Some((cols, rows)) = resized {
        emulator.resize(Size::cells(cols, rows));
    }
    feed(&mut emulator, more);
    let at = emulator.grid().cursor();
    (text(&emulator), (at.row, at.col))
}

/// The cursor stays on its character when wide characters wrap before it.
#[test]
fn narrowing_keeps_the_cursor_on_its_character() {
    let (rows, _) = shown((20, 4), "user日本語:~$ ".as_bytes(), Some((9, 4)), b"Q");
    assert_eq!(rows, "user日本\n語:~$ Q");
    let (rows, _) = shown((24, 6), "日日日日日日xyz".as_bytes(), Some((5, 6)), b"Q");
    assert_eq!(rows, "日日\n日日\n日日x\nyzQ");
}

/// Any line of narrow and wide characters: what is typed next stands behind it at any width.
#[test]
fn narrowing_and_widening_keep_the_end_of_the_line() {
    for line in ["日a日b日c日日", "aaaaaaaa日", "a日日日日日日", "ab", "日日日日日日日日日日"]
    {
        for cols in 2..24 {
            let (rows, _) = shown((24, 30), line.as_bytes(), Some((cols, 30)), b"Q");
            assert_eq!(rows.replace('\n', ""), format!("{line}Q"), "{line} at {cols}");
            let (rows, _) = shown((cols, 30), line.as_bytes(), Some((24, 30)), b"Q");
            assert_eq!(rows.replace('\n', ""), format!("{line}Q"), "{line} from {cols}");
        }
    }
}

#[test]
fn inserting_at_a_wide_character_at_the_edge() {
    let (rows, at) = shown((20, 3), "\x1b[1;17H語尾\x1b[1;1Hca\x1b[4ht".as_bytes(), None, b"");
    assert!(rows.starts_with("cat"), "{rows:?}");
    assert_eq!(at, (0, 3));
}

/// Rows that were parted do not join when the size changes.
#[test]
fn rows_that_have_nothing_to_do_with_each_other_stay_apart() {
    let full = "aaaaaaaaaabbb\r\nccc\x1b[2;1H";
    let table = [
        ("\x1b[LNEW", "aaaaaaaaaa\nNEW\nbbb\nccc"),
        ("\x1b[MNEW", "aaaaaaaaaa\nNEW"),
        ("\x1b[KNEW", "aaaaaaaaaa\nNEW\nccc"),
        ("\x1b[2KNEW", "aaaaaaaaaa\nNEW\nccc"),
        ("\x1b[JNEW", "aaaaaaaaaa\nNEW"),
        ("\x1b[2;5r\x1b[SNEW", "NEWaaaaaaa\nccc"),
        ("\x1b[2;5r\x1b[2;1H\x1bMNEW", "aaaaaaaaaa\nNEW\nbbb\nccc"),
    ];
    for (output, expected) in table {
        let (rows, _) = shown((10, 6), format!("{full}{output}").as_bytes(), Some((20, 6)), b"");
        assert_eq!(rows, expected, "{output:?}");
    }
    let (rows, _) = shown((10, 6), b"aaaaaaaaaabbb\r\nccc", Some((20, 6)), b"");
    assert_eq!(rows, "aaaaaaaaaabbb\nccc", "what was printed as one line is one");
}

#[test]
fn one_row_and_one_column_are_a_screen() {
    assert_eq!(shown((1, 3), b"abcd", None, b""), ("b\nc\nd".to_owned(), (2, 0)));
    assert_eq!(shown((5, 1), b"ab\ncd", None, b""), ("  cd".to_owned(), (0, 4)));
    assert_eq!(shown((1, 1), b"ab\x1b[2J\x1b[rc", None, b""), ("c".to_owned(), (0, 0)));
    assert_eq!(shown((3, 3), b"abc", Some((1, 1)), b"x").0, "x");
    assert_eq!(shown((1, 2), "日a".as_bytes(), None, b"").1.1, 0);
}

/// Rows come into the history only where they leave the screen at its top.
#[test]
fn what_comes_into_the_history() {
    let table: &[(&[u8], usize)] = &[
        (b"a\r\nb\r\nc\r\nd\r\ne", 1),
        (b"\x1b[2J", 0),
        (b"\x1b[2J\x1b[2J", 0),
        (b"a\r\nb\x1b[1;1H\x1b[M", 0),
        (b"a\r\nb\x1b[2;4r\x1b[S", 0),
        (b"a\r\nb\x1b[?1049h\n\n\n\n\n\n", 0),
        (b"a\r\nb\x1b[?69h\x1b[2;4s\x1b[S", 0),
        (b"a\r\nb\r\nc\r\nd\r\ne\x1b[3J", 0),
        (b"a\r\nb\r\nc\r\nd\r\ne\x1bc", 0),
    ];
    for (output, rows) in table {
        let mut emulator = emulator(10, 4);
        feed(&mut emulator, output);
        assert_eq!(emulator.grid().history_rows(), *rows, "{:?}", String::from_utf8_lossy(output));
    }
}
