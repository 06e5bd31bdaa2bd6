//! Screens, saved cursors, resets and margins of columns, as a real xterm shows them.

use super::{Case, check};

/// DECSTR, RIS, DECSC, DECRC, DECALN.
const RESET_AND_SAVED_CURSOR: &[Case] = &[
    (b"\x1b[3;5r\x1b[?6h\x1b[!p\x1b[HX", "X", (0, 1)),
    (b"\x1b[3;5rabc\x1b[!pX", "abcX", (0, 4)),
    (b"\x1b[4habc\x1b[!p\x1b[1GX", "Xbc", (0, 1)),
    (b"\x1b[?7l\x1b[!p01234567890123456789X", "01234567890123456789\nX", (1, 1)),
    (b"\x1b(0q\x1b[!pq", "─q", (0, 2)),
    (b"\x1b[3;3H\x1b7\x1b[!p\x1b8X", "X", (0, 1)),
    (b"\x1b[?69h\x1b[3;5s\x1b[!p01234567890123456789X", "01234567890123456789\nX", (1, 1)),
    (b"\x1b[1\"qabc\x1b[!pdef\x1b[?2JX", "      X", (0, 7)),
    (b"\x1b[3;5r\x1b[?6hab\x1bcX", "X", (0, 1)),
    (b"\x1b7\x1b[2;4r\x1b[?6h\x1b8\x1b[1;1HX", "X", (0, 1)),
    (b"\x1b[2;4r\x1b[?6h\x1b[2;2H\x1b7\x1b[?6l\x1b[6;6H\x1b8X\x1b[1;1HY", "\nY\n X", (0, 1)),
    (b"\x1b[3;3H\x1b8X", "X", (0, 1)),
    (b"\x1b[3;3H\x1b7\x1b[5;5H\x1b8\x1b8X", "\n\n  X", (2, 3)),
    (b"\x1b7\x1b(0\x1b8q", "q", (0, 1)),
    (b"\x1b(0\x1b7\x1b(B\x1b8q", "─", (0, 1)),
    (b"\x1b)0\x0e\x1b7\x0f\x1b8q", "─", (0, 1)),
    (b"\x1b[3;3H\x1b[?1048h\x1b[H\x1b[?1048lX", "\n\n  X", (2, 3)),
    (
        b"abc\x1b[3;4H\x1b#8X",
        "XEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE",
        (0, 1),
    ),
    (
        b"\x1b[2;3r\x1b[?6habc\x1b#8X\n\n\n\nY",
        "XEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEYEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE",
        (4, 2),
    ),
    (b"01234567890123456789\x1b7\x1b[3;3H\x1b8X", "01234567890123456789\nX", (1, 1)),
];

/// Modes 47, 1047, 1048, 1049.
const SCREENS: &[Case] = &[
    (b"abc\x1b[?47h\x1b[3;5HX\x1b[?47lY", "abc\n\n     Y", (2, 6)),
    (b"abc\x1b7def\x1b[?1047h\x1b[3;5H\x1b7X\x1b[?1047lY\x1b8Z", "abcZef\n\n     Y", (0, 4)),
    (b"abc\x1b[?1049hdef\x1b[2;2H\x1b[?1049hghi\x1b[?1049lY", "abcY", (0, 4)),
    // A choice: xterm erases what 1049 leaves behind only when it is entered again.
    (b"abc\x1b[?1049hdef\x1b[?1049l\x1b[?47hX", "   X", (0, 4)),
    (b"abc\x1b[?47h\x1b[2Jdef\x1b[?47l\x1b[?47hX", "   defX", (0, 7)),
    (b"abc\x1b[?47h\x1b[2J\x1b[?47l\x1b[?1047hdef\x1b[?1047l\x1b[?47hX", "      X", (0, 7)),
    (b"abc\x1b[?1049h\x1b[?47lX", "abcX", (0, 4)),
    (b"abc\x1b[?1049h\x1b[3;3H\x1b[?1047lX", "abc\n\n  X", (2, 3)),
    (b"abc\x1b[?1049lX", "Xbc", (0, 1)),
    (b"abc\x1b[2;2H\x1b7\x1b[5;5H\x1b[?1049lX", "abc\n X", (1, 2)),
    (b"abc\x1b[?1049h\x1b[3;3H\x1b7\x1b[5;5H\x1b[?1049l\x1b[?1049h\x1b8X", "\n\n  X", (2, 3)),
    (b"abc\x1b[2;4r\x1b[?1049h\x1b[4;1Ha\n\nb", "\na\n\n b", (3, 2)),
    (b"abc\x1b[?1049h\x1b[2;4r\x1b[?1049l\x1b[4;1Ha\n\nb", "abc\na\n\n b", (3, 2)),
    (b"abc\x1b[?1049hdef\x1bcX", "X", (0, 1)),
];

/// DECLRMM and what has to do with columns.
const COLUMN_MARGINS: &[Case] = &[
    (b"\x1b[?69h\x1b[3;8s\x1b[1;5H\x1b[20aX", "                   X", (0, 19)),
    (b"\x1b[?69h\x1b[3;8s\x1b[1;5H\x1b[20CX", "       X", (0, 7)),
    (b"\x1b[?69h\x1b[3;8s\x1b[1;5H\x1b[20DX", "  X", (0, 3)),
    (b"\x1b[?69h\x1b[3;8s\x1b[1;2H\x1b[20CX\x1b[20DY", "  Y    X", (0, 3)),
    (b"\x1b[?69h\x1b[3;8s\x1b[1;5Habcdefghijk", "    abcd\n  efghij\n  k", (2, 3)),
    (b"\x1b[?69h\x1b[3;8s\x1b[1;9Habcdefghijklmnop", "        abcdefghijkl\n  mnop", (1, 6)),
    (b"\x1b[?69h\x1b[3;8s\x1b[1;1Habcdefghijklmnop", "abcdefgh\n  ijklmn\n  op", (2, 4)),
    (b"\x1b[?69h\x1b[3;8s\x1b[1;5HX\rY", "  Y X", (0, 3)),
    (b"\x1b[?69h\x1b[3;8s\x1b[1;1HX\rY", "Y", (0, 1)),
    (b"\x1b[?69h\x1b[5;8s\x1b[?6h\x1b[2;2HX", "\n     X", (1, 2)),
    (b"\x1b[?69h\x1b[5;8s\x1b[?6h\x1b[9;9HX", "\n\n\n\n\n       X", (5, 3)),
    (b"\x1b[?69h\x1b[5;8s\x1b[1;6H\x08\x08\x08X", "    X", (0, 5)),
    (b"\x1b[?69h\x1b[5;8s\x1b[1;6H\t\tX", "       X", (0, 7)),
    (b"\x1b[?69h\x1b[5;8s\x1b[6;6Ha\nb", "\n\n\n\n     a\n      b", (5, 7)),
    (b"\x1b[?69h\x1b[5;8s\x1b[6;1Ha\nb", "\n\n\n\n\nab", (5, 2)),
    (b"\x1b[?69h\x1b[5;8s\x1b[6;10Ha\nb", "\n\n\n\n\n         ab", (5, 11)),
    (b"abcdef\r\nghijkl\x1b[?69h\x1b[2;4s\x1b[1;2H\x1b[@X", "aXbcef\nghijkl", (0, 2)),
    (b"abcdef\r\nghijkl\x1b[?69h\x1b[2;4s\x1b[1;2H\x1b[PX", "aXd ef\nghijkl", (0, 2)),
    (b"abcdef\r\nghijkl\x1b[?69h\x1b[2;4s\x1b[1;6H\x1b[PX", "abcdeX\nghijkl", (0, 6)),
    (b"abcdef\r\nghijkl\x1b[?69h\x1b[2;4s\x1b[1;2H\x1b[LX", "aX  ef\ngbcdkl\n hij", (0, 2)),
    (b"abcdef\r\nghijkl\x1b[?69h\x1b[2;4s\x1b[1;2H\x1b[MX", "aXijef\ng   kl", (0, 2)),
    (b"abcdef\r\nghijkl\x1b[?69h\x1b[2;4s\x1b[1;6H\x1b[MX", "abcdeX\nghijkl", (0, 6)),
    (b"abcdef\r\nghijkl\x1b[?69h\x1b[2;4s\x1b[SX", "Xhijef\ng   kl", (0, 1)),
    (b"abcdef\r\nghijkl\x1b[?69h\x1b[2;4s\x1b[TX", "X   ef\ngbcdkl\n hij", (0, 1)),
    (b"abcdef\r\nghijkl\x1b[?69h\x1b[2;4s\x1b[1;3H\x1bMX", "a X ef\ngbcdkl\n hij", (0, 3)),
    (b"abcdef\r\nghijkl\x1b[2 @X", "cdef\nijkl  X", (1, 7)),
    (b"abcdef\r\nghijkl\x1b[2 AX", "  abcdef\n  ghijXl", (1, 7)),
    (b"abcdef\r\nghijkl\x1b[?69h\x1b[2;4s\x1b[2 @X", "Xbcdef\nghijkl", (0, 1)),
    (b"abcdef\r\nghijkl\x1b[?69h\x1b[2;4s\x1b[2 AX", "Xbcdef\nghijkl", (0, 1)),
    (b"abcdef\r\nghijkl\x1b[1;3H\x1b[2'}X", "abX cdef\ngh  ijkl", (0, 3)),
    (b"abcdef\r\nghijkl\x1b[1;3H\x1b[2'~X", "abXf\nghkl", (0, 3)),
    (b"abcdef\r\nghijkl\x1b[?69h\x1b[2;4s\x1b[1;3H\x1b['}X", "abXcef\ngh ikl", (0, 3)),
    (b"abcdef\r\nghijkl\x1b[?69h\x1b[2;4s\x1b[1;6H\x1b['}X", "abcdeX\nghijkl", (0, 6)),
    (b"abcdef\r\nghijkl\x1b[1;1H\x1b6X", "Xabcdef\n ghijkl", (0, 1)),
    (b"abcdef\r\nghijkl\x1b[1;3H\x1b6X", "aXcdef\nghijkl", (0, 2)),
    (b"abcdef\r\nghijkl\x1b[1;20H\x1b9X", "bcdef              X\nhijkl", (0, 19)),
    (b"abcdef\r\nghijkl\x1b[?69h\x1b[2;4s\x1b[1;4H\x1b9X", "acdXef\ngij kl", (0, 3)),
    (b"abcdef\r\nghijkl\x1b[?69h\x1b[2;4s\x1b[1;2H\x1b6X", "aXbcef\ng hikl", (0, 2)),
    (b"\x1b[?69h\x1b[2;4s\x1b[?69l01234567890123456789", "01234567890123456789", (0, 19)),
    (b"\x1b[?69h\x1b[2;4s\x1b[sabcdefg", "abcdefg", (0, 7)),
    (b"\x1b[?69h\x1b[4;2sabcdefg", "abcdefg", (0, 7)),
    (b"\x1b[3;9sabcdefghijkl", "abcdefghijkl", (0, 12)),
    (b"abcdef\x1b[?69h\x1b[2;4s\x1b[4h\x1b[1;2Hxy", "axybef", (0, 3)),
    (b"abcdef\x1b[?69h\x1b[2;4s\x1b[1;2H\x1b[KX", "aX", (0, 2)),
    (b"abcdef\x1b[?69h\x1b[2;4s\x1b[1;3H\x1b[2EX\x1b[FY", "abcdef\n Y\n X", (1, 2)),
];

#[test]
fn reset_and_saved_cursor() {
    check(RESET_AND_SAVED_CURSOR);
}

#[test]
fn screens() {
    check(SCREENS);
}

#[test]
fn column_margins() {
    check(COLUMN_MARGINS);
}
