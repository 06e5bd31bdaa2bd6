//! What a host does to a running program: size changes, modes of the line discipline, signals.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, clippy::print_stdout, missing_docs)]

mod support;

use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use orchflow::{ErrorKind, ExitStatus, Limits, Mode, SignalTarget, Size, SpawnOptions, TerminalId};
use support::host::Host;
use support::wait_for;

/// Set for a copy of this binary that runs as the program in a terminal, see `the_size_teller`.
const SIZE_TELLER: &str = "ORCHFLOW_TEST_SIZE_TELLER";

/// Where the signal handler of the size teller writes to.
static PIPE: AtomicI32 = AtomicI32::new(-1);

extern "C" fn on_winch(_: libc::c_int) {
    // SAFETY: write is async-signal-safe and reads one byte of a constant.
    unsafe { libc::write(PIPE.load(Ordering::Relaxed), c"w".as_ptr().cast(), 1) };
}

/// Not a test but a program: prints the size at each SIGWINCH. Shells lose signals between two
/// commands; this does not.
#[test]
fn the_size_teller() {
    if std::env::var_os(SIZE_TELLER).is_none() {
        return;
    }
    let (signals, writer) = nix::unistd::pipe().unwrap();
    PIPE.store(writer.as_raw_fd(), Ordering::Relaxed);
    let action =
        SigAction::new(SigHandler::Handler(on_winch), SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler does only what is async-signal-safe.
    unsafe { sigaction(Signal::SIGWINCH, &action) }.unwrap();
    println!("ready");
    loop {
        nix::unistd::read(&signals, &mut [0]).unwrap();
        let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: TIOCGWINSZ writes one winsize through a pointer that is valid for it.
        unsafe { libc::ioctl(0, libc::TIOCGWINSZ, &raw mut size) };
        println!("{} {}", size.ws_row, size.ws_col);
    }
}

fn size_teller(interval: Duration) -> (Host, TerminalId) {
    let mut host = Host::with_limits(Limits { resize_interval: interval, ..Limits::default() });
    let program = SpawnOptions::program(std::env::current_exe().unwrap());
    let program = program.args(["the_size_teller", "--exact", "--nocapture"]);
    let id = host.spawn(&program.env(SIZE_TELLER, "1"));
    host.wait_text(id, "ready\r\n");
    (host, id)
}

/// The sizes that the program has printed.
fn sizes_seen(host: &mut Host, id: TerminalId) -> Vec<String> {
    let text = host.text(id);
    let (_, sizes_seen) = text.split_once("ready\r\n").unwrap();
    sizes_seen.lines().map(str::to_owned).collect()
}

#[test]
fn size_changes_in_quick_succession_are_coalesced() {
    let interval = Duration::from_millis(500);
    let (mut host, id) = size_teller(interval);
    let start = Instant::now();
    for cols in 81..=99 {
        host.engine.resize(id, Size::cells(cols, 24)).unwrap();
        assert_eq!(host.engine.terminal_state(id).unwrap().size, Size::cells(cols, 24));
    }
    let in_time = start.elapsed() < interval;
    host.wait("the last size", |host| {
        sizes_seen(host, id).last().is_some_and(|size| size == "24 99")
    });
    host.quiesce();
    let sizes_seen = sizes_seen(&mut host, id);
    // On a machine that stalled in between more sizes were applied, and rightly so. The program may
    // have missed the first one, for the kernel does not queue signals.
    if in_time {
        assert!(sizes_seen == ["24 81", "24 99"] || sizes_seen == ["24 99"], "{sizes_seen:?}");
    }
}

/// There and back within the interval: the size is the old one and the program hears of it.
#[test]
fn a_size_that_comes_back_is_reported_all_the_same() {
    let (mut host, id) = size_teller(Duration::from_millis(300));
    host.engine.resize(id, Size::cells(90, 30)).unwrap();
    host.wait("the first size", |host| sizes_seen(host, id) == ["30 90"]);
    host.engine.resize(id, Size::cells(91, 30)).unwrap();
    host.engine.resize(id, Size::cells(90, 30)).unwrap();
    host.wait("another signal", |host| {
        let sizes_seen = sizes_seen(host, id);
        sizes_seen.len() >= 2 && sizes_seen.last().is_some_and(|size| size == "30 90")
    });
}

#[test]
fn the_same_size_again_is_no_change() {
    let (mut host, id) = size_teller(Duration::ZERO);
    host.engine.resize(id, Size::cells(80, 24)).unwrap();
    host.engine.resize(id, Size::cells(100, 24)).unwrap();
    host.engine.resize(id, Size::cells(100, 24)).unwrap();
    host.wait_text(id, "24 100");
    host.engine.resize(id, Size::cells(101, 24)).unwrap();
    host.wait_text(id, "24 101");
    assert_eq!(sizes_seen(&mut host, id), ["24 100", "24 101"]);
}

#[test]
fn sizes_out_of_range_are_refused() {
    let mut host = Host::new();
    let id = host.sh("exec cat");
    for size in [Size::cells(0, 1), Size::cells(1, 0)] {
        let error = host.engine.resize(id, size).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
    host.engine.resize(id, Size::cells(u16::MAX, u16::MAX)).unwrap();
}

/// The size of a terminal without programs changes without anybody to signal.
#[test]
fn a_terminal_without_a_session_is_resized_there_and_back() {
    let limits = Limits { resize_interval: Duration::from_millis(100), ..Limits::default() };
    let mut host = Host::with_limits(limits);
    let pty = nix::pty::openpty(None, None).unwrap();
    let options = orchflow::AdoptOptions::new().size(Size::cells(80, 24));
    let id = host.engine.adopt(pty.master, &options).unwrap();
    for cols in [90, 91, 90] {
        host.engine.resize(id, Size::cells(cols, 24)).unwrap();
    }
    // The host would fail on an error in the log.
    host.wait("the held back change", |host| host.engine.time_to_deadline().is_none());
    host.quiesce();
}

/// Answers each line of input with `stty -a` and a line of its own.
fn mode_printer() -> (Host, TerminalId) {
    let mut host = Host::new();
    let id = host.sh("echo ready; while read x; do stty -a; echo shown; done");
    host.wait_text(id, "ready");
    (host, id)
}

/// The words of `stty -a` in the terminal now.
fn modes(host: &mut Host, id: TerminalId) -> Vec<String> {
    let before = host.output(id).len();
    host.engine.write(id, b"\n").unwrap();
    host.wait("the modes", |host| host.text(id)[before..].contains("shown"));
    let text = host.text(id)[before..].to_owned();
    text.split([' ', ';', '\n', '\r']).map(str::to_owned).collect()
}

fn assert_modes(host: &mut Host, id: TerminalId, expected: &str) {
    let words = modes(host, id);
    for mode in expected.split(' ') {
        assert!(words.iter().any(|word| word == mode), "{mode} in {words:?}");
    }
}

#[test]
fn modes_are_seen_by_the_program() {
    let (mut host, id) = mode_printer();
    assert_modes(&mut host, id, "icanon isig echo opost icrnl ixon");
    let steps = [
        (Mode::NoEcho, "-echo icanon isig opost"),
        (Mode::Echo, "echo icanon isig opost"),
        (Mode::Raw, "-icanon -isig -echo -opost -icrnl -ixon -iexten"),
        (Mode::Echo, "echo -icanon -isig -opost"),
        (Mode::Cooked, "icanon isig echo echoe echok opost onlcr icrnl ixon brkint iexten iutf8"),
        (Mode::Cooked, "icanon isig echo -istrip -igncr -inlcr -parmrk -ignbrk"),
    ];
    for (mode, expected) in steps {
        host.engine.set_mode(id, mode).unwrap();
        assert_modes(&mut host, id, expected);
    }
}

#[test]
fn cooking_leaves_control_characters_alone() {
    let mut host = Host::new();
    let id = host.sh("stty intr @ eof Z; echo ready; while read x; do stty -a; echo shown; done");
    host.wait_text(id, "ready");
    host.engine.set_mode(id, Mode::Raw).unwrap();
    host.engine.set_mode(id, Mode::Cooked).unwrap();
    let words = modes(&mut host, id).join(" ");
    assert!(words.contains("intr = @") && words.contains("eof = Z"), "{words}");
}

#[test]
fn what_is_typed_after_no_echo_is_not_shown() {
    let mut host = Host::new();
    let id = host.sh("read secret; echo next; read public; echo got $secret $public");
    host.engine.set_mode(id, Mode::NoEcho).unwrap();
    host.engine.write(id, b"hidden\n").unwrap();
    // The kernel echoes when it processes input, a moment after the write.
    host.wait_text(id, "next");
    host.engine.set_mode(id, Mode::Echo).unwrap();
    host.engine.write(id, b"shown\n").unwrap();
    host.wait_exit(id);
    assert_eq!(host.text(id), "next\r\nshown\r\ngot hidden shown\r\n");
}

/// A shell with job control gives its job a process group of its own, the foreground one.
fn shell_with_a_job(host: &mut Host) -> TerminalId {
    let script = "set -m; trap 'echo leader' USR1; echo ready; sleep 1000; echo after $?";
    let id = host.sh(script);
    host.wait_text(id, "ready");
    wait_for("the job in the foreground", || {
        let state = host.engine.terminal_state(id).unwrap();
        state.foreground.is_some_and(|process| process.name == "sleep")
    });
    id
}

#[test]
fn signals_reach_the_foreground_or_the_leader() {
    let mut host = Host::new();
    let id = shell_with_a_job(&mut host);
    let state = host.engine.terminal_state(id).unwrap();
    assert_ne!(state.foreground.unwrap().pid, state.pid.unwrap());
    host.engine.signal(id, libc::SIGUSR1, SignalTarget::Leader).unwrap();
    host.engine.signal(id, libc::SIGTERM, SignalTarget::Foreground).unwrap();
    assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
    let text = host.text(id);
    assert!(text.contains("leader") && text.contains("after 143"), "{text}");
}

#[test]
fn keys_are_signals() {
    let mut host = Host::new();
    let id = host.spawn(&SpawnOptions::program("cat"));
    host.engine.write(id, b"\x03").unwrap();
    let interrupted = ExitStatus::Signal { signal: libc::SIGINT, core_dumped: false };
    assert_eq!(host.wait_exit(id), interrupted);
}

#[test]
fn a_close_reaches_the_job_in_the_foreground() {
    let mut host = Host::new();
    let id = shell_with_a_job(&mut host);
    let job = host.engine.terminal_state(id).unwrap().foreground.unwrap().pid;
    host.engine.close(id, Duration::from_secs(3600)).unwrap();
    host.wait_closed(id);
    wait_for("the job's end", || support::process_state(job).is_none_or(|state| state == 'Z'));
}

#[test]
fn real_time_signals_can_be_sent_and_nonsense_not() {
    let mut host = Host::new();
    let id = host.sh("exec cat");
    for signal in [0, -1, libc::SIGRTMAX() + 1, i32::MAX, i32::MIN] {
        for target in [SignalTarget::Foreground, SignalTarget::Leader] {
            let error = host.engine.signal(id, signal, target).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{signal}");
        }
    }
    host.engine.signal(id, libc::SIGRTMAX(), SignalTarget::Leader).unwrap();
    let status = ExitStatus::Signal { signal: libc::SIGRTMAX(), core_dumped: false };
    assert_eq!(host.wait_exit(id), status);
}

#[test]
fn a_stopped_program_goes_on_when_asked() {
    let mut host = Host::new();
    let id = host.sh("kill -STOP $$; echo on; exit 5");
    let pid = host.engine.terminal_state(id).unwrap().pid.unwrap();
    wait_for("the program to stop", || support::process_state(pid) == Some('T'));
    host.quiesce();
    assert!(host.exit(id).is_none() && host.engine.terminal_state(id).unwrap().running);
    host.engine.signal(id, libc::SIGCONT, SignalTarget::Leader).unwrap();
    assert_eq!(host.wait_exit(id), ExitStatus::Code(5));
    assert_eq!(host.text(id), "on\r\n");
}
