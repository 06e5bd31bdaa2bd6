//! The cursor, with and without margins, and tab stops, as a real xterm moves it.

use super::{Case, check};

/// CUU to HVP, with margins of rows and columns, and origin mode.
const MOVES: &[Case] = &[
    (b"\x1b[3;5H\x1b[AX", "\n    X", (1, 5)),
    (b"\x1b[3;5H\x1b[2BX", "\n\n\n\n    X", (4, 5)),
    (b"\x1b[3;5H\x1b[0CX", "\n\n     X", (2, 6)),
    (b"\x1b[3;5H\x1b[3DX", "\n\n X", (2, 2)),
    (b"\x1b[3;5H\x1b[2EX", "\n\n\n\nX", (4, 1)),
    (b"\x1b[3;5H\x1b[2FX", "X", (0, 1)),
    (b"\x1b[3;5H\x1b[9GX", "\n\n        X", (2, 9)),
    (b"\x1b[3;5H\x1b[2`X", "\n\n X", (2, 2)),
    (b"\x1b[3;5H\x1b[2dX", "\n    X", (1, 5)),
    (b"\x1b[3;5H\x1b[2eX", "\n\n\n\n    X", (4, 5)),
    (b"\x1b[3;5H\x1b[2aX", "\n\n      X", (2, 7)),
    (b"\x1b[3;5H\x1b[99;99HX", "\n\n\n\n\n                   X", (5, 19)),
    (b"\x1b[3;5H\x1b[;7HX", "      X", (0, 7)),
    (b"\x1b[3;5H\x1b[4HX", "\n\n\nX", (3, 1)),
    (b"\x1b[3;5H\x1b[0;0fX", "X", (0, 1)),
    (b"\x1b[3;5H\x1b[99AX", "    X", (0, 5)),
    (b"\x1b[3;5H\x1b[99DX", "\n\nX", (2, 1)),
    (b"\x1b[3;5H\x1b[99FX", "X", (0, 1)),
    (b"\x1b[3;5H\x1b[99eX", "\n\n\n\n\n    X", (5, 5)),
    (b"ab\x08\x08\x08cX", "cX", (0, 2)),
    (b"ab\r\x1b[CX", "aX", (0, 2)),
    (b"\x1b[2;4r\x1b[3;1H\x1b[9AX", "\nX", (1, 1)),
    (b"\x1b[2;4r\x1b[3;1H\x1b[9BX", "\n\n\nX", (3, 1)),
    (b"\x1b[2;4r\x1b[1;1H\x1b[9BX", "\n\n\nX", (3, 1)),
    (b"\x1b[2;4r\x1b[6;1H\x1b[9AX", "\nX", (1, 1)),
    (b"\x1b[2;4r\x1b[5;1H\x1b[9BX", "\n\n\n\n\nX", (5, 1)),
    (b"\x1b[2;4r\x1b[1;3H\x1b[9AX", "  X", (0, 3)),
    (b"\x1b[2;4r\x1b[3;3H\x1b[9eX", "\n\n\n\n\n  X", (5, 3)),
    (b"\x1b[2;4r\x1b[3;3H\x1b[6dX", "\n\n\n\n\n  X", (5, 3)),
    (b"\x1b[2;4r\x1b[3;3H\x1b[9EX", "\n\n\nX", (3, 1)),
    (b"\x1b[2;4r\x1b[3;3H\x1b[9FX", "\nX", (1, 1)),
    (b"\x1b[2;4r\x1b[?6h\x1b[2;2HX\x1b[9;9HY", "\n\n X\n        Y", (2, 9)),
    (b"\x1b[2;4r\x1b[?6h\x1b[2dX\x1b[9eY", "\n\nX\n Y", (2, 2)),
    (b"\x1b[?69h\x1b[4;9s\x1b[1;6H\x1b[9CX", "        X", (0, 8)),
    (b"\x1b[?69h\x1b[4;9s\x1b[1;6H\x1b[9DX", "   X", (0, 4)),
    (b"\x1b[?69h\x1b[4;9s\x1b[1;2H\x1b[9DX", "X", (0, 1)),
    (b"\x1b[?69h\x1b[4;9s\x1b[1;12H\x1b[9CX", "                   X", (0, 19)),
    (b"\x1b[?69h\x1b[4;9s\x1b[1;6H\x1b[9aX", "              X", (0, 15)),
    (b"\x1b[?69h\x1b[4;9s\x1b[1;6H\rX", "   X", (0, 4)),
    (b"\x1b[?69h\x1b[4;9s\x1b[1;2H\rX", "X", (0, 1)),
    (b"\x1b[?69h\x1b[4;9s\x1b[1;6H\x1b[EX", "\n   X", (1, 4)),
    (b"\x1b[?69h\x1b[4;9s\x1b[?6h\x1b[1;2HX", "    X", (0, 2)),
    (b"\x1b[?69h\x1b[4;9s\x1b[?6h\x1b[9GX", "        X", (0, 5)),
    (b"\x1b[?69h\x1b[4;9s\x1b[1;4Habcdefghi", "   abcdef\n   ghi", (1, 6)),
    (b"\x1b[?69h\x1b[4;9s\x1b[1;12Habcdefghijkl", "           abcdefghi\n   jkl", (1, 6)),
];

/// HT, CHT, CBT, HTS, TBC.
const TABS: &[Case] = &[
    (b"\tX", "        X", (0, 9)),
    (b"a\tb\tc\td", "a       b       c  d", (0, 19)),
    (b"\x1b[3IX", "                   X", (0, 19)),
    (b"\x1b[99IX", "                   X", (0, 19)),
    (b"\x1b[1;20H\x1b[ZX", "                X", (0, 17)),
    (b"\x1b[1;20H\x1b[2ZX", "        X", (0, 9)),
    (b"\x1b[1;20H\x1b[9ZX", "X", (0, 1)),
    (b"\x1b[1;9H\x1b[ZX", "X", (0, 1)),
    (b"\x1b[1;4H\x1bH\x1b[1;1H\tX", "   X", (0, 4)),
    (b"\x1b[1;9H\x1b[g\x1b[1;1H\tX", "                X", (0, 17)),
    (b"\x1b[1;9H\x1b[0g\x1b[1;1H\tX", "                X", (0, 17)),
    (b"\x1b[1;8H\x1b[g\x1b[1;1H\tX", "        X", (0, 9)),
    (b"\x1b[3g\tX", "                   X", (0, 19)),
    (b"\x1b[3g\x1b[1;5H\x1bH\x1b[1;12H\x1bH\x1b[1;1H\tX\tY", "    X      Y", (0, 12)),
    (b"\x1b[5g\tX", "        X", (0, 9)),
    (b"\x1b[3g\x1bc\tX", "        X", (0, 9)),
    (b"\x1b[1;4H\x1bH\x1b[!p\x1b[1;1H\tX", "   X", (0, 4)),
    (b"\x1b[?69h\x1b[3;12s\x1b[1;3H\tX\tY", "        X  Y", (0, 11)),
    (b"\x1b[?69h\x1b[3;12s\x1b[1;11H\x1b[2ZX", "X", (0, 1)),
    (b"\x1b[?69h\x1b[3;12s\x1b[?6h\x1b[2ZX", "  X", (0, 1)),
    (b"\x1b[?69h\x1b[5;12s\x1b[1;6H\x1b[2IX", "           X", (0, 11)),
];

#[test]
fn moves() {
    check(MOVES);
}

#[test]
fn tabs() {
    check(TABS);
}
