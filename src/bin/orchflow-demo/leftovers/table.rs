//! The table of states, in the order in which they are undone: first those that would swallow or
//! garble later sequences; colors and character sets after what saves and restores the cursor.

use super::{Entry, On, Undo};

const fn line(what: &'static str, on: &'static [On], undo: &'static str) -> Entry {
    Entry { what, on, undo: Undo::Text(undo) }
}

pub(super) const ENTRIES: usize = TABLE.len();

pub(super) const TABLE: &[Entry] = &[
    // States that would swallow later sequences.
    line("VT52 mode", &[On::PrivateOff(2)], "\x1b<"),
    line("printer controller", &[On::Csi("i", &["5"], &["4"])], "\x1b[4i"),
    line("automatic printing", &[On::Csi("?i", &["5"], &["4"])], "\x1b[?4i"),
    line("output to the status line", &[On::Csi("$}", &["1"], &["", "0"])], "\x1b[0$}"),
    line("conformance level", &[On::Csi("\"p", &[], &["64;1", "65;1"])], "\x1b[64;1\"p"),
    line("8-bit controls", &[On::Escape(" G", " F")], "\x1b F"),
    line("no UTF-8", &[On::Escape("%@", "%G")], "\x1b%G"),
    line("synchronized output", &[On::Private(2026)], "\x1b[?2026l"),
    // Keyboard flags belong to the screen on which they were set.
    Entry {
        what: "keyboard flags of kitty, pushed on the alternate screen",
        on: &[On::KittyKeys(true)],
        undo: Undo::EachTime("\x1b[<u"),
    },
    line("keyboard flags of kitty", &[On::Csi("=u", &[], &["0", "0;1"])], "\x1b[=0u"),
    // The alternate screen is left by the mode that entered it: 1049 also restores the cursor.
    line(
        "alternate screen",
        &[On::Private(1049), On::TakenBackBy(1047), On::TakenBackBy(47)],
        "\x1b[?1049l",
    ),
    line(
        "alternate screen",
        &[On::Private(1047), On::TakenBackBy(1049), On::TakenBackBy(47)],
        "\x1b[?1047l",
    ),
    line(
        "alternate screen",
        &[On::Private(47), On::TakenBackBy(1047), On::TakenBackBy(1049)],
        "\x1b[?47l",
    ),
    Entry {
        what: "keyboard flags of kitty, pushed",
        on: &[On::KittyKeys(false)],
        undo: Undo::EachTime("\x1b[<u"),
    },
    line(
        "modifyOtherKeys",
        &[On::Csi(">m", &["4;1", "4;2", "4;3"], &["", "4", "4;", "4;0"])],
        "\x1b[>4m",
    ),
    line(
        "modifyCursorKeys and modifyFunctionKeys",
        &[On::Csi(
            ">m",
            &["1;0", "1;1", "1;2", "1;3", "2;0", "2;1", "2;2", "2;3"],
            &["", "1", "2"],
        )],
        "\x1b[>1m\x1b[>2m",
    ),
    // Keyboard.
    line("locked keyboard", &[On::Mode(2)], "\x1b[2l"),
    line("local echo", &[On::ModeOff(12)], "\x1b[12h"),
    line("line feed is new line", &[On::Mode(20)], "\x1b[20l"),
    line("application cursor keys", &[On::Private(1)], "\x1b[?1l"),
    line("no auto-repeat", &[On::PrivateOff(8)], "\x1b[?8h"),
    line("application keypad", &[On::Escape("=", ">"), On::Private(66)], "\x1b>"),
    line("backarrow sends backspace", &[On::Private(67)], "\x1b[?67l"),
    line("bracketed paste", &[On::Private(2004)], "\x1b[?2004l"),
    line("paste events", &[On::Private(5522)], "\x1b[?5522l"),
    line("keys of Windows", &[On::Private(9001)], "\x1b[?9001l"),
    line("keyboard lamps", &[On::Csi("q", &[], &["", "0"])], "\x1b[0q"),
    // Mouse and other reports.
    line("mouse of X10", &[On::Private(9)], "\x1b[?9l"),
    line("mouse clicks", &[On::Private(1000)], "\x1b[?1000l"),
    line("mouse highlighting", &[On::Private(1001)], "\x1b[?1001l"),
    line("mouse drags", &[On::Private(1002)], "\x1b[?1002l"),
    line("mouse motion", &[On::Private(1003)], "\x1b[?1003l"),
    line("focus reports", &[On::Private(1004)], "\x1b[?1004l"),
    line("mouse in UTF-8", &[On::Private(1005)], "\x1b[?1005l"),
    line("mouse in SGR", &[On::Private(1006)], "\x1b[?1006l"),
    line("mouse of urxvt", &[On::Private(1015)], "\x1b[?1015l"),
    line("mouse in pixels", &[On::Private(1016)], "\x1b[?1016l"),
    line("reports of colour schemes", &[On::Private(2031)], "\x1b[?2031l"),
    line("reports of sizes", &[On::Private(2048)], "\x1b[?2048l"),
    // How text is placed on the screen.
    line("insert", &[On::Mode(4)], "\x1b[4l"),
    line("132 columns", &[On::Private(3)], "\x1b[?3l"),
    line("changes of columns are allowed", &[On::Private(40)], "\x1b[?40l"),
    line("smooth scrolling", &[On::Private(4)], "\x1b[?4l"),
    line("reverse video", &[On::Private(5)], "\x1b[?5l"),
    line("no autowrap", &[On::PrivateOff(7)], "\x1b[?7h"),
    line("reverse wrap", &[On::Private(45)], "\x1b[?45l"),
    line("graphemes in one cell", &[On::Private(2027)], "\x1b[?2027l"),
    line("extended reverse wrap", &[On::Private(1045)], "\x1b[?1045l"),
    line("national character sets", &[On::Private(42)], "\x1b[?42l"),
    line("no scrolling for sixels", &[On::Private(80)], "\x1b[?80l"),
    line("status line", &[On::Csi("$~", &[], &["", "0"])], "\x1b[0$~"),
    // These move the cursor.
    line("origin", &[On::Private(6)], "\x1b[?6l"),
    line("left and right margins", &[On::Private(69)], "\x1b[?69l"),
    line("margins", &[On::Csi("r", &[], &[""])], "\x1b[r"),
    Entry {
        what: "tab stops",
        on: &[On::Escape("H", ""), On::Csi("g", &[], &[]), On::Csi("?W", &[], &["5"])],
        undo: Undo::TabStops,
    },
    // Attributes and character sets.
    line("hyperlink", &[On::Link], "\x1b]8;;\x1b\\"),
    line("protected characters", &[On::Csi("\"q", &["1"], &["", "0", "2"])], "\x1b[0\"q"),
    line("guarded area", &[On::Escape("V", "W")], "\x1bW"),
    line("rectangles change all between", &[On::Csi("*x", &["2"], &["", "0", "1"])], "\x1b[0*x"),
    line("character set G0", &[On::Designate(b'(')], "\x1b(B"),
    line("character set G1", &[On::Designate(b')'), On::Designate(b'-')], "\x1b)B"),
    line("character set G2", &[On::Designate(b'*'), On::Designate(b'.')], "\x1b*B"),
    line("character set G3", &[On::Designate(b'+'), On::Designate(b'/')], "\x1b+B"),
    line("shifted to G1", &[On::Control(0x0e, 0x0f)], "\x0f"),
    line("shifted to G2 or G3", &[On::Escape("n", ""), On::Escape("o", "")], "\x0f"),
    line("colours and attributes", &[On::Csi("m", &[], &["", "0"])], "\x1b[m"),
    line("cursor shape", &[On::Csi(" q", &[], &["", "0"])], "\x1b[0 q"),
    line("blinking cursor", &[On::Private(12)], "\x1b[?12l"),
    line("hidden cursor", &[On::PrivateOff(25)], "\x1b[?25h"),
    line("pointer mode", &[On::Csi(">p", &[], &["", "1"])], "\x1b[>1p"),
    // The saved cursor has attributes, too, and is replaced by a clean one.
    line(
        "saved cursor",
        &[On::Escape("7", ""), On::Csi("s", &[], &[]), On::Private(1048)],
        "\x1b7",
    ),
    // Colors of the terminal itself.
    line("palette", &[On::Osc(4, 104)], "\x1b]104\x1b\\"),
    line("special colours", &[On::Osc(5, 105)], "\x1b]105\x1b\\"),
    line("foreground", &[On::Osc(10, 110)], "\x1b]110\x1b\\"),
    line("background", &[On::Osc(11, 111)], "\x1b]111\x1b\\"),
    line("cursor colour", &[On::Osc(12, 112)], "\x1b]112\x1b\\"),
    line("pointer foreground", &[On::Osc(13, 113)], "\x1b]113\x1b\\"),
    line("pointer background", &[On::Osc(14, 114)], "\x1b]114\x1b\\"),
    line("highlight background", &[On::Osc(17, 117)], "\x1b]117\x1b\\"),
    line("highlight foreground", &[On::Osc(19, 119)], "\x1b]119\x1b\\"),
    line("pointer shape", &[On::OscText(22)], "\x1b]22;\x1b\\"),
    line("progress", &[On::Progress], "\x1b]9;4;0\x1b\\"),
    Entry { what: "titles, pushed", on: &[On::Titles], undo: Undo::EachTime("\x1b[23;0t") },
];
