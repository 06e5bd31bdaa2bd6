//! Sizes of several viewers of one terminal: what each asks for, and what the terminal gets.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/serving.rs"]
mod serving;

use std::time::Duration;

use client::Client;
use orchflow::{Config, Limits, Scopes, Size, SizePolicy, TerminalId};
use serde_json::json;
use serving::Serving;

/// A server on which a change of size is made at once, however soon it follows another one.
fn prompt_server() -> Serving {
    server_with(Duration::ZERO)
}

fn server_with(resize_interval: Duration) -> Serving {
    let limits = Limits { resize_interval, ..Limits::default() };
    Serving::start(Config { limits, ..Config::default() })
}

/// A client that follows the terminals of the state and is attached to none.
fn onlooker(serving: &Serving) -> Client {
    let fields = json!({"collections": ["terminals"]});
    Client::hello(serving.address, &serving.token, fields).0
}

fn client_with(serving: &Serving, token: &str) -> Client {
    Client::hello(serving.address, token, json!({})).0
}

/// A client whose window has so many columns and rows, and the size of the snapshot that it gets.
fn viewer(serving: &Serving, terminal: u64, cols: u16, rows: u16) -> Client {
    let mut client = client_with(serving, &serving.token);
    attach(&mut client, terminal, cols, rows);
    client
}

/// Attaches with this grid; the size of the snapshot that follows.
fn attach(client: &mut Client, terminal: u64, cols: u16, rows: u16) -> (u64, u64) {
    client.send(&json!({"type": "attach", "terminal": terminal, "cols": cols, "rows": rows}));
    client.receive_type("attached");
    let snapshot = client.receive_type("terminal_snapshot");
    (snapshot["cols"].as_u64().unwrap(), snapshot["rows"].as_u64().unwrap())
}

fn resize(client: &mut Client, terminal: u64, cols: u16, rows: u16) -> serde_json::Value {
    let op = json!({"resize": {"cols": cols, "rows": rows}});
    let request = json!({"type": "batch", "ops": [{"terminal": terminal, "op": op}]});
    client.ask(request, 77)["statuses"][0].clone()
}

fn size(serving: &Serving, terminal: u64) -> (u16, u16) {
    serving.with(move |engine| {
        let size = engine.terminal_state(TerminalId::from_u64(terminal)).unwrap().size;
        (size.cols, size.rows)
    })
}

/// Waits until the state shows this size.
fn await_size(onlooker: &mut Client, terminal: u64, cols: u16, rows: u16) {
    loop {
        let diff = onlooker.receive_type("diff");
        let terminals = diff["terminals"].as_array().unwrap();
        let is_it = |entry: &&serde_json::Value| {
            entry["id"] == terminal && entry["cols"] == cols && entry["rows"] == rows
        };
        if terminals.iter().find(is_it).is_some() {
            return;
        }
    }
}

#[test]
fn a_viewer_of_one_cell_harms_nobody() {
    let serving = prompt_server();
    let terminal = serving.spawn(&["cat"], true);
    let mut large = viewer(&serving, terminal, 100, 40);
    assert_eq!(size(&serving, terminal), (100, 40));
    let mut tiny = client_with(&serving, &serving.token);
    assert_eq!(attach(&mut tiny, terminal, 1, 1), (100, 40), "it shows a part of what is there");
    // One that reports its size later, as clients of old do.
    let mut other = client_with(&serving, &serving.token);
    other.send(&json!({"type": "attach", "terminal": terminal}));
    other.receive_type("attached");
    assert!(resize(&mut other, terminal, 1, 1).is_null());
    assert_eq!(size(&serving, terminal), (100, 40));
    large.type_in(terminal, b"still\n");
    large.read_until(terminal, b"still\r\nstill\r\n");
    assert_eq!(size(&serving, terminal), (100, 40));
}

/// Clients that report their size by `resize` alone, as those of earlier versions do.
#[test]
fn the_last_resize_does_not_win() {
    let serving = prompt_server();
    let terminal = serving.spawn(&["cat"], true);
    let mut onlooker = onlooker(&serving);
    let mut clients = [(); 2].map(|()| client_with(&serving, &serving.token));
    for client in &mut clients {
        client.send(&json!({"type": "attach", "terminal": terminal}));
        client.receive_type("attached");
    }
    let [mut large, mut small] = clients;
    assert!(resize(&mut large, terminal, 100, 40).is_null());
    assert!(resize(&mut small, terminal, 1, 1).is_null());
    assert_eq!(size(&serving, terminal), (100, 40));
    small.type_in(terminal, b"\n");
    await_size(&mut onlooker, terminal, 20, 5);
    drop(small);
    await_size(&mut onlooker, terminal, 100, 40);
}

#[test]
fn a_snapshot_has_the_size_that_its_client_asked_for() {
    // The second change of size is held back, and what is sent of the terminal with it.
    let serving = server_with(Duration::from_millis(90));
    let terminal = serving.spawn(&["cat"], true);
    let mut client = client_with(&serving, &serving.token);
    for (cols, rows) in [(100, 30), (90, 20), (110, 35)] {
        let got = attach(&mut client, terminal, cols, rows);
        assert_eq!(got, (cols.into(), rows.into()));
    }
    for (cols, rows) in [(60, 10), (61, 11)] {
        client.send(&json!({"type": "attach", "terminal": terminal, "mode": "screen",
            "cols": cols, "rows": rows}));
        client.receive_type("attached");
        let screen = client.receive_type("screen");
        assert_eq!((&screen["cols"], &screen["rows"]), (&json!(cols), &json!(rows)));
    }
    let attach = json!([{"terminal": terminal, "cols": 70, "rows": 21}]);
    let (mut greeted, _) =
        Client::hello(serving.address, &serving.token, json!({"attach": attach}));
    let snapshot = greeted.receive_type("terminal_snapshot");
    assert_eq!(snapshot["cols"], 61, "who attaches later shows what is there");
    drop(client);
    let mut onlooker = onlooker(&serving);
    await_size(&mut onlooker, terminal, 70, 21);
}

/// A host may coalesce changes of size for very long: nobody waits that long for what it shows.
#[test]
fn a_change_that_is_held_back_for_long_is_not_waited_for() {
    let serving = server_with(Duration::from_secs(60));
    let terminal = serving.spawn(&["cat"], true);
    let mut client = client_with(&serving, &serving.token);
    assert_eq!(attach(&mut client, terminal, 100, 30), (100, 30), "the first one is made at once");
    assert_eq!(attach(&mut client, terminal, 90, 20), (100, 30));
    assert_eq!(size(&serving, terminal), (90, 20), "it will be");
}

#[test]
fn a_size_that_changes_nothing_does_nothing() {
    let serving = prompt_server();
    let script = "trap 'echo changed' WINCH; stty -echo; echo ready; \
        while :; do read line && echo got; done";
    let terminal = serving.spawn(&["sh", "-c", script], true);
    let mut a = client_with(&serving, &serving.token);
    a.send(&json!({"type": "attach", "terminal": terminal, "start": "oldest"}));
    a.read_until(terminal, b"ready\r\n");
    let mut b = viewer(&serving, terminal, 100, 40);
    a.read_until(terminal, b"changed\r\n");
    assert!(resize(&mut b, terminal, 100, 40).is_null());
    attach(&mut b, terminal, 100, 40);
    let mut other = viewer(&serving, terminal, 100, 40);
    other.type_in(terminal, b"\n");
    b.settle();
    let output = a.read_until(terminal, b"got\r\n");
    assert_eq!(output, b"got\r\n", "no report reached the program");
}

/// The program gets the size before it gets what was typed.
#[test]
fn the_size_is_that_of_who_typed_last() {
    let serving = prompt_server();
    let script = "stty -echo; echo ready; while read line; do stty size; done";
    let terminal = serving.spawn(&["sh", "-c", script], true);
    let mut a = client_with(&serving, &serving.token);
    a.send(&json!({"type": "attach", "terminal": terminal, "start": "oldest"}));
    a.read_until(terminal, b"ready\r\n");
    assert!(resize(&mut a, terminal, 100, 40).is_null());
    let mut b = viewer(&serving, terminal, 60, 20);
    assert_eq!(size(&serving, terminal), (100, 40), "B has not typed yet");
    b.type_in(terminal, b"\n");
    a.read_until(terminal, b"20 60\r\n");
    // Another window of who does not use the terminal changes nothing, of who does everything.
    assert!(resize(&mut a, terminal, 101, 41).is_null());
    assert_eq!(size(&serving, terminal), (60, 20));
    assert!(resize(&mut b, terminal, 62, 22).is_null());
    assert_eq!(size(&serving, terminal), (62, 22));
    let paste = json!({"terminal": terminal, "op": {"paste": "\n"}});
    a.ask(json!({"type": "batch", "ops": [paste]}), 1);
    a.read_until(terminal, b"41 101\r\n");
    b.send(&json!({"type": "input", "terminal": terminal, "data": "\n"}));
    a.read_until(terminal, b"22 62\r\n");
    let input = json!({"terminal": terminal, "op": {"input": "\n"}});
    a.ask(json!({"type": "batch", "ops": [input]}), 2);
    a.read_until(terminal, b"41 101\r\n");
    let interrupt = json!({"terminal": terminal, "op": "interrupt"});
    b.ask(json!({"type": "batch", "ops": [interrupt]}), 3);
    assert_eq!(size(&serving, terminal), (62, 22));
}

#[test]
fn who_leaves_leaves_the_size_to_the_others() {
    let serving = prompt_server();
    let terminal = serving.spawn(&["cat"], true);
    let mut onlooker = onlooker(&serving);
    let mut large = viewer(&serving, terminal, 100, 40);
    let mut middle = viewer(&serving, terminal, 90, 30);
    let mut small = viewer(&serving, terminal, 60, 20);
    small.type_in(terminal, b"a\n");
    await_size(&mut onlooker, terminal, 60, 20);
    // Of the others nobody has typed: the one that came first.
    small.send(&json!({"type": "detach", "terminal": terminal}));
    await_size(&mut onlooker, terminal, 100, 40);
    middle.type_in(terminal, b"b\n");
    await_size(&mut onlooker, terminal, 90, 30);
    attach(&mut small, terminal, 61, 21);
    small.type_in(terminal, b"c\n");
    await_size(&mut onlooker, terminal, 61, 21);
    drop(small);
    await_size(&mut onlooker, terminal, 90, 30);
    // An attachment anew, in another mode, is the same viewer; one without a size has none.
    middle.send(&json!({"type": "attach", "terminal": terminal, "mode": "screen",
        "cols": 91, "rows": 31}));
    await_size(&mut onlooker, terminal, 91, 31);
    middle.send(&json!({"type": "attach", "terminal": terminal}));
    await_size(&mut onlooker, terminal, 100, 40);
    large.send(&json!({"type": "detach", "terminal": terminal}));
    large.settle();
    drop((large, middle));
    let mut last = client_with(&serving, &serving.token);
    last.settle();
    assert_eq!(size(&serving, terminal), (100, 40), "nobody is left who asks for another one");
}

fn set_policy(serving: &Serving, terminal: u64, policy: SizePolicy) {
    serving.with(move |engine| {
        let id = TerminalId::from_u64(terminal);
        engine.set_size_policy(id, policy).unwrap();
        assert_eq!(engine.terminal_state(id).unwrap().size_policy, policy);
    });
}

#[test]
fn the_smallest_window_shows_all() {
    let serving = prompt_server();
    let terminal = serving.spawn(&["cat"], true);
    let mut onlooker = onlooker(&serving);
    let mut large = viewer(&serving, terminal, 100, 40);
    set_policy(&serving, terminal, SizePolicy::Smallest);
    let mut high = viewer(&serving, terminal, 60, 50);
    assert_eq!(size(&serving, terminal), (60, 40));
    large.type_in(terminal, b"a\n");
    large.read_until(terminal, b"a\r\na\r\n");
    assert_eq!(size(&serving, terminal), (60, 40), "typing decides nothing");
    let mut tiny = client_with(&serving, &serving.token);
    assert_eq!(attach(&mut tiny, terminal, 1, 1), (20, 5), "as small as several may make it");
    assert!(resize(&mut tiny, terminal, 70, 30).is_null());
    assert_eq!(size(&serving, terminal), (60, 30));
    tiny.send(&json!({"type": "detach", "terminal": terminal}));
    await_size(&mut onlooker, terminal, 60, 40);
    drop(large);
    await_size(&mut onlooker, terminal, 60, 50);
    assert!(resize(&mut high, terminal, 1, 1).is_null());
    assert_eq!(size(&serving, terminal), (2, 1), "alone one may have what it likes");
}

#[test]
fn the_size_that_the_host_sets_stays() {
    let serving = prompt_server();
    let terminal = serving.spawn(&["cat"], true);
    let id = TerminalId::from_u64(terminal);
    let mut client = viewer(&serving, terminal, 100, 40);
    serving.with(move |engine| {
        assert_eq!(engine.terminal_state(id).unwrap().size_policy, SizePolicy::Latest);
        engine.resize(id, Size::cells(70, 20)).unwrap();
        assert_eq!(engine.terminal_state(id).unwrap().size_policy, SizePolicy::Fixed);
    });
    assert_eq!(attach(&mut client, terminal, 90, 30), (70, 20));
    client.type_in(terminal, b"a\n");
    client.read_until(terminal, b"a\r\na\r\n");
    assert!(resize(&mut client, terminal, 91, 31).is_null(), "it is remembered");
    let mut stranger = client_with(&serving, &serving.token);
    assert_eq!(resize(&mut stranger, terminal, 50, 12)["code"], "forbidden");
    assert_eq!(size(&serving, terminal), (70, 20));
    set_policy(&serving, terminal, SizePolicy::Latest);
    assert_eq!(size(&serving, terminal), (91, 31));
    // A batch of the host decides as well; one that fails does not.
    serving.with(move |engine| {
        let resize = |cols| [orchflow::Op::Resize(Size::cells(cols, 33))];
        let (bad, good) = (resize(0), resize(77));
        for (ops, policy) in [(bad, SizePolicy::Latest), (good, SizePolicy::Fixed)] {
            engine.batch(&[orchflow::BatchEntry { terminal: id, ops: &ops }]).unwrap();
            assert_eq!(engine.terminal_state(id).unwrap().size_policy, policy);
        }
    });
    assert_eq!(size(&serving, terminal), (77, 33));
    // Who is not attached changes the size of a terminal that the host leaves to others.
    set_policy(&serving, terminal, SizePolicy::Smallest);
    client.send(&json!({"type": "detach", "terminal": terminal}));
    client.settle();
    assert!(resize(&mut stranger, terminal, 50, 12).is_null());
    assert_eq!(size(&serving, terminal), (50, 12));
}

/// A client that stands still keeps nobody small, until it is heard of again.
#[test]
fn who_has_stalled_has_no_say() {
    let limits = Limits {
        resize_interval: Duration::ZERO,
        client_stall_time: Duration::from_millis(100),
        ..Limits::default()
    };
    let serving = Serving::start(Config { limits, ..Config::default() });
    let terminal = serving.spawn(&["yes"], true);
    set_policy(&serving, terminal, SizePolicy::Smallest);
    let mut onlooker = onlooker(&serving);
    let mut small = viewer(&serving, terminal, 60, 20);
    let mut other = client_with(&serving, &serving.token);
    other.send(&json!({"type": "attach", "terminal": terminal, "mode": "screen",
        "cols": 100, "rows": 40}));
    other.receive_type("attached");
    // It takes what it is sent: who does not is closed.
    std::thread::spawn(move || other.closed());
    await_size(&mut onlooker, terminal, 60, 20);
    // It gives no credit, and its attachment changes.
    while small.receive_type("attached")["mode"] != "screen" {}
    await_size(&mut onlooker, terminal, 100, 40);
    small.type_in(terminal, b"x");
    await_size(&mut onlooker, terminal, 60, 20);
}

#[test]
fn who_may_not_type_has_no_say() {
    let serving = prompt_server();
    let terminal = serving.spawn(&["cat"], true);
    let mut observer = client_with(&serving, &serving.token(Scopes::OBSERVE));
    assert_eq!(attach(&mut observer, terminal, 50, 12), (80, 24));
    assert!(resize(&mut observer, terminal, 51, 13).is_null(), "it is no fault to say so");
    assert_eq!(size(&serving, terminal), (80, 24));
    let mut stranger = client_with(&serving, &serving.token(Scopes::OBSERVE));
    assert_eq!(resize(&mut stranger, terminal, 50, 12)["code"], "forbidden");
    let _large = viewer(&serving, terminal, 100, 40);
    assert_eq!(size(&serving, terminal), (100, 40));
}

#[test]
fn sizes_that_no_terminal_has_are_refused() {
    let serving = prompt_server();
    let terminal = serving.spawn(&["cat"], true);
    let mut client = client_with(&serving, &serving.token);
    for (cols, rows, code) in [(0, 5, "invalid"), (5, 0, "invalid"), (65535, 65535, "limit")] {
        client.send(&json!({"type": "attach", "terminal": terminal, "cols": cols, "rows": rows}));
        let error = client.receive_type("error");
        assert_eq!(error["code"], code, "{error}");
        assert!(error["message"].as_str().unwrap().contains(&terminal.to_string()), "{error}");
    }
    attach(&mut client, terminal, 100, 40);
    for (cols, rows, code) in [(0, 5, "invalid"), (5, 0, "invalid"), (65535, 65535, "limit")] {
        assert_eq!(resize(&mut client, terminal, cols, rows)["code"], code);
    }
    assert_eq!(size(&serving, terminal), (100, 40));
}
