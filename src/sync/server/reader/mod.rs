//! Reading: what connections send comes in piece by piece, and each piece is paid for.
//!
//! A unit of work is one frame: at most one system call, and what the frame means if it completes a message.
//! It is charged to the [`Slice`] of the turn, and to whoever caused it: a client that has shown a valid token
//! has a balance of its own, all others have one together, [`UNVERIFIED_COST`]. A client that owes is not read
//! until it is paid back, be it work, bytes or frames; so those who owe go behind the others.
//!
//! Bytes count as they were sent or as they are when inflated, whichever is more. Every frame counts as a message,
//! pings and fragments too, or they would be a way to have work done for nothing.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::client::{Client, HELLO_BYTES, Input, Lane, Phase, READ_BYTES};
use super::clients::Clients;
use super::decode::{self, DecodeCost, Decoded, MESSAGE_COST};
use super::handshake::Handshake;
use super::pages::PART_BYTES;
use super::timers;
use crate::id::{ClientId, TerminalId};
use crate::policy::{Balance, Slice, UNIT_COST_MAX};
use crate::reactor::Reactor;
use crate::state::ApplicationState;
use crate::sync::access::{Action, FORBIDDEN};
use crate::sync::codec::{ClientKind, DecodeError, DecodeErrorKind};
use crate::sync::protocol::{About, ClientMessage, CloseCode, ErrorCode};
use crate::sync::websocket::transport::Flush;

/// What all connections together may cost that have shown no valid token: nanoseconds of estimated work in a
/// second on average, a tenth of a core, and what of it may come at once. A handshake costs some 50,000.
pub(crate) const UNVERIFIED_COST: (u64, u64) = (100_000_000, 10_000_000);
/// Malformed messages in a row after which a client is closed.
pub(crate) const MALFORMED_MAX: u32 = 16;

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
/// Sending a part of a page, which may be read from a file before.
const PART_COST: u64 = 20_000 + PART_BYTES as u64 / 4;

// What a message costs beyond this is up to the codec.
const _: () = assert!(
    READ_COST
        + READ_BYTES as u64 / 8 * COPY_8_COST
        + FRAME_COST
        + HEAD_COST
        + PART_COST
        + MESSAGE_COST
        < UNIT_COST_MAX
);

/// For so long after it has typed a client is read first.
const TYPING: Duration = Duration::from_secs(1);

/// What a client asks for.
pub(crate) struct Request {
    pub(crate) client: ClientId,
    pub(crate) body: Body,
}

/// See [`Request`].
pub(crate) enum Body {
    Message(ClientMessage),
    /// Its token does not allow it.
    Forbidden(ClientMessage),
    /// Types these bytes.
    Input(TerminalId, Bytes),
}

/// One unit of work, and what came of it.
struct Unit {
    cost: u64,
    /// Bytes and frames as the client's rates count them.
    bytes: usize,
    frames: u64,
    body: Option<Body>,
}

impl Unit {
    fn of_bytes(bytes: usize) -> Unit {
        let cost = READ_COST + bytes as u64 / 8 * COPY_8_COST;
        Unit { cost, bytes, frames: 0, body: None }
    }
}

/// See the module's documentation.
pub(super) struct Reader {
    /// What is done for all those who have shown no valid token.
    unverified: Balance,
}

impl Reader {
    pub(super) fn new(now: Instant) -> Self {
        Reader { unverified: Balance::new(UNVERIFIED_COST.0, UNVERIFIED_COST.1, now) }
    }

    /// Something was done for a connection that has shown no valid token.
    pub(super) fn charge_unverified(&mut self, cost: u64, now: Instant) {
        self.unverified.charge(cost, now);
    }

    /// The next request of a client, if one can be read without waiting. `None` also when the slice is over;
    /// whoever has more is in the list for the next turn.
    pub(super) fn poll_request(
        &mut self,
        handshake: &mut Handshake<'_>,
        state: &ApplicationState,
        slice: &mut Slice,
        reactor: &mut Reactor,
    ) -> Option<Request> {
        while !slice.is_over()
            && let Some(id) = handshake.clients.work.next_readable()
        {
            let Some(is_unverified) = self.may_read(handshake.clients, id, reactor) else {
                slice.charge(LOOK_COST);
                continue;
            };
            let unit = read_unit(handshake, id, state, reactor);
            slice.charge(unit.cost);
            let clients = &mut *handshake.clients;
            clients.count_unfinished(id);
            clients.count_received(id, unit.frames);
            let now = reactor.now();
            if is_unverified {
                self.charge_unverified(unit.cost, now);
            } else if let Ok(client) = clients.get_mut(id) {
                client.bytes.charge(unit.bytes as u64, now);
                client.messages.charge(unit.frames, now);
                client.cost.charge(unit.cost, now);
            }
            if let Some(body) = unit.body {
                return Some(Request { client: id, body });
            }
        }
        None
    }

    /// Whether a client from the list is read now, and if so whether it has shown no valid token. If not, what it
    /// waits for puts it in the list again.
    fn may_read(&self, clients: &mut Clients, id: ClientId, reactor: &mut Reactor) -> Option<bool> {
        let now = reactor.now();
        let stall_time = clients.limits.client_stall_time;
        let client = clients.table.get_mut(id).ok()?;
        client.is_readable = false;
        if client.throttled_until.is_some() || (client.is_paused && client.is_open()) {
            return None;
        }
        let is_unverified = client.is_unverified();
        client.lane = lane(client, now);
        let until =
            if is_unverified { self.unverified.ready_at(now) } else { paid_at(client, now) };
        if until > now {
            client.throttled_until = Some(until);
            timers::arm(client, stall_time, reactor);
            return None;
        }
        if matches!(client.phase, Phase::Hello | Phase::Open) && !client.has_reply_room() {
            client.awaits_reply_room = true;
            return None;
        }
        if !clients.unfinished.may_read(id, &clients.table) {
            starve(clients, id, reactor);
            return None;
        }
        Some(is_unverified)
    }
}

/// What a client waits among that has shown a valid token.
fn lane(client: &Client, now: Instant) -> Lane {
    let has_typed = || client.typed_at.is_some_and(|at| now.saturating_duration_since(at) < TYPING);
    match () {
        () if !client.cost.is_high(now) => Lane::Heavy,
        () if has_typed() => Lane::Typing,
        () => Lane::Light,
    }
}

/// When a client owes nothing any more: `now`, or later.
fn paid_at(client: &Client, now: Instant) -> Instant {
    let paid = client.cost.ready_at(now).max(client.bytes.ready_at(now));
    // The answer to a close frame is no message.
    if client.is_open() { paid.max(client.messages.ready_at(now)) } else { paid }
}

/// A client waits for room for its unfinished message. One that has hung up is waited for no longer.
fn starve(clients: &mut Clients, id: ClientId, reactor: &mut Reactor) {
    let Ok(client) = clients.table.get_mut(id) else { return };
    if client.has_hung_up {
        return clients.remove(id, reactor);
    }
    clients.unfinished.starve(client);
    timers::arm(client, clients.limits.client_stall_time, reactor);
}

fn read_unit(
    handshake: &mut Handshake<'_>,
    id: ClientId,
    state: &ApplicationState,
    reactor: &mut Reactor,
) -> Unit {
    let clients = &mut *handshake.clients;
    let Ok(client) = clients.table.get_mut(id) else {
        return broken!("who is read is there", Unit::of_bytes(0));
    };
    match client.phase {
        Phase::Head(_) => return read_head(handshake, id, reactor),
        // Nobody waits for it any more.
        Phase::Report if client.has_hung_up => {
            clients.remove(id, reactor);
            return Unit::of_bytes(0);
        }
        // What it sends meanwhile is of no interest.
        Phase::Report => return Unit { cost: LOOK_COST, bytes: 0, frames: 0, body: None },
        Phase::Page(_) => return send_part(clients, id),
        _ => {}
    }
    let mut decode_cost = DecodeCost::default();
    if client.incoming.is_some() {
        let decoded = decode::go_on(client, &mut decode_cost);
        let body = act_on(handshake, id, decoded, state, reactor);
        handshake.clients.read_later(id);
        return Unit { cost: decode_cost.work, bytes: 0, frames: 0, body };
    }
    let is_open = client.is_open();
    let size = if is_open { READ_BYTES } else { HELLO_BYTES };
    let (count, input) = client.read(clients.scratch.get_mut(..size).unwrap_or_default());
    let mut unit = Unit::of_bytes(count);
    unit.cost += FRAME_COST;
    match input {
        Input::Part => clients.read_later(id),
        Input::Control => {
            unit.frames = 1;
            clients.flush_later(id);
            clients.read_later(id);
        }
        Input::Drained => {
            if client.frames.unfinished().is_some() {
                timers::arm(client, clients.limits.client_stall_time, reactor);
            }
            clients.unfinished.pass_on(id, &mut clients.table, &mut clients.work);
        }
        Input::Close(code) => {
            // A client that goes on sending after the reason is read on, and what it sends is ignored.
            clients.close(id, code, "the message is not acceptable", reactor);
            clients.read_later(id);
        }
        Input::Goodbye if matches!(client.transport.flush(), Ok(Flush::Blocked)) => {
            clients.answer_close(id, reactor);
        }
        Input::Goodbye | Input::Ended => clients.remove(id, reactor),
        Input::Message(payload) => {
            unit.frames = 1;
            let inflated = clients.limits.client_inflated_bytes;
            let inflated_max = if is_open { inflated } else { HELLO_BYTES };
            clients.work.read_later(client);
            let decoded = decode::begin(client, payload, inflated_max, &mut decode_cost);
            unit.cost += decode_cost.work;
            unit.bytes += decode_cost.inflated_bytes;
            unit.body = act_on(handshake, id, decoded, state, reactor);
        }
    }
    unit
}

/// Reads what there is of a request head, and answers it if it is whole.
fn read_head(handshake: &mut Handshake<'_>, id: ClientId, reactor: &mut Reactor) -> Unit {
    let mut unit = Unit::of_bytes(handshake.read_head(id, reactor));
    unit.cost += match handshake.clients.get(id).map(|client| &client.phase) {
        Ok(Phase::Head(_)) => 0,
        Ok(Phase::Page(_)) => HEAD_COST + PART_COST,
        _ => HEAD_COST,
    };
    unit
}

/// Queues the next part of a page. Nothing is read before all of it is sent, and nothing more is queued before what
/// waits is sent.
fn send_part(clients: &mut Clients, id: ClientId) -> Unit {
    let mut cost = LOOK_COST;
    if let Ok(client) = clients.get_mut(id)
        && let Phase::Page(delivery) = &mut client.phase
        && client.transport.queued_bytes() == 0
    {
        cost = PART_COST;
        match delivery.body.next_part() {
            Ok(part) => client.transport.push(part),
            // The file has become shorter, and its length has been announced.
            Err(_) => client.is_broken = true,
        }
    }
    clients.flush_later(id);
    Unit { cost, bytes: 0, frames: 0, body: None }
}

/// Does what a message means before the engine sees it. Gives what the engine is to do.
fn act_on(
    handshake: &mut Handshake<'_>,
    id: ClientId,
    decoded: Decoded,
    state: &ApplicationState,
    reactor: &mut Reactor,
) -> Option<Body> {
    let client = handshake.clients.get(id).ok()?;
    let (is_open, scopes) = (client.is_open(), client.scopes());
    match decoded {
        Decoded::Nothing => None,
        Decoded::Malformed(error, about) => {
            on_malformed(handshake.clients, id, &error, about, reactor);
            None
        }
        Decoded::Forbidden(about) => {
            handshake.clients.send_error_about(id, about, ErrorCode::Forbidden, FORBIDDEN);
            None
        }
        Decoded::Message(_, ClientMessage::Hello(hello)) if !is_open => {
            handshake.authenticate(id, &hello, state, reactor);
            // What it wants to be attached to is carried out like any request.
            let is_open = handshake.clients.get_open(id).is_some();
            is_open.then_some(Body::Message(ClientMessage::Hello(hello)))
        }
        Decoded::Input(..) | Decoded::Message(..) if !is_open => {
            handshake.clients.close(id, CloseCode::BadMessage, "hello comes first", reactor);
            None
        }
        Decoded::Input(terminal, bytes) => Some(Body::Input(terminal, bytes)),
        Decoded::Message(ClientKind::Hello, _) => {
            let about = About::default();
            handshake.clients.send_error_about(id, about, ErrorCode::Invalid, "a second hello");
            None
        }
        Decoded::Message(kind, message) if !scopes.allow(Action::Message(kind)) => {
            Some(Body::Forbidden(message))
        }
        Decoded::Message(_, message) => Some(Body::Message(message)),
    }
}

fn on_malformed(
    clients: &mut Clients,
    id: ClientId,
    error: &DecodeError,
    about: About,
    reactor: &mut Reactor,
) {
    let Ok(client) = clients.get_mut(id) else { return };
    client.malformed += 1;
    let is_last = !client.is_open() || client.malformed >= MALFORMED_MAX;
    let code = match error.kind {
        DecodeErrorKind::Schema => CloseCode::Version,
        DecodeErrorKind::TooBig => CloseCode::TooBig,
        DecodeErrorKind::Malformed if is_last => CloseCode::BadMessage,
        DecodeErrorKind::Malformed => {
            return clients.send_error_about(id, about, ErrorCode::Invalid, &error.message);
        }
    };
    clients.close(id, code, &error.message, reactor);
}
