//! Admission: how many connections there may be before they have authenticated, and which one is evicted when
//! there are too many.
//!
//! A connection takes one of a few places until it has said hello. One that shows a valid token in its
//! request head gives its place back at once: it is bounded by the number of clients instead, and cannot be
//! evicted. So a client that offers its token there gets in, however many others there are.
//!
//! Each new connection is read at once, and gets a place. When there are more than places, one of the others
//! is evicted: of the source that has the most (all Unix sockets are one), one that has come less far than the others, the oldest of these.
//! Each step of the handshake keeps a part of the places, so those who only connect displace nobody who goes on,
//! and those who send much displace nobody who has just connected. What has arrived in the meantime is read
//! before a connection is evicted ([`handshake`](super::handshake)).
//!
//! An unauthenticated connection costs a fixed number of system calls and, while it waits, its place.

use std::collections::VecDeque;
use std::net::IpAddr;

use super::client::{Client, Phase, Place};
use crate::id::{ClientId, IdTable};
use crate::limits::Limits;

/// How many connections are looked at when one has to go, the oldest first. More of them matter only for a
/// host that allows more.
pub(super) const CANDIDATES_MAX: usize = 64;
/// The part of the places, in quarters, that each step of the handshake keeps: nothing sent, a part of the
/// request, the request.
const QUARTERS: [usize; 3] = [2, 1, 1];
/// The last of these steps: it is a WebSocket, or gets a page.
const REQUESTED: usize = 2;

/// One that may have to go.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) id: ClientId,
    source: Option<IpAddr>,
    /// How far it has come: an index into [`QUARTERS`].
    step: usize,
    /// It is about to be read.
    is_spared: bool,
}

impl Candidate {
    /// Whether it is still where it was when it was chosen.
    pub(super) fn is_unmoved(&self, client: &Client) -> bool {
        client.place == Place::Unauthenticated && step_of(client) == self.step
    }
}

/// See the module's documentation.
pub(super) struct Admission {
    clients_max: usize,
    places: usize,
    /// Unauthenticated connections, oldest first; some may be gone or authenticated.
    waiting: VecDeque<ClientId>,
    /// Connections that take a place.
    unauthenticated_count: usize,
    /// Connections that have shown a valid token and have not said hello.
    verified_count: usize,
    authenticated_count: usize,
}

impl Admission {
    pub(super) fn new(limits: &Limits) -> Self {
        Admission {
            clients_max: limits.clients,
            places: limits.clients_pending,
            waiting: VecDeque::new(),
            unauthenticated_count: 0,
            verified_count: 0,
            authenticated_count: 0,
        }
    }

    /// A new connection takes a place, perhaps one too many.
    pub(super) fn enter(&mut self, id: ClientId) {
        self.waiting.push_back(id);
        self.unauthenticated_count += 1;
    }

    /// A connection has shown a valid token: it gives its place back, unless there are as many clients as may be.
    pub(super) fn verify(&mut self, client: &mut Client) {
        let has_room = self.authenticated_count + self.verified_count < self.clients_max;
        if client.place == Place::Unauthenticated && has_room {
            client.place = Place::Verified;
            self.unauthenticated_count -= 1;
            self.verified_count += 1;
        }
    }

    /// A connection has authenticated.
    pub(super) fn authenticate(&mut self, client: &mut Client) {
        self.leave(client);
        client.place = Place::Authenticated;
        self.authenticated_count += 1;
    }

    /// A connection is being closed or is gone: it gives back what it counted for.
    pub(super) fn leave(&mut self, client: &mut Client) {
        match std::mem::replace(&mut client.place, Place::None) {
            Place::Unauthenticated => self.unauthenticated_count -= 1,
            Place::Verified => self.verified_count -= 1,
            Place::Authenticated => self.authenticated_count -= 1,
            Place::None => {}
        }
    }

    /// Whether there are more unauthenticated connections than places.
    pub(super) fn is_crowded(&self) -> bool {
        self.unauthenticated_count > self.places
    }

    /// Whether there are as many clients as may be.
    pub(super) fn is_full(&self) -> bool {
        self.authenticated_count >= self.clients_max
    }

    /// How many clients there are: those that have authenticated and are not being closed.
    pub(super) fn authenticated_count(&self) -> usize {
        self.authenticated_count
    }

    /// Connections, of all that there are, that count for something: those that are not being closed.
    pub(super) fn count(&self) -> usize {
        self.authenticated_count + self.unauthenticated_count + self.verified_count
    }

    /// Whether of so many connections in all more are being closed than there are places.
    pub(super) fn too_many_closing(&self, all: usize) -> bool {
        all - self.count() > self.places
    }

    /// Which connection goes first, if one has to: not the newest.
    pub(super) fn candidate(
        &self,
        newest: ClientId,
        table: &IdTable<ClientId, Box<Client>>,
    ) -> Option<Candidate> {
        let mut found: Vec<Candidate> = Vec::new();
        let waiting = self.waiting.iter().filter(|id| **id != newest);
        let waiting = waiting.filter_map(|id| table.get(*id).ok());
        let waiting = waiting.filter(|client| client.place == Place::Unauthenticated);
        for client in waiting.take(CANDIDATES_MAX) {
            let (id, source, step) = (client.id, client.source, step_of(client));
            // What an upgraded connection has sent is read in this turn.
            let is_spared = matches!(client.phase, Phase::Hello)
                && (client.frames.has_rest() || client.transport.has_input());
            found.push(Candidate { id, source, step, is_spared });
        }
        let crowd = |source| found.iter().filter(|other| other.source == source).count();
        let source = found.iter().map(|c| c.source).max_by_key(|source| crowd(*source))?;
        found.retain(|candidate| candidate.source == source);
        // Being about to be read counts among those from the same place only.
        let newest = table.get(newest).ok();
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

    /// Forgets those in the list that wait no longer: those in front, and all when they are the most.
    pub(super) fn sweep(&mut self, table: &IdTable<ClientId, Box<Client>>) {
        let waits = |id: &ClientId| {
            table.get(*id).is_ok_and(|client| client.place == Place::Unauthenticated)
        };
        while self.waiting.front().is_some_and(|front| !waits(front)) {
            self.waiting.pop_front();
        }
        if self.waiting.len() > 2 * self.unauthenticated_count + CANDIDATES_MAX {
            self.waiting.retain(waits);
        }
    }
}

/// How far a connection has come.
fn step_of(client: &Client) -> usize {
    match &client.phase {
        Phase::Head(buffer) => usize::from(!buffer.is_empty()),
        _ => REQUESTED,
    }
}
