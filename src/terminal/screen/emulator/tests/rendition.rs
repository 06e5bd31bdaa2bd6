//! How text looks: SGR, links, and changes of attributes in rectangles.

use super::*;
use crate::terminal::screen::grid::ViewCell;
use crate::terminal::screen::style::{Attributes, Color, Style, Underline};

fn plain() -> Style {
    Style::default()
}

fn with(attributes: &[Attributes]) -> Style {
    let bits = attributes.iter().fold(0, |bits, attribute| bits | attribute.bits());
    Style { attributes: Attributes::from_bits(bits), ..plain() }
}

fn rgb(r: u8, g: u8, b: u8) -> Color {
    Color::Rgb(Rgb { r, g, b })
}

fn pen_after(parameters: &str) -> Style {
    fed(format!("\x1b[{parameters}m")).grid().pen().style
}

#[test]
fn attributes() {
    let table = [
        ("1", with(&[Attributes::BOLD])),
        ("1;2;3", with(&[Attributes::BOLD, Attributes::DIM, Attributes::ITALIC])),
        ("5", with(&[Attributes::BLINK])),
        ("6", with(&[Attributes::BLINK])),
        ("7;8;9", with(&[Attributes::INVERSE, Attributes::HIDDEN, Attributes::STRIKEOUT])),
        ("1;2;3;22", with(&[Attributes::ITALIC])),
        ("3;5;7;8;9;23;25;27;28;29", plain()),
        ("5;6;25;1", with(&[Attributes::BOLD])),
        ("1;31;4;0", plain()),
        ("1;;3", with(&[Attributes::ITALIC])),
        ("1;3;", plain()),
        ("1;9999;10;26;50;3", with(&[Attributes::BOLD, Attributes::ITALIC])),
        // Sub-parameters of what has none.
        ("1;5:2", with(&[Attributes::BOLD])),
    ];
    for (parameters, style) in table {
        assert_eq!(pen_after(parameters), style, "{parameters}");
    }
}

#[test]
fn underlines() {
    let table = [
        ("4", Underline::Single),
        ("4:1", Underline::Single),
        ("4:2", Underline::Double),
        ("21", Underline::Double),
        ("4:3", Underline::Curly),
        ("4:4", Underline::Dotted),
        ("4:5", Underline::Dashed),
        ("4;4:0", Underline::None),
        ("21;24", Underline::None),
        ("4;21", Underline::Double),
    ];
    for (parameters, underline) in table {
        assert_eq!(pen_after(parameters), Style { underline, ..plain() }, "{parameters}");
    }
}

#[test]
fn colours() {
    let foreground = |foreground| Style { foreground, ..plain() };
    let background = |background| Style { background, ..plain() };
    let underline_color = |underline_color| Style { underline_color, ..plain() };
    let table = [
        ("31", foreground(Color::Indexed(1))),
        ("97", foreground(Color::Indexed(15))),
        ("42", background(Color::Indexed(2))),
        ("100", background(Color::Indexed(8))),
        ("31;39", plain()),
        ("41;49", plain()),
        ("38;5;200", foreground(Color::Indexed(200))),
        ("38:5:200", foreground(Color::Indexed(200))),
        ("48;2;1;2;3", background(rgb(1, 2, 3))),
        ("48:2:1:2:3", background(rgb(1, 2, 3))),
        ("48:2::1:2:3", background(rgb(1, 2, 3))),
        ("48:2::1:2:3:0:9", background(rgb(1, 2, 3))),
        ("58;5;3", underline_color(Color::Indexed(3))),
        ("58:2::4:5:6", underline_color(rgb(4, 5, 6))),
        ("58;5;3;59", plain()),
        ("38;5;256", plain()),
        ("38;2;1;2;300", plain()),
        ("38;2;1", plain()),
        ("38:2:1", plain()),
        ("38;9;1", with(&[Attributes::BOLD])),
        ("38", plain()),
        (
            "38;5;1;48;5;2;1",
            Style {
                foreground: Color::Indexed(1),
                background: Color::Indexed(2),
                ..with(&[Attributes::BOLD])
            },
        ),
    ];
    for (parameters, style) in table {
        assert_eq!(pen_after(parameters), style, "{parameters}");
    }
}

/// The styles of the first row's cells, in letters: `b`old, `i`nverse, blin`k`, `u`nderlined, `.` plain.
fn looks(emulator: &Emulator, row: i64) -> String {
    let letter = |style: Style| {
        let attributes =
            [(Attributes::BOLD, 'b'), (Attributes::INVERSE, 'i'), (Attributes::BLINK, 'k')];
        let found = attributes.iter().find(|(attribute, _)| style.attributes.contains(*attribute));
        found.map_or(if style.underline == Underline::None { '.' } else { 'u' }, |(_, letter)| {
            *letter
        })
    };
    emulator.grid().row(row).unwrap().cells().map(|cell| letter(cell.style)).collect()
}

/// DECCARA, DECRARA and DECSACE.
#[test]
fn attributes_of_rectangles() {
    let table = [
        ("\x1b[2*x\x1b[1;2;2;3;1$r", [".bb..", ".bb.."]),
        ("\x1b[1;4;2;5;1$r", ["...bb", "bbbbb"]),
        ("\x1b[1;4;2;2;1$r", [".....", "....."]),
        ("\x1b[2*x\x1b[1;2;2;3;4$r", [".uu..", ".uu.."]),
        ("\x1b[2*x\x1b[1;2;2;3;5$r", [".kk..", ".kk.."]),
        ("\x1b[2*x\x1b[1;1;2;5;1$r\x1b[1;2;1;3;0$r", ["b..bb", "bbbbb"]),
        ("\x1b[2*x\x1b[1;1;2;5;1$r\x1b[1;2;1;3;22$r", ["b..bb", "bbbbb"]),
        ("\x1b[2*x\x1b[1;2;1;3;7$t\x1b[1;3;2;4;7$t", [".i.i.", "..ii."]),
        ("\x1b[2*x\x1b[1;2;1;3;4$t\x1b[1;3;1;3;4$t", [".u...", "....."]),
        ("\x1b[2*x\x1b[2;3;1;2;1$r", [".....", "....."]),
        ("\x1b[2*x\x1b[1*x\x1b[1;3;2;4;7$t", ["..iii", "iiii."]),
    ];
    for (change, expected) in table {
        let emulator = fed(format!("abcde\r\nfghij{change}"));
        let seen = [looks(&emulator, 0), looks(&emulator, 1)];
        let whole = |row: &String| format!("{:.<5}", row.get(..5).unwrap_or(row));
        assert_eq!(seen.each_ref().map(whole), expected, "{change:?}");
        assert_eq!(text(&emulator), "abcde\nfghij");
    }
}

fn link_at(emulator: &Emulator, col: usize) -> Option<(String, String)> {
    let row = emulator.grid().row(0).unwrap();
    let cell = row.cells().nth(col)?;
    cell.link.map(|link| (link.id.clone(), link.uri.clone()))
}

#[test]
fn links() {
    let link = |id: &str, uri: &str| Some((id.to_owned(), uri.to_owned()));
    let emulator = fed("\x1b]8;id=z;http://a/;b\x1b\\x\x1b[0my\x1b]8;;\x07z");
    assert_eq!(link_at(&emulator, 0), link("z", "http://a/;b"));
    assert_eq!(link_at(&emulator, 1), link("z", "http://a/;b"), "SGR 0 ends no link");
    assert_eq!(link_at(&emulator, 2), None);
    let emulator = fed("\x1b]8;k=v:id=z:x=y;u\x07a\x1b]8;;u\x07b\x1b]8;;u\x07c\x1b]8\x07d");
    assert_eq!(link_at(&emulator, 0), link("z", "u"));
    let (b, c) = (link_at(&emulator, 1).unwrap(), link_at(&emulator, 2).unwrap());
    assert!(b.0 != c.0 && b.1 == c.1, "without an id each is another one");
    assert_eq!(link_at(&emulator, 3), Some(c), "malformed");
    for uri in ["x".repeat(2049), "a\u{85}b".to_owned()] {
        let emulator = fed(format!("\x1b]8;id=a;u\x07x\x1b]8;;{uri}\x07y"));
        assert_eq!(link_at(&emulator, 1), None);
    }
    assert_eq!(link_at(&fed(b"\x1b]8;;\xff\x07x"), 0), None);
}

#[test]
fn the_cursors_look() {
    let table = [
        ("", (CursorShape::Block, false, true)),
        ("\x1b[1 q", (CursorShape::Block, true, true)),
        ("\x1b[2 q", (CursorShape::Block, false, true)),
        ("\x1b[3 q", (CursorShape::Underline, true, true)),
        ("\x1b[4 q", (CursorShape::Underline, false, true)),
        ("\x1b[5 q", (CursorShape::Bar, true, true)),
        ("\x1b[6 q", (CursorShape::Bar, false, true)),
        ("\x1b[6 q\x1b[7 q", (CursorShape::Bar, false, true)),
        ("\x1b[5 q\x1b[0 q", (CursorShape::Block, false, true)),
        ("\x1b[5 q\x1b[ q", (CursorShape::Block, false, true)),
        ("\x1b[?12h\x1b[?25l", (CursorShape::Block, true, false)),
        ("\x1b[5 q\x1b[?25l\x1b[!p", (CursorShape::Bar, true, true)),
        ("\x1b[5 q\x1b[?25l\x1bc", (CursorShape::Block, false, true)),
        ("\x1b]50;CursorShape=1\x07", (CursorShape::Bar, false, true)),
        (
            "\x1b]50;CursorShape=2\x07\x1b]50;CursorShape=9\x07",
            (CursorShape::Underline, false, true),
        ),
    ];
    for (output, look) in table {
        let cursor = fed(output).cursor();
        assert_eq!((cursor.shape, cursor.blinking, cursor.visible), look, "{output:?}");
    }
}

#[test]
fn attributes_of_wide_characters_are_toggled_once() {
    let emulator = fed("界x\x1b[1;1;1;3;1$t");
    let row = emulator.grid().row(0).unwrap();
    let is_bold = |cell: ViewCell<'_>| cell.style.attributes.contains(Attributes::BOLD);
    assert_eq!(row.cells().map(is_bold).collect::<Vec<_>>(), [true, true]);
}
