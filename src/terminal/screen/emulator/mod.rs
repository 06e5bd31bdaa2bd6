//! The emulator: what the parser's actions do. It holds everything of a terminal that is not cells, and
//! calls the grid for the rest.
//!
//! ```text
//! bytes ─▶ Emulator ─▶ parser ─▶ Terminal ─┬─▶ grid        text, editing, screens      (csi, esc, rectangles)
//!                                          ├─▶ modes, titles, palette, keyboard, charsets
//!                                          ├─▶ replies     to the program's queries    (reports)
//!                                          └─▶ effects, metadata for the host            (osc)
//! ```
//!
//! xterm is the reference where it is deterministic. Deliberately absent: VT52 mode, lines of double size,
//! 132 columns, soft fonts, user-defined keys, printing, graphics, 8-bit replies. Reports by which a program
//! could read the screen or have text of its choice typed are off by default
//! ([`ScreenOptions::readback`]).
//!
//! Everything a program can make grow is bounded, here or in the grid.

mod charset;
mod colors;
mod csi;
#[cfg(test)]
mod describe;
mod esc;
mod keyboard;
mod mode_set;
mod modes;
mod osc;
mod presentation;
mod queries;
mod rectangles;
mod reports;
mod sgr;
mod snapshot;
mod spaces;
#[cfg(test)]
mod tests;
mod title_stack;
mod titles;

use std::collections::VecDeque;
use std::time::Duration;

use self::charset::Charsets;
use self::colors::Palette;
use self::keyboard::Keyboard;
use self::mode_set::{ModeSet, flag};
use self::title_stack::Titles;
use super::event::{Progress, ProgressState};
use super::grid::Grid;
use super::metadata::Metadata;
use super::notice::NoticeKinds;
use super::notice_queue::{NoticeQueue, NumberedNotice, Present};
use super::parser::{Actions, ControlString, Head, Parser, StringKind};
use super::update::{Cursor, CursorShape, Modes};
use super::{Rgb, ScreenOptions};
use crate::terminal::size::Size;

/// Effects that wait to be fetched after each read; more of them say nothing new.
const EFFECTS_MAX: usize = 64;

/// Capacity that is kept for the next translated characters.
const TRANSLATED_CAPACITY_IDLE: usize = 64;

/// Something that the program did and that is not seen in cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    TitleChanged,
    Bell,
    Clipboard { selection: bool, text: String },
    ProgressChanged,
}

/// How the cursor looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct CursorLook {
    shape: CursorShape,
    blinking: bool,
    /// The program chose it.
    is_styled: bool,
}

/// How cells were protected last: it decides what erasing spares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Protection {
    /// Not since the last reset: nothing is spared.
    #[default]
    None,
    /// DECSCA: selective erasing spares them.
    Dec,
    /// SPA: erasing of lines, of the display and of characters spares them, too.
    Iso,
}

/// See the module's documentation.
pub(crate) struct Emulator {
    parser: Parser,
    terminal: Terminal,
}

/// What the parser's actions work on.
struct Terminal {
    grid: Grid,
    size: Size,
    options: ScreenOptions,
    /// Queries are not answered for now.
    is_silent: bool,
    modes: ModeSet,
    charsets: Charsets,
    /// The last action printed, so that REP has something to repeat.
    has_printed: bool,
    /// Scratch for characters that character sets change.
    translated: Vec<char>,
    cursor: CursorLook,
    protection: Protection,
    /// DECSACE: changes of attributes are for a rectangle with 2, for a stream of characters with 0 and 1.
    change_extent: u8,
    /// The conformance level that was chosen (DECSCL), 1 to 5.
    level: u16,
    titles: Titles,
    keyboard: Keyboard,
    palette: Palette,
    progress: Option<Progress>,
    metadata: Metadata,
    notices: NoticeQueue,
    effects: Vec<Effect>,
    /// Answers to the program's queries, to be typed.
    replies: Vec<u8>,
    /// Bytes of replies before the sequence that is under way.
    replied: usize,
    /// Queries that were answered: from and to which offset.
    queries: VecDeque<(u64, u64)>,
}

/// The conformance level of a fresh terminal: a VT420.
const LEVEL: u16 = 4;

impl Emulator {
    /// A fresh terminal whose output begins at `offset`.
    pub(crate) fn new(size: Size, options: &ScreenOptions, offset: u64) -> Self {
        let (rows, cols) = (usize::from(size.rows), usize::from(size.cols));
        let terminal = Terminal {
            grid: Grid::new(rows, cols, options.scrollback),
            size,
            options: options.clone(),
            is_silent: false,
            modes: ModeSet::default(),
            charsets: Charsets::new(),
            has_printed: false,
            translated: Vec::new(),
            cursor: CursorLook::default(),
            protection: Protection::None,
            change_extent: 0,
            level: LEVEL,
            titles: Titles::default(),
            keyboard: Keyboard::default(),
            palette: Palette::default(),
            progress: None,
            metadata: Metadata::default(),
            notices: NoticeQueue::default(),
            effects: Vec::new(),
            replies: Vec::new(),
            replied: 0,
            queries: VecDeque::new(),
        };
        Emulator { parser: Parser::new(offset), terminal }
    }

    /// Takes in the next output, at this time of the host's clock: all of it, or as much as costs `work_max`, and
    /// what is left then of the sequence that is under way. Gives the bytes and what they cost beside the parser, in
    /// about nanoseconds.
    pub(crate) fn advance(&mut self, bytes: &[u8], now: Duration, work_max: u64) -> (usize, u64) {
        let terminal = &mut self.terminal;
        terminal.metadata.set_now(now);
        terminal.replied = terminal.replies.len();
        terminal.grid.bound_work(work_max);
        let before = terminal.grid.work();
        let taken = self.parser.advance(bytes, terminal);
        (taken, self.terminal.grid.work() - before)
    }

    /// Changes the size; margins and the text are adapted by the grid.
    pub(crate) fn resize(&mut self, size: Size) {
        let terminal = &mut self.terminal;
        if (size.rows, size.cols) != (terminal.size.rows, terminal.size.cols) {
            terminal.grid.resize(size.rows.into(), size.cols.into());
        }
        terminal.size = size;
    }

    /// Leaves queries unanswered, or answers them again.
    pub(crate) fn set_silent(&mut self, is_silent: bool) {
        self.terminal.is_silent = is_silent;
    }

    /// Another one takes its place, since it failed. What this one has heard of the program, its title and the
    /// places of queries stay.
    pub(crate) fn replace(&mut self, mut fresh: Emulator) {
        let (old, new) = (&mut self.terminal, &mut fresh.terminal);
        std::mem::swap(&mut old.metadata, &mut new.metadata);
        std::mem::swap(&mut old.notices, &mut new.notices);
        std::mem::swap(&mut old.titles.window, &mut new.titles.window);
        std::mem::swap(&mut old.queries, &mut new.queries);
        new.grid.forget_changes_of(&old.grid);
        new.effects.clear();
        *self = fresh;
    }

    pub(crate) fn grid(&self) -> &Grid {
        &self.terminal.grid
    }

    pub(crate) fn grid_mut(&mut self) -> &mut Grid {
        &mut self.terminal.grid
    }

    pub(crate) fn size(&self) -> Size {
        self.terminal.size
    }

    pub(crate) fn options(&self) -> &ScreenOptions {
        &self.terminal.options
    }

    /// The parser, which knows where the output may be cut.
    pub(crate) fn parser(&self) -> &Parser {
        &self.parser
    }

    /// The window's title.
    pub(crate) fn title(&self) -> &str {
        &self.terminal.titles.window
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.terminal.metadata
    }

    pub(crate) fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.terminal.metadata
    }

    /// Which notices are kept from now on.
    pub(crate) fn want_notices(&mut self, kinds: NoticeKinds) {
        self.terminal.notices.want(kinds);
    }

    pub(crate) fn has_notices(&self) -> bool {
        !self.terminal.notices.is_empty()
    }

    /// Takes the oldest notice.
    pub(crate) fn take_notice(&mut self) -> Option<NumberedNotice> {
        let terminal = &mut self.terminal;
        terminal.notices.take(&Present {
            title: &terminal.titles.window,
            cwd: terminal.metadata.cwd(),
            progress: terminal.progress,
        })
    }

    /// What the program did since the last call.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.terminal.effects)
    }

    /// A synchronized update is under way.
    pub(crate) fn is_synchronized(&self) -> bool {
        self.terminal.modes.has(flag::SYNCHRONIZED)
    }

    pub(crate) fn cursor(&self) -> Cursor {
        let (terminal, at) = (&self.terminal, self.terminal.grid.cursor());
        Cursor {
            row: at.row as u16,
            col: at.col as u16,
            shape: terminal.cursor.shape,
            blinking: terminal.cursor.blinking,
            visible: terminal.modes.has(flag::CURSOR_VISIBLE),
        }
    }

    pub(crate) fn modes(&self) -> Modes {
        self.terminal.visible_modes()
    }

    /// Bytes that it takes, the grid's included.
    pub(crate) fn bytes(&self) -> usize {
        let terminal = &self.terminal;
        size_of::<Self>() - size_of::<Grid>()
            + terminal.grid.bytes()
            + self.parser.bytes()
            + terminal.modes.bytes()
            + terminal.translated.capacity() * size_of::<char>()
            + terminal.titles.bytes()
            + terminal.keyboard.bytes()
            + terminal.palette.bytes()
            + terminal.metadata.bytes()
            + terminal.notices.bytes()
            + terminal.replies.capacity()
            + terminal.effects.capacity() * size_of::<Effect>()
            + terminal.queries.capacity() * size_of::<(u64, u64)>()
    }
}

impl Actions for Terminal {
    #[inline]
    fn print_ascii(&mut self, bytes: &[u8]) -> usize {
        self.has_printed = true;
        if self.charsets.is_plain() {
            return self.grid.print_ascii(bytes);
        }
        self.print_translated(bytes.iter().copied().map(char::from))
    }

    fn print(&mut self, chars: &[char]) -> usize {
        #[cfg(test)]
        super::tests::panic_when_due(chars);
        self.has_printed = true;
        if self.charsets.is_plain() {
            self.grid.print_chars(chars)
        } else {
            self.print_translated(chars.iter().copied())
        }
    }

    fn control(&mut self, byte: u8) {
        self.has_printed = false;
        match byte {
            0x07 => self.effect(Effect::Bell),
            0x08 => self.grid.backspace(),
            b'\t' => self.tab(1),
            b'\n' | 0x0B | 0x0C => self.line_feed(),
            b'\r' => self.grid.carriage_return(),
            0x0E => self.charsets.shift_left(1),
            0x0F => self.charsets.shift_left(0),
            _ => {}
        }
    }

    fn esc(&mut self, intermediates: &[u8], last: u8) {
        self.escape(intermediates, last);
    }

    #[inline]
    fn csi(&mut self, head: &Head, last: u8) {
        self.control_sequence(head, last);
    }

    #[inline]
    fn render(&mut self, params: u128) -> bool {
        self.grid.render(params)
    }

    fn string(&mut self, string: ControlString<'_>) {
        match string.kind {
            StringKind::Osc => self.system_command(string.body, string.by_bell),
            StringKind::Dcs => self.device_control(&string),
            StringKind::Apc | StringKind::Pm | StringKind::Sos => {}
        }
    }

    fn overlong(&mut self, _: StringKind) {}

    #[inline]
    fn ended(&mut self, from: u64, to: u64) {
        self.has_printed = false;
        if self.replies.len() > self.replied {
            self.note_query(from, to);
        }
    }

    #[inline]
    fn is_spent(&self) -> bool {
        self.grid.is_spent()
    }
}

impl Terminal {
    /// Prints what character sets make of characters. Gives how many were printed.
    fn print_translated(&mut self, chars: impl Iterator<Item = char>) -> usize {
        self.translated.clear();
        self.charsets.translate(chars, &mut self.translated);
        let printed = self.grid.print_chars(&self.translated);
        self.translated.clear();
        self.translated.shrink_to(TRANSLATED_CAPACITY_IDLE);
        printed
    }

    /// HT and CHT. With mode 41 a pending wrap is done first, and then, as in xterm, one tab stop is enough.
    fn tab(&mut self, count: usize) {
        let wraps = self.modes.has(flag::TAB_WRAPS) && self.grid.autowrap();
        if wraps && self.grid.cursor().pending_wrap {
            self.grid.line_feed();
            self.grid.carriage_return();
            return self.grid.tab(1);
        }
        self.grid.tab(count);
    }

    /// LF, VT, FF.
    fn line_feed(&mut self) {
        self.grid.line_feed();
        if self.modes.has(flag::LINE_FEED_NEW_LINE) {
            self.grid.carriage_return();
        }
    }

    /// DECSC.
    fn save_cursor(&mut self) {
        self.grid.save_cursor(self.charsets.saved());
    }

    /// DECRC. Without a saved cursor the grid restores a fresh one. A single shift is not saved and stays.
    fn restore_cursor(&mut self) {
        let saved = self.grid.restore_cursor().unwrap_or_default();
        self.charsets.restore(saved);
    }

    /// DECSTR: what programs may rely on is as it is at first; the text stays.
    fn reset_softly(&mut self) {
        self.grid.soft_reset();
        self.modes.set(flag::CURSOR_VISIBLE, true);
        // As in xterm, mode 42 stays.
        let off = flag::APPLICATION_CURSOR | flag::APPLICATION_KEYPAD | flag::KEYBOARD_LOCKED;
        self.modes.set(off, false);
        self.charsets = Charsets::new();
        self.protection = Protection::None;
        self.change_extent = 0;
    }

    /// RIS: as it is at first. Metadata about the program stays.
    fn reset(&mut self) {
        self.grid.reset();
        self.modes = ModeSet::default();
        self.charsets = Charsets::new();
        self.cursor = CursorLook::default();
        self.protection = Protection::None;
        self.change_extent = 0;
        self.level = LEVEL;
        self.keyboard = Keyboard::default();
        self.palette.clear();
        let had_title = !self.titles.window.is_empty();
        self.titles = Titles::default();
        if had_title {
            self.effect(Effect::TitleChanged);
        }
        self.set_progress(None);
    }

    /// The colour of a place of the palette, as the program or the options set it.
    fn color(&self, place: usize) -> Rgb {
        self.palette.color(place, &self.options)
    }

    fn set_progress(&mut self, progress: Option<Progress>) {
        if self.progress != progress {
            self.progress = progress;
            self.effect(Effect::ProgressChanged);
        }
    }

    fn effect(&mut self, effect: Effect) {
        let now = self.metadata.now();
        match &effect {
            Effect::TitleChanged => self.notices.set_title(now),
            Effect::Bell => self.notices.ring(now),
            Effect::Clipboard { selection, text } => {
                self.notices.set_clipboard(*selection, text, now);
            }
            Effect::ProgressChanged => self.notices.set_progress(now),
        }
        if self.effects.len() < EFFECTS_MAX {
            self.effects.push(effect);
        }
    }
}
