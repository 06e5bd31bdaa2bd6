//! Strangers who crowd the way in: whoever shows a token in the request head gets in, and whoever goes on is
//! not displaced by those who only connect.

#![allow(
    clippy::print_stderr,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods
)]

#[path = "support/client.rs"]
mod client;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/serving.rs"]
mod serving;

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::{AsFd, AsRawFd};

use client::WATCHDOG;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};
use orchflow::{Config, Limits};
use raw::{FIN, Raw, TEXT, upgrade_head};
use serde_json::json;
use serving::Serving;

/// Strangers at once, and how many of them find a place.
const CROWD: usize = 60;
const PLACES: usize = 16;
/// How often honest clients come.
const ROUNDS: usize = 20;

const JSON: &str = "orchflow.v1.json";

/// A server whose connections are not closed for being slow while a test runs.
fn serving(limits: Limits) -> Serving {
    let limits = Limits { client_hello_time: WATCHDOG * 2, ..limits };
    Serving::start(Config { limits, ..Config::default() })
}

/// Connections that came one after the other and each sent this.
struct Crowd {
    strangers: Vec<Raw>,
}

impl Crowd {
    /// Comes, and waits until those are put out for whom there is no place.
    fn come(connect: impl Fn() -> TcpStream, bytes: &[u8]) -> Self {
        let strangers = (0..CROWD).map(|_| {
            let stream = connect();
            stream.set_read_timeout(Some(WATCHDOG)).unwrap();
            let mut raw = Raw { stream };
            raw.send(bytes);
            raw
        });
        let crowd = Crowd { strangers: strangers.collect() };
        let mut waiting: Vec<&Raw> = crowd.strangers.iter().collect();
        while waiting.len() > PLACES {
            let fds = waiting.iter().map(|raw| PollFd::new(raw.stream.as_fd(), PollFlags::POLLIN));
            let mut fds: Vec<_> = fds.collect();
            let patience = PollTimeout::try_from(WATCHDOG).unwrap();
            match poll(&mut fds, patience) {
                Err(Errno::EINTR) => continue,
                ready => assert_ne!(ready, Ok(0), "{} strangers still wait", waiting.len()),
            }
            waiting.retain(|raw| !is_over(&raw.stream));
        }
        crowd
    }
}

/// Reads what has come. Whether the connection is over.
fn is_over(mut stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let mut bytes = [0; 4096];
    let end = loop {
        match stream.read(&mut bytes) {
            Ok(0) => break true,
            Ok(_) => {}
            Err(e) => break e.kind() != std::io::ErrorKind::WouldBlock,
        }
    };
    stream.set_nonblocking(false).unwrap();
    end
}

/// A connection from this address.
fn from(source: Ipv4Addr, to: SocketAddr) -> TcpStream {
    let SocketAddr::V4(to) = to else { panic!("not IPv4") };
    let kind = SockType::Stream;
    let socket = socket(AddressFamily::Inet, kind, SockFlag::SOCK_CLOEXEC, None).unwrap();
    bind(socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(source, 0))).unwrap();
    connect(socket.as_raw_fd(), &SockaddrIn::from(to)).unwrap();
    TcpStream::from(socket)
}

/// What strangers send: nothing, a part of a head, a head without a token, and one with a wrong token.
fn kinds(address: SocketAddr) -> [(&'static str, Vec<u8>); 4] {
    let head = upgrade_head(address, JSON);
    let wrong = upgrade_head(address, &format!("{JSON}, orchflow.token.{}", "A".repeat(43)));
    [
        ("silent", Vec::new()),
        ("a part of a head", head.as_bytes()[..40].to_vec()),
        ("a head", head.into_bytes()),
        ("a wrong token", wrong.into_bytes()),
    ]
}

/// Says hello on an upgraded connection; whether it is accepted.
fn says_hello(raw: &mut Raw, token: &str) -> bool {
    raw.json(&json!({"type": "hello", "token": token}));
    raw.next_frame().is_some_and(|(first, payload)| {
        first == FIN | TEXT && String::from_utf8_lossy(&payload).contains("welcome")
    })
}

/// Whoever has sent a valid token in its head cannot be put out, whatever strangers do before, between and
/// after.
#[test]
fn who_shows_a_token_gets_in() {
    let serving = serving(Limits::default());
    let address = serving.address;
    let head = upgrade_head(address, &format!("{JSON}, orchflow.token.{}", serving.token));
    for (kind, bytes) in kinds(address) {
        let come = || Crowd::come(|| TcpStream::connect(address).unwrap(), &bytes);
        let mut entered = 0;
        let mut before = come();
        for _ in 0..ROUNDS {
            let mut honest = Raw::connect(address, head.as_bytes());
            let after = come();
            drop(before);
            before = after;
            let is_in = honest.status() == Some(101) && says_hello(&mut honest, "");
            entered += usize::from(is_in);
        }
        assert_eq!(entered, ROUNDS, "{kind}");
    }
}

/// Whoever sends its token in the hello alone is not displaced by those who have come less far.
#[test]
fn who_goes_on_keeps_its_place() {
    let serving = serving(Limits::default());
    let address = serving.address;
    let head = upgrade_head(address, JSON);
    for (kind, bytes) in kinds(address).into_iter().take(2) {
        let come = || Crowd::come(|| TcpStream::connect(address).unwrap(), &bytes);
        let mut entered = 0;
        for _ in 0..ROUNDS {
            let before = come();
            let mut honest = Raw::connect(address, head.as_bytes());
            let between = come();
            let is_upgraded = honest.status() == Some(101);
            let after = come();
            entered += usize::from(is_upgraded && says_hello(&mut honest, &serving.token));
            drop((before, between, after));
        }
        assert_eq!(entered, ROUNDS, "{kind}");
    }
}

/// Whoever has only connected is not displaced by those who send something.
#[test]
fn who_has_just_connected_has_a_place() {
    let serving = serving(Limits::default());
    let address = serving.address;
    let head = upgrade_head(address, &format!("{JSON}, orchflow.token.{}", serving.token));
    let (kind, bytes) = kinds(address)[1].clone();
    let mut entered = 0;
    let mut crowd = Crowd::come(|| TcpStream::connect(address).unwrap(), &bytes);
    for _ in 0..ROUNDS {
        let mut honest = Raw::connect(address, b"");
        // Some more come, each of which has sent a part when it is looked at.
        for _ in 0..PLACES / 4 {
            crowd.strangers.push(Raw::connect(address, &bytes));
        }
        honest.send(head.as_bytes());
        entered += usize::from(honest.status() == Some(101) && says_hello(&mut honest, ""));
    }
    assert_eq!(entered, ROUNDS, "{kind}");
}

/// Those from one address displace each other before they displace somebody from another one.
#[test]
fn a_crowd_from_one_address_does_not_displace_others() {
    let serving = serving(Limits::default());
    let address = serving.address;
    let head = upgrade_head(address, JSON);
    for (kind, bytes) in kinds(address) {
        let come = || Crowd::come(|| from(Ipv4Addr::new(127, 0, 0, 2), address), &bytes);
        let mut entered = 0;
        let mut crowd = vec![come()];
        for _ in 0..ROUNDS {
            let mut honest = Raw::connect(address, b"");
            crowd.push(come());
            honest.send(head.as_bytes());
            let is_upgraded = honest.status() == Some(101);
            crowd.push(come());
            crowd.drain(..2);
            entered += usize::from(is_upgraded && says_hello(&mut honest, &serving.token));
        }
        assert_eq!(entered, ROUNDS, "{kind}");
    }
}

/// Tokens in heads are no way around the number of clients, and one that is revoked lets nobody in.
#[test]
fn a_shown_token_is_bounded_and_checked_again() {
    let serving = serving(Limits { clients: 2, clients_pending: 2, ..Limits::default() });
    let address = serving.address;
    let offered = |token: &str| upgrade_head(address, &format!("{JSON}, orchflow.token.{token}"));
    let enter = |head: &str| {
        let mut raw = Raw::connect(address, head.as_bytes());
        assert_eq!(raw.status(), Some(101));
        raw
    };
    let head = offered(&serving.token);
    let mut vouched: Vec<Raw> = (0..2).map(|_| enter(&head)).collect();
    // Two more have places like strangers, and a third one takes that of the first of them.
    let mut more: Vec<Raw> = (0..3).map(|_| enter(&head)).collect();
    assert_eq!(more.remove(0).close_code(), Some(4002));
    assert!(vouched.iter_mut().all(|raw| says_hello(raw, "")));
    let mut late = more.remove(0);
    late.json(&json!({"type": "hello"}));
    assert_eq!(late.close_code(), Some(4006));
    drop((vouched, more));
    let (id, token) = serving
        .with(|engine| {
            engine.add_token(orchflow::TokenOptions {
                scopes: orchflow::Scopes::ALL,
                ..Default::default()
            })
        })
        .unwrap();
    let mut revoked = enter(&offered(&token));
    serving.with(move |engine| engine.revoke_token(id).unwrap());
    revoked.frame(FIN | TEXT, br#"{"type":"hello"}"#);
    assert_eq!(revoked.close_code(), Some(4001));
}
