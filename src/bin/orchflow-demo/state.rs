//! `state`: prints the state of a server and its changes.
//!
//! Changes are read only when the previous output has been written, so a slow stdout makes the
//! steps larger and uses no more memory.

use std::process::ExitCode;
use std::time::Duration;

use orchflow::{Collections, Engine, Event, PeerEvent, PeerId};

use crate::args::StateOptions;
use crate::failure::Failure;
use crate::host::Signals;
use crate::link::{self, Link};
use crate::output::Output;
use crate::report;
use crate::state_changes::Seen;
use crate::state_text;

/// Prints the state, and its changes with `--follow`.
pub(crate) fn main(options: &StateOptions) -> ExitCode {
    let outcome = Follower::start(options).and_then(|mut follower| {
        let outcome = follower.run();
        link::close(&mut follower.engine);
        outcome
    });
    match outcome {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

struct Follower<'a> {
    options: &'a StateOptions,
    engine: Engine,
    peer: PeerId,
    link: Link,
    signals: Signals,
    output: Output,
    seen: Seen,
    /// Ends when the pending output is written.
    is_ended: bool,
    /// Ends because of a signal.
    is_interrupted: bool,
}

impl<'a> Follower<'a> {
    fn start(options: &'a StateOptions) -> Result<Self, Failure> {
        let signals = Signals::catch().map_err(|e| Failure::Host("signalfd", e))?;
        let (engine, peer) =
            link::connect(&options.address, options.token_file.as_deref(), Collections::ALL)?;
        let (link, output, seen) = (Link::default(), Output::new(), Seen::default());
        let (is_ended, is_interrupted) = (false, false);
        Ok(Follower {
            options,
            engine,
            peer,
            link,
            signals,
            output,
            seen,
            is_ended,
            is_interrupted,
        })
    }

    fn run(&mut self) -> Result<ExitCode, Failure> {
        loop {
            if !self.output.wait(&self.engine, &self.signals, self.is_interrupted)? {
                // Stdout accepts nothing.
                return Ok(ExitCode::from(128 + libc::SIGINT as u8));
            }
            while let Some(signal) =
                self.signals.next().map_err(|e| Failure::Host("signalfd", e))?
            {
                match signal {
                    libc::SIGWINCH => {}
                    // A signal is the regular end of `--follow`.
                    _ if self.options.follow && !self.is_ended => {
                        (self.is_ended, self.is_interrupted) = (true, true);
                    }
                    _ => return Ok(ExitCode::from(128 + signal as u8)),
                }
            }
            self.output.flush()?;
            if self.output.pending.is_empty() {
                if self.is_ended {
                    return Ok(ExitCode::SUCCESS);
                }
                self.engine.turn(Some(Duration::ZERO))?;
            }
            while self.output.pending.is_empty() && !self.is_ended {
                if !self.read_event()? {
                    break;
                }
            }
            if self.is_ended && self.output.pending.is_empty() {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }

    /// Handles the next event; returns whether there was one.
    fn read_event(&mut self) -> Result<bool, Failure> {
        let Some(event) = self.engine.next_event()? else { return Ok(false) };
        match event {
            Event::Peer { event: PeerEvent::State { full, .. }, .. } => self.on_state(full)?,
            Event::Peer { event: PeerEvent::Connected { .. }, .. } => self.link.on_connected(),
            Event::Peer { event: PeerEvent::Disconnected { reason, retry_in }, .. } => {
                if self.link.is_up && retry_in.is_some() {
                    report(&format!("{reason}; reconnecting"));
                }
                let address = &self.options.address;
                self.link.on_disconnected(address, reason, retry_in.is_none())?;
            }
            Event::Peer { event: PeerEvent::Problem { message, .. }, .. } => report(message),
            Event::Log { text, .. } => report(text),
            _ => {}
        }
        Ok(true)
    }

    /// Prints the difference to the previous version.
    fn on_state(&mut self, full: bool) -> Result<(), Failure> {
        let replica = self.engine.peer_replica(self.peer)?;
        let changes = self.seen.look(replica, full);
        let is_different =
            changes.full || !changes.entries.is_empty() || !changes.removed.is_empty();
        if is_different {
            self.output.write(&if self.options.json {
                state_text::json(&changes)
            } else {
                state_text::text(&changes, replica)
            })?;
        }
        self.is_ended = !self.options.follow;
        Ok(())
    }
}
