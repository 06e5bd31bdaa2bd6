//! Terminals: programs in PTYs, their output kept and delivered exactly, their input queued.
//!
//! What decides is apart from what does I/O. Pure: [`output`] (log, readers, flow control),
//! [`input`] (the queue), [`subscription`] (what the server is given), [`line`] (what canonical mode cuts),
//! [`eof`] (the end of input), [`resize`] (coalescing), [`starvation`] (memory of all logs), [`event`] (the kinds of events). I/O:
//! [`pty`] (the master), [`spawn`] and [`child`] (processes), [`procfs`].
//!
//! [`Terminal`] puts these together for one terminal, [`Terminals`] is the table that the engine
//! owns. Readiness comes in through `Terminals::on_*`, commands through its other methods, and what
//! there is to report is pulled by `take_event`. A terminal never knows another one, nor the engine.
//!
//! [`screen`] is the model of what a terminal shows, pure as well; [`viewers`] joins it to the terminal.

mod batch;
mod child;
mod close;
mod consumers;
mod echo_wait;
mod environment;
mod eof;
mod event;
mod exit_poll;
mod figures;
mod foreground;
mod health;
mod input;
mod key;
mod line;
mod memory;
mod metrics;
mod next_event;
mod notices;
mod options;
mod outbox;
mod output;
mod paste;
mod procfs;
mod pty;
mod reading;
mod resize;
mod restart_report;
mod restarting;
mod screen;
mod screen_calls;
mod sending_eof;
mod series;
mod size;
mod spawn;
mod starvation;
mod state;
mod subscription;
mod table;
mod typing;
mod viewers;
mod viewport;

use std::hash::RandomState;
use std::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::id::{ReaderId, TerminalId};
use crate::limits::Limits;
use crate::observe::Reasons;
use crate::reactor::{Class, QueueLink, Reactor, TimerId};
use child::Child;
use eof::Eof;
use figures::Figures;
use input::{Flushed, InputQueue, Sink};
pub(crate) use key::{Alarm, Source};
use line::LineRules;
pub(crate) use notices::SentNotice;
use outbox::OutboxPlace;
pub(crate) use output::{Cleared, Consumer, Due, Next, OnLoss};
use output::{Flow, OutputLog, Reader};
use pty::Pty;
pub(crate) use reading::PtyReady;
use resize::{Resize, Resizer};
use restart_report::Report;
pub(crate) use subscription::{OutputState, TerminalMetadata};
pub(crate) use viewport::Viewport;

pub use batch::{BatchEntry, BatchReport, Op};
pub use child::{ExitStatus, reap_programs};
pub use event::TerminalEvent;
pub use options::{
    AdoptOptions, Delivery, Lag, Mode, ReaderOptions, SignalTarget, SpawnOptions, Start,
};
pub use restart_report::{RestartEvent, RestartState};
use screen::Screen;
#[cfg(fuzzing)]
pub(crate) use screen::fuzz as fuzz_screen;
pub use screen::{
    Attributes, Color, Cursor, CursorShape, LinePosition, Link, Mark, MarkKind, Match, Matches,
    Modes, NoticeKind, NoticeKinds, Position, Progress, ProgressState, Rgb, Row, Rows, Run,
    ScreenOptions, ScreenUpdate, Scroll, Search, Snapshot, Style, TerminalNotice, Underline,
};
pub(crate) use screen::{Kept, RowsAround, Scratch, SearchCursor, cell_bytes};
use series::Series;
pub use size::{Size, SizePolicy};
pub use state::{Process, ReaderState, ScreenState, TerminalFilter, TerminalState};
pub(crate) use table::Terminals;

/// One terminal: a PTY, the program in it, its output and its input.
///
/// Only [`Terminals`] calls it. It has three kinds of methods:
///
/// - What comes in. Readiness and timers: `read` (when the ready queue gives the terminal its turn), `flush_input`,
///   `on_child_ready`, `on_*_alarm`. Commands of the host and of clients: `write`, `send_eof`, `resize`, `signal`,
///   `close`, `set_delivery` and so on. They change the terminal, make system calls on its own descriptors, which
///   never block, and set timers and interest with the [`Reactor`]. They report no event.
/// - What goes out: `take_event`, and `take_update` and `take_snapshot` for what an event borrows. They move
///   readers on, and may start reading again.
/// - Queries, with `&self`: `state`, `metadata`, `output_state`, `has_event`. They change nothing.
///
/// The order: `read` is followed by `after_read` and `after_output`; and whatever changed a terminal is followed
/// by `Terminals::after_change`, which notes whether there is an event and who waits for memory. Time is that of
/// the turn, [`Reactor::now`]. `teardown` comes before a terminal is dropped, and is the last call.
pub(crate) struct Terminal {
    id: TerminalId,
    tag: u64,
    /// `None` once the PTY hung up or was closed by us.
    pty: Option<Pty>,
    /// `None` for an adopted PTY whose program is not known.
    child: Option<Child>,
    log: OutputLog,
    readers: Vec<Reader>,
    /// The clients of the server that follow the output.
    subscription: Option<Subscription>,
    /// It is in the table's list of those that were touched.
    touched: bool,
    /// The reader that was served last.
    next_reader: usize,
    flow: Flow,
    queued: QueueLink,
    /// It is one of the few that are read while somebody types in another one.
    is_open: bool,
    outbox_place: OutboxPlace,
    input: InputQueue,
    /// What the input was counted with in the sum of all.
    input_bytes: usize,
    input_ready: bool,
    input_truncated: bool,
    /// An end of input that the program has not read yet.
    pending_eof: Option<PendingEof>,
    resizer: Resizer,
    resize_timer: Option<TimerId>,
    size_policy: SizePolicy,
    screen: Option<Box<Screen>>,
    /// What the screen was counted with in the budget of all: as it is, and with all of its cells.
    screen_bytes: (usize, usize),
    /// When viewers get their next updates, or a reader has lagged too long.
    screen_timer: Option<(Instant, TimerId)>,
    /// When notices were taken last, and when the next may be, if any wait; see `notices.rs`.
    notices_sent: Option<Instant>,
    notice_timer: Option<TimerId>,
    /// The last time that the host cleared the screen.
    cleared: Cleared,
    /// Makes hashes that no program can foresee.
    hasher: RandomState,
    started: Instant,
    ending: Ending,
    exit_poll: ExitPoll,
    foreground: Foreground,
    noted: Noted,
    last_input: Option<Instant>,
    last_output: Option<Instant>,
    /// Its program is started again when it ends; see `restarting.rs`.
    series: Option<Box<Series>>,
    restart_report: Option<Report>,
    figures: Figures,
}

/// How far a terminal is on its way out.
#[derive(Default)]
struct Ending {
    /// The last bytes are being looked for since the log ended here: after the program's exit, or a
    /// close without one.
    draining_from: Option<u64>,
    /// Everything the program wrote has been read; the log's end at that moment.
    final_offset: Option<u64>,
    exit_reported: bool,
    /// When the program's status became known.
    ended: Option<Instant>,
    /// The kernel reported a hangup, of which no further edge will come: read to the end.
    hangup_reported: bool,
    /// A read met the hangup: nobody holds the slave any more.
    hung_up: bool,
    eof_reported: bool,
    closing: bool,
    kill_timer: Option<TimerId>,
}

/// Kept while the server follows the output; see `subscription.rs`.
struct Subscription {
    /// The next byte of the slowest client that gets every byte.
    lossless: Option<u64>,
}

/// The timer of a program without a pidfd; see `exit_poll.rs`.
#[derive(Default)]
struct ExitPoll {
    /// When something was last heard of the program.
    last_sign: Option<Instant>,
    timer: Option<(Instant, TimerId)>,
}

/// What was noted of a terminal for its health and the flight recorder; see `health.rs`.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Noted {
    facts: Reasons,
    has_exited: bool,
    screen_failures: u32,
}

/// What is in the foreground, and when the next look at it is; see `foreground.rs`.
#[derive(Default)]
struct Foreground {
    found: Found,
    looked: Option<Instant>,
    /// The next look is followed by another one.
    looks_twice: bool,
    timer: Option<TimerId>,
}

/// What a look at the foreground found.
#[derive(Default, PartialEq, Eq)]
struct Found {
    cwd: Option<Vec<u8>>,
    program: Vec<u8>,
    hides_input: bool,
}

/// An end of input that has not been read yet; see `sending_eof.rs`.
pub(crate) struct PendingEof {
    eof: Eof,
    /// When it was looked last.
    looked: Instant,
    /// When it is looked next.
    timer: Option<(Instant, TimerId)>,
}

impl Terminal {
    fn new(
        id: TerminalId,
        tag: u64,
        pty: Pty,
        size: Size,
        log_bytes: usize,
        limits: &Limits,
        now: Instant,
    ) -> Self {
        Terminal {
            id,
            tag,
            pty: Some(pty),
            child: None,
            log: OutputLog::new(log_bytes),
            readers: Vec::new(),
            subscription: None,
            touched: false,
            next_reader: 0,
            flow: Flow::default(),
            queued: QueueLink::default(),
            is_open: false,
            outbox_place: OutboxPlace::default(),
            input: InputQueue::new(limits.input_bytes),
            input_bytes: 0,
            input_ready: false,
            input_truncated: false,
            pending_eof: None,
            resizer: Resizer::new(size, limits.resize_interval),
            resize_timer: None,
            size_policy: SizePolicy::default(),
            screen: None,
            screen_bytes: (0, 0),
            screen_timer: None,
            notices_sent: None,
            notice_timer: None,
            cleared: Cleared::default(),
            hasher: RandomState::new(),
            started: now,
            ending: Ending::default(),
            exit_poll: ExitPoll::default(),
            foreground: Foreground::default(),
            noted: Noted::default(),
            last_input: None,
            last_output: None,
            series: None,
            restart_report: None,
            figures: Figures::default(),
        }
    }

    /// The PTY, for a command that needs one.
    fn open_pty(&self) -> Result<&Pty> {
        self.pty.as_ref().ok_or_else(|| Error::new(ErrorKind::Ended, "the terminal has hung up"))
    }

    fn is_running(&self) -> bool {
        match &self.child {
            Some(child) => child.status().is_none(),
            None => self.pty.is_some(),
        }
    }

    fn class(&self, reactor: &Reactor, limits: &Limits) -> Class {
        let typed =
            |at: Instant| reactor.now().saturating_duration_since(at) < limits.typing_window;
        match () {
            () if self.last_input.is_some_and(typed) => Class::Typing,
            () if self.is_open => Class::Open,
            () => Class::Bulk,
        }
    }

    /// Registers the PTY for what is waited for now. A failure is reported and stops nobody: what was
    /// taken on the way here still has to be delivered.
    fn update_interest(&mut self, reactor: &mut Reactor) {
        if let Err(failure) = self.register_interest(reactor) {
            reactor.report(failure);
        }
    }

    /// As [`update_interest`](Self::update_interest), for a terminal that is not there yet if it fails.
    fn register_interest(&mut self, reactor: &mut Reactor) -> Result<()> {
        let read = !self.flow.is_stopped();
        if !read {
            reactor.ready.remove(&mut self.queued);
        }
        let write = !self.input.is_empty();
        match &mut self.pty {
            Some(pty) => pty.want(reactor, Source::Pty(self.id), read, write),
            None => Ok(()),
        }
    }

    /// Looks again at the reasons not to read, after something moved.
    fn update_flow(&mut self, reactor: &mut Reactor) {
        let was_stopped = self.flow.is_stopped();
        self.flow.observe(self.unread(), self.log.unread_max());
        if was_stopped && !self.flow.is_stopped() {
            self.start_reading(reactor);
        }
    }

    /// Reads again. The kernel reports what is there when the PTY is registered anew; what is staged, and a program
    /// that has ended, are looked after by ourselves: there may be nothing left to report.
    fn start_reading(&mut self, reactor: &mut Reactor) {
        if self.is_draining() || !self.log.staged().is_empty() {
            reactor.ready.push(&mut self.queued, self.id.to_u64(), Class::Bulk);
        }
        self.update_interest(reactor);
    }

    fn flush_input(&mut self, reactor: &mut Reactor) {
        if self.has_no_reader() {
            self.input.clear();
        }
        if let Some(pty) = &self.pty {
            let flushed = self.input.flush(&mut &*pty);
            self.after_flush(flushed);
            self.hurry_eof(reactor);
        }
        self.update_interest(reactor);
    }

    fn after_flush(&mut self, flushed: Flushed) {
        self.input_truncated |= flushed.truncated;
        self.input_ready |= self.input.take_ready();
        if flushed.broken {
            self.input.clear();
        }
    }

    fn accepts_commands(&self) -> Result<&Pty> {
        if self.ending.closing {
            return Err(Error::new(ErrorKind::Closing, "the terminal is being closed"));
        }
        self.open_pty()
    }

    /// The program is gone and nobody holds the slave. Its line discipline still takes input and
    /// echoes it, so a host that goes on writing would keep its terminal from ending.
    fn has_no_reader(&self) -> bool {
        self.ending.hangup_reported
            && !self.has_living_child()
            && self.pty.as_ref().is_some_and(Pty::is_hung_up)
    }

    /// Writes input; returns how many of the bytes were accepted, the first ones.
    fn write(&mut self, bytes: &[u8], reactor: &mut Reactor) -> Result<usize> {
        self.accepts_commands()?;
        self.type_pending_eof(reactor)?;
        self.type_bytes(bytes, reactor)
    }

    fn check_reader(&mut self) -> Result<()> {
        if self.has_no_reader() {
            self.input.clear();
            return Err(no_reader());
        }
        Ok(())
    }

    fn type_bytes(&mut self, bytes: &[u8], reactor: &mut Reactor) -> Result<usize> {
        self.check_reader()?;
        let Some(pty) = &self.pty else { return broken!("looked at above", Ok(0)) };
        let (accepted, flushed) = self.input.push(bytes, &mut &*pty);
        if accepted > 0 {
            self.last_input = Some(reactor.now());
            self.figures.on_input(reactor.tick());
            self.expect_exit(reactor);
        }
        self.after_flush(flushed);
        if flushed.broken {
            return Err(no_reader());
        }
        if self.queued.is_queued() {
            reactor.ready.push(&mut self.queued, self.id.to_u64(), Class::Typing);
        }
        self.update_interest(reactor);
        Ok(accepted)
    }

    fn resize(&mut self, size: Size, reactor: &mut Reactor) -> Result<()> {
        size.validate()?;
        self.accepts_commands()?;
        let todo = self.resizer.request(size, reactor.now());
        self.do_resize(todo, reactor)
    }

    fn do_resize(&mut self, todo: Resize, reactor: &mut Reactor) -> Result<()> {
        match todo {
            Resize::Nothing => Ok(()),
            Resize::Apply(size) => {
                self.open_pty()?.set_size(size)?;
                self.resize_screen(size, reactor);
                Ok(())
            }
            Resize::SignalOnly => match self.signal(libc::SIGWINCH, SignalTarget::Foreground) {
                // No process is there to get the signal.
                Err(error) if error.kind() == ErrorKind::Ended => Ok(()),
                outcome => outcome,
            },
            Resize::Wait(until) => {
                if self.resize_timer.is_none() {
                    let alarm = Alarm::Resize(self.id);
                    self.resize_timer = Some(reactor.set_timer(until, alarm));
                }
                Ok(())
            }
        }
    }

    fn on_resize_alarm(&mut self, reactor: &mut Reactor) -> Result<()> {
        self.resize_timer = None;
        if self.pty.is_none() {
            return Ok(());
        }
        let todo = self.resizer.due(reactor.now());
        self.do_resize(todo, reactor)
    }

    fn signal(&self, signal: i32, target: SignalTarget) -> Result<()> {
        if !(1..=libc::SIGRTMAX()).contains(&signal) {
            return Err(Error::invalid(format!("{signal} is not a signal")));
        }
        let foreground = match target {
            SignalTarget::Foreground => self.pty.as_ref().and_then(Pty::foreground_group),
            SignalTarget::Leader => None,
        };
        match (foreground, &self.child) {
            (Some(group), _) => child::signal_group(group, signal),
            (None, Some(child)) => child.signal_group(signal),
            (None, None) => Err(Error::new(ErrorKind::Ended, "the terminal has no process group")),
        }
    }

    fn reader_mut(&mut self, id: ReaderId) -> Result<&mut Reader> {
        // The table maps a reader to its terminal and drops both together.
        self.readers
            .iter_mut()
            .find(|reader| reader.id == id)
            .ok_or_else(|| Error::new(ErrorKind::StaleId, "the reader is gone"))
    }
}

fn no_reader() -> Error {
    Error::new(ErrorKind::Ended, "nobody reads this terminal any more")
}

impl Sink for &Pty {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Pty::write(self, bytes)
    }
    fn line_rules(&mut self) -> Option<LineRules> {
        Pty::line_rules(self)
    }
}
