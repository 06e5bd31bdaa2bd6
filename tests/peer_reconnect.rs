//! Peers whose connections break: they come back where they were, or give up for a reason.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod support;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use orchflow::{
    BreakerOptions, BreakerState, Change, ChangeOp, ChangeSet, Config, Limits, ListenerOptions,
    Pane, PeerAddress, PeerOptions, PeerStatus, RemoteAttach, RemoteCode, RemoteOutcome,
    RemoteRequest, RemoteStart, RetryPolicy, Scopes, ScreenOptions, Session, SignalTarget,
    SpawnOptions, TerminalId, TokenOptions,
};
use support::flaky::{Flaky, Random};
use support::pair::{Pair, Reported, eager, loopback, server};
use support::scaled;

fn from_start() -> RemoteAttach {
    RemoteAttach { start: RemoteStart::Oldest, ..RemoteAttach::default() }
}

fn set(change: Change) -> ChangeSet {
    ChangeSet { ops: vec![ChangeOp { change, base: None }] }
}

fn session(name: &str) -> ChangeSet {
    let session = Session { name: name.into(), ..Session::default() };
    set(Change::PutSession { id: "s".into(), session })
}

fn pane(number: u64, title: u64) -> ChangeSet {
    let pane = Pane { session: "s".into(), title: title.to_string(), ..Pane::default() };
    set(Change::PutPane { id: format!("p{number}"), pane })
}

fn tcp(address: &PeerAddress) -> std::net::SocketAddr {
    let PeerAddress::Tcp(address) = address else { panic!("not TCP") };
    *address
}

/// Never opens.
fn patient(options: PeerOptions) -> PeerOptions {
    options.breaker(BreakerOptions::new(u32::MAX, 1, Duration::from_secs(1)).unwrap())
}

#[test]
fn a_server_that_starts_again_is_another_one() {
    let (engine, address, token) = server(Config::default(), &loopback());
    let mut pair = Pair::to(Some(engine), &patient(eager(address.clone(), &token)));
    pair.wait("the connection", |reported| {
        matches!(reported, Reported::Connected(false)).then_some(())
    });
    pair.server().change_state(&session("before")).unwrap();
    let terminal = pair.server().spawn(&SpawnOptions::program("cat")).unwrap().to_u64();
    pair.until_equal();
    pair.mirror.peer_attach(pair.peer, terminal, &from_start()).unwrap();
    pair.wait("attached", |reported| matches!(reported, Reported::Attached(..)).then_some(()));
    let before = pair.mirror.peer_replica(pair.peer).unwrap().version().unwrap();

    let number = pair.mirror.peer_request(pair.peer, &RemoteRequest::Query { terminal }).unwrap();
    pair.server = None;
    pair.wait("the answer", |reported| match reported {
        Reported::Answer(request, RemoteOutcome::Failed(failure)) if *request == number => {
            assert_eq!(failure.code, RemoteCode::Disconnected);
            Some(())
        }
        _ => None,
    });
    pair.wait("the end", |reported| {
        matches!(reported, Reported::Disconnected(_, Some(_))).then_some(())
    });
    // What is known stays.
    let replica = pair.mirror.peer_replica(pair.peer).unwrap();
    assert_eq!(replica.session("s").unwrap().0.name, "before");

    let (mut engine, ..) = server(Config::default(), &ListenerOptions::tcp(tcp(&address)));
    // It has the same number.
    let other = engine.spawn(&SpawnOptions::program("cat")).unwrap().to_u64();
    assert_eq!(other, terminal);
    pair.server = Some(engine);
    pair.wait("the connection", |reported| {
        matches!(reported, Reported::Connected(false)).then_some(())
    });
    pair.wait("its end", |reported| (*reported == Reported::Detached(terminal)).then_some(()));
    let full = |reported: &Reported| matches!(reported, Reported::State(version, true) if version.epoch != before.epoch);
    pair.wait("the state", |reported| full(reported).then_some(()));
    pair.until_equal();
    assert!(pair.mirror.peer_replica(pair.peer).unwrap().session("s").is_none());
}

#[test]
fn a_token_that_is_not_valid_ends_it() {
    let (engine, address, _) = server(Config::default(), &loopback());
    let wrong = "A".repeat(43);
    let mut pair = Pair::to(Some(engine), &eager(address, &wrong));
    let reason = pair.wait("the refusal", |reported| match reported {
        Reported::Disconnected(reason, None) => Some(reason.clone()),
        Reported::Disconnected(..) | Reported::Connected(_) => panic!("{reported:?}"),
        _ => None,
    });
    assert!(reason.contains("4001") && reason.contains("token"), "{reason}");
    let state = pair.mirror.peer_state(pair.peer).unwrap();
    assert_eq!(state.status, PeerStatus::Failed);
    assert_eq!(state.last_error, Some(reason));
}

#[test]
fn a_token_that_is_revoked_ends_it() {
    let (mut engine, address, _) = server(Config::default(), &loopback());
    let observer = TokenOptions { scopes: Scopes::OBSERVE, ..TokenOptions::default() };
    let (id, token) = engine.add_token(observer).unwrap();
    let mut pair = Pair::to(Some(engine), &eager(address, &token));
    pair.wait("the connection", |reported| {
        matches!(reported, Reported::Connected(_)).then_some(())
    });
    pair.server().revoke_token(id).unwrap();
    pair.wait("the end", |reported| {
        matches!(reported, Reported::Disconnected(_, None)).then_some(())
    });
    assert_eq!(pair.mirror.peer_state(pair.peer).unwrap().status, PeerStatus::Failed);
}

#[test]
fn a_host_that_is_not_on_the_list_ends_it() {
    let (engine, address, token) = server(Config::default(), &loopback());
    let mut pair = Pair::to(Some(engine), &eager(address, &token).host("evil.example"));
    let reason = pair.wait("the refusal", |reported| match reported {
        Reported::Disconnected(reason, None) => Some(reason.clone()),
        Reported::Disconnected(..) | Reported::Connected(_) => panic!("{reported:?}"),
        _ => None,
    });
    assert!(reason.contains("403"), "{reason}");
}

#[test]
fn the_breaker_opens_when_nobody_listens() {
    let (engine, address, token) = server(Config::default(), &loopback());
    drop(engine);
    let open_for = Duration::from_secs(3600);
    let breaker = BreakerOptions::new(3, 1, open_for).unwrap();
    let mut pair = Pair::to(None, &eager(address, &token).breaker(breaker));
    let mut lost = 0;
    let wait = pair.wait("a long wait", |reported| match reported {
        Reported::Disconnected(_, Some(wait)) => {
            lost += 1;
            (*wait > Duration::from_secs(60)).then_some(*wait)
        }
        reported => panic!("{reported:?}"),
    });
    assert!(lost <= 3 && wait <= open_for);
    let state = pair.mirror.peer_state(pair.peer).unwrap();
    assert_eq!((state.breaker, state.attempts), (BreakerState::Open, 3));
    let PeerStatus::Waiting { until } = state.status else { panic!("{state:?}") };
    assert!(until > Instant::now());
    // Nothing happens until then.
    assert!(!support::is_readable(&pair.mirror));
}

#[test]
fn attempts_are_counted() {
    let (engine, address, token) = server(Config::default(), &loopback());
    drop(engine);
    let (initial, max) = (Duration::from_micros(200), Duration::from_millis(2));
    let retry = RetryPolicy::new(initial, max).unwrap().attempts(4);
    let mut pair = Pair::to(None, &PeerOptions::new(address, &token).retry(retry));
    pair.wait("the end", |reported| {
        matches!(reported, Reported::Disconnected(_, None)).then_some(())
    });
    let state = pair.mirror.peer_state(pair.peer).unwrap();
    assert_eq!((state.status, state.attempts), (PeerStatus::Failed, 4));
}

/// Whoever accepts and says nothing is not waited for. The only test that takes its time: the bound is 5 s.
#[test]
fn silence_has_an_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = PeerAddress::Tcp(listener.local_addr().unwrap());
    let retry = RetryPolicy::default().attempts(0);
    let mut pair = Pair::to(None, &PeerOptions::new(address, "token").retry(retry));
    let reason = pair.wait("the end", |reported| match reported {
        Reported::Disconnected(reason, None) => Some(reason.clone()),
        reported => panic!("{reported:?}"),
    });
    assert_eq!(reason, "no answer in time");
}

/// Whoever speaks something else is not misunderstood.
#[test]
fn other_protocols() {
    use std::io::{Read, Write};
    for (answer, expected, is_final) in [
        ("SSH-2.0-x\r\n\r\n", "not an HTTP/1.1 response", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP 200", true),
        ("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "HTTP 503", false),
        ("", "without an answer", false),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = PeerAddress::Tcp(listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                assert_eq!(stream.read(&mut byte).unwrap(), 1);
                head.push(byte[0]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let long = Duration::from_secs(3600);
        let retry = RetryPolicy::new(long, long).unwrap();
        let mut pair = Pair::to(None, &PeerOptions::new(address, "token").retry(retry));
        let (reason, retry_in) = pair.wait("the end", |reported| match reported {
            Reported::Disconnected(reason, retry_in) => Some((reason.clone(), *retry_in)),
            reported => panic!("{reported:?}"),
        });
        assert!(reason.contains(expected), "{reason}");
        assert_eq!(retry_in.is_none(), is_final, "{answer:?}");
        thread.join().unwrap();
    }
}

/// What `seq` without an end shows in a terminal, up to this length.
fn numbers(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 16);
    let mut number = 0_u64;
    while bytes.len() < length {
        number += 1;
        bytes.extend_from_slice(format!("{number}\r\n").as_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Connections that break anywhere, under load, and nothing is lost, doubled or wrong.
#[test]
fn connections_break_at_random() {
    let times = scaled(1000, 10_000);
    let mut random = Random::seeded();
    let limits = Limits { log_bytes_total: 256 << 20, ..Limits::default() };
    let (engine, address, token) =
        server(Config { limits, ..Config::default() }, &ListenerOptions::tcp(any()));
    let flaky = Flaky::start(tcp(&address), times, random.clone());
    let options = patient(eager(PeerAddress::Tcp(flaky.address), &token));
    let options = options.host(tcp(&address).to_string());
    let mut pair = Pair::to(Some(engine), &options);
    pair.server().change_state(&session("s")).unwrap();
    let program = SpawnOptions::program("seq").arg("1000000000").log_bytes(64 << 20);
    let ids: Vec<TerminalId> = [program.clone(), program.screen(ScreenOptions::default())]
        .iter()
        .map(|options| pair.server().spawn(options).unwrap())
        .collect();
    for id in &ids {
        pair.mirror.peer_attach(pair.peer, id.to_u64(), &from_start()).unwrap();
    }
    let (mut asked, mut answered, mut connected, mut resumed) = (0, 0, 0, 0);
    let end = Instant::now() + support::WATCHDOG * 5;
    let (mut is_ending, mut ends) = (false, std::collections::BTreeMap::new());
    while ends.len() < ids.len() {
        assert!(Instant::now() < end, "{} broken, {connected} made", flaky.broken());
        pair.step();
        for reported in std::mem::take(&mut pair.reported) {
            match reported {
                Reported::Connected(is_resumed) => {
                    connected += 1;
                    resumed += usize::from(is_resumed);
                }
                Reported::Answer(..) => answered += 1,
                Reported::Ended(terminal, final_offset, _) => {
                    ends.insert(terminal, final_offset);
                }
                Reported::Gap(..)
                | Reported::Snapshot(..)
                | Reported::Problem(_)
                | Reported::Detached(_)
                | Reported::Disconnected(_, None) => panic!("{reported:?}"),
                _ => {}
            }
        }
        if random.below(3) == 0 {
            let change = pane(random.below(50), random.next());
            pair.server().change_state(&change).unwrap();
        }
        let query = RemoteRequest::Query { terminal: ids[0].to_u64() };
        if random.below(4) == 0 && pair.mirror.peer_request(pair.peer, &query).is_ok() {
            asked += 1;
        }
        // The programs end, their terminals stay: everything that came out has to arrive.
        if flaky.broken() == times && !std::mem::replace(&mut is_ending, true) {
            for id in &ids {
                pair.server().signal(*id, libc::SIGKILL, SignalTarget::Leader).unwrap();
            }
        }
    }
    pair.until_equal();
    let state = pair.mirror.peer_state(pair.peer).unwrap();
    assert_eq!((state.mismatches, state.status), (0, PeerStatus::Connected));
    for id in ids {
        assert_whole(&mut pair, id, ends[&id.to_u64()]);
    }
    pair.until("answers", |pair| {
        answered += pair.reported.drain(..).filter(|t| matches!(t, Reported::Answer(..))).count();
        answered == asked
    });
    assert!(resumed > 0 && connected > resumed);
}

/// Every byte that the server's terminal ever gave is at the other side, once, and up to the end that was
/// reported.
fn assert_whole(pair: &mut Pair, id: TerminalId, reported_end: u64) {
    let log_end = pair.server().terminal_state(id).unwrap().log_end;
    let stream = &pair.streams[&id.to_u64()];
    assert_eq!((stream.start, stream.restarts), (0, 0));
    assert!(log_end > 0);
    assert_eq!((reported_end, stream.bytes.len() as u64), (log_end, log_end));
    assert!(stream.bytes == numbers(stream.bytes.len()), "terminal {id:?} is wrong");
}

fn any() -> std::net::SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}
