//! A listener without a descriptor for those who wait: it says so once and can be asked since when, takes the
//! first descriptor that the engine itself closes, and is well again when there are some. Alone in its binary with
//! one test, because it lowers the process's limit.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/serving.rs"]
mod serving;
mod support;

use std::fs::File;
use std::io::Read;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use orchflow::{Config, Engine, ErrorKind, Event, ListenerState, LogLevel};
use raw::{Raw, upgrade_head};
use serving::listening;
use support::is_readable;

/// Whoever waits: an engine and what it logged.
struct Host {
    engine: Engine,
    lines: Vec<(LogLevel, String)>,
}

impl Host {
    fn turn(&mut self, timeout: Option<Duration>) {
        self.engine.turn(timeout).unwrap();
        while let Some(event) = self.engine.next_event().unwrap() {
            if let Event::Log { level, text, .. } = event
                && text.contains("connections")
            {
                self.lines.push((level, text.to_owned()));
            }
        }
    }

    /// Turns for as long as there is something to do without waiting.
    fn settle(&mut self) {
        while is_readable(&self.engine) {
            self.turn(Some(Duration::ZERO));
        }
    }

    fn state(&self) -> ListenerState {
        self.engine.listener_state(self.engine.listeners()[0]).unwrap()
    }
}

/// Whether the server has accepted and answered.
fn is_answered(stream: &TcpStream) -> bool {
    let mut start = [0; 12];
    let mut stream = stream;
    stream.set_nonblocking(true).unwrap();
    matches!(stream.read(&mut start), Ok(12)) && start == *b"HTTP/1.1 101"
}

/// Lowers the limit so that the next descriptor is one too many.
fn leave_none() -> (u64, u64) {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let next = File::open("/dev/null").unwrap();
    let end = next.as_raw_fd() as u64;
    drop(next);
    setrlimit(Resource::RLIMIT_NOFILE, end, hard).unwrap();
    assert_eq!(File::open("/dev/null").unwrap_err().raw_os_error(), Some(libc::EMFILE));
    (soft, hard)
}

/// Each number below the highest is taken, so that the limit leaves none.
fn fill_holes() -> Vec<File> {
    let highest = |file: &File| file.as_raw_fd();
    let first = File::open("/dev/null").unwrap();
    let mut fillers = vec![first];
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let top = open.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap());
    let top: i32 = top.max().unwrap();
    while fillers.last().map(highest).unwrap() < top {
        fillers.push(File::open("/dev/null").unwrap());
    }
    fillers
}

#[test]
fn connections_wait_for_descriptors() {
    let config = Config { log_level: LogLevel::Info, ..Config::default() };
    let (engine, address, _) = listening(config, |options| options);
    let mut host = Host { engine, lines: Vec::new() };
    let head = upgrade_head(address, "orchflow.v1.json");
    let first = Raw::connect(address, head.as_bytes());
    while !is_answered(&first.stream) {
        host.turn(None);
    }
    let state = host.state();
    assert_eq!((state.accepting, state.retry_at, state.outages), (true, None, 0));
    let waiting = [(); 2].map(|()| Raw::connect(address, head.as_bytes()));
    let _fillers = fill_holes();
    let (soft, hard) = leave_none();

    // It says so once, tries again and again, and sleeps in between.
    host.turn(None);
    let begun = host.state();
    assert!(!begun.accepting);
    let error = begun.last_error.as_ref().unwrap();
    assert_eq!((error.kind(), error.errno()), (ErrorKind::OutOfDescriptors, Some(libc::EMFILE)));
    let mut tries = vec![begun.retry_at];
    while tries.len() < 4 {
        host.settle();
        host.turn(None);
        let state = host.state();
        assert_eq!((state.since, state.outages), (begun.since, 1));
        if tries.last() != Some(&state.retry_at) {
            tries.push(state.retry_at);
        }
    }
    assert!(tries.is_sorted());
    let warnings: Vec<_> = host.lines.drain(..).map(|(level, _)| level).collect();
    assert_eq!(warnings, [LogLevel::Warn]);

    // One that goes makes room for one that waits, at once.
    first.stream.shutdown(Shutdown::Both).unwrap();
    host.turn(None);
    host.settle();
    assert!(is_answered(&waiting[0].stream) && !is_answered(&waiting[1].stream));
    assert!(!host.state().accepting && host.lines.is_empty());

    // The last of those that wait takes the last descriptor: nobody is kept waiting any more.
    waiting[0].stream.shutdown(Shutdown::Both).unwrap();
    host.turn(None);
    host.settle();
    assert!(is_answered(&waiting[1].stream));
    let ended = host.state();
    assert!(ended.accepting && ended.since > begun.since, "{ended:?}");
    assert_eq!((ended.retry_at, ended.last_error), (None, begun.last_error));
    assert_eq!(host.lines.drain(..).map(|(level, _)| level).collect::<Vec<_>>(), [LogLevel::Info]);

    // Descriptors of others: the next try finds them.
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    let last = Raw::connect(address, head.as_bytes());
    leave_none();
    host.turn(None);
    assert!(!host.state().accepting);
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    while !host.state().accepting {
        host.turn(None);
    }
    assert!(is_answered(&last.stream));
    assert_eq!(host.state().outages, 2);
}
