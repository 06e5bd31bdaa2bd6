//! The grid: what a terminal's screens show, and every operation on it.
//!
//! [`Grid`] holds the active and the other screen, the cursor and what is printed with, margins, tab stops and
//! the modes that change editing, and above the primary screen its history. It knows no control sequences: the
//! emulator calls its operations. All positions are 0-based and clamped here.
//!
//! Invariants, looked at after every operation of the property tests:
//! - a wide character has both of its halves: every operation splits at the ends of what it moves or erases;
//! - the cursor is on the screen, and a wrap is pending only where printing left it;
//! - a row that is wrapped goes on in the row below; whatever parts the two ends that;
//! - numbers of styles, links and graphemes in cells are in their tables.
//!
//! A row that leaves the primary screen at its top by a scroll of its full width goes to the history.

mod changes;
mod cursor;
mod edit;
mod generations;
mod geometry;
mod lines;
mod mark_list;
mod marks;
mod pen;
mod print;
#[cfg(test)]
mod random;
mod rect;
mod rendition_cache;
mod renditions;
mod resize;
mod row;
mod scroll;
mod tabs;
#[cfg(test)]
mod tests;
mod view;
mod work;

use std::collections::VecDeque;

use self::changes::Changes;
pub(crate) use self::geometry::{CursorPos, LinePlace, Margins};
pub(crate) use self::lines::Part;
use self::mark_list::Marks;
pub(crate) use self::rect::{AttributeChange, Rect};
use self::rendition_cache::Renditions;
use self::row::Row;
use self::tabs::Tabs;
pub(crate) use self::view::{RowView, ViewCell};
use super::cells::{Cell, Tables, Text, width};
use super::history::History;
use super::style::{Link, Style};

/// Bytes of a link with its id that are kept.
const LINK_BYTES_MAX: usize = 2048;

/// The number of a link in the grid's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkId(u16);

/// How the next character is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pen {
    pub(crate) style: Style,
    pub(crate) link: Option<LinkId>,
    pub(crate) protected: bool,
}

/// What the emulator saves with the cursor; the grid does not look at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SavedState(pub(crate) u32);

/// What DECSC saves.
#[derive(Clone, Copy, Debug)]
struct Saved {
    cursor: CursorPos,
    pen: Pen,
    origin: bool,
    state: SavedState,
}

/// One of the two screens.
struct Screen {
    rows: VecDeque<Row>,
    saved: Option<Saved>,
}

impl Screen {
    fn new(rows: usize) -> Self {
        Screen { rows: (0..rows).map(|_| Row::default()).collect(), saved: None }
    }

    fn bytes(&self) -> usize {
        let cells: usize = self.rows.iter().map(Row::bytes).sum();
        self.rows.capacity() * size_of::<Row>() + cells
    }
}

/// Modes that change editing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct EditModes {
    insert: bool,
    autowrap: bool,
    origin: bool,
    reverse_wrap: bool,
    graphemes: bool,
    cols_margin: bool,
}

const EDIT_MODES: EditModes = EditModes {
    insert: false,
    autowrap: true,
    origin: false,
    reverse_wrap: false,
    graphemes: false,
    cols_margin: false,
};

/// See the module's documentation.
pub(crate) struct Grid {
    rows: usize,
    cols: usize,
    active: Screen,
    /// The alternate screen while the primary one is active, once it has been used; else the primary one.
    other: Option<Screen>,
    is_alternate: bool,
    cursor: CursorPos,
    pen: Pen,
    /// The style of the pen as a number.
    pen_key: u128,
    /// A cell printed with the pen and one erased with it; `None` when the pen has changed.
    looks: Option<Looks>,
    renditions: Renditions,
    margins: Margins,
    modes: EditModes,
    tabs: Tabs,
    tables: Tables,
    history: History,
    history_max: usize,
    marks: Marks,
    changes: Changes,
    /// What was printed last, for REP: a single character, or else its text.
    last_char: Option<char>,
    last: String,
    /// Links so far that had no id.
    links: u64,
    /// Times that numbers were given away again.
    sweeps: u64,
    /// Times that another screen became active, or all lines went.
    lines_epoch: u64,
    scratch: String,
    work: Work,
}

/// How cells look that the pen writes.
#[derive(Clone, Copy)]
struct Looks {
    printed: Cell,
    erased: Cell,
}

/// What operations have cost so far; see `work.rs`.
struct Work {
    done: u64,
    /// The bound, on the same scale.
    end: u64,
}

impl Work {
    /// None so far, without a bound.
    fn new() -> Self {
        Work { done: 0, end: u64::MAX }
    }
}

impl Grid {
    /// A blank grid of this size, at least one row and one column, with at most so many rows of history.
    pub(crate) fn new(rows: usize, cols: usize, history_max: usize) -> Self {
        let (rows, cols) = (rows.max(1), cols.max(1));
        Grid {
            rows,
            cols,
            active: Screen::new(rows),
            other: None,
            is_alternate: false,
            cursor: CursorPos::default(),
            pen: Pen::default(),
            pen_key: 0,
            looks: None,
            renditions: Renditions::default(),
            margins: Margins { top: 0, bottom: rows - 1, left: 0, right: cols - 1 },
            modes: EDIT_MODES,
            tabs: Tabs::default(),
            tables: Tables::new(),
            history: History::new(history_max, cols),
            history_max,
            marks: Marks::default(),
            changes: Changes::new(),
            last_char: None,
            last: String::new(),
            links: 0,
            sweeps: 0,
            lines_epoch: 0,
            scratch: String::new(),
            work: Work::new(),
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn cols(&self) -> usize {
        self.cols
    }

    pub(crate) fn margins(&self) -> Margins {
        self.margins
    }

    pub(crate) fn is_alternate(&self) -> bool {
        self.is_alternate
    }

    // Modes.

    pub(crate) fn insert(&self) -> bool {
        self.modes.insert
    }

    pub(crate) fn autowrap(&self) -> bool {
        self.modes.autowrap
    }

    pub(crate) fn origin(&self) -> bool {
        self.modes.origin
    }

    pub(crate) fn reverse_wrap(&self) -> bool {
        self.modes.reverse_wrap
    }

    pub(crate) fn graphemes(&self) -> bool {
        self.modes.graphemes
    }

    pub(crate) fn cols_margin_enabled(&self) -> bool {
        self.modes.cols_margin
    }

    pub(crate) fn set_insert(&mut self, on: bool) {
        self.modes.insert = on;
    }

    /// Without it the last column is printed over.
    pub(crate) fn set_autowrap(&mut self, on: bool) {
        self.modes.autowrap = on;
    }

    /// Positions count from the margins. The cursor goes home.
    pub(crate) fn set_origin(&mut self, on: bool) {
        self.modes.origin = on;
        self.goto(0, 0);
    }

    pub(crate) fn set_reverse_wrap(&mut self, on: bool) {
        self.modes.reverse_wrap = on;
    }

    /// Characters that belong together are one cell (mode 2027).
    pub(crate) fn set_graphemes(&mut self, on: bool) {
        self.modes.graphemes = on;
    }

    // Links.

    /// The number of a link, the same for the same id and address. Without an id each is another one. `None`
    /// for what is too long, has control characters, or is one too many.
    pub(crate) fn link(&mut self, id: Option<&str>, uri: &str) -> Option<LinkId> {
        let len = uri.len() + id.map_or(0, str::len);
        let mut chars = uri.chars().chain(id.unwrap_or("").chars());
        if len > LINK_BYTES_MAX || chars.any(char::is_control) {
            return None;
        }
        let number = id.and_then(|id| id.strip_prefix('~')).and_then(|id| id.parse::<u32>().ok());
        self.links = self.links.max(number.unwrap_or(0).into()) + u64::from(id.is_none());
        let id = id.map_or_else(|| format!("~{}", self.links), str::to_owned);
        let link = Link { id, uri: uri.to_owned() };
        if let Some(number) = self.tables.links.find(&link) {
            return Some(LinkId(number as u16));
        }
        let number = self.tables.links.insert(link.clone()).or_else(|| {
            self.tables.links.is_sweep_due().then(|| self.sweep())?;
            self.tables.links.insert(link)
        });
        number.map(|number| LinkId(number as u16))
    }

    /// A link by its number.
    pub(crate) fn link_of(&self, id: LinkId) -> Option<&Link> {
        self.tables.link(id.0)
    }

    /// Gives the numbers of styles, links and graphemes away that no cell and no pen has.
    fn sweep(&mut self) {
        self.charge(self.active.cost() + self.other.as_ref().map_or(0, Screen::cost));
        let mut styles = vec![false; self.tables.styles.numbers() + 1];
        let mut links = vec![false; self.tables.links.numbers() + 1];
        let mut graphemes = vec![false; self.tables.graphemes.numbers() + 1];
        let screens = || [Some(&self.active), self.other.as_ref()].into_iter().flatten();
        for cell in screens().flat_map(|screen| &screen.rows).flat_map(|row| row.cells()) {
            styles[usize::from(cell.style())] = true;
            links[usize::from(cell.link())] = true;
            if let Some(number) = cell.grapheme() {
                graphemes[number as usize] = true;
            }
        }
        let saved = screens().filter_map(|screen| screen.saved.map(|saved| saved.pen));
        for link in saved.chain([self.pen]).filter_map(|pen| pen.link) {
            links[usize::from(link.0)] = true;
        }
        self.tables.styles.sweep(|number| styles[number as usize]);
        self.tables.links.sweep(|number| links[number as usize]);
        self.tables.graphemes.sweep(|number| graphemes[number as usize]);
        self.history.forget_numbers();
        self.renditions = Renditions::default();
        self.looks = None;
        self.sweeps += 1;
    }

    // Screens.

    /// Switches to the alternate screen, which is made when it is first used. The cursor stays where it is.
    /// `clear`: it is erased, also when it is active already.
    pub(crate) fn enter_alternate(&mut self, clear: bool) {
        if !self.is_alternate {
            let alternate = self.other.take().unwrap_or_else(|| Screen::new(self.rows));
            self.charge(self.rows);
            self.other = Some(std::mem::replace(&mut self.active, alternate));
            self.is_alternate = true;
            self.lines_epoch += 1;
            self.changes.forget();
        }
        if clear {
            self.erase_alternate();
        }
    }

    /// Switches to the primary screen. The cursor stays where it is.
    pub(crate) fn leave_alternate(&mut self) {
        if !self.is_alternate {
            return;
        }
        if let Some(primary) = self.other.take() {
            let mut alternate = std::mem::replace(&mut self.active, primary);
            self.charge(alternate.cost());
            alternate.rows.iter_mut().for_each(Row::release);
            self.other = Some(alternate);
        }
        self.is_alternate = false;
        self.lines_epoch += 1;
        self.changes.forget();
    }

    /// Erases the alternate screen, if it is active.
    pub(crate) fn erase_alternate(&mut self) {
        if self.is_alternate {
            self.erase_all(false);
        }
    }

    /// Everything as it was in the beginning, the history dropped (RIS). The size stays.
    pub(crate) fn reset(&mut self) {
        let shown = self.primary().rows.iter().rposition(|row| !row.is_blank());
        let next_line = shown.and_then(|row| self.primary_places().nth(row));
        let next_line = next_line.map_or(self.history.next_line().0, |last| last.line + 1);
        let mut history = std::mem::replace(&mut self.history, History::new(0, 1));
        history.clear();
        history.skip_to(next_line);
        let lines_epoch = self.lines_epoch;
        let (links, mut changes) =
            (self.links, std::mem::replace(&mut self.changes, Changes::new()));
        changes.forget();
        self.charge(self.active.cost() + self.other.as_ref().map_or(0, Screen::cost));
        let work = std::mem::replace(&mut self.work, Work::new());
        *self = Grid::new(self.rows, self.cols, self.history_max);
        (self.history, self.links, self.changes, self.work) = (history, links, changes, work);
        self.lines_epoch = lines_epoch + 1;
    }

    /// Modes, margins, pen and what DECSC saved as they were in the beginning (DECSTR). Cells, cursor and tab
    /// stops stay.
    pub(crate) fn soft_reset(&mut self) {
        let graphemes = self.modes.graphemes;
        self.modes = EditModes { graphemes, ..EDIT_MODES };
        self.margins = self.whole();
        self.finish_wrap();
        self.set_pen(Pen::default());
        self.active.saved = None;
    }

    // Memory.

    /// Bytes that the grid takes, counted exactly but for what an allocator adds.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Grid>()
            + self.active.bytes()
            + self.other.as_ref().map_or(0, Screen::bytes)
            + self.tables.bytes()
            + self.history.bytes()
            + self.marks.bytes()
            + self.tabs.bytes()
            + self.changes.bytes()
            + self.last.capacity()
            + self.scratch.capacity()
    }

    /// Bytes of the cells of the screen that is shown.
    pub(crate) fn active_bytes(&self) -> usize {
        self.active.bytes()
    }

    /// Drops the oldest rows of the history, some 16 KiB of them. Whether there were any.
    pub(crate) fn drop_oldest_history(&mut self) -> bool {
        let dropped = self.history.drop_oldest_block();
        self.drop_marks();
        dropped
    }

    /// Another bound of the history, in rows.
    pub(crate) fn set_history_max(&mut self, rows_max: usize) {
        self.history_max = rows_max;
        self.history.set_rows_max(rows_max);
        self.drop_marks();
    }
}
