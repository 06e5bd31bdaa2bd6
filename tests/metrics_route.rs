//! `/metrics` over HTTP, through real sockets: who gets it, and how.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/http.rs"]
mod http;
#[path = "support/serving.rs"]
mod serving;

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use http::{Http, Response};
use orchflow::{Config, ListenerOptions, Scopes, TokenOptions};
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

/// Few reports are under way at once; who asks for another one gets the reason.
#[test]
fn who_asks_often_is_bounded() {
    let limits =
        orchflow::Limits { client_stall_time: Duration::from_millis(200), ..Default::default() };
    let serving = Serving::start_with(Config { limits, ..Config::default() }, |l| l.metrics(true));
    let token = serving.token(Scopes::OBSERVE);
    // All are answered by the figures or a reason, and the next one is as well.
    let mut many: Vec<Http> = (0..64).map(|_| Http::connect(serving.address)).collect();
    many.iter_mut().for_each(|http| http.ask("GET", "/metrics", &bearer(&token)));
    for http in &mut many {
        let status = http.response(true).status;
        assert!([200, 503].contains(&status), "{status}");
    }
    drop(many);
    assert_eq!(serving.with(|engine| engine.clients().len()), 0);
}
