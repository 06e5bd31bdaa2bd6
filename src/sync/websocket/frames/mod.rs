//! WebSocket frames as they come in. Pure: bytes go in, at most one frame comes out of a call.
//!
//! [`Frames::next`] takes in at most one frame, [`Frames::read`] makes at most one system call before that; neither
//! loops over what the other end sends, so how often they are called is how much is done. Bounded are the
//! bytes of a message, before any is taken in, and its [fragments](FRAGMENTS_MAX). Memory is taken for bytes
//! that have come, not for those that a header claims, and given back with the message: a connection between
//! two messages owns none.
//!
//! The rules are those of RFC 6455. It allows some things that are refused here: none. It leaves open when
//! text is checked: once, when the message is whole.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod message;
#[cfg(test)]
mod tests;

use std::io::{self, Cursor, Read};

use bytes::Bytes;
use tungstenite::Utf8Bytes;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame, FrameHeader};

use self::message::Partial;

/// Fragments of one message. Each costs about as much as a small message, and whoever sends large messages in
/// fragments sends few: browsers and libraries cut at 16 KiB or above.
pub(crate) const FRAGMENTS_MAX: u32 = 1024;
/// The largest payload of a control frame.
const CONTROL_BYTES_MAX: usize = 125;
/// The largest header of a frame that is masked.
const HEADER_BYTES_MAX: usize = 14;

/// Which end of the connection reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// What comes has to be masked.
    Server,
    /// What comes must not be masked.
    Client,
}

/// What a message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    Text(Utf8Bytes),
    Binary(Bytes),
}

impl Payload {
    /// Bytes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Payload::Text(text) => text.len(),
            Payload::Binary(bytes) => bytes.len(),
        }
    }
}

/// What came of one frame at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// All bytes were taken in, and a frame is not whole, or none has begun.
    NeedBytes,
    /// A fragment that is not the last one.
    Fragment,
    Message(Payload),
    /// Has to be answered by a [`pong`] with this payload.
    Ping(Bytes),
    Pong,
    /// The other end closes, or answers that we do. Nothing that follows means anything.
    Close(Option<CloseFrame>),
}

/// Why no further frame can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It is not WebSocket.
    Protocol,
    /// A text, or the reason of a close, is not UTF-8.
    NotUtf8,
    /// The message has more bytes or fragments than allowed.
    TooBig,
}

/// The frame that is coming in.
struct Incoming {
    header: FrameHeader,
    /// Bytes of its payload, and how many of them have come.
    length: usize,
    taken: usize,
}

/// See the module's documentation.
pub(crate) struct Frames {
    role: Role,
    message_bytes_max: usize,
    /// The beginning of a header.
    head: [u8; HEADER_BYTES_MAX],
    head_length: usize,
    frame: Option<Incoming>,
    /// The payload of a control frame, as far as it has come.
    control: [u8; CONTROL_BYTES_MAX],
    /// The data message that is coming in.
    message: Option<Partial>,
    /// What was read and not looked at yet: `rest` from `at` on.
    rest: Vec<u8>,
    at: usize,
    /// Messages are passed over, see [`Frames::await_close`].
    awaits_close: bool,
    broken: Option<Broken>,
    /// Bytes of frames that were taken in.
    total: u64,
}

impl Frames {
    /// For messages of at most so many bytes.
    pub(crate) fn new(role: Role, message_bytes_max: usize) -> Self {
        Frames {
            role,
            message_bytes_max,
            head: [0; HEADER_BYTES_MAX],
            head_length: 0,
            frame: None,
            control: [0; CONTROL_BYTES_MAX],
            message: None,
            rest: Vec::new(),
            at: 0,
            awaits_close: false,
            broken: None,
            total: 0,
        }
    }

    /// Bytes that came behind what was read by somebody else: the first ones.
    pub(crate) fn begin_with(&mut self, bytes: Vec<u8>) {
        invariant!(self.rest.is_empty() && self.total == 0, "nothing was read yet");
        (self.rest, self.at) = (bytes, 0);
    }

    /// Messages that begin from now on may have so many bytes.
    pub(crate) fn set_message_bytes(&mut self, max: usize) {
        self.message_bytes_max = max;
    }

    /// Only the other end's close frame is of interest any more: messages are counted and not kept.
    pub(crate) fn await_close(&mut self) {
        self.awaits_close = true;
        if let Some(message) = &mut self.message {
            message.forget();
        }
    }

    /// Whether [`next`](Self::next) has something without reading.
    pub(crate) fn has_rest(&self) -> bool {
        self.at < self.rest.len()
    }

    /// Bytes of the unfinished message that are kept.
    pub(crate) fn held(&self) -> usize {
        self.message.as_ref().map_or(0, Partial::held)
    }

    /// All bytes taken in so far, while a frame or a message is not whole; `None` between messages.
    pub(crate) fn unfinished(&self) -> Option<u64> {
        let is_within = self.head_length > 0 || self.frame.is_some() || self.message.is_some();
        is_within.then_some(self.total)
    }

    /// Reads once, into `scratch`, and takes in the first frame of it. What is behind stays for
    /// [`next`](Self::next), which has to have used it up before this is called again. Gives the bytes that
    /// were read. The end of the stream is [`UnexpectedEof`](io::ErrorKind::UnexpectedEof).
    pub(crate) fn read(
        &mut self,
        source: &mut impl Read,
        scratch: &mut [u8],
    ) -> io::Result<(usize, Result<Step, Broken>)> {
        invariant!(!self.has_rest(), "what was left is read first");
        let count = source.read(scratch)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let bytes = scratch.get(..count).unwrap_or_default();
        let (used, step) = self.take(bytes);
        if let Some(rest @ [_, ..]) = bytes.get(used..)
            && step.is_ok()
        {
            (self.rest, self.at) = (rest.to_vec(), 0);
        }
        Ok((count, step))
    }

    /// Takes in the next frame of what was read before.
    pub(crate) fn next(&mut self) -> Result<Step, Broken> {
        let rest = std::mem::take(&mut self.rest);
        let (used, step) = self.take(rest.get(self.at..).unwrap_or_default());
        self.at += used;
        if self.at < rest.len() && step.is_ok() {
            self.rest = rest;
        } else {
            self.at = 0;
        }
        step
    }

    /// Takes in bytes up to the end of the first frame. How many, and what came of them.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> (usize, Result<Step, Broken>) {
        if let Some(broken) = self.broken {
            return (bytes.len(), Err(broken));
        }
        let mut used = 0;
        let step = self.advance(bytes, &mut used);
        if let Err(broken) = step {
            (self.broken, self.message) = (Some(broken), None);
        }
        self.total += used as u64;
        (used, step)
    }

    fn advance(&mut self, bytes: &[u8], used: &mut usize) -> Result<Step, Broken> {
        if self.frame.is_none() {
            while self.head_length < self.head_wanted() {
                let (Some(byte), Some(slot)) =
                    (bytes.get(*used), self.head.get_mut(self.head_length))
                else {
                    return Ok(Step::NeedBytes);
                };
                *slot = *byte;
                self.head_length += 1;
                *used += 1;
            }
            self.frame = Some(self.begin()?);
            self.head_length = 0;
        }
        let Some(frame) = &mut self.frame else { return Ok(Step::NeedBytes) };
        let rest = bytes.get(*used..).unwrap_or_default();
        let piece = rest.get(..frame.length - frame.taken).unwrap_or(rest);
        let mask = frame.header.mask.map(|mask| rotated(mask, frame.taken));
        let is_data = matches!(frame.header.opcode, OpCode::Data(_));
        if is_data && let Some(message) = &mut self.message {
            let keep = !self.awaits_close;
            if !message.push(piece, mask, keep, self.message_bytes_max) {
                return Err(Broken::TooBig);
            }
        } else {
            let end = frame.taken + piece.len();
            if let Some(slot) = self.control.get_mut(frame.taken..end) {
                slot.copy_from_slice(piece);
                unmask(slot, mask);
            }
        }
        frame.taken += piece.len();
        *used += piece.len();
        if frame.taken < frame.length {
            return Ok(Step::NeedBytes);
        }
        let (length, header) = (frame.length, frame.header.clone());
        self.frame = None;
        match header.opcode {
            OpCode::Data(_) => self.end_data(header.is_final),
            OpCode::Control(kind) => self.end_control(kind, length),
        }
    }

    /// Bytes that the header has, as far as it says so yet.
    fn head_wanted(&self) -> usize {
        let [_, second, ..] = self.head;
        if self.head_length < 2 {
            return 2;
        }
        let length = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        2 + length + if second & 0x80 == 0 { 0 } else { 4 }
    }

    /// Checks a header that is whole.
    fn begin(&mut self) -> Result<Incoming, Broken> {
        let mut cursor = Cursor::new(self.head.get(..self.head_length).unwrap_or_default());
        let Ok(Some((header, length))) = FrameHeader::parse(&mut cursor) else {
            return Err(Broken::Protocol);
        };
        if header.len(length) != self.head_length {
            return Err(Broken::Protocol); // The length could have been written shorter.
        }
        let length = usize::try_from(length).map_err(|_| Broken::TooBig)?;
        if length > self.message_bytes_max {
            return Err(Broken::TooBig);
        }
        let is_masked = header.mask.is_some();
        if header.rsv1 || header.rsv2 || header.rsv3 || is_masked != (self.role == Role::Server) {
            return Err(Broken::Protocol);
        }
        match (header.opcode, &mut self.message) {
            (OpCode::Control(_), _) => {
                if !header.is_final || length > CONTROL_BYTES_MAX {
                    return Err(Broken::Protocol);
                }
            }
            (OpCode::Data(Data::Continue), Some(message)) => {
                message.fragments += 1;
                let room = self.message_bytes_max.saturating_sub(message.length());
                if length > room || message.fragments > FRAGMENTS_MAX {
                    return Err(Broken::TooBig);
                }
            }
            (OpCode::Data(Data::Text), None) => self.message = Some(Partial::new(true)),
            (OpCode::Data(Data::Binary), None) => self.message = Some(Partial::new(false)),
            (OpCode::Data(_), _) => return Err(Broken::Protocol),
        }
        Ok(Incoming { header, length, taken: 0 })
    }

    fn end_data(&mut self, is_final: bool) -> Result<Step, Broken> {
        if !is_final {
            return Ok(Step::Fragment);
        }
        match self.message.take() {
            Some(message) if !self.awaits_close => message.finish().map(Step::Message),
            _ => Ok(Step::Fragment),
        }
    }

    fn end_control(&mut self, kind: Control, length: usize) -> Result<Step, Broken> {
        let payload = self.control.get(..length).unwrap_or_default();
        match (kind, payload) {
            (Control::Ping, _) => Ok(Step::Ping(Bytes::copy_from_slice(payload))),
            (Control::Pong, _) => Ok(Step::Pong),
            (Control::Close, []) => Ok(Step::Close(None)),
            (Control::Close, [a, b, reason @ ..]) => {
                let reason = str::from_utf8(reason).map_err(|_| Broken::NotUtf8)?.into();
                let code = CloseCode::from(u16::from_be_bytes([*a, *b]));
                Ok(Step::Close(Some(CloseFrame { code, reason })))
            }
            (Control::Close, [_]) | (Control::Reserved(_), _) => Err(Broken::Protocol),
        }
    }
}

// Frames to be sent.

/// The answer to a ping.
pub(crate) fn pong(payload: Bytes) -> Frame {
    Frame::pong(payload)
}

/// A close frame.
pub(crate) fn close(code: u16, reason: &str) -> Frame {
    Frame::close(Some(CloseFrame { code: code.into(), reason: reason.into() }))
}

/// The answer to a close frame: the same, unless its code is none that may be sent.
pub(crate) fn close_answer(frame: Option<&CloseFrame>) -> Frame {
    match frame {
        Some(frame) if !frame.code.is_allowed() => {
            close(CloseCode::Protocol.into(), "Protocol violation")
        }
        frame => Frame::close(frame.cloned()),
    }
}

/// The bytes of a frame, with the mask that is in its header.
pub(crate) fn bytes_of(frame: Frame) -> Bytes {
    let mut bytes = Vec::with_capacity(frame.len());
    // A vector takes everything.
    let outcome = frame.format(&mut bytes);
    invariant!(outcome.is_ok(), "a vector takes what is written");
    bytes.into()
}

/// A mask as it applies from this byte of the payload on.
fn rotated(mut mask: [u8; 4], at: usize) -> [u8; 4] {
    mask.rotate_left(at % 4);
    mask
}

/// Undoes a mask that begins with the first byte.
fn unmask(bytes: &mut [u8], mask: Option<[u8; 4]>) {
    let Some(mask) = mask else { return };
    let word = u32::from_ne_bytes(mask);
    let (words, rest) = bytes.as_chunks_mut::<4>();
    for bytes in words {
        *bytes = (u32::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    rest.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
}
