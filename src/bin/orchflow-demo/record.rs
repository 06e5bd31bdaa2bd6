//! Records what `run` shows to a file.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use orchflow::Size;

use crate::args::RunOptions;
use crate::cast::{Description, Environment, Text, VERSION, event_line, size_text};
use crate::host::monotonic;

/// A recording. Each event is written at once, so that the recording of a killed session is
/// complete up to that point.
pub(crate) struct Recorder {
    /// `None` once a write has failed.
    file: Option<File>,
    path: OsString,
    with_input: bool,
    started: Duration,
    output: Text,
    input: Text,
    failure: Option<io::Error>,
}

impl Recorder {
    /// Opens the file before the program starts, so that an unwritable path is reported at once.
    pub(crate) fn open(options: &RunOptions) -> io::Result<Option<Self>> {
        let Some(path) = options.record.clone() else { return Ok(None) };
        let file = File::create(&path).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.to_string_lossy()))
        })?;
        Ok(Some(Recorder {
            file: Some(file),
            path,
            with_input: options.record_input,
            started: monotonic(),
            output: Text::default(),
            input: Text::default(),
            failure: None,
        }))
    }

    /// Starts the recording of a terminal of this size.
    pub(crate) fn begin(&mut self, options: &RunOptions, size: Size) {
        let words: Vec<_> = options.argv.iter().map(|word| word.to_string_lossy()).collect();
        let (term, shell) = (std::env::var("TERM").ok(), std::env::var("SHELL").ok());
        let description = Description {
            version: VERSION,
            width: size.cols,
            height: size.rows,
            timestamp: clock_gettime(ClockId::CLOCK_REALTIME).map_or(0, |time| time.tv_sec()),
            command: (!words.is_empty()).then(|| words.join(" ")),
            env: Environment { term: term.as_deref(), shell: shell.as_deref() },
        };
        // Strings and numbers in structs cannot fail.
        let line = serde_json::to_string(&description).unwrap_or_default() + "\n";
        self.write(&line);
        self.started = monotonic();
    }

    pub(crate) fn output(&mut self, bytes: &[u8]) {
        let text = self.output.push(bytes);
        self.event('o', &text);
    }

    /// Records input, if that was requested.
    pub(crate) fn input(&mut self, bytes: &[u8]) {
        if self.with_input {
            let text = self.input.push(bytes);
            self.event('i', &text);
        }
    }

    pub(crate) fn resize(&mut self, size: Size) {
        self.event('r', &size_text(size));
    }

    /// Ends the recording; returns a message if it is incomplete.
    pub(crate) fn end(&mut self) -> Option<String> {
        let (output, input) = (self.output.finish(), self.input.finish());
        self.event('o', &output);
        self.event('i', &input);
        let error = self.failure.take()?;
        Some(format!("{}: {error}; the recording is incomplete", self.path.to_string_lossy()))
    }

    fn event(&mut self, code: char, text: &str) {
        if !text.is_empty() {
            let at = monotonic().saturating_sub(self.started);
            self.write(&event_line(at, code, text));
        }
    }

    fn write(&mut self, line: &str) {
        let Some(file) = &mut self.file else { return };
        if let Err(error) = file.write_all(line.as_bytes()) {
            self.failure = Some(error);
            self.file = None;
        }
    }
}
