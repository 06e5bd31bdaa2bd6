//! A client that is not held to any protocol: bytes over a socket, made from `docs/PROTOCOL.md`.

#![allow(dead_code)] // Every test binary uses another part of it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

use super::client::WATCHDOG;

/// The schema in the header of a message in bincode.
pub(crate) const SCHEMA: u32 = 0xe2d0_4bb1;

/// Bits and opcodes of the first byte of a frame.
pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;

/// A connection.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
}

impl Raw {
    /// Connects, and sends these bytes as far as the server takes them.
    pub(crate) fn connect(address: SocketAddr, bytes: &[u8]) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        stream.set_write_timeout(Some(WATCHDOG)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut raw = Raw { stream };
        raw.send(bytes);
        raw
    }

    /// Connects and upgrades with the codec of this name.
    pub(crate) fn upgrade(address: SocketAddr, codec: &str) -> Self {
        let head = upgrade_head(address, codec);
        let mut raw = Raw::connect(address, head.as_bytes());
        assert_eq!(raw.status(), Some(101));
        raw
    }

    /// Upgrades with the JSON codec, and authenticates.
    pub(crate) fn enter(address: SocketAddr, token: &str) -> Self {
        let mut raw = Raw::upgrade(address, "orchflow.v1.json");
        raw.json(&json!({"type": "hello", "token": token}));
        assert_eq!(raw.next_json().unwrap()["type"], "welcome");
        raw
    }

    /// Upgrades with the bincode codec, and authenticates.
    pub(crate) fn enter_bincode(address: SocketAddr, token: &str) -> Self {
        let mut raw = Raw::upgrade(address, "orchflow.v1.bincode");
        raw.frame(FIN | BINARY, &bincode_frame(&bincode_hello(token)));
        let (_, welcome) = raw.next_frame().unwrap();
        assert_eq!(welcome[..4], [1, 0, b'O', b'F']);
        assert_eq!(welcome[12], 0, "a welcome");
        raw
    }

    /// Sends bytes; that the server has closed meanwhile is found by reading.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Sends a masked frame. `first`: its flags and opcode.
    pub(crate) fn frame(&mut self, first: u8, payload: &[u8]) {
        self.send(&frame(first, payload));
    }

    /// Sends a message in JSON.
    pub(crate) fn json(&mut self, message: &Value) {
        self.frame(FIN | TEXT, message.to_string().as_bytes());
    }

    /// The status of the HTTP answer; `None` if the connection ended without one.
    pub(crate) fn status(&mut self) -> Option<u16> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.take(1)?[0]);
        }
        let text = String::from_utf8(head).unwrap();
        Some(text.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap())
    }

    /// The first byte and the payload of the next frame; `None` when the connection has ended.
    pub(crate) fn next_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let header = self.take(2)?;
        assert_eq!(header[1] & 0x80, 0, "a server does not mask");
        let length = match header[1] {
            126 => u16::from_be_bytes(self.take(2)?.try_into().unwrap()).into(),
            127 => u64::from_be_bytes(self.take(8)?.try_into().unwrap()),
            short => short.into(),
        };
        Some((header[0], self.take(usize::try_from(length).unwrap())?))
    }

    /// The next message in JSON; `None` when the connection has ended.
    pub(crate) fn next_json(&mut self) -> Option<Value> {
        loop {
            let (first, payload) = self.next_frame()?;
            if first == FIN | TEXT {
                return Some(serde_json::from_slice(&payload).unwrap());
            }
            assert_ne!(first, FIN | CLOSE, "closed: {payload:?}");
        }
    }

    /// The code of the close frame; `None` if the connection just ended. Passes over what comes before.
    pub(crate) fn close_code(&mut self) -> Option<u16> {
        loop {
            let (first, payload) = self.next_frame()?;
            if first == FIN | CLOSE {
                return Some(u16::from_be_bytes([payload[0], payload[1]]));
            }
        }
    }

    /// Waits until the server has ended the connection. A reset is an end.
    pub(crate) fn wait_end(&mut self) {
        while self.take(1).is_some() {}
    }

    fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        match self.stream.read_exact(&mut bytes) {
            Ok(()) => Some(bytes),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => panic!("nothing came"),
            Err(_) => None,
        }
    }
}

/// A request that is upgraded.
pub(crate) fn upgrade_head(address: SocketAddr, codec: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: {codec}\r\n\r\n"
    )
}

/// A frame with the mask that changes nothing.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first, payload.len() as u64);
    frame.extend_from_slice(payload);
    frame
}

/// The header of a masked frame that claims this length.
pub(crate) fn header(first: u8, length: u64) -> Vec<u8> {
    let mut header = vec![first];
    match length {
        0..126 => header.push(0x80 | length as u8),
        126..0x1_0000 => {
            header.push(0x80 | 126);
            header.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            header.push(0x80 | 127);
            header.extend_from_slice(&length.to_be_bytes());
        }
    }
    header.extend_from_slice(&[0; 4]);
    header
}

/// A message in bincode in its envelope.
pub(crate) fn bincode_frame(message: &[u8]) -> Vec<u8> {
    let mut frame = vec![1, 0, b'O', b'F'];
    frame.extend_from_slice(&SCHEMA.to_le_bytes());
    frame.extend_from_slice(&(message.len() as u32).to_le_bytes());
    frame.extend_from_slice(message);
    frame
}

/// A hello that wants nothing.
pub(crate) fn bincode_hello(token: &str) -> Vec<u8> {
    let mut hello = vec![0, 1, token.len() as u8];
    hello.extend_from_slice(token.as_bytes());
    hello.extend_from_slice(&[0, 0, 0, 0, 0, 0]);
    hello
}

/// A raw deflate stream.
pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
