//! The server from a client's side: hello, state, terminals, changes.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "support/serving.rs"]
mod serving;

use client::{Client, Incoming};
use files::TempDir;
use orchflow::{
    Change, ChangeOp, ChangeSet, Config, ScreenOptions, Session, SpawnOptions, WatchOptions,
};
use serde_json::{Value, json};
use serving::Serving;

#[test]
fn a_client_types_and_sees_the_echo() {
    let serving = Serving::start(Config::default());
    let terminal =
        serving.with(|engine| engine.spawn(&SpawnOptions::program("cat")).unwrap().to_u64());
    let (mut client, welcome) = Client::hello(
        serving.address,
        &serving.token,
        json!({"collections": ["terminals"], "attach": [{"terminal": terminal}]}),
    );
    assert_eq!(welcome["resumed"], false);
    let diff = client.receive_type("diff");
    assert_eq!(diff["terminals"][0]["id"], terminal);
    assert_eq!(diff["full"], true);
    assert!(diff["hash"].is_string(), "what comes anew is checked");
    client.type_in(terminal, b"hello\n");
    let output = client.read_until(terminal, b"hello\r\nhello\r\n");
    assert_eq!(output, b"hello\r\nhello\r\n");
}

/// Changing the directory makes no event: it shows when the terminal is quiet, without being asked for.
#[test]
fn the_directory_of_a_terminal_shows() {
    let serving = Serving::start(Config::default());
    let (one, other) = (TempDir::new(), TempDir::new());
    let paths = [one.path(), other.path()].map(|path| path.canonicalize().unwrap());
    let cwd = paths[0].clone();
    let terminal = serving
        .with(move |engine| engine.spawn(&SpawnOptions::program("sh").cwd(cwd)).unwrap().to_u64());
    let fields = json!({"collections": ["terminals"]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
    let shows = |client: &mut Client, path: &std::path::Path| {
        while client.receive_type("diff")["terminals"][0]["cwd"] != path.to_str().unwrap() {}
    };
    shows(&mut client, &paths[0]);
    client.type_in(terminal, format!("cd '{}'\n", paths[1].display()).as_bytes());
    shows(&mut client, &paths[1]);
    // A program in the foreground has its own.
    client.type_in(terminal, b"(cd / && exec cat)\n");
    shows(&mut client, "/".as_ref());
}

#[test]
fn no_token_no_entry() {
    let serving = Serving::start(Config::default());
    let mut client = Client::open(serving.address);
    client.send(&json!({"type": "hello"}));
    assert_eq!(client.receive(), Incoming::Closed(Some(4001)));
}

/// A terminal with a screen that runs a program.
fn screened(serving: &Serving, program: &'static str, args: &'static [&'static str]) -> u64 {
    serving.with(move |engine| {
        let options = SpawnOptions::program(program).args(args).screen(ScreenOptions::default());
        engine.spawn(&options).unwrap().to_u64()
    })
}

#[test]
fn a_viewer_gets_rows_and_then_what_changed() {
    let serving = Serving::start(Config::default());
    let terminal = screened(&serving, "cat", &[]);
    let (mut client, _) = Client::hello(serving.address, &serving.token, json!({}));
    client.send(&json!({"type": "attach", "terminal": terminal, "mode": "screen"}));
    let attached = client.receive_type("attached");
    assert_eq!(attached["mode"], "screen");
    let first = client.receive_type("screen");
    assert_eq!(
        (&first["full"], &first["cols"], &first["rows"]),
        (&json!(true), &json!(80), &json!(24))
    );
    client.type_in(terminal, b"hello\n");
    loop {
        let update = client.receive_type("screen");
        assert_eq!(update["full"], false);
        let lines = update["lines"].as_array().unwrap();
        if lines.iter().any(|line| line["row"] == 1 && line["runs"][0]["text"] == "hello") {
            break;
        }
    }
}

#[test]
fn a_late_client_gets_a_snapshot_and_goes_on() {
    let serving = Serving::start(Config::default());
    let terminal = screened(&serving, "sh", &["-c", "printf 'one\\r\\ntwo'; exec cat"]);
    let (mut first, _) = Client::hello(serving.address, &serving.token, json!({}));
    first.send(&json!({"type": "attach", "terminal": terminal, "start": "oldest"}));
    let all = first.read_until(terminal, b"two");
    let (mut late, _) = Client::hello(
        serving.address,
        &serving.token,
        json!({"attach": [{"terminal": terminal, "start": {"snapshot": 10}}]}),
    );
    let snapshot = late.receive_type("terminal_snapshot");
    assert_eq!(snapshot["offset"], all.len());
    let data = snapshot["data"].as_str().unwrap();
    assert!(data.contains("one") && data.contains("two"), "{data:?}");
    first.type_in(terminal, b"x");
    assert_eq!(late.read_until(terminal, b"x"), b"x");
}

#[test]
fn a_client_resumes_where_it_was() {
    let serving = Serving::start(Config::default());
    let terminal =
        serving.with(|engine| engine.spawn(&SpawnOptions::program("cat")).unwrap().to_u64());
    let attach = |from| json!({"attach": [{"terminal": terminal, "start": {"offset": from}}]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, attach(0));
    client.type_in(terminal, b"before\n");
    let seen = client.read_until(terminal, b"before\r\nbefore\r\n");
    drop(client);
    let (mut other, _) = Client::hello(serving.address, &serving.token, attach(0));
    other.type_in(terminal, b"meanwhile\n");
    other.read_until(terminal, b"meanwhile\r\nmeanwhile\r\n");
    let (mut back, _) = Client::hello(serving.address, &serving.token, attach(seen.len()));
    let missed = back.read_until(terminal, b"meanwhile\r\nmeanwhile\r\n");
    assert_eq!(missed, b"meanwhile\r\nmeanwhile\r\n");
}

#[test]
fn the_state_is_resumed_by_its_version() {
    let serving = Serving::start(Config::default());
    put_session(&serving, "a", "first");
    let all = json!({"collections": ["sessions", "panes"]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, all);
    let diff = client.receive_type("diff");
    assert_eq!((&diff["full"], &diff["sessions"][0]["name"]), (&json!(true), &json!("first")));
    drop(client);
    put_session(&serving, "b", "second");
    let resume = json!({"epoch": diff["epoch"], "n": diff["to"]});
    let fields = json!({"collections": ["sessions", "panes"], "resume": resume});
    let (mut back, welcome) = Client::hello(serving.address, &serving.token, fields);
    assert_eq!(welcome["resumed"], true);
    let missed = back.receive_type("diff");
    assert_eq!(missed["full"], false);
    assert_eq!(missed["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(missed["sessions"][0]["id"], "b");
    // Another engine's version means nothing here.
    let fields = json!({"collections": ["sessions"], "resume": {"epoch": 1, "n": 1}});
    let (mut stranger, welcome) = Client::hello(serving.address, &serving.token, fields);
    assert_eq!(welcome["resumed"], false);
    assert_eq!(stranger.receive_type("diff")["full"], true);
}

fn put_session(serving: &Serving, id: &'static str, name: &'static str) {
    serving.with(move |engine| {
        let session = Session { name: name.into(), ..Session::default() };
        let change = Change::PutSession { id: id.into(), session };
        let ops = vec![ChangeOp { change, base: None }];
        engine.change_state(&ChangeSet { ops }).unwrap();
    });
}

#[test]
fn changes_are_reported_with_their_effect_and_conflicts_with_what_is_there() {
    let serving = Serving::start(Config::default());
    let all = json!({"collections": ["sessions", "panes"]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, all.clone());
    let (mut other, _) = Client::hello(serving.address, &serving.token, all);
    client.receive_type("diff");
    other.receive_type("diff");
    let put = |name: &str, base: u64| {
        json!({"change": {"put_session": {"id": "s", "name": name, "panes": [], "metadata": {}}},
            "base": base})
    };
    client.send(&json!({"type": "change", "mutation": 7, "ops": [put("mine", 0)]}));
    let diff = client.receive_type("diff");
    assert_eq!(diff["applied"][0]["mutation"], 7);
    assert_eq!(diff["sessions"][0]["name"], "mine");
    assert_eq!(other.receive_type("diff")["sessions"][0]["name"], "mine");
    other.send(&json!({"type": "change", "mutation": 8, "ops": [put("theirs", 0)]}));
    let rejected = other.receive_type("rejected");
    assert_eq!((&rejected["mutation"], &rejected["code"]), (&json!(8), &json!("conflict")));
    assert_eq!(rejected["session"]["name"], "mine");
    let version = rejected["session"]["version"].as_u64().unwrap();
    other.send(&json!({"type": "change", "mutation": 9, "ops": [put("theirs", version)]}));
    assert_eq!(other.receive_type("diff")["applied"][0]["mutation"], 9);
    assert_eq!(client.receive_type("diff")["sessions"][0]["name"], "theirs");
}

#[test]
fn operations_and_their_results() {
    let serving = Serving::start(Config::default());
    serving.with(|engine| {
        let cat = SpawnOptions::program("cat").screen(ScreenOptions::default());
        engine.grant_profile("cat", &cat).unwrap();
    });
    let fields = json!({"collections": ["terminals"]});
    let (mut client, welcome) = Client::hello(serving.address, &serving.token, fields);
    assert_eq!(welcome["profiles"], json!(["cat"]));
    client.send(&json!({"type": "spawn", "id": 1, "profile": "cat", "cols": 100, "rows": 30}));
    let terminal =
        client.receive_type("result")["outcome"]["spawned"]["terminal"].as_u64().unwrap();
    client.send(&json!({"type": "spawn", "id": 2, "profile": "sh"}));
    assert_eq!(client.receive_type("result")["outcome"]["failed"]["code"], "not_found");
    client.send(&json!({"type": "attach", "terminal": terminal, "start": "oldest"}));
    client.send(&json!({"type": "batch", "id": 3, "ops": [
        {"terminal": terminal, "op": {"input": "needle\n"}},
        {"terminal": terminal, "op": {"resize": {"cols": 90, "rows": 20}}},
        {"terminal": terminal + 1, "op": "eof"},
    ]}));
    // The output may come before the result.
    let (mut statuses, mut output) = (Value::Null, Vec::new());
    while statuses.is_null() || !output.ends_with(b"needle\r\nneedle\r\n") {
        match client.receive() {
            Incoming::Json(message) if message["type"] == "result" => {
                statuses = message["outcome"]["statuses"].clone();
            }
            Incoming::Output { bytes, .. } => output.extend(bytes),
            Incoming::Closed(code) => panic!("closed: {code:?}"),
            Incoming::Json(_) => {}
        }
    }
    assert_eq!((&statuses[0], &statuses[1]), (&json!(null), &json!(null)));
    assert_eq!(statuses[2]["code"], "not_found");
    client.send(&json!({"type": "search", "id": 4, "terminal": terminal, "pattern": "need.e",
        "regex": true}));
    let found = client.receive_type("result")["outcome"]["found"].clone();
    assert_eq!(found["matches"].as_array().unwrap().len(), 2);
    client.send(&json!({"type": "query", "id": 5, "terminal": terminal}));
    let detail = client.receive_type("result")["outcome"]["terminal"].clone();
    assert_eq!(detail["foreground_name"], "cat");
    client.send(&json!({"type": "ping", "id": 6}));
    assert_eq!(client.receive_type("pong")["id"], 6);
    client.send(&json!({"type": "batch", "id": 7, "ops": [{"terminal": terminal, "op": "eof"}]}));
    let ended = client.receive_type("ended");
    assert_eq!(ended["exit"], json!({"code": 0}));
    client.send(&json!({"type": "batch", "id": 8, "ops": [
        {"terminal": terminal, "op": {"close": {"grace_ms": 0}}}]}));
    assert_eq!(client.receive_type("detached")["reason"], "closed");
    loop {
        let diff = client.receive_type("diff");
        if diff["removed"] == json!([{"terminal": terminal}]) {
            break;
        }
    }
}

#[test]
fn a_client_watches_files_that_come_and_go() {
    let dir = TempDir::new();
    let folder = dir.path().to_owned();
    std::fs::write(folder.join("there"), "x").unwrap();
    let granted = folder.clone();
    let serving = Serving::start(Config::default());
    serving.with(move |engine| engine.grant_directory(&granted).unwrap());
    let fields = json!({"collections": ["files"]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
    client.send(&json!({"type": "watch", "id": 1, "path": folder.to_str().unwrap()}));
    let watch = client.receive_type("result")["outcome"]["watching"]["watch"].as_u64().unwrap();
    let mut files = std::collections::BTreeMap::new();
    let take = |client: &mut Client, files: &mut std::collections::BTreeMap<String, String>| {
        let diff = client.receive_type("diff");
        for key in diff["removed"].as_array().unwrap() {
            files.remove(key["file"]["id"].as_str().unwrap());
        }
        for file in diff["files"].as_array().unwrap() {
            assert_eq!(file["watch"], watch);
            let name = file["name"].as_str().unwrap().to_owned();
            files.insert(file["id"].as_str().unwrap().to_owned(), name);
        }
    };
    while !files.values().any(|name| name == "there") {
        take(&mut client, &mut files);
    }
    std::fs::write(folder.join("new"), "y").unwrap();
    while !files.values().any(|name| name == "new") {
        take(&mut client, &mut files);
    }
    std::fs::remove_file(folder.join("there")).unwrap();
    while files.values().any(|name| name == "there") {
        take(&mut client, &mut files);
    }
    client.send(&json!({"type": "unwatch", "id": 2, "watch": watch}));
    while !files.is_empty() {
        take(&mut client, &mut files);
    }
}

#[test]
fn every_byte_of_a_flood_and_the_end_behind_it() {
    let serving = Serving::start(Config::default());
    let (mut client, _) = Client::hello(serving.address, &serving.token, json!({}));
    let terminal = serving.with(|engine| {
        let options = SpawnOptions::program("sh").args(["-c", "seq 1 300000"]).reader(None);
        engine.spawn(&options).unwrap().to_u64()
    });
    client.send(&json!({"type": "attach", "terminal": terminal, "start": "oldest"}));
    let (mut expected, mut offset) = (1_u64, 0_u64);
    let mut line = Vec::new();
    let end = loop {
        match client.receive() {
            Incoming::Output { bytes, offset: at, .. } => {
                assert_eq!(at, offset);
                offset += bytes.len() as u64;
                for byte in bytes {
                    match byte {
                        b'\n' => {
                            assert_eq!(line, format!("{expected}\r").as_bytes());
                            expected += 1;
                            line.clear();
                        }
                        byte => line.push(byte),
                    }
                }
                client.send(&json!({"type": "credit", "terminal": terminal, "offset": offset}));
            }
            Incoming::Json(message) if message["type"] == "ended" => break message,
            Incoming::Json(message) => assert_eq!(message["type"], "attached", "{message}"),
            Incoming::Closed(code) => panic!("closed: {code:?}"),
        }
    };
    assert_eq!(expected, 300_001);
    assert_eq!(end["final_offset"], offset);
}

#[test]
fn files_of_a_watch_that_ends_leave_the_state() {
    let dir = TempDir::new();
    let folder = dir.path().to_owned();
    std::fs::write(folder.join("there"), "x").unwrap();
    let serving = Serving::start(Config::default());
    let watched = folder.clone();
    let watch = serving.with(move |engine| {
        let watch = engine.add_watch(&WatchOptions::new(watched)).unwrap();
        engine.set_watch_published(watch, true).unwrap();
        watch
    });
    let fields = json!({"collections": ["files"]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
    let mut names = Vec::new();
    while names.len() < 2 {
        let diff = client.receive_type("diff");
        names.extend(diff["files"].as_array().unwrap().iter().map(|file| file["name"].clone()));
    }
    serving.with(move |engine| engine.remove_watch(watch).unwrap());
    let mut removed = 0;
    while removed < 2 {
        removed += client.receive_type("diff")["removed"].as_array().unwrap().len();
    }
}

/// A client that gives no credit holds the program back, and with it the host, but not for long.
#[test]
fn the_host_does_not_wait_for_a_client() {
    let serving = Serving::start(Config::default());
    let fields = json!({"collections": ["terminals"]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
    let terminal = serving.with(|engine| {
        let options = SpawnOptions::program("sh").args(["-c", "read line; seq 1 300000"]);
        engine.spawn(&options).unwrap().to_u64()
    });
    let attach = json!({"type": "attach", "terminal": terminal, "start": "oldest", "window": 4096});
    client.send(&attach);
    client.receive_type("attached");
    client.type_in(terminal, b"\n");
    let gap = client.receive_type("gap");
    assert!(gap["to"].as_u64() > gap["from"].as_u64());
    // The host gets everything up to the exit, which is a fact that needs no credit.
    while client.receive_type("diff")["terminals"][0]["exit"] != json!({"code": 0}) {}
}

#[test]
fn a_long_reason_fits_a_close_frame() {
    let serving = Serving::start(Config::default());
    let mut client = Client::open(serving.address);
    client.send(&json!({"type": "frobnicate"}));
    assert_eq!(client.receive(), Incoming::Closed(Some(4003)));
}
