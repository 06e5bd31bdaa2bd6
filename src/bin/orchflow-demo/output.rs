//! Stdout, written without blocking.

use std::io::{Stdout, stdout};
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orchflow::Engine;

use crate::failure::Failure;
use crate::host::Signals;
use crate::stream::Stream;

/// How long to wait for a stdout that accepts nothing, after a request to end.
const PATIENCE_MS: u16 = 1000;

/// Stdout, and the bytes that it has not accepted yet.
pub(crate) struct Output {
    pub(crate) pending: Vec<u8>,
    stream: Stream<Stdout>,
}

impl Output {
    pub(crate) fn new() -> Self {
        Output { pending: Vec::new(), stream: Stream::new(stdout()) }
    }

    /// Writes what stdout accepts now; the rest is pending.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if !self.pending.is_empty() {
            // After the pending bytes.
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

    /// Waits until everything is written, but only this long while stdout accepts nothing.
    pub(crate) fn finish(&mut self, patience: PollTimeout) -> Result<(), Failure> {
        while !self.pending.is_empty() {
            let mut fds = [PollFd::new(self.stream.as_fd(), PollFlags::POLLOUT)];
            match poll(&mut fds, patience) {
                Ok(0) => break,
                Ok(_) | Err(Errno::EINTR) => self.flush()?,
                Err(errno) => return Err(Failure::Host("poll", errno)),
            }
        }
        Ok(())
    }

    /// Waits for the engine or a signal, or for stdout while output is pending; unread events stay
    /// in the engine. After a request to end (`ends`), a stdout that accepts nothing is waited for
    /// only briefly. Returns whether there is a reason to continue.
    pub(crate) fn wait(
        &self,
        engine: &Engine,
        signals: &Signals,
        ends: bool,
    ) -> Result<bool, Failure> {
        self.wait_also(engine, signals, None, ends)
    }

    /// Like [`wait`](Self::wait), with one more descriptor.
    pub(crate) fn wait_also(
        &self,
        engine: &Engine,
        signals: &Signals,
        also: Option<BorrowedFd<'_>>,
        ends: bool,
    ) -> Result<bool, Failure> {
        let mut fds = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        fds.extend(also.map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        let is_stuck = !self.pending.is_empty();
        if is_stuck {
            fds.push(PollFd::new(self.stream.as_fd(), PollFlags::POLLOUT));
        } else {
            fds.push(PollFd::new(engine.as_fd(), PollFlags::POLLIN));
        }
        let patience = if ends && is_stuck { PATIENCE_MS.into() } else { PollTimeout::NONE };
        match poll(&mut fds, patience) {
            Ok(0) => Ok(false),
            Ok(_) | Err(Errno::EINTR) => Ok(true),
            Err(errno) => Err(Failure::Host("poll", errno)),
        }
    }

    fn write_some(&self, bytes: &[u8]) -> Result<usize, Failure> {
        self.stream.write(bytes).map_err(|errno| match errno {
            Errno::EPIPE => Failure::StdoutClosed,
            errno => Failure::Host("stdout", errno),
        })
    }
}

impl AsFd for Output {
    /// The descriptor to poll for room.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
