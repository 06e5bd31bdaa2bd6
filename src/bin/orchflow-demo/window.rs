//! Our own terminal while it shows another one.
//!
//! The bytes of the other one pass unchanged. So that something of our own can be put between them, and
//! all that they have set be taken back at the end, it is followed where in a control sequence they are
//! and whether they have switched to the alternate screen. Where stdout is no terminal, only bytes pass.

use std::io::{self, IsTerminal};

use nix::poll::PollTimeout;
use orchflow::Size;

use crate::failure::Failure;
use crate::output::Output;

/// What begins a snapshot: a full reset. In our terminal it would take the user's scrollback with it.
const FULL_RESET: &[u8] = b"\x1bc";

/// Takes back what programs set: soft reset; mouse, focus, paste and keyboard modes; synchronized output;
/// margins, which would take the cursor along; character sets; and, because a terminal may take some of
/// this for colours, these last.
const RESET: &[u8] = b"\x1b[!p\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1005l\x1b[?1006l\
\x1b[?2004l\x1b[?2026l\x1b[=0u\x1b[>4m\x1b7\x1b[?6l\x1b[r\x1b8\x1b[?7h\x1b[?25h\x1b(B\x0f\x1b[m";

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
        if !self.is_begun {
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
        if !self.track.is_between() {
            // CAN ends any sequence.
            self.output.write(b"\x18")?;
        }
        if self.track.is_alternate {
            self.output.write(b"\x1b[?1049l")?;
        }
        self.track = Track::default();
        self.output.write(RESET)
    }
}

/// Bytes of a control sequence that are kept: enough for the switches of the alternate screen.
const PARAMETERS_MAX: usize = 32;

/// Where in a stream of output we are.
#[derive(Default)]
struct Track {
    state: State,
    /// Of the sequence that is under way.
    parameters: Vec<u8>,
    is_alternate: bool,
    /// The last byte.
    last: u8,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Between,
    /// So many bytes of a character are to come.
    Character(u8),
    Escape,
    Control,
    /// An operating system command or another string.
    Text,
    TextEscape,
}

impl Track {
    /// Whether a sequence of ours would stand between sequences and characters.
    fn is_between(&self) -> bool {
        self.state == State::Between
    }

    fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.state = self.next(*byte);
        }
        self.last = bytes.last().copied().unwrap_or(self.last);
    }

    fn next(&mut self, byte: u8) -> State {
        match (self.state, byte) {
            (_, 0x18 | 0x1a) => State::Between,
            (State::Text, 0x1b) => State::TextEscape,
            (State::Text, 0x07) | (State::TextEscape, b'\\') => State::Between,
            (State::Text, _) => State::Text,
            (_, 0x1b) => State::Escape,
            (State::Character(left), 0x80..=0xbf) if left > 1 => State::Character(left - 1),
            (State::Between | State::Character(_), 0xc2..=0xdf) => State::Character(1),
            (State::Between | State::Character(_), 0xe0..=0xef) => State::Character(2),
            (State::Between | State::Character(_), 0xf0..=0xf4) => State::Character(3),
            (State::Between | State::Character(_), _) => State::Between,
            (State::Escape | State::TextEscape, b'[') => {
                self.parameters.clear();
                State::Control
            }
            (State::Escape | State::TextEscape, b']' | b'P' | b'X' | b'^' | b'_') => State::Text,
            (State::Escape | State::TextEscape, 0x20..=0x2f) => State::Escape,
            (State::Escape | State::TextEscape, byte) => {
                self.is_alternate &= byte != b'c';
                State::Between
            }
            (State::Control, 0x40..=0x7e) => {
                self.on_control(byte);
                State::Between
            }
            (State::Control, _) => {
                if self.parameters.len() < PARAMETERS_MAX {
                    self.parameters.push(byte);
                }
                State::Control
            }
        }
    }

    fn on_control(&mut self, last: u8) {
        let Some(modes) = self.parameters.strip_prefix(b"?") else { return };
        let mut modes = modes.split(|byte| *byte == b';');
        if matches!(last, b'h' | b'l')
            && modes.any(|mode| matches!(mode, b"47" | b"1047" | b"1049"))
        {
            self.is_alternate = last == b'h';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_output_is() {
        for (bytes, between, alternate) in [
            ("", true, false),
            ("text\r\n", true, false),
            ("\x1b", false, false),
            ("\x1b[1;3", false, false),
            ("\x1b[1;31m", true, false),
            ("\x1b(", false, false),
            ("\x1b(B", true, false),
            ("\x1b]2;title", false, false),
            ("\x1b]2;title\x07", true, false),
            ("\x1b]2;title\x1b", false, false),
            ("\x1b]2;title\x1b\\", true, false),
            ("\x1bP+q\x18", true, false),
            ("é日😀", true, false),
            ("\x1b[?1049h", true, true),
            ("\x1b[?25;1049h\x1b[?25l", true, true),
            ("\x1b[?1049h\x1b[?1049l", true, false),
            ("\x1b[?47h\x1bc", true, false),
            ("\x1b[1049h", true, false),
        ] {
            let mut track = Track::default();
            track.feed(bytes.as_bytes());
            assert_eq!((track.is_between(), track.is_alternate), (between, alternate), "{bytes:?}");
        }
        for bytes in [&b"\xc3"[..], b"\xe6\x97", b"\xf0\x9f\x98"] {
            let mut track = Track::default();
            track.feed(bytes);
            assert!(!track.is_between(), "{bytes:?}");
        }
    }
}
