//! The end of input: it arrives once, in whichever mode the program reads, and at nobody else.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use orchflow::{ExitStatus, TerminalId};
use support::files::TempDir;
use support::host::{Host, sh};
use support::{has_tool, scaled};

/// What the program wrote after this marker.
fn after(host: &mut Host, id: TerminalId, marker: &str) -> String {
    let text = host.text(id);
    text.split_once(marker).map(|(_, rest)| rest.to_owned()).unwrap_or_default()
}

/// Runs a program that is in one mode when this is typed and the end is sent, and reads in another one.
fn assert_end_survives(first: &str, typed: &[u8], then: &str, expected: &str) {
    let dir = TempDir::new();
    let fifo = dir.fifo("go");
    let mut host = Host::new();
    let script = format!("stty {first} -echo; echo ready; read x <$GO; {then}");
    let id = host.spawn(&sh(&script).env("GO", &fifo));
    host.wait_text(id, "ready");
    assert_eq!(host.engine.write(id, typed).unwrap(), typed.len());
    host.engine.send_eof(id).unwrap();
    host.quiesce();
    std::fs::write(&fifo, "go\n").unwrap();
    assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
    assert_eq!(after(&mut host, id, "ready").trim(), expected);
}

/// The kernel makes a NUL of an end that was typed before.
#[test]
fn the_end_survives_leaving_canonical_mode() {
    let byte = "dd bs=1 count=1 2>/dev/null | od -An -tx1";
    let then = format!("stty raw -echo; until {byte} | grep -q 04; do :; done; echo end");
    for delay in ["", "sleep 0.01; ", "sleep 0.1; "] {
        assert_end_survives("cooked", b"", &format!("{delay}{then}"), "end");
    }
}

/// The kernel makes text of an end that was typed before.
#[test]
fn the_end_survives_entering_canonical_mode() {
    assert_end_survives("raw", b"x", "stty cooked -echo; cat; echo end", "xend");
}

/// The line is there for a program that reads in raw mode, and then an end of its own.
#[test]
fn the_end_waits_for_unread_input() {
    let then = "stty raw -echo; dd bs=1 count=2 2>/dev/null | od -An -tx1";
    assert_end_survives("cooked", b"\n", then, "0a 04");
}

/// One end is for one program. What reads afterwards, in whichever mode, waits in vain (`read -t`, which
/// exits with more than 128) and sees no second end (1).
#[test]
fn nobody_gets_a_second_end() {
    if !has_tool("bash") {
        return;
    }
    for (first, second) in
        [("cat", "read -t 1 x"), ("cat", "read -e -t 1 x"), ("sh", "read -t 1 x")]
            .into_iter()
            .chain([("read -e x", "read -t 1 x"), ("read -e x", "read -e -t 1 x")])
            .chain([("bash --norc -i", "read -t 1 x"), ("bash --norc -i", "read -e -t 1 x")])
    {
        let mut host = Host::new();
        let script = format!("{first}; echo first; {second}; test $? -gt 128 && echo none");
        let options = orchflow::SpawnOptions::program("bash").args(["--norc", "-c", &script]);
        let id = host.spawn(&options);
        host.engine.send_eof(id).unwrap();
        assert_eq!(host.wait_exit(id), ExitStatus::Code(0), "{first}, {second}");
        assert!(host.text(id).contains("none"), "{first}, {second}: {}", host.text(id));
    }
}

/// A shell that starts gets the end, and so does the program that it starts then.
#[test]
fn the_end_reaches_a_program_below_a_shell() {
    if !has_tool("bash") {
        return;
    }
    for _ in 0..scaled(20, 500) {
        let mut host = Host::new();
        let options = orchflow::SpawnOptions::program("bash").args(["--norc", "-i"]);
        let id = host.spawn(&options.env("PS1", "$ "));
        host.engine.write(id, b"cat; exit 7\n").unwrap();
        host.engine.send_eof(id).unwrap();
        assert_eq!(host.wait_exit(id), ExitStatus::Code(7), "{}", host.text(id));
    }
}
