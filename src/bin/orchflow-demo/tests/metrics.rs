//! The figures that `serve` serves: on its own address and on one of their own, with the token of the server.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/client.rs"]
mod client;
#[path = "support/demo_server.rs"]
mod demo_server;
#[path = "../../../../tests/support/http.rs"]
mod http;
#[path = "../../../../tests/support/mod.rs"]
mod support;

use std::fs;
use std::net::{SocketAddr, TcpListener};

use client::Client;
use demo_server::{DemoServer, demo};
use http::Http;
use nix::sys::signal::Signal;
use serde_json::json;
use support::files::TempDir;

/// The status and the text at `/metrics`, with this token if there is one.
fn metrics(address: SocketAddr, token: &str) -> (u16, String) {
    let line = match token {
        "" => String::new(),
        token => format!("Authorization: Bearer {token}\r\n"),
    };
    let found = Http::connect(address).get("/metrics", &line);
    (found.status, String::from_utf8(found.body).unwrap())
}

#[test]
fn on_the_address_of_the_server() {
    let server = DemoServer::start(&["--shell", "cat"]);
    let (_client, _) = Client::hello(server.tcp(), &server.token, json!({}));
    let (status, text) = metrics(server.tcp(), &server.token);
    assert_eq!(status, 200);
    for line in ["orchflow_clients 1", "orchflow_terminals 1", "orchflow_watches 1"] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert_eq!(metrics(server.tcp(), "").0, 401);
    // The page is there as well.
    assert_eq!(Http::connect(server.tcp()).get("/", "").status, 200);
}

#[test]
fn on_an_address_of_their_own() {
    // A port that is free now; nobody else asks for it by number.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = TempDir::new();
    let mut serve = demo("serve");
    serve.args(["--shell", "cat", "--metrics", &free.to_string(), "--token-file"]);
    serve.arg(folder.file("token"));
    let secret = {
        let first = DemoServer::run(
            {
                let mut first = demo("serve");
                first.args(["--shell", "cat", "--token-file"]).arg(folder.file("token"));
                first
            },
            Some("in the file"),
        );
        drop(first);
        fs::read_to_string(folder.file("token")).unwrap().trim().to_owned()
    };
    let server = DemoServer::run(serve, Some(&secret));
    let (status, text) = metrics(free, &secret);
    assert_eq!(status, 200);
    assert_eq!(Http::connect(free).get("/healthz", "").status, 404);
    assert!(text.contains("\norchflow_listeners 2\n"), "{text}");
    assert_eq!(metrics(free, "").0, 401);
    assert_eq!(metrics(free, "x").0, 401);
    // Nothing else is there: no page, and no WebSocket.
    for more in [
        "",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: orchflow.v1.json\r\n",
    ] {
        assert_eq!(Http::connect(free).get("/", more).status, 404, "{more}");
    }
    let output = server.interrupt(Signal::SIGTERM);
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains(&format!("metrics on http://{free}/metrics")), "{log}");
    assert!(!log.contains(&secret), "{log}");
}

#[test]
fn only_loopback_addresses() {
    let output = demo("serve").args(["--metrics", "0.0.0.0:0"]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("loopback"), "{error}");
}
