//! From a PTY to the host: 100 MB of text, every byte counted.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use crate::host::{Host, Wait};
use crate::peer::Peer;
use crate::stats::{Line, Table, Target, mb_per_s, median, median_ratio};

const FILE_BYTES: u64 = 100 * 1000 * 1000;
const PAIRS: usize = 7;

pub(crate) fn run(table: &mut Table, peer: &Peer) {
    table.section("PTY to host, 100 MB of text by cat", "");
    let file = peer.directory.path().join("text");
    let expected = write_text(&file);
    let argv = ["cat", file.to_str().unwrap()];
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        ours.push(through_engine(&argv, expected));
        let (bytes, seconds) = peer.throughput(&argv);
        assert_eq!(bytes, expected, "the C loop lost bytes");
        theirs.push(bytes as f64 / seconds);
    }
    table.line(Line::ratio(
        "throughput, a million lines of 0-199 bytes",
        mb_per_s(median(&ours)),
        mb_per_s(median(&theirs)),
        median_ratio(&ours, &theirs),
        (">= 0.95 of the C loop", Target::AtLeast(0.95)),
    ));
}

/// Bytes per second, from before the spawn to the program's exit event.
fn through_engine(argv: &[&str], expected: u64) -> f64 {
    let mut host = Host::new(Wait::InTurn);
    let start = Instant::now();
    let bytes = host.run_to_end(argv);
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(bytes, expected, "bytes were lost");
    bytes as f64 / seconds
}

/// Writes lines of 0 to 199 bytes; gives how many bytes a terminal makes of them, with a carriage
/// return for each line.
fn write_text(path: &Path) -> u64 {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let line: Vec<u8> = (0..200u32).map(|i| b' ' + (i * 7 % 95) as u8).collect();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let (mut bytes, mut lines) = (0, 0);
    while bytes < FILE_BYTES {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let length = random % 200;
        file.write_all(&line[..length as usize]).unwrap();
        file.write_all(b"\n").unwrap();
        bytes += length + 1;
        lines += 1;
    }
    file.flush().unwrap();
    bytes + lines
}
