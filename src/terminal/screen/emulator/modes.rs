//! Modes: what programs set, reset, save and ask for.
//!
//! Modes that change editing are the grid's. The rest is kept here; what viewers need of it is in
//! [`Modes`]. A mode of the keyboard that nobody would act on is not known, so that DECRQM reports what is so.

use super::super::update::Modes;
use super::Terminal;
use super::mode_set::{ansi_flag, flag, private_flag};

/// The conformance levels from which on modes are reported, and columns have margins.
const LEVEL_OF_REPORTS: u16 = 3;
const LEVEL_OF_COLUMNS: u16 = 4;

impl Terminal {
    /// SM and RM.
    pub(super) fn set_ansi_mode(&mut self, number: u16, on: bool) {
        match number {
            4 => self.grid.set_insert(on),
            _ => {
                if let Some(flag) = ansi_flag(number) {
                    self.modes.set(flag, on);
                }
            }
        }
    }

    /// DECSET and DECRST.
    pub(super) fn set_private_mode(&mut self, number: u16, on: bool) {
        match number {
            6 => {
                self.grid.set_origin(on);
                self.grid.goto(0, 0);
            }
            7 => self.grid.set_autowrap(on),
            12 => {
                self.cursor.is_styled = true;
                self.cursor.blinking = on;
            }
            45 => self.grid.set_reverse_wrap(on),
            69 if on && self.level < LEVEL_OF_COLUMNS => {}
            69 => self.grid.enable_cols_margin(on),
            9 | 1000 | 1002 | 1003 => self.modes.mouse = if on { number } else { 0 },
            1005 | 1006 | 1015 | 1016 => {
                let is_this = self.modes.mouse_form == number;
                match on {
                    true => self.modes.mouse_form = number,
                    false if is_this => self.modes.mouse_form = 0,
                    false => {}
                }
            }
            47 | 1047 | 1049 => self.switch_screen(number, on),
            1048 if on => self.save_cursor(),
            1048 => self.restore_cursor(),
            2027 => self.grid.set_graphemes(on),
            _ => {
                if let Some(flag) = private_flag(number) {
                    self.modes.set(flag, on);
                }
            }
        }
    }

    /// Modes 47, 1047 and 1049 as xterm has them: 47 keeps what is on the alternate screen, 1047 erases it at
    /// the end, 1049 at the beginning, and only 1049 saves and restores the cursor. Unlike xterm, 1049 erases it at
    /// the end, too: the next program erases it anyway, and what nobody sees takes no memory meanwhile.
    fn switch_screen(&mut self, number: u16, on: bool) {
        if on {
            if number == 1049 {
                self.save_cursor();
            }
            if !self.grid.is_alternate() {
                self.keyboard.enter_alternate();
            }
            self.grid.enter_alternate(number == 1049);
            return;
        }
        if self.grid.is_alternate() {
            if number != 47 {
                self.grid.erase_alternate();
            }
            self.keyboard.leave_alternate();
            self.grid.leave_alternate();
        }
        if number == 1049 {
            self.restore_cursor();
        }
    }

    /// Whether an ANSI mode is set; `None` for one that is not known.
    fn ansi_mode(&self, number: u16) -> Option<bool> {
        match number {
            4 => Some(self.grid.insert()),
            _ => ansi_flag(number).map(|flag| self.modes.has(flag)),
        }
    }

    /// Whether a private mode is set; `None` for one that is not known.
    fn private_mode(&self, number: u16) -> Option<bool> {
        Some(match number {
            6 => self.grid.origin(),
            7 => self.grid.autowrap(),
            12 => self.cursor.blinking,
            45 => self.grid.reverse_wrap(),
            69 => self.grid.cols_margin_enabled(),
            9 | 1000 | 1002 | 1003 => self.modes.mouse == number,
            1005 | 1006 | 1015 | 1016 => self.modes.mouse_form == number,
            47 | 1047 | 1049 => self.grid.is_alternate(),
            1048 => self.grid.saved_cursor().is_some(),
            2027 => self.grid.graphemes(),
            _ => return private_flag(number).map(|flag| self.modes.has(flag)),
        })
    }

    /// DECRQM for an ANSI mode: 1 set, 2 reset, 4 reset for good, 0 unknown.
    pub(super) fn report_ansi_mode(&mut self, number: u16) {
        if self.level < LEVEL_OF_REPORTS {
            return;
        }
        let state = match (number, self.ansi_mode(number)) {
            (_, Some(is_set)) => 2 - u8::from(is_set),
            // Modes of ECMA-48 that show control characters or hold back what is typed.
            (1 | 3 | 5 | 7 | 10 | 11 | 13..=19, None) => 4,
            _ => 0,
        };
        self.reply(format_args!("\x1b[{number};{state}$y"));
    }

    /// DECRQM for a private mode: 3 is set for good, the rest as for ANSI modes.
    pub(super) fn report_private_mode(&mut self, number: u16) {
        if self.level < LEVEL_OF_REPORTS {
            return;
        }
        let state = match (number, self.private_mode(number)) {
            (_, Some(is_set)) => 2 - u8::from(is_set),
            // The terminal is not a VT52 (DECANM).
            (2, None) => 3,
            // The host chooses the width (DECCOLM, and whether it is allowed) and repeats keys (DECARM).
            (3 | 8 | 40, None) => 4,
            _ => 0,
        };
        self.reply(format_args!("\x1b[?{number};{state}$y"));
    }

    /// XTSAVE.
    pub(super) fn save_mode(&mut self, number: u16) {
        let Some(is_set) = self.private_mode(number) else { return };
        match self.modes.saved.iter_mut().find(|(saved, _)| *saved == number) {
            Some(place) => place.1 = is_set,
            // Only modes that are known, so they are few.
            None => self.modes.saved.push((number, is_set)),
        }
    }

    /// XTRESTORE.
    pub(super) fn restore_mode(&mut self, number: u16) {
        let saved = self.modes.saved.iter().find(|(saved, _)| *saved == number);
        if let Some((_, is_set)) = saved.copied() {
            self.set_private_mode(number, is_set);
        }
    }

    /// What viewers need to know of modes.
    pub(super) fn visible_modes(&self) -> Modes {
        let (modes, grid) = (&self.modes, &self.grid);
        let table = [
            (grid.is_alternate(), Modes::ALTERNATE_SCREEN.bits()),
            (modes.has(flag::APPLICATION_CURSOR), Modes::APPLICATION_CURSOR.bits()),
            (modes.has(flag::APPLICATION_KEYPAD), Modes::APPLICATION_KEYPAD.bits()),
            (modes.has(flag::BRACKETED_PASTE), Modes::BRACKETED_PASTE.bits()),
            (modes.mouse == 9, Modes::MOUSE_PRESSES.bits()),
            (modes.mouse == 1000, Modes::MOUSE_CLICKS.bits()),
            (modes.mouse == 1002, Modes::MOUSE_DRAGS.bits()),
            (modes.mouse == 1003, Modes::MOUSE_MOTION.bits()),
            (modes.mouse_form == 1005, Modes::MOUSE_UTF8.bits()),
            (modes.mouse_form == 1006, Modes::MOUSE_SGR.bits()),
            (modes.mouse_form == 1015, Modes::MOUSE_URXVT.bits()),
            (modes.mouse_form == 1016, Modes::MOUSE_PIXELS.bits()),
            (modes.has(flag::FOCUS_REPORTS), Modes::FOCUS_REPORTS.bits()),
            (modes.has(flag::ALTERNATE_SCROLL), Modes::ALTERNATE_SCROLL.bits()),
            (grid.autowrap(), Modes::AUTO_WRAP.bits()),
            (grid.origin(), Modes::ORIGIN.bits()),
            (grid.insert(), Modes::INSERT.bits()),
            (modes.has(flag::LINE_FEED_NEW_LINE), Modes::LINE_FEED_NEW_LINE.bits()),
            (modes.has(flag::COLOR_SCHEME_REPORTS), Modes::COLOR_SCHEME_REPORTS.bits()),
            (modes.has(flag::REVERSE_SCREEN), Modes::REVERSE_SCREEN.bits()),
        ];
        let bits = table.iter().filter(|(is_set, _)| *is_set).fold(0, |bits, (_, bit)| bits | bit);
        Modes::from_bits(bits | self.keyboard.bits())
    }
}
