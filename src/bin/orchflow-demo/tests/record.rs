//! `orchflow-demo run --record` and `replay`.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/mod.rs"]
mod support;

use std::fs;
use std::process::{Command, Output};

use orchflow::{Size, SpawnOptions};
use serde_json::Value;
use support::files::TempDir;
use support::host::Host;
use support::piped::with_input;

const DEMO: &str = env!("CARGO_BIN_EXE_orchflow-demo");

fn demo(args: &[&str], input: &[u8]) -> Output {
    with_input(Command::new(DEMO).args(args), input)
}

/// The description and the events of a recording.
fn read(path: &str) -> (Value, Vec<(f64, String, String)>) {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let description = serde_json::from_str(lines.next().unwrap()).unwrap();
    let events: Vec<(f64, String, String)> =
        lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{events:?}");
    (description, events)
}

/// All text of one kind of events.
fn all(events: &[(f64, String, String)], code: &str) -> String {
    let of = events.iter().filter(|(_, kind, _)| kind == code);
    of.map(|(_, _, text)| text.as_str()).collect()
}

#[test]
fn a_recording_is_what_was_shown_and_is_replayed_exactly() {
    let dir = TempDir::new();
    let path = dir.file("session.cast");
    // Characters are split into single bytes, and some bytes are not UTF-8.
    let script = r"stty -echo; for c in '\303' '\251' '\360' '\237' '\230' '\200' '\377' '\346' x
        do printf $c; sleep 0.001; done; printf '\033[1m\000\r\n'; cat; printf '\303'; exit 3";
    let args = ["run", "--cols", "90", "--rows", "20", "--record", &path, "--", "sh", "-c", script];
    let output = demo(&args, b"typed\n");
    assert_eq!(output.status.code(), Some(3));
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("é😀\u{fffd}\u{fffd}x\x1b[1m\0\r"), "{shown:?}");
    let (description, events) = read(&path);
    assert_eq!(description["version"], 2);
    assert_eq!(
        (&description["width"], &description["height"]),
        (&Value::from(90), &Value::from(20))
    );
    assert!(description["timestamp"].as_i64().unwrap() > 1_700_000_000);
    assert!(description["command"].as_str().unwrap().starts_with("sh -c "));
    assert_eq!(all(&events, "o"), shown);
    assert_eq!(all(&events, "i"), "", "what is typed is recorded only if that is asked for");
    let replayed = demo(&["replay", "--speed", "1000", &path], b"");
    assert_eq!((replayed.status.code(), replayed.stderr.len()), (Some(0), 0), "{replayed:?}");
    assert_eq!(String::from_utf8_lossy(&replayed.stdout), shown);
}

#[test]
fn what_is_typed_is_recorded_on_request() {
    let dir = TempDir::new();
    let path = dir.file("session.cast");
    demo(&["run", "--record", &path, "--record-input", "--", "cat"], "é1\n".as_bytes());
    assert_eq!(all(&read(&path).1, "i"), "é1\n");
}

#[test]
fn new_sizes_are_recorded() {
    let dir = TempDir::new();
    let mut host = Host::new();
    let script = r#""$DEMO" run --record f -- sh -c 'trap "stty size; exit" WINCH; echo ready
        while :; do sleep 0.01; done'"#;
    let options = SpawnOptions::program("sh").arg("-c").arg(script).env("DEMO", DEMO);
    let id = host.spawn(&options.cwd(dir.path()).size(Size::cells(90, 30)));
    host.wait_text(id, "ready");
    host.engine.resize(id, Size::cells(70, 20)).unwrap();
    host.wait_text(id, "20 70");
    host.wait_exit(id);
    let (description, events) = read(&dir.file("f"));
    assert_eq!(description["width"], 90);
    assert_eq!(all(&events, "r"), "70x20");
}

/// A file that cannot be opened is reported before the program starts, a full disk at the end. The
/// program's exit status does not change.
#[test]
fn files_that_cannot_be_written() {
    let output = demo(&["run", "--record", "/no/such/folder/f", "--", "echo", "started"], b"");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("/no/such/folder/f: No such file"));
    let output = demo(&["run", "--record", "/dev/full", "--", "sh", "-c", "echo out; exit 4"], b"");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(4), &b"out\r\n"[..]));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/dev/full: No space left"));
}

/// Events before an invalid line are shown; the message contains the line number.
#[test]
fn recordings_that_are_malformed() {
    let first = "{\"version\":2,\"width\":80,\"height\":24}\n";
    let event = "[0.001,\"o\",\"shown\"]\n";
    let table = [
        ("".to_owned(), "1: not a recording", ""),
        ("\u{7f}ELF".to_owned(), "1: not a recording", ""),
        ("{\"version\":1,\"stdout\":[]}".to_owned(), "1: recording of version 1", ""),
        (format!("{first}{event}[0.002,\"o\""), "3: not an event", "shown"),
        (format!("{first}{event}\n[-1,\"o\",\"\"]\n"), "4: not an event", "shown"),
        (format!("{first}{event}{first}"), "3: not an event", "shown"),
        (format!("{first}[1e300,\"o\",\"\"]\n"), "2: not an event", ""),
        (format!("{first}{}", "x".repeat(17 << 20)), "2: line longer than 16 MiB", ""),
    ];
    let dir = TempDir::new();
    let path = dir.file("f");
    for (text, mention, shown) in table {
        fs::write(&path, &text).unwrap();
        let output = demo(&["replay", &path], b"");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{mention}: {stderr}");
        assert!(stderr.contains(&format!("{path}:{mention}")), "{mention}: {stderr}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), shown, "{mention}");
    }
    // Times that decrease, other events, and a long pause that is shortened.
    let rest = "[5,\"m\",\"mark\"]\n[1,\"o\",\"1\"]\n[1,\"i\",\"x\"]\n[90000,\"o\",\"2\"]\n";
    fs::write(&path, format!("{first}{event}{rest}")).unwrap();
    let output = demo(&["replay", "--idle-max", "0.001", &path], b"");
    assert_eq!(output.stdout, b"shown12");
}

/// In a terminal: Ctrl-C stops it and the terminal is restored.
#[test]
fn a_replay_is_interrupted() {
    let dir = TempDir::new();
    let lines = [
        r#"{"version":2,"width":200,"height":24}"#,
        r#"[0.001,"o","\u001b[?1049h\u001b[?25l\u001b[cshown"]"#,
        r#"[90000,"o","never"]"#,
    ];
    fs::write(dir.file("f"), lines.join("\n")).unwrap();
    let mut host = Host::new();
    let script = r#"trap : INT; "$DEMO" replay f; echo "status $?"; stty -a"#;
    let options = SpawnOptions::program("sh").arg("-c").arg(script).env("DEMO", DEMO);
    let id = host.spawn(&options.cwd(dir.path()).size(Size::cells(90, 30)));
    host.wait_text(id, "shown");
    // An answer to what the recorded program asked, and keys.
    host.engine.write(id, b"\x1b[?1;2cls\r").unwrap();
    host.engine.write(id, b"\x03").unwrap();
    host.wait_exit(id);
    let text = host.text(id);
    assert!(text.starts_with("orchflow-demo: this terminal is smaller"), "{text:?}");
    let (played, after) = text.split_once("status 130").unwrap_or_else(|| panic!("{text:?}"));
    assert!(played.contains("\x1b[?1049l") && !played.contains("never"), "{played:?}");
    assert!(!text.contains("ls\r"), "{text:?}");
    for setting in ["icanon", "echo", "isig", "opost"] {
        assert!(after.split_whitespace().any(|word| word == setting), "{setting}: {after}");
    }
}
