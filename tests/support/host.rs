//! The host: owns an engine, waits on its descriptor, reads and checks every event.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use orchflow::{
    BreakerState, Completion, Config, Delivery, Engine, Error, ErrorKind, Event, ExitStatus,
    Limits, LogLevel, ReaderId, RestartEvent, Result, Snapshot, SpawnOptions, Start, TerminalEvent,
    TerminalFilter, TerminalId,
};

use super::view::View;
use super::{WATCHDOG, is_readable, wait_readable};

/// What one reader got.
#[derive(Default, Debug)]
pub(crate) struct Heard {
    /// Offset of the first byte or gap; `None` before that.
    pub(crate) start: Option<u64>,
    /// Offset of the next byte or gap.
    pub(crate) end: u64,
    /// The bytes, without those lost in gaps. Empty when the host does not keep them.
    pub(crate) bytes: Vec<u8>,
    /// `(from, to)` of every gap.
    pub(crate) gaps: Vec<(u64, u64)>,
    /// Snapshots, each of which replaces everything before it.
    pub(crate) snapshots: Vec<Snapshot>,
    /// Offsets at which the host cleared the screen.
    pub(crate) cleared: Vec<u64>,
    /// It became a viewer.
    pub(crate) handed_over: bool,
    /// What it shows as a viewer.
    pub(crate) view: View,
}

impl Heard {
    /// Counts in a piece of output or a gap; it has to follow what came before.
    fn extend(&mut self, from: u64, to: u64) {
        assert!(to > from, "an empty piece at {from}");
        if self.start.is_some() {
            assert_eq!(from, self.end, "not contiguous");
        }
        self.start.get_or_insert(from);
        self.end = to;
    }

    /// Bytes lost in gaps.
    pub(crate) fn lost(&self) -> u64 {
        self.gaps.iter().map(|(from, to)| to - from).sum()
    }

    /// What of the whole output `all` this reader should have got, gaps taken out.
    pub(crate) fn expected_of(&self, all: &[u8]) -> Vec<u8> {
        let mut expected = Vec::new();
        let mut at = self.start.unwrap_or(self.end);
        for &(from, to) in self.gaps.iter().chain([&(self.end, self.end)]) {
            expected.extend_from_slice(&all[at as usize..from as usize]);
            at = to;
        }
        expected
    }
}

/// A report of a program that is started again, without times.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Restart {
    Waiting(u32, BreakerState, Option<ErrorKind>),
    Started(TerminalId, u32),
    GivenUp(u32, Option<ErrorKind>),
}

impl From<RestartEvent<'_>> for Restart {
    fn from(event: RestartEvent<'_>) -> Self {
        let kind = |error: Option<&Error>| error.map(Error::kind);
        match event {
            RestartEvent::Waiting { attempts, breaker, error, .. } => {
                Restart::Waiting(attempts, breaker, kind(error))
            }
            RestartEvent::Started { terminal, attempts } => Restart::Started(terminal, attempts),
            RestartEvent::GivenUp { attempts, error } => Restart::GivenUp(attempts, kind(error)),
            other => panic!("an unknown event: {other:?}"),
        }
    }
}

/// What happened in one terminal.
#[derive(Default, Debug)]
pub(crate) struct Seen {
    pub(crate) tag: u64,
    pub(crate) exit: Option<(ExitStatus, u64)>,
    pub(crate) eof: Option<u64>,
    pub(crate) closed: bool,
    pub(crate) input_ready: usize,
    pub(crate) input_truncated: usize,
    /// What the screen reported, as text.
    pub(crate) news: Vec<String>,
    pub(crate) restarts: Vec<Restart>,
    /// The readers that got something and are still there, in the order of their first piece.
    pub(crate) readers: Vec<ReaderId>,
}

/// See the module's documentation.
pub(crate) struct Host {
    pub(crate) engine: Engine,
    pub(crate) seen: HashMap<TerminalId, Seen>,
    pub(crate) heard: HashMap<ReaderId, Heard>,
    /// Tags and results of posted commands, in the order of their completion.
    pub(crate) completed: Vec<(u64, Result<Completion>)>,
    pub(crate) shutdown_complete: bool,
    /// Terminals whose bytes are counted and not kept.
    pub(crate) counted_only: HashSet<TerminalId>,
    /// Log lines are collected instead of failing the test.
    pub(crate) tolerate_log: bool,
    pub(crate) log: Vec<String>,
    /// The next wait may take this long.
    pub(crate) watchdog: Duration,
}

impl Host {
    pub(crate) fn new() -> Self {
        Host::with_limits(Limits::default())
    }

    pub(crate) fn with_limits(limits: Limits) -> Self {
        let config = Config { limits, log_level: LogLevel::Info, ..Config::default() };
        Host {
            engine: Engine::new(config).unwrap(),
            seen: HashMap::new(),
            heard: HashMap::new(),
            completed: Vec::new(),
            shutdown_complete: false,
            counted_only: HashSet::new(),
            tolerate_log: false,
            log: Vec::new(),
            watchdog: WATCHDOG,
        }
    }

    // Making terminals.

    pub(crate) fn spawn(&mut self, options: &SpawnOptions) -> TerminalId {
        self.engine.spawn(options).unwrap()
    }

    /// Runs a shell script in a new terminal.
    pub(crate) fn sh(&mut self, script: &str) -> TerminalId {
        self.spawn(&sh(script))
    }

    /// Adds a reader; its bytes are under its id.
    pub(crate) fn attach(&mut self, id: TerminalId, delivery: Delivery, start: Start) -> ReaderId {
        self.engine.attach(id, delivery, start).unwrap()
    }

    /// Takes a reader away; what it has heard stays known.
    pub(crate) fn detach(&mut self, reader: ReaderId) -> Result<()> {
        self.engine.detach(reader)?;
        self.seen.values_mut().for_each(|seen| seen.readers.retain(|id| *id != reader));
        Ok(())
    }

    /// The first reader of a terminal, the one made with it.
    pub(crate) fn reader(&mut self, id: TerminalId) -> ReaderId {
        self.engine.terminal_state(id).unwrap().readers[0].id
    }

    // Waiting.

    /// Reads events and turns until `done`. Never waits with a timeout of its own.
    pub(crate) fn wait(&mut self, what: &str, mut done: impl FnMut(&mut Host) -> bool) {
        let end = Instant::now() + self.watchdog;
        loop {
            self.read_events();
            if done(self) {
                return;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || !wait_readable(&self.engine, left) {
                self.stalled(what);
            }
            self.engine.turn(Some(Duration::ZERO)).unwrap();
        }
    }

    /// Turns without reading events until `done`. The descriptor stays readable because of them, so
    /// this spins.
    pub(crate) fn turn_until(&mut self, what: &str, mut done: impl FnMut(&mut Engine) -> bool) {
        let end = Instant::now() + self.watchdog;
        while !done(&mut self.engine) {
            if Instant::now() >= end {
                self.stalled(what);
            }
            self.engine.turn(Some(Duration::ZERO)).unwrap();
        }
    }

    /// Turns and reads until the descriptor says that there is nothing left to do.
    pub(crate) fn quiesce(&mut self) {
        let end = Instant::now() + self.watchdog;
        self.read_events();
        while is_readable(&self.engine) {
            if Instant::now() >= end {
                self.stalled("quiescence");
            }
            self.engine.turn(Some(Duration::ZERO)).unwrap();
            self.read_events();
        }
    }

    /// Waits until a terminal's first reader has got this text.
    pub(crate) fn wait_text(&mut self, id: TerminalId, text: &str) {
        self.wait(&format!("the text {text:?}"), |host| host.text(id).contains(text));
    }

    /// Waits for the program's end; the status.
    pub(crate) fn wait_exit(&mut self, id: TerminalId) -> ExitStatus {
        self.wait(&format!("the exit of {id:?}"), |host| host.exit(id).is_some());
        self.exit(id).unwrap().0
    }

    pub(crate) fn wait_eof(&mut self, id: TerminalId) {
        self.wait(&format!("the end of {id:?}"), |host| host.seen(id).eof.is_some());
    }

    pub(crate) fn wait_closed(&mut self, id: TerminalId) {
        self.wait(&format!("{id:?} closed"), |host| host.seen(id).closed);
    }

    /// Closes a terminal with a short grace and waits until it is gone.
    pub(crate) fn close(&mut self, id: TerminalId) {
        self.engine.close(id, Duration::from_millis(20)).unwrap();
        self.wait_closed(id);
    }

    // What was seen.

    pub(crate) fn seen(&mut self, id: TerminalId) -> &Seen {
        self.seen.entry(id).or_default()
    }

    pub(crate) fn exit(&mut self, id: TerminalId) -> Option<(ExitStatus, u64)> {
        self.seen(id).exit
    }

    /// What a reader got.
    pub(crate) fn heard(&mut self, reader: ReaderId) -> &Heard {
        self.heard.entry(reader).or_default()
    }

    /// The bytes of the only reader of a terminal.
    pub(crate) fn output(&mut self, id: TerminalId) -> &[u8] {
        let readers = &self.seen.entry(id).or_default().readers;
        assert!(readers.len() <= 1, "which of {readers:?}?");
        readers.first().map_or(&[], |reader| &self.heard[reader].bytes)
    }

    /// The same as text.
    pub(crate) fn text(&mut self, id: TerminalId) -> String {
        String::from_utf8_lossy(self.output(id)).into_owned()
    }

    /// Runs a script to its end; its output, with LF line ends.
    pub(crate) fn output_of(&mut self, options: &SpawnOptions) -> String {
        let id = self.spawn(options);
        self.wait_exit(id);
        self.text(id).replace("\r\n", "\n")
    }

    // Events.

    /// Reads every event that waits; how many.
    pub(crate) fn read_events(&mut self) -> usize {
        let mut count = 0;
        while self.read_event() {
            count += 1;
        }
        count
    }

    /// Reads one event, if one waits.
    pub(crate) fn read_event(&mut self) -> bool {
        let Some(event) = self.engine.next_event().unwrap() else { return false };
        match event {
            Event::Terminal { id, tag, event } => {
                if let TerminalEvent::Restart(RestartEvent::Started { terminal, .. }) = event {
                    assert!(!self.seen.contains_key(&terminal), "it is named before its events");
                }
                let keep = !self.counted_only.contains(&id);
                let seen = self.seen.entry(id).or_default();
                seen.tag = tag;
                note(seen, &mut self.heard, keep, event);
            }
            Event::Completed { tag, result } => self.completed.push((tag, result)),
            Event::Log { level, text, .. } => {
                assert!(self.tolerate_log, "log: {level:?} {text}");
                self.log.push(text.to_owned());
            }
            // How long a turn takes is not asserted; tests/health.rs is about health.
            Event::SlowTurn(_) | Event::Health(_) => {}
            Event::ShutdownComplete => {
                assert!(!self.shutdown_complete, "reported twice");
                self.shutdown_complete = true;
            }
            other => panic!("an unknown event: {other:?}"),
        }
        true
    }

    /// Panics with everything that is known.
    pub(crate) fn stalled(&mut self, what: &str) -> ! {
        let readable = is_readable(&self.engine);
        let deadline = self.engine.time_to_deadline();
        let ids = self.engine.terminals(TerminalFilter::All);
        let states = self.engine.terminal_states(&ids);
        for heard in self.heard.values_mut() {
            let tail = heard.bytes.len().saturating_sub(200);
            heard.bytes.drain(..tail);
        }
        panic!(
            "stalled waiting for {what}; descriptor readable: {readable}, deadline: {deadline:?}\n\
             states: {states:#?}\nseen: {:#?}\nheard (tails): {:#?}\nlog: {:?}",
            self.seen, self.heard, self.log
        );
    }
}

/// A shell script as a program to spawn.
pub(crate) fn sh(script: &str) -> SpawnOptions {
    SpawnOptions::program("sh").arg("-c").arg(script)
}

/// Writes down what happened in a terminal, and checks that it may happen now.
fn note(
    seen: &mut Seen,
    heard: &mut HashMap<ReaderId, Heard>,
    keep: bool,
    event: TerminalEvent<'_>,
) {
    assert!(!seen.closed, "{event:?} after Closed");
    let mut of_reader = |seen: &mut Seen, reader: ReaderId, from: u64, to: u64| {
        if !seen.readers.contains(&reader) {
            seen.readers.push(reader);
        }
        assert_eq!(seen.eof.filter(|eof| to > *eof), None, "output after the end");
        heard.entry(reader).or_default().extend(from, to);
    };
    match event {
        TerminalEvent::Output { reader, offset, bytes } => {
            of_reader(seen, reader, offset, offset + bytes.len() as u64);
            if keep {
                heard.entry(reader).or_default().bytes.extend_from_slice(bytes);
            }
        }
        TerminalEvent::Gap { reader, from, to } => {
            of_reader(seen, reader, from, to);
            heard.entry(reader).or_default().gaps.push((from, to));
        }
        TerminalEvent::Screen { reader, update } => {
            heard.entry(reader).or_default().view.apply(update);
        }
        TerminalEvent::Snapshot { reader, snapshot } => {
            let heard = heard.entry(reader).or_default();
            heard.bytes.clear();
            heard.start = Some(snapshot.offset);
            heard.end = snapshot.offset;
            heard.snapshots.push(snapshot.clone());
        }
        TerminalEvent::Cleared { reader, offset } => {
            let heard = heard.entry(reader).or_default();
            assert!(heard.start.is_none() || heard.end == offset, "in its place");
            heard.cleared.push(offset);
        }
        TerminalEvent::DeliveryChanged { reader, delivery } => {
            assert_eq!(delivery, Delivery::Screen);
            heard.entry(reader).or_default().handed_over = true;
            seen.readers.retain(|id| *id != reader);
        }
        TerminalEvent::InputReady => seen.input_ready += 1,
        TerminalEvent::InputTruncated => seen.input_truncated += 1,
        TerminalEvent::Exited { status, final_offset } => {
            assert!(seen.exit.is_none(), "exited twice");
            for reader in &seen.readers {
                let end = heard[reader].end;
                assert!(end >= final_offset, "exit at {final_offset}, {reader:?} is at {end}");
            }
            seen.exit = Some((status, final_offset));
        }
        TerminalEvent::Eof { final_offset } => {
            assert!(seen.eof.is_none(), "ended twice");
            seen.eof = Some(final_offset);
        }
        TerminalEvent::Closed => seen.closed = true,
        TerminalEvent::Restart(event) => {
            assert!(seen.exit.is_some(), "a restart before the exit");
            seen.restarts.push(event.into());
        }
        news => seen.news.push(describe(news)),
    }
}

/// What a screen reported, as text.
fn describe(news: TerminalEvent<'_>) -> String {
    match news {
        TerminalEvent::Title { title } => format!("title {title}"),
        TerminalEvent::Cwd { path } => format!("cwd {}", path.display()),
        TerminalEvent::Bell { count } => format!("bell {count}"),
        TerminalEvent::Notification { title, body } => {
            format!("notification {title:?} {body:?}")
        }
        TerminalEvent::Clipboard { selection, text } => {
            format!("clipboard {selection} {text}")
        }
        TerminalEvent::CommandStarted { command } => {
            format!("started {command:?}")
        }
        TerminalEvent::CommandFinished { exit_code, .. } => {
            format!("finished {exit_code:?}")
        }
        TerminalEvent::Progress { progress } => format!("progress {progress:?}"),
        other => panic!("an unknown event: {other:?}"),
    }
}
