//! A real xterm has the same settings after `orchflow-demo run` and `attach` as before, whatever
//! their programs set.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/client.rs"]
mod client;
#[path = "support/demo_server.rs"]
mod demo_server;
#[path = "../../../../tests/support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use client::Client;
use demo_server::DemoServer;
use serde_json::json;
use support::files::TempDir;
use support::{has_tool, wait_for};

const DEMO: &str = env!("CARGO_BIN_EXE_orchflow-demo");
const PROBE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/xterm_probe.py");

/// All that a program can leave behind and that xterm can be asked for, as an argument of `printf`.
const SET: &str = r"\033[4h\033[20h\033[?1h\033=\033[3g\033[?5h\033[?6h\033[?7l\033[?12h\033[?25l\033[?45h\033[?69h\033[10;20s\033[3;9r\033[?1003;1004;1006;1015;2004h\033[5 q\033]4;1;#010203\007\033]10;#ffffff\007\033]11;#123456\007\033]12;#00ff00\007\033]8;;http://a\007\033[31;1;4mset\033(0\033[?1049h";

/// An X server without a screen.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    fn start() -> Option<Self> {
        if !["Xvfb", "xterm", "python3"].iter().all(|tool| has_tool(tool)) {
            return None;
        }
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1000x800x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        Some(Display { server, name: format!(":{}", number.trim()) })
    }

    /// An xterm of 90 columns in which the probe runs the demo. `meanwhile` goes on beside it. Returns what the
    /// probe found.
    fn probe(&self, demo: &[&str], meanwhile: impl FnOnce()) -> Vec<String> {
        let folder = TempDir::new();
        let output = folder.path().join("output");
        let mut xterm = Command::new("xterm")
            .args(["-geometry", "90x30", "-e", "python3", PROBE, output.to_str().unwrap(), DEMO])
            .args(demo)
            .env("DISPLAY", &self.name)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        meanwhile();
        wait_for("the probe", || xterm.try_wait().unwrap().is_some());
        let found = std::fs::read_to_string(output).expect("the probe was ended");
        found.lines().map(String::from).collect()
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// As many answers as the probe asks for, none of them another one than before.
fn unchanged(status: &str) -> [&str; 2] {
    [status, "42"]
}

#[test]
fn xterm_is_as_it_was_after_run() {
    let Some(display) = Display::start() else { return };
    for (end, status) in [("exit 3", "3"), ("kill -KILL $$", "137")] {
        let script = format!("printf '{SET}'; {end}");
        let found = display.probe(&["run", "--", "sh", "-c", &script], || {});
        assert_eq!(found, unchanged(status), "{end}");
    }
}

#[test]
fn xterm_is_as_it_was_after_attach() {
    let Some(display) = Display::start() else { return };
    let shell = format!("sh -c \"read x; printf '{SET}'\"");
    let server = DemoServer::start(&["--shell", &shell]);
    let served = server.terminals()[0];
    let fields = json!({"collections": ["terminals"], "attach": [{"terminal": served}]});
    let (mut client, _) = Client::hello(server.tcp(), &server.token, fields);
    let found = display.probe(&["attach", &server.line, &served.to_string()], || {
        // The window of the xterm decides the size once it is attached.
        let size = json!([90, 30]);
        while client.receive_type("diff")["terminals"]
            .get(0)
            .is_none_or(|terminal| json!([terminal["cols"], terminal["rows"]]) != size)
        {}
        client.type_in(served, b"\n");
    });
    assert_eq!(found, unchanged("0"));
}
