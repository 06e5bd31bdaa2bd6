//! From a PTY to the host: 100 MB of text, every byte counted.

use std::time::Instant;

use crate::host::{Host, Screens, Wait};
use crate::peer::Peer;
use crate::stats::{Line, Table, Target, mb_per_s, median, median_ratio};
use crate::system::cpu_seconds;
use crate::texts::Text;

const PAIRS: usize = 7;

pub(crate) fn run(table: &mut Table, peer: &Peer) {
    table.section("PTY to host, 100 MB of text by cat", "");
    let file = peer.directory.path().join("text");
    let expected = Text::Plain.write(&file);
    let argv = ["cat", file.to_str().unwrap()];
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        ours.push(through_engine(&argv, expected, Screens::None).bytes_per_s);
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

/// What the bytes of a program took from before the spawn to its exit event.
pub(crate) struct Passage {
    pub(crate) bytes_per_s: f64,
    /// Of this thread, the kernel's share included.
    pub(crate) cpu_seconds: f64,
}

pub(crate) fn through_engine(argv: &[&str], expected: u64, screens: Screens) -> Passage {
    let mut host = Host::with_screens(Wait::InTurn, screens);
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let bytes = host.run_to_end(argv);
    let (seconds, cpu_seconds) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    assert_eq!(bytes, expected, "bytes were lost");
    Passage { bytes_per_s: bytes as f64 / seconds, cpu_seconds }
}
