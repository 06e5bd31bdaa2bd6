//! What is inserted, deleted and erased, with and without margins, as a real xterm shows it.

use super::{Case, check};

/// ICH, DCH, ECH, IRM, IL, DL, DECIC, DECDC, DECBI, DECFI, SL, SR, SU, SD, IND, RI.
const SHIFTS: &[Case] = &[
    (b"abcdef\x1b[1;3H\x1b[@X", "abXcdef", (0, 3)),
    (b"abcdef\x1b[1;3H\x1b[99@X", "abX", (0, 3)),
    (b"abcdef\x1b[1;3H\x1b[PX", "abXef", (0, 3)),
    (b"abcdef\x1b[1;3H\x1b[99PX", "abX", (0, 3)),
    (b"abcdef\x1b[1;3H\x1b[X-", "ab-def", (0, 3)),
    (b"abcdef\x1b[1;3H\x1b[0X-", "ab-def", (0, 3)),
    (b"\x1b[4habc\x1b[1;2HXY\x1b[4lZ", "aXYZc", (0, 4)),
    (b"\x1b[4h0123456789012345678\x1b[1;1HXY", "XY012345678901234567", (0, 2)),
    (b"\x1b[?69h\x1b[3;6s\x1b[1;1Habcdefgh\x1b[1;4H\x1b[@X", "abcXde\n  gh", (0, 4)),
    (b"\x1b[?69h\x1b[3;6s\x1b[1;1Habcdefgh\x1b[1;4H\x1b[PX", "abcXf\n  gh", (0, 4)),
    (b"\x1b[?69h\x1b[3;6s\x1b[1;1Habcdefgh\x1b[1;8H\x1b[PX", "abcdef X\n  gh", (0, 8)),
    (b"\x1b[?69h\x1b[3;6s\x1b[1;1Habcdefgh\x1b[1;8H\x1b[@X", "abcdef X\n  gh", (0, 8)),
    (b"\x1b[?69h\x1b[3;6s\x1b[1;1H\x1b[?69labcdefgh\x1b[1;4H\x1b[PX", "abcXfgh", (0, 4)),
    (b"abcdefgh\x1b[?69h\x1b[3;6s\x1b[1;4H\x1b[2PX", "abcX  gh", (0, 4)),
    (b"abcdefgh\x1b[?69h\x1b[3;6s\x1b[1;4H\x1b[2@X", "abcX dgh", (0, 4)),
    (b"abcdefgh\x1b[?69h\x1b[3;6s\x1b[1;8H\x1b[2PX", "abcdefgX", (0, 8)),
    (b"abcdefgh\x1b[?69h\x1b[3;6s\x1b[1;4H\x1b[9XX", "abcX", (0, 4)),
    (b"abcdefgh\x1b[?69h\x1b[3;6s\x1b[4h\x1b[1;4HXYZ", "abcXYZgh", (0, 5)),
    (b"a\r\nb\r\nc\r\nd\r\ne\x1b[2;1H\x1b[LX", "a\nX\nb\nc\nd\ne", (1, 1)),
    (b"a\r\nb\r\nc\r\nd\r\ne\x1b[2;1H\x1b[2MX", "a\nX\ne", (1, 1)),
    (b"a\r\nb\r\nc\r\nd\r\ne\x1b[2;4r\x1b[3;1H\x1b[LX", "a\nb\nX\nc\ne", (2, 1)),
    (b"a\r\nb\r\nc\r\nd\r\ne\x1b[2;4r\x1b[3;1H\x1b[99MX", "a\nb\nX\n\ne", (2, 1)),
    (b"a\r\nb\r\nc\r\nd\r\ne\x1b[2;4r\x1b[5;1H\x1b[LX", "a\nb\nc\nd\nX", (4, 1)),
    (b"a\r\nb\r\nc\r\nd\r\ne\x1b[2;4r\x1b[1;1H\x1b[MX", "X\nb\nc\nd\ne", (0, 1)),
    (b"abcd\r\nefgh\r\nijkl\x1b[?69h\x1b[2;3s\x1b[2;2H\x1b[LX", "abcd\neX h\nifgl\n jk", (1, 2)),
    (b"abcd\r\nefgh\r\nijkl\x1b[?69h\x1b[2;3s\x1b[1;2H\x1b[MX", "aXgd\nejkh\ni  l", (0, 2)),
    (b"abcd\r\nefgh\r\nijkl\x1b[?69h\x1b[2;3s\x1b[1;1H\x1b[MX", "Xbcd\nefgh\nijkl", (0, 1)),
    (b"abcd\r\nefgh\r\nijkl\x1b[1;2H\x1b['}X", "aXbcd\ne fgh\ni jkl", (0, 2)),
    (b"abcd\r\nefgh\r\nijkl\x1b[1;2H\x1b[2'~X", "aX\neh\nil", (0, 2)),
    (b"abcd\r\nefgh\r\nijkl\x1b[2;3r\x1b[2;2H\x1b['}X", "abcd\neXfgh\ni jkl", (1, 2)),
    (b"abcd\r\nefgh\r\nijkl\x1b[2;3r\x1b[1;2H\x1b['~X", "aXcd\nefgh\nijkl", (0, 2)),
    (b"abcd\r\nefgh\x1b[1;1H\x1b6X", "Xabcd\n efgh", (0, 1)),
    (b"abcd\r\nefgh\x1b[1;20H\x1b9X", "bcd                X\nfgh", (0, 19)),
    (b"abcd\r\nefgh\x1b[1;3H\x1b6X", "aXcd\nefgh", (0, 2)),
    (b"abcd\r\nefgh\x1b[1;3H\x1b9X", "abcX\nefgh", (0, 4)),
    (b"abcd\r\nefgh\x1b[2 @X", "cd\ngh  X", (1, 5)),
    (b"abcd\r\nefgh\x1b[2 AX", "  abcd\n  efXh", (1, 5)),
    (b"abcd\r\nefgh\x1b[SX", "efgh\n    X", (1, 5)),
    (b"abcd\r\nefgh\x1b[2TX", "\n    X\nabcd\nefgh", (1, 5)),
    (b"abcd\r\nefgh\x1b[?69h\x1b[2;3s\x1b[SX", "Xfgd\ne  h", (0, 1)),
    (b"abcd\r\nefgh\x1b[?69h\x1b[2;3s\x1b[TX", "X  d\nebch\n fg", (0, 1)),
    (b"abcd\r\nefgh\x1b[?69h\x1b[2;3s\x1b[2;2H\x1bDX", "abcd\nefgh\n X", (2, 2)),
    (b"abcd\r\nefgh\x1b[2;2H\x1b[2;2r\x1bMX", "aXcd\nefgh", (0, 2)),
];

/// ED, EL, ECH; DECSED, DECSEL; what DECSCA and SPA protect; wide characters.
const ERASURES: &[Case] = &[
    (b"abcdef\r\nghijkl\r\nmnopqr\x1b[2;3H\x1b[JX", "abcdef\nghX", (1, 3)),
    (b"abcdef\r\nghijkl\r\nmnopqr\x1b[2;3H\x1b[0JX", "abcdef\nghX", (1, 3)),
    (b"abcdef\r\nghijkl\r\nmnopqr\x1b[2;3H\x1b[1JX", "\n  Xjkl\nmnopqr", (1, 3)),
    (b"abcdef\r\nghijkl\r\nmnopqr\x1b[2;3H\x1b[2JX", "\n  X", (1, 3)),
    (b"abcdef\r\nghijkl\r\nmnopqr\x1b[2;3H\x1b[3JX", "abcdef\nghXjkl\nmnopqr", (1, 3)),
    (b"abcdef\r\nghijkl\r\nmnopqr\x1b[2;3H\x1b[9JX", "abcdef\nghXjkl\nmnopqr", (1, 3)),
    (b"abcdef\r\nghijkl\r\nmnopqr\x1b[2;3H\x1b[KX", "abcdef\nghX\nmnopqr", (1, 3)),
    (b"abcdef\r\nghijkl\r\nmnopqr\x1b[2;3H\x1b[1KX", "abcdef\n  Xjkl\nmnopqr", (1, 3)),
    (b"abcdef\r\nghijkl\r\nmnopqr\x1b[2;3H\x1b[2KX", "abcdef\n  X\nmnopqr", (1, 3)),
    (b"abcdef\r\nghijkl\r\nmnopqr\x1b[2;3H\x1b[5KX", "abcdef\nghXjkl\nmnopqr", (1, 3)),
    (b"abcdef\r\nghijkl\r\nmnopqr\x1b[2;2r\x1b[2;3H\x1b[JX", "abcdef\nghX", (1, 3)),
    (b"abcdef\r\nghijkl\r\nmnopqr\x1b[2;2r\x1b[2;3H\x1b[1JX", "\n  Xjkl\nmnopqr", (1, 3)),
    (b"abcdef\r\nghijkl\r\nmnopqr\x1b[2;2r\x1b[?6h\x1b[2JX", "X", (0, 1)),
    (
        b"abcdef\r\nghijkl\r\nmnopqr\x1b[?69h\x1b[2;4s\x1b[2;3H\x1b[KX",
        "abcdef\nghX\nmnopqr",
        (1, 3),
    ),
    (
        b"abcdef\r\nghijkl\r\nmnopqr\x1b[?69h\x1b[2;4s\x1b[2;3H\x1b[1KX",
        "abcdef\n  Xjkl\nmnopqr",
        (1, 3),
    ),
    (b"abcdef\r\nghijkl\r\nmnopqr\x1b[?69h\x1b[2;4s\x1b[2;3H\x1b[2JX", "\n  X", (1, 3)),
    (b"abcdef\r\nghijkl\x1b[1;2H\x1b[3XX", "aX  ef\nghijkl", (0, 2)),
    (b"abcdef\x1b[1;2H\x1b[99XX", "aX", (0, 2)),
    (b"\x1b[1\"qab\x1b[0\"qcdef\x1b[1;2H\x1b[?0KX", "aX", (0, 2)),
    (b"\x1b[1\"qab\x1b[0\"qcdef\x1b[1;5H\x1b[?1KX", "ab  Xf", (0, 5)),
    (b"\x1b[1\"qab\x1b[0\"qcdef\x1b[1;5H\x1b[?2KX", "ab  X", (0, 5)),
    (b"\x1b[1\"qab\x1b[0\"qcdef\x1b[1;5H\x1b[2KX", "    X", (0, 5)),
    (b"\x1b[1\"qab\x1b[0\"qcdef\r\ngh\x1b[1;2H\x1b[?JX", "aX", (0, 2)),
    (b"\x1b[1\"qab\x1b[0\"qcdef\r\ngh\x1b[2;2H\x1b[?1JX", "ab\n X", (1, 2)),
    (b"\x1b[1\"qab\x1b[0\"qcdef\x1b[1;1H\x1b[6XX", "X", (0, 1)),
    (b"\x1b[1\"qab\x1b[0\"qcdef\x1b[1;1H\x1b[1PX", "Xcdef", (0, 1)),
    (b"\x1bVab\x1bWcdef\x1b[1;1H\x1b[6X\x1b[1;9HX", "ab      X", (0, 9)),
    (b"\x1bVab\x1bWcdef\x1b[1;1H\x1b[KX", "Xb", (0, 1)),
    (b"\x1bVab\x1bWcdef\x1b[1;9H\x1b[1KX", "ab      X", (0, 9)),
    (b"\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\x1b[1;2H\x1b[XX", " X日日", (0, 2)),
    (b"\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\x1b[1;4H\x1b[KX", "日 X", (0, 4)),
    (b"\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\x1b[1;3H\x1b[1KX", "  X 日", (0, 3)),
];

#[test]
fn shifts() {
    check(SHIFTS);
}

#[test]
fn erasures() {
    check(ERASURES);
}
