//! One client that blocks.

use std::io::ErrorKind::{BrokenPipe, ConnectionReset};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use crate::wire::{self, BINARY, CLOSE, TEXT};

const BUFFER_BYTES: usize = 1 << 20;
/// Output frames of our server begin with kind, flags, terminal and offset.
pub(crate) const OUTPUT_HEADER: usize = 18;

/// See the module's documentation.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    out: Vec<u8>,
}

/// What came.
pub(crate) enum Incoming<'a> {
    Text(&'a [u8]),
    Binary(&'a [u8]),
    /// The server closes, or has closed.
    Closed,
}

/// A frame with output of our server.
pub(crate) struct Output<'a> {
    pub(crate) terminal: u64,
    pub(crate) offset: u64,
    pub(crate) bytes: &'a [u8],
}

pub(crate) fn output(frame: &[u8]) -> Output<'_> {
    assert_eq!(frame[..2], [0x10, 0], "a frame that is not output");
    Output {
        terminal: u64::from_le_bytes(frame[2..10].try_into().unwrap()),
        offset: u64::from_le_bytes(frame[10..18].try_into().unwrap()),
        bytes: &frame[OUTPUT_HEADER..],
    }
}

impl Client {
    /// Connects to a peer, which has a terminal at each path.
    pub(crate) fn open(address: SocketAddr, path: &str) -> Self {
        Client::over(wire::open(address, path, ""))
    }

    /// Connects to our server and says hello; `fields` begin with a comma or are empty.
    pub(crate) fn hello(address: SocketAddr, token: &str, fields: &str) -> Self {
        let mut client = Client::over(wire::open(address, "/", &wire::protocols(token)));
        client.text(&format!(r#"{{"type":"hello"{fields}}}"#));
        client.wait_for("welcome");
        client
    }

    /// Attaches from the oldest byte that is kept.
    pub(crate) fn attach(&mut self, terminal: u64) {
        self.text(&format!(
            r#"{{"type":"attach","terminal":{terminal},"mode":"lossless","start":"oldest"}}"#
        ));
        self.wait_for("attached");
    }

    fn over(stream: TcpStream) -> Self {
        Client { stream, buffer: vec![0; BUFFER_BYTES], at: 0, end: 0, out: Vec::new() }
    }

    fn wait_for(&mut self, kind: &str) {
        loop {
            match self.next() {
                Incoming::Text(text) if wire::has(text, &format!(r#""type":"{kind}""#)) => return,
                Incoming::Text(text) => {
                    assert!(!wire::has(text, r#""type":"error""#), "{}", text.escape_ascii());
                }
                Incoming::Binary(_) => {}
                Incoming::Closed => panic!("closed instead of {kind}"),
            }
        }
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.send(TEXT, text.as_bytes());
    }

    pub(crate) fn binary(&mut self, payload: &[u8]) {
        self.send(BINARY, payload);
    }

    fn send(&mut self, opcode: u8, payload: &[u8]) {
        self.out.clear();
        wire::put_frame(opcode, payload, &mut self.out);
        match self.stream.write_all(&self.out) {
            Ok(()) => {}
            // One that was cut meanwhile, at the end of a section; the next read says so.
            Err(e) if matches!(e.kind(), BrokenPipe | ConnectionReset) => {}
            Err(e) => panic!("{e}"),
        }
    }

    pub(crate) fn credit(&mut self, terminal: u64, offset: u64) {
        self.text(&format!(r#"{{"type":"credit","terminal":{terminal},"offset":{offset}}}"#));
    }

    /// The next frame.
    pub(crate) fn next(&mut self) -> Incoming<'_> {
        let (opcode, payload) = loop {
            match wire::parse(&self.buffer[self.at..self.end]) {
                Some((opcode, payload)) => {
                    let start = self.at;
                    self.at += payload.end;
                    break (opcode, start + payload.start..start + payload.end);
                }
                None if !self.fill() => return Incoming::Closed,
                None => {}
            }
        };
        let payload = &self.buffer[payload];
        match opcode {
            TEXT => Incoming::Text(payload),
            // A continuation is of a binary message: nobody here cuts texts.
            BINARY | 0 => Incoming::Binary(payload),
            CLOSE => Incoming::Closed,
            other => panic!("a frame with opcode {other}"),
        }
    }

    /// Reads more. Whether there was any.
    fn fill(&mut self) -> bool {
        if self.at > 0 {
            self.buffer.copy_within(self.at..self.end, 0);
            (self.at, self.end) = (0, self.end - self.at);
        }
        match self.stream.read(&mut self.buffer[self.end..]) {
            Ok(read) => {
                self.end += read;
                read > 0
            }
            Err(error) if error.kind() == ConnectionReset => false,
            Err(error) => panic!("nothing comes: {error}"),
        }
    }

    /// Ends the connection from another thread.
    pub(crate) fn breaker(&self) -> Breaker {
        Breaker(self.stream.try_clone().unwrap())
    }
}

/// See [`Client::breaker`].
pub(crate) struct Breaker(TcpStream);

impl Breaker {
    pub(crate) fn end(&self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
