//! What a terminal shows: snapshots, and rows for clients that draw cells themselves.

use serde::{Deserialize, Serialize};

use super::values::Octets;

/// See [`ServerMessage::TerminalSnapshot`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TerminalSnapshot {
    pub(crate) terminal: u64,
    /// Offset of the byte that follows.
    pub(crate) offset: u64,
    pub(crate) cols: u16,
    pub(crate) rows: u16,
    /// Place of the first row that it shows.
    pub(crate) line: LinePosition,
    /// Control sequences that show the screen in a fresh terminal of this size.
    pub(crate) data: Octets,
    /// A further part of the same snapshot follows.
    pub(crate) more: bool,
}

/// See [`ServerMessage::Screen`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Screen {
    pub(crate) terminal: u64,
    pub(crate) offset: u64,
    pub(crate) full: bool,
    pub(crate) cols: u16,
    pub(crate) rows: u16,
    pub(crate) history: u32,
    /// Place of the top row; none on the alternate screen.
    pub(crate) line: Option<LinePosition>,
    pub(crate) cursor: Cursor,
    /// Bits as in `Modes`.
    pub(crate) modes: u32,
    pub(crate) title: Option<String>,
    pub(crate) scrolls: Vec<Scroll>,
    pub(crate) lines: Vec<Line>,
    /// Rows above the top of the screen at which the view begins.
    pub(crate) viewport: u32,
}

/// Rows of a screen and its scrollback, neighbours, from the top.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RowsReply {
    pub(crate) lines: Vec<PlacedLine>,
    /// Place of the oldest row that is kept, and of the top row of the primary screen. Never null: a screen always has both.
    pub(crate) kept_from: Option<LinePosition>,
    pub(crate) kept_to: Option<LinePosition>,
    pub(crate) history: u32,
    pub(crate) cols: u16,
}

/// A row with its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlacedLine {
    /// 0 is the top of the screen, -1 the newest row of the scrollback.
    pub(crate) row: i32,
    /// None on the alternate screen.
    pub(crate) place: Option<LinePosition>,
    pub(crate) wrapped: bool,
    pub(crate) runs: Vec<Run>,
}

/// The cursor of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    pub(crate) row: u16,
    pub(crate) col: u16,
    /// 0 block, 1 underline, 2 bar.
    pub(crate) shape: u8,
    pub(crate) blinking: bool,
    pub(crate) visible: bool,
}

/// Rows that moved, applied before the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scroll {
    pub(crate) top: u16,
    pub(crate) bottom: u16,
    pub(crate) rows: i16,
}

/// A row that is different.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) row: i32,
    pub(crate) wrapped: bool,
    pub(crate) runs: Vec<Run>,
}

/// A place in a line, which stays when rows scroll away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinePosition {
    pub(crate) line: u64,
    pub(crate) col: u64,
}

/// Neighbouring characters that look the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) text: String,
    pub(crate) cols: u16,
    pub(crate) wide: bool,
    pub(crate) fg: Color,
    pub(crate) bg: Color,
    /// Bits as in `Attributes`.
    pub(crate) attributes: u16,
    /// 0 none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed.
    pub(crate) underline: u8,
    pub(crate) underline_color: Color,
    pub(crate) link: Option<String>,
}

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Color {
    Default,
    Indexed(u8),
    Rgb(u8, u8, u8),
}
