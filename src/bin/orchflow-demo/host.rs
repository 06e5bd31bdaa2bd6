//! What the demo itself gets from the system: the terminal that it runs in, signals, a timer.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::termios::{self, SetArg, Termios};
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use orchflow::Size;

/// Our own terminal in raw mode, until this is dropped.
pub(crate) struct RawMode {
    saved: Termios,
}

impl RawMode {
    /// Makes stdin raw, if it is a terminal.
    pub(crate) fn enter() -> nix::Result<Option<Self>> {
        let stdin = io::stdin();
        let Ok(saved) = termios::tcgetattr(&stdin) else { return Ok(None) };
        let mut raw = saved.clone();
        termios::cfmakeraw(&mut raw);
        termios::tcsetattr(&stdin, SetArg::TCSADRAIN, &raw)?;
        Ok(Some(RawMode { saved }))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // When our terminal is gone, so is its mode.
        let _ = termios::tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.saved);
    }
}

/// The size of our own terminal, if stdin is one that knows its size.
pub(crate) fn window_size() -> Option<Size> {
    let mut raw = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ writes one winsize through a pointer that is valid for it.
    let answer = unsafe { libc::ioctl(libc::STDIN_FILENO, libc::TIOCGWINSZ, &raw mut raw) };
    let known = answer == 0 && raw.ws_row > 0 && raw.ws_col > 0;
    known.then_some(Size {
        cols: raw.ws_col,
        rows: raw.ws_row,
        pixel_width: raw.ws_xpixel,
        pixel_height: raw.ws_ypixel,
    })
}

/// The signals that matter here, as a descriptor: window size, and requests to end.
pub(crate) struct Signals {
    fd: SignalFd,
}

impl Signals {
    pub(crate) fn catch() -> nix::Result<Self> {
        let mut set = SigSet::empty();
        for signal in [Signal::SIGWINCH, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
            set.add(signal);
        }
        set.thread_block()?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Signals { fd: SignalFd::with_flags(&set, flags)? })
    }

    /// The next signal that has come.
    pub(crate) fn next(&self) -> nix::Result<Option<i32>> {
        match self.fd.read_signal() {
            Ok(signal) => Ok(signal.map(|info| info.ssi_signo as i32)),
            Err(Errno::EAGAIN) => Ok(None),
            Err(errno) => Err(errno),
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A timer as a descriptor.
pub(crate) struct Timer {
    fd: TimerFd,
}

impl Timer {
    pub(crate) fn new() -> nix::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        Ok(Timer { fd: TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)? })
    }

    /// Fires once after this time, in place of what was set before.
    pub(crate) fn set(&self, after: Duration) -> nix::Result<()> {
        // A time of zero would switch it off.
        let after = after.max(Duration::from_nanos(1));
        self.fd.set(Expiration::OneShot(after.into()), TimerSetTimeFlags::empty())
    }

    /// Whether it has fired since it was asked.
    pub(crate) fn has_fired(&self) -> nix::Result<bool> {
        match self.fd.wait() {
            Ok(()) => Ok(true),
            Err(Errno::EAGAIN) => Ok(false),
            Err(errno) => Err(errno),
        }
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
