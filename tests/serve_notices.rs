//! Notices: what programs do that is not seen in rows reaches the clients that want it, and no flood of it hurts.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/serving.rs"]
mod serving;

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use client::{Client, Incoming};
use orchflow::{Config, Scopes, ScreenOptions, SpawnOptions, TerminalId};
use serde_json::{Value, json};
use serving::{Serving, listening};

const ALL: [&str; 7] = ["bell", "notification", "clipboard", "progress", "command", "title", "cwd"];

/// Prints each line that is typed, as `printf` reads it, and shows nothing else.
const PRINTS: &str =
    "stty -echo; printf '\\033]2;ready\\a'; while IFS= read -r line; do printf \"$line\"; done";

fn options(script: &str) -> SpawnOptions {
    let screen = ScreenOptions { clipboard: true, ..ScreenOptions::default() };
    SpawnOptions::program("sh").args(["-c", script]).screen(screen)
}

fn spawn(serving: &Serving, script: &'static str) -> u64 {
    serving.with(move |engine| engine.spawn(&options(script)).unwrap().to_u64())
}

fn hello(serving: &Serving, notices: &[&str]) -> Client {
    Client::hello(serving.address, &serving.token, json!({"notices": notices})).0
}

/// A terminal that prints what is typed, and a client that wants these notices from there on.
fn printing(notices: &[&str]) -> (Serving, u64, Client) {
    let serving = Serving::start(Config::default());
    let mut client = hello(&serving, &["title"]);
    let terminal = spawn(&serving, PRINTS);
    assert_eq!(next(&mut client).1, json!({"title": {"title": "ready"}}));
    want(&mut client, notices);
    (serving, terminal, client)
}

fn want(client: &mut Client, kinds: &[&str]) {
    client.send(&json!({"type": "notices", "kinds": kinds}));
    client.settle();
}

/// Has the program print this.
fn print(client: &mut Client, terminal: u64, text: &str) {
    client.type_in(terminal, format!("{text}\n").as_bytes());
}

/// The next notice with its number.
fn next(client: &mut Client) -> (u64, Value) {
    let message = client.receive_type("notice");
    (message["seq"].as_u64().unwrap(), message["notice"].clone())
}

/// Rings the bell and waits for it: what came before it is passed over and given.
fn until_bell(client: &mut Client, terminal: u64) -> Vec<(u64, Value)> {
    print(client, terminal, r"\a");
    let mut before = Vec::new();
    loop {
        let (seq, notice) = next(client);
        if notice.get("bell").is_some() {
            return before;
        }
        before.push((seq, notice));
    }
}

#[test]
fn every_kind_comes_as_the_program_reports_it() {
    let (_serving, terminal, mut client) = printing(&ALL);
    let table = [
        (r"\a", json!({"bell": {"count": 1}})),
        (r"\033]9;all done\a", json!({"notification": {"title": "", "body": "all done"}})),
        (
            r"\033]777;notify;Build;it failed\a",
            json!({"notification": {"title": "Build", "body": "it failed"}}),
        ),
        (r"\033]52;c;aGVsbG8=\a", json!({"clipboard": {"selection": false, "text": "hello"}})),
        (r"\033]52;p;aGVsbG8=\a", json!({"clipboard": {"selection": true, "text": "hello"}})),
        (r"\033]9;4;1;42\a", json!({"progress": {"progress": {"state": "normal", "percent": 42}}})),
        (
            r"\033]9;4;3\a",
            json!({"progress": {"progress": {"state": "indeterminate", "percent": 0}}}),
        ),
        (r"\033]9;4;0\a", json!({"progress": {"progress": null}})),
        (r"\033]133;C;cmdline=make\a", json!({"command_started": {"command": "make"}})),
        (r"\033]2;a title\a", json!({"title": {"title": "a title"}})),
        (r"\033]7;file://host/some/where\a", json!({"cwd": {"path": "/some/where"}})),
    ];
    let first = 2;
    for (seq, (sequence, wanted)) in (first..).zip(&table) {
        print(&mut client, terminal, sequence);
        assert_eq!(next(&mut client), (seq, wanted.clone()), "{sequence}");
    }
    print(&mut client, terminal, r"\033]133;D;3\a");
    let finished = next(&mut client).1["command_finished"].clone();
    assert_eq!(finished["exit_code"], 3);
    assert!(finished["duration_ms"].as_u64().unwrap() < 60_000, "{finished}");
}

/// In the order in which they happened, where they go out together.
#[test]
fn notices_keep_their_order() {
    let (_serving, terminal, mut client) = printing(&ALL);
    let all = r"\033]133;C\a\033]2;one\a\a\033]9;n\a\a\033]133;D;0\a\033]2;two\a";
    print(&mut client, terminal, all);
    let names: Vec<String> = (0..5)
        .map(|_| next(&mut client).1.as_object().unwrap().keys().next().unwrap().clone())
        .collect();
    assert_eq!(names, ["command_started", "title", "bell", "notification", "command_finished"]);
}

#[test]
fn only_what_is_wanted_comes() {
    let (serving, terminal, mut client) = printing(&["bell", "cwd"]);
    let noise = r"\033]9;n\a\033]2;t\a\033]9;4;1;1\a\033]133;C\a\033]133;D\a\033]52;c;aGk=\a";
    print(&mut client, terminal, noise);
    print(&mut client, terminal, r"\033]7;/here\a");
    assert_eq!(next(&mut client), (2, json!({"cwd": {"path": "/here"}})), "others have no number");
    assert_eq!(until_bell(&mut client, terminal), []);
    // A list replaces the one before; one that is empty ends all.
    want(&mut client, &["notification", "bell"]);
    print(&mut client, terminal, r"\033]7;/there\a\033]9;again\a");
    let again = (4, json!({"notification": {"title": "", "body": "again"}}));
    assert_eq!(next(&mut client), again);
    // What another client wants does not come to this one, but it is numbered.
    let mut other = hello(&serving, &["title"]);
    print(&mut client, terminal, r"\033]2;u\a");
    assert_eq!(next(&mut other), (5, json!({"title": {"title": "u"}})));
    print(&mut client, terminal, r"\a");
    assert_eq!(next(&mut client), (6, json!({"bell": {"count": 1}})));
    want(&mut client, &[]);
    print(&mut client, terminal, r"\a\033]2;v\a");
    assert_eq!(next(&mut other), (7, json!({"title": {"title": "v"}})), "nobody wants the bell");
    client.send(&json!({"type": "ping", "id": 5}));
    let Incoming::Json(message) = client.receive() else { panic!("no message") };
    assert_eq!(message, json!({"type": "pong", "id": 5}), "nothing came before it");
}

#[test]
fn scopes_decide() {
    let (serving, terminal, mut typist) = printing(&[]);
    let token = serving.token(Scopes::OBSERVE);
    let fields = json!({"notices": ["clipboard", "bell"]});
    let mut client = Client::hello(serving.address, &token, fields).0;
    // The clipboard was left out of the hello; the rest was not.
    print(&mut typist, terminal, r"\033]52;c;aGVsbG8=\a");
    assert_eq!(until_bell_of(&mut client, &mut typist, terminal), []);
    // A message that asks for it changes nothing.
    client.send(&json!({"type": "notices", "kinds": ["clipboard", "title"]}));
    assert_eq!(client.receive_type("error")["code"], "forbidden");
    print(&mut typist, terminal, r"\033]52;c;aGVsbG8=\a\033]2;no\a");
    assert_eq!(until_bell_of(&mut client, &mut typist, terminal), []);
    // Who may not observe gets none.
    let token = serving.token(Scopes::TYPE | Scopes::CLIPBOARD);
    let fields = json!({"notices": ["bell"]});
    let mut blind = Client::hello(serving.address, &token, fields).0;
    blind.send(&json!({"type": "notices", "kinds": ["bell"]}));
    assert_eq!(blind.receive_type("error")["code"], "forbidden");
    assert_eq!(until_bell_of(&mut client, &mut typist, terminal), []);
    blind.send(&json!({"type": "ping", "id": 1}));
    let Incoming::Json(message) = blind.receive() else { panic!("no message") };
    assert_eq!(message["type"], "pong");
    // With both scopes it comes.
    let token = serving.token(Scopes::OBSERVE | Scopes::CLIPBOARD);
    let fields = json!({"notices": ["clipboard"]});
    let mut client = Client::hello(serving.address, &token, fields).0;
    print(&mut typist, terminal, r"\033]52;c;aGVsbG8=\a");
    let wanted = json!({"clipboard": {"selection": false, "text": "hello"}});
    assert_eq!(next(&mut client).1, wanted);
}

/// As [`until_bell`], for a client that may not type.
fn until_bell_of(client: &mut Client, typist: &mut Client, terminal: u64) -> Vec<(u64, Value)> {
    print(typist, terminal, r"\a");
    let mut before = Vec::new();
    loop {
        match next(client) {
            (_, notice) if notice.get("bell").is_some() => return before,
            other => before.push(other),
        }
    }
}

/// The host does not allow programs to set the clipboard unless it says so.
#[test]
fn without_the_hosts_consent_there_is_no_clipboard() {
    let serving = Serving::start(Config::default());
    let mut client = hello(&serving, &ALL);
    let terminal = serving.spawn(&["sh", "-c", PRINTS], true);
    assert_eq!(next(&mut client).1, json!({"title": {"title": "ready"}}));
    print(&mut client, terminal, r"\033]52;c;aGVsbG8=\a");
    assert_eq!(until_bell(&mut client, terminal), []);
}

#[test]
fn a_late_client_gets_none_from_before() {
    const ATTEMPTS: usize = 100;
    let (serving, terminal, mut first) = printing(&ALL);
    let mut late = hello(&serving, &[]);
    first.send(&json!({"type": "attach", "terminal": terminal, "start": "now"}));
    first.receive_type("attached");
    for n in 0..ATTEMPTS {
        // What follows a notice waits for its time. It has happened once its bytes have come, and the late one wants it
        // then; on a slow machine its time may be over already.
        print(&mut first, terminal, r"\a");
        assert_eq!(next(&mut first).1, json!({"bell": {"count": 1}}));
        let body = format!("early {n}");
        print(&mut first, terminal, &format!(r"\033]9;{body}\a"));
        let is_sent = wait_output(&mut first, &body);
        want(&mut late, &ALL);
        let early = json!({"notification": {"title": "", "body": body}});
        if !is_sent && !is_notified(&mut first) {
            assert_eq!(next(&mut first).1, early);
            print(&mut first, terminal, r"\033]2;now\a");
            let now = next(&mut first);
            assert_eq!(now.1, json!({"title": {"title": "now"}}));
            assert_eq!(next(&mut late), now);
            return;
        }
        want(&mut late, &[]);
    }
    panic!("a notice never waits");
}

/// Waits for output that has this text. Whether a notice has come before it.
fn wait_output(client: &mut Client, text: &str) -> bool {
    let (mut output, mut is_notified) = (Vec::new(), false);
    while !String::from_utf8_lossy(&output).contains(text) {
        match client.receive() {
            Incoming::Output { bytes, .. } => output.extend(bytes),
            Incoming::Json(message) => is_notified |= message["type"] == "notice",
            other => panic!("{other:?}"),
        }
    }
    is_notified
}

/// Whether a notice comes before the answer to a ping.
fn is_notified(client: &mut Client) -> bool {
    client.send(&json!({"type": "ping", "id": 7}));
    let mut is_notified = false;
    loop {
        match client.receive() {
            Incoming::Json(message) if message["type"] == "pong" => return is_notified,
            Incoming::Json(message) => is_notified |= message["type"] == "notice",
            Incoming::Output { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Bells are counted and of titles the newest counts: few notices, and nothing is missing in the end.
#[test]
fn a_flood_is_a_few_notices() {
    const BELLS: u64 = 100_000;
    let script = "stty -echo; printf '\\033]2;ready\\a'; read line; \
         head -c 100000 /dev/zero | tr '\\000' '\\007'; \
         i=0; while [ $i -lt 20000 ]; do printf '\\033]2;title %d\\a' $i; i=$((i + 1)); done; \
         printf '\\033]9;over\\a'; read line";
    let serving = Serving::start(Config::default());
    let mut client = hello(&serving, &["bell", "title", "notification"]);
    let terminal = spawn(&serving, script);
    assert_eq!(next(&mut client).1, json!({"title": {"title": "ready"}}));
    let began = Instant::now();
    print(&mut client, terminal, "");
    let (mut bells, mut titles, mut rung) = (0, Vec::new(), 0);
    let mut last = 1;
    loop {
        let (seq, notice) = next(&mut client);
        assert_eq!(seq, last + 1, "what is counted or replaced is not dropped");
        last = seq;
        if let Some(bell) = notice.get("bell") {
            bells += 1;
            rung += bell["count"].as_u64().unwrap();
        } else if let Some(title) = notice.get("title") {
            titles.push(title["title"].clone());
        } else {
            break;
        }
    }
    assert_eq!(rung, BELLS);
    assert_eq!(titles.last(), Some(&json!("title 19999")));
    let allowed = began.elapsed().as_millis() as usize / 100 + 2;
    assert!(bells <= allowed && titles.len() <= allowed, "{bells} {}: {allowed}", titles.len());
}

/// A client that does not read loses notices and nothing else: it sees how many, and goes on.
#[test]
fn a_stalled_client_drops_notices() {
    const AT_ONCE: usize = 8;
    let script = "stty -echo; text=$(head -c 4000 /dev/zero | tr '\\000' x); \
         printf '\\033]2;ready\\a'; \
         while read line; do for n in 1 2 3 4 5 6 7 8; do printf '\\033]9;%s\\a' \"$text\"; done; done";
    let serving = Serving::start(Config::default());
    let mut client = hello(&serving, &["title"]);
    let terminal = spawn(&serving, script);
    next(&mut client);
    want(&mut client, &["notification"]);
    let mut stalled = hello(&serving, &["notification"]);
    let mut sent = 1;
    // Until its socket is full, and the queue behind it, too; then as much again.
    let mut after_full = 0;
    while after_full < 10 {
        print(&mut client, terminal, "");
        for _ in 0..AT_ONCE {
            sent += 1;
            assert_eq!(next(&mut client).0, sent, "a client that reads loses nothing");
        }
        let queued = serving.with(|engine| {
            engine.clients().iter().map(|client| client.queued_bytes).max().unwrap()
        });
        assert!(queued <= (64 << 10) + 5000, "{queued} bytes wait");
        after_full += usize::from(queued > 64 << 10);
    }
    let mut got = Vec::new();
    stalled.send(&json!({"type": "ping", "id": 1}));
    loop {
        match stalled.receive() {
            Incoming::Json(value) if value["type"] == "notice" => {
                got.push(value["seq"].as_u64().unwrap());
            }
            Incoming::Json(value) if value["type"] == "pong" => break,
            Incoming::Json(_) => {}
            other => panic!("{other:?}"),
        }
    }
    let kept: Vec<u64> = (2..2 + got.len() as u64).collect();
    assert!(got == kept && *kept.last().unwrap() <= sent - 60, "{} of {sent}", got.len());
    print(&mut client, terminal, "");
    assert_eq!(next(&mut stalled).0, sent + 1, "the jump shows what was dropped");
}

/// A host that reads none of its events, so that all of them wait, holds nothing up.
#[test]
fn a_host_that_does_not_read_holds_nothing_up() {
    let (mut engine, address, token) = listening(Config::default(), |options| options);
    let (begin, begins) = channel();
    let thread = std::thread::spawn(move || {
        let (mut client, _) = Client::hello(address, &token, json!({"notices": ALL}));
        client.settle();
        begin.send(()).unwrap();
        let ready = client.receive_type("notice");
        assert_eq!(ready["notice"], json!({"title": {"title": "ready"}}));
        let terminal = ready["terminal"].as_u64().unwrap();
        for n in 0..40 {
            print(&mut client, terminal, &format!(r"\033]9;no {n}\a"));
            let wanted = json!({"notification": {"title": "", "body": format!("no {n}")}});
            assert_eq!(next(&mut client).1, wanted);
        }
        terminal
    });
    let mut spawned = None;
    while !thread.is_finished() {
        engine.turn(Some(Duration::from_millis(10))).unwrap();
        if begins.try_recv().is_ok() {
            spawned = Some(engine.spawn(&options(PRINTS)).unwrap());
        }
    }
    let id = TerminalId::from_u64(thread.join().unwrap());
    assert_eq!(spawned, Some(id));
    // The host's own events are those that they always were: 32 of these wait, besides the title.
    let mut own = 0;
    while let Some(event) = engine.next_event().unwrap() {
        own += usize::from(format!("{event:?}").contains("Notification"));
    }
    assert_eq!(own, 32);
}
