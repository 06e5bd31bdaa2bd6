//! Reading: what connections send comes in piece by piece, and each piece is paid for.
//!
//! A unit of work is one frame: at most one system call, and what the frame means if it completes a message.
//! It is charged to the [`Slice`] of the turn, and to whoever caused it: a client that is in has a balance of
//! its own, all others have one together, [`STRANGERS_COST`]. A client that owes is not read until it is
//! paid back, be it work, bytes or frames; so those who owe go behind the others.
//!
//! Bytes count as they were sent or as they are when inflated, whichever is more. Every frame counts as a message,
//! pings and fragments too, or they would be a way to have work done for nothing.
//!
//! **Unfinished messages** of all clients together are bounded by `client_partial_bytes_total`. When it is
//! used up, a client whose unfinished message is more than small *starves*: it is read on once others have
//! finished theirs or are gone. One at a time goes on beyond the bound, by one message at most, so that
//! somebody always finishes. A message that does not go on for `client_stall_time` closes its client, twice
//! that if it starves, so that this does not last.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::client::{Client, HELLO_BYTES, Input, Phase, READ_BYTES};
use super::deadline::arm;
use super::lanes::Lane;
use super::protocol::ClientMessage;
use super::server::Server;
use super::understanding::{MESSAGE_COST, Unread};
use super::wire::Flush;
use crate::policy::{Slice, UNIT_COST_MAX};
use crate::reactor::{ClientId, Reactor, TerminalId};
use crate::state::ApplicationState;

/// What all connections together may cost that are not let in: nanoseconds of estimated work in a second on
/// average, a tenth of a core, and what of it may come at once. Getting in costs some 50,000.
pub(super) const STRANGERS_COST: (u64, u64) = (100_000_000, 10_000_000);
/// Bytes of an unfinished message that a client always has.
const PARTIAL_SMALL: usize = 16 << 10;

// Estimates in nanoseconds, on the slow side of a laptop.
/// Looking at a client that is not to be read.
const LOOK_COST: u64 = 200;
/// A system call that reads.
const READ_COST: u64 = 2_000;
/// Copying and unmasking 8 bytes.
const COPY_8_COST: u64 = 4;
/// Taking in a frame.
const FRAME_COST: u64 = 500;
/// Parsing a request head and answering it.
const HEAD_COST: u64 = 10_000;

// What a message costs beyond this is up to the codec.
const _: () = assert!(
    READ_COST + READ_BYTES as u64 / 8 * COPY_8_COST + FRAME_COST + HEAD_COST + MESSAGE_COST
        < UNIT_COST_MAX
);

/// What a client wants.
pub(crate) struct Request {
    pub(crate) client: ClientId,
    pub(crate) body: Body,
}

/// See [`Request`].
pub(crate) enum Body {
    Message(ClientMessage),
    /// It is not allowed.
    Forbidden(ClientMessage),
    /// Types these bytes.
    Input(TerminalId, Bytes),
}

/// For so long after it has typed a client is read first.
const TYPING: Duration = Duration::from_secs(1);

/// What a client waits among that is no stranger.
fn lane(client: &Client, now: Instant) -> Lane {
    let has_typed = || client.typed_at.is_some_and(|at| now.saturating_duration_since(at) < TYPING);
    match () {
        () if !client.cost.is_high(now) => Lane::Heavy,
        () if has_typed() => Lane::Typing,
        () => Lane::Light,
    }
}

/// One unit of work, and what came of it.
pub(super) struct Unit {
    pub(super) cost: u64,
    /// Bytes and frames as the client's rates count them.
    pub(super) bytes: usize,
    frames: u64,
    pub(super) body: Option<Body>,
}

impl Unit {
    fn of_bytes(bytes: usize) -> Unit {
        let cost = READ_COST + bytes as u64 / 8 * COPY_8_COST;
        Unit { cost, bytes, frames: 0, body: None }
    }
}

impl Server {
    /// The next request of a client that is in, if one can be read without waiting. `None` also when the
    /// slice is over; whoever has more is in the list for the next turn.
    pub(crate) fn next_request(
        &mut self,
        slice: &mut Slice,
        state: &ApplicationState,
        reactor: &mut Reactor,
    ) -> Option<Request> {
        while !slice.is_over()
            && let Some(id) = self.readable.next()
        {
            let Some(is_stranger) = self.may_read(id, reactor) else {
                slice.charge(LOOK_COST);
                continue;
            };
            let unit = self.read_unit(id, state, reactor);
            slice.charge(unit.cost);
            self.count_partial(id);
            let now = reactor.now();
            if is_stranger {
                self.strangers.charge(unit.cost, now);
            } else if let Ok(client) = self.clients.get_mut(id) {
                client.bytes.charge(unit.bytes as u64, now);
                client.messages.charge(unit.frames, now);
                self.charge(id, unit.cost, now);
            }
            if let Some(body) = unit.body {
                return Some(Request { client: id, body });
            }
        }
        None
    }

    /// Something was done for a client that is in, in nanoseconds of estimated work. It is read on once it has paid.
    pub(crate) fn charge(&mut self, id: ClientId, cost: u64, now: Instant) {
        if let Ok(client) = self.clients.get_mut(id) {
            client.cost.charge(cost, now);
        }
    }

    /// There may be more to read.
    pub(super) fn read_again(&mut self, id: ClientId) {
        if let Ok(client) = self.clients.get_mut(id)
            && !std::mem::replace(&mut client.is_readable, true)
        {
            self.readable.push(id, client.lane());
        }
    }

    /// Whether a client from the list is read now, and if so whether it is a stranger. If not, what it waits for puts
    /// it in the list again.
    fn may_read(&mut self, id: ClientId, reactor: &mut Reactor) -> Option<bool> {
        let now = reactor.now();
        let client = self.clients.get_mut(id).ok()?;
        client.is_readable = false;
        if client.throttled_until.is_some() || (client.is_held && client.is_open()) {
            return None;
        }
        let is_stranger = client.is_stranger();
        client.lane = lane(client, now);
        let until = if is_stranger { self.strangers.ready_at(now) } else { paid_at(client, now) };
        if until > now {
            client.throttled_until = Some(until);
            arm(client, self.limits.client_stall_time, reactor);
            return None;
        }
        if matches!(client.phase, Phase::Hello | Phase::Open) && !client.has_answer_room() {
            client.waits_for_room = true;
            return None;
        }
        let held = client.frames.held();
        if held > PARTIAL_SMALL && !self.has_partial_room(id, held) {
            self.starve(id, reactor);
            return None;
        }
        Some(is_stranger)
    }

    fn read_unit(&mut self, id: ClientId, state: &ApplicationState, reactor: &mut Reactor) -> Unit {
        let Ok(client) = self.clients.get_mut(id) else {
            return broken!("who is read is there", Unit::of_bytes(0));
        };
        if matches!(client.phase, Phase::Head(_)) {
            let mut unit = Unit::of_bytes(self.read_head(id, reactor));
            if !self.clients.get(id).is_ok_and(|client| matches!(client.phase, Phase::Head(_))) {
                unit.cost += HEAD_COST;
            }
            return unit;
        }
        if client.unread.is_some() {
            let mut unit = Unit { cost: 0, bytes: 0, frames: 0, body: None };
            self.go_on_with_message(id, state, reactor, &mut unit);
            return unit;
        }
        let size = if client.is_open() { READ_BYTES } else { HELLO_BYTES };
        let (count, input) = client.read(self.scratch.get_mut(..size).unwrap_or_default());
        let mut unit = Unit::of_bytes(count);
        unit.cost += FRAME_COST;
        match input {
            Input::Part => self.read_again(id),
            Input::Control => {
                unit.frames = 1;
                self.mark_pushed(id);
                self.read_again(id);
            }
            Input::Drained => {
                if client.frames.unfinished().is_some() {
                    arm(client, self.limits.client_stall_time, reactor);
                }
                self.pass_on(id);
            }
            Input::Close(code) => {
                // Who goes on after it was told why is read on, and what it sends means nothing.
                self.close(id, code, "the message is not acceptable", reactor);
                self.read_again(id);
            }
            Input::Goodbye if matches!(client.wire.flush(), Ok(Flush::Blocked)) => {
                self.answer_goodbye(id, reactor);
            }
            Input::Goodbye | Input::Ended => self.drop_client(id, reactor),
            Input::Message(payload) => {
                unit.frames = 1;
                self.read_again(id);
                self.understand(id, payload, state, reactor, &mut unit);
            }
        }
        unit
    }

    // What is carried out over several turns.

    /// Does not read a client before [`release_reading`](Self::release_reading): what it sends comes after
    /// what is being done for it.
    pub(crate) fn hold_reading(&mut self, id: ClientId) {
        if let Ok(client) = self.clients.get_mut(id) {
            client.is_held = true;
        }
    }

    /// Reads a client on.
    pub(crate) fn release_reading(&mut self, id: ClientId) {
        if let Ok(client) = self.clients.get_mut(id) {
            client.is_held = false;
            self.read_again(id);
        }
    }

    /// Whether a client is in.
    pub(crate) fn is_in(&self, id: ClientId) -> bool {
        self.clients.get(id).is_ok_and(|client| client.is_open())
    }

    // Unfinished messages.

    /// Whether a client whose unfinished message has `held` bytes may read on.
    fn has_partial_room(&mut self, id: ClientId, held: usize) -> bool {
        let total = self.limits.client_partial_bytes_total;
        if self.partial_bytes + READ_BYTES <= total {
            return true;
        }
        // Without its message there would be room: whole, it is beyond the bound by no more than its size.
        let others = self.partial_bytes.saturating_sub(held);
        let is_free =
            self.beyond.is_none_or(|first| first == id || self.clients.get(first).is_err());
        let may_go_beyond = is_free && others <= total;
        if may_go_beyond {
            self.beyond = Some(id);
        }
        may_go_beyond
    }

    /// Notes that a client waits for room. One that has left is waited for no longer.
    fn starve(&mut self, id: ClientId, reactor: &mut Reactor) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        if client.has_hung_up {
            return self.drop_client(id, reactor);
        }
        if !std::mem::replace(&mut client.is_starving, true) {
            self.starving.push_back(id);
        }
        arm(client, self.limits.client_stall_time, reactor);
        self.beyond = self.beyond.filter(|first| *first != id);
    }

    /// A client that went beyond the bound needs it no longer, or waits for its own bytes: the next one that may
    /// goes on.
    pub(super) fn pass_on(&mut self, id: ClientId) {
        if self.beyond != Some(id) {
            return;
        }
        self.beyond = None;
        let total = self.limits.client_partial_bytes_total;
        let next = self.starving.iter().position(|id| {
            let held = self.clients.get(*id).map(|client| client.counted);
            held.is_ok_and(|held| self.partial_bytes.saturating_sub(held) <= total)
        });
        if let Some(id) = next.and_then(|at| self.starving.remove(at)) {
            self.feed(id);
        }
    }

    fn feed(&mut self, id: ClientId) {
        if let Ok(client) = self.clients.get_mut(id) {
            client.is_starving = false;
            // It was the server that did not go on.
            client.unfinished = None;
            self.read_again(id);
        }
    }

    /// Counts what a client's unfinished message has by now.
    pub(super) fn count_partial(&mut self, id: ClientId) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        let held = client.frames.held() + client.unread.as_ref().map_or(0, Unread::bytes);
        let counted = std::mem::replace(&mut client.counted, held);
        self.partial_bytes += held;
        self.release_partial(counted);
        if held == 0 {
            self.pass_on(id);
        }
    }

    /// So many bytes are not held any more: those who wait for room have it.
    pub(super) fn release_partial(&mut self, bytes: usize) {
        self.partial_bytes -= bytes;
        if self.starving.is_empty() {
            return;
        }
        let free = self.limits.client_partial_bytes_total.saturating_sub(self.partial_bytes);
        for _ in 0..(free / READ_BYTES).min(self.starving.len()) {
            if let Some(id) = self.starving.pop_front() {
                self.feed(id);
            }
        }
    }
}

/// When a client owes nothing any more: `now`, or later.
fn paid_at(client: &Client, now: Instant) -> Instant {
    let paid = client.cost.ready_at(now).max(client.bytes.ready_at(now));
    // The answer to a close frame is no message.
    if client.is_open() { paid.max(client.messages.ready_at(now)) } else { paid }
}
