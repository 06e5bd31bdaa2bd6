//! The engine: owns every subsystem, runs the turn, and is the public Rust interface.
//!
//! It is the only place where subsystems meet. They do not know each other; what one of them reports
//! and another one needs passes through here.

mod batches;
mod client_work;
mod commands;
mod dump;
mod event;
mod files;
mod health;
mod health_record;
mod memory;
mod metrics;
mod next_event;
mod notice_queue;
mod notices;
mod observation;
mod observers;
mod peers;
mod reports;
mod requests;
mod rows;
mod searches;
mod sender;
mod serving;
mod stages;
mod state;
mod terminals;
mod turn;
mod watches;

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::id::ClientId;
use crate::limits::Limits;
use crate::observe::{KindCounts, Recorded, TurnRecorder};
use crate::policy::{MemoryBudget, Shares};
use crate::reactor::{Inbox, ProcessIdentity, Reactor, TimerId};
use crate::state::ApplicationState;
use crate::sync::{Peers, Server};
use crate::terminal::Terminals;
use crate::watch::Watches;
use client_work::{Batches, ClientWatch, ReportJob, Review, RowsJobs, Searches};
use event::Notice;
use health_record::HealthRecord;
use notice_queue::NoticeQueue;
use observation::Observation;
use sender::Envelope;

pub use event::{Completion, Event, LogLevel};
pub use sender::{Command, Sender};

/// How an engine is made.
#[derive(Clone, Debug)]
pub struct Config {
    /// Every bound of the engine.
    pub limits: Limits,
    /// The least urgent log lines that become events. By default [`LogLevel::Warn`].
    pub log_level: LogLevel,
    /// Changes that clients make to the state wait for
    /// [`answer_review`](Engine::answer_review). By default they are committed when they are valid.
    pub review_changes: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config { limits: Limits::default(), log_level: LogLevel::Warn, review_changes: false }
    }
}

/// A real-time engine: terminals, file watches and a server on one event loop.
///
/// An engine belongs to the thread that made it and does nothing by itself. It has four kinds of methods:
///
/// - Commands, such as [`spawn`](Self::spawn), [`write`](Self::write), [`add_watch`](Self::add_watch) and
///   [`add_listener`](Self::add_listener). They may be called at any time between turns, take effect at once where they
///   can, and report their own failure. What follows from them later is an event.
/// - [`turn`](Self::turn) does what is due. Only it reads terminals, files and sockets.
/// - [`next_event`](Self::next_event) gives what happened. Bytes and texts of an event are borrowed until the
///   next call that takes the engine by `&mut`.
/// - Queries, such as [`terminal_state`](Self::terminal_state) and [`limits`](Self::limits). They change nothing and may be called
///   at any time.
///
/// The order: the host polls the descriptor ([`AsRawFd`]) for readability, calls `turn`, and calls `next_event`
/// until there is none; or it lets [`run`](Self::run) do that. Events that are left unread keep the descriptor
/// readable, and unread output stops its program. In a forked child every command fails with
/// [`Forked`](ErrorKind::Forked).
///
/// No call waits for anything, except `turn` and `run`. Dropping an engine kills what
/// runs in it: each program's group and the foreground group get SIGHUP and SIGKILL, and others on the same
/// terminal are hung up on. It does not wait for their end; [`reap_programs`](crate::reap_programs) collects
/// what is left of them. [`shutdown`](Self::shutdown) is the orderly way.
///
/// ```
/// use std::ops::ControlFlow;
/// use orchflow::{Config, Engine, Event, SpawnOptions, TerminalEvent};
///
/// # fn main() -> orchflow::Result<()> {
/// let mut engine = Engine::new(Config::default())?;
/// engine.spawn(&SpawnOptions::program("echo").arg("hello"))?;
/// let mut output = Vec::new();
/// let status = engine.run(|engine| {
///     while let Some(Event::Terminal { event, .. }) = engine.next_event()? {
///         match event {
///             TerminalEvent::Output { bytes, .. } => output.extend_from_slice(bytes),
///             TerminalEvent::Exited { status, .. } => return Ok(ControlFlow::Break(status)),
///             _ => {}
///         }
///     }
///     Ok(ControlFlow::Continue(()))
/// })?;
/// assert!(status.success());
/// assert_eq!(output, b"hello\r\n");
/// # Ok(())
/// # }
/// ```
pub struct Engine {
    reactor: Reactor,
    /// What the kernel reported in this turn; a field so that it is allocated once.
    polled: mio::Events,
    terminals: Terminals,
    watches: Watches,
    state: ApplicationState,
    observation: Observation,
    server: Server,
    peers: Peers,
    /// Changes of clients that wait for the host.
    reviews: VecDeque<Review>,
    /// Bytes of these, about.
    review_bytes: usize,
    last_review: u64,
    client_watches: Vec<ClientWatch>,
    batches: Batches,
    /// Searches of clients.
    searches: Searches,
    rows: RowsJobs,
    /// The report that is being made.
    report: Option<ReportJob>,
    /// Which kind of jobs had the last slice.
    last_job: usize,
    inbox: Inbox<Envelope>,
    turns: TurnRecorder,
    health: HealthRecord,
    started: Instant,
    /// Which stage of a turn goes next.
    shares: Shares<{ stages::SHARERS }>,
    /// When a timer lets floods go on that are held back.
    hold_timer: Option<TimerId>,
    /// Bytes that this turn may still read from PTYs.
    reads_left: usize,
    /// Completions and log lines that wait to be read.
    notices: NoticeQueue,
    /// Log lines that went before they were read.
    log_lines_dropped: u64,
    /// What went wrong where no caller got the error.
    errors: KindCounts,
    memory: MemoryBudget,
    /// Bytes in use when the last call or the last look at memory ended.
    memory_used: usize,
    /// The text of the log line that was handed out last.
    log_line: String,
    config: Config,
    shutdown: Shutdown,
    /// Broken invariants that were logged.
    broken_logged: u64,
    /// The process that made the engine; a forked child has another one.
    process: ProcessIdentity,
    /// Not `Send`: the engine belongs to its thread.
    thread: PhantomData<*const ()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shutdown {
    No,
    Started,
    Reported,
}

impl Engine {
    /// Makes an engine with nothing in it. It costs four descriptors.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) with every bound that is out of range,
    /// [`OutOfDescriptors`](ErrorKind::OutOfDescriptors).
    pub fn new(config: Config) -> Result<Self> {
        config.limits.validate()?;
        let reactor = Reactor::new()?;
        let limits = &config.limits;
        let inbox = Inbox::new(reactor.inbox_waker(), limits.inbox_commands, limits.inbox_bytes);
        Ok(Engine {
            polled: Reactor::event_buffer(),
            turns: TurnRecorder::new(reactor.tick()),
            health: HealthRecord::new(limits.recorder_events),
            started: reactor.now(),
            shares: stages::shares(),
            hold_timer: None,
            reads_left: 0,
            terminals: Terminals::new(limits.clone(), reactor.now()),
            watches: Watches::new(limits.clone()),
            state: ApplicationState::new(epoch()?, limits),
            observation: Observation::default(),
            server: Server::new(limits.clone(), reactor.now()),
            peers: Peers::new(limits.clone()),
            reviews: VecDeque::new(),
            review_bytes: 0,
            last_review: 0,
            client_watches: Vec::new(),
            batches: Batches::default(),
            searches: Searches::default(),
            rows: RowsJobs::default(),
            report: None,
            last_job: 0,
            inbox,
            notices: NoticeQueue::default(),
            log_lines_dropped: 0,
            errors: KindCounts::default(),
            memory: MemoryBudget::new(limits.memory_bytes_total),
            memory_used: 0,
            log_line: String::new(),
            reactor,
            config,
            shutdown: Shutdown::No,
            broken_logged: crate::invariants_broken(),
            process: ProcessIdentity::current(),
            thread: PhantomData,
        })
    }

    /// Turns until `handler` breaks, blocking in between; after each turn the handler pulls what
    /// events it wants.
    ///
    /// # Errors
    /// Those of the handler and of [`turn`](Self::turn).
    pub fn run<B>(
        &mut self,
        mut handler: impl FnMut(&mut Engine) -> Result<ControlFlow<B>>,
    ) -> Result<B> {
        loop {
            self.turn(None)?;
            if let ControlFlow::Break(value) = handler(self)? {
                return Ok(value);
            }
        }
    }

    /// How long a host that prefers a timeout may wait before the next turn: zero when there is
    /// something to do now, `None` when only the descriptor shows it. The descriptor alone is
    /// enough; timers make it readable too.
    pub fn time_to_deadline(&mut self) -> Option<Duration> {
        if self.has_work() || !self.reactor.ready.is_empty() {
            return Some(Duration::ZERO);
        }
        let now = self.reactor.measure_now();
        self.reactor.deadline().map(|deadline: Instant| deadline.saturating_duration_since(now))
    }

    /// A handle through which other threads post commands. It may outlive the engine.
    pub fn sender(&self) -> Sender {
        Sender::new(self.inbox.sender(), self.process)
    }

    /// Closes every terminal with this grace, removes every watch, lets go of every peer, listens no longer and
    /// refuses new ones; clients are closed after the last terminal. When all are gone,
    /// [`Event::ShutdownComplete`] comes.
    ///
    /// # Errors
    /// [`Forked`](ErrorKind::Forked).
    pub fn shutdown(&mut self, grace: Duration) -> Result<()> {
        self.check_process()?;
        if self.shutdown == Shutdown::No {
            self.shutdown = Shutdown::Started;
        }
        let ids: Vec<_> = self.terminals.ids(crate::TerminalFilter::All).collect();
        for id in ids {
            self.close(id, grace)?;
        }
        self.server.stop_listening(&mut self.reactor);
        self.reactor.refresh_now();
        self.peers.disconnect_all(&mut self.reactor);
        for id in self.watches() {
            self.remove_watch(id)?;
        }
        self.finish_call()
    }

    /// The bounds that the engine was made with.
    pub fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// Bytes that all output logs hold at the moment; at most `limits().log_bytes_total`.
    pub fn log_bytes(&self) -> usize {
        self.terminals.log_bytes()
    }

    /// Whether a turn or [`next_event`](Self::next_event) would do something that the kernel does
    /// not know of.
    fn has_work(&self) -> bool {
        self.terminals.has_event()
            || self.watches.has_event()
            || self.watches.has_work()
            || self.watches.may_open_again(&self.reactor)
            || self.server.has_work()
            || self.server.may_accept_again(&self.reactor)
            || (self.shutdown == Shutdown::Started
                && self.terminals.len() == 0
                && self.server.has_unclosed())
            || self.peers.has_event()
            || self.peers.has_work()
            || self.has_search_work()
            || self.has_unreported_review()
            || self.has_state_work()
            || !self.notices.is_empty()
            || self.wants_relief()
            || self.turns.has_slow()
            || self.health.has_event()
            || !self.batches.is_empty()
            || !self.rows.is_empty()
            || self.report.is_some()
            || !self.inbox.is_empty()
            || self.is_shutdown_complete()
    }

    fn is_shutdown_complete(&self) -> bool {
        self.shutdown == Shutdown::Started
            && self.terminals.len() == 0
            && !self.server.has_connections()
            && self.peers.is_empty()
    }

    /// Logs failures and makes the readiness of the descriptor exact: the last step of every call that changes
    /// something.
    fn finish_call(&mut self) -> Result<()> {
        self.hold_floods();
        self.note_memory_room();
        for failure in self.reactor.take_failures() {
            self.record(Recorded::Failed { what: "terminal", kind: failure.kind() });
            self.errors.add(failure.kind().name());
            self.log(LogLevel::Error, format!("terminal: {failure}"));
        }
        self.take_notes();
        let work = self.has_work();
        self.reactor.update_readiness(work)
    }

    /// [`finish_call`](Self::finish_call) where something was made or taken that the caller must get: a failure is
    /// logged.
    fn finish_call_or_log(&mut self) {
        let settled = self.finish_call();
        self.log_failure("descriptor", settled);
    }

    /// Refuses the call in a forked child: the epoll set and the terminals are the parent's.
    fn check_process(&self) -> Result<()> {
        if self.process.is_current() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Forked, "the engine belongs to the parent process"))
    }

    /// Queues a log line for the host, if it wants such. The oldest lines go first when too many
    /// wait.
    pub(crate) fn log(&mut self, level: LogLevel, text: String) {
        self.log_about(level, None, text);
    }

    /// The same for a line about a client.
    pub(super) fn log_about(&mut self, level: LogLevel, client: Option<ClientId>, text: String) {
        if level > self.config.log_level {
            return;
        }
        if self.notices.push(Notice::Log { level, client, text }, self.config.limits.events) {
            self.log_lines_dropped += 1;
            self.record(Recorded::Dropped { what: "log line" });
        }
    }

    /// Logs faults of our own, which a release build only counts.
    fn log_broken_invariants(&mut self) {
        let broken = crate::invariants_broken();
        let new = broken - std::mem::replace(&mut self.broken_logged, broken);
        if new > 0 {
            let text = format!("{new} invariants of the engine were broken: please report it");
            self.log(LogLevel::Error, text);
            self.note_broken_invariants();
        }
    }

    /// Logs what went wrong inside a turn, where no caller gets the error.
    fn log_failure(&mut self, what: &'static str, outcome: Result<()>) {
        self.record_failure(what, &outcome);
        if let Err(error) = outcome {
            self.errors.add(error.kind().name());
            self.log(LogLevel::Error, format!("{what}: {error}"));
        }
    }
}

impl AsRawFd for Engine {
    /// The descriptor to poll for readability: an epoll descriptor, close-on-exec. It is readable
    /// if and only if a turn has something to do or an event is unread. Poll it; never read from,
    /// register in, or close it.
    fn as_raw_fd(&self) -> RawFd {
        self.reactor.as_fd().as_raw_fd()
    }
}

impl AsFd for Engine {
    /// The same descriptor as [`AsRawFd`] gives.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reactor.as_fd()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if self.check_process().is_ok() {
            self.terminals.teardown(&mut self.reactor);
            self.watches.teardown(&mut self.reactor);
            self.server.teardown(&mut self.reactor);
            self.peers.teardown(&mut self.reactor);
            // Last: what was killed first has had the most time to end.
            crate::reap_programs();
        } else {
            // In a forked child: nothing may be killed and the shared epoll set not be touched.
            // Closing our copies of the descriptors is harmless.
            self.terminals.leak_after_fork();
            self.watches.leak_after_fork();
            self.server.leak_after_fork();
            self.peers.leak_after_fork();
        }
    }
}

/// Distinguishes this engine's versions from those of every other one, in a number that JSON carries exactly.
fn epoch() -> Result<u64> {
    let random = getrandom::u64()
        .map_err(|_| Error::new(ErrorKind::System, "the system gives no random numbers"))?;
    Ok((random >> 11).max(1))
}
