//! What a hostile server sends to a peer: frames without end hold no turn up, and what is no WebSocket ends it.

// The callback of tungstenite's handshake has an answer as its error.
#![allow(clippy::result_large_err)]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use orchflow::{PeerAddress, PeerOptions, RetryPolicy};
use support::pair::{Pair, Reported};
use tungstenite::handshake::server::{Request, Response};

/// A server that takes any peer, says `first` behind the handshake and then `again` without end.
fn hostile(first: Vec<u8>, again: Vec<u8>) -> (PeerAddress, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = PeerAddress::Tcp(listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let echo = |request: &Request, mut response: Response| {
            let offered = request.headers()["Sec-WebSocket-Protocol"].to_str().unwrap();
            let first = offered.split(',').next().unwrap().parse().unwrap();
            response.headers_mut().insert("Sec-WebSocket-Protocol", first);
            Ok(response)
        };
        let mut socket = tungstenite::accept_hdr(stream, echo).unwrap();
        let stream = socket.get_mut();
        let reader = drain(stream.try_clone().unwrap());
        let mut outcome = stream.write_all(&first);
        while outcome.is_ok() && !again.is_empty() {
            outcome = stream.write_all(&again);
        }
        reader.join().unwrap();
    });
    (address, thread)
}

/// Reads everything away.
fn drain(mut stream: TcpStream) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while stream.read(&mut bytes).is_ok_and(|count| count > 0) {}
    })
}

#[test]
fn frames_that_end_a_connection() {
    let rows: [(&str, Vec<u8>, Vec<u8>, &str); 7] = [
        ("endless fragments", b"\x01\x00".to_vec(), b"\x00\x00".repeat(1000), "too large"),
        ("endless pings", vec![], b"\x89\x00".repeat(1000), "no answer in time"),
        ("a claim", b"\x82\x7f\x00\x00\x00\x00\x40\x00\x00\x00".to_vec(), vec![], "too large"),
        ("masked", b"\x81\x80\x00\x00\x00\x00".to_vec(), vec![], "not WebSocket"),
        ("a continuation of nothing", b"\x80\x00".to_vec(), vec![], "not WebSocket"),
        ("no text", b"\x81\x01\xff".to_vec(), vec![], "UTF-8"),
        ("a goodbye", b"\x88\x02\x0f\xa4".to_vec(), vec![], "4004"),
    ];
    for (row, first, again, expected) in rows {
        let (address, server) = hostile(first, again);
        let long = Duration::from_secs(3600);
        let retry = RetryPolicy::new(long, long).unwrap();
        let mut pair = Pair::to(None, &PeerOptions::new(address, "token").retry(retry));
        let (reason, retry_in) = pair.wait("the end", |reported| match reported {
            Reported::Disconnected(reason, retry_in) => Some((reason.clone(), *retry_in)),
            reported => panic!("{reported:?}"),
        });
        assert!(reason.contains(expected), "{row}: {reason}");
        assert!(retry_in.is_some(), "{row}");
        drop(pair);
        server.join().unwrap();
    }
}
