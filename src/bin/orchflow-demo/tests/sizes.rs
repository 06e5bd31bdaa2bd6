//! `orchflow-demo attach` in windows whose size is not that of the terminal: what people see.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/client.rs"]
mod client;
#[path = "support/demo_server.rs"]
mod demo_server;
#[path = "../../../../tests/support/mod.rs"]
mod support;

use client::Client;
use demo_server::DemoServer;
use orchflow::{Color, Rows, ScreenOptions, Size, SpawnOptions, TerminalId};
use serde_json::json;
use support::host::Host;

/// A viewer without a window of its own, the number of the terminal, and what it serves.
struct Other {
    client: Client,
    terminal: u64,
    server: DemoServer,
}

impl Other {
    /// A server whose shell this is, and a viewer of it that has this size and has typed.
    fn new(shell: &str, cols: u16, rows: u16) -> Self {
        let server = DemoServer::start(&["--shell", shell]);
        let fields = json!({"collections": ["terminals"]});
        let (mut client, _) = Client::hello(server.tcp(), &server.token, fields);
        let diff = client.receive_type("diff");
        let terminal = diff["terminals"][0]["id"].as_u64().unwrap();
        let mut other = Other { client, terminal, server };
        other.attach(cols, rows);
        other
    }

    fn attach(&mut self, cols: u16, rows: u16) {
        let terminal = self.terminal;
        self.client.send(&json!({"type": "attach", "terminal": terminal, "start": "oldest",
            "cols": cols, "rows": rows}));
        self.client.receive_type("attached");
    }

    fn detach(&mut self) {
        self.client.send(&json!({"type": "detach", "terminal": self.terminal}));
        self.client.receive_type("detached");
    }

    /// Types, and waits for what comes of it.
    fn type_in(&mut self, text: &str, expected: &str) {
        self.client.type_in(self.terminal, text.as_bytes());
        self.client.read_until(self.terminal, expected.as_bytes());
    }
}

/// `attach` in a terminal of an engine of ours, whose screen is the window.
fn window(host: &mut Host, other: &Other, cols: u16, rows: u16) -> TerminalId {
    let script = r#""$DEMO" attach "$ADDRESS" "$TERMINAL"; echo "status $?""#;
    let options = SpawnOptions::program("sh").arg("-c").arg(script);
    let options = options.env("DEMO", env!("CARGO_BIN_EXE_orchflow-demo"));
    let options = options.env("ADDRESS", &other.server.line);
    let options = options.env("TERMINAL", other.terminal.to_string());
    host.spawn(&options.size(Size::cells(cols, rows)).screen(ScreenOptions::default()))
}

fn shown(host: &mut Host, id: TerminalId) -> Vec<String> {
    let text = host.engine.screen_text(id, 0).unwrap();
    text.lines().map(String::from).collect()
}

/// The rows of a window in whose corner these lines stand, of a terminal of this size.
fn in_the_corner(lines: &[&str], terminal: (usize, usize), window: (usize, usize)) -> Vec<String> {
    let row = |row: usize| {
        let inside = if row < terminal.1 { terminal.0 } else { 0 };
        let text = lines.get(row).copied().unwrap_or_default();
        let text = if inside > 0 { format!("{text:inside$}") } else { String::new() };
        text + &".".repeat(window.0 - inside)
    };
    (0..window.1).map(row).collect()
}

fn wait_shown(host: &mut Host, id: TerminalId, expected: &[String]) {
    host.wait(&format!("the window {expected:#?}"), |host| shown(host, id) == expected);
}

#[test]
fn a_larger_window_shows_the_terminal_in_its_corner() {
    let mut other = Other::new("cat", 60, 10);
    other.type_in("hello\n", "hello\r\nhello\r\n");
    let mut host = Host::new();
    let id = window(&mut host, &other, 100, 30);
    wait_shown(&mut host, id, &in_the_corner(&["hello", "hello"], (60, 10), (100, 30)));
    // What comes next is drawn, and the window may change meanwhile.
    other.type_in("more\n", "more\r\nmore\r\n");
    let lines = ["hello", "hello", "more", "more"];
    wait_shown(&mut host, id, &in_the_corner(&lines, (60, 10), (100, 30)));
    host.engine.resize(id, Size::cells(70, 12)).unwrap();
    wait_shown(&mut host, id, &in_the_corner(&lines, (60, 10), (70, 12)));
    let cursor = host.engine.terminal_state(id).unwrap().screen.unwrap().cursor;
    assert_eq!((cursor.row, cursor.col, cursor.visible), (4, 0, true));
    // Alone the window has the terminal for itself.
    other.detach();
    let mut all = vec![String::new(); 12];
    all[..4].clone_from_slice(&lines.map(String::from));
    wait_shown(&mut host, id, &all);
    host.engine.write(id, b"mine\n").unwrap();
    (all[4], all[5]) = ("mine".into(), "mine".into());
    wait_shown(&mut host, id, &all);
    host.engine.write(id, b"\x1d").unwrap();
    host.wait_text(id, "status 0\r\n");
}

#[test]
fn a_smaller_window_shows_the_part_with_the_cursor() {
    let mut other = Other::new("cat", 120, 40);
    other.type_in("a\n", "a\r\na\r\n");
    let mut host = Host::new();
    let id = window(&mut host, &other, 40, 8);
    wait_shown(&mut host, id, &["a", "a", "", "", "", "", "", ""].map(String::from));
    let long = format!("{}END", "0123456789".repeat(10));
    other.type_in(&long, &long);
    host.wait("the end of the line", |host| {
        let cursor = host.engine.terminal_state(id).unwrap().screen.unwrap().cursor;
        let row = shown(host, id).swap_remove(2);
        row.ends_with("END") && cursor.row == 2 && row.len() == usize::from(cursor.col)
    });
    other.type_in("\n", &format!("{long}\r\n"));
    // One by one: what is typed before `cat` is done comes between its lines.
    (1..12).for_each(|_| other.type_in("\n", "\r\n\r\n"));
    other.type_in("low\n", "low\r\nlow\r\n");
    let last = ["low", "low", ""].map(String::from);
    host.wait("the last lines", |host| shown(host, id).ends_with(&last));
    // As small as a window can be, and back.
    host.engine.resize(id, Size::cells(2, 1)).unwrap();
    host.wait("a window of nearly nothing", |host| shown(host, id) == [""]);
    other.type_in("xy", "xy");
    host.wait("the cursor's columns", |host| shown(host, id) == ["y"]);
    host.engine.resize(id, Size::cells(40, 8)).unwrap();
    let last = ["low", "low", "xy"].map(String::from);
    host.wait("the lines", |host| shown(host, id).ends_with(&last));
    // Who types has the size that fits its window.
    host.engine.write(id, b"z").unwrap();
    loop {
        let diff = other.client.receive_type("diff");
        if diff["terminals"][0]["cols"] == 40 && diff["terminals"][0]["rows"] == 8 {
            break;
        }
    }
    host.wait("the line", |host| shown(host, id).contains(&"xyz".to_owned()));
    host.engine.write(id, b"\x1d").unwrap();
    host.wait_text(id, "status 0\r\n");
}

#[test]
fn what_is_cropped_keeps_its_looks() {
    let shell =
        r#"sh -c 'printf "\033[31mred\033[0m \033[1;48;5;200mon it\033[m 日本\033[?1h"; exec cat'"#;
    let mut other = Other::new(shell, 60, 10);
    // An echo would else be able to come before what the program prints.
    other.client.read_until(other.terminal, b"\x1b[?1h");
    other.type_in("!", "!");
    let mut host = Host::new();
    let id = window(&mut host, &other, 70, 12);
    wait_shown(&mut host, id, &{
        let mut rows = in_the_corner(&["red on it "], (60, 10), (70, 12));
        rows[0] = format!("red on it 日本!{:45}{}", "", ".".repeat(10));
        rows
    });
    let mut rows = Rows::default();
    host.engine.screen_rows(id, 0, 1, &mut rows).unwrap();
    let row = rows.iter().next().unwrap();
    let looks: Vec<_> = row
        .runs()
        .map(|run| (run.text, run.style.foreground, run.style.background, run.wide))
        .collect();
    assert_eq!(looks[0], ("red", Color::Indexed(1), Color::Default, false));
    assert_eq!(looks[2], ("on it", Color::Default, Color::Indexed(200), false));
    assert!(looks.contains(&("日本", Color::Default, Color::Default, true)), "{looks:?}");
    // Cursor keys are encoded as the program wants them.
    let modes = host.engine.terminal_state(id).unwrap().screen.unwrap().modes;
    assert!(modes.contains(orchflow::Modes::APPLICATION_CURSOR));
}
