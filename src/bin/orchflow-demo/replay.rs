//! `replay`: plays a recording to the terminal, byte for byte at the recorded times.
//!
//! The terminal answers queries of the recorded program. Nobody reads the answers, so answers and
//! keys are discarded. Ctrl-C stops the replay and restores the terminal.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::args::ReplayOptions;
use crate::cast::{self, Recorded};
use crate::failure::Failure;
use crate::host::{RawMode, Signals, Timer, discard_input, monotonic, window_size};
use crate::report;
use crate::window::Window;

/// The maximum length of a line.
const LINE_MAX: u64 = 16 << 20;

/// Plays the recording.
pub(crate) fn main(options: &ReplayOptions) -> ExitCode {
    let outcome = Replay::start(options).and_then(|mut replay| {
        let outcome = replay.run();
        // The terminal is restored before anything is reported.
        let end = replay.window.end();
        discard_input();
        drop(replay);
        end.and(outcome)
    });
    match outcome {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

struct Replay {
    lines: Lines,
    speed: f64,
    idle_max: Option<Duration>,
    signals: Signals,
    timer: Timer,
    window: Window,
    /// Restore the terminal; dropped in this order.
    _output_mode: Option<RawMode>,
    _input_mode: Option<RawMode>,
}

impl Replay {
    fn start(options: &ReplayOptions) -> Result<Self, Failure> {
        let path = options.file.to_string_lossy().into_owned();
        let mut lines = Lines::open(path).map_err(Failure::File)?;
        let first = lines.next().map_err(Failure::File)?.unwrap_or_default();
        let (width, height) = cast::parse_description(&first).map_err(|e| lines.wrong(&e))?;
        let signals = Signals::catch().map_err(|e| Failure::Host("signalfd", e))?;
        let size = window_size().filter(|_| io::stdout().is_terminal());
        if size.is_some_and(|size| u32::from(size.cols) < width || u32::from(size.rows) < height) {
            report(&format!("this terminal is smaller than the recorded one, {width}x{height}"));
        }
        let mode = |e| Failure::Host("set the terminal's mode", e);
        let input_mode = RawMode::without_echo().map_err(mode)?;
        let output_mode = RawMode::for_output().map_err(mode)?;
        let mut window = Window::new();
        window.begin(size)?;
        Ok(Replay {
            lines,
            speed: options.speed,
            idle_max: options.idle_max,
            signals,
            timer: Timer::new().map_err(|e| Failure::Host("timerfd", e))?,
            window,
            _output_mode: output_mode,
            _input_mode: input_mode,
        })
    }

    fn run(&mut self) -> Result<ExitCode, Failure> {
        let mut last = Duration::ZERO;
        let mut due = monotonic();
        while let Some(line) = self.lines.next().map_err(Failure::File)? {
            if line.is_empty() {
                continue;
            }
            let Recorded { at, code, text } =
                cast::parse_event(&line).map_err(|e| self.lines.wrong(&e))?;
            let gap = at.saturating_sub(last).min(self.idle_max.unwrap_or(Duration::MAX));
            last = last.max(at);
            let gap = Duration::try_from_secs_f64(gap.as_secs_f64() / self.speed)
                .map_err(|_| self.lines.wrong("time out of range"))?;
            due = due.saturating_add(gap);
            // Other events are not shown: input, marks, and sizes, which the terminal does not
            // follow.
            if code != "o" {
                continue;
            }
            if let Some(signal) = self.wait_until(due)? {
                return Ok(ExitCode::from(128 + signal as u8));
            }
            self.window.show(text.as_bytes())?;
        }
        Ok(match self.wait_until(due)? {
            Some(signal) => ExitCode::from(128 + signal as u8),
            None => ExitCode::SUCCESS,
        })
    }

    /// Waits until the time has come and everything is written; returns the signal that interrupts
    /// the wait.
    fn wait_until(&mut self, due: Duration) -> Result<Option<i32>, Failure> {
        loop {
            self.window.output.flush()?;
            while let Some(signal) =
                self.signals.next().map_err(|e| Failure::Host("signalfd", e))?
            {
                if signal != libc::SIGWINCH {
                    return Ok(Some(signal));
                }
            }
            let is_stuck = !self.window.output.pending.is_empty();
            let left = due.saturating_sub(monotonic());
            if left.is_zero() && !is_stuck {
                return Ok(None);
            }
            let mut fds = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
            if is_stuck {
                fds.push(PollFd::new(self.window.output.as_fd(), PollFlags::POLLOUT));
            } else {
                self.timer.set(left).map_err(|e| Failure::Host("timerfd", e))?;
                fds.push(PollFd::new(self.timer.as_fd(), PollFlags::POLLIN));
            }
            match poll(&mut fds, PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(Failure::Host("poll", errno)),
            }
            self.timer.has_fired().map_err(|e| Failure::Host("timerfd", e))?;
        }
    }
}

/// The lines of a file, limited in length and numbered.
struct Lines {
    path: String,
    file: BufReader<File>,
    /// The number of the last line, from 1.
    number: u64,
}

impl Lines {
    fn open(path: String) -> io::Result<Self> {
        let file = File::open(&path)
            .map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))?;
        Ok(Lines { path, file: BufReader::new(file), number: 0 })
    }

    /// The next line, without its line break.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        self.number += 1;
        let read = (&mut self.file).take(LINE_MAX).read_until(b'\n', &mut line);
        read.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.path)))?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.pop_if(|byte| *byte == b'\n').is_none() && line.len() as u64 == LINE_MAX {
            let text = format!("{}:{}: line longer than 16 MiB", self.path, self.number);
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        line.pop_if(|byte| *byte == b'\r');
        Ok(Some(line))
    }

    /// The error for the last line.
    fn wrong(&self, what: &str) -> Failure {
        let text = format!("{}:{}: {what}", self.path, self.number);
        Failure::File(io::Error::new(io::ErrorKind::InvalidData, text))
    }
}
