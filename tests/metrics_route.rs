//! `/metrics` over HTTP, through real sockets: who gets it, and how.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/http.rs"]
mod http;
#[path = "support/serving.rs"]
mod serving;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use client::WATCHDOG;
use http::{Http, Response};
use orchflow::{Config, Engine, Limits, ListenerOptions, Scopes, SpawnOptions, TokenOptions};
use serving::Serving;

const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

fn serving() -> Serving {
    Serving::start_with(Config::default(), |listen| listen.metrics(true))
}

fn ask(address: SocketAddr, method: &str, path: &str, more: &str) -> Response {
    let mut http = Http::connect(address);
    http.ask(method, path, more);
    let response = http.response(method != "HEAD");
    assert!(response.header("connection").starts_with("close"));
    assert_eq!(http.rest(), b"", "{method} {path}");
    response
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

#[test]
fn the_figures_for_a_token() {
    let serving = serving();
    let token = serving.token(Scopes::OBSERVE);
    let found = ask(serving.address, "GET", "/metrics?format=text", &bearer(&token));
    assert_eq!((found.status, found.header("content-type")), (200, MEDIA_TYPE));
    assert_eq!(found.header("cache-control"), "no-store");
    let text = String::from_utf8(found.body).unwrap();
    assert!(
        text.contains("\n# TYPE orchflow_turns_total counter\norchflow_turns_total "),
        "{text}"
    );
    assert!(text.contains("\norchflow_listeners 1\n"), "{text}");
    assert!(!text.contains(&token));

    let head = ask(serving.address, "HEAD", "/metrics", &bearer(&token));
    assert_eq!((head.status, head.header("content-type")), (200, MEDIA_TYPE));
}

#[test]
fn who_gets_none() {
    let serving = serving();
    let address = serving.address;
    let (observer, typist) = (serving.token(Scopes::OBSERVE), serving.token(Scopes::TYPE));
    let gone = serving.with(|engine| {
        let options = TokenOptions { scopes: Scopes::OBSERVE, ..TokenOptions::default() };
        let (id, text) = engine.add_token(options).unwrap();
        engine.revoke_token(id).unwrap();
        text
    });
    let wrong = format!("{}A", &observer[..42]);
    for (status, more) in [
        (401, String::new()),
        (401, bearer("")),
        (401, bearer(&wrong)),
        (401, bearer(&gone)),
        (401, format!("Authorization: Basic {observer}\r\n")),
        (401, format!("Cookie: token={observer}\r\n")),
        (403, bearer(&typist)),
        (400, bearer(&observer) + &bearer(&observer)),
        // The Host and the Origin come first.
        (403, bearer(&observer) + "Origin: http://evil.example\r\n"),
    ] {
        let refused = ask(address, "GET", "/metrics", &more);
        assert_eq!(refused.status, status, "{more}");
        let challenge = if status == 401 { "Bearer" } else { "" };
        assert_eq!(refused.header("www-authenticate"), challenge);
        assert!(!refused.body.windows(9).any(|part| part == b"orchflow_"));
        assert_eq!(ask(address, "HEAD", "/metrics", &more).status, status);
    }
    let mut http = Http::connect(address);
    let request =
        format!("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n{}\r\n", bearer(&observer));
    http.stream.write_all(request.as_bytes()).unwrap();
    assert_eq!(http.response(true).status, 403);
    // A token in the address is none.
    let in_query = ask(address, "GET", &format!("/metrics?token={observer}"), "");
    assert_eq!(in_query.status, 401);
    for (status, method, path) in [
        (405, "POST", "/metrics"),
        (404, "GET", "/metrics/"),
        (404, "GET", "/Metrics"),
        (404, "GET", "//metrics"),
        (426, "GET", "/"),
    ] {
        assert_eq!(
            ask(address, method, path, &bearer(&observer)).status,
            status,
            "{method} {path}"
        );
    }
    // Only where the host wants it.
    let plain = Serving::start(Config::default());
    let token = plain.token(Scopes::OBSERVE);
    assert_eq!(ask(plain.address, "GET", "/metrics", &bearer(&token)).status, 404);
}

#[test]
fn pages_and_metrics_on_one_port() {
    let serving = Serving::start_with(Config::default(), |listen: ListenerOptions| {
        listen.metrics(true).resource("/index.html", "", &b"page"[..])
    });
    let token = serving.token(Scopes::OBSERVE);
    let mut http = Http::connect(serving.address);
    assert_eq!(http.get("/", "").body, b"page");
    // After a page, on the same connection, which ends with the report.
    let found = http.get("/metrics", &bearer(&token));
    assert_eq!((found.status, found.header("connection")), (200, "close"));
    assert_eq!(http.rest(), b"");
}

/// An engine on this thread, so that it is known what happens in a turn; it has so many terminals, and its turns are
/// short.
fn engine_with(terminals: usize) -> (Engine, SocketAddr, String) {
    let shortest = Duration::from_micros(50);
    let limits = Limits { turn_time: shortest, turn_time_typing: shortest, ..Limits::default() };
    let config = Config { limits, ..Config::default() };
    let (mut engine, address, token) =
        serving::listening(config, |listen| listen.metrics(true).health(true));
    for _ in 0..terminals {
        engine.spawn(&SpawnOptions::program("cat")).unwrap();
    }
    (engine, address, token)
}

/// Turns until something is so.
fn turn_until(engine: &mut Engine, mut is_so: impl FnMut(&Engine) -> bool) {
    let begun = Instant::now();
    while !is_so(engine) {
        assert!(begun.elapsed() < WATCHDOG);
        engine.turn(Some(Duration::from_millis(1))).unwrap();
        while engine.next_event().unwrap().is_some() {}
    }
}

/// Connections that have sent a request each.
fn asking(count: usize, address: SocketAddr, path: &str, more: &str) -> Vec<Http> {
    let mut all: Vec<Http> = (0..count).map(|_| Http::connect(address)).collect();
    all.iter_mut().for_each(|http| http.ask("GET", path, more));
    all
}

/// Whether something can be read.
fn has_bytes(http: &Http) -> bool {
    http.stream.set_nonblocking(true).unwrap();
    let found = http.stream.peek(&mut [0]);
    http.stream.set_nonblocking(false).unwrap();
    found.is_ok_and(|count| count > 0)
}

/// Eight reports are under way at once; who asks for another one gets the reason, and may ask again soon. The health is no
/// such report, since a supervisor would take a refusal for a failure.
#[test]
fn who_asks_often_is_bounded() {
    let (mut engine, address, token) = engine_with(0);
    // All are there before the first turn, which takes in as many.
    let figures = asking(20, address, "/metrics", &bearer(&token));
    let health = asking(10, address, "/healthz", &bearer(&token));
    turn_until(&mut engine, |_| figures.iter().chain(&health).all(has_bytes));
    let mut statuses: Vec<u16> = Vec::new();
    for mut http in figures {
        let response = http.response(true);
        let again = if response.status == 429 { "1" } else { "" };
        assert_eq!(response.header("retry-after"), again);
        statuses.push(response.status);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [[200; 8].as_slice(), &[429; 12]].concat());
    for mut http in health {
        assert_eq!(http.response(true).status, 200);
    }
    let refused = engine.metrics().requests_refused;
    assert!(refused.iter().any(|kind| (kind.kind, kind.count) == ("429", 12)), "{refused:?}");
    // The places are free again.
    turn_until(&mut engine, |engine| engine.metrics().connections == 0);
    let figures = asking(8, address, "/metrics", &bearer(&token));
    turn_until(&mut engine, |_| figures.iter().all(has_bytes));
    for mut http in figures {
        assert_eq!(http.response(true).status, 200);
    }
}

/// A report of many things takes many turns; the health does not wait for it.
#[test]
fn the_health_is_answered_first() {
    let (mut engine, address, token) = engine_with(100);
    let figures = asking(8, address, "/metrics", &bearer(&token));
    turn_until(&mut engine, |engine| engine.metrics().jobs > 0);
    let health = asking(1, address, "/healthz", "");
    turn_until(&mut engine, |_| has_bytes(&health[0]));
    assert!(!figures.iter().any(has_bytes));
    turn_until(&mut engine, |_| figures.iter().all(has_bytes));
}

/// The text of a report is memory of the engine from its first line until all of it is sent.
#[test]
fn texts_are_counted_as_memory() {
    let (mut engine, address, token) = engine_with(100);
    let before = engine.memory();
    let mut http = asking(1, address, "/metrics", &bearer(&token)).remove(0);
    let (mut requests, mut clients) = (0, 0);
    turn_until(&mut engine, |engine| {
        let memory = engine.memory();
        (requests, clients) = (requests.max(memory.requests), clients.max(memory.clients));
        has_bytes(&http)
    });
    // Until here it was made; from here on it is sent in parts.
    let (mut body, mut is_whole) = (Vec::new(), false);
    http.stream.set_nonblocking(true).unwrap();
    turn_until(&mut engine, |engine| {
        clients = clients.max(engine.memory().clients);
        let mut part = [0; 16 << 10];
        while let Ok(count) = http.stream.read(&mut part) {
            body.extend_from_slice(&part[..count]);
            is_whole |= count == 0;
            if is_whole {
                break;
            }
        }
        is_whole
    });
    let bytes = body.len();
    assert!(bytes > 64 << 10, "it is sent in more than one part: {bytes}");
    assert!((bytes / 2..3 * bytes).contains(&requests), "{requests} of {bytes}");
    let extra = clients - before.clients;
    assert!((bytes..2 * bytes).contains(&extra), "{extra} of {bytes}");
    drop(http);
    turn_until(&mut engine, |engine| engine.metrics().connections == 0);
    let after = engine.memory();
    assert_eq!((after.requests, after.clients), (before.requests, before.clients));
}

/// Nobody makes a report for a client that is gone.
#[test]
fn who_hangs_up_gets_no_report() {
    let (mut engine, address, token) = engine_with(100);
    let figures = asking(8, address, "/metrics", &bearer(&token));
    turn_until(&mut engine, |engine| engine.metrics().jobs > 0);
    drop(figures);
    turn_until(&mut engine, |engine| engine.metrics().connections == 0);
    // The report that was begun was not finished.
    assert_eq!(engine.metrics().client_traffic.sent_bytes, 0);
}
