//! The contract of the one descriptor under random schedules: programs and PTYs that come and go,
//! tiny budgets, events left unread, timers, pauses, posted commands; and after every single call the
//! descriptor is exact.
//!
//! The schedule runs against a host that polls without a timeout of its own, so a wake that is lost
//! is a stall and fails. In the end everything is let go, and every byte that is owed has to come.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orchflow::{
    AdoptOptions, Command, Delivery, ErrorKind, Limits, Mode, ReaderId, Size, SpawnOptions, Start,
    TerminalId,
};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use support::files::{assert_same, noise, seq};
use support::host::{Host, sh};
use support::{is_readable, raw_pty, scaled, wait_readable};

/// A stall in here is found sooner than elsewhere, because shrinking repeats it.
const STALL: Duration = Duration::from_secs(20);

/// One call of the host, or one action of a program.
#[derive(Clone, Debug)]
enum Step {
    SpawnCounting(usize),
    SpawnCat,
    Adopt,
    Write(usize, usize),
    SlaveWrite(usize, usize),
    SlaveRead(usize),
    SlaveClose(usize),
    ReadEvents(usize),
    Turn,
    PollAndTurn,
    Resize(usize, u16),
    Pause(usize),
    Resume(usize),
    PauseReader(usize),
    ResumeReader(usize),
    Attach(usize, bool),
    Detach(usize),
    Post,
    Close(usize, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let one = 0..8usize;
    prop_oneof![
        2 => (0..20_000usize).prop_map(Step::SpawnCounting),
        1 => Just(Step::SpawnCat),
        3 => Just(Step::Adopt),
        6 => (one.clone(), 1..30_000usize).prop_map(|(t, n)| Step::Write(t, n)),
        10 => (one.clone(), 1..9000usize).prop_map(|(t, n)| Step::SlaveWrite(t, n)),
        6 => one.clone().prop_map(Step::SlaveRead),
        1 => one.clone().prop_map(Step::SlaveClose),
        10 => (1..4usize).prop_map(Step::ReadEvents),
        10 => Just(Step::Turn),
        10 => Just(Step::PollAndTurn),
        4 => (one.clone(), 1..200u16).prop_map(|(t, n)| Step::Resize(t, n)),
        2 => one.clone().prop_map(Step::Pause),
        3 => one.clone().prop_map(Step::Resume),
        2 => one.clone().prop_map(Step::PauseReader),
        3 => one.clone().prop_map(Step::ResumeReader),
        2 => (one.clone(), any::<bool>()).prop_map(|(t, lossy)| Step::Attach(t, lossy)),
        1 => one.clone().prop_map(Step::Detach),
        2 => Just(Step::Post),
        1 => (one, 0..30u64).prop_map(|(t, grace)| Step::Close(t, grace)),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let bytes = prop_oneof![Just(4096usize), Just(64 << 10)];
    let total = prop_oneof![Just(64usize << 10), Just(96 << 10), Just(16 << 20)];
    (bytes, 1..4usize, total, 0..40u64, 1..4usize, any::<bool>()).prop_map(
        |(per_terminal, times, log_bytes_total, resize_ms, events, hasty)| Limits {
            turn_bytes_per_terminal: per_terminal,
            turn_bytes: per_terminal * times,
            turn_time: Duration::from_micros(if hasty { 50 } else { 2000 }),
            turn_time_typing: Duration::from_micros(50),
            log_bytes: 64 << 10,
            log_bytes_max: 64 << 10,
            log_bytes_total,
            input_bytes: 4096 * times,
            inbox_commands: 4,
            events,
            resize_interval: Duration::from_millis(resize_ms),
            ..Limits::default()
        },
    )
}

/// What runs in a terminal, and what is owed by it.
enum Source {
    /// Prints this and exits.
    Counting(Vec<u8>),
    /// Gives back what it gets.
    Cat,
    /// The test is the program.
    Slave { end: Option<OwnedFd>, written: Vec<u8>, read: Vec<u8> },
}

struct Terminal {
    id: TerminalId,
    /// The reader that was made with it; `None` once it was detached.
    reader: Option<ReaderId>,
    source: Source,
    /// Input that the engine has accepted.
    accepted: Vec<u8>,
    closing: bool,
}

struct World {
    host: Host,
    terminals: Vec<Terminal>,
    posted: u64,
}

/// Refusals that a schedule may rightly meet.
fn tolerate<T>(outcome: orchflow::Result<T>) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        Err(error) => {
            let may = [ErrorKind::StaleId, ErrorKind::Closing, ErrorKind::Ended];
            assert!(may.contains(&error.kind()), "{error}");
            None
        }
    }
}

impl World {
    fn new(limits: Limits) -> Self {
        let mut host = Host::with_limits(limits);
        host.watchdog = STALL;
        World { host, terminals: Vec::new(), posted: 0 }
    }

    fn add(&mut self, id: TerminalId, source: Source) {
        let reader = Some(self.host.reader(id));
        let accepted = Vec::new();
        self.terminals.push(Terminal { id, reader, source, accepted, closing: false });
    }

    fn make(&mut self, step: &Step) {
        // More would only take longer.
        if self.terminals.len() >= 8 {
            return;
        }
        match step {
            Step::SpawnCounting(n) => {
                let options = SpawnOptions::program("seq").arg("1").arg(n.to_string());
                let id = self.host.spawn(&options);
                self.add(id, Source::Counting(seq(*n)));
            }
            Step::SpawnCat => {
                let id = self.host.sh("exec cat");
                self.host.engine.set_mode(id, Mode::Raw).unwrap();
                self.add(id, Source::Cat);
            }
            _ => {
                let pty = raw_pty();
                let flags = fcntl(&pty.slave, FcntlArg::F_GETFL).unwrap();
                let flags = OFlag::from_bits_truncate(flags) | OFlag::O_NONBLOCK;
                fcntl(&pty.slave, FcntlArg::F_SETFL(flags)).unwrap();
                let id = self.host.engine.adopt(pty.master, &AdoptOptions::new()).unwrap();
                let end = Some(pty.slave);
                self.add(id, Source::Slave { end, written: Vec::new(), read: Vec::new() });
            }
        }
    }

    fn take(&mut self, step: &Step) {
        let engine = &mut self.host.engine;
        match *step {
            Step::SpawnCounting(_) | Step::SpawnCat | Step::Adopt => return self.make(step),
            Step::ReadEvents(n) => {
                for _ in 0..n {
                    self.host.read_event();
                    self.check();
                }
                return;
            }
            Step::Turn => return engine.turn(Some(Duration::ZERO)).unwrap(),
            Step::PollAndTurn => {
                if is_readable(engine) {
                    engine.turn(Some(Duration::ZERO)).unwrap();
                }
                return;
            }
            Step::Post => {
                match engine.sender().post(self.posted, Command::Notify) {
                    Ok(()) => self.posted += 1,
                    Err(error) => assert!(error.is_limit_reached(), "{error}"),
                }
                return;
            }
            _ => {}
        }
        self.take_on_one(step);
    }

    /// A step that names a terminal; there may be none of that number.
    fn take_on_one(&mut self, step: &Step) {
        let engine = &mut self.host.engine;
        match *step {
            Step::Write(t, n) => {
                let Some(terminal) = self.terminals.get_mut(t) else { return };
                if matches!(terminal.source, Source::Counting(_)) {
                    return;
                }
                let bytes = noise(terminal.accepted.len() as u64 + 3, n);
                if let Some(n) = tolerate(engine.write(terminal.id, &bytes)) {
                    terminal.accepted.extend_from_slice(&bytes[..n]);
                }
            }
            Step::SlaveWrite(t, n) => {
                if let Some(terminal) = self.terminals.get_mut(t) {
                    terminal.source.write(n);
                }
            }
            Step::SlaveRead(t) => {
                if let Some(terminal) = self.terminals.get_mut(t) {
                    terminal.source.read();
                }
            }
            Step::SlaveClose(t) => {
                if let Some(Terminal { source: Source::Slave { end, .. }, .. }) =
                    self.terminals.get_mut(t)
                {
                    *end = None;
                }
            }
            _ => self.take_command(step),
        }
    }

    fn take_command(&mut self, step: &Step) {
        let engine = &mut self.host.engine;
        let (Step::Resize(t, _)
        | Step::Pause(t)
        | Step::Resume(t)
        | Step::PauseReader(t)
        | Step::ResumeReader(t)
        | Step::Attach(t, _)
        | Step::Detach(t)
        | Step::Close(t, _)) = *step
        else {
            unreachable!("{step:?}")
        };
        let Some(terminal) = self.terminals.get_mut(t) else { return };
        let id = terminal.id;
        let done = match (step, terminal.reader) {
            (Step::Resize(_, cols), _) => engine.resize(id, Size::cells(*cols, 24)),
            (Step::Pause(_), _) => engine.pause(id),
            (Step::Resume(_), _) => engine.resume(id),
            (Step::PauseReader(_), Some(reader)) => engine.pause_reader(reader),
            (Step::ResumeReader(_), Some(reader)) => engine.resume_reader(reader),
            (Step::Attach(_, lossy), _) => {
                let delivery = if *lossy { Delivery::Lossy } else { Delivery::Lossless };
                engine.attach(id, delivery, Start::Oldest).map(drop)
            }
            (Step::Detach(_), Some(reader)) => {
                terminal.reader = None;
                self.host.detach(reader)
            }
            (Step::Close(_, grace), _) => {
                terminal.closing = true;
                engine.close(id, Duration::from_millis(*grace))
            }
            _ => Ok(()),
        };
        tolerate(done);
    }

    /// The descriptor is exact: not readable means that nothing is unread and nothing is due.
    fn check(&mut self) {
        if is_readable(&self.host.engine) {
            return;
        }
        if self.host.engine.time_to_deadline() == Some(Duration::ZERO) {
            // A deadline that passed this instant: the kernel's timer is about to say so.
            assert!(wait_readable(&self.host.engine, STALL), "due and never readable");
            return;
        }
        assert!(!self.host.read_event(), "an event was unread and the descriptor not readable");
    }
}

impl Source {
    /// Writes what the slave takes.
    fn write(&mut self, n: usize) {
        let Source::Slave { end: Some(end), written, .. } = self else { return };
        let bytes = noise(written.len() as u64 + 5, n);
        match nix::unistd::write(end.as_fd(), &bytes) {
            Ok(n) => written.extend_from_slice(&bytes[..n]),
            // Full, or the terminal was closed.
            Err(Errno::EAGAIN | Errno::EIO) => {}
            Err(errno) => panic!("write to the slave: {errno}"),
        }
    }

    /// Reads what the slave has; whether it had anything.
    fn read(&mut self) -> bool {
        let Source::Slave { end: Some(end), read, .. } = self else { return false };
        let mut buffer = [0; 4096];
        match nix::unistd::read(&*end, &mut buffer) {
            Ok(n) => {
                read.extend_from_slice(&buffer[..n]);
                n > 0
            }
            Err(Errno::EAGAIN | Errno::EIO) => false,
            Err(errno) => panic!("read from the slave: {errno}"),
        }
    }
}

impl Terminal {
    /// Whether everything has come that this terminal owes. One that is being closed, or nobody
    /// reads, owes nothing but its end.
    fn is_settled(&self, host: &mut Host) -> bool {
        if self.closing {
            return host.seen(self.id).closed;
        }
        if let Source::Slave { end: Some(_), read, .. } = &self.source
            && read.len() < self.accepted.len()
        {
            return false;
        }
        let Some(reader) = self.reader else { return true };
        let heard = host.heard(reader).end;
        match &self.source {
            Source::Counting(all) => heard == all.len() as u64 && host.exit(self.id).is_some(),
            Source::Cat => heard == self.accepted.len() as u64,
            Source::Slave { end, written, .. } => {
                heard == written.len() as u64 && (end.is_some() || host.seen(self.id).eof.is_some())
            }
        }
    }

    fn verify(&self, host: &mut Host) {
        if let Source::Slave { read, .. } = &self.source {
            assert!(self.accepted.starts_with(read), "input in order");
        }
        let Some(reader) = self.reader else { return };
        let owed = match &self.source {
            Source::Counting(all) => all,
            Source::Cat => &self.accepted,
            Source::Slave { written, .. } => written,
        };
        let heard = host.heard(reader);
        assert!(heard.gaps.is_empty(), "a lossless reader");
        let end = heard.bytes.len().min(owed.len());
        assert_same("output", &heard.bytes, &owed[..end]);
    }
}

/// Lets everything go and waits, without a timeout, until all that is owed has come.
fn settle(world: &mut World) {
    let World { host, terminals, posted } = world;
    for terminal in terminals.iter().filter(|terminal| !terminal.closing) {
        tolerate(host.engine.resume(terminal.id));
        for reader in host.engine.terminal_state(terminal.id).unwrap().readers {
            host.engine.resume_reader(reader.id).unwrap();
        }
    }
    let end = Instant::now() + STALL;
    loop {
        host.read_events();
        for terminal in terminals.iter_mut() {
            while terminal.source.read() {}
        }
        let settled = terminals.iter().all(|terminal| terminal.is_settled(host));
        if settled && host.completed.len() as u64 == *posted {
            return;
        }
        let left = end.saturating_duration_since(Instant::now());
        let ends = terminals.iter().filter_map(|terminal| match &terminal.source {
            Source::Slave { end, .. } if !terminal.closing => end.as_ref(),
            _ => None,
        });
        let mut fds: Vec<PollFd> = [host.engine.as_fd()]
            .into_iter()
            .chain(ends.map(AsFd::as_fd))
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
            .collect();
        let ready = poll(&mut fds, PollTimeout::try_from(left).unwrap()).unwrap();
        if ready == 0 {
            host.stalled("what is owed");
        }
        host.engine.turn(Some(Duration::ZERO)).unwrap();
    }
}

fn run(limits: Limits, steps: &[Step]) {
    let mut world = World::new(limits);
    for step in steps {
        world.take(step);
        world.check();
    }
    settle(&mut world);
    let World { mut host, terminals, .. } = world;
    for terminal in &terminals {
        tolerate(host.engine.close(terminal.id, Duration::ZERO));
    }
    host.wait("everything closed", |host| {
        terminals.iter().all(|terminal| host.seen(terminal.id).closed)
    });
    for terminal in &terminals {
        terminal.verify(&mut host);
    }
    // Nothing is left that could happen, so nothing may be said.
    assert!(!is_readable(&host.engine), "readable with nothing left");
    assert_eq!((host.engine.time_to_deadline(), host.engine.log_bytes()), (None, 0));
    host.engine.turn(Some(Duration::ZERO)).unwrap();
    assert_eq!(host.read_events(), 0);
    assert!(!is_readable(&host.engine));
    let id = host.spawn(&sh("exit 0"));
    host.wait_exit(id);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: scaled(150, 5000) as u32,
        max_shrink_iters: 200,
        max_shrink_time: 180_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_host_without_a_timeout_never_stalls(
        limits in limits(),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        run(limits, &steps);
    }
}
