//! Tests of frames, most of them beside tungstenite's own reader.

use std::io::Write;

use proptest::prelude::*;
use tungstenite::error::{CapacityError, Error, ProtocolError};
use tungstenite::protocol::{Role as TheirRole, WebSocketConfig, WebSocketContext};
use tungstenite::{Bytes, Message};

use super::fuzz::{all, fuzz};
use super::message::SMALL_BYTES;
use super::*;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
/// Messages in the tests beside tungstenite.
const MAX: usize = 2000;

/// A frame; masked, if it goes to a server.
fn frame(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let header = FrameHeader { mask, opcode: OpCode::Data(Data::Binary), ..FrameHeader::default() };
    let frame = Frame::from_payload(header, Bytes::copy_from_slice(payload));
    let mut bytes = Vec::from(bytes_of(frame));
    bytes[0] = first;
    bytes
}

fn server(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, payload, Some(MASK))
}

fn text(text: &str) -> Step {
    Step::Message(Payload::Text(text.into()))
}

/// Steps up to the end or an error, of a server with messages up to `max`.
fn run(max: usize, bytes: &[u8]) -> (Vec<Step>, Result<(), Broken>) {
    all(Frames::new(Role::Server, max), bytes)
}

#[test]
fn each_rule() {
    let long_form =
        |first: u8, form: u8, length: &[u8]| [&[first, 0x80 | form], length, &MASK].concat();
    type Row = (&'static str, Vec<u8>, Result<Vec<Step>, Broken>);
    let rows: Vec<Row> = vec![
        ("a text", server(0x81, b"ab"), Ok(vec![text("ab")])),
        ("an empty text", server(0x81, b""), Ok(vec![text("")])),
        ("a ping", server(0x89, b"x"), Ok(vec![Step::Ping(Bytes::from_static(b"x"))])),
        ("a pong", server(0x8a, b"x"), Ok(vec![Step::Pong])),
        ("a close", server(0x88, b""), Ok(vec![Step::Close(None)])),
        ("not masked", frame(0x81, b"", None), Err(Broken::Protocol)),
        ("7 bits would do", long_form(0x81, 126, &[0, 125]), Err(Broken::Protocol)),
        ("16 bits would do", long_form(0x81, 127, &65_535u64.to_be_bytes()), Err(Broken::Protocol)),
        ("a claim", long_form(0x81, 127, &u64::MAX.to_be_bytes()), Err(Broken::TooBig)),
        ("too large", server(0x82, &[0; 301]), Err(Broken::TooBig)),
        ("as large as may be", server(0x8a, &[0; 125]), Ok(vec![Step::Pong])),
        ("a large ping", server(0x89, &[0; 126]), Err(Broken::Protocol)),
        ("a ping in fragments", server(0x09, b""), Err(Broken::Protocol)),
        ("half a code", server(0x88, &[3]), Err(Broken::Protocol)),
        ("a reason that is no text", server(0x88, &[3, 0xe8, 0xff]), Err(Broken::NotUtf8)),
        ("no text", server(0x81, b"\xff"), Err(Broken::NotUtf8)),
        ("half a character", server(0x81, b"\xc3"), Err(Broken::NotUtf8)),
        ("a continuation of nothing", server(0x80, b""), Err(Broken::Protocol)),
    ];
    for (row, bytes, expected) in rows {
        let (steps, outcome) = run(300, &bytes);
        assert_eq!(outcome.map(|()| steps), expected, "{row}");
    }
    for bits in [0xc1, 0xa1, 0x91, 0x83, 0x87, 0x8b, 0x8f] {
        assert_eq!(run(300, &server(bits, b"")).1, Err(Broken::Protocol), "{bits:#x}");
    }
    let within = [server(0x01, b"a"), server(0x81, b"b")].concat();
    assert_eq!(run(300, &within), (vec![Step::Fragment], Err(Broken::Protocol)));
    let client = all(Frames::new(Role::Client, 300), &server(0x81, b""));
    assert_eq!(client.1, Err(Broken::Protocol), "masked");
}

/// A call takes in one frame, however many there are, and a message has so many of them at most.
#[test]
fn fragments_are_counted() {
    let fragments = |count: u32| {
        let mut bytes = server(0x01, b"");
        (2..count).for_each(|_| bytes.extend(server(0x00, b"")));
        bytes.extend(server(0x80, b"end"));
        bytes
    };
    let (steps, outcome) = run(300, &fragments(FRAGMENTS_MAX));
    assert_eq!((steps.len(), outcome), (FRAGMENTS_MAX as usize, Ok(())));
    assert_eq!(steps.last(), Some(&text("end")));
    let (steps, outcome) = run(300, &fragments(FRAGMENTS_MAX + 1));
    assert_eq!((steps.len(), outcome), (FRAGMENTS_MAX as usize, Err(Broken::TooBig)));
    // The count is that of one message.
    let twice = [fragments(FRAGMENTS_MAX), fragments(2)].concat();
    assert_eq!(run(300, &twice).1, Ok(()));
}

/// What a header claims costs nothing, and what has come is given back with the message.
#[test]
fn memory_is_that_of_what_came() {
    let max = 1 << 20;
    let mut frames = Frames::new(Role::Server, max);
    let large = server(0x82, &vec![7; max]);
    let mut came = 0;
    for piece in large[..large.len() - 1].chunks(1000) {
        assert_eq!(frames.take(piece), (piece.len(), Ok(Step::NeedBytes)));
        came += piece.len();
        assert!(frames.held() <= came + came / 4, "{} for {came}", frames.held());
    }
    let last = frames.take(&large[large.len() - 1..]).1;
    assert_eq!(last, Ok(Step::Message(Payload::Binary(vec![7; max].into()))));
    assert_eq!((frames.held(), frames.unfinished()), (0, None));
    assert_eq!((frames.rest.capacity(), size_of::<Frames>() < 512), (0, true));
    // Who is being closed has its messages passed over.
    assert_eq!(frames.take(&server(0x02, &vec![7; 100_000])).1, Ok(Step::Fragment));
    assert_eq!(frames.held(), 100_000);
    frames.await_close();
    assert_eq!(frames.held(), 0);
    let rest = [server(0x80, b"more"), server(0x82, &[0; 50_000]), server(0x88, b"")].concat();
    let (steps, outcome) = all(frames, &rest);
    assert_eq!(outcome, Ok(()));
    assert_eq!(steps, [Step::Fragment, Step::Fragment, Step::Close(None)]);
}

/// One call of [`Frames::read`] makes one system call, and one of either takes in one frame.
#[test]
fn a_call_is_a_unit() {
    struct Counting<'a>(&'a [u8], usize);
    impl Read for Counting<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            self.0.read(buffer)
        }
    }
    let bytes = server(0x89, b"").repeat(1000);
    let mut source = Counting(&bytes, 0);
    let mut frames = Frames::new(Role::Server, 300);
    let mut scratch = [0; 100];
    for n in 0..1000 {
        let mut step = Ok(Step::NeedBytes);
        while step == Ok(Step::NeedBytes) {
            let before = source.1;
            step = if frames.has_rest() {
                frames.next()
            } else {
                frames.read(&mut source, &mut scratch).unwrap().1
            };
            assert!(source.1 <= before + 1);
        }
        assert_eq!(step, Ok(Step::Ping(Bytes::new())), "{n}");
    }
    assert_eq!(source.1, 60);
    let end = frames.read(&mut source, &mut scratch).unwrap_err();
    assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
    let mut frames = Frames::new(Role::Server, 300);
    frames.begin_with(bytes[..9].to_vec());
    assert_eq!(frames.next(), Ok(Step::Ping(Bytes::new())));
    assert_eq!((frames.next(), frames.has_rest()), (Ok(Step::NeedBytes), false));
}

#[test]
fn answers() {
    assert_eq!(&bytes_of(pong(Bytes::from_static(b"ab")))[..], b"\x8a\x02ab");
    assert_eq!(&bytes_of(close(1000, "x"))[..], b"\x88\x03\x03\xe8x");
    assert_eq!(&bytes_of(close_answer(None))[..], b"\x88\x00");
    let frame = |code: u16| CloseFrame { code: code.into(), reason: "".into() };
    assert_eq!(&bytes_of(close_answer(Some(&frame(4001))))[..], b"\x88\x02\x0f\xa1");
    for bad in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
        let answer = bytes_of(close_answer(Some(&frame(bad))));
        assert_eq!(&answer[..4], b"\x88\x14\x03\xea", "{bad}");
    }
}

/// Bytes that come in pieces, and a place for what is written.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    sizes: Vec<usize>,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes.pop().unwrap_or(usize::MAX).max(1);
        let rest = &self.bytes[self.at..];
        let count = rest.len().min(size).min(buffer.len());
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tungstenite makes of the same bytes, up to a close frame. Fragments are not reported.
fn theirs(role: TheirRole, bytes: &[u8], sizes: Vec<usize>) -> (Vec<Step>, Result<(), Broken>) {
    let config = WebSocketConfig::default().max_message_size(Some(MAX)).max_frame_size(Some(MAX));
    let mut context = WebSocketContext::new(role, Some(config));
    let mut stream = Pieces { bytes: bytes.to_vec(), at: 0, sizes };
    let mut steps = Vec::new();
    loop {
        steps.push(match context.read(&mut stream) {
            Ok(Message::Text(text)) => Step::Message(Payload::Text(text)),
            Ok(Message::Binary(bytes)) => Step::Message(Payload::Binary(bytes)),
            Ok(Message::Ping(payload)) => Step::Ping(payload),
            Ok(Message::Pong(_)) => Step::Pong,
            Ok(Message::Close(frame)) => {
                steps.push(Step::Close(frame));
                return (steps, Ok(()));
            }
            Ok(Message::Frame(frame)) => panic!("{frame}"),
            Err(Error::Io(_)) => return (steps, Ok(())),
            Err(Error::Capacity(CapacityError::MessageTooLong { .. })) => {
                return (steps, Err(Broken::TooBig));
            }
            Err(Error::Utf8(_)) => return (steps, Err(Broken::NotUtf8)),
            Err(Error::Protocol(error)) => {
                assert_ne!(error, ProtocolError::ResetWithoutClosingHandshake);
                return (steps, Err(Broken::Protocol));
            }
            Err(error) => panic!("{error}"),
        });
    }
}

/// The same from our reader, in the same pieces.
fn ours(role: Role, bytes: &[u8], sizes: Vec<usize>) -> (Vec<Step>, Result<(), Broken>) {
    let mut frames = Frames::new(role, MAX);
    let mut stream = Pieces { bytes: bytes.to_vec(), at: 0, sizes };
    let (mut steps, mut scratch) = (Vec::new(), [0; 512]);
    loop {
        let step = if frames.has_rest() {
            frames.next()
        } else {
            match frames.read(&mut stream, &mut scratch) {
                Ok((_, step)) => step,
                Err(_) => return (steps, Ok(())),
            }
        };
        match step {
            Ok(Step::NeedBytes | Step::Fragment) => {}
            // What the host learns of a code that may not be sent is up to the answer.
            Ok(Step::Close(Some(frame))) if !frame.code.is_allowed() => {
                let reason = "Protocol violation".into();
                let frame = CloseFrame { code: CloseCode::Protocol, reason };
                steps.push(Step::Close(Some(frame)));
                return (steps, Ok(()));
            }
            Ok(step @ Step::Close(_)) => {
                steps.push(step);
                return (steps, Ok(()));
            }
            Ok(step) => steps.push(step),
            Err(broken) => return (steps, Err(broken)),
        }
    }
}

/// A frame that is right more often than not.
fn some_frame() -> impl Strategy<Value = (u8, Vec<u8>, Option<u8>)> {
    let first = prop_oneof![
        8 => prop::sample::select(vec![0x81u8, 0x82, 0x01, 0x02, 0x00, 0x80, 0x00, 0x80]),
        4 => prop::sample::select(vec![0x89u8, 0x8a, 0x89]),
        1 => Just(0x88u8),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        4 => "[a-zä€😀]{0,40}".prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..130),
        1 => (0..1200usize).prop_map(|length| vec![b'x'; length]),
        1 => (1000..1016u16).prop_map(|code| code.to_be_bytes().to_vec()),
    ];
    // A bit to flip, seldom.
    let flaw = prop_oneof![20 => Just(None), 1 => any::<u8>().prop_map(Some)];
    (first, payload, flaw)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// The same messages, pings, pongs, closes and errors as tungstenite, however the bytes are cut. Two
    /// things differ: a length that could be shorter is refused, and text is checked when it is whole.
    #[test]
    fn as_tungstenite_reads(
        list in prop::collection::vec(some_frame(), 1..12),
        is_server in any::<bool>(),
        sizes in prop::collection::vec(1..400usize, 0..40),
    ) {
        let mask = is_server.then_some(MASK);
        let mut bytes = Vec::new();
        for (first, payload, flaw) in &list {
            let mut frame = frame(*first, payload, mask);
            if let Some(flaw) = flaw {
                let at = usize::from(flaw >> 3) % frame.len();
                frame[at] ^= 1 << (flaw & 7);
            }
            bytes.extend(frame);
        }
        // So that every frame is whole: they report what is wrong with one behind its payload.
        bytes.extend(frame(0x8a, b"", mask).repeat(MAX / 4));
        let (role, their_role) = if is_server {
            (Role::Server, TheirRole::Server)
        } else {
            (Role::Client, TheirRole::Client)
        };
        let (their_steps, their_outcome) = theirs(their_role, &bytes, sizes.clone());
        let (steps, outcome) = ours(role, &bytes, sizes);
        let has_long_form = list.iter().any(|(.., flaw)| flaw.is_some());
        if their_outcome == Err(Broken::NotUtf8) {
            // Nothing of that text comes out; what comes out before is the same, or a ping between fragments.
            let texts = |steps: &[Step]| {
                let is_message = |step: &&Step| matches!(step, Step::Message(_));
                steps.iter().filter(is_message).cloned().collect::<Vec<_>>()
            };
            prop_assert!(steps.starts_with(&their_steps));
            prop_assert_eq!(texts(&steps), texts(&their_steps));
        } else if has_long_form && outcome == Err(Broken::Protocol) {
            prop_assert!(their_steps.starts_with(&steps));
        } else {
            prop_assert_eq!(&steps, &their_steps);
            prop_assert_eq!(outcome, their_outcome);
        }
    }

    /// Large messages survive masks, fragments and cuts.
    #[test]
    fn content_survives(
        lengths in prop::collection::vec(0..40_000usize, 1..6),
        mask in any::<[u8; 4]>(),
        piece in 1..9000usize,
    ) {
        let total: usize = lengths.iter().sum();
        let content: Vec<u8> = (0..total).map(|n| (n % 251) as u8).collect();
        let (mut bytes, mut at) = (Vec::new(), 0);
        for (n, length) in lengths.iter().enumerate() {
            let is_last = n + 1 == lengths.len();
            let first = u8::from(is_last) << 7 | if n == 0 { 2 } else { 0 };
            bytes.extend(frame(first, &content[at..at + length], Some(mask)));
            at += length;
        }
        let mut frames = Frames::new(Role::Server, total.max(SMALL_BYTES));
        let (mut source, mut scratch) = (&bytes[..], vec![0; piece]);
        let message = loop {
            let step = if frames.has_rest() {
                frames.next()
            } else {
                frames.read(&mut source, &mut scratch).unwrap().1
            };
            if let Step::Message(message) = step.unwrap() {
                break message;
            }
        };
        prop_assert_eq!(message, Payload::Binary(content.into()));
    }

    #[test]
    fn any_bytes(
        begin in any::<[u8; 2]>(),
        list in prop::collection::vec(some_frame(), 0..8),
        noise in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let mask = (begin[0] & 1 == 0).then_some(MASK);
        let frames = list.iter().flat_map(|(first, payload, _)| frame(*first, payload, mask));
        let data: Vec<u8> = begin.into_iter().chain(frames).chain(noise).collect();
        fuzz(&data);
    }
}
