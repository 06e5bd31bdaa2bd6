//! What a client learns when its connection is closed: the code and the bound that it has met, and that it
//! learns it at all.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/serving.rs"]
mod serving;

use std::time::{Duration, Instant};

use client::{Client, Incoming, WATCHDOG};
use orchflow::{Config, Limits, LogLevel};
use raw::{CLOSE, FIN, Raw, TEXT, header};
use serde_json::json;
use serving::Serving;

fn serve(limits: Limits) -> Serving {
    Serving::start(Config { limits, log_level: LogLevel::Info, ..Config::default() })
}

/// The smallest queue that a client can have.
fn small_queue() -> Limits {
    Limits { client_queue_bytes: 256 << 10, ..Limits::default() }
}

/// Looks until it is so.
fn wait(is_so: impl Fn() -> bool) {
    let until = Instant::now() + WATCHDOG;
    while !is_so() {
        assert!(Instant::now() < until, "it never came to be");
    }
}

/// Passes over what comes before the close frame; its code and its reason.
fn reason(raw: &mut Raw) -> Option<(u16, String)> {
    loop {
        let (first, payload) = raw.next_frame()?;
        if first == FIN | CLOSE {
            let code = u16::from_be_bytes([payload[0], payload[1]]);
            return Some((code, String::from_utf8(payload[2..].to_vec()).unwrap()));
        }
    }
}

/// A client that asks for an answer that is larger than its queue is not slow: it gets the answer, also when
/// it begins to read only after everything was queued.
#[test]
fn an_answer_that_is_larger_than_the_queue_arrives() {
    let serving = serve(small_queue());
    let mut raw = Raw::enter(serving.address, &serving.token);
    let ops = vec![json!({"terminal": 1, "op": "eof"}); 16_000];
    raw.json(&json!({"type": "batch", "id": 5, "ops": ops}));
    // The answer is queued in the turn that does the last operation.
    let queued = || serving.with(|engine| engine.clients().first().map(|c| c.queued_bytes));
    wait(|| queued() != Some(0));
    let answer = raw.next_json().unwrap();
    assert_eq!(answer["id"], 5);
    let statuses = answer["outcome"]["statuses"].as_array().unwrap();
    assert_eq!(statuses.len(), 16_000);
    assert_eq!(statuses[15_999]["code"], "skipped");
    assert!(answer.to_string().len() > 500_000);
    raw.json(&json!({"type": "ping", "id": 6}));
    assert_eq!(raw.next_json().unwrap(), json!({"type": "pong", "id": 6}));
}

/// A message that does not go on closes by a reason that names the bound.
#[test]
fn a_message_that_does_not_go_on_is_named() {
    let limits = Limits { client_stall_time: Duration::from_millis(300), ..Limits::default() };
    let serving = serve(limits);
    let mut raw = Raw::enter(serving.address, &serving.token);
    let mut begun = header(FIN | TEXT, 100);
    begun.extend_from_slice(b"{");
    raw.send(&begun);
    let (code, why) = reason(&mut raw).unwrap();
    assert_eq!(code, 4004);
    assert_eq!(why, "client_stall_time: a message has not gone on for 300 ms");
}

/// A client that takes nothing is closed by a reason that names the bound.
#[test]
fn a_queue_that_does_not_move_is_named() {
    let limits = Limits { client_stall_time: Duration::from_millis(300), ..Limits::default() };
    let serving = serve(limits);
    let terminal = serving.spawn(&["yes"], false);
    let fields = json!({"attach": [{"terminal": terminal, "mode": "lossy", "window": 1 << 20}]});
    let (_client, _) = Client::hello(serving.address, &serving.token, fields);
    let line = serving.wait_log("closed, 4004");
    let why = "client_stall_time: nothing was taken of what waits for 300 ms";
    assert!(line.contains(why), "{line}");
}

/// Whoever says goodbye while much waits for it gets the answer to that.
#[test]
fn a_goodbye_is_answered_behind_a_flood() {
    let serving = serve(Limits::default());
    let terminal = serving.spawn(&["yes"], false);
    let mut raw = Raw::enter(serving.address, &serving.token);
    raw.json(&json!({"type": "attach", "terminal": terminal, "mode": "lossy", "window": 1 << 20}));
    let queued = || serving.with(|engine| engine.clients().first().map_or(0, |c| c.queued_bytes));
    wait(|| queued() > 0);
    raw.frame(FIN | CLOSE, &1000_u16.to_be_bytes());
    serving.wait_log("gone");
    assert_eq!(raw.close_code(), Some(1000));
    raw.wait_end();
    let left = || serving.with(|engine| engine.clients().len());
    assert_eq!(left(), 0);
}

/// A shutdown says so to everybody, in the language that they speak by then.
#[test]
fn a_shutdown_is_reported_at_every_step() {
    let serving = serve(Limits::default());
    let (mut open, _) = Client::hello(serving.address, &serving.token, json!({}));
    let mut upgraded = Raw::upgrade(serving.address, "orchflow.v1.json");
    let mut silent = Raw::connect(serving.address, b"GET / HTTP/1.1\r\n");
    // The one that came last was accepted, so all were.
    Client::hello(serving.address, &serving.token, json!({})).0.settle();
    serving.with(|engine| engine.shutdown(Duration::ZERO).unwrap());
    assert_eq!(open.receive(), Incoming::Closed(Some(1001)));
    assert_eq!(upgraded.close_code(), Some(1001));
    assert_eq!(silent.status(), Some(503));
}
