//! Rows as runs of text with a style, for user interfaces that draw cells themselves.

use super::cells::{Cell, Text};
use super::grid::RowView;
use super::position::LinePosition;
use super::style::{Link, Style};

/// One row of a screen: neighbouring characters that look the same are one run.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    rows: &'a Rows,
    data: &'a RowData,
}

/// Neighbouring characters that look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// The characters.
    pub text: &'a str,
    /// Columns that they take together.
    pub cols: u16,
    /// Each character takes two columns, else one. A run with combining characters is one cell.
    pub wide: bool,
    /// How they look.
    pub style: Style,
    /// The link they are part of.
    pub link: Option<&'a Link>,
}

impl<'a> Row<'a> {
    /// Its place: 0 is the top row of the screen, -1 the newest row of the scrollback.
    pub fn index(&self) -> i32 {
        self.data.index
    }

    /// The place of its first column in its line, as it was when the row was asked for; `None` on the alternate screen, and
    /// in updates from another engine, for which see [`ScreenUpdate::line`](crate::ScreenUpdate::line).
    pub fn line(&self) -> Option<LinePosition> {
        self.data.line
    }

    /// The line goes on in the row below.
    pub fn is_wrapped(&self) -> bool {
        self.data.wrapped
    }

    /// The runs from the left. What is right of the last one is blank, in the default style.
    pub fn runs(&self) -> impl ExactSizeIterator<Item = Run<'a>> + 'a {
        let rows = self.rows;
        rows.runs[self.data.first_run..self.data.end_run].iter().map(move |run| Run {
            text: &rows.text[run.text_start..run.text_end],
            cols: run.cols,
            wide: run.wide,
            style: run.style,
            link: run.link.map(|link| &rows.links[link]),
        })
    }

    /// Its text without trailing blanks.
    pub fn text(&self) -> String {
        let mut text: String = self.runs().map(|run| run.text).collect();
        text.truncate(text.trim_end_matches(' ').len());
        text
    }
}

/// Rows in flat arrays that are filled anew without allocating.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    pub(crate) text: String,
    pub(crate) runs: Vec<RunData>,
    pub(crate) rows: Vec<RowData>,
    pub(crate) links: Vec<Link>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowData {
    pub(crate) index: i32,
    pub(crate) line: Option<LinePosition>,
    pub(crate) wrapped: bool,
    pub(crate) first_run: usize,
    pub(crate) end_run: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunData {
    pub(crate) text_start: usize,
    pub(crate) text_end: usize,
    pub(crate) cols: u16,
    pub(crate) wide: bool,
    /// One cell with combining characters.
    cluster: bool,
    pub(crate) style: Style,
    pub(crate) link: Option<usize>,
}

impl Rows {
    /// The rows, from the top.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_>> + '_ {
        self.rows.iter().map(|data| Row { rows: self, data })
    }

    /// The row that was added last.
    pub(super) fn last(&self) -> Option<Row<'_>> {
        self.rows.last().map(|data| Row { rows: self, data })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.runs.clear();
        self.rows.clear();
        self.links.clear();
    }

    /// Begins a row whose runs follow; for rows that another engine has sent.
    pub(crate) fn begin(&mut self, index: i32, line: Option<LinePosition>, wrapped: bool) {
        let run = self.runs.len();
        self.rows.push(RowData { index, line, wrapped, first_run: run, end_run: run });
    }

    /// Adds a run to the row that was begun last. Of a link only the address is known.
    pub(crate) fn push_run(
        &mut self,
        text: &str,
        cols: u16,
        wide: bool,
        style: Style,
        uri: Option<&str>,
    ) {
        let Some(row) = self.rows.last_mut() else { return broken!("a run is in a row") };
        let link = uri.map(|uri| {
            if self.links.last().is_none_or(|last| last.uri != uri) {
                self.links.push(Link { id: String::new(), uri: uri.into() });
            }
            self.links.len() - 1
        });
        let text_start = self.text.len();
        self.text.push_str(text);
        let text_end = self.text.len();
        self.runs.push(RunData { text_start, text_end, cols, wide, cluster: false, style, link });
        row.end_run = self.runs.len();
    }

    /// Bytes that they take, about.
    pub(crate) fn bytes(&self) -> usize {
        let links: usize = self.links.iter().map(|link| link.id.len() + link.uri.len()).sum();
        self.text.len()
            + links
            + self.runs.len() * size_of::<RunData>()
            + self.rows.len() * size_of::<RowData>()
    }

    /// Takes the row away that was added last.
    pub(super) fn pop(&mut self) {
        let Some(row) = self.rows.pop() else { return };
        let text = self.runs.get(row.first_run).map_or(self.text.len(), |run| run.text_start);
        self.text.truncate(text);
        self.runs.truncate(row.first_run);
    }

    /// Puts the rows into the order of the screen.
    pub(super) fn sort(&mut self) {
        self.rows.sort_unstable_by_key(|row| row.index);
    }

    /// Adds a row.
    pub(super) fn push(&mut self, index: i32, line: Option<LinePosition>, row: &RowView<'_>) {
        let first_run = self.runs.len();
        match row.shown_cells() {
            Some(cells) => self.push_cells(cells, row),
            None => self.push_packed(first_run, row),
        }
        self.trim_blanks(first_run);
        let end_run = self.runs.len();
        self.rows.push(RowData { index, line, wrapped: row.is_wrapped(), first_run, end_run });
    }

    /// Adds the cells of a row of the screen. What a cell looks like is looked up where that changes.
    fn push_cells<'a>(&mut self, cells: impl Iterator<Item = (Cell, Text<'a>)>, row: &RowView<'_>) {
        let mut before = None;
        for (cell, text) in cells {
            let is_cluster = matches!(text, Text::Cluster(_));
            let goes_on = |before: Cell| before.is_shown_as(cell) && !is_cluster;
            if !before.is_some_and(goes_on) {
                let (style, link) = row.look(cell);
                self.open_run(cell.is_wide(), is_cluster, style, link);
            }
            self.push_text(text, if cell.is_wide() { 2 } else { 1 });
            before = (!is_cluster).then_some(cell);
        }
    }

    /// Adds the cells of a row of the history.
    fn push_packed(&mut self, first_run: usize, row: &RowView<'_>) {
        for cell in row.cells() {
            let (wide, is_cluster) = (cell.cols == 2, matches!(cell.text, Text::Cluster(_)));
            let link = cell.link.map(|link| self.link_number(link));
            let last = self.runs[first_run..].last().filter(|last| !last.cluster && !is_cluster);
            let goes_on =
                |last: &RunData| (last.wide, last.style, last.link) == (wide, cell.style, link);
            if !last.is_some_and(goes_on) {
                self.open_run(wide, is_cluster, cell.style, cell.link);
            }
            self.push_text(cell.text, cell.cols as u16);
        }
    }

    /// Begins a run, to which text is added.
    fn open_run(&mut self, wide: bool, cluster: bool, style: Style, link: Option<&Link>) {
        let link = link.map(|link| self.link_number(link));
        let (text_start, text_end) = (self.text.len(), self.text.len());
        self.runs.push(RunData { text_start, text_end, cols: 0, wide, cluster, style, link });
    }

    /// Adds text to the last run.
    fn push_text(&mut self, text: Text<'_>, cols: u16) {
        text.push_to(&mut self.text);
        let Some(last) = self.runs.last_mut() else { return broken!("a run was begun") };
        last.text_end = self.text.len();
        last.cols += cols;
    }

    /// Takes blanks in the default style away at the end of the row whose runs begin here.
    fn trim_blanks(&mut self, first_run: usize) {
        while let Some(last) = self.runs[first_run..].last_mut() {
            if last.cluster || last.style != Style::default() || last.link.is_some() {
                return;
            }
            let text = &self.text[last.text_start..last.text_end];
            let kept = text.trim_end_matches(' ').len();
            last.cols -= (text.len() - kept) as u16;
            last.text_end = last.text_start + kept;
            self.text.truncate(last.text_end);
            if kept > 0 {
                return;
            }
            self.runs.pop();
        }
    }

    fn link_number(&mut self, link: &Link) -> usize {
        let known = self.links.iter().rposition(|known| known == link);
        known.unwrap_or_else(|| {
            self.links.push(link.clone());
            self.links.len() - 1
        })
    }
}
