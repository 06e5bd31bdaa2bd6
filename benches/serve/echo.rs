//! The round trip of a key over a WebSocket: typed into a raw `cat`, its echo received, alone and beside
//! floods in other terminals.
//!
//! Each round gives a p50 and a p99; the table has their medians over the rounds.

use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use orchflow::Delivery;

use crate::World;
use crate::client::{Breaker, Client, Incoming, output};
use crate::peers::Running;
use crate::serving::Serving;
use crate::stats::{Line, Table, Target, mb_per_s, median, median_ratio, ms, percentile, us};
use crate::wire;

const PAUSE: Duration = Duration::from_millis(1);
const FLOOD: [&str; 2] = ["yes", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"];
/// Credit is given for so many bytes at a time: half a window.
const CREDIT: u64 = 128 << 10;

/// Who reads the floods.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Floods {
    None,
    /// Another client.
    Attached(usize),
    /// No client, and a reader of the host that loses.
    Unattached(usize),
}

struct Echoes {
    p50_us: f64,
    p99_us: f64,
    flood_bytes_per_s: f64,
}

type Figure = fn(&Echoes) -> f64;

/// Types a byte so many times and waits for its echo. `prefix` stands before the byte in a message, and
/// `header` bytes before it in the answer.
fn round_trips(client: &mut Client, count: usize, prefix: &[u8], header: usize) -> Vec<f64> {
    let mut message = prefix.to_vec();
    message.push(b'x');
    let mut times_us = Vec::with_capacity(count);
    for _ in 0..count {
        std::thread::sleep(PAUSE);
        let typed = Instant::now();
        client.binary(&message);
        match client.next() {
            Incoming::Binary(frame) => assert_eq!(&frame[header..], b"x", "not the echo"),
            Incoming::Text(text) => panic!("{}", text.escape_ascii()),
            Incoming::Closed => panic!("closed instead of an echo"),
        }
        times_us.push(typed.elapsed().as_secs_f64() * 1e6);
    }
    times_us
}

fn measured(client: &mut Client, count: usize, prefix: &[u8], header: usize) -> (Vec<f64>, f64) {
    round_trips(client, 100, prefix, header);
    let begun = Instant::now();
    (round_trips(client, count, prefix, header), begun.elapsed().as_secs_f64())
}

/// Clients that read floods on threads of their own.
struct Readers(Vec<(Breaker, JoinHandle<u64>)>);

impl Readers {
    /// One client of ours, attached to all.
    fn ours(serving: &Serving, floods: &[u64]) -> Self {
        let mut client = Client::hello(serving.address, &serving.token, "");
        floods.iter().for_each(|flood| client.attach(*flood));
        Readers(vec![(client.breaker(), std::thread::spawn(move || read_ours(client)))])
    }

    /// A connection for each.
    fn theirs(address: SocketAddr, floods: usize) -> Self {
        Readers(
            (0..floods)
                .map(|_| {
                    let client = Client::open(address, "/1");
                    (client.breaker(), std::thread::spawn(move || read_theirs(client)))
                })
                .collect(),
        )
    }

    /// Ends them; gives how many bytes they got.
    fn end(self) -> u64 {
        self.0
            .into_iter()
            .map(|(breaker, thread)| {
                breaker.end();
                thread.join().unwrap()
            })
            .sum()
    }
}

fn read_ours(mut client: Client) -> u64 {
    let mut bytes = 0;
    // Of each terminal: its id, the next offset, the last credit.
    let mut ends: Vec<(u64, u64, u64)> = Vec::new();
    loop {
        let frame = match client.next() {
            Incoming::Binary(frame) => frame,
            Incoming::Text(text) => {
                assert!(!wire::has(text, r#""gap""#), "lossless output has a gap");
                continue;
            }
            Incoming::Closed => return bytes,
        };
        let output = output(frame);
        let (id, end) = (output.terminal, output.offset + output.bytes.len() as u64);
        bytes += output.bytes.len() as u64;
        let at = ends.iter().position(|(known, ..)| *known == id).unwrap_or_else(|| {
            ends.push((id, output.offset, output.offset));
            ends.len() - 1
        });
        assert_eq!(ends[at].1, output.offset, "bytes of a flood are missing");
        ends[at].1 = end;
        if end - ends[at].2 >= CREDIT {
            ends[at].2 = end;
            client.credit(id, end);
        }
    }
}

fn read_theirs(mut client: Client) -> u64 {
    let mut bytes = 0;
    while let Incoming::Binary(frame) = client.next() {
        bytes += frame.len() as u64;
    }
    bytes
}

/// One round of ours in an engine of its own.
fn ours(count: usize, floods: Floods) -> Echoes {
    let serving = Serving::start();
    let cat = serving.spawn_echo();
    let (reader, floods) = match floods {
        Floods::None => (None, 0),
        Floods::Attached(floods) => (None, floods),
        Floods::Unattached(floods) => (Some(Delivery::Lossy), floods),
    };
    let ids: Vec<u64> = (0..floods).map(|_| serving.spawn_with(&FLOOD, reader)).collect();
    let followed = if reader.is_some() { &[] } else { &ids[..] };
    let readers = (!followed.is_empty()).then(|| Readers::ours(&serving, followed));
    let mut client = Client::hello(serving.address, &serving.token, "");
    client.attach(cat);
    let mut prefix = vec![0x11, 0];
    prefix.extend_from_slice(&cat.to_le_bytes());
    let begun = Instant::now();
    let (times, _) = measured(&mut client, count, &prefix, crate::client::OUTPUT_HEADER);
    echoes(&times, readers, begun)
}

fn echoes(times: &[f64], readers: Option<Readers>, begun: Instant) -> Echoes {
    let bytes = readers.map_or(0, Readers::end);
    Echoes {
        p50_us: percentile(times, 50),
        p99_us: percentile(times, 99),
        flood_bytes_per_s: bytes as f64 / begun.elapsed().as_secs_f64(),
    }
}

/// The same of a peer.
fn theirs(running: &Running, count: usize, floods: usize) -> Echoes {
    let readers = (floods > 0).then(|| Readers::theirs(running.address, floods));
    let mut client = Client::open(running.address, "/0");
    // Until its terminal is in raw mode.
    std::thread::sleep(Duration::from_millis(300));
    let begun = Instant::now();
    let (times, _) = measured(&mut client, count, &[], 0);
    echoes(&times, readers, begun)
}

pub(crate) fn run(table: &mut Table, world: &World) {
    let flood = FLOOD.join(" ");
    let commands = ["raw:exec cat", &format!("exec {flood}")];
    let peers: Vec<(&str, Running)> = world.terminal_peers(&commands);
    let scenes = [
        ("nothing else runs", Floods::None, 5, 1000),
        ("1 flood that a client reads", Floods::Attached(1), 5, 500),
        ("4 floods that a client reads", Floods::Attached(4), 5, 500),
        ("1 flood that no client reads", Floods::Unattached(1), 5, 500),
        ("4 floods that no client reads", Floods::Unattached(4), 5, 500),
    ];
    for (what, floods, rounds, count) in scenes {
        scene(table, &peers, what, floods, (rounds, count));
    }
}

fn scene(
    table: &mut Table,
    peers: &[(&str, Running)],
    what: &str,
    floods: Floods,
    (rounds, count): (usize, usize),
) {
    table.section(&format!("echo, {what}"), "the peer");
    let comparable = !matches!(floods, Floods::Unattached(_));
    let peers = if comparable { peers } else { &[] };
    let number = match floods {
        Floods::None => 0,
        Floods::Attached(floods) | Floods::Unattached(floods) => floods,
    };
    let (mut own, mut others) = (Vec::new(), peers.iter().map(|_| Vec::new()).collect::<Vec<_>>());
    for _ in 0..rounds {
        own.push(ours(count, floods));
        for ((_, running), echoes) in peers.iter().zip(&mut others) {
            echoes.push(theirs(running, count, number));
        }
    }
    let of =
        |echoes: &[Echoes], figure: Figure| -> Vec<f64> { echoes.iter().map(figure).collect() };
    let figures: [(&str, Figure); 2] = [("p50", |e| e.p50_us), ("p99", |e| e.p99_us)];
    for (name, figure) in figures {
        let own = of(&own, figure);
        if floods != Floods::None {
            let target = match (name, number) {
                ("p99", 4) => Target::AtMost(1000.0),
                _ => Target::None,
            };
            table.line(Line::figure(name, ms(median(&own)), median(&own), ("<= 1 ms", target)));
        }
        for ((peer, _), echoes) in peers.iter().zip(&others) {
            let other = of(echoes, figure);
            let target = match floods {
                Floods::None => Target::AtMost(1.0),
                _ => Target::None,
            };
            let ratio = median_ratio(&own, &other);
            let (own, other) = (us(median(&own)), us(median(&other)));
            let target = ("<= 1.00 of the peer", target);
            table.line(Line::ratio(&format!("{name}, {peer}"), own, other, ratio, target));
        }
    }
    if number > 0 && comparable {
        let own = of(&own, |e| e.flood_bytes_per_s);
        for ((peer, _), echoes) in peers.iter().zip(&others) {
            let other = of(echoes, |e| e.flood_bytes_per_s);
            let ratio = median_ratio(&own, &other);
            let (own, other) = (mb_per_s(median(&own)), mb_per_s(median(&other)));
            let what = format!("what the floods got through, {peer}");
            table.line(Line::ratio(&what, own, other, ratio, ("", Target::None)));
        }
    }
}
