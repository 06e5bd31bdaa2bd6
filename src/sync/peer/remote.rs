//! One other engine: what it is to us, its connection if there is one, and its one timer.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::link::Link;
use super::options::PeerOptions;
use super::session::Session;
use crate::error::{Error, ErrorKind, Result};
use crate::id::PeerId;
use crate::limits::Limits;
use crate::observe::Traffic;
use crate::policy::{Balance, CircuitBreaker, Retry};
use crate::reactor::{Reactor, TimerId};
use crate::sync::codec::Opening;
use crate::sync::key::Alarm;
use crate::sync::protocol::ServerMessage;
use crate::sync::websocket::frames::Payload;

/// What a peer may cost: nanoseconds of estimated work in a second on average, half a core, and what of it may
/// come at once. The host has chosen to connect to it, and a mirror of a large state comes at once.
const COST: (u64, u64) = (500_000_000, 100_000_000);

/// A message that has come and is not decoded yet.
pub(super) struct IncomingMessage {
    pub(super) payload: Payload,
    pub(super) opening: Opening<ServerMessage>,
}

/// One other engine.
pub(super) struct Peer {
    pub(super) id: PeerId,
    pub(super) options: PeerOptions,
    pub(super) session: Session,
    pub(super) link: Option<Link>,
    pub(super) retry: Retry,
    pub(super) breaker: CircuitBreaker,
    /// When the next attempt is made, if there is no link.
    pub(super) until: Option<Instant>,
    /// Since when we are authenticated.
    pub(super) open_since: Option<Instant>,
    pub(super) last_error: Option<String>,
    pub(super) timer: Option<TimerId>,
    /// For what the timer is set: the next attempt, or the end of what takes too long.
    pub(super) deadline: Option<Instant>,
    /// What was done for it, in nanoseconds.
    pub(super) cost: Balance,
    /// It is not read before this time: it costs too much.
    pub(super) paused_until: Option<Instant>,
    /// The host has disconnected it: it has no id any more, and only waits for the answer to its close frame.
    pub(super) is_closing: bool,
    /// The kernel reported it, and it has not been read to the end.
    pub(super) is_readable: bool,
    /// Why nothing can be written any more. What came before is still read.
    pub(super) broken: Option<String>,
    /// A message that is not decoded yet.
    pub(super) incoming: Option<IncomingMessage>,
    /// In the list of those to be read.
    pub(super) is_in_list: bool,
    /// In the list of those that have an event for the host.
    pub(super) is_reporting: bool,
    /// What it was counted with in the sum of all.
    pub(super) counted_bytes: usize,
    /// What went over the connections before this one.
    pub(super) traffic: Traffic,
}

impl Peer {
    pub(super) fn new(id: PeerId, options: &PeerOptions, limits: &Limits, now: Instant) -> Self {
        Peer {
            id,
            options: options.clone(),
            session: Session::new(options.collections, limits.state_bytes, limits.peer_queue_bytes),
            link: None,
            retry: options.retry.start(),
            breaker: CircuitBreaker::new(options.breaker),
            until: None,
            open_since: None,
            last_error: None,
            timer: None,
            deadline: None,
            cost: Balance::new(COST.0, COST.1, now),
            paused_until: None,
            is_closing: false,
            is_readable: false,
            incoming: None,
            is_in_list: false,
            broken: None,
            is_reporting: false,
            counted_bytes: 0,
            traffic: Traffic::default(),
        }
    }

    /// Bytes that it takes, about.
    pub(super) fn memory(&self) -> usize {
        let incoming = self
            .incoming
            .as_ref()
            .map_or(0, |message| message.payload.len() + message.opening.length());
        let link = self.link.as_ref().map_or(0, Link::memory);
        size_of::<Peer>() + self.session.memory() + link + incoming
    }

    /// Bytes of a message that the other engine takes, as it is sent and inflated, while we are authenticated.
    pub(super) fn bounds(&self) -> Result<(usize, usize)> {
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
    pub(super) fn may_read(&self, is_memory_full: bool) -> bool {
        let has_room = !is_memory_full && self.session.events.has_room();
        self.is_closing || !self.session.is_open || has_room
    }

    /// Refuses what the queue has no room for; an empty queue has room for anything.
    pub(super) fn check_room(&self, more: usize, limits: &Limits) -> Result<()> {
        let queued = self.link.as_ref().map_or(0, Link::queued_bytes);
        if queued > 0 && queued + more > limits.peer_queue_bytes {
            return Err(Error::limit("peer_queue_bytes: too much waits to be sent to the peer"));
        }
        Ok(())
    }

    /// The welcome has come.
    pub(super) fn on_open(&mut self, reactor: &mut Reactor) {
        let now = reactor.now();
        self.open_since = Some(now);
        self.breaker.record_success(now);
        self.cancel_timer(reactor);
    }

    /// How long until the next attempt, after one that failed.
    pub(super) fn next_delay(&mut self, reactor: &Reactor) -> Option<Duration> {
        let delay = self.retry.next_delay(reactor.random())?;
        let now = reactor.now();
        let open = self.breaker.retry_at().map(|at| at.saturating_duration_since(now));
        Some(delay.max(open.unwrap_or_default()))
    }

    pub(super) fn drop_link(&mut self, reactor: &mut Reactor) {
        if let Some(link) = self.link.take() {
            self.traffic.add(link.traffic());
            reactor.release(link.as_fd());
        }
        (self.is_readable, self.broken, self.paused_until) = (false, None, None);
        self.cancel_timer(reactor);
    }

    pub(super) fn set_timer(&mut self, at: Instant, reactor: &mut Reactor) {
        self.deadline = Some(at);
        self.arm(reactor);
    }

    pub(super) fn cancel_timer(&mut self, reactor: &mut Reactor) {
        self.deadline = None;
        self.arm(reactor);
    }

    /// Sets the one timer for what comes first.
    pub(super) fn arm(&mut self, reactor: &mut Reactor) {
        if let Some(timer) = self.timer.take() {
            reactor.cancel_timer(timer);
        }
        let next = self.deadline.into_iter().chain(self.paused_until).min();
        self.timer = next.map(|at| reactor.set_timer(at, Alarm::Peer(self.id)));
    }
}

pub(super) fn not_connected() -> Error {
    Error::new(ErrorKind::Disconnected, "there is no connection to the peer at the moment")
}
