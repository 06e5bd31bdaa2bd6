//! The size of a terminal, and who decides it.

use crate::error::{Error, Result};

/// The size of a terminal: character cells, and pixels where known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns, 1 to 65,535.
    pub cols: u16,
    /// Rows, 1 to 65,535.
    pub rows: u16,
    /// Width of the whole terminal in pixels; 0 when unknown.
    pub pixel_width: u16,
    /// Height of the whole terminal in pixels; 0 when unknown.
    pub pixel_height: u16,
}

impl Size {
    /// A size in cells, pixels unknown.
    pub fn cells(cols: u16, rows: u16) -> Self {
        Size { cols, rows, pixel_width: 0, pixel_height: 0 }
    }

    pub(crate) fn validate(self) -> Result<()> {
        if self.cols == 0 || self.rows == 0 {
            return Err(Error::invalid("a terminal has at least one column and one row"));
        }
        Ok(())
    }
}

impl Default for Size {
    /// 80 columns and 24 rows.
    fn default() -> Self {
        Size::cells(80, 24)
    }
}

impl Size {
    /// The size of this terminal's screen: a row and a column are the least. PTYs of hosts may have no size yet.
    pub(crate) fn for_screen(self) -> Size {
        Size { cols: self.cols.max(1), rows: self.rows.max(1), ..self }
    }
}

/// Who decides the size of a terminal that several viewers show; see
/// [`Engine::set_size_policy`](crate::Engine::set_size_policy).
///
/// A *viewer* is an attachment of a client of the server that has reported the size of its own window (its
/// grid), and whose token has the scope `type`. A viewer whose grid differs from the terminal's size shows a
/// part of the terminal, or leaves a part of its window blank.
///
/// While more than one viewer is attached, viewers make a terminal no smaller than 20 columns and 5 rows, so
/// that a tiny window does not make it unusable for the others. A single viewer may make it as small as 2
/// columns and 1 row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum SizePolicy {
    /// The host decides: viewers do not change the size. [`Engine::resize`](crate::Engine::resize) and
    /// [`Op::Resize`](crate::Op::Resize) of the host set this policy.
    Fixed = 1,
    /// The fewest columns and the fewest rows of all viewers, so that each of them shows the whole terminal.
    Smallest = 2,
    /// The grid of the viewer that typed last (input, paste, interrupt, end of input). Attaching and changing
    /// a window do not count as typing. While no viewer has typed, the one that reported its grid first
    /// decides.
    #[default]
    Latest = 3,
}
