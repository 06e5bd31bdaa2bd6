//! The memory of all logs: whatever frees some of it reaches the terminals that wait for it, and what
//! fails on the way takes nothing with it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::io::Write;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use orchflow::{
    AdoptOptions, Delivery, Event, Lag, Limits, ReaderId, ReaderOptions, ScreenOptions,
    SpawnOptions, Start, TerminalEvent, TerminalId,
};
use proptest::prelude::*;
use support::files::TempDir;
use support::host::{Host, sh};
use support::{raw_pty, scaled, wait_readable};

const TOTAL: usize = 64 << 10;
const HALF: usize = TOTAL / 2;

fn tight_memory() -> Limits {
    Limits { log_bytes: TOTAL, log_bytes_max: TOTAL, log_bytes_total: TOTAL, ..Limits::default() }
}

/// Prints so many bytes and waits.
fn printing(bytes: usize) -> SpawnOptions {
    sh(&format!("head -c {bytes} /dev/zero; exec cat"))
}

/// Two terminals whose unread output fills the memory, and a third that starves.
struct Full {
    host: Host,
    first: TerminalId,
    reader: ReaderId,
    starving: TerminalId,
}

impl Full {
    fn new(options: ReaderOptions) -> Self {
        let mut host = Host::with_limits(tight_memory());
        let with_screen = printing(HALF).screen(ScreenOptions::default()).reader(None);
        let first = host.spawn(&with_screen);
        let reader = host.engine.attach_with(first, &options).unwrap();
        host.turn_until("the first one's output", |engine| {
            engine.terminal_state(first).unwrap().log_end == HALF as u64
        });
        let second = host.spawn(&printing(TOTAL));
        let other = host.reader(second);
        host.engine.pause_reader(other).unwrap();
        host.turn_until("all memory is used", |engine| {
            engine.terminal_state(second).unwrap().paused_by_memory
        });
        assert_eq!(host.engine.log_bytes(), TOTAL);
        let starving = host.sh("echo hello; exec cat");
        host.turn_until("a terminal that starves", |engine| {
            engine.terminal_state(starving).unwrap().paused_by_memory
        });
        Full { host, first, reader, starving }
    }

    fn expect_served(mut self, by: &str) {
        let starving = self.starving;
        self.host.wait(by, |host| host.text(starving).contains("hello"));
        let state = self.host.engine.terminal_state(self.starving).unwrap();
        assert!(!state.paused_by_memory, "{by}");
    }
}

type Action = fn(&mut Full);

/// Each way in which unread output becomes history, alone: nothing else happens that could serve the
/// terminal that starves.
#[test]
fn whatever_frees_memory_serves_who_waits_for_it() {
    let ways: [(&str, Action); 7] = [
        ("the reader reads", |_| {}),
        ("a snapshot is read", |full| full.host.engine.request_snapshot(full.reader, 0).unwrap()),
        ("the reader leaves", |full| full.host.detach(full.reader).unwrap()),
        ("the reader becomes lossy", |full| {
            full.host.engine.set_delivery(full.reader, Delivery::Lossy).unwrap();
        }),
        ("the reader becomes a viewer", |full| {
            full.host.engine.set_delivery(full.reader, Delivery::Screen).unwrap();
        }),
        ("the terminal closes", |full| {
            full.host.engine.close(full.first, Duration::ZERO).unwrap();
        }),
        ("the reader leaves a paused terminal", |full| {
            full.host.engine.pause(full.first).unwrap();
            full.host.detach(full.reader).unwrap();
        }),
    ];
    for (by, way) in ways {
        let mut full = Full::new(ReaderOptions::new(Delivery::Lossless).start(Start::Oldest));
        way(&mut full);
        full.expect_served(by);
    }
}

/// A reader that lags too long becomes a viewer by a timer: no call and no event of the host's.
#[test]
fn a_handover_by_time_serves_who_waits() {
    let mut full = Full::new(ReaderOptions::new(Delivery::Lossless).start(Start::Oldest));
    let starving = full.starving;
    // One that may lag takes the place of the reader that keeps the memory.
    let lag = Lag { bytes: u64::MAX, age: Duration::from_millis(50) };
    let options = ReaderOptions::new(Delivery::Lossless).start(Start::Oldest).downgrade(lag);
    full.host.engine.attach_with(full.first, &options).unwrap();
    full.host.detach(full.reader).unwrap();
    full.host.turn_until("its output in the log", |engine| {
        engine.terminal_state(starving).unwrap().log_end > 0
    });
    full.expect_served("a handover");
}

/// The event that lets a PTY be read again is there although the kernel refuses to watch the PTY.
#[test]
fn what_fails_behind_an_event_does_not_lose_it() {
    let mut host = Host::new();
    host.tolerate_log = true;
    let pty = raw_pty();
    let fd = pty.master.as_raw_fd();
    let id = host.engine.adopt(pty.master, &AdoptOptions::new().log_bytes(TOTAL)).unwrap();
    let slave = std::fs::File::from(pty.slave);
    let writer = std::thread::spawn(move || {
        let mut slave = slave;
        // Refused once the terminal is gone.
        let _ = slave.write_all(&[b'x'; 2 * TOTAL]);
    });
    host.turn_until("the high mark", |engine| engine.terminal_state(id).unwrap().paused_by_reader);
    let end = host.engine.terminal_state(id).unwrap().log_end;
    // A file that epoll does not take, in the place of the master.
    let file = TempDir::new();
    let path = file.file("plain");
    std::fs::write(&path, b"").unwrap();
    let plain = std::fs::File::open(&path).unwrap();
    // SAFETY: both descriptors are open, and the engine goes on owning the number.
    assert_eq!(unsafe { libc::dup2(plain.as_raw_fd(), fd) }, fd);
    host.read_events();
    assert_eq!(host.output(id).len() as u64, end, "every byte that was in the log");
    assert!(host.log.iter().any(|line| line.contains("epoll_ctl")), "{:?}", host.log);
    drop(host);
    writer.join().unwrap();
}

/// Input that no terminal has accepted makes no terminal count as typed in: a turn goes on reading for
/// its whole time.
#[test]
fn input_that_is_refused_is_no_typing() {
    const TERMINALS: usize = 48;
    let mut host = Host::with_limits(Limits {
        turn_time: Duration::from_secs(1),
        turn_time_typing: Duration::from_micros(50),
        typing_window: Duration::from_secs(60),
        ..Limits::default()
    });
    let gone = host.sh("exec cat");
    host.close(gone);
    let ended = host.sh("exit 0");
    host.wait_exit(ended);
    host.wait_eof(ended);
    let ptys: Vec<_> = (0..TERMINALS).map(|_| raw_pty()).collect();
    let masters: Vec<_> = ptys.iter().map(|pty| pty.master.try_clone().unwrap()).collect();
    let (mut ids, mut slaves) = (Vec::new(), Vec::new());
    for pty in ptys {
        ids.push(host.engine.adopt(pty.master, &AdoptOptions::new()).unwrap());
        slaves.push(std::fs::File::from(pty.slave));
    }
    host.quiesce();
    for (slave, master) in slaves.iter_mut().zip(&masters) {
        slave.write_all(b"x").unwrap();
        // The kernel carries it over in its own time.
        assert!(wait_readable(master, Duration::from_secs(60)), "the output");
    }
    assert!(host.engine.write(gone, b"x").is_err());
    assert!(host.engine.write(ended, b"x").is_err());
    assert!(host.engine.write_many(&[gone, ended], b"x").unwrap().failed == 2);
    assert!(host.engine.send_eof(gone).is_err());
    assert_eq!(host.engine.write(ids[0], b"").unwrap(), 0);
    host.engine.turn(Some(Duration::ZERO)).unwrap();
    let read =
        ids.iter().filter(|id| host.engine.terminal_state(**id).unwrap().log_end > 0).count();
    assert_eq!(read, TERMINALS, "all of them in one turn");
}

/// One step of a host.
#[derive(Clone, Debug)]
enum Step {
    Turn,
    Read(usize),
    Snapshot(usize),
    Deliver(usize, Delivery),
    Attach(usize, Delivery, bool),
    Detach(usize),
    PauseReader(usize, bool),
    Pause(usize, bool),
    Close(usize),
}

fn delivery() -> impl Strategy<Value = Delivery> {
    prop_oneof![Just(Delivery::Lossless), Just(Delivery::Lossy), Just(Delivery::Screen)]
}

fn step() -> impl Strategy<Value = Step> {
    let one = 0..8usize;
    prop_oneof![
        12 => Just(Step::Turn),
        6 => (1..4usize).prop_map(Step::Read),
        3 => one.clone().prop_map(Step::Snapshot),
        2 => (one.clone(), delivery()).prop_map(|(t, d)| Step::Deliver(t, d)),
        2 => (one.clone(), delivery(), any::<bool>()).prop_map(|(t, d, o)| Step::Attach(t, d, o)),
        2 => one.clone().prop_map(Step::Detach),
        2 => (one.clone(), any::<bool>()).prop_map(|(t, paused)| Step::PauseReader(t, paused)),
        1 => (one.clone(), any::<bool>()).prop_map(|(t, paused)| Step::Pause(t, paused)),
        1 => one.prop_map(Step::Close),
    ]
}

/// An engine under a random schedule.
struct World {
    host: Host,
    ids: Vec<TerminalId>,
    readers: Vec<ReaderId>,
    /// Terminals whose end was not reported yet.
    running: Vec<TerminalId>,
}

impl World {
    fn new(limits: Limits, sizes: &[usize], screens: u8) -> Self {
        let mut host = Host::with_limits(limits);
        let mut readers = Vec::new();
        let mut spawn = |(n, bytes): (usize, &usize)| {
            let head = SpawnOptions::program("head");
            let mut options = head.args(["-c", &bytes.to_string(), "/dev/zero"]);
            if screens & (1 << n) != 0 {
                options = options.screen(ScreenOptions::default());
            }
            let id = host.spawn(&options);
            readers.push(host.reader(id));
            id
        };
        let ids: Vec<_> = sizes.iter().enumerate().map(&mut spawn).collect();
        World { host, running: ids.clone(), ids, readers }
    }

    /// Reads one event, if there is one.
    fn read_event(&mut self) -> bool {
        match self.host.engine.next_event().unwrap() {
            None => return false,
            Some(Event::Terminal {
                id,
                event: TerminalEvent::Exited { .. } | TerminalEvent::Closed,
                ..
            }) => self.running.retain(|running| *running != id),
            Some(_) => {}
        }
        true
    }

    /// Does a step. That a schedule may rightly be refused something is no matter.
    fn take(&mut self, step: &Step) {
        let reader = |n: usize| self.readers[n % self.readers.len()];
        let nth = |n: usize| self.ids[n % self.ids.len()];
        let engine = &mut self.host.engine;
        match *step {
            Step::Turn => engine.turn(Some(Duration::ZERO)).unwrap(),
            Step::Read(n) => (0..n).for_each(|_| _ = self.read_event()),
            Step::Snapshot(n) => drop(engine.request_snapshot(reader(n), 0)),
            Step::Deliver(n, delivery) => drop(engine.set_delivery(reader(n), delivery)),
            Step::Attach(n, delivery, lags) => {
                let mut options = ReaderOptions::new(delivery).start(Start::Oldest);
                if lags {
                    options = options.downgrade(Lag { bytes: 8192, age: Duration::from_millis(2) });
                }
                self.readers.extend(engine.attach_with(nth(n), &options).ok());
            }
            Step::Detach(n) => drop(engine.detach(reader(n))),
            Step::PauseReader(n, true) => drop(engine.pause_reader(reader(n))),
            Step::PauseReader(n, false) => drop(engine.resume_reader(reader(n))),
            Step::Pause(n, true) => drop(engine.pause(nth(n))),
            Step::Pause(n, false) => drop(engine.resume(nth(n))),
            Step::Close(n) => drop(engine.close(nth(n), Duration::ZERO)),
        }
    }

    /// Turns, without reading events, until no program can print any more.
    fn fill(&mut self) {
        let ids = self.ids.clone();
        self.host.turn_until("programs that cannot go on", |engine| {
            ids.iter().all(|id| {
                engine.terminal_state(*id).map_or(true, |state| {
                    let stands = state.paused_by_host || state.paused_by_reader;
                    stands || state.paused_by_memory || state.hung_up || state.closing
                })
            })
        });
    }

    /// Each reader gives up what it holds in a way of its own: a snapshot, another delivery, its leave; or
    /// it reads on.
    fn give_up(&mut self, ways: &[u8]) {
        let engine = &mut self.host.engine;
        for (reader, way) in self.readers.iter().zip(ways.iter().cycle()) {
            match way {
                0 => drop(engine.request_snapshot(*reader, 0)),
                1 => drop(engine.set_delivery(*reader, Delivery::Lossy)),
                2 => drop(engine.set_delivery(*reader, Delivery::Screen)),
                3 => drop(engine.detach(*reader)),
                _ => {}
            }
        }
    }

    /// Resumes everything, and turns and reads until the end of every program was reported.
    fn read_everything(&mut self) {
        for reader in &self.readers {
            let _ = self.host.engine.resume_reader(*reader);
        }
        for id in &self.ids {
            let _ = self.host.engine.resume(*id);
        }
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            while self.read_event() {}
            if self.running.is_empty() {
                return;
            }
            let left = end.saturating_duration_since(Instant::now());
            if !wait_readable(&self.host.engine, left) {
                self.host.stalled("the ends of all programs");
            }
            self.host.engine.turn(Some(Duration::ZERO)).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: scaled(48, 1000) as u32,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// After everything that could be read was read, nobody starves: every program comes to its end.
    #[test]
    fn nobody_starves_for_ever(
        sizes in prop::collection::vec(1..60_000usize, 2..7),
        screens in prop_oneof![Just(u8::MAX), any::<u8>()],
        total in prop_oneof![Just(TOTAL), Just(TOTAL + 4096), Just(3 * HALF)],
        steps in prop_oneof![Just(Vec::new()), prop::collection::vec(step(), 1..120)],
        ways in prop_oneof![Just(vec![0]), prop::collection::vec(0..5u8, 1..8)],
    ) {
        let limits = Limits { log_bytes_total: total, ..tight_memory() };
        let mut world = World::new(limits, &sizes, screens);
        for step in &steps {
            world.take(step);
            prop_assert!(world.host.engine.log_bytes() <= total);
        }
        world.fill();
        world.give_up(&ways);
        world.read_everything();
    }
}
