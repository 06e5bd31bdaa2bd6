//! Answers to the questions of programs, written where the engine fetches them to type them.

use std::fmt::Write;

use alacritty_terminal::term::TermMode;
use alacritty_terminal::vte::ansi::{Mode, NamedMode, NamedPrivateMode, PrivateMode};

use super::Screen;
use super::model::Model;

/// Bytes of answers that wait to be fetched. They are fetched after each read, so only a flood of
/// questions reaches it; what is past it is not answered.
const ANSWERS_BYTES_MAX: usize = 64 << 10;

/// The longest question whose beginning is held back.
const QUESTION_BYTES_MAX: u64 = 256;

impl Screen {
    /// Where a sequence begins that has not ended yet and may turn out to be a question that is answered
    /// here. Whoever is not given questions is not given its beginning either.
    pub(crate) fn unfinished_question(&self) -> Option<u64> {
        let from = self.ground_offset();
        let length = self.offset().saturating_sub(from);
        let is_short = (1..=QUESTION_BYTES_MAX).contains(&length);
        (self.model.options.answers && is_short && self.scanner.is_in_sequence()).then_some(from)
    }
}

impl Model {
    pub(super) fn answer(&mut self, text: std::fmt::Arguments<'_>) {
        struct Bytes<'a>(&'a mut Vec<u8>);
        impl Write for Bytes<'_> {
            fn write_str(&mut self, part: &str) -> std::fmt::Result {
                self.0.extend_from_slice(part.as_bytes());
                Ok(())
            }
        }
        if self.options.answers && !self.overlong && self.answers.len() < ANSWERS_BYTES_MAX {
            // Writing to a vector does not fail.
            let _ = Bytes(&mut self.answers).write_fmt(text);
        }
    }

    /// Answers DA1 and DA2.
    pub(super) fn answer_identity(&mut self, intermediate: Option<char>) {
        match intermediate {
            // A VT220 with colours.
            None => self.answer(format_args!("\x1b[?62;22c")),
            Some('>') => self.answer(format_args!("\x1b[>1;10;0c")),
            Some(_) => {}
        }
    }

    /// Answers DSR: 5 whether all is well, 6 where the cursor is.
    pub(super) fn answer_status(&mut self, what: usize) {
        let point = self.term.grid().cursor.point;
        let is_relative = self.term.mode().contains(TermMode::ORIGIN);
        let top = if is_relative { self.record.region.0 as i32 } else { 0 };
        match what {
            5 => self.answer(format_args!("\x1b[0n")),
            6 => {
                let (row, col) = (point.line.0 - top + 1, point.column.0 + 1);
                self.answer(format_args!("\x1b[{row};{col}R"));
            }
            _ => {}
        }
    }

    /// Answers DECRQM for an ANSI mode.
    pub(super) fn answer_mode(&mut self, mode: Mode) {
        let state = match mode {
            Mode::Named(NamedMode::Insert) => self.state_of(TermMode::INSERT),
            Mode::Named(NamedMode::LineFeedNewLine) => self.state_of(TermMode::LINE_FEED_NEW_LINE),
            Mode::Unknown(_) => 0,
        };
        self.answer(format_args!("\x1b[{};{state}$y", mode.raw()));
    }

    /// Answers DECRQM for a private mode.
    pub(super) fn answer_private_mode(&mut self, mode: PrivateMode) {
        let state = match mode {
            PrivateMode::Named(named) => self.state_of_private(named),
            PrivateMode::Unknown(47 | 1047) => self.state_of(TermMode::ALT_SCREEN),
            PrivateMode::Unknown(_) => 0,
        };
        self.answer(format_args!("\x1b[?{};{state}$y", mode.raw()));
    }

    /// A mode as DECRPM tells it: 1 set, 2 not set.
    fn state_of(&self, mode: TermMode) -> u8 {
        if self.term.mode().contains(mode) { 1 } else { 2 }
    }

    fn state_of_private(&self, mode: NamedPrivateMode) -> u8 {
        let mode = match mode {
            NamedPrivateMode::CursorKeys => TermMode::APP_CURSOR,
            NamedPrivateMode::Origin => TermMode::ORIGIN,
            NamedPrivateMode::LineWrap => TermMode::LINE_WRAP,
            NamedPrivateMode::ShowCursor => TermMode::SHOW_CURSOR,
            NamedPrivateMode::ReportMouseClicks => TermMode::MOUSE_REPORT_CLICK,
            NamedPrivateMode::ReportCellMouseMotion => TermMode::MOUSE_DRAG,
            NamedPrivateMode::ReportAllMouseMotion => TermMode::MOUSE_MOTION,
            NamedPrivateMode::ReportFocusInOut => TermMode::FOCUS_IN_OUT,
            NamedPrivateMode::Utf8Mouse => TermMode::UTF8_MOUSE,
            NamedPrivateMode::SgrMouse => TermMode::SGR_MOUSE,
            NamedPrivateMode::AlternateScroll => TermMode::ALTERNATE_SCROLL,
            NamedPrivateMode::UrgencyHints => TermMode::URGENCY_HINTS,
            NamedPrivateMode::SwapScreenAndSetRestoreCursor => TermMode::ALT_SCREEN,
            NamedPrivateMode::BracketedPaste => TermMode::BRACKETED_PASTE,
            NamedPrivateMode::BlinkingCursor => {
                return if self.term.cursor_style().blinking { 1 } else { 2 };
            }
            NamedPrivateMode::SyncUpdate => {
                return if self.record.synchronized { 1 } else { 2 };
            }
            NamedPrivateMode::ColumnMode => return 0,
        };
        self.state_of(mode)
    }
}
