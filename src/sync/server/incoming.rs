//! A message of a client that is being decoded.

use crate::sync::access::{Action, Scopes};
use crate::sync::codec::{ClientKind, DecodeError, Incoming, Opening};
use crate::sync::protocol::{About, ClientMessage};
use crate::sync::websocket::frames::Payload;

/// A message of more bytes that is not allowed is not decoded for the number that its refusal could carry.
pub(super) const FORBIDDEN_BYTES: usize = 64 << 10;

/// A message that is not decoded yet.
pub(crate) struct IncomingMessage {
    payload: Payload,
    opening: Opening<ClientMessage>,
}

/// How far a message has come.
pub(super) enum Step {
    More,
    Message(ClientKind, ClientMessage),
    Forbidden,
}

impl IncomingMessage {
    pub(super) fn new(payload: Payload, opening: Opening<ClientMessage>) -> Self {
        IncomingMessage { payload, opening }
    }

    /// Bytes that it takes, inflated ones included.
    pub(super) fn bytes(&self) -> usize {
        self.payload.len() + self.opening.length()
    }

    /// Whether it is inflated and looked over; what is left is decoding.
    pub(super) fn is_open(&self) -> bool {
        self.opening.is_open()
    }

    /// What was done for it since this was asked last, in nanoseconds of estimated work.
    pub(super) fn take_cost(&mut self) -> u64 {
        self.opening.take_cost()
    }

    /// What is known so far of what it is about.
    pub(super) fn about(&self) -> About {
        self.opening.about(incoming(&self.payload))
    }

    /// Does one part of the work on it. `scopes` are those of its client.
    pub(super) fn step(&mut self, scopes: Scopes) -> Result<Step, DecodeError> {
        let incoming = incoming(&self.payload);
        let was_open = self.opening.is_open();
        if !was_open {
            self.opening.open_part(incoming)?;
        }
        let Some(kind) = self.opening.kind() else { return Ok(Step::More) };
        if self.bytes() > FORBIDDEN_BYTES && !scopes.allow(Action::Message(kind)) {
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

/// A payload as the codec takes it.
pub(super) fn incoming(payload: &Payload) -> Incoming<'_> {
    match payload {
        Payload::Text(text) => Incoming::Text(text.as_str()),
        Payload::Binary(bytes) => Incoming::Binary(bytes),
    }
}
