//! Marks: where prompts, commands and their output begin.
//!
//! A mark is an anchor at a line and a column. While its row is on the screen, the row carries a tag, so that
//! the mark moves with it; when the row goes to the history, the mark takes the number of its line. It vanishes
//! with its row or its line. The oldest marks go when there are too many: of rows few are kept, since each row that
//! scrolls away looks for its own among them.

use super::Grid;
use super::mark_list::{LineMark, RowMark};
use crate::terminal::screen::position::{LinePosition, Mark, MarkKind};

impl Grid {
    /// Marks where the cursor is, on the primary screen.
    pub(crate) fn mark(&mut self, kind: MarkKind) {
        if self.is_alternate {
            return;
        }
        let row = &mut self.active.rows[self.cursor.row];
        if row.tag == 0 {
            row.tag = self.marks.tag();
        }
        let (tag, col) = (row.tag, self.cursor.col + usize::from(self.cursor.pending_wrap));
        self.marks.push_row(RowMark { kind, tag, col });
    }

    /// Gives the marks of the history and the primary screen, line by line.
    pub(crate) fn marks(&self, mut each: impl FnMut(Mark)) {
        let mut give = |kind, line, col: usize| {
            each(Mark { kind, position: LinePosition { line, col: col as u64 } });
        };
        let first_line = self.history.first_line();
        let lines = self.marks.lines.iter().filter(|mark| mark.line >= first_line);
        lines.for_each(|mark| give(mark.kind, mark.line, mark.col));
        for (row, at) in self.primary().rows.iter().zip(self.primary_places()) {
            if row.tag != 0 {
                let rows = self.marks.rows.iter().filter(|mark| mark.tag == row.tag);
                rows.for_each(|mark| give(mark.kind, at.line, at.col + mark.col));
            }
        }
    }

    /// Drops marks of lines that are gone.
    pub(super) fn drop_marks(&mut self) {
        let first_line = self.history.first_line();
        while self.marks.lines.front().is_some_and(|mark| mark.line < first_line) {
            self.marks.lines.pop_front();
        }
    }

    /// Drops the marks of a row of the active screen.
    pub(super) fn drop_tag(&mut self, row: usize) {
        let Some(row) = self.active.rows.get_mut(row).filter(|row| row.tag != 0) else { return };
        self.marks.drop_tag(std::mem::take(&mut row.tag));
    }

    /// Gives marks of lines from `line` on, which came back to the primary screen, to its rows. A line may have come
    /// back in part.
    pub(super) fn attach_marks(&mut self, line: u64) {
        let first = self.marks.lines.partition_point(|mark| mark.line < line);
        for LineMark { kind, line, col } in self.marks.lines.split_off(first) {
            let Some((row, row_col)) = self.row_of_line(line, col) else { continue };
            let Some(row) = usize::try_from(row).ok().and_then(|row| self.active.rows.get_mut(row))
            else {
                self.marks.lines.push_back(LineMark { kind, line, col });
                continue;
            };
            if row.tag == 0 {
                row.tag = self.marks.tag();
            }
            let tag = row.tag;
            self.marks.push_row(RowMark { kind, tag, col: row_col });
        }
    }
}
