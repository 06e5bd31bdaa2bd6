//! Outbound peers: connections to the servers of other engines, whose state and terminals are mirrored.
//!
//! Apart: [`session`] decides what each message means, with [`follow`] for terminals and [`inflow`] for what
//! waits for the host, all pure; [`link`] is the connection; here is who is due, and [`life`] makes, loses and
//! makes connections anew. As with the server there are lists: of those to be read, and of those that
//! have something to tell. What is to be sent is written when a call or a turn is through with a peer.
//!
//! **Backpressure.** A peer whose queue of events is full is not read. Its socket fills, and the other engine
//! stops sending: output by its credits before that, and state by the acknowledgements that do not come.

mod convert;
mod event;
mod follow;
mod grids;
mod inflow;
mod life;
mod link;
mod options;
mod request;
mod session;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use self::inflow::Item;
use self::life::Unread;
use self::link::Link;
use self::session::Session;
use super::access::Scopes;
use super::codec::input_header;
use super::protocol::ClientMessage;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::policy::{Balance, BreakerState, CircuitBreaker, Retry};
use crate::reactor::{IdTable, PeerId, Reactor, TimerId};
use crate::state::{ChangeSet, Replica};
use crate::terminal::Size;

pub use event::PeerEvent;
pub use options::{PeerAddress, PeerOptions, RemoteAttach, RemoteMode, RemoteStart};
pub use request::{
    RemoteCode, RemoteFailure, RemoteOp, RemoteOutcome, RemoteRequest, RemoteTerminal,
};

/// The largest piece of input in one frame.
const INPUT_BYTES: usize = 64 << 10;
/// And at least, whatever the other engine says: tiny pieces would cost more than they carry.
const INPUT_BYTES_MIN: usize = 1024;
/// Frames that may wait to be sent; an engine that lets more of our acknowledgements and pongs wait takes
/// nothing.
const QUEUED_FRAMES_MAX: usize = 16 << 10;

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

/// One other engine.
struct Peer {
    id: PeerId,
    options: PeerOptions,
    session: Session,
    link: Option<Link>,
    retry: Retry,
    breaker: CircuitBreaker,
    /// When the next attempt is made, if there is no link.
    until: Option<Instant>,
    /// Since when we are let in.
    open_since: Option<Instant>,
    last_error: Option<String>,
    timer: Option<TimerId>,
    /// For what the timer is set: the next attempt, or the end of what takes too long.
    deadline: Option<Instant>,
    /// What was done for it, in nanoseconds.
    cost: Balance,
    /// It is not read before this time: it costs too much.
    paused_until: Option<Instant>,
    /// The host let go of it: it is gone to everybody and only says goodbye.
    is_leaving: bool,
    /// The kernel reported it, and it has not been read to the end.
    is_readable: bool,
    /// Why nothing can be written any more. What came before is still read.
    broken: Option<String>,
    /// A message that is not decoded yet.
    unread: Option<Unread>,
    /// In the list of those to be read.
    is_listed: bool,
    /// In the list of those that have something to tell.
    is_teller: bool,
}

/// See the module's documentation.
pub(crate) struct Peers {
    limits: Limits,
    peers: IdTable<PeerId, Box<Peer>>,
    readable: VecDeque<PeerId>,
    tellers: VecDeque<PeerId>,
    /// The event that was handed out last.
    told: Option<Item>,
    /// What a session wants to say; a field so that it is allocated once.
    out: Vec<ClientMessage>,
    /// Where all connections are read into.
    scratch: Vec<u8>,
}

impl Peers {
    pub(crate) fn new(limits: Limits) -> Self {
        Peers {
            limits,
            peers: IdTable::new(),
            readable: VecDeque::new(),
            tellers: VecDeque::new(),
            told: None,
            out: Vec::new(),
            scratch: vec![0; link::READ_BYTES],
        }
    }

    /// Begins to connect; what comes of it is told by events.
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
        // Those that only say goodbye make room.
        while self.peers.len() >= 2 * max {
            let leaving = self.peers.ids().find(|id| self.get(*id).is_err());
            let Some(id) = leaving else { break };
            self.drop_peer(id, reactor);
        }
        let id = self.peers.next_id()?;
        let Limits { state_bytes, peer_queue_bytes, .. } = self.limits;
        let peer = Peer {
            id,
            options: options.clone(),
            session: Session::new(options.collections, state_bytes, peer_queue_bytes),
            link: None,
            retry: options.retry.start(),
            breaker: CircuitBreaker::new(options.breaker),
            until: None,
            open_since: None,
            last_error: None,
            timer: None,
            deadline: None,
            cost: Balance::new(life::COST.0, life::COST.1, reactor.now()),
            paused_until: None,
            is_leaving: false,
            is_readable: false,
            unread: None,
            is_listed: false,
            broken: None,
            is_teller: false,
        };
        self.peers.insert(id, Box::new(peer));
        self.attempt(id, reactor);
        Ok(id)
    }

    /// Lets go of a peer: says goodbye if there is a connection. What it has not told is not told.
    pub(crate) fn disconnect(&mut self, id: PeerId, reactor: &mut Reactor) -> Result<()> {
        self.get(id)?;
        self.leave(id, reactor);
        Ok(())
    }

    /// Lets go of all of them.
    pub(crate) fn disconnect_all(&mut self, reactor: &mut Reactor) {
        let ids: Vec<PeerId> = self.ids().collect();
        ids.into_iter().for_each(|id| self.leave(id, reactor));
    }

    /// Those that the host has.
    pub(crate) fn ids(&self) -> impl Iterator<Item = PeerId> + '_ {
        self.peers.ids().filter(|id| self.get(*id).is_ok())
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
            terminals: session.follows().collect(),
            received_bytes: session.inflow.bytes(),
            queued_bytes: peer.link.as_ref().map_or(0, Link::queued_bytes),
            mismatches: session.mismatches,
        })
    }

    pub(crate) fn replica(&self, id: PeerId) -> Result<&Replica> {
        Ok(&self.get(id)?.session.replica)
    }

    // What the host wants of the other engine.

    pub(crate) fn attach(
        &mut self,
        id: PeerId,
        terminal: u64,
        options: &RemoteAttach,
        reactor: &mut Reactor,
    ) -> Result<()> {
        let peer = get_mut(&mut self.peers, id)?;
        peer.check_room(0, &self.limits)?;
        options.grid.map_or(Ok(()), Size::validate)?;
        peer.session.attach(terminal, options, reactor.now(), &mut self.out)?;
        self.say(id, reactor);
        Ok(())
    }

    pub(crate) fn detach(
        &mut self,
        id: PeerId,
        terminal: u64,
        reactor: &mut Reactor,
    ) -> Result<()> {
        get_mut(&mut self.peers, id)?.session.detach(terminal, &mut self.out)?;
        self.say(id, reactor);
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
        let peer = get_mut(&mut self.peers, id)?;
        peer.check_room(0, &self.limits)?;
        peer.session.set_grid(terminal, grid, &mut self.out)?;
        self.say(id, reactor);
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
        let peer = get_mut(&mut self.peers, id)?;
        peer.check_room(bytes.len(), limits)?;
        let header = input_header(terminal);
        let max = peer.bounds()?.0.saturating_sub(header.len()).clamp(INPUT_BYTES_MIN, INPUT_BYTES);
        let Some(link) = &mut peer.link else { return Err(not_connected()) };
        for piece in bytes.chunks(max) {
            link.send_binary([&header[..], piece].concat());
        }
        self.flush(id, reactor);
        Ok(())
    }

    pub(crate) fn request(
        &mut self,
        id: PeerId,
        request: &RemoteRequest,
        reactor: &mut Reactor,
    ) -> Result<u64> {
        let number = self.ask(id, false, |number| request.to_message(number), reactor)?;
        get_mut(&mut self.peers, id)?.session.note_grids(request);
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
        let peer = get_mut(&mut self.peers, id)?;
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
        self.flush(id, reactor);
        Ok(number)
    }

    // Events.

    /// Takes the next event of a peer; [`told`](Self::told) shows it. Peers take turns.
    pub(crate) fn pick_event(&mut self, reactor: &mut Reactor) -> Option<(PeerId, u64)> {
        // What was told before may be large.
        self.told = None;
        while let Some(id) = self.tellers.pop_front() {
            let Ok(peer) = self.peers.get_mut(id) else { continue };
            peer.is_teller = false;
            let (tag, item) = (peer.options.tag, peer.session.take(&mut self.out));
            // There may be room to read on.
            self.list(id);
            self.say(id, reactor);
            if item.is_some() {
                self.told = item;
                return Some((id, tag));
            }
        }
        None
    }

    /// The event that was taken last.
    pub(crate) fn told(&self) -> Option<PeerEvent<'_>> {
        self.told.as_ref().map(Item::as_event)
    }

    pub(crate) fn has_event(&self) -> bool {
        !self.tellers.is_empty()
    }

    /// Whether a turn would do something that the kernel does not know of.
    pub(crate) fn has_work(&self) -> bool {
        !self.readable.is_empty()
    }

    /// None is left, not even one that says goodbye.
    pub(crate) fn is_empty(&self) -> bool {
        self.peers.len() == 0
    }

    /// Lets go of everything without touching what is shared with a parent process.
    pub(crate) fn forget(&mut self) {
        self.peers.drain().for_each(drop);
    }

    /// Lets go of everything at once.
    pub(crate) fn dismantle(&mut self, reactor: &mut Reactor) {
        for peer in self.peers.drain() {
            if let Some(link) = &peer.link {
                reactor.deregister(link.as_fd());
            }
        }
    }

    fn get(&self, id: PeerId) -> Result<&Peer> {
        match self.peers.get(id) {
            Ok(peer) if !peer.is_leaving => Ok(peer),
            Ok(_) => Err(let_go()),
            Err(error) => Err(error),
        }
    }
}

impl Peer {
    /// Bytes of a message that the other engine takes, as it is sent and inflated, while we are let in.
    fn bounds(&self) -> Result<(usize, usize)> {
        let size = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
        match &self.session.welcome {
            Some(welcome) if self.session.is_open => {
                let limits = &welcome.limits;
                Ok((size(limits.message_bytes), size(limits.inflated_bytes)))
            }
            _ => Err(not_connected()),
        }
    }

    /// Whether to read on: there is room for what comes. Until it is open little can come, and an answer in
    /// time must not wait for the host.
    fn may_read(&self) -> bool {
        self.is_leaving || !self.session.is_open || self.session.inflow.has_room()
    }

    /// Refuses what the queue has no room for; an empty queue has room for anything.
    fn check_room(&self, more: usize, limits: &Limits) -> Result<()> {
        let queued = self.link.as_ref().map_or(0, Link::queued_bytes);
        if queued > 0 && queued + more > limits.peer_queue_bytes {
            return Err(Error::limit("peer_queue_bytes: too much waits to be sent to the peer"));
        }
        Ok(())
    }
}

/// A peer that the host has.
fn get_mut(peers: &mut IdTable<PeerId, Box<Peer>>, id: PeerId) -> Result<&mut Peer> {
    match peers.get_mut(id) {
        Ok(peer) if !peer.is_leaving => Ok(peer),
        Ok(_) => Err(let_go()),
        Err(error) => Err(error),
    }
}

fn let_go() -> Error {
    Error::new(ErrorKind::StaleId, "the host let go of this peer")
}

fn not_connected() -> Error {
    Error::new(ErrorKind::Disconnected, "there is no connection to the peer at the moment")
}
