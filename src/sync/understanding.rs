//! What a message of a client means: it is opened and decoded in parts, and looked at before it is decoded.
//!
//! A message goes on over several units, and turns, while its client is not read any further. As soon as it
//! is known which message it is, it is decided whether the client's token allows it at all ([`scope_of`]);
//! one that is not allowed and large is refused undecoded.

use super::access::Scopes;
use super::client::{CloseCode, HELLO_BYTES, Phase};
use super::codec::{
    self, ClientKind, DecodeError, DecodeErrorKind, INPUT_HEADER, Incoming, Opening, claimed_bytes,
};
use super::frames::Payload;
use super::protocol::{ClientMessage, ErrorCode};
use super::reading::{Body, Unit};
use super::server::Server;
use crate::reactor::{ClientId, Reactor, TerminalId};
use crate::state::ApplicationState;

/// Malformed messages in a row after which a client is closed.
pub(super) const MALFORMED_MAX: u32 = 16;
/// What is done of a message in one unit, in nanoseconds of estimated work; the last part may go beyond.
const PART_COST: u64 = 250_000;
/// A message of more bytes that is not allowed is not decoded for the number that its refusal could carry.
const FORBIDDEN_BYTES: usize = 64 << 10;
/// A message that fits into one unit as a rule.
pub(super) const MESSAGE_COST: u64 = 1_000;

/// A message that has come and is not decoded yet.
pub(crate) struct Unread {
    payload: Payload,
    opening: Opening<ClientMessage>,
}

impl Unread {
    /// Bytes that it takes, inflated ones included.
    pub(super) fn bytes(&self) -> usize {
        self.payload.len() + self.opening.length()
    }
}

/// What a token must allow for a message; nothing in particular is [`Scopes::NONE`]. Operations of a batch
/// are looked at one by one.
pub(crate) fn scope_of(kind: ClientKind) -> Scopes {
    match kind {
        ClientKind::Attach
        | ClientKind::Search
        | ClientKind::Query
        | ClientKind::Subscribe
        | ClientKind::Snapshot => Scopes::OBSERVE,
        ClientKind::Input => Scopes::TYPE,
        ClientKind::Spawn | ClientKind::Change | ClientKind::Watch | ClientKind::Unwatch => {
            Scopes::MANAGE
        }
        ClientKind::Hello
        | ClientKind::Ack
        | ClientKind::Detach
        | ClientKind::Credit
        | ClientKind::Batch
        | ClientKind::Ping
        | ClientKind::Cancel => Scopes::NONE,
    }
}

fn incoming(payload: &Payload) -> Incoming<'_> {
    match payload {
        Payload::Text(text) => Incoming::Text(text.as_str()),
        Payload::Binary(bytes) => Incoming::Binary(bytes),
    }
}

/// How far a message has come.
enum Step {
    More,
    Message(ClientKind, ClientMessage),
    Forbidden,
}

impl Server {
    /// A whole message has come: begins with it.
    pub(super) fn understand(
        &mut self,
        id: ClientId,
        payload: Payload,
        state: &ApplicationState,
        reactor: &mut Reactor,
        unit: &mut Unit,
    ) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        if matches!(client.phase, Phase::Closing) {
            return;
        }
        unit.cost += MESSAGE_COST;
        let is_open = client.is_open();
        match codec::input(incoming(&payload)) {
            Ok(Some(_)) if !is_open => {
                return self.close(id, CloseCode::BadMessage, "hello comes first", reactor);
            }
            Ok(Some((terminal, _))) => {
                if let Payload::Binary(whole) = &payload {
                    let bytes = whole.slice(INPUT_HEADER..);
                    unit.body = Some(Body::Input(TerminalId::from_u64(terminal), bytes));
                }
                return;
            }
            Ok(None) => {}
            Err(error) => return self.on_undecodable(id, &error, reactor),
        }
        let inflated_max = if is_open { self.limits.client_inflated_bytes } else { HELLO_BYTES };
        // A larger claim is refused as it is.
        let claimed = claimed_bytes(incoming(&payload)).min(inflated_max);
        unit.bytes += claimed.saturating_sub(payload.len());
        match client.codec.open(incoming(&payload), inflated_max) {
            Ok(opening) => {
                client.unread = Some(Unread { payload, opening });
                self.go_on_with_message(id, state, reactor, unit);
            }
            Err(error) => self.on_undecodable(id, &error, reactor),
        }
    }

    /// Goes on with the message that a client has sent, as far as one unit goes.
    pub(super) fn go_on_with_message(
        &mut self,
        id: ClientId,
        state: &ApplicationState,
        reactor: &mut Reactor,
        unit: &mut Unit,
    ) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        let Some(mut unread) = client.unread.take() else { return };
        if matches!(client.phase, Phase::Closing) {
            return;
        }
        let scopes = client.grant.map_or(Scopes::ALL, |grant| grant.scopes);
        let end = unit.cost + PART_COST;
        let outcome = loop {
            // Decoding a large one takes a unit of its own.
            let is_large = unread.bytes() > FORBIDDEN_BYTES;
            if is_large && unread.opening.is_open() && unit.cost > end - PART_COST + MESSAGE_COST {
                break Ok(Step::More);
            }
            let step = unread.step(scopes);
            unit.cost += unread.opening.take_cost();
            match step {
                Ok(Step::More) if unit.cost < end => {}
                outcome => break outcome,
            }
        };
        match outcome {
            Ok(Step::More) => client.unread = Some(unread),
            Ok(Step::Message(kind, message)) => {
                client.malformed = 0;
                let scope = scope_of(kind);
                unit.body = self.on_message(id, message, scope, state, reactor);
            }
            Ok(Step::Forbidden) => {
                let text = "the token does not allow this";
                self.complain(id, ErrorCode::Forbidden, text);
            }
            Err(error) => self.on_undecodable(id, &error, reactor),
        }
        self.read_again(id);
    }

    fn on_message(
        &mut self,
        id: ClientId,
        message: ClientMessage,
        scope: Scopes,
        state: &ApplicationState,
        reactor: &mut Reactor,
    ) -> Option<Body> {
        let is_open = self.clients.get(id).is_ok_and(|client| client.is_open());
        match message {
            ClientMessage::Hello(hello) if !is_open => {
                self.let_in(id, &hello, state, reactor);
                // What it wants to be attached to is carried out like any request.
                Some(Body::Message(ClientMessage::Hello(hello)))
                    .filter(|_| self.clients.get(id).is_ok_and(|client| client.is_open()))
            }
            ClientMessage::Hello(_) => {
                self.complain(id, ErrorCode::Invalid, "a second hello");
                None
            }
            _ if !is_open => {
                self.close(id, CloseCode::BadMessage, "hello comes first", reactor);
                None
            }
            message if !self.may(id, scope) => Some(Body::Forbidden(message)),
            message => Some(Body::Message(message)),
        }
    }

    fn on_undecodable(&mut self, id: ClientId, error: &DecodeError, reactor: &mut Reactor) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        client.malformed += 1;
        let hopeless = !client.is_open() || client.malformed >= MALFORMED_MAX;
        let code = match error.kind {
            DecodeErrorKind::Schema => CloseCode::Version,
            DecodeErrorKind::TooBig => CloseCode::TooBig,
            DecodeErrorKind::Malformed if hopeless => CloseCode::BadMessage,
            DecodeErrorKind::Malformed => {
                return self.complain(id, ErrorCode::Invalid, &error.message);
            }
        };
        self.close(id, code, &error.message, reactor);
    }
}

impl Unread {
    /// Does one part of the work on it.
    fn step(&mut self, scopes: Scopes) -> Result<Step, DecodeError> {
        let incoming = incoming(&self.payload);
        let was_open = self.opening.is_open();
        if !was_open {
            self.opening.open_part(incoming)?;
        }
        let Some(kind) = self.opening.kind() else { return Ok(Step::More) };
        if self.bytes() > FORBIDDEN_BYTES && !scopes.contains(scope_of(kind)) {
            return Ok(Step::Forbidden);
        }
        if !was_open {
            // Decoding is a step of its own.
            return Ok(Step::More);
        }
        let message = self.opening.decode_part(incoming)?;
        Ok(message.map_or(Step::More, |message| Step::Message(kind, message)))
    }
}
