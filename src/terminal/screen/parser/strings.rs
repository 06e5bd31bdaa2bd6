//! Strings: OSC, DCS, APC, PM, SOS. Their bodies are kept up to a bound and handed over when they are complete.

use super::actions::{Actions, ControlString, StringKind};
use super::{BEL, CAN, ESC, Parser, SUB, State, scan};

/// Bytes of a string that are kept; a longer string is dropped.
pub(super) const STRING_BYTES_MAX: usize = 64 << 10;

/// Capacity that is kept for the next string.
pub(super) const STRING_CAPACITY_IDLE: usize = 1 << 10;

impl Parser {
    pub(super) fn begin_string(&mut self, kind: StringKind) {
        self.state = State::Body;
        self.kind = kind;
        self.last = 0;
        (self.is_skipped, self.is_overlong) = (false, false);
        self.drop_body();
    }

    pub(super) fn drop_body(&mut self) {
        self.body.clear();
        self.body.shrink_to(STRING_CAPACITY_IDLE);
    }

    /// In a string's body from `at` on; returns where it was left.
    pub(super) fn continue_string(
        &mut self,
        bytes: &[u8],
        mut at: usize,
        base: u64,
        actions: &mut impl Actions,
    ) -> usize {
        while self.state == State::Body {
            let rest = bytes.get(at..).unwrap_or(&[]);
            let len = scan::body(rest);
            self.keep(rest.get(..len).unwrap_or(&[]));
            at += len;
            let Some(byte) = rest.get(len) else { return at };
            at += 1;
            self.body_control(*byte, base + at as u64, actions);
        }
        at
    }

    /// A C0 control in a string.
    fn body_control(&mut self, byte: u8, end: u64, actions: &mut impl Actions) {
        match byte {
            BEL if self.kind == StringKind::Osc => self.end_string(true, end, actions),
            ESC => self.state = State::BodyEscape,
            CAN | SUB => {
                self.drop_body();
                self.end_sequence(end, actions);
                actions.control(byte);
            }
            _ if self.kind == StringKind::Dcs => self.keep(&[byte]),
            _ => {}
        }
    }

    /// Keeps a part of a string's body, as long as it is not too much.
    fn keep(&mut self, part: &[u8]) {
        if self.is_skipped || self.is_overlong {
            return;
        }
        self.is_overlong = self.body.len() + part.len() > STRING_BYTES_MAX;
        if self.is_overlong {
            self.body = Vec::new();
        } else {
            self.body.extend_from_slice(part);
        }
    }

    /// A string is complete.
    pub(super) fn end_string(&mut self, by_bell: bool, end: u64, actions: &mut impl Actions) {
        if self.is_overlong {
            actions.overlong(self.kind);
        } else if !self.is_skipped {
            actions.string(ControlString {
                kind: self.kind,
                head: &self.head,
                last: self.last,
                body: &self.body,
                by_bell,
            });
        }
        self.drop_body();
        self.end_sequence(end, actions);
    }
}
