//! Clients that are slow beside clients that are not, on the same terminal and on others.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/bystander.rs"]
mod bystander;
#[path = "support/client.rs"]
mod client;
#[path = "support/memory.rs"]
mod memory;
#[path = "support/serving.rs"]
mod serving;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use bystander::Bystander;
use client::{Client, Incoming};
use memory::resident_bytes;
use orchflow::{Config, Limits};
use serde_json::{Value, json};
use serving::Serving;

/// Numbers in the flood: 1.3 MB of text.
const NUMBERS: usize = 170_000;
const FLOOD: &str = "stty -echo; echo ready; read line; exec seq 1 170000";

/// What the flood looks like.
fn flood() -> Vec<u8> {
    let numbers = (1..=NUMBERS).map(|n| format!("{n}\r\n")).collect::<String>();
    format!("ready\r\n{numbers}").into_bytes()
}

/// Bytes with their offsets.
type Pieces = Vec<(u64, Vec<u8>)>;

/// From and to which offset bytes were lost.
type Gaps = Vec<(u64, u64)>;

/// Follows a terminal to its end; gives the bytes with their offsets, and the gaps.
fn follow(client: &mut Client, terminal: u64, window: u64) -> (Pieces, Gaps) {
    let (mut output, mut gaps, mut credited) = (Vec::new(), Vec::new(), 0);
    loop {
        match client.receive() {
            Incoming::Output { offset, bytes, .. } => {
                let end = offset + bytes.len() as u64;
                output.push((offset, bytes));
                if end >= credited + window / 2 {
                    credited = end;
                    client.credit(terminal, end);
                }
            }
            Incoming::Json(value) if value["type"] == "gap" => {
                let [from, to] = ["from", "to"].map(|name| value[name].as_u64().unwrap());
                gaps.push((from, to));
                credited = to;
            }
            Incoming::Json(value) if value["type"] == "ended" => {
                assert_eq!(value["exit"], json!({"code": 0}));
                return (output, gaps);
            }
            Incoming::Json(_) => {}
            Incoming::Closed(code) => panic!("closed: {code:?}"),
        }
    }
}

fn attach(terminal: u64, window: u64) -> Value {
    json!({"attach": [{"terminal": terminal, "start": "oldest", "window": window}]})
}

/// A hundred clients get every byte of a flood beside one that reads nothing; that one learns what it
/// lost, and nobody's memory grows with it.
#[test]
fn one_that_stalls_beside_a_hundred() {
    let limits = Limits { log_bytes: 256 << 10, ..Limits::default() };
    let serving = Serving::start(Config { limits, ..Config::default() });
    let terminal = serving.spawn(&["sh", "-c", FLOOD], false);
    let window = 64 << 10;
    let (mut stalled, _) = Client::hello(serving.address, &serving.token, attach(terminal, window));
    stalled.read_until(terminal, b"ready\r\n");
    let before = resident_bytes();
    let expected = Arc::new(flood());
    let good: Vec<JoinHandle<()>> = (0..100)
        .map(|_| {
            let fields = attach(terminal, window);
            let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
            client.receive_type("attached");
            let expected = Arc::clone(&expected);
            std::thread::spawn(move || {
                let (output, gaps) = follow(&mut client, terminal, window);
                assert_eq!(gaps, []);
                let bytes: Vec<u8> = output.into_iter().flat_map(|(_, bytes)| bytes).collect();
                assert!(bytes == *expected, "{} bytes differ", bytes.len());
            })
        })
        .collect();
    let mut typist = Client::hello(serving.address, &serving.token, json!({})).0;
    typist.type_in(terminal, b"\n");
    for client in good {
        client.join().unwrap();
    }
    // What waits for the one that stalls is a window and a part of a piece, not the flood.
    let queued = serving.with(|engine| {
        let clients = engine.clients();
        (clients.iter().map(|client| client.queued_bytes).max(), engine.log_bytes())
    });
    assert!(queued.0.unwrap() <= 192 << 10, "{queued:?}");
    assert!(queued.1 <= 256 << 10, "{queued:?}");
    // What the good ones have collected is no more than this; the rest would be queues.
    let growth = resident_bytes().saturating_sub(before);
    assert!(growth < 100 * expected.len() + (128 << 20), "{growth} bytes more");
    let (output, gaps) = follow(&mut stalled, terminal, window);
    assert!(!gaps.is_empty());
    let mut at = b"ready\r\n".len() as u64;
    for (offset, bytes) in output {
        // Every byte that did not come is in a gap.
        if offset > at {
            assert!(gaps.contains(&(at, offset)), "{at} to {offset}: {gaps:?}");
        }
        let from = usize::try_from(offset).unwrap();
        assert!(bytes == expected[from..from + bytes.len()]);
        at = offset + bytes.len() as u64;
    }
    assert_eq!(gaps.last().map_or(at, |(_, to)| at.max(*to)), expected.len() as u64);
}

/// A flood in one terminal, which a client follows, does not keep another terminal's echo.
#[test]
fn an_echo_beside_a_flood() {
    let serving = Serving::start(Config::default());
    let mut bystander = Bystander::new(&serving);
    let terminal = serving.spawn(&["yes"], false);
    let fields = json!({"attach": [{"terminal": terminal}]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
    let is_over = Arc::new(AtomicBool::new(false));
    let reader = {
        let is_over = Arc::clone(&is_over);
        std::thread::spawn(move || {
            let mut bytes = 0;
            while !is_over.load(Ordering::Relaxed) {
                bytes += client.read_until(terminal, b"y\r\n").len();
            }
            bytes
        })
    };
    for _ in 0..200 {
        bystander.echoes();
    }
    is_over.store(true, Ordering::Relaxed);
    assert!(reader.join().unwrap() > 0);
}

/// An interrupt ends a flood at once for who typed it: what was not sent is dropped, reported as a gap or a
/// snapshot, and the prompt follows without any credit.
#[test]
fn an_interrupt_under_a_flood() {
    let serving = Serving::start(Config::default());
    let script = "trap : INT; yes; echo prompt; exec cat";
    for screen in [false, true] {
        let terminal = serving.spawn(&["sh", "-c", script], screen);
        let fields = json!({"attach": [{"terminal": terminal, "start": "oldest"}]});
        let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
        let mut at = client.receive_type("attached")["offset"].as_u64().unwrap();
        // Until the window is used up: now more waits than is sent.
        let window = 256 << 10;
        while at < window {
            if let Incoming::Output { offset, bytes, .. } = client.receive() {
                at = offset + bytes.len() as u64;
            }
        }
        client.type_in(terminal, b"\x03");
        let (mut received, mut jumps, mut text) = (0, 0, Vec::new());
        while !text.windows(6).any(|part| part == b"prompt") {
            match client.receive() {
                Incoming::Output { bytes, .. } => {
                    received += bytes.len() as u64;
                    text.extend(bytes);
                }
                Incoming::Json(value) if value["type"] == "gap" => {
                    assert!(!screen);
                    jumps += 1;
                }
                Incoming::Json(value) if value["type"] == "terminal_snapshot" => {
                    assert!(screen);
                    jumps += 1;
                    text.extend(value["data"].as_str().unwrap().bytes());
                }
                Incoming::Json(_) => {}
                Incoming::Closed(code) => panic!("closed: {code:?}"),
            }
        }
        assert!(jumps > 0);
        assert!(received <= 2 * window, "{received}");
        client.type_in(terminal, b"again\n");
        client.read_until(terminal, b"again\r\nagain\r\n");
    }
}

/// A client that gets every byte and reads nothing keeps the program waiting when nobody else does, and
/// gets all of it later.
#[test]
fn nobody_else_waits() {
    let serving = Serving::start(Config::default());
    let terminal = serving.with(|engine| {
        let options = orchflow::SpawnOptions::program("sh").args(["-c", FLOOD]).reader(None);
        engine.spawn(&options).unwrap().to_u64()
    });
    let window = 64 << 10;
    let (mut client, _) = Client::hello(serving.address, &serving.token, attach(terminal, window));
    client.type_in(terminal, b"\n");
    // Until the program waits.
    let (mut observer, _) = Client::hello(serving.address, &serving.token, json!({}));
    let query = json!({"type": "query", "terminal": terminal});
    while observer.ask(query.clone(), 1)["terminal"]["paused"] != true {}
    let (output, gaps) = follow(&mut client, terminal, window);
    assert_eq!(gaps, []);
    let bytes: Vec<u8> = output.into_iter().flat_map(|(_, bytes)| bytes).collect();
    assert!(bytes.ends_with(&flood()[7..]), "{} bytes", bytes.len());
}
