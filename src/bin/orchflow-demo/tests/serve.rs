//! `orchflow-demo serve`, `attach` and `state` as users and clients meet them.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/client.rs"]
mod client;
#[path = "support/demo_server.rs"]
mod demo_server;
#[path = "../../../../tests/support/mod.rs"]
mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Output;

use client::{Client, Incoming};
use demo_server::{DemoServer, Proxy, demo};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use orchflow::{ExitStatus, Size, SpawnOptions, TerminalId};
use serde_json::{Value, json};
use support::files::TempDir;
use support::host::Host;

/// The pane's terminal, from a full diff of terminals.
fn first_terminal(diff: &Value) -> u64 {
    diff["terminals"][0]["id"].as_u64().unwrap()
}

#[test]
fn one_line_shows_the_address_and_a_client_gets_its_echo() {
    let server = DemoServer::start(&["--shell", "cat"]);
    assert!(server.line.starts_with("http://127.0.0.1:"), "{}", server.line);
    let (mut client, welcome) =
        Client::hello(server.tcp(), &server.token, json!({"collections": ["panes", "terminals"]}));
    assert_eq!(welcome["profiles"], json!(["shell"]));
    let diff = client.receive_type("diff");
    let terminal = first_terminal(&diff);
    assert_eq!(diff["panes"][0]["content"], json!({"terminal": terminal}));
    assert_eq!(diff["terminals"][0]["screen"], true);
    client.send(&json!({"type": "attach", "terminal": terminal}));
    client.type_in(terminal, b"hello\n");
    client.read_until(terminal, b"hello\r\nhello\r\n");
    let output = server.interrupt(Signal::SIGTERM);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    // Only the address was printed.
    assert_eq!(output.stdout, b"");
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("connected") && log.contains("ended: signal 1"), "{log}");
}

#[test]
fn the_end_is_said_to_clients() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let server = DemoServer::start(&["--shell", "cat"]);
        let (mut client, _) = Client::hello(server.tcp(), &server.token, json!({}));
        let waiting = std::thread::spawn(move || {
            loop {
                if let Incoming::Closed(code) = client.receive() {
                    return code;
                }
            }
        });
        let output = server.interrupt(signal);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(waiting.join().unwrap(), Some(1001));
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let script = r#"sh -c 'trap "" HUP; echo ready; while :; do sleep 0.01; done'"#;
    let server = DemoServer::start(&["--shell", script]);
    let terminal: u64 = listed_terminal(&server).parse().unwrap();
    let attach = json!([{"terminal": terminal, "start": "oldest"}]);
    let fields = json!({"collections": [], "attach": attach});
    let (mut client, _) = Client::hello(server.tcp(), &server.token, fields);
    client.read_until(terminal, b"ready");
    // The program ignores the hangup, so the first request takes some time.
    kill(server.pid(), Signal::SIGINT).unwrap();
    let output = server.interrupt(Signal::SIGTERM);
    assert_eq!(output.status.code(), Some(143), "{output:?}");
}

#[test]
fn a_shell_that_ends_is_followed_by_a_new_one() {
    let server = DemoServer::start(&["--shell", "cat"]);
    let fields = json!({"collections": ["panes", "terminals"]});
    let (mut client, _) = Client::hello(server.tcp(), &server.token, fields);
    let first = first_terminal(&client.receive_type("diff"));
    client.send(&json!({"type": "batch", "id": 1,
        "ops": [{"terminal": first, "op": "eof"}]}));
    let (mut ended, mut followed) = (false, false);
    while !ended || !followed {
        let diff = client.receive_type("diff");
        for entry in diff["terminals"].as_array().into_iter().flatten() {
            ended |= entry["id"] == first && entry["exit"] == json!({"code": 0});
        }
        for entry in diff["panes"].as_array().into_iter().flatten() {
            followed |= entry["content"]["terminal"].as_u64().is_some_and(|id| id != first);
        }
    }
}

#[test]
fn a_unix_socket_is_enough() {
    let folder = TempDir::new();
    let path = folder.path().join("private/socket");
    let server = DemoServer::start(&["--unix", path.to_str().unwrap(), "--shell", "cat"]);
    assert_eq!(server.line, format!("unix:{}#token={}", path.display(), server.token));
    assert!(path.exists());
    assert_eq!(server.interrupt(Signal::SIGTERM).status.code(), Some(0));
    assert!(!path.exists());
}

#[test]
fn what_serve_refuses() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (args, status, mention) in [
        (&["--root", "/no/such/directory"] as &[&str], 1, "/no/such/directory"),
        (&["--listen", "0.0.0.0:0"], 2, "-L 7070:127.0.0.1:7070"),
        (&["--listen", "example.com:1"], 2, "localhost:PORT"),
        (&["--unix", "/tmp/orchflow-socket"], 1, "0700"),
        (&["--listen", &taken], 1, "in use"),
        (&["--host", "a/b"], 1, "host: "),
        (&["--origin", "null"], 1, "origin: "),
    ] {
        let output = demo("serve").args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        let log = text(&output.stderr);
        assert!(log.contains(mention), "{output:?}");
        // Nothing was started before, and one line has the reason; after invalid use there is one
        // more.
        assert_eq!(log.lines().count(), if status == 2 { 2 } else { 1 }, "{log}");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The id of the first terminal in the list that `attach` prints.
fn listed_terminal(server: &DemoServer) -> String {
    let output = demo("attach").args([&server.line, "list"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let list = text(&output.stdout);
    let mut lines = list.lines();
    assert!(lines.next().unwrap().starts_with("NO "), "{list}");
    let line = lines.next().unwrap();
    assert!(line.contains("80x24") && line.contains("running"), "{list}");
    line.split_whitespace().last().unwrap().to_owned()
}

/// `attach` in a shell in a terminal of the engine. The shell prints the exit status and the modes
/// of its terminal.
fn attach_in_terminal(host: &mut Host, address: &str, terminal: &str) -> TerminalId {
    let script = r#""$DEMO" attach "$ADDRESS" "$TERMINAL"; echo "status $?"; stty -a"#;
    let options = SpawnOptions::program("sh").arg("-c").arg(script);
    let options = options.env("DEMO", env!("CARGO_BIN_EXE_orchflow-demo"));
    let options = options.env("ADDRESS", address).env("TERMINAL", terminal);
    host.spawn(&options.size(Size::cells(90, 30)))
}

#[test]
fn attached_typed_detached() {
    let server = DemoServer::start(&["--shell", "cat"]);
    let terminal = listed_terminal(&server);
    let mut host = Host::new();
    let id = attach_in_terminal(&mut host, &server.line, &terminal);
    // The screen is scrolled away before anything is shown.
    host.wait_text(id, "\x1b[30H");
    host.engine.write(id, b"hello\n").unwrap();
    host.wait_text(id, "hello\r\nhello\r\n");
    host.engine.write(id, b"more\n\x1d").unwrap();
    host.wait_text(id, "[detached]");
    host.wait_text(id, "status 0\r\n");
    assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
    let all = host.text(id);
    let settings = all.split("status 0").nth(1).unwrap();
    for setting in ["icanon", "echo", "isig", "opost"] {
        let is_on = settings.split_whitespace().any(|word| word == setting);
        assert!(is_on, "{setting}: {settings}");
    }
    // The terminal still exists, and the input before the key has arrived.
    let id = attach_in_terminal(&mut host, &server.line, &terminal);
    host.wait_text(id, "more\r\nmore");
    host.engine.write(id, b"\x1d").unwrap();
    host.wait_exit(id);
}

#[test]
fn the_window_is_followed_to_the_other_side() {
    let script = r#"sh -c 'trap "stty size" WINCH; echo ready; while :; do sleep 0.01; done'"#;
    let server = DemoServer::start(&["--shell", script]);
    let terminal = listed_terminal(&server);
    // The trap is set before the resize.
    let number: u64 = terminal.parse().unwrap();
    let attach = json!([{"terminal": number, "start": "oldest"}]);
    let (mut client, _) = Client::hello(server.tcp(), &server.token, json!({"attach": attach}));
    client.read_until(number, b"ready");
    let mut host = Host::new();
    let id = attach_in_terminal(&mut host, &server.line, &terminal);
    host.wait_text(id, "30 90");
    host.engine.resize(id, Size::cells(70, 20)).unwrap();
    host.wait_text(id, "20 70");
}

#[test]
fn the_status_of_the_program_is_ours() {
    let server = DemoServer::start(&["--shell", "sh -c 'read x; exit 7'"]);
    let terminal = listed_terminal(&server);
    let mut host = Host::new();
    let id = attach_in_terminal(&mut host, &server.line, &terminal);
    host.engine.write(id, b"\n").unwrap();
    host.wait_text(id, "[ended: status 7]");
    host.wait_text(id, "\nstatus 7\r\n");
    // With a pipe, stdin is the input and only output is printed.
    let server =
        DemoServer::start(&["--shell", "sh -c 'stty -echo; read x; echo \"got $x\"; kill -9 $$'"]);
    let terminal = listed_terminal(&server);
    let mut child = demo("attach")
        .args(["--send-eof", &server.line, &terminal])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"it\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(137), "{output:?}");
    assert!(text(&output.stdout).contains("got it\r\n"), "{output:?}");
    assert_eq!(text(&output.stderr), "");
}

/// More input than the terminal accepts at once, for a program that starts to read when its queue
/// is full.
#[test]
fn a_pipe_is_passed_on_whole() {
    let script = "sh -c 'stty raw -echo; echo ready; while [ ! -e go ]; do sleep 0.01; done; \
        head -c 1500000 | cksum'";
    let server = DemoServer::start(&["--shell", script]);
    let terminal = listed_terminal(&server);
    // Attached for good when what it has written is there.
    let mut child = demo("attach")
        .args(["--send-eof", &server.line, &terminal])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.starts_with("ready"), "{line:?}");
    let input: Vec<u8> = (0..1_500_000u32).map(|n| (n % 251) as u8).collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn({
        let (input, go) = (input.clone(), server.root.path().join("go"));
        move || {
            use std::io::Write;
            let (most, rest) = input.split_at(1_100_000);
            stdin.write_all(most).unwrap();
            fs::write(go, "").unwrap();
            stdin.write_all(rest).unwrap();
        }
    });
    let mut sum = String::new();
    stdout.read_line(&mut sum).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    writer.join().unwrap();
    let file = server.root.path().join("input");
    fs::write(&file, input).unwrap();
    let expected =
        std::process::Command::new("cksum").stdin(fs::File::open(file).unwrap()).output();
    assert_eq!(sum.trim(), text(&expected.unwrap().stdout).trim());
}

#[test]
fn a_broken_connection_is_made_again_and_nothing_is_lost() {
    let folder = TempDir::new();
    let path = folder.path().join("private/socket");
    let unix = ["--unix", path.to_str().unwrap()];
    let server =
        DemoServer::start(&[&["--listen", "127.0.0.1:0", "--shell", "cat"], &unix[..]].concat());
    let proxy = Proxy::start(&folder.path().join("proxy"), &path);
    let terminal = listed_terminal(&server);
    let address = format!("unix:{}#token={}", proxy.path.display(), server.token);
    let mut host = Host::new();
    let id = attach_in_terminal(&mut host, &address, &terminal);
    host.wait_text(id, "\x1b[30H");
    host.engine.write(id, b"one\n").unwrap();
    host.wait_text(id, "one\r\none\r\n");
    proxy.cut();
    host.wait_text(id, "connection lost");
    // Another client continues meanwhile.
    let number: u64 = terminal.parse().unwrap();
    let fields = json!({"collections": [], "attach": [{"terminal": number}]});
    let (mut client, _) = Client::hello(server.tcp(), &server.token, fields);
    client.type_in(number, b"two\n");
    client.read_until(number, b"two\r\ntwo\r\n");
    proxy.mend();
    host.wait_text(id, "two\r\ntwo\r\n");
    host.engine.write(id, b"three\n").unwrap();
    host.wait_text(id, "three\r\nthree\r\n");
    let all = host.text(id);
    let (_, after) = all.split_once("connection lost").unwrap();
    assert!(!after.contains("one"), "reported twice: {all:?}");
    host.engine.write(id, b"\x1d").unwrap();
    host.wait_text(id, "status 0\r\n");
}

#[test]
fn one_can_detach_from_what_is_not_there() {
    let folder = TempDir::new();
    let path = folder.path().join("private/socket");
    let server = DemoServer::start(&["--unix", path.to_str().unwrap(), "--shell", "cat"]);
    let proxy = Proxy::start(&folder.path().join("proxy"), &path);
    let terminal = listed_terminal(&server);
    let address = format!("unix:{}#token={}", proxy.path.display(), server.token);
    let mut host = Host::new();
    let id = attach_in_terminal(&mut host, &address, &terminal);
    host.wait_text(id, "\x1b[30H");
    proxy.cut();
    host.wait_text(id, "connection lost");
    host.engine.write(id, b"x\x1d").unwrap();
    host.wait_text(id, "[detached]");
    host.wait_text(id, "status 0\r\n");
}

#[test]
fn why_there_is_no_connection_is_said() {
    let server = DemoServer::start(&["--shell", "cat"]);
    let place = server.line.split('#').next().unwrap();
    let wrong = format!("{place}#token={}", "A".repeat(43));
    let run = |args: &[&str], token: Option<&str>| -> Output {
        let mut command = demo(args[0]);
        match token {
            Some(token) => command.env("ORCHFLOW_TOKEN", token),
            None => command.env_remove("ORCHFLOW_TOKEN"),
        };
        command.args(&args[1..]).output().unwrap()
    };
    for (args, mention) in [
        (["attach", place], "no token"),
        (["state", place], "ORCHFLOW_TOKEN"),
        (["attach", &wrong], "token"),
        (["state", &wrong], "token"),
        (["attach", "unix:/no/such/socket#token=x"], "/no/such/socket"),
    ] {
        let output = run(&args, None);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {output:?}");
        assert!(text(&output.stderr).contains(mention), "{args:?}: {output:?}");
    }
    let output = run(&["attach", &server.line, "12345"], None);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("12345: no such terminal"), "{output:?}");
    let output = run(&["attach", place], Some(&server.token));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn the_state_for_people() {
    let server = DemoServer::start(&["--shell", "cat"]);
    let terminal = listed_terminal(&server);
    let output = demo("state").arg(&server.line).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let state = text(&output.stdout);
    let pane = format!("pane      shell \"shell\" in main: terminal {terminal}");
    let line = format!("terminal  {terminal} 80x24 running");
    for expected in ["session   main \"Demo\": shell", &pane, &line] {
        assert!(state.lines().any(|line| line.starts_with(expected)), "{expected}: {state}");
    }
}

/// A terminal's line and object have the program in its foreground, and whether it hides what is typed.
#[test]
fn the_state_shows_the_foreground() {
    let shell = "sh -c 'stty -echo; printf Password:; read x'";
    let server = DemoServer::start(&["--shell", shell]);
    let mut child = demo("state").args(["--follow", &server.line]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.find(|line| line.contains("(hides input)")).unwrap();
    assert!(line.contains(" 80x24 running sh (hides input) in "), "{line}");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let output = demo("state").args(["--json", &server.line]).output().unwrap();
    let state: Value = serde_json::from_slice(&output.stdout).unwrap();
    let terminal = &state["terminals"][0];
    assert_eq!((&terminal["program"], &terminal["hidden_input"]), (&json!("sh"), &json!(true)));
    assert_eq!(
        (&terminal["last_exit"], &terminal["size_policy"]),
        (&Value::Null, &json!("latest"))
    );
}

/// Programs reach the clipboard of clients only where whoever serves says so.
#[test]
fn the_clipboard_is_an_option() {
    let script = r"stty -echo; read x; printf '\033]52;c;aGVsbG8=\a\033]2;copied\a'; read x";
    let shell = format!("sh -c \"{script}\"");
    for (options, scopes) in [
        (&["--clipboard"][..], json!(["observe", "type", "manage", "clipboard"])),
        (&[], json!(["observe", "type", "manage"])),
    ] {
        let server = DemoServer::start(&[&["--shell", &shell], options].concat());
        let fields = json!({"collections": ["terminals"], "notices": ["clipboard", "title"]});
        let (mut client, welcome) = Client::hello(server.tcp(), &server.token, fields);
        assert_eq!(welcome["scopes"], scopes);
        let terminal = first_terminal(&client.receive_type("diff"));
        client.type_in(terminal, b"\n");
        if !options.is_empty() {
            let wanted = json!({"clipboard": {"selection": false, "text": "hello"}});
            assert_eq!(client.receive_type("notice")["notice"], wanted);
        }
        let wanted = json!({"title": {"title": "copied"}});
        assert_eq!(client.receive_type("notice")["notice"], wanted);
    }
}

/// Files are sorted by path, and a renamed file is reported as renamed.
#[test]
fn the_files_of_the_state_for_people() {
    let server = DemoServer::start(&["--shell", "cat"]);
    let mut child = demo("state").args(["--follow", &server.line]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut until =
        |part: &str| lines.by_ref().map(Result::unwrap).find(|line| line.contains(part)).unwrap();
    let root = fs::canonicalize(server.root.path()).unwrap();
    until(&format!("{}", root.display()));
    for name in ["c", "a", "b"] {
        fs::write(root.join(name), "x").unwrap();
        until(&format!("new      file      {}/{name}", root.display()));
    }
    fs::rename(root.join("a"), root.join("z")).unwrap();
    let line = until("/z");
    let expected = format!("renamed  file      {0}/z (1 bytes), was {0}/a", root.display());
    assert_eq!(line, expected);
    let output = demo("state").arg(&server.line).output().unwrap();
    let state = text(&output.stdout);
    let files: Vec<_> = state.lines().filter(|line| line.contains("(1 bytes)")).collect();
    let expected = ["b", "c", "z"].map(|n| format!("file      {}/{n} (1 bytes)", root.display()));
    assert_eq!(files, expected, "{state}");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_state_as_json_and_what_follows() {
    let server = DemoServer::start(&["--shell", "cat"]);
    let mut child = demo("state").args(["--json", "--follow", &server.line]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let first = next();
    assert_eq!(first["full"], true);
    assert!(first["version"][0].is_u64() && first["version"][1].is_u64(), "{first}");
    assert_eq!(first["sessions"][0]["id"], "main");
    let pane = first["panes"][0].clone();
    assert_eq!(pane["content"]["terminal"], first["terminals"][0]["id"]);
    // A client changes the pane.
    let (mut client, _) = Client::hello(server.tcp(), &server.token, json!({"collections": []}));
    let put = json!({"put_pane": {"id": "shell", "session": "main", "title": "Other",
        "content": pane["content"], "metadata": {}}});
    client.send(&json!({"type": "change", "mutation": 1, "ops": [{"change": put}]}));
    wait_for_entry(&mut next, "panes", |pane| pane["title"] == "Other");
    // A file comes, whose name is no text, and goes.
    use std::os::unix::ffi::OsStrExt;
    let file = server.root.path().join(std::ffi::OsStr::from_bytes(b"f\xff"));
    fs::write(&file, b"1234").unwrap();
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    let name = json!({"bytes": BASE64_STANDARD.encode(b"f\xff")});
    let entry =
        wait_for_entry(&mut next, "files", |file| file["name"] == name && file["size"] == 4);
    // Renamed it is the same one, with the path that it had.
    let renamed = server.root.path().join("renamed");
    fs::rename(&file, &renamed).unwrap();
    let again = wait_for_entry(&mut next, "files", |file| file["name"] == "renamed");
    assert_eq!(again["id"], entry["id"]);
    let was = fs::canonicalize(server.root.path()).unwrap().into_os_string().into_encoded_bytes();
    let was = json!({"bytes": BASE64_STANDARD.encode([&was[..], b"/f\xff"].concat())});
    assert_eq!(again["renamed_from"], was, "{again}");
    fs::remove_file(&renamed).unwrap();
    let key = json!({"file": {"watch": entry["watch"], "id": entry["id"]}});
    wait_for_entry(&mut next, "removed", |removed| *removed == key);
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Reads lines until one has such an entry in this list.
fn wait_for_entry(
    next: &mut impl FnMut() -> Value,
    list: &str,
    is_it: impl Fn(&Value) -> bool,
) -> Value {
    loop {
        let line = next();
        assert_eq!(line["full"], false, "{line}");
        if let Some(entry) = line[list].as_array().unwrap().iter().find(|entry| is_it(entry)) {
            return entry.clone();
        }
    }
}
