//! Clearing a screen, for clients: whoever follows the terminal, or comes back to it, sees what is left.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/serving.rs"]
mod serving;

use client::Client;
use orchflow::{Config, TerminalId};
use serde_json::{Value, json};
use serving::Serving;

/// Twenty lines, then the alternate screen.
const ALTERNATE: &str = "stty -echo; i=0; while [ $i -lt 30 ]; do echo line $i; i=$((i+1)); done; \
    printf '$ vi\\033[?1049h\\033[Htop\\033[5;3Hend'; read x; printf '\\033[?1049l!'; exec cat";

fn attach(serving: &Serving, terminal: u64, start: Value) -> Client {
    let fields = json!({"attach": [{"terminal": terminal, "start": start}]});
    Client::hello(serving.address, &serving.token, fields).0
}

fn clear(client: &mut Client, terminal: u64) {
    let batch = json!({"type": "batch", "ops": [{"terminal": terminal, "op": "clear"}]});
    let outcome = client.ask(batch, 7);
    assert!(outcome.get("error").is_none(), "{outcome}");
}

/// The data of the next snapshot.
fn snapshot(client: &mut Client) -> (u64, String) {
    let (mut data, mut offset) = (String::new(), 0);
    loop {
        let part = client.receive_type("terminal_snapshot");
        data.push_str(part["data"].as_str().unwrap());
        offset = offset.max(part["offset"].as_u64().unwrap());
        if part["more"] == false {
            return (offset, data);
        }
    }
}

fn shown(serving: &Serving, terminal: u64) -> String {
    serving.with(move |engine| engine.screen_text(TerminalId::from_u64(terminal), 100).unwrap())
}

#[test]
fn a_client_clears_the_scrollback_under_the_alternate_screen() {
    let serving = Serving::start(Config::default());
    let terminal = serving.spawn(&["sh", "-c", ALTERNATE], true);
    let mut client = attach(&serving, terminal, json!("oldest"));
    let mut viewer = Client::hello(serving.address, &serving.token, json!({})).0;
    client.read_until(terminal, b"end");
    viewer.send(&json!({"type": "attach", "terminal": terminal, "mode": "screen"}));
    assert!(viewer.receive_type("screen")["history"].as_u64().is_some());
    clear(&mut viewer, terminal);
    // It gets what is left instead of what it has.
    let (_, data) = snapshot(&mut client);
    assert!(data.contains("top") && data.contains("end"), "{data:?}");
    assert!(data.contains("line 29") && !data.contains("line 3\r"), "{data:?}");
    assert!(shown(&serving, terminal).starts_with("top\n"), "what the program drew stays");
    client.type_in(terminal, b"\n");
    client.read_until(terminal, b"!");
    let text = shown(&serving, terminal);
    assert!(!text.contains("line 3\n") && text.contains("line 29"), "{text}");
    assert!(text.contains("$ vi!"), "{text}");
}

/// A client that resumes from before the clearing would show for ever what nobody else sees.
#[test]
fn who_resumes_from_before_a_clearing_gets_a_snapshot() {
    let serving = Serving::start(Config::default());
    let terminal = serving.spawn(&["sh", "-c", "printf 'one\\r\\ntwo\\r\\n$ '; exec cat"], true);
    let mut client = attach(&serving, terminal, json!("oldest"));
    let seen = client.read_until(terminal, b"$ ").len() as u64;
    clear(&mut client, terminal);
    let (offset, data) = snapshot(&mut client);
    assert!(offset == seen && !data.contains("one") && data.contains('$'), "{data:?}");
    for start in [json!({"offset": 2}), json!("oldest")] {
        let mut late = attach(&serving, terminal, start);
        let (offset, data) = snapshot(&mut late);
        assert!(offset == seen && !data.contains("one") && data.contains('$'), "{data:?}");
    }
    // Who has everything up to it goes on with bytes.
    let mut current = attach(&serving, terminal, json!({"offset": seen}));
    client.type_in(terminal, b"x");
    assert_eq!(current.read_until(terminal, b"x"), b"x");
}

/// What the program shows last comes before its end is reported, and nothing waits for an interval.
#[test]
fn a_viewer_sees_the_end_before_it_is_reported() {
    let serving = Serving::start(Config::default());
    let script = "stty -echo; read x; printf 'a\\033[?2026hlast words'";
    let terminal = serving.spawn(&["sh", "-c", script], true);
    let mut viewer = Client::hello(serving.address, &serving.token, json!({})).0;
    viewer.send(&json!({"type": "attach", "terminal": terminal, "mode": "screen"}));
    viewer.receive_type("screen");
    viewer.type_in(terminal, b"\n");
    let mut text = String::new();
    loop {
        let client::Incoming::Json(message) = viewer.receive() else { panic!("not JSON") };
        if message["type"] == "ended" {
            break;
        }
        text.push_str(&message["lines"].to_string());
    }
    assert!(text.contains("last words"), "{text}");
}
