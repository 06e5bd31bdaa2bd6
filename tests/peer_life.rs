//! Peers: what they cost, their bounds, and their end.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod support;

use std::time::Duration;

use orchflow::{
    ChangeSet, Config, Engine, ErrorKind, Event, Limits, PeerAddress, RemoteAttach, RemoteMode,
    RemoteRequest, ScreenOptions, SpawnOptions,
};
use support::pair::{Pair, Reported, eager, loopback, server};

#[test]
fn calls_without_a_connection() {
    let (engine, address, token) = server(Config::default(), &loopback());
    drop(engine);
    let mut pair = Pair::to(None, &eager(address, &token));
    let peer = pair.peer;
    for error in [
        pair.mirror.peer_write(peer, 1, b"x").unwrap_err(),
        pair.mirror.peer_request(peer, &RemoteRequest::Query { terminal: 1 }).unwrap_err(),
        pair.mirror.peer_change(peer, &ChangeSet::default()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Disconnected);
    }
    pair.mirror.peer_attach(peer, 1, &RemoteAttach::default()).unwrap();
    assert_eq!(pair.mirror.peer_state(peer).unwrap().terminals, [1]);
    pair.mirror.peer_detach(peer, 1).unwrap();
    pair.wait("its end", |reported| (*reported == Reported::Detached(1)).then_some(()));
    pair.mirror.disconnect(peer).unwrap();
    assert!(pair.mirror.disconnect(peer).unwrap_err().is_stale_id());
}

/// A connection that has nothing to say costs nothing.
#[test]
fn silence() {
    let mut pair = Pair::new();
    pair.server().spawn(&SpawnOptions::program("cat")).unwrap();
    pair.until_equal();
    // The pong of the ping behind the hello, and what else is on its way.
    pair.until("quiet", |pair| {
        let is_measured = pair.mirror.peer_state(pair.peer).unwrap().round_trip.is_some();
        is_measured && pair.mirror.time_to_deadline().is_none()
    });
    assert!(!support::is_readable(&pair.mirror));
}

#[test]
fn the_end_of_an_engine_with_peers() {
    let mut pair = Pair::new();
    pair.mirror.shutdown(Duration::ZERO).unwrap();
    let options = eager(PeerAddress::Unix("/nowhere".into()), "token");
    assert_eq!(pair.mirror.connect(&options).unwrap_err().kind(), ErrorKind::EngineGone);
    let mut is_complete = false;
    while !is_complete {
        pair.server().turn(Some(Duration::ZERO)).unwrap();
        pair.mirror.turn(Some(Duration::ZERO)).unwrap();
        while let Some(event) = pair.mirror.next_event().unwrap() {
            assert!(matches!(event, Event::ShutdownComplete), "{event:?}");
            is_complete = true;
        }
    }
    assert!(pair.mirror.peers().is_empty());

    // One that is just dropped.
    let mut pair = Pair::new();
    assert_eq!(pair.server().clients().len(), 1);
    pair.mirror = Engine::new(Config::default()).unwrap();
    pair.until("the end", |pair| pair.server().clients().is_empty());
}

#[test]
fn bounds() {
    let limits = Limits { peers: 2, ..Limits::default() };
    let (engine, address, token) = server(Config::default(), &loopback());
    let mut mirror = Engine::new(Config { limits, ..Config::default() }).unwrap();
    let options = eager(address.clone(), &token);
    let first = mirror.connect(&options).unwrap();
    mirror.connect(&options).unwrap();
    assert!(mirror.connect(&options).unwrap_err().is_limit_reached());
    mirror.disconnect(first).unwrap();
    mirror.connect(&options).unwrap();
    assert_eq!(mirror.peers().len(), 2);
    let bad = eager(PeerAddress::Unix("".into()), "token");
    assert_eq!(mirror.connect(&bad).unwrap_err().kind(), ErrorKind::InvalidArgument);
    let bad = eager(address.clone(), "");
    assert_eq!(mirror.connect(&bad).unwrap_err().kind(), ErrorKind::InvalidArgument);
    let bad = eager(address, &token).host("a b");
    assert_eq!(mirror.connect(&bad).unwrap_err().kind(), ErrorKind::InvalidArgument);
    drop(engine);
}

/// What is small only because it is compressed is refused here, and does not end the connection.
#[test]
fn a_request_that_is_too_large_when_inflated() {
    let (engine, address, token) = server(Config::default(), &loopback());
    let mut pair = Pair::to(Some(engine), &eager(address, &token).compress(true));
    pair.until_equal();
    let request = RemoteRequest::Watch { path: vec![b'a'; 5 << 20] };
    let refused = pair.mirror.peer_request(pair.peer, &request).unwrap_err();
    assert!(refused.is_limit_reached(), "{refused}");
    let request = RemoteRequest::Query { terminal: 1 };
    let number = pair.mirror.peer_request(pair.peer, &request).unwrap();
    pair.wait("the answer", |reported| match reported {
        Reported::Answer(request, _) if *request == number => Some(()),
        _ => None,
    });
}

/// A mirror whose host does not read holds the program back until it counts as gone. Then it becomes a viewer
/// of the screen; its host gets an event, and attaches anew for bytes.
#[test]
fn a_host_that_does_not_read_becomes_a_viewer() {
    let limits = Limits {
        log_bytes: 64 << 10,
        client_stall_time: Duration::from_millis(300),
        ..Limits::default()
    };
    let mut pair = Pair::with(Config { limits, ..Config::default() }, |options| options);
    let options = SpawnOptions::program("yes").screen(ScreenOptions::default()).reader(None);
    let id = pair.server().spawn(&options).unwrap();
    let terminal = id.to_u64();
    pair.until_equal();
    let (peer, attach) = (pair.peer, RemoteAttach::default());
    pair.mirror.peer_attach(peer, terminal, &attach).unwrap();
    pair.wait("the attachment", |reported| {
        matches!(reported, Reported::Attached(..)).then_some(())
    });
    pair.is_deaf = true;
    pair.until("a program that waits", |pair| {
        pair.server().terminal_state(id).unwrap().paused_by_reader
    });
    let end = pair.server().terminal_state(id).unwrap().log_end + (1 << 20);
    pair.until("a program that goes on", |pair| {
        pair.server().terminal_state(id).unwrap().log_end > end
    });
    pair.is_deaf = false;
    let changed = Reported::ModeChanged(terminal, RemoteMode::Screen);
    pair.wait("the change", |reported| (*reported == changed).then_some(()));
    pair.wait("the screen", |reported| matches!(reported, Reported::Screen(_)).then_some(()));
    pair.mirror.peer_attach(peer, terminal, &attach).unwrap();
    pair.wait("the attachment", |reported| {
        matches!(reported, Reported::Attached(..)).then_some(())
    });
    pair.wait("a snapshot", |reported| matches!(reported, Reported::Snapshot(..)).then_some(()));
    pair.wait("output", |reported| matches!(reported, Reported::Output(_)).then_some(()));
}
