//! Clients that observe the engine: figures as often as they want them, and the health when it changes.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/serving.rs"]
mod serving;
mod support;

use std::io;

use client::Client;
use orchflow::{Config, Scopes, TokenOptions, WatchOptions};
use serde_json::{Value, json};
use serving::Serving;
use support::files::TempDir;
use support::wait_for;

fn observe(client: &mut Client, figures_ms: u64, health: bool) {
    client.send(&json!({"type": "observe", "figures_ms": figures_ms, "health": health}));
}

fn number(figures: &Value, name: &str) -> u64 {
    figures[name].as_u64().unwrap()
}

#[test]
fn figures_come_at_once_and_again() {
    let serving = Serving::start(Config::default());
    let terminal = serving.spawn(&["cat"], true);
    let (mut client, _) = Client::hello(serving.address, &serving.token, json!({}));
    observe(&mut client, 250, false);
    let first = client.receive_type("figures");
    client.type_in(terminal, b"hello\r");
    // Until the output has been counted.
    let second = loop {
        let next = client.receive_type("figures");
        if number(&next, "pty_read_bytes") > 0 {
            break next;
        }
    };
    assert!(number(&second, "uptime_ms") >= number(&first, "uptime_ms") + 250);
    assert!(number(&second, "turns") > number(&first, "turns"));
    assert!(number(&second, "pty_written_bytes") >= 6);
    assert!(number(&second, "received_bytes") > number(&first, "received_bytes"));
    assert_eq!((number(&second, "terminals"), number(&second, "clients")), (1, 1));
    assert_eq!(second["response"]["count"], 1, "{second}");
    let parts = second["memory"].as_array().unwrap();
    let logs = parts.iter().find(|part| part["name"] == "logs").unwrap();
    assert!(number(logs, "bytes") > 0 && number(&second, "memory_limit") > 0);
}

/// A second subscription takes the place of the first; without one nothing comes, and the engine has no timer.
#[test]
fn nothing_comes_to_who_wants_nothing() {
    let serving = Serving::start(Config::default());
    let (mut client, _) = Client::hello(serving.address, &serving.token, json!({}));
    observe(&mut client, 250, true);
    assert_eq!(client.receive_type("health")["status"], "ok");
    client.receive_type("figures");
    observe(&mut client, 0, false);
    client.settle();
    let is_idle = || serving.with(|engine| engine.time_to_deadline().is_none());
    wait_for("an engine without a timer", is_idle);
    // One that goes takes its subscription along.
    observe(&mut client, 250, false);
    client.receive_type("figures");
    drop(client);
    wait_for("the end of the client", || serving.with(|engine| engine.clients().is_empty()));
    wait_for("an engine without a timer", is_idle);
}

#[test]
fn the_health_comes_when_it_changes() {
    let serving = Serving::start(Config::default());
    let folder = TempDir::new();
    let root = folder.path().to_owned();
    let watch = serving.with(move |engine| engine.add_watch(&WatchOptions::new(&root)).unwrap());
    let (mut client, _) = Client::hello(serving.address, &serving.token, json!({}));
    observe(&mut client, 0, true);
    let well = client.receive_type("health");
    assert_eq!((&well["status"], &well["parts"]), (&json!("ok"), &json!([])));
    serving.with(move |engine| {
        engine.report_save(watch, &Err(io::Error::from_raw_os_error(libc::ENOSPC))).unwrap();
    });
    let unwell = client.receive_type("health");
    let part = &unwell["parts"][0];
    assert_eq!((&unwell["status"], &part["status"]), (&json!("degraded"), &json!("degraded")));
    assert_eq!((&part["part"], &part["reason"]), (&json!("watch"), &json!("disk_full")));
    assert_eq!(number(part, "id"), watch.to_u64());
    assert!(!part["message"].as_str().unwrap().is_empty());
    serving.with(move |engine| engine.report_save(watch, &Ok(())).unwrap());
    assert_eq!(client.receive_type("health")["status"], "ok");
}

#[test]
fn observing_needs_its_scope() {
    let serving = Serving::start(Config::default());
    let options = TokenOptions { scopes: Scopes::TYPE, ..TokenOptions::default() };
    let (_, token) = serving.with(move |engine| engine.add_token(options).unwrap());
    let (mut client, _) = Client::hello(serving.address, &token, json!({}));
    observe(&mut client, 250, true);
    assert_eq!(client.receive_type("error")["code"], "forbidden");
}
