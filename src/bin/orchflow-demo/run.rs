//! `run`: a program in a terminal of the engine, wired to our stdin and stdout.
//!
//! The host loop polls at most four things: the engine's descriptor, the signals, stdin while the
//! terminal takes input, and stdout while output waits. Output is pulled from the engine only when
//! the piece before it is written, so a slow stdout slows the program down and nothing piles up; and
//! stdin is read meanwhile, so that Ctrl-C gets through to a program whose output is stuck.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orchflow::{
    Config, Engine, ErrorKind, Event, ExitStatus, ReaderId, SignalTarget, Size, SpawnOptions,
    TerminalEvent, TerminalId,
};

use crate::args::RunOptions;
use crate::complain;
use crate::failure::Failure;
use crate::host::{RawMode, Signals, window_size};
use crate::input::Input;
use crate::output::Output;
use crate::record::Recorder;
use crate::snapshots::Snapshots;
use crate::track::Track;

/// How long a program may go on after its terminal was closed.
const GRACE: Duration = Duration::from_secs(2);
/// How long a stdout that takes nothing is waited for after a request to end.
const PATIENCE_MS: u16 = 1000;

/// Runs the program and gives its exit status as ours.
pub(crate) fn main(options: &RunOptions) -> ExitCode {
    say_how_to_leave(options);
    let mut session = match Session::start(options) {
        Ok(session) => session,
        Err(failure) => return failure.report(),
    };
    let outcome = session.run();
    session.snapshots.write(&mut session.engine, session.terminal);
    let recording_failure = session.recorder.as_mut().and_then(Recorder::end);
    session.remarks.extend(recording_failure);
    let remarks = std::mem::take(&mut session.remarks);
    // Our terminal is itself again before anything is said.
    drop(session);
    remarks.iter().for_each(|remark| complain(remark));
    match outcome {
        Ok(status) => exit_code(status),
        Err(failure) => failure.report(),
    }
}

/// A shell in a terminal looks like the one it was started from, so a person is told which it is.
fn say_how_to_leave(options: &RunOptions) {
    if options.argv.is_empty() && io::stdin().is_terminal() && io::stderr().is_terminal() {
        complain("your shell, in a terminal of the engine; `exit` or Ctrl-D leaves it");
    }
}

pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    match status {
        ExitStatus::Code(code) => ExitCode::from(code as u8),
        ExitStatus::Signal { signal, .. } => ExitCode::from(128 + signal as u8),
        ExitStatus::Unknown => ExitCode::FAILURE,
    }
}

/// How a program ended, for a person.
pub(crate) fn describe_exit(status: ExitStatus) -> String {
    match status {
        ExitStatus::Code(code) => format!("status {code}"),
        ExitStatus::Signal { signal, .. } => format!("signal {signal}"),
        ExitStatus::Unknown => "nobody knows how".into(),
    }
}

struct Session {
    engine: Engine,
    terminal: TerminalId,
    reader: Option<ReaderId>,
    /// Our reader is paused.
    is_paused: bool,
    signals: Signals,
    output: Output,
    /// What the program leaves behind in our terminal; `None` if stdout is none.
    track: Option<Track>,
    input: Input,
    /// Given on the command line: then the window is not followed in this direction.
    cols: Option<u16>,
    rows: Option<u16>,
    /// The last signal that asked for the end, of the program at least.
    asked_to_end: Option<i32>,
    /// How the program ended; from then on only what is left of its output is written.
    status: Option<ExitStatus>,
    /// Said at the end, when our terminal is itself again.
    remarks: Vec<String>,
    snapshots: Snapshots,
    recorder: Option<Recorder>,
    /// Restores our own terminal; dropped last.
    _raw_mode: Option<RawMode>,
}

impl Session {
    fn start(options: &RunOptions) -> Result<Self, Failure> {
        // Before there is a program to pass them on to.
        let signals = Signals::catch().map_err(|e| Failure::Host("signalfd", e))?;
        let snapshots = Snapshots::open(options).map_err(Failure::File)?;
        let mut recorder = Recorder::open(options).map_err(Failure::File)?;
        let mut engine = Engine::new(Config::default())?;
        let size = window_size().unwrap_or_else(size_from_environment);
        let size = fixed(size, options.cols, options.rows);
        let mut spawn = spawn_options(options).size(size);
        if let Some(screen) = snapshots.screen() {
            spawn = spawn.screen(screen);
        }
        let terminal = engine.spawn(&spawn)?;
        if let Some(recorder) = &mut recorder {
            recorder.begin(options, size);
        }
        Ok(Session {
            engine,
            terminal,
            reader: None,
            is_paused: false,
            signals,
            output: Output::new(),
            track: io::stdout().is_terminal().then(Track::default),
            input: Input::default(),
            cols: options.cols,
            rows: options.rows,
            asked_to_end: None,
            status: None,
            remarks: Vec::new(),
            snapshots,
            recorder,
            _raw_mode: raw_mode().map_err(|e| Failure::Host("make the terminal raw", e))?,
        })
    }

    fn run(&mut self) -> Result<ExitStatus, Failure> {
        self.reader = self.engine.state(self.terminal)?.readers.first().map(|reader| reader.id);
        loop {
            if let Some(status) = self.wait()? {
                return Ok(status);
            }
            self.engine.turn(Some(Duration::ZERO))?;
            while let Some(signal) =
                self.signals.next().map_err(|e| Failure::Host("signalfd", e))?
            {
                self.on_signal(signal)?;
            }
            self.read_events()?;
            self.move_input()?;
            if let Some(status) = self.status
                && self.output.pending.is_empty()
            {
                return Ok(status);
            }
        }
    }

    /// Waits until something can be done. After a request to end a stdout that takes nothing is not waited
    /// for long: when the program has ended meanwhile, that is the end.
    fn wait(&mut self) -> Result<Option<ExitStatus>, Failure> {
        let stdin = io::stdin();
        let mut fds = vec![
            PollFd::new(self.engine.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
        ];
        let waits_for_stdout = !self.output.pending.is_empty();
        if waits_for_stdout {
            fds.push(PollFd::new(self.output.as_fd(), PollFlags::POLLOUT));
        }
        let waits_for_stdin = self.input.wants_more();
        if waits_for_stdin {
            fds.push(PollFd::new(stdin.as_fd(), PollFlags::POLLIN));
        }
        let ends = self.asked_to_end.filter(|_| waits_for_stdout);
        let patience = ends.map_or(PollTimeout::NONE, |_| PATIENCE_MS.into());
        let ready = match poll(&mut fds, patience) {
            Ok(ready) => ready,
            Err(Errno::EINTR) => 1,
            Err(errno) => return Err(Failure::Host("poll", errno)),
        };
        self.input.readable = waits_for_stdin && fds.last().and_then(PollFd::any) == Some(true);
        let Some(signal) = ends.filter(|_| ready == 0) else { return Ok(None) };
        let gone = ExitStatus::Signal { signal, core_dumped: false };
        Ok(match self.engine.state(self.terminal) {
            Ok(state) if state.running => None,
            Ok(state) => Some(state.exit.unwrap_or(gone)),
            Err(_) => Some(gone),
        })
    }

    /// Pulls events until none is left. While stdout is stuck our reader is paused: then there is no output
    /// among them, and the engine's descriptor does not report it over and over.
    fn read_events(&mut self) -> Result<(), Failure> {
        self.output.flush()?;
        loop {
            let is_stuck = !self.output.pending.is_empty();
            if let Some(reader) = self.reader.filter(|_| is_stuck != self.is_paused) {
                self.is_paused = is_stuck;
                let outcome = match is_stuck {
                    true => self.engine.pause_reader(reader),
                    false => self.engine.resume_reader(reader),
                };
                // It goes with a terminal that was closed.
                outcome
                    .or_else(|e| if e.kind() == ErrorKind::StaleId { Ok(()) } else { Err(e) })?;
            }
            let Some(event) = self.engine.next_event()? else { return Ok(()) };
            match event {
                Event::Terminal { event: TerminalEvent::Output { bytes, .. }, .. } => {
                    if let Some(track) = &mut self.track {
                        track.feed(bytes);
                    }
                    if let Some(recorder) = &mut self.recorder {
                        recorder.output(bytes);
                    }
                    self.output.write(bytes)?;
                }
                Event::Terminal { event: TerminalEvent::Exited { status, .. }, .. } => {
                    self.status = Some(status);
                }
                Event::Terminal { event: TerminalEvent::InputTruncated, .. } => {
                    let remark = "the terminal cut a line of input after 4095 bytes";
                    self.remarks.push(remark.into());
                }
                Event::Log { text, .. } => self.remarks.push(text.into()),
                // Room for input is looked for after each turn.
                _ => {}
            }
        }
    }

    fn move_input(&mut self) -> Result<(), Failure> {
        if self.status.is_some() {
            return Ok(());
        }
        self.input.read();
        if !self.input.buffer.is_empty() {
            match self.engine.write(self.terminal, &self.input.buffer) {
                Ok(accepted) => {
                    let typed = self.input.buffer.drain(..accepted);
                    if let Some(recorder) = &mut self.recorder {
                        recorder.input(typed.as_slice());
                    }
                }
                Err(error) if is_over(&error) => self.input.buffer.clear(),
                Err(error) => return Err(error.into()),
            }
        }
        if self.input.ended && !self.input.end_sent && self.input.buffer.is_empty() {
            match self.engine.send_eof(self.terminal) {
                // No room: after the next InputReady.
                Err(error) if error.is_limit_reached() => return Ok(()),
                Err(error) if !is_over(&error) => return Err(error.into()),
                _ => self.input.end_sent = true,
            }
        }
        Ok(())
    }

    fn on_signal(&mut self, signal: i32) -> Result<(), Failure> {
        if signal != libc::SIGWINCH {
            self.asked_to_end = Some(signal);
        }
        match signal {
            libc::SIGWINCH => {
                if let Some(size) = window_size() {
                    let size = fixed(size, self.cols, self.rows);
                    if let Some(recorder) = &mut self.recorder {
                        recorder.resize(size);
                    }
                    ignore_over(self.engine.resize(self.terminal, size))?;
                }
            }
            // Typed where our input does not come from; the program should get it all the same.
            libc::SIGINT => {
                let target = SignalTarget::Foreground;
                ignore_over(self.engine.signal(self.terminal, signal, target))?;
            }
            _ => self.engine.close(self.terminal, GRACE)?,
        }
        Ok(())
    }
}

impl Drop for Session {
    /// Undoes what the program left behind in our terminal, whatever the end was.
    fn drop(&mut self) {
        let Some(track) = &mut self.track else { return };
        let undo = track.undo(window_size());
        // A stdout that is closed has nobody to see it.
        let _ = self.output.write(&undo);
        let _ = self.output.finish(PATIENCE_MS.into());
    }
}

fn raw_mode() -> nix::Result<Option<RawMode>> {
    let by_input = RawMode::enter()?;
    if by_input.is_some() { Ok(by_input) } else { RawMode::for_output() }
}

/// A command that came after the program's end is not a failure.
fn is_over(error: &orchflow::Error) -> bool {
    matches!(error.kind(), ErrorKind::Ended | ErrorKind::Closing)
}

fn ignore_over(outcome: orchflow::Result<()>) -> orchflow::Result<()> {
    outcome.or_else(|error| if is_over(&error) { Ok(()) } else { Err(error) })
}

/// What says which terminal it is and what it can do, beside `TERM` and `COLORTERM`.
const DESCRIPTIONS: [&str; 6] = [
    "COLORFGBG",
    "TERMINFO",
    "TERM_FEATURES",
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
    "VTE_VERSION",
];

/// The size without a terminal: that of `COLUMNS` and `LINES`, as other programs have it.
fn size_from_environment() -> Size {
    let cells = |name: &str, otherwise: u16| {
        let value = std::env::var(name).ok().and_then(|value| value.parse().ok());
        value.filter(|cells| *cells > 0).unwrap_or(otherwise)
    };
    let size = Size::default();
    Size::cells(cells("COLUMNS", size.cols), cells("LINES", size.rows))
}

/// What the command line fixes about a size.
fn fixed(size: Size, cols: Option<u16>, rows: Option<u16>) -> Size {
    if cols.is_none() && rows.is_none() {
        return size;
    }
    Size::cells(cols.unwrap_or(size.cols), rows.unwrap_or(size.rows))
}

fn spawn_options(options: &RunOptions) -> SpawnOptions {
    let spawn = match options.argv.split_first() {
        Some((program, args)) => SpawnOptions::program(program).args(args),
        None => SpawnOptions::shell(),
    };
    // What shows the output is the terminal that we run in, not one of the engine's own kind.
    let Some(term) = std::env::var_os("TERM") else { return spawn };
    let spawn = DESCRIPTIONS.iter().fold(spawn.env("TERM", term), |spawn, name| {
        match std::env::var_os(name) {
            Some(value) => spawn.env(*name, value),
            None => spawn,
        }
    });
    match std::env::var_os("COLORTERM") {
        Some(colorterm) => spawn.env("COLORTERM", colorterm),
        None => spawn.env_remove("COLORTERM"),
    }
}
