//! Output that is made to use up memory does not: endless strings, combining characters, links, titles,
//! changes of size, random bytes. One test alone in its process, since it looks at the process's memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::fs;

use orchflow::{AdoptOptions, Delivery, ScreenOptions, Size};
use support::files::noise;
use support::host::Host;
use support::played::Played;
use support::scaled;

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Plays a piece again and again, as many bytes in total; how much memory grew meanwhile.
fn growth(
    host: &mut Host,
    tty: &mut Played,
    piece: impl Fn(usize) -> Vec<u8>,
    total: usize,
) -> usize {
    let before = resident();
    let mut played = 0;
    for n in 0.. {
        let piece = piece(n);
        tty.play_all(host, &piece);
        host.read_events();
        played += piece.len();
        if played >= total {
            break;
        }
    }
    resident().saturating_sub(before)
}

/// The n-th piece of output.
type Piece = fn(usize) -> Vec<u8>;

#[test]
fn memory_is_bounded() {
    let mut host = Host::new();
    let options = AdoptOptions::new().log_bytes(1 << 20).reader(Some(Delivery::Lossy));
    let mut tty = Played::new(&mut host, options.screen(ScreenOptions::default()));
    host.counted_only.insert(tty.id);
    host.engine.resize(tty.id, Size::cells(80, 24)).unwrap();
    // The log and the scrollback have their full size before anything is measured.
    growth(&mut host, &mut tty, |_| b"x\r\n".repeat(1000), 2 << 20);
    let some = scaled(16 << 20, 1 << 30);
    let few = scaled(2 << 20, 64 << 20);
    let table: [(&str, &[u8], Piece, usize, usize); 7] = [
        ("an endless OSC", b"\x1b]2;", |_| vec![b'x'; 1 << 16], some, 4 << 20),
        ("an endless DCS", b"\x07\x1bPq", |_| vec![b'x'; 1 << 16], some, 4 << 20),
        (
            "combining characters",
            b"\x18a",
            |_| "\u{301}".repeat(1 << 14).into_bytes(),
            few,
            4 << 20,
        ),
        (
            "combining characters in every cell",
            b"",
            |_| "a\u{301}\u{302}\u{303}".repeat(4096).into_bytes(),
            few,
            48 << 20,
        ),
        (
            "links",
            b"",
            |n| format!("\x1b]8;;http://{n}/{}\x07x", "y".repeat(1500)).into_bytes(),
            few,
            8 << 20,
        ),
        (
            "titles",
            b"\x1b]8;;\x07",
            |n| format!("\x1b]2;{n}{}\x07\x1b[22t\x1b[>1u\x1b[?1u", "t".repeat(5000)).into_bytes(),
            few,
            4 << 20,
        ),
        ("random bytes", b"\x1bc", |n| noise(n as u64, 1 << 16), few, 48 << 20),
    ];
    for (what, start, piece, total, allowed) in table {
        tty.play_all(&mut host, start);
        let grown = growth(&mut host, &mut tty, piece, total);
        assert!(grown <= allowed, "{what}: {grown} bytes more");
        let state = host.engine.terminal_state(tty.id).unwrap();
        assert_eq!(state.screen.unwrap().failures, 0, "{what}");
    }
    let before = resident();
    for round in 0..20 {
        for size in [Size::cells(1, 1), Size::cells(1000, 1000), Size::cells(80, 24)] {
            host.engine.resize(tty.id, size).unwrap();
            tty.play_all(&mut host, &noise(round, 5000));
        }
    }
    host.engine.resize(tty.id, Size::cells(80, 24)).unwrap();
    assert!(resident().saturating_sub(before) < 128 << 20, "{}", resident() - before);
    assert_eq!(host.engine.terminal_state(tty.id).unwrap().screen.unwrap().failures, 0);
}
