//! The figures of an engine: what really happens is counted, by whoever it belongs to, and in all together.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "support/http.rs"]
mod http;
#[path = "support/serving.rs"]
mod serving;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use client::Client;
use files::TempDir;
use http::Http;
use orchflow::{ClientId, Config, Engine, Limits, Metrics, Scopes, TerminalId, WatchOptions};
use serde_json::json;
use serving::Serving;

/// An engine in which everything is used: a terminal that was typed in by a client, a watch with a batch, diffs that
/// were acknowledged, a refused request and an error.
struct Busy {
    serving: Serving,
    client: Client,
    terminal: u64,
    folder: TempDir,
}

impl Busy {
    fn new(observing: bool) -> Busy {
        let limits = Limits { client_hello_time: Duration::from_secs(60), ..Limits::default() };
        let config = Config { limits, ..Config::default() };
        let serving = Serving::start_with(config, |listen| listen.metrics(true));
        serving.with(move |engine| engine.set_observing(observing));
        let folder = TempDir::new();
        let path = folder.path().to_owned();
        serving.with(move |engine| {
            let watch = engine.add_watch(&WatchOptions::new(path)).unwrap();
            engine.set_watch_published(watch, true).unwrap();
        });
        let terminal = serving.spawn(&["cat"], true);
        let fields = json!({"collections": ["sessions", "terminals", "files"],
            "attach": [{"terminal": terminal, "start": "oldest"}]});
        let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
        client.type_in(terminal, b"hello\n");
        client.read_until(terminal, b"hello\r\nhello\r\n");
        let mut busy = Busy { serving, client, terminal, folder };
        busy.change_a_file();
        busy
    }

    /// Changes a file, and waits until the client has the change and has acknowledged it.
    fn change_a_file(&mut self) {
        while !self.serving.with(|engine| is_ready(engine)) {}
        std::fs::write(self.folder.path().join("file"), "text").unwrap();
        while !self.client.receive_type("diff").to_string().contains("\"file\"") {}
        self.client.settle();
    }

    fn metrics(&self) -> Metrics {
        self.serving.with(|engine| engine.metrics())
    }
}

fn is_ready(engine: &Engine) -> bool {
    engine.watches().into_iter().all(|watch| engine.watch_state(watch).unwrap().ready)
}

#[test]
fn what_happens_is_counted() {
    let mut busy = Busy::new(true);
    let metrics = busy.metrics();
    assert!(metrics.is_observing && metrics.uptime_ns > 0 && metrics.turns > 0);
    assert_eq!((metrics.terminals, metrics.terminals_started), (1, 1));
    assert_eq!((metrics.input_bytes, metrics.output_bytes), (6, 14));
    assert_eq!((metrics.response.count, metrics.watches, metrics.watch_entries), (1, 1, 2));
    assert!(metrics.response.sum > 0 && metrics.response.p50 <= metrics.response.max);
    assert!(metrics.watch_kernel_events >= 1 && metrics.watch_events >= 1);
    assert!(
        metrics.watch_latency.count >= 1 && metrics.watch_latency.count <= metrics.watch_batches
    );
    assert_eq!((metrics.clients, metrics.connections, metrics.connections_accepted), (1, 1, 1));
    assert!(metrics.client_round_trip.count >= 1 && metrics.diff_bytes.count >= 2);
    assert!(metrics.diff_age.count >= 1);
    assert_eq!(metrics.state_bytes_max, Limits::default().state_bytes as u64);

    // Of each one, and the same as in all together while there is but one.
    let terminal = TerminalId::from_u64(busy.terminal);
    let (of_terminal, of_client, of_watch) = busy.serving.with(move |engine| {
        let client: ClientId = engine.clients()[0].id;
        let watch = engine.watches()[0];
        (
            engine.terminal_metrics(terminal).unwrap(),
            engine.client_metrics(client).unwrap(),
            engine.watch_metrics(watch).unwrap(),
        )
    });
    assert_eq!((of_terminal.input_bytes, of_terminal.output_bytes), (6, 14));
    assert_eq!(of_terminal.response.sum, metrics.response.sum);
    assert_eq!(of_watch.events, metrics.watch_events);
    assert_eq!(of_watch.latency.sum, metrics.watch_latency.sum);
    assert_eq!(of_client.round_trip.sum, metrics.client_round_trip.sum);
    assert_eq!(of_client.diff_bytes.sum, metrics.diff_bytes.sum);
    assert_eq!(of_client.traffic, metrics.client_traffic);
    assert!(of_client.traffic.received_messages >= 3 && of_client.traffic.sent_messages >= 3);
    assert_eq!(of_client.attachments, 1);

    // What is wrong, by kind.
    busy.client.send(&json!({"type": "scroll", "terminal": 999, "rows": 1}));
    busy.client.receive_type("error");
    let outcome = busy.client.ask(json!({"type": "query", "terminal": 1}), 3);
    assert!(outcome.to_string().contains("not_found"), "{outcome}");
    let mut refused = Http::connect(busy.serving.address);
    assert_eq!(refused.get("/metrics", "").status, 401);
    let metrics = busy.metrics();
    let kinds = |counts: &[orchflow::KindCount]| -> Vec<_> {
        counts.iter().map(|count| (count.kind, count.count)).collect()
    };
    assert_eq!(kinds(&metrics.client_errors), [("not_found", 2)]);
    assert_eq!(kinds(&metrics.requests_refused), [("401", 1)]);
    assert_eq!(kinds(&metrics.errors), []);
}

/// Totals do not shrink when what they are of is gone.
#[test]
fn what_is_gone_stays_counted() {
    let mut busy = Busy::new(true);
    let before = busy.metrics();
    let (terminal, token) = (TerminalId::from_u64(busy.terminal), busy.serving.token.clone());
    busy.serving.with(move |engine| {
        let client = engine.clients()[0].id;
        engine.close_client(client, "enough").unwrap();
        engine.close(terminal, Duration::ZERO).unwrap();
        let watch = engine.watches()[0];
        engine.remove_watch(watch).unwrap();
        assert!(engine.watch_metrics(watch).unwrap_err().is_stale_id());
        assert!(engine.client_metrics(client).unwrap_err().is_stale_id());
    });
    assert_eq!(busy.client.closed(), Some(1000));
    let after = loop {
        let metrics = busy.metrics();
        if metrics.terminals == 0 && metrics.connections == 0 {
            break metrics;
        }
    };
    assert_eq!((after.watches, after.clients), (0, 0));
    assert_eq!((after.input_bytes, after.output_bytes), (before.input_bytes, before.output_bytes));
    assert_eq!(after.watch_events, before.watch_events);
    assert_eq!(after.response, before.response);
    let (new, old) = (after.client_traffic, before.client_traffic);
    assert!(new.sent_bytes > old.sent_bytes && new.received_bytes >= old.received_bytes, "{new:?}");
    assert_eq!(after.clients_closed.len(), 1);
    assert_eq!(after.clients_closed[0].kind, "1000");
    let text = busy.serving.with(|engine| engine.metrics_text());
    assert!(!text.contains("orchflow_terminal_output_bytes_total"), "{text}");
    assert!(!text.contains(&token));
}

/// Switched off, no time and no size is recorded; what is counted anyway still is.
#[test]
fn observation_can_be_switched_off() {
    let busy = Busy::new(false);
    let metrics = busy.metrics();
    assert!(!metrics.is_observing);
    assert_eq!((metrics.input_bytes, metrics.output_bytes), (6, 14));
    for times in [
        metrics.response,
        metrics.watch_latency,
        metrics.client_round_trip,
        metrics.diff_age,
        metrics.diff_bytes,
        metrics.loop_lag,
    ] {
        assert_eq!(times.count, 0, "{metrics:?}");
    }
    assert!(metrics.turn_wall.count > 0);
}

/// The samples of a text, by their names with labels.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[test]
fn the_text_has_what_the_structs_have() {
    let busy = Busy::new(true);
    let token = busy.serving.token(Scopes::OBSERVE);
    let mut http = Http::connect(busy.serving.address);
    let found = http.get("/metrics", &format!("Authorization: Bearer {token}\r\n"));
    let samples = samples(std::str::from_utf8(&found.body).unwrap());
    let terminal = busy.terminal;
    for (name, expected) in [
        ("orchflow_pty_bytes_total{direction=\"in\"}".to_owned(), 6.0),
        ("orchflow_pty_bytes_total{direction=\"out\"}".to_owned(), 14.0),
        (format!("orchflow_terminal_output_bytes_total{{terminal=\"{terminal}\"}}"), 14.0),
        (format!("orchflow_terminal_response_seconds_count{{terminal=\"{terminal}\"}}"), 1.0),
        ("orchflow_response_seconds_count".to_owned(), 1.0),
        ("orchflow_clients".to_owned(), 1.0),
        ("orchflow_connections".to_owned(), 2.0),
        ("orchflow_observing".to_owned(), 1.0),
    ] {
        assert_eq!(samples.get(&name), Some(&expected), "{name}: {samples:?}");
    }
    let metrics = busy.metrics();
    let seconds = metrics.response.max as f64 / 1e9;
    assert_eq!(samples["orchflow_response_seconds{quantile=\"1\"}"], seconds);
    assert_eq!(samples["orchflow_response_seconds_sum"], metrics.response.sum as f64 / 1e9);
}

/// What Prometheus itself says of the text of an engine in which everything happens.
#[test]
fn promtool_finds_nothing() {
    let strict = std::env::var_os("ORCHFLOW_TOOLS_STRICT").is_some_and(|value| value == "1");
    if Command::new("promtool").arg("--version").output().is_err() {
        assert!(!strict, "promtool is not installed: package prometheus");
        eprintln!("skipped: promtool is not installed (package prometheus)");
        return;
    }
    let mut busy = Busy::new(true);
    busy.client.send(&json!({"type": "scroll", "terminal": 999, "rows": 1}));
    busy.client.receive_type("error");
    let token = busy.serving.token(Scopes::OBSERVE);
    let found = Http::connect(busy.serving.address)
        .get("/metrics", &format!("Authorization: Bearer {token}\r\n"));
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(&found.body).unwrap();
    let outcome = promtool.wait_with_output().unwrap();
    let said = [outcome.stdout, outcome.stderr].concat();
    assert!(outcome.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

/// A text of many objects is made over many units of work, none of which is long, and all of them are in it.
#[test]
fn many_objects_are_many_units() {
    const MANY: u64 = 500;
    let serving = Serving::start_with(Config::default(), |listen| listen.metrics(true));
    let token = serving.token(Scopes::OBSERVE);
    serving.with(|engine| {
        for _ in 0..MANY {
            engine.spawn(&orchflow::SpawnOptions::program("cat")).unwrap();
        }
        engine.reset_turn_stats();
    });
    let found = Http::connect(serving.address)
        .get("/metrics", &format!("Authorization: Bearer {token}\r\n"));
    let text = String::from_utf8(found.body).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("orchflow_terminal_log_bytes{"));
    assert_eq!(lines.count() as u64, MANY);
    let stats = serving.with(|engine| engine.turn_stats());
    let jobs = stats.stages[orchflow::Stage::Jobs as usize];
    assert!(jobs.cost > MANY * 500, "{jobs:?}");
    assert!(jobs.unit_cost_max < 1_000_000, "{jobs:?}");
}
