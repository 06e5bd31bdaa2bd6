//! Each bound of `Limits`: what is accepted at it and refused one beyond, and that `docs/LIMITS.md` names each with its
//! default and a test that holds it.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
#![allow(clippy::print_stderr)]

#[path = "support/client.rs"]
mod client;
#[path = "support/serving.rs"]
mod serving;
mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use client::{Client, Incoming};
use orchflow::{
    Change, ChangeOp, ChangeSet, Command, Config, Delivery, Engine, ErrorKind, Limits, Pane,
    PeerOptions, Result, ScreenOptions, Session, Size, SpawnOptions, Start, WatchOptions,
};
use serde_json::json;
use serving::Serving;
use support::files::TempDir;
use support::host::sh;
use support::pair::{loopback, server};

// The document.

/// Fields with their values, as the struct has them.
fn fields() -> Vec<(String, String)> {
    let debug = format!("{:#?}", Limits::default());
    let lines = debug.lines().filter_map(|line| line.trim().strip_suffix(',')?.split_once(": "));
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A default of the document as the struct shows it: `1 MiB`, `65,536`, `1 h`.
fn value(text: &str) -> Option<String> {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let number: u64 = number.replace(',', "").parse().ok()?;
    let times = |scale: u64| (number * scale).to_string();
    Some(match unit {
        "" => times(1),
        "KiB" => times(1 << 10),
        "MiB" => times(1 << 20),
        "GiB" => times(1 << 30),
        "us" => format!("{:?}", Duration::from_micros(number)),
        "ms" => format!("{:?}", Duration::from_millis(number)),
        "s" => format!("{:?}", Duration::from_secs(number)),
        "h" => format!("{:?}", Duration::from_secs(number * 3600)),
        _ => return None,
    })
}

#[test]
fn the_document_names_each_limit_its_default_and_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/LIMITS.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `") && line.contains("::"));
    let rows: Vec<Vec<&str>> =
        rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect();
    let documented: Vec<_> = rows
        .iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), value(row[1]).expect(row[1])))
        .collect();
    assert_eq!(documented, fields());
    for row in &rows {
        assert!(row.len() == 4 && row[2].len() > 10, "{row:?}");
        let (file, test) = row[3].trim_matches('`').split_once("::").unwrap();
        let source = fs::read_to_string(root.join(file)).expect(file);
        assert!(source.contains(&format!("fn {test}(")), "{file} has no test {test}");
    }
}

// The ranges.

type Set = fn(&mut Limits, usize);

const MS: fn(usize) -> Duration = |ms| Duration::from_millis(ms as u64);

const ANY: usize = usize::MAX;

/// The smallest and the largest value that is accepted beside the defaults of all others.
const RANGES: [(&str, Set, usize, usize); 51] = [
    ("terminals", |l, n| l.terminals = n, 1, 1 << 20),
    ("readers_per_terminal", |l, n| l.readers_per_terminal = n, 1, ANY),
    ("log_bytes", |l, n| l.log_bytes = n, 64 << 10, 64 << 20),
    ("log_bytes_max", |l, n| l.log_bytes_max = n, 1 << 20, 256 << 20),
    ("log_bytes_total", |l, n| l.log_bytes_total = n, 64 << 20, 1 << 30),
    ("input_bytes", |l, n| l.input_bytes = n, 4096, ANY),
    ("inbox_commands", |l, n| l.inbox_commands = n, 1, 1 << 16),
    ("inbox_bytes", |l, n| l.inbox_bytes = n, 4096, 1 << 30),
    ("events", |l, n| l.events = n, 1, ANY),
    ("turn_bytes_per_terminal", |l, n| l.turn_bytes_per_terminal = n, 1024, 1 << 20),
    ("turn_bytes", |l, n| l.turn_bytes = n, 64 << 10, ANY),
    ("turn_time", |l, n| l.turn_time = MS(n), 1, 1000),
    ("turn_time_typing", |l, n| l.turn_time_typing = MS(n), 1, 2),
    ("turn_time_warn", |l, n| l.turn_time_warn = MS(n), 1, 3_600_000),
    ("typing_window", |l, n| l.typing_window = MS(n), 0, 60_000),
    ("resize_interval", |l, n| l.resize_interval = MS(n), 0, 60_000),
    ("screen_cells", |l, n| l.screen_cells = n, 1, 1 << 24),
    ("scrollback_rows", |l, n| l.scrollback_rows = n, 0, 10_000_000),
    ("watches", |l, n| l.watches = n, 1, 1 << 16),
    ("watch_entries", |l, n| l.watch_entries = n, 1, 1 << 30),
    ("watch_dirty_names", |l, n| l.watch_dirty_names = n, 1, 1 << 24),
    ("watch_batch_events", |l, n| l.watch_batch_events = n, 1, 1 << 24),
    ("watch_read_bytes", |l, n| l.watch_read_bytes = n, 512, 1 << 24),
    ("watch_tombstones", |l, n| l.watch_tombstones = n, 0, 1 << 28),
    ("screen_bytes_total", |l, n| l.screen_bytes_total = n, 0, 1 << 30),
    ("state_sessions", |l, n| l.state_sessions = n, 1, 1 << 20),
    ("state_panes", |l, n| l.state_panes = n, 1, 1 << 20),
    ("state_session_panes", |l, n| l.state_session_panes = n, 1, 1 << 14),
    ("state_bytes", |l, n| l.state_bytes = n, 1 << 16, 1 << 30),
    ("state_tombstone_bytes", |l, n| l.state_tombstone_bytes = n, 0, 1 << 32),
    ("state_change_ops", |l, n| l.state_change_ops = n, 1, 1 << 16),
    ("listeners", |l, n| l.listeners = n, 1, 1 << 10),
    ("resource_bytes", |l, n| l.resource_bytes = n, 0, 1 << 30),
    ("clients", |l, n| l.clients = n, 1, 1 << 20),
    ("clients_pending", |l, n| l.clients_pending = n, 1, 1 << 16),
    ("client_hello_time", |l, n| l.client_hello_time = MS(n), 1, 3_600_000),
    ("client_queue_bytes", |l, n| l.client_queue_bytes = n, 256 << 10, 1 << 30),
    ("client_stall_time", |l, n| l.client_stall_time = MS(n), 1, 3_600_000),
    ("client_hold_time", |l, n| l.client_hold_time = MS(n), 1, 3_600_000),
    ("client_message_bytes", |l, n| l.client_message_bytes = n, 4 << 10, 64 << 20),
    ("client_inflated_bytes", |l, n| l.client_inflated_bytes = n, 4 << 10, 4 << 20),
    ("client_partial_bytes_total", |l, n| l.client_partial_bytes_total = n, 1 << 20, 1 << 30),
    ("client_messages_per_second", |l, n| l.client_messages_per_second = n as u64, 1, ANY),
    ("client_bytes_per_second", |l, n| l.client_bytes_per_second = n as u64, 1024, ANY),
    ("client_attachments", |l, n| l.client_attachments = n, 0, ANY),
    ("client_watches", |l, n| l.client_watches = n, 0, ANY),
    ("reviews", |l, n| l.reviews = n, 0, ANY),
    ("client_window_bytes", |l, n| l.client_window_bytes = n, 4 << 10, ANY),
    ("peers", |l, n| l.peers = n, 1, 1 << 10),
    ("peer_queue_bytes", |l, n| l.peer_queue_bytes = n, 64 << 10, 1 << 30),
    ("memory_bytes_total", |l, n| l.memory_bytes_total = n, 512 << 20, ANY),
];

/// One beyond is refused by name.
#[test]
fn each_limit_has_a_range() {
    let outcome = |set: Set, n: usize| {
        let mut limits = Limits::default();
        set(&mut limits, n);
        Engine::new(Config { limits, ..Config::default() }).map(drop)
    };
    for (name, set, smallest, largest) in RANGES {
        for n in [smallest, largest] {
            assert_eq!(outcome(set, n), Ok(()), "{name}: {n}");
        }
        let below = smallest.checked_sub(1);
        let beyond = largest.checked_add(1);
        for n in below.into_iter().chain(beyond) {
            let error = outcome(set, n).expect_err(&format!("{name}: {n}"));
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.message().contains(name), "{name}: {n}: {error}");
        }
    }
}

// One more than there may be.

/// Does a thing for the n-th time.
type Step = Box<dyn FnMut(&mut Engine, usize) -> Result<()>>;

fn put_session(id: String, panes: Vec<String>) -> ChangeOp {
    let session = Session { name: id.clone(), panes, ..Session::default() };
    ChangeOp { change: Change::PutSession { id, session }, base: None }
}

fn put_pane(id: String, session: &str) -> ChangeOp {
    let pane = Pane { session: session.into(), ..Pane::default() };
    ChangeOp { change: Change::PutPane { id, pane }, base: None }
}

/// A limit, how it is set, and what is done for the n-th time.
type Row = (&'static str, Set, Step);

fn steps_of_the_engine() -> Vec<Row> {
    let idle = || SpawnOptions::program("sleep").arg("1000");
    let spawn: Step = Box::new(move |engine, _| engine.spawn(&idle()).map(drop));
    let attach: Step = Box::new(|engine, n| {
        if n == 0 {
            return engine.spawn(&sh("sleep 1000")).map(drop);
        }
        let id = engine.terminals(orchflow::TerminalFilter::All)[0];
        engine.attach(id, Delivery::Lossy, Start::Now).map(drop)
    });
    let listen: Step = Box::new(|engine, _| engine.add_listener(&loopback()).map(drop));
    let serve: Step = Box::new(|engine, _| {
        let options = loopback().resource("/a", "text/plain", vec![b'x']);
        engine.add_listener(&options).map(drop)
    });
    let post: Step = Box::new(|engine, n| engine.sender().post(n as u64, Command::Notify));
    vec![
        ("terminals", |l, n| l.terminals = n, spawn),
        ("readers_per_terminal", |l, n| l.readers_per_terminal = n, attach),
        ("listeners", |l, n| l.listeners = n, listen),
        ("resource_bytes", |l, n| l.resource_bytes = n, serve),
        ("inbox_commands", |l, n| l.inbox_commands = n, post),
    ]
}

fn steps_of_the_state() -> Vec<Row> {
    let session: Step = Box::new(|engine, n| {
        let ops = vec![put_session(format!("s{n}"), Vec::new())];
        engine.change_state(&ChangeSet { ops }).map(drop)
    });
    let pane: Step = Box::new(|engine, n| {
        let session = format!("s{n}");
        let pane = put_pane(format!("p{n}"), &session);
        let ops = vec![put_session(session, Vec::new()), pane];
        engine.change_state(&ChangeSet { ops }).map(drop)
    });
    let beside: Step = Box::new(|engine, n| {
        let pane = put_pane(format!("p{n}"), "s");
        let session = (n == 0).then(|| put_session("s".into(), Vec::new()));
        let ops = session.into_iter().chain([pane]).collect();
        engine.change_state(&ChangeSet { ops }).map(drop)
    });
    vec![
        ("state_sessions", |l, n| l.state_sessions = n, session),
        ("state_panes", |l, n| l.state_panes = n, pane),
        ("state_session_panes", |l, n| l.state_session_panes = n, beside),
    ]
}

/// So many are accepted, and one more is refused with `LimitReached`.
#[test]
fn one_more_than_the_limit_is_refused() {
    const MAX: usize = 3;
    let folder = TempDir::new();
    let path = folder.path().to_owned();
    let (_server, address, token) = server(Config::default(), &loopback());
    let peer = PeerOptions::new(address, &token);
    let watch: Step =
        Box::new(move |engine, _| engine.add_watch(&WatchOptions::new(&path)).map(drop));
    let connect: Step = Box::new(move |engine, _| engine.connect(&peer).map(drop));
    let mut table: Vec<Row> =
        vec![("watches", |l, n| l.watches = n, watch), ("peers", |l, n| l.peers = n, connect)];
    table.extend(steps_of_the_engine());
    table.extend(steps_of_the_state());
    for (name, set, mut step) in table {
        let mut limits = Limits::default();
        set(&mut limits, MAX);
        let mut engine = Engine::new(Config { limits, ..Config::default() }).unwrap();
        for n in 0..MAX {
            assert_eq!(step(&mut engine, n), Ok(()), "{name}");
        }
        let error = step(&mut engine, MAX).expect_err(name);
        assert!(error.is_limit_reached(), "{name}: {error}");
    }
}

#[test]
fn sizes_at_the_limit_are_accepted() {
    let limits = Limits { screen_cells: 2000, scrollback_rows: 50, ..Limits::default() };
    let limits = Limits { log_bytes: 1 << 16, log_bytes_max: 1 << 17, ..limits };
    let limits = Limits { state_change_ops: 2, ..limits };
    let mut engine = Engine::new(Config { limits, ..Config::default() }).unwrap();
    let mut spawn = |cols: u16, scrollback: usize, log: usize| {
        let screen = ScreenOptions { scrollback, ..ScreenOptions::default() };
        let options = sh("sleep 1000").size(Size::cells(cols, 20)).screen(screen).log_bytes(log);
        engine.spawn(&options).map(drop).map_err(|error| error.kind())
    };
    let table = [
        ((100, 50, 1 << 17), Ok(())),
        ((101, 50, 1 << 17), Err(ErrorKind::LimitReached)),
        ((100, 51, 1 << 17), Err(ErrorKind::InvalidArgument)),
        ((100, 50, (1 << 17) + 1), Err(ErrorKind::InvalidArgument)),
        ((100, 50, (1 << 16) - 1), Err(ErrorKind::InvalidArgument)),
    ];
    for ((cols, scrollback, log), expected) in table {
        assert_eq!(spawn(cols, scrollback, log), expected, "{cols} {scrollback} {log}");
    }
    let sessions = |count: usize| {
        let ops = (0..count).map(|n| put_session(n.to_string(), Vec::new())).collect();
        ChangeSet { ops }
    };
    assert!(engine.change_state(&sessions(2)).is_ok());
    assert!(engine.change_state(&sessions(3)).unwrap_err().is_limit_reached());
}

// Clients.

fn serve(limits: Limits, review_changes: bool) -> Serving {
    Serving::start(Config { limits, review_changes, ..Config::default() })
}

#[test]
fn messages_at_the_limit_are_read() {
    let serving = serve(Limits { client_message_bytes: 4096, ..Limits::default() }, false);
    let (mut client, _) = Client::hello(serving.address, &serving.token, json!({}));
    for (bytes, is_read) in [(4096, true), (4097, false)] {
        let ping = json!({"type": "ping", "id": bytes}).to_string();
        let message = format!("{ping:<bytes$}");
        client.socket.send(tungstenite::Message::text(message)).unwrap();
        match client.receive() {
            Incoming::Json(pong) => assert!(is_read && pong["id"] == bytes, "{pong}"),
            Incoming::Closed(code) => assert!(!is_read && code == Some(1009), "{code:?}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn reviews_wait_as_many_as_may() {
    let serving = serve(Limits { reviews: 2, ..Limits::default() }, true);
    let (mut client, _) = Client::hello(serving.address, &serving.token, json!({}));
    for n in 1..=3 {
        let put = json!({"id": format!("s{n}"), "name": "x", "panes": [], "metadata": {}});
        let op = json!({"change": {"put_session": put}});
        client.send(&json!({"type": "change", "mutation": n, "ops": [op]}));
    }
    let rejected = client.receive_type("rejected");
    assert_eq!((&rejected["mutation"], &rejected["code"]), (&json!(3), &json!("limit")));
}

#[test]
fn no_more_than_the_window_is_in_flight() {
    let serving = serve(Limits { client_window_bytes: 4096, ..Limits::default() }, false);
    let terminal = serving.spawn(&["sh", "-c", "head -c 20000 /dev/zero; exec cat"], false);
    let (mut client, _) = Client::hello(serving.address, &serving.token, json!({}));
    let window = 1 << 20;
    let attach =
        json!({"type": "attach", "terminal": terminal, "start": "oldest", "window": window});
    client.send(&attach);
    let mut end = 0;
    while end < 4096 {
        if let Incoming::Output { offset, bytes, .. } = client.receive() {
            end = offset + bytes.len() as u64;
        }
    }
    assert_eq!(end, 4096);
    client.send(&json!({"type": "ping", "id": 1}));
    assert!(matches!(client.receive(), Incoming::Json(pong) if pong["type"] == "pong"));
    client.credit(terminal, 4096);
    assert!(matches!(client.receive(), Incoming::Output { offset: 4096, .. }));
}
