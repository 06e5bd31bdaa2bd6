//! Our stdout, which may be slow: written without blocking, as far as it goes.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{SFlag, fstat};
use orchflow::Engine;

use crate::failure::Failure;
use crate::host::Signals;

/// A pipe or terminal that polls writable takes this much without blocking (`PIPE_BUF`).
const STDOUT_PIECE: usize = 4096;

/// Stdout, which may be slow, and what it has not taken yet.
pub(crate) struct Output {
    pub(crate) pending: Vec<u8>,
    /// Takes any amount without blocking for long: a file.
    is_file: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        let mode = fstat(io::stdout()).map_or(0, |stat| stat.st_mode);
        let is_file = mode & SFlag::S_IFMT.bits() == SFlag::S_IFREG.bits();
        Output { pending: Vec::new(), is_file }
    }

    /// Writes what stdout takes now; the rest is pending.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if !self.pending.is_empty() {
            // In its turn.
            self.pending.extend_from_slice(bytes);
            return self.flush();
        }
        let written = self.write_some(bytes)?;
        self.pending.extend_from_slice(&bytes[written..]);
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        let written = self.write_some(&self.pending)?;
        self.pending.drain(..written);
        Ok(())
    }

    /// Waits until all is written, but not for a stdout that takes nothing for so long.
    pub(crate) fn finish(&mut self, patience: PollTimeout) -> Result<(), Failure> {
        while !self.pending.is_empty() {
            let stdout = io::stdout();
            let mut fds = [PollFd::new(stdout.as_fd(), PollFlags::POLLOUT)];
            match poll(&mut fds, patience) {
                Ok(0) => break,
                Ok(_) | Err(Errno::EINTR) => self.flush()?,
                Err(errno) => return Err(Failure::Host("poll", errno)),
            }
        }
        Ok(())
    }

    /// Waits until something can be done. While stdout is stuck the engine is not asked: its events wait.
    pub(crate) fn wait(&self, engine: &Engine, signals: &Signals) -> Result<(), Failure> {
        let stdout = io::stdout();
        let mut fds = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        if self.pending.is_empty() {
            fds.push(PollFd::new(engine.as_fd(), PollFlags::POLLIN));
        } else {
            fds.push(PollFd::new(stdout.as_fd(), PollFlags::POLLOUT));
        }
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(Failure::Host("poll", errno)),
        }
    }

    fn write_some(&self, bytes: &[u8]) -> Result<usize, Failure> {
        let stdout = io::stdout();
        let mut written = 0;
        while written < bytes.len() && (self.is_file || is_writable(stdout.as_fd())?) {
            let rest = &bytes[written..];
            let piece = if self.is_file { rest } else { &rest[..rest.len().min(STDOUT_PIECE)] };
            match nix::unistd::write(&stdout, piece) {
                Ok(n) => written += n,
                Err(Errno::EINTR) => {}
                // Somebody made it non-blocking.
                Err(Errno::EAGAIN) => break,
                Err(Errno::EPIPE) => return Err(Failure::StdoutClosed),
                Err(errno) => return Err(Failure::Host("stdout", errno)),
            }
        }
        Ok(written)
    }
}

fn is_writable(fd: BorrowedFd<'_>) -> Result<bool, Failure> {
    let mut fds = [PollFd::new(fd, PollFlags::POLLOUT)];
    match poll(&mut fds, PollTimeout::ZERO) {
        Ok(_) | Err(Errno::EINTR) => Ok(fds[0].any() == Some(true)),
        Err(errno) => Err(Failure::Host("poll", errno)),
    }
}
