//! The client's side of WebSocket frames (RFC 6455), as little of it as is needed.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::time::Duration;

/// Nothing that is waited for takes this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;

/// The frame at the start of these bytes, if it is there whole: its opcode and where its payload is, which
/// ends where the next frame begins.
pub(crate) fn parse(bytes: &[u8]) -> Option<(u8, Range<usize>)> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    assert_eq!(second & 0x80, 0, "a server's frame is masked");
    let (length, header) = match second {
        126 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
        127 => (u64::from_be_bytes(*rest.first_chunk()?), 10),
        short => (u64::from(short), 2),
    };
    let end = header + usize::try_from(length).unwrap();
    (bytes.len() >= end).then_some((first & 0x0f, header..end))
}

/// Puts a masked frame behind what is there. The mask is the same for all: what it is against does not
/// happen here.
pub(crate) fn put_frame(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    const MASK: [u8; 4] = [0x5a, 0xc3, 0x96, 0x3c];
    out.push(0x80 | opcode);
    match u8::try_from(payload.len()) {
        Ok(short @ ..=125) => out.push(0x80 | short),
        _ => {
            out.push(0x80 | 126);
            out.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    out.extend_from_slice(&MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// Connects and upgrades. `protocols` are the subprotocols that are offered, if any.
pub(crate) fn open(address: SocketAddr, path: &str, protocols: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let offer = match protocols {
        "" => String::new(),
        protocols => format!("Sec-WebSocket-Protocol: {protocols}\r\n"),
    };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{offer}\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    // Byte by byte, so that frames that follow stay in the socket.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    stream
}

/// The subprotocols for our server: the codec that is readable, and the token.
pub(crate) fn protocols(token: &str) -> String {
    format!("orchflow.v1.json, orchflow.token.{token}")
}

/// A number that follows `"name":` in a message of the JSON codec.
pub(crate) fn number(text: &[u8], name: &str) -> Option<u64> {
    let text = std::str::from_utf8(text).unwrap();
    let (_, rest) = text.split_once(&format!("\"{name}\":"))?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

pub(crate) fn has(text: &[u8], part: &str) -> bool {
    std::str::from_utf8(text).unwrap().contains(part)
}
