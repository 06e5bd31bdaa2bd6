//! Escape sequences: which one does what.

use super::charset::Charset;
use super::mode_set::flag;
use super::{Protection, Terminal};

impl Terminal {
    pub(super) fn escape(&mut self, intermediates: &[u8], last: u8) {
        match (intermediates, last) {
            ([], b'D') => self.grid.line_feed(),
            ([], b'E') => {
                self.grid.line_feed();
                self.grid.carriage_return();
            }
            ([], b'H') => self.grid.set_tab(),
            ([], b'M') => self.grid.reverse_index(),
            ([], b'N') => self.charsets.shift_once(2),
            ([], b'O') => self.charsets.shift_once(3),
            ([], b'V') => self.protect(Protection::Iso),
            ([], b'W') => self.protect(Protection::None),
            ([], b'Z') => self.report_identity(),
            ([], b'c') => self.reset(),
            ([], b'n') => self.charsets.shift_left(2),
            ([], b'o') => self.charsets.shift_left(3),
            ([], b'|') => self.charsets.shift_right(3),
            ([], b'}') => self.charsets.shift_right(2),
            ([], b'~') => self.charsets.shift_right(1),
            ([], b'6') => self.grid.back_index(),
            ([], b'7') => self.save_cursor(),
            ([], b'8') => self.restore_cursor(),
            ([], b'9') => self.grid.forward_index(),
            ([], b'=') => self.modes.set(flag::APPLICATION_KEYPAD, true),
            ([], b'>') => self.modes.set(flag::APPLICATION_KEYPAD, false),
            ([b'#'], b'8') => self.grid.align_test(),
            ([b'(', between @ ..], last) => self.designate(0, between, last),
            ([b')', between @ ..], last) => self.designate(1, between, last),
            ([b'*', between @ ..], last) => self.designate(2, between, last),
            ([b'+', between @ ..], last) => self.designate(3, between, last),
            ([b'-', between @ ..], last) => self.designate_96(1, between, last),
            ([b'.', between @ ..], last) => self.designate_96(2, between, last),
            ([b'/', between @ ..], last) => self.designate_96(3, between, last),
            _ => {}
        }
    }

    /// SCS for sets of 94 characters.
    pub(super) fn designate(&mut self, index: u8, between: &[u8], last: u8) {
        let has_national = self.modes.has(flag::NATIONAL_SETS);
        if let Some(set) = Charset::designated(between, last, has_national) {
            self.charsets.designate(index, set);
        }
    }

    /// SCS for sets of 96 characters.
    pub(super) fn designate_96(&mut self, index: u8, between: &[u8], last: u8) {
        if let Some(set) = Charset::designated_96(between, last) {
            self.charsets.designate(index, set);
        }
    }
}
