//! `/healthz` over HTTP, through real sockets: the bare status for everybody, details for a token.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/http.rs"]
mod http;
#[path = "support/serving.rs"]
mod serving;

use std::io::{self, Write};
use std::net::SocketAddr;

use http::{Http, Response};
use orchflow::{Config, PeerAddress, PeerOptions, RetryPolicy, Scopes, WatchId, WatchOptions};
use serde_json::Value;
use serving::Serving;

fn serving() -> Serving {
    Serving::start_with(Config::default(), |listen| listen.health(true))
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

/// The status, and what is said to whoever has no token.
fn bare(serving: &Serving) -> (u16, String) {
    let found = ask(serving.address, "GET", "/healthz", "");
    assert_eq!(found.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(found.header("cache-control"), "no-store");
    let head = ask(serving.address, "HEAD", "/healthz", "");
    assert_eq!(head.status, found.status);
    assert_eq!(head.header("content-length"), found.body.len().to_string());
    (found.status, String::from_utf8(found.body).unwrap())
}

/// What is said to whoever has one.
fn details(serving: &Serving) -> (u16, Value) {
    let token = serving.token(Scopes::OBSERVE);
    let found = ask(serving.address, "GET", "/healthz", &bearer(&token));
    assert_eq!(found.header("content-type"), "application/json");
    assert_eq!(found.header("cache-control"), "no-store");
    (found.status, serde_json::from_slice(&found.body).unwrap())
}

#[test]
fn the_status_and_what_is_wrong() {
    let serving = serving();
    assert_eq!(bare(&serving), (200, "ok\n".into()));
    let well = serde_json::json!({"status": "ok", "parts": [], "left_out": 0});
    assert_eq!(details(&serving), (200, well));

    let watch = serving.with(|engine| {
        let watch = engine.add_watch(&WatchOptions::new("Cargo.toml")).unwrap();
        let full = io::Error::from_raw_os_error(libc::ENOSPC);
        engine.report_save(watch, &Err(full)).unwrap();
        watch.to_u64()
    });
    assert_eq!(bare(&serving), (200, "degraded\n".into()));
    let (status, wrong) = details(&serving);
    assert_eq!((status, &wrong["status"]), (200, &"degraded".into()));
    let part = &wrong["parts"][0];
    assert_eq!(part["part"], "watch");
    assert_eq!(part["id"], watch);
    assert_eq!((&part["status"], &part["reason"]), (&"degraded".into(), &"disk_full".into()));
    assert!(part["sentence"].as_str().unwrap().contains("disk is full"));
    assert!(part["seconds"].is_u64());

    let saved = move |engine: &mut orchflow::Engine| {
        engine.report_save(WatchId::from_u64(watch), &Ok(())).unwrap();
    };
    serving.with(saved);
    assert_eq!(bare(&serving), (200, "ok\n".into()));
}

/// A part that nobody will mend but a person.
#[test]
fn a_failure_is_503() {
    let serving = serving();
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let peer = serving.with(move |engine| {
        let once = RetryPolicy::default().attempts(1);
        let options = PeerOptions::new(PeerAddress::Tcp(nowhere), "A".repeat(43)).retry(once);
        engine.connect(&options).unwrap().to_u64()
    });
    let is_given_up = |reported: &serving::Reported| {
        let serving::Reported::Health(health) = reported else { return None };
        (health.reason == Some(orchflow::HealthReason::GivenUp)).then_some(())
    };
    serving.wait_reported(is_given_up);
    assert_eq!(bare(&serving), (503, "failed\n".into()));
    let (status, wrong) = details(&serving);
    assert_eq!((status, &wrong["parts"][0]["id"]), (503, &peer.into()));
}

#[test]
fn who_gets_no_answer() {
    let serving = serving();
    let address = serving.address;
    let (observer, typist) = (serving.token(Scopes::OBSERVE), serving.token(Scopes::TYPE));
    for (status, more) in [
        (401, bearer(&format!("{}A", &observer[..42]))),
        (403, bearer(&typist)),
        (403, "Origin: http://evil.example\r\n".into()),
    ] {
        assert_eq!(ask(address, "GET", "/healthz", &more).status, status, "{more}");
    }
    let mut http = Http::connect(address);
    http.stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n").unwrap();
    assert_eq!(http.response(true).status, 403);
    assert_eq!(ask(address, "POST", "/healthz", "").status, 405);
    assert_eq!(ask(address, "GET", "/healthz/", "").status, 404);
    // Only where the host wants it.
    let plain = Serving::start_with(Config::default(), |listen| listen.metrics(true));
    assert_eq!(ask(plain.address, "GET", "/healthz", "").status, 404);
}
