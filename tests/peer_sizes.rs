//! The grid of a peer's window, and the size that the other engine's terminal gets from it.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod support;

use orchflow::{
    ErrorKind, RemoteAttach, RemoteMode, RemoteOp, RemoteOutcome, RemoteRequest, ScreenOptions,
    Size, SizePolicy, SpawnOptions, TerminalId,
};
use support::pair::{Pair, Reported};

fn cat(pair: &mut Pair) -> u64 {
    let options = SpawnOptions::program("cat").screen(ScreenOptions::default());
    pair.server().spawn(&options).unwrap().to_u64()
}

fn with_grid(cols: u16, rows: u16) -> RemoteAttach {
    RemoteAttach { grid: Some(Size::cells(cols, rows)), ..RemoteAttach::default() }
}

fn until_size(pair: &mut Pair, terminal: u64, cols: u16, rows: u16) {
    pair.until("the size", |pair| {
        let state = pair.server().terminal_state(TerminalId::from_u64(terminal)).unwrap();
        (state.size.cols, state.size.rows) == (cols, rows)
    });
}

/// The connection breaks; the terminal gets another size before it is made anew.
fn reconnect(pair: &mut Pair, terminal: u64) {
    let id = TerminalId::from_u64(terminal);
    let client = pair.server().clients()[0].id;
    pair.server().close_client(client, "break").unwrap();
    pair.wait("the break", |reported| matches!(reported, Reported::Disconnected(..)).then_some(()));
    pair.server().resize(id, Size::cells(33, 11)).unwrap();
    pair.server().set_size_policy(id, SizePolicy::Latest).unwrap();
    pair.wait("the attachment", |reported| {
        matches!(reported, Reported::Attached(..)).then_some(())
    });
}

#[test]
fn the_grid_is_reported_when_attaching_later_and_after_a_break() {
    let mut pair = Pair::new();
    let terminal = cat(&mut pair);
    pair.mirror.peer_attach(pair.peer, terminal, &with_grid(100, 40)).unwrap();
    until_size(&mut pair, terminal, 100, 40);
    pair.mirror.peer_set_grid(pair.peer, terminal, Size::cells(90, 30)).unwrap();
    until_size(&mut pair, terminal, 90, 30);
    reconnect(&mut pair, terminal);
    until_size(&mut pair, terminal, 90, 30);
    // A request says the same.
    let op = RemoteOp::Resize(Size::cells(80, 25));
    let outcome = pair.ask(&RemoteRequest::Batch(vec![(terminal, op)]));
    assert_eq!(outcome, RemoteOutcome::Statuses(vec![None]));
    until_size(&mut pair, terminal, 80, 25);
    reconnect(&mut pair, terminal);
    until_size(&mut pair, terminal, 80, 25);
    // Without a grid the size stays as it is.
    pair.mirror.peer_attach(pair.peer, terminal, &RemoteAttach::default()).unwrap();
    pair.wait("the attachment", |reported| {
        matches!(reported, Reported::Attached(..)).then_some(())
    });
    reconnect(&mut pair, terminal);
    until_size(&mut pair, terminal, 33, 11);
}

#[test]
fn the_first_screen_has_the_size_that_was_asked_for() {
    let mut pair = Pair::new();
    let terminal = cat(&mut pair);
    let options = RemoteAttach { mode: RemoteMode::Screen, ..with_grid(100, 7) };
    pair.mirror.peer_attach(pair.peer, terminal, &options).unwrap();
    pair.wait("a screen", |reported| matches!(reported, Reported::Screen(_)).then_some(()));
    assert_eq!(pair.streams[&terminal].rows.len(), 7);
}

#[test]
fn grids_that_cannot_be() {
    let mut pair = Pair::new();
    let terminal = cat(&mut pair);
    let (mirror, peer) = (&mut pair.mirror, pair.peer);
    let some = Size::cells(80, 24);
    let error = mirror.peer_set_grid(peer, terminal, some).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StaleId, "not attached");
    for none in [Size::cells(0, 24), Size::cells(80, 0)] {
        let options = RemoteAttach { grid: Some(none), ..RemoteAttach::default() };
        let error = mirror.peer_attach(peer, terminal, &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
    mirror.peer_attach(peer, terminal, &RemoteAttach::default()).unwrap();
    let error = mirror.peer_set_grid(peer, terminal, Size::cells(0, 24)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    // What the other engine refuses is no answer to a request of the host.
    mirror.peer_set_grid(peer, terminal, Size::cells(u16::MAX, u16::MAX)).unwrap();
    pair.wait("the problem", |reported| match reported {
        Reported::Problem(message) => message.contains("cells").then_some(()),
        Reported::Answer(..) => panic!("{reported:?}"),
        _ => None,
    });
    pair.mirror.peer_attach(pair.peer, terminal, &with_grid(u16::MAX, u16::MAX)).unwrap();
    pair.wait("the end", |reported| matches!(reported, Reported::Detached(_)).then_some(()));
}
