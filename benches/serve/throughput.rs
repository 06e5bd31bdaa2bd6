//! From a PTY to a client: 100 MB of text, every byte compared.

use std::time::Instant;

use orchflow::TerminalId;

use crate::World;
use crate::client::{Client, Incoming, output};
use crate::peers::Running;
use crate::serving::Serving;
use crate::stats::{Line, Table, Target, mb_per_s, median, median_ratio};
use crate::texts::Text;
use crate::wire;

const ROUNDS: usize = 5;
const CREDIT: u64 = 128 << 10;

pub(crate) fn run(table: &mut Table, world: &World) {
    table.section("PTY to client, 100 MB of text by cat", "the peer");
    let file = world.directory.path().join("text");
    let bytes = Text::Plain.write(&file);
    let expected = as_shown(&std::fs::read(&file).unwrap());
    assert_eq!(expected.len() as u64, bytes);
    let file = file.to_str().unwrap();
    let peers = world.terminal_peers(&[&format!("exec cat {file}")]);
    let mut own = Vec::new();
    let mut others = vec![Vec::new(); peers.len()];
    let mut lost = vec![0; peers.len()];
    for _ in 0..ROUNDS {
        own.push(through_ours(file, &expected));
        for ((_, running), (speeds, lost)) in
            peers.iter().zip(others.iter_mut().zip(lost.iter_mut()))
        {
            let (speed, bytes) = through_peer(running, &expected);
            speeds.push(speed);
            *lost = (*lost).max(expected.len() - bytes);
        }
    }
    if peers.is_empty() {
        let figure = median(&own);
        table.line(Line::figure("throughput", mb_per_s(figure), figure, ("", Target::None)));
    }
    for ((peer, _), (speeds, lost)) in peers.iter().zip(others.iter().zip(&lost)) {
        let target = match *peer {
            "libwebsockets" => Target::AtLeast(1.3),
            _ => Target::None,
        };
        table.line(Line::ratio(
            &format!("throughput, {peer}"),
            mb_per_s(median(&own)),
            mb_per_s(median(speeds)),
            median_ratio(&own, speeds),
            (">= 1.30 of the peer", target),
        ));
        if *lost > 0 {
            println!("  {peer} has lost {lost} bytes of its end");
        }
    }
}

/// What a terminal makes of a text: a carriage return before each new line.
fn as_shown(text: &[u8]) -> Vec<u8> {
    let mut shown = Vec::with_capacity(text.len() + text.len() / 50);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        shown.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
        if line.ends_with(b"\n") {
            shown.extend_from_slice(b"\r\n");
        }
    }
    shown
}

/// Bytes per second.
fn through_ours(file: &str, expected: &[u8]) -> f64 {
    let serving = Serving::start();
    let id = serving.with({
        let options = orchflow::SpawnOptions::program("cat").arg(file).reader(None);
        move |engine| {
            let id = engine.spawn(&options).unwrap();
            // Until the client is there.
            engine.pause(id).unwrap();
            id.to_u64()
        }
    });
    let mut client = Client::hello(serving.address, &serving.token, "");
    client.attach(id);
    let begun = Instant::now();
    serving.with(move |engine| engine.resume(TerminalId::from_u64(id)).unwrap());
    let (mut end, mut credited) = (0, 0);
    loop {
        match client.next() {
            Incoming::Binary(frame) => {
                let output = output(frame);
                assert_eq!((output.terminal, output.offset), (id, end), "a byte is missing");
                let length = output.bytes.len();
                let wanted = &expected[end as usize..][..length];
                assert!(output.bytes == wanted, "wrong bytes in {length} from {end} on");
                end += length as u64;
                if end - credited >= CREDIT {
                    credited = end;
                    client.credit(id, end);
                }
            }
            Incoming::Text(text) => {
                assert!(wire::has(text, r#""type":"ended""#), "{}", text.escape_ascii());
                assert_eq!(wire::number(text, "final_offset"), Some(end));
                assert_eq!(end, expected.len() as u64, "bytes are missing");
                return end as f64 / begun.elapsed().as_secs_f64();
            }
            Incoming::Closed => panic!("closed in the middle"),
        }
    }
}

/// Bytes per second, and how many there were.
fn through_peer(running: &Running, expected: &[u8]) -> (f64, usize) {
    let begun = Instant::now();
    let mut client = Client::open(running.address, "/0");
    let mut end = 0;
    while let Incoming::Binary(bytes) = client.next() {
        assert!(
            bytes == &expected[end..][..bytes.len()],
            "the peer sends other bytes from {end} on"
        );
        end += bytes.len();
    }
    (end as f64 / begun.elapsed().as_secs_f64(), end)
}
