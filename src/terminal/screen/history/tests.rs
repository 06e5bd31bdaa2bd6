//! The history's books against a recount.

use super::block::Block;
use super::*;

impl History {
    /// Looks at its invariants.
    pub(crate) fn check(&self) {
        let lines: usize = self.blocks.iter().map(Block::len).sum();
        assert_eq!(lines, self.front + self.lines);
        assert!(self.blocks.iter().all(|block| block.len() > 0));
        let bytes: usize = self.blocks.iter().rev().skip(1).map(Block::bytes).sum();
        assert_eq!(bytes, self.closed_bytes);
        let end = self.first_line + self.lines as u64;
        let numbers = self.first_line..end;
        let views = numbers.map(|number| self.line(number).unwrap());
        let rows: usize = views.clone().map(|line| line.rows(self.width)).sum();
        assert!(rows == self.rows || !self.is_counted(), "{rows} {}", self.rows);
        for line in views {
            let cols: usize = line.pieces(0).map(|piece| piece.cols).sum();
            assert_eq!(cols, line.cols());
            let spans: Vec<_> = line.spans(self.width).collect();
            assert_eq!(spans.len(), line.rows(self.width));
            assert_eq!(spans[0], line.first_span(self.width));
            assert_eq!(spans.last().unwrap().end, line.len());
            for (row, span) in spans.iter().enumerate() {
                assert_eq!(line.row(self.width, row), Some(*span));
            }
        }
        let counted = self.blocks.iter().skip(self.uncounted);
        for (block, next) in counted.clone().zip(counted.skip(1)) {
            assert_eq!(block.end_row(), next.first_row);
        }
        let above: Vec<_> = self.above(0).map(|row| (row.number, row.span)).collect();
        let mut down: Vec<_> = self.newest(usize::MAX).map(|row| (row.number, row.span)).collect();
        down.reverse();
        assert_eq!(above, down);
        for back in 1..=self.rows() {
            let above = self.above(back).next().map(|row| (row.number, row.span));
            assert_eq!(above, down.get(back).copied(), "{back}");
            let row = self.row(back).unwrap();
            let col = self.base(row.number) + row.span.first_col;
            let place = self.place(row.number, col).unwrap();
            assert!(place == (back, 0) || row.span.cols == 0, "{place:?} {back}");
        }
    }
}
