//! The model: `alacritty_terminal`'s grid and parser, with a record of the state that it keeps to
//! itself.
//!
//! `Term` is the grid; it has no way to ask for its scroll region, tab stops, active character set,
//! title and keyboard modes. [`Model`] stands between parser and grid (see `handler`), passes on what
//! concerns the grid and keeps a record of the rest. Title, keyboard modes and every question of the
//! program are answered here and never reach `Term`.

use alacritty_terminal::Term;
use std::collections::VecDeque;

use alacritty_terminal::event::VoidListener;
use alacritty_terminal::grid::{Dimensions, Grid, Scroll};
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::term::{Config, Osc52, TermMode};
use alacritty_terminal::vte::ansi::{CharsetIndex, Processor, Timeout};

use super::palette;
use super::snapshot::leaves_column_free;
use super::{ScreenOptions, scanner};
use crate::terminal::options::Size;

/// Characters that one repeat sequence (REP) may print. More than a wide row has is of no use and
/// lets a few bytes cost a lot of time.
const REPEAT_MAX: u32 = 2048;

/// Bytes of a title or link that are kept.
pub(super) const TITLE_BYTES_MAX: usize = 4096;
pub(super) const LINK_BYTES_MAX: usize = 2048;

/// Titles and keyboard modes that a program may push.
pub(super) const STACK_MAX: usize = 16;

/// Bytes of distinct links after which those are counted that are still on the screen.
pub(super) const LINKS_BYTES_MAX: usize = 1 << 20;

/// Places of questions that are remembered, to be left out when output is played again.
const QUESTIONS_MAX: usize = 4096;

/// Bytes that a cell takes.
const CELL_BYTES: usize = size_of::<Cell>();

/// Rows that the grid allocates at once for its history.
const HISTORY_STEP: usize = 1000;

/// Synchronized updates (mode 2026) are not held back by the parser, which would make snapshots
/// depend on a clock; viewers wait instead.
#[derive(Default)]
pub(super) struct NoHold;

impl Timeout for NoHold {
    fn set_timeout(&mut self, _: std::time::Duration) {}
    fn clear_timeout(&mut self) {}
    fn pending_timeout(&self) -> bool {
        false
    }
}

/// Rows and columns, as the grid asks for them.
struct Extent {
    rows: usize,
    cols: usize,
}

impl Dimensions for Extent {
    fn total_lines(&self) -> usize {
        self.rows
    }
    fn screen_lines(&self) -> usize {
        self.rows
    }
    fn columns(&self) -> usize {
        self.cols
    }
}

/// Something that the program did and that is not seen in cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    TitleChanged,
    Bell,
    Clipboard { selection: bool, text: String },
}

/// See the module's documentation.
pub(super) struct Model {
    pub(super) term: Term<VoidListener>,
    pub(super) size: Size,
    pub(super) options: ScreenOptions,
    pub(super) record: Record,
    /// Answers to the program's questions, to be typed.
    pub(super) answers: Vec<u8>,
    pub(super) deeds: Vec<Deed>,
    /// The string that is being dispatched did not get through whole.
    pub(super) overlong: bool,
    /// Characters that the current repeat sequence may still print.
    pub(super) repeats_left: Option<u32>,
    /// Links so far that had no id.
    pub(super) links: u64,
    /// Bytes of links since they were counted last.
    pub(super) links_bytes: usize,
    /// History that the grid may have now; less than asked for when memory is short.
    history_max: usize,
}

/// How a grid was before output came.
pub(super) struct Mark {
    history: usize,
    alternate: bool,
}

/// What output has made of the rows that were there.
pub(super) struct Moved {
    /// So many have scrolled into the history; as many as there are when it was cleared.
    pub(super) rows: usize,
    /// They are no longer where they were, but for that.
    pub(super) otherwise: bool,
}

/// What `Term` knows and does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) title: String,
    pub(super) titles: Vec<String>,
    /// First row of the scroll region and the row after its last.
    pub(super) region: (usize, usize),
    pub(super) tabs: Vec<bool>,
    pub(super) active_charset: u8,
    /// Keyboard modes of the screen in use, the first one at its bottom; never empty.
    pub(super) keyboard: Vec<u8>,
    /// The same for the other screen.
    pub(super) other_keyboard: Vec<u8>,
    pub(super) modify_other_keys: u8,
    /// A synchronized update is under way.
    pub(super) synchronized: bool,
    /// The cursor's style was chosen by the program.
    pub(super) cursor_styled: bool,
}

impl Record {
    fn new(rows: usize, cols: usize) -> Self {
        Record {
            title: String::new(),
            titles: Vec::new(),
            region: (0, rows),
            tabs: default_tabs(0, cols).collect(),
            active_charset: 0,
            keyboard: vec![0],
            other_keyboard: vec![0],
            modify_other_keys: 0,
            synchronized: false,
            cursor_styled: false,
        }
    }

    pub(super) fn reset(&mut self, rows: usize, cols: usize) {
        *self = Record::new(rows, cols);
    }
}

fn default_tabs(from: usize, to: usize) -> impl Iterator<Item = bool> {
    (from..to).map(|col| col % 8 == 0)
}

impl Model {
    pub(super) fn new(size: Size, options: &ScreenOptions) -> Self {
        let (rows, cols) = (usize::from(size.rows), usize::from(size.cols));
        let config = Config {
            scrolling_history: options.scrollback,
            kitty_keyboard: false,
            osc52: Osc52::Disabled,
            semantic_escape_chars: String::new(),
            ..Config::default()
        };
        Model {
            term: Term::new(config, &Extent { rows, cols }, VoidListener),
            size,
            options: options.clone(),
            record: Record::new(rows, cols),
            answers: Vec::new(),
            deeds: Vec::new(),
            overlong: false,
            repeats_left: None,
            links: 0,
            links_bytes: 0,
            history_max: options.scrollback,
        }
    }

    pub(super) fn rows(&self) -> usize {
        usize::from(self.size.rows)
    }

    pub(super) fn cols(&self) -> usize {
        usize::from(self.size.cols)
    }

    pub(super) fn grid(&self) -> &Grid<Cell> {
        self.term.grid()
    }

    pub(super) fn history(&self) -> usize {
        self.term.grid().history_size()
    }

    pub(super) fn is_alternate(&self) -> bool {
        self.term.mode().contains(TermMode::ALT_SCREEN)
    }

    pub(super) fn resize(&mut self, size: Size) {
        let same_cells = (size.rows, size.cols) == (self.size.rows, self.size.cols);
        if same_cells {
            self.size = size;
            return;
        }
        if self.is_alternate() {
            self.with_primary(Model::mend_free_columns);
        }
        self.mend_free_columns();
        self.size = size;
        let (rows, cols) = (self.rows(), self.cols());
        self.term.resize(Extent { rows, cols });
        self.settle();
        self.record.region = (0, rows);
        let known = self.record.tabs.len();
        if cols != known {
            self.record.tabs.truncate(cols);
            self.record.tabs.extend(default_tabs(known, cols));
        }
    }

    /// Forgets that the last column of a row is free for a wide character below it, where there is none
    /// any more: `Term` takes such columns away when the width changes.
    fn mend_free_columns(&mut self) {
        let (top, bottom) = (-(self.history() as i32), self.rows() as i32 - 1);
        let last = Column(self.cols() - 1);
        for line in top..=bottom {
            let grid = self.term.grid();
            let row = &grid[Line(line)];
            if row[last].flags.contains(Flags::LEADING_WIDE_CHAR_SPACER)
                && (line == bottom || !leaves_column_free(row, &grid[Line(line + 1)]))
            {
                let cell = &mut self.term.grid_mut()[Line(line)][last];
                cell.flags.remove(Flags::LEADING_WIDE_CHAR_SPACER);
            }
        }
    }

    /// Puts right what `Term` leaves behind in a grid that changed its size.
    pub(super) fn settle(&mut self) {
        self.settle_cursors();
        for line in -(self.history() as i32)..self.rows() as i32 {
            let row = &mut self.term.grid_mut()[Line(line)];
            super::cells::mend(row);
            // Counts all of it as used: `Term` resets only the used part of a row, and takes coloured
            // blanks of a row that grew for unused.
            row.last_mut();
        }
    }

    /// A wrap can only be pending in the last column.
    pub(super) fn settle_cursors(&mut self) {
        let cols = self.cols();
        let grid = self.term.grid_mut();
        for cursor in [&mut grid.cursor, &mut grid.saved_cursor] {
            cursor.input_needs_wrap &= cursor.point.column.0 + 1 == cols;
        }
    }

    /// The colour of an entry of the palette, as the program or the options set it.
    pub(super) fn color(&self, index: usize) -> super::Rgb {
        match self.term.colors()[index] {
            Some(rgb) => super::Rgb { r: rgb.r, g: rgb.g, b: rgb.b },
            None => palette::color(index, &self.options),
        }
    }

    /// Bytes of the cells that are allocated, about.
    pub(super) fn bytes(&self) -> usize {
        let history = self.history().div_ceil(HISTORY_STEP) * HISTORY_STEP;
        (2 * self.rows() + history) * self.cols() * CELL_BYTES
    }

    /// Lets the history grow no further than it has, or as far as was asked for.
    pub(super) fn bound_history(&mut self, is_short: bool) {
        if self.is_alternate() {
            return;
        }
        let max = if is_short { self.history() } else { self.options.scrollback };
        if max != self.history_max {
            self.history_max = max;
            self.term.grid_mut().update_history(max);
        }
    }

    /// Prepares [`count_scrolled`](Self::count_scrolled). A grid that is scrolled back counts by itself how
    /// far its rows move away.
    pub(super) fn mark_scrolled(&mut self) -> Mark {
        let alternate = self.is_alternate();
        let grid = self.term.grid_mut();
        grid.scroll_display(Scroll::Bottom);
        grid.scroll_display(Scroll::Delta(1));
        Mark { history: grid.history_size(), alternate }
    }

    /// What has become of the rows since then.
    pub(super) fn count_scrolled(&mut self, before: &Mark) -> Moved {
        let alternate = self.is_alternate();
        let grid = self.term.grid_mut();
        let (back, history) = (grid.display_offset(), grid.history_size());
        let rows = if before.history == 0 { history } else { back.saturating_sub(1) };
        // A grid whose history was dropped is not scrolled back any more.
        let otherwise = before.alternate != alternate || (before.history > 0 && back == 0);
        grid.scroll_display(Scroll::Bottom);
        Moved { rows, otherwise }
    }

    /// Looks at the other screen's grid. Only while the alternate one is in use, whose grid is put
    /// back as it was.
    pub(super) fn with_primary<T>(&mut self, look: impl FnOnce(&mut Model) -> T) -> T {
        invariant!(self.is_alternate(), "only the alternate screen is left");
        let alternate = self.term.grid().clone();
        self.term.swap_alt();
        let seen = look(self);
        self.term.swap_alt();
        *self.term.grid_mut() = alternate;
        seen
    }
}

/// The parser with the model it writes to.
pub(super) struct Feed<'a> {
    pub(super) parser: &'a mut Processor<NoHold>,
    pub(super) model: &'a mut Model,
    /// OSC strings that the parser ignores.
    pub(super) facts: &'a mut super::facts::Facts,
    /// Questions that were answered: from and to which offset.
    pub(super) questions: &'a mut VecDeque<(u64, u64)>,
    /// Bytes of answers before the sequence that is under way.
    pub(super) answered: usize,
}

impl scanner::Sink for Feed<'_> {
    fn parse(&mut self, bytes: &[u8]) {
        self.parser.advance(self.model, bytes);
    }

    fn parse_end_of_overlong(&mut self, bytes: &[u8]) {
        self.model.overlong = true;
        self.parser.advance(self.model, bytes);
        self.model.overlong = false;
    }

    fn parse_repeat(&mut self, bytes: &[u8]) {
        self.model.repeats_left = Some(REPEAT_MAX);
        self.parser.advance(self.model, bytes);
        self.model.repeats_left = None;
    }

    fn osc(&mut self, string: &[u8]) {
        self.facts.read_osc(string);
    }

    fn asked(&mut self, from: u64, to: u64) {
        if self.model.answers.len() > self.answered {
            if self.questions.len() == QUESTIONS_MAX {
                self.questions.pop_front();
            }
            self.questions.push_back((from, to));
        }
        self.answered = self.model.answers.len();
    }
}

/// The number of a character set, 0 to 3.
pub(super) fn charset_number(index: CharsetIndex) -> u8 {
    match index {
        CharsetIndex::G0 => 0,
        CharsetIndex::G1 => 1,
        CharsetIndex::G2 => 2,
        CharsetIndex::G3 => 3,
    }
}
