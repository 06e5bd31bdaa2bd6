//! How long clients may hold a program back, and that what they give up reaches who waits for it.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/serving.rs"]
mod serving;

use std::time::Duration;

use client::{Client, Incoming};
use orchflow::{Config, Limits, Scopes, ScreenOptions, SpawnOptions, TerminalId, TerminalState};
use serde_json::{Value, json};
use serving::Serving;

const LOG: usize = 64 << 10;
/// Unread bytes at which a log of this size stops the PTY.
const UNREAD_MAX: u64 = 56 << 10;
const HOLD: Duration = Duration::from_millis(400);
const LONG: Duration = Duration::from_secs(3600);

/// A server with small logs and these bounds for clients that hold programs back.
fn serve(client_hold_time: Duration, client_stall_time: Duration) -> Serving {
    let limits =
        Limits { log_bytes: LOG, client_hold_time, client_stall_time, ..Limits::default() };
    Serving::start(Config { limits, ..Config::default() })
}

/// A program without a reader of the host.
fn spawn(serving: &Serving, script: &str, screen: bool) -> u64 {
    let script = script.to_owned();
    serving.with(move |engine| {
        let mut options = SpawnOptions::program("sh").args(["-c", &script]).reader(None);
        if screen {
            options = options.screen(ScreenOptions::default());
        }
        engine.spawn(&options).unwrap().to_u64()
    })
}

fn state(serving: &Serving, terminal: u64) -> TerminalState {
    serving.with(move |engine| engine.terminal_state(TerminalId::from_u64(terminal)).unwrap())
}

/// Asks the engine until this holds. Each question is a turn of the engine's loop.
fn wait_state(serving: &Serving, terminal: u64, done: impl Fn(&TerminalState) -> bool) {
    let end = std::time::Instant::now() + client::WATCHDOG;
    while !done(&state(serving, terminal)) {
        assert!(std::time::Instant::now() < end, "{:?}", state(serving, terminal));
        std::thread::yield_now();
    }
}

fn lossless(terminal: u64) -> Value {
    json!({"attach": [{"terminal": terminal, "start": "oldest", "window": 4096}]})
}

fn observer(serving: &Serving, fields: Value) -> Client {
    let token = serving.token(Scopes::OBSERVE);
    Client::hello(serving.address, &token, fields).0
}

/// Reads until a message of this type, and checks that none of the others comes before it.
fn receive_before(client: &mut Client, wanted: &str, others: &[&str]) -> Value {
    loop {
        if let Incoming::Json(value) = client.receive() {
            let kind = value["type"].as_str().unwrap();
            assert!(!others.contains(&kind), "{value} before {wanted}");
            if kind == wanted {
                return value;
            }
        }
    }
}

fn number(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap()
}

/// Who may only watch and gives no credit is warned, then sees the screen, and the program goes on.
#[test]
fn an_observer_goes_on_with_the_screen() {
    let serving = serve(HOLD, LONG);
    let terminal = spawn(&serving, "exec yes", true);
    let mut client = observer(&serving, lossless(terminal));
    assert_eq!(client.receive_type("attached")["mode"], "lossless");
    let warning = receive_before(&mut client, "lag_warning", &["attached", "screen"]);
    assert_eq!(warning["terminal"], terminal);
    let remaining = number(&warning, "remaining_ms");
    assert!(remaining > 0 && remaining <= HOLD.as_millis() as u64, "{remaining}");
    let attached = receive_before(&mut client, "attached", &["lag_warning", "screen", "gap"]);
    assert_eq!((&attached["mode"], &attached["terminal"]), (&json!("screen"), &json!(terminal)));
    let screen = client.receive_type("screen");
    assert_eq!(screen["full"], true);
    let end = number(&attached, "offset") + 3 * LOG as u64;
    wait_state(&serving, terminal, |state| state.log_end >= end);
    // Nothing but the screen from now on.
    for _ in 0..3 {
        assert!(matches!(client.receive(), Incoming::Json(value) if value["type"] == "screen"));
    }
    assert!(!state(&serving, terminal).paused_by_reader);
}

/// Where there is no screen it goes on behind a gap, and holds nothing back before it has caught up.
#[test]
fn an_observer_without_a_screen_gets_a_gap() {
    let serving = serve(HOLD, LONG);
    let terminal = spawn(&serving, "exec yes", false);
    let mut client = observer(&serving, lossless(terminal));
    receive_before(&mut client, "lag_warning", &["gap"]);
    let gap = receive_before(&mut client, "gap", &["lag_warning", "attached"]);
    assert!(number(&gap, "from") < number(&gap, "to"));
    let end = number(&gap, "to") + 3 * LOG as u64;
    wait_state(&serving, terminal, |state| state.log_end >= end);
    client.send(&json!({"type": "ping", "id": 1}));
    receive_before(&mut client, "pong", &["lag_warning", "attached"]);
    // It is alive and takes what there is: the rest of its window, and over a gap to what is kept.
    client.credit(terminal, end);
    receive_before(&mut client, "gap", &["lag_warning", "attached"]);
}

/// An observer that has caught up again gets every byte again, and may hold the program back again.
#[test]
fn who_catches_up_has_its_time_again() {
    let serving = serve(HOLD, LONG);
    let script = "stty -echo; while read line; do head -c 200000 /dev/zero; echo done; done";
    let terminal = spawn(&serving, script, false);
    let mut client = observer(&serving, lossless(terminal));
    let mut typist = Client::hello(serving.address, &serving.token, json!({})).0;
    for _ in 0..2 {
        typist.type_in(terminal, b"\n");
        receive_before(&mut client, "lag_warning", &["gap"]);
        receive_before(&mut client, "gap", &["lag_warning"]);
        // The program comes to its prompt, and the client to the end of its output.
        let mut tail = Vec::new();
        while !tail.ends_with(b"done\r\n") {
            match client.receive() {
                Incoming::Output { offset, bytes, .. } => {
                    client.credit(terminal, offset + bytes.len() as u64);
                    tail.extend(bytes);
                }
                Incoming::Json(value) if value["type"] == "gap" => {
                    client.credit(terminal, number(&value, "to"));
                }
                Incoming::Json(_) => {}
                Incoming::Closed(code) => panic!("closed: {code:?}"),
            }
        }
        client.settle();
    }
}

/// Neither a new attachment nor a new connection begins the time anew: the program writes another log's
/// worth before an observer may hold it back again.
#[test]
fn attaching_anew_wins_no_time() {
    let serving = serve(HOLD, LONG);
    let terminal = spawn(&serving, "exec yes", true);
    let mut first = observer(&serving, lossless(terminal));
    receive_before(&mut first, "lag_warning", &[]);
    let end = number(&first.receive_type("attached"), "offset");
    let mut second = observer(&serving, lossless(terminal));
    let attach = json!({"type": "attach", "terminal": terminal, "start": "oldest", "window": 4096});
    first.send(&attach);
    for client in [&mut first, &mut second] {
        receive_before(client, "lag_warning", &[]);
        let at = state(&serving, terminal).log_end;
        assert!(at >= end + UNREAD_MAX, "{at} after {end}");
    }
}

/// A client that may type is not bound by that time: it gets every byte although an observer beside it was
/// brought forward long ago.
#[test]
fn who_may_type_may_hold_a_program_back() {
    let serving = serve(Duration::from_millis(100), LONG);
    let script = "stty -echo; read line; exec seq 1 30000";
    let (mine, other) = (spawn(&serving, script, false), spawn(&serving, "exec yes", true));
    let mut typist = Client::hello(serving.address, &serving.token, lossless(mine)).0;
    typist.type_in(mine, b"\n");
    wait_state(&serving, mine, |state| state.paused_by_reader);
    // Time passes: others have had theirs several times.
    for _ in 0..5 {
        let mut client = observer(&serving, lossless(other));
        client.receive_type("lag_warning");
        assert_eq!(client.receive_type("attached")["mode"], "screen");
    }
    let expected: String = (1..=30_000).map(|n| format!("{n}\r\n")).collect();
    let mut bytes = Vec::new();
    loop {
        match typist.receive() {
            Incoming::Output { offset, bytes: piece, .. } => {
                typist.credit(mine, offset + piece.len() as u64);
                bytes.extend(piece);
            }
            Incoming::Json(value) if value["type"] == "ended" => break,
            Incoming::Json(value) => {
                assert!(value["type"] != "gap" && value["type"] != "lag_warning", "{value}");
            }
            Incoming::Closed(code) => panic!("closed: {code:?}"),
        }
    }
    assert!(bytes.ends_with(expected.as_bytes()), "{} bytes", bytes.len());
}

/// One that may type but is gone is treated as an observer, after the time in which a client may stall.
#[test]
fn a_typist_that_is_gone_goes_on_with_the_screen() {
    let serving = serve(LONG, HOLD);
    let terminal = spawn(&serving, "exec yes", true);
    let mut client = Client::hello(serving.address, &serving.token, lossless(terminal)).0;
    receive_before(&mut client, "lag_warning", &["screen"]);
    client.receive_type("attached");
    client.receive_type("screen");
    let end = state(&serving, terminal).log_end + 3 * LOG as u64;
    wait_state(&serving, terminal, |state| state.log_end >= end);
}

/// Two terminals whose output a client holds back use all memory, and a third starves.
fn starving(serving: &Serving, token: &str) -> (Client, [u64; 3]) {
    let full = "stty -echo; echo ready; read line; head -c 200000 /dev/zero; exec cat";
    let [first, second] = [full; 2].map(|script| spawn(serving, script, false));
    let ready = b"ready\r\n";
    [first, second].iter().for_each(|id| {
        wait_state(serving, *id, |state| state.log_end == ready.len() as u64);
    });
    let attach: Vec<Value> = [first, second]
        .iter()
        .map(|id| json!({"terminal": id, "start": "oldest", "window": 4096}))
        .collect();
    let (mut client, _) = Client::hello(serving.address, token, json!({"attach": attach}));
    for id in [first, second] {
        client.read_until(id, ready);
        serving.with(move |engine| engine.write(TerminalId::from_u64(id), b"\n").unwrap());
    }
    for id in [first, second] {
        wait_state(serving, id, |state| state.paused_by_memory || state.paused_by_reader);
    }
    let third = spawn(serving, "echo hello; exec cat", false);
    wait_state(serving, third, |state| state.paused_by_memory);
    (client, [first, second, third])
}

fn tight_memory(client_hold_time: Duration) -> Serving {
    let limits = Limits {
        log_bytes: LOG,
        log_bytes_max: LOG,
        log_bytes_total: LOG,
        client_hold_time,
        client_stall_time: LONG,
        ..Limits::default()
    };
    Serving::start(Config { limits, ..Config::default() })
}

type Way = fn(&Serving, &mut Client, [u64; 3]);

/// Whatever a client gives up serves a terminal that starves for it.
#[test]
fn what_a_client_gives_up_serves_who_waits_for_memory() {
    let ways: [(&str, Way); 4] = [
        ("detach", |_, client, [first, second, _]| {
            client.send(&json!({"type": "detach", "terminal": first}));
            client.send(&json!({"type": "detach", "terminal": second}));
        }),
        ("lossy", |_, client, [first, second, _]| {
            for terminal in [first, second] {
                let mode = json!({"type": "attach", "terminal": terminal, "mode": "lossy"});
                client.send(&mode);
            }
        }),
        ("close", |serving, _, [first, second, _]| {
            serving.with(move |engine| {
                for id in [first, second].map(TerminalId::from_u64) {
                    engine.close(id, Duration::ZERO).unwrap();
                }
            });
        }),
        ("leave", |serving, _, _| {
            serving.with(|engine| {
                for client in engine.clients() {
                    engine.close_client(client.id, "").unwrap();
                }
            });
        }),
    ];
    for (name, way) in ways {
        let serving = tight_memory(LONG);
        let token = serving.token.clone();
        let (mut client, ids) = starving(&serving, &token);
        way(&serving, &mut client, ids);
        println!("{name}");
        wait_state(&serving, ids[2], |state| state.log_end > 0 && !state.paused_by_memory);
    }
}

/// An observer holds programs back by memory, too, and no longer than by anything else.
#[test]
fn an_observer_gives_up_the_memory_of_others() {
    let serving = tight_memory(HOLD);
    let token = serving.token(Scopes::OBSERVE);
    let (mut client, ids) = starving(&serving, &token);
    client.receive_type("lag_warning");
    client.receive_type("gap");
    wait_state(&serving, ids[2], |state| state.log_end > 0 && !state.paused_by_memory);
}
