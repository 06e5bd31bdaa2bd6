//! Stdin, and the part of it that has not been passed on yet.

use std::io;

use nix::errno::Errno;

/// The maximum number of bytes of one read.
const STDIN_PIECE: usize = 64 << 10;

#[derive(Default)]
pub(crate) struct Input {
    pub(crate) buffer: Vec<u8>,
    /// Set by poll.
    pub(crate) readable: bool,
    pub(crate) ended: bool,
    /// The end has been passed on as well.
    pub(crate) end_sent: bool,
}

impl Input {
    pub(crate) fn wants_more(&self) -> bool {
        !self.ended && self.buffer.is_empty()
    }

    /// Reads once if stdin is readable. Every error counts as the end.
    pub(crate) fn read(&mut self) {
        if !std::mem::take(&mut self.readable) {
            return;
        }
        self.buffer.resize(STDIN_PIECE, 0);
        let outcome = nix::unistd::read(io::stdin(), &mut self.buffer);
        self.buffer.truncate(outcome.unwrap_or(0));
        self.ended = matches!(outcome, Ok(0))
            || outcome.is_err_and(|errno| !matches!(errno, Errno::EINTR | Errno::EAGAIN));
    }
}
