//! What one request may cost, row by row: how much is done for a client in one turn, how much it is answered,
//! and that whoever plays by the rules loses nothing.
//!
//! Each test is named after the row that it holds (S: the server, E: the engine); see `turn_attacks.rs` for
//! the same from clients that do not stop.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/attacks.rs"]
mod attacks;
#[path = "support/client.rs"]
mod client;
#[path = "support/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "support/payloads.rs"]
mod payloads;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/turn_desk.rs"]
mod turn_desk;
#[path = "support/turn_figures.rs"]
mod turn_figures;
#[path = "support/turn_host.rs"]
mod turn_host;

use std::time::{Duration, Instant};

use files::TempDir;
use orchflow::{Limits, ScreenOptions};
use raw::{BINARY, CLOSE, CONTINUATION, FIN, PING, Raw, TEXT, frame};
use serde_json::{Value, json};
use turn_desk::Desk;
use turn_host::{PATIENCE, TurnHost, enter};

/// Answers to requests that cost a millisecond and more, of those that one turn may give.
const ANSWERS_MAX: usize = 4;

fn client(host: &TurnHost, token: &str) -> Raw {
    enter(host.address, token).expect("nobody else is there")
}

/// Asks and gives the outcome of the result.
fn ask(client: &mut Raw, request: &[u8], id: u64) -> Value {
    client.send(request);
    loop {
        let message = client.next_json().expect("closed instead of an answer");
        if message["type"] == "result" && message["id"] == id {
            return message["outcome"].clone();
        }
    }
}

// E1: what is asked for at once is not done at once.

#[test]
fn e1_one_turn_and_padded_pings() {
    let mut desk = Desk::new();
    let answered = desk.answered_in_one_turn(&payloads::padded_ping().repeat(12));
    assert!(answered <= ANSWERS_MAX, "{answered} of 12");
}

#[test]
fn e1_one_turn_and_nested_arrays() {
    let mut desk = Desk::new();
    let answered = desk.answered_in_one_turn(&payloads::nested_arrays().repeat(6));
    assert!(answered <= ANSWERS_MAX, "{answered} of 6");
}

#[test]
fn e1_one_turn_and_expressions_slow_to_compile() {
    let mut desk = Desk::new();
    let terminal = desk.screen(1000);
    let searches = |n| payloads::search(n, terminal, &payloads::slow_to_compile(n), 10);
    let answered = desk.answered_in_one_turn(&(0..64).flat_map(searches).collect::<Vec<u8>>());
    assert!(answered <= 4 * ANSWERS_MAX, "{answered} of 64");
}

#[test]
fn e1_one_turn_and_expressions_slow_to_run() {
    let mut desk = Desk::new();
    let terminal = desk.screen(79_000);
    // A few matches, and the rest of the line is looked through for each.
    let searches = |n| payloads::search(n, terminal, &format!("a.*z{n}|a{{500}}"), 1000);
    let answered = desk.answered_in_one_turn(&(0..16).flat_map(searches).collect::<Vec<u8>>());
    assert!(answered <= ANSWERS_MAX, "{answered} of 16");
}

/// A message that never ends, and a turn that does.
#[test]
fn s1_one_turn_and_empty_fragments() {
    let mut desk = Desk::new();
    let bytes = [frame(TEXT, b"{"), frame(CONTINUATION, b"").repeat(10_000)].concat();
    assert_eq!(desk.answered_in_one_turn(&bytes), 0);
}

// E2: what is answered.

/// The answer to 15,000 operations that fail is longer than a client's queue, and who reads it gets it.
#[test]
fn e2_a_batch_of_15_000_is_answered() {
    let host = TurnHost::start(Limits::default());
    let mut client = client(&host, &host.token);
    // Each on another terminal that does not exist, several batches at once.
    let batches: Vec<u8> = (1..4).flat_map(payloads::batch_of_15_000).collect();
    let mut half = Raw { stream: client.stream.try_clone().unwrap() };
    let writer = std::thread::spawn(move || half.send(&batches));
    for id in 1..4 {
        let outcome = ask(&mut client, &[], id);
        let statuses = outcome["statuses"].as_array().unwrap();
        assert_eq!(statuses.len(), 15_000);
        assert!(statuses.iter().all(|status| status["code"] == "not_found"));
    }
    writer.join().unwrap();
}

// S2: matches are bounded, also within one line.

#[test]
fn s2_matches_in_one_line() {
    let host = TurnHost::start(Limits::default());
    let screen = ScreenOptions { scrollback: 1000, ..ScreenOptions::default() };
    let script = r"head -c 60000 /dev/zero | tr '\0' q; exec cat";
    let terminal = host.spawn(script, Some(screen));
    host.wait_output(terminal, 60_000);
    let mut client = client(&host, &host.observer);
    for (id, max) in [(1, 1), (2, 10), (3, 1000), (4, 9_500)] {
        let outcome = ask(&mut client, &payloads::search(id, terminal, "q", max), id);
        let found = &outcome["found"];
        assert_eq!(found["matches"].as_array().unwrap().len(), max as usize);
        assert_eq!(found["complete"], false);
    }
    // The matches that there are, and no more: words of 60 of them.
    let outcome = ask(&mut client, &payloads::search(5, terminal, "q{60}", 1000), 5);
    assert_eq!(outcome["found"]["matches"].as_array().unwrap().len(), 1000);
}

#[test]
fn s2_a_screen_of_one_letter() {
    let host = TurnHost::start(Limits::default());
    let target = host.target();
    let mut client = client(&host, &host.observer);
    for (id, max) in [(1, 10), (2, 9_500)] {
        let outcome = ask(&mut client, &payloads::search(id, target.letters, "a", max), id);
        assert_eq!(outcome["found"]["matches"].as_array().unwrap().len(), max as usize);
    }
}

// S5: who may only observe does not stop a program.

fn observed(screen: Option<ScreenOptions>) -> (TurnHost, Raw, u64) {
    let host = TurnHost::start(turn_figures::limits(Duration::from_millis(200)));
    let directory = TempDir::new();
    let mark = directory.file("over");
    let script = format!(r"read x; head -c 6000000 /dev/zero | tr '\0' x; touch {mark}; exec cat");
    let terminal = host.spawn(&script, screen);
    let mut observer = client(&host, &host.observer);
    observer.json(&json!({"type": "attach", "terminal": terminal, "start": "oldest",
        "window": 4096}));
    assert_eq!(observer.next_json().unwrap()["type"], "attached");
    let mut typist = client(&host, &host.token);
    typist.json(&json!({"type": "input", "terminal": terminal, "data": "\n"}));
    let end = Instant::now() + PATIENCE;
    while !std::path::Path::new(&mark).exists() {
        assert!(Instant::now() < end, "the program stands still");
        std::thread::yield_now();
    }
    (host, observer, terminal)
}

/// Reads on, with credit again, until a message of one of these types comes.
fn read_on(observer: &mut Raw, terminal: u64, wanted: &[&str]) {
    loop {
        let (first, payload) = observer.next_frame().expect("closed");
        if first == FIN | TEXT {
            let message: Value = serde_json::from_slice(&payload).unwrap();
            if wanted.contains(&message["type"].as_str().unwrap()) {
                return;
            }
        } else {
            assert_eq!(first, FIN | BINARY, "closed: {payload:?}");
            let offset = u64::from_le_bytes(payload[10..18].try_into().unwrap());
            let end = offset + payload.len() as u64 - 18;
            observer.json(&json!({"type": "credit", "terminal": terminal, "offset": end}));
        }
    }
}

#[test]
fn s5_an_observer_without_a_screen_gets_a_gap() {
    let (_host, mut observer, terminal) = observed(None);
    read_on(&mut observer, terminal, &["gap"]);
}

#[test]
fn s5_an_observer_with_a_screen_goes_on_with_it() {
    let (_host, mut observer, terminal) = observed(Some(ScreenOptions::default()));
    read_on(&mut observer, terminal, &["screen", "terminal_snapshot"]);
}

// S7: strangers take no place of those who have a token.

#[test]
fn s7_strangers_that_hold_every_place() {
    let host = TurnHost::start(Limits::default());
    let mut strangers = Vec::new();
    for n in 0..400 {
        strangers.push(Raw::connect(host.address, b"GET / HTTP/1.1\r\n"));
        if n % 8 == 0 {
            assert!(enter(host.address, &host.token).is_some(), "turned away beside {n}");
        }
    }
}

// S9: every ping has its pong.

#[test]
fn s9_the_last_pong() {
    // A burst of 20, and then one every 50 ms: the client is paused between them.
    let limits = Limits { client_messages_per_second: 20, ..Limits::default() };
    let host = TurnHost::start(limits);
    let mut client = client(&host, &host.token);
    for pings in [21, 1, 20] {
        client.send(&frame(FIN | PING, b"p").repeat(pings));
        for n in 0..pings {
            assert_eq!(client.next_frame(), Some((FIN | 10, b"p".to_vec())), "pong {n}");
        }
    }
    client.frame(FIN | CLOSE, &1000_u16.to_be_bytes());
    assert_eq!(client.close_code(), Some(1000));
}
