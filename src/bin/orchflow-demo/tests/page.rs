//! The page that `serve` gives to browsers, and what else a person gets from it.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/client.rs"]
mod client;
#[path = "support/demo_server.rs"]
mod demo_server;
#[path = "../../../../tests/support/http.rs"]
mod http;
#[path = "../../../../tests/support/mod.rs"]
mod support;

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use client::{Client, WATCHDOG};
use demo_server::{DemoServer, demo};
use http::Http;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use support::files::TempDir;

const SERVED: [(&str, &str); 4] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("svg", "image/svg+xml"),
];

/// Every file below a folder, with its path there.
fn files(folder: &Path, prefix: &str) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            found.extend(files(&path, &format!("{prefix}{name}/")));
        } else {
            found.push((format!("{prefix}{name}"), path.clone()));
        }
    }
    found
}

/// Each file of the page and of the client is in the demo, under its path; tests and types are not.
#[test]
fn every_file_of_the_page_is_in_the_demo() {
    let server = DemoServer::start(&["--shell", "cat"]);
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = [("page", "/"), ("../../../clients/js/src", "/client/")];
    let all = all.map(|(folder, prefix)| files(&package.join(folder), prefix)).concat();
    for needed in ["/index.html", "/client/index.js"] {
        assert!(all.iter().any(|(path, _)| path == needed), "{needed}");
    }
    for (path, file) in all {
        let end = path.rsplit('.').next().unwrap();
        let served = SERVED.iter().find(|(known, _)| *known == end && !path.contains(".test."));
        let response = Http::connect(server.tcp()).get(&path, "");
        match served {
            Some((_, media_type)) => {
                assert_eq!((response.status, response.header("content-type")), (200, *media_type));
                assert!(response.body == fs::read(&file).unwrap(), "{path}");
            }
            None => assert_eq!(response.status, 404, "{path}"),
        }
    }
}

#[test]
fn the_page_from_the_disk() {
    let page = TempDir::new();
    let client = TempDir::new();
    fs::write(page.file("index.html"), "first").unwrap();
    fs::write(client.file("index.js"), "client").unwrap();
    let below = format!("/client/={}", client.path().display());
    let args =
        ["--shell", "cat", "--page-dir", page.path().to_str().unwrap(), "--page-dir", &below];
    let server = DemoServer::start(&args);
    let mut http = Http::connect(server.tcp());
    assert_eq!(http.get("/", "").body, b"first");
    assert_eq!(http.get("/client/index.js", "").body, b"client");
    fs::write(page.file("index.html"), "second").unwrap();
    assert_eq!(http.get("/", "").body, b"second");
    // A page of this address may connect.
    let origin = format!("Origin: http://{}\r\n", server.tcp());
    assert_eq!(http.get("/", &origin).status, 200);
    let missing = demo("serve").args(["--page-dir", "/no/such/page"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(1));
    let log = String::from_utf8_lossy(&missing.stderr);
    assert!(log.contains("/no/such/page: No such file"), "{log}");
}

#[test]
fn further_profiles_start_other_programs() {
    let server =
        DemoServer::start(&["--shell", "cat", "--profile", "greet=sh -c 'echo hello; read x'"]);
    let fields = json!({"collections": ["terminals"]});
    let (mut client, welcome) = Client::hello(server.tcp(), &server.token, fields);
    assert_eq!(welcome["profiles"], json!(["greet", "shell"]));
    client.send(&json!({"type": "spawn", "id": 1, "profile": "greet"}));
    let started = client.receive_type("result");
    let terminal = started["outcome"]["spawned"]["terminal"].as_u64().expect("a terminal");
    client.send(&json!({"type": "attach", "terminal": terminal, "start": "oldest"}));
    client.read_until(terminal, b"hello\r\n");
}

/// A browser that writes down what it is to open: a file of this user alone, which leads on to the address.
#[test]
fn the_browser_is_opened() {
    let folder = TempDir::new();
    let opened = folder.fifo("opened");
    let script = format!("#!/bin/sh\n(stat -c '%a %n' \"$1\"; cat \"$1\") > {opened}\n");
    folder.script("xdg-open", &script);
    let root = TempDir::new();
    let mut serve = demo("serve");
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    serve.args(["--open", "--shell", "cat", "--root"]).arg(root.path());
    serve.env("PATH", path).env("XDG_RUNTIME_DIR", folder.path());
    let mut child = serve.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let mut file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(opened);
    let file = file.as_mut().unwrap();
    let mut fds = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
    let patience = PollTimeout::try_from(WATCHDOG).unwrap();
    assert_eq!(poll(&mut fds, patience), Ok(1), "the browser is started");
    let flags = OFlag::from_bits_truncate(fcntl(&*file, FcntlArg::F_GETFL).unwrap());
    fcntl(&*file, FcntlArg::F_SETFL(flags & !OFlag::O_NONBLOCK)).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    let (name, page) = text.split_once('\n').unwrap();
    let name = name.strip_prefix("600 ").expect("only this user may read it");
    assert!(page.contains(&format!("url={}\"", line.trim_end())), "{page}");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!Path::new(name).exists(), "it goes with the server");

    // Without one it serves all the same.
    let empty = TempDir::new();
    let mut serve = demo("serve");
    serve.args(["--open", "--shell", "cat"]).env("PATH", empty.path());
    let server = DemoServer::run(serve, None);
    let _ = Client::hello(server.tcp(), &server.token, json!({}));
    let log = server.interrupt(Signal::SIGTERM).stderr;
    let log = String::from_utf8_lossy(&log);
    assert!(log.contains("--open: xdg-open is not installed"), "{log}");
}
