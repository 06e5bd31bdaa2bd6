//! Our stdin, and what of it has not been passed on yet.

use std::io;

use nix::errno::Errno;

/// What one read of stdin takes.
const STDIN_PIECE: usize = 64 << 10;

#[derive(Default)]
pub(crate) struct Input {
    pub(crate) buffer: Vec<u8>,
    /// A poll said so.
    pub(crate) readable: bool,
    pub(crate) ended: bool,
    /// The end has been passed on as well.
    pub(crate) end_sent: bool,
}

impl Input {
    pub(crate) fn wants_more(&self) -> bool {
        !self.ended && self.buffer.is_empty()
    }

    /// Reads once, if stdin is readable. Whatever goes wrong with it is its end.
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
