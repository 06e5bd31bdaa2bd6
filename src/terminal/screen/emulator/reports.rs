//! Answers to the queries of programs, written where the engine fetches them to type them.

use super::super::parser::Params;
use super::super::style::Rgb;
use super::colors::is_dark;
use super::mode_set::flag;
use super::titles::{from_hex, to_hex};
use super::{Size, Terminal};

/// What DA1 reports: a VT220 with colours. It can more, but programs act on what is claimed, and a higher claim
/// would have them do what other terminals do not.
const IDENTITY: &str = "?62;22";

/// The capabilities that are reported: how many colours there are, and bits of each part of a direct colour.
const CAPABILITIES: [(&str, &str); 3] = [("Co", "256"), ("colors", "256"), ("RGB", "8/8/8")];

/// Capabilities that are reported for one query.
const CAPABILITIES_MAX: usize = 16;

impl Terminal {
    /// DA1.
    pub(super) fn report_identity(&mut self) {
        self.reply(format_args!("\x1b[{IDENTITY}c"));
    }

    /// DA2: a VT220, too, of a version on which no program builds anything.
    pub(super) fn report_version_number(&mut self) {
        self.reply(format_args!("\x1b[>1;10;0c"));
    }

    /// DA3.
    pub(super) fn report_unit(&mut self) {
        self.reply(format_args!("\x1bP!|00000000\x1b\\"));
    }

    /// XTVERSION.
    pub(super) fn report_version(&mut self) {
        self.reply(format_args!("\x1bP>|OrchFlow({})\x1b\\", env!("CARGO_PKG_VERSION")));
    }

    /// DSR: 5 whether all is well, 6 where the cursor is.
    pub(super) fn report_status(&mut self, what: u16) {
        match what {
            5 => self.reply(format_args!("\x1b[0n")),
            6 => {
                let (row, col) = self.reported_position();
                self.reply(format_args!("\x1b[{row};{col}R"));
            }
            _ => {}
        }
    }

    /// The cursor's row and column from 1, from the margins with origin mode.
    pub(super) fn reported_position(&self) -> (usize, usize) {
        let (at, margins) = (self.grid.cursor(), self.grid.margins());
        let (top, left) = if self.grid.origin() { (margins.top, margins.left) } else { (0, 0) };
        (at.row.saturating_sub(top) + 1, at.col.saturating_sub(left) + 1)
    }

    /// DSR of DEC: the cursor, and devices that this terminal does not have.
    pub(super) fn report_private_status(&mut self, params: &Params) {
        match params.get(0) {
            6 => {
                let (row, col) = self.reported_position();
                // There is one page; terminals below a VT420 know of none.
                let page = if self.level < 4 { "" } else { ";1" };
                self.reply(format_args!("\x1b[?{row};{col}{page}R"));
            }
            // All is well; no printer; keys that could be defined are not locked; a North American keyboard; no
            // locator, of no kind.
            5 => self.reply(format_args!("\x1b[?0n")),
            15 => self.reply(format_args!("\x1b[?13n")),
            25 => self.reply(format_args!("\x1b[?20n")),
            26 => self.reply(format_args!("\x1b[?27;1;0;0n")),
            53 | 55 => self.reply(format_args!("\x1b[?50n")),
            56 => self.reply(format_args!("\x1b[?57;0n")),
            // No macros, none of them summed; no errors; one session.
            62 => self.reply(format_args!("\x1b[0000*{{")),
            63 => self.reply(format_args!("\x1bP{}!~0000\x1b\\", params.get(1))),
            75 => self.reply(format_args!("\x1b[?70n")),
            85 => self.reply(format_args!("\x1b[?83n")),
            996 => self.report_color_scheme(),
            _ => {}
        }
    }

    /// Whether the host's colours are dark or light.
    pub(super) fn report_color_scheme(&mut self) {
        let scheme = if is_dark(self.options.background) { 1 } else { 2 };
        self.reply(format_args!("\x1b[?997;{scheme}n"));
    }

    /// Replaces the host's colours; with mode 2031 a change between dark and light is reported.
    pub(super) fn set_host_colors(&mut self, foreground: Rgb, background: Rgb, cursor: Rgb) {
        let was_dark = is_dark(self.options.background);
        self.options.foreground = foreground;
        self.options.background = background;
        self.options.cursor = cursor;
        if was_dark != is_dark(background) && self.modes.has(flag::COLOR_SCHEME_REPORTS) {
            self.report_color_scheme();
        }
    }

    /// Flags of the kitty keyboard protocol.
    pub(super) fn report_keyboard(&mut self) {
        let flags = self.keyboard.flags();
        self.reply(format_args!("\x1b[?{flags}u"));
    }

    /// XTQMODKEYS.
    pub(super) fn report_other_keys(&mut self) {
        let level = self.keyboard.modify_other_keys;
        self.reply(format_args!("\x1b[>4;{level}m"));
    }

    /// OSC 4, 10, 11, 12 with `?`; ended as the query was.
    pub(super) fn report_color(
        &mut self,
        prefix: std::fmt::Arguments<'_>,
        place: usize,
        by_bell: bool,
    ) {
        let Rgb { r, g, b } = self.color(place);
        let end = if by_bell { "\x07" } else { "\x1b\\" };
        self.reply(format_args!(
            "\x1b]{prefix};rgb:{r:02x}{r:02x}/{g:02x}{g:02x}/{b:02x}{b:02x}{end}"
        ));
    }

    /// The text area in pixels, if the host has given it.
    pub(super) fn report_pixels(&mut self) {
        let (height, width) = (self.size.pixel_height, self.size.pixel_width);
        if height > 0 && width > 0 {
            self.reply(format_args!("\x1b[4;{height};{width}t"));
        }
    }

    /// A cell in pixels, if the host has given the size of the text area.
    pub(super) fn report_cell_pixels(&mut self) {
        let Size { cols, rows, pixel_width, pixel_height } = self.size;
        let cell = (pixel_height.checked_div(rows), pixel_width.checked_div(cols));
        if let (Some(height @ 1..), Some(width @ 1..)) = cell {
            self.reply(format_args!("\x1b[6;{height};{width}t"));
        }
    }

    /// The text area in characters.
    pub(super) fn report_size(&mut self) {
        let (rows, cols) = (self.size.rows, self.size.cols);
        self.reply(format_args!("\x1b[8;{rows};{cols}t"));
    }

    /// DECRQSS: the setting that the final bytes of its sequence name.
    pub(super) fn report_setting(&mut self, name: &[u8]) {
        let (margins, level, look, size) =
            (self.grid.margins(), self.level, self.cursor, self.size);
        match name {
            b"m" => {
                let mut style = Vec::new();
                super::sgr::describe(&self.grid.pen().style, &mut style);
                self.reply_setting(format_args!("{}m", String::from_utf8_lossy(&style)));
            }
            b"r" => self.reply_setting(format_args!("{};{}r", margins.top + 1, margins.bottom + 1)),
            b"s" => self.reply_setting(format_args!("{};{}s", margins.left + 1, margins.right + 1)),
            b"t" => self.reply_setting(format_args!("{}t", size.rows)),
            b" q" => {
                let style = 2 * look.shape as u16 + 2 - u16::from(look.blinking);
                self.reply_setting(format_args!("{style} q"));
            }
            b"\"p" => self.reply_setting(format_args!("{};1\"p", level + 60)),
            b"\"q" => {
                self.reply_setting(format_args!("{}\"q", u8::from(self.grid.pen().protected)))
            }
            b"$|" => self.reply_setting(format_args!("{}$|", size.cols)),
            b"*|" => self.reply_setting(format_args!("{}*|", size.rows)),
            b"*x" => {
                let extent = self.change_extent;
                self.reply_setting(format_args!("{extent}*x"));
            }
            // There is no status line, so the main display is the active one.
            b"$}" | b"$~" => {
                let last = if name == b"$}" { '}' } else { '~' };
                self.reply_setting(format_args!("0${last}"));
            }
            _ => self.reply(format_args!("\x1bP0$r\x1b\\")),
        }
    }

    /// XTGETTCAP: capabilities by their names in hexadecimal digits. An unknown name is not repeated, or programs
    /// could choose what is typed.
    pub(super) fn report_capabilities(&mut self, names: &[u8]) {
        for name in names.split(|byte| *byte == b';').take(CAPABILITIES_MAX) {
            let name = from_hex(name).unwrap_or_default();
            let known = CAPABILITIES.iter().find(|(known, _)| known.as_bytes() == name);
            match known {
                Some((known, value)) => {
                    let (name, value) = (to_hex(known.as_bytes()), to_hex(value.as_bytes()));
                    self.reply(format_args!("\x1bP1+r{name}={value}\x1b\\"));
                }
                None => self.reply(format_args!("\x1bP0+r\x1b\\")),
            }
        }
    }

    fn reply_setting(&mut self, setting: std::fmt::Arguments<'_>) {
        self.reply(format_args!("\x1bP1$r{setting}\x1b\\"));
    }
}
