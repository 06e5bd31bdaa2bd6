//! What observation costs: the same work with it and without, to be counted by callgrind (`benches/observe.sh`,
//! `make bench-observe`).
//!
//! `observe echo|bytes on|off COUNT`. The other end of the terminal is this program itself, so that each round does the
//! same: one byte is typed and echoed, or 4,000 bytes come out.

#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::disallowed_methods, missing_docs)]

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;

use orchflow::{AdoptOptions, Config, Engine, Event, TerminalEvent, TerminalId};

/// Bytes of a round: less than the kernel keeps of a PTY.
const CHUNK: usize = 4_000;

struct Bench {
    engine: Engine,
    terminal: TerminalId,
    slave: File,
}

impl Bench {
    fn new(observing: bool) -> Bench {
        let pty = nix::pty::openpty(None, None).unwrap();
        let mut termios = nix::sys::termios::tcgetattr(&pty.slave).unwrap();
        nix::sys::termios::cfmakeraw(&mut termios);
        termios.local_flags |= nix::sys::termios::LocalFlags::ECHO;
        nix::sys::termios::tcsetattr(&pty.slave, nix::sys::termios::SetArg::TCSANOW, &termios)
            .unwrap();
        let mut engine = Engine::new(Config::default()).unwrap();
        engine.set_observing(observing);
        let master: OwnedFd = pty.master;
        let terminal = engine.adopt(master, &AdoptOptions::default()).unwrap();
        Bench { engine, terminal, slave: File::from(pty.slave) }
    }

    /// Reads output until so many bytes have come.
    fn read(&mut self, mut left: usize) {
        while left > 0 {
            self.engine.turn(None).unwrap();
            while let Some(event) = self.engine.next_event().unwrap() {
                if let Event::Terminal { event: TerminalEvent::Output { bytes, .. }, .. } = event {
                    left -= bytes.len();
                }
            }
        }
    }

    fn echo(&mut self, count: usize) {
        let mut typed = [0; 1024];
        for at in 1..=count {
            self.engine.write(self.terminal, b"x").unwrap();
            self.read(1);
            // The program reads what was typed, or the kernel would take no more.
            if at % typed.len() == 0 {
                std::io::Read::read_exact(&mut self.slave, &mut typed).unwrap();
            }
        }
    }

    fn bytes(&mut self, count: usize) {
        let chunk = [b'x'; CHUNK];
        for _ in 0..count {
            self.slave.write_all(&chunk).unwrap();
            self.read(CHUNK);
        }
    }
}

fn main() {
    // `cargo bench` adds `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let [what, observing, count] = words[..] else {
        eprintln!("observe echo|bytes on|off COUNT; see benches/observe.sh");
        return;
    };
    let count = count.parse().unwrap();
    let mut bench = Bench::new(observing == "on");
    match what {
        "echo" => bench.echo(count),
        "bytes" => bench.bytes(count),
        other => panic!("{other}: echo or bytes"),
    }
    let metrics = bench.engine.metrics();
    let expected = if what == "echo" && observing == "on" { count as u64 } else { 0 };
    assert_eq!(metrics.response.count, expected);
}
