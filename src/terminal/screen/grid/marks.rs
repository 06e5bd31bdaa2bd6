//! Marks: where prompts, commands and their output begin.
//!
//! A mark is an anchor at a line and a column. While its row is on the screen, the row carries a tag, so that
//! the mark moves with it; when the row goes to the history, the mark takes the number of its line. It vanishes
//! with its row or its line. The oldest marks go when there are too many.

use std::collections::VecDeque;

use super::Grid;

/// Marks that are kept.
const MARKS_MAX: usize = 4096;

/// What begins or ends at a mark (OSC 133).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    PromptStart,
    CommandStart,
    OutputStart,
    OutputEnd,
}

/// A mark and its place.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Anchor {
    pub(crate) mark: Mark,
    pub(crate) line: u64,
    /// Columns of the line before it.
    pub(crate) col: usize,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// In the row of the primary screen with this tag.
    Row {
        tag: u32,
        col: usize,
    },
    Line {
        line: u64,
        col: usize,
    },
}

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Marks {
    list: VecDeque<(Mark, Place)>,
    last_tag: u32,
}

impl Marks {
    /// A tag that no row has.
    fn tag(&mut self) -> u32 {
        self.last_tag = self.last_tag.wrapping_add(1).max(1);
        self.last_tag
    }

    /// The row with this tag becomes the part of a line from this column on.
    pub(super) fn anchor(&mut self, tag: u32, (line, first_col): (u64, usize)) {
        for (_, place) in &mut self.list {
            match *place {
                Place::Row { tag: other, col } if other == tag => {
                    *place = Place::Line { line, col: first_col + col };
                }
                _ => {}
            }
        }
    }

    fn drop_tag(&mut self, tag: u32) {
        self.list
            .retain(|(_, place)| !matches!(place, Place::Row { tag: other, .. } if *other == tag));
    }

    pub(super) fn bytes(&self) -> usize {
        self.list.capacity() * size_of::<(Mark, Place)>()
    }
}

impl Grid {
    /// Marks where the cursor is, on the primary screen.
    pub(crate) fn mark(&mut self, mark: Mark) {
        if self.is_alternate {
            return;
        }
        let row = &mut self.active.rows[self.cursor.row];
        if row.tag == 0 {
            row.tag = self.marks.tag();
        }
        if self.marks.list.len() == MARKS_MAX {
            self.marks.list.pop_front();
        }
        let col = self.cursor.col + usize::from(self.cursor.pending_wrap);
        self.marks.list.push_back((mark, Place::Row { tag: row.tag, col }));
    }

    /// The marks, in the order in which they were made.
    #[cfg(test)]
    pub(crate) fn marks(&self) -> Vec<Anchor> {
        let first_line = self.history.first_line();
        let is_kept = |anchor: &Anchor| anchor.line >= first_line;
        let of = |(mark, place): &(Mark, Place)| {
            let (line, col) = match *place {
                Place::Line { line, col } => (line, col),
                Place::Row { tag, col } => {
                    let (line, first) = self.line_of_tag(tag)?;
                    (line, first + col)
                }
            };
            Some(Anchor { mark: *mark, line, col })
        };
        self.marks.list.iter().filter_map(of).filter(is_kept).collect()
    }

    #[cfg(test)]
    fn line_of_tag(&self, tag: u32) -> Option<(u64, usize)> {
        let row = self.primary().rows.iter().position(|row| row.tag == tag)?;
        Some(self.line_of_screen_row(row))
    }

    /// Drops marks of lines that are gone.
    pub(super) fn drop_marks(&mut self) {
        let first_line = self.history.first_line();
        let is_gone =
            |place: &Place| matches!(place, Place::Line { line, .. } if *line < first_line);
        while self.marks.list.front().is_some_and(|(_, place)| is_gone(place)) {
            self.marks.list.pop_front();
        }
    }

    /// Drops the marks of a row of the active screen.
    pub(super) fn drop_tag(&mut self, row: usize) {
        let Some(row) = self.active.rows.get_mut(row).filter(|row| row.tag != 0) else { return };
        self.marks.drop_tag(std::mem::take(&mut row.tag));
    }

    /// Gives marks of lines from `line` on, which came back to the primary screen, to its rows.
    pub(super) fn attach_marks(&mut self, line: u64) {
        let mut list = std::mem::take(&mut self.marks.list);
        list.retain_mut(|(_, place)| {
            let Place::Line { line: number, col } = *place else { return true };
            if number < line {
                return true;
            }
            let Some((row, col)) = self.row_of_line(number, col) else { return false };
            let Ok(row) = usize::try_from(row) else { return true };
            let Some(row) = self.active.rows.get_mut(row) else { return false };
            if row.tag == 0 {
                row.tag = self.marks.tag();
            }
            *place = Place::Row { tag: row.tag, col };
            true
        });
        self.marks.list = list;
    }
}
