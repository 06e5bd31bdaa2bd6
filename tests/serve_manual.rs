//! What `docs/PROTOCOL.md` says of small things, seen by a client: sizes of zero, empty changes, names that are
//! too long, what is shown without a scope.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/serving.rs"]
mod serving;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use client::{Client, Incoming};
use files::TempDir;
use orchflow::{Config, ListenerOptions, Scopes, Size, SpawnOptions};
use raw::upgrade_head;
use serde_json::{Value, json};
use serving::Serving;

fn all(serving: &Serving) -> Client {
    let collections = json!({"collections": ["sessions", "panes", "terminals", "files"]});
    Client::hello(serving.address, &serving.token, collections).0
}

/// Waits for an entry of a collection that `is_it`.
fn entry(client: &mut Client, list: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    loop {
        let diff = client.receive_type("diff");
        if let Some(found) = diff[list].as_array().unwrap().iter().find(|entry| is_it(entry)) {
            return found.clone();
        }
    }
}

/// A size of 0 is that of the profile, each of the two numbers for itself.
#[test]
fn a_size_of_zero_is_that_of_the_profile() {
    let serving = Serving::start(Config::default());
    serving.with(|engine| {
        let wide = SpawnOptions::program("cat").size(Size::cells(132, 50));
        engine.grant_profile("wide", &wide).unwrap();
        engine.grant_profile("usual", &SpawnOptions::program("cat")).unwrap();
    });
    let mut client = all(&serving);
    for (profile, wanted, size) in [
        ("wide", (0, 0), (132, 50)),
        ("wide", (90, 0), (90, 50)),
        ("wide", (0, 10), (132, 10)),
        ("usual", (0, 0), (80, 24)),
        ("usual", (0, 10), (80, 10)),
    ] {
        let (cols, rows) = wanted;
        let spawn =
            json!({"type": "spawn", "profile": profile, "cols": cols, "rows": rows, "id": 1});
        client.send(&spawn);
        let is_it = |entry: &Value| {
            (&entry["cols"], &entry["rows"]) == (&json!(size.0), &json!(size.1))
                && entry["running"] == true
        };
        let found = entry(&mut client, "terminals", is_it);
        let close = json!({"terminal": found["id"], "op": {"close": {"grace_ms": 0}}});
        client.send(&json!({"type": "batch", "id": 2, "ops": [close]}));
        let key = json!({"terminal": found["id"]});
        while client.receive_type("diff")["removed"] != json!([key]) {}
    }
}

/// A terminal is not resized to nothing.
#[test]
fn no_terminal_has_no_size() {
    let serving = Serving::start(Config::default());
    let terminal = serving.spawn(&["cat"], false);
    let mut client = all(&serving);
    for (cols, rows) in [(0, 0), (0, 24), (80, 0)] {
        let op = json!({"terminal": terminal, "op": {"resize": {"cols": cols, "rows": rows}}});
        let outcome = client.ask(json!({"type": "batch", "ops": [op]}), 1);
        assert_eq!(outcome["statuses"][0]["code"], "invalid", "{outcome}");
    }
}

/// A change without operations is done.
#[test]
fn an_empty_change_is_applied() {
    let serving = Serving::start(Config::default());
    let mut client = Client::hello(serving.address, &serving.token, json!({})).0;
    client.send(&json!({"type": "change", "mutation": 7, "ops": []}));
    assert_eq!(client.receive_type("diff")["applied"][0]["mutation"], 7);
}

#[test]
fn a_long_name_is_cut_off() {
    let serving = Serving::start(Config::default());
    // 63 bytes, then a character of two.
    let name = format!("{}é", "n".repeat(63));
    let fields = json!({"client": format!("{name}{}", "x".repeat(100))});
    let _client = Client::hello(serving.address, &serving.token, fields);
    let names = serving.with(|engine| engine.clients().into_iter().map(|c| c.name).collect());
    let names: Vec<String> = names;
    assert_eq!(names, ["n".repeat(63)]);
}

#[test]
fn profiles_are_listed_for_who_may_manage() {
    let serving = Serving::start(Config::default());
    serving.with(|engine| engine.grant_profile("cat", &SpawnOptions::program("cat")).unwrap());
    for (scopes, reported) in
        [(Scopes::MANAGE, json!(["cat"])), (Scopes::OBSERVE | Scopes::TYPE, json!([]))]
    {
        let token = serving.token(scopes);
        let (_, welcome) = Client::hello(serving.address, &token, json!({}));
        assert_eq!(welcome["profiles"], reported);
    }
}

/// A client that watches a path twice has one watch; the ninth of different paths is too many. Directories have
/// neither size nor time.
#[test]
fn watches_of_a_client() {
    let serving = Serving::start(Config::default());
    let folder = TempDir::new();
    let path = folder.path().to_owned();
    let mut client = all(&serving);
    let mut ask = |path: &std::path::Path| client.ask(json!({"type": "watch", "path": path}), 1);
    for n in 0..9 {
        std::fs::create_dir(path.join(n.to_string())).unwrap();
        std::fs::write(path.join(format!("{n}/f")), "1234").unwrap();
    }
    let granted = path.clone();
    serving.with(move |engine| engine.grant_directory(&granted).unwrap());
    let first = ask(&path.join("0"));
    assert_eq!(ask(&path.join("0")), first);
    for n in 1..8 {
        assert!(ask(&path.join(n.to_string()))["watching"].is_object());
    }
    assert_eq!(ask(&path.join("8"))["failed"]["code"], "limit");
    assert_eq!(ask(&path.join("7/")), ask(&path.join("7/.")));
    let mut known = all(&serving);
    let directory = entry(&mut known, "files", |file| file["kind"] == "directory");
    assert_eq!((&directory["size"], &directory["modified_us"]), (&json!(0), &json!(0)));
    let mut known = all(&serving);
    let file = entry(&mut known, "files", |file| file["kind"] == "file");
    assert_eq!(file["size"], 4);
    assert!(file["modified_us"].as_i64().unwrap() > 0);
}

/// A window of less than 4,096 bytes is one of 4,096.
#[test]
fn the_smallest_window() {
    let serving = Serving::start(Config::default());
    let script = "stty raw -echo; head -c 100000 /dev/zero; exec cat";
    let terminal = serving.spawn(&["sh", "-c", script], false);
    let mut client = Client::hello(serving.address, &serving.token, json!({})).0;
    let attach = json!({"type": "attach", "terminal": terminal, "start": "oldest", "window": 1});
    client.send(&attach);
    let mut end = 0;
    while end < 4096 {
        if let Incoming::Output { offset, bytes, .. } = client.receive() {
            end = offset + bytes.len() as u64;
        }
    }
    assert_eq!(end, 4096);
    // Nothing comes before there is credit.
    client.settle();
    client.credit(terminal, 4096);
    while end < 8192 {
        if let Incoming::Output { offset, bytes, .. } = client.receive() {
            assert_eq!(offset, end);
            end = offset + bytes.len() as u64;
        }
    }
    assert_eq!(end, 8192);
}

/// The name of a Unix socket in `Host` is `localhost`, without a port.
#[test]
fn the_host_of_a_unix_socket() {
    let folder = TempDir::new();
    let path = folder.path().join("s/socket");
    let serving = Serving::start(Config::default());
    let listened = path.clone();
    serving.with(move |engine| {
        engine.add_listener(&ListenerOptions::unix(listened)).map(drop).unwrap()
    });
    let good = upgrade_head(serving.address, "orchflow.v1.json");
    let own = format!("Host: {}", serving.address);
    for (host, status) in [
        ("localhost", "101"),
        ("LOCALHOST", "101"),
        ("localhost:7070", "403"),
        ("127.0.0.1", "403"),
        ("socket", "403"),
        ("", "400"),
    ] {
        let mut stream = UnixStream::connect(&path).unwrap();
        let request = good.replace(&own, &format!("Host: {host}"));
        stream.write_all(request.as_bytes()).unwrap();
        let mut line = [0; 12];
        stream.read_exact(&mut line).unwrap();
        assert_eq!(&line[9..], status.as_bytes(), "{host}");
    }
}
