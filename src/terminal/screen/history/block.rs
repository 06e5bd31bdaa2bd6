//! Some hundred packed lines, with the styles and links that they use.
//!
//! A line is UTF-8 text that ends with a line feed, unless it is still open, runs of bytes (see `runs`), and
//! an entry that says where both end. Lines are added at the end and dropped with their block.

use super::pack;
use super::runs::{Look, Run, Runs};
use crate::terminal::screen::cells::{Cell, Tables};
use crate::terminal::screen::style::{Link, Style};

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
}

/// Cells whose looks are compared at a time.
const CHUNK: usize = 64;

const COLS: u32 = (1 << 28) - 1;

/// It has characters of two columns, or cells of several characters.
const UNEVEN: u32 = 1 << 31;

/// It has cells of several characters.
const CLUSTERS: u32 = 1 << 29;

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

    /// It has cells of several characters.
    pub(super) fn has_clusters(self) -> bool {
        self.cols & CLUSTERS != 0
    }

    pub(super) fn is_joined(self) -> bool {
        self.cols & JOINED != 0
    }
}

/// What cells hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ascii,
    /// A character each.
    Single,
    /// Some of them several.
    Clusters,
}

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Block {
    /// The number of its first line.
    pub(super) first: u64,
    text: Vec<u8>,
    runs: Vec<u8>,
    lines: Vec<Entry>,
    styles: Vec<Style>,
    links: Vec<Link>,
    link_bytes: usize,
    /// One of its lines goes on in the next one.
    pub(super) has_joined: bool,
    /// Rows at the width at which the history is looked at, when they have been counted.
    pub(super) rows: usize,
    /// Where they begin, in rows from some block that was counted: only differences mean something.
    pub(super) first_row: i64,
    /// Bytes at the end of the last line's text that no run covers.
    uncovered: usize,
}

/// Numbers of the block for numbers of the grid.
#[derive(Default)]
pub(super) struct Numbers {
    /// By the number in the grid; 0 for none.
    styles: Vec<u16>,
    links: hashbrown::HashMap<u16, u32>,
}

impl Numbers {
    pub(super) fn clear(&mut self) {
        self.styles.clear();
        self.links.clear();
    }

    pub(super) fn bytes(&self) -> usize {
        self.styles.capacity() * size_of::<u16>() + self.links.allocation_size()
    }

    #[inline]
    fn style(&mut self, number: u16) -> &mut u16 {
        let index = usize::from(number);
        if index >= self.styles.len() {
            self.styles.resize(index + 1, 0);
        }
        &mut self.styles[index]
    }
}

impl Block {
    /// Empties it; it keeps its memory.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.runs.clear();
        self.lines.clear();
        self.styles.clear();
        self.links.clear();
        (self.link_bytes, self.has_joined, self.rows, self.uncovered) = (0, false, 0, 0);
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Its oldest rows are dropped, so many.
    pub(super) fn drop_rows(&mut self, rows: usize) {
        self.rows -= rows;
        self.first_row += rows as i64;
    }

    /// The row behind its last one.
    pub(super) fn end_row(&self) -> i64 {
        self.first_row + self.rows as i64
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

    /// Columns of a line.
    #[inline]
    pub(super) fn cols(&self, index: usize) -> usize {
        self.lines.get(index).map_or(0, |entry| entry.cols())
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

    /// Rows of a line at a width, where that takes no look at its text.
    #[inline]
    pub(super) fn even_rows(&self, index: usize, width: usize) -> Option<usize> {
        let entry = self.lines.get(index)?;
        let cols = entry.cols();
        if cols <= width {
            return Some(1);
        }
        entry.is_narrow().then(|| (cols as u32).div_ceil(width.min(COLS as usize) as u32) as usize)
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
        self.lines.push(Entry { text_end, runs_end, cols: 0 });
        self.uncovered = 0;
    }

    /// Ends the last line. `joined`: it goes on in the next one.
    pub(super) fn end(&mut self, joined: bool) {
        self.text.push(b'\n');
        self.has_joined |= joined;
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
    pub(super) fn add(
        &mut self,
        cells: &[Cell],
        union: u64,
        tables: &Tables,
        numbers: &mut Numbers,
    ) {
        let (is_wide, has_clusters) = Cell::is_uneven(union);
        let kind = match Cell::is_ascii(union) {
            true => Kind::Ascii,
            false if has_clusters => Kind::Clusters,
            false => Kind::Single,
        };
        if kind == Kind::Ascii {
            pack::ascii(cells, &mut self.text);
        }
        if Cell::is_plain(union) {
            self.uncovered += cells.len();
        } else if Cell::is_in_default_look(union) {
            self.add_run(cells, kind, tables, numbers);
        } else {
            self.add_runs(cells, kind, tables, numbers);
        }
        let mut uneven = if is_wide || has_clusters { UNEVEN } else { 0 };
        uneven |= if has_clusters { CLUSTERS } else { 0 };
        let (text_end, runs_end) = (self.text.len() as u32, self.runs.len() as u32);
        if let Some(last) = self.lines.last_mut() {
            (last.text_end, last.runs_end) = (text_end, runs_end);
            last.cols = (last.cols + cells.len() as u32) | uneven;
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
        let mut look = Look { protected: cell.is_protected(), ..Look::default() };
        if cell.style() > 0 {
            let number = numbers.style(cell.style());
            if *number == 0 && self.styles.len() < usize::from(u16::MAX) {
                self.styles.push(tables.style(cell.style()));
                *number = self.styles.len() as u16;
            }
            look.style = u32::from(*number);
        }
        if let Some(link) = tables.link(cell.link()) {
            look.link = *numbers.links.entry(cell.link()).or_insert_with(|| {
                self.link_bytes += link.id.len() + link.uri.len();
                self.links.push(link.clone());
                self.links.len() as u32
            });
        }
        look
    }

    /// Adds cells, run by run.
    fn add_runs(&mut self, cells: &[Cell], kind: Kind, tables: &Tables, numbers: &mut Numbers) {
        let (mut start, mut before) = (0, cells.first().copied().unwrap_or_default());
        for (chunk, chunk_cells) in cells.chunks(CHUNK).enumerate() {
            let mut changes = Cell::look_changes(before, chunk_cells);
            while changes != 0 {
                let end = chunk * CHUNK + changes.trailing_zeros() as usize;
                changes &= changes - 1;
                self.add_run(cells.get(start..end).unwrap_or(&[]), kind, tables, numbers);
                start = end;
            }
            before = chunk_cells.last().copied().unwrap_or_default();
        }
        self.add_run(cells.get(start..).unwrap_or(&[]), kind, tables, numbers);
    }

    /// Adds cells of one look. The text of ASCII is there already.
    fn add_run(&mut self, cells: &[Cell], kind: Kind, tables: &Tables, numbers: &mut Numbers) {
        let Some(first) = cells.first() else { return };
        let look = self.look(*first, tables, numbers);
        let start = self.text.len();
        let len = match kind {
            Kind::Ascii => cells.len(),
            Kind::Clusters => return self.add_clusters(cells, look, tables),
            Kind::Single => {
                pack::chars(cells, &mut self.text);
                self.text.len() - start
            }
        };
        self.cover(Run { len, look, cluster_cols: 0 });
    }

    fn add_clusters(&mut self, cells: &[Cell], look: Look, tables: &Tables) {
        let (mut run_start, mut rest) = (self.text.len(), cells);
        loop {
            let singles = rest.iter().take_while(|cell| cell.grapheme().is_none()).count();
            let (before, after) = rest.split_at(singles);
            pack::chars(before, &mut self.text);
            self.cover(Run { len: self.text.len() - run_start, look, cluster_cols: 0 });
            let Some((cell, after)) = after.split_first() else { return };
            let text = cell.grapheme().and_then(|number| tables.graphemes.get(number));
            let text = text.map_or(" ", |text| text);
            self.text.extend_from_slice(text.as_bytes());
            let cluster_cols = if cell.is_wide() { 2 } else { 1 };
            self.cover(Run { len: text.len(), look, cluster_cols });
            let halves = usize::from(cell.is_wide());
            (run_start, rest) = (self.text.len(), after.get(halves..).unwrap_or(&[]));
        }
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
    pub(super) fn truncate(&mut self, bytes: usize, cols: usize) {
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
            (last.text_end, last.runs_end) = (text_end as u32, runs_end);
        }
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
        let before = self.lines.len().checked_sub(2).and_then(|before| self.lines.get(before));
        let (text, runs) = before.map_or((0, 0), |entry| (entry.text_end, entry.runs_end));
        self.text.len() - text as usize + self.runs.len() - runs as usize
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
