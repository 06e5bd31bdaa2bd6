//! Sends input to a terminal of a server.
//!
//! A few typed bytes are sent at once, without a reply. Larger input (a paste, a pipe) may exceed
//! what the terminal accepts. It is sent in pieces, one at a time, each acknowledged and sent again
//! while the terminal has no room, so that nothing is lost.

use std::time::Duration;

use orchflow::{
    Engine, ErrorKind, PeerId, RemoteCode, RemoteFailure, RemoteOp, RemoteOutcome, RemoteRequest,
};

use crate::detach::{DetachKey, Watch};
use crate::failure::Failure;
use crate::host::Timer;
use crate::input::Input;

/// Input larger than this is not typing.
const TYPED_MAX: usize = 512;

/// The size of a piece; every terminal that accepts input has room for it.
const PIECE: usize = 4096;

/// The delay before a rejected piece is sent again.
const AGAIN: Duration = Duration::from_millis(20);

pub(crate) struct Typing {
    pub(crate) input: Input,
    pub(crate) terminal: u64,
    /// A person is typing.
    is_person: bool,
    how: How,
    /// Looks for the detach key.
    watch: Watch,
    /// The piece that has not been acknowledged.
    asked: Option<(u64, Piece)>,
    /// Fires when a rejected piece is sent again.
    pub(crate) timer: Timer,
    is_waiting: bool,
    /// The terminal had no room once: from then on every piece is acknowledged.
    was_refused: bool,
}

/// How input is handled.
#[derive(Clone, Debug)]
pub(crate) struct How {
    pub(crate) detach_key: DetachKey,
    /// Sends nothing; the detach key still works.
    pub(crate) read_only: bool,
    /// Passes the end of stdin on.
    pub(crate) send_eof: bool,
}

#[derive(Clone, Copy)]
enum Piece {
    /// The number of bytes of the buffer.
    Bytes(usize),
    End,
}

/// The result of handling input.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typed {
    /// Sent.
    Passed,
    /// Dropped, because there is no connection.
    Dropped,
    /// The detach key was typed.
    Detach,
    /// Stdin has ended and all input has arrived.
    Ended,
}

impl Typing {
    pub(crate) fn new(terminal: u64, is_person: bool, how: How) -> nix::Result<Self> {
        Ok(Typing {
            input: Input::default(),
            terminal,
            is_person,
            how,
            watch: Watch::default(),
            asked: None,
            timer: Timer::new()?,
            is_waiting: false,
            was_refused: false,
        })
    }

    /// Reads input and sends what can be sent.
    pub(crate) fn pass_on(
        &mut self,
        engine: &mut Engine,
        peer: PeerId,
        is_up: bool,
    ) -> Result<Typed, Failure> {
        let is_detaching = self.read();
        if self.timer.has_fired().map_err(|e| Failure::Host("timerfd", e))? {
            self.is_waiting = false;
        }
        if is_up {
            self.send(engine, peer)?;
        }
        // For a person, the end of stdin means that the terminal is gone.
        if is_detaching || (self.is_person && self.input.ended) {
            return Ok(Typed::Detach);
        }
        let is_all = self.input.buffer.is_empty() && self.asked.is_none();
        if self.input.ended && is_all && (self.how.read_only || !self.how.send_eof) {
            return Ok(Typed::Ended);
        }
        if is_up || !self.is_person || self.input.buffer.is_empty() {
            return Ok(Typed::Passed);
        }
        self.input.buffer.clear();
        Ok(Typed::Dropped)
    }

    /// Reads input and removes the detach key; returns whether it was typed.
    fn read(&mut self) -> bool {
        if !self.input.readable {
            return false;
        }
        self.input.read();
        let mut is_detaching = false;
        if self.is_person {
            let typed = std::mem::take(&mut self.input.buffer);
            let buffer = &mut self.input.buffer;
            is_detaching = self.watch.feed(&self.how.detach_key, &typed, buffer);
        }
        if self.how.read_only {
            self.input.buffer.clear();
        }
        is_detaching
    }

    fn send(&mut self, engine: &mut Engine, peer: PeerId) -> Result<(), Failure> {
        if self.asked.is_some() || self.is_waiting {
            return Ok(());
        }
        let len = self.input.buffer.len();
        if len > 0 && len <= TYPED_MAX && self.is_person && !self.was_refused {
            if can_wait(engine.peer_write(peer, self.terminal, &self.input.buffer))?.is_some() {
                self.input.buffer.clear();
            }
            return Ok(());
        }
        let (piece, op) = if len > 0 {
            let len = len.min(PIECE);
            (Piece::Bytes(len), RemoteOp::Input(self.input.buffer[..len].to_vec()))
        } else if self.input.ended && !self.input.end_sent && self.how.send_eof {
            (Piece::End, RemoteOp::Eof)
        } else {
            return Ok(());
        };
        let request = RemoteRequest::Batch(vec![(self.terminal, op)]);
        let number = can_wait(engine.peer_request(peer, &request))?;
        self.asked = number.map(|number| (number, piece));
        Ok(())
    }

    /// Handles the reply to a piece; returns a message for the user, if there is one.
    pub(crate) fn on_answer(
        &mut self,
        number: u64,
        outcome: &RemoteOutcome,
    ) -> Result<Option<String>, Failure> {
        let Some((_, piece)) = self.asked.take_if(|(asked, _)| *asked == number) else {
            return Ok(None);
        };
        let refusal = match outcome {
            RemoteOutcome::Statuses(statuses) => statuses.first().and_then(Option::as_ref),
            RemoteOutcome::Failed(failure) => Some(failure),
            _ => None,
        };
        if refusal.is_some_and(|refusal| refusal.code == RemoteCode::Limit) {
            (self.is_waiting, self.was_refused) = (true, true);
            self.timer.set(AGAIN).map_err(|e| Failure::Host("timerfd", e))?;
            return Ok(None);
        }
        match piece {
            // Input is dropped when the connection breaks.
            Piece::Bytes(len) => {
                let len = len.min(self.input.buffer.len());
                self.input.buffer.drain(..len);
            }
            Piece::End => self.input.end_sent = true,
        }
        // The end of the program is reported by its own event.
        Ok(refusal.filter(|refusal| refusal.code != RemoteCode::Ended).map(describe))
    }
}

fn describe(refusal: &RemoteFailure) -> String {
    match refusal.code {
        RemoteCode::Disconnected => "the connection was lost; some input may be, too".into(),
        _ => refusal.message.clone(),
    }
}

/// The result of a request, or `None` while it has to wait: without a connection, or with a full
/// queue.
pub(crate) fn can_wait<T>(outcome: orchflow::Result<T>) -> Result<Option<T>, Failure> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::Disconnected | ErrorKind::LimitReached) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
