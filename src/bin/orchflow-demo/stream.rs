//! Stdout and stderr, written without blocking.
//!
//! A pipe or terminal is opened again through `/proc`, so that the non-blocking mode does not
//! affect other processes that share it. If that is refused, the descriptor is polled before each
//! small write.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, send};
use nix::sys::stat::{Mode, SFlag, fstat};

/// What a pipe that polls writable accepts without blocking (`PIPE_BUF`).
const PIECE: usize = 4096;

/// One of the two streams.
pub(crate) struct Stream<F> {
    fd: F,
    kind: Kind,
}

enum Kind {
    /// Never blocks for long.
    File,
    /// The same pipe or terminal, with its own flags.
    Own(OwnedFd),
    Socket,
    /// May block: the flags are shared with other processes.
    Shared,
}

impl<F: AsFd> Stream<F> {
    pub(crate) fn new(fd: F) -> Self {
        let mode = fstat(&fd).map_or(0, |stat| stat.st_mode);
        let kind = match SFlag::from_bits_truncate(mode & SFlag::S_IFMT.bits()) {
            SFlag::S_IFREG => Kind::File,
            SFlag::S_IFSOCK => Kind::Socket,
            _ => open_anew(fd.as_fd()).map_or(Kind::Shared, Kind::Own),
        };
        Stream { fd, kind }
    }

    /// Writes what is accepted now.
    ///
    /// # Errors
    /// Nothing was written, and never will be.
    pub(crate) fn write(&self, bytes: &[u8]) -> nix::Result<usize> {
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            match self.write_once(rest) {
                Ok(0) | Err(Errno::EAGAIN) => break,
                Ok(n) => written += n,
                Err(Errno::EINTR) => {}
                Err(errno) if written == 0 => return Err(errno),
                // The next write reports it again.
                Err(_) => break,
            }
        }
        Ok(written)
    }

    fn write_once(&self, bytes: &[u8]) -> nix::Result<usize> {
        match &self.kind {
            Kind::File => nix::unistd::write(&self.fd, bytes),
            Kind::Own(own) => nix::unistd::write(own, bytes),
            Kind::Socket => {
                let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
                send(self.fd.as_fd().as_raw_fd(), bytes, flags)
            }
            Kind::Shared if !self.is_writable()? => Err(Errno::EAGAIN),
            Kind::Shared => nix::unistd::write(&self.fd, bytes.get(..PIECE).unwrap_or(bytes)),
        }
    }

    fn is_writable(&self) -> nix::Result<bool> {
        let mut fds = [PollFd::new(self.fd.as_fd(), PollFlags::POLLOUT)];
        poll(&mut fds, PollTimeout::ZERO)?;
        Ok(fds[0].any() == Some(true))
    }
}

impl<F: AsFd> AsFd for Stream<F> {
    /// The descriptor to poll for room.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn open_anew(fd: BorrowedFd<'_>) -> nix::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    open(path.as_str(), flags, Mode::empty())
}
