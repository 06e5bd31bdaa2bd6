//! One connection to the server: its phase, its bounds, what it wants, and its queue.
//!
//! A connection is a request head, then a WebSocket that has to say hello, then a client. Everything
//! before the hello is bounded tightly; see [`Phase`]. Frames are built once and pushed into the wire's
//! queue, which is flushed at the end of the turn.

use std::io::{self, Read};
use std::net::IpAddr;
use std::time::Instant;

use bytes::Bytes;

use super::access::{Scopes, TokenId};
use super::admission::Place;
use super::attachment::Attachment;
use super::codec::{Codec, Encoded};
use super::frames::{self, Broken, Frames, Payload, Role, Step};
use super::head::HeadBuffer;
use super::lanes::Lane;
use super::pace::Pacer;
use super::protocol::{Applied, ServerMessage};
use super::understanding::Unread;
use super::wire::{self, Opcode, Tag, Wire};
use crate::error::one_line;
use crate::limits::Limits;
use crate::policy::Balance;
use crate::reactor::{ClientId, ListenerId, TerminalId, TimerId, WatchId};
use crate::state::{Collections, StateCursor};

/// Bytes of one message before the hello has been accepted, inflated or not.
pub(super) const HELLO_BYTES: usize = 4 << 10;
/// What one system call reads. Whoever is not let in yet is read in smaller pieces, see [`HELLO_BYTES`].
pub(super) const READ_BYTES: usize = 16 << 10;
/// What a client may cost: nanoseconds of estimated work in a second on average, a fifth of a core, and what
/// of it may come at once. A client that is used by a person, or that copies files, stays far below.
pub(super) const COST: (u64, u64) = (200_000_000, 50_000_000);
/// Output and diffs are added only while less than this waits, so that an echo or an answer is never
/// behind much.
pub(super) const ROOM_BYTES: usize = 64 << 10;
/// The same for parts of a large diff, which nobody waits for.
const STATE_ROOM_BYTES: usize = 16 << 10;
/// While more waits than this the client is not read: it would get answers that it does not take. Output
/// and state alone stay below, so who is flooded by them can still type an interrupt.
pub(super) const ANSWER_ROOM: (usize, usize) = (3 * ROOM_BYTES, 4096);

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
    Hello,
    /// The client is let in.
    Open,
    /// A close frame is on its way, and its answer.
    Closing,
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
    /// What comes in once it is a WebSocket.
    pub(super) frames: Frames,
    /// What it counts for until it is let in.
    pub(crate) place: Place,
    /// Where it comes from; `None` for a Unix socket.
    pub(crate) source: Option<IpAddr>,
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
    /// Frames, each of which counts as a message.
    pub(super) messages: Balance,
    /// Bytes of messages, as they were sent or inflated, whichever is more.
    pub(super) bytes: Balance,
    /// What was done for it, in nanoseconds.
    pub(super) cost: Balance,
    /// Malformed messages, in a row.
    pub(crate) malformed: u32,
    /// For the next deadline: that below, the end of a token, a queue that does not move.
    pub(crate) timer: Option<(Instant, TimerId)>,
    /// When it has to have said hello, or the answer to a close frame has to have come.
    pub(super) deadline: Option<Instant>,
    /// When it is gone at the latest once it is being closed; whether it may do nothing until then; and how much waited
    /// when its time was looked at last.
    pub(super) leaves_by: Option<Instant>,
    pub(super) is_patient: bool,
    pub(super) left_behind: usize,
    /// When it has sent something last.
    pub(crate) heard_at: Instant,
    /// The token is no longer valid from then on.
    pub(crate) expires_at: Option<Instant>,
    /// It is not read before this time: it sends or costs too much.
    pub(crate) throttled_until: Option<Instant>,
    /// Since when its unfinished message has not gone on, and how much had come then.
    pub(super) unfinished: Option<(Instant, u64)>,
    /// Bytes of unfinished messages that the server counts as this client's.
    pub(super) counted: usize,
    /// It is read on when there is room for unfinished messages.
    pub(super) is_starving: bool,
    /// The other end has said that it sends nothing more, or is gone; what came before may be unread.
    pub(super) has_hung_up: bool,
    /// Since when its queue has not moved, and how much had been written then.
    pub(crate) stalled: Option<(Instant, u64)>,
    /// In the list of those to be read.
    pub(crate) is_readable: bool,
    /// What it waits among once it is no stranger, as of the last look.
    pub(super) lane: Lane,
    /// When it typed last.
    pub(super) typed_at: Option<Instant>,
    /// It is read on when there is room for answers.
    pub(crate) waits_for_room: bool,
    /// A message that is not decoded yet.
    pub(crate) unread: Option<Unread>,
    /// What it sends waits for a batch of its own to be done.
    pub(crate) is_held: bool,
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
    Message(Payload),
    /// Nothing before the kernel reports more.
    Drained,
    /// A ping or the like, which has been dealt with, or a fragment.
    Control,
    /// A part of a frame.
    Part,
    /// The connection has to be closed with this code.
    Close(CloseCode),
    /// It is closed by the other end, and the answer is queued.
    Goodbye,
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
        // One message of the largest size is always within the burst.
        let largest = limits.client_message_bytes.max(limits.client_inflated_bytes) as u64;
        Client {
            id,
            listener,
            source: wire.peer_address(),
            wire,
            phase: Phase::Head(HeadBuffer::new()),
            frames: Frames::new(Role::Server, HELLO_BYTES),
            place: Place::Waiting,
            codec: Codec::Json,
            compress: false,
            grant: None,
            offered_token: None,
            name: String::new(),
            share: Share::default(),
            attachments: Vec::new(),
            watches: Vec::new(),
            messages: Balance::new(messages, messages, now),
            bytes: Balance::new(bytes, bytes.max(largest), now),
            cost: Balance::new(COST.0, COST.1, now),
            malformed: 0,
            timer: None,
            deadline: None,
            leaves_by: None,
            is_patient: false,
            left_behind: 0,
            heard_at: now,
            expires_at: None,
            throttled_until: None,
            unfinished: None,
            counted: 0,
            is_starving: false,
            has_hung_up: false,
            stalled: None,
            is_readable: false,
            lane: Lane::Light,
            typed_at: None,
            waits_for_room: false,
            unread: None,
            is_held: false,
            is_pushed: false,
            is_woken: false,
            wants_more: false,
            wants_write: false,
            is_broken: false,
            is_garbled: false,
        }
    }

    /// Whether it has shown no valid token. One that has does not wait for what strangers cost.
    pub(super) fn is_stranger(&self) -> bool {
        self.grant.is_none() && self.place != Place::Vouched
    }

    /// What it waits among.
    pub(super) fn lane(&self) -> Lane {
        if self.is_stranger() { Lane::Stranger } else { self.lane }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// Not let in yet.
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.phase, Phase::Head(_) | Phase::Hello)
    }

    pub(crate) fn has_scope(&self, scope: Scopes) -> bool {
        self.grant.is_some_and(|grant| grant.scopes.contains(scope))
    }

    /// The request head was accepted: from here on it is a WebSocket. `rest` came behind the head.
    pub(crate) fn upgrade(&mut self, rest: Vec<u8>) {
        self.frames.begin_with(rest);
        self.phase = Phase::Hello;
    }

    /// The hello was accepted.
    pub(crate) fn open(&mut self, message_bytes: usize) {
        if matches!(self.phase, Phase::Hello) {
            self.frames.set_message_bytes(message_bytes);
            self.phase = Phase::Open;
        }
    }

    /// Takes in one frame, reading once before if it has to. Also gives the bytes that were read.
    pub(super) fn read(&mut self, scratch: &mut [u8]) -> (usize, Input) {
        if self.is_garbled || !matches!(self.phase, Phase::Hello | Phase::Open | Phase::Closing) {
            return self.read_off(scratch);
        }
        let outcome = if self.frames.has_rest() {
            Ok((0, self.frames.next()))
        } else {
            self.frames.read(&mut self.wire, scratch)
        };
        match outcome {
            Ok((count, Ok(step))) => (count, self.on_step(step)),
            Ok((count, Err(broken))) => {
                self.is_garbled = true;
                (count, Input::Close(code_of(broken)))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => (0, Input::Drained),
            Err(_) => (0, Input::Ended),
        }
    }

    fn on_step(&mut self, step: Step) -> Input {
        let is_closing = matches!(self.phase, Phase::Closing);
        match step {
            Step::NeedBytes => Input::Part,
            Step::Fragment | Step::Pong => Input::Control,
            Step::Message(payload) => Input::Message(payload),
            Step::Ping(payload) => {
                if !is_closing {
                    self.wire.push(frames::bytes_of(frames::pong(payload)));
                }
                Input::Control
            }
            Step::Close(frame) => {
                if is_closing {
                    return Input::Ended;
                }
                // Whoever says goodbye wants nothing more.
                self.wire.drop_unwritten();
                self.wire.push(frames::bytes_of(frames::close_answer(frame.as_ref())));
                Input::Goodbye
            }
        }
    }

    /// Reads away what a client sends that is being closed, so that it gets to see why: unread bytes
    /// would make the kernel reset the connection.
    pub(super) fn read_off(&mut self, scratch: &mut [u8]) -> (usize, Input) {
        match self.wire.read(scratch) {
            Ok(0) => (0, Input::Ended),
            Ok(count) => (count, Input::Part),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => (0, Input::Drained),
            Err(_) => (0, Input::Ended),
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
        let reason = one_line(reason.to_owned().into());
        let reason = shortened(&reason, REASON_BYTES_MAX);
        match self.phase {
            Phase::Hello | Phase::Open => {
                self.wire.push(frames::bytes_of(frames::close(code as u16, reason)));
                self.frames.await_close();
                self.phase = Phase::Closing;
            }
            Phase::Head(_) => self.phase = Phase::Ending,
            Phase::Closing | Phase::Ending => {}
        }
    }

    /// Whether the client may ask for more.
    pub(crate) fn has_answer_room(&self) -> bool {
        let (bytes, frames) = ANSWER_ROOM;
        self.wire.queued_bytes() < bytes && self.wire.queued_frames() < frames
    }

    /// Whether its token lets it type.
    pub(crate) fn may_type(&self) -> bool {
        self.grant.is_some_and(|grant| grant.scopes.contains(Scopes::TYPE))
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

/// What a client is told that sends what cannot be read.
fn code_of(broken: Broken) -> CloseCode {
    match broken {
        Broken::Protocol => CloseCode::Protocol,
        Broken::NotUtf8 => CloseCode::NotUtf8,
        Broken::TooBig => CloseCode::TooBig,
    }
}
