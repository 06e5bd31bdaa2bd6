//! Tests of what reading costs, at one moment: nothing is paid back meanwhile, so what is owed is exact.

#![allow(clippy::disallowed_methods)]

use std::io::{Read, Write};

use mio::net::UnixStream;

use super::*;
use crate::id::ListenerId;
use crate::observe::{Note, Recorded};
use crate::sync::server::client::{COST, Delivery};
use crate::sync::server::pages;
use crate::sync::server::tests::Rig;
use crate::sync::websocket::transport::Socket;

const MASK: [u8; 4] = [0; 4];

/// A whole masked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ ..126 => frame.push(0x80 | length as u8),
        length => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
    }
    frame.extend_from_slice(&MASK);
    frame.extend_from_slice(payload);
    frame
}

/// However many connections without a token send however much, together they cost what one balance has, and each is read.
#[test]
fn unverified_connections_pay_together() {
    for bytes in [frame(0x89, b"").repeat(8000), frame(0x8a, b"x").repeat(8000)] {
        let mut rig = Rig::new();
        let unverified: Vec<_> = (0..16).map(|_| rig.connect(false, &bytes)).collect();
        let mut slice = rig.slice();
        assert!(rig.requests(&mut slice).is_empty());
        let looks = LOOK_COST * unverified.len() as u64 * 2;
        assert!(slice.charged() >= UNVERIFIED_COST.1, "{}", slice.charged());
        assert!(slice.charged() <= UNVERIFIED_COST.1 + slice.largest() + looks);
        assert!(slice.largest() < UNIT_COST_MAX / 10, "{}", slice.largest());
        for (id, _) in &unverified {
            let client = rig.server.clients.get(*id).unwrap();
            assert!(client.throttled_until.is_some() && client.frames.has_rest());
        }
        // Who is in is served all the same.
        let (id, _far) = rig.connect(true, &frame(0x81, br#"{"type":"ping","id":1}"#));
        assert_eq!(rig.requests(&mut slice), [id]);
    }
}

/// What inflates to much is paid for as what it is, and others come in between.
#[test]
fn what_inflates_is_paid_for() {
    let mut ping = br#"{"type":"ping","id":7}"#.to_vec();
    ping.resize(4 << 20, b' ');
    let mut message = vec![2, 1, 0, 0];
    message.extend_from_slice(&(ping.len() as u32).to_le_bytes());
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&ping).unwrap();
    message.extend(encoder.finish().unwrap());
    let mut rig = Rig::new();
    let (heavy, _far) = rig.connect(true, &frame(0x82, &message).repeat(20));
    let (light, _far) = rig.connect(true, &frame(0x81, br#"{"type":"ping","id":1}"#).repeat(20));
    let mut slice = rig.slice();
    let served = rig.requests(&mut slice);
    let count = |id| served.iter().filter(|served| **served == id).count();
    // 50 ms of work and 16 MiB may come at once; the last one goes beyond.
    assert!((3..=5).contains(&count(heavy)) && count(light) == 20, "{served:?}");
    assert!(slice.largest() <= UNIT_COST_MAX, "{}", slice.largest());
    // The others do not wait for more than one of them.
    let last = served.iter().rposition(|served| *served == light).unwrap();
    assert!(served[..last].iter().filter(|served| **served == heavy).count() <= 1, "{served:?}");
    let client = rig.server.clients.get(heavy).unwrap();
    assert!(client.throttled_until.is_some());
}

/// Every frame counts as a message, whatever it carries.
#[test]
fn frames_are_counted() {
    let fragments = |count: usize| {
        let mut bytes = frame(0x01, b"");
        bytes.extend(frame(0x00, b"").repeat(count));
        bytes
    };
    for bytes in [frame(0x89, b""), frame(0x8a, b""), fragments(900)] {
        let mut rig = Rig::new();
        rig.server.clients.limits.client_messages_per_second = 500;
        let (id, _far) = rig.connect(true, &bytes.repeat(if bytes.len() > 9 { 1 } else { 900 }));
        let mut slice = rig.slice();
        assert!(rig.requests(&mut slice).is_empty());
        let client = rig.server.clients.get(id).unwrap();
        assert!(client.throttled_until.is_some() && client.frames.has_rest());
    }
}

/// A part of a page is paid for when it is sent, not whenever its connection is looked at.
#[test]
fn what_is_not_sent_of_a_page_is_not_paid_for() {
    let mut rig = Rig::new();
    let (id, _far) = rig.connect(false, b"");
    let body = pages::Body::Shared(vec![0; 2 * PART_BYTES].into());
    let delivery = Delivery { body, closes: false, report_bytes: 0, early: Vec::new() };
    rig.server.clients.get_mut(id).unwrap().phase = Phase::Page(delivery);
    for cost in [PART_COST, LOOK_COST, LOOK_COST] {
        rig.server.clients.read_later(id);
        let mut slice = rig.slice();
        assert!(rig.requests(&mut slice).is_empty());
        assert_eq!(slice.charged(), cost);
    }
}

/// What the engine does for a connection without a token is paid for by all of those, since the connection ends with it;
/// one that has shown a token pays itself.
#[test]
fn work_is_charged_to_somebody_who_stays() {
    let mut rig = Rig::new();
    let now = rig.reactor.now();
    let (unverified, _far) = rig.connect(false, b"");
    let (other, _other_far) = rig.connect(false, &frame(0x89, b""));
    let (client, _client_far) = rig.connect(true, b"");
    let owes = |rig: &Rig, id| rig.server.clients.get(id).unwrap().cost.ready_at(now) > now;
    rig.server.charge(client, COST.1 + 1, now);
    assert!(owes(&rig, client) && rig.server.reader.unverified.ready_at(now) == now);
    rig.server.charge(unverified, UNVERIFIED_COST.1 + 1, now);
    assert!(!owes(&rig, unverified) && rig.server.reader.unverified.ready_at(now) > now);
    let mut slice = rig.slice();
    assert!(rig.requests(&mut slice).is_empty());
    assert!(rig.server.clients.get(other).unwrap().throttled_until.is_some());
}

/// A connection that is rejected before it is known by an id is recorded, and its descriptor is there for others.
#[test]
fn a_rejected_socket_is_recorded() {
    let mut rig = Rig::new();
    rig.server.clients.is_closing = true;
    let freed = rig.reactor.freed();
    let (near, mut far) = UnixStream::pair().unwrap();
    rig.server.handshake().begin(ListenerId::from_u64(1), Socket::Unix(near), &mut rig.reactor);
    assert_ne!(rig.reactor.freed(), freed);
    let notes = rig.server.notes().take();
    assert_eq!(notes, [Note::Record(Recorded::Refused { status: 503 })]);
    let mut text = String::new();
    far.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 503 "), "{text}");
}
