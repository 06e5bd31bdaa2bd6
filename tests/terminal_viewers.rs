//! Viewers of screens at their own pace, readers that become viewers, and the operations on screens.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::time::Duration;

use orchflow::{
    AdoptOptions, BatchEntry, Delivery, ErrorKind, Lag, Limits, Op, ReaderId, ReaderOptions, Rows,
    ScreenOptions, ScreenUpdate, Search, Size, SpawnOptions, Start, TerminalId,
};
use support::host::{Host, sh};
use support::played::{Played, with_screen};

fn viewer(host: &mut Host, id: TerminalId, interval: Duration) -> ReaderId {
    let options = ReaderOptions::new(Delivery::Screen).interval(interval);
    host.engine.attach_with(id, &options).unwrap()
}

#[test]
fn viewers_see_what_changes() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen());
    let quick = viewer(&mut host, tty.id, Duration::ZERO);
    let slow = viewer(&mut host, tty.id, Duration::from_millis(50));
    for n in 0..200 {
        tty.play(&mut host, format!("line {n}\r\n").as_bytes());
    }
    tty.play(&mut host, b"\x1b]2;end\x07the end");
    let expected = host.engine.screen_text(tty.id, 0).unwrap();
    for reader in [quick, slow] {
        host.wait("the last update", |host| host.heard(reader).view.text() == expected);
        assert_eq!(host.heard(reader).view.title, "end");
        assert!(host.heard(reader).bytes.is_empty(), "never bytes");
    }
    let (few, many) = (host.heard(slow).view.updates, host.heard(quick).view.updates);
    assert!(few <= many, "{few} {many}");
    assert!(host.heard(quick).view.updated_rows < many * 4, "scrolls are not reported as rows");
}

/// A program in a flood, seen by a viewer to its very last byte, which comes before the exit.
#[test]
fn a_viewer_sees_the_last_screen_before_the_exit() {
    let mut host = Host::new();
    let options = sh("seq 1 20000; printf 'the end'").reader(None);
    let id = host.spawn(&options.screen(ScreenOptions::default()));
    let reader = viewer(&mut host, id, Duration::from_secs(3600));
    host.wait("the exit", |host| {
        let done = host.exit(id).is_some();
        assert!(!done || host.heard(reader).view.text().ends_with("20000\nthe end\n"));
        done
    });
}

#[test]
fn a_synchronized_update_is_shown_when_it_is_complete() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen());
    let reader = viewer(&mut host, tty.id, Duration::ZERO);
    host.wait("all of it", |host| host.heard(reader).view.updates == 1);
    tty.play(&mut host, b"\x1b[?2026hhalf");
    host.read_events();
    assert_eq!(host.heard(reader).view.rows[0], "");
    tty.play(&mut host, b" whole\x1b[?2026l");
    host.wait("the update", |host| host.heard(reader).view.rows[0] == "half whole");
    assert_eq!(host.heard(reader).view.updates, 2);
    // A program that never ends its update is not waited for.
    tty.play(&mut host, b"\x1b[?2026h forgotten");
    host.wait("the timer", |host| host.heard(reader).view.rows[0].ends_with("forgotten"));
}

#[test]
fn viewers_scroll_back_and_stay_where_they_are() {
    let mut host = Host::new();
    let screen = ScreenOptions { scrollback: 40, ..ScreenOptions::default() };
    let mut tty = Played::new(&mut host, AdoptOptions::new().screen(screen));
    let reader = viewer(&mut host, tty.id, Duration::ZERO);
    for n in 0..20 {
        tty.play(&mut host, format!("line {n}\r\n").as_bytes());
    }
    host.engine.scroll_to(reader, 3).unwrap();
    host.wait("the scrollback", |host| host.heard(reader).view.viewport == 3);
    let shown = ["line 13", "line 14", "line 15", "line 16", "line 17"];
    assert_eq!(host.heard(reader).view.rows, shown);
    for n in 20..30 {
        tty.play(&mut host, format!("line {n}\r\n").as_bytes());
    }
    host.wait("more below", |host| host.heard(reader).view.viewport == 13);
    assert_eq!(host.heard(reader).view.rows, shown, "the same rows");
    // Past the end of the scrollback its oldest rows are shown.
    for n in 30..80 {
        tty.play(&mut host, format!("line {n}\r\n").as_bytes());
    }
    host.wait("the clamp", |host| host.heard(reader).view.rows[0] == "line 36");
    assert_eq!(host.heard(reader).view.viewport, 40);
    let batch = [Op::ScrollTo(reader, 1_000_000)];
    let report = host.engine.batch(&[BatchEntry { terminal: tty.id, ops: &batch }]).unwrap();
    assert_eq!(report.succeeded, 1);
    host.engine.scroll_to(reader, 0).unwrap();
    host.wait("the screen", |host| host.heard(reader).view.viewport == 0);
    assert_eq!(host.heard(reader).view.rows[3], "line 79");
    let bytes = host.reader(tty.id);
    let refused = host.engine.scroll_to(bytes, 1).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn clearing_keeps_the_line_of_the_cursor_and_marks_readers() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen());
    for n in 0..20 {
        tty.play(&mut host, format!("line {n}\r\n").as_bytes());
    }
    tty.play(&mut host, b"$ prompt");
    let reader = host.reader(tty.id);
    host.wait("all bytes", |host| host.heard(reader).bytes.ends_with(b"prompt"));
    host.engine.clear_screen(tty.id).unwrap();
    assert_eq!(host.engine.screen_text(tty.id, 100).unwrap(), "$ prompt\n\n\n\n\n");
    let state = host.engine.terminal_state(tty.id).unwrap();
    assert_eq!(state.screen.unwrap().cursor.row, 0);
    tty.play(&mut host, b" after");
    host.wait("bytes after", |host| host.heard(reader).bytes.ends_with(b"after"));
    assert_eq!(host.heard(reader).cleared, [state.log_end]);
    // Who comes later and starts before it is reported in the same place.
    let late = host.attach(tty.id, Delivery::Lossless, Start::Oldest);
    host.wait("the late one", |host| host.heard(late).bytes.ends_with(b"after"));
    assert_eq!(host.heard(late).cleared, [state.log_end]);
}

#[test]
fn clearing_spares_the_alternate_screen_and_drops_the_scrollback() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen());
    for n in 0..20 {
        tty.play(&mut host, format!("line {n}\r\n").as_bytes());
    }
    tty.play(&mut host, b"$ vi\x1b[?1049h\x1b[Htop\x1b[5;3Hend\x1b[3;1H");
    let reader = host.reader(tty.id);
    host.wait("all bytes", |host| host.heard(reader).bytes.ends_with(b"\x1b[3;1H"));
    host.engine.clear_screen(tty.id).unwrap();
    assert_eq!(host.engine.screen_text(tty.id, 100).unwrap(), "top\n\n\n\n  end\n");
    let state = host.engine.terminal_state(tty.id).unwrap();
    assert_eq!(state.screen.unwrap().cursor.row, 2, "the program finds its cursor where it was");
    tty.play(&mut host, b"x");
    host.wait("bytes after", |host| host.heard(reader).bytes.ends_with(b"x"));
    assert_eq!(host.heard(reader).cleared, [state.log_end]);
    tty.play(&mut host, b"\x1b[?1049l!");
    let shown = host.engine.screen_text(tty.id, 100).unwrap();
    assert_eq!(
        shown, "line 16\nline 17\nline 18\nline 19\n$ vi!\n",
        "as it was, without scrollback"
    );
}

#[test]
fn pastes_are_clean_and_bracketed_when_asked_for() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen());
    host.engine.paste(tty.id, b"a\nb\x1b[201~\x03").unwrap();
    tty.typed(&mut host, "a\rb");
    tty.play(&mut host, b"\x1b[?2004h");
    let ops = [Op::Paste(b"x\x1b[20\x1b[201~1~y"[..].into())];
    host.engine.batch(&[BatchEntry { terminal: tty.id, ops: &ops }]).unwrap();
    tty.typed(&mut host, "\x1b[200~xy\x1b[201~");
}

#[test]
fn a_laggard_becomes_a_viewer_and_back() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen().log_bytes(64 << 10).reader(None));
    let lag = Lag { bytes: 10_000, age: Duration::from_secs(3600) };
    let options = ReaderOptions::new(Delivery::Lossless).downgrade(lag).interval(Duration::ZERO);
    let reader = host.engine.attach_with(tty.id, &options).unwrap();
    host.engine.pause_reader(reader).unwrap();
    tty.play(&mut host, &b"0123456789abcdef\r\n".repeat(10_000));
    assert!(!host.engine.terminal_state(tty.id).unwrap().paused_by_reader, "it holds nobody up");
    host.engine.resume_reader(reader).unwrap();
    let expected = host.engine.screen_text(tty.id, 0).unwrap();
    host.wait("the screen", |host| host.heard(reader).view.text() == expected);
    assert!(host.heard(reader).handed_over);
    host.engine.set_delivery(reader, Delivery::Lossless).unwrap();
    host.wait("a snapshot", |host| !host.heard(reader).snapshots.is_empty());
    tty.play(&mut host, b"bytes again");
    host.wait("bytes", |host| host.heard(reader).bytes == b"bytes again");
}

#[test]
fn a_laggard_by_age_becomes_a_viewer() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen().reader(None));
    let lag = Lag { bytes: u64::MAX, age: Duration::from_millis(20) };
    let options = ReaderOptions::new(Delivery::Lossless).downgrade(lag);
    let reader = host.engine.attach_with(tty.id, &options).unwrap();
    host.engine.pause_reader(reader).unwrap();
    tty.play(&mut host, b"left unread");
    let id = tty.id;
    host.wait("the timer", |host| {
        host.engine.terminal_state(id).unwrap().readers[0].delivery == Delivery::Screen
    });
}

#[test]
fn searches_find_places() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen());
    for n in 0..30 {
        tty.play(&mut host, format!("row {n} Needle\r\n").as_bytes());
    }
    tty.play(&mut host, "日本語 wrapped around needle".as_bytes());
    let mut find = |search: &Search| host.engine.search(tty.id, search).unwrap();
    let place =
        |found: &orchflow::Match| (found.start.row, found.start.col, found.end.row, found.end.col);
    assert_eq!(find(&Search::literal("Needle")).matches.len(), 30);
    let all = find(&Search { ignore_case: true, ..Search::literal("needle") });
    assert_eq!(all.matches.len(), 31);
    let last = all.matches.last().unwrap();
    assert_eq!(place(last), (4, 2, 4, 8), "in a line that wraps");
    let wrapped = find(&Search::literal("around"));
    assert_eq!(wrapped.matches.iter().map(place).collect::<Vec<_>>(), [(3, 15, 4, 1)]);
    assert_eq!(
        find(&Search::literal("本語")).matches.iter().map(place).collect::<Vec<_>>(),
        [(3, 2, 3, 6)]
    );
    assert_eq!(find(&Search::regex(r"row 2\d N")).matches.len(), 10);
    let some = find(&Search { rows_max: 10, ..Search::literal("Needle") });
    assert_eq!((some.matches.len(), some.next), (10, Some(-17)));
    let rest = find(&Search { from: some.next, ..Search::literal("Needle") });
    assert_eq!((rest.matches.len(), rest.next), (20, None));
    for pattern in ["", "(", &"x".repeat(20_000)] {
        let refused = host.engine.search(tty.id, &Search::regex(pattern)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn diffs_by_generation() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen());
    let mut update = ScreenUpdate::default();
    host.engine.screen_changes(tty.id, 0, &mut update).unwrap();
    assert!(update.full && update.rows.len() == 5);
    let generation = update.generation;
    tty.play(&mut host, b"\x1b[3;1Hhere");
    host.engine.screen_changes(tty.id, generation, &mut update).unwrap();
    assert!(!update.full);
    assert_eq!(
        update.rows.iter().map(|row| (row.index(), row.text())).collect::<Vec<_>>(),
        [(2, "here".to_owned())]
    );
    host.engine.screen_changes(tty.id, update.generation, &mut update).unwrap();
    assert!(update.rows.is_empty() && update.title.is_none());
    host.engine.screen_changes(tty.id, u64::MAX, &mut update).unwrap();
    assert!(update.full, "a generation that never was");
}

#[test]
fn resizes_reach_the_screen() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen());
    tty.play(&mut host, b"0123456789abcdefghijklmnop");
    host.engine.resize(tty.id, Size::cells(40, 3)).unwrap();
    assert_eq!(host.engine.screen_text(tty.id, 0).unwrap(), "0123456789abcdefghijklmnop\n\n\n");
    let id = tty.id;
    for size in [Size::cells(1, 1), Size::cells(1000, 1000), Size::cells(7, 3)] {
        host.engine.resize(id, size).unwrap();
        tty.play(&mut host, "日x".as_bytes());
        host.wait("the size", |host| {
            let mut rows = Rows::default();
            host.engine.screen_rows(id, 0, usize::MAX, &mut rows).unwrap();
            rows.len() == usize::from(size.rows)
        });
    }
    let refused = host.engine.resize(id, Size::cells(65_535, 65_535)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LimitReached);
    assert_eq!(host.engine.terminal_state(id).unwrap().size, Size::cells(7, 3));
}

#[test]
fn without_a_screen_its_calls_are_refused() {
    let mut host = Host::new();
    let tty = Played::new(&mut host, AdoptOptions::new());
    let (id, reader) = (tty.id, host.reader(tty.id));
    let engine = &mut host.engine;
    let (mut rows, mut update) = (Rows::default(), ScreenUpdate::default());
    let lag = Lag { bytes: 1, age: Duration::ZERO };
    let errors = [
        engine.screen_text(id, 0).unwrap_err(),
        engine.snapshot(id, 0).unwrap_err(),
        engine.screen_rows(id, 0, 1, &mut rows).unwrap_err(),
        engine.screen_changes(id, 0, &mut update).unwrap_err(),
        engine.search(id, &Search::literal("x")).unwrap_err(),
        engine.clear_screen(id).unwrap_err(),
        engine.scroll_to(reader, 1).unwrap_err(),
        engine.request_snapshot(reader, 0).unwrap_err(),
        engine.set_delivery(reader, Delivery::Screen).unwrap_err(),
        engine.attach(id, Delivery::Screen, Start::Now).unwrap_err(),
        engine.attach(id, Delivery::Lossless, Start::Snapshot(0)).unwrap_err(),
        engine.attach_with(id, &ReaderOptions::new(Delivery::Lossless).downgrade(lag)).unwrap_err(),
        engine.spawn(&SpawnOptions::shell().reader(Some(Delivery::Screen))).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::NoScreen, "{error}");
    }
    // Pasting works, without brackets.
    engine.paste(id, b"x").unwrap();
}

#[test]
fn screens_are_limited() {
    let limits = Limits {
        screen_cells: 80 * 24,
        scrollback_rows: 2000,
        screen_bytes_total: 8 << 20,
        ..Limits::default()
    };
    let mut host = Host::with_limits(limits);
    let spawn = |scrollback, size| {
        let screen = ScreenOptions { scrollback, ..ScreenOptions::default() };
        SpawnOptions::program("cat").size(size).screen(screen)
    };
    let refused = host.engine.spawn(&spawn(2001, Size::cells(80, 24))).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    let refused = host.engine.spawn(&spawn(0, Size::cells(81, 24))).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LimitReached);
    // The budget of all: scrollbacks stop growing instead of growing past it by much.
    let script = "seq 1 5000; exec cat";
    let screen = ScreenOptions { scrollback: 2000, ..ScreenOptions::default() };
    let ids: Vec<_> = (0..6)
        .map(|_| host.spawn(&sh(script).screen(screen.clone()).reader(Some(Delivery::Lossy))))
        .collect();
    for id in &ids {
        host.wait("the end of seq", |host| {
            host.engine.screen_text(*id, 0).unwrap().contains("\n5000\n")
        });
    }
    assert!(host.engine.screen_bytes() < 20 << 20, "{}", host.engine.screen_bytes());
    let unlimited = 6 * 2024 * 80 * 24;
    assert!(host.engine.screen_bytes() < unlimited);
    for id in ids {
        host.close(id);
    }
    assert_eq!(host.engine.screen_bytes(), 0);
}
