//! Titles of the window and its icon, with one stack for both.
//!
//! Programs may choose to write titles as hexadecimal digits, and to have them reported so (XTSMTITLE): what is
//! reported then is harmless, whatever somebody has put into a title.

use super::super::parser::Params;
use super::super::text::truncate;
use super::Effect;
use super::Terminal;
use super::title_stack::{Pushed, Which};

/// Bytes of a title that are kept.
const TITLE_BYTES_MAX: usize = 4096;

impl Terminal {
    /// OSC 0, 1, 2. What cannot be shown is left out; what is not hexadecimal where it has to be is ignored.
    pub(super) fn set_title(&mut self, which: Which, text: &[u8]) {
        let decoded = self.titles.sets_hex.then(|| from_hex(text));
        let Some(text) = decoded.unwrap_or_else(|| Some(text.to_vec())) else { return };
        let text = String::from_utf8_lossy(&text);
        let mut title = text.trim().to_owned();
        truncate(&mut title, TITLE_BYTES_MAX);
        title.retain(|c| !c.is_control());
        self.change_title(which, title);
    }

    fn change_title(&mut self, which: Which, title: String) {
        if which.has_icon() {
            self.titles.icon.clone_from(&title);
        }
        if which.has_window() && title != self.titles.window {
            self.titles.window = title;
            self.effect(Effect::TitleChanged);
        }
    }

    /// XTPUSHTITLE.
    pub(super) fn push_title(&mut self, which: Which) {
        self.titles.push(which);
    }

    /// XTPOPTITLE.
    pub(super) fn pop_title(&mut self, which: Which) {
        let Some(Pushed { window, icon }) = self.titles.stack.pop() else { return };
        if which.has_icon() {
            self.change_title(Which::Icon, icon);
        }
        if which.has_window() {
            self.change_title(Which::Window, window);
        }
    }

    /// XTSMTITLE and XTRMTITLE: 0 for what comes, 1 for what is reported. UTF-8 (2 and 3) is always in use.
    pub(super) fn set_title_modes(&mut self, params: &Params, on: bool) {
        for index in 0..params.len() {
            match params.get(index) {
                0 if index > 0 || params.is_zero() => self.titles.sets_hex = on,
                1 => self.titles.reports_hex = on,
                _ => {}
            }
        }
    }

    /// A title, where the host allows it. Programs have been made to type what others had set as one.
    pub(super) fn report_title(&mut self, which: Which) {
        if !self.options.readback {
            return;
        }
        let (letter, title) = match which {
            Which::Icon => ('L', &self.titles.icon),
            Which::Both | Which::Window => ('l', &self.titles.window),
        };
        let text = if self.titles.reports_hex { to_hex(title.as_bytes()) } else { title.clone() };
        self.reply(format_args!("\x1b]{letter}{text}\x1b\\"));
    }
}

/// The bytes that pairs of hexadecimal digits stand for.
pub(super) fn from_hex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = digits.chunks(2).map(|pair| match *pair {
        [high, low] => Some((digit(high)? * 16 + digit(low)?) as u8),
        _ => None,
    });
    pairs.collect()
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.map(|nibble| DIGITS[usize::from(nibble)]).collect()
}
