//! What a frame of a client means: messages are opened and decoded in parts, and looked at before they are
//! decoded.
//!
//! A message goes on over several units, and turns, while its client is not read any further. As soon as it
//! is known which message it is, it is decided whether the client's token allows it at all; one that is not
//! allowed and large is refused undecoded.

use bytes::Bytes;

use super::client::{Client, Phase};
use super::incoming::{FORBIDDEN_BYTES, IncomingMessage, Step, incoming};
use crate::id::TerminalId;
use crate::sync::access::Scopes;
use crate::sync::codec::{self, ClientKind, DecodeError, INPUT_HEADER, claimed_bytes};
use crate::sync::protocol::{About, ClientMessage};
use crate::sync::websocket::frames::Payload;

/// What is done of a message in one unit, in nanoseconds of estimated work; the last part may go beyond.
const PART_COST: u64 = 250_000;
/// A message that fits into one unit as a rule.
pub(super) const MESSAGE_COST: u64 = 1_000;

/// What came of the work on a message.
pub(super) enum Decoded {
    /// It goes on in the next unit, or means nothing, since the connection is being closed.
    Nothing,
    /// Input for a terminal.
    Input(TerminalId, Bytes),
    Message(ClientKind, ClientMessage),
    /// The client's token does not allow it, and it is too large to be decoded for that.
    Forbidden(About),
    Malformed(DecodeError, About),
}

/// What the work on a message has cost.
#[derive(Default)]
pub(super) struct DecodeCost {
    /// Nanoseconds of estimated work.
    pub(super) work: u64,
    /// Bytes that it claims beyond those that were sent.
    pub(super) inflated_bytes: usize,
}

/// A whole message has come: begins with it. It may have `inflated_max` bytes.
pub(super) fn begin(
    client: &mut Client,
    payload: Payload,
    inflated_max: usize,
    cost: &mut DecodeCost,
) -> Decoded {
    if matches!(client.phase, Phase::Closing) {
        return Decoded::Nothing;
    }
    cost.work += MESSAGE_COST;
    match codec::input(incoming(&payload)) {
        Ok(Some((terminal, _))) => {
            let Payload::Binary(whole) = &payload else { return Decoded::Nothing };
            return Decoded::Input(TerminalId::from_u64(terminal), whole.slice(INPUT_HEADER..));
        }
        Ok(None) => {}
        Err(error) => return Decoded::Malformed(error, About::default()),
    }
    // A larger claim is refused as it is.
    let claimed = claimed_bytes(incoming(&payload)).min(inflated_max);
    cost.inflated_bytes += claimed.saturating_sub(payload.len());
    match client.codec.open(incoming(&payload), inflated_max) {
        Ok(opening) => {
            client.incoming = Some(IncomingMessage::new(payload, opening));
            go_on(client, cost)
        }
        Err(error) => Decoded::Malformed(error, About::default()),
    }
}

/// Goes on with the message that a client has sent, as far as one unit goes.
pub(super) fn go_on(client: &mut Client, cost: &mut DecodeCost) -> Decoded {
    let Some(mut message) = client.incoming.take() else { return Decoded::Nothing };
    if matches!(client.phase, Phase::Closing) {
        return Decoded::Nothing;
    }
    // Nothing is forbidden before the hello: anything else closes the connection.
    let scopes = client.grant.map_or(Scopes::ALL, |grant| grant.scopes);
    let end = cost.work + PART_COST;
    loop {
        // Decoding a large one takes a unit of its own.
        let is_large = message.bytes() > FORBIDDEN_BYTES;
        if is_large && message.is_open() && cost.work > end - PART_COST + MESSAGE_COST {
            client.incoming = Some(message);
            return Decoded::Nothing;
        }
        let step = message.step(scopes);
        cost.work += message.take_cost();
        match step {
            Ok(Step::More) if cost.work < end => {}
            Ok(Step::More) => {
                client.incoming = Some(message);
                return Decoded::Nothing;
            }
            Ok(Step::Message(kind, message)) => {
                client.malformed = 0;
                return Decoded::Message(kind, message);
            }
            Ok(Step::Forbidden) => return Decoded::Forbidden(message.about()),
            Err(error) => return Decoded::Malformed(error, message.about()),
        }
    }
}
