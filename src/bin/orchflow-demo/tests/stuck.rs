//! The demo with a stdout or stderr that nobody reads: it continues, and ends when asked to.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/client.rs"]
mod client;
#[path = "support/demo_server.rs"]
mod demo_server;
#[path = "../../../../tests/support/mod.rs"]
mod support;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus, Stdio};

use client::Client;
use demo_server::{DemoServer, demo};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{OpenptyResult, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, pipe};
use serde_json::json;
use support::files::TempDir;

/// Fills it until nothing more is accepted; afterwards it blocks as before.
fn fill(fd: impl AsFd) {
    let flags = |flags| fcntl(fd.as_fd(), FcntlArg::F_SETFL(flags)).unwrap();
    flags(OFlag::O_NONBLOCK);
    for piece in [4096, 1] {
        loop {
            match nix::unistd::write(fd.as_fd(), &vec![b'x'; piece]) {
                Ok(_) => {}
                Err(Errno::EAGAIN) => break,
                Err(errno) => panic!("{errno}"),
            }
        }
    }
    flags(OFlag::empty());
}

/// A way for output, and the end that nobody reads.
fn stuck(kind: &str) -> (OwnedFd, OwnedFd) {
    let (reader, writer) = match kind {
        "pipe" => pipe().unwrap(),
        "terminal" => {
            let OpenptyResult { master, slave } = openpty(None, None).unwrap();
            (master, slave)
        }
        _ => {
            let (reader, writer) = UnixStream::pair().unwrap();
            (reader.into(), writer.into())
        }
    };
    fill(&writer);
    (reader, writer)
}

fn wait(mut child: Child) -> ExitStatus {
    child.wait().unwrap()
}

fn interrupt(child: &Child) {
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
}

/// An address line of `serve`: where, and the token.
fn parse(line: &str) -> (SocketAddr, String) {
    let (place, token) = line.trim_end().split_once("#token=").unwrap();
    let place = place.strip_prefix("http://").unwrap().trim_end_matches('/');
    (place.parse().unwrap(), token.to_owned())
}

/// Each kind of blocked stderr, from the start, so that starting is covered, too.
#[test]
fn serve_with_a_stderr_that_nobody_reads() {
    for kind in ["pipe", "terminal", "socket"] {
        let root = TempDir::new();
        let (unread, stderr) = stuck(kind);
        let mut serve = demo("serve");
        serve.arg("--root").arg(root.path()).args(["--shell", "cat"]).stderr(stderr);
        let mut child = serve.spawn().unwrap();
        drop(serve);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (address, token) = parse(&line);
        // Every connection is a line in the log.
        for _ in 0..50 {
            Client::hello(address, &token, json!({}));
        }
        let fields = json!({"collections": ["terminals"]});
        let (mut client, _) = Client::hello(address, &token, fields);
        let diff = client.receive_type("diff");
        let terminal = diff["terminals"][0]["id"].as_u64().unwrap();
        client.send(&json!({"type": "attach", "terminal": terminal}));
        client.type_in(terminal, b"hello\n");
        client.read_until(terminal, b"hello\r\nhello\r\n");
        interrupt(&child);
        assert_eq!(wait(child).code(), Some(0), "{kind}");
        drop(unread);
    }
}

/// Dropped messages are counted as soon as possible, and other users of the pipe find its flags
/// unchanged.
#[test]
fn what_was_not_taken_is_counted() {
    let root = TempDir::new();
    let (unread, stderr) = stuck("pipe");
    let shared = stderr.try_clone().unwrap();
    let mut serve = demo("serve");
    serve.arg("--root").arg(root.path()).args(["--shell", "cat"]).stderr(stderr);
    let mut child = serve.spawn().unwrap();
    drop(serve);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (address, token) = parse(&line);
    Client::hello(address, &token, json!({}));
    let flags = fcntl(&shared, FcntlArg::F_GETFL).unwrap();
    assert!(!OFlag::from_bits_truncate(flags).contains(OFlag::O_NONBLOCK));
    drop(shared);
    // What filled the pipe is read, and then what is said next.
    let mut unread = File::from(unread);
    fcntl(&unread, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    while unread.read(&mut [0; 4096]).is_ok() {}
    fcntl(&unread, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
    Client::hello(address, &token, json!({}));
    interrupt(&child);
    assert_eq!(wait(child).code(), Some(0));
    let mut said = String::new();
    unread.read_to_string(&mut said).unwrap();
    let first = said.lines().next().unwrap();
    assert!(first.ends_with("messages were dropped"), "{said}");
    assert!(said.contains("shutting down; repeat"), "{said}");
}

/// The address is written once there is room for it.
#[test]
fn serve_with_a_stdout_that_nobody_reads() {
    let root = TempDir::new();
    let (unread, stdout) = stuck("pipe");
    let mut serve = demo("serve");
    serve.arg("--root").arg(root.path()).args(["--shell", "cat"]).stdout(stdout);
    let mut child = serve.spawn().unwrap();
    drop(serve);
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let is_listening = |line: std::io::Result<String>| line.unwrap().contains("listening on");
    assert!(log.any(is_listening));
    let line = BufReader::new(File::from(unread)).lines().next().unwrap().unwrap();
    let (address, token) = parse(line.trim_start_matches('x'));
    Client::hello(address, &token, json!({}));
    interrupt(&child);
    log.for_each(drop);
    assert_eq!(wait(child).code(), Some(0));
}

/// An interrupted `--follow` does not wait for a stdout that accepts nothing.
#[test]
fn followers_with_a_stdout_that_nobody_reads() {
    let server = DemoServer::start(&["--shell", "cat"]);
    let root = TempDir::new();
    std::fs::write(root.path().join("file"), "x").unwrap();
    let path = root.path().to_str().unwrap();
    for kind in ["pipe", "terminal", "socket"] {
        let commands: [&[&str]; 4] = [
            &["attach", &server.line],
            &["state", "--follow", &server.line],
            &["state", &server.line],
            &["watch", "--snapshot", path],
        ];
        for arguments in commands {
            let (unread, stdout) = stuck(kind);
            let (mut log, stderr) = UnixStream::pair().unwrap();
            let mut command = demo(arguments[0]);
            command.args(&arguments[1..]).stdout(stdout).stderr(OwnedFd::from(stderr));
            let child = command.spawn().unwrap();
            drop(command);
            // Signals are its own as soon as it has blocked them.
            wait_for_blocked_signals(&child);
            interrupt(&child);
            let status = wait(child);
            let is_interrupted = status.code() == Some(130) || status.code() == Some(0);
            let mut said = String::new();
            log.read_to_string(&mut said).unwrap();
            assert!(is_interrupted, "{kind} {arguments:?}: {status:?} {said}");
            drop(unread);
        }
    }
}

/// Waits until SIGINT would not kill it any more.
fn wait_for_blocked_signals(child: &Child) {
    let path = format!("/proc/{}/status", child.id());
    loop {
        let status = std::fs::read_to_string(&path).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
        if u64::from_str_radix(mask.trim(), 16).unwrap() & (1 << (libc::SIGINT - 1)) != 0 {
            return;
        }
        std::thread::yield_now();
    }
}

/// A program whose output nobody reads is interrupted, and `run` as well.
#[test]
fn run_with_a_stdout_that_nobody_reads() {
    for kind in ["pipe", "terminal", "socket"] {
        let (unread, stdout) = stuck(kind);
        let mut run = demo("run");
        let ready = TempDir::new();
        let fifo = ready.fifo("ready");
        let script = "echo > \"$0\"; exec yes";
        run.args(["--", "sh", "-c", script, &fifo]).stdout(stdout).stderr(Stdio::null());
        let child = run.spawn().unwrap();
        drop(run);
        File::open(&fifo).unwrap().read_to_end(&mut Vec::new()).unwrap();
        interrupt(&child);
        let status = wait(child);
        assert_eq!((status.code(), status.signal()), (Some(130), None), "{kind}");
        drop(unread);
    }
}
