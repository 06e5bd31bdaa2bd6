//! Rectangles of cells: filled, erased, copied, changed, summed.

use super::super::grid::Rect;
use super::super::parser::Params;
use super::{Protection, Terminal, sgr};

impl Terminal {
    /// Those with `$` before the final byte.
    pub(super) fn dollar_sequence(&mut self, params: &Params, last: u8) {
        match last {
            b'p' => self.report_ansi_mode(params.get(0)),
            b'r' => {
                if let Some(rect) = rectangle(params, 0) {
                    self.grid.change_attributes(
                        rect,
                        sgr::change(params, 4),
                        self.change_extent != 2,
                    );
                }
            }
            b't' => {
                if let Some(rect) = rectangle(params, 0) {
                    self.grid.change_attributes(
                        rect,
                        sgr::toggle(params, 4),
                        self.change_extent != 2,
                    );
                }
            }
            b'v' => {
                if let Some(rect) = rectangle(params, 0) {
                    self.grid.copy_rect(rect, params.or(5, 1) - 1, params.or(6, 1) - 1);
                }
            }
            b'w' => self.report_presentation(params),
            b'x' => self.fill(params),
            b'z' => {
                if let Some(rect) = rectangle(params, 0) {
                    self.grid.erase_rect(rect);
                }
            }
            b'{' => {
                if let Some(rect) = rectangle(params, 0) {
                    // As in xterm it spares what DECSCA protects, not what SPA does.
                    self.grid.erase_rect_text(rect, self.protection == Protection::Dec);
                }
            }
            _ => {}
        }
    }

    /// DECFRA.
    fn fill(&mut self, params: &Params) {
        let c = match params.get(0) {
            code @ (0x20..=0x7E | 0xA0..=0xFF) => char::from_u32(code.into()),
            _ => None,
        };
        if let (Some(c), Some(rect)) = (c, rectangle(params, 1)) {
            self.grid.fill_rect(c, rect);
        }
    }

    /// DECRQCRA. It would let a program read what others have written.
    pub(super) fn report_checksum(&mut self, params: &Params) {
        if !self.options.readback {
            return;
        }
        let sum = rectangle(params, 2).map_or(0, |rect| self.grid.checksum(rect));
        self.reply(format_args!("\x1bP{}!~{sum:04X}\x1b\\", params.get(0)));
    }
}

/// The rectangle that four parameters from `first` on describe: top, left, bottom, right, from 1. A missing
/// bottom or right is the last one there is.
fn rectangle(params: &Params, first: usize) -> Option<Rect> {
    let near = |index: usize| params.or(first + index, 1) - 1;
    let far = |index: usize| params.or(first + index, usize::from(u16::MAX)) - 1;
    let rect = Rect { top: near(0), left: near(1), bottom: far(2), right: far(3) };
    (rect.top <= rect.bottom && rect.left <= rect.right).then_some(rect)
}
