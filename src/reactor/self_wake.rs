//! An eventfd inside the epoll set that says what only this process knows: there is work left.

use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::error::{Error, Result};

/// Raised: the epoll descriptor is readable. The state is cached, so a change costs one system call
/// and none is made when nothing changes.
pub(crate) struct SelfWake {
    event_fd: EventFd,
    raised: bool,
}

impl SelfWake {
    pub(crate) fn new() -> Result<Self> {
        let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        let event_fd = EventFd::from_flags(flags).map_err(|e| Error::system("eventfd", e))?;
        Ok(SelfWake { event_fd, raised: false })
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.event_fd.as_fd()
    }

    /// A poll has reported the edge, so the epoll descriptor is no longer readable because of it.
    pub(crate) fn seen(&mut self) {
        self.raised = false;
    }

    pub(crate) fn set(&mut self, raise: bool) -> Result<()> {
        if raise == self.raised {
            return Ok(());
        }
        let outcome = if raise {
            self.event_fd.write(1).map(drop)
        } else {
            // Reading takes the cause of the edge away, and with it the readiness.
            self.event_fd.read().map(drop)
        };
        match outcome {
            Ok(()) | Err(Errno::EAGAIN) => {
                self.raised = raise;
                Ok(())
            }
            Err(e) => Err(Error::system("eventfd", e)),
        }
    }
}
