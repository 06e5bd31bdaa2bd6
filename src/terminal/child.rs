//! A child process, watched through a pidfd: no SIGCHLD, no `waitpid(-1)`, nothing that a host could
//! notice. It is reaped as soon as the pidfd says that it ended.
//!
//! A host that ignores SIGCHLD or reaps everybody's children takes the exit status away from us.
//! The end is then still noticed, with [`ExitStatus::Unknown`].

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::sync::Mutex;

use mio::Interest;
use nix::errno::Errno;

use crate::error::{Error, ErrorKind, Result};
use crate::reactor::{Reactor, Source};

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// It exited with this code, 0 to 255.
    Code(i32),
    /// A signal killed it.
    Signal {
        /// The signal's number.
        signal: i32,
        /// Whether a core was dumped.
        core_dumped: bool,
    },
    /// It ended and somebody else collected its status.
    Unknown,
}

impl ExitStatus {
    /// Whether the program exited with code 0.
    pub fn success(self) -> bool {
        self == ExitStatus::Code(0)
    }
}

pub(crate) struct Child {
    pid: i32,
    /// `None` when the process was gone before it could be watched.
    pidfd: Option<OwnedFd>,
    status: Option<ExitStatus>,
}

impl Child {
    /// Watches a process. One that is gone already has ended with an unknown status.
    pub(crate) fn watch(pid: i32) -> Result<Self> {
        // SAFETY: pidfd_open takes two integers.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        match Errno::result(fd) {
            Ok(fd) => {
                // SAFETY: the system call has just made this descriptor for us, close-on-exec.
                let pidfd = unsafe { OwnedFd::from_raw_fd(fd as i32) };
                Ok(Child { pid, pidfd: Some(pidfd), status: None })
            }
            Err(Errno::ESRCH) => Ok(Child { pid, pidfd: None, status: Some(ExitStatus::Unknown) }),
            Err(errno) => Err(Error::system("pidfd_open", errno)),
        }
    }

    pub(crate) fn register(&self, reactor: &Reactor, source: Source) -> Result<()> {
        match &self.pidfd {
            Some(pidfd) => reactor.register(pidfd.as_fd(), source, Interest::READABLE),
            None => Ok(()),
        }
    }

    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    pub(crate) fn status(&self) -> Option<ExitStatus> {
        self.status
    }

    /// Collects the status if the process has ended, without waiting, and stops watching it then.
    pub(crate) fn reap(&mut self, reactor: &Reactor) -> Option<ExitStatus> {
        if let Some(pidfd) = &self.pidfd
            && let Some(status) = wait(pidfd)
        {
            self.status = Some(status);
            reactor.deregister(pidfd.as_fd());
            self.pidfd = None;
        }
        self.status
    }

    /// Signals the process group that the child leads. Only until it is reaped: afterwards the
    /// number may belong to somebody else.
    pub(crate) fn signal_group(&self, signal: i32) -> Result<()> {
        if self.pidfd.is_none() {
            return Err(Error::new(ErrorKind::Ended, "the program has ended"));
        }
        signal_group(self.pid, signal)
    }

    /// Kills what is left and hands the child to whoever reaps next; for an engine that is dropped
    /// and must not wait.
    pub(crate) fn abandon(mut self) {
        let Some(pidfd) = self.pidfd.take() else { return };
        let _ = signal_group(self.pid, libc::SIGHUP);
        let _ = signal_group(self.pid, libc::SIGKILL);
        if let Ok(mut orphans) = ORPHANS.lock() {
            orphans.push(pidfd);
        }
    }
}

/// Children of engines that were dropped while these ran. They were killed; each engine that starts
/// or ends in this process reaps those that have died since. The lock is never taken in a turn.
static ORPHANS: Mutex<Vec<OwnedFd>> = Mutex::new(Vec::new());

/// Reaps the children of dropped engines, without waiting.
pub(crate) fn reap_orphans() {
    if let Ok(mut orphans) = ORPHANS.lock() {
        orphans.retain(|pidfd| wait(pidfd).is_none());
    }
}

/// Kills and reaps a child that was started a moment ago and could not be watched. Waits for it, for
/// lack of a descriptor to be told by; it is ours alone and has not done anything yet.
pub(crate) fn discard(pid: i32) {
    let _ = signal_group(pid, libc::SIGKILL);
    let _ = nix::sys::wait::waitpid(nix::unistd::Pid::from_raw(pid), None);
}

/// Sends a signal to a process group; a group that is gone is an `Ended` error.
pub(crate) fn signal_group(group: i32, signal: i32) -> Result<()> {
    debug_assert!(group > 1);
    // SAFETY: killpg takes two integers.
    let outcome = Errno::result(unsafe { libc::killpg(group, signal) });
    match outcome {
        Ok(_) => Ok(()),
        Err(Errno::ESRCH) => Err(Error::new(ErrorKind::Ended, "the process group is gone")),
        Err(Errno::EINVAL) => Err(Error::invalid(format!("{signal} is not a signal"))),
        Err(errno) => Err(Error::system("signal a process group", errno)),
    }
}

/// The status of an ended child, collected without waiting.
///
/// Not through nix: its conversion fails on real-time signals after the child has been reaped.
fn wait(pidfd: &OwnedFd) -> Option<ExitStatus> {
    // SAFETY: siginfo_t is plain data for which all zeroes is valid.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let fd = pidfd.as_raw_fd() as libc::id_t;
    let options = libc::WEXITED | libc::WNOHANG;
    // SAFETY: waitid writes one siginfo_t through a pointer that is valid for it.
    let outcome = Errno::result(unsafe { libc::waitid(libc::P_PIDFD, fd, &raw mut info, options) });
    if outcome.is_err() {
        // ECHILD: not our child, or reaped by the host. Readiness of the pidfd tells it from a bug.
        return is_readable(pidfd).then_some(ExitStatus::Unknown);
    }
    // SAFETY: waitid has filled the fields of a child's end, or left zeroes when none ended.
    let pid = unsafe { info.si_pid() };
    if pid == 0 {
        return None;
    }
    // SAFETY: as above.
    let status = unsafe { info.si_status() };
    Some(match info.si_code {
        libc::CLD_EXITED => ExitStatus::Code(status),
        code => ExitStatus::Signal { signal: status, core_dumped: code == libc::CLD_DUMPED },
    })
}

fn is_readable(fd: &OwnedFd) -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}
