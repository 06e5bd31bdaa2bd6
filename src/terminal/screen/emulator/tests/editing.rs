//! Text, lines and the cursor, as a real xterm shows them.

use super::{Case, check};

/// What ends a pending wrap and what leaves it.
const PENDING_WRAP: &[Case] = &[
    (b"abcdefghij0123456789\nZ", "abcdefghij0123456789\n                   Z", (1, 19)),
    (b"01234567890123456789\x1b[PZ", "0123456789012345678Z", (0, 19)),
    (b"01234567890123456789\x1bMZ", "                   Z\n01234567890123456789", (0, 19)),
    (b"01234567890123456789\x1bDZ", "01234567890123456789\n                   Z", (1, 19)),
    (b"01234567890123456789\x1bEZ", "01234567890123456789\nZ", (1, 1)),
    (b"01234567890123456789\x1b[@Z", "0123456789012345678Z", (0, 19)),
    (b"01234567890123456789\x1b[JZ", "0123456789012345678Z", (0, 19)),
    (b"01234567890123456789\x1b[XZ", "0123456789012345678Z", (0, 19)),
    (b"01234567890123456789\x0bZ", "01234567890123456789\n                   Z", (1, 19)),
    (b"01234567890123456789\x0cZ", "01234567890123456789\n                   Z", (1, 19)),
    (b"01234567890123456789\tZ", "01234567890123456789\nZ", (1, 1)),
    (b"01234567890123456789\x08Z", "012345678901234567Z9", (0, 19)),
    (b"01234567890123456789\x1b[2KZ", "                   Z", (0, 19)),
    (b"01234567890123456789\x1b[1KZ", "                   Z", (0, 19)),
    (b"01234567890123456789\x1b[KZ", "0123456789012345678Z", (0, 19)),
    (b"01234567890123456789\x1b7\x1b[H\x1b8Z", "01234567890123456789\nZ", (1, 1)),
    (b"01234567890123456789\x1b[CZ", "0123456789012345678Z", (0, 19)),
    (b"01234567890123456789\x1b[DZ", "012345678901234567Z9", (0, 19)),
    (b"01234567890123456789\x1b[AZ", "0123456789012345678Z", (0, 19)),
    (b"01234567890123456789\x1b[BZ", "01234567890123456789\n                   Z", (1, 19)),
    (b"01234567890123456789\x1b[LZ", "Z\n01234567890123456789", (0, 1)),
    (b"01234567890123456789\x1b[MZ", "Z", (0, 1)),
    (b"01234567890123456789\x1b[mZ", "01234567890123456789\nZ", (1, 1)),
    (b"01234567890123456789\x1b[1;31mZ", "01234567890123456789\nZ", (1, 1)),
    (b"01234567890123456789\x1b]2;t\x07Z", "01234567890123456789\nZ", (1, 1)),
    (b"01234567890123456789\x1b[?25lZ", "01234567890123456789\nZ", (1, 1)),
    (b"01234567890123456789\x1b[?7lZ", "0123456789012345678Z", (0, 19)),
    (b"01234567890123456789\x1b[?6lZ", "Z1234567890123456789", (0, 1)),
    (b"01234567890123456789\x1b[4hZ", "01234567890123456789\nZ", (1, 1)),
    (b"01234567890123456789\x1bHZ", "01234567890123456789\nZ", (1, 1)),
    (b"01234567890123456789\x1b[rZ", "Z1234567890123456789", (0, 1)),
    (b"01234567890123456789\x1b[SZ", "\nZ", (1, 1)),
    (b"01234567890123456789\x1b[TZ", "\nZ1234567890123456789", (1, 1)),
    (b"01234567890123456789\x1b[20GZ", "0123456789012345678Z", (0, 19)),
    (b"01234567890123456789\x1b[aZ", "0123456789012345678Z", (0, 19)),
    (b"01234567890123456789\x1b[1;20HZ", "0123456789012345678Z", (0, 19)),
    (b"01234567890123456789\x1b[?47hZ", "\nZ", (1, 1)),
    (b"01234567890123456789\x1b[2IZ", "01234567890123456789\nZ", (1, 1)),
];

/// Lines and characters inserted, deleted, erased, scrolled.
const LINES: &[Case] = &[
    (b"abc\x1b[Lx", "x\nabc", (0, 1)),
    (b"abc\r\ndef\x1b[Mx", "abc\nx", (1, 1)),
    (b"abc\r\ndef\r\nghi\x1b[2;2H\x1b[1J", "\n  f\nghi", (1, 1)),
    (b"abc\r\ndef\r\nghi\x1b[2;2H\x1b[J", "abc\nd", (1, 1)),
    (b"abc\r\ndef\r\nghi\x1b[2;2H\x1b[2JX", "\n X", (1, 2)),
    (b"abc\x1b[1;2H\x1b[1KX", " Xc", (0, 2)),
    (b"abc\x1b[1;2H\x1b[KX", "aX", (0, 2)),
    (b"abc\x1b[1;2H\x1b[2KX", " X", (0, 2)),
    (b"abc\x1b[1;2H\x1b[2@X", "aX bc", (0, 2)),
    (b"abc\x1b[1;2H\x1b[2PX", "aX", (0, 2)),
    (b"abc\x1b[1;2H\x1b[9PX", "aX", (0, 2)),
    (b"abc\x1b[1;2H\x1b[2XX", "aX", (0, 2)),
    (b"abc\x1b[1;2H\x1b[99XX", "aX", (0, 2)),
    (b"a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[2;1H\x1b[Lx", "a\nx\nb\nd", (1, 1)),
    (b"a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[2;1H\x1b[Mx", "a\nx\n\nd", (1, 1)),
    (b"a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[4;2H\x1b[Mx", "a\nb\nc\ndx", (3, 2)),
    (b"a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[1;2H\x1b[Lx", "ax\nb\nc\nd", (0, 2)),
    (b"a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[SX", "X\nc\n\nd", (0, 1)),
    (b"a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[9TX", "X\n\n\nd", (0, 1)),
    (b"a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[3;1H\nX", "a\nc\nX\nd", (2, 1)),
    (b"a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[4;1H\n\n\n\nX", "a\nb\nc\nd\n\nX", (5, 1)),
    (b"a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[2;1H\x1bMX", "a\nX\nb\nd", (1, 1)),
    (b"a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[1;1H\x1bMX", "X\nb\nc\nd", (0, 1)),
    (b"a\r\nb\r\nc\r\nd\x1b[3^X", "\n\n\naX\nb\nc", (3, 2)),
    (b"a\r\nb\r\nc\r\nd\x1b[2S\x1b[1TX", "\nc\nd\n X", (3, 2)),
    (b"abc\x1b[4hX\x1b[1GYZ", "YZabcX", (0, 2)),
    (b"\x1b[1;17Habc\x1b[1;1H\x1b[4hvwxyz", "vwxyz", (0, 5)),
    (b"abc\x1b[0TX", "abcX", (0, 4)),
    (b"abc\x1b[TX", "   X\nabc", (0, 4)),
    (b"abc\x1b[5;1;1;1;1TX", "abcX", (0, 4)),
    (b"\x1b[20hab\ncd", "ab\ncd", (1, 2)),
    (b"\x1b[20hab\x0bcd\x0cef", "ab\ncd\nef", (2, 2)),
    (b"\x1b[20hab\x1bDcd", "ab\n  cd", (1, 4)),
    (b"\x1b[20hab\ncd\x1b[20l\nef", "ab\ncd\n  ef", (2, 4)),
];

/// The cursor, margins of rows, tab stops.
const MOVEMENT: &[Case] = &[
    (b"\x1b[1;2r\x1b[3eX", "\n\n\nX", (3, 1)),
    (b"\x1b[2;4r\x1b[2;1H\x1b[9AX\x1b[9BY", "\nX\n\n Y", (3, 2)),
    (b"\x1b[2;4r\x1b[1;1H\x1b[9AX\x1b[9BY", "X\n\n\n Y", (3, 2)),
    (b"\x1b[2;4r\x1b[6;1H\x1b[9AX\x1b[6;1H\x1b[9BY", "\nX\n\n\n\nY", (5, 1)),
    (b"\x1b[2;4r\x1b[3;3H\x1b[9EX\x1b[9FY", "\nY\n\nX", (1, 1)),
    (b"\x1b[2;4r\x1b[?6h\x1b[9eX", "\n\n\nX", (2, 1)),
    (b"\x1b[2;4r\x1b[?6h\x1b[9dX\x1b[1dY", "\n Y\n\nX", (0, 2)),
    (b"\x1b[3;4r\x1b[?6h\x1b[5;5HX\x1b[?6lY", "Y\n\n\n    X", (0, 1)),
    (b"abc\x1b[2;5fX\x1b[3dY\x1b[4`Z", "abc\n    X\n   Z Y", (2, 4)),
    (b"\x1b[5;3HX\x1b[A\x1b[EY\x1b[2FZ", "\n\nZ\n\nY X", (2, 1)),
    (b"\x1b[99;99HX", "\n\n\n\n\n                   X", (5, 19)),
    (b"\x1b[0;0HX\x1b[0AY", "XY", (0, 2)),
    (b"\x1b[3;3H\x1b[0CX\x1b[0DY", "\n\n   Y", (2, 4)),
    (b"\x1b[5aX\x1b[2eY", "     X\n\n      Y", (2, 7)),
    (b"abc\x1b[2;4rX\x1b[4;2rY", "XYc", (0, 2)),
    (b"abc\x1b[1;1rX", "abcX", (0, 4)),
    (b"abc\x1b[7;9rX", "abcX", (0, 4)),
    (b"abc\x1b[5;99rX\x1b[99;1HY\n\nZ", "Xbc\n\n\n\n\n Z", (5, 2)),
    (b"abc\x1b[;3rX", "Xbc", (0, 1)),
    (b"abc\x08\x08X", "aXc", (0, 2)),
    (b"abc\r\x08X", "Xbc", (0, 1)),
    (b"\r\nabc\r\x1b[?45h\x08\x08X", "                  X\nabc", (0, 19)),
    (b"\r\nabc\r\x08\x08X", "\nXbc", (1, 1)),
    (b"a\tb\x1b[Zc\x1b[2Id", "a       c          d", (0, 19)),
    (b"\x1b[3g\x1b[5G\x1bH\r\tX\tY", "    X              Y", (0, 19)),
    (b"a\x1bHb\r\tX", "aX", (0, 2)),
    (b"\x1b[9G\x1b[g\r\tX", "                X", (0, 17)),
    (b"\t\t\t\tX", "                   X", (0, 19)),
    (b"\x1b[9IX", "                   X", (0, 19)),
    (b"\x1b[20G\x1b[9ZX", "X", (0, 1)),
    (b"abc\x1b[sdef\x1b[uX", "abcXef", (0, 4)),
];

/// REP repeats what was printed directly before it.
const REPEATING: &[Case] = &[
    (b"a\x1b[2bC", "aaaC", (0, 4)),
    (b"a\x1b[bC", "aaC", (0, 3)),
    (b"a\x1b[0bC", "aaC", (0, 3)),
    (b"a\x1b[2b\x1b[2bC", "aaaC", (0, 4)),
    (b"a\r\x1b[2bC", "C", (0, 1)),
    (b"a\x1b[m\x1b[2bC", "aC", (0, 2)),
    (b"a\x07\x1b[2bC", "aC", (0, 2)),
    (b"a\x1b]2;x\x07\x1b[2bC", "aC", (0, 2)),
    (b"\x1b[2bC", "C", (0, 1)),
    (b"\xe6\x97\xa5\x1b[2bC", "日日日C", (0, 7)),
    (b"\x1b(0q\x1b[2bC", "───C", (0, 4)),
    (b"\x1b[1;19Ha\x1b[3bC", "                  aa\naaC", (1, 3)),
    (b"\x1b[4hxyz\rab\x1b[2bC", "abbbCxyz", (0, 5)),
    (
        b"a\x1b[99b",
        "aaaaaaaaaaaaaaaaaaaa\naaaaaaaaaaaaaaaaaaaa\naaaaaaaaaaaaaaaaaaaa\naaaaaaaaaaaaaaaaaaaa\naaaaaaaaaaaaaaaaaaaa",
        (4, 19),
    ),
];

#[test]
fn pending_wrap() {
    check(PENDING_WRAP);
}

#[test]
fn lines() {
    check(LINES);
}

#[test]
fn movement() {
    check(MOVEMENT);
}

#[test]
fn repeating() {
    check(REPEATING);
}
