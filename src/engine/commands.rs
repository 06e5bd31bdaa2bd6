//! Carrying out the commands that other threads have posted.

use std::time::Duration;

use super::event::{Completion, Notice};
use super::sender::{Command, Envelope, bytes_of};
use super::{Engine, Shutdown};
use crate::error::{Error, ErrorKind, Result};
use crate::observe::Stage;

/// How long a turn carries out posted commands.
const INBOX_TIME: Duration = Duration::from_micros(500);
/// What a command costs, and each KiB in it; and starting a program.
const COMMAND_COST: u64 = 5_000;
const KIB_COST: u64 = 200;
const SPAWN_COST: u64 = 400_000;

impl Engine {
    /// Carries out posted commands, as long as their completions can be queued.
    pub(super) fn read_inbox(&mut self) {
        let mut slice = self.enter(Stage::Inbox, INBOX_TIME);
        while self.notices.len() < self.config.limits.events {
            let Some(Envelope { tag, command }) = self.inbox.take() else { break };
            slice.charge(cost_of(&command));
            let result = self.carry_out(command);
            self.notices.push(Notice::Completed { tag, result }, self.config.limits.events);
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
            Command::Spawn(options) => self.spawn_terminal(&options).map(Completion::Spawned),
            Command::Op(id, op) => {
                self.terminals.apply(id, &op, &mut self.reactor).map(|()| Completion::Done)
            }
            Command::Close(id, grace) => {
                self.terminals.close(id, grace, &mut self.reactor).map(|()| Completion::Done)
            }
        }
    }
}

fn cost_of(command: &Command) -> u64 {
    match command {
        Command::Spawn(_) => SPAWN_COST,
        _ => COMMAND_COST + (bytes_of(command) >> 10) as u64 * KIB_COST,
    }
}
