//! Searches of clients: exact bounds, several at once, ended by the client or by what happens, and never in
//! anybody's way.

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
#[path = "support/serving.rs"]
mod serving;

use std::time::Instant;

use bystander::Bystander;
use client::{Client, WATCHDOG};
use orchflow::{Config, Stage};
use serde_json::{Value, json};
use serving::Serving;

/// Searching for this in a long line of `q` takes many minutes.
const ENDLESS: &str = "(q?){1500}!";

/// A terminal that shows one line of 60,000 `q`, and a client.
fn start() -> (Serving, u64, Client) {
    let serving = Serving::start(Config::default());
    let script = "stty -echo; head -c 60000 /dev/zero | tr '\\0' q; printf '\\nready\\n'; exec cat";
    let terminal = serving.spawn(&["sh", "-c", script], true);
    let fields = json!({"attach": [{"terminal": terminal}]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
    client.read_until(terminal, b"ready\r\n");
    client.send(&json!({"type": "detach", "terminal": terminal}));
    client.settle();
    (serving, terminal, client)
}

fn search(terminal: u64, pattern: &str, max: u32) -> Value {
    json!({
        "type": "search", "terminal": terminal, "pattern": pattern, "regex": true, "max": max,
    })
}

/// Begins searches that do not come to an end by themselves, with these ids.
fn begin(client: &mut Client, terminal: u64, ids: std::ops::Range<u64>) {
    for id in ids {
        let mut request = search(terminal, ENDLESS, 0);
        request["id"] = id.into();
        client.send(&request);
    }
}

fn jobs(serving: &Serving) -> (u64, u64) {
    serving.with(|engine| {
        let stages = engine.turn_stats().stages;
        let jobs = stages.iter().find(|stats| stats.stage == Stage::Jobs).unwrap();
        (jobs.cost, jobs.unit_cost_max)
    })
}

#[test]
fn max_is_exact() {
    let (_serving, terminal, mut client) = start();
    for (id, (max, count)) in
        [(10, 10), (0, 1000), (9_532, 9_532), (60_000, 9_532)].iter().enumerate()
    {
        let found = &client.ask(search(terminal, "q", *max), id as u64)["found"];
        assert_eq!(found["matches"].as_array().unwrap().len(), *count);
        assert_eq!(found["complete"], false);
    }
    let found = &client.ask(search(terminal, "^ready$", 10), 9)["found"];
    assert_eq!((found["matches"].as_array().unwrap().len(), &found["complete"]), (1, &json!(true)));
    // Several large answers wait until there is room: who reads is not closed.
    for id in 20..24 {
        let mut request = search(terminal, "q", 10_000);
        request["id"] = id.into();
        client.send(&request);
    }
    for _ in 20..24 {
        let found = &client.receive_type("result")["outcome"]["found"];
        assert_eq!(found["matches"].as_array().unwrap().len(), 9_532);
    }
}

#[test]
fn four_at_once_which_are_cancelled() {
    let (serving, terminal, mut client) = start();
    let mut bystander = Bystander::new(&serving);
    begin(&mut client, terminal, 1..5);
    assert_eq!(client.ask(search(terminal, "ready", 1), 5)["failed"]["code"], "limit");
    // Others search and type meanwhile.
    let (mut other, _) = Client::hello(serving.address, &serving.token, json!({}));
    assert_eq!(other.ask(search(terminal, "ready", 0), 1)["found"]["complete"], true);
    bystander.echoes();
    // Nobody ends another's search.
    other.send(&json!({"type": "cancel", "id": 2}));
    other.settle();
    for id in [3, 1, 4, 2] {
        client.send(&json!({"type": "cancel", "id": id}));
        let result = client.receive_type("result");
        assert_eq!(
            (&result["id"], &result["outcome"]["failed"]["code"]),
            (&json!(id), &json!("cancelled"))
        );
    }
    client.send(&json!({"type": "cancel", "id": 2}));
    assert_eq!(client.ask(search(terminal, "ready", 0), 6)["found"]["complete"], true);
    let (cost, largest) = jobs(&serving);
    assert!(cost > 0 && largest <= 1_000_000, "a unit of {largest}");
}

#[test]
fn more_searches_than_places() {
    let (serving, terminal, _client) = start();
    let mut clients: Vec<_> =
        (0..6).map(|_| Client::hello(serving.address, &serving.token, json!({})).0).collect();
    for client in &mut clients {
        begin(client, terminal, 1..5);
    }
    for client in &mut clients {
        client.send(&json!({"type": "cancel", "id": 1}));
        assert_eq!(client.receive_type("result")["outcome"]["failed"]["code"], "cancelled");
        assert_eq!(client.ask(search(terminal, "(", 0), 9)["failed"]["code"], "invalid");
    }
}

#[test]
fn a_terminal_that_goes_ends_its_searches() {
    let (_serving, terminal, mut client) = start();
    begin(&mut client, terminal, 1..3);
    let close = json!([{"terminal": terminal, "op": {"close": {"grace_ms": 0}}}]);
    client.send(&json!({"type": "batch", "id": 9, "ops": close}));
    let mut codes = Vec::new();
    while codes.len() < 2 {
        let result = client.receive_type("result");
        if result["id"] != 9 {
            codes.push(result["outcome"]["failed"]["code"].clone());
        }
    }
    assert_eq!(codes, ["not_found", "not_found"]);
}

#[test]
fn a_client_that_goes_takes_its_searches_with_it() {
    let (serving, terminal, mut client) = start();
    begin(&mut client, terminal, 1..5);
    client.settle();
    drop(client);
    let begun = Instant::now();
    let mut before = jobs(&serving).0;
    // A turn for each look; while there are searches, each turn works on them.
    loop {
        let now = jobs(&serving).0;
        if now == before {
            break;
        }
        before = now;
        assert!(begun.elapsed() < WATCHDOG, "they go on");
    }
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let (serving, terminal, mut client) = start();
    let plain = serving.spawn(&["cat"], false);
    let refused = [
        (search(plain, "x", 0), "no_screen"),
        (search(terminal + 999, "x", 0), "not_found"),
        (search(terminal, "", 0), "invalid"),
        (search(terminal, "(", 0), "invalid"),
        (search(terminal, "(a{1,100}){1,100}", 0), "invalid"),
        (search(terminal, &"q".repeat(2049), 0), "invalid"),
    ];
    for (id, (request, code)) in refused.into_iter().enumerate() {
        assert_eq!(client.ask(request, id as u64)["failed"]["code"], code);
    }
}

/// What is said about a pattern is one line, also when the expression's error would be several.
#[test]
fn a_refusal_is_one_line() {
    let (_serving, terminal, mut client) = start();
    for pattern in ["(", "a\n(", "\u{1b}[31m(", "[z-a]\u{2028}", "(?P<\0>"] {
        let request =
            json!({"type": "search", "terminal": terminal, "pattern": pattern, "regex": true});
        let outcome = client.ask(request, 1);
        let message = outcome["failed"]["message"].as_str().unwrap_or_else(|| panic!("{outcome}"));
        let breaks = |c: char| c.is_control() || c == '\u{2028}';
        assert!(!message.is_empty() && !message.contains(breaks), "{message:?}");
    }
}
