//! The marks of rows and lines, few of the first and some thousands of the others. Pure.

use std::collections::VecDeque;

use crate::terminal::screen::position::MarkKind;

/// Marks in the history, and in rows of the screen.
pub(super) const LINE_MARKS_MAX: usize = 4096;
pub(super) const ROW_MARKS_MAX: usize = 256;

/// A mark in the row of the primary screen with this tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowMark {
    pub(super) kind: MarkKind,
    pub(super) tag: u32,
    pub(super) col: usize,
}

/// A mark in a line of the history.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineMark {
    pub(super) kind: MarkKind,
    pub(super) line: u64,
    pub(super) col: usize,
}

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Marks {
    pub(super) rows: VecDeque<RowMark>,
    /// In the order of their lines.
    pub(super) lines: VecDeque<LineMark>,
    pub(super) last_tag: u32,
}

impl Marks {
    /// A tag that no row has.
    pub(super) fn tag(&mut self) -> u32 {
        self.last_tag = self.last_tag.wrapping_add(1).max(1);
        self.last_tag
    }

    pub(super) fn push_row(&mut self, mark: RowMark) {
        if self.rows.len() == ROW_MARKS_MAX {
            self.rows.pop_front();
        }
        self.rows.push_back(mark);
    }

    /// The row with this tag becomes the part of a line from this column on.
    pub(super) fn anchor(&mut self, tag: u32, (line, first_col): (u64, usize)) {
        let Marks { rows, lines, .. } = self;
        rows.retain(|row| {
            if row.tag == tag {
                lines.push_back(LineMark { kind: row.kind, line, col: first_col + row.col });
            }
            row.tag != tag
        });
        while lines.len() > LINE_MARKS_MAX {
            lines.pop_front();
        }
    }

    pub(super) fn drop_tag(&mut self, tag: u32) {
        self.rows.retain(|row| row.tag != tag);
    }

    pub(super) fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<RowMark>() + self.lines.capacity() * size_of::<LineMark>()
    }
}
