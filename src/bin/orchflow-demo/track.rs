//! Tracks the state of a terminal that shows a program's output: what is unfinished, and what will
//! be left behind.
//!
//! The bytes are passed on unchanged elsewhere. Sequences are parsed only as far as
//! [`super::leftovers`] needs; of those longer than [`SEQUENCE_MAX`] only the beginning counts.

use orchflow::Size;

use crate::leftovers::{Leftovers, Sequence};

/// The number of bytes of a sequence that are kept: enough for every usual list of modes.
const SEQUENCE_MAX: usize = 128;

#[derive(Default)]
pub(crate) struct Track {
    state: State,
    /// The unfinished sequence: the intermediates of an escape sequence, everything between `ESC [`
    /// and the last byte of a control sequence, or the text of an operating system command.
    sequence: Vec<u8>,
    leftovers: Leftovers,
    /// The last byte.
    pub(crate) last: u8,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Between,
    /// The number of missing bytes of a character.
    Character(u8),
    Escape,
    Control,
    /// An operating system command.
    Command,
    CommandEscape,
    /// Another string.
    Text,
    TextEscape,
}

impl Track {
    /// Whether a sequence can be inserted here without splitting a sequence or character.
    pub(crate) fn is_between(&self) -> bool {
        self.state == State::Between
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.state = self.next(*byte);
        }
        self.last = bytes.last().copied().unwrap_or(self.last);
    }

    /// The bytes that undo what was left behind, for a terminal of this size. Resets the tracker.
    pub(crate) fn undo(&mut self, size: Option<Size>) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.is_between() {
            // CAN ends any sequence; strings that ignore it are ended by their terminator.
            out.extend_from_slice(b"\x18\x1b\\");
        }
        out.extend_from_slice(&self.leftovers.undo(size));
        *self = Track { last: self.last, ..Track::default() };
        out
    }

    fn next(&mut self, byte: u8) -> State {
        match (self.state, byte) {
            (_, 0x18 | 0x1a) => State::Between,
            (State::Command, 0x1b) => State::CommandEscape,
            (State::Command, 0x07) | (State::CommandEscape, b'\\') => self.on_command(),
            (State::Command, byte) => self.keep(byte, State::Command),
            (State::CommandEscape, byte) => {
                // Not the terminator: the command is cancelled, and another sequence begins.
                self.state = self.begin(State::Escape);
                self.next(byte)
            }
            (State::Text, 0x1b) => State::TextEscape,
            (State::TextEscape, b'\\') => State::Between,
            (State::Text, _) => State::Text,
            (_, 0x1b) => self.begin(State::Escape),
            (State::Between | State::Character(_), byte) => self.on_text(byte),
            (State::Control, 0x40..=0x7e) => self.on_control(byte),
            (State::Control, 0x20..=0x3f) => self.keep(byte, State::Control),
            (State::Control, _) => State::Control,
            (_, b'[') if self.sequence.is_empty() => self.begin(State::Control),
            (_, b']') if self.sequence.is_empty() => self.begin(State::Command),
            (_, b'P' | b'X' | b'^' | b'_') if self.sequence.is_empty() => State::Text,
            (_, 0x20..=0x2f) => self.keep(byte, State::Escape),
            (_, byte) => {
                let intermediates = std::mem::take(&mut self.sequence);
                self.leftovers.on(&Sequence::Escape { intermediates: &intermediates, last: byte });
                self.sequence = intermediates;
                State::Between
            }
        }
    }

    /// A byte of text. A control byte may shift character sets.
    fn on_text(&mut self, byte: u8) -> State {
        match (self.state, byte) {
            (State::Character(left), 0x80..=0xbf) if left > 1 => State::Character(left - 1),
            (_, 0xc2..=0xdf) => State::Character(1),
            (_, 0xe0..=0xef) => State::Character(2),
            (_, 0xf0..=0xf4) => State::Character(3),
            (_, 0x0e | 0x0f) => {
                self.leftovers.on(&Sequence::Control(byte));
                State::Between
            }
            _ => State::Between,
        }
    }

    fn on_control(&mut self, last: u8) -> State {
        let body = std::mem::take(&mut self.sequence);
        self.leftovers.on(&Sequence::control(&body, last));
        self.sequence = body;
        State::Between
    }

    fn on_command(&mut self) -> State {
        let text = std::mem::take(&mut self.sequence);
        self.leftovers.on(&Sequence::Command(&text));
        self.sequence = text;
        State::Between
    }

    fn begin(&mut self, state: State) -> State {
        self.sequence.clear();
        state
    }

    fn keep(&mut self, byte: u8, state: State) -> State {
        if self.sequence.len() < SEQUENCE_MAX {
            self.sequence.push(byte);
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_output_is() {
        for (bytes, between) in [
            ("", true),
            ("text\r\n", true),
            ("\x1b", false),
            ("\x1b[1;3", false),
            ("\x1b[1;31m", true),
            ("\x1b(", false),
            ("\x1b(B", true),
            ("\x1b]2;title", false),
            ("\x1b]2;title\x07", true),
            ("\x1b]2;title\x1b", false),
            ("\x1b]2;title\x1b\\", true),
            ("\x1b]2;title\x1b[1", false),
            ("\x1b]2;title\x1b[1m", true),
            ("\x1bP+q\x18", true),
            ("\x1bP+q\x07", false),
            ("\x1bP+q\x07\x1b\\", true),
            ("é日😀", true),
        ] {
            let mut track = Track::default();
            track.feed(bytes.as_bytes());
            assert_eq!(track.is_between(), between, "{bytes:?}");
        }
        for bytes in [&b"\xc3"[..], b"\xe6\x97", b"\xf0\x9f\x98"] {
            let mut track = Track::default();
            track.feed(bytes);
            assert!(!track.is_between(), "{bytes:?}");
        }
    }

    /// However output is cut, the same is undone, and once.
    #[test]
    fn cuts_do_not_matter() {
        let output = "a\x1b[?1049h\x1b[?1;1002h\x1b]11;#123456\x1b\\\x1b(0\x1b[4h\x0eé\x1b[3g";
        let mut whole = Track::default();
        whole.feed(output.as_bytes());
        let expected = whole.undo(None);
        assert!(!expected.is_empty());
        assert_eq!(whole.undo(None), b"");
        let mut cut = Track::default();
        output.as_bytes().iter().for_each(|byte| cut.feed(&[*byte]));
        assert_eq!(cut.undo(None), expected);
    }

    #[test]
    fn a_sequence_that_is_cut_off_is_ended_first() {
        for bytes in ["\x1b]0;title", "\x1bPq", "\x1b[1;", "\x1b"] {
            let mut track = Track::default();
            track.feed(bytes.as_bytes());
            assert!(track.undo(None).starts_with(b"\x18\x1b\\"), "{bytes:?}");
            assert!(track.is_between());
        }
    }
}
