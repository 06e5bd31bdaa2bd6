//! The modes that are not the grid's, as bits and numbers. Pure.

/// Modes that are on or off and nothing else, as bits.
pub(super) mod flag {
    pub(in super::super) const APPLICATION_CURSOR: u32 = 1;
    pub(in super::super) const APPLICATION_KEYPAD: u32 = 1 << 1;
    pub(in super::super) const CURSOR_VISIBLE: u32 = 1 << 2;
    pub(in super::super) const FOCUS_REPORTS: u32 = 1 << 3;
    pub(in super::super) const ALTERNATE_SCROLL: u32 = 1 << 4;
    pub(in super::super) const BRACKETED_PASTE: u32 = 1 << 5;
    pub(in super::super) const SYNCHRONIZED: u32 = 1 << 6;
    pub(in super::super) const COLOR_SCHEME_REPORTS: u32 = 1 << 7;
    pub(in super::super) const NATIONAL_SETS: u32 = 1 << 8;
    pub(in super::super) const REVERSE_SCREEN: u32 = 1 << 9;
    pub(in super::super) const URGENCY_HINTS: u32 = 1 << 10;
    pub(in super::super) const LINE_FEED_NEW_LINE: u32 = 1 << 11;
    pub(in super::super) const SMOOTH_SCROLL: u32 = 1 << 12;
    pub(in super::super) const PRINT_FORM_FEED: u32 = 1 << 13;
    pub(in super::super) const KEYBOARD_LOCKED: u32 = 1 << 14;
    pub(in super::super) const SEND_RECEIVE: u32 = 1 << 15;
    pub(in super::super) const PRINT_SCREEN: u32 = 1 << 16;
    pub(in super::super) const BACKARROW: u32 = 1 << 17;
    pub(in super::super) const TAB_WRAPS: u32 = 1 << 18;
}

/// The flags of a fresh terminal.
pub(super) const INITIAL: u32 =
    flag::CURSOR_VISIBLE | flag::ALTERNATE_SCROLL | flag::URGENCY_HINTS | flag::SEND_RECEIVE;

/// The modes that are not the grid's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModeSet {
    pub(super) flags: u32,
    /// The number of the mode by which the mouse is reported; 0 for none. There is one at a time.
    pub(super) mouse: u16,
    /// The number of the mode that says in which form; 0 for the first form there was.
    pub(super) mouse_form: u16,
    /// Private modes that were saved, with their states.
    pub(super) saved: Vec<(u16, bool)>,
}

impl Default for ModeSet {
    fn default() -> Self {
        ModeSet { flags: INITIAL, mouse: 0, mouse_form: 0, saved: Vec::new() }
    }
}

impl ModeSet {
    pub(super) fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    pub(super) fn set(&mut self, flag: u32, on: bool) {
        self.flags = if on { self.flags | flag } else { self.flags & !flag };
    }

    /// The private modes that are not as in a fresh terminal, with their states; of those that are a flag.
    pub(super) fn private_changes(&self) -> impl Iterator<Item = (u16, bool)> + '_ {
        self.changes(&PRIVATE, private_flag)
    }

    /// The same of the ANSI modes.
    pub(super) fn ansi_changes(&self) -> impl Iterator<Item = (u16, bool)> + '_ {
        self.changes(&ANSI, ansi_flag)
    }

    pub(super) fn changes(
        &self,
        numbers: &'static [u16],
        flag_of: fn(u16) -> Option<u32>,
    ) -> impl Iterator<Item = (u16, bool)> + '_ {
        numbers.iter().filter_map(move |number| {
            let flag = flag_of(*number)?;
            ((self.flags ^ INITIAL) & flag != 0).then(|| (*number, self.has(flag)))
        })
    }

    pub(super) fn bytes(&self) -> usize {
        self.saved.capacity() * size_of::<(u16, bool)>()
    }
}

/// Private and ANSI modes that are a flag, but for the keypad's and synchronized updates, which come last.
pub(super) const PRIVATE: [u16; 14] =
    [1, 4, 5, 18, 19, 25, 41, 42, 67, 1004, 1007, 1042, 2004, 2031];
pub(super) const ANSI: [u16; 3] = [2, 12, 20];

/// The flag of a private mode that is nothing else.
pub(super) fn private_flag(number: u16) -> Option<u32> {
    Some(match number {
        1 => flag::APPLICATION_CURSOR,
        4 => flag::SMOOTH_SCROLL,
        5 => flag::REVERSE_SCREEN,
        18 => flag::PRINT_FORM_FEED,
        19 => flag::PRINT_SCREEN,
        25 => flag::CURSOR_VISIBLE,
        41 => flag::TAB_WRAPS,
        42 => flag::NATIONAL_SETS,
        66 => flag::APPLICATION_KEYPAD,
        67 => flag::BACKARROW,
        1004 => flag::FOCUS_REPORTS,
        1007 => flag::ALTERNATE_SCROLL,
        1042 => flag::URGENCY_HINTS,
        2004 => flag::BRACKETED_PASTE,
        2026 => flag::SYNCHRONIZED,
        2031 => flag::COLOR_SCHEME_REPORTS,
        _ => return None,
    })
}

/// The flag of an ANSI mode that is nothing else.
pub(super) fn ansi_flag(number: u16) -> Option<u32> {
    Some(match number {
        2 => flag::KEYBOARD_LOCKED,
        12 => flag::SEND_RECEIVE,
        20 => flag::LINE_FEED_NEW_LINE,
        _ => return None,
    })
}
