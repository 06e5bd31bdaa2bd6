//! `orchflow-demo run` in daily use: ends of pipes, redirected terminals, mistakes on the command line.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods)]

#[path = "../../../../tests/support/mod.rs"]
mod support;

use std::process::Command;

use orchflow::{ExitStatus, Size, SpawnOptions, TerminalId};
use support::files::TempDir;
use support::host::Host;
use support::piped::with_input;
use support::{has_tool, scaled};

const DEMO: &str = env!("CARGO_BIN_EXE_orchflow-demo");

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn demo(args: &[&str]) -> Command {
    let mut command = Command::new(DEMO);
    command.args(args);
    command
}

/// The end of a pipe ends programs in canonical mode, and programs that leave it after their start,
/// in every round.
fn assert_pipe_ends(program: &str, args: &[&str], line: &str, shown: &str) {
    if !has_tool(program) {
        eprintln!("skipped: {program} is missing");
        return;
    }
    let home = TempDir::new();
    for round in 0..scaled(20, 500) {
        for input in [line, ""] {
            let mut command = demo(&["run", "--", program]);
            command.args(args).env("HOME", home.path()).env("TERM", "xterm-256color");
            let output = with_input(&mut command, input.as_bytes());
            let stdout = text(&output.stdout);
            assert!(output.status.success(), "{program} {round}: {output:?}");
            assert!(input.is_empty() || stdout.contains(shown), "{program} {round}: {stdout}");
        }
    }
}

#[test]
fn a_pipe_ends_sh() {
    assert_pipe_ends("sh", &[], "echo a$((1+1))b\n", "a2b");
}

#[test]
fn a_pipe_ends_bash() {
    assert_pipe_ends("bash", &["--norc"], "echo a$((1+1))b\n", "a2b");
}

#[test]
fn a_pipe_ends_zsh() {
    assert_pipe_ends("zsh", &["-f"], "echo a$((1+1))b\n", "a2b");
}

#[test]
fn a_pipe_ends_fish() {
    assert_pipe_ends("fish", &["--no-config"], "echo a(math 1+1)b\n", "a2b");
}

#[test]
fn a_pipe_ends_python() {
    assert_pipe_ends("python3", &["-q"], "print('a%db' % (1+1))\n", "a2b");
}

#[test]
fn a_pipe_ends_cat() {
    assert_pipe_ends("cat", &[], "a2b\n", "a2b");
}

/// A script in a terminal of the engine, which is the outer terminal of the demo in the script.
fn in_terminal(host: &mut Host, script: &str) -> TerminalId {
    let options = SpawnOptions::program("sh").arg("-c").arg(script).env("DEMO", DEMO);
    host.spawn(&options.size(Size::cells(91, 33)))
}

/// Whichever descriptor is redirected, the size is that of the outer terminal.
#[test]
fn the_size_is_that_of_the_terminal_around() {
    let size = r#""$DEMO" run -- stty size"#;
    for line in [
        size.to_owned(),
        format!("true | {size}"),
        format!("true | {size} | cat"),
        format!("true | {size} 2>&1 | cat"),
        format!("{size} </dev/null >out 2>err; cat out err"),
    ] {
        let folder = TempDir::new();
        let mut host = Host::new();
        let id = in_terminal(&mut host, &format!("cd '{}'; {line}", folder.path().display()));
        assert_eq!(host.wait_exit(id), ExitStatus::Code(0), "{line}");
        assert!(host.text(id).contains("33 91\r"), "{line}: {:?}", host.text(id));
    }
}

#[test]
fn the_window_is_followed_when_stdin_is_a_pipe() {
    let mut host = Host::new();
    let script = r#"trap "stty size; exit" WINCH; stty size; while :; do sleep 0.01; done"#;
    let id = in_terminal(&mut host, &format!(r#"true | "$DEMO" run -- sh -c '{script}'"#));
    host.wait_text(id, "33 91\r");
    host.engine.resize(id, Size::cells(70, 20)).unwrap();
    host.wait_text(id, "20 70\r");
    assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
}

/// Without any terminal (a session of its own has no /dev/tty) the size comes from the environment.
#[test]
fn the_size_without_a_terminal_is_that_of_the_environment() {
    for (cols, lines, size) in
        [("120", "40", "40 120"), ("x", "0", "24 80"), ("", "99999", "24 80"), ("7", "", "24 7")]
    {
        let mut command = Command::new("setsid");
        command.args(["-w", DEMO, "run", "--", "stty", "size"]);
        let output = with_input(command.env("COLUMNS", cols).env("LINES", lines), b"");
        assert_eq!(text(&output.stdout), format!("{size}\r\n"), "{cols} {lines}");
    }
}

/// The bytes reach a terminal unchanged even if only the output is one; afterwards it is restored.
#[test]
fn output_alone_reaches_the_terminal_unchanged() {
    let mut host = Host::new();
    let script = r#"stty raw; printf "one\ntwo""#;
    let line = format!(r#"true | "$DEMO" run -- sh -c '{script}'; stty -a"#);
    let id = in_terminal(&mut host, &line);
    assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
    let text = host.text(id);
    assert!(text.starts_with("one\ntwo"), "{text:?}");
    assert!(text.split_whitespace().any(|word| word == "opost"), "{text:?}");
}

/// A shell says to a person on stderr what it is and how to leave it.
#[test]
fn a_shell_says_how_to_leave_it() {
    let mut host = Host::new();
    let id = in_terminal(&mut host, r#"SHELL=/bin/sh; export SHELL; "$DEMO" run; echo "left $?""#);
    host.wait_text(id, "`exit` or Ctrl-D leaves it\r\n");
    host.engine.write(id, b"exit 3\r").unwrap();
    host.wait_text(id, "left 3\r\n");
    let mut command = demo(&["run"]);
    let output = with_input(command.env("SHELL", "/bin/sh"), b"echo a$((1+1))b\n");
    assert!(output.stderr.is_empty(), "{output:?}");
    assert!(text(&output.stdout).contains("a2b"), "{output:?}");
    let id = in_terminal(&mut host, r#""$DEMO" run -- echo quiet"#);
    host.wait_exit(id);
    assert_eq!(host.text(id), "quiet\r\n");
}

/// A mistake is one line that names the argument, and one with the usage and where the help is.
#[test]
fn a_mistake_is_one_line_and_the_usage() {
    let table: &[(&[&str], &str, &str)] = &[
        (&["walk"], "walk: unknown command", ""),
        (&["--bad"], "--bad: unknown option", ""),
        (&["run", "--bad"], "--bad: unknown option", "run"),
        (&["run", "--cols"], "--cols: expected N", "run"),
        (&["watch", "--restart"], "--restart: expected --exec CMD as well", "watch"),
        (&["serve", "x"], "x: unexpected argument", "serve"),
        (&["attach"], "attach: expected ADDRESS, the line that `serve` printed", "attach"),
        (&["state"], "state: expected ADDRESS, the line that `serve` printed", "state"),
        (&["help", "walk"], "walk: unknown command", ""),
    ];
    for (args, message, command) in table {
        let output = with_input(&mut demo(args), b"");
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
        let [first, second] = stderr.lines().collect::<Vec<_>>()[..] else { panic!("{stderr}") };
        assert_eq!(first, format!("orchflow-demo: {message}"));
        assert!(second.starts_with(&format!("usage: orchflow-demo {command}")), "{second}");
        let help = format!("orchflow-demo help {command}");
        assert!(second.ends_with(&format!("; see '{}'", help.trim_end())), "{second}");
    }
}

/// `help COMMAND` and `COMMAND --help` are the same: the help of that command alone.
#[test]
fn each_command_has_its_own_help() {
    let mut seen = Vec::new();
    for name in ["run", "replay", "watch", "serve", "attach", "state"] {
        let texts: Vec<String> = [&["help", name][..], &[name, "--help"], &[name, "-h"]]
            .map(|args| text(&with_input(&mut demo(args), b"").stdout))
            .into();
        assert!(texts[0].starts_with(&format!("Usage: orchflow-demo {name}")), "{texts:?}");
        assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
        assert_eq!(texts[0].matches("Usage:").count(), 1, "{texts:?}");
        assert!(!seen.contains(&texts[0]));
        seen.push(texts[0].clone());
    }
    let [all, help] =
        ["--help", "help"].map(|word| text(&with_input(&mut demo(&[word]), b"").stdout));
    assert_eq!(all, help);
    assert!(all.contains("\n  watch "), "{all}");
}
