//! Outbound peers: connections to the servers of other engines, whose state and terminals are mirrored.
//!
//! Its parts, from the bottom up; each knows only those before it:
//!
//! - [`options`], [`request`], [`event`]: what the host passes and gets; [`convert`]: from and to the wire;
//! - [`link`]: one connection, which ends with a [`fault`];
//! - [`event_queue`], [`attachment`], [`grids`], [`session`]: what each message means, and what outlives a connection,
//!   all pure;
//! - [`remote`]: one other engine; [`connections`]: all of them, and how connections are made and lost;
//! - here: [`Peers`], with the calls of the host.
//!
//! As with the server there are lists: of those to be read, and of those that have events. What is to be sent is
//! written when a call or a turn is through with a peer.
//!
//! **Backpressure.** A peer whose queue of events is full is not read. Its socket fills, and the other engine
//! stops sending: output by its credits before that, and state by the acknowledgements that do not come.

mod attachment;
mod connections;
mod convert;
mod event;
mod event_queue;
mod fault;
mod file;
mod grids;
mod link;
mod options;
mod remote;
mod request;
mod rows;
mod session;
#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::time::{Duration, Instant};

use self::connections::Connections;
use self::event_queue::QueuedEvent;
use self::link::Link;
use self::remote::{Peer, not_connected};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{IdTable, PeerId};
use crate::limits::Limits;
use crate::observe::{Metrics, Notes};
use crate::policy::{BreakerState, Slice};
use crate::reactor::Reactor;
use crate::state::{ChangeSet, Replica};
use crate::sync::access::Scopes;
use crate::sync::codec::input_header;
use crate::sync::protocol::ClientMessage;
use crate::terminal::Size;

pub use event::PeerEvent;
pub use file::{RemoteFileVersion, RemoteSlice};
pub use options::{PeerAddress, PeerOptions, RemoteAttach, RemoteMode, RemoteStart};
pub use request::{
    RemoteCode, RemoteFailure, RemoteOp, RemoteOutcome, RemoteRequest, RemoteStats, RemoteTerminal,
};
pub use rows::RemoteRows;

/// The largest piece of input in one frame.
const INPUT_BYTES: usize = 64 << 10;
/// And at least, whatever the other engine says: tiny pieces would cost more than they carry.
const INPUT_BYTES_MIN: usize = 1024;
/// How a peer is at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerState {
    /// Which one.
    pub id: PeerId,
    /// The tag that the host gave it.
    pub tag: u64,
    /// Whether there is a connection.
    pub status: PeerStatus,
    /// Name and version of the other engine, once it has let us in.
    pub server: String,
    /// What our token allows there.
    pub scopes: Scopes,
    /// What may be started there.
    pub profiles: Vec<String>,
    /// Attempts since the last connection that held.
    pub attempts: u32,
    /// What the circuit breaker does.
    pub breaker: BreakerState,
    /// Why there was no connection last.
    pub last_error: Option<String>,
    /// How long an answer took, measured when the connection was made or a terminal attached.
    pub round_trip: Option<Duration>,
    /// Terminals that are attached, or will be.
    pub terminals: Vec<u64>,
    /// Bytes that wait to be read by the host, about.
    pub received_bytes: usize,
    /// Bytes that wait to be sent.
    pub queued_bytes: usize,
    /// How often the replica was not what the other engine has, and came anew.
    pub mismatches: u64,
}

/// Whether there is a connection to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerStatus {
    /// One is being made.
    Connecting,
    /// It has let us in.
    Connected,
    /// One is made at this time.
    Waiting {
        /// In the engine's own clock.
        until: Instant,
    },
    /// It has been given up; see [`PeerState::last_error`].
    Failed,
}

/// The connections to other engines, with what is mirrored from them. It never blocks; sockets, timers and the clock are
/// those of the [`Reactor`] that is passed to it.
///
/// - `handle_*` takes in what the kernel reported or that a timer fired: it connects, notes what is to be read, and gives
///   connections up. [`read`](Self::read) reads messages, until its slice is over.
/// - Calls of the host (`attach`, `write`, `request` ...) take effect at once; what they send is written at once, as
///   far as the socket takes it.
/// - [`poll_event`](Self::poll_event) takes one event out of the queues, peer by peer, and [`event`](Self::event) shows it
///   until the next call. Reading an event gives credit to the other engine.
/// - Queries (`state`, `replica`, `has_work`, `has_event`) change nothing.
///
/// Every request is answered by one event: if the connection is lost before, by a failure of our own.
pub(crate) struct Peers {
    limits: Limits,
    connections: Connections,
    /// The event that was taken last.
    event: Option<QueuedEvent>,
}

impl Peers {
    pub(crate) fn new(limits: Limits) -> Self {
        Peers { limits, connections: Connections::new(), event: None }
    }

    /// Begins to connect; what comes of it is reported by events.
    pub(crate) fn connect(
        &mut self,
        options: &PeerOptions,
        reactor: &mut Reactor,
    ) -> Result<PeerId> {
        options.validate()?;
        link::request(options, &link::key()?)?;
        let max = self.limits.peers;
        if self.ids().count() >= max {
            return Err(Error::limit(format!("{max} peers exist already")));
        }
        // Those that are being closed make room.
        while self.connections.peers.len() >= 2 * max {
            let leaving = self.connections.peers.ids().find(|id| self.get(*id).is_err());
            let Some(id) = leaving else { break };
            self.connections.remove(id, reactor);
        }
        let id = self.connections.peers.next_id()?;
        let peer = Peer::new(id, options, &self.limits, reactor.now());
        self.connections.peers.insert(id, Box::new(peer));
        self.connections.attempt(id, reactor);
        Ok(id)
    }

    /// Disconnects a peer: closes its connection, if there is one. Its unread events are discarded.
    pub(crate) fn disconnect(&mut self, id: PeerId, reactor: &mut Reactor) -> Result<()> {
        self.get(id)?;
        self.connections.close(id, reactor);
        Ok(())
    }

    /// Lets go of all of them.
    pub(crate) fn disconnect_all(&mut self, reactor: &mut Reactor) {
        let ids: Vec<PeerId> = self.ids().collect();
        ids.into_iter().for_each(|id| self.connections.close(id, reactor));
    }

    /// Those that the host has.
    pub(crate) fn ids(&self) -> impl Iterator<Item = PeerId> + '_ {
        self.connections.peers.ids().filter(|id| self.get(*id).is_ok())
    }

    pub(crate) fn state(&self, id: PeerId, now: Instant) -> Result<PeerState> {
        let peer = self.get(id)?;
        let session = &peer.session;
        let welcome = session.welcome.as_ref();
        Ok(PeerState {
            id,
            tag: peer.options.tag,
            status: match (&peer.link, peer.until) {
                (Some(_), _) if session.is_open => PeerStatus::Connected,
                (Some(_), _) => PeerStatus::Connecting,
                (None, Some(until)) => PeerStatus::Waiting { until },
                (None, None) => PeerStatus::Failed,
            },
            server: welcome.map(|welcome| welcome.server.clone()).unwrap_or_default(),
            scopes: welcome.map_or(Scopes::NONE, |welcome| convert::scopes(&welcome.scopes)),
            profiles: welcome.map(|welcome| welcome.profiles.clone()).unwrap_or_default(),
            attempts: peer.retry.attempts(),
            breaker: peer.breaker.state(now),
            last_error: peer.last_error.clone(),
            round_trip: session.round_trip,
            terminals: session.attachments().collect(),
            received_bytes: session.events.bytes(),
            queued_bytes: peer.link.as_ref().map_or(0, Link::queued_bytes),
            mismatches: session.mismatches,
        })
    }

    /// The peers' part of the figures of the engine.
    pub(crate) fn fill_metrics(&self, metrics: &mut Metrics) {
        metrics.peer_traffic = self.connections.traffic;
        for peer in self.connections.peers.values() {
            metrics.peer_traffic.add(peer.traffic);
            if let Some(link) = &peer.link {
                metrics.peer_traffic.add(link.traffic());
                metrics.peer_queued_bytes += link.queued_bytes() as u64;
                metrics.peers_connected += u64::from(peer.session.is_open);
            }
            metrics.peers += u64::from(!peer.is_closing);
            metrics.peer_received_bytes += peer.session.events.bytes() as u64;
        }
    }

    pub(crate) fn replica(&self, id: PeerId) -> Result<&Replica> {
        Ok(&self.get(id)?.session.replica)
    }

    /// Writes the line of a peer for `Engine::dump`.
    pub(crate) fn describe(&self, id: PeerId, now: Instant, out: &mut String) {
        let Ok(state) = self.state(id, now) else { return };
        let (status, wait) = match state.status {
            PeerStatus::Connecting => ("connecting", None),
            PeerStatus::Connected => ("connected", None),
            PeerStatus::Waiting { until } => {
                ("waiting", Some(until.saturating_duration_since(now)))
            }
            PeerStatus::Failed => ("failed", None),
        };
        let wait = wait.map_or("-".to_string(), |wait| wait.as_millis().to_string());
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "peer {} tag={} {status} retry_in_ms={wait} attempts={} breaker={} terminals={} received={} queued={} \
             mismatches={} error={:?}",
            id.to_u64(),
            state.tag,
            state.attempts,
            match state.breaker {
                BreakerState::Closed => "closed",
                BreakerState::Open => "open",
                BreakerState::HalfOpen => "half_open",
            },
            state.terminals.len(),
            state.received_bytes,
            state.queued_bytes,
            state.mismatches,
            state.last_error.unwrap_or_default(),
        );
    }

    /// What changed of peers, for their health and the flight recorder.
    pub(crate) fn notes(&mut self) -> &mut Notes {
        &mut self.connections.notes
    }

    // What the host wants of the other engine.

    pub(crate) fn attach(
        &mut self,
        id: PeerId,
        terminal: u64,
        options: &RemoteAttach,
        reactor: &mut Reactor,
    ) -> Result<()> {
        let peer = get_mut(&mut self.connections.peers, id)?;
        peer.check_room(0, &self.limits)?;
        options.grid.map_or(Ok(()), Size::validate)?;
        peer.session.attach(terminal, options, reactor.now(), &mut self.connections.out)?;
        self.connections.send_pending(id, reactor);
        Ok(())
    }

    pub(crate) fn detach(
        &mut self,
        id: PeerId,
        terminal: u64,
        reactor: &mut Reactor,
    ) -> Result<()> {
        get_mut(&mut self.connections.peers, id)?
            .session
            .detach(terminal, &mut self.connections.out)?;
        self.connections.send_pending(id, reactor);
        Ok(())
    }

    /// Reports the grid of our window for a terminal that we are attached to.
    pub(crate) fn set_grid(
        &mut self,
        id: PeerId,
        terminal: u64,
        grid: Size,
        reactor: &mut Reactor,
    ) -> Result<()> {
        grid.validate()?;
        let peer = get_mut(&mut self.connections.peers, id)?;
        peer.check_room(0, &self.limits)?;
        peer.session.set_grid(terminal, grid, &mut self.connections.out)?;
        self.connections.send_pending(id, reactor);
        Ok(())
    }

    /// Looks at what is so many rows above the top of a screen that we are attached to.
    pub(crate) fn scroll(
        &mut self,
        id: PeerId,
        (terminal, rows): (u64, u32),
        reactor: &mut Reactor,
    ) -> Result<()> {
        let peer = get_mut(&mut self.connections.peers, id)?;
        peer.check_room(0, &self.limits)?;
        if !peer.session.is_open {
            return Err(not_connected());
        }
        peer.session.scroll(terminal, rows, &mut self.connections.out)?;
        self.connections.send_pending(id, reactor);
        Ok(())
    }

    /// Types into a terminal: all of it is queued, or nothing.
    pub(crate) fn write(
        &mut self,
        id: PeerId,
        terminal: u64,
        bytes: &[u8],
        reactor: &mut Reactor,
    ) -> Result<()> {
        let limits = &self.limits;
        let peer = get_mut(&mut self.connections.peers, id)?;
        peer.check_room(bytes.len(), limits)?;
        let header = input_header(terminal);
        let max = peer.bounds()?.0.saturating_sub(header.len()).clamp(INPUT_BYTES_MIN, INPUT_BYTES);
        let Some(link) = &mut peer.link else { return Err(not_connected()) };
        for piece in bytes.chunks(max) {
            link.send_binary([&header[..], piece].concat());
        }
        self.connections.flush(id, reactor);
        Ok(())
    }

    pub(crate) fn request(
        &mut self,
        id: PeerId,
        request: &RemoteRequest,
        reactor: &mut Reactor,
    ) -> Result<u64> {
        let number = self.ask(id, false, |number| request.to_message(number), reactor)?;
        get_mut(&mut self.connections.peers, id)?.session.note_grids(request);
        Ok(number)
    }

    pub(crate) fn change(
        &mut self,
        id: PeerId,
        changes: &ChangeSet,
        reactor: &mut Reactor,
    ) -> Result<u64> {
        let ops = convert::change_ops(changes);
        self.ask(id, true, |mutation| ClientMessage::Change { mutation, ops }, reactor)
    }

    /// Sends a message that is answered under its number.
    fn ask(
        &mut self,
        id: PeerId,
        is_change: bool,
        message: impl FnOnce(u64) -> ClientMessage,
        reactor: &mut Reactor,
    ) -> Result<u64> {
        let limits = &self.limits;
        let peer = get_mut(&mut self.connections.peers, id)?;
        let (message_bytes, inflated_bytes) = peer.bounds()?;
        let number = peer.session.next_number()?;
        let (codec, message) = (peer.options.codec, message(number));
        let mut encoded = codec.encode_client(&message, false);
        let mut is_too_large = encoded.payload.len() > message_bytes;
        if peer.options.compress {
            is_too_large = encoded.payload.len() > inflated_bytes;
            encoded = codec.encode_client(&message, true);
            is_too_large |= encoded.payload.len() > message_bytes;
        }
        if is_too_large {
            return Err(Error::limit("the request is larger than the other engine allows"));
        }
        peer.check_room(encoded.payload.len(), limits)?;
        let Some(link) = &mut peer.link else { return Err(not_connected()) };
        if !link.send(encoded) {
            return Err(not_connected());
        }
        peer.session.note_request(is_change);
        self.connections.flush(id, reactor);
        Ok(number)
    }

    // Events.

    /// Takes the next event of a peer; [`event`](Self::event) shows it. Peers take turns.
    pub(crate) fn poll_event(&mut self, reactor: &mut Reactor) -> Option<(PeerId, u64)> {
        // The one before may be large.
        self.event = None;
        while let Some(id) = self.connections.next_reporting() {
            let Ok(peer) = self.connections.peers.get_mut(id) else { continue };
            let (tag, event) =
                (peer.options.tag, peer.session.poll_event(&mut self.connections.out));
            // There may be room to read on.
            self.connections.read_later(id);
            self.connections.send_pending(id, reactor);
            if event.is_some() {
                self.event = event;
                return Some((id, tag));
            }
        }
        None
    }

    /// Bytes that all peers take, about, with the event that was taken last.
    pub(crate) fn memory(&self) -> usize {
        self.connections.memory() + self.event.as_ref().map_or(0, QueuedEvent::bytes)
    }

    /// Whether all memory of the engine is used up: then peers are not read.
    pub(crate) fn set_memory_full(&mut self, is_full: bool) {
        self.connections.set_memory_full(is_full);
    }

    /// The event that was taken last.
    pub(crate) fn event(&self) -> Option<PeerEvent<'_>> {
        self.event.as_ref().map(QueuedEvent::as_event)
    }

    pub(crate) fn has_event(&self) -> bool {
        self.connections.has_event()
    }

    /// Whether a turn would do something that the kernel does not know of.
    pub(crate) fn has_work(&self) -> bool {
        self.connections.has_readable()
    }

    /// Reads peers, one after the other, until they have no more or the slice is over.
    pub(crate) fn read(&mut self, slice: &mut Slice, reactor: &mut Reactor) {
        self.connections.read(slice, reactor);
    }

    pub(crate) fn handle_ready(
        &mut self,
        id: PeerId,
        readable: bool,
        writable: bool,
        reactor: &mut Reactor,
    ) {
        self.connections.handle_ready(id, readable, writable, reactor);
    }

    pub(crate) fn handle_alarm(&mut self, id: PeerId, reactor: &mut Reactor) {
        self.connections.handle_alarm(id, reactor);
    }

    /// None is left, not even one that is being closed.
    pub(crate) fn is_empty(&self) -> bool {
        self.connections.peers.len() == 0
    }

    /// Lets go of everything without touching what is shared with a parent process.
    pub(crate) fn leak_after_fork(&mut self) {
        self.connections.peers.drain().for_each(drop);
    }

    /// Lets go of everything at once.
    pub(crate) fn teardown(&mut self, reactor: &mut Reactor) {
        self.connections.teardown(reactor);
    }

    fn get(&self, id: PeerId) -> Result<&Peer> {
        match self.connections.peers.get(id) {
            Ok(peer) if !peer.is_closing => Ok(peer),
            Ok(_) => Err(gone()),
            Err(error) => Err(error),
        }
    }
}

/// A peer that the host has.
fn get_mut(peers: &mut IdTable<PeerId, Box<Peer>>, id: PeerId) -> Result<&mut Peer> {
    match peers.get_mut(id) {
        Ok(peer) if !peer.is_closing => Ok(peer),
        Ok(_) => Err(gone()),
        Err(error) => Err(error),
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::StaleId, "the host has disconnected this peer")
}
