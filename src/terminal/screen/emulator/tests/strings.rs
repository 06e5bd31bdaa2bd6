//! What strings and modes report to the host: titles, the clipboard, progress, metadata; and what bounds them.

use super::*;
use crate::terminal::screen::metadata::MetadataEvent;

#[test]
fn titles_of_window_and_icon() {
    let table = [
        ("\x1b]0;a\x07", ("a", "a")),
        ("\x1b]0;a\x07\x1b]1;b\x07", ("a", "b")),
        ("\x1b]0;a\x07\x1b]2;b\x1b\\", ("b", "a")),
        ("\x1b]2; a;b \x07", ("a;b", "")),
        ("\x1b]2;a\x07\x1b]2\x07", ("a", "")),
        ("\x1b]2;a\x07\x1b]2;\x07", ("", "")),
        ("\x1b]2;日\u{9c}\u{85}本\x07", ("日本", "")),
        ("\x1b]02;a\x07\x1b]3;a\x07\x1b]l;a\x07", ("", "")),
        ("\x1b]0;a\x07\x1b[22t\x1b]0;b\x07\x1b[23t", ("a", "a")),
        ("\x1b]0;a\x07\x1b[22;1t\x1b]0;b\x07\x1b[23;1t", ("b", "a")),
        ("\x1b]0;a\x07\x1b[22;2t\x1b]0;b\x07\x1b[23;2t", ("a", "b")),
        ("\x1b]0;a\x07\x1b[22;0t\x1b]0;b\x07\x1b[23;1t\x1b[23;2t", ("b", "a")),
        // One stack: what is not pushed is saved as it is, or as it is below; what is not popped is dropped.
        ("\x1b]0;a\x07\x1b[22;1t\x1b]0;b\x07\x1b[23;2t", ("a", "b")),
        ("\x1b]0;a\x07\x1b[22;1t\x1b]0;b\x07\x1b[23t", ("a", "a")),
        ("\x1b]0;a\x07\x1b[22;2t\x1b]0;b\x07\x1b[22;1t\x1b]0;c\x07\x1b[23t", ("a", "b")),
        ("\x1b]0;a\x07\x1b[22t\x1b]0;b\x07\x1b[22t\x1b]0;c\x07\x1b[23;1t\x1b[23;2t", ("a", "b")),
        ("\x1b]0;a\x07\x1b[22;7t\x1b]0;b\x07\x1b[23;7t\x1b[23t", ("b", "b")),
        ("\x1b]0;a\x07\x1b[22t\x1bc\x1b[23t", ("", "")),
    ];
    for (output, (window, icon)) in table {
        let emulator = fed(output);
        assert_eq!((emulator.title(), emulator.icon_title()), (window, icon), "{output:?}");
    }
    assert_eq!(fed(b"\x1b]2;a\xffb\x07").title(), "a\u{fffd}b");
}

/// XTSMTITLE: titles that come and are reported as hexadecimal digits.
#[test]
fn titles_in_hexadecimal() {
    let table = [
        ("\x1b[>0t\x1b]2;6162\x07", "ab"),
        ("\x1b[>0t\x1b]2;4a4B\x07", "JK"),
        ("\x1b[>0t\x1b]2;c3A4\x07", "ä"),
        ("\x1b[>0t\x1b]2;1b5d07\x07", "]"),
        ("\x1b]2;x\x07\x1b[>0t\x1b]2;616\x07\x1b]2;61 62\x07\x1b]2;xyz\x07", "x"),
        ("\x1b]2;x\x07\x1b[>0t\x1b]2;\x07", ""),
        ("\x1b[>0t\x1b[!p\x1b]2;61\x07", "a"),
        ("\x1b[>0t\x1b[>0T\x1b]2;61\x07", "61"),
        ("\x1b[>0t\x1b[>T\x1b]2;61\x07", "a"),
        ("\x1b[>0t\x1bc\x1b]2;61\x07", "61"),
        ("\x1b[>t\x1b[>1;2;3;9t\x1b]2;61\x07", "61"),
        ("\x1b[>3;0t\x1b]2;61\x07", "a"),
    ];
    for (output, title) in table {
        assert_eq!(fed(output).title(), title, "{output:?}");
    }
    let reports = [
        ("\x1b[>1t\x1b]2;äb\x07\x1b[21t", "\x1b]lC3A462\x1b\\"),
        ("\x1b[>1t\x1b]1;J\x07\x1b[20t\x1b[>1T\x1b[20t", "\x1b]L4A\x1b\\\x1b]LJ\x1b\\"),
        ("\x1b[>0;1t\x1b]2;6162\x07\x1b[21t", "\x1b]l6162\x1b\\"),
        ("\x1b[>1t\x1bc\x1b]2;a\x07\x1b[21t", "\x1b]la\x1b\\"),
    ];
    for (query, answer) in reports {
        assert_eq!(read_back(query), answer, "{query:?}");
        assert_eq!(replies(query), "", "without leave: {query:?}");
    }
}

#[test]
fn titles_are_bounded() {
    let long = "ä".repeat(5000);
    assert_eq!(fed(format!("\x1b]2;{long}\x07")).title(), "ä".repeat(2048));
    let mut output = String::new();
    for n in 0..100 {
        output += &format!("\x1b]2;{n}\x07\x1b[22t");
    }
    let mut emulator = fed(output + &"\x1b[23t".repeat(50));
    assert_eq!(emulator.title(), "84", "the last 16 are kept");
    feed(&mut emulator, format!("\x1b]2;{}\x07", "x".repeat(70_000)));
    assert_eq!(emulator.title(), "84", "too long a string");
}

#[test]
fn effects() {
    let title = || Effect::TitleChanged;
    let clipboard = |selection, text: &str| Effect::Clipboard { selection, text: text.to_owned() };
    let table = [
        ("\x07", vec![Effect::Bell]),
        ("\x1b]2;a\x07\x1b]2;a\x07\x1b]1;b\x07", vec![title()]),
        ("\x1b]2;a\x07\x1bc", vec![title(), title()]),
        ("\x1b]52;c;aGVsbG8=\x07", vec![clipboard(false, "hello")]),
        ("\x1b]52;;aGVsbG8\x1b\\", vec![clipboard(false, "hello")]),
        ("\x1b]52;p;aGVsbG8\x07", vec![clipboard(true, "hello")]),
        ("\x1b]52;c;?\x07\x1b]52;c\x07\x1b]52;c;!\x07\x1b]52;c;/w==\x07", vec![]),
        ("\x1b]9;4;1;30\x07\x1b]9;4;1;30\x07", vec![Effect::ProgressChanged]),
        ("\x1b]9;4;1;30\x07\x1bc", vec![Effect::ProgressChanged, Effect::ProgressChanged]),
        ("\x1b]2;a\x18\x1b]52;c;aGVsbG8=\x1b[m", vec![]),
    ];
    for (output, effects) in table {
        assert_eq!(fed(output).take_effects(), effects, "{output:?}");
    }
    assert_eq!(fed("\x07".repeat(1000)).take_effects().len(), EFFECTS_MAX);
    let mut emulator = Emulator::new(Size::cells(20, 6), &ScreenOptions::default(), 0);
    feed(&mut emulator, "\x1b]52;c;aGVsbG8=\x07");
    assert_eq!(emulator.take_effects(), [], "the clipboard is off by default");
}

#[test]
fn progress() {
    let table = [
        ("9;4;1;30", Some((ProgressState::Normal, 30))),
        ("9;4;1;300", Some((ProgressState::Normal, 100))),
        ("9;4;2;7", Some((ProgressState::Failed, 7))),
        ("9;4;2", Some((ProgressState::Failed, 0))),
        ("9;4;3", Some((ProgressState::Indeterminate, 0))),
        ("9;4;4;50", Some((ProgressState::Paused, 50))),
        ("9;4;0", None),
        ("9;4;0;50", None),
        ("9;4;9;50", Some((ProgressState::Normal, 1))),
        ("9;4", Some((ProgressState::Normal, 1))),
        ("9;5;1", Some((ProgressState::Normal, 1))),
    ];
    for (string, progress) in table {
        let emulator = fed(format!("\x1b]9;4;1;1\x07\x1b]{string}\x07"));
        let seen = emulator.progress().map(|progress| (progress.state, progress.percent));
        assert_eq!(seen, progress, "{string}");
    }
}

#[test]
fn metadata() {
    let mut emulator =
        fed("\x1b]7;file:///tmp\x07\x1b]9;done\x07\x1b]133;C\x07\x1b]777;notify;a;b\x1b\\");
    assert_eq!(emulator.metadata().cwd(), Some(&b"/tmp"[..]));
    let notification = |title: &str, body: &str| MetadataEvent::Notification {
        title: title.into(),
        body: body.into(),
    };
    let metadata: Vec<_> = std::iter::from_fn(|| emulator.metadata_mut().take()).collect();
    let started = MetadataEvent::CommandStarted { command: String::new() };
    assert_eq!(
        metadata,
        [MetadataEvent::Cwd, notification("", "done"), started, notification("a", "b")]
    );
    let mut emulator = fed("\x1b]9;4;1;5\x07\x1b]9;x\x18");
    assert_eq!(emulator.metadata_mut().take(), None);
}

#[test]
fn modes_that_viewers_see() {
    let table = [
        ("\x1b[?1h", Modes::APPLICATION_CURSOR.bits()),
        ("\x1b=", Modes::APPLICATION_KEYPAD.bits()),
        ("\x1b[?66h", Modes::APPLICATION_KEYPAD.bits()),
        ("\x1b[?66h\x1b>", 0),
        ("\x1b[?1000h", Modes::MOUSE_CLICKS.bits()),
        ("\x1b[?1000h\x1b[?1003h\x1b[?1006h", Modes::MOUSE_MOTION.bits() | Modes::MOUSE_SGR.bits()),
        ("\x1b[?1015h\x1b[?9h", 1 << 15 | 1 << 17),
        ("\x1b[?1016h", 1 << 16),
        ("\x1b[?2004;1004h", Modes::BRACKETED_PASTE.bits() | Modes::FOCUS_REPORTS.bits()),
        (
            "\x1b[?6h\x1b[4;20h",
            Modes::ORIGIN.bits() | Modes::INSERT.bits() | Modes::LINE_FEED_NEW_LINE.bits(),
        ),
        ("\x1b[?1049h", Modes::ALTERNATE_SCREEN.bits()),
        ("\x1b[?1049h\x1bc", 0),
        ("\x1b[?1;66h\x1b[4h\x1b[?6h\x1b[!p", 0),
        ("\x1b[>5u\x1b[>4;2m", 5 << 24 | 2 << 29),
        ("\x1b[?2031h\x1b[?5h", 1 << 18 | 1 << 19),
    ];
    let fresh = Modes::AUTO_WRAP.bits() | Modes::ALTERNATE_SCROLL.bits();
    for (output, bits) in table {
        assert_eq!(fed(output).modes().bits(), fresh | bits, "{output:?}");
    }
    assert_eq!(fed("\x1b[?7;1007l").modes().bits(), 0);
    assert!(fed("\x1b[?2026h").is_synchronized() && !fed("\x1b[?2026h\x1bc").is_synchronized());
}

/// REP costs no more than a wide row.
#[test]
fn repeating_is_bounded() {
    let mut emulator = emulator(100, 50);
    feed(&mut emulator, "a\x1b[65535b");
    let at = emulator.grid().cursor();
    assert_eq!((at.row, at.col), (20, 49));
}
