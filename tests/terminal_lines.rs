//! Lines of a screen and their numbers: places that stay when rows scroll away and the size changes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::time::Duration;

use orchflow::{
    Delivery, ErrorKind, Limits, LinePosition, Mark, MarkKind, Position, ReaderOptions, Rows,
    Search, Size, TerminalId,
};
use support::host::Host;
use support::played::{Played, with_screen};

fn at(line: u64, col: u64) -> LinePosition {
    LinePosition { line, col }
}

fn host() -> Host {
    Host::with_limits(Limits { resize_interval: Duration::ZERO, ..Limits::default() })
}

fn numbered(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("line {n}\r\n")).collect()
}

/// The text of the row that a place is in now, from its column on.
fn text_at(host: &mut Host, id: TerminalId, place: LinePosition) -> Option<String> {
    let Position { row, col } = host.engine.position(id, place).unwrap()?;
    let mut rows = Rows::default();
    host.engine.screen_rows(id, row, 1, &mut rows).unwrap();
    let row = rows.iter().next().unwrap();
    let found = row.line().unwrap();
    assert_eq!((found.line, found.col + u64::from(col)), (place.line, place.col));
    Some(row.text().chars().skip(col.into()).collect())
}

#[test]
fn a_match_is_found_again_wherever_its_row_goes() {
    let mut host = host();
    let mut tty = Played::new(&mut host, with_screen());
    tty.play(&mut host, numbered(0..3).as_bytes());
    tty.play(&mut host, b"a long line that wraps: here, and on\r\n");
    let found = host.engine.search(tty.id, &Search::literal("here")).unwrap();
    let (start, end) = found.matches[0].in_line.unwrap();
    assert_eq!((start, end), (at(3, 24), at(3, 28)));
    assert_eq!(found.matches[0].start, Position { row: 3, col: 4 });
    for (cols, shown) in [(20, "here"), (7, "here"), (60, "here"), (13, "he"), (20, "here")] {
        host.engine.resize(tty.id, Size::cells(cols, 5)).unwrap();
        assert!(text_at(&mut host, tty.id, start).unwrap().starts_with(shown), "{cols}");
        tty.play(&mut host, numbered(4..10).as_bytes());
        assert!(text_at(&mut host, tty.id, start).unwrap().starts_with(shown), "{cols}");
        assert_eq!(text_at(&mut host, tty.id, at(1, 0)).unwrap(), "line 1", "{cols}");
    }
    // Hidden by the alternate screen, whose rows have no numbers.
    tty.play(&mut host, b"\x1b[?1049hon the other screen");
    assert_eq!(host.engine.position(tty.id, start).unwrap(), None);
    let found = host.engine.search(tty.id, &Search::literal("other")).unwrap();
    assert_eq!(found.matches[0].in_line, None);
    let mut rows = Rows::default();
    host.engine.screen_rows(tty.id, 0, 5, &mut rows).unwrap();
    assert!(rows.iter().all(|row| row.line().is_none()));
    tty.play(&mut host, b"\x1b[?1049l");
    assert!(text_at(&mut host, tty.id, start).unwrap().starts_with("here"));
    // Gone with the scrollback.
    tty.play(&mut host, b"\x1b[3J");
    assert_eq!(host.engine.position(tty.id, start).unwrap(), None);
    assert_eq!(host.engine.position(tty.id, at(u64::MAX, u64::MAX)).unwrap(), None);
}

#[test]
fn no_number_is_used_twice() {
    let mut host = host();
    let mut tty = Played::new(&mut host, with_screen());
    let mut last = 0;
    type Ending = dyn Fn(&mut Host, &mut Played);
    let endings: [&Ending; 4] = [
        &|host, tty| tty.play(host, b"\x1bc"),
        &|host, tty| host.engine.clear_screen(tty.id).unwrap(),
        &|host, tty| tty.play(host, b"\x1b[H\x1b[2J\x1b[3J"),
        // While a line goes on from the scrollback in the screen.
        &|host, tty| {
            tty.play(host, "x".repeat(150).as_bytes());
            tty.play(host, b"\x1b[3J");
        },
    ];
    for end in endings {
        tty.play(&mut host, numbered(0..9).as_bytes());
        let mut rows = Rows::default();
        host.engine.screen_rows(tty.id, i32::MIN, usize::MAX, &mut rows).unwrap();
        let numbers: Vec<u64> = rows.iter().map(|row| row.line().unwrap().line).collect();
        assert!(numbers[0] >= last, "{numbers:?} after {last}");
        assert!(numbers.is_sorted());
        last = numbers[8];
        end(&mut host, &mut tty);
    }
}

/// In slices, while more output comes in between: each match once.
#[test]
fn a_search_goes_on_at_its_place() {
    let mut host = host();
    let mut tty = Played::new(&mut host, with_screen());
    tty.play(&mut host, numbered(0..40).as_bytes());
    let mut search = Search { rows_max: 7, ..Search::literal("line ") };
    let mut found = Vec::new();
    for round in 0.. {
        let matches = host.engine.search(tty.id, &search).unwrap();
        found.extend(matches.matches.iter().map(|found| found.in_line.unwrap().0.line));
        let Some(next) = matches.next_line else { break };
        assert!(matches.next.is_some());
        search.from_line = Some(next);
        if round < 3 {
            tty.play(&mut host, numbered(40 + round..41 + round).as_bytes());
        }
    }
    assert_eq!(found, (0..43).collect::<Vec<u64>>());
    // One whose line is gone begins with the oldest, one behind the end finds nothing.
    tty.play(&mut host, b"\x1b[3J");
    search = Search { from_line: Some(at(0, 0)), ..Search::literal("line ") };
    let first = host.engine.search(tty.id, &search).unwrap().matches[0];
    assert_eq!(first.in_line.unwrap().0, at(39, 0));
    search.from_line = Some(at(1_000_000, 3));
    assert_eq!(host.engine.search(tty.id, &search).unwrap(), Default::default());
    // On the alternate screen it has no effect.
    tty.play(&mut host, b"\x1b[?1049h\x1b[Hline");
    assert_eq!(host.engine.search(tty.id, &search).unwrap().matches.len(), 0);
    search.pattern = "line".into();
    assert_eq!(host.engine.search(tty.id, &search).unwrap().matches.len(), 1);
}

#[test]
fn marks_stay_with_their_text() {
    let mut host = host();
    let mut tty = Played::new(&mut host, with_screen());
    let mut expected = Vec::new();
    for n in 0..4 {
        let text =
            "\x1b]133;A\x07$ \x1b]133;B\x07ls\r\n\x1b]133;C\x07one\r\ntwo\r\n\x1b]133;D;0\x07";
        tty.play(&mut host, text.as_bytes());
        let line = n * 3;
        for (kind, position) in [
            (MarkKind::PromptStart, at(line, 0)),
            (MarkKind::CommandStart, at(line, 2)),
            (MarkKind::OutputStart, at(line + 1, 0)),
            (MarkKind::OutputEnd, at(line + 3, 0)),
        ] {
            expected.push(Mark { kind, position });
        }
    }
    let mut marks = Vec::new();
    for cols in [20, 3, 50] {
        host.engine.resize(tty.id, Size::cells(cols, 5)).unwrap();
        host.engine.marks(tty.id, &mut marks).unwrap();
        assert_eq!(marks, expected, "{cols}");
        assert_eq!(
            text_at(&mut host, tty.id, expected[1].position).unwrap(),
            &"ls"[..2.min(cols as usize - 2)]
        );
    }
    tty.play(&mut host, b"\x1b[H\x1b[2J\x1b[3J");
    host.engine.marks(tty.id, &mut marks).unwrap();
    assert_eq!(marks, []);
    // A prompt that is drawn anew: in the order of the text all the same.
    tty.play(&mut host, b"$ \x1b]133;B\x07\r\x1b]133;A\x07$ ");
    host.engine.marks(tty.id, &mut marks).unwrap();
    let kinds: Vec<MarkKind> = marks.iter().map(|mark| mark.kind).collect();
    assert_eq!(kinds, [MarkKind::PromptStart, MarkKind::CommandStart]);
}

#[test]
fn a_snapshot_says_which_line_it_begins_with() {
    let mut host = host();
    let mut tty = Played::new(&mut host, with_screen());
    tty.play(&mut host, numbered(0..50).as_bytes());
    for (history, first) in [(0, 46), (10, 36), (1000, 0)] {
        let snapshot = host.engine.snapshot(tty.id, history).unwrap();
        assert_eq!(snapshot.line, at(first, 0));
        let mut copy = Played::new(&mut host, with_screen());
        copy.play_all(&mut host, &snapshot.bytes);
        let found = host.engine.search(copy.id, &Search::literal("line 48")).unwrap();
        assert_eq!(found.matches[0].in_line.unwrap().0, at(48 - first, 0));
        host.close(copy.id);
    }
    // While the alternate screen is shown, the primary one is in it, too.
    tty.play(&mut host, b"\x1b[?1049h");
    assert_eq!(host.engine.snapshot(tty.id, 10).unwrap().line, at(36, 0));
}

/// A view of the scrollback stays with its text while the width changes, and while another screen is shown.
#[test]
fn a_view_stays_with_its_lines() {
    let mut host = host();
    let mut tty = Played::new(&mut host, with_screen());
    let options = ReaderOptions::new(Delivery::Screen).interval(Duration::ZERO);
    let reader = host.engine.attach_with(tty.id, &options).unwrap();
    tty.play(&mut host, numbered(0..8).as_bytes());
    tty.play(&mut host, b"this line has two rows of twenty\r\n");
    tty.play(&mut host, numbered(9..20).as_bytes());
    host.engine.scroll_to(reader, 12).unwrap();
    host.wait("the scrollback", |host| host.heard(reader).view.rows[0] == "line 5");
    for (cols, rows) in [(10, 5), (40, 5), (40, 8), (20, 5)] {
        host.engine.resize(tty.id, Size::cells(cols, rows)).unwrap();
        host.wait("the other size", |host| host.heard(reader).view.rows.len() == rows as usize);
        tty.play(&mut host, b"more\r\n");
        let state = host.engine.position(tty.id, at(5, 0)).unwrap().unwrap();
        let viewport = u32::try_from(-state.row).unwrap();
        host.wait("the same line", |host| {
            let view = &host.heard(reader).view;
            view.viewport == viewport && view.rows[0] == "line 5"
        });
        assert_eq!(host.heard(reader).view.line, Some(at(5, 0)));
    }
    tty.play(&mut host, b"\x1b[?1049h\x1b[Hthe other screen");
    host.wait("it", |host| host.heard(reader).view.rows[0] == "the other screen");
    assert_eq!(host.heard(reader).view.line, None);
    tty.play(&mut host, b"\x1b[?1049l");
    host.wait("the view", |host| host.heard(reader).view.rows[0] == "line 5");
    host.engine.scroll_to(reader, 0).unwrap();
    host.wait("the screen", |host| host.heard(reader).view.viewport == 0);
    let mut rows = Rows::default();
    host.engine.screen_rows(tty.id, 0, 1, &mut rows).unwrap();
    assert_eq!(host.heard(reader).view.line, rows.iter().next().unwrap().line());
}

#[test]
fn without_a_screen_there_are_no_lines() {
    let mut host = host();
    let tty = Played::new(&mut host, orchflow::AdoptOptions::new());
    let located = host.engine.position(tty.id, at(0, 0)).unwrap_err();
    let marked = host.engine.marks(tty.id, &mut Vec::new()).unwrap_err();
    assert_eq!((located.kind(), marked.kind()), (ErrorKind::NoScreen, ErrorKind::NoScreen));
    host.close(tty.id);
    let stale = host.engine.position(tty.id, at(0, 0)).unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::StaleId);
}
