//! The demo as a user meets it: through pipes, and inside a terminal of the engine.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/mod.rs"]
mod support;

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use orchflow::{ExitStatus, Size, SpawnOptions};
use support::files::TempDir;
use support::host::Host;
use support::piped::with_input;
use support::scaled;

const DEMO: &str = env!("CARGO_BIN_EXE_orchflow-demo");

/// Runs the demo with these arguments and this input on stdin.
fn demo(args: &[impl AsRef<OsStr>], input: &[u8]) -> Output {
    with_input(Command::new(DEMO).args(args), input)
}

/// Runs a shell script without echo; the input is written once the script is ready for it.
fn run_sh(script: &str, input: &[u8]) -> Output {
    let script = format!("stty -echo; echo ready; {script}");
    let mut child = Command::new(DEMO)
        .args(["run", "--", "sh", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = [0; 7];
    child.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
    assert_eq!(&ready, b"ready\r\n");
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Arguments, exit status, and a part of the message on stderr.
#[test]
fn exit_statuses() {
    let table: &[(&[&str], i32, &str)] = &[
        (&["run", "--", "true"], 0, ""),
        (&["run", "--", "sh", "-c", "exit 7"], 7, ""),
        (&["run", "--", "sh", "-c", "kill -9 $$"], 137, ""),
        (&["run", "--", "sh", "-c", "kill -TERM $$"], 143, ""),
        (&["run", "--", "no-such-program"], 127, "no-such-program: program not found"),
        (&["run", "--", "/no/such/program"], 127, "program not found"),
        (&["run", "--", "/etc/passwd"], 126, "cannot be executed"),
        (&["walk"], 2, "orchflow-demo: walk: unknown command\nusage: orchflow-demo [COMMAND]"),
        (&["run", "--cols", "0"], 2, "--cols 0: expected a number from 1 to 65535\n"),
        (&["run", "--nonsense"], 2, "--nonsense: unknown option\nusage: orchflow-demo run "),
        (&["watch", "/no/such/path"], 1, "/no/such/path: No such file"),
        (&["watch", "/etc/passwd/x"], 1, "Not a directory"),
        (&["watch", "--window", "1000", "--max-wait", "1", "."], 1, "max_wait"),
        (&["--help"], 0, ""),
        (&["--version"], 0, ""),
    ];
    for (args, status, mention) in table {
        let output = demo(args, b"");
        assert_eq!(output.status.code(), Some(*status), "{args:?}: {output:?}");
        let stderr = text(&output.stderr);
        assert!(stderr.contains(mention), "{args:?}: {stderr}");
        // One line each, and none without a reason; after invalid use also the usage.
        let lines = usize::from(!mention.is_empty()) + usize::from(*status == 2);
        assert_eq!(stderr.lines().count(), lines, "{args:?}: {stderr}");
    }
}

#[test]
fn output_is_exact() {
    let lines: Vec<String> =
        (0..scaled(200_000, 2_500_000)).map(|n| format!("{n:>7} {}", "x".repeat(n % 70))).collect();
    let path = std::env::temp_dir().join(format!("orchflow-demo-{}.txt", std::process::id()));
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let output = demo(&["run".as_ref(), "--".as_ref(), "cat".as_ref(), path.as_os_str()], b"");
    fs::remove_file(&path).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout == (lines.join("\r\n") + "\r\n").as_bytes(), "not the file");
}

/// The final screen as text and as control sequences; the output does not change.
#[test]
fn the_final_screen_is_written() {
    let folder = std::env::temp_dir().join(format!("orchflow-screen-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (text_file, ansi_file) = (folder.join("text"), folder.join("ansi"));
    let script = "printf 'gone\\033[2J\\033[H\\033[31mred\\033[0m \\033[c\\n日本\\n  x   '; \
        read answer; exit 3";
    let screen = |script: &str| {
        let mut args: Vec<&OsStr> =
            ["run", "--cols", "20", "--rows", "4", "--snapshot-text"].map(OsStr::new).to_vec();
        args.extend([text_file.as_os_str(), "--snapshot-ansi".as_ref(), ansi_file.as_os_str()]);
        args.extend(["--", "sh", "-c", script].map(OsStr::new));
        demo(&args, b"")
    };
    let output = screen(script);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(output.stdout.starts_with(b"gone\x1b[2J\x1b[H\x1b[31mred"), "{output:?}");
    let shown = fs::read_to_string(&text_file).unwrap();
    assert!(shown.starts_with("red\n日本\n  x"), "{shown}");
    // The control sequences show the same screen in a terminal.
    let ansi = fs::read(&ansi_file).unwrap();
    let copy = folder.join("copy");
    fs::write(&copy, ansi).unwrap();
    screen(&format!("stty raw -echo; cat {}", copy.display()));
    assert_eq!(fs::read_to_string(&text_file).unwrap(), shown);
    fs::remove_dir_all(&folder).unwrap();
    let refused = demo(&["run", "--snapshot-text", "/no/such/folder/x", "--", "true"], b"");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("/no/such/folder/x"), "{refused:?}");
}

#[test]
fn stdin_is_the_input_and_its_end_the_end() {
    let output = run_sh("cat", b"one\ntwo\n");
    assert_eq!(text(&output.stdout), "one\r\ntwo\r\n");
    // The end comes inside a line: the line is handed over, then the end is seen.
    let output = run_sh("cat; echo .", b"half");
    assert_eq!(text(&output.stdout), "half.\r\n");
    let output = run_sh("cat | wc -c", b"");
    assert_eq!(text(&output.stdout).trim(), "0");
}

#[test]
fn much_input_passes() {
    let line = "abcdefghij".repeat(10) + "\n";
    let input = line.repeat(5_000);
    let output = run_sh("cat", input.as_bytes());
    assert!(text(&output.stdout) == input.replace('\n', "\r\n"));
}

#[test]
fn a_cut_line_is_remarked() {
    let line = "x".repeat(10_000) + "\n";
    let output = run_sh("cat >/dev/null", line.as_bytes());
    assert!(text(&output.stderr).contains("truncated a line of input"), "{output:?}");
}

#[test]
fn the_size_is_as_asked_for() {
    let output = demo(&["run", "--cols", "123", "--rows", "45", "--", "stty", "size"], b"");
    assert_eq!(text(&output.stdout), "45 123\r\n");
    let output = demo(&["run", "--", "stty", "size"], b"");
    assert_eq!(text(&output.stdout), "24 80\r\n");
}

#[test]
fn a_closed_stdout_ends_it_like_any_filter() {
    let mut child = Command::new(DEMO)
        .args(["run", "--", "sh", "-c", "while :; do echo flood; done"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 7];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"flood\r\n");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn without_a_program_it_runs_the_users_shell() {
    let output = Command::new(DEMO)
        .arg("run")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
}

/// It serves this directory: four lines for a person, who ends it by Ctrl-C.
#[test]
fn without_arguments_it_serves() {
    let mut host = Host::new();
    let folder = TempDir::new();
    fs::write(folder.path().join("a file"), "").unwrap();
    let serve = SpawnOptions::program(DEMO).cwd(folder.path()).env_remove("ORCHFLOW_TOKEN");
    let id = host.spawn(&serve.size(Size::cells(500, 24)));
    host.wait_text(id, "for help: ");
    let shown = host.text(id);
    let lines: Vec<&str> = shown.trim_end().lines().collect();
    assert_eq!(lines.len(), 4, "{shown}");
    let address = lines[0];
    assert!(address.starts_with("http://127.0.0.1:") && address.contains("/#token="), "{shown}");
    assert_eq!(lines[1], format!("  to attach from another terminal: {DEMO} attach {address}"));
    assert_eq!(lines[2], "  to stop: Ctrl-C");
    assert_eq!(lines[3], format!("  for help: {DEMO} help"));
    let state = demo(&["state", address], b"");
    let root = format!("directory {}", folder.path().display());
    assert!(text(&state.stdout).contains(&root), "{state:?}");
    host.engine.write(id, b"\x03").unwrap();
    assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
}

/// The demo in a shell in a terminal of the engine. The shell prints the exit status and the modes
/// of its terminal.
fn demo_in_terminal(host: &mut Host, script: &str) -> orchflow::TerminalId {
    let outer = format!(r#""$DEMO" run -- sh -c '{script}'; echo "status $?"; stty -a"#);
    let options = SpawnOptions::program("sh").arg("-c").arg(outer).env("DEMO", DEMO);
    host.spawn(&options.size(Size::cells(90, 30)))
}

#[test]
fn the_window_is_followed() {
    let mut host = Host::new();
    let script = r#"trap "stty size; exit" WINCH; stty size; while :; do sleep 0.01; done"#;
    let id = demo_in_terminal(&mut host, script);
    host.wait_text(id, "30 90\r\n");
    host.engine.resize(id, Size::cells(70, 20)).unwrap();
    host.wait_text(id, "20 70\r\n");
    assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
}

#[test]
fn our_terminal_is_raw_meanwhile_and_itself_afterwards() {
    let mut host = Host::new();
    let script = r#"trap "echo interrupted; exit 5" INT; echo ready; while :; do read x; done"#;
    let id = demo_in_terminal(&mut host, script);
    host.wait_text(id, "ready\r\n");
    // Ctrl-C is a byte to the outer terminal and a signal in the inner one.
    host.engine.write(id, b"\x03").unwrap();
    host.wait_text(id, "interrupted\r\n");
    host.wait_text(id, "status 5\r\n");
    assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
    let text = host.text(id);
    let settings = text.split("status 5").nth(1).unwrap();
    for setting in ["icanon", "echo", "isig", "opost"] {
        let is_on = settings.split_whitespace().any(|word| word == setting);
        assert!(is_on, "{setting}: {settings}");
    }
}

#[test]
fn a_request_to_end_hangs_up_the_program() {
    let mut child = Command::new(DEMO)
        .args([
            "run",
            "--",
            "sh",
            "-c",
            "trap 'echo bye; exit 9' HUP; echo ready; while :; do read x; done",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut ready = [0; 7];
    stdout.read_exact(&mut ready).unwrap();
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "bye\r\n");
    assert_eq!(child.wait().unwrap().code(), Some(9));
}

/// Watches, changes files, interrupts; returns the lines of stdout.
fn watch_demo(args: &[&str], root: &std::path::Path, script: &str) -> Vec<String> {
    use std::io::{BufRead, BufReader};
    let mut child = Command::new(DEMO)
        .arg("watch")
        .args(args)
        .arg(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert!(line.contains("watching"), "{line}");
    assert!(Command::new("sh").args(["-ec", script]).current_dir(root).status().unwrap().success());
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    // What happened before the interrupt is reported before the end.
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    text(&output.stdout).lines().map(String::from).collect()
}

#[test]
fn watching_as_json() {
    let folder = TempDir::new();
    let root = folder.path();
    fs::write(root.join("f"), b"x").unwrap();
    fs::write(root.join(".gitignore"), b"*.o\n").unwrap();
    let script = "mkdir d; mv f d/g; echo x > a.o; printf x > \"$(printf 'b\\377')\"";
    let lines = watch_demo(&["--json", "--snapshot", "--window", "500"], root, script);
    let path = |name: &str| root.join(name).to_str().unwrap().to_owned();
    let lines: Vec<serde_json::Value> =
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut snapshot: Vec<(String, String)> = lines[0]["snapshot"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap().to_owned();
            (text("path"), text("type"))
        })
        .collect();
    snapshot.sort();
    let root_path = root.to_str().unwrap().to_owned();
    let expected = [
        (root_path, "dir".to_owned()),
        (path(".gitignore"), "file".to_owned()),
        (path("f"), "file".to_owned()),
    ];
    assert_eq!(snapshot, expected);
    let last = lines.last().unwrap();
    assert_eq!(last["complete"], true);
    assert!(last["version"][0].is_u64() && last["version"][1].is_u64());
    assert_eq!(last["summaries"], serde_json::json!([]));
    let mut events: Vec<serde_json::Value> =
        lines[1..].iter().flat_map(|line| line["events"].as_array().unwrap().clone()).collect();
    events.sort_by_key(|event| event.to_string());
    // The directory is new, so the creation of the file in it was not observed.
    let odd = [root.as_os_str().as_encoded_bytes(), b"/b\xff"].concat();
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    let expected = [
        serde_json::json!({"kind": "create", "path": path("d"), "type": "dir"}),
        serde_json::json!({"kind": "create", "path": path("d/g"), "type": "file"}),
        serde_json::json!({"kind": "create", "path": {"bytes": BASE64_STANDARD.encode(odd)}, "type": "file"}),
        serde_json::json!({"kind": "delete", "path": path("f"), "type": "file"}),
    ];
    assert_eq!(events, expected);
}

#[test]
fn watching_as_text() {
    let folder = TempDir::new();
    fs::write(folder.path().join("f"), b"x").unwrap();
    let lines = watch_demo(&["--ignore", "*.o"], folder.path(), "mv f g; echo > x.o");
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    assert_eq!(lines, [format!("rename   {} -> {}", path("f"), path("g"))]);
    let args = ["--summary", "5", "--window", "2000", "--max-wait", "2000", "--no-gitignore"];
    let lines = watch_demo(&args, folder.path(), "for n in 1 2 3 4 5 6 7; do echo > $n; done");
    assert_eq!(lines, [format!("summary  {}/*: 7 created", folder.path().display())]);
}
