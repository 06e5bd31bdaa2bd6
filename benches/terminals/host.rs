//! The host that the figures are taken from: one loop around one engine.

use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use orchflow::{
    Config, Delivery, Engine, Event, ExitStatus, Limits, Mode, ReaderOptions, ScreenOptions,
    SpawnOptions, TerminalEvent, TerminalFilter, TerminalId,
};

/// Nothing that is waited for takes this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Between an echo and the next key; the C loop has the same.
const PAUSE: Duration = Duration::from_millis(1);

/// The line that floods write without end; the C loop has the same.
const FLOOD_LINE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// How the host waits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Inside `turn`.
    InTurn,
    /// In its own `poll` on the engine's descriptor.
    InPoll,
}

/// Whether terminals have a screen, and who looks at it beside the lossless reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Screens {
    None,
    /// Kept, and nobody looks.
    Kept(ScreenOptions),
    /// Every terminal has a viewer, which gets an update at most every 16 ms.
    Viewed(ScreenOptions),
}

pub(crate) struct Host {
    pub(crate) engine: Engine,
    wait: Wait,
    screens: Screens,
}

/// What one turn has reported.
#[derive(Default)]
pub(crate) struct Reported {
    /// When output of the awaited terminal was seen.
    pub(crate) awaited: Option<Instant>,
    /// Bytes of other terminals.
    pub(crate) other_bytes: u64,
    pub(crate) output_events: u64,
    pub(crate) screen_events: u64,
}

/// Microseconds of each round trip, and what floods got through meanwhile.
pub(crate) struct Echoes {
    pub(crate) from_key_us: Vec<f64>,
    pub(crate) from_due_us: Vec<f64>,
    pub(crate) flood_bytes_per_s: f64,
}

impl Host {
    pub(crate) fn new(wait: Wait) -> Self {
        Host::with_screens(wait, Screens::None)
    }

    pub(crate) fn with_screens(wait: Wait, screens: Screens) -> Self {
        let limits = Limits { terminals: 2048, ..Limits::default() };
        let engine = Engine::new(Config { limits, ..Config::default() }).unwrap();
        Host { engine, wait, screens }
    }

    pub(crate) fn spawn(&mut self, argv: &[&str]) -> TerminalId {
        self.spawn_with(SpawnOptions::program(argv[0]).args(&argv[1..]))
    }

    /// Adds the screen.
    pub(crate) fn spawn_with(&mut self, options: SpawnOptions) -> TerminalId {
        let screen = match &self.screens {
            Screens::None => return self.engine.spawn(&options).unwrap(),
            Screens::Kept(screen) | Screens::Viewed(screen) => screen.clone(),
        };
        let id = self.engine.spawn(&options.screen(screen)).unwrap();
        if let Screens::Viewed(_) = self.screens {
            let viewer = ReaderOptions::new(Delivery::Screen).interval(Duration::from_millis(16));
            self.engine.attach_with(id, &viewer).unwrap();
        }
        id
    }

    /// A program that gives back every byte at once.
    pub(crate) fn spawn_echo(&mut self) -> TerminalId {
        let id = self.spawn(&["cat"]);
        self.engine.set_mode(id, Mode::Raw).unwrap();
        id
    }

    pub(crate) fn spawn_floods(&mut self, count: usize) {
        for _ in 0..count {
            self.spawn(&["yes", FLOOD_LINE]);
        }
    }

    /// Bytes a second of what floods while nobody types, over a second. The same protocol as the C loop's.
    pub(crate) fn flood_bytes_per_s(&mut self) -> f64 {
        let (second, warm_up) = (Duration::from_secs(1), Duration::from_millis(200));
        let mut run = |time: Duration| {
            let (start, mut bytes) = (Instant::now(), 0);
            while start.elapsed() < time {
                bytes += self.turn(time, None).other_bytes;
            }
            bytes as f64 / start.elapsed().as_secs_f64()
        };
        run(warm_up);
        run(second)
    }

    /// Waits at most `timeout`, turns, and reads every event.
    pub(crate) fn turn(&mut self, timeout: Duration, awaited: Option<TerminalId>) -> Reported {
        self.wait_and_turn(timeout);
        let mut reported = Reported::default();
        while let Some(event) = self.engine.next_event().unwrap() {
            match event {
                Event::Terminal { id, event: TerminalEvent::Output { bytes, .. }, .. } => {
                    reported.output_events += 1;
                    if Some(id) == awaited {
                        reported.awaited = Some(Instant::now());
                    } else {
                        reported.other_bytes += bytes.len() as u64;
                    }
                }
                Event::Terminal { event: TerminalEvent::Screen { .. }, .. } => {
                    reported.screen_events += 1;
                }
                Event::Log { text, .. } => panic!("the engine logs: {text}"),
                _ => {}
            }
        }
        reported
    }

    fn wait_and_turn(&mut self, timeout: Duration) {
        match self.wait {
            Wait::InTurn => self.engine.turn(Some(timeout)).unwrap(),
            Wait::InPoll => {
                let fd = self.engine.as_raw_fd();
                let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
                let wait_ms = timeout.as_micros().div_ceil(1000) as i32;
                // SAFETY: the pointer is to one pollfd, as said.
                let ready = unsafe { libc::poll(&raw mut poll, 1, wait_ms) };
                assert!(ready >= 0, "poll");
                self.engine.turn(Some(Duration::ZERO)).unwrap();
            }
        }
    }

    /// Types a byte so many times and waits for its echo, with a pause in between in which
    /// everything else is served. The same protocol as the C loop's.
    pub(crate) fn echoes(&mut self, terminal: TerminalId, round_trips: usize) -> Echoes {
        let mut from_key_us = Vec::with_capacity(round_trips);
        let mut from_due_us = Vec::with_capacity(round_trips);
        let mut flood_bytes = 0;
        let start = Instant::now();
        let mut due = start + PAUSE;
        for _ in 0..round_trips {
            loop {
                let wait = due.saturating_duration_since(Instant::now());
                if wait.is_zero() {
                    break;
                }
                flood_bytes += self.turn(wait, Some(terminal)).other_bytes;
            }
            let typed = Instant::now();
            assert_eq!(self.engine.write(terminal, b"x").unwrap(), 1);
            let echoed = loop {
                let reported = self.turn(Duration::from_secs(1), Some(terminal));
                flood_bytes += reported.other_bytes;
                if let Some(at) = reported.awaited {
                    break at;
                }
                assert!(typed.elapsed() < PATIENCE, "an echo does not come");
            };
            from_key_us.push((echoed - typed).as_secs_f64() * 1e6);
            from_due_us.push((echoed - due).as_secs_f64() * 1e6);
            due = echoed + PAUSE;
        }
        let flood_bytes_per_s = flood_bytes as f64 / start.elapsed().as_secs_f64();
        Echoes { from_key_us, from_due_us, flood_bytes_per_s }
    }

    /// Has a raw `cat` give these bytes back, which shows them.
    pub(crate) fn show(&mut self, cat: TerminalId, bytes: &[u8]) {
        let patience = Instant::now() + PATIENCE;
        let (mut typed, mut shown) = (0, 0);
        while shown < bytes.len() as u64 {
            typed += self.engine.write(cat, &bytes[typed..]).unwrap();
            shown += self.turn(Duration::from_secs(1), None).other_bytes;
            assert!(Instant::now() < patience, "what was typed does not come back");
        }
    }

    /// Runs one program to its end; gives its bytes.
    pub(crate) fn run_to_end(&mut self, argv: &[&str]) -> u64 {
        let terminal = self.spawn(argv);
        let patience = Instant::now() + PATIENCE;
        let mut total = 0;
        loop {
            self.wait_and_turn(Duration::from_secs(1));
            while let Some(event) = self.engine.next_event().unwrap() {
                let Event::Terminal { id, event, .. } = event else { continue };
                match event {
                    TerminalEvent::Output { bytes, .. } => total += bytes.len() as u64,
                    TerminalEvent::Exited { status, final_offset } => {
                        assert_eq!(id, terminal);
                        assert_eq!(status, ExitStatus::Code(0));
                        assert_eq!(final_offset, total, "bytes are missing");
                        return total;
                    }
                    _ => {}
                }
            }
            assert!(Instant::now() < patience, "the program does not end");
        }
    }

    /// Turns until nothing has happened for a while, and everything has been reported.
    pub(crate) fn quiesce(&mut self) {
        let patience = Instant::now() + PATIENCE;
        let mut quiet_since = Instant::now();
        while quiet_since.elapsed() < Duration::from_millis(100) {
            let reported = self.turn(Duration::from_millis(20), None);
            if reported.output_events + reported.screen_events > 0 {
                quiet_since = Instant::now();
            }
            assert!(Instant::now() < patience, "it does not become quiet");
        }
    }

    /// Closes what is there, without grace, until all of it is gone and reaped.
    pub(crate) fn close_all(&mut self) {
        for id in self.engine.terminals(TerminalFilter::All) {
            self.engine.close(id, Duration::ZERO).unwrap();
        }
        let patience = Instant::now() + PATIENCE;
        while !self.engine.terminals(TerminalFilter::All).is_empty() {
            self.turn(Duration::from_millis(100), None);
            assert!(Instant::now() < patience, "a terminal does not close");
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.close_all();
        }
    }
}
