//! The table, by what programs write.

use super::*;

fn undone(output: &str) -> String {
    let mut track = crate::track::Track::default();
    track.feed(output.as_bytes());
    String::from_utf8(track.undo(Some(Size::cells(20, 5)))).unwrap()
}

/// What was left, and exactly what undoes it.
#[test]
fn what_is_left_is_undone() {
    let stops = "\x1b7\r\x1b[3g\x1b[8C\x1bH\x1b[8C\x1bH\x1b8";
    for (output, undo) in [
        ("text \x1b[K\x1b[2J\x1b[3;4H\x07\r\n", ""),
        ("\x1b[4h", "\x1b[4l"),
        ("\x1b[20h", "\x1b[20l"),
        ("\x1b[2h\x1b[12l", "\x1b[2l\x1b[12h"),
        ("\x1b[?1h\x1b=", "\x1b[?1l\x1b>"),
        ("\x1b[?66h", "\x1b>"),
        ("\x1b[3g", stops),
        ("\x1bH", stops),
        ("\x1b[?9h\x1b[?1000;1006h", "\x1b[?9l\x1b[?1000l\x1b[?1006l"),
        ("\x1b[?1002h\x1b[?1003h", "\x1b[?1002l\x1b[?1003l"),
        ("\x1b[?1001;1005;1015;1016h", "\x1b[?1001l\x1b[?1005l\x1b[?1015l\x1b[?1016l"),
        ("\x1b[?1004h\x1b[?2004h\x1b[?2031h", "\x1b[?2004l\x1b[?1004l\x1b[?2031l"),
        ("\x1b[?2026h", "\x1b[?2026l"),
        ("\x1b[?1049h", "\x1b[?1049l"),
        ("\x1b[?1047h", "\x1b[?1047l"),
        ("\x1b[?47h", "\x1b[?47l"),
        ("\x1b[?6h", "\x1b[?6l\x1b[9999H"),
        ("\x1b[?6h\x1b[2;4r", "\x1b[?6l\x1b[r\x1b[9999H"),
        ("\x1b[2;4r", "\x1b7\x1b[r\x1b8"),
        ("\x1b[?69h\x1b[2;4s", "\x1b7\x1b[?69l\x1b8\x1b7"),
        ("\x1b[?7l\x1b[?8l", "\x1b[?8h\x1b[?7h"),
        ("\x1b[?5h\x1b[?45h\x1b[?3h", "\x1b[?3l\x1b[?5l\x1b[?45l"),
        ("\x1b(0", "\x1b(B"),
        ("\x1b)0\x0e", "\x1b)B\x0f"),
        ("\x1b*A\x1b+A\x1bn", "\x1b*B\x1b+B\x0f"),
        ("\x1b[1;31m", "\x1b[m"),
        ("\x1b[4 q\x1b[?25l\x1b[?12h", "\x1b[0 q\x1b[?12l\x1b[?25h"),
        ("\x1b7", "\x1b7"),
        ("\x1b]4;1;#123456\x07", "\x1b]104\x1b\\"),
        ("\x1b]10;red\x1b\\\x1b]11;#000\x1b\\", "\x1b]110\x1b\\\x1b]111\x1b\\"),
        ("\x1b]12;red\x07\x1b]17;red\x07", "\x1b]112\x1b\\\x1b]117\x1b\\"),
        ("\x1b]8;id=1;http://a;b\x1b\\", "\x1b]8;;\x1b\\"),
        ("\x1b]22;wait\x1b\\\x1b]9;4;1;50\x1b\\", "\x1b]22;\x1b\\\x1b]9;4;0\x1b\\"),
        ("\x1b[22;0t\x1b[22;2t", "\x1b[23;0t\x1b[23;0t"),
        ("\x1b[>1u\x1b[>5u", "\x1b[<u\x1b[<u"),
        ("\x1b[?1049h\x1b[>1u", "\x1b[<u\x1b[?1049l"),
        ("\x1b[>1u\x1b[?1049h", "\x1b[?1049l\x1b[<u"),
        ("\x1b[=5;1u", "\x1b[=0u"),
        ("\x1b[>4;2m", "\x1b[>4m"),
        ("\x1b[1\"q\x1bV", "\x1b[0\"q\x1bW"),
        ("\x1b[5i", "\x1b[4i"),
        ("\x1b[?2l", "\x1b<"),
        ("\x1b[1$}\x1b[2$~", "\x1b[0$}\x1b[0$~"),
        ("\x1b G\x1b%@", "\x1b F\x1b%G"),
        ("\x1b[2q", "\x1b[0q"),
    ] {
        assert_eq!(undone(output), undo, "{output:?}");
    }
}

/// What a program took back itself, or has only asked for, is not touched.
#[test]
fn what_was_taken_back_is_left_alone() {
    for output in [
        "\x1b[4h\x1b[4l",
        "\x1b[?1049h\x1b[?25l\x1b[?1049l\x1b[?25h",
        "\x1b[?47h\x1b[?1049l",
        "\x1b[?1049h\x1bc",
        "\x1b[?1h\x1b=\x1b[?1l\x1b>",
        "\x1b[1;31mred\x1b[0m",
        "\x1b[1mbold\x1b[m",
        "\x1b(0\x0eqqq\x0f\x1b(B",
        "\x1b]11;?\x1b\\\x1b]4;7;?\x07",
        "\x1b]4;1;red\x07\x1b]104\x07",
        "\x1b]8;;http://a\x07link\x1b]8;;\x07",
        "\x1b[>1u\x1b[>1u\x1b[<2u",
        "\x1b[22;0t\x1b]0;title\x07\x1b[23;0t",
        "\x1b[>4;2m\x1b[>4;0m",
        "\x1b[6 q\x1b[0 q",
        "\x1b[2;4r\x1b[r",
        "\x1b[?7l\x1b[?7h",
        "\x1b[?1$p\x1b[c\x1b[6n\x1b[?u",
        "\x1b]9;4;1;5\x07\x1b]9;4;0\x07",
        "\x1bP$q q\x1b\\\x1b_G\x1b\\",
        // Not the modes that their numbers look like.
        "\x1b[1049h\x1b[?4$h",
    ] {
        assert_eq!(undone(output), "", "{output:?}");
    }
}

/// What is sent leaves nothing behind itself, but for the cursor that it saves.
#[test]
fn undoing_undoes() {
    for entry in TABLE {
        let text = match &entry.undo {
            Undo::Text(text) | Undo::EachTime(text) => text,
            Undo::TabStops => continue,
        };
        let expected = if entry.what == "saved cursor" { "\x1b7" } else { "" };
        assert_eq!(undone(text), expected, "{}", entry.what);
    }
}

#[test]
fn stacks_have_a_bound() {
    assert_eq!(undone(&"\x1b[>1u".repeat(1000)), "\x1b[<u".repeat(usize::from(DEPTH_MAX)));
}
