//! Commands from other threads.

use super::{Completion, Engine, Notice, Shutdown};
use crate::error::{Error, ErrorKind, Result};
use crate::observe::Stage;
use crate::reactor::{InboxSender, PostError, ProcessIdentity, TerminalId};
use crate::terminal::{Op, SpawnOptions};
use std::time::Duration;

/// How long a turn carries out posted commands.
const INBOX_TIME: Duration = Duration::from_micros(500);
/// What a command costs, and each KiB in it; and starting a program.
const COMMAND_COST: u64 = 5_000;
const KIB_COST: u64 = 200;
const SPAWN_COST: u64 = 400_000;

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

/// A command on its way, with the tag that its completion carries.
pub(super) struct Envelope {
    tag: u64,
    command: Command,
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

fn bytes_of(command: &Command) -> usize {
    match command {
        Command::Op(_, op) => op.bytes(),
        Command::Spawn(options) => options.bytes(),
        Command::Notify | Command::Close(..) => 0,
    }
}

fn cost_of(command: &Command) -> u64 {
    match command {
        Command::Spawn(_) => SPAWN_COST,
        _ => COMMAND_COST + (bytes_of(command) >> 10) as u64 * KIB_COST,
    }
}

impl Engine {
    /// Carries out posted commands, as long as their completions can be queued.
    pub(super) fn read_inbox(&mut self) {
        let mut slice = self.enter(Stage::Inbox, INBOX_TIME);
        while self.notices.len() < self.config.limits.events {
            let Some(Envelope { tag, command }) = self.inbox.take() else { break };
            slice.charge(cost_of(&command));
            let result = self.carry_out(command);
            self.notices.push_back(Notice::Completed { tag, result });
            if slice.is_over() {
                break;
            }
        }
        self.leave(&slice);
    }

    fn carry_out(&mut self, command: Command) -> Result<Completion> {
        if self.shutdown != Shutdown::No && matches!(command, Command::Spawn(_)) {
            return Err(Error::new(ErrorKind::EngineGone, "the engine is shutting down"));
        }
        match command {
            Command::Notify => Ok(Completion::Done),
            Command::Spawn(options) => {
                self.terminals.spawn(&options, &mut self.reactor).map(Completion::Spawned)
            }
            Command::Op(id, op) => {
                self.terminals.apply(id, &op, &mut self.reactor).map(|()| Completion::Done)
            }
            Command::Close(id, grace) => {
                self.terminals.close(id, grace, &mut self.reactor).map(|()| Completion::Done)
            }
        }
    }
}
