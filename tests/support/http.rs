//! Requests for pages over a socket, and the responses to them.

#![allow(dead_code)] // Every test binary uses another part of it.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::client::WATCHDOG;

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// By their names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A connection that asks for pages.
pub(crate) struct Http<S = TcpStream> {
    pub(crate) stream: S,
    host: String,
}

impl Http {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        stream.set_write_timeout(Some(WATCHDOG)).unwrap();
        Http { stream, host: address.to_string() }
    }
}

impl<S: Read + Write> Http<S> {
    /// Over a socket that is connected.
    pub(crate) fn over(stream: S, host: &str) -> Self {
        Http { stream, host: host.into() }
    }

    /// Sends a request with more header lines, each ending with CRLF.
    pub(crate) fn ask(&mut self, method: &str, path: &str, more: &str) {
        let host = &self.host;
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n");
        self.stream.write_all(head.as_bytes()).unwrap();
    }

    /// The next response. `has_body`: it is none to HEAD.
    pub(crate) fn response(&mut self, has_body: bool) -> Response {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).expect("a response");
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
        let headers: BTreeMap<String, String> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; if has_body { length } else { 0 }];
        self.stream.read_exact(&mut body).expect("a body");
        Response { status, headers, body }
    }

    pub(crate) fn get(&mut self, path: &str, more: &str) -> Response {
        self.ask("GET", path, more);
        self.response(true)
    }

    /// Whether the server has ended the connection, which is waited for, and what it sent before.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest);
        rest
    }
}
