//! The socket of one connection, and the frames that wait for it.
//!
//! Server frames are not masked, so a message for many clients is framed once and its [`Bytes`] are shared:
//! each wire queues a reference. Pongs and closes are queued like messages, hence the order on the wire is the
//! order of the calls. Pushing never blocks and never calls the system; [`Transport::flush`] does, with up to 64
//! frames a call.
//!
//! The queue has no bound of its own. Whoever pushes looks at [`Transport::queued_bytes`] and
//! [`Transport::queued_frames`], and stops reading from a peer that asks without taking answers.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read};
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use mio::net::{TcpStream, UnixStream};
use nix::sys::socket::{MsgFlags, getsockopt, recv, sendmsg, setsockopt, sockopt};
use nix::{getsockopt_impl, setsockopt_impl, sockopt_impl};

use crate::id::TerminalId;
use crate::observe::Traffic;

// nix has the means to define an option, and not this one.
sockopt_impl!(
    /// How much a TCP socket keeps that was not sent yet.
    TcpNotSentLowat,
    Both,
    libc::IPPROTO_TCP,
    libc::TCP_NOTSENT_LOWAT,
    u32
);

/// Bytes that the kernel may hold unsent. More would only wait there, where it can neither be replaced by
/// something newer nor be dropped when an interrupt is typed.
const NOT_SENT_BYTES: u32 = 64 << 10;
/// Frames that one system call takes.
const SLICES: usize = 64;
/// A queue that was longer is given back when it is empty.
const IDLE_FRAMES: usize = 16;

/// What a frame in a queue takes beside its content, about.
const FRAME_BYTES: usize = 100;

/// The largest header of a frame that is not masked.
pub(crate) const HEADER_BYTES_MAX: usize = 10;

/// What a data frame carries. Control frames are made in [`super::frames`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    /// UTF-8.
    Text = 1,
    Binary = 2,
}

/// The header of a whole message that a server sends in one frame, and how many of its bytes count.
pub(crate) fn frame_header(opcode: Opcode, length: usize) -> ([u8; HEADER_BYTES_MAX], usize) {
    let mut header = [0; HEADER_BYTES_MAX];
    header[0] = 0x80 | opcode as u8;
    let size = match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..=125), _) => {
            header[1] = short;
            2
        }
        (_, Ok(medium)) => {
            header[1] = 126;
            header[2..4].copy_from_slice(&medium.to_be_bytes());
            4
        }
        _ => {
            header[1] = 127;
            header[2..].copy_from_slice(&(length as u64).to_be_bytes());
            HEADER_BYTES_MAX
        }
    };
    (header, size)
}

/// A whole frame around the parts of one message, to be pushed to any number of wires.
pub(crate) fn frame(opcode: Opcode, parts: &[&[u8]]) -> Bytes {
    let length = parts.iter().map(|part| part.len()).sum();
    let (header, size) = frame_header(opcode, length);
    let mut frame = BytesMut::with_capacity(size + length);
    frame.put_slice(header.get(..size).unwrap_or_default());
    parts.iter().for_each(|part| frame.put_slice(part));
    frame.freeze()
}

/// Bytes of the path of a Unix socket, as the kernel has it without the NUL.
pub(crate) const UNIX_PATH_BYTES_MAX: usize = 107;

/// The socket under a transport.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Socket::Tcp(stream) => stream.as_fd(),
            Socket::Unix(stream) => stream.as_fd(),
        }
    }
}

/// What a queued frame is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// Nothing that could be taken back.
    None,
    /// Output of a terminal from this offset on.
    Output(TerminalId, u64),
    /// Something else in the order of a terminal's output: a gap, a snapshot.
    Other(TerminalId),
}

#[derive(Debug)]
struct Queued {
    frame: Bytes,
    tag: Tag,
}

/// What is left after a flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flush {
    /// Nothing.
    Done,
    /// The socket takes no more; it will be writable again.
    Blocked,
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Transport {
    socket: Socket,
    /// What was written of the first one is cut off.
    queue: VecDeque<Queued>,
    /// A part of the first one was written.
    has_begun: bool,
    queued_bytes: usize,
    total_written: u64,
    /// Frames that were written whole, and bytes that were read, ever.
    frames_written: u64,
    total_read: u64,
}

impl Transport {
    /// A wire over a socket that does not block.
    pub(crate) fn new(socket: Socket) -> Self {
        if let Socket::Tcp(stream) = &socket {
            // Both are about latency only, so a system that says no is no reason to refuse a client.
            let _ = stream.set_nodelay(true);
            let _ = setsockopt(&socket, TcpNotSentLowat, &NOT_SENT_BYTES);
        }
        Transport {
            socket,
            queue: VecDeque::new(),
            has_begun: false,
            queued_bytes: 0,
            total_written: 0,
            frames_written: 0,
            total_read: 0,
        }
    }

    /// Queues a frame.
    pub(crate) fn push(&mut self, frame: Bytes) {
        self.push_tagged(frame, Tag::None);
    }

    /// Queues a frame that is about a terminal's output.
    pub(crate) fn push_tagged(&mut self, frame: Bytes, tag: Tag) {
        if !frame.is_empty() {
            self.queued_bytes += frame.len();
            self.queue.push_back(Queued { frame, tag });
        }
    }

    /// Takes back the newest output of a terminal that was not written, as far as nothing else about it
    /// is queued behind. Gives the offset of its first byte.
    pub(crate) fn take_back_output(&mut self, terminal: TerminalId) -> Option<u64> {
        let mut first = None;
        let begun = usize::from(self.has_begun);
        for at in (begun..self.queue.len()).rev() {
            match self.queue.get(at).map(|queued| queued.tag) {
                Some(Tag::Output(id, offset)) if id == terminal => {
                    first = Some(offset);
                    let taken = self.queue.remove(at);
                    self.queued_bytes -= taken.map_or(0, |queued| queued.frame.len());
                }
                Some(Tag::Other(id)) if id == terminal => break,
                _ => {}
            }
        }
        first
    }

    /// Drops every frame of which nothing was written.
    pub(crate) fn drop_unwritten(&mut self) {
        self.queue.truncate(usize::from(self.has_begun));
        self.queued_bytes = self.queue.iter().map(|queued| queued.frame.len()).sum();
    }

    /// Writes until the queue is empty or the socket is full. After an error the connection is dead.
    pub(crate) fn flush(&mut self) -> io::Result<Flush> {
        while !self.queue.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let mut count = 0;
            for (slice, queued) in slices.iter_mut().zip(&self.queue) {
                *slice = IoSlice::new(&queued.frame);
                count += 1;
            }
            match send(&self.socket, slices.get(..count).unwrap_or_default()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.advance(written),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(Flush::Blocked),
                Err(e) => return Err(e),
            }
        }
        if self.queue.capacity() > IDLE_FRAMES {
            self.queue = VecDeque::new();
        }
        Ok(Flush::Done)
    }

    fn advance(&mut self, written: usize) {
        self.queued_bytes -= written;
        self.total_written += written as u64;
        let mut left = written;
        while let Some(front) = self.queue.front_mut() {
            if left < front.frame.len() {
                front.frame.advance(left);
                self.has_begun |= left > 0;
                return;
            }
            left -= front.frame.len();
            self.queue.pop_front();
            self.frames_written += 1;
            self.has_begun = false;
        }
    }

    /// Bytes that were pushed and not written.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    /// The bytes of the largest frame that waits, without what was written of it. Looks at all of them.
    pub(crate) fn largest_frame(&self) -> usize {
        self.queue.iter().map(|queued| queued.frame.len()).max().unwrap_or(0)
    }

    /// Frames that were pushed and not written whole. Each costs some 100 bytes beside its content.
    pub(crate) fn queued_frames(&self) -> usize {
        self.queue.len()
    }

    /// Bytes that the queue takes, about; frames that others have in theirs, too, count as if they were its own.
    pub(crate) fn memory(&self) -> usize {
        self.queued_bytes + self.queue.len() * FRAME_BYTES
    }

    /// Bytes that the kernel has taken so far.
    pub(crate) fn total_written(&self) -> u64 {
        self.total_written
    }

    /// What went over it, apart from messages that came in: whoever reads counts them.
    pub(crate) fn traffic(&self, received_messages: u64) -> Traffic {
        Traffic {
            received_bytes: self.total_read,
            received_messages,
            sent_bytes: self.total_written,
            sent_messages: self.frames_written,
        }
    }

    /// The user that the other end of a Unix socket belonged to when it connected; `None` for TCP.
    pub(crate) fn peer_uid(&self) -> Option<u32> {
        match &self.socket {
            Socket::Tcp(_) => None,
            Socket::Unix(stream) => {
                getsockopt(stream, sockopt::PeerCredentials).ok().map(|peer| peer.uid())
            }
        }
    }

    /// Where the other end of a TCP connection is; `None` for a Unix socket, and when it is gone.
    pub(crate) fn peer_address(&self) -> Option<IpAddr> {
        match &self.socket {
            Socket::Tcp(stream) => stream.peer_addr().ok().map(|address| address.ip()),
            Socket::Unix(_) => None,
        }
    }

    /// Whether something waits to be read.
    pub(crate) fn has_input(&self) -> bool {
        let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
        recv(self.socket.as_fd().as_raw_fd(), &mut [0], flags).is_ok_and(|bytes| bytes > 0)
    }

    /// Why an outbound connection failed, once it was reported as writable; `None` if it is there.
    pub(crate) fn take_error(&self) -> io::Result<Option<io::Error>> {
        match &self.socket {
            Socket::Tcp(stream) => stream.take_error(),
            Socket::Unix(stream) => stream.take_error(),
        }
    }

    /// Says that nothing more will be written. What the other end still sends can be read.
    pub(crate) fn shutdown_write(&self) -> io::Result<()> {
        let how = std::net::Shutdown::Write;
        match &self.socket {
            Socket::Tcp(stream) => stream.shutdown(how),
            Socket::Unix(stream) => stream.shutdown(how),
        }
    }
}

/// Writes without SIGPIPE: the process is the host's, which may not ignore it, and `writev` on a socket
/// whose other end is gone would end it.
fn send(socket: &Socket, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
    Ok(sendmsg::<()>(socket.as_fd().as_raw_fd(), slices, &[], flags, None)?)
}

impl AsFd for Transport {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Read for Transport {
    /// From the socket, with one call that is not interrupted.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let outcome = match &mut self.socket {
                Socket::Tcp(stream) => stream.read(buffer),
                Socket::Unix(stream) => stream.read(buffer),
            };
            match outcome {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                outcome => {
                    self.total_read += *outcome.as_ref().unwrap_or(&0) as u64;
                    return outcome;
                }
            }
        }
    }
}
