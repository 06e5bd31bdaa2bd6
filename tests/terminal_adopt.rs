//! Terminals that the host opened itself: their bytes go both ways, and a program that is known by
//! its process id is watched like one that was spawned.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::pty::{OpenptyResult, openpty};
use nix::sys::termios::{self, SetArg};
use orchflow::{AdoptOptions, Delivery, ErrorKind, ExitStatus, Limits, Size, TerminalFilter};
use support::files::{assert_same, noise, with_crlf};
use support::host::Host;
use support::wait_for;

/// A PTY whose slave the test reads and writes as a program would, without echo.
fn quiet_pty() -> OpenptyResult {
    let pty = openpty(None, None).unwrap();
    let mut modes = termios::tcgetattr(&pty.slave).unwrap();
    modes.local_flags.remove(termios::LocalFlags::ECHO);
    termios::tcsetattr(&pty.slave, SetArg::TCSANOW, &modes).unwrap();
    pty
}

/// Runs a script as the leader of a session on this slave; its process id. Whoever adopts the PTY with
/// it is to reap it.
#[allow(clippy::zombie_processes)]
fn run_on(slave: &OwnedFd, script: &str) -> i32 {
    let stdio = || Stdio::from(slave.try_clone().unwrap());
    let mut command = Command::new("setsid");
    command.args(["--ctty", "sh", "-c", script]);
    let child = command.stdin(stdio()).stdout(stdio()).stderr(stdio()).spawn().unwrap();
    child.id() as i32
}

#[test]
fn bytes_go_both_ways_until_the_slave_is_closed() {
    let mut host = Host::new();
    let pty = quiet_pty();
    let id = host.engine.adopt(pty.master, &AdoptOptions::new().tag(7)).unwrap();
    let mut slave = std::fs::File::from(pty.slave);
    slave.write_all(b"from the program\n").unwrap();
    host.wait_text(id, "from the program\r\n");
    host.engine.write(id, b"from the host\n").unwrap();
    let mut line = [0; 64];
    let n = slave.read(&mut line).unwrap();
    assert_eq!(&line[..n], b"from the host\n");
    let state = host.engine.terminal_state(id).unwrap();
    assert!(state.running && state.pid.is_none() && state.exit.is_none() && state.tag == 7);
    slave.write_all(b"bye").unwrap();
    drop(slave);
    host.wait_eof(id);
    assert_eq!(host.text(id), "from the program\r\nbye");
    assert_eq!(host.seen(id).eof, Some(21));
    let state = host.engine.terminal_state(id).unwrap();
    assert!(!state.running && state.hung_up);
    assert!(host.exit(id).is_none(), "no program is known");
    host.close(id);
}

/// More than the log and the kernel hold together, written by a thread that blocks.
#[test]
fn a_big_write_to_the_slave_arrives_whole() {
    let bytes = noise(40, 4 << 20);
    let mut host = Host::new();
    let pty = quiet_pty();
    let id = host.engine.adopt(pty.master, &AdoptOptions::new().log_bytes(64 << 10)).unwrap();
    let mut slave = std::fs::File::from(pty.slave);
    let expected = with_crlf(&bytes);
    let writer = std::thread::spawn(move || slave.write_all(&bytes).unwrap());
    host.wait_eof(id);
    writer.join().unwrap();
    assert_same("written", host.output(id), &expected);
}

#[test]
fn what_was_written_before_the_adoption_is_there() {
    let mut host = Host::new();
    let pty = quiet_pty();
    nix::unistd::write(&pty.slave, b"early").unwrap();
    drop(pty.slave);
    let id = host.engine.adopt(pty.master, &AdoptOptions::new()).unwrap();
    host.wait_eof(id);
    assert_eq!(host.text(id), "early");
}

#[test]
fn the_descriptor_becomes_the_engines() {
    let mut host = Host::new();
    let pty = quiet_pty();
    let copy = pty.master.try_clone().unwrap();
    let number = pty.master.as_raw_fd();
    fcntl(&pty.master, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
    let id = host.engine.adopt(pty.master, &AdoptOptions::new()).unwrap();
    let flags = OFlag::from_bits_truncate(fcntl(&copy, FcntlArg::F_GETFL).unwrap());
    assert!(flags.contains(OFlag::O_NONBLOCK));
    // SAFETY: fcntl takes two integers here; the descriptor is the engine's and open.
    let flags = unsafe { libc::fcntl(number, libc::F_GETFD) };
    assert_eq!(flags, libc::FD_CLOEXEC);
    drop(copy);
    host.close(id);
    let hung_up = nix::unistd::write(&pty.slave, b"x");
    assert_eq!(hung_up, Err(nix::errno::Errno::EIO), "nobody holds the master any more");
}

/// The host may share the open file with others, so a refusal must not have changed it.
#[test]
fn a_refused_adoption_changes_nothing() {
    let mut host = Host::new();
    let pty = quiet_pty();
    let size = Size::cells(33, 11);
    for options in [AdoptOptions::new().pid(1), AdoptOptions::new().log_bytes(1)] {
        let copy = pty.master.try_clone().unwrap();
        host.engine.adopt(copy, &options.size(size)).unwrap_err();
        let flags = OFlag::from_bits_truncate(fcntl(&pty.master, FcntlArg::F_GETFL).unwrap());
        assert!(!flags.contains(OFlag::O_NONBLOCK));
    }
    let id = host.engine.adopt(pty.master, &AdoptOptions::new()).unwrap();
    assert_ne!(host.engine.terminal_state(id).unwrap().size, size);
}

/// The line discipline echoes also what nobody will ever read ("^A" for each 1 here): a host that
/// writes as fast as it reads would otherwise feed the terminal's own end away.
#[test]
fn the_echo_of_input_does_not_put_off_the_end() {
    let limits = Limits { turn_bytes_per_terminal: 1024, turn_bytes: 1024, ..Limits::default() };
    for queued in [0, 200_000] {
        let mut host = Host::with_limits(limits.clone());
        let pty = openpty(None, None).unwrap();
        let master = pty.master.try_clone().unwrap();
        let id = host.engine.adopt(pty.master, &AdoptOptions::new()).unwrap();
        host.engine.write(id, &vec![1; queued]).unwrap();
        drop(pty.slave);
        let ended = (0..300).any(|_| {
            host.engine.turn(None).unwrap();
            host.read_events();
            let written = host.engine.write(id, &[1; 20_000]);
            if written.is_ok() {
                wait_for("more echo than a turn reads", || readable_bytes(&master) > 1024);
            }
            written.is_err_and(|e| e.kind() == ErrorKind::Ended)
        });
        assert!(ended, "with {queued} bytes written before");
        host.wait_eof(id);
        host.close(id);
    }
}

/// Bytes that can be read from a master at once.
fn readable_bytes(master: &OwnedFd) -> i32 {
    let mut bytes = 0;
    // SAFETY: FIONREAD writes one int through a pointer that is valid for it.
    assert_eq!(unsafe { libc::ioctl(master.as_raw_fd(), libc::FIONREAD, &raw mut bytes) }, 0);
    bytes
}

/// In packet mode every read of a master begins with a status byte, which is no output.
#[test]
fn packet_mode_is_switched_off() {
    let mut host = Host::new();
    let pty = quiet_pty();
    let on: libc::c_int = 1;
    // SAFETY: TIOCPKT reads one int through a pointer that is valid for it.
    let answer = unsafe { libc::ioctl(pty.master.as_raw_fd(), libc::TIOCPKT, &raw const on) };
    assert_eq!(answer, 0);
    let id = host.engine.adopt(pty.master, &AdoptOptions::new()).unwrap();
    nix::unistd::write(&pty.slave, b"output").unwrap();
    drop(pty.slave);
    host.wait_eof(id);
    assert_eq!(host.text(id), "output");
}

#[test]
fn the_size_is_kept_or_set() {
    let mut host = Host::new();
    let size = Size { cols: 70, rows: 20, pixel_width: 700, pixel_height: 400 };
    let raw = nix::pty::Winsize { ws_row: 20, ws_col: 70, ws_xpixel: 700, ws_ypixel: 400 };
    let pty = openpty(Some(&raw), None).unwrap();
    let kept = host.engine.adopt(pty.master, &AdoptOptions::new()).unwrap();
    assert_eq!(host.engine.terminal_state(kept).unwrap().size, size);

    let other = openpty(None, None).unwrap();
    let set = host.engine.adopt(other.master, &AdoptOptions::new().size(size)).unwrap();
    assert_eq!(host.engine.terminal_state(set).unwrap().size, size);
    let mut seen = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ writes one winsize through a pointer that is valid for it.
    unsafe { libc::ioctl(other.slave.as_raw_fd(), libc::TIOCGWINSZ, &raw mut seen) };
    assert_eq!((seen.ws_row, seen.ws_col, seen.ws_xpixel, seen.ws_ypixel), (20, 70, 700, 400));
}

#[test]
fn only_masters_are_adopted() {
    let mut host = Host::new();
    let pty = quiet_pty();
    let (pipe, _other_end) = nix::unistd::pipe().unwrap();
    let null: OwnedFd = std::fs::File::open("/dev/null").unwrap().into();
    for descriptor in [pty.slave, pipe, null] {
        let error = host.engine.adopt(descriptor, &AdoptOptions::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
    for options in [
        AdoptOptions::new().pid(0),
        AdoptOptions::new().pid(1),
        AdoptOptions::new().pid(-5),
        AdoptOptions::new().log_bytes(1),
        AdoptOptions::new().size(Size::cells(0, 0)),
    ] {
        let error = host.engine.adopt(quiet_pty().master, &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{options:?}");
    }
    assert_eq!(host.engine.terminals(TerminalFilter::All), []);
}

#[test]
fn a_known_program_is_watched_and_reaped() {
    let mut host = Host::new();
    let pty = quiet_pty();
    let pid = run_on(&pty.slave, "echo ready; read x; echo got $x; exit 6");
    let id = host.engine.adopt(pty.master, &AdoptOptions::new().pid(pid)).unwrap();
    drop(pty.slave);
    host.wait_text(id, "ready");
    host.engine.write(id, b"it\n").unwrap();
    assert_eq!(host.wait_exit(id), ExitStatus::Code(6));
    assert_eq!(host.text(id), "ready\r\ngot it\r\n");
    assert_eq!(support::process_state(pid), None, "reaped");
    assert_eq!(host.engine.terminal_state(id).unwrap().pid, Some(pid));
    host.close(id);
}

#[test]
fn a_known_program_is_closed_like_a_spawned_one() {
    let mut host = Host::new();
    let pty = quiet_pty();
    let pid = run_on(&pty.slave, "trap '' HUP; echo ready; while :; do sleep 1000; done");
    let options = AdoptOptions::new().pid(pid);
    let id = host.engine.adopt(pty.master, &options).unwrap();
    drop(pty.slave);
    host.wait_text(id, "ready");
    host.engine.close(id, Duration::from_millis(20)).unwrap();
    host.wait_closed(id);
    let killed = ExitStatus::Signal { signal: 9, core_dumped: false };
    assert_eq!(host.exit(id).unwrap().0, killed);
}

/// The status of somebody else's child cannot be known, its end can.
#[test]
fn the_end_of_a_program_that_is_no_child_is_noticed() {
    let mut host = Host::new();
    let pty = quiet_pty();
    let parent = host.sh("sleep 1000 & echo pid $!; wait; exec cat");
    host.wait("the grandchild's pid", |host| host.text(parent).ends_with("\r\n"));
    let pid = host.text(parent).trim().strip_prefix("pid ").unwrap().parse().unwrap();
    let id = host.engine.adopt(pty.master, &AdoptOptions::new().pid(pid)).unwrap();
    host.quiesce();
    assert!(host.exit(id).is_none() && host.engine.terminal_state(id).unwrap().running);
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGKILL).unwrap();
    assert_eq!(host.wait_exit(id), ExitStatus::Unknown);
}

#[test]
fn a_program_that_is_gone_already_has_ended() {
    let mut host = Host::new();
    let pty = quiet_pty();
    let pid = run_on(&pty.slave, "echo last words");
    nix::sys::wait::waitpid(nix::unistd::Pid::from_raw(pid), None).unwrap();
    drop(pty.slave);
    let options = AdoptOptions::new().pid(pid).reader(Some(Delivery::Lossy));
    let id = host.engine.adopt(pty.master, &options).unwrap();
    assert_eq!(host.wait_exit(id), ExitStatus::Unknown);
    assert_eq!(host.text(id), "last words\r\n");
    host.wait_eof(id);
}
