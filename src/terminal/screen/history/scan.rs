//! Lines that can be searched as one text: those of a block, each ended by a line feed.

use super::History;
use super::block::Block;
use super::line::LineView;

/// Whole lines of a block, from one of them to the last one that does not go on in another.
pub(crate) struct Stretch<'a> {
    history: &'a History,
    block: &'a Block,
    /// Where its text begins in the block's.
    start: usize,
    pub(crate) text: &'a [u8],
    /// The line behind it.
    pub(crate) next: u64,
    /// Rows that it has at the width of the view.
    pub(crate) rows: usize,
}

impl History {
    /// The lines from this one on that can be searched at once; `None` if there are none, if they have more than
    /// `rows_max` rows, or if one of them is continued in the next one.
    pub(crate) fn stretch(&self, number: u64, rows_max: usize) -> Option<Stretch<'_>> {
        let (block, index) = self.block_of(number)?;
        let is_last = block.first + block.len() as u64 == self.first_line + self.lines as u64;
        let end = block.len() - usize::from(is_last && self.is_open);
        if block.has_joined || index >= end {
            return None;
        }
        let mut rows = 0;
        for line in index..end {
            rows += self.rows_of(block, line).0;
            if rows > rows_max {
                return None;
            }
        }
        let cut = if number == self.first_line { self.cut.bytes } else { 0 };
        let start = block.text_start(index) + cut;
        let text = block.text().get(start..block.text_start(end))?;
        Some(Stretch { history: self, block, start, text, next: block.first + end as u64, rows })
    }
}

impl<'a> Stretch<'a> {
    /// The line that a byte of the text is in, its number, and the byte in the line.
    pub(crate) fn line_at(&self, byte: usize) -> (u64, LineView<'a>, usize) {
        let index = self.block.line_at(self.start + byte);
        let number = self.block.first + index as u64;
        let begins = self.block.text_start(index).max(self.start);
        (number, self.history.view(self.block, index, number), self.start + byte - begins)
    }
}
