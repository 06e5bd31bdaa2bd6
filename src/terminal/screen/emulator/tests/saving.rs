//! What is saved and restored, and what resets leave, as a real xterm shows it.

use super::{Case, check};

/// DECSC, DECRC, SCOSC, SCORC, mode 1048, and the screens' own saved cursors.
const SAVED: &[Case] = &[
    (b"\x1b[3;4H\x1b7\x1b[H\x1b8X", "\n\n   X", (2, 4)),
    (b"\x1b[3;4H\x1b[s\x1b[H\x1b[uX", "\n\n   X", (2, 4)),
    (b"\x1b[3;4H\x1b7\x1b[H\x1b[uX", "\n\n   X", (2, 4)),
    (b"\x1b[3;4H\x1b[s\x1b[H\x1b8X", "\n\n   X", (2, 4)),
    (b"\x1b[3;4H\x1b[?1048h\x1b[H\x1b8X", "\n\n   X", (2, 4)),
    (b"\x1b[3;4H\x1b8X", "X", (0, 1)),
    (b"\x1b[uX", "X", (0, 1)),
    (b"\x1b[?7l\x1b7\x1b[?7h\x1b80123456789012345678901X", "01234567890123456789\n01X", (1, 3)),
    (b"\x1b[4h\x1b7\x1b[4l\x1b8ab\x1b[1;1HX", "Xb", (0, 1)),
    (b"\x1b(0\x1b7\x1b(B\x1b8q", "─", (0, 1)),
    (b"\x1b)0\x1b7\x0e\x1b8q", "q", (0, 1)),
    (b"\x1b[1\"qa\x1b7\x1b[0\"qb\x1b8c\x1b[1;1H\x1b[?2K", "ac", (0, 0)),
    (b"\x1b[2;4r\x1b[?6h\x1b7\x1b[?6l\x1b[r\x1b8\x1b[HX", "X", (0, 1)),
    (b"\x1b7\x1b[2;4r\x1b[?6h\x1b[2;2H\x1b8X", "X", (0, 1)),
    (b"\x1b[2;4r\x1b[3;3H\x1b7\x1b[?6h\x1b8X", "\n\n  X", (2, 3)),
    (b"\x1b[?69h\x1b[5;9s\x1b[1;6H\x1b[sX\x1b[uY", "Y", (0, 1)),
    (b"\x1b[?69h\x1b[5;9s\x1b[1;6H\x1b7\x1b[s\x1b8X", "     X", (0, 6)),
    (b"\x1b[6;20H\x1b7\x1b[H\x1b8X", "\n\n\n\n\n                   X", (5, 19)),
    (b"01234567890123456789\x1b7\x1b[2;2H\x1b8X", "01234567890123456789\nX", (1, 1)),
    (b"\x1b[3;4H\x1b7\x1b[!p\x1b8X", "X", (0, 1)),
    (b"\x1b[3;4H\x1b7\x1bc\x1b8X", "X", (0, 1)),
    (
        b"\x1b[3;4H\x1b7\x1b#8\x1b8X",
        "EEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEXEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE",
        (2, 4),
    ),
    (b"\x1b[3;4H\x1b7\x1b[?47h\x1b8X\x1b[?47l\x1b8Y", "\n\n   Y", (2, 4)),
    (b"\x1b[3;4H\x1b7\x1b[?1049h\x1b[5;5H\x1b7\x1b[?1049lX\x1b8Y", "\n\n   Y", (2, 4)),
    (b"ab\x1b[?1049hcd\x1b[?1049lX", "abX", (0, 3)),
    (b"ab\x1b[?1047hcd\x1b[?1047lX", "ab  X", (0, 5)),
    (b"ab\x1b[?47hcd\x1b[?47lX", "ab  X", (0, 5)),
    (b"ab\x1b[?1049h\x1b[2;3r\x1b[?6h\x1b[?1049lX\x1b[2;2HY", "abX\n Y", (1, 2)),
    (b"\x1b[2;3r\x1b[?1049h\x1b[6;1Hab\r\ncd", "\n\n\n\n\ncd", (5, 2)),
    (b"\x1b[?1049h\x1bcX", "X", (0, 1)),
    (b"\x1b[?1049h\x1b[!pX\x1b[?1049lY", "Y", (0, 1)),
];

/// DECSTR, RIS, DECSCL, DECALN.
const RESETS: &[Case] = &[
    (b"\x1b[2;4r\x1b[!p\x1b[6;1H\nX", "\n\n\n\n\nX", (5, 1)),
    (b"\x1b[2;4r\x1bc\x1b[6;1HX", "\n\n\n\n\nX", (5, 1)),
    (b"\x1b[?6h\x1b[2;4r\x1b[!p\x1b[1;1HX", "X", (0, 1)),
    (b"\x1b[?69h\x1b[3;6s\x1b[!p\x1b[1;1Habcdefghi", "abcdefghi", (0, 9)),
    (b"\x1b[?69h\x1b[3;6s\x1bcabcdefghi", "abcdefghi", (0, 9)),
    (b"\x1b[?69h\x1b[3;6s\x1b[?69labcdefghi", "abcdefghi", (0, 9)),
    (b"\x1b[4h\x1b[!pab\x1b[1;1HX", "Xb", (0, 1)),
    (b"\x1b[4h\x1bcab\x1b[1;1HX", "Xb", (0, 1)),
    (b"\x1b[20h\x1b[!pa\nb", "a\nb", (1, 1)),
    (b"\x1b[20h\x1bca\nb", "a\n b", (1, 2)),
    (b"\x1b[?7l\x1b[!p0123456789012345678901", "01234567890123456789\n01", (1, 2)),
    (b"\x1b[?7l\x1bc0123456789012345678901", "01234567890123456789\n01", (1, 2)),
    (b"\x1b[?45h\x1b[!p\x1b[2;1H\x08X", "\nX", (1, 1)),
    (b"\x1b[?45h\x1bc\x1b[2;1H\x08X", "\nX", (1, 1)),
    (b"\x1b[1\"qab\x1b[!pcd\x1b[?2JX", "    X", (0, 5)),
    (b"\x1b[1\"qab\x1bccd\x1b[?2JX", "  X", (0, 3)),
    (b"\x1b)0\x0eq\x1b[!pq", "─q", (0, 2)),
    (b"\x1b)0\x0eq\x1bcq", "q", (0, 1)),
    (b"\x1b*0\x1b[!p\x1bNq", "q", (0, 1)),
    (b"\x1b[2*x\x1b[!pabc", "abc", (0, 3)),
    (b"ab\x1b[3;3H\x1b[!pX", "ab\n\n  X", (2, 3)),
    (b"ab\x1b[3;3H\x1b[64;1\"pX", "ab\n\n  X", (2, 3)),
    (b"ab\x1b[3;3H\x1b[2;4r\x1b[64;1\"p\x1b[6;1H\nX", "\n\n\n\n\nX", (5, 1)),
    (
        b"abcdef\x1b[3;3H\x1b#8X",
        "XEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE",
        (0, 1),
    ),
    (
        b"\x1b[3;3H\x1b[2;4r\x1b#8\x1b[6;1H\nX",
        "EEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nX",
        (5, 1),
    ),
    (
        b"\x1b[?6h\x1b[2;4r\x1b#8\x1b[1;1HX",
        "XEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE\nEEEEEEEEEEEEEEEEEEEE",
        (0, 1),
    ),
];

#[test]
fn saved_cursors() {
    check(SAVED);
}

#[test]
fn resets() {
    check(RESETS);
}
