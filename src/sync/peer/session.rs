//! What each message of another engine means, and what is sent to it. Pure.
//!
//! A session outlives its connections: it holds what a new one goes on with (the replica with its version,
//! terminals with their offsets) and what waits for the host. It is given messages and pushes what it wants
//! to say; [`link`](super::link) carries them.
//!
//! **After the welcome** comes one ping behind all attachments: whatever has not been answered when its pong
//! arrives was refused. Offsets count only within an epoch, so
//! attachments are made after the welcome and not with the hello.
//!
//! **A replica is checked** by the hash of each diff that has one. One that differs is asked for anew, once;
//! if it differs after that the connection is given up, since there would be no end to it.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::attachment::{Attachment, OutOfOrder};
use super::convert;
use super::event_queue::{AttachmentId, EventQueue, QueuedEvent};
use super::fault::Fault;
use super::grids::{self, GRID_NUMBER};
use super::options::{PeerOptions, RemoteAttach, RemoteMode};
use super::request::{self, LOST, RemoteCode, RemoteOutcome, RemoteRequest};
use crate::error::{Error, ErrorKind, Result, one_line};
use crate::state::{Collections, OwnedEntry, Replica, StateVersion};
use crate::sync::protocol::{
    ClientMessage, DetachReason, Diff, ErrorCode, Failure, Hello, Outcome, PROTOCOL, Rejected,
    ServerMessage, TerminalSnapshot, Version, Welcome,
};
use crate::terminal::Size;

/// Requests and change sets without an answer; one more is refused.
const PENDING_MAX: usize = 1024;
/// Terminals attached at once; the other engine has its own bound.
const ATTACHMENTS_MAX: usize = 4096;

impl From<OutOfOrder> for Fault {
    fn from(_: OutOfOrder) -> Self {
        Fault::new("output that does not follow on what came before")
    }
}

pub(super) type Step = std::result::Result<(), Fault>;

/// What a number was given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    Request,
    Change,
}

/// See the module's documentation.
pub(super) struct Session {
    collections: Collections,
    pub(super) replica: Replica,
    /// The answer to the last hello that was accepted.
    pub(super) welcome: Option<Welcome>,
    /// The welcome of this connection has come.
    pub(super) is_open: bool,
    /// Of the diff whose parts are coming, one began anew.
    is_full: bool,
    /// The replica is not what it should be and comes anew.
    is_mismatched: bool,
    /// Hashes that differed.
    pub(super) mismatches: u64,
    attachments: Vec<Attachment>,
    pending: BTreeMap<u64, Pending>,
    last_number: u64,
    /// Attachments and updates of screens so far.
    last_serial: u64,
    /// Pings without a pong, oldest first.
    pings: VecDeque<(u64, Instant)>,
    last_ping: u64,
    pub(super) round_trip: Option<Duration>,
    pub(super) events: EventQueue,
}

impl Session {
    pub(super) fn new(collections: Collections, state_bytes: usize, queue_bytes: usize) -> Self {
        Session {
            collections,
            replica: Replica::new(state_bytes),
            welcome: None,
            is_open: false,
            is_full: false,
            is_mismatched: false,
            mismatches: 0,
            attachments: Vec::new(),
            pending: BTreeMap::new(),
            last_number: 0,
            last_serial: 0,
            pings: VecDeque::new(),
            last_ping: 0,
            round_trip: None,
            events: EventQueue::new(queue_bytes),
        }
    }

    /// Bytes that it takes, about.
    pub(super) fn memory(&self) -> usize {
        let asked = self.attachments.len() * size_of::<Attachment>()
            + self.pending.len() * size_of::<(u64, Pending)>();
        self.replica.memory() + self.events.bytes() + asked
    }

    /// The first message of a connection.
    pub(super) fn hello(&self, options: &PeerOptions) -> ClientMessage {
        let known = self.replica.version().filter(|_| !self.is_mismatched);
        ClientMessage::Hello(Hello {
            token: Some(options.token.clone()),
            client: options.name.clone(),
            resume: known.map(|StateVersion { epoch, n }| Version { epoch, n }),
            collections: convert::collections(self.collections),
            attach: Vec::new(),
            compress: options.compress,
            notices: convert::notice_kinds(options.notices),
        })
    }

    /// The connection is gone. What waited for an answer is answered.
    pub(super) fn on_lost(&mut self) {
        (self.is_open, self.is_full) = (false, false);
        self.pings.clear();
        self.attachments.iter_mut().for_each(Attachment::on_lost);
        for (number, pending) in std::mem::take(&mut self.pending) {
            self.events.push(match pending {
                Pending::Request => QueuedEvent::Answer {
                    request: number,
                    outcome: Box::new(RemoteOutcome::lost()),
                },
                Pending::Change => QueuedEvent::Rejected {
                    mutation: number,
                    code: RemoteCode::Disconnected,
                    message: LOST.into(),
                },
            });
        }
    }

    // What comes in.

    /// A message came. What is to be sent is pushed to `out`.
    pub(super) fn on_message(
        &mut self,
        message: ServerMessage,
        now: Instant,
        out: &mut Vec<ClientMessage>,
    ) -> Step {
        if let ServerMessage::Welcome(welcome) = message {
            return self.on_welcome(welcome, now, out);
        }
        if !self.is_open {
            return Err(Fault::new("a message before the welcome"));
        }
        match message {
            ServerMessage::Welcome(_) => {}
            ServerMessage::Diff(diff) => self.on_diff(diff, out)?,
            ServerMessage::Rejected(Rejected { mutation, code, message, .. }) => {
                if self.pending.remove(&mutation).is_some() {
                    self.on_rejected(mutation, code, message);
                }
            }
            ServerMessage::Attached { terminal, mode, offset } => {
                self.on_attached(terminal, convert::mode(mode), offset);
            }
            ServerMessage::Detached { terminal, reason: DetachReason::Closed } => {
                self.drop_attachment(terminal);
            }
            // We asked for it, and reported it then.
            ServerMessage::Detached { reason: DetachReason::Asked, .. } => {}
            ServerMessage::Gap { terminal, from, to } => self.on_gap(terminal, from, to)?,
            ServerMessage::TerminalSnapshot(snapshot) => self.on_snapshot(snapshot),
            ServerMessage::Screen(screen) => {
                if self.attached(screen.terminal).is_some() {
                    self.last_serial += 1;
                    let update = Box::new(convert::screen(&screen, self.last_serial));
                    self.events.push(QueuedEvent::Screen { terminal: screen.terminal, update });
                }
            }
            ServerMessage::Ended { terminal, final_offset, exit } => {
                if self.attached(terminal).is_some_and(Attachment::on_ended) {
                    let status = convert::exit(exit);
                    self.events.push(QueuedEvent::Ended { terminal, final_offset, status });
                }
            }
            // A grid that was refused is a problem without a number of the host's.
            ServerMessage::Result { id: GRID_NUMBER, outcome } => {
                let failures = grids::failures(outcome).into_iter();
                failures.for_each(|failed| self.report_problem(None, failed.code, failed.message));
            }
            ServerMessage::Result { id, outcome } => {
                if self.pending.remove(&id).is_some() {
                    let outcome = Box::new(request::outcome(outcome));
                    self.events.push(QueuedEvent::Answer { request: id, outcome });
                }
            }
            ServerMessage::Error { code, message, id, terminal } => {
                self.on_error(id, terminal, code, message);
            }
            ServerMessage::Pong { id } => self.on_pong(id, now),
            ServerMessage::Notice { terminal, seq, notice } => {
                let notice = Box::new(convert::notice(notice));
                self.events.push(QueuedEvent::Notice { terminal, seq, notice });
            }
            // What it has not asked for.
            ServerMessage::Figures(_)
            | ServerMessage::Health(_)
            | ServerMessage::LagWarning { .. } => {}
        }
        Ok(())
    }

    /// The answer to an attach; or a change of an attachment that exerted backpressure for too long.
    fn on_attached(&mut self, terminal: u64, mode: RemoteMode, offset: u64) {
        // The answer to an earlier attach comes before its pong.
        let ping = self.pings.front().map_or(0, |(ping, _)| *ping);
        let Some(follow) = self.follow(terminal) else { return };
        if follow.is_asked(ping) && follow.mode() == mode {
            follow.on_attached(offset);
            self.events.push(QueuedEvent::Attached { terminal, offset });
        } else if follow.is_attached() && follow.mode() != mode {
            follow.on_mode(mode, offset);
            self.events.push(QueuedEvent::DeliveryChanged { terminal, mode, offset });
        }
    }

    /// Output came.
    pub(super) fn on_output(&mut self, terminal: u64, offset: u64, bytes: &[u8]) -> Step {
        if !self.is_open {
            return Err(Fault::new("output before the welcome"));
        }
        // What was in flight when the host let go of a terminal, or attached anew, is nobody's.
        let Some(follow) = self.attached(terminal).filter(|_| !bytes.is_empty()) else {
            return Ok(());
        };
        follow.on_output(offset, bytes.len() as u64)?;
        let id = follow.id;
        self.events.push_output(id, offset, bytes);
        Ok(())
    }

    fn on_welcome(&mut self, welcome: Welcome, now: Instant, out: &mut Vec<ClientMessage>) -> Step {
        if self.is_open {
            return Err(Fault::new("a second welcome"));
        }
        if welcome.protocol != PROTOCOL {
            let text = format!("it speaks version {} of the protocol", welcome.protocol);
            return Err(Fault::fatal(text));
        }
        self.is_open = true;
        self.events.push(QueuedEvent::Connected { resumed: welcome.resumed });
        let epoch = welcome.version.epoch;
        let is_same = self.welcome.as_ref().is_none_or(|known| known.version.epoch == epoch);
        if !is_same {
            // The terminals of an engine that ended are gone, whatever has their numbers now.
            for follow in std::mem::take(&mut self.attachments) {
                if follow.was_attached() {
                    self.events.push(QueuedEvent::Detached { terminal: follow.id.terminal });
                } else {
                    self.attachments.push(follow);
                }
            }
        }
        let window_max = welcome.limits.window_bytes;
        self.welcome = Some(welcome);
        let ping = self.last_ping + 1;
        for follow in &mut self.attachments {
            out.push(ClientMessage::Attach(follow.ask(ping, window_max)));
        }
        self.ping(now, out);
        Ok(())
    }

    fn on_diff(&mut self, diff: Diff, out: &mut Vec<ClientMessage>) -> Step {
        if self.welcome.as_ref().is_none_or(|welcome| welcome.version.epoch != diff.epoch) {
            return Err(Fault::new("a diff of another epoch"));
        }
        let Diff { epoch, to, full, more, removed, sessions, panes, terminals, files, .. } = diff;
        if full {
            self.is_full = true;
        } else if self.replica.version().is_none() && !self.is_full {
            return Err(Fault::new("a diff to a state that is not known"));
        }
        self.replica.begin(full);
        for key in &removed {
            self.replica.removed(convert::key(key));
        }
        let entries = sessions.into_iter().map(convert::session);
        let entries = entries.chain(panes.into_iter().map(convert::pane));
        let entries = entries.chain(terminals.into_iter().map(convert::terminal));
        let mut entries = entries.chain(files.into_iter().map(convert::file));
        let set = |entry: OwnedEntry| self.replica.set(entry);
        if let Err(error) = entries.try_for_each(set) {
            return Err(Fault::fatal(error.message().to_owned()));
        }
        if more {
            return Ok(());
        }
        let is_full = std::mem::take(&mut self.is_full);
        let version = StateVersion { epoch, n: to };
        self.replica.finish(version);
        out.push(ClientMessage::Ack { version: to });
        let hash = diff.hash.map(|hash| hash.0);
        if hash.is_some_and(|hash| hash != self.replica.hash(self.collections)) {
            self.on_mismatch(is_full, out)?;
        } else if is_full {
            self.is_mismatched = false;
        }
        if !self.is_mismatched {
            self.events.push(QueuedEvent::State { version, full: is_full });
        }
        for applied in diff.applied {
            if self.pending.remove(&applied.mutation).is_some() {
                let (mutation, version) = (applied.mutation, applied.version);
                self.events.push(QueuedEvent::Applied { mutation, version });
            }
        }
        Ok(())
    }

    /// The replica is not what the other engine has.
    fn on_mismatch(&mut self, is_full: bool, out: &mut Vec<ClientMessage>) -> Step {
        self.mismatches += 1;
        if is_full {
            self.is_mismatched = true;
            return Err(Fault::new("the state differs from its hash as it came"));
        }
        // One that was in flight when the snapshot was asked for differs as well.
        if !std::mem::replace(&mut self.is_mismatched, true) {
            out.push(ClientMessage::Snapshot);
        }
        Ok(())
    }

    fn on_gap(&mut self, terminal: u64, from: u64, to: u64) -> Step {
        if let Some(follow) = self.attached(terminal) {
            follow.on_gap(from, to)?;
            let id = follow.id;
            self.events.push(QueuedEvent::Gap { id, from, to });
        }
        Ok(())
    }

    fn on_snapshot(&mut self, snapshot: TerminalSnapshot) {
        let TerminalSnapshot { terminal, offset, cols, rows, line, data, more } = snapshot;
        if let Some(follow) = self.attached(terminal) {
            follow.on_snapshot(offset, more);
            let (id, size, line) = (follow.id, (cols, rows), convert::line_position(line));
            self.events.push(QueuedEvent::Snapshot { id, offset, size, line, bytes: data.0, more });
        }
    }

    /// An error: the answer to what has its number, if something has, else a problem.
    fn on_error(
        &mut self,
        id: Option<u64>,
        terminal: Option<u64>,
        code: ErrorCode,
        message: String,
    ) {
        let number = id.filter(|number| *number != GRID_NUMBER);
        let Some((request, pending)) = number.and_then(|id| self.pending.remove_entry(&id)) else {
            return self.report_problem(terminal, code, message);
        };
        self.events.push(match pending {
            Pending::Request => {
                let failed = Outcome::Failed(Failure { code, message });
                QueuedEvent::Answer { request, outcome: Box::new(request::outcome(failed)) }
            }
            Pending::Change => return self.on_rejected(request, code, message),
        });
    }

    fn on_rejected(&mut self, mutation: u64, code: ErrorCode, message: String) {
        let (code, message) = (request::code(code), one_line(message.into()));
        self.events.push(QueuedEvent::Rejected { mutation, code, message });
    }

    fn report_problem(&mut self, terminal: Option<u64>, code: ErrorCode, message: String) {
        let message = if message.is_empty() { format!("{code:?}") } else { message };
        let message = one_line(message.into()).into_owned();
        self.events.push(QueuedEvent::Problem { terminal, message });
    }

    fn on_pong(&mut self, id: u64, now: Instant) {
        while let Some((ping, sent)) = self.pings.front().copied()
            && ping <= id
        {
            self.pings.pop_front();
            self.round_trip = Some(now.saturating_duration_since(sent));
        }
        for follow in std::mem::take(&mut self.attachments) {
            if follow.is_asked(id) {
                self.events.push(QueuedEvent::Detached { terminal: follow.id.terminal });
            } else {
                self.attachments.push(follow);
            }
        }
    }

    fn ping(&mut self, now: Instant, out: &mut Vec<ClientMessage>) {
        self.last_ping += 1;
        self.pings.push_back((self.last_ping, now));
        out.push(ClientMessage::Ping { id: self.last_ping });
    }

    // What the host wants.

    /// Attaches to a terminal, now and on every connection that follows.
    pub(super) fn attach(
        &mut self,
        terminal: u64,
        options: &RemoteAttach,
        now: Instant,
        out: &mut Vec<ClientMessage>,
    ) -> Result<()> {
        self.attachments.retain(|known| known.id.terminal != terminal);
        if self.attachments.len() >= ATTACHMENTS_MAX {
            return Err(Error::limit(format!("a peer has at most {ATTACHMENTS_MAX} attachments")));
        }
        self.last_serial += 1;
        let id = AttachmentId { terminal, serial: self.last_serial };
        let mut follow = Attachment::new(id, *options);
        if let Some(welcome) = self.welcome.as_ref().filter(|_| self.is_open) {
            let attach = follow.ask(self.last_ping + 1, welcome.limits.window_bytes);
            out.push(ClientMessage::Attach(attach));
            self.ping(now, out);
        }
        self.attachments.push(follow);
        Ok(())
    }

    /// Reports the grid of our window for a terminal that we are attached to, now and on every connection that
    /// follows.
    pub(super) fn set_grid(
        &mut self,
        terminal: u64,
        grid: Size,
        out: &mut Vec<ClientMessage>,
    ) -> Result<()> {
        self.follow(terminal).ok_or_else(|| not_attached(terminal))?.set_grid(grid);
        if self.is_open {
            out.push(grids::report(terminal, grid));
        }
        Ok(())
    }

    /// Looks at what is so many rows above the top of a screen that we are attached to; on this connection.
    pub(super) fn scroll(
        &mut self,
        terminal: u64,
        rows: u32,
        out: &mut Vec<ClientMessage>,
    ) -> Result<()> {
        let follow = self.follow(terminal).ok_or_else(|| not_attached(terminal))?;
        if follow.mode() != RemoteMode::Screen {
            return Err(Error::invalid("only an attachment in the mode `Screen` has a viewport"));
        }
        out.push(ClientMessage::Scroll { terminal, rows });
        Ok(())
    }

    /// A request reports grids of our windows: so will the attachments of the next connection.
    pub(super) fn note_grids(&mut self, request: &RemoteRequest) {
        for (terminal, grid) in grids::reported(request) {
            if let Some(follow) = self.follow(terminal) {
                follow.set_grid(grid);
            }
        }
    }

    /// Detaches from a terminal. What came before is still reported, then that it is detached.
    pub(super) fn detach(&mut self, terminal: u64, out: &mut Vec<ClientMessage>) -> Result<()> {
        if !self.drop_attachment(terminal) {
            return Err(not_attached(terminal));
        }
        if self.is_open {
            out.push(ClientMessage::Detach { terminal });
        }
        Ok(())
    }

    /// The number for the next request or change set.
    pub(super) fn next_number(&self) -> Result<u64> {
        if self.pending.len() >= PENDING_MAX {
            return Err(Error::limit(format!("{PENDING_MAX} requests wait for an answer")));
        }
        Ok(self.last_number + 1)
    }

    /// The request with the next number was sent.
    pub(super) fn note_request(&mut self, is_change: bool) {
        self.last_number += 1;
        let pending = if is_change { Pending::Change } else { Pending::Request };
        self.pending.insert(self.last_number, pending);
    }

    /// Gives the host the next event. What it has read now is credited by messages to `out`.
    pub(super) fn poll_event(&mut self, out: &mut Vec<ClientMessage>) -> Option<QueuedEvent> {
        let item = self.events.pop()?;
        let read = match &item {
            QueuedEvent::Output { id, offset, bytes } => Some((*id, offset + bytes.len() as u64)),
            QueuedEvent::Gap { id, to, .. } => Some((*id, *to)),
            QueuedEvent::Snapshot { id, offset, more: false, .. } => Some((*id, *offset)),
            _ => None,
        };
        if let Some((id, end)) = read
            && let Some(follow) = self.follow(id.terminal).filter(|f| f.id == id)
            && let Some(offset) = follow.on_read(end)
        {
            out.push(ClientMessage::Credit { terminal: id.terminal, offset });
        }
        Some(item)
    }

    // Attachments.

    fn follow(&mut self, terminal: u64) -> Option<&mut Attachment> {
        self.attachments.iter_mut().find(|follow| follow.id.terminal == terminal)
    }

    fn attached(&mut self, terminal: u64) -> Option<&mut Attachment> {
        self.follow(terminal).filter(|follow| follow.is_attached())
    }

    fn drop_attachment(&mut self, terminal: u64) -> bool {
        let before = self.attachments.len();
        self.attachments.retain(|known| known.id.terminal != terminal);
        let is_gone = self.attachments.len() < before;
        if is_gone {
            self.events.push(QueuedEvent::Detached { terminal });
        }
        is_gone
    }

    /// Terminals that are attached to, or will be.
    pub(super) fn attachments(&self) -> impl Iterator<Item = u64> + '_ {
        self.attachments.iter().map(|follow| follow.id.terminal)
    }
}

fn not_attached(terminal: u64) -> Error {
    let text = format!("not attached to a terminal {terminal} of the peer");
    Error::new(ErrorKind::StaleId, text)
}
