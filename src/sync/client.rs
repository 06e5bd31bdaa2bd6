//! One connection to the server: its phase, its bounds, what it wants, and its queue.
//!
//! A connection is a request head, then a WebSocket that has to say hello, then a client. Everything
//! before the hello is bounded tightly; see [`Phase`]. Frames are built once and pushed into the wire's
//! queue, which is flushed at the end of the turn.

use std::io::{self, Read};
use std::time::Instant;

use bytes::Bytes;
use tungstenite::Message;
use tungstenite::error::{CapacityError, Error as WsError, ProtocolError};
use tungstenite::protocol::frame::CloseFrame;
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};

use super::access::{Scopes, TokenId};
use super::attachment::Attachment;
use super::codec::{Codec, Encoded};
use super::head::HeadBuffer;
use super::pace::Pacer;
use super::protocol::{Applied, ServerMessage};
use super::wire::{self, Opcode, Tag, Wire};
use crate::limits::Limits;
use crate::policy::TokenBucket;
use crate::reactor::{ClientId, ListenerId, TerminalId, TimerId, WatchId};
use crate::state::{Collections, StateCursor};

/// Bytes of one message before the hello has been accepted, inflated or not.
pub(super) const HELLO_BYTES: usize = 4 << 10;
/// What a connection reads with one system call; also what an idle one costs.
pub(super) const READ_BYTES: usize = 4 << 10;
/// Output and diffs are added only while less than this waits, so that an echo or an answer is never
/// behind much.
const ROOM_BYTES: usize = 64 << 10;
/// The same for parts of a large diff, which nobody waits for.
const STATE_ROOM_BYTES: usize = 16 << 10;
/// While more waits than this the client is not read: it would get answers that it does not take. Output
/// and state alone stay below, so who is flooded by them can still type an interrupt.
const ANSWER_ROOM: (usize, usize) = (3 * ROOM_BYTES, 4096);

/// The longest reason that a close frame has room for.
pub(crate) const REASON_BYTES_MAX: usize = 123;

/// Why a connection is closed, as the client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum CloseCode {
    /// It said goodbye.
    Bye = 1000,
    /// The server shuts down.
    Shutdown = 1001,
    /// It does not speak WebSocket.
    Protocol = 1002,
    /// A text that is not UTF-8.
    NotUtf8 = 1007,
    /// A message above the bounds.
    TooBig = 1009,
    /// No token, one that is not known, or one that is no longer valid.
    Unauthorized = 4001,
    /// No hello in time.
    NoHello = 4002,
    /// A message that cannot be understood.
    BadMessage = 4003,
    /// It does not read what it is sent.
    TooSlow = 4004,
    /// There are as many clients as are allowed.
    TooMany = 4006,
    /// It speaks another version of the protocol.
    Version = 4007,
}

/// How far a connection has come.
pub(crate) enum Phase {
    /// The request head is being read.
    Head(HeadBuffer),
    /// The WebSocket is open and has to say hello.
    Hello(WebSocketContext),
    /// The client is let in.
    Open(WebSocketContext),
    /// A close frame is on its way, and its answer.
    Closing(WebSocketContext),
    /// What is queued is sent (an answer to a request that was refused), then it ends.
    Ending,
}

/// What the client may do, and by which token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) token: TokenId,
    pub(crate) scopes: Scopes,
}

/// What a client has of the state.
#[derive(Default)]
pub(crate) struct Share {
    pub(crate) collections: Collections,
    pub(crate) cursor: StateCursor,
    pub(crate) pacer: Pacer,
    /// It has been sent a part of a diff that is not the last.
    pub(crate) is_between: bool,
    /// Change sets of its own whose effect it has not been sent.
    pub(crate) applied: Vec<Applied>,
    /// Diffs since the last one with a hash.
    pub(crate) unhashed: u32,
}

/// See the module's documentation.
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) listener: ListenerId,
    pub(crate) wire: Wire,
    pub(crate) phase: Phase,
    pub(crate) codec: Codec,
    /// Messages may be compressed.
    pub(crate) compress: bool,
    pub(crate) grant: Option<Grant>,
    /// The token that came as a subprotocol, until the hello.
    pub(crate) offered_token: Option<String>,
    pub(crate) name: String,
    pub(crate) share: Share,
    pub(crate) attachments: Vec<Attachment>,
    /// Watches that it asked for.
    pub(crate) watches: Vec<WatchId>,
    pub(crate) messages: TokenBucket,
    pub(crate) bytes: TokenBucket,
    /// Malformed messages, in a row.
    pub(crate) malformed: u32,
    /// The next deadline: the hello, the end of a token, a queue that does not move.
    pub(crate) timer: Option<(Instant, TimerId)>,
    pub(crate) opened_at: Instant,
    /// The token is no longer valid from then on.
    pub(crate) expires_at: Option<Instant>,
    /// Bytes that it sent beyond its rate and that are taken from its bucket when they are there.
    pub(crate) owed_bytes: u64,
    /// It is not read before this time: it sends too much.
    pub(crate) throttled_until: Option<Instant>,
    /// Since when its queue has not moved, and how much had been written then.
    pub(crate) stalled: Option<(Instant, u64)>,
    /// In the list of those to be read.
    pub(crate) is_readable: bool,
    /// It is read on when there is room for answers.
    pub(crate) waits_for_room: bool,
    /// In the list of those to be flushed.
    pub(crate) is_pushed: bool,
    /// In the list of those that may get more.
    pub(crate) is_woken: bool,
    /// There was more for it than its queue has room for.
    pub(crate) wants_more: bool,
    /// Registered for writability.
    pub(crate) wants_write: bool,
    /// It said goodbye or broke; gone at the end of the turn.
    pub(crate) is_broken: bool,
    /// It broke the rules of WebSocket: where its next frame begins is not known.
    is_garbled: bool,
}

/// What reading gave.
pub(crate) enum Input {
    /// A message: text or binary.
    Message(Message),
    /// Nothing before the kernel reports more.
    Drained,
    /// A ping or the like, which has been dealt with.
    Control,
    /// The connection has to be closed with this code.
    Close(CloseCode),
    /// It is over.
    Ended,
}

impl Client {
    pub(crate) fn new(
        id: ClientId,
        listener: ListenerId,
        wire: Wire,
        limits: &Limits,
        now: Instant,
    ) -> Self {
        let (messages, bytes) = (limits.client_messages_per_second, limits.client_bytes_per_second);
        Client {
            id,
            listener,
            wire,
            phase: Phase::Head(HeadBuffer::new()),
            codec: Codec::Json,
            compress: false,
            grant: None,
            offered_token: None,
            name: String::new(),
            share: Share::default(),
            attachments: Vec::new(),
            watches: Vec::new(),
            messages: TokenBucket::new(messages, messages, now),
            // One message of the largest size always passes.
            bytes: TokenBucket::new(bytes, bytes.max(limits.client_message_bytes as u64), now),
            malformed: 0,
            timer: None,
            opened_at: now,
            expires_at: None,
            owed_bytes: 0,
            throttled_until: None,
            stalled: None,
            is_readable: false,
            waits_for_room: false,
            is_pushed: false,
            is_woken: false,
            wants_more: false,
            wants_write: false,
            is_broken: false,
            is_garbled: false,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open(_))
    }

    /// Not let in yet.
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.phase, Phase::Head(_) | Phase::Hello(_))
    }

    pub(crate) fn has_scope(&self, scope: Scopes) -> bool {
        self.grant.is_some_and(|grant| grant.scopes.contains(scope))
    }

    /// The request head was accepted: from here on it is a WebSocket. `rest` came behind the head.
    pub(crate) fn upgrade(&mut self, rest: Vec<u8>) {
        let config = websocket_config(HELLO_BYTES);
        let context = WebSocketContext::from_partially_read(rest, Role::Server, Some(config));
        self.phase = Phase::Hello(context);
    }

    /// The hello was accepted.
    pub(crate) fn open(&mut self, message_bytes: usize) {
        let phase = std::mem::replace(&mut self.phase, Phase::Ending);
        self.phase = match phase {
            Phase::Hello(mut context) => {
                context.set_config(|config| *config = websocket_config(message_bytes));
                Phase::Open(context)
            }
            other => other,
        };
    }

    /// Reads the next message.
    pub(crate) fn read(&mut self) -> Input {
        if self.is_garbled {
            return self.read_off();
        }
        let (Phase::Hello(context) | Phase::Open(context) | Phase::Closing(context)) =
            &mut self.phase
        else {
            return Input::Drained;
        };
        match context.read(&mut self.wire) {
            Ok(Message::Close(_)) => {
                // The answer is queued by the next read, which tells that it is over.
                Input::Control
            }
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => Input::Control,
            Ok(message) => Input::Message(message),
            Err(error) => {
                let input = input_of(&error);
                self.is_garbled = matches!(input, Input::Close(_));
                input
            }
        }
    }

    /// Reads away what a client sends that is being closed, so that it gets to see why: unread bytes
    /// would make the kernel reset the connection.
    pub(super) fn read_off(&mut self) -> Input {
        match self.wire.read(&mut [0; READ_BYTES]) {
            Ok(0) => Input::Ended,
            Ok(_) => Input::Control,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Input::Drained,
            Err(_) => Input::Ended,
        }
    }

    /// Queues a message of its own.
    pub(crate) fn send(&mut self, message: &ServerMessage) {
        let encoded = self.codec.encode_server(message, self.compress);
        self.push(frame_of(&encoded));
    }

    /// Queues a message that has its place in the order of a terminal's output.
    pub(crate) fn send_of(&mut self, terminal: TerminalId, message: &ServerMessage) {
        if self.is_open() {
            let encoded = self.codec.encode_server(message, self.compress);
            self.wire.push_tagged(frame_of(&encoded), Tag::Other(terminal));
        }
    }

    /// Queues a frame.
    pub(crate) fn push(&mut self, frame: Bytes) {
        if self.is_open() {
            self.wire.push(frame);
        }
    }

    /// Queues a frame with output of a terminal, which an interrupt may take back.
    pub(crate) fn push_output(&mut self, frame: Bytes, terminal: TerminalId, offset: u64) {
        if self.is_open() {
            self.wire.push_tagged(frame, Tag::Output(terminal, offset));
        }
    }

    /// Whether more output should be queued. When not, the client is woken once there is room.
    pub(crate) fn has_room(&mut self) -> bool {
        self.has_room_of(ROOM_BYTES)
    }

    /// Whether another part of a diff should be queued.
    pub(crate) fn has_state_room(&mut self) -> bool {
        self.has_room_of(STATE_ROOM_BYTES)
    }

    fn has_room_of(&mut self, bytes: usize) -> bool {
        let is_full = self.wire.queued_bytes() >= bytes;
        self.wants_more |= is_full;
        self.is_open() && !is_full
    }

    /// Begins to close: queues the close frame and waits for its answer.
    pub(crate) fn close(&mut self, code: CloseCode, reason: &str) {
        let reason = shortened(reason, REASON_BYTES_MAX);
        let phase = std::mem::replace(&mut self.phase, Phase::Ending);
        self.phase = match phase {
            Phase::Hello(mut context) | Phase::Open(mut context) => {
                let frame = CloseFrame { code: (code as u16).into(), reason: reason.into() };
                match context.close(&mut self.wire, Some(frame)) {
                    Ok(()) => Phase::Closing(context),
                    Err(_) => Phase::Ending,
                }
            }
            Phase::Head(_) => Phase::Ending,
            other => other,
        };
    }

    /// Whether the client may ask for more.
    pub(crate) fn has_answer_room(&self) -> bool {
        let (bytes, frames) = ANSWER_ROOM;
        self.wire.queued_bytes() < bytes && self.wire.queued_frames() < frames
    }

    pub(crate) fn attachment_of(&self, terminal: TerminalId) -> Option<&Attachment> {
        self.attachments.iter().find(|attachment| attachment.terminal == terminal)
    }

    pub(crate) fn attachment(&mut self, terminal: TerminalId) -> Option<&mut Attachment> {
        self.attachments.iter_mut().find(|attachment| attachment.terminal == terminal)
    }
}

/// The beginning of a text, at most so many bytes.
pub(super) fn shortened(text: &str, bytes_max: usize) -> &str {
    let end = (0..=bytes_max.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

/// A whole frame from an encoded message.
pub(crate) fn frame_of(encoded: &Encoded) -> Bytes {
    let opcode = if encoded.text { Opcode::Text } else { Opcode::Binary };
    wire::frame(opcode, &[&encoded.payload])
}

fn websocket_config(message_bytes: usize) -> WebSocketConfig {
    // Writes go to the wire's queue at once, so nothing is to be buffered before it.
    WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(message_bytes))
        .max_frame_size(Some(message_bytes))
}

fn input_of(error: &WsError) -> Input {
    match error {
        WsError::Io(error) if error.kind() == io::ErrorKind::WouldBlock => Input::Drained,
        WsError::ConnectionClosed | WsError::AlreadyClosed | WsError::Io(_) => Input::Ended,
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Input::Ended,
        WsError::Capacity(CapacityError::MessageTooLong { .. }) => Input::Close(CloseCode::TooBig),
        WsError::Utf8(_) => Input::Close(CloseCode::NotUtf8),
        _ => Input::Close(CloseCode::Protocol),
    }
}
