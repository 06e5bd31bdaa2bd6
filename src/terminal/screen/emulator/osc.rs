//! Operating system commands: titles, colours, links, the clipboard, progress, and metadata about the program.

use std::str::from_utf8;

use super::super::clipboard;
use super::super::position::MarkKind;
use super::super::update::CursorShape;
use super::colors::{self, BACKGROUND, CURSOR, FOREGROUND};
use super::title_stack::Which;
use super::{Effect, Progress, ProgressState, Terminal};

/// Bytes of a link, its id included, that are kept.
const LINK_BYTES_MAX: usize = 2048;

/// Bytes that metadata is read from.
const FACT_BYTES_MAX: usize = 8 << 10;

impl Terminal {
    pub(super) fn system_command(&mut self, body: &[u8], by_bell: bool) {
        let (number, rest) = split(body, b';');
        let has_rest = number.len() < body.len();
        match number {
            b"0" | b"1" | b"2" if has_rest => {
                let which =
                    Which::by_number(u16::from(number.first().map_or(0, |digit| digit - b'0')));
                which.into_iter().for_each(|which| self.set_title(which, rest));
            }
            b"4" => self.indexed_colors(4, rest, by_bell),
            b"5" => self.indexed_colors(5, rest, by_bell),
            b"8" if has_rest => self.set_link(rest),
            b"10" | b"11" | b"12" if has_rest => {
                let first = FOREGROUND + usize::from(number.last().map_or(0, |digit| digit - b'0'));
                self.dynamic_colors(first, rest, by_bell);
            }
            b"50" => self.set_cursor_shape(rest),
            b"52" => self.set_clipboard(rest),
            b"104" | b"105" => self.reset_colors(number == b"105", rest),
            b"110" => self.palette.reset(FOREGROUND),
            b"111" => self.palette.reset(BACKGROUND),
            b"112" => self.palette.reset(CURSOR),
            b"7" | b"9" | b"133" | b"633" | b"777" => {
                match number {
                    b"9" => self.read_progress(rest),
                    b"133" | b"633" => self.read_mark(rest),
                    _ => {}
                }
                let now = self.metadata.now();
                let facts = body.get(..FACT_BYTES_MAX).unwrap_or(body);
                if let Some(event) = self.metadata.read_osc(facts) {
                    self.notices.note(event, now);
                }
            }
            _ => {}
        }
    }

    /// OSC 4 and 5: pairs of the number of a colour, and a colour or `?`.
    fn indexed_colors(&mut self, command: u16, rest: &[u8], by_bell: bool) {
        let place_of = if command == 4 { colors::place_of_index } else { colors::special };
        let mut parts = rest.split(|byte| *byte == b';');
        while let (Some(index), Some(spec)) = (parts.next(), parts.next()) {
            let Some(index) = number(index) else { continue };
            let Some(place) = place_of(index) else { continue };
            if spec == b"?" {
                self.report_color(format_args!("{command};{index}"), place, by_bell);
            } else if let Some(color) = colors::parse(spec) {
                self.palette.set(place, color);
            }
        }
    }

    /// OSC 10, 11, 12: colours for the places from `first` on.
    fn dynamic_colors(&mut self, first: usize, rest: &[u8], by_bell: bool) {
        for (place, spec) in (first..=CURSOR).zip(rest.split(|byte| *byte == b';')) {
            if spec == b"?" {
                self.report_color(format_args!("{}", place - FOREGROUND + 10), place, by_bell);
            } else if let Some(color) = colors::parse(spec) {
                self.palette.set(place, color);
            }
        }
    }

    /// OSC 104, and 105 for the special colours.
    fn reset_colors(&mut self, special: bool, rest: &[u8]) {
        match (rest, special) {
            ([], false) => return self.palette.reset_indexed(),
            ([], true) => return self.palette.reset_special(),
            _ => {}
        }
        let place_of = if special { colors::special } else { colors::place_of_index };
        for index in rest.split(|byte| *byte == b';').filter_map(number) {
            if let Some(place) = place_of(index) {
                self.palette.reset(place);
            }
        }
    }

    /// OSC 8: parameters, then an address that may hold semicolons; an empty one ends a link.
    fn set_link(&mut self, rest: &[u8]) {
        let (params, uri) = split(rest, b';');
        let mut pen = self.grid.pen();
        pen.link = None;
        let id = params.split(|byte| *byte == b':').find_map(|pair| pair.strip_prefix(b"id="));
        let id = id.and_then(|id| from_utf8(id).ok()).filter(|id| !id.is_empty());
        let fits = uri.len() + id.map_or(0, str::len) <= LINK_BYTES_MAX;
        if let (Ok(uri), true) = (from_utf8(uri), fits && !uri.is_empty()) {
            let mut chars = uri.chars().chain(id.iter().flat_map(|id| id.chars()));
            if !chars.any(char::is_control) {
                pen.link = self.grid.link(id, uri);
            }
        }
        self.grid.set_pen(pen);
    }

    /// OSC 50, as Konsole and VTE had it.
    fn set_cursor_shape(&mut self, rest: &[u8]) {
        let shape = match rest.strip_prefix(b"CursorShape=") {
            Some(b"0") => CursorShape::Block,
            Some(b"1") => CursorShape::Bar,
            Some(b"2") => CursorShape::Underline,
            _ => return,
        };
        self.cursor.shape = shape;
        self.cursor.is_styled = true;
    }

    /// OSC 52. What the clipboard holds is not reported.
    fn set_clipboard(&mut self, rest: &[u8]) {
        let (selection, base64) = split(rest, b';');
        let is_write = selection.len() < rest.len() && base64 != b"?";
        if !self.options.clipboard || !is_write {
            return;
        }
        let decoded = clipboard::decode(base64);
        if let Some(text) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
            let selection = selection.first().is_some_and(|first| *first != b'c');
            self.effect(Effect::Clipboard { selection, text });
        }
    }

    /// OSC 9;4: progress as ConEmu has it.
    fn read_progress(&mut self, rest: &[u8]) {
        let mut parts = rest.split(|byte| *byte == b';');
        let (Some(b"4"), Some(state)) = (parts.next(), parts.next()) else { return };
        let percent = parts.next().and_then(number).unwrap_or(0).min(100) as u8;
        let state = match state {
            b"0" | b"" => return self.set_progress(None),
            b"1" => ProgressState::Normal,
            b"2" => ProgressState::Failed,
            b"3" => ProgressState::Indeterminate,
            b"4" => ProgressState::Paused,
            _ => return,
        };
        self.set_progress(Some(Progress { state, percent }));
    }

    /// OSC 133 and 633: places of the prompt, the command line and its output.
    fn read_mark(&mut self, rest: &[u8]) {
        let kind = match split(rest, b';').0 {
            b"A" => MarkKind::PromptStart,
            b"B" => MarkKind::CommandStart,
            b"C" => MarkKind::OutputStart,
            b"D" => MarkKind::OutputEnd,
            _ => return,
        };
        self.grid.mark(kind);
    }
}

/// The parts before and after the first separator.
fn split(bytes: &[u8], separator: u8) -> (&[u8], &[u8]) {
    match memchr::memchr(separator, bytes) {
        Some(at) => (bytes.get(..at).unwrap_or(&[]), bytes.get(at + 1..).unwrap_or(&[])),
        None => (bytes, &[]),
    }
}

/// A decimal number of at most five digits.
fn number(digits: &[u8]) -> Option<usize> {
    let is_number = (1..=5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| from_utf8(digits).ok().and_then(|digits| digits.parse().ok())).flatten()
}
