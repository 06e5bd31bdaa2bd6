//! Tokens of `orchflow-demo serve` from files and the environment, and the responses to rejected
//! requests.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/client.rs"]
mod client;
#[path = "support/demo_server.rs"]
mod demo_server;
#[path = "../../../../tests/support/mod.rs"]
mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::thread;

use client::Client;
use demo_server::{DemoServer, demo};
use nix::sys::signal::Signal;
use orchflow::{Size, SpawnOptions};
use serde_json::json;
use support::files::TempDir;
use support::host::Host;

const TOKEN: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFE";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_token_file_outlives_the_server() {
    let folder = TempDir::new();
    let path = folder.path().join("token");
    let serve = || {
        let mut serve = demo("serve");
        serve.arg("--token-file").arg(&path).args(["--shell", "cat"]);
        DemoServer::run(serve, Some("in the file"))
    };
    let first = serve();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    let token = fs::read_to_string(&path).unwrap();
    assert!(!first.line.contains('#'), "{}", first.line);
    Client::hello(first.tcp(), token.trim(), json!({}));
    let log = text(&first.interrupt(Signal::SIGTERM).stderr);
    assert!(log.contains("created a new token in") && !log.contains(token.trim()), "{log}");
    let second = serve();
    Client::hello(second.tcp(), token.trim(), json!({}));
    for command in ["attach", "state"] {
        let mut command = demo(command);
        command.arg("--token-file").arg(&path).arg(&second.line);
        assert_eq!(command.output().unwrap().status.code(), Some(0));
    }
    let log = text(&second.interrupt(Signal::SIGTERM).stderr);
    assert!(!log.contains("a new token"), "{log}");
    // A token file that others can read is rejected.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    for (command, word) in [("serve", "--shell=cat"), ("attach", "unix:/x"), ("state", "unix:/x")] {
        let mut command = demo(command);
        let output = command.arg("--token-file").arg(&path).arg(word).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let log = text(&output.stderr);
        assert!(log.contains("chmod 600") && log.lines().count() == 1, "{log}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn the_token_of_the_environment_is_not_inherited() {
    let mut serve = demo("serve");
    let script = r#"sh -c 'echo "<${ORCHFLOW_TOKEN-none}>"; exec cat'"#;
    serve.env("ORCHFLOW_TOKEN", TOKEN).args(["--shell", script]);
    let server = DemoServer::run(serve, Some(TOKEN));
    let attach = |words: &[&str]| {
        let mut attach = demo("attach");
        attach.env("ORCHFLOW_TOKEN", TOKEN).arg(&server.line).args(words);
        let output = attach.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        text(&output.stdout)
    };
    // The first one, and one that a client starts.
    while attach(&["1"]) != "<none>\r\n" {}
    attach(&["new"]);
    while attach(&["2"]) != "<none>\r\n" {}
    for value in ["", "secret", &TOKEN[1..]] {
        let mut serve = demo("serve");
        let output = serve.env("ORCHFLOW_TOKEN", value).arg("--shell=cat").output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(text(&output.stderr).contains("ORCHFLOW_TOKEN: not a token"), "{output:?}");
    }
}

/// What comes back for a request.
fn answer(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A browser gets the page, and whoever asks for an old WebSocket reads what this is.
#[test]
fn the_answer_says_what_this_is() {
    let server = DemoServer::start(&["--shell", "cat"]);
    let address = server.tcp();
    let get = |more: &str| format!("GET / HTTP/1.1\r\nHost: {address}\r\n{more}\r\n");
    let page = answer(address, &get("Connection: close\r\n"));
    assert!(page.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html"), "{page}");
    let old = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n";
    let answer = answer(address, &get(old));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{head}");
    assert!(head.contains("\r\nUpgrade: websocket") && head.contains("text/plain"), "{head}");
    let length = format!("Content-Length: {}\r\n", body.len());
    assert!(head.contains(&length), "{head}");
    for word in ["OrchFlow", "orchflow-demo attach ADDRESS", "orchflow.v1.json"] {
        assert!(body.contains(word), "{body}");
    }
    assert!(body.lines().all(|line| line.len() < 100), "{body}");
}

/// Forwards connections from another port, as `ssh -L` does.
fn forward(target: SocketAddr) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let from = socket.unwrap();
            let to = TcpStream::connect(target).unwrap();
            for (mut from, mut to) in
                [(from.try_clone().unwrap(), to.try_clone().unwrap()), (to, from)]
            {
                thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
            }
        }
    });
    port
}

#[test]
fn through_a_forwarded_port_the_refusal_says_what_helps() {
    let server = DemoServer::start(&["--shell", "cat"]);
    let port = forward(server.tcp());
    let token = server.token.clone();
    let run = |command: &str, port: u16, token: &str| {
        let address = format!("ws://localhost:{port}/#token={token}");
        demo(command).arg(&address).output().unwrap()
    };
    let option = format!("--host localhost:{port}");
    for command in ["attach", "state"] {
        let output = run(command, port, &token);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let log = text(&output.stderr);
        assert!(log.contains(&option) && log.lines().count() == 1, "{log}");
    }
    let page = "Origin: http://page.example\r\n";
    let request = |more: &str| format!("GET / HTTP/1.1\r\nHost: {}\r\n{more}\r\n", server.tcp());
    let refused = answer(server.tcp(), &request(page));
    assert!(refused.contains("--origin http://page.example"), "{refused}");
    let log = text(&server.interrupt(Signal::SIGTERM).stderr);
    assert!(log.contains(&option), "the log says so, too: {log}");
    // The port is known only now: a forwarding listener exists before the server.
    let port = {
        let probe = TcpListener::bind("127.0.0.1:0").unwrap();
        probe.local_addr().unwrap().port()
    };
    let host = format!("localhost:{port}");
    let folder = TempDir::new();
    fs::write(folder.path().join("index.html"), "a page").unwrap();
    let folder = folder.path().to_str().unwrap();
    let origin = "http://page.example";
    let args = ["--shell", "cat", "--host", &host, "--origin", origin, "--page-dir", folder];
    let server = DemoServer::start(&args);
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{page}\r\n");
    let accepted = answer(server.tcp(), &request);
    assert!(accepted.starts_with("HTTP/1.1 200") && accepted.ends_with("a page"), "{accepted}");
}

/// A person reads on stderr how to attach; stdout has the address alone.
#[test]
fn how_to_attach_is_said_to_a_person() {
    let mut host = Host::new();
    let demo = env!("CARGO_BIN_EXE_orchflow-demo");
    let folder = TempDir::new();
    let file = folder.path().join("my token");
    for (options, attach) in [
        (vec![], "orchflow-demo attach http://127.0.0.1:".to_owned()),
        (
            vec!["--token-file".to_owned(), file.to_str().unwrap().to_owned()],
            format!("orchflow-demo attach --token-file '{}' http://127.0.0.1:", file.display()),
        ),
    ] {
        let serve = SpawnOptions::program(demo).args(["serve", "--shell", "cat", "--root"]);
        let serve = serve.arg(folder.path()).args(&options).size(Size::cells(500, 24));
        let id = host.spawn(&serve);
        host.wait_text(id, &attach);
        host.engine.write(id, b"\x03").unwrap();
        host.wait_exit(id);
    }
}
