//! Places in lines: where they are now, and which ones the program has marked.

use std::ptr;

use super::lent::Lendable;
use super::sized::{SizedStruct, size_through};
use crate::{LinePosition, Mark};

/// In `orch_line_position.line`: no place.
pub const ORCH_LINE_NONE: i64 = -1;

/// A place in the text of the primary screen and its scrollback that stays when rows scroll away and when the size
/// changes.
///
/// A line is what ends with a line feed, however many rows it takes (one of more than 16 KiB counts as several). Lines are
/// numbered from the first one that the terminal has shown, and no number is used twice for lines of the scrollback. A line
/// that is on the screen has a provisional number: it changes when the program inserts, deletes, breaks or joins lines above
/// it. It is final once the line has gone to the scrollback. Lines of the alternate screen have no numbers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_line_position {
    /// Number of the line, 0 or above; ORCH_LINE_NONE for no place.
    pub line: i64,
    /// Columns of the line before the place, over all of its rows.
    pub col: u64,
}

pub(super) const NO_LINE: orch_line_position = orch_line_position { line: ORCH_LINE_NONE, col: 0 };

impl From<LinePosition> for orch_line_position {
    fn from(position: LinePosition) -> Self {
        orch_line_position { line: position.line.cast_signed(), col: position.col }
    }
}

impl From<Option<LinePosition>> for orch_line_position {
    fn from(position: Option<LinePosition>) -> Self {
        position.map_or(NO_LINE, orch_line_position::from)
    }
}

impl orch_line_position {
    pub(super) fn to_position(self) -> Option<LinePosition> {
        let line = u64::try_from(self.line).ok()?;
        Some(LinePosition { line, col: self.col })
    }
}

/// What a mark of the shell means.
pub type orch_mark_kind = u32;
/// A prompt begins (OSC 133 or 633, A).
pub const ORCH_MARK_PROMPT_START: orch_mark_kind = 0;
/// The prompt ends, and what the user types begins (B).
pub const ORCH_MARK_COMMAND_START: orch_mark_kind = 1;
/// The command runs, and its output begins (C).
pub const ORCH_MARK_OUTPUT_START: orch_mark_kind = 2;
/// The output ends (D).
pub const ORCH_MARK_OUTPUT_END: orch_mark_kind = 3;

/// A place that the program has marked. It stays with its text, and vanishes with it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_mark {
    /// One of ORCH_MARK_*. Ignore kinds that you do not know.
    pub kind: orch_mark_kind,
    /// Always 0.
    pub reserved: u32,
    /// Where.
    pub position: orch_line_position,
}

/// The marks of a terminal.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_marks {
    /// `sizeof(orch_marks)`, set by the host.
    pub size: usize,
    /// The marks in the order of the text; elements lie `mark_stride` bytes apart (`orch_element_at`).
    pub marks: *const orch_mark,
    /// How many.
    pub mark_count: usize,
    /// Bytes from one to the next.
    pub mark_stride: usize,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_marks {
    const FIRST_SIZE: usize = size_through!(orch_marks, mark_stride, usize);
    fn defaults() -> Self {
        orch_marks {
            size: size_of::<Self>(),
            marks: ptr::null(),
            mark_count: 0,
            mark_stride: size_of::<orch_mark>(),
        }
    }
}

// SAFETY: integers only.
unsafe impl Lendable for orch_mark {}

impl From<&Mark> for orch_mark {
    fn from(mark: &Mark) -> Self {
        orch_mark { kind: mark.kind as u32, reserved: 0, position: mark.position.into() }
    }
}
