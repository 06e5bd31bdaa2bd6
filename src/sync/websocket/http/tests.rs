//! Tests of heads: tables of what is taken and refused, and any split of any bytes.

use super::client::{Accepted, Rejected, ResponseBuffer, ResponseState, request};
use super::*;
use proptest::prelude::*;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

fn key() -> Key {
    Key::try_from(KEY.as_bytes()).unwrap()
}

fn push(text: &str) -> HeadState {
    HeadBuffer::new(false).push(text.as_bytes())
}

fn get(headers: &str) -> HeadState {
    push(&format!("GET / HTTP/1.1\r\n{headers}\r\n"))
}

fn complete(state: HeadState) -> Request {
    match state {
        HeadState::Complete(request) => request,
        other => panic!("{other:?}"),
    }
}

fn upgrade(more: &str) -> HeadState {
    get(&format!(
        "Host: localhost:1\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{more}"
    ))
}

fn status(state: HeadState) -> u16 {
    match state {
        HeadState::Partial => 0,
        HeadState::Complete(request) if request.upgrade => 101,
        HeadState::Complete(_) => 200,
        HeadState::Bad(refusal) => refusal.status,
    }
}

#[test]
fn a_browsers_upgrade() {
    let request = complete(push(&format!(
        "GET /sync?a=b?c HTTP/1.1\r\nHost: localhost:8080\r\nConnection: keep-alive, Upgrade\r\n\
         Pragma: no-cache\r\nUser-Agent: caf\u{e9}\r\nUpgrade: WebSocket\r\n\
         Origin: http://localhost:8080\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\
         Sec-WebSocket-Protocol: orchflow.v1.json , ,orchflow.token.secret\r\n\
         sec-websocket-protocol:chat\r\n\r\n"
    )));
    assert_eq!(request.path, "/sync");
    assert_eq!(request.host, "localhost:8080");
    assert_eq!(request.origin.as_deref(), Some("http://localhost:8080"));
    assert!(request.upgrade);
    assert_eq!(request.key, Some(key()));
    assert_eq!(request.protocols, ["orchflow.v1.json", "orchflow.token.secret", "chat"]);
    let shown = format!("{request:?}");
    assert!(shown.contains("orchflow.token....") && !shown.contains("secret"), "{shown}");
}

#[test]
fn a_plain_request() {
    let request = complete(get("Host: a\r\nContent-Length: 0\r\n"));
    assert_eq!((request.path.as_str(), request.origin), ("/", None));
    assert!(!request.upgrade && request.key.is_none() && request.protocols.is_empty());
}

#[test]
fn request_lines() {
    let cases = [
        ("GET / HTTP/1.1", 200),
        ("GET /a/b%20c?d HTTP/1.1", 200),
        ("GET //evil.com HTTP/1.1", 200), // A path, even if it looks like more.
        ("GET / HTTP/1.0", 400),
        ("GET / HTTP/2.0", 400),
        ("GET / HTTP/0.9", 400),
        ("GET / http/1.1", 400),
        ("GET /", 400),
        ("GET  / HTTP/1.1", 400),
        ("GET /  HTTP/1.1", 400),
        ("GET / HTTP/1.1 ", 400),
        ("GET\t/ HTTP/1.1", 400),
        (" GET / HTTP/1.1", 400),
        ("GET /a#b HTTP/1.1", 400),
        ("GET /caf\u{e9} HTTP/1.1", 400),
        ("GET a HTTP/1.1", 400),
        ("GET * HTTP/1.1", 400),
        ("GET http://localhost/ HTTP/1.1", 400),
        ("GET localhost:80 HTTP/1.1", 400),
        ("HEAD / HTTP/1.1", 405),
        ("POST / HTTP/1.1", 405),
        ("OPTIONS * HTTP/1.1", 405),
        ("CONNECT localhost:80 HTTP/1.1", 405),
        ("get / HTTP/1.1", 405),
        ("PRI * HTTP/2.0", 400),
        ("\u{16}\u{3}\u{1}", 400), // TLS
    ];
    for (line, expected) in cases {
        assert_eq!(status(push(&format!("{line}\r\nHost: a\r\n\r\n"))), expected, "{line:?}");
    }
}

/// RFC 9112 section 3.2.2: a whole address is a target, too. Its host has to be that of the Host header.
#[test]
fn whole_addresses() {
    let taken = [
        ("http://localhost:7070/", "/"),
        ("http://localhost:7070", "/"),
        ("http://localhost:7070/a/b%20c?d", "/a/b%20c"),
        ("http://localhost:7070?d", "/"),
        ("HTTP://LOCALHOST:7070/", "/"),
        ("https://localhost:7070/", "/"),
        ("http://localhost:7070//evil", "//evil"),
        ("http://localhost:7070/http://evil/", "/http://evil/"),
    ];
    let ask =
        |target: &str, host: &str| push(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    for (target, path) in taken {
        let request = complete(ask(target, "localhost:7070"));
        assert_eq!((request.path.as_str(), request.host.as_str()), (path, "localhost:7070"));
    }
    for target in [
        "http://localhost/",
        "http://localhost:707/",
        "http://localhost:70700/",
        "http://evil.com/",
        "http://evil.com/localhost:7070/",
        "http://evil.com?localhost:7070/",
        "http://x@localhost:7070/",
        "http://localhost:7070@evil.com/",
        "http://localhost:7070#/",
        "http:///",
        "http://",
        "http:/localhost:7070/",
        "http:localhost:7070",
        "//localhost:7070",
        "ws://localhost:7070/",
        "ftp://localhost:7070/",
        "://localhost:7070/",
        "localhost:7070/",
        "a?http://localhost:7070/",
    ] {
        let expected = if target.starts_with("//") { 200 } else { 400 };
        assert_eq!(status(ask(target, "localhost:7070")), expected, "{target}");
    }
    let none = push("GET http://localhost/ HTTP/1.1\r\n\r\n");
    assert_eq!(status(none), 400);
}

/// RFC 9112 section 2.2: an empty line before a request is passed over; one, and of CRLF.
#[test]
fn an_empty_line_before_a_request() {
    let good = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for (before, expected) in [
        ("", 200),
        ("\r\n", 200),
        ("\r\n\r\n", 400),
        ("\n", 400),
        ("\r", 400),
        ("\r\r\n", 400),
        ("\n\r\n", 400),
        (" \r\n", 400),
        ("\r\n ", 400),
    ] {
        assert_eq!(status(push(&format!("{before}{good}"))), expected, "{before:?}");
        let mut bytewise = HeadBuffer::new(false);
        let mut last = HeadState::Partial;
        for byte in format!("{before}{good}").bytes() {
            last = bytewise.push(&[byte]);
            if last != HeadState::Partial {
                break;
            }
        }
        assert_eq!(status(last), expected, "{before:?}");
    }
    let mut head = HeadBuffer::new(false);
    complete(head.push(format!("\r\n{good}rest").as_bytes()));
    assert_eq!(head.rest(), b"rest");
    let mut response = ResponseBuffer::new(&key(), &[]);
    let early = response.push(b"\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n");
    assert!(matches!(early, ResponseState::Bad(Rejected { status: None, .. })), "{early:?}");
}

#[test]
fn header_lines() {
    let cases = [
        ("", 400),
        ("Host:\r\n", 400),
        ("Host: \r\n", 400),
        ("Host: a\r\nHost: a\r\n", 400),
        ("Host: a\r\nhOST: b\r\n", 400),
        ("Host: caf\u{e9}\r\n", 400),
        ("Host: a\r\nOrigin: null\r\n", 200),
        ("Host: a\r\nOrigin: http://a\r\nOrigin: http://a\r\n", 400),
        ("Host: a\r\nContent-Length: 1\r\n", 413),
        ("Host: a\r\nContent-Length: 00\r\n", 413),
        ("Host: a\r\nContent-Length: +0\r\n", 400),
        ("Host: a\r\nContent-Length:\r\n", 400),
        ("Host: a\r\nContent-Length: 0, 0\r\n", 400),
        ("Host: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n", 400),
        ("Host: a\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Host: a\r\nTransfer-Encoding:\r\n", 400),
        ("Host: a\r\nX: a\r\n b\r\n", 400),
        ("Host: a\r\n\tX: a\r\n", 400),
        (" Host: a\r\n", 400),
        ("Host: a\r\nX : a\r\n", 400),
        ("Host: a\r\nX\r\n", 400),
        ("Host: a\r\n: a\r\n", 400),
        ("Host: a\r\nX: a\u{0}b\r\n", 400),
        ("Host: a\r\nX: a\u{1b}b\r\n", 400),
        ("Host: a\r\nX: a\u{7f}b\r\n", 400),
        ("Host: a\nX: b\r\n", 400),
        ("Host: a\rX: b\r\n", 400),
        ("Host: a\r\r\nX: b\r\n", 400),
        ("Host: a\r\nX: \tb\t\r\nY: caf\u{e9}\r\n", 200),
    ];
    for (headers, expected) in cases {
        assert_eq!(status(get(headers)), expected, "{headers:?}");
    }
}

#[test]
fn upgrades() {
    let plain = |headers: &str| status(get(&format!("Host: a\r\n{headers}")));
    let (up, version) = ("Upgrade: websocket\r\nConnection: Upgrade\r\n", "Sec-WebSocket-Version");
    let key = format!("Sec-WebSocket-Key: {KEY}\r\n");
    assert_eq!(plain(&format!("{up}{key}{version}: 13\r\n")), 101);
    assert_eq!(plain(&format!("{up}{key}")), 426);
    assert_eq!(plain(&format!("{up}{key}{version}: 8\r\n")), 426);
    assert_eq!(plain(&format!("{up}{key}{version}: 13, 8\r\n")), 426);
    assert_eq!(plain(&format!("{up}{key}{version}: 013\r\n")), 426);
    assert_eq!(plain(&format!("{up}{version}: 13\r\n")), 400);
    assert_eq!(plain("Upgrade: websocket\r\nConnection: close\r\n"), 200);
    assert_eq!(plain("Upgrade: h2c\r\nConnection: Upgrade\r\n"), 200);
    assert_eq!(plain("Upgrade: websockets\r\nConnection: Upgrade\r\n"), 200);
    assert_eq!(status(upgrade("")), 101);
    assert_eq!(status(upgrade("Sec-WebSocket-Version: 13\r\n")), 400);
    assert_eq!(status(upgrade(&key)), 400);
    for key in [
        "",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ==a",
        "dGhlIHNhbXBsZSBub25jZTEy", // 18 bytes
        "dGhlIHNhbXBsZSBub25jZTE=", // 17 bytes
        "dGhlIHNhbXBsZSBub25jZR==", // Bits that do not count are set.
        "dGhlIHNhbXBsZSBub25j-_==",
        "dGhl IHNhbXBsZSBub25jZ==",
    ] {
        let head = format!("{up}{version}: 13\r\nSec-WebSocket-Key: {key}\r\n");
        assert_eq!(plain(&head), 400, "{key:?}");
    }
    for (list, expected) in [("a,b", 101), (",", 101), ("a b", 400), ("a/b", 400), ("\"a\"", 400)] {
        let head = format!("Sec-WebSocket-Protocol: {list}\r\n");
        assert_eq!(status(upgrade(&head)), expected, "{list:?}");
    }
    let many = |n| status(upgrade(&"Sec-WebSocket-Protocol: a\r\n".repeat(n)));
    assert_eq!((many(PROTOCOLS_MAX), many(PROTOCOLS_MAX + 1)), (101, 400));
}

/// CVE-2023-43669: a head that never ended was parsed from its beginning with every read.
#[test]
fn a_head_is_bounded() {
    let headers = |n| status(get(&format!("Host: a\r\n{}", "X: y\r\n".repeat(n))));
    assert_eq!((headers(HEADERS_MAX - 1), headers(HEADERS_MAX)), (200, 431));
    let frame = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".len();
    let sized = |n| format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(n - frame));
    assert_eq!(status(push(&sized(HEAD_BYTES_MAX))), 200);
    assert_eq!(status(push(&sized(HEAD_BYTES_MAX + 1))), 431);
    let mut endless = HeadBuffer::new(false);
    let taken = (0..).take_while(|_| endless.push(b"a") == HeadState::Partial).count();
    assert_eq!(taken, HEAD_BYTES_MAX - 1);
    let mut line = HeadBuffer::new(false);
    assert_eq!(line.push(b"GET /"), HeadState::Partial);
    assert_eq!(status(line.push(&[b'a'; 100_000])), 431);
}

#[test]
fn what_follows_the_head_is_kept() {
    let mut buffer = HeadBuffer::new(false);
    assert_eq!(buffer.push(b"GET / HTTP/1.1\r\nHost: a\r\n\r"), HeadState::Partial);
    assert_eq!(status(buffer.push(b"\n\x81\x00\r\n\r\n")), 200);
    assert_eq!(buffer.rest(), b"\x81\x00\r\n\r\n");
}

#[test]
fn responses_are_whole() {
    for status in [400, 403, 404, 405, 408, 413, 426, 429, 431, 503, 599] {
        let allow = if status == 405 { "GET" } else { "" };
        let refusal = Refusal { allow, ..Refusal::new(status, "because") };
        let text = String::from_utf8(response(&refusal)).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
        assert_eq!(body, "because\n");
        let mut lines: Vec<&str> = head.lines().skip(1).collect();
        lines.retain(|line| !line.starts_with("Connection: close"));
        for line in [
            "Content-Type: text/plain; charset=utf-8",
            "Content-Length: 8",
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
        ] {
            assert!(lines.contains(&line), "{text}");
        }
        let more: &[&str] = match status {
            405 => &["Allow: GET"],
            426 => &["Upgrade: websocket", "Sec-WebSocket-Version: 13"],
            429 => &["Retry-After: 1"],
            _ => &[],
        };
        assert_eq!(&lines[4..], more);
    }
    let text = String::from_utf8(switching(&key(), Some("orchflow.v1.json"))).unwrap();
    assert_eq!(
        text,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
         Sec-WebSocket-Protocol: orchflow.v1.json\r\n\r\n"
    );
}

/// A reply to HEAD has no body, whatever is wrong with the request.
#[test]
fn a_refused_head_has_no_text() {
    for (request, serves_pages, status) in [
        ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", false, 405),
        ("HEAD / HTTP/1.0\r\nHost: a\r\n\r\n", false, 400),
        ("HEAD / HTTP/1.1\r\n\r\n", true, 400),
        ("HEAD a HTTP/1.1\r\nHost: a\r\n\r\n", true, 400),
    ] {
        let HeadState::Bad(refusal) = HeadBuffer::new(serves_pages).push(request.as_bytes()) else {
            panic!("{request}");
        };
        let text = String::from_utf8(response(&refusal)).unwrap();
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
        assert!(text.ends_with("\r\n\r\n") && !text.contains("Length: 0"), "{text}");
    }
}

/// The first line of a refusal's text is its reason, however it comes.
#[test]
fn refusals_are_read_with_their_reason() {
    let rejected = |reason: &str| Rejected { status: Some(403), reason: reason.to_owned().into() };
    let sent = response(&Refusal::new(403, "no\u{1b}[31m, because\nmore"));
    let expected = rejected("the server refused: no[31m, because");
    for cut in 1..sent.len() {
        let mut buffer = ResponseBuffer::new(&key(), &[]);
        let (first, second) = sent.split_at(cut);
        assert_eq!(buffer.push(first), ResponseState::Partial, "{cut}");
        assert_eq!(buffer.push(second), ResponseState::Bad(expected.clone()), "{cut}");
    }
    // One that breaks off says what it has said.
    let head = sent.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let mut buffer = ResponseBuffer::new(&key(), &[]);
    assert_eq!(buffer.push(&sent[..head - 1]), ResponseState::Partial);
    assert_eq!(buffer.refusal(), None);
    assert_eq!(buffer.push(&sent[head - 1..head + 2]), ResponseState::Partial);
    assert_eq!(buffer.refusal(), Some(rejected("the server refused: no")));
    // What is no text is not waited for, and a long text not to its end.
    for (headers, body, reason) in [
        ("Content-Type: text/html\r\nContent-Length: 5\r\n", "", "the server refused"),
        ("Content-Length: 5\r\n", "", "the server refused"),
        ("Content-Type: text/plain\r\n", "", "the server refused"),
        (
            "Content-Type: text/plain\r\nContent-Length: 99999999999\r\n",
            &"x\n".repeat(600),
            "the server refused: x",
        ),
    ] {
        let text = format!("HTTP/1.1 403 Forbidden\r\n{headers}\r\n{body}");
        let state = ResponseBuffer::new(&key(), &[]).push(text.as_bytes());
        assert_eq!(state, ResponseState::Bad(rejected(reason)), "{headers}");
    }
}

#[test]
fn both_sides_understand_each_other() {
    let offered = ["orchflow.v1.bincode", "orchflow.token.secret"];
    let sent = request("[::1]:8080", "/sync?x", &key(), &offered).unwrap();
    let received = complete(HeadBuffer::new(false).push(&sent));
    assert_eq!(received.path, "/sync");
    assert_eq!(received.host, "[::1]:8080");
    assert_eq!(received.protocols, offered);
    for chosen in [None, Some("orchflow.v1.bincode")] {
        let mut buffer = ResponseBuffer::new(&key(), &offered);
        let mut sent = switching(&received.key.unwrap(), chosen);
        sent.extend_from_slice(b"\x81\x00");
        let (first, second) = sent.split_at(20);
        assert_eq!(buffer.push(first), ResponseState::Partial);
        let protocol = chosen.map(String::from);
        assert_eq!(buffer.push(second), ResponseState::Complete(Accepted { protocol }));
        assert_eq!(buffer.rest(), b"\x81\x00");
    }
    let key = key();
    for (host, path, protocol) in [
        ("", "/", "a"),
        ("a\r\nX: b", "/", "a"),
        ("a", "b", "a"),
        ("a", "/ b", "a"),
        ("a", "/#b", "a"),
        ("a", "/", ""),
        ("a", "/", "a, b"),
        ("a", "/", "a\r\n"),
    ] {
        assert!(request(host, path, &key, &[protocol]).is_err(), "{host:?} {path:?} {protocol:?}");
    }
}

#[test]
fn responses_that_are_not_ours() {
    let good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
                Sec-WebSocket-Protocol: a\r\n\r\n";
    let answer = |text: &str| {
        let offered = ["a", "orchflow.token.b"];
        match ResponseBuffer::new(&key(), &offered).push(text.as_bytes()) {
            ResponseState::Complete(_) => Ok(()),
            ResponseState::Bad(rejected) => Err(rejected.status),
            ResponseState::Partial => panic!("{text}"),
        }
    };
    assert_eq!(answer(good), Ok(()));
    for (from, to, status) in [
        ("HTTP/1.1 101", "HTTP/1.1 200", Some(200)),
        ("HTTP/1.1 101", "HTTP/1.1 503", Some(503)),
        ("HTTP/1.1 101", "HTTP/2 101", None),
        ("HTTP/1.1 101", "SSH-2.0", None),
        ("Upgrade: websocket", "Upgrade: h2c", None),
        ("Upgrade: websocket\r\n", "", None),
        ("Connection: Upgrade", "Connection: close", None),
        ("s3pP", "S3pP", None),
        ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "", None),
        ("Sec-WebSocket-Accept", "X", None),
        ("Protocol: a", "Protocol: b", None),
        ("Protocol: a", "Protocol: A", None),
        ("Protocol: a", "Protocol: a, a", None),
        ("Protocol: a", "Protocol: orchflow.token.b", None),
        ("Protocol: a", "Protocol: a\r\nSec-WebSocket-Protocol: a", None),
        ("Protocol: a", "Extensions: permessage-deflate", None),
        ("Protocol: a", "Protocol: a\n", None),
    ] {
        assert_eq!(answer(&good.replace(from, to)), Err(status), "{from:?} {to:?}");
    }
    assert_eq!(answer(&"a".repeat(HEAD_BYTES_MAX)), Err(None));
}

fn pushed(bytes: &[u8], sizes: &[usize]) -> (HeadState, Vec<u8>) {
    let (mut buffer, mut rest, mut sizes) = (HeadBuffer::new(false), bytes, sizes.iter().cycle());
    loop {
        let size = sizes.next().map_or(rest.len(), |size| *size).min(rest.len());
        let (now, later) = rest.split_at(size);
        rest = later;
        match buffer.push(now) {
            HeadState::Partial if !rest.is_empty() => {}
            state => {
                let mut after = buffer.rest();
                after.extend_from_slice(rest);
                return (state, after);
            }
        }
    }
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"GET / HTTP/1.1\r\n".to_vec()),
        Just(b"Host: a\r\n".to_vec()),
        Just(b"Upgrade: websocket\r\nConnection: upgrade\r\n".to_vec()),
        Just(format!("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n").into_bytes()),
        Just(b"Sec-WebSocket-Protocol: a, b\r\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\n".to_vec()),
        prop::collection::vec(any::<u8>(), 0..8),
    ]
}

proptest! {
    /// It does not matter how a head is split, and no bytes make it panic.
    #[test]
    fn any_split_gives_the_same(
        pieces in prop::collection::vec(piece(), 0..12),
        good in any::<bool>(),
        sizes in prop::collection::vec(1..40usize, 1..8),
    ) {
        let mut bytes = if good { b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec() } else { Vec::new() };
        bytes.extend(pieces.concat());
        let whole = pushed(&bytes, &[]);
        let split = pushed(&bytes, &sizes);
        prop_assert_eq!(&split.0, &whole.0);
        if let HeadState::Complete(_) = whole.0 {
            prop_assert_eq!(split.1, whole.1);
        }
    }

    #[test]
    fn any_response_is_survived(pieces in prop::collection::vec(piece(), 0..12)) {
        let mut bytes = b"HTTP/1.1 101 a\r\n".to_vec();
        bytes.extend(pieces.concat());
        let _ = ResponseBuffer::new(&key(), &["a"]).push(&bytes);
    }
}
