//! Places: by rows, which count from the screen as it is now, and by lines, which stay.
//!
//! A line on the screen has the number that it would get in the scrollback, so lines above it that come or go change
//! it. Lines that are cleared take their numbers along (RIS, ED 3, `clear`, a rebuilt screen): a place that is gone
//! never names other text.

/// A place in the screen or its scrollback as it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Row: 0 is the top of the screen, -1 the newest row of the scrollback.
    pub row: i32,
    /// Column, 0 at the left.
    pub col: u16,
}

/// A place in the text of the primary screen and its scrollback that stays when rows scroll away and when the size
/// changes.
///
/// Lines are what ends with a line feed, however many rows they take. They are numbered from the first one that the
/// terminal has shown; no number is used twice for lines of the scrollback. A line that is on the screen has its number
/// in advance: it changes when the program inserts or deletes lines above it, or breaks or joins them, and is final when
/// the line goes to the scrollback. Lines of the alternate screen have no numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinePosition {
    /// Number of the line.
    pub line: u64,
    /// Columns of the line before the place, over all of its rows.
    pub col: u64,
}

/// What begins or ends at a mark, by the sequences OSC 133 of shells with integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MarkKind {
    /// A prompt begins (A).
    PromptStart = 0,
    /// The prompt ends, and what the user types begins (B).
    CommandStart = 1,
    /// The command runs: its output begins (C).
    OutputStart = 2,
    /// The output ends (D).
    OutputEnd = 3,
}

/// A place that the program has marked. It stays with its text, and vanishes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    /// What begins or ends there.
    pub kind: MarkKind,
    /// Where.
    pub position: LinePosition,
}

/// Rows that moved. Apply it before the rows of an update: each row of the region takes the place
/// `rows` further up, or down if negative; places that nothing moved into follow as rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scroll {
    /// First row of the region.
    pub top: u16,
    /// The row after its last.
    pub bottom: u16,
    /// How far, never 0 and less than the region's height.
    pub rows: i16,
}
