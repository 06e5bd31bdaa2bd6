//! What is typed, on its way to a terminal of another engine.
//!
//! A few bytes typed by a person go out at once and unanswered. Where there may be more than the terminal
//! takes (a paste, a pipe), a piece is asked for at a time and asked for again while the terminal has no
//! room, so that nothing is lost.

use std::time::Duration;

use orchflow::{
    Engine, ErrorKind, PeerId, RemoteCode, RemoteFailure, RemoteOp, RemoteOutcome, RemoteRequest,
};

use crate::detach::{DetachKey, Watch};
use crate::failure::Failure;
use crate::host::Timer;
use crate::input::Input;

/// More than this at once is no typing.
const TYPED_MAX: usize = 512;

/// What is asked for at once; there is room for it in every terminal that takes input at all.
const PIECE: usize = 4096;

/// Time after which a full terminal is asked again.
const AGAIN: Duration = Duration::from_millis(20);

pub(crate) struct Typing {
    pub(crate) input: Input,
    pub(crate) terminal: u64,
    /// A person sits there.
    is_person: bool,
    how: How,
    /// Follows the keys that detach.
    watch: Watch,
    /// What has no answer yet.
    asked: Option<(u64, Piece)>,
    /// Fires when what was refused is to be asked for again.
    pub(crate) timer: Timer,
    is_waiting: bool,
    /// There was no room once: from then on everything is asked for.
    was_refused: bool,
}

/// How what is typed is taken.
#[derive(Clone, Debug)]
pub(crate) struct How {
    pub(crate) detach_key: DetachKey,
    /// Nothing is passed on; the keys that detach still do.
    pub(crate) read_only: bool,
    /// The end of stdin is passed on.
    pub(crate) send_eof: bool,
}

#[derive(Clone, Copy)]
enum Piece {
    /// So many bytes of the buffer.
    Bytes(usize),
    End,
}

/// What typing comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typed {
    /// It is on its way.
    Passed,
    /// There is no connection: it went nowhere.
    Dropped,
    /// It was to detach.
    Detach,
    /// Stdin has ended, and all of it has arrived.
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

    /// Reads, and passes on what can be.
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
        // Where a person sits the end of stdin means that the terminal is gone.
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

    /// Reads what was typed, without the keys that detach; whether they were typed.
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

    /// Takes in an answer, if it is one to us; what there is to say about it.
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
            // A connection that broke has had what was typed dropped.
            Piece::Bytes(len) => {
                let len = len.min(self.input.buffer.len());
                self.input.buffer.drain(..len);
            }
            Piece::End => self.input.end_sent = true,
        }
        // That the program ended is told by its end.
        Ok(refusal.filter(|refusal| refusal.code != RemoteCode::Ended).map(describe))
    }
}

fn describe(refusal: &RemoteFailure) -> String {
    match refusal.code {
        RemoteCode::Disconnected => "the connection was lost; some input may be, too".into(),
        _ => refusal.message.clone(),
    }
}

/// What came of it, or nothing while the connection is broken or its queue is full, which passes.
pub(crate) fn can_wait<T>(outcome: orchflow::Result<T>) -> Result<Option<T>, Failure> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::Disconnected | ErrorKind::LimitReached) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
