//! Too much of everything: connections, requests without reading, pings, and the bounds of a client.

#![allow(
    clippy::print_stderr,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods
)]

#[path = "support/bystander.rs"]
mod bystander;
#[path = "support/client.rs"]
mod client;
#[path = "support/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "support/memory.rs"]
mod memory;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/serving.rs"]
mod serving;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bystander::Bystander;
use client::{Client, Incoming, WATCHDOG};
use files::TempDir;
use memory::resident_bytes;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use orchflow::{Config, ErrorKind, Limits, ListenerOptions, LogLevel};
use raw::{FIN, PING, Raw, TEXT, frame};
use serde_json::json;
use serving::Serving;

/// What a test may make the whole process grow by, of both sides.
const GROWTH_MAX: usize = 64 << 20;

/// One test at a time: the memory that is measured is that of the process.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection of a flood that never says more than how a request begins.
struct Caller {
    stream: TcpStream,
    /// What it was answered: bytes of an HTTP response.
    answer: Vec<u8>,
    has_asked: bool,
    is_over: bool,
}

impl Caller {
    /// The beginning of a request; the kernel repeats it until the server has the connection.
    fn ask(&mut self) {
        let begin = b"GET / HTTP/1.1\r\n";
        self.has_asked = self.has_asked || self.stream.write(begin).is_ok();
    }

    fn read(&mut self) {
        let mut bytes = [0; 1024];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(n) if n > 0 => self.answer.extend_from_slice(&bytes[..n]),
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => return,
                _ => return self.is_over = true,
            }
        }
    }
}

/// As many connections as the system lets this process have, up to 10,000: each one is turned away but for
/// the sixteen that may wait, and who is in notices nothing.
#[test]
fn ten_thousand_connections() {
    let _turn = turn();
    // Both ends are in this process.
    let count = usize::try_from((descriptors() / 2).saturating_sub(500)).unwrap().min(10_000);
    assert!(count >= 1000, "the system lets this process have too few descriptors");
    eprintln!("{count} connections");
    let limits = Limits { client_hello_time: WATCHDOG, ..Limits::default() };
    let pending = limits.clients_pending;
    let serving = Serving::start(Config { limits, ..Config::default() });
    let mut bystander = Bystander::new(&serving);
    bystander.echoes();
    let before = resident_bytes();
    let is_over = Arc::new(AtomicBool::new(false));
    let typist = {
        let is_over = Arc::clone(&is_over);
        std::thread::spawn(move || {
            let mut lines = 0;
            while !is_over.load(Ordering::Relaxed) {
                bystander.echoes();
                lines += 1;
            }
            (bystander, lines)
        })
    };
    let callers = call(serving.address, count, pending);
    let growth = resident_bytes().saturating_sub(before);
    let waiting = callers.iter().filter(|caller| !caller.is_over).count();
    let refused = callers.iter().filter(|caller| caller.is_over);
    assert_eq!((waiting, refused.clone().count()), (pending, count - pending));
    for caller in refused {
        let answer = String::from_utf8_lossy(&caller.answer);
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer:?}");
    }
    assert!(growth < GROWTH_MAX, "{growth} bytes more");
    // Those who wait only keep places: one who comes now gets one of them.
    enter_through_the_crowd(&serving);
    is_over.store(true, Ordering::Relaxed);
    let (mut bystander, lines) = typist.join().unwrap();
    assert!(lines > 0);
    bystander.echoes();
    drop(callers);
    Client::hello(serving.address, &serving.token, json!({}));
}

/// Connects `count` times without waiting, and reads until all but `pending` have been answered.
fn call(address: SocketAddr, count: usize, pending: usize) -> Vec<Caller> {
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(1024);
    let mut callers: Vec<Caller> = Vec::with_capacity(count);
    let mut over = 0;
    while over < count - pending {
        for _ in 0..(count - callers.len()).min(256) {
            let mut stream = TcpStream::connect(address).unwrap();
            let token = Token(callers.len());
            poll.registry()
                .register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)
                .unwrap();
            callers.push(Caller { stream, answer: Vec::new(), has_asked: false, is_over: false });
        }
        let patience = if callers.len() < count { Duration::ZERO } else { WATCHDOG };
        match poll.poll(&mut events, Some(patience)) {
            // The process was stopped and continued.
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            outcome => outcome.unwrap(),
        }
        let is_stalled = events.is_empty() && callers.len() == count;
        assert!(!is_stalled, "{over} of {count} were answered");
        for event in &events {
            let caller = &mut callers[event.token().0];
            let was_over = caller.is_over;
            caller.ask();
            caller.read();
            over += usize::from(caller.is_over && !was_over);
        }
    }
    callers
}

/// Tries until there is a place.
fn enter_through_the_crowd(serving: &Serving) {
    let head = raw::upgrade_head(serving.address, "orchflow.v1.json");
    loop {
        let mut raw = Raw::connect(serving.address, head.as_bytes());
        match raw.status() {
            Some(101) => {
                raw.json(&json!({"type": "hello", "token": serving.token}));
                assert_eq!(raw.next_json().unwrap()["type"], "welcome");
                return;
            }
            other => assert!(matches!(other, Some(503) | None), "{other:?}"),
        }
    }
}

/// Raises the number of descriptors as far as it goes.
fn descriptors() -> u64 {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    hard
}

/// Who has upgraded and then keeps a place is put out in the language that it speaks.
#[test]
fn who_keeps_a_place_is_closed_with_a_reason() {
    let _turn = turn();
    let limits = Limits { clients_pending: 1, client_hello_time: WATCHDOG, ..Limits::default() };
    let serving = Serving::start(Config { limits, ..Config::default() });
    let mut idle = Raw::upgrade(serving.address, "orchflow.v1.json");
    enter_through_the_crowd(&serving);
    assert_eq!(idle.close_code(), Some(4002));
    let mut silent = Raw::connect(serving.address, b"");
    enter_through_the_crowd(&serving);
    assert_eq!(silent.status(), Some(503));
}

#[test]
fn one_client_too_many() {
    let _turn = turn();
    let limits = Limits { clients: 3, ..Limits::default() };
    let serving = Serving::start(Config { limits, ..Config::default() });
    let mut bystander = Bystander::new(&serving);
    let mut others: Vec<_> =
        (0..2).map(|_| Client::hello(serving.address, &serving.token, json!({})).0).collect();
    let mut late = Client::open(serving.address);
    late.send(&json!({"type": "hello", "token": serving.token}));
    assert_eq!(late.receive(), Incoming::Closed(Some(4006)));
    others.pop().unwrap().socket.close(None).unwrap();
    // The place is free once the server has read the goodbye.
    loop {
        let mut client = Client::open(serving.address);
        client.send(&json!({"type": "hello", "token": serving.token}));
        match client.receive() {
            Incoming::Json(welcome) => break assert_eq!(welcome["type"], "welcome"),
            other => assert_eq!(other, Incoming::Closed(Some(4006))),
        }
    }
    bystander.echoes();
}

#[test]
fn attachments_watches_and_listeners_have_bounds() {
    let _turn = turn();
    let limits =
        Limits { client_attachments: 2, client_watches: 2, listeners: 2, ..Limits::default() };
    let serving = Serving::start(Config { limits, ..Config::default() });
    let folder = TempDir::new();
    let path = folder.path().to_owned();
    serving.with(move |engine| {
        engine.grant_directory(&path).unwrap();
        let tcp = || ListenerOptions::tcp("127.0.0.1:0".parse().unwrap());
        let second = engine.add_listener(&tcp()).unwrap();
        assert_eq!(engine.add_listener(&tcp()).unwrap_err().kind(), ErrorKind::LimitReached);
        engine.remove_listener(second).unwrap();
        engine.add_listener(&tcp()).unwrap();
    });
    let terminals: Vec<_> = (0..3).map(|_| serving.spawn(&["cat"], false)).collect();
    let (mut client, _) = Client::hello(serving.address, &serving.token, json!({}));
    let attach = |at: usize| json!({"type": "attach", "terminal": terminals[at]});
    for at in [0, 1, 1] {
        client.send(&attach(at));
        assert_eq!(client.receive_type("attached")["terminal"], terminals[at]);
    }
    client.send(&attach(2));
    assert_eq!(client.receive_type("error")["code"], "limit");
    client.send(&json!({"type": "detach", "terminal": terminals[0]}));
    client.send(&attach(2));
    assert_eq!(client.receive_type("attached")["terminal"], terminals[2]);
    for name in ["a", "b", "c"] {
        std::fs::create_dir(folder.file(name)).unwrap();
    }
    let mut watch = |name| client.ask(json!({"type": "watch", "path": folder.file(name)}), 1);
    let first = watch("a")["watching"]["watch"].clone();
    assert!(first.is_u64() && watch("b")["watching"]["watch"].is_u64());
    assert_eq!(watch("c")["failed"]["code"], "limit");
    assert_eq!(client.ask(json!({"type": "unwatch", "watch": first}), 2), "done");
    let outcome = client.ask(json!({"type": "watch", "path": folder.file("c")}), 3);
    assert!(outcome["watching"]["watch"].is_u64(), "{outcome}");
    let (mut other, _) = Client::hello(serving.address, &serving.token, json!({}));
    other.send(&attach(0));
    other.receive_type("attached");
}

/// Rates without a bound that matters here.
fn unhurried(limits: Limits) -> Config {
    let limits =
        Limits { client_messages_per_second: 1 << 40, client_bytes_per_second: 1 << 40, ..limits };
    Config { limits, log_level: LogLevel::Info, ..Config::default() }
}

/// Requests whose answers are not read: the server stops reading, and in the end closes.
#[test]
fn who_asks_and_does_not_read() {
    let _turn = turn();
    let limits = Limits { client_stall_time: Duration::from_millis(500), ..Limits::default() };
    let serving = Serving::start(unhurried(limits));
    let mut bystander = Bystander::new(&serving);
    // A screen with as many matches as a search gives.
    let script = "yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx | head -n 900; echo done; exec cat";
    let terminal = serving.spawn(&["sh", "-c", script], true);
    let (mut reader, _) = Client::hello(serving.address, &serving.token, json!({}));
    reader.send(&json!({"type": "attach", "terminal": terminal, "start": "oldest"}));
    reader.read_until(terminal, b"done\r\n");
    let before = resident_bytes();
    let mutation = |n: usize| {
        let id = format!("s{}", n % 100);
        let put = json!({"put_session": {"id": id, "name": "", "panes": [], "metadata": {}}});
        json!({"type": "change", "mutation": n, "ops": [{"change": put}]})
    };
    type Ask<'a> = Box<dyn Fn(usize) -> serde_json::Value + 'a>;
    let asks: [(&str, Ask<'_>); 4] = [
        (
            "searches",
            Box::new(
                |n| json!({"type": "search", "id": n, "terminal": terminal, "pattern": "x", "max": 10_000}),
            ),
        ),
        ("queries", Box::new(|n| json!({"type": "query", "id": n, "terminal": terminal}))),
        ("changes", Box::new(mutation)),
        (
            "conflicts",
            Box::new(|n| {
                let remove = json!({"remove_session": {"id": "nothing"}});
                json!({"type": "change", "mutation": n, "ops": [{"change": remove, "base": 1}]})
            }),
        ),
    ];
    for (row, ask) in &asks {
        let mut raw = Raw::enter(serving.address, &serving.token);
        raw.stream.set_nonblocking(true).unwrap();
        for n in 0..10_000 {
            let bytes = frame(FIN | TEXT, ask(n).to_string().as_bytes());
            if raw.stream.write_all(&bytes).is_err() {
                break; // The server reads no further, or has closed.
            }
            if n % 1000 == 0 {
                bystander.echoes();
            }
        }
        bystander.echoes();
        let growth = resident_bytes().saturating_sub(before);
        assert!(growth < GROWTH_MAX, "{row}: {growth} bytes more");
        serving.wait_log("closed, 4004");
        drop(raw);
    }
    bystander.echoes();
}

/// Who does read gets an answer to everything, however much it has asked for at once.
#[test]
fn ten_thousand_requests_are_answered() {
    let _turn = turn();
    let serving = Serving::start(unhurried(Limits::default()));
    let mut bystander = Bystander::new(&serving);
    let terminal = serving.spawn(&["cat"], false);
    let mut raw = Raw::enter(serving.address, &serving.token);
    let mut half = Raw { stream: raw.stream.try_clone().unwrap() };
    let writer = std::thread::spawn(move || {
        for n in 0..10_000 {
            half.json(&json!({"type": "query", "id": n, "terminal": terminal}));
        }
    });
    for n in 0..10_000 {
        assert_eq!(raw.next_json().unwrap()["id"], n);
    }
    writer.join().unwrap();
    bystander.echoes();
}

/// Pings cost their sender: they count as messages, and answers that are not read end the connection.
#[test]
fn a_flood_of_pings() {
    let _turn = turn();
    let limits = Limits { client_stall_time: Duration::from_millis(500), ..Limits::default() };
    let serving = Serving::start(unhurried(limits));
    let mut bystander = Bystander::new(&serving);
    let before = resident_bytes();
    let pings = frame(FIN | PING, &[b'x'; 125]).repeat(100);
    let mut raw = Raw::enter(serving.address, &serving.token);
    raw.stream.set_nonblocking(true).unwrap();
    // Until the server reads no further, or has closed.
    while raw.stream.write_all(&pings).is_ok() {}
    bystander.echoes();
    let growth = resident_bytes().saturating_sub(before);
    assert!(growth < GROWTH_MAX, "{growth} bytes more");
    serving.wait_log("closed, 4004");
    // Unsolicited pongs are nothing.
    let mut raw = Raw::enter(serving.address, &serving.token);
    raw.send(&frame(FIN | 10, b"pong").repeat(1000));
    raw.json(&json!({"type": "ping", "id": 1}));
    assert_eq!(raw.next_json().unwrap()["id"], 1);
    bystander.echoes();
}

/// Beyond its rate a client is read more slowly, and loses nothing; others are not held up.
#[test]
fn who_is_too_fast_waits() {
    let _turn = turn();
    let limits = Limits { client_messages_per_second: 2000, ..Limits::default() };
    let serving = Serving::start(Config { limits, ..Config::default() });
    let mut bystander = Bystander::new(&serving);
    let mut raw = Raw::enter(serving.address, &serving.token);
    let all: Vec<u8> = (0..3000)
        .flat_map(|n| frame(FIN | TEXT, json!({"type": "ping", "id": n}).to_string().as_bytes()))
        .collect();
    let begun = std::time::Instant::now();
    raw.send(&all);
    bystander.echoes();
    for n in 0..3000 {
        assert_eq!(raw.next_json().unwrap()["id"], n);
    }
    // The burst is a second's worth; the thousand behind it need half a second more at this rate. A lower
    // bound, which a slow machine does not break.
    assert!(begun.elapsed() >= Duration::from_millis(450), "{:?}", begun.elapsed());
    bystander.echoes();
}
