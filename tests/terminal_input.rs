//! Input: nothing accepted is lost, nothing grows without a bound, nothing locks up; and what the
//! kernel drops of a long line in canonical mode is reported exactly.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::time::Duration;

use orchflow::{BatchEntry, ErrorKind, ExitStatus, Limits, Mode, Op, TerminalId};
use support::files::{TempDir, assert_same, noise};
use support::host::{Host, sh};
use support::wait_for;

/// The kernel's buffers on the way to a program; a master takes 11 to 14 KB of them.
const KERNEL_BYTES: usize = 64 << 10;

/// `cat` that gives back every byte as it is.
fn raw_cat(host: &mut Host) -> TerminalId {
    let id = host.sh("stty raw -echo; echo ready; exec cat");
    host.wait_text(id, "ready\n");
    id
}

/// `cat` in canonical mode, without echo.
fn cooked_cat(host: &mut Host) -> TerminalId {
    let id = host.sh("stty -echo; echo ready; exec cat");
    host.wait_text(id, "ready\r\n");
    id
}

/// What a terminal printed after its "ready".
fn reply(host: &mut Host, id: TerminalId) -> Vec<u8> {
    let output = host.output(id);
    let ready = output.windows(5).position(|w| w == b"ready").unwrap();
    let line_end = output[ready..].iter().position(|b| *b == b'\n').unwrap();
    output[ready + line_end + 1..].to_vec()
}

/// Writes all of it, waiting for room as often as it takes.
fn write_all(host: &mut Host, id: TerminalId, bytes: &[u8]) {
    let mut written = 0;
    loop {
        let reported = host.seen(id).input_ready;
        written += host.engine.write(id, &bytes[written..]).unwrap();
        if written == bytes.len() {
            return;
        }
        host.wait("room for input", |host| host.seen(id).input_ready > reported);
    }
}

#[test]
fn a_big_paste_comes_back_whole_while_others_flood() {
    let paste = noise(30, 1 << 20);
    let limits = Limits { input_bytes: 128 << 10, ..Limits::default() };
    let mut host = Host::with_limits(limits);
    let floods: Vec<_> = (0..4).map(|_| host.sh("exec yes flood")).collect();
    host.counted_only.extend(&floods);
    let id = raw_cat(&mut host);
    write_all(&mut host, id, &paste);
    host.wait("the whole paste", |host| reply(host, id).len() >= paste.len());
    assert_same("paste", &reply(&mut host, id), &paste);
    let state = host.engine.terminal_state(id).unwrap();
    assert_eq!((state.input_bytes, state.input_waiting), (paste.len() as u64, 0));
    assert_eq!(host.seen(id).input_truncated, 0);
    for flood in floods {
        assert!(host.engine.terminal_state(flood).unwrap().log_end > 0);
        host.close(flood);
    }
}

/// The program reads nothing until it is let go; then it gives back what was accepted.
#[test]
fn input_is_bounded_until_the_program_reads() {
    let bytes = noise(31, 3 << 20);
    for input_bytes in [4096, 1 << 20] {
        let dir = TempDir::new();
        let fifo = dir.fifo("go");
        let mut host = Host::with_limits(Limits { input_bytes, ..Limits::default() });
        let script = "stty raw -echo; echo ready; read x < $GO; exec cat";
        let id = host.spawn(&sh(script).env("GO", &fifo));
        host.wait_text(id, "ready\n");
        let mut accepted = 0;
        loop {
            let n = host.engine.write(id, &bytes[accepted..]).unwrap();
            accepted += n;
            assert!(host.engine.terminal_state(id).unwrap().input_waiting <= input_bytes);
            if n == 0 {
                break;
            }
            // The kernel may take a little more a moment later.
            host.quiesce();
        }
        assert!((input_bytes..=input_bytes + KERNEL_BYTES).contains(&accepted), "{accepted}");
        let reported = host.seen(id).input_ready;
        std::fs::write(&fifo, "go\n").unwrap();
        host.wait("room for input", |host| host.seen(id).input_ready > reported);
        host.wait("all accepted bytes", |host| reply(host, id).len() >= accepted);
        assert_same("accepted input", &reply(&mut host, id), &bytes[..accepted]);
        host.quiesce();
        assert_eq!(host.seen(id).input_ready, reported + 1, "reported once");
    }
}

/// A batch takes all of an input or nothing. Who was refused wants to know when to try again.
#[test]
fn a_refused_whole_input_is_reported_when_there_is_room() {
    let dir = TempDir::new();
    let fifo = dir.fifo("go");
    let mut host = Host::with_limits(Limits { input_bytes: 4096, ..Limits::default() });
    let script = "stty raw -echo; echo ready; read x < $GO; exec cat";
    let id = host.spawn(&sh(script).env("GO", &fifo));
    host.wait_text(id, "ready\n");
    let ops = [Op::Input(vec![b'x'; 4000].into())];
    let entry = [BatchEntry { terminal: id, ops: &ops }];
    let mut accepted = 0;
    let refused = loop {
        match host.engine.batch(&entry).unwrap().statuses.remove(0) {
            Ok(()) => accepted += 4000,
            Err(error) => break error,
        }
    };
    assert!(refused.is_limit_reached());
    assert!(accepted <= 4096 + KERNEL_BYTES);
    std::fs::write(&fifo, "go\n").unwrap();
    host.wait("all accepted bytes", |host| reply(host, id).len() == accepted);
    host.quiesce();
    assert_eq!(host.seen(id).input_ready, 1);
}

#[test]
fn writing_to_a_flood_that_does_not_read_locks_nothing_up() {
    let bytes = noise(32, 64 << 10);
    let mut host = Host::with_limits(Limits { input_bytes: 64 << 10, ..Limits::default() });
    let id = host.sh("stty raw -echo; exec yes flood");
    host.counted_only.insert(id);
    host.wait("the flood", |host| host.engine.terminal_state(id).unwrap().log_end > 100_000);
    // Both while the flood is read and while it stands still behind its full log.
    for unread in [false, true] {
        if unread {
            host.turn_until("the high mark", |engine| {
                engine.terminal_state(id).unwrap().paused_by_reader
            });
        }
        for _ in 0..100 {
            host.engine.write(id, &bytes).unwrap();
            if !unread {
                host.engine.turn(Some(Duration::ZERO)).unwrap();
                host.read_events();
            }
        }
        let state = host.engine.terminal_state(id).unwrap();
        assert!(state.input_waiting <= 64 << 10);
        assert!(state.input_bytes <= KERNEL_BYTES as u64, "{}", state.input_bytes);
        let end = state.log_end;
        host.wait("more of the flood", |host| {
            host.engine.terminal_state(id).unwrap().log_end > end + (1 << 20)
        });
    }
    host.close(id);
}

/// `(line length, how it ends)`; the kernel keeps 4,095 bytes and the end.
#[test]
fn long_canonical_lines_are_cut_by_the_kernel_and_reported() {
    let mut host = Host::new();
    for end in [&b"\n"[..], b"\r"] {
        for length in [1, 4094, 4095, 4096, 5000, 20_000] {
            let id = cooked_cat(&mut host);
            let line = [&vec![b'x'; length][..], end].concat();
            assert_eq!(host.engine.write(id, &line).unwrap(), line.len());
            host.wait("the line", |host| reply(host, id).ends_with(b"\n"));
            let kept = [&vec![b'x'; length.min(4095)][..], b"\r\n"].concat();
            assert_same("line", &reply(&mut host, id), &kept);
            host.quiesce();
            let reported = host.seen(id).input_truncated;
            assert_eq!(reported, usize::from(length > 4095), "{length} bytes");
            host.close(id);
        }
    }
}

/// The end of input ends a line too.
#[test]
fn a_long_line_before_the_end_of_input_is_cut_and_reported() {
    for (length, lost) in [(4095, 0), (4096, 1), (5000, 1)] {
        let mut host = Host::new();
        let id = cooked_cat(&mut host);
        write_all(&mut host, id, &vec![b'x'; length]);
        host.engine.send_eof(id).unwrap();
        assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
        assert_same("line", &reply(&mut host, id), &vec![b'x'; length.min(4095)]);
        assert_eq!(host.seen(id).input_truncated, lost, "{length} bytes");
    }
}

/// Many long lines that nobody reads yet wait in the kernel and in the queue, and none is cut.
#[test]
fn lines_that_wait_for_the_program_are_kept_whole() {
    let dir = TempDir::new();
    let fifo = dir.fifo("go");
    let mut host = Host::new();
    let script = "stty -echo; echo ready; read x < $GO; exec cat";
    let id = host.spawn(&sh(script).env("GO", &fifo));
    host.wait_text(id, "ready\r\n");
    let lines: Vec<u8> = (0..100).flat_map(|_| [&[b'x'; 4095][..], b"\n"].concat()).collect();
    assert_eq!(host.engine.write(id, &lines).unwrap(), lines.len());
    host.quiesce();
    std::fs::write(&fifo, "go\n").unwrap();
    let expected = support::files::with_crlf(&lines);
    host.wait("all lines", |host| reply(host, id).len() >= expected.len());
    assert_same("lines", &reply(&mut host, id), &expected);
    assert_eq!(host.seen(id).input_truncated, 0);
}

/// Lines before and after, in one write and in many, do not count.
#[test]
fn the_length_of_each_line_counts_alone() {
    let mut host = Host::new();
    for chunk in [1 << 20, 1000, 4095] {
        let id = cooked_cat(&mut host);
        let lines = [3000, 4095, 4095, 10, 4095];
        let input: Vec<u8> =
            lines.iter().flat_map(|n| [&vec![b'x'; *n][..], b"\n"].concat()).collect();
        for part in input.chunks(chunk) {
            write_all(&mut host, id, part);
        }
        let expected = input.len() + lines.len();
        host.wait("all lines", |host| reply(host, id).len() >= expected);
        host.quiesce();
        assert_eq!(host.seen(id).input_truncated, 0);
        host.engine.write(id, &[b'y'; 4096]).unwrap();
        host.wait("the report", |host| host.seen(id).input_truncated == 1);
        host.close(id);
    }
}

#[test]
fn raw_input_of_any_length_is_never_cut() {
    let mut host = Host::new();
    let id = raw_cat(&mut host);
    write_all(&mut host, id, &[b'x'; 20_000]);
    host.wait("all of it", |host| reply(host, id).len() == 20_000);
    host.quiesce();
    assert_eq!(host.seen(id).input_truncated, 0);
}

/// What went to a program in raw mode belongs to no line: it neither hides a loss nor feigns one.
#[test]
fn raw_input_does_not_count_for_a_later_line() {
    for (raw, length) in [(5000, 5000), (4000, 200)] {
        let mut host = Host::new();
        let id = raw_cat(&mut host);
        write_all(&mut host, id, &vec![b'r'; raw]);
        host.wait("the raw bytes", |host| reply(host, id).len() == raw);
        host.engine.set_mode(id, Mode::Cooked).unwrap();
        host.engine.set_mode(id, Mode::NoEcho).unwrap();
        write_all(&mut host, id, &[&vec![b'x'; length][..], b"\n"].concat());
        let kept = length.min(4095) + 2;
        host.wait("the line", |host| reply(host, id).len() == raw + kept);
        host.quiesce();
        let lost = usize::from(length > 4095);
        assert_eq!(host.seen(id).input_truncated, lost, "{raw} raw bytes, then {length}");
    }
}

/// Control-U and Control-C empty the line, so what follows has room for itself.
#[test]
fn an_erased_line_does_not_count() {
    for eraser in [b"\x15", b"\x03"] {
        let mut host = Host::new();
        let id = host.sh("stty -echo; trap '' INT; echo ready; exec cat");
        host.wait_text(id, "ready\r\n");
        write_all(&mut host, id, &[b'x'; 4000]);
        write_all(&mut host, id, eraser);
        write_all(&mut host, id, &[&[b'y'; 200][..], b"\n"].concat());
        host.wait("the line", |host| reply(host, id).ends_with(b"\n"));
        assert_same("line", &reply(&mut host, id), &[&[b'y'; 200][..], b"\r\n"].concat());
        host.quiesce();
        assert_eq!(host.seen(id).input_truncated, 0, "nothing was lost");
    }
}

#[test]
fn the_end_of_input_ends_cat_wherever_the_line_stands() {
    for typed in [&b""[..], b"line\n", b"line\nmid-line", b"mid-line"] {
        let mut host = Host::new();
        let id = cooked_cat(&mut host);
        host.engine.write(id, typed).unwrap();
        host.engine.send_eof(id).unwrap();
        assert_eq!(host.wait_exit(id), ExitStatus::Code(0), "{typed:?}");
        assert_same("cat", &reply(&mut host, id), &support::files::with_crlf(typed));
    }
}

#[test]
fn the_end_of_input_is_one_byte_in_raw_mode() {
    let mut host = Host::new();
    let id = host.sh("stty raw -echo; echo ready; dd bs=1 count=4 2>/dev/null | od -An -tx1");
    host.wait_text(id, "ready");
    host.engine.write(id, b"ab").unwrap();
    host.engine.send_eof(id).unwrap();
    host.engine.write(id, b"c").unwrap();
    host.wait_exit(id);
    assert_eq!(String::from_utf8(reply(&mut host, id)).unwrap().trim(), "61 62 04 63");
}

/// One end of input each must end one `cat` each, whatever stood before it in the line.
fn assert_each_eof_ends_one_reader(stty: &str, typed: [&[u8]; 2]) {
    let mut host = Host::new();
    let script =
        format!("stty -echo {stty}; trap '' INT; echo ready; cat; echo 1; cat; echo 2; cat");
    let id = host.sh(&script);
    host.wait_text(id, "ready");
    for (typed, marker) in typed.into_iter().zip(["1\r\n", "2\r\n"]) {
        host.engine.write(id, typed).unwrap();
        host.engine.send_eof(id).unwrap();
        host.wait("the next reader", |host| reply(host, id).ends_with(marker.as_bytes()));
    }
    host.engine.write(id, b"last\n").unwrap();
    host.wait("the last reader", |host| {
        host.exit(id).is_some() || reply(host, id).ends_with(b"last\r\n")
    });
    assert_eq!(String::from_utf8(reply(&mut host, id)).unwrap(), "1\r\n2\r\nlast\r\n");
}

#[test]
fn each_end_of_input_ends_one_reader() {
    assert_each_eof_ends_one_reader("", [b"", b""]);
}

#[test]
fn another_end_of_input_character_ends_one_reader_too() {
    assert_each_eof_ends_one_reader("eof @", [b"", b""]);
}

#[test]
fn the_end_of_input_after_an_erased_line_ends_one_reader() {
    assert_each_eof_ends_one_reader("", [b"abc\x15", b"abc\x03"]);
}

#[test]
fn the_end_of_input_after_erased_characters_ends_one_reader() {
    assert_each_eof_ends_one_reader("", [b"a\x7f", b"bc\x7f\x7f"]);
}

/// What was typed into a program in raw mode is no line of the program that comes after it.
#[test]
fn the_end_of_input_after_raw_input_ends_one_reader() {
    let mut host = Host::new();
    let script = "stty raw -echo; echo ready; dd bs=1 count=3 >/dev/null 2>&1
        stty cooked -echo; echo cooked; cat; echo 1; cat";
    let id = host.sh(script);
    host.wait_text(id, "ready");
    host.engine.write(id, b"abc").unwrap();
    host.wait_text(id, "cooked\r\n");
    host.engine.send_eof(id).unwrap();
    host.wait_text(id, "1\r\n");
    host.engine.write(id, b"last\n").unwrap();
    host.wait("the last reader", |host| {
        host.exit(id).is_some() || host.text(id).ends_with("last\r\n")
    });
    assert!(host.text(id).ends_with("cooked\r\n1\r\nlast\r\n"), "{:?}", host.text(id));
}

#[test]
fn the_end_of_input_needs_room_in_the_queue() {
    let mut host = Host::with_limits(Limits { input_bytes: 4096, ..Limits::default() });
    let id = host.sh("stty raw -echo; echo ready; exec sleep 1000");
    host.wait_text(id, "ready");
    while host.engine.write(id, &[b'x'; 4096]).unwrap() > 0 {}
    let error = host.engine.send_eof(id).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitReached);
}

/// A program that ends with input unread takes it along, and later writes are refused.
#[test]
fn input_for_a_program_that_ends_is_dropped_with_it() {
    let dir = TempDir::new();
    let fifo = dir.fifo("go");
    let mut host = Host::new();
    let script = "stty raw -echo; echo ready; read x < $GO; exit 4";
    let id = host.spawn(&sh(script).env("GO", &fifo));
    host.wait_text(id, "ready");
    host.engine.write(id, &noise(33, 2 << 20)).unwrap();
    std::fs::write(&fifo, "go\n").unwrap();
    assert_eq!(host.wait_exit(id), ExitStatus::Code(4));
    host.wait_eof(id);
    assert_eq!(host.engine.write(id, b"x").unwrap_err().kind(), ErrorKind::Ended);
    assert_eq!(host.engine.terminal_state(id).unwrap().input_waiting, 0);
    assert_eq!(host.seen(id).input_ready, 0);
}

/// Typing goes on in a terminal that floods; a quiet neighbour must still be served.
#[test]
fn typing_into_floods_does_not_starve_a_quiet_terminal() {
    let mut host = Host::new();
    let floods: Vec<_> = (0..4).map(|_| host.sh("stty raw -echo; exec yes flood")).collect();
    host.counted_only.extend(&floods);
    host.wait("the floods", |host| {
        floods.iter().all(|id| host.engine.terminal_state(*id).unwrap().log_end > 100_000)
    });
    let quiet = host.sh("echo hello");
    let pid = host.engine.terminal_state(quiet).unwrap().pid.unwrap();
    wait_for("its end", || matches!(support::process_state(pid), Some('Z') | None));
    host.wait("the quiet terminal", |host| {
        for flood in &floods {
            host.engine.write(*flood, b"x").unwrap();
        }
        host.exit(quiet).is_some()
    });
    assert_eq!(host.text(quiet), "hello\r\n");
}
