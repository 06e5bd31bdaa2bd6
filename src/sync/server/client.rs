//! One connection to the server: its phase, its bounds, what it wants, and its queue.
//!
//! A connection is a request head, then a WebSocket that has to say hello, then a client. Everything
//! before the hello is bounded tightly; see [`Phase`]. Frames are built once and pushed into the wire's
//! queue, which is flushed at the end of the turn.

use std::fmt::Write;
use std::io::{self, Read};
use std::net::IpAddr;
use std::time::Instant;

use bytes::Bytes;

use super::attachment::Attachment;
use super::figures::Figures;
use super::incoming::IncomingMessage;
use super::notice_subscription::WantedNotices;
use super::pages::Body;
use super::state_subscription::StateSubscription;
use crate::error::one_line;
use crate::id::{ClientId, ListenerId, TerminalId, WatchId};
use crate::limits::Limits;
use crate::observe::Seconds;
use crate::policy::Balance;
use crate::reactor::TimerId;
use crate::sync::access::{Scopes, TokenId};
use crate::sync::codec::{Codec, Encoded};
use crate::sync::protocol::{CloseCode, REASON_BYTES_MAX, ServerMessage};
use crate::sync::websocket::frames::{self, Broken, Frames, Payload, Role, Step};
use crate::sync::websocket::http::HeadBuffer;
use crate::sync::websocket::transport::{self, Opcode, Tag, Transport};

/// Bytes of one message before the hello has been accepted, inflated or not.
pub(crate) const HELLO_BYTES: usize = 4 << 10;
/// What one system call reads. A connection that is not authenticated yet is read in smaller pieces, see [`HELLO_BYTES`].
pub(super) const READ_BYTES: usize = 16 << 10;
/// What a client may cost: nanoseconds of estimated work in a second on average, a fifth of a core, and what
/// of it may come at once. A client that is used by a person, or that copies files, stays far below.
pub(crate) const COST: (u64, u64) = (200_000_000, 50_000_000);
/// Output and diffs are added only while less than this waits, so that an echo or an answer is never
/// behind much.
pub(super) const ROOM_BYTES: usize = 64 << 10;
/// The same for parts of a large diff, which nobody waits for.
const STATE_ROOM_BYTES: usize = 16 << 10;
/// While more waits than this the client is not read: it would get answers that it does not take. Output
/// and state alone stay below, so who is flooded by them can still type an interrupt.
pub(crate) const REPLY_ROOM: (usize, usize) = (3 * ROOM_BYTES, 4096);

/// How far a connection has come.
pub(crate) enum Phase {
    /// The request head is being read.
    Head(HeadBuffer),
    /// It has asked for a report, which is being made.
    Report,
    /// A page or a report is being sent; then the next request head is read.
    Page(Delivery),
    /// The WebSocket is open and has to say hello.
    Hello,
    /// The client is authenticated.
    Open,
    /// A close frame is in flight, or its answer.
    Closing,
    /// What is queued is sent (an answer to a request that was refused), then it ends.
    Ending,
}

/// A page on its way.
pub(crate) struct Delivery {
    pub(super) body: Body,
    /// The connection ends with it.
    pub(super) closes: bool,
    /// What the text of a report takes; pages are counted elsewhere, or read part by part.
    pub(super) report_bytes: usize,
    /// What came behind the request.
    pub(super) early: Vec<u8>,
}

/// What a client waits among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// It costs little and has typed a moment ago.
    Typing,
    /// It costs little.
    Light,
    /// It has shown no valid token.
    Unverified,
    /// It costs much.
    Heavy,
}

/// What a connection counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It takes one of the places of those that have not authenticated.
    Unauthenticated,
    /// It has shown a valid token in its request head, and has not said hello.
    Verified,
    /// It is a client.
    Authenticated,
    /// It is being closed.
    None,
}

/// What the client may do, and by which token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) token: TokenId,
    pub(crate) scopes: Scopes,
    /// The token is no longer valid from then on.
    pub(crate) expires_at: Option<Instant>,
}

/// See the module's documentation.
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) listener: ListenerId,
    pub(crate) transport: Transport,
    pub(crate) phase: Phase,
    /// It has got a page: it may go at any time between two requests, without a word.
    pub(super) had_page: bool,
    /// It has one of the places of those that ask for a long report.
    pub(super) has_report_place: bool,
    /// What comes in once it is a WebSocket.
    pub(super) frames: Frames,
    /// What it counts for until it is authenticated.
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
    pub(crate) state: StateSubscription,
    pub(crate) attachments: Vec<Attachment>,
    pub(super) notices: WantedNotices,
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
    pub(super) close_by: Option<Instant>,
    pub(super) may_stall: bool,
    pub(super) queued_before: usize,
    /// When it has sent something last.
    pub(crate) received_at: Instant,
    /// It is not read before this time: it sends or costs too much.
    pub(crate) throttled_until: Option<Instant>,
    /// Since when its unfinished message has not gone on, and how much had come then.
    pub(super) unfinished: Option<(Instant, u64)>,
    /// What its queue and the like were counted with in the sum of all.
    pub(super) counted_bytes: usize,
    /// Bytes of unfinished messages that the server counts as this client's.
    pub(super) unfinished_bytes: usize,
    /// It is read on when there is room for unfinished messages.
    pub(super) is_starved: bool,
    /// The other end has said that it sends nothing more, or is gone; what came before may be unread.
    pub(super) has_hung_up: bool,
    /// Since when its queue has not moved, and how much had been written then.
    pub(crate) stalled: Option<(Instant, u64)>,
    /// It was noted for the health of the engine that the queue does not move.
    pub(super) is_noted_as_stalled: bool,
    /// In the list of those to be read.
    pub(crate) is_readable: bool,
    /// What it waits among once it has shown a valid token, as of the last look.
    pub(super) lane: Lane,
    /// When it typed last.
    pub(super) typed_at: Option<Instant>,
    /// It is read on when there is room for answers.
    pub(crate) awaits_reply_room: bool,
    /// A message that is not decoded yet.
    pub(crate) incoming: Option<IncomingMessage>,
    /// What it sends waits for a batch of its own to be done.
    pub(crate) is_paused: bool,
    /// In the list of those to be flushed.
    pub(crate) is_unflushed: bool,
    /// In the list of those that may get more.
    pub(crate) is_woken: bool,
    /// There was more for it than its queue has room for.
    pub(crate) wants_more: bool,
    /// Registered for writability.
    pub(crate) wants_write: bool,
    /// It said goodbye or broke; gone at the end of the turn.
    pub(crate) is_broken: bool,
    pub(super) figures: Figures,
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
        transport: Transport,
        head: HeadBuffer,
        limits: &Limits,
        now: Instant,
    ) -> Self {
        let (messages, bytes) = (limits.client_messages_per_second, limits.client_bytes_per_second);
        // One message of the largest size is always within the burst.
        let largest = limits.client_message_bytes.max(limits.client_inflated_bytes) as u64;
        Client {
            id,
            listener,
            source: transport.peer_address(),
            transport,
            phase: Phase::Head(head),
            had_page: false,
            has_report_place: false,
            frames: Frames::new(Role::Server, HELLO_BYTES),
            place: Place::Unauthenticated,
            codec: Codec::Json,
            compress: false,
            grant: None,
            offered_token: None,
            name: String::new(),
            state: StateSubscription::default(),
            attachments: Vec::new(),
            notices: WantedNotices::none(now),
            watches: Vec::new(),
            messages: Balance::new(messages, messages, now),
            bytes: Balance::new(bytes, bytes.max(largest), now),
            cost: Balance::new(COST.0, COST.1, now),
            malformed: 0,
            timer: None,
            deadline: None,
            close_by: None,
            may_stall: false,
            queued_before: 0,
            received_at: now,
            throttled_until: None,
            unfinished: None,
            counted_bytes: 0,
            unfinished_bytes: 0,
            is_starved: false,
            has_hung_up: false,
            stalled: None,
            is_noted_as_stalled: false,
            is_readable: false,
            lane: Lane::Light,
            typed_at: None,
            awaits_reply_room: false,
            incoming: None,
            is_paused: false,
            is_unflushed: false,
            is_woken: false,
            wants_more: false,
            wants_write: false,
            is_broken: false,
            figures: Figures::default(),
            is_garbled: false,
        }
    }

    /// Writes its line for `Engine::dump`.
    pub(super) fn describe(&self, now: Instant, out: &mut String) {
        let phase = match self.phase {
            Phase::Head(_) => "head",
            Phase::Report => "report",
            Phase::Page(_) => "page",
            Phase::Hello => "hello",
            Phase::Open => "open",
            Phase::Closing => "closing",
            Phase::Ending => "ending",
        };
        let since = |at: Instant| Seconds(now.saturating_duration_since(at));
        let stalled = self.stalled.map_or("-".to_string(), |(at, _)| since(at).to_string());
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "client {} {phase} listener={} scopes={} terminals={} watches={} queued={} stalled={stalled} throttled={} \
             paused={} last_received={} name={:?}",
            self.id.to_u64(),
            self.listener.to_u64(),
            self.scopes().bits(),
            self.attachments.len(),
            self.watches.len(),
            self.transport.queued_bytes(),
            u8::from(self.throttled_until.is_some()),
            u8::from(self.is_paused),
            since(self.received_at),
            self.name,
        );
    }

    /// Whether it has shown no valid token. One that has does not wait for the cost of those that have not.
    pub(super) fn is_unverified(&self) -> bool {
        self.grant.is_none() && self.place != Place::Verified
    }

    /// What it waits among.
    pub(super) fn lane(&self) -> Lane {
        if self.is_unverified() { Lane::Unverified } else { self.lane }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// Whether it is to be closed if it takes nothing of what waits for it.
    pub(super) fn may_not_stall(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Page(_))
    }

    /// It gets a page or a report, and is not read.
    pub(super) fn is_being_answered(&self) -> bool {
        matches!(self.phase, Phase::Report | Phase::Page(_))
    }

    /// Between two requests for pages, of which the next has not begun.
    pub(super) fn is_idle(&self) -> bool {
        matches!(&self.phase, Phase::Head(head) if self.had_page && head.is_empty())
    }

    /// Bytes that it takes beside unfinished messages, about.
    pub(super) fn queue_memory(&self) -> usize {
        let attachments = self.attachments.len() * size_of::<Attachment>();
        let report = match &self.phase {
            Phase::Page(delivery) => delivery.report_bytes,
            _ => 0,
        };
        size_of::<Client>() + attachments + report + self.transport.memory()
    }

    /// Bytes that wait to be sent to it, and those of its unfinished message.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.transport.queued_bytes() + self.unfinished_bytes
    }

    /// Bytes that it takes, about.
    pub(super) fn memory(&self) -> usize {
        self.queue_memory() + self.unfinished_bytes
    }

    /// Not authenticated yet.
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.phase, Phase::Head(_) | Phase::Hello)
    }

    /// What its token allows; nothing before it has shown one.
    pub(crate) fn scopes(&self) -> Scopes {
        self.grant.map_or(Scopes::NONE, |grant| grant.scopes)
    }

    /// When its token stops being valid.
    pub(super) fn expires_at(&self) -> Option<Instant> {
        self.grant.and_then(|grant| grant.expires_at)
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
            return self.read_and_discard(scratch);
        }
        let outcome = if self.frames.has_rest() {
            Ok((0, self.frames.next()))
        } else {
            self.frames.read(&mut self.transport, scratch)
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
                    self.transport.push(frames::bytes_of(frames::pong(payload)));
                }
                Input::Control
            }
            Step::Close(frame) => {
                if is_closing {
                    return Input::Ended;
                }
                // Whoever says goodbye wants nothing more.
                self.transport.drop_unwritten();
                self.transport.push(frames::bytes_of(frames::close_answer(frame.as_ref())));
                Input::Goodbye
            }
        }
    }

    /// Reads away what a client sends that is being closed, so that it gets to see why: unread bytes
    /// would make the kernel reset the connection.
    pub(super) fn read_and_discard(&mut self, scratch: &mut [u8]) -> (usize, Input) {
        match self.transport.read(scratch) {
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
            self.transport.push_tagged(frame_of(&encoded), Tag::Other(terminal));
        }
    }

    /// Reports output of a terminal that the client does not get.
    pub(super) fn send_gap(&mut self, id: TerminalId, (from, to): (u64, u64)) {
        self.figures.gaps.note(to - from);
        self.send_of(id, &ServerMessage::Gap { terminal: id.to_u64(), from, to });
    }

    /// Queues a frame.
    pub(crate) fn push(&mut self, frame: Bytes) {
        if self.is_open() {
            self.transport.push(frame);
        }
    }

    /// Queues a frame with output of a terminal, which an interrupt may take back.
    pub(crate) fn push_output(&mut self, frame: Bytes, terminal: TerminalId, offset: u64) {
        if self.is_open() {
            self.transport.push_tagged(frame, Tag::Output(terminal, offset));
        }
    }

    /// Whether more output should be queued. When not, the client is woken once there is room.
    pub(crate) fn has_room(&mut self) -> bool {
        self.has_room_of(ROOM_BYTES)
    }

    /// Whether what is small and rare should be queued: a flood, which stops where [`has_room`](Self::has_room) does,
    /// leaves room for it.
    pub(super) fn has_rare_room(&mut self) -> bool {
        self.has_room_of(REPLY_ROOM.0)
    }

    /// Whether another part of a diff should be queued.
    pub(crate) fn has_state_room(&mut self) -> bool {
        self.has_room_of(STATE_ROOM_BYTES)
    }

    fn has_room_of(&mut self, bytes: usize) -> bool {
        let is_full = self.transport.queued_bytes() >= bytes;
        self.wants_more |= is_full;
        self.is_open() && !is_full
    }

    /// Begins to close: queues the close frame and waits for its answer.
    pub(crate) fn close(&mut self, code: CloseCode, reason: &str) {
        let reason = one_line(reason.to_owned().into());
        let reason = shortened(&reason, REASON_BYTES_MAX);
        match self.phase {
            Phase::Hello | Phase::Open => {
                self.transport.push(frames::bytes_of(frames::close(code as u16, reason)));
                self.frames.await_close();
                self.phase = Phase::Closing;
            }
            Phase::Head(_) | Phase::Report | Phase::Page(_) => self.phase = Phase::Ending,
            Phase::Closing | Phase::Ending => {}
        }
    }

    /// Whether the client may ask for more.
    pub(crate) fn has_reply_room(&self) -> bool {
        let (bytes, frames) = REPLY_ROOM;
        self.transport.queued_bytes() < bytes && self.transport.queued_frames() < frames
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
    transport::frame(opcode, &[&encoded.payload])
}

/// The reply to a client that sends what cannot be read.
fn code_of(broken: Broken) -> CloseCode {
    match broken {
        Broken::Protocol => CloseCode::Protocol,
        Broken::NotUtf8 => CloseCode::NotUtf8,
        Broken::TooBig => CloseCode::TooBig,
    }
}
