//! Frames without end, and messages that are never finished: nobody is held up, who sends them pays, and
//! memory is bounded and comes back.

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
#[path = "support/memory.rs"]
mod memory;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/serving.rs"]
mod serving;

use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bystander::Bystander;
use client::Client;
use memory::resident_bytes;
use orchflow::{Config, Limits};
use raw::{BINARY, CONTINUATION, FIN, PING, Raw, TEXT, deflate, frame, header};
use serde_json::json;
use serving::Serving;

const JSON: &str = "orchflow.v1.json";
const PONG: u8 = 10;

/// One test at a time: the memory that is measured is that of the process.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends these bytes again and again, until the connection ends.
fn flood(raw: &Raw, bytes: &[u8]) -> JoinHandle<()> {
    let mut stream = raw.stream.try_clone().unwrap();
    let bytes = bytes.to_vec();
    std::thread::spawn(move || while stream.write_all(&bytes).is_ok() {})
}

/// Endless fragments that carry nothing, before the hello and behind it: a message has only so many.
#[test]
fn endless_empty_fragments() {
    let _turn = turn();
    let serving = Serving::start(Config::default());
    let mut bystander = Bystander::new(&serving);
    let empty = frame(CONTINUATION, b"").repeat(1000);
    for is_in in [false, true] {
        let mut raw = if is_in {
            Raw::enter(serving.address, &serving.token)
        } else {
            Raw::upgrade(serving.address, JSON)
        };
        raw.frame(TEXT, b"");
        let flood = flood(&raw, &empty);
        bystander.echoes();
        assert_eq!(raw.close_code(), Some(1009), "{is_in}");
        bystander.echoes();
        raw.wait_end();
        flood.join().unwrap();
    }
    // So many are fine.
    let mut raw = Raw::enter(serving.address, &serving.token);
    raw.frame(TEXT, br#"{"type":"ping","#);
    raw.send(&frame(CONTINUATION, b"").repeat(1022));
    raw.frame(FIN | CONTINUATION, br#""id":1}"#);
    assert_eq!(raw.next_json().unwrap()["id"], 1);
}

/// Control frames without end before the hello: its deadline fires all the same, and others get in.
#[test]
fn endless_control_frames_before_the_hello() {
    let _turn = turn();
    let limits = Limits { client_hello_time: Duration::from_secs(1), ..Limits::default() };
    let serving = Serving::start(Config { limits, ..Config::default() });
    let mut bystander = Bystander::new(&serving);
    let mut floods = Vec::new();
    for first in [FIN | PING, FIN | PONG, FIN | PING, FIN | PONG] {
        let raw = Raw::upgrade(serving.address, JSON);
        let flood = flood(&raw, &frame(first, b"").repeat(1000));
        floods.push((raw, flood));
    }
    for _ in 0..5 {
        bystander.echoes();
        Client::hello(serving.address, &serving.token, json!({})).0.settle();
    }
    for (mut raw, flood) in floods {
        assert_eq!(raw.close_code(), Some(4002));
        raw.wait_end();
        flood.join().unwrap();
    }
    bystander.echoes();
}

/// Every ping has its pong, also the one at which the rate is used up.
#[test]
fn the_last_pong() {
    let _turn = turn();
    let serving = Serving::start(Config::default());
    let per_second = Limits::default().client_messages_per_second;
    // The hello was a message.
    for count in [per_second - 1, per_second, per_second + 1] {
        let mut raw = Raw::enter(serving.address, &serving.token);
        let pings: Vec<u8> = (0..count).flat_map(|n| frame(FIN | PING, &n.to_le_bytes())).collect();
        raw.send(&pings);
        for n in 0..count {
            assert_eq!(raw.next_frame(), Some((FIN | PONG, n.to_le_bytes().to_vec())));
        }
    }
}

/// Pongs that nobody asked for, and fragments, count as messages do.
#[test]
fn every_frame_counts() {
    let _turn = turn();
    let serving = Serving::start(Config::default());
    let mut fragments = frame(TEXT, b"");
    fragments.extend(frame(CONTINUATION, b"").repeat(998));
    fragments.extend(frame(FIN | CONTINUATION, br#"{"type":"ping","id":1}"#));
    for frames in [frame(FIN | PONG, b"").repeat(3000), fragments.repeat(3)] {
        let mut raw = Raw::enter(serving.address, &serving.token);
        let begun = Instant::now();
        raw.send(&frames);
        raw.json(&json!({"type": "ping", "id": 2}));
        while raw.next_json().unwrap()["id"] != 2 {}
        // The burst is a second's worth; the thousand behind it need half a second more at this rate. A lower
        // bound, which a slow machine does not break.
        assert!(begun.elapsed() >= Duration::from_millis(450), "{:?}", begun.elapsed());
    }
}

/// Messages that are small as they are sent and large inflated cost their sender: between two of them
/// somebody else has a question answered.
#[test]
fn what_inflates_is_paid_for() {
    const COUNT: usize = 12;
    let _turn = turn();
    let serving = Serving::start(Config::default());
    let mut raw = Raw::enter(serving.address, &serving.token);
    let inflated = 4 << 20;
    let mut ping = br#"{"type":"ping","id":7}"#.to_vec();
    ping.resize(inflated, b' ');
    let mut message = vec![2, 1, 0, 0];
    message.extend_from_slice(&(inflated as u32).to_le_bytes());
    message.extend(deflate(&ping));
    assert!(message.len() < 5000);
    let (mut other, _) = Client::hello(serving.address, &serving.token, json!({}));
    let is_over = Arc::new(AtomicBool::new(false));
    let questions = {
        let is_over = Arc::clone(&is_over);
        std::thread::spawn(move || {
            let mut count = 0;
            while !is_over.load(Ordering::Relaxed) {
                other.settle();
                count += 1;
            }
            count
        })
    };
    raw.send(&frame(FIN | BINARY, &message).repeat(COUNT));
    for _ in 0..COUNT {
        assert_eq!(raw.next_json().unwrap()["id"], 7);
    }
    is_over.store(true, Ordering::Relaxed);
    let questions = questions.join().unwrap();
    // Four of them are a second's worth of bytes, and come at once.
    assert!(questions >= COUNT - 4, "{questions} questions were answered");
}

/// Rates without a bound that matters here.
fn unhurried(limits: Limits) -> Config {
    let limits =
        Limits { client_messages_per_second: 1 << 40, client_bytes_per_second: 1 << 40, ..limits };
    Config { limits, ..Config::default() }
}

/// Writes as much as the server takes of what each has left, until it takes no more of any.
fn push_all(clients: &mut [(Raw, Vec<u8>)], bystander: &mut Bystander) {
    clients.iter().for_each(|(raw, _)| raw.stream.set_nonblocking(true).unwrap());
    let mut idle_rounds = 0;
    while idle_rounds < 20 {
        idle_rounds += 1;
        for (raw, rest) in clients.iter_mut() {
            match raw.stream.write(rest) {
                Ok(0) => {}
                Ok(count) => {
                    rest.drain(..count);
                    idle_rounds = 0;
                }
                Err(e) => assert_eq!(e.kind(), ErrorKind::WouldBlock),
            }
        }
        bystander.echoes();
    }
}

/// Three hundred clients that do not finish a large message: their memory is bounded, and it is back when they
/// have left, each time.
#[test]
fn unfinished_messages_are_bounded_and_given_back() {
    const CLIENTS: usize = 300;
    let _turn = turn();
    let serving = Serving::start(unhurried(Limits::default()));
    let mut bystander = Bystander::new(&serving);
    bystander.echoes();
    for round in 0..2 {
        let mut clients: Vec<_> = (0..CLIENTS)
            .map(|_| (Raw::enter(serving.address, &serving.token), Vec::new()))
            .collect();
        // What the test itself needs is there before.
        let mut message = header(FIN | TEXT, 1 << 20);
        message.resize((1 << 20) - 1, b' ');
        clients.iter_mut().for_each(|(_, rest)| rest.clone_from(&message));
        let before = resident_bytes();
        let sent_before: usize = clients.iter().map(|(_, rest)| rest.len()).sum();
        push_all(&mut clients, &mut bystander);
        let growth = resident_bytes().saturating_sub(before);
        let sent = sent_before - clients.iter().map(|(_, rest)| rest.len()).sum::<usize>();
        eprintln!("round {round}: {growth} bytes more for {sent} sent");
        assert!(sent >= 60 << 20, "{sent} bytes were sent");
        assert!(growth <= (64 << 20) + CLIENTS * (32 << 10) + (8 << 20), "{growth} bytes more");
        let streams: Vec<_> = clients.drain(..).map(|(raw, _)| raw.stream).collect();
        drop(streams);
        while serving.with(|engine| engine.clients().len()) > 1 {
            bystander.echoes();
        }
        drop(clients);
        let left = resident_bytes().saturating_sub(before);
        eprintln!("round {round}: {left} bytes more afterwards");
        assert!(left <= 8 << 20, "{left} bytes are not back");
        bystander.echoes();
    }
}

/// Who has begun a large message when there is no more room waits for others to finish theirs, and those who do
/// not are closed.
#[test]
fn who_waits_for_room_gets_it() {
    let _turn = turn();
    let limits = Limits {
        client_partial_bytes_total: 1 << 20,
        client_stall_time: Duration::from_secs(6),
        ..Limits::default()
    };
    let serving = Serving::start(unhurried(limits));
    let mut bystander = Bystander::new(&serving);
    let mut ping = br#"{"type":"ping","id":1}"#.to_vec();
    ping.resize(1 << 20, b' ');
    let whole = frame(FIN | TEXT, &ping);
    let cut = 900 << 10;
    for finishes in [true, false] {
        // Two have all of the room, and the one message beyond it.
        let mut holders = [0, 1].map(|_| {
            let mut raw = Raw::enter(serving.address, &serving.token);
            raw.send(&whole[..cut]);
            // While somebody types a turn reads one piece; an echo takes two turns at least.
            (0..100).for_each(|_| bystander.echoes());
            raw
        });
        let mut late = Raw::enter(serving.address, &serving.token);
        let mut half = Raw { stream: late.stream.try_clone().unwrap() };
        let bytes = whole.clone();
        let writer = std::thread::spawn(move || half.send(&bytes));
        bystander.echoes();
        for holder in &mut holders {
            if finishes {
                holder.send(&whole[cut..]);
                assert_eq!(holder.next_json().unwrap()["id"], 1);
            } else {
                assert_eq!(holder.close_code(), Some(4004));
            }
        }
        assert_eq!(late.next_json().unwrap()["id"], 1);
        writer.join().unwrap();
        bystander.echoes();
    }
}

/// A small message that is not finished does not last either, and one that goes on slowly does.
#[test]
fn a_message_has_to_go_on() {
    let _turn = turn();
    let limits = Limits { client_stall_time: Duration::from_millis(800), ..Limits::default() };
    let serving = Serving::start(Config { limits, ..Config::default() });
    let mut slow = Raw::enter(serving.address, &serving.token);
    let mut stuck = Raw::enter(serving.address, &serving.token);
    let message = frame(FIN | TEXT, br#"{"type":"ping","id":1}"#);
    stuck.send(&message[..12]);
    slow.stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut nothing = [0];
    for byte in &message[..message.len() - 1] {
        slow.send(&[*byte]);
        let kind = slow.stream.peek(&mut nothing).unwrap_err().kind();
        assert!(matches!(kind, ErrorKind::WouldBlock | ErrorKind::Interrupted), "{kind}");
    }
    assert_eq!(stuck.close_code(), Some(4004));
    slow.send(&message[message.len() - 1..]);
    slow.stream.set_read_timeout(Some(client::WATCHDOG)).unwrap();
    assert_eq!(slow.next_json().unwrap()["id"], 1);
}
