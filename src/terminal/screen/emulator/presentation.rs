//! The presentation state: reports of the cursor and of the tab stops (DECRQPSR), which programs send back to
//! restore them (DECRSPS).

use super::super::parser::Params;
use super::super::style::{Attributes, Underline};
use super::Terminal;

/// Tab stops that are reported; more of them are of no use, and the answer is bounded.
const STOPS_MAX: usize = 512;

/// Bits of flags are written as the characters from here on.
const FLAGS: u8 = b'@';

/// Attributes in the order of their bits; underlining is the bit between the first two.
const ATTRIBUTES: [(Attributes, u8); 3] =
    [(Attributes::BOLD, 1), (Attributes::BLINK, 4), (Attributes::INVERSE, 8)];
const UNDERLINED: u8 = 2;

/// Bits of the cursor's flags.
const ORIGIN: u8 = 1;
const SINGLE_SHIFTS: [(u8, u8); 2] = [(2, 2), (3, 4)];
const PENDING_WRAP: u8 = 8;

impl Terminal {
    /// DECRQPSR: 1 for the cursor (DECCIR), 2 for the tab stops (DECTABSR).
    pub(super) fn report_presentation(&mut self, params: &Params) {
        match params.get(0) {
            1 => self.report_cursor(),
            2 => {
                let stops = self.grid.tab_stops().take(STOPS_MAX);
                let stops: Vec<String> = stops.map(|col| (col + 1).to_string()).collect();
                self.reply(format_args!("\x1bP2$u{}\x1b\\", stops.join("/")));
            }
            _ => {}
        }
    }

    fn report_cursor(&mut self) {
        let (at, pen, sets) = (self.grid.cursor(), self.grid.pen(), &self.charsets);
        let attributes = ATTRIBUTES.iter().filter(|(one, _)| pen.style.attributes.contains(*one));
        let underlined = u8::from(pen.style.underline != Underline::None) * UNDERLINED;
        let rendition = attributes.fold(underlined, |bits, (_, bit)| bits | bit);
        let shift = SINGLE_SHIFTS.iter().find(|(set, _)| sets.single() == Some(*set));
        let flags = (u8::from(self.grid.origin()) * ORIGIN)
            | shift.map_or(0, |(_, bit)| *bit)
            | (u8::from(at.pending_wrap) * PENDING_WRAP);
        let wide = sets.sets().enumerate();
        let wide = wide.fold(0, |bits, (index, set)| bits | u8::from(set.has_96()) << index);
        let designators: Vec<u8> = sets.sets().flat_map(|set| set.designator()).copied().collect();
        let protected = u8::from(pen.protected);
        let [rendition, protected, flags, wide] =
            [rendition, protected, flags, wide].map(|bits| char::from(FLAGS | bits));
        let (row, col, left, right) = (at.row + 1, at.col + 1, sets.left(), sets.right());
        let designators = String::from_utf8_lossy(&designators);
        self.reply(format_args!(
            "\x1bP1$u{row};{col};1;{rendition};{protected};{flags};{left};{right};{wide};{designators}\x1b\\"
        ));
    }

    /// DECRSPS: what a report said. One that does not fit the screen is ignored.
    pub(super) fn restore_presentation(&mut self, params: &Params, report: &[u8]) {
        match params.get(0) {
            1 => self.restore_reported_cursor(report).unwrap_or(()),
            2 => {
                let columns = report.split(|byte| *byte == b'/').map_while(number);
                self.grid.clear_tabs();
                columns.take(STOPS_MAX).for_each(|col| self.grid.set_tab_at(col - 1));
            }
            _ => {}
        }
    }

    /// Position, attributes, origin mode and character sets; a wrap that was pending is not.
    fn restore_reported_cursor(&mut self, report: &[u8]) -> Option<()> {
        let mut fields = report.split(|byte| *byte == b';');
        let (row, col) = (number(fields.next()?)?, number(fields.next()?)?);
        let is_on_screen = row <= self.grid.rows() && col <= self.grid.cols();
        let _page = fields.next().filter(|_| is_on_screen)?;
        let mut flags = || fields.next().and_then(bits);
        let (rendition, protected, cursor) = (flags()?, flags()?, flags()?);
        self.restore_pen(rendition, protected & 1 != 0);
        self.restore_origin(cursor & ORIGIN != 0, row, col);
        let (left, right) =
            (fields.next().and_then(set_index)?, fields.next().and_then(set_index)?);
        let wide = fields.next().and_then(bits)?;
        self.charsets.shift_left(left);
        self.charsets.shift_right(right);
        let mut designators = fields.next()?;
        for index in 0..4 {
            let between = designators.iter().take_while(|byte| **byte < 0x30).count();
            let (set, rest) = designators.split_at_checked(between + 1)?;
            let (last, between) = set.split_last()?;
            designators = rest;
            match wide >> index & 1 {
                0 => self.designate(index, between, *last),
                // G0 has never 96 characters.
                _ if index > 0 => self.designate_96(index, between, *last),
                _ => {}
            }
        }
        let shift = SINGLE_SHIFTS.iter().find(|(_, bit)| cursor & bit != 0);
        shift.iter().for_each(|(set, _)| self.charsets.shift_once(*set));
        Some(())
    }

    fn restore_pen(&mut self, rendition: u8, protected: bool) {
        let mut pen = self.grid.pen();
        for (one, bit) in ATTRIBUTES {
            let cleared = pen.style.attributes.bits() & !one.bits();
            let set = if rendition & bit != 0 { one.bits() } else { 0 };
            pen.style.attributes = Attributes::from_bits(cleared | set);
        }
        let is_underlined = rendition & UNDERLINED != 0;
        if is_underlined != (pen.style.underline != Underline::None) {
            pen.style.underline = if is_underlined { Underline::Single } else { Underline::None };
        }
        pen.protected = protected;
        self.grid.set_pen(pen);
    }

    /// Positions are reported from the screen's corner, whatever the margins are.
    fn restore_origin(&mut self, origin: bool, row: usize, col: usize) {
        self.grid.set_origin(origin);
        let margins = self.grid.margins();
        let (top, left) = if origin { (margins.top, margins.left) } else { (0, 0) };
        self.grid.goto((row - 1).saturating_sub(top), (col - 1).saturating_sub(left));
    }
}

/// The bits of a field of flags.
fn bits(field: &[u8]) -> Option<u8> {
    match field {
        [byte @ b'@'..=b'O'] => Some(byte & 15),
        _ => None,
    }
}

/// The number of a character set, 0 to 3.
fn set_index(field: &[u8]) -> Option<u8> {
    match field {
        [digit @ b'0'..=b'3'] => Some(digit - b'0'),
        _ => None,
    }
}

/// A number from 1 on, of at most five digits.
fn number(field: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(field).ok().filter(|text| text.len() <= 5)?;
    text.parse().ok().filter(|number| *number > 0)
}
