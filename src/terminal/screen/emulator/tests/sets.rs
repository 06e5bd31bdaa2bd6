//! Rectangles, protection, character sets and odd input, as a real xterm shows them.

use super::{Case, check};

/// Rectangles, protected cells.
const RECTANGLES: &[Case] = &[
    (b"\x1b[1;1Habcdef\r\nghijkl\r\nmnopqr\x1b[42;1;2;2;4$x", "a***ef\ng***kl\nmnopqr", (2, 6)),
    (
        b"\x1b[1;1Habcdef\r\nghijkl\r\nmnopqr\x1b[42;2;2$x",
        "abcdef\ng*******************\nm*******************\n *******************\n *******************\n *******************",
        (2, 6),
    ),
    (
        b"\x1b[1;1Habcdef\r\nghijkl\r\nmnopqr\x1b[42$x",
        "********************\n********************\n********************\n********************\n********************\n********************",
        (2, 6),
    ),
    (b"\x1b[1;1Habcdef\r\nghijkl\r\nmnopqr\x1b[42;3;3;2;2$x", "abcdef\nghijkl\nmnopqr", (2, 6)),
    (b"\x1b[1;1Habcdef\r\nghijkl\r\nmnopqr\x1b[1;1;1;2;2$x", "abcdef\nghijkl\nmnopqr", (2, 6)),
    (b"\x1b[1;1Habcdef\r\nghijkl\r\nmnopqr\x1b[233;1;1;2;2$x", "éécdef\nééijkl\nmnopqr", (2, 6)),
    (
        b"\x1b[1;1Habcdef\r\nghijkl\r\nmnopqr\x1b[3;3r\x1b[2;3r\x1b[?6h\x1b[42;1;1;1;2$x",
        "abcdef\n**ijkl\nmnopqr",
        (0, 0),
    ),
    (b"\x1b[1;1Habcdef\r\nghijkl\r\nmnopqr\x1b[1;2;2;4$z", "a   ef\ng   kl\nmnopqr", (2, 6)),
    (b"\x1b[1;1Habcdef\r\nghijkl\r\nmnopqr\x1b[$z", "", (2, 6)),
    (
        b"\x1b[1;1Habcdef\r\nghijkl\r\nmnopqr\x1b[1;2;2;4;1;3;5;1$v",
        "abcdef\nghijkl\nmnopbcd\n    hij",
        (2, 6),
    ),
    (
        b"\x1b[1;1Habcdef\r\nghijkl\r\nmnopqr\x1b[1;2;2;4;1;1;3;1$v",
        "abbcdf\nghhijl\nmnopqr",
        (2, 6),
    ),
    (
        b"\x1b[1;1Habcdef\r\nghijkl\r\nmnopqr\x1b[1;1;2;4;1;2;2;1$v",
        "abcdef\ngabcdl\nmghijr",
        (2, 6),
    ),
    (
        b"\x1b[1;1Habcdef\r\nghijkl\r\nmnopqr\x1b[1;1;3;6;1;5;18;1$v",
        "abcdef\nghijkl\nmnopqr\n\n                 abc\n                 ghi",
        (2, 6),
    ),
    (
        b"\x1b[1;1Habcdef\r\nghijkl\r\nmnopqr\x1b[?69h\x1b[2;4s\x1b[2;3r\x1b[?6h\x1b[42;1;1;1;2$x",
        "abcdef\ng**jkl\nmnopqr",
        (0, 0),
    ),
    (b"\x1b[1\"qabc\x1b[0\"qdef\x1b[1;1;1;6${", "abc", (0, 6)),
    (b"\x1b[1\"qabc\x1b[0\"qdef\x1b[1;1;1;6$z", "", (0, 6)),
    (b"\x1b[1\"qabc\x1b[2\"qdef\x1b[?2KX", "abc   X", (0, 7)),
    (b"\x1b[1\"qabc\x1b[0\"qdef\x1b[?2JX", "abc   X", (0, 7)),
    (b"\x1b[1\"qabc\x1b[0\"qdef\x1b[1;5H\x1b[?JX", "abcdX", (0, 5)),
    (b"\x1b[1\"qabc\x1b[0\"qdef\x1b[1;5H\x1b[?1JX", "abc Xf", (0, 5)),
    (b"\x1b[1\"qabc\x1b[0\"qdef\x1b[1;5H\x1b[?KX", "abcdX", (0, 5)),
    (b"\x1b[1\"qabc\x1b[0\"qdef\x1b[1;5H\x1b[?1KX", "abc Xf", (0, 5)),
    (b"\x1b[1\"qabc\x1b[0\"qdef\x1b[2JX", "      X", (0, 7)),
    (b"\x1b[1\"qabc\x1b[0\"qdef\x1b[2KX", "      X", (0, 7)),
    (b"\x1b[1\"qabc\x1b[0\"qdef\r\x1b[6XX", "X", (0, 1)),
    (b"\x1b[1\"qabc\x1b[0\"qdef\r\x1b[6PX", "X", (0, 1)),
    (b"\x1b[1\"qabc\x1b[0mdef\x1b[?2JX", "abcdefX", (0, 7)),
    (b"\x1b[1\"q\x1b7abc\x1b[0\"q\x1b8def\x1b[?2JX", "defX", (0, 4)),
    (b"\x1bVabc\x1bWdef\x1b[2JX", "abc   X", (0, 7)),
    (b"\x1bVabc\x1bWdef\x1b[2KX", "abc   X", (0, 7)),
    (b"\x1bVabc\x1bWdef\x1b[?2KX", "abc   X", (0, 7)),
    (b"\x1bVabc\x1bWdef\r\x1b[6XX", "Xbc", (0, 1)),
];

/// Designated and invoked sets.
const CHARACTER_SETS: &[Case] = &[
    (b"\x1b(0lqk`~_aA\x1b(Bq", "┌─┐◆· ▒Aq", (0, 9)),
    (b"\x1b(0qq\x1b)0\x0eqq\x0fq", "─────", (0, 5)),
    (b"\x1b)0q\x0eq\x0fq", "q─q", (0, 3)),
    (b"\x1b*A\x1bN##", "£#", (0, 2)),
    (b"\x1b+0\x1bOqq", "─q", (0, 2)),
    (b"\x1b*0\x1bnq\x1b(Bq\x0fq", "──q", (0, 3)),
    (b"\x1b+A\x1bo#\x0f#", "£#", (0, 2)),
    (b"\x1b(K[", "[", (0, 1)),
    (b"\x1b[?42h\x1b(K[{|}~\x1b(B[", "Ääöüß[", (0, 6)),
    (b"\x1b[?42h\x1b(K[\x1b[?42l[", "ÄÄ", (0, 2)),
    (b"\x1b[?42h\x1b(R#@[\\]{|}~", "£à°ç§éùè¨", (0, 9)),
    (b"\x1b[?42h\x1b(`#@[\\]^_`{|}~", "#ÄÆØÅÜ_äæøåü", (0, 12)),
    (b"\x1b[?42h\x1b(=#@[\\]^_`{|}~", "ùàéçêîèôäöüû", (0, 12)),
    (b"\x1b[?42h\x1b(7#@[\\]^_`{|}~", "#ÉÄÖÅÜ_éäöåü", (0, 12)),
    (b"\x1b[?42h\x1b(5#@[\\]^_`{|}~", "#@ÄÖÅÜ_éäöåü", (0, 12)),
    (b"\x1b[?42h\x1b(9#@[\\]^_`{|}~", "#àâçêî_ôéùèû", (0, 12)),
    (b"\x1b[?42h\x1b(E#@[\\]^_`{|}~", "#ÄÆØÅÜ_äæøåü", (0, 12)),
    (b"\x1b[?42h\x1b(6#@[\\]^_`{|}~", "#ÄÆØÅÜ_äæøåü", (0, 12)),
    (b"\x1b[?42h\x1b(Y#@[\\]^_`{|}~", "£§°çé^_ùàòèì", (0, 12)),
    (b"\x1b[?42h\x1b(Z#@[\\]^_`{|}~", "£§¡Ñ¿^_`°ñç~", (0, 12)),
    (b"\x1b[?42h\x1b(%6#@[\\]^_`{|}~", "#@ÃÇÕ^_`ãçõ~", (0, 12)),
    (b"\x1b(<iW(", "éŒ¤", (0, 3)),
    (b"\x1b(2q\x1b(1q", "qq", (0, 2)),
    (b"\x1b-A\x0ea #\x0fa", "á\u{a0}£a", (0, 4)),
    (b"\x1b.A\x1bnab{", "áâû", (0, 3)),
    (b"\x1b/A\x1boab{\x1b(Ba", "áâûá", (0, 4)),
    (b"\x1b.A\x1bNab", "áb", (0, 2)),
    (b"\x1b-A\x1b)B\x0ea\x1b-B\x1b-%5a", "aa", (0, 2)),
    (b"\x1b(<$~", "\u{2e2e}\u{2e2e}", (0, 2)),
    (b"\x1b(0q\x1bcq", "q", (0, 1)),
];

/// Sequences that are cut short, malformed, ignored; strings; what is no text.
const PARTS_OF_SEQUENCES: &[Case] = &[
    (b"a\x1b[2\x18b", "ab", (0, 2)),
    (b"a\x1b[2\x1ab", "ab", (0, 2)),
    (b"a\x1b[2\nCb", "a\n   b", (1, 4)),
    (b"a\x1b[5:3Cb", "ab", (0, 2)),
    (b"a\x1b[<5Cb", "ab", (0, 2)),
    (b"a\x1b[5?Cb", "ab", (0, 2)),
    (b"a\x1b[?5$Cb", "ab", (0, 2)),
    (
        b"a\x1b[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1Hb",
        "b",
        (0, 1),
    ),
    (b"a\x1b[99999999999Cb", "a                  b", (0, 19)),
    (b"a\x1bPtmux;say \xe2\x80\x9chi\xe2\x80\x9d\x1b\\C", "aC", (0, 2)),
    (b"a\x1b]2;\xe2\x80\x9chi\xe2\x80\x9d\x1b\\C", "aC", (0, 2)),
    (b"a\x1b_x\x1b\\b\x1b^y\x1b\\c\x1bXz\x1b\\d", "abcd", (0, 4)),
    (b"a\x1bPqab\x1bDb", "a\n b", (1, 2)),
    (b"a\x1b]2;x\x18b", "ab", (0, 2)),
    (b"a\xc2\x85b\xc2\x9b2Cc", "ab2Cc", (0, 5)),
    (b"a\x9b2Cb", "a�2Cb", (0, 5)),
    (b"a\xff\xc3(b", "a��(b", (0, 5)),
    (b"a\xe6\x97\x1bDb", "a�\n  b", (1, 3)),
    (b"a\x7fb\x00c", "abc", (0, 3)),
    (b"a\x05b\x1b[0xc", "abc", (0, 3)),
];

/// What SPA protects is spared by all erasing but DECSERA and DECERA.
const PROTECTED_BY_SPA: &[Case] = &[
    (b"\x1bVabc\x1bWdef\x1b[1;1;1;6${", "", (0, 6)),
    (b"\x1bVabc\x1bWdef\x1b[1;1;1;6$z", "", (0, 6)),
];

#[test]
fn what_spa_protects() {
    check(PROTECTED_BY_SPA);
}

#[test]
fn rectangles() {
    check(RECTANGLES);
}

#[test]
fn character_sets() {
    check(CHARACTER_SETS);
}

#[test]
fn parts_of_sequences() {
    check(PARTS_OF_SEQUENCES);
}
