//! State queries and batches: what is known about terminals, and many operations in one call.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::time::Duration;

use orchflow::{
    BatchEntry, Delivery, ErrorKind, ExitStatus, Limits, Mode, Op, SignalTarget, Size, Start,
    TerminalFilter, TerminalId,
};
use support::files::TempDir;
use support::host::{Host, sh};
use support::{process_state, wait_for};

#[test]
fn a_running_terminal_reports_what_it_is() {
    let dir = TempDir::new();
    let mut host = Host::new();
    let size = Size { cols: 100, rows: 40, pixel_width: 1000, pixel_height: 800 };
    let script = format!("stty -echo; cd {}; echo ready; exec cat", dir.path().display());
    let id = host.spawn(&sh(&script).size(size).tag(42));
    host.wait_text(id, "ready\r\n");
    wait_for("cat to run", || {
        let foreground = host.engine.terminal_state(id).unwrap().foreground;
        foreground.is_some_and(|process| process.name == "cat")
    });
    let state = host.engine.terminal_state(id).unwrap();
    assert_eq!((state.id, state.tag, state.size), (id, 42, size));
    assert_eq!(state.foreground.map(|process| process.pid), state.pid);
    assert_eq!(state.cwd.as_deref(), Some(dir.path()), "the program has changed it");
    assert!(state.running && state.exit.is_none() && !state.hung_up && !state.closing);
    assert!(!state.paused_by_host && !state.paused_by_reader && !state.paused_by_memory);
    assert_eq!((state.log_start, state.log_end), (0, 7));
    assert_eq!((state.input_bytes, state.input_waiting), (0, 0));
    assert!(state.since_input.is_none() && state.since_output.is_some());
    assert_eq!(host.seen(id).tag, 42);

    host.engine.write(id, b"four\n").unwrap();
    host.wait_text(id, "four");
    let state = host.engine.terminal_state(id).unwrap();
    assert_eq!((state.input_bytes, state.log_end), (5, 13));
    assert!(state.since_input.is_some());
    host.engine.resize(id, Size::cells(90, 30)).unwrap();
    assert_eq!(host.engine.terminal_state(id).unwrap().size, Size::cells(90, 30));
}

/// The leader of a pipeline's group may be gone while the others go on, as with `git log | less`.
#[test]
fn the_foreground_outlives_the_leader_of_its_group() {
    let dir = TempDir::new();
    let table = [
        ("true | sleep 1000", "sleep"),
        ("true | sleep 1000 | cat", "cat"),
        ("true | sh -c 'sleep 1000; exit'", "sh"),
        ("true | sleep 1000 | true", "sleep"),
        ("sleep 1000 | cat", "sleep"),
    ];
    let mut host = Host::new();
    for (pipeline, name) in table {
        let script = format!("cd {}; set -m; {pipeline}", dir.path().display());
        let id = host.sh(&script);
        wait_for(pipeline, || {
            let Some(process) = host.engine.terminal_state(id).unwrap().foreground else {
                return false;
            };
            process.name == name && Some(process.pid) != host.engine.terminal_state(id).unwrap().pid
        });
        // Not the process: a member that has not started its program yet has the shell's name.
        let state = host.engine.terminal_state(id).unwrap();
        let foreground = state.foreground.map(|process| process.name);
        assert_eq!(foreground.as_deref(), Some(OsStr::new(name)), "{pipeline}: it stays so");
        assert_eq!(state.cwd.as_deref(), Some(dir.path()), "{pipeline}");
        host.close(id);
    }
}

/// The kernel marks the name of a removed directory; a name may also end like the mark.
#[test]
fn a_removed_directory_is_no_path() {
    let dir = TempDir::new();
    let mut host = Host::new();
    let table = [
        ("mkdir a; cd a", Some("a")),
        ("mkdir b; cd b; rmdir ../b", None),
        ("mkdir 'c (deleted)'; cd 'c (deleted)'", Some("c (deleted)")),
        ("mkdir 'd (deleted)'; cd 'd (deleted)'; rmdir '../d (deleted)'", None),
        ("mkdir e 'e (deleted)'; cd e; rmdir ../e", None),
    ];
    for (script, name) in table {
        let id = host.sh(&format!("cd {}; {script}; echo ready; exec cat", dir.path().display()));
        host.wait_text(id, "ready");
        let expected = name.map(|name| dir.path().join(name));
        assert_eq!(host.engine.terminal_state(id).unwrap().cwd, expected, "{script}");
        host.close(id);
    }
}

#[test]
fn an_ended_terminal_reports_how() {
    let mut host = Host::new();
    let id = host.sh("exit 9");
    host.wait_exit(id);
    host.wait_eof(id);
    let state = host.engine.terminal_state(id).unwrap();
    assert_eq!((state.running, state.exit), (false, Some(ExitStatus::Code(9))));
    assert!(state.hung_up && state.pid.is_some() && state.foreground.is_none());
}

#[test]
fn readers_tell_where_they_are() {
    let mut host = Host::new();
    let id = host.sh("printf 1234567890; exec cat");
    let first = host.reader(id);
    let second = host.attach(id, Delivery::Lossy, Start::Offset(0));
    host.engine.pause_reader(second).unwrap();
    host.wait("ten bytes", |host| host.heard(first).end == 10);
    let state = host.engine.terminal_state(id).unwrap();
    let rows: Vec<_> =
        state.readers.iter().map(|r| (r.id, r.delivery, r.paused, r.offset, r.backlog)).collect();
    let expected =
        [(first, Delivery::Lossless, false, 10, 0), (second, Delivery::Lossy, true, 0, 10)];
    assert_eq!(rows, expected);
    host.engine.pause(id).unwrap();
    assert!(host.engine.terminal_state(id).unwrap().paused_by_host);
    host.engine.resume(id).unwrap();
    assert!(!host.engine.terminal_state(id).unwrap().paused_by_host);
}

#[test]
fn filters_and_many_states() {
    let mut host = Host::new();
    let running = host.sh("exec cat");
    let ended = host.sh("true");
    let closing = host.sh("trap '' HUP; echo ready; while :; do sleep 1000; done");
    host.wait_exit(ended);
    host.wait_text(closing, "ready");
    host.engine.close(closing, Duration::from_secs(3600)).unwrap();
    let set = |ids: Vec<TerminalId>| ids.into_iter().collect::<HashSet<_>>();
    assert_eq!(set(host.engine.terminals(TerminalFilter::All)), [running, ended, closing].into());
    assert_eq!(host.engine.terminals(TerminalFilter::Active), [running]);

    let states = host.engine.terminal_states(&[ended, TerminalId::from_u64(5), running]);
    assert_eq!(states[0].as_ref().unwrap().id, ended);
    assert!(states[1].as_ref().unwrap_err().is_stale_id());
    assert_eq!(states[2].as_ref().unwrap().id, running);
    assert!(host.engine.terminal_states(&[]).is_empty());
}

#[test]
fn a_batch_reports_each_operation() {
    let mut host = Host::new();
    let first = host.sh("stty -echo; echo ready; exec cat");
    let second = host.sh("stty -echo; echo ready; exec cat");
    host.wait_text(first, "ready");
    host.wait_text(second, "ready");
    let input = |text: &'static str| Op::Input(text.as_bytes().into());
    let good = [input("one\n"), Op::Resize(Size::cells(90, 30)), Op::SetMode(Mode::Echo)];
    let bad = [input("two\n"), Op::Resize(Size::cells(0, 0)), input("never\n"), input("never\n")];
    let entries = [
        BatchEntry { terminal: first, ops: &good },
        BatchEntry { terminal: TerminalId::from_u64(5), ops: &good },
        BatchEntry { terminal: second, ops: &bad },
        BatchEntry { terminal: first, ops: &[] },
        BatchEntry { terminal: first, ops: &good[..1] },
    ];
    let report = host.engine.batch(&entries).unwrap();
    let kinds: Vec<_> =
        report.statuses.iter().map(|s| s.as_ref().err().map(|e| e.kind())).collect();
    use ErrorKind::{InvalidArgument, Skipped, StaleId};
    let expected = [
        [None, None, None].as_slice(),
        &[Some(StaleId), Some(Skipped), Some(Skipped)],
        &[None, Some(InvalidArgument), Some(Skipped), Some(Skipped)],
        &[None],
    ];
    assert_eq!(kinds, expected.concat());
    assert_eq!((report.total, report.succeeded, report.failed), (11, 5, 6));

    host.wait("both replies", |host| {
        host.text(first).matches("one").count() >= 2 && host.text(second).contains("two")
    });
    host.quiesce();
    assert!(!host.text(second).contains("never"));
    assert_eq!(host.engine.terminal_state(first).unwrap().size, Size::cells(90, 30));
}

#[test]
fn an_empty_batch_is_fine() {
    let mut host = Host::new();
    let report = host.engine.batch(&[]).unwrap();
    assert_eq!((report.total, report.succeeded, report.failed), (0, 0, 0));
    assert!(report.statuses.is_empty());
}

/// What stands before a failure is done, what stands behind it is not, not even a kill.
#[test]
fn an_entry_stops_at_its_first_failure() {
    let mut host = Host::new();
    let id = host.sh("trap 'echo signalled' USR1; echo ready; read x; echo got $x");
    host.wait_text(id, "ready");
    let ops = [
        Op::SetMode(Mode::NoEcho),
        Op::Signal(libc::SIGUSR1, SignalTarget::Leader),
        Op::Signal(0, SignalTarget::Leader),
        Op::Signal(libc::SIGKILL, SignalTarget::Leader),
    ];
    let report = host.engine.batch(&[BatchEntry { terminal: id, ops: &ops }]).unwrap();
    assert_eq!((report.succeeded, report.failed), (2, 2), "the kill was skipped");
    host.wait_text(id, "signalled");
    // The signal has ended the read, or came before it; then there is an end for it now.
    let _ = host.engine.write(id, b"\n");
    assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
}

#[test]
fn the_same_input_goes_to_many() {
    let mut host = Host::with_limits(Limits { input_bytes: 4096, ..Limits::default() });
    let readers: Vec<_> = (0..5).map(|_| host.sh("read x; echo got $x")).collect();
    let gone = host.sh("true");
    host.wait_exit(gone);
    host.close(gone);
    let full = host.sh("stty raw -echo; echo ready; exec sleep 1000");
    host.wait_text(full, "ready");
    while host.engine.write(full, &[b'x'; 4096]).unwrap() > 0 {
        host.quiesce();
    }
    let waiting = host.engine.terminal_state(full).unwrap().input_waiting;
    let ids = [&readers[..3], &[gone, full], &readers[3..]].concat();
    let report = host.engine.write_many(&ids, b"it\n").unwrap();
    let kinds: Vec<_> =
        report.statuses.iter().map(|s| s.as_ref().err().map(|e| e.kind())).collect();
    let (stale, limit) = (Some(ErrorKind::StaleId), Some(ErrorKind::LimitReached));
    assert_eq!(kinds, [None, None, None, stale, limit, None, None]);
    assert_eq!((report.total, report.succeeded, report.failed), (7, 5, 2));
    assert_eq!(host.engine.terminal_state(full).unwrap().input_waiting, waiting, "all or nothing");
    for id in readers {
        host.wait_exit(id);
        assert!(host.text(id).ends_with("got it\r\n"));
    }
}

#[test]
fn an_ended_program_is_not_running_though_its_exit_is_unread() {
    let mut host = Host::new();
    let id = host.sh("exit 3");
    let pid = host.engine.terminal_state(id).unwrap().pid.unwrap();
    wait_for("its end", || matches!(process_state(pid), Some('Z') | None));
    host.turn_until("its end", |engine| !engine.terminal_state(id).unwrap().running);
    assert_eq!(host.engine.terminal_state(id).unwrap().exit, Some(ExitStatus::Code(3)));
}
