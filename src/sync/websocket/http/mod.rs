//! HTTP heads: what stands before a connection is a WebSocket. Pure.
//!
//! [`HeadBuffer`] collects a request and [`client::ResponseBuffer`] a response. Each byte is looked at
//! once as it comes, and a head is parsed once, when its empty line is there: a client that sends single
//! bytes costs no more than others. What [`Collector`] lets through has CRLF at the end of every line, no
//! other control bytes than tabs, and no folded line, so nobody downstream can read a head differently.
//!
//! Two things are understood because RFC 9112 wants it: one empty line before a request, and a target that is
//! a whole address, if it names the same host as the Host header.
//!
//! Deliberately absent: bodies of requests, methods other than GET and, for [`page`]s and [`report`]s, HEAD; HTTP/1.0, chunked
//! encoding. A head that could be understood in two ways is refused, never repaired.

pub(crate) mod client;
pub(crate) mod page;
pub(crate) mod report;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httparse::Header;
use tungstenite::handshake::derive_accept_key;

use page::PageRequest;

/// Bytes of a head, its empty line included.
pub(crate) const HEAD_BYTES_MAX: usize = 8 << 10;
pub(crate) const HEADERS_MAX: usize = 64;
/// Subprotocols that a client may offer: each costs an allocation.
pub(crate) const PROTOCOLS_MAX: usize = 16;
/// What a subprotocol that carries a token begins with. Such an entry is a secret: it is never echoed, and
/// never shown.
pub(crate) const TOKEN_PREFIX: &str = "orchflow.token.";

/// Text of `Sec-WebSocket-Key`: 16 random bytes in base64.
pub(crate) type Key = [u8; 24];

/// Why a connection does not become what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The HTTP status, 400 to 599.
    pub(crate) status: u16,
    /// For a person: what was wrong. Says nothing about what would have been accepted. The first line is
    /// logged.
    pub(crate) reason: Cow<'static, str>,
    /// Whether the reason is sent: not in reply to HEAD.
    has_text: bool,
    /// The methods that would have been accepted, for 405; else empty.
    allow: &'static str,
}

impl Refusal {
    pub(crate) const fn new(status: u16, reason: &'static str) -> Self {
        Refusal { status, reason: Cow::Borrowed(reason), has_text: true, allow: "" }
    }

    /// A reason that says what was asked for.
    pub(crate) const fn about(status: u16, reason: String) -> Self {
        Refusal { status, reason: Cow::Owned(reason), has_text: true, allow: "" }
    }

    /// The same in reply to HEAD, if it is that.
    pub(crate) fn in_reply_to_head(self, is_head: bool) -> Self {
        Refusal { has_text: !is_head, ..self }
    }

    /// The method is none that a listener has; only one with pages has HEAD.
    fn method(serves_pages: bool) -> Self {
        if serves_pages {
            Refusal { allow: "GET, HEAD", ..Refusal::new(405, "only GET and HEAD") }
        } else {
            Refusal { allow: "GET", ..Refusal::new(405, "only GET") }
        }
    }

    /// What is logged of it.
    pub(crate) fn line(&self) -> &str {
        self.reason.lines().next().unwrap_or_default()
    }

    /// The status as text, for counts.
    pub(crate) fn status_text(&self) -> &'static str {
        match self.status {
            400 => "400",
            401 => "401",
            403 => "403",
            404 => "404",
            405 => "405",
            408 => "408",
            413 => "413",
            426 => "426",
            429 => "429",
            431 => "431",
            503 => "503",
            _ => "other",
        }
    }

    pub(crate) const fn bad(reason: &'static str) -> Self {
        Refusal::new(400, reason)
    }

    /// The answer to a plain request of a listener without pages, where somebody may read it in a browser, and to a
    /// version other than 13.
    pub(crate) const UPGRADE_REQUIRED: Refusal = Refusal::new(
        426,
        "this is a WebSocket endpoint (version 13) of an OrchFlow engine\n\n\
         It serves terminals and files to clients. To use a terminal of it:\n\n    \
         orchflow-demo attach ADDRESS\n\n\
         where ADDRESS is the line that its `orchflow-demo serve` has printed, with the token.\n\
         Programs speak the subprotocols orchflow.v1.json and orchflow.v1.bincode\n\
         (docs/PROTOCOL.md).",
    );
    const TOO_LARGE: Refusal = Refusal::new(431, "the request head is too large");
}

/// A request that is well formed. Who sent it is a question for [`crate::sync::access::origin`] and [`crate::sync::access::tokens`].
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// Begins with `/`; graphic ASCII, percent signs as they came. Without the host of a whole address.
    pub(crate) path: String,
    /// As it came, graphic ASCII.
    pub(crate) host: String,
    /// As it came, graphic ASCII and spaces; browsers always send it with a WebSocket.
    pub(crate) origin: Option<String>,
    /// Whether it asks for a WebSocket; then there is a key, and the version is 13.
    pub(crate) upgrade: bool,
    pub(crate) key: Option<Key>,
    /// All that were offered, in the client's order of preference.
    pub(crate) protocols: Vec<String>,
    /// What it asks for if it asks for a page or a report: no WebSocket, of a listener that has such.
    pub(crate) page: Option<PageRequest>,
    /// The text of a token that came with such a request, not checked yet.
    pub(crate) bearer: Option<String>,
}

/// Shows no token.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |protocol: &String| match protocol.starts_with(TOKEN_PREFIX) {
            true => format!("{TOKEN_PREFIX}..."),
            false => protocol.clone(),
        };
        f.debug_struct("Request")
            .field("path", &self.path)
            .field("host", &self.host)
            .field("origin", &self.origin)
            .field("upgrade", &self.upgrade)
            .field("protocols", &self.protocols.iter().map(shown).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// What came of the bytes so far.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HeadState {
    /// The head goes on.
    Partial,
    Complete(Request),
    Bad(Refusal),
}

/// A request head as it comes in.
pub(crate) struct HeadBuffer {
    collector: Collector,
    serves_pages: bool,
    /// What came behind the request before this one, and was not pushed yet.
    early: Vec<u8>,
}

impl HeadBuffer {
    /// `serves_pages`: a request may ask for a page or a report.
    pub(crate) fn new(serves_pages: bool) -> Self {
        let collector = Collector { seen: Seen::Nothing, ..Collector::default() };
        HeadBuffer { collector, serves_pages, early: Vec::new() }
    }

    /// For the request after one for a page. `early` came behind that one: [`push`](Self::push) it first, by
    /// [`take_early`](Self::take_early).
    pub(crate) fn next_request(early: Vec<u8>) -> Self {
        HeadBuffer { early, ..HeadBuffer::new(true) }
    }

    pub(crate) fn take_early(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.early)
    }

    /// Takes bytes as they were read. Not to be called again after anything but
    /// [`Partial`](HeadState::Partial).
    pub(crate) fn push(&mut self, bytes: &[u8]) -> HeadState {
        let outcome = match self.collector.push(bytes) {
            Collected::Partial => return HeadState::Partial,
            Collected::Whole => parse(self.collector.head(), self.serves_pages),
            Collected::Malformed => Err(Refusal::bad("not an HTTP/1.1 request")),
            Collected::TooLarge => Err(Refusal::TOO_LARGE),
        };
        outcome.map_or_else(HeadState::Bad, HeadState::Complete)
    }

    /// Whether nothing has come.
    pub(crate) fn is_empty(&self) -> bool {
        self.collector.bytes.is_empty() && self.early.is_empty()
    }

    /// What came behind the head: the first bytes of the WebSocket, or of the next request.
    pub(crate) fn rest(self) -> Vec<u8> {
        self.collector.rest()
    }
}

/// How much of the empty line at the end has been seen.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Seen {
    /// Nothing of a request: one empty line may come before it.
    Nothing,
    /// CR of that line.
    Early,
    /// Within a line.
    Text,
    /// CR behind text.
    Return,
    /// A new line begins. A head begins so too, which makes an empty line in front of it its end.
    #[default]
    Line,
    /// CR at the beginning of a line.
    Last,
}

enum Collected {
    Partial,
    Whole,
    Malformed,
    TooLarge,
}

/// Bytes up to an empty line, and what came with the last of them.
#[derive(Default)]
struct Collector {
    bytes: Vec<u8>,
    /// Where the head begins: behind an empty line.
    start: usize,
    /// Where the head ends; 0 until its end was seen.
    length: usize,
    seen: Seen,
}

impl Collector {
    fn push(&mut self, bytes: &[u8]) -> Collected {
        if self.length > 0 {
            self.bytes.extend_from_slice(bytes);
            return Collected::Whole;
        }
        let room = HEAD_BYTES_MAX - self.bytes.len();
        for (index, byte) in bytes.iter().take(room).enumerate() {
            self.seen = match (self.seen, byte) {
                (Seen::Nothing, b'\r') => Seen::Early,
                (Seen::Early, b'\n') => {
                    self.start = self.bytes.len() + index + 1;
                    Seen::Line
                }
                (Seen::Text, b'\r') => Seen::Return,
                (Seen::Return, b'\n') => Seen::Line,
                (Seen::Line, b'\r') => Seen::Last,
                (Seen::Last, b'\n') => {
                    self.length = self.bytes.len() + index + 1;
                    self.bytes.extend_from_slice(bytes);
                    return Collected::Whole;
                }
                (Seen::Text, b'\t' | b' '..=b'~' | 0x80..) => Seen::Text,
                // No space here: a folded line belongs to the one above for some, to none for others.
                (Seen::Line | Seen::Nothing, b'!'..=b'~' | 0x80..) => Seen::Text,
                _ => return Collected::Malformed,
            };
        }
        if bytes.len() >= room {
            return Collected::TooLarge;
        }
        self.bytes.extend_from_slice(bytes);
        Collected::Partial
    }

    fn head(&self) -> &[u8] {
        self.bytes.get(self.start..self.length).unwrap_or_default()
    }

    fn rest(mut self) -> Vec<u8> {
        self.bytes.drain(..self.length);
        self.bytes
    }
}

fn parse(head: &[u8], serves_pages: bool) -> Result<Request, Refusal> {
    let is_head = head.starts_with(b"HEAD ");
    let request = parse_request(head, is_head, serves_pages);
    request.map_err(|refusal| refusal.in_reply_to_head(is_head))
}

fn parse_request(head: &[u8], is_head: bool, serves_pages: bool) -> Result<Request, Refusal> {
    let mut slots = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut raw = httparse::Request::new(&mut slots);
    match raw.parse(head) {
        Ok(httparse::Status::Complete(length)) if length == head.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::TOO_LARGE),
        Err(httparse::Error::Version) => return Err(Refusal::bad("not HTTP/1.1")),
        _ => return Err(Refusal::bad("not an HTTP/1.1 request")),
    }
    if raw.version != Some(1) {
        return Err(Refusal::bad("not HTTP/1.1"));
    }
    if raw.method != Some("GET") && !(is_head && serves_pages) {
        return Err(Refusal::method(serves_pages));
    }
    read_request(&raw, is_head, serves_pages)
}

fn read_request(
    raw: &httparse::Request<'_, '_>,
    is_head: bool,
    serves_pages: bool,
) -> Result<Request, Refusal> {
    let (authority, path) = target(raw.path.unwrap_or_default())?;
    let headers = &*raw.headers;
    refuse_body(headers)?;
    let host = single(headers, "host")?.filter(|host| !host.is_empty());
    if let (Some(authority), Some(host)) = (authority, host)
        && !authority.eq_ignore_ascii_case(host)
    {
        return Err(Refusal::bad("the request target and Host differ"));
    }
    let key = single(headers, "sec-websocket-key")?;
    let version = single(headers, "sec-websocket-version")?;
    let upgrade = !is_head
        && lists(headers, "upgrade", "websocket")
        && lists(headers, "connection", "upgrade");
    if upgrade && version != Some("13") {
        return Err(Refusal::UPGRADE_REQUIRED);
    }
    Ok(Request {
        path: path.to_string(),
        host: host.ok_or(Refusal::bad("no Host"))?.to_string(),
        origin: single(headers, "origin")?.map(String::from),
        upgrade,
        key: if upgrade { Some(parse_key(key)?) } else { None },
        protocols: protocols(headers)?,
        page: (serves_pages && !upgrade).then(|| PageRequest::read(headers, is_head)),
        bearer: if serves_pages && !upgrade { report::bearer(headers)? } else { None },
    })
}

/// The path of a target, and its authority if it is a whole address; that has to be the same as the Host, since
/// only the Host is checked. What comes behind `?` means nothing here.
fn target(target: &str) -> Result<(Option<&str>, &str), Refusal> {
    let no_path = || Refusal::bad("the request target is no path");
    if !target.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
        return Err(no_path());
    }
    let without_query = target.split_once('?').map_or(target, |(path, _)| path);
    if without_query.starts_with('/') {
        return Ok((None, without_query));
    }
    let (scheme, rest) = without_query.split_once("://").ok_or_else(no_path)?;
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err(no_path());
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    Ok((Some(authority), if path.is_empty() { "/" } else { path }))
}

fn refuse_body(headers: &[Header<'_>]) -> Result<(), Refusal> {
    if single(headers, "transfer-encoding")?.is_some() {
        return Err(Refusal::bad("no body is taken"));
    }
    match single(headers, "content-length")? {
        None | Some("0") => Ok(()),
        Some(length) if !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit()) => {
            Err(Refusal::new(413, "no body is taken"))
        }
        Some(_) => Err(Refusal::bad("malformed Content-Length")),
    }
}

/// Values of all lines of a header.
fn values<'h>(
    headers: &'h [Header<'h>],
    name: &'static str,
) -> impl Iterator<Item = Result<&'h str, Refusal>> {
    headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| {
        let value = str::from_utf8(header.value).ok().filter(|value| value.is_ascii());
        value.map(str::trim_ascii).ok_or(Refusal::bad("a header that matters is not ASCII"))
    })
}

/// The value of a header that may come once.
fn single<'h>(headers: &'h [Header<'h>], name: &'static str) -> Result<Option<&'h str>, Refusal> {
    let mut all = values(headers, name);
    let first = all.next().transpose()?;
    match all.next() {
        Some(_) => Err(Refusal::bad("a header that may come once is repeated")),
        None => Ok(first),
    }
}

/// Elements of a header that is a list, over all its lines.
fn elements<'h>(
    headers: &'h [Header<'h>],
    name: &'static str,
) -> impl Iterator<Item = Result<&'h str, Refusal>> {
    values(headers, name).flat_map(|value| {
        let (list, error) = match value {
            Ok(list) => (list, None),
            Err(refusal) => ("", Some(Err(refusal))),
        };
        let elements = list.split(',').map(str::trim_ascii).filter(|element| !element.is_empty());
        elements.map(Ok).chain(error)
    })
}

/// Whether a list has an element, in any case.
fn lists(headers: &[Header<'_>], name: &'static str, element: &str) -> bool {
    elements(headers, name).flatten().any(|found| found.eq_ignore_ascii_case(element))
}

fn protocols(headers: &[Header<'_>]) -> Result<Vec<String>, Refusal> {
    let mut found = Vec::new();
    for protocol in elements(headers, "sec-websocket-protocol") {
        let protocol = protocol?;
        if found.len() == PROTOCOLS_MAX || !is_token(protocol) {
            return Err(Refusal::bad("malformed Sec-WebSocket-Protocol"));
        }
        found.push(protocol.to_string());
    }
    Ok(found)
}

/// A token as RFC 9110 has it: what may be a subprotocol.
pub(crate) fn is_token(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.bytes().all(allowed)
}

fn parse_key(key: Option<&str>) -> Result<Key, Refusal> {
    let mut bytes = [0; 18];
    let text = key.and_then(|key| Key::try_from(key.as_bytes()).ok());
    text.filter(|text| STANDARD.decode_slice(text, &mut bytes) == Ok(16))
        .ok_or(Refusal::bad("malformed Sec-WebSocket-Key"))
}

/// The whole response that refuses a request. The connection is to be closed after it.
pub(crate) fn response(refusal: &Refusal) -> Vec<u8> {
    let Refusal { status, reason, has_text, allow } = refusal;
    let allow = match *allow {
        "" => String::new(),
        methods => format!("Allow: {methods}\r\n"),
    };
    // Connection names Upgrade where that header is, so that nobody on the way forwards it.
    let (phrase, more) = match status {
        400 => ("Bad Request", "Connection: close\r\n"),
        401 => ("Unauthorized", "Connection: close\r\nWWW-Authenticate: Bearer\r\n"),
        403 => ("Forbidden", "Connection: close\r\n"),
        404 => ("Not Found", "Connection: close\r\n"),
        405 => ("Method Not Allowed", "Connection: close\r\n"),
        408 => ("Request Timeout", "Connection: close\r\n"),
        413 => ("Content Too Large", "Connection: close\r\n"),
        426 => (
            "Upgrade Required",
            "Connection: close, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        ),
        429 => ("Too Many Requests", "Connection: close\r\nRetry-After: 1\r\n"),
        431 => ("Request Header Fields Too Large", "Connection: close\r\n"),
        503 => ("Service Unavailable", "Connection: close\r\n"),
        _ => ("Refused", "Connection: close\r\n"),
    };
    let mut text = format!(
        "HTTP/1.1 {status} {phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
         {more}{allow}\r\n",
        reason.len() + 1
    );
    if *has_text {
        text += reason;
        text += "\n";
    }
    text.into_bytes()
}

/// The response after which a connection is a WebSocket. `protocol` is one that the client offered and
/// carries no token.
pub(crate) fn switching(key: &Key, protocol: Option<&str>) -> Vec<u8> {
    debug_assert!(protocol.is_none_or(|p| is_token(p) && !p.starts_with(TOKEN_PREFIX)));
    let accept = derive_accept_key(key);
    let mut text = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n"
    );
    if let Some(protocol) = protocol {
        text += &format!("Sec-WebSocket-Protocol: {protocol}\r\n");
    }
    text += "\r\n";
    text.into_bytes()
}
