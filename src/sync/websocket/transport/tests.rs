//! Tests of wires, over socket pairs.

use std::io::Write;

use super::*;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use proptest::prelude::*;
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message};

// For tungstenite, which is the other end of some tests.
impl Write for Transport {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.push(Bytes::copy_from_slice(buffer));
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A wire whose socket takes little, and the other end.
fn pair() -> (Transport, UnixStream) {
    let (a, b) = UnixStream::pair().unwrap();
    setsockopt(&a, sockopt::SndBuf, &4096).unwrap();
    (Transport::new(Socket::Unix(a)), b)
}

/// Takes up to `max` bytes; what there is.
fn take(peer: &mut UnixStream, max: usize) -> Vec<u8> {
    let mut bytes = vec![0; max];
    match peer.read(&mut bytes) {
        Ok(count) => bytes.truncate(count),
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => bytes.clear(),
        Err(e) => panic!("{e}"),
    }
    bytes
}

fn drain(transport: &mut Transport, peer: &mut UnixStream) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let state = transport.flush().unwrap();
        let bytes = take(peer, 1 << 16);
        if bytes.is_empty() && state == Flush::Done {
            return all;
        }
        all.extend(bytes);
    }
}

/// Bytes that show where they belong.
fn pattern(from: usize, length: usize) -> Bytes {
    (from..from + length).map(|n| (n % 251) as u8).collect()
}

#[test]
fn headers_of_frames() {
    let cases: [(usize, &[u8]); 7] = [
        (0, &[0x82, 0]),
        (125, &[0x82, 125]),
        (126, &[0x82, 126, 0, 126]),
        (255, &[0x82, 126, 0, 255]),
        (65535, &[0x82, 126, 0xff, 0xff]),
        (65536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        (usize::MAX, &[0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255]),
    ];
    for (length, expected) in cases {
        let (header, size) = frame_header(Opcode::Binary, length);
        assert_eq!(&header[..size], expected, "{length}");
    }
    assert_eq!(&frame(Opcode::Text, &[b"a", b"", b"bc"])[..], b"\x81\x03abc");
    assert_eq!(&frame(Opcode::Binary, &[])[..], b"\x82\x00");
}

#[test]
fn a_wire_that_never_wrote_owns_no_memory() {
    let (mut transport, mut peer) = pair();
    assert_eq!(transport.queue.capacity(), 0);
    assert_eq!(transport.flush().unwrap(), Flush::Done);
    for n in 0..1000 {
        transport.push(pattern(n, 1));
    }
    transport.push(Bytes::new());
    assert_eq!((transport.queued_bytes(), transport.queued_frames()), (1000, 1000));
    assert_eq!(transport.total_written(), 0, "a push calls nobody");
    assert_eq!(drain(&mut transport, &mut peer), pattern(0, 1000));
    assert_eq!(
        (transport.queued_bytes(), transport.queued_frames(), transport.total_written()),
        (0, 0, 1000)
    );
    assert!(transport.queue.capacity() <= IDLE_FRAMES);
    assert!(size_of::<Transport>() <= 96);
}

#[test]
fn a_stalled_reader() {
    let (mut transport, mut peer) = pair();
    const LENGTH: usize = 1 << 20;
    let shared = pattern(0, LENGTH);
    transport.push(shared.clone());
    assert_eq!(transport.flush().unwrap(), Flush::Blocked);
    let written = transport.total_written();
    assert!(written > 0 && written < LENGTH as u64);
    for _ in 0..10 {
        assert_eq!(transport.flush().unwrap(), Flush::Blocked);
        assert_eq!(transport.total_written(), written);
    }
    transport.push(pattern(LENGTH, 7));
    assert_eq!(transport.queued_bytes() as u64 + written, LENGTH as u64 + 7);
    assert_eq!(transport.queued_frames(), 2);
    assert_eq!(drain(&mut transport, &mut peer), pattern(0, LENGTH + 7));
    assert_eq!(transport.total_written(), LENGTH as u64 + 7);
    assert!(shared.is_unique(), "nothing is kept");
}

#[test]
fn one_frame_for_many_wires_is_one_copy() {
    let frame = frame(Opcode::Binary, &[&[7; 1000]]);
    let mut pairs: Vec<_> = (0..10).map(|_| pair()).collect();
    for (transport, _) in &mut pairs {
        transport.push(frame.clone());
        assert_eq!(transport.queue[0].frame.as_ptr(), frame.as_ptr());
    }
    for (transport, peer) in &mut pairs {
        assert_eq!(drain(transport, peer), frame);
    }
    assert!(frame.is_unique());
}

/// The host's process must not be ended by a client that went away.
#[test]
fn no_signal_when_the_other_end_is_gone() {
    let mut pipe = SigSet::empty();
    pipe.add(Signal::SIGPIPE);
    // A blocked signal stays pending even if it is ignored, as it is in a Rust program.
    pipe.thread_block().unwrap();
    let signals = SignalFd::with_flags(&pipe, SfdFlags::SFD_NONBLOCK).unwrap();
    let (mut transport, peer) = pair();
    drop(peer);
    transport.push(pattern(0, 10));
    transport.push(pattern(10, 10));
    assert_eq!(transport.flush().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(transport.read(&mut [0; 8]).unwrap(), 0);
    assert!(signals.read_signal().unwrap().is_none());
    // The test would see it.
    nix::sys::signal::raise(Signal::SIGPIPE).unwrap();
    assert!(signals.read_signal().unwrap().is_some());
}

#[test]
fn who_is_at_the_other_end() {
    let (transport, _peer) = pair();
    assert_eq!(transport.peer_uid(), Some(nix::unistd::getuid().as_raw()));
    assert!(transport.take_error().unwrap().is_none());
}

#[test]
fn tcp_is_set_up_for_latency() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    server.set_nonblocking(true).unwrap();
    let mut transport = Transport::new(Socket::Tcp(TcpStream::from_std(server)));
    assert!(getsockopt(&transport, sockopt::TcpNoDelay).unwrap());
    assert_eq!(getsockopt(&transport, TcpNotSentLowat).unwrap(), NOT_SENT_BYTES);
    assert_eq!(transport.peer_uid(), None);
    let kind = transport.read(&mut [0; 8]).unwrap_err().kind();
    assert_eq!(kind, io::ErrorKind::WouldBlock);
    transport.push(pattern(0, 1000));
    assert_eq!(transport.flush().unwrap(), Flush::Done);
    transport.shutdown_write().unwrap();
    let mut bytes = Vec::new();
    (&client).read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, pattern(0, 1000));
}

fn config() -> Option<WebSocketConfig> {
    Some(WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0))
}

/// All messages there are.
fn messages(context: &mut WebSocketContext, transport: &mut Transport) -> Vec<Message> {
    let mut found = Vec::new();
    loop {
        match context.read(transport) {
            Ok(message) => found.push(message),
            Err(Error::Io(e)) if e.kind() == io::ErrorKind::WouldBlock => return found,
            Err(Error::ConnectionClosed) => return found,
            Err(e) => panic!("{e}"),
        }
    }
}

#[test]
fn frames_and_pongs_keep_their_order() {
    let (a, b) = UnixStream::pair().unwrap();
    let (mut near, mut far) = (Transport::new(Socket::Unix(a)), Transport::new(Socket::Unix(b)));
    let mut server = WebSocketContext::new(Role::Server, config());
    let mut client = WebSocketContext::new(Role::Client, config());
    let mut expected = Vec::new();
    for n in 0..100u8 {
        let text = n.to_string();
        near.push(frame(Opcode::Text, &[text.as_bytes()]));
        expected.push(Message::text(text));
        if n % 3 == 0 {
            client.write(&mut far, Message::Ping(Bytes::copy_from_slice(&[n]))).unwrap();
            assert_eq!(far.flush().unwrap(), Flush::Done);
            assert_eq!(messages(&mut server, &mut near).len(), 1);
            expected.push(Message::Pong(Bytes::copy_from_slice(&[n])));
        }
        if n % 7 == 0 {
            let large = vec![n; usize::from(n) * 100];
            near.push(frame(Opcode::Binary, &[&large]));
            expected.push(Message::binary(large));
        }
    }
    assert_eq!(near.total_written(), 0, "tungstenite does not flush");
    let mut received = Vec::new();
    while near.flush().unwrap() == Flush::Blocked {
        received.extend(messages(&mut client, &mut far));
    }
    received.extend(messages(&mut client, &mut far));
    assert_eq!(received, expected);
}

#[test]
fn closing_is_an_exchange() {
    let (a, b) = UnixStream::pair().unwrap();
    let (mut near, mut far) = (Transport::new(Socket::Unix(a)), Transport::new(Socket::Unix(b)));
    let mut server = WebSocketContext::new(Role::Server, config());
    let mut client = WebSocketContext::new(Role::Client, config());
    near.push(frame(Opcode::Text, &[b"last"]));
    server.close(&mut near, None).unwrap();
    assert_eq!(near.flush().unwrap(), Flush::Done);
    assert_eq!(messages(&mut client, &mut far), [Message::text("last"), Message::Close(None)]);
    assert_eq!(far.flush().unwrap(), Flush::Done);
    assert_eq!(messages(&mut server, &mut near), [Message::Close(None)]);
    assert!(!server.can_read());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What comes out is what went in, however it is pushed, written and read.
    #[test]
    fn content_survives(
        steps in prop::collection::vec(
            (prop_oneof![0..5usize, 0..300usize, 0..20_000usize], any::<bool>(), 0..12_000usize),
            1..200,
        )
    ) {
        let (mut transport, mut peer) = pair();
        let (mut pushed, mut received) = (0, Vec::new());
        for (length, copied, reading) in steps {
            let bytes = pattern(pushed, length);
            if copied {
                prop_assert_eq!(transport.write(&bytes).unwrap(), length);
            } else {
                transport.push(bytes);
            }
            pushed += length;
            if reading > 0 {
                let state = transport.flush().unwrap();
                prop_assert_eq!(state == Flush::Done, transport.queued_bytes() == 0);
                received.extend(take(&mut peer, reading));
            }
            let queued: usize = transport.queue.iter().map(|queued| queued.frame.len()).sum();
            prop_assert_eq!(transport.queued_bytes(), queued);
            prop_assert_eq!(transport.total_written() as usize + queued, pushed);
        }
        received.extend(drain(&mut transport, &mut peer));
        prop_assert_eq!(Bytes::from(received), pattern(0, pushed));
    }
}
