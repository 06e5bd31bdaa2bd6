//! What is to be done with each message of another engine, and what to say to it. Pure.
//!
//! A session outlives its connections: it holds what a new one goes on with (the replica with its version,
//! terminals with their offsets) and what waits for the host. It is given messages and pushes what it wants
//! to say; [`link`](super::link) carries them.
//!
//! **After the welcome** comes one ping behind all attachments: whatever has not been answered when its pong
//! arrives was refused, since errors do not name a terminal. Offsets count only within an epoch, so
//! attachments are made after the welcome and not with the hello.
//!
//! **A replica is checked** by the hash of each diff that has one. One that differs is asked for anew, once;
//! if it differs after that the connection is given up, since there would be no end to it.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::convert;
use super::follow::{Follow, Impossible};
use super::grids::GRID_NUMBER;
use super::inflow::{Inflow, Item, Place};
use super::options::{PeerOptions, RemoteAttach, RemoteMode};
use super::request::{self, LOST, RemoteCode, RemoteOutcome};
use crate::error::{Error, ErrorKind, Result, one_line};
use crate::state::{Collections, OwnedEntry, Replica, StateVersion};
use crate::sync::protocol::{
    ClientMessage, DetachReason, Diff, ErrorCode, Hello, PROTOCOL, ServerMessage, TerminalSnapshot,
    Version, Welcome,
};

/// Requests and change sets without an answer; one more is refused.
const PENDING_MAX: usize = 1024;
/// Terminals attached at once; the other engine has its own bound.
const FOLLOWS_MAX: usize = 4096;

/// Why a connection cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) reason: Cow<'static, str>,
    /// Trying again would end in the same way.
    pub(super) is_final: bool,
}

impl Fault {
    pub(super) fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Fault { reason: one_line(reason.into()), is_final: false }
    }

    pub(super) fn fatal(reason: impl Into<Cow<'static, str>>) -> Self {
        Fault { reason: one_line(reason.into()), is_final: true }
    }
}

impl From<Impossible> for Fault {
    fn from(_: Impossible) -> Self {
        Fault::new("output that does not follow on what came before")
    }
}

type Step = std::result::Result<(), Fault>;

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
    is_suspect: bool,
    /// Hashes that differed.
    pub(super) mismatches: u64,
    follows: Vec<Follow>,
    pending: BTreeMap<u64, Pending>,
    last_number: u64,
    /// Attachments and updates of screens so far.
    last_serial: u64,
    /// Pings without a pong, oldest first.
    pings: VecDeque<(u64, Instant)>,
    last_ping: u64,
    pub(super) round_trip: Option<Duration>,
    pub(super) inflow: Inflow,
}

impl Session {
    pub(super) fn new(collections: Collections, state_bytes: usize, queue_bytes: usize) -> Self {
        Session {
            collections,
            replica: Replica::new(state_bytes),
            welcome: None,
            is_open: false,
            is_full: false,
            is_suspect: false,
            mismatches: 0,
            follows: Vec::new(),
            pending: BTreeMap::new(),
            last_number: 0,
            last_serial: 0,
            pings: VecDeque::new(),
            last_ping: 0,
            round_trip: None,
            inflow: Inflow::new(queue_bytes),
        }
    }

    /// The first message of a connection.
    pub(super) fn hello(&self, options: &PeerOptions) -> ClientMessage {
        let known = self.replica.version().filter(|_| !self.is_suspect);
        ClientMessage::Hello(Hello {
            token: Some(options.token.clone()),
            client: options.name.clone(),
            resume: known.map(|StateVersion { epoch, n }| Version { epoch, n }),
            collections: convert::collections(self.collections),
            attach: Vec::new(),
            compress: options.compress,
        })
    }

    /// The connection is gone. What waited for an answer is answered.
    pub(super) fn on_lost(&mut self) {
        (self.is_open, self.is_full) = (false, false);
        self.pings.clear();
        self.follows.iter_mut().for_each(Follow::on_lost);
        for (number, pending) in std::mem::take(&mut self.pending) {
            self.inflow.push(match pending {
                Pending::Request => {
                    Item::Answer { request: number, outcome: Box::new(RemoteOutcome::lost()) }
                }
                Pending::Change => Item::Rejected {
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
            ServerMessage::Rejected(rejected) => {
                if self.pending.remove(&rejected.mutation).is_some() {
                    self.inflow.push(Item::Rejected {
                        mutation: rejected.mutation,
                        code: request::code(rejected.code),
                        message: one_line(rejected.message.into()),
                    });
                }
            }
            ServerMessage::Attached { terminal, mode, offset } => {
                self.on_attached(terminal, convert::mode(mode), offset);
            }
            ServerMessage::Detached { terminal, reason: DetachReason::Closed } => {
                self.drop_follow(terminal);
            }
            // We have asked for it and told the host then.
            ServerMessage::Detached { reason: DetachReason::Asked, .. } => {}
            ServerMessage::Gap { terminal, from, to } => {
                if let Some(follow) = self.attached(terminal) {
                    follow.on_gap(from, to)?;
                    let place = follow.place;
                    self.inflow.push(Item::Gap { place, from, to });
                }
            }
            ServerMessage::TerminalSnapshot(snapshot) => self.on_snapshot(snapshot),
            ServerMessage::Screen(screen) => {
                if self.attached(screen.terminal).is_some() {
                    self.last_serial += 1;
                    let update = Box::new(convert::screen(&screen, self.last_serial));
                    self.inflow.push(Item::Screen { terminal: screen.terminal, update });
                }
            }
            ServerMessage::Ended { terminal, final_offset, exit } => {
                if self.attached(terminal).is_some_and(Follow::on_ended) {
                    let status = convert::exit(exit);
                    self.inflow.push(Item::Ended { terminal, final_offset, status });
                }
            }
            ServerMessage::Result { id: GRID_NUMBER, outcome } => self.on_grid_answer(outcome),
            ServerMessage::Result { id, outcome } => {
                if self.pending.remove(&id).is_some() {
                    let outcome = Box::new(request::outcome(outcome));
                    self.inflow.push(Item::Answer { request: id, outcome });
                }
            }
            ServerMessage::Error { code, message } => self.complain(code, message),
            ServerMessage::Pong { id } => self.on_pong(id, now),
            ServerMessage::LagWarning { .. } => {}
        }
        Ok(())
    }

    /// An answer to a wish; or a change of an attachment that held a program back for too long.
    fn on_attached(&mut self, terminal: u64, mode: RemoteMode, offset: u64) {
        // An answer to an earlier wish comes before the pong of that one.
        let ping = self.pings.front().map_or(0, |(ping, _)| *ping);
        let Some(follow) = self.follow(terminal) else { return };
        if follow.is_asked(ping) && follow.mode() == mode {
            follow.on_attached(offset);
            self.inflow.push(Item::Attached { terminal, offset });
        } else if follow.is_attached() && follow.mode() != mode {
            follow.on_mode(mode, offset);
            self.inflow.push(Item::ModeChanged { terminal, mode, offset });
        }
    }

    /// Output came.
    pub(super) fn on_output(&mut self, terminal: u64, offset: u64, bytes: &[u8]) -> Step {
        if !self.is_open {
            return Err(Fault::new("output before the welcome"));
        }
        // What was on its way when the host let go of a terminal, or attached anew, is nobody's.
        let Some(follow) = self.attached(terminal).filter(|_| !bytes.is_empty()) else {
            return Ok(());
        };
        follow.on_output(offset, bytes.len() as u64)?;
        let place = follow.place;
        self.inflow.push_output(place, offset, bytes);
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
        self.inflow.push(Item::Connected { resumed: welcome.resumed });
        let epoch = welcome.version.epoch;
        let is_same = self.welcome.as_ref().is_none_or(|known| known.version.epoch == epoch);
        if !is_same {
            // The terminals of an engine that ended are gone, whatever has their numbers now.
            for follow in std::mem::take(&mut self.follows) {
                if follow.was_attached() {
                    self.inflow.push(Item::Detached { terminal: follow.place.terminal });
                } else {
                    self.follows.push(follow);
                }
            }
        }
        let window_max = welcome.limits.window_bytes;
        self.welcome = Some(welcome);
        let ping = self.last_ping + 1;
        for follow in &mut self.follows {
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
            self.is_suspect = false;
        }
        if !self.is_suspect {
            self.inflow.push(Item::State { version, full: is_full });
        }
        for applied in diff.applied {
            if self.pending.remove(&applied.mutation).is_some() {
                let (mutation, version) = (applied.mutation, applied.version);
                self.inflow.push(Item::Applied { mutation, version });
            }
        }
        Ok(())
    }

    /// The replica is not what the other engine has.
    fn on_mismatch(&mut self, is_full: bool, out: &mut Vec<ClientMessage>) -> Step {
        self.mismatches += 1;
        if is_full {
            self.is_suspect = true;
            return Err(Fault::new("the state differs from its hash as it came"));
        }
        // One that was on its way when the snapshot was asked for differs as well.
        if !std::mem::replace(&mut self.is_suspect, true) {
            out.push(ClientMessage::Snapshot);
        }
        Ok(())
    }

    fn on_snapshot(&mut self, snapshot: TerminalSnapshot) {
        let TerminalSnapshot { terminal, offset, cols, rows, line, data, more } = snapshot;
        if let Some(follow) = self.attached(terminal) {
            follow.on_snapshot(offset, more);
            let (place, size, line) = (follow.place, (cols, rows), convert::line_position(line));
            self.inflow.push(Item::Snapshot { place, offset, size, line, bytes: data.0, more });
        }
    }

    pub(super) fn complain(&mut self, code: ErrorCode, message: String) {
        let message = if message.is_empty() { format!("{code:?}") } else { message };
        self.inflow.push(Item::Problem { message: one_line(message.into()).into_owned() });
    }

    fn on_pong(&mut self, id: u64, now: Instant) {
        while let Some((ping, sent)) = self.pings.front().copied()
            && ping <= id
        {
            self.pings.pop_front();
            self.round_trip = Some(now.saturating_duration_since(sent));
        }
        for follow in std::mem::take(&mut self.follows) {
            if follow.is_asked(id) {
                self.inflow.push(Item::Detached { terminal: follow.place.terminal });
            } else {
                self.follows.push(follow);
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
        self.follows.retain(|known| known.place.terminal != terminal);
        if self.follows.len() >= FOLLOWS_MAX {
            return Err(Error::limit(format!("a peer has at most {FOLLOWS_MAX} attachments")));
        }
        self.last_serial += 1;
        let place = Place { terminal, serial: self.last_serial };
        let mut follow = Follow::new(place, *options);
        if let Some(welcome) = self.welcome.as_ref().filter(|_| self.is_open) {
            let attach = follow.ask(self.last_ping + 1, welcome.limits.window_bytes);
            out.push(ClientMessage::Attach(attach));
            self.ping(now, out);
        }
        self.follows.push(follow);
        Ok(())
    }

    /// Lets go of a terminal. What came before is still told, then that it is detached.
    pub(super) fn detach(&mut self, terminal: u64, out: &mut Vec<ClientMessage>) -> Result<()> {
        if !self.drop_follow(terminal) {
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
    pub(super) fn take(&mut self, out: &mut Vec<ClientMessage>) -> Option<Item> {
        let item = self.inflow.pop()?;
        let read = match &item {
            Item::Output { place, offset, bytes } => Some((*place, offset + bytes.len() as u64)),
            Item::Gap { place, to, .. } => Some((*place, *to)),
            Item::Snapshot { place, offset, more: false, .. } => Some((*place, *offset)),
            _ => None,
        };
        if let Some((place, end)) = read
            && let Some(follow) = self.follow(place.terminal).filter(|f| f.place == place)
            && let Some(offset) = follow.on_read(end)
        {
            out.push(ClientMessage::Credit { terminal: place.terminal, offset });
        }
        Some(item)
    }

    // Attachments.

    pub(super) fn follow(&mut self, terminal: u64) -> Option<&mut Follow> {
        self.follows.iter_mut().find(|follow| follow.place.terminal == terminal)
    }

    fn attached(&mut self, terminal: u64) -> Option<&mut Follow> {
        self.follow(terminal).filter(|follow| follow.is_attached())
    }

    fn drop_follow(&mut self, terminal: u64) -> bool {
        let before = self.follows.len();
        self.follows.retain(|known| known.place.terminal != terminal);
        let is_gone = self.follows.len() < before;
        if is_gone {
            self.inflow.push(Item::Detached { terminal });
        }
        is_gone
    }

    /// Terminals that are attached to, or will be.
    pub(super) fn follows(&self) -> impl Iterator<Item = u64> + '_ {
        self.follows.iter().map(|follow| follow.place.terminal)
    }
}

pub(super) fn not_attached(terminal: u64) -> Error {
    let text = format!("not attached to a terminal {terminal} of the peer");
    Error::new(ErrorKind::StaleId, text)
}
