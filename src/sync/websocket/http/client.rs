//! The client's side of the handshake, for the outbound peer: the request, and the response to it.

use std::borrow::Cow;

use tungstenite::handshake::derive_accept_key;

use super::{
    Collected, Collector, HEADERS_MAX, Key, TOKEN_PREFIX, elements, is_token, lists, single,
};
use crate::error::{Error, Result};

/// The request for a WebSocket. `host` is what stands in the Host header, `path` may have a query.
/// Refuses text that would not be a single header line with
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
pub(crate) fn request(host: &str, path: &str, key: &Key, protocols: &[&str]) -> Result<Vec<u8>> {
    let graphic = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    if !graphic(host) {
        return Err(Error::invalid("host: graphic ASCII only"));
    }
    if !graphic(path) || !path.starts_with('/') || path.contains('#') {
        return Err(Error::invalid("path: begins with a slash, graphic ASCII, no fragment"));
    }
    if !protocols.iter().all(|protocol| is_token(protocol)) {
        return Err(Error::invalid("protocols: tokens of HTTP only"));
    }
    let key = str::from_utf8(key).map_err(|_| Error::invalid("key: base64"))?;
    let mut text = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
    );
    if !protocols.is_empty() {
        text += &format!("Sec-WebSocket-Protocol: {}\r\n", protocols.join(", "));
    }
    text += "\r\n";
    Ok(text.into_bytes())
}

/// The connection is a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// What the server chose from what was offered.
    pub(crate) protocol: Option<String>,
}

/// Bytes of the body of a refusal that are read: its first line says why.
const BODY_BYTES_MAX: usize = 1024;

/// The connection is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejected {
    /// The status other than 101 that a server answered with; `None` if its answer was malformed.
    pub(crate) status: Option<u16>,
    /// One line for a person.
    pub(crate) reason: Cow<'static, str>,
}

impl Rejected {
    fn malformed(reason: impl Into<Cow<'static, str>>) -> Self {
        Rejected { status: None, reason: reason.into() }
    }
}

/// What came of the bytes so far.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ResponseState {
    /// The head goes on.
    Partial,
    Complete(Accepted),
    Bad(Rejected),
}

/// A response head as it comes in, and what it must say.
pub(crate) struct ResponseBuffer {
    collector: Collector,
    accept: String,
    offered: Vec<String>,
}

impl ResponseBuffer {
    /// For a request with this key and these protocols. A server must not choose an entry with a token.
    pub(crate) fn new(key: &Key, protocols: &[&str]) -> Self {
        let offered = protocols.iter().filter(|protocol| !protocol.starts_with(TOKEN_PREFIX));
        ResponseBuffer {
            collector: Collector::default(),
            accept: derive_accept_key(key),
            offered: offered.map(|protocol| protocol.to_string()).collect(),
        }
    }

    /// Takes bytes as they were read. Not to be called again after anything but
    /// [`Partial`](ResponseState::Partial).
    pub(crate) fn push(&mut self, bytes: &[u8]) -> ResponseState {
        let outcome = match self.collector.push(bytes) {
            Collected::Partial => return ResponseState::Partial,
            Collected::Whole if self.waits_for_body() => return ResponseState::Partial,
            Collected::Whole => self.parse(),
            Collected::Malformed => Err(Rejected::malformed("not an HTTP/1.1 response")),
            Collected::TooLarge => Err(Rejected::malformed("the response head is too large")),
        };
        outcome.map_or_else(ResponseState::Bad, ResponseState::Complete)
    }

    /// What came behind the head: the first bytes of the WebSocket.
    pub(crate) fn rest(self) -> Vec<u8> {
        self.collector.rest()
    }

    /// No more comes: what the server has said, if it has said anything.
    pub(crate) fn refusal(&self) -> Option<Rejected> {
        if self.collector.length == 0 { None } else { self.parse().err() }
    }

    /// Whether the body of a refusal is still to come.
    fn waits_for_body(&self) -> bool {
        self.body_length().is_some_and(|length| self.body().len() < length)
    }

    /// Bytes of the text that comes with a refusal, as far as it is read.
    fn body_length(&self) -> Option<usize> {
        let mut slots = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut raw = httparse::Response::new(&mut slots);
        raw.parse(self.collector.head()).ok()?;
        let headers = &*raw.headers;
        let is_text = single(headers, "content-type").ok()??.starts_with("text/plain");
        let length: usize = single(headers, "content-length").ok()??.parse().ok()?;
        (is_text && raw.code != Some(101)).then_some(length.min(BODY_BYTES_MAX))
    }

    fn body(&self) -> &[u8] {
        self.collector.bytes.get(self.collector.length..).unwrap_or_default()
    }

    /// The first line of a refusal's text. It is shown to a person, so nothing but text passes.
    fn reason(&self) -> Cow<'static, str> {
        let body = self.body().get(..self.body_length().unwrap_or(0)).unwrap_or(self.body());
        let line = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let is_text = |byte: &&u8| (b' '..=b'~').contains(*byte);
        let line: String = line.iter().filter(is_text).map(|byte| char::from(*byte)).collect();
        match line.trim() {
            "" => "the server refused".into(),
            line => format!("the server refused: {line}").into(),
        }
    }

    fn parse(&self) -> std::result::Result<Accepted, Rejected> {
        let head = self.collector.head();
        let mut slots = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut raw = httparse::Response::new(&mut slots);
        match raw.parse(head) {
            Ok(httparse::Status::Complete(length)) if length == head.len() => {}
            _ => return Err(Rejected::malformed("not an HTTP/1.1 response")),
        }
        match (raw.version, raw.code) {
            (Some(1), Some(101)) => {}
            (_, status) => return Err(Rejected { status, reason: self.reason() }),
        }
        let headers = &*raw.headers;
        if !lists(headers, "upgrade", "websocket") || !lists(headers, "connection", "upgrade") {
            return Err(Rejected::malformed("the server switched to something else"));
        }
        let once =
            |name| single(headers, name).map_err(|refusal| Rejected::malformed(refusal.reason));
        if once("sec-websocket-accept")? != Some(self.accept.as_str()) {
            return Err(Rejected::malformed("the server did not answer this handshake"));
        }
        if elements(headers, "sec-websocket-extensions").next().is_some() {
            return Err(Rejected::malformed("the server chose an extension that was not offered"));
        }
        let protocol = once("sec-websocket-protocol")?;
        if protocol.is_some_and(|protocol| !self.offered.iter().any(|o| o == protocol)) {
            return Err(Rejected::malformed("the server chose a protocol that was not offered"));
        }
        Ok(Accepted { protocol: protocol.map(String::from) })
    }
}
