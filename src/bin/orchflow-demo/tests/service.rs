//! `orchflow-demo serve` under a service manager: sockets that it gets, what it reports, and its log.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/client.rs"]
mod client;
#[path = "support/demo_server.rs"]
mod demo_server;
#[path = "../../../../tests/support/mod.rs"]
mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use client::{Client, WATCHDOG};
use demo_server::{DemoServer, demo};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use support::files::TempDir;
use support::has_tool;

const TOKEN: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFE";

/// What a manager sets.
const VARIABLES: [&str; 6] = [
    "LISTEN_FDS",
    "LISTEN_PID",
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "JOURNAL_STREAM",
];

/// `serve` with this socket as descriptor 3, as a service manager starts it. `pid`: the value of LISTEN_PID, for a
/// shell that becomes the server.
fn serve_with(socket: impl Into<OwnedFd>, pid: &str, args: &[&str]) -> Command {
    let script = format!("LISTEN_FDS=1 LISTEN_PID={pid} exec \"$0\" serve \"$@\" 3<&0 0</dev/null");
    let mut serve = Command::new("sh");
    serve.args(["-c", &script, env!("CARGO_BIN_EXE_orchflow-demo")]).args(args);
    for name in VARIABLES {
        serve.env_remove(name);
    }
    serve.env_remove("ORCHFLOW_TOKEN").env_remove("ORCHFLOW").stdin(Stdio::from(socket.into()));
    serve.stdout(Stdio::piped()).stderr(Stdio::piped());
    serve
}

#[test]
fn a_socket_is_passed_on() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let kept = socket.try_clone().unwrap();
    // Programs in the terminals get none of the variables.
    let names = "^(LISTEN_|NOTIFY_|WATCHDOG_|JOURNAL_STREAM|INVOCATION_ID|CREDENTIALS_)";
    let shell = format!("sh -c 'env | grep -cE \"{names}\"; echo counted; exec cat'");
    let mut serve = serve_with(socket, "$$", &["--shell", &shell]);
    let credentials = TempDir::new();
    serve.env("INVOCATION_ID", "1").env("CREDENTIALS_DIRECTORY", credentials.path());
    let server = DemoServer::run(serve, None);
    assert_eq!(server.tcp(), address);
    let terminal = server.terminals()[0];
    let attach = json!([{"terminal": terminal, "start": "oldest"}]);
    let fields = json!({"collections": [], "attach": attach});
    let (mut client, _) = Client::hello(address, &server.token, fields);
    client.read_until(terminal, b"0\r\ncounted\r\n");
    assert_eq!(server.interrupt(Signal::SIGTERM).status.code(), Some(0));
    // Whoever comes between two servers waits.
    let _waiting = std::net::TcpStream::connect(address).unwrap();
    kept.set_nonblocking(false).unwrap();
    kept.accept().unwrap();
}

/// A Unix socket is printed with its path, which is there afterwards; another address goes with it.
#[test]
fn a_unix_socket_is_passed_on() {
    let folder = TempDir::new();
    let path = folder.path().join("socket");
    let socket = UnixListener::bind(&path).unwrap();
    let args = ["--listen", "127.0.0.1:0", "--shell", "cat"];
    let server = DemoServer::run(serve_with(socket, "$$", &args), None);
    assert!(server.line.starts_with(&format!("unix:{}#", path.display())), "{}", server.line);
    let output = demo("attach").args([&server.line, "list"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let log = String::from_utf8(server.interrupt(Signal::SIGTERM).stderr).unwrap();
    assert!(log.contains("listening on 127.0.0.1:"), "{log}");
    assert!(path.exists());
}

/// Variables that are meant for another process count for nothing; sockets that cannot be served end the start.
#[test]
fn sockets_that_are_not_taken() {
    let bind = |address| TcpListener::bind(address).unwrap();
    let other = bind("127.0.0.1:0");
    let address = other.local_addr().unwrap();
    let server = DemoServer::run(serve_with(other, "1", &["--shell", "cat"]), None);
    assert_ne!(server.tcp(), address);
    drop(server);
    for (socket, mention) in
        [(bind("0.0.0.0:0").into(), "not loopback"), (File::open("/dev/null").unwrap().into(), "")]
    {
        let socket: OwnedFd = socket;
        let output = serve_with(socket, "$$", &["--shell", "cat"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let log = String::from_utf8(output.stderr).unwrap();
        assert!(log.contains(mention) && log.lines().count() == 1, "{log}");
    }
}

/// The next message to the manager.
fn notified(manager: &UnixDatagram) -> String {
    let mut message = [0; 4096];
    manager.set_read_timeout(Some(WATCHDOG)).unwrap();
    let length = manager.recv(&mut message).unwrap();
    String::from_utf8(message[..length].to_vec()).unwrap()
}

#[test]
fn the_manager_learns_of_the_start_and_the_end() {
    let folder = TempDir::new();
    let path = folder.path().join("notify");
    let name = format!("orchflow-notify-{}", std::process::id());
    let without_file = SocketAddr::from_abstract_name(&name).unwrap();
    for (manager, variable) in [
        (UnixDatagram::bind(&path).unwrap(), path.to_str().unwrap().to_owned()),
        (UnixDatagram::bind_addr(&without_file).unwrap(), format!("@{name}")),
    ] {
        let mut serve = demo("serve");
        serve.args(["--shell", "cat"]).env("NOTIFY_SOCKET", variable);
        let server = DemoServer::run(serve, None);
        let status = format!("READY=1\nSTATUS=listening on {}\n", server.tcp());
        assert_eq!(notified(&manager), status);
        assert_eq!(server.interrupt(Signal::SIGTERM).status.code(), Some(0));
        // Nothing in between: it was not asked for signs of life.
        assert_eq!(notified(&manager), "STOPPING=1\nSTATUS=shutting down\n");
    }
}

#[test]
fn the_manager_gets_signs_of_life() {
    let folder = TempDir::new();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    let mut serve = demo("serve");
    serve.args(["--shell", "cat"]).env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "20000");
    let server = DemoServer::run(serve, None);
    assert!(notified(&manager).starts_with("READY=1\n"));
    assert_eq!([notified(&manager), notified(&manager)], ["WATCHDOG=1\n"; 2]);
    drop(server);
}

#[test]
fn the_manager_learns_why_it_did_not_start() {
    let folder = TempDir::new();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    let output =
        demo("serve").args(["--root", "/no/such"]).env("NOTIFY_SOCKET", &path).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let message = notified(&manager);
    assert!(message.starts_with("STATUS=/no/such: "), "{message}");
    // A manager that is not there holds nothing up, an address that is none is an error.
    fs::remove_file(&path).unwrap();
    let mut serve = demo("serve");
    serve.args(["--shell", "cat"]).env("NOTIFY_SOCKET", &path);
    drop(DemoServer::run(serve, None));
    let output = demo("serve").env("NOTIFY_SOCKET", "nowhere").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("NOTIFY_SOCKET"), "{output:?}");
}

/// The real thing: it listens, and starts the server at the first connection.
#[test]
fn systemd_socket_activate_starts_it() {
    if !has_tool("systemd-socket-activate") {
        return;
    }
    // Free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let root = TempDir::new();
    let mut activate = Command::new("systemd-socket-activate");
    activate.args(["-l", &address.to_string(), "-E", "ORCHFLOW_TOKEN", "-E", "PATH"]);
    activate.arg(env!("CARGO_BIN_EXE_orchflow-demo")).args(["serve", "--shell", "cat", "--root"]);
    activate.arg(root.path()).env("ORCHFLOW_TOKEN", TOKEN).env_remove("NOTIFY_SOCKET");
    let activate = activate.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = activate.process_group(0).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    log.find(|line| line.contains("Listening on")).unwrap();
    let (_client, welcome) = Client::hello(address, TOKEN, json!({}));
    assert_eq!(welcome["profiles"], json!(["shell"]));
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(log.any(|line| line.contains("shutting down")));
}

/// The objects of a log.
fn objects(log: &[u8]) -> Vec<Value> {
    let lines = str::from_utf8(log).unwrap().lines();
    lines.map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[test]
fn a_log_of_objects() {
    let root = TempDir::new();
    let mut serve = demo("serve");
    serve.args(["--log", "json", "--log-level", "debug", "--shell", "cat", "--root"]);
    let mut child = serve.arg(root.path()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let (place, token) = line.trim_end().split_once("/#token=").unwrap();
    let address = place.strip_prefix("http://").unwrap().parse().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut log = String::new();
    while !log.contains("the files have been read") {
        assert_ne!(stderr.read_line(&mut log).unwrap(), 0, "{log}");
    }
    let fields = json!({"name": "bad\u{1b}\u{9b}name", "collections": ["files", "terminals"]});
    let (mut client, welcome) = Client::hello(address, token, fields);
    let terminal = client.receive_type("diff")["terminals"][0]["id"].as_u64().unwrap();
    fs::write(root.path().join("file"), "x").unwrap();
    while client.receive_type("diff")["files"].as_array().is_none_or(Vec::is_empty) {}
    client.send(&json!({"type": "batch", "id": 1, "ops": [{"terminal": terminal, "op": "eof"}]}));
    client.receive_type("result");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    stderr.read_to_string(&mut log).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{log}");
    assert!(!log.contains(token) && !log.chars().any(|c| c.is_control() && c != '\n'), "{log}");
    let objects = objects(log.as_bytes());
    for object in &objects {
        let time = object["time"].as_str().unwrap();
        assert!(time.ends_with('Z') && time.len() == 24, "{object}");
        assert!(["error", "warn", "info", "debug"].contains(&object["level"].as_str().unwrap()));
        assert!(!object["message"].as_str().unwrap().is_empty());
    }
    let has = |name: &str, id: Option<u64>, level: &str, part: &str| {
        objects.iter().any(|object| {
            let is_about = id.map_or(object[name].is_u64(), |id| object[name] == id);
            let message = object["message"].as_str().unwrap();
            is_about && object["level"] == level && message.contains(part)
        })
    };
    assert!(has("client", welcome["client"].as_u64(), "info", "connected"), "{log}");
    assert!(has("terminal", Some(terminal), "info", "ended"), "{log}");
    assert!(has("watch", None, "debug", "changes of files"), "{log}");
}

#[test]
fn a_failure_is_an_object_too() {
    let output = demo("serve").args(["--log", "json", "--root", "/no/such"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let objects = objects(&output.stderr);
    assert_eq!((objects.len(), &objects[0]["level"]), (1, &json!("error")));
    assert!(objects[0]["message"].as_str().unwrap().contains("/no/such"), "{objects:?}");
}

/// Only what is urgent, with priorities where the journal reads.
#[test]
fn levels_and_priorities() {
    let folder = TempDir::new();
    let path = folder.path().join("log");
    let log_of = |args: &[&str], is_journal: bool| {
        let log = File::create(&path).unwrap();
        let found = log.metadata().unwrap();
        let mut serve = demo("serve");
        serve.args(args).args(["--shell", "cat", "--root"]).arg(folder.path()).stderr(log);
        if is_journal {
            serve.env("JOURNAL_STREAM", format!("{}:{}", found.dev(), found.ino()));
        }
        let mut child = serve.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("http://"), "{line}");
        kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
        child.wait().unwrap();
        fs::read_to_string(&path).unwrap()
    };
    let log = log_of(&[], true);
    assert!(log.starts_with("<6>listening on 127.0.0.1:"), "{log}");
    assert!(log.lines().all(|line| line.starts_with("<6>")), "{log}");
    let log = log_of(&[], false);
    assert!(
        log.lines().all(|line| line[10..].starts_with('T') && line[24..].starts_with(" info  "))
    );
    assert_eq!(log_of(&["--log-level", "warn"], false), "");
}
