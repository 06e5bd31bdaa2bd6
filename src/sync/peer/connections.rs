//! The connections to peers: they are made, read, lost and made again.
//!
//! An attempt has [`OPEN_TIME`] to get from nothing to a welcome. One that ends before is a failure for the
//! circuit breaker. The retry policy says when the next one is made; it starts over after a connection that held
//! for [`STABLE_TIME`]. A refusal that would only be repeated is final.

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::time::Duration;

use super::event_queue::QueuedEvent;
use super::fault::Fault;
use super::link::{Link, MESSAGE_BYTES, READ_BYTES, Received};
use super::remote::{IncomingMessage, Peer};
use crate::id::{IdTable, PeerId};
use crate::observe::{HealthPart, HealthReason, Notes, Reasons, Recorded, Traffic};
use crate::policy::{BreakerState, Slice};
use crate::reactor::Reactor;
use crate::sync::codec::{self, DecodeError, DecodeErrorKind, Incoming};
use crate::sync::key::Source;
use crate::sync::protocol::ClientMessage;
use crate::sync::websocket::frames::Payload;
use crate::sync::websocket::transport::Flush;

/// Time to connect, upgrade and authenticate.
const OPEN_TIME: Duration = Duration::from_secs(5);
/// How long the answer to a close frame is waited for.
const CLOSE_TIME: Duration = Duration::from_secs(1);
/// A connection that lasted so long worked; one that did not is an attempt like any other.
const STABLE_TIME: Duration = Duration::from_secs(10);
/// Frames that may wait to be sent; an engine that lets more of our acknowledgements and pongs wait takes
/// nothing.
const QUEUED_FRAMES_MAX: usize = 16 << 10;
/// Units that are done for one peer before the next one.
const UNITS_PER_PEER: usize = 64;
// Estimates in nanoseconds, as in `sync/server/reader/mod.rs`.
/// A frame, with the system call that may come before it.
const FRAME_COST: u64 = 2_500;
/// Copying 8 bytes.
const COPY_8_COST: u64 = 4;
/// A message, beside opening and decoding it.
const MESSAGE_COST: u64 = 1_000;

/// What is done of a message in one unit, in nanoseconds of estimated work; the last part may go beyond.
const PART_COST: u64 = 250_000;

/// See the module's documentation.
pub(super) struct Connections {
    pub(super) peers: IdTable<PeerId, Box<Peer>>,
    /// Peers to be read.
    readable: VecDeque<PeerId>,
    /// Peers that have an event for the host.
    reporting: VecDeque<PeerId>,
    /// What a session wants to send; a field so that it is allocated once.
    pub(super) out: Vec<ClientMessage>,
    /// Where all connections are read into.
    scratch: Vec<u8>,
    /// Bytes of all peers, about.
    bytes: usize,
    /// All memory of the engine is used up.
    is_memory_full: bool,
    /// What changed of peers, for their health and the flight recorder.
    pub(super) notes: Notes,
    /// What went over those that are gone.
    pub(super) traffic: Traffic,
}

impl Connections {
    pub(super) fn new() -> Self {
        Connections {
            peers: IdTable::new(),
            readable: VecDeque::new(),
            reporting: VecDeque::new(),
            out: Vec::new(),
            scratch: vec![0; READ_BYTES],
            bytes: 0,
            is_memory_full: false,
            notes: Notes::default(),
            traffic: Traffic::default(),
        }
    }

    /// Bytes that all peers take, about.
    pub(super) fn memory(&self) -> usize {
        self.bytes
    }

    /// Whether all memory of the engine is used up: then no peer is read that has authenticated us.
    pub(super) fn set_memory_full(&mut self, is_full: bool) {
        if std::mem::replace(&mut self.is_memory_full, is_full) && !is_full {
            let ids: Vec<PeerId> = self.peers.ids().collect();
            ids.into_iter().for_each(|id| self.read_later(id));
        }
    }

    /// Counts anew what a peer takes.
    fn count(&mut self, id: PeerId) {
        let Ok(peer) = self.peers.get_mut(id) else { return };
        let bytes = peer.memory();
        self.bytes = self.bytes + bytes - std::mem::replace(&mut peer.counted_bytes, bytes);
    }

    /// The next peer that has an event.
    pub(super) fn next_reporting(&mut self) -> Option<PeerId> {
        while let Some(id) = self.reporting.pop_front() {
            if let Ok(peer) = self.peers.get_mut(id) {
                peer.is_reporting = false;
                return Some(id);
            }
        }
        None
    }

    pub(super) fn has_event(&self) -> bool {
        !self.reporting.is_empty()
    }

    pub(super) fn has_readable(&self) -> bool {
        !self.readable.is_empty()
    }

    /// Lets go of every connection at once.
    pub(super) fn teardown(&mut self, reactor: &mut Reactor) {
        for peer in self.peers.drain() {
            if let Some(link) = &peer.link {
                reactor.release(link.as_fd());
            }
        }
    }

    // Readiness.

    pub(super) fn handle_ready(
        &mut self,
        id: PeerId,
        readable: bool,
        writable: bool,
        reactor: &mut Reactor,
    ) {
        let Ok(peer) = self.peers.get_mut(id) else { return };
        if writable && let Some(link) = &mut peer.link {
            if let Err(fault) = link.on_writable(&peer.options) {
                return self.handle_lost(id, fault, reactor);
            }
            self.flush(id, reactor);
        }
        let Ok(peer) = self.peers.get_mut(id) else { return };
        if readable && peer.link.is_some() {
            peer.is_readable = true;
            self.read_later(id);
        }
    }

    pub(super) fn handle_alarm(&mut self, id: PeerId, reactor: &mut Reactor) {
        let Ok(peer) = self.peers.get_mut(id) else { return };
        let now = reactor.now();
        peer.timer = None;
        if peer.paused_until.is_some_and(|until| until <= now) {
            peer.paused_until = None;
            self.read_later(id);
        }
        let Ok(peer) = self.peers.get_mut(id) else { return };
        if peer.deadline.is_none_or(|at| at > now) {
            return peer.arm(reactor);
        }
        peer.deadline = None;
        if peer.is_closing {
            self.remove(id, reactor);
        } else if peer.link.is_none() {
            self.attempt(id, reactor);
        } else if !peer.session.is_open {
            let what = if peer.link.as_ref().is_some_and(Link::is_connecting) {
                "no connection in time"
            } else {
                "no answer in time"
            };
            self.handle_lost(id, Fault::new(what), reactor);
        }
    }

    /// Puts a peer in the list of those to be read, if there is something and room for it.
    pub(super) fn read_later(&mut self, id: PeerId) {
        if let Ok(peer) = self.peers.get_mut(id)
            && peer.is_readable
            && !peer.is_in_list
            && peer.paused_until.is_none()
            && peer.may_read(self.is_memory_full)
        {
            peer.is_in_list = true;
            self.readable.push_back(id);
        }
    }

    // The turn.

    /// Reads peers, one after the other, until they have no more or the slice is over.
    pub(super) fn read(&mut self, slice: &mut Slice, reactor: &mut Reactor) {
        while !slice.is_over()
            && let Some(id) = self.readable.pop_front()
        {
            let Ok(peer) = self.peers.get_mut(id) else { continue };
            peer.is_in_list = false;
            let mut units = 0;
            while units < UNITS_PER_PEER && !slice.is_over() && self.read_one(id, slice, reactor) {
                units += 1;
            }
            self.read_later(id);
            self.send_pending(id, reactor);
        }
    }

    /// Does one unit: takes in a frame, and does what it means if it completes a message. Whether there may
    /// be another.
    fn read_one(&mut self, id: PeerId, slice: &mut Slice, reactor: &mut Reactor) -> bool {
        let now = reactor.now();
        let Ok(peer) = self.peers.get_mut(id) else { return false };
        if !peer.is_readable || !peer.may_read(self.is_memory_full) {
            return false;
        }
        let until = peer.cost.ready_at(now);
        if until > now {
            peer.paused_until = Some(until);
            peer.arm(reactor);
            return false;
        }
        let Some(link) = &mut peer.link else { return false };
        if link.queued_frames() > QUEUED_FRAMES_MAX {
            self.handle_lost(id, Fault::new("it takes no answers"), reactor);
            return false;
        }
        let mut cost = 0;
        let goes_on = if peer.incoming.is_some() {
            self.go_on_with_message(id, &mut cost, reactor)
        } else {
            let (count, received) = link.read(&mut self.scratch);
            cost = FRAME_COST + count as u64 / 8 * COPY_8_COST;
            self.on_received(id, received, &mut cost, reactor)
        };
        if let Ok(peer) = self.peers.get_mut(id) {
            peer.cost.charge(cost, now);
        }
        slice.charge(cost);
        goes_on
    }

    fn on_received(
        &mut self,
        id: PeerId,
        received: Received,
        cost: &mut u64,
        reactor: &mut Reactor,
    ) -> bool {
        let Ok(peer) = self.peers.get_mut(id) else { return false };
        let Some(link) = &mut peer.link else { return false };
        let payload = match received {
            Received::Message(_) if peer.is_closing => return true,
            Received::Message(payload) => payload,
            Received::Control | Received::Part => return true,
            Received::Drained => {
                peer.is_readable = false;
                if let Some(reason) = peer.broken.take() {
                    self.handle_lost(id, Fault::new(reason), reactor);
                }
                return false;
            }
            Received::Over(_) if peer.is_closing => {
                self.remove(id, reactor);
                return false;
            }
            Received::Over(fault) => {
                // The answer to its close frame is queued.
                let _ = link.flush();
                self.handle_lost(id, fault, reactor);
                return false;
            }
            Received::Upgraded => {
                let hello = peer.session.hello(&peer.options);
                link.send(peer.options.codec.encode_client(&hello, false));
                return true;
            }
        };
        *cost += MESSAGE_COST;
        let outcome = match codec::output(incoming(&payload)) {
            Ok(Some((terminal, offset, bytes))) => peer.session.on_output(terminal, offset, bytes),
            Ok(None) => match peer.options.codec.open(incoming(&payload), MESSAGE_BYTES) {
                Ok(opening) => {
                    peer.incoming = Some(IncomingMessage { payload, opening });
                    return self.go_on_with_message(id, cost, reactor);
                }
                Err(error) => Err(undecodable(error)),
            },
            Err(error) => Err(undecodable(error)),
        };
        self.conclude(id, outcome, reactor)
    }

    /// Goes on with the message that a peer has sent, as far as one unit goes.
    fn go_on_with_message(&mut self, id: PeerId, cost: &mut u64, reactor: &mut Reactor) -> bool {
        let Ok(peer) = self.peers.get_mut(id) else { return false };
        let Some(IncomingMessage { payload, mut opening }) = peer.incoming.take() else {
            return true;
        };
        let decoded = loop {
            let was_open = opening.is_open();
            let step = if was_open {
                opening.decode_part(incoming(&payload))
            } else {
                opening.open_part(incoming(&payload)).map(|()| None)
            };
            *cost += opening.take_cost();
            match step {
                Ok(None) if *cost < PART_COST => {}
                step => break step,
            }
        };
        let outcome = match decoded {
            Ok(Some(message)) => peer.session.on_message(message, reactor.now(), &mut self.out),
            Ok(None) => {
                peer.incoming = Some(IncomingMessage { payload, opening });
                Ok(())
            }
            Err(error) => Err(undecodable(error)),
        };
        self.conclude(id, outcome, reactor)
    }

    /// A frame has been dealt with. Whether there may be another.
    fn conclude(&mut self, id: PeerId, outcome: Result<(), Fault>, reactor: &mut Reactor) -> bool {
        if let Err(fault) = outcome {
            self.out.clear();
            self.handle_lost(id, fault, reactor);
            return false;
        }
        if let Ok(peer) = self.peers.get_mut(id)
            && peer.session.is_open
            && peer.open_since.is_none()
        {
            peer.on_open(reactor);
            self.notes.facts(HealthPart::Peer(id), Reasons::default());
            self.notes.record(Recorded::PeerConnected { peer: id });
        }
        true
    }

    /// Sends what a session has queued, and notes whether it has events for the host.
    pub(super) fn send_pending(&mut self, id: PeerId, reactor: &mut Reactor) {
        if let Ok(peer) = self.peers.get_mut(id)
            && let Some(link) = &mut peer.link
        {
            for message in &self.out {
                link.send(peer.options.codec.encode_client(message, peer.options.compress));
            }
        }
        self.out.clear();
        self.flush(id, reactor);
        self.note_event(id);
    }

    fn note_event(&mut self, id: PeerId) {
        self.count(id);
        if let Ok(peer) = self.peers.get_mut(id)
            && !peer.is_closing
            && !peer.session.events.is_empty()
            && !std::mem::replace(&mut peer.is_reporting, true)
        {
            self.reporting.push_back(id);
        }
    }

    /// Writes what the socket takes; after everything that changes what a peer takes.
    pub(super) fn flush(&mut self, id: PeerId, reactor: &mut Reactor) {
        self.write_out(id, reactor);
        self.count(id);
    }

    fn write_out(&mut self, id: PeerId, reactor: &mut Reactor) {
        let Ok(peer) = self.peers.get_mut(id) else { return };
        let Some(link) = peer.link.as_mut().filter(|link| !link.is_connecting()) else { return };
        let outcome = link.flush();
        let blocked = matches!(outcome, Ok(Flush::Blocked));
        if blocked != link.wants_write && outcome.is_ok() {
            link.wants_write = blocked;
            let interest = interest(blocked);
            if let Err(error) = reactor.reregister(link.as_fd(), Source::Peer(id), interest) {
                return self.handle_lost(id, Fault::new(error.message().to_owned()), reactor);
            }
        }
        if let Err(error) = outcome {
            // It may have sent why before: that is read first.
            peer.broken = Some(error.to_string());
            peer.is_readable = true;
            self.read_later(id);
        }
    }

    // Attempts.

    /// Makes a connection, if the breaker lets us.
    pub(super) fn attempt(&mut self, id: PeerId, reactor: &mut Reactor) {
        let now = reactor.now();
        let Ok(peer) = self.peers.get_mut(id) else { return };
        peer.until = None;
        if !peer.breaker.allow(now) {
            let until = peer.breaker.retry_at().unwrap_or(now + OPEN_TIME).max(now);
            peer.until = Some(until);
            peer.set_timer(until, reactor);
            return;
        }
        let link = match Link::connect(&peer.options) {
            Ok(link) => link,
            Err(error) => return self.handle_lost(id, Fault::new(error.to_string()), reactor),
        };
        if let Err(error) = reactor.register(link.as_fd(), Source::Peer(id), interest(true)) {
            return self.handle_lost(id, Fault::new(error.message().to_owned()), reactor);
        }
        peer.link = Some(link);
        peer.is_readable = false;
        peer.set_timer(now + OPEN_TIME, reactor);
    }

    /// There is no connection (any more): reports it, and when it is tried again.
    pub(super) fn handle_lost(&mut self, id: PeerId, fault: Fault, reactor: &mut Reactor) {
        let now = reactor.now();
        let Ok(peer) = self.peers.get_mut(id) else { return };
        if peer.is_closing {
            return self.remove(id, reactor);
        }
        peer.drop_link(reactor);
        peer.session.on_lost();
        match peer.open_since.take() {
            Some(since) if now.saturating_duration_since(since) >= STABLE_TIME => {
                peer.retry.reset();
            }
            Some(_) => {}
            None => peer.breaker.record_failure(now),
        }
        let delay = if fault.is_final { None } else { peer.next_delay(reactor) };
        peer.until = delay.map(|delay| now + delay);
        if let Some(until) = peer.until {
            peer.set_timer(until, reactor);
        }
        let problem = match (delay, peer.breaker.state(now)) {
            (None, _) => HealthReason::GivenUp,
            (_, BreakerState::Open) => HealthReason::BreakerOpen,
            _ => HealthReason::Unreachable,
        };
        self.notes.facts(HealthPart::Peer(id), Reasons::of(Some(problem)));
        self.notes.record(Recorded::PeerLost { peer: id, retry_in: delay });
        let reason = fault.reason.into_owned();
        peer.last_error = Some(reason.clone());
        peer.session.events.push(QueuedEvent::Disconnected { reason, retry_in: delay });
        self.note_event(id);
    }

    // The end.

    pub(super) fn close(&mut self, id: PeerId, reactor: &mut Reactor) {
        let Ok(peer) = self.peers.get_mut(id) else { return };
        peer.is_closing = true;
        self.notes.gone(HealthPart::Peer(id));
        if peer.is_reporting {
            peer.is_reporting = false;
            self.reporting.retain(|listed| *listed != id);
        }
        if peer.link.as_mut().is_some_and(Link::close) {
            peer.set_timer(reactor.now() + CLOSE_TIME, reactor);
            // The answer may have been kept from being read by a full queue.
            self.read_later(id);
            self.flush(id, reactor);
        } else {
            self.remove(id, reactor);
        }
    }

    pub(super) fn remove(&mut self, id: PeerId, reactor: &mut Reactor) {
        let Some(mut peer) = self.peers.remove(id) else { return };
        peer.drop_link(reactor);
        self.bytes -= peer.counted_bytes;
        self.traffic.add(peer.traffic);
        if peer.is_in_list {
            self.readable.retain(|listed| *listed != id);
        }
    }
}

fn interest(is_writing: bool) -> mio::Interest {
    if is_writing {
        mio::Interest::READABLE | mio::Interest::WRITABLE
    } else {
        mio::Interest::READABLE
    }
}

fn undecodable(error: DecodeError) -> Fault {
    match error.kind {
        DecodeErrorKind::Schema => Fault::fatal(error.message),
        _ => Fault::new(error.message),
    }
}

fn incoming(payload: &Payload) -> Incoming<'_> {
    match payload {
        Payload::Text(text) => Incoming::Text(text.as_str()),
        Payload::Binary(bytes) => Incoming::Binary(bytes),
    }
}
