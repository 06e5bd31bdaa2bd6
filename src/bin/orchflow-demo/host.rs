//! What the demo itself gets from the system: the terminal that it runs in, signals, a timer.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::stat::Mode;
use nix::sys::termios::{self, FlushArg, LocalFlags, OutputFlags, SetArg, Termios};

use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::time::clock_gettime;
use nix::unistd::{getpgrp, getpid, tcgetpgrp, tcsetpgrp};
use orchflow::Size;

/// Our own terminal in another mode, until this is dropped.
pub(crate) struct RawMode {
    terminal: OwnedFd,
    saved: Termios,
}

impl RawMode {
    /// Makes stdin raw, if it is a terminal.
    pub(crate) fn enter() -> nix::Result<Option<Self>> {
        change(io::stdin().as_fd(), termios::cfmakeraw)
    }

    /// Keys are not shown and not collected in lines, but still make signals. Nothing is done in the
    /// background.
    pub(crate) fn without_echo() -> nix::Result<Option<Self>> {
        let stdin = io::stdin();
        if tcgetpgrp(&stdin) != Ok(getpgrp()) {
            return Ok(None);
        }
        let keys = LocalFlags::ECHO | LocalFlags::ICANON;
        change(stdin.as_fd(), |modes| modes.local_flags.remove(keys))
    }

    /// Where only the output goes to a terminal: it gets the bytes as they are. Keys stay what they are to
    /// whoever shares that terminal. One in which we are in the background is left alone.
    pub(crate) fn for_output() -> nix::Result<Option<Self>> {
        let stdout = io::stdout();
        if tcgetpgrp(&stdout) != Ok(getpgrp()) {
            return Ok(None);
        }
        change(stdout.as_fd(), |modes| modes.output_flags.remove(OutputFlags::OPOST))
    }
}

/// Drops what was typed into our terminal and not read, where we are not in the background.
pub(crate) fn discard_input() {
    let stdin = io::stdin();
    if tcgetpgrp(&stdin) == Ok(getpgrp()) {
        let _ = termios::tcflush(&stdin, FlushArg::TCIFLUSH);
    }
}

/// The time since some moment in the past.
pub(crate) fn monotonic() -> Duration {
    clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from)
}

/// Milliseconds since 1970.
pub(crate) fn wall_clock_ms() -> i64 {
    let now = clock_gettime(nix::time::ClockId::CLOCK_REALTIME);
    now.map_or(0, |now| now.tv_sec() * 1000 + now.tv_nsec() / 1_000_000)
}

/// The local time of day as `HH:MM:SS.mmm`.
pub(crate) fn time_of_day(ms: i64) -> String {
    let seconds = ms.div_euclid(1000);
    // SAFETY: a `tm` is integers and a pointer that may be null.
    let mut local: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: localtime_r reads the one and writes the other, both valid. On failure the zeros stay.
    unsafe { libc::localtime_r(&raw const seconds, &raw mut local) };
    let (hour, minute, second) = (local.tm_hour, local.tm_min, local.tm_sec);
    format!("{hour:02}:{minute:02}:{second:02}.{:03}", ms.rem_euclid(1000))
}

fn change(fd: BorrowedFd<'_>, edit: impl FnOnce(&mut Termios)) -> nix::Result<Option<RawMode>> {
    let Ok(saved) = termios::tcgetattr(fd) else { return Ok(None) };
    let terminal = fd.try_clone_to_owned().map_err(|_| Errno::last())?;
    let mut modes = saved.clone();
    edit(&mut modes);
    termios::tcsetattr(fd, SetArg::TCSADRAIN, &modes)?;
    Ok(Some(RawMode { terminal, saved }))
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // When our terminal is gone, so is its mode.
        let _ = termios::tcsetattr(&self.terminal, SetArg::TCSADRAIN, &self.saved);
    }
}

/// The size of our own terminal. Any of our descriptors may be the one that is not redirected.
pub(crate) fn window_size() -> Option<Size> {
    let standard = [libc::STDIN_FILENO, libc::STDOUT_FILENO, libc::STDERR_FILENO];
    standard.into_iter().find_map(size_of).or_else(|| {
        let flags = OFlag::O_RDONLY | OFlag::O_NOCTTY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let tty = open("/dev/tty", flags, Mode::empty()).ok()?;
        size_of(tty.as_raw_fd())
    })
}

/// The size of this terminal, if it is one that knows its size.
fn size_of(fd: RawFd) -> Option<Size> {
    let mut raw = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ writes one winsize through a pointer that is valid for it.
    let answer = unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, &raw mut raw) };
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
        Self::catch_also(&[])
    }

    /// As [`catch`](Self::catch), with these as well.
    pub(crate) fn catch_also(further: &[Signal]) -> nix::Result<Self> {
        let usual = [Signal::SIGWINCH, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];
        let set: SigSet = usual.iter().chain(further).copied().collect();
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

/// A command is started with the signals that are caught here unblocked: blocked ones would stay so in it.
pub(crate) fn unblock_signals(command: &mut Command) {
    let unblock = || SigSet::all().thread_unblock().map_err(io::Error::from);
    // SAFETY: between fork and exec this calls sigprocmask alone, which is safe there.
    unsafe { command.pre_exec(unblock) };
}

/// A command with a process group of its own begins as the foreground one of the terminal that is its stdin.
/// SIGTTOU is blocked in the caller, and [`unblock_signals`] comes later.
pub(crate) fn take_terminal(command: &mut Command) {
    let take = || tcsetpgrp(io::stdin(), getpid()).map_err(io::Error::from);
    // SAFETY: between fork and exec this calls tcsetpgrp and getpid alone, which are safe there.
    unsafe { command.pre_exec(take) };
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

    /// It does not fire, whatever was set before.
    pub(crate) fn clear(&self) -> nix::Result<()> {
        self.fd.unset()
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
