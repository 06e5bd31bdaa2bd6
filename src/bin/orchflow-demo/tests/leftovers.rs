//! What programs set in the outer terminal is undone when `orchflow-demo run` and `attach` end:
//! checked in bytes and in tmux.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/client.rs"]
mod client;
#[path = "support/demo_server.rs"]
mod demo_server;
#[path = "../../../../tests/support/mod.rs"]
mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use demo_server::{DemoServer, Proxy};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use orchflow::{SpawnOptions, TerminalId};
use support::files::TempDir;
use support::host::Host;
use support::{WATCHDOG, has_tool};

const DEMO: &str = env!("CARGO_BIN_EXE_orchflow-demo");

/// What a program sets, as an argument of `printf`: the modes that a crash leaves, a link, a colour.
const SET: &str = r"\033[4h\033[?1h\033=\033[?1003;1006;2004h\033[?25l\033[20h\033]11;#123456\007\033]8;;http://a\007\033[>1u\033[31mset\033(0";

/// The bytes that undo it, in the order of the demo's table.
const UNDONE: &str = "\x1b[<u\x1b[20l\x1b[?1l\x1b>\x1b[?2004l\x1b[?1003l\x1b[?1006l\x1b[4l\
    \x1b]8;;\x1b\\\x1b(B\x1b[m\x1b[?25h\x1b]111\x1b\\";

/// The demo in a terminal of the engine, in a shell that continues after it.
fn demo(host: &mut Host, args: &[&str]) -> TerminalId {
    let script = r#""$0" "$@"; echo "over""#;
    host.spawn(&SpawnOptions::program("sh").args(["-c", script, DEMO]).args(args))
}

fn wait_undone(host: &mut Host, id: TerminalId) {
    host.wait_exit(id);
    let all = host.text(id);
    let (_, after) = all.split_once("set").unwrap();
    assert!(after.contains(UNDONE), "{after:?}");
}

#[test]
fn run_undoes_what_its_program_has_left() {
    for end in ["exit 3", "kill -SEGV $$", "kill -KILL $$"] {
        let mut host = Host::new();
        let script = format!("printf '{SET}'; {end}");
        let id = demo(&mut host, &["run", "--", "sh", "-c", &script]);
        wait_undone(&mut host, id);
    }
    // Nothing is sent for states that were not set.
    let mut host = Host::new();
    let id = demo(&mut host, &["run", "--", "printf", r"\033[1mbold\033[0m"]);
    host.wait_exit(id);
    assert_eq!(host.text(id), "\x1b[1mbold\x1b[0mover\r\n");
}

/// The process that a shell has started last in this terminal.
fn foreground(host: &mut Host, id: TerminalId) -> Pid {
    let process = host.engine.terminal_state(id).unwrap().foreground.unwrap();
    let children = format!("/proc/{0}/task/{0}/children", process.pid);
    let children = std::fs::read_to_string(children).unwrap();
    Pid::from_raw(children.split_whitespace().last().unwrap().parse().unwrap())
}

#[test]
fn run_and_attach_undo_it_when_they_are_ended() {
    // Once Enter is typed, so that who attaches gets the bytes themselves.
    let script = format!("read x; printf '{SET}'; exec cat");
    let shell = format!("sh -c \"{script}\"");
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let server = DemoServer::start(&["--shell", &shell]);
        let served = server.terminals()[0].to_string();
        let run = ["run", "--", "sh", "-c", &script];
        let attach = ["attach", &server.line, &served];
        for args in [&run[..], &attach] {
            let mut host = Host::new();
            let id = demo(&mut host, args);
            host.engine.write(id, b"\n").unwrap();
            host.wait_text(id, "set");
            let pid = foreground(&mut host, id);
            kill(pid, signal).unwrap();
            wait_undone(&mut host, id);
        }
    }
}

#[test]
fn attach_undoes_it_when_it_detaches_and_when_the_connection_is_gone() {
    let folder = TempDir::new();
    let path = folder.path().join("private/socket");
    let shell = format!("sh -c \"read x; printf '{SET}'; exec cat\"");
    let args = ["--listen", "127.0.0.1:0", "--unix", path.to_str().unwrap(), "--shell", &shell];
    for is_cut in [false, true] {
        let server = DemoServer::start(&args);
        let name = folder.path().join(format!("proxy-{is_cut}"));
        let proxy = Proxy::start(&name, &path);
        let address = format!("unix:{}#token={}", proxy.path.display(), server.token);
        let served = server.terminals()[0].to_string();
        let mut host = Host::new();
        let id = demo(&mut host, &["attach", &address, &served]);
        host.engine.write(id, b"\n").unwrap();
        host.wait_text(id, "set");
        if is_cut {
            proxy.cut();
            host.wait_text(id, "connection lost");
        }
        host.engine.write(id, b"\x1d").unwrap();
        wait_undone(&mut host, id);
    }
}

/// A tmux of this test alone, with a shell in a pane of 80 by 24.
struct Tmux {
    socket: String,
}

impl Tmux {
    fn start(name: &str) -> Self {
        let tmux = Tmux { socket: format!("orchflow-{name}-{}", std::process::id()) };
        tmux.call(&["-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "sh"]);
        tmux
    }

    fn call(&self, args: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-L", &self.socket]).args(args).env_remove("TMUX");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn enter(&self, line: &str) {
        self.call(&["send-keys", "-l", line]);
        self.call(&["send-keys", "Enter"]);
    }

    /// Asks until the answer is as expected, because tmux reads output asynchronously.
    fn wait(&self, args: &[&str], is_it: impl Fn(&str) -> bool) {
        let end = Instant::now() + WATCHDOG;
        loop {
            let answer = self.call(args);
            if is_it(&answer) {
                return;
            }
            assert!(Instant::now() < end, "{args:?}: {answer}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = Command::new("tmux").args(["-L", &self.socket, "kill-server"]).output();
    }
}

const FLAGS: &str = "#{insert_flag} #{keypad_cursor_flag} #{keypad_flag} #{origin_flag} #{wrap_flag} \
    #{mouse_any_flag} #{mouse_sgr_flag} #{cursor_flag} #{alternate_on} #{pane_tabs}";

#[test]
fn tmux_is_as_it_was() {
    if !has_tool("tmux") {
        return;
    }
    let set = r"\033[4h\033[?1h\033=\033[3g\033[?6h\033[?7l\033[?1003;1006h\033[?25l";
    let shell = format!("sh -c \"printf '{set}'; echo ready; exec cat\"");
    let server = DemoServer::start(&["--shell", &shell]);
    let served = server.terminals()[0].to_string();
    let tmux = Tmux::start("leftovers");
    let flags = tmux.call(&["display-message", "-p", FLAGS]);
    assert!(flags.starts_with("0 0 0 0 1 0 0 1 0 8,16,24,"), "{flags}");
    for (command, end) in [
        (format!("{DEMO} attach {} {served}", server.line), "C-]"),
        (format!("{DEMO} run -- {shell}"), "C-d"),
    ] {
        // The end is said in two words, which the line that is typed does not have.
        tmux.enter(&format!("clear; {command}; echo o''ver"));
        tmux.wait(&["display-message", "-p", "#{insert_flag} #{origin_flag}"], |flags| {
            flags == "1 1\n"
        });
        tmux.call(&["send-keys", end]);
        tmux.wait(&["capture-pane", "-p"], |shown| shown.lines().any(|line| line == "over"));
        tmux.wait(&["display-message", "-p", FLAGS], |now| now == flags);
    }
}
