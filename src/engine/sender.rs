//! Commands from other threads.

use crate::error::{Error, ErrorKind, Result};
use crate::id::TerminalId;
use crate::reactor::{InboxSender, PostError, ProcessIdentity};
use crate::terminal::{Op, SpawnOptions};
use std::time::Duration;

/// A command that another thread can post.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Command {
    /// Does nothing but come back as [`Event::Completed`](crate::Event::Completed): wakes the host.
    Notify,
    /// Starts a program in a new terminal.
    Spawn(Box<SpawnOptions>),
    /// An operation on a terminal.
    Op(TerminalId, Op<'static>),
    /// Closes a terminal with this grace.
    Close(TerminalId, Duration),
}

/// A command in flight, with the tag that its completion carries.
pub(super) struct Envelope {
    pub(super) tag: u64,
    pub(super) command: Command,
}

/// Posts commands to an engine from any thread. Cloning it is cheap; it may outlive the engine.
#[derive(Clone)]
pub struct Sender {
    sender: InboxSender<Envelope>,
    /// The process of the engine; what a forked child would post there goes nowhere.
    process: ProcessIdentity,
}

impl Sender {
    pub(super) fn new(sender: InboxSender<Envelope>, process: ProcessIdentity) -> Self {
        Sender { sender, process }
    }

    /// Posts a command and wakes the engine. Its completion comes as
    /// [`Event::Completed`](crate::Event::Completed) with this tag, in the order of the posts of one
    /// thread.
    ///
    /// Never waits. When it fails, nothing was posted.
    ///
    /// # Errors
    /// [`LimitReached`](ErrorKind::LimitReached) when the inbox is full: try again later;
    /// [`EngineGone`](ErrorKind::EngineGone); [`Forked`](ErrorKind::Forked).
    pub fn post(&self, tag: u64, command: Command) -> Result<()> {
        if !self.process.is_current() {
            return Err(Error::new(ErrorKind::Forked, "the engine belongs to the parent process"));
        }
        let bytes = bytes_of(&command);
        self.sender.post(Envelope { tag, command }, bytes).map_err(|refusal| match refusal {
            PostError::TooMany => Error::limit("the inbox is full: inbox_commands"),
            PostError::TooLarge => Error::limit("the inbox is full: inbox_bytes"),
            PostError::Closed => Error::new(ErrorKind::EngineGone, "the engine is gone"),
        })
    }
}

pub(super) fn bytes_of(command: &Command) -> usize {
    match command {
        Command::Op(_, op) => op.bytes(),
        Command::Spawn(options) => options.bytes(),
        Command::Notify | Command::Close(..) => 0,
    }
}
