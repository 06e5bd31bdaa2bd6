//! The scrollback of another engine's terminals: rows that are asked for, and viewports.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod support;

use orchflow::{
    Config, Event, LinePosition, PeerEvent, RemoteAttach, RemoteCode, RemoteMode, RemoteOutcome,
    RemoteRequest, RemoteRows, Rows, ScreenOptions, Size, SpawnOptions, TerminalId,
};
use support::pair::{Pair, Reported};

/// A terminal of the other engine that has printed 1 to 3,000 and prints what is typed.
fn start(json: bool) -> (Pair, TerminalId) {
    let mut pair = Pair::with(Config::default(), |options| options.json(json).compress(json));
    let screen = ScreenOptions { scrollback: 2_000, ..ScreenOptions::default() };
    let script = "stty -echo; seq 1 3000; exec cat";
    let options = SpawnOptions::program("sh").args(["-c", script]).screen(screen);
    let id = pair.server().spawn(&options.size(Size::cells(20, 5))).unwrap();
    let bytes: u64 = (1..=3000).map(|n: u32| n.to_string().len() as u64 + 2).sum();
    pair.until("the text", |pair| pair.server().terminal_state(id).unwrap().log_end == bytes);
    (pair, id)
}

fn read(
    pair: &mut Pair,
    id: TerminalId,
    from: Option<LinePosition>,
    above: u32,
    max: u32,
) -> RemoteRows {
    let request = RemoteRequest::Rows { terminal: id.to_u64(), from, above, max };
    match pair.ask(&request) {
        RemoteOutcome::Rows(rows) => *rows,
        other => panic!("{other:?}"),
    }
}

#[test]
fn rows_are_those_of_the_other_engine() {
    for json in [false, true] {
        let (mut pair, id) = start(json);
        let mut all = Vec::new();
        let mut read_rows = read(&mut pair, id, None, 300, 5);
        let (kept_from, history) = (read_rows.kept_from, read_rows.history);
        assert_eq!((history, read_rows.cols), (2_000, 20));
        assert_eq!(read_rows.kept_to, Some(LinePosition { line: 2_996, col: 0 }));
        loop {
            let part: Vec<_> =
                read_rows.rows.iter().map(|row| (row.index(), row.line(), row.text())).collect();
            let first = part[0].1;
            all.splice(0..0, part);
            if first == kept_from {
                break;
            }
            read_rows = read(&mut pair, id, first, 300, 0);
        }
        let mut rows = Rows::default();
        pair.server().screen_rows(id, -2_000, usize::MAX, &mut rows).unwrap();
        let expected: Vec<_> =
            rows.iter().map(|row| (row.index(), row.line(), row.text())).collect();
        assert_eq!(all, expected);
        let unknown = RemoteRequest::Rows { terminal: 99, from: None, above: 0, max: 1 };
        let RemoteOutcome::Failed(failed) = pair.ask(&unknown) else { panic!("it is not there") };
        assert_eq!(failed.code, RemoteCode::NotFound);
    }
}

/// The viewport of the update that comes next, and the text of its first row.
fn next_screen(pair: &mut Pair) -> (u32, Option<String>) {
    pair.is_deaf = true;
    loop {
        let event = pair.mirror.next_event().unwrap();
        if let Some(Event::Peer { event: PeerEvent::Screen { update, .. }, .. }) = event {
            let first = update.rows.iter().next();
            assert!(first.is_none_or(|row| row.index() == -(update.viewport as i32)));
            let shown = (update.viewport, first.map(|row| row.text()));
            pair.is_deaf = false;
            return shown;
        }
        pair.step();
    }
}

#[test]
fn a_viewport_over_a_connection() {
    let (mut pair, id) = start(false);
    let terminal = id.to_u64();
    assert!(pair.mirror.peer_scroll(pair.peer, terminal, 1).unwrap_err().is_stale_id());
    pair.mirror.peer_attach(pair.peer, terminal, &RemoteAttach::default()).unwrap();
    assert!(pair.mirror.peer_scroll(pair.peer, terminal, 1).is_err());
    let attach = RemoteAttach { mode: RemoteMode::Screen, ..RemoteAttach::default() };
    pair.mirror.peer_attach(pair.peer, terminal, &attach).unwrap();
    assert_eq!(next_screen(&mut pair), (0, Some("2997".into())));
    pair.mirror.peer_scroll(pair.peer, terminal, 100).unwrap();
    assert_eq!(next_screen(&mut pair), (100, Some("2897".into())));
    pair.mirror.peer_write(pair.peer, terminal, b"more\n").unwrap();
    assert_eq!(next_screen(&mut pair), (101, None));
    pair.mirror.peer_scroll(pair.peer, terminal, u32::MAX).unwrap();
    assert_eq!(next_screen(&mut pair), (2_000, Some("998".into())));
}

/// A problem says which terminal it is about.
#[test]
fn problems_name_their_terminal() {
    let mut pair = Pair::new();
    pair.mirror.peer_write(pair.peer, 77, b"x").unwrap();
    pair.is_deaf = true;
    loop {
        let event = pair.mirror.next_event().unwrap();
        if let Some(Event::Peer { event: PeerEvent::Problem { terminal, .. }, .. }) = event {
            assert_eq!(terminal, Some(77));
            break;
        }
        pair.step();
    }
    assert!(!pair.reported.iter().any(|reported| matches!(reported, Reported::Problem(_))));
}
