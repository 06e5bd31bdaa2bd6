//! `orchflow-demo attach` in daily use: numbers and names, new terminals, the end of stdin, nesting,
//! read-only attachments, other detach keys, a restarted server.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/client.rs"]
mod client;
#[path = "support/demo_server.rs"]
mod demo_server;
#[path = "../../../../tests/support/mod.rs"]
mod support;

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use client::Client;
use demo_server::{DemoServer, demo};
use nix::sys::signal::Signal;
use orchflow::{
    ExitStatus, ListenAddress, ListenerOptions, Scopes, ScreenOptions, Size, SpawnOptions,
    TerminalId, TokenOptions,
};
use serde_json::json;
use support::files::TempDir;
use support::host::Host;

const DEMO: &str = env!("CARGO_BIN_EXE_orchflow-demo");

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs `attach` with this input on stdin, which then ends.
fn attach(args: &[&str], input: &str) -> Output {
    let mut attach = demo("attach");
    attach.env_remove("ORCHFLOW").args(args).stdin(Stdio::piped());
    let mut child = attach.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Its output, if it exits with status 0.
fn attached(args: &[&str], input: &str) -> String {
    let output = attach(args, input);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
    text(&output.stdout)
}

/// Number, name, program and id of each terminal in the list.
fn list(address: &str) -> Vec<[String; 4]> {
    let list = attached(&[address, "list"], "");
    let mut lines = list.lines();
    let head = lines.next().unwrap();
    let words: Vec<&str> = head.split_whitespace().collect();
    assert_eq!(words, ["NO", "NAME", "PROGRAM", "SIZE", "STATE", "TITLE", "DIRECTORY", "ID"]);
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        [words[0], words[1], words[2], words[words.len() - 1]].map(String::from)
    };
    lines.map(row).collect()
}

/// Number and name of each terminal.
fn names(address: &str) -> Vec<String> {
    list(address).iter().map(|[number, name, ..]| format!("{number} {name}")).collect()
}

/// `attach` in a shell in a terminal of the engine; the shell prints the exit status.
fn attach_in_terminal(host: &mut Host, args: &[&str]) -> TerminalId {
    let script = r#""$0" attach "$@"; echo "status $?""#;
    let options = SpawnOptions::program("sh").args(["-c", script, DEMO]).args(args);
    let options = options.env_remove("ORCHFLOW").size(Size::cells(90, 30));
    let id = host.spawn(&options);
    host.wait_text(id, "\x1b[30H");
    id
}

fn wait_status(host: &mut Host, id: TerminalId, status: i32) {
    assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
    let all = host.text(id);
    assert!(all.contains(&format!("status {status}\r\n")), "{all:?}");
}

#[test]
fn the_end_of_stdin_detaches() {
    let server = DemoServer::start(&["--shell", "cat"]);
    let id = server.terminals()[0].to_string();
    assert_eq!(attached(&[&server.line, &id], ""), "");
    // What was typed has arrived, and what was shown before is printed.
    let mut shown = attached(&[&server.line, &id], "hello\n");
    while !shown.contains("hello\r\nhello\r\n") {
        shown = attached(&[&server.line, &id], "");
    }
    // It is still the same program.
    assert_eq!(server.terminals()[0].to_string(), id);
    let log = text(&server.interrupt(Signal::SIGTERM).stderr);
    assert_eq!(log.matches(" started").count(), 1, "{log}");
}

#[test]
fn the_end_of_stdin_ends_the_program_if_that_is_wanted() {
    let server = DemoServer::start(&["--shell", "sh -c 'cat; exit 7'"]);
    let output = attach(&["--send-eof", &server.line, "1"], "hello\n");
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    assert!(text(&output.stdout).ends_with("hello\r\nhello\r\n"), "{output:?}");
}

#[test]
fn the_only_terminal_is_attached_to_and_several_are_listed() {
    let server = DemoServer::start(&["--shell", "sh -c 'echo here; exec cat'"]);
    let mut shown = String::new();
    while shown != "here\r\n" {
        shown = attached(&[&server.line], "");
    }
    attached(&[&server.line, "new"], "");
    assert!(attached(&[&server.line], "").starts_with("NO "));
    assert_eq!(names(&server.line), ["1 shell", "2 -"]);
    let all = list(&server.line);
    assert_eq!([&all[0][2], &all[1][2]], ["cat", "cat"]);
}

#[test]
fn terminals_are_started_named_and_ended() {
    let server = DemoServer::start(&["--shell", "cat", "--name", "main one"]);
    let address = &*server.line;
    attached(&[address, "new", "--name", "build"], "");
    attached(&[address, "new", "shell"], "");
    assert_eq!(attached(&[address, "list"], "").lines().nth(1).unwrap().find("main one"), Some(4));
    for (args, mention) in [
        (&["new", "--name", "build"][..], "--name build: already in use"),
        (&["new", "vim"], "vim: profile not granted; expected shell"),
        (&["kill", "7"], "7: no such terminal"),
        (&["nothing"], "nothing: no such terminal"),
    ] {
        let output = attach(&[&[address], args].concat(), "");
        assert_eq!(output.status.code(), Some(1), "{args:?}: {output:?}");
        assert!(text(&output.stderr).contains(mention), "{args:?}: {output:?}");
    }
    // By name, by number and by id it is the same terminal.
    let ids: Vec<String> = list(address).into_iter().map(|[.., id]| id).collect();
    attached(&[address, "build"], "typed\n");
    for terminal in ["build", "2", &ids[1]] {
        while !attached(&[address, terminal], "").contains("typed\r\ntyped\r\n") {}
    }
    attached(&[address, "kill", "build"], "");
    while list(address).len() > 2 {}
    // Numbers are not reused.
    attached(&[address, "new"], "");
    let left: Vec<String> = list(address).into_iter().map(|[number, ..]| number).collect();
    assert_eq!(left, ["1", "3", "4"]);
}

/// Types a line into the server's shell and reads until an answer arrives.
fn ask(client: &mut Client, terminal: u64, line: &str, answer: &str) -> String {
    client.type_in(terminal, format!("{line}\n").as_bytes());
    text(&client.read_until(terminal, answer.as_bytes()))
}

#[test]
fn attaching_to_itself_is_refused() {
    let server = DemoServer::start(&["--shell", "sh"]);
    let other = DemoServer::start(&["--shell", "cat"]);
    let id = server.terminals()[0];
    let (mut client, _) =
        Client::hello(server.tcp(), &server.token, json!({"attach": [{"terminal": id}]}));
    let attach = |options: &str, address: &str| {
        format!("{options} {DEMO} attach {address} 1 </dev/null; echo status $?.")
    };
    let refused = ask(&mut client, id, &attach("", &server.line), "status 1.");
    assert!(refused.contains("would show itself"), "{refused}");
    // No program is started, either.
    let new = attach("", &server.line).replace(" 1 <", " new <");
    let refused = ask(&mut client, id, &new, "status 1.");
    assert!(refused.contains("would show itself"), "{refused}");
    assert_eq!(server.terminals(), [id]);
    ask(&mut client, id, &attach("env -u ORCHFLOW", &server.line), "status 0.");
    ask(&mut client, id, &attach("", &format!("--nested {}", server.line)), "status 0.");
    // Another server can be attached to.
    ask(&mut client, id, &attach("", &other.line), "status 0.");
    // A server inside a terminal of this one inherits the variable.
    let path = server.root.path().join("inner/socket");
    let inner = format!(
        "{DEMO} serve --unix {} --shell \"{DEMO} attach {} 1\" >/dev/null & ",
        path.display(),
        server.line
    );
    ask(&mut client, id, &inner, "ended: status 1");
    ask(&mut client, id, "kill $!; wait; echo over$?.", "over0.");
}

/// A host that serves a terminal with `cat`; its token has these scopes.
fn serving(scopes: Scopes) -> (Host, TerminalId, String) {
    let mut host = Host::new();
    host.tolerate_log = true;
    let options = SpawnOptions::program("cat").screen(ScreenOptions::default());
    let id = host.spawn(&options);
    let address = ListenerOptions::tcp("127.0.0.1:0".parse().unwrap());
    let listener = host.engine.add_listener(&address).unwrap();
    let ListenAddress::Tcp(address) = host.engine.listener_address(listener).unwrap() else {
        panic!("a TCP address");
    };
    let (_, token) =
        host.engine.add_token(TokenOptions { scopes, ..TokenOptions::default() }).unwrap();
    (host, id, format!("ws://localhost:{}/#token={token}", address.port()))
}

#[test]
fn who_only_watches_types_nothing_and_resizes_nothing() {
    for (scopes, option) in [
        (Scopes::ALL, &["--read-only"][..]),
        (Scopes::OBSERVE, &["--read-only"]),
        (Scopes::OBSERVE, &[]),
    ] {
        let (mut host, served, address) = serving(scopes);
        let id = served.to_u64().to_string();
        let viewer = attach_in_terminal(&mut host, &[option, &[&*address, &id]].concat());
        host.engine.write(served, b"shown\n").unwrap();
        // As output, or in the snapshot that comes before it.
        host.wait("both lines", |host| host.text(viewer).matches("shown").count() >= 2);
        host.engine.write(viewer, b"typed\x1d").unwrap();
        host.wait_text(viewer, "[detached]");
        wait_status(&mut host, viewer, 0);
        let all = host.text(viewer);
        let said = all.contains("the token only allows observing");
        assert_eq!(said, option.is_empty(), "{all:?}");
        assert!(!all.contains("does not allow"), "{all:?}");
        // Input would have arrived before this.
        host.engine.write(served, b"end\n").unwrap();
        host.wait_text(served, "end\r\nend\r\n");
        assert!(!host.text(served).contains("typed"));
        assert_eq!(host.engine.terminal_state(served).unwrap().size, Size::cells(80, 24));
    }
}

#[test]
fn a_token_that_allows_less_is_refused_with_a_reason() {
    for (scopes, words, mention) in [
        (Scopes::TYPE, &["1"][..], "does not allow observing"),
        (Scopes::OBSERVE, &["new"], "does not allow starting"),
        (Scopes::OBSERVE, &["kill", "1"], "does not allow starting and closing"),
    ] {
        let (mut host, _, address) = serving(scopes);
        let options = SpawnOptions::program(DEMO).arg("attach").arg(&address).args(words);
        let id = host.spawn(&options);
        assert_eq!(host.wait_exit(id), ExitStatus::Code(1));
        assert!(host.text(id).contains(mention), "{:?}", host.text(id));
    }
}

#[test]
fn other_keys_detach() {
    let server = DemoServer::start(&["--shell", "cat"]);
    let mut host = Host::new();
    let args = ["--detach-key", "ctrl-a d", &server.line, "1"];
    let id = attach_in_terminal(&mut host, &args);
    // Neither the default key nor half of this one detaches.
    host.engine.write(id, b"a\x1db\x01c\n").unwrap();
    host.wait_text(id, "a\x1db\x01c");
    host.engine.write(id, b"\x01").unwrap();
    host.engine.write(id, b"d").unwrap();
    host.wait_text(id, "[detached]");
    wait_status(&mut host, id, 0);
}

/// A server with a token file and a socket in this directory.
fn serve_at(folder: &Path, args: &[&str]) -> DemoServer {
    let mut serve = demo("serve");
    serve.arg("--unix").arg(folder.join("private/socket"));
    serve.arg("--token-file").arg(folder.join("token")).args(args);
    DemoServer::run(serve, Some("in the file"))
}

#[test]
fn a_server_that_is_started_anew_is_attached_to_again() {
    let folder = TempDir::new();
    let server = serve_at(folder.path(), &["--shell", "sh -c 'echo first; exec cat'"]);
    let token_file = folder.path().join("token");
    let token_file = ["--token-file", token_file.to_str().unwrap()];
    let place = server.line.clone();
    let run = |host: &mut Host, words: &[&str]| {
        attach_in_terminal(host, &[&token_file[..], &[&*place], words].concat())
    };
    let mut host = Host::new();
    let shell = run(&mut host, &["shell"]);
    host.wait_text(shell, "first");
    let named = run(&mut host, &["new", "--name", "build"]);
    host.wait_text(named, "first");
    let unnamed = run(&mut host, &["new"]);
    host.wait_text(unnamed, "first");
    server.interrupt(Signal::SIGKILL);
    host.wait_text(shell, "connection lost");
    let _server = serve_at(folder.path(), &["--shell", "sh -c 'echo second; exec cat'"]);
    // The terminal of the same name is used; its id is that of the previous one, which means
    // nothing.
    host.wait_text(shell, "second");
    host.engine.write(shell, b"typed\n").unwrap();
    host.wait_text(shell, "typed\r\ntyped\r\n");
    host.wait_text(named, "has no terminal named build");
    wait_status(&mut host, named, 1);
    host.wait_text(unnamed, "restarted and the terminal is gone");
    wait_status(&mut host, unnamed, 1);
    host.engine.write(shell, b"\x1d").unwrap();
    wait_status(&mut host, shell, 0);
}

/// A server that shuts down hangs up its programs before it disconnects its clients.
#[test]
fn a_server_that_has_ended_in_order_is_waited_for_too() {
    let folder = TempDir::new();
    let server = serve_at(folder.path(), &["--shell", "sh -c 'echo first; exec cat'"]);
    let token_file = folder.path().join("token");
    let place = server.line.clone();
    let args = ["--token-file", token_file.to_str().unwrap(), &place, "shell"];
    let mut host = Host::new();
    let mut attach = || {
        let id = attach_in_terminal(&mut host, &args);
        host.wait_text(id, "first");
        id
    };
    let (stays, leaves) = (attach(), attach());
    server.interrupt(Signal::SIGTERM);
    host.wait_text(stays, "connection lost");
    host.wait_text(leaves, "connection lost");
    host.engine.write(leaves, b"\x1d").unwrap();
    host.wait_text(leaves, "[ended: signal 1]");
    wait_status(&mut host, leaves, 129);
    let server = serve_at(folder.path(), &["--shell", "sh -c 'echo second; exec cat'"]);
    host.wait_text(stays, "second");
    server.interrupt(Signal::SIGTERM);
    host.wait_text(stays, "connection lost");
    // A program can also handle the hangup and exit normally.
    let catches = "sh -c 'trap \"exit 0\" HUP; echo third; read line'";
    let server = serve_at(folder.path(), &["--shell", catches]);
    host.wait_text(stays, "third");
    server.interrupt(Signal::SIGTERM);
    host.wait_text(stays, "connection lost");
    let server = serve_at(folder.path(), &["--shell", "sh -c 'echo fourth; exec cat'"]);
    host.wait_text(stays, "fourth");
    // If the server continues, a program that is hung up has ended.
    attached(&[&args[..3], &["kill", "1"]].concat(), "");
    host.wait_text(stays, "[ended: signal 1]");
    wait_status(&mut host, stays, 129);
    drop(server);
}

#[test]
fn help_is_on_the_command() {
    let output = demo("attach").arg("--help").output().unwrap();
    let help = text(&output.stdout);
    for word in ["list", "new", "kill", "--read-only", "--detach-key", "Exit status", "--nested"] {
        assert!(help.contains(word), "{word}: {help}");
    }
    assert!(!help.contains("--snapshot-text"), "{help}");
    let all = text(&demo("--help").output().unwrap().stdout);
    assert!(all.contains("\n  attach "), "{all}");
}
