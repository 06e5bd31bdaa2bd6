//! Places and regions: of the cursor, of margins, and in lines.

use crate::terminal::screen::position::LinePosition;

/// Where the cursor is on the screen, whatever the origin mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CursorPos {
    pub(crate) row: usize,
    pub(crate) col: usize,
    /// The last column was printed into; the next character wraps.
    pub(crate) pending_wrap: bool,
}

/// What scrolls: rows and columns, all inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Margins {
    pub(crate) top: usize,
    pub(crate) bottom: usize,
    pub(crate) left: usize,
    pub(crate) right: usize,
}

/// A place in a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LinePlace {
    pub(crate) line: u64,
    pub(crate) col: usize,
}

impl From<LinePlace> for LinePosition {
    fn from(place: LinePlace) -> Self {
        LinePosition { line: place.line, col: place.col as u64 }
    }
}

impl From<LinePosition> for LinePlace {
    fn from(position: LinePosition) -> Self {
        let col = usize::try_from(position.col).unwrap_or(usize::MAX);
        LinePlace { line: position.line, col }
    }
}
