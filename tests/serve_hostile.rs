//! What a hostile client sends, through a real socket: each row says what it is answered with, and a
//! well-behaved client beside it notices nothing.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/bystander.rs"]
mod bystander;
#[path = "support/client.rs"]
mod client;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/serving.rs"]
mod serving;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use bystander::Bystander;
use orchflow::{Config, Limits};
use raw::{BINARY, CLOSE, CONTINUATION, FIN, PING, Raw, TEXT, frame, header, upgrade_head};
use serde_json::json;
use serving::Serving;

const JSON: &str = "orchflow.v1.json";

/// The good request with one thing exchanged.
fn altered(address: SocketAddr, from: &str, to: &str) -> String {
    let good = upgrade_head(address, JSON);
    assert!(good.contains(from), "{from}");
    good.replacen(from, to, 1)
}

/// A row's name, the status it gets, and the request.
type Row<'a> = (&'a str, u16, String);

/// Sends each request and sees that it is refused, and that somebody beside it is not disturbed.
fn refused(serving: &Serving, table: &[Row<'_>]) {
    let mut bystander = Bystander::new(serving);
    for (row, status, request) in table {
        let mut raw = Raw::connect(serving.address, request.as_bytes());
        assert_eq!(raw.status(), Some(*status), "{row}");
        raw.wait_end();
        bystander.echoes();
    }
}

#[test]
fn requests_that_are_no_handshake() {
    let serving = Serving::start(Config::default());
    let address = serving.address;
    let host = format!("Host: {address}\r\n");
    let alter = |from: &str, to: &str| altered(address, from, to);
    let add = |header: &str| altered(address, "\r\n\r\n", &format!("\r\n{header}\r\n\r\n"));
    let table = [
        ("no HTTP", 400, "\x16\x03\x01\x02\x00\x01\x00\x01\u{7c}\x03\x03\r\n\r\n".into()),
        ("an empty line", 400, "\r\n\r\n".into()),
        ("bare line feeds", 400, good_with_line_feeds(address)),
        ("HTTP/0.9", 400, "GET /\r\n\r\n".into()),
        ("HTTP/1.0", 400, alter("HTTP/1.1", "HTTP/1.0")),
        ("HTTP/2", 400, alter("HTTP/1.1", "HTTP/2.0")),
        ("the preface of HTTP/2", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into()),
        ("another method", 405, alter("GET", "POST")),
        ("a method in small letters", 405, alter("GET", "get")),
        ("another path", 404, alter("GET / ", "GET /metrics/.. ")),
        ("an absolute target", 400, alter("GET / ", "GET http://evil.example/ ")),
        ("an asterisk", 400, alter("GET / ", "GET * ")),
        ("a path of no path", 400, alter("GET / ", "GET evil ")),
        ("no host", 400, alter(&host, "")),
        ("an empty host", 400, alter(&host, "Host: \r\n")),
        ("two hosts", 400, add(&format!("Host: {address}"))),
        ("a plain GET", 426, format!("GET / HTTP/1.1\r\n{host}\r\n")),
        ("no upgrade", 426, alter("Upgrade: websocket\r\n", "")),
        ("an upgrade to something else", 426, alter("websocket\r\n", "h2c\r\n")),
        ("no connection header", 426, alter("Connection: Upgrade\r\n", "")),
        ("an old version", 426, alter("Version: 13", "Version: 8")),
        ("no version", 426, alter("Sec-WebSocket-Version: 13\r\n", "")),
        ("no key", 400, alter("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "")),
        ("a short key", 400, alter("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ==")),
        ("two keys", 400, add("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")),
        ("no subprotocol", 400, alter("Sec-WebSocket-Protocol: orchflow.v1.json\r\n", "")),
        ("an unknown subprotocol", 400, alter(JSON, "orchflow.v2.json")),
        ("two tokens", 400, alter(JSON, "orchflow.v1.json, orchflow.token.a, orchflow.token.b")),
        ("a body", 413, add("Content-Length: 5")),
        ("a body of any length", 400, add("Content-Length: -1")),
        ("a chunked body", 400, add("Transfer-Encoding: chunked")),
        ("a folded line", 400, add("X: a\r\n b")),
        ("a NUL", 400, add("X: a\0b")),
        ("a header without a name", 400, add(": x")),
        ("a space before the colon", 400, add("X : x")),
        ("more headers than are read", 431, add("X: y\r\n".repeat(100).trim_end())),
        ("a header without end", 431, add(&format!("X: {}", "x".repeat(8 << 10)))),
        ("a path without end", 431, alter("GET / ", &format!("GET /{} ", "x".repeat(8 << 10)))),
    ];
    refused(&serving, &table);
}

/// What RFC 9112 wants to be understood: a whole address as the target, and an empty line before the request.
#[test]
fn requests_in_an_unusual_form() {
    let serving = Serving::start(Config::default());
    let address = serving.address;
    let target = |target: &str| altered(address, "GET / ", &format!("GET {target} "));
    let own = format!("http://{address}");
    for request in [
        target(&format!("{own}/")),
        target(&own),
        target(&format!("{own}/?a=b")),
        target(&format!("HTTP://{address}/")),
        format!("\r\n{}", upgrade_head(address, JSON)),
        format!("\r\n{}", target(&format!("{own}/"))),
    ] {
        let mut raw = Raw::connect(address, request.as_bytes());
        assert_eq!(raw.status(), Some(101), "{request}");
        raw.json(&json!({"type": "hello", "token": serving.token}));
        assert_eq!(raw.next_json().unwrap()["type"], "welcome");
    }
    let port = address.port();
    let table = [
        ("another path in full", 404, target(&format!("{own}/metrics"))),
        ("another name of this host", 400, target(&format!("http://localhost:{port}/"))),
        ("another port in full", 400, target("http://127.0.0.1:1/")),
        ("a user in full", 400, target(&format!("http://x@{address}/"))),
        (
            "a rebound host in full",
            403,
            target("http://evil.example/")
                .replace(&format!("Host: {address}"), "Host: evil.example"),
        ),
        ("two empty lines", 400, format!("\r\n\r\n{}", upgrade_head(address, JSON))),
        ("an empty line of a line feed", 400, format!("\n{}", upgrade_head(address, JSON))),
    ];
    refused(&serving, &table);
}

#[test]
fn requests_from_somewhere_else() {
    let serving = Serving::start(Config::default());
    let address = serving.address;
    let port = address.port();
    let host = format!("Host: {address}\r\n");
    let alter = |from: &str, to: &str| altered(address, from, to);
    let add = |header: &str| altered(address, "\r\n\r\n", &format!("\r\n{header}\r\n\r\n"));
    let table = [
        ("another host", 403, alter(&host, &format!("Host: evil.example:{port}\r\n"))),
        (
            "a host that begins alike",
            403,
            alter(&host, &format!("Host: {address}.evil.example\r\n")),
        ),
        (
            "a name that begins alike",
            403,
            alter(&host, &format!("Host: 127.0.0.1.evil:{port}\r\n")),
        ),
        ("another port", 403, alter(&host, "Host: 127.0.0.1:1\r\n")),
        ("no port", 403, alter(&host, "Host: 127.0.0.1\r\n")),
        ("a host with a user", 403, alter(&host, &format!("Host: x@{address}\r\n"))),
        ("a foreign origin", 403, add("Origin: https://evil.example")),
        ("no origin in particular", 403, add("Origin: null")),
        ("an empty origin", 403, add("Origin: ")),
        ("the origin is the host", 403, add(&format!("Origin: http://{address}"))),
        ("two origins", 400, add("Origin: https://a.example\r\nOrigin: https://b.example")),
        (
            "a rebound host before all else",
            403,
            alter(&format!("/ HTTP/1.1\r\n{host}"), "/x HTTP/1.1\r\nHost: evil.example\r\n"),
        ),
    ];
    refused(&serving, &table);
}

fn good_with_line_feeds(address: SocketAddr) -> String {
    upgrade_head(address, JSON).replace("\r\n", "\n")
}

/// A head that never ends is refused at its bound, however it comes.
#[test]
fn a_head_has_an_end() {
    let serving = Serving::start(Config::default());
    let mut bystander = Bystander::new(&serving);
    let piece = format!("X: {}\r\n", "x".repeat(1019));
    let mut raw = Raw::connect(serving.address, b"GET / HTTP/1.1\r\n");
    for _ in 0..8 {
        raw.send(piece.as_bytes());
    }
    assert_eq!(raw.status(), Some(431));
    raw.wait_end();
    bystander.echoes();
}

/// However slowly bytes come, the time to get in is the same for all.
#[test]
fn who_dawdles_is_closed() {
    let limits = Limits { client_hello_time: Duration::from_secs(1), ..Limits::default() };
    let serving = Serving::start(Config { limits, ..Config::default() });
    let mut bystander = Bystander::new(&serving);
    // Nothing at all, half of a head, a byte now and then.
    let mut silent = Raw::connect(serving.address, b"");
    assert_eq!(silent.status(), Some(408));
    let mut half = Raw::connect(serving.address, b"GET / HTTP/1.1\r\nHost: ");
    assert_eq!(half.status(), Some(408));
    let mut slow = Raw::connect(serving.address, b"GET / HTTP/1.1\r\nX: ");
    drip(&mut slow, b"x");
    assert_eq!(slow.status(), Some(408));
    // The same within the hello, whose time began with the connection.
    let mut mute = Raw::upgrade(serving.address, JSON);
    assert_eq!(mute.close_code(), Some(4002));
    let mut slow = Raw::upgrade(serving.address, JSON);
    slow.send(&header(FIN | TEXT, 4000));
    drip(&mut slow, b" ");
    assert_eq!(slow.close_code(), Some(4002));
    let mut pinging = Raw::upgrade(serving.address, JSON);
    drip(&mut pinging, &frame(FIN | PING, b""));
    assert_eq!(pinging.close_code(), Some(4002));
    bystander.echoes();
}

/// Sends a piece again and again until the server says no more than the answer to it.
fn drip(raw: &mut Raw, piece: &[u8]) {
    raw.stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    let mut byte = [0; 2];
    loop {
        raw.send(piece);
        match raw.stream.peek(&mut byte) {
            // A pong.
            Ok(_) if byte == [FIN | 10, 0] => drop(raw.next_frame()),
            Ok(_) => break,
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => break,
        }
    }
    raw.stream.set_read_timeout(Some(client::WATCHDOG)).unwrap();
}

#[test]
fn frames_that_close() {
    let serving = Serving::start(Config::default());
    let mut bystander = Bystander::new(&serving);
    let bound = Limits::default().client_message_bytes;
    let hello = frame(FIN | TEXT, b"{}");
    let mut unmasked = vec![FIN | TEXT, 2];
    unmasked.extend_from_slice(b"{}");
    let fragments = |count: usize, size: usize| {
        let mut bytes = frame(TEXT, &vec![b' '; size]);
        (1..count).for_each(|_| bytes.extend(frame(CONTINUATION, &vec![b' '; size])));
        bytes
    };
    let table: Vec<(String, u16, Vec<u8>)> = [
        ("not masked", 1002, unmasked),
        ("a continuation of nothing", 1002, frame(FIN | CONTINUATION, b"{}")),
        ("a message within another", 1002, [frame(TEXT, b"{"), hello.clone()].concat()),
        ("a ping in fragments", 1002, frame(PING, b"")),
        ("a long ping", 1002, frame(FIN | PING, &[0; 126])),
        ("half of a close code", 1002, frame(FIN | CLOSE, &[3])),
        ("a close code of nobody", 1002, frame(FIN | CLOSE, &999_u16.to_be_bytes())),
        ("a goodbye", 1000, frame(FIN | CLOSE, &1000_u16.to_be_bytes())),
        ("a length of 5 in 16 bits", 1002, vec![FIN | TEXT, 0x80 | 126, 0, 5, 0, 0, 0, 0]),
        (
            "a length of 200 in 64 bits",
            1002,
            [&[FIN | TEXT, 0x80 | 127][..], &[0; 7], &[200, 0, 0, 0, 0]].concat(),
        ),
        ("no UTF-8", 1007, frame(FIN | TEXT, b"\"\xff\"")),
        ("half of a character", 1007, frame(FIN | TEXT, b"\"\xc3")),
        ("a surrogate", 1007, frame(FIN | TEXT, b"\"\xed\xa0\x80\"")),
        ("one byte too many", 1009, frame(FIN | TEXT, &vec![b' '; bound + 1])),
        ("many bytes too many", 1009, frame(FIN | BINARY, &vec![0; 3 * bound])),
        ("a claim", 1009, header(FIN | TEXT, 1 << 40)),
        ("the largest claim", 1009, header(FIN | BINARY, u64::MAX >> 1)),
        ("fragments", 1009, fragments(9, bound / 8)),
        ("many fragments", 1009, fragments(bound / 256 + 1, 256)),
    ]
    .into_iter()
    .map(|(row, code, bytes)| (row.to_string(), code, bytes))
    .chain(
        [0x40, 0x20, 0x10, 0x70]
            .map(|bit| (format!("reserved bits {bit:x}"), 1002, frame(FIN | bit | TEXT, b"{}"))),
    )
    .chain(
        [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]
            .map(|opcode| (format!("opcode {opcode}"), 1002, frame(FIN | opcode, b""))),
    )
    .collect();
    for (row, code, bytes) in table {
        let mut raw = Raw::enter(serving.address, &serving.token);
        raw.send(&bytes);
        assert_eq!(raw.close_code(), Some(code), "{row}");
        bystander.echoes();
    }
}

/// What looks odd and is right.
#[test]
fn frames_that_are_fine() {
    let serving = Serving::start(Config::default());
    let mut raw = Raw::enter(serving.address, &serving.token);
    // A character in two fragments, with a ping between them.
    let text = json!({"type": "ping", "id": 1, "x": "ä"}).to_string();
    let at = text.find('ä').unwrap() + 1;
    raw.frame(TEXT, &text.as_bytes()[..at]);
    raw.frame(FIN | PING, b"between");
    raw.frame(CONTINUATION, b"");
    raw.frame(FIN | CONTINUATION, &text.as_bytes()[at..]);
    assert_eq!(raw.next_frame(), Some((FIN | 10, b"between".to_vec())));
    assert_eq!(raw.next_json().unwrap()["id"], 1);
    // A frame byte by byte, and as large as allowed.
    for byte in frame(FIN | TEXT, br#"{"type":"ping","id":2}"#) {
        raw.send(&[byte]);
    }
    assert_eq!(raw.next_json().unwrap()["id"], 2);
    let mut large = br#"{"type":"ping","id":3}"#.to_vec();
    large.resize(Limits::default().client_message_bytes, b' ');
    raw.frame(FIN | TEXT, &large);
    assert_eq!(raw.next_json().unwrap()["id"], 3);
}
