//! `run`: a program in a terminal of the engine, connected to stdin and stdout.
//!
//! The loop polls at most four descriptors: the engine, the signals, stdin while the terminal
//! accepts input, and stdout while output is pending. Output is read from the engine only when the
//! previous output has been written, so a slow stdout exerts backpressure on the program. Stdin is
//! read meanwhile, so that Ctrl-C reaches a program whose output is blocked.

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
use crate::failure::Failure;
use crate::host::{RawMode, Signals, window_size};
use crate::input::Input;
use crate::output::Output;
use crate::record::Recorder;
use crate::report;
use crate::snapshots::Snapshots;
use crate::track::Track;

/// The grace period of the program after its terminal was closed.
const GRACE: Duration = Duration::from_secs(2);
/// How long to wait for a stdout that accepts nothing, after a request to end.
const PATIENCE_MS: u16 = 1000;

/// Runs the program and returns its exit status.
pub(crate) fn main(options: &RunOptions) -> ExitCode {
    report_how_to_leave(options);
    let mut session = match Session::start(options) {
        Ok(session) => session,
        Err(failure) => return failure.report(),
    };
    let outcome = session.run();
    session.snapshots.write(&mut session.engine, session.terminal);
    let recording_failure = session.recorder.as_mut().and_then(Recorder::end);
    session.remarks.extend(recording_failure);
    let remarks = std::mem::take(&mut session.remarks);
    // The terminal is restored before anything is reported.
    drop(session);
    remarks.iter().for_each(|remark| report(remark));
    match outcome {
        Ok(status) => exit_code(status),
        Err(failure) => failure.report(),
    }
}

/// A shell in the terminal looks like the outer one, so a line says how to leave it.
fn report_how_to_leave(options: &RunOptions) {
    if options.argv.is_empty() && io::stdin().is_terminal() && io::stderr().is_terminal() {
        report("your shell, in a terminal of the engine; `exit` or Ctrl-D leaves it");
    }
}

pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    match status {
        ExitStatus::Code(code) => ExitCode::from(code as u8),
        ExitStatus::Signal { signal, .. } => ExitCode::from(128 + signal as u8),
        ExitStatus::Unknown => ExitCode::FAILURE,
    }
}

/// The exit status in words.
pub(crate) fn describe_exit(status: ExitStatus) -> String {
    match status {
        ExitStatus::Code(code) => format!("status {code}"),
        ExitStatus::Signal { signal, .. } => format!("signal {signal}"),
        ExitStatus::Unknown => "unknown status".into(),
    }
}

struct Session {
    engine: Engine,
    terminal: TerminalId,
    reader: Option<ReaderId>,
    /// The reader is paused.
    is_paused: bool,
    signals: Signals,
    output: Output,
    /// Tracks what the program leaves behind in the terminal; `None` if stdout is not a terminal.
    track: Option<Track>,
    input: Input,
    /// From the command line: the window is not followed in this direction.
    cols: Option<u16>,
    rows: Option<u16>,
    /// The last signal that requested the end.
    asked_to_end: Option<i32>,
    /// The exit status of the program; after it only the remaining output is written.
    status: Option<ExitStatus>,
    /// Messages that are printed once the terminal is restored.
    remarks: Vec<String>,
    snapshots: Snapshots,
    recorder: Option<Recorder>,
    /// Restores the terminal; dropped last.
    _raw_mode: Option<RawMode>,
}

impl Session {
    fn start(options: &RunOptions) -> Result<Self, Failure> {
        // Before there is a program to pass signals on to.
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
            _raw_mode: raw_mode().map_err(|e| Failure::Host("set the terminal to raw mode", e))?,
        })
    }

    fn run(&mut self) -> Result<ExitStatus, Failure> {
        self.reader =
            self.engine.terminal_state(self.terminal)?.readers.first().map(|reader| reader.id);
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

    /// Waits for an event. After a request to end, a stdout that accepts nothing is waited for only
    /// briefly; if the program has ended by then, this returns its status.
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
        Ok(match self.engine.terminal_state(self.terminal) {
            Ok(state) if state.running => None,
            Ok(state) => Some(state.exit.unwrap_or(gone)),
            Err(_) => Some(gone),
        })
    }

    /// Reads events until there are none. While stdout is blocked the reader is paused: then there
    /// is no output among them, and the engine's descriptor does not stay readable because of it.
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
                // The reader is gone with a closed terminal.
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
                    let remark = "the terminal truncated a line of input after 4095 bytes";
                    self.remarks.push(remark.into());
                }
                Event::Log { text, .. } => self.remarks.push(text.into()),
                // Room for input is checked after each turn.
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
                // No room: retried after the next InputReady.
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
            // Ctrl-C on a terminal that is not stdin; passed on to the program.
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
    /// Undoes what the program left behind in the terminal.
    fn drop(&mut self) {
        let Some(track) = &mut self.track else { return };
        let undo = track.undo(window_size());
        // If stdout is closed, nobody sees it.
        let _ = self.output.write(&undo);
        let _ = self.output.finish(PATIENCE_MS.into());
    }
}

fn raw_mode() -> nix::Result<Option<RawMode>> {
    let by_input = RawMode::enter()?;
    if by_input.is_some() { Ok(by_input) } else { RawMode::for_output() }
}

/// A command after the end of the program is not an error.
fn is_over(error: &orchflow::Error) -> bool {
    matches!(error.kind(), ErrorKind::Ended | ErrorKind::Closing)
}

fn ignore_over(outcome: orchflow::Result<()>) -> orchflow::Result<()> {
    outcome.or_else(|error| if is_over(&error) { Ok(()) } else { Err(error) })
}

/// Variables that describe the outer terminal, in addition to `TERM` and `COLORTERM`.
const DESCRIPTIONS: [&str; 6] = [
    "COLORFGBG",
    "TERMINFO",
    "TERM_FEATURES",
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
    "VTE_VERSION",
];

/// The size without a terminal: `COLUMNS` and `LINES`, as other programs do.
fn size_from_environment() -> Size {
    let cells = |name: &str, otherwise: u16| {
        let value = std::env::var(name).ok().and_then(|value| value.parse().ok());
        value.filter(|cells| *cells > 0).unwrap_or(otherwise)
    };
    let size = Size::default();
    Size::cells(cells("COLUMNS", size.cols), cells("LINES", size.rows))
}

/// A size with the dimensions from the command line.
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
    // The outer terminal shows the output, so the program needs its description.
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
