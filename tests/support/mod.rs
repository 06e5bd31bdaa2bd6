//! What the integration tests share: a host that drives one engine the way an editor would.
//!
//! [`Host`] polls the engine's descriptor without a timeout of its own and reads every event. The
//! only timeout is the watchdog: a wait that takes longer than [`WATCHDOG`] panics with everything
//! that is known, so a stall is a failure with a reason and never a hang.
//!
//! The host also holds the rules that are true for every test: offsets are contiguous, an exit comes
//! after the last byte of every reader, nothing comes after `Closed`, and no error is logged.

#![allow(dead_code)] // Every test binary uses another part of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

pub(crate) mod files;
pub(crate) mod flaky;
pub(crate) mod havoc;
pub(crate) mod host;
pub(crate) mod mirror;
pub(crate) mod namespace;
pub(crate) mod pair;
pub(crate) mod piped;
pub(crate) mod played;
pub(crate) mod repositories;
pub(crate) mod view;

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orchflow::Engine;

/// How long a wait may take before it counts as a stall.
pub(crate) const WATCHDOG: Duration = Duration::from_secs(60);

/// Whether the long form of the tests was asked for, with `ORCHFLOW_SOAK=1`.
pub(crate) fn is_soak() -> bool {
    std::env::var_os("ORCHFLOW_SOAK").is_some_and(|value| value == "1")
}

/// `normally`, or `in_soak` in the long form of the tests.
pub(crate) fn scaled(normally: usize, in_soak: usize) -> usize {
    if is_soak() { in_soak } else { normally }
}

/// Whether a program is there that a test needs. Where all of them have to be (`make test`), one that is
/// missing is a failure.
pub(crate) fn has_tool(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).exists());
    let strict = std::env::var_os("ORCHFLOW_TOOLS_STRICT").is_some_and(|value| value == "1");
    assert!(found || !strict, "{program} is missing");
    found
}

/// Whether the engine's descriptor is readable now.
pub(crate) fn is_readable(engine: &Engine) -> bool {
    wait_readable(engine, Duration::ZERO)
}

/// Polls a descriptor, at most this long; whether it became readable.
pub(crate) fn wait_readable(fd: &impl AsFd, at_most: Duration) -> bool {
    let end = Instant::now() + at_most;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).expect("a timeout of less than 24 days");
        let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, timeout) {
            Ok(ready) => return ready > 0,
            Err(Errno::EINTR) => {}
            Err(errno) => panic!("poll: {errno}"),
        }
    }
}

/// Calls `done` until it is true. For what no descriptor shows, like the death of a process that is
/// not a child; it gives the processor away in between and stops at the watchdog.
pub(crate) fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + WATCHDOG;
    while !done() {
        assert!(Instant::now() < end, "waited in vain for: {what}");
        std::thread::yield_now();
    }
}

/// The state letter of a process in /proc (`R`, `S`, `T`, `Z`), or `None` when it is gone.
pub(crate) fn process_state(pid: i32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may contain anything, so the fields count from its end.
    stat.rsplit_once(") ")?.1.chars().next()
}

/// A PTY that passes bytes unchanged both ways, without echo. The slave is for the test to read and
/// write, as a program would.
pub(crate) fn raw_pty() -> nix::pty::OpenptyResult {
    use nix::sys::termios;
    let pty = nix::pty::openpty(None, None).expect("a PTY");
    let mut modes = termios::tcgetattr(&pty.slave).expect("the modes of a PTY");
    termios::cfmakeraw(&mut modes);
    termios::tcsetattr(&pty.slave, termios::SetArg::TCSANOW, &modes).expect("other modes");
    pty
}
