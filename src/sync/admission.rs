//! Who waits to be let in, and who makes room when there are too many.
//!
//! A connection takes one of a few places until it has said hello. One that shows a valid token in its
//! request head gives its place back at once: it is bounded by the number of clients instead, and cannot be
//! put out. So a client that offers its token there gets in, however many strangers there are.
//!
//! Each new connection is read at once, and gets a place. When there are more than places, one of the others
//! goes: of the source that has the most, one that has come less far than the others, the oldest of these. Each
//! step on the way in keeps a part of the places, so those who only connect displace nobody who goes on, and
//! those who send much displace nobody who has just connected. What has arrived in the meantime is read before a
//! connection is put out.
//!
//! A stranger costs a fixed number of system calls and, while it waits, its place.

use std::net::IpAddr;
use std::os::fd::AsFd;

use super::client::{Client, CloseCode, Phase};
use super::deadline::set_timer;
use super::head::Refusal;
use super::key::Source;
use super::leaving::turn_away;
use super::listener::Listener;
use super::server::Server;
use super::wire::{Socket, Wire};
use crate::reactor::{ClientId, ListenerId, Reactor};

/// How many of those who wait are looked at when one has to go, the oldest first. More of them matter only
/// for a host that allows more.
const CANDIDATES_MAX: usize = 64;
/// The part of the places, in quarters, that each step on the way in keeps: nothing sent, a part of the
/// request, the request.
const QUARTERS: [usize; 3] = [2, 1, 1];
/// The last of these steps.
const UPGRADED: usize = 2;

/// What a connection that is not let in yet counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It takes a place of those who wait.
    Waiting,
    /// It has shown a valid token.
    Vouched,
    /// It is let in, or on its way out.
    None,
}

/// One who may have to go.
#[derive(Clone, Copy)]
struct Candidate {
    id: ClientId,
    source: Option<IpAddr>,
    /// How far it has come: an index into [`QUARTERS`].
    step: usize,
    /// It is about to be read.
    is_spared: bool,
}

impl Server {
    /// Takes a new connection in, or turns it away.
    pub(super) fn admit(&mut self, listener: ListenerId, socket: Socket, reactor: &mut Reactor) {
        let mut wire = Wire::new(socket);
        let is_private = self.listeners.get(listener).is_ok_and(Listener::is_private);
        let own = nix::unistd::geteuid().as_raw();
        if is_private && wire.peer_uid() != Some(own) {
            return turn_away(&mut wire, &Refusal::new(403, "another user's process"));
        }
        if self.is_closing {
            return turn_away(&mut wire, &Refusal::new(503, "too many connections"));
        }
        let Ok(id) = self.clients.next_id() else { return };
        let readable = mio::Interest::READABLE;
        if reactor.register(wire.as_fd(), Source::Client(id), readable).is_err() {
            return;
        }
        let mut client = Box::new(Client::new(id, listener, wire, &self.limits, reactor.now()));
        set_timer(&mut client, reactor.now() + self.limits.client_hello_time, reactor);
        self.clients.insert(id, client);
        self.waiting.push_back(id);
        self.pending_count += 1;
        // Its head may be there already; then it is known what it is before anybody has to go.
        self.read_head(id, reactor);
        self.make_room(id, reactor);
    }

    /// Has somebody go if more wait than may: not the newest, unless the others are about to be read.
    fn make_room(&mut self, newest: ClientId, reactor: &mut Reactor) {
        self.sweep();
        // Each try that does not put somebody out reads something, so they come to an end.
        for _ in 0..2 * CANDIDATES_MAX {
            if self.pending_count <= self.limits.clients_pending {
                return;
            }
            let Some(candidate) = self.candidate(newest) else { break };
            self.read_head(candidate.id, reactor);
            let has_moved = self.clients.get(candidate.id).map_or(true, |client| {
                client.place != Place::Waiting || step_of(client) != candidate.step
            });
            if !has_moved {
                self.put_out(candidate.id, reactor);
            }
        }
        if self.pending_count > self.limits.clients_pending {
            self.put_out(newest, reactor);
        }
    }

    /// Who goes first.
    fn candidate(&self, newest: ClientId) -> Option<Candidate> {
        let mut found: Vec<Candidate> = Vec::new();
        let waiting = self.waiting.iter().filter(|id| **id != newest);
        let waiting = waiting.filter_map(|id| self.clients.get(*id).ok());
        for client in waiting.filter(|client| client.place == Place::Waiting).take(CANDIDATES_MAX) {
            let (id, source, step) = (client.id, client.source, step_of(client));
            // What an upgraded connection has sent is read in this turn.
            let is_spared =
                step == UPGRADED && (client.frames.has_rest() || client.wire.has_input());
            found.push(Candidate { id, source, step, is_spared });
        }
        let crowd = |source| found.iter().filter(|other| other.source == source).count();
        let source = found.iter().map(|c| c.source).max_by_key(|source| crowd(*source))?;
        found.retain(|candidate| candidate.source == source);
        // Being about to be read counts among those from the same place only.
        let newest = self.clients.get(newest).ok();
        if newest.is_some_and(|newest| newest.source == source)
            || !found.iter().all(|c| c.is_spared)
        {
            found.retain(|candidate| !candidate.is_spared);
        }
        let at_step = |step| found.iter().filter(move |candidate| candidate.step == step);
        let exceeds = |step: &usize| {
            let kept = QUARTERS.get(*step).map_or(0, |quarters| quarters * found.len() / 4);
            at_step(*step).count() > kept
        };
        let step = (0..QUARTERS.len()).find(exceeds);
        let oldest = step.and_then(|step| at_step(step).next());
        // All keep just what is theirs: then who has sent least.
        oldest.or_else(|| found.iter().min_by_key(|candidate| candidate.step)).copied()
    }

    /// Ends a connection that has not been let in, in the language that it speaks by now.
    fn put_out(&mut self, id: ClientId, reactor: &mut Reactor) {
        if self.clients.get(id).is_ok_and(|client| matches!(client.phase, Phase::Head(_))) {
            self.refuse(id, &Refusal::new(503, "too many connections"), reactor);
        } else {
            self.close(id, CloseCode::NoHello, "others wait for the place", reactor);
            self.flush(id, reactor);
        }
        self.read_away(id);
        self.drop_client(id, reactor);
    }

    /// A connection has shown a valid token: it gives its place back, unless there are as many clients as may be.
    pub(super) fn vouch_for(&mut self, id: ClientId) {
        let has_room = self.open_count + self.vouched_count < self.limits.clients;
        if let Ok(client) = self.clients.get_mut(id)
            && client.place == Place::Waiting
            && has_room
        {
            client.place = Place::Vouched;
            self.pending_count -= 1;
            self.vouched_count += 1;
        }
    }

    /// A connection is let in or on its way out: it gives back what it counted for. Whether it did.
    pub(super) fn leave_place(&mut self, id: ClientId) -> Place {
        let Ok(client) = self.clients.get_mut(id) else { return Place::None };
        let place = std::mem::replace(&mut client.place, Place::None);
        match place {
            Place::Waiting => self.pending_count -= 1,
            Place::Vouched => self.vouched_count -= 1,
            Place::None => {}
        }
        place
    }

    /// Connections that are on their way out.
    pub(super) fn leaving_count(&self) -> usize {
        self.clients.len() - self.open_count - self.pending_count - self.vouched_count
    }

    /// Forgets those in the list who wait no longer: those in front, and all when they are the most.
    fn sweep(&mut self) {
        let clients = &self.clients;
        let waits =
            |id: &ClientId| clients.get(*id).is_ok_and(|client| client.place == Place::Waiting);
        while self.waiting.front().is_some_and(|front| !waits(front)) {
            self.waiting.pop_front();
        }
        if self.waiting.len() > 2 * self.pending_count + CANDIDATES_MAX {
            self.waiting.retain(waits);
        }
    }
}

/// How far a connection has come.
fn step_of(client: &Client) -> usize {
    match &client.phase {
        Phase::Head(buffer) => usize::from(!buffer.is_empty()),
        _ => UPGRADED,
    }
}
