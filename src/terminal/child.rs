//! A child process, watched through a pidfd: no SIGCHLD, no `waitpid(-1)`, nothing that a host could
//! notice. It is reaped as soon as the pidfd says that it ended. Where there are no pidfds the end is looked
//! for by the process id ([`exit_poll`](super::exit_poll)), again only that of our own child.
//!
//! Nothing here waits. A child that outlives its engine was killed and is reaped later ([`reap_programs`]).
//!
//! A host that ignores SIGCHLD or reaps everybody's children takes the exit status away from us.
//! The end is then still noticed, with [`ExitStatus::Unknown`].

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mio::Interest;
use nix::errno::Errno;

use super::key::Source;
use super::procfs;
use crate::error::{Error, ErrorKind, Result};
use crate::reactor::{ProcessIdentity, Reactor};

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
    process: Unreaped,
    status: Option<ExitStatus>,
    /// The pidfd is in the epoll set.
    is_registered: bool,
}

/// A process that has not been seen to end.
struct Unreaped {
    pid: i32,
    /// `None` where the system gives no pidfds, and once the process has been reaped.
    pidfd: Option<OwnedFd>,
}

impl Child {
    /// Watches a process. One that is gone already has ended with an unknown status.
    ///
    /// Where the system call is missing or forbidden the process is watched without a pidfd: see
    /// [`is_polled`](Self::is_polled).
    pub(crate) fn watch(pid: i32) -> Result<Self> {
        // SAFETY: pidfd_open takes two integers.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        let pidfd = match Errno::result(fd) {
            // SAFETY: the system call has just made this descriptor for us, close-on-exec.
            Ok(fd) => Some(unsafe { OwnedFd::from_raw_fd(fd as i32) }),
            Err(errno @ (Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM)) => {
                return Err(Error::system("pidfd_open", errno));
            }
            // ESRCH: it is gone. ENOSYS from an old kernel, valgrind or a sandbox, EPERM from another
            // sandbox: nothing will report an end, and it may have come already.
            Err(_) => None,
        };
        let process = Unreaped { pid, pidfd };
        let status = if process.pidfd.is_none() { process.wait() } else { None };
        Ok(Child { process, status, is_registered: false })
    }

    pub(crate) fn register(&mut self, reactor: &Reactor, source: Source) -> Result<()> {
        if let Some(pidfd) = &self.process.pidfd {
            reactor.register(pidfd.as_fd(), source, Interest::READABLE)?;
            self.is_registered = true;
        }
        Ok(())
    }

    pub(crate) fn pid(&self) -> i32 {
        self.process.pid
    }

    pub(crate) fn status(&self) -> Option<ExitStatus> {
        self.status
    }

    /// Nothing reports the end: it has to be looked for with [`reap`](Self::reap) from time to time.
    pub(crate) fn is_polled(&self) -> bool {
        self.status.is_none() && self.process.pidfd.is_none()
    }

    /// Collects the status if the process has ended, without waiting, and stops watching it then.
    pub(crate) fn reap(&mut self, reactor: &Reactor) -> Option<ExitStatus> {
        if self.status.is_none()
            && let Some(status) = self.process.wait()
        {
            self.status = Some(status);
            self.deregister(reactor);
            self.process.pidfd = None;
        }
        self.status
    }

    fn deregister(&mut self, reactor: &Reactor) {
        if let Some(pidfd) = self.process.pidfd.as_ref().filter(|_| self.is_registered) {
            // Whoever calls this closes it.
            reactor.release(pidfd.as_fd());
        }
        self.is_registered = false;
    }

    /// Signals the process group that the child leads. Only until it is reaped: afterwards the
    /// number may belong to somebody else.
    pub(crate) fn signal_group(&self, signal: i32) -> Result<()> {
        if self.status.is_some() {
            return Err(Error::new(ErrorKind::Ended, "the program has ended"));
        }
        signal_group(self.process.pid, signal)
    }

    /// Leaves a child that was killed to [`reap_orphans`]; for an engine that is dropped and must not wait.
    pub(crate) fn abandon(mut self, reactor: &Reactor) {
        self.deregister(reactor);
        if self.status.is_none() {
            orphans().parked.push(self.process);
        }
    }
}

/// Children whose engine is gone. They were killed, but the kernel may take a moment to end them, and nobody
/// waits for that: who reaps next finds them here. The lock is held only to take the list out or to put it
/// back, and never in a turn.
struct Orphans {
    /// Whose children they are: a forked process begins with none.
    process: Option<ProcessIdentity>,
    parked: Vec<Unreaped>,
    /// Taken out by a thread that looks at them at this moment.
    taken: usize,
}

static ORPHANS: Mutex<Orphans> =
    Mutex::new(Orphans { process: None, parked: Vec::new(), taken: 0 });

fn orphans() -> MutexGuard<'static, Orphans> {
    let mut orphans = ORPHANS.lock().unwrap_or_else(PoisonError::into_inner);
    let current = Some(ProcessIdentity::current());
    if orphans.process != current {
        *orphans = Orphans { process: current, parked: Vec::new(), taken: 0 };
    }
    orphans
}

/// Reaps the children of dropped engines that have ended, without waiting. Returns how many have not.
pub(crate) fn reap_orphans() -> usize {
    let mut parked = {
        let mut orphans = orphans();
        orphans.taken += orphans.parked.len();
        std::mem::take(&mut orphans.parked)
    };
    let taken = parked.len();
    parked.retain(|process| process.wait().is_none());
    let mut orphans = orphans();
    orphans.taken -= taken;
    orphans.parked.append(&mut parked);
    orphans.parked.len() + orphans.taken
}

/// Kills a child that was started a moment ago and could not be watched, and leaves it to
/// [`reap_orphans`].
pub(crate) fn discard(pid: i32) {
    let _ = signal_group(pid, libc::SIGKILL);
    orphans().parked.push(Unreaped { pid, pidfd: None });
    reap_orphans();
}

/// Reaps the programs of dropped engines that have ended since, and returns how many have not.
///
/// Dropping an [`Engine`](crate::Engine) kills the programs in its terminals with SIGKILL and reaps those
/// that are dead at once. The kernel needs a moment for the others, and a drop does not wait for it. Each of
/// them leaves a zombie process and a descriptor (a pidfd) until it is reaped: by this call, or when an
/// engine of this process is made or dropped or starts a program. A host that wants nothing to be left calls
/// this until it returns 0, at its own pace; usually that takes less than a millisecond. It can take long
/// only for a program that the kernel cannot end, as one that waits for a broken disk, and for one that this
/// process may not kill, as after `sudo`.
///
/// Any thread. Never waits. It touches nothing but these programs: other children of the host stay
/// its own.
pub fn reap_programs() -> usize {
    reap_orphans()
}

/// Sends a signal to a process group; a group that is gone is an `Ended` error.
pub(crate) fn signal_group(group: i32, signal: i32) -> Result<()> {
    // 0 and 1 would stand for groups of the host, and for everybody.
    if !invariant!(group > 1, "the group of a program") {
        return Err(Error::new(ErrorKind::Ended, "there is no process group"));
    }
    // SAFETY: killpg takes two integers.
    let outcome = Errno::result(unsafe { libc::killpg(group, signal) });
    match outcome {
        Ok(_) => Ok(()),
        Err(Errno::ESRCH) => Err(Error::new(ErrorKind::Ended, "the process group is gone")),
        Err(Errno::EINVAL) => Err(Error::invalid(format!("{signal} is not a signal"))),
        Err(errno) => Err(Error::system("signal a process group", errno)),
    }
}

impl Unreaped {
    /// The status if the process has ended, collected without waiting.
    fn wait(&self) -> Option<ExitStatus> {
        let outcome = match &self.pidfd {
            Some(pidfd) => match wait_for(libc::P_PIDFD, pidfd.as_raw_fd() as libc::id_t) {
                // Linux 5.3 has pidfds and cannot wait with one.
                Err(Errno::EINVAL) => wait_for(libc::P_PID, self.pid as libc::id_t),
                outcome => outcome,
            },
            None => wait_for(libc::P_PID, self.pid as libc::id_t),
        };
        // ECHILD: not our child, or reaped by the host. Whether it has ended is seen in another way.
        outcome.unwrap_or_else(|_| self.has_ended().then_some(ExitStatus::Unknown))
    }

    fn has_ended(&self) -> bool {
        self.pidfd.as_ref().map_or_else(|| !exists(self.pid), is_readable)
    }
}

/// The status of an ended child, `None` if it has not ended.
///
/// Not through nix: its conversion fails on real-time signals after the child has been reaped.
fn wait_for(kind: libc::idtype_t, id: libc::id_t) -> nix::Result<Option<ExitStatus>> {
    // SAFETY: siginfo_t is plain data for which all zeroes is valid.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let options = libc::WEXITED | libc::WNOHANG;
    // SAFETY: waitid writes one siginfo_t through a pointer that is valid for it.
    Errno::result(unsafe { libc::waitid(kind, id, &raw mut info, options) })?;
    // SAFETY: waitid has filled the fields of a child's end, or left zeroes when none ended.
    let pid = unsafe { info.si_pid() };
    if pid == 0 {
        return Ok(None);
    }
    // SAFETY: as above.
    let status = unsafe { info.si_status() };
    Ok(Some(match info.si_code {
        libc::CLD_EXITED => ExitStatus::Code(status),
        code => ExitStatus::Signal { signal: status, core_dumped: code == libc::CLD_DUMPED },
    }))
}

/// Whether a process is there that has not ended; somebody else's zombie has.
fn exists(pid: i32) -> bool {
    // SAFETY: kill takes two integers; signal 0 only asks.
    let status = Errno::result(unsafe { libc::kill(pid, 0) });
    status != Err(Errno::ESRCH) && procfs::is_alive(pid) != Some(false)
}

fn is_readable(fd: &OwnedFd) -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}
