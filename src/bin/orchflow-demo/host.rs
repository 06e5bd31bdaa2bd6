//! What the demo uses of the system: its terminal, signals and a timer.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, FcntlArg, FdFlag, OFlag, OpenHow, fcntl, open, openat2};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::stat::Mode;
use nix::sys::termios::{self, FlushArg, LocalFlags, OutputFlags, SetArg, Termios};

use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::time::clock_gettime;
use nix::unistd::{getpgrp, getpid, tcgetpgrp, tcsetpgrp};
use orchflow::Size;

/// Changes the modes of the terminal until it is dropped.
pub(crate) struct RawMode {
    terminal: OwnedFd,
    saved: Termios,
}

impl RawMode {
    /// Makes stdin raw, if it is a terminal.
    pub(crate) fn enter() -> nix::Result<Option<Self>> {
        change(io::stdin().as_fd(), termios::cfmakeraw)
    }

    /// Disables echo and line editing; keys still send signals. Does nothing in the background.
    pub(crate) fn without_echo() -> nix::Result<Option<Self>> {
        let stdin = io::stdin();
        if tcgetpgrp(&stdin) != Ok(getpgrp()) {
            return Ok(None);
        }
        let keys = LocalFlags::ECHO | LocalFlags::ICANON;
        change(stdin.as_fd(), |modes| modes.local_flags.remove(keys))
    }

    /// For a terminal that is only used for output: bytes are sent unchanged, and keys are left
    /// alone for other readers of that terminal. Does nothing in the background.
    pub(crate) fn for_output() -> nix::Result<Option<Self>> {
        let stdout = io::stdout();
        if tcgetpgrp(&stdout) != Ok(getpgrp()) {
            return Ok(None);
        }
        change(stdout.as_fd(), |modes| modes.output_flags.remove(OutputFlags::OPOST))
    }
}

/// Discards unread input of the terminal, unless the demo is in the background.
pub(crate) fn discard_input() {
    let stdin = io::stdin();
    if tcgetpgrp(&stdin) == Ok(getpgrp()) {
        let _ = termios::tcflush(&stdin, FlushArg::TCIFLUSH);
    }
}

/// Monotonic time since an unspecified start.
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

/// The time in UTC as in RFC 3339, with milliseconds.
pub(crate) fn utc(ms: i64) -> String {
    let seconds = ms.div_euclid(1000);
    // SAFETY: a `tm` is integers and a pointer that may be null.
    let mut utc: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: gmtime_r reads the one and writes the other, both valid. On failure the zeros stay.
    unsafe { libc::gmtime_r(&raw const seconds, &raw mut utc) };
    let (year, month, day) = (utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
    let (hour, minute, second, ms) = (utc.tm_hour, utc.tm_min, utc.tm_sec, ms.rem_euclid(1000));
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// System calls that the engine uses where they are there, and goes without where a kernel or a sandbox lacks them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct KernelCalls {
    pub(crate) pidfd_open: bool,
    pub(crate) openat2: bool,
    pub(crate) close_range: bool,
    pub(crate) memfd_create: bool,
}

impl KernelCalls {
    /// Tries each; changes nothing.
    pub(crate) fn try_all() -> Self {
        // SAFETY: pidfd_open takes two integers.
        let pidfd = unsafe { libc::syscall(libc::SYS_pidfd_open, getpid().as_raw(), 0) };
        if let Ok(pidfd) = RawFd::try_from(pidfd)
            && pidfd >= 0
        {
            // SAFETY: the system call has just made this descriptor for us.
            drop(unsafe { OwnedFd::from_raw_fd(pidfd) });
        }
        // SAFETY: close_range takes three integers; no descriptor has this number.
        let closed = unsafe { libc::syscall(libc::SYS_close_range, u32::MAX, u32::MAX, 0) };
        let how = OpenHow::new().flags(OFlag::O_PATH | OFlag::O_CLOEXEC);
        KernelCalls {
            pidfd_open: pidfd >= 0,
            openat2: openat2(AT_FDCWD, "/", how).is_ok(),
            close_range: closed == 0,
            memfd_create: memfd_create(c"orchflow-doctor", MFdFlags::MFD_CLOEXEC).is_ok(),
        }
    }
}

/// The version of the C library.
pub(crate) fn glibc_version() -> String {
    // SAFETY: it takes nothing and gives a string that is there for good.
    let version = unsafe { libc::gnu_get_libc_version() };
    // SAFETY: the string ends with a NUL and is never changed.
    unsafe { CStr::from_ptr(version) }.to_string_lossy().into_owned()
}

/// The descriptors from 3 on that this process was started with, made close-on-exec. Call it once, before anything else
/// is opened.
pub(crate) fn inherited(count: RawFd) -> nix::Result<Vec<OwnedFd>> {
    let take = |fd| {
        // SAFETY: the descriptor is only looked at; a closed one makes the system call fail.
        let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
        fcntl(borrowed, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        // SAFETY: it is open, and whoever started this process left it to us.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    };
    (3..3 + count).map(take).collect()
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
        // If the terminal is gone, there is nothing to restore.
        let _ = termios::tcsetattr(&self.terminal, SetArg::TCSADRAIN, &self.saved);
    }
}

/// The size of the terminal, from the first descriptor that is one.
pub(crate) fn window_size() -> Option<Size> {
    let standard = [libc::STDIN_FILENO, libc::STDOUT_FILENO, libc::STDERR_FILENO];
    standard.into_iter().find_map(size_of).or_else(|| {
        let flags = OFlag::O_RDONLY | OFlag::O_NOCTTY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let tty = open("/dev/tty", flags, Mode::empty()).ok()?;
        size_of(tty.as_raw_fd())
    })
}

/// The size of this descriptor's terminal, if it is a terminal with a size.
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

/// The handled signals as a descriptor: window size changes and requests to end.
pub(crate) struct Signals {
    fd: SignalFd,
}

impl Signals {
    pub(crate) fn catch() -> nix::Result<Self> {
        Self::catch_also(&[])
    }

    /// As [`catch`](Self::catch), with further signals.
    pub(crate) fn catch_also(further: &[Signal]) -> nix::Result<Self> {
        let usual = [Signal::SIGWINCH, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];
        let set: SigSet = usual.iter().chain(further).copied().collect();
        set.thread_block()?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Signals { fd: SignalFd::with_flags(&set, flags)? })
    }

    /// The next pending signal.
    pub(crate) fn next(&self) -> nix::Result<Option<i32>> {
        match self.fd.read_signal() {
            Ok(signal) => Ok(signal.map(|info| info.ssi_signo as i32)),
            Err(Errno::EAGAIN) => Ok(None),
            Err(errno) => Err(errno),
        }
    }
}

/// Unblocks the handled signals in a command, which would inherit the signal mask.
pub(crate) fn unblock_signals(command: &mut Command) {
    let unblock = || SigSet::all().thread_unblock().map_err(io::Error::from);
    // SAFETY: between fork and exec this calls sigprocmask alone, which is safe there.
    unsafe { command.pre_exec(unblock) };
}

/// Puts a command with a process group of its own into the foreground of its stdin. SIGTTOU is
/// blocked in the caller; [`unblock_signals`] is called later.
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

    /// Fires once after this time; replaces the time that was set before.
    pub(crate) fn set(&self, after: Duration) -> nix::Result<()> {
        // Zero would disarm the timer.
        let after = after.max(Duration::from_nanos(1));
        self.fd.set(Expiration::OneShot(after.into()), TimerSetTimeFlags::empty())
    }

    /// Disarms the timer.
    pub(crate) fn clear(&self) -> nix::Result<()> {
        self.fd.unset()
    }

    /// Whether it has fired since the last call.
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
