//! Our own terminal while it shows another one.
//!
//! The bytes of the other one pass unchanged. So that something of our own can be put between them, and
//! all that they have set be taken back at the end, [`Track`] follows them. Where stdout is no terminal,
//! only bytes pass.

use std::io::{self, IsTerminal};

use nix::poll::PollTimeout;
use orchflow::Size;

use crate::failure::Failure;
use crate::host::window_size;
use crate::output::Output;
use crate::track::Track;

/// What begins a snapshot: a full reset. In our terminal it would take the user's scrollback with it.
const FULL_RESET: &[u8] = b"\x1bc";

/// How long a stuck terminal is waited for at the end, in milliseconds.
const PATIENCE_MS: u16 = 500;

/// Saves and restores the window's title, where the terminal can.
const PUSH_TITLE: &[u8] = b"\x1b[22;0t";
const POP_TITLE: &[u8] = b"\x1b[23;0t";

pub(crate) struct Window {
    pub(crate) output: Output,
    is_terminal: bool,
    track: Track,
    is_begun: bool,
    /// Parts of a snapshot are coming.
    in_snapshot: bool,
    /// The title says something of ours.
    has_notice: bool,
}

impl Window {
    pub(crate) fn new() -> Self {
        Window {
            output: Output::new(),
            is_terminal: io::stdout().is_terminal(),
            track: Track::default(),
            is_begun: false,
            in_snapshot: false,
            has_notice: false,
        }
    }

    /// Makes room: what the user has on the screen scrolls away and is not lost.
    pub(crate) fn begin(&mut self, size: Option<Size>) -> Result<(), Failure> {
        if !self.is_terminal || std::mem::replace(&mut self.is_begun, true) {
            return Ok(());
        }
        let rows = usize::from(size.unwrap_or_default().rows);
        self.output.write(PUSH_TITLE)?;
        self.output.write(format!("\x1b[{rows}H").as_bytes())?;
        self.output.write("\n".repeat(rows).as_bytes())?;
        self.output.write(b"\x1b[H")
    }

    /// Output of the other terminal.
    pub(crate) fn show(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.track.feed(bytes);
        self.output.write(bytes)
    }

    /// A part of a snapshot, which replaces what is shown.
    pub(crate) fn show_snapshot(&mut self, bytes: &[u8], more: bool) -> Result<(), Failure> {
        let is_first = !std::mem::replace(&mut self.in_snapshot, more);
        let rest = bytes.strip_prefix(FULL_RESET).filter(|_| is_first && self.is_terminal);
        if rest.is_some() {
            self.reset()?;
            self.output.write(b"\x1b[2J\x1b[H")?;
        }
        self.show(rest.unwrap_or(bytes))
    }

    /// Says something in the title, if nothing is half written at the moment; nothing else of the window
    /// is touched.
    pub(crate) fn notice(&mut self, text: &str) -> Result<(), Failure> {
        if !self.is_begun || !self.track.is_between() {
            return Ok(());
        }
        if !std::mem::replace(&mut self.has_notice, true) {
            self.output.write(PUSH_TITLE)?;
        }
        self.output.write(format!("\x1b]2;{text}\x07").as_bytes())
    }

    /// Rings, so that who types in vain knows.
    pub(crate) fn ring(&mut self) -> Result<(), Failure> {
        if self.is_begun && self.track.is_between() { self.output.write(b"\x07") } else { Ok(()) }
    }

    /// The connection broke: parts of a snapshot that have not come never will.
    pub(crate) fn on_broken(&mut self) {
        self.in_snapshot = false;
    }

    /// Puts the title back that was there before the notice.
    pub(crate) fn clear_notice(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.has_notice) {
            self.output.write(POP_TITLE)?;
        }
        Ok(())
    }

    /// Our terminal is as it was, but for what is to be read on it.
    pub(crate) fn end(&mut self) -> Result<(), Failure> {
        if !std::mem::take(&mut self.is_begun) {
            return Ok(());
        }
        self.clear_notice()?;
        let line_end: &[u8] = if self.track.last == b'\n' { b"\r\x1b[J" } else { b"\r\n\x1b[J" };
        self.reset()?;
        self.output.write(POP_TITLE)?;
        self.output.write(line_end)?;
        self.output.finish(PollTimeout::from(PATIENCE_MS))
    }

    fn reset(&mut self) -> Result<(), Failure> {
        let undo = self.track.undo(window_size());
        self.output.write(&undo)
    }
}

impl Drop for Window {
    /// When all else has failed, a panic included.
    fn drop(&mut self) {
        let _ = self.end();
    }
}
