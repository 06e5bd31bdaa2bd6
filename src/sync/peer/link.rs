//! One connection to another engine: connecting, asking for a WebSocket, its frames, and its close.
//!
//! Nothing here waits: a link reads what there is when its socket is ready. It decides nothing
//! either; deadlines and what a message means are its owner's.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mio::net::{TcpStream, UnixStream};
use nix::sys::socket::{setsockopt, sockopt};
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};

use super::fault::Fault;
use super::options::{PeerAddress, PeerOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::observe::Traffic;
use crate::sync::codec::{Codec, Encoded};
use crate::sync::protocol::CloseCode;
use crate::sync::websocket::frames::{self, Broken, Frames, Payload, Role, Step};
use crate::sync::websocket::http::client::{self, Rejected, ResponseBuffer, ResponseState};
use crate::sync::websocket::http::{Key, TOKEN_PREFIX, is_token};
use crate::sync::websocket::transport::{Flush, Socket, Transport};

/// What is read with one system call.
pub(super) const READ_BYTES: usize = 32 << 10;
/// Bytes of a message of the other engine, also when inflated. Its own are smaller but for a screen of more
/// than 100,000 cells that all look different; decoding one is a single unit of work, of some 10 ms at most.
pub(super) const MESSAGE_BYTES: usize = 4 << 20;
/// Where the WebSocket is.
const PATH: &str = "/";
/// After so many seconds of silence the kernel asks whether the other end is there, so often, and gives up
/// after so many questions; nothing in this process wakes up for it.
const KEEPALIVE: (u32, u32, u32) = (30, 10, 3);
/// Milliseconds after which data that nobody acknowledges breaks the connection.
const UNACKNOWLEDGED_MS: u32 = 30_000;

enum Phase {
    /// The socket is not connected yet.
    Connecting,
    /// The request was sent.
    Asking(ResponseBuffer),
    Open,
    /// One of both has sent a close frame.
    Closing,
}

/// What reading gave.
pub(super) enum Received {
    /// The WebSocket is there: send a hello.
    Upgraded,
    Message(Payload),
    /// Something that has been dealt with.
    Control,
    /// A part of a frame.
    Part,
    /// Nothing before the kernel reports more.
    Drained,
    /// It is over.
    Over(Fault),
}

/// See the module's documentation.
pub(super) struct Link {
    transport: Transport,
    phase: Phase,
    frames: Frames,
    codec: Codec,
    received_messages: u64,
    /// Registered for writability.
    pub(super) wants_write: bool,
}

impl Link {
    /// Begins to connect.
    pub(super) fn connect(options: &PeerOptions) -> io::Result<Link> {
        let socket = match &options.address {
            PeerAddress::Tcp(address) => Socket::Tcp(TcpStream::connect(*address)?),
            PeerAddress::Unix(path) => Socket::Unix(UnixStream::connect(path)?),
        };
        if let Socket::Tcp(_) = socket {
            let (idle, interval, count) = KEEPALIVE;
            // A system that knows none of these finds a dead link later, that is all.
            let _ = setsockopt(&socket, sockopt::KeepAlive, &true);
            let _ = setsockopt(&socket, sockopt::TcpKeepIdle, &idle);
            let _ = setsockopt(&socket, sockopt::TcpKeepInterval, &interval);
            let _ = setsockopt(&socket, sockopt::TcpKeepCount, &count);
            let _ = setsockopt(&socket, sockopt::TcpUserTimeout, &UNACKNOWLEDGED_MS);
        }
        Ok(Link {
            transport: Transport::new(socket),
            phase: Phase::Connecting,
            frames: Frames::new(Role::Client, MESSAGE_BYTES),
            codec: options.codec,
            received_messages: 0,
            wants_write: true,
        })
    }

    pub(super) fn is_connecting(&self) -> bool {
        matches!(self.phase, Phase::Connecting)
    }

    pub(super) fn queued_frames(&self) -> usize {
        self.transport.queued_frames()
    }

    /// Bytes that wait to be sent, and those of a message that is not whole yet, about.
    pub(super) fn memory(&self) -> usize {
        self.transport.memory() + self.frames.held()
    }

    /// What went over it.
    pub(super) fn traffic(&self) -> Traffic {
        self.transport.traffic(self.received_messages)
    }

    pub(super) fn queued_bytes(&self) -> usize {
        self.transport.queued_bytes()
    }

    /// The socket may be connected: then the WebSocket is asked for.
    pub(super) fn on_writable(&mut self, options: &PeerOptions) -> std::result::Result<(), Fault> {
        if !self.is_connecting() {
            return Ok(());
        }
        match self.transport.take_error() {
            Ok(None) => {}
            Ok(Some(error)) | Err(error) => return Err(Fault::new(error.to_string())),
        }
        let fatal = |error: Error| Fault::fatal(error.message().to_owned());
        let key = key().map_err(fatal)?;
        let request = request(options, &key).map_err(fatal)?;
        self.transport.push(request.into());
        self.phase = Phase::Asking(ResponseBuffer::new(&key, &[self.codec.subprotocol()]));
        Ok(())
    }

    /// Takes in one frame, reading once before if it has to. Also gives the bytes that were read.
    pub(super) fn read(&mut self, scratch: &mut [u8]) -> (usize, Received) {
        match &self.phase {
            Phase::Connecting => (0, Received::Drained),
            Phase::Asking(_) => self.read_response(scratch),
            Phase::Open | Phase::Closing => self.read_frame(scratch),
        }
    }

    fn read_frame(&mut self, scratch: &mut [u8]) -> (usize, Received) {
        let outcome = if self.frames.has_rest() {
            Ok((0, self.frames.next()))
        } else {
            self.frames.read(&mut self.transport, scratch)
        };
        match outcome {
            Ok((count, Ok(step))) => (count, self.on_step(step)),
            Ok((count, Err(broken))) => (count, Received::Over(Fault::new(reason_of(broken)))),
            Err(error) => (0, unread(&error, "it ended without a goodbye")),
        }
    }

    fn on_step(&mut self, step: Step) -> Received {
        self.received_messages += u64::from(!matches!(step, Step::NeedBytes));
        match step {
            Step::NeedBytes => Received::Part,
            Step::Fragment | Step::Pong => Received::Control,
            Step::Message(payload) => Received::Message(payload),
            Step::Ping(payload) => {
                self.push(frames::pong(payload));
                Received::Control
            }
            Step::Close(frame) => {
                self.push(frames::close_answer(frame.as_ref()));
                self.phase = Phase::Closing;
                Received::Over(closed(frame.as_ref()))
            }
        }
    }

    fn read_response(&mut self, scratch: &mut [u8]) -> (usize, Received) {
        let Phase::Asking(buffer) = &mut self.phase else { return (0, Received::Drained) };
        match io::Read::read(&mut self.transport, scratch) {
            Ok(count @ 1..) => {
                let state = buffer.push(scratch.get(..count).unwrap_or_default());
                (count, self.on_response(state))
            }
            // A refusal whose text broke off is one all the same.
            outcome => match (buffer.refusal(), outcome) {
                (_, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    (0, Received::Drained)
                }
                (Some(rejected), _) => (0, Received::Over(refusal(&rejected))),
                (None, Err(error)) => (0, unread(&error, "it ended without an answer")),
                (None, Ok(_)) => (0, Received::Over(Fault::new("it ended without an answer"))),
            },
        }
    }

    fn on_response(&mut self, state: ResponseState) -> Received {
        match state {
            ResponseState::Partial => Received::Control,
            ResponseState::Bad(rejected) => Received::Over(refusal(&rejected)),
            ResponseState::Complete(accepted) => {
                if accepted.protocol.as_deref() != Some(self.codec.subprotocol()) {
                    return Received::Over(Fault::fatal("it does not speak the protocol"));
                }
                // What came behind the head is the beginning of the WebSocket.
                let phase = std::mem::replace(&mut self.phase, Phase::Connecting);
                let Phase::Asking(buffer) = phase else { return Received::Drained };
                self.frames.begin_with(buffer.rest());
                self.phase = Phase::Open;
                Received::Upgraded
            }
        }
    }

    /// Queues a message. Whether there is a WebSocket for it.
    pub(super) fn send(&mut self, encoded: Encoded) -> bool {
        let kind = if encoded.text { Data::Text } else { Data::Binary };
        self.push(Frame::message(encoded.payload, OpCode::Data(kind), true))
    }

    /// Queues a binary frame.
    pub(super) fn send_binary(&mut self, payload: Vec<u8>) -> bool {
        self.push(Frame::message(payload, OpCode::Data(Data::Binary), true))
    }

    /// Queues a frame with a mask of its own, unless the connection is being closed.
    fn push(&mut self, mut frame: Frame) -> bool {
        let mut mask = [0; 4];
        // Without random numbers it is masked by zeros, which every server takes.
        let _ = getrandom::fill(&mut mask);
        frame.header_mut().mask = Some(mask);
        let is_open = matches!(self.phase, Phase::Open);
        if is_open {
            self.transport.push(frames::bytes_of(frame));
        }
        is_open
    }

    /// Queues a close frame. Whether there is a WebSocket for it.
    pub(super) fn close(&mut self) -> bool {
        if !self.push(frames::close(CloseCode::Bye as u16, "")) {
            return false;
        }
        self.frames.await_close();
        self.phase = Phase::Closing;
        true
    }

    /// Writes what the socket takes.
    pub(super) fn flush(&mut self) -> io::Result<Flush> {
        self.transport.flush()
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.transport.as_fd()
    }
}

/// The request for the WebSocket; fails if there is a mistake in the options. The token is in it, so
/// that a crowded server knows at once who connects; it is never in the path.
pub(super) fn request(options: &PeerOptions, key: &Key) -> Result<Vec<u8>> {
    let host = match (&options.host, &options.address) {
        (Some(host), _) => host.clone(),
        (None, PeerAddress::Tcp(address)) => address.to_string(),
        (None, PeerAddress::Unix(_)) => "localhost".into(),
    };
    let token = format!("{TOKEN_PREFIX}{}", options.token);
    // One that cannot stand in a header is sent in the hello alone.
    let offered = [Some(options.codec.subprotocol()), is_token(&token).then_some(token.as_str())];
    let protocols: Vec<&str> = offered.into_iter().flatten().collect();
    client::request(&host, PATH, key, &protocols)
}

/// A fresh key of a handshake.
pub(super) fn key() -> Result<Key> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)
        .map_err(|_| Error::new(ErrorKind::System, "the system gives no random numbers"))?;
    let mut key = [0; 24];
    // 16 bytes are 24 characters.
    let _ = STANDARD.encode_slice(random, &mut key);
    Ok(key)
}

/// What a failure to read means.
fn unread(error: &io::Error, at_end: &'static str) -> Received {
    match error.kind() {
        io::ErrorKind::WouldBlock => Received::Drained,
        io::ErrorKind::UnexpectedEof => Received::Over(Fault::new(at_end)),
        _ => Received::Over(Fault::new(error.to_string())),
    }
}

fn reason_of(broken: Broken) -> &'static str {
    match broken {
        Broken::Protocol => "what it sends is not WebSocket",
        Broken::NotUtf8 => "it sends text that is not UTF-8",
        Broken::TooBig => "it sends a message that is too large",
    }
}

/// What a close frame says.
fn closed(frame: Option<&CloseFrame>) -> Fault {
    const UNAUTHORIZED: u16 = CloseCode::Unauthorized as u16;
    const VERSION: u16 = CloseCode::Version as u16;
    let Some(frame) = frame else { return Fault::new("closed by the other engine") };
    let code = u16::from(frame.code);
    let text = format!("closed by the other engine: {code} {}", frame.reason);
    match code {
        UNAUTHORIZED | VERSION => Fault::fatal(text),
        _ => Fault::new(text),
    }
}

/// What an answer other than a WebSocket means. What a client did wrong it will do wrong again.
fn refusal(rejected: &Rejected) -> Fault {
    match rejected.status {
        None => Fault::new(rejected.reason.clone()),
        Some(status @ (408 | 425 | 429 | 500..)) => {
            Fault::new(format!("{} (HTTP {status})", rejected.reason))
        }
        Some(status) => Fault::fatal(format!("{} (HTTP {status})", rejected.reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_final() {
        let cases = [
            (Some(403), true),
            (Some(404), true),
            (Some(426), true),
            (Some(301), true),
            (Some(408), false),
            (Some(429), false),
            (Some(503), false),
            (None, false),
        ];
        for (status, is_final) in cases {
            let rejected = Rejected { status, reason: "no".into() };
            assert_eq!(refusal(&rejected).is_final, is_final, "{status:?}");
        }
        for (code, is_final) in
            [(1000, false), (1001, false), (4001, true), (4004, false), (4006, false), (4007, true)]
        {
            let frame = CloseFrame { code: code.into(), reason: "x".into() };
            assert_eq!(closed(Some(&frame)).is_final, is_final, "{code}");
        }
        assert!(!closed(None).is_final);
    }

    #[test]
    fn the_host_of_a_request() {
        let tcp = PeerAddress::Tcp("[::1]:80".parse().unwrap());
        let unix = PeerAddress::Unix("/x".into());
        for (options, host) in [
            (PeerOptions::new(tcp.clone(), "t"), "Host: [::1]:80\r\n"),
            (PeerOptions::new(unix, "t"), "Host: localhost\r\n"),
            (PeerOptions::new(tcp.clone(), "t").host("a:1"), "Host: a:1\r\n"),
        ] {
            let text = String::from_utf8(request(&options, &key().unwrap()).unwrap()).unwrap();
            assert!(text.contains(host), "{text}");
            let offered = "Sec-WebSocket-Protocol: orchflow.v1.bincode, orchflow.token.t\r\n";
            assert!(text.contains(offered) && text.starts_with("GET / HTTP/1.1\r\n"), "{text}");
        }
        // A token that would break the header is not put there.
        let options = PeerOptions::new(tcp.clone(), "a, b\r\nX: y");
        let text = String::from_utf8(request(&options, &key().unwrap()).unwrap()).unwrap();
        assert!(!text.contains("orchflow.token") && !text.contains("X: y"), "{text}");
        assert!(request(&PeerOptions::new(tcp, "t").host("a\r\nb"), &key().unwrap()).is_err());
        assert_ne!(key().unwrap(), key().unwrap());
    }
}
