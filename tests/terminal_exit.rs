//! The way out: how a program's end is reported, what `close` and `shutdown` do, and that an id is stale
//! in every call once its terminal is gone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::time::Duration;

use orchflow::{
    AdoptOptions, BatchEntry, Command, Delivery, Engine, ErrorKind, ExitStatus, Limits, Mode, Op,
    ReaderId, Result, SignalTarget, Size, SpawnOptions, Start, TerminalId,
};
use support::files::{TempDir, assert_same, seq};
use support::host::{Host, sh};
use support::{process_state, scaled, wait_for};

/// Longer than any test: what happens does not happen because the grace is over.
const LONG: Duration = Duration::from_secs(3600);

fn signal(signal: i32) -> ExitStatus {
    ExitStatus::Signal { signal, core_dumped: false }
}

/// Opens a fifo so that a reader of it goes on, whenever it comes.
fn release(fifo: &str) -> std::fs::File {
    use std::io::Write;
    let mut file = std::fs::File::options().read(true).write(true).open(fifo).unwrap();
    file.write_all(b"go\n").unwrap();
    file
}

#[test]
fn exit_codes_and_signals_are_reported() {
    let table = [
        ("exit 0", ExitStatus::Code(0)),
        ("exit 1", ExitStatus::Code(1)),
        ("exit 127", ExitStatus::Code(127)),
        ("exit 255", ExitStatus::Code(255)),
        ("kill -9 $$", signal(9)),
        ("kill -15 $$", signal(15)),
        ("kill -13 $$", signal(13)),
        ("kill -34 $$", signal(34)),
        ("kill -64 $$", signal(64)),
    ];
    let mut host = Host::new();
    for (script, status) in table {
        let id = host.sh(script);
        assert_eq!(host.wait_exit(id), status, "{script}");
        host.wait_eof(id);
        assert_eq!(host.seen(id).eof, Some(0));
    }
    assert!(ExitStatus::Code(0).success() && !ExitStatus::Code(1).success());
}

/// Whether a core is dumped is up to the system's settings, so only the signal is looked at.
#[test]
fn a_signal_that_dumps_core_is_reported() {
    let mut host = Host::new();
    let id = host.sh("ulimit -c 0; kill -6 $$");
    assert!(matches!(host.wait_exit(id), ExitStatus::Signal { signal: 6, .. }));
}

#[test]
fn an_exit_does_not_wait_for_who_holds_the_terminal() {
    let dir = TempDir::new();
    let fifo = dir.fifo("go");
    let mut host = Host::new();
    let script = format!("trap '' HUP; (read x < {fifo}; echo later) & echo first; exit 3");
    let id = host.sh(&script);
    assert_eq!(host.wait_exit(id), ExitStatus::Code(3));
    assert_eq!(host.exit(id).unwrap().1, 7);
    assert_eq!((host.text(id).as_str(), host.seen(id).eof), ("first\r\n", None));
    let _fifo = release(&fifo);
    host.wait_eof(id);
    assert_eq!(host.text(id), "first\r\nlater\r\n");
    assert_eq!(host.seen(id).eof, Some(14));
    let state = host.engine.terminal_state(id).unwrap();
    assert!(state.hung_up && !state.running);
    host.close(id);
}

/// A program that closes its descriptors is alive and keeps its controlling terminal: it must not be
/// hung up on, may come back through /dev/tty, and its exit code counts. `cat` does this for a moment
/// at its end.
#[test]
fn a_program_that_lets_go_of_its_terminal_is_not_hung_up_on() {
    let dir = TempDir::new();
    let fifo = dir.fifo("go");
    let mut host = Host::new();
    let script = "exec 0<&- 1>&- 2>&-; read x < $GO; echo back > /dev/tty; exit 3";
    let id = host.spawn(&sh(script).env("GO", &fifo));
    let pid = host.engine.terminal_state(id).unwrap().pid.unwrap();
    let link = format!("/proc/{pid}/fd/2");
    wait_for("the descriptors to be closed", || std::fs::read_link(&link).is_err());
    host.quiesce();
    let _fifo = release(&fifo);
    assert_eq!(host.wait_exit(id), ExitStatus::Code(3));
    assert_eq!(host.text(id), "back\r\n");
    host.wait_eof(id);
}

/// The same as a race: sometimes the end of `cat` is met between its closing and its exit.
#[test]
fn cat_ends_with_its_own_exit_code() {
    let mut host = Host::new();
    for _ in 0..scaled(50, 1000) {
        let id = host.spawn(&SpawnOptions::program("cat"));
        host.engine.send_eof(id).unwrap();
        assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
        host.close(id);
    }
}

/// A background program that floods leaves hardly a moment in which the terminal is drained, none at
/// all when a turn reads little. What the program itself wrote is in what the kernel held at its end.
#[test]
fn a_background_flood_holds_back_neither_exit_nor_close() {
    let hasty = Limits {
        turn_bytes: 4096,
        turn_bytes_per_terminal: 4096,
        turn_time: Duration::from_micros(50),
        turn_time_typing: Duration::from_micros(50),
        ..Limits::default()
    };
    for limits in [Limits::default(), hasty] {
        let mut host = Host::with_limits(limits);
        let id = host.sh("trap '' HUP; yes & yes & yes & exit 5");
        host.counted_only.insert(id);
        assert_eq!(host.wait_exit(id), ExitStatus::Code(5));
        host.close(id);
    }
}

/// Nobody can be asked to stop here; what the kernel held at the close is delivered, the rest is cut.
#[test]
fn a_flood_without_a_program_does_not_hold_back_the_close() {
    let mut host = Host::new();
    let pty = support::raw_pty();
    let id = host.engine.adopt(pty.master, &AdoptOptions::new()).unwrap();
    host.counted_only.insert(id);
    let floods: Vec<_> = (0..3)
        .map(|_| {
            let slave = pty.slave.try_clone().unwrap();
            std::thread::spawn(move || while nix::unistd::write(&slave, &[b'x'; 4000]).is_ok() {})
        })
        .collect();
    host.wait("the flood", |host| host.engine.terminal_state(id).unwrap().log_end > 1 << 20);
    host.engine.close(id, LONG).unwrap();
    host.wait_closed(id);
    for flood in floods {
        flood.join().unwrap();
    }
}

#[test]
fn a_program_may_say_goodbye() {
    let mut host = Host::new();
    let id = host.sh("trap 'echo bye; exit 7' HUP; echo ready; read x");
    host.wait_text(id, "ready");
    host.engine.close(id, LONG).unwrap();
    host.wait_closed(id);
    assert_eq!(host.text(id), "ready\r\nbye\r\n");
    assert_eq!(host.exit(id), Some((ExitStatus::Code(7), 12)));
}

#[test]
fn a_program_that_ignores_the_hangup_is_killed_after_the_grace() {
    let mut host = Host::new();
    let id = host.sh("trap '' HUP; echo ready; while :; do sleep 1000; done");
    host.wait_text(id, "ready");
    host.engine.close(id, Duration::from_millis(20)).unwrap();
    host.wait_closed(id);
    assert_eq!(host.exit(id), Some((signal(9), 7)));
}

#[test]
fn a_second_close_hurries() {
    let mut host = Host::new();
    let id = host.sh("trap '' HUP; echo ready; while :; do sleep 1000; done");
    host.wait_text(id, "ready");
    host.engine.close(id, LONG).unwrap();
    host.quiesce();
    assert!(host.engine.terminal_state(id).unwrap().running);
    host.engine.close(id, Duration::ZERO).unwrap();
    host.wait_closed(id);
    assert_eq!(host.exit(id).unwrap().0, signal(9));
}

/// `Duration::MAX` is how one says "never kill it".
#[test]
fn a_grace_without_end_is_a_grace() {
    let mut host = Host::new();
    let id = host.sh("trap 'exit 7' HUP; echo ready; read x");
    host.wait_text(id, "ready");
    host.engine.close(id, Duration::MAX).unwrap();
    host.wait_closed(id);
    assert_eq!(host.exit(id).unwrap().0, ExitStatus::Code(7));
}

#[test]
fn a_stopped_program_is_closed() {
    let mut host = Host::new();
    let id = host.sh("kill -STOP $$; echo never");
    let pid = host.engine.terminal_state(id).unwrap().pid.unwrap();
    wait_for("the program to stop", || process_state(pid) == Some('T'));
    host.engine.close(id, LONG).unwrap();
    host.wait_closed(id);
    assert_eq!(host.exit(id), Some((signal(1), 0)));
}

#[test]
fn an_ended_terminal_is_closed_at_once() {
    let mut host = Host::new();
    let id = host.sh("echo hi");
    host.wait_exit(id);
    host.wait_eof(id);
    host.engine.close(id, LONG).unwrap();
    host.read_events();
    assert!(host.seen(id).closed, "without another turn");
}

#[test]
fn unread_output_is_delivered_before_closed() {
    let mut host = Host::new();
    let id = host.spawn(&SpawnOptions::program("seq").args(["1", "50000"]));
    host.turn_until("the end", |engine| engine.terminal_state(id).unwrap().exit.is_some());
    host.engine.close(id, LONG).unwrap();
    host.wait_closed(id);
    assert_same("seq", host.output(id), &seq(50_000));
    assert_eq!(host.exit(id).unwrap().0, ExitStatus::Code(0));
}

/// The flood is hung up on in the middle; all that it wrote until then is delivered.
#[test]
fn the_output_of_a_program_that_was_cut_short_is_delivered() {
    let all = seq(300_000);
    let mut host = Host::new();
    let options = SpawnOptions::program("seq").args(["1", "300000"]).log_bytes(64 << 10);
    let id = host.spawn(&options);
    let reader = host.reader(id);
    host.engine.pause_reader(reader).unwrap();
    host.wait("the high mark", |host| host.engine.terminal_state(id).unwrap().paused_by_reader);
    host.engine.close(id, LONG).unwrap();
    host.wait_closed(id);
    let (status, final_offset) = host.exit(id).unwrap();
    assert_eq!(status, signal(1));
    assert_same("the beginning", host.output(id), &all[..final_offset as usize]);
}

/// What is in the kernel's buffer when a terminal without a program is closed was written before and
/// is delivered.
#[test]
fn what_was_written_before_the_close_is_delivered() {
    let mut host = Host::new();
    let pty = nix::pty::openpty(None, None).unwrap();
    let id = host.engine.adopt(pty.master, &AdoptOptions::new()).unwrap();
    host.quiesce();
    nix::unistd::write(&pty.slave, b"last words").unwrap();
    host.engine.close(id, LONG).unwrap();
    host.wait_closed(id);
    assert_eq!(host.text(id), "last words");
}

#[test]
fn a_paused_terminal_is_closed_with_all_its_output() {
    let mut host = Host::new();
    let id = host.sh("echo hi");
    let reader = host.reader(id);
    host.engine.pause(id).unwrap();
    host.engine.pause_reader(reader).unwrap();
    let pid = host.engine.terminal_state(id).unwrap().pid.unwrap();
    wait_for("the program to be over", || matches!(process_state(pid), Some('Z') | None));
    host.engine.close(id, LONG).unwrap();
    host.wait_closed(id);
    assert_eq!(host.text(id), "hi\r\n");
}

#[test]
fn a_closing_terminal_takes_no_commands() {
    let mut host = Host::new();
    let id = host.sh("trap '' HUP; echo ready; while :; do sleep 1000; done");
    host.wait_text(id, "ready");
    let reader = host.reader(id);
    host.engine.close(id, LONG).unwrap();
    let engine = &mut host.engine;
    let outcomes = [
        engine.write(id, b"x").map(drop),
        engine.send_eof(id),
        engine.resize(id, Size::cells(10, 10)),
        engine.set_mode(id, Mode::Raw),
        engine.pause(id),
        engine.resume(id),
        engine.pause_reader(reader),
    ];
    for outcome in outcomes {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Closing);
    }
    assert!(host.engine.terminal_state(id).unwrap().closing);
    host.engine.signal(id, 9, SignalTarget::Leader).unwrap();
    host.wait_closed(id);
}

#[test]
fn a_terminal_that_hung_up_takes_no_commands() {
    let mut host = Host::new();
    let id = host.sh("exit 0");
    host.wait_exit(id);
    host.wait_eof(id);
    let engine = &mut host.engine;
    let outcomes = [
        engine.write(id, b"x").map(drop),
        engine.send_eof(id),
        engine.resize(id, Size::cells(10, 10)),
        engine.set_mode(id, Mode::Raw),
        engine.pause(id),
        engine.signal(id, 15, SignalTarget::Foreground),
        engine.signal(id, 15, SignalTarget::Leader),
    ];
    for outcome in outcomes {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Ended);
    }
}

/// Every call that takes an id, by name.
fn every_call(engine: &mut Engine, id: TerminalId, reader: ReaderId) -> Vec<(&str, Result<()>)> {
    let batch = engine.batch(&[BatchEntry { terminal: id, ops: &[Op::SetMode(Mode::Raw)] }]);
    let write_many = engine.write_many(&[id], b"x");
    vec![
        ("write", engine.write(id, b"x").map(drop)),
        ("send_eof", engine.send_eof(id)),
        ("resize", engine.resize(id, Size::cells(10, 10))),
        ("set_mode", engine.set_mode(id, Mode::Raw)),
        ("signal", engine.signal(id, 15, SignalTarget::Foreground)),
        ("close", engine.close(id, Duration::ZERO)),
        ("pause", engine.pause(id)),
        ("resume", engine.resume(id)),
        ("attach", engine.attach(id, Delivery::Lossy, Start::Now).map(drop)),
        ("detach", engine.detach(reader)),
        ("pause_reader", engine.pause_reader(reader)),
        ("resume_reader", engine.resume_reader(reader)),
        ("state", engine.terminal_state(id).map(drop)),
        ("states", engine.terminal_states(&[id]).remove(0).map(drop)),
        ("batch", batch.unwrap().statuses.remove(0)),
        ("write_many", write_many.unwrap().statuses.remove(0)),
    ]
}

#[test]
fn ids_are_stale_in_every_call_after_closed() {
    let mut host = Host::new();
    let id = host.sh("exec cat");
    let reader = host.reader(id);
    host.engine.close(id, LONG).unwrap();
    host.wait_closed(id);
    // Another terminal in the same slot must not be taken for the old one.
    let other = host.sh("exec cat");
    assert_ne!(other, id);
    let nonsense = [0, 1, u64::MAX, id.to_u64() - 1];
    let nonsense = nonsense.map(|n| (TerminalId::from_u64(n), ReaderId::from_u64(n)));
    for (id, reader) in [(id, reader)].into_iter().chain(nonsense) {
        for (call, outcome) in every_call(&mut host.engine, id, reader) {
            assert!(outcome.unwrap_err().is_stale_id(), "{call} with {id:?}");
        }
    }
    assert!(host.engine.terminal_state(other).unwrap().input_bytes == 0);
}

#[test]
fn shutdown_closes_everything_and_is_reported_last() {
    let mut host = Host::new();
    let scripts =
        ["exec cat", "trap '' HUP; echo ready; while :; do sleep 1000; done", "echo over"];
    let ids = scripts.map(|script| host.sh(script));
    host.wait_text(ids[1], "ready");
    host.engine.shutdown(Duration::from_millis(20)).unwrap();
    let pty = nix::pty::openpty(None, None).unwrap();
    let refused = [
        host.engine.spawn(&sh("true")),
        host.engine.adopt(pty.master, &AdoptOptions::new()),
        host.engine.spawn_many(&[sh("true")]).remove(0),
    ];
    for outcome in refused {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::EngineGone);
    }
    host.engine.sender().post(9, Command::Spawn(Box::new(sh("true")))).unwrap();
    host.wait("the end of everything", |host| host.shutdown_complete);
    for id in ids {
        assert!(host.seen(id).closed && host.exit(id).is_some());
    }
    let (tag, refused) = host.completed.pop().unwrap();
    assert_eq!((tag, refused.unwrap_err().kind()), (9, ErrorKind::EngineGone));
    // A second shutdown has nothing left to do and is not reported again.
    host.engine.shutdown(Duration::ZERO).unwrap();
    host.quiesce();
    assert!(host.engine.spawn(&sh("true")).is_err());
}

#[test]
fn shutdown_of_an_empty_engine_completes_at_once() {
    let mut host = Host::new();
    host.engine.shutdown(LONG).unwrap();
    assert!(support::is_readable(&host.engine));
    host.quiesce();
    assert!(host.shutdown_complete);
}
