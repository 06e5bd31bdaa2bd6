//! The outer terminal while it shows a terminal of a server.
//!
//! Output is passed on unchanged. [`Track`] follows it, so that the demo can insert sequences of
//! its own and undo all settings at the end. If stdout is not a terminal, only the output is
//! written.

use std::io::{self, IsTerminal};

use nix::poll::PollTimeout;
use orchflow::Size;

use crate::failure::Failure;
use crate::host::window_size;
use crate::output::Output;
use crate::track::Track;

/// A full reset, which begins a snapshot. In the outer terminal it would clear the user's
/// scrollback.
const FULL_RESET: &[u8] = b"\x1bc";

/// How long to wait for a blocked terminal at the end, in milliseconds.
const PATIENCE_MS: u16 = 500;

/// Saves and restores the window's title, if the terminal supports it.
const PUSH_TITLE: &[u8] = b"\x1b[22;0t";
const POP_TITLE: &[u8] = b"\x1b[23;0t";

pub(crate) struct Window {
    pub(crate) output: Output,
    is_terminal: bool,
    track: Track,
    is_begun: bool,
    /// Further parts of a snapshot are expected.
    in_snapshot: bool,
    /// The title shows a notice.
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

    /// Scrolls the current content of the screen away, so that it is kept.
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

    /// Writes output of the terminal.
    pub(crate) fn show(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.track.feed(bytes);
        self.output.write(bytes)
    }

    /// Writes a part of a snapshot, which replaces the screen.
    pub(crate) fn show_snapshot(&mut self, bytes: &[u8], more: bool) -> Result<(), Failure> {
        let is_first = !std::mem::replace(&mut self.in_snapshot, more);
        let rest = bytes.strip_prefix(FULL_RESET).filter(|_| is_first && self.is_terminal);
        if rest.is_some() {
            self.reset()?;
            self.output.write(b"\x1b[2J\x1b[H")?;
        }
        self.show(rest.unwrap_or(bytes))
    }

    /// Shows a notice in the title, unless a sequence is unfinished; the rest of the window is left
    /// alone.
    pub(crate) fn notice(&mut self, text: &str) -> Result<(), Failure> {
        if !self.is_begun || !self.track.is_between() {
            return Ok(());
        }
        if !std::mem::replace(&mut self.has_notice, true) {
            self.output.write(PUSH_TITLE)?;
        }
        self.output.write(format!("\x1b]2;{text}\x07").as_bytes())
    }

    /// Rings the bell: input was dropped.
    pub(crate) fn ring(&mut self) -> Result<(), Failure> {
        if self.is_begun && self.track.is_between() { self.output.write(b"\x07") } else { Ok(()) }
    }

    /// The connection is lost: the missing parts of a snapshot will not arrive.
    pub(crate) fn on_broken(&mut self) {
        self.in_snapshot = false;
    }

    /// Restores the title.
    pub(crate) fn clear_notice(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.has_notice) {
            self.output.write(POP_TITLE)?;
        }
        Ok(())
    }

    /// Restores the terminal; its content stays.
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
    /// The last resort, also after a panic.
    fn drop(&mut self) {
        let _ = self.end();
    }
}
