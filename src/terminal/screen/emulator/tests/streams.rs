//! What generated streams beside a real xterm have found (`tests/judges/`): each is one of its kind.

use super::*;
use crate::terminal::screen::style::{Attributes, Color, Style};

/// In insert mode nothing moves where the cursor is outside of the margins.
const INSERTED_OUTSIDE_OF_MARGINS: &[Case] = &[
    (b"abcdef\x1b[?69h\x1b[4;9s\x1b[4h\x1b[1;2HXY", "aXYdef", (0, 3)),
    (b"abcdefghijkl\x1b[?69h\x1b[4;9s\x1b[4h\x1b[1;11HX", "abcdefghijXl", (0, 11)),
    (b"abcdefghijkl\x1b[?69h\x1b[4;9s\x1b[4h\x1b[1;5HX", "abcdXefghjkl", (0, 5)),
    ("abcdefgh\x1b[?69h\x1b[6;9s\x1b[4h\x1b[1;2H日".as_bytes(), "a日defgh", (0, 3)),
];

/// Where a set has no character there is a reversed question mark.
const UNDEFINED_CHARACTERS: &[Case] = &[
    (b"\x1b(>m9l\x1b(B9", "⸮⸮λ9", (0, 4)),
    (b"\x1b(>+,-./", "⎧⎩⎫⎭⎨", (0, 5)),
    (b"\x1b(<$a~", "⸮á⸮", (0, 3)),
    (b"\x1b(%5 !", " ¡", (0, 2)),
];

#[test]
fn inserting_outside_of_margins() {
    check(INSERTED_OUTSIDE_OF_MARGINS);
}

#[test]
fn characters_that_a_set_lacks() {
    check(UNDEFINED_CHARACTERS);
}

/// DECSERA erases characters, not their attributes.
#[test]
fn selective_erasing_of_a_rectangle_keeps_attributes() {
    let output = "\x1b[41ma日\x1b[1\"qb\x1b[0\"q\x1b[44m\x1b[1;1;2;9${";
    let emulator = fed(output);
    assert_eq!(text(&emulator), "   b");
    let colors: Vec<_> = (0..6).map(|col| background(&emulator, 0, col)).collect();
    let red = Color::Indexed(1);
    assert_eq!(colors, [red, red, red, red, Color::Default, Color::Default]);
    assert_eq!(background(&emulator, 1, 0), Color::Default);
}

fn background(emulator: &Emulator, row: i64, col: usize) -> Color {
    let row = emulator.grid().row(row).unwrap();
    let mut cells = row.cells().flat_map(|cell| std::iter::repeat_n(cell.style, cell.cols));
    cells.nth(col).map_or(Color::Default, |style| style.background)
}

/// A change of size ends origin mode, as it ends the margins.
#[test]
fn a_change_of_size_ends_origin_mode() {
    for (cols, rows) in [(21, 6), (20, 7), (9, 3)] {
        for screen in ["", "\x1b[?1049h"] {
            let mut emulator = fed(format!("{screen}\x1b[?6h"));
            emulator.resize(Size::cells(cols, rows));
            feed(&mut emulator, "\x1b[2;3r\x1b[2;2HX");
            assert_eq!(text(&emulator), "\n X", "{cols}x{rows} {screen:?}");
        }
    }
}

/// What moves columns leaves the cursor where it is, and a wrap pending.
const COLUMNS_WITH_A_PENDING_WRAP: &[Case] = &[
    (b"abcdefghijabcdefghij\x1b[ @Z", "bcdefghijabcdefghij\nZ", (1, 1)),
    (b"abcdefghijabcdefghij\x1b[ AZ", " abcdefghijabcdefghi\nZ", (1, 1)),
    (b"abcdefghijabcdefghij\x1b['}Z", "abcdefghijabcdefghi\nZ", (1, 1)),
    (b"abcdefghijabcdefghij\x1b['~Z", "abcdefghijabcdefghi\nZ", (1, 1)),
    (b"abcdefghijabcdefghij\x1b9Z", "bcdefghijabcdefghij\nZ", (1, 1)),
    (b"abcdefghijabcdefghij\x1b6Z", "abcdefghijabcdefghZj", (0, 19)),
    (b"\x1b[?69h\x1b[3;10s\x1b[1;10Hx\x1b9Z", "        x\n  Z", (1, 3)),
];

/// Where national sets may not be used, they are ASCII.
const NATIONAL_SETS_SWITCHED_OFF: &[Case] = &[
    (b"\x1b(0\x1b(Kq{", "q{", (0, 2)),
    (b"\x1b(>\x1b(%6q", "q", (0, 1)),
    (b"\x1b(K\x1b[?42h{", "{", (0, 1)),
    (b"\x1b[?42h\x1b(K\x1b[?42l{", "ä", (0, 1)),
    // A soft reset leaves the mode as it is.
    (b"\x1b[?42h\x1b[!p\x1b(K{", "ä", (0, 1)),
];

#[test]
fn columns_with_a_pending_wrap() {
    check(COLUMNS_WITH_A_PENDING_WRAP);
}

#[test]
fn national_sets_that_are_switched_off() {
    check(NATIONAL_SETS_SWITCHED_OFF);
}

/// The alternate screen is cut or extended; a character that wraps is not written over the last one.
#[test]
fn a_pending_wrap_on_the_alternate_screen_that_changes_its_size() {
    let table =
        [(26, "abcdefghijabcdefghijZ"), (13, "abcdefghijabc\nZ"), (20, "abcdefghijabcdefghij\nZ")];
    for (cols, expected) in table {
        for saved in ["", "\x1b7"] {
            let mut emulator = fed(format!("\x1b[?1049habcdefghijabcdefghij{saved}"));
            emulator.resize(Size::cells(cols, 5));
            feed(&mut emulator, if saved.is_empty() { "Z" } else { "\x1b[3;3H\x1b8Z" });
            assert_eq!(text(&emulator), expected, "{cols} {saved:?}");
        }
    }
}

/// DECRARA changes a wide character once, whichever of its halves the area has.
#[test]
fn attributes_of_wide_characters_are_toggled_once() {
    for area in ["1;1;1;4", "1;2;1;3", "1;1;1;3"] {
        for extent in [1, 2] {
            let emulator = fed(format!("日本\x1b[{extent}*x\x1b[{area};7$t"));
            let row = emulator.grid().row(0).unwrap();
            for cell in row.cells().take(2) {
                assert!(cell.style.attributes.contains(Attributes::INVERSE), "{area} {extent}");
            }
        }
    }
}

/// DECALN resets attributes, but no colours.
#[test]
fn the_alignment_test_resets_attributes() {
    let emulator = fed("\x1b[1;4;7;41m\x1b#8");
    let red = Style { background: Color::Indexed(1), ..Style::default() };
    assert_eq!(emulator.grid().pen().style, red);
}

/// Mode 41: a tab with a wrap pending wraps first, CHT as well.
const TABS_THAT_WRAP: &[Case] = &[
    (b"\x1b[?41habcdefghijabcdefghij\tZ", "abcdefghijabcdefghij\n        Z", (1, 9)),
    (b"\x1b[?41habcdefghijabcdefghij\x1b[2IZ", "abcdefghijabcdefghij\n        Z", (1, 9)),
    (b"abcdefghijabcdefghij\x1b[2IZ", "abcdefghijabcdefghij\nZ", (1, 1)),
    (b"\x1b[?41habcdefghijabcdefghij\x1b[?7l\tZ", "abcdefghijabcdefghiZ", (0, 19)),
];

#[test]
fn tabs_that_wrap() {
    check(TABS_THAT_WRAP);
}

/// A single shift is not saved with the cursor, so restoring it leaves the shift.
const SINGLE_SHIFTS: &[Case] = &[
    (b"\x1b(0\x1bO\x1b7\x1b8ss", "s⎽", (0, 2)),
    (b"\x1bN\x1b8\x1b*0q", "─", (0, 1)),
    (b"\x1b*0\x1bN\x1b[!pqq", "qq", (0, 2)),
];

#[test]
fn single_shifts() {
    check(SINGLE_SHIFTS);
}

/// With reverse wrap the cursor goes back round the screen, however far.
const FAR_BACK: &[Case] = &[
    (b"\x1b[?45h\x1b[2;16H\x1b[999D", "", (5, 16)),
    (b"\x1b[?45h\x1b[2;16H\x1b[240D", "", (1, 15)),
    (b"\x1b[?45h\x1b[2;3r\x1b[5;16H\x1b[999D", "", (2, 16)),
    (b"\x1b[?45h\x1b[999D", "", (5, 19)),
    (b"\x1b[?45h\x1b[?69h\x1b[3;9s\x1b[2;4r\x1b[2;3H\x1b[5D", "", (3, 8)),
    (b"\x1b[?45h\x1b[1;2H\x1b[3D", "", (5, 18)),
];

#[test]
fn far_back_with_reverse_wrap() {
    check(FAR_BACK);
}
