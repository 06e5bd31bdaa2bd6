//! Some hundred packed lines, with the styles and links that they use.
//!
//! A line is UTF-8 text that ends with a line feed, unless it is still open, runs of bytes (see `runs`), and
//! an entry that says where both end. Lines are added at the end and dropped with their block.

use super::runs::{Look, Run, Runs};
use crate::terminal::screen::grid::{Cell, Tables, Text};
use crate::terminal::screen::rows::Link;
use crate::terminal::screen::style::Style;

/// Bytes of text after which the next line is in another block.
const TEXT_BYTES: usize = 16 << 10;

/// The same for runs, for styles and for bytes of links.
const RUN_BYTES: usize = 64 << 10;
const STYLES: usize = 4096;
const LINK_BYTES: usize = 64 << 10;

/// Where a line ends, and what is in it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry {
    text_end: u32,
    runs_end: u32,
    /// Columns, and flags above.
    cols: u32,
    /// Rows that it took at the width of the screen that it left.
    pub(super) rows: u32,
}

const COLS: u32 = (1 << 28) - 1;

/// It has characters of two columns, or cells of several characters.
const UNEVEN: u32 = 1 << 31;

/// It was cut because it became too long, and goes on in the next line.
const JOINED: u32 = 1 << 30;

impl Entry {
    pub(super) fn cols(self) -> usize {
        (self.cols & COLS) as usize
    }

    /// All its cells take one column.
    pub(super) fn is_narrow(self) -> bool {
        self.cols & UNEVEN == 0
    }

    pub(super) fn is_joined(self) -> bool {
        self.cols & JOINED != 0
    }
}

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Block {
    text: Vec<u8>,
    runs: Vec<u8>,
    lines: Vec<Entry>,
    styles: Vec<Style>,
    links: Vec<Link>,
    link_bytes: usize,
    /// Rows at the width at which the history is looked at, when they have been counted.
    pub(super) rows: usize,
    /// Bytes at the end of the last line's text that no run covers.
    uncovered: usize,
}

/// Numbers of the block for numbers of the grid.
pub(super) type Numbers = hashbrown::HashMap<u32, u32>;

/// In a key of [`Numbers`]: the number of a link.
const IS_LINK: u32 = 1 << 16;

impl Block {
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether the next line belongs into another block.
    pub(super) fn is_full(&self) -> bool {
        self.text.len() >= TEXT_BYTES
            || self.runs.len() >= RUN_BYTES
            || self.styles.len() >= STYLES
            || self.link_bytes >= LINK_BYTES
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where the text of a line begins.
    pub(super) fn text_start(&self, index: usize) -> usize {
        index
            .checked_sub(1)
            .and_then(|before| self.lines.get(before))
            .map_or(0, |e| e.text_end as usize)
    }

    /// The line that this byte of the text is in.
    pub(super) fn line_at(&self, byte: usize) -> usize {
        self.lines.partition_point(|entry| entry.text_end as usize <= byte)
    }

    /// A line's entry, its text without the line feed, its runs.
    pub(super) fn line(&self, index: usize) -> (Entry, &[u8], &[u8]) {
        let entry = self.lines.get(index).copied().unwrap_or_default();
        let runs_start =
            index.checked_sub(1).map_or(0, |before| self.lines[before].runs_end as usize);
        let text = &self.text[self.text_start(index)..entry.text_end as usize];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        (entry, text, &self.runs[runs_start..entry.runs_end as usize])
    }

    pub(super) fn entry_mut(&mut self, index: usize) -> Option<&mut Entry> {
        self.lines.get_mut(index)
    }

    pub(super) fn style(&self, number: u32) -> Style {
        (number as usize)
            .checked_sub(1)
            .and_then(|n| self.styles.get(n))
            .copied()
            .unwrap_or_default()
    }

    pub(super) fn link(&self, number: u32) -> Option<&Link> {
        self.links.get((number as usize).checked_sub(1)?)
    }

    /// Begins a line.
    pub(super) fn begin(&mut self) {
        let (text_end, runs_end) = (self.text.len() as u32, self.runs.len() as u32);
        self.lines.push(Entry { text_end, runs_end, cols: 0, rows: 0 });
        self.uncovered = 0;
    }

    /// Ends the last line. `joined`: it goes on in the next one.
    pub(super) fn end(&mut self, joined: bool) {
        self.text.push(b'\n');
        if let Some(last) = self.lines.last_mut() {
            last.text_end += 1;
            last.cols |= if joined { JOINED } else { 0 };
        }
    }

    /// Gives back memory that is not needed, when nothing more is added.
    pub(super) fn finish(&mut self) {
        self.text.shrink_to_fit();
        self.runs.shrink_to_fit();
        self.lines.shrink_to_fit();
        self.styles.shrink_to_fit();
        self.links.shrink_to_fit();
    }

    /// Adds a row of cells to the last line, without a column that stayed free for a wide character.
    pub(super) fn add(&mut self, cells: &[Cell], tables: &Tables, numbers: &mut Numbers) {
        let union = Cell::union(cells);
        if Cell::is_plain(union) {
            self.text.extend(cells.iter().map(|cell| cell.ascii()));
            self.uncovered += cells.len();
        } else {
            let mut rest = cells;
            while let Some(first) = rest.first() {
                let same = rest.iter().take_while(|cell| cell.look() == first.look()).count();
                let (run, after) = rest.split_at(same);
                let look = self.look(*first, tables, numbers);
                self.add_run(run, look, tables);
                rest = after;
            }
        }
        let uneven = if Cell::is_ascii(union) { 0 } else { uneven(cells) };
        let (text_end, runs_end) = (self.text.len() as u32, self.runs.len() as u32);
        if let Some(last) = self.lines.last_mut() {
            (last.text_end, last.runs_end) = (text_end, runs_end);
            last.cols = (last.cols + cells.len() as u32) | uneven;
            last.rows += 1;
        }
    }

    /// Adds blanks to the last line.
    pub(super) fn pad(&mut self, cols: usize) {
        self.text.extend(std::iter::repeat_n(b' ', cols));
        self.uncovered += cols;
        if let Some(last) = self.lines.last_mut() {
            last.text_end += cols as u32;
            last.cols += cols as u32;
        }
    }

    fn look(&mut self, cell: Cell, tables: &Tables, numbers: &mut Numbers) -> Look {
        let (mut style, mut link) = (u32::from(cell.style()), u32::from(cell.link()));
        if style > 0 {
            let styles = &mut self.styles;
            style = *numbers.entry(style).or_insert_with(|| {
                styles.push(tables.style(cell.style()));
                styles.len() as u32
            });
        }
        let value = tables.link(cell.link());
        link = if value.is_some() { link } else { 0 };
        if let Some(value) = value {
            let (links, bytes) = (&mut self.links, &mut self.link_bytes);
            link = *numbers.entry(link | IS_LINK).or_insert_with(|| {
                *bytes += value.id.len() + value.uri.len();
                links.push(value.clone());
                links.len() as u32
            });
        }
        Look { style, link, protected: cell.is_protected() }
    }

    fn add_run(&mut self, cells: &[Cell], look: Look, tables: &Tables) {
        let start = self.text.len();
        if Cell::is_ascii(Cell::union(cells)) {
            self.text.extend(cells.iter().map(|cell| cell.ascii()));
            return self.cover(Run { len: cells.len(), look, cluster_cols: 0 });
        }
        let mut run_start = start;
        for cell in cells {
            match tables.text(*cell) {
                None => {}
                Some(Text::Char(c)) => {
                    self.text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(Text::Cluster(text)) => {
                    self.cover(Run { len: self.text.len() - run_start, look, cluster_cols: 0 });
                    self.text.extend_from_slice(text.as_bytes());
                    let cluster_cols = if cell.is_wide() { 2 } else { 1 };
                    self.cover(Run { len: text.len(), look, cluster_cols });
                    run_start = self.text.len();
                }
            }
        }
        self.cover(Run { len: self.text.len() - run_start, look, cluster_cols: 0 });
    }

    /// Notes the look of text that has just been added.
    fn cover(&mut self, run: Run) {
        if run.len == 0 {
            return;
        }
        if run.look == Look::default() && run.cluster_cols == 0 {
            self.uncovered += run.len;
            return;
        }
        if self.uncovered > 0 {
            Run { len: self.uncovered, ..Run::default() }.write(&mut self.runs);
            self.uncovered = 0;
        }
        run.write(&mut self.runs);
    }

    /// Opens the last line again.
    pub(super) fn reopen(&mut self) {
        let Some(index) = self.lines.len().checked_sub(1) else { return };
        let (entry, text, runs) = self.line(index);
        let covered: usize = Runs::list(runs).map(|(run, _)| run.len).sum();
        self.uncovered = text.len() - covered.min(text.len());
        let is_closed =
            self.text.last() == Some(&b'\n') && entry.text_end as usize > self.text_start(index);
        if is_closed {
            self.text.pop();
        }
        if let Some(last) = self.lines.last_mut() {
            last.text_end -= u32::from(is_closed);
            last.cols &= !JOINED;
        }
    }

    /// Cuts the last line, which is open, at a byte that is at this column.
    pub(super) fn truncate(&mut self, bytes: usize, cols: usize, rows: usize) {
        let Some(index) = self.lines.len().checked_sub(1) else { return };
        let (entry, _, runs) = self.line(index);
        let runs_start = entry.runs_end as usize - runs.len();
        let (mut kept, mut at, mut last) = (0, 0, None);
        for (run, end) in Runs::list(runs) {
            if at + run.len > bytes {
                last = (bytes > at && run.look != Look::default())
                    .then_some(Run { len: bytes - at, ..run });
                break;
            }
            (kept, at) = (end, at + run.len);
        }
        let text_end = self.text_start(index) + bytes;
        self.text.truncate(text_end);
        self.runs.truncate(runs_start + kept);
        self.uncovered = bytes - at;
        if let Some(run) = last {
            run.write(&mut self.runs);
            self.uncovered = 0;
        }
        let runs_end = self.runs.len() as u32;
        if let Some(last) = self.lines.last_mut() {
            last.cols = last.cols & !COLS | cols as u32;
            (last.text_end, last.runs_end, last.rows) = (text_end as u32, runs_end, rows as u32);
        }
    }

    /// Rows that the last line took when it was pushed.
    pub(super) fn last_rows(&self) -> usize {
        self.lines.last().map_or(0, |last| last.rows as usize)
    }

    /// Drops the last line.
    pub(super) fn pop(&mut self) {
        self.lines.pop();
        let end = self.lines.last().copied().unwrap_or_default();
        self.text.truncate(end.text_end as usize);
        self.runs.truncate(end.runs_end as usize);
    }

    /// Bytes of the last line's text and runs.
    pub(super) fn last_line_bytes(&self) -> usize {
        let (_, text, runs) = self.line(self.lines.len().saturating_sub(1));
        text.len() + runs.len()
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.text.capacity()
            + self.runs.capacity()
            + self.lines.capacity() * size_of::<Entry>()
            + self.styles.capacity() * size_of::<Style>()
            + self.links.capacity() * size_of::<Link>()
            + self.link_bytes
    }
}

fn uneven(cells: &[Cell]) -> u32 {
    let is_uneven = |cell: &Cell| cell.is_wide() || cell.grapheme().is_some();
    if cells.iter().any(is_uneven) { UNEVEN } else { 0 }
}
