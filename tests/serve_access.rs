//! Who gets in and what they may do: origins, tokens, scopes, and paths that lead out.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/bystander.rs"]
mod bystander;
#[path = "support/client.rs"]
mod client;
#[path = "support/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/serving.rs"]
mod serving;

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::time::Duration;

use bystander::Bystander;
use client::{Client, Incoming};
use files::TempDir;
use orchflow::{
    Collections, Config, Engine, ErrorKind, ListenerOptions, PeerAddress, PeerOptions, Scopes,
    SpawnOptions, TokenOptions, WatchOptions,
};
use raw::{FIN, Raw, TEXT, upgrade_head};
use serde_json::{Value, json};
use serving::Serving;

#[test]
fn pages_that_are_listed_get_in() {
    let serving = Serving::start_with(Config::default(), |options| {
        options.origin("https://editor.example").host("devbox.example:8000")
    });
    let good = upgrade_head(serving.address, "orchflow.v1.json");
    let with = |header: &str| good.replacen("\r\n\r\n", &format!("\r\n{header}\r\n\r\n"), 1);
    let own_host = format!("Host: {}", serving.address);
    let table = [
        (101, with("Origin: https://editor.example")),
        (101, with("Origin: https://editor.example:443")),
        (101, good.replace(&own_host, "Host: devbox.example:8000")),
        (403, good.replace(&own_host, "Host: devbox.example")),
        (403, with("Origin: http://editor.example")),
        (403, with("Origin: https://editor.example:8443")),
        (403, with("Origin: https://editor.example.evil")),
        (403, with("Origin: https://evil.editor.example")),
        (403, with("Origin: null")),
    ];
    for (status, request) in table {
        let mut raw = Raw::connect(serving.address, request.as_bytes());
        assert_eq!(raw.status(), Some(status), "{request}");
    }
}

/// A browser's way: the token is a subprotocol, which is never said back.
#[test]
fn a_token_as_a_subprotocol() {
    let serving = Serving::start(Config::default());
    let enter = |offered: &str| {
        let head = upgrade_head(serving.address, offered);
        let mut raw = Raw::connect(serving.address, head.as_bytes());
        let mut answer = vec![0; 4096];
        let length = raw.stream.peek(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
        assert!(answer.contains("Sec-WebSocket-Protocol: orchflow.v1.json\r\n"), "{answer}");
        assert!(!answer.contains("orchflow.token"), "{answer}");
        assert_eq!(raw.status(), Some(101));
        raw.frame(FIN | TEXT, br#"{"type":"hello"}"#);
        raw
    };
    let token = &serving.token;
    let mut raw = enter(&format!("orchflow.v1.json, orchflow.token.{token}"));
    assert_eq!(raw.next_json().unwrap()["type"], "welcome");
    let mut raw = enter(&format!("orchflow.token.{token}, orchflow.v1.json, orchflow.v1.bincode"));
    assert_eq!(raw.next_json().unwrap()["type"], "welcome");
    let mut raw = enter(&format!("orchflow.v1.json, orchflow.token.{}", "A".repeat(43)));
    assert_eq!(raw.close_code(), Some(4001));
    // In a query it is no token.
    let head = upgrade_head(serving.address, "orchflow.v1.json");
    let head = head.replace("GET / ", &format!("GET /?token={token} "));
    let mut raw = Raw::connect(serving.address, head.as_bytes());
    assert_eq!(raw.status(), Some(101));
    raw.frame(FIN | TEXT, br#"{"type":"hello"}"#);
    assert_eq!(raw.close_code(), Some(4001));
}

#[test]
fn tokens_that_are_not_valid() {
    let serving = Serving::start(Config::default());
    let mut bystander = Bystander::new(&serving);
    let (revoked, expired) = serving.with(|engine| {
        let options = |expires_in| TokenOptions {
            scopes: Scopes::ALL,
            expires_in,
            ..TokenOptions::default()
        };
        let (id, revoked) = engine.add_token(options(None)).unwrap();
        engine.revoke_token(id).unwrap();
        let (_, expired) = engine.add_token(options(Some(Duration::from_nanos(1)))).unwrap();
        (revoked, expired)
    });
    let good = &serving.token;
    let other_end = if good.ends_with('A') { "E" } else { "A" };
    let table = [
        ("none", json!({"type": "hello"})),
        ("null", json!({"type": "hello", "token": null})),
        ("revoked", json!({"type": "hello", "token": revoked})),
        ("expired", json!({"type": "hello", "token": expired})),
        ("padded", json!({"type": "hello", "token": format!("{good}=")})),
        ("cut off", json!({"type": "hello", "token": good[..42]})),
        ("another end", json!({"type": "hello", "token": format!("{}{other_end}", &good[..42])})),
        ("spaces", json!({"type": "hello", "token": format!(" {good}")})),
        ("NULs", json!({"type": "hello", "token": "\0".repeat(43)})),
    ];
    for (row, hello) in table {
        let mut client = Client::open(serving.address);
        client.send(&hello);
        assert_eq!(client.receive(), Incoming::Closed(Some(4001)), "{row}");
        bystander.echoes();
    }
}

/// Every operation with the scope that it needs; tokens with the two others are refused, and the layout and
/// the terminals stay as they are.
#[test]
fn what_scopes_allow() {
    let serving = Serving::start(Config::default());
    let mut bystander = Bystander::new(&serving);
    let folder = TempDir::new();
    let path = folder.path().to_owned();
    serving.with(move |engine| {
        engine.grant_directory(&path).unwrap();
        engine.grant_profile("cat", &SpawnOptions::program("cat")).unwrap();
    });
    let terminal = serving.spawn(&["cat"], true);
    let batch =
        |op: Value| json!({"type": "batch", "id": 1, "ops": [{"terminal": terminal, "op": op}]});
    let (observe, typing, manage) = (Scopes::OBSERVE, Scopes::TYPE, Scopes::MANAGE);
    let put = json!({"put_session": {"id": "s", "name": "", "panes": [], "metadata": {}}});
    let table = [
        (observe, json!({"type": "attach", "terminal": terminal})),
        (observe, json!({"type": "attach", "terminal": terminal, "mode": "screen"})),
        (observe, json!({"type": "subscribe", "collections": ["terminals"]})),
        (observe, json!({"type": "snapshot"})),
        (observe, json!({"type": "search", "id": 1, "terminal": terminal, "pattern": "x"})),
        (observe, json!({"type": "query", "id": 1, "terminal": terminal})),
        (typing, json!({"type": "input", "terminal": terminal, "data": "x"})),
        (typing, batch(json!({"input": "x"}))),
        (typing, batch(json!({"paste": "x"}))),
        (typing, batch(json!({"resize": {"cols": 90, "rows": 30}}))),
        (manage, batch(json!({"signal": 28}))),
        (manage, batch(json!("clear"))),
        (manage, json!({"type": "spawn", "id": 1, "profile": "cat"})),
        (manage, json!({"type": "watch", "id": 1, "path": folder.path()})),
        (manage, json!({"type": "unwatch", "id": 1, "watch": 1})),
        (manage, json!({"type": "change", "mutation": 1, "ops": [{"change": put}]})),
        // What ends the terminal comes last.
        (typing, batch(json!("eof"))),
        (typing, batch(json!("interrupt"))),
        (manage, batch(json!({"close": {"grace_ms": 0}}))),
    ];
    let each = [observe, typing, manage].map(|scopes| (scopes, serving.token(scopes)));
    for (needed, request) in table {
        // Those who may not come first, so that nothing has happened before.
        let before = serving.with(layout_and_terminals);
        for refused in [true, false] {
            if !refused {
                assert_eq!(serving.with(layout_and_terminals), before, "{request} was done");
            }
            for (scopes, token) in each.iter().filter(|(s, _)| (*s != needed) == refused) {
                let (mut client, welcome) = Client::hello(serving.address, token, json!({}));
                assert_eq!(welcome["scopes"].as_array().unwrap().len(), 1);
                client.send(&request);
                let is_forbidden = answers(&mut client).contains("\"forbidden\"");
                assert_eq!(is_forbidden, refused, "{request} with {scopes:?}");
            }
        }
        bystander.echoes();
    }
}

/// What requests could change at once: the layout's hash, and how large each terminal is.
fn layout_and_terminals(engine: &mut Engine) -> (u64, BTreeSet<(u64, u16, u16)>) {
    let state = engine.application_state().unwrap();
    let terminals = state.terminals().map(|(id, facts, _)| (id, facts.cols, facts.rows));
    (state.hash(Collections::LAYOUT), terminals.collect())
}

/// What a client gets until a ping is answered, as text.
fn answers(client: &mut Client) -> String {
    client.send(&json!({"type": "ping", "id": 99}));
    let mut all = String::new();
    loop {
        match client.receive() {
            Incoming::Json(value) if value["type"] == "pong" => return all,
            Incoming::Json(value) => all += &value.to_string(),
            Incoming::Output { .. } => {}
            Incoming::Closed(code) => panic!("closed: {code:?}"),
        }
    }
}

/// What is refused has no effect, in a hello either.
#[test]
fn what_is_refused_does_not_happen() {
    let serving = Serving::start(Config::default());
    let terminal = serving.spawn(&["cat"], false);
    let fields = json!({
        "collections": ["sessions", "panes", "terminals", "files"],
        "attach": [{"terminal": terminal}],
    });
    // Who may only type sees nothing.
    let token = serving.token(Scopes::TYPE);
    let (mut blind, welcome) = Client::hello(serving.address, &token, fields.clone());
    assert_eq!(welcome["profiles"], json!([]));
    let reported = answers(&mut blind);
    assert!(reported.contains("forbidden") && !reported.contains("diff"), "{reported}");
    // Who may only look types nothing, by message or by frame.
    let (mut mute, _) = Client::hello(serving.address, &serving.token(Scopes::OBSERVE), fields);
    mute.send(&json!({"type": "input", "terminal": terminal, "data": "a\n"}));
    mute.type_in(terminal, b"b\n");
    mute.type_in(terminal, b"\x03");
    let reported = answers(&mut mute);
    assert_eq!(reported.matches("\"forbidden\"").count(), 3, "{reported}");
    blind.type_in(terminal, b"c\n");
    assert_eq!(mute.read_until(terminal, b"c\r\nc\r\n"), b"c\r\nc\r\n");
}

/// Who may not read the state does not read it in refusals: they are the same, whatever the entry is.
#[test]
fn a_refusal_shows_nothing_to_who_may_not_observe() {
    let serving = Serving::start(Config::default());
    let session = |name: &str| {
        let metadata = json!({"secret": name});
        json!({"put_session": {"id": "s", "name": name, "panes": [], "metadata": metadata}})
    };
    let pane = |title: &str| {
        let pane = json!({"id": "p", "session": "s", "title": title, "content": "empty",
            "metadata": {}});
        json!({ "put_pane": pane })
    };
    let (mut owner, _) = Client::hello(serving.address, &serving.token, json!({}));
    let (mut blind, _) = Client::hello(serving.address, &serving.token(Scopes::MANAGE), json!({}));
    let mut seen = BTreeSet::new();
    for name in ["secret one", "secret two"] {
        let ops = json!([{"change": session(name)}, {"change": pane(name)}]);
        owner.send(&json!({"type": "change", "mutation": 1, "ops": ops}));
        owner.settle();
        for change in [session("x"), pane("x"), json!({"remove_session": {"id": "s"}})] {
            for base in [0, 1_u64 << 40, 1 << 41] {
                let ops = json!([{"change": change, "base": base}]);
                let change = json!({"type": "change", "mutation": 7, "ops": ops});
                blind.send(&change);
                seen.insert(answers(&mut blind));
                owner.send(&change);
                let reported = answers(&mut owner);
                let shows = change.to_string().contains("remove") || reported.contains(name);
                assert!(reported.contains("conflict") && shows, "{reported}");
            }
        }
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
    let reported = seen.first().unwrap();
    assert!(reported.contains("conflict") && !reported.contains("secret"), "{reported}");
    assert!(
        reported.contains("\"session\":null") && reported.contains("\"pane\":null"),
        "{reported}"
    );
    // What is refused for other reasons shows no more than what was sent.
    let foreign = json!({"put_pane": {"id": "q", "session": "nowhere", "title": "", "content": "empty",
        "metadata": {}}});
    blind.send(&json!({"type": "change", "mutation": 8, "ops": [{"change": foreign}]}));
    let reported = answers(&mut blind);
    assert!(reported.contains("invalid") && !reported.contains("secret"), "{reported}");
}

#[test]
fn a_failed_operation_skips_the_rest_for_its_terminal() {
    let serving = Serving::start(Config::default());
    let (mut client, _) = Client::hello(serving.address, &serving.token, json!({}));
    let (good, gone) = (serving.spawn(&["cat"], false), 999);
    let op = |terminal: u64| json!({"terminal": terminal, "op": {"input": "x"}});
    let ops: Vec<_> = [gone, good, gone, good, gone].map(op).into();
    let outcome = client.ask(json!({"type": "batch", "ops": ops}), 1);
    let codes: Vec<_> =
        outcome["statuses"].as_array().unwrap().iter().map(|status| &status["code"]).collect();
    let null = Value::Null;
    assert_eq!(codes, [&json!("not_found"), &null, &json!("skipped"), &null, &json!("skipped")]);
}

/// No path leads out of a granted directory, neither to look nor to start a program there.
#[test]
fn paths_that_lead_out() {
    let serving = Serving::start(Config::default());
    let mut bystander = Bystander::new(&serving);
    let folder = TempDir::new();
    let granted = folder.file("granted");
    let outside = folder.file("granted-not");
    for path in [&granted, &outside] {
        std::fs::create_dir_all(format!("{path}/sub")).unwrap();
    }
    symlink(&outside, format!("{granted}/out")).unwrap();
    symlink("../granted-not", format!("{granted}/up")).unwrap();
    symlink("sub", format!("{granted}/in")).unwrap();
    symlink("loop", format!("{granted}/loop")).unwrap();
    symlink("/proc/self/cwd", format!("{granted}/magic")).unwrap();
    let grant = granted.clone();
    serving.with(move |engine| {
        engine.grant_directory(grant.as_ref()).unwrap();
        engine.grant_profile("true", &SpawnOptions::program("true")).unwrap();
    });
    let inside = |path: &str| format!("{granted}/{path}");
    let table = [
        ("not granted", "/etc".into(), "forbidden"),
        ("the root", "/".into(), "forbidden"),
        ("the directory above", folder.path().to_str().unwrap().into(), "forbidden"),
        ("a sibling that begins alike", outside.clone(), "forbidden"),
        ("in that sibling", format!("{outside}/sub"), "forbidden"),
        ("a way up", inside("../granted-not"), "invalid"),
        ("a way up and back", inside("sub/../sub"), "invalid"),
        ("a link out", inside("out"), "forbidden"),
        ("through a link out", inside("out/sub"), "forbidden"),
        ("a link up", inside("up/sub"), "forbidden"),
        ("a magic link", inside("magic"), "forbidden"),
        ("a loop of links", inside("loop"), "forbidden"),
        ("a NUL", inside("sub\0/x"), "invalid"),
        ("a NUL at the end", inside("sub\0"), "invalid"),
        ("relative", "granted/sub".into(), "invalid"),
        ("here", ".".into(), "invalid"),
        ("empty", String::new(), "invalid"),
        ("endless", inside(&"x/".repeat(3000)), "invalid"),
        ("not there", inside("nothing"), "not_found"),
    ];
    let (mut client, _) = Client::hello(serving.address, &serving.token, json!({}));
    for (row, path, code) in table {
        let outcome = client.ask(json!({"type": "watch", "path": path}), 1);
        assert_eq!(outcome["failed"]["code"], code, "watch {row}: {outcome}");
        let outcome = client.ask(json!({"type": "spawn", "profile": "true", "cwd": path}), 2);
        assert_eq!(outcome["failed"]["code"], code, "spawn {row}: {outcome}");
    }
    for path in [granted.clone(), inside("sub"), inside("in"), inside("./sub/")] {
        let outcome = client.ask(json!({"type": "watch", "path": path}), 3);
        assert!(outcome["watching"]["watch"].is_u64(), "{path}: {outcome}");
        let outcome = client.ask(json!({"type": "spawn", "profile": "true", "cwd": path}), 4);
        assert!(outcome["spawned"]["terminal"].is_u64(), "{path}: {outcome}");
    }
    let outcome = client.ask(json!({"type": "spawn", "profile": "sh"}), 5);
    assert_eq!(outcome["failed"]["code"], "not_found");
    bystander.echoes();
}

/// Names are bytes: those that are no UTF-8 arrive as they are.
#[test]
fn names_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let serving = Serving::start(Config::default());
    let folder = TempDir::new();
    let name = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    std::fs::create_dir(folder.path().join(name)).unwrap();
    let path = folder.path().to_owned();
    serving.with(move |engine| engine.grant_directory(&path).unwrap());
    let bytes = [folder.path().as_os_str().as_bytes(), b"/\xff\xfe"].concat();
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let fields = json!({"collections": ["files"]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
    let path = json!({"bytes": encoded});
    let outcome = client.ask(json!({"type": "watch", "path": path}), 1);
    assert!(outcome["watching"]["watch"].is_u64(), "{outcome}");
    loop {
        let diff = client.receive_type("diff");
        client.send(&json!({"type": "ack", "version": diff["to"]}));
        if let Some(root) = diff["files"].as_array().unwrap().first() {
            assert_eq!(root["name"], path);
            break;
        }
    }
}

/// A path that no socket can have is refused by a text that says so, whoever wants to use it.
#[test]
fn paths_of_sockets_have_a_length() {
    let folder = TempDir::new();
    let mut engine = Engine::new(Config::default()).unwrap();
    let path_of = |length: usize| {
        let folder = folder.path().join("s");
        let rest = length - folder.as_os_str().len() - 1;
        folder.join("x".repeat(rest))
    };
    engine.add_listener(&ListenerOptions::unix(path_of(107))).unwrap();
    let long = path_of(108);
    let nul = folder.path().join("s/a\0b");
    for path in [&long, &nul] {
        let listened = engine.add_listener(&ListenerOptions::unix(path)).map(drop).unwrap_err();
        let options = PeerOptions::new(PeerAddress::Unix(path.clone()), "token");
        let connected = engine.connect(&options).map(drop).unwrap_err();
        for error in [listened, connected] {
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
            assert!(error.message().contains("107 bytes"), "{error}");
            assert!(!error.message().contains("nknown errno"), "{error}");
        }
    }
    // Neither has left a directory or a socket behind.
    assert!(!long.exists());
    let watched = engine.add_watch(&WatchOptions::new(folder.path().join("a\0b"))).unwrap_err();
    assert_eq!(watched.kind(), ErrorKind::InvalidArgument, "{watched}");
}

/// An error about a directory names it.
#[test]
fn a_grant_that_fails_names_its_directory() {
    let folder = TempDir::new();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let mut engine = Engine::new(Config::default()).unwrap();
    let missing = folder.path().join("missing");
    let relative = std::path::PathBuf::from("relative");
    for (path, kind) in [
        (&file, ErrorKind::NotADirectory),
        (&missing, ErrorKind::NotFound),
        (&relative, ErrorKind::InvalidArgument),
    ] {
        let error = engine.grant_directory(path).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(&path.display().to_string()), "{error}");
    }
}
