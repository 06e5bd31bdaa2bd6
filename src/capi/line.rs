//! Places in lines: where they are now, and which ones the program has marked.

use std::ptr;

use super::guard::{Inner, on_engine, orch_engine};
use super::sized::{self, SizedStruct, size_through};
use super::status::*;
use super::update::Lendable;
use crate::error::{Error, ErrorKind};
use crate::{LinePosition, Mark, TerminalId};

/// For `orch_line_position.line`: none.
pub const ORCH_LINE_NONE: u64 = u64::MAX;

/// A place in the text of the primary screen and its scrollback that stays when rows scroll away and when the size
/// changes.
///
/// A line is what ends with a line feed, however many rows it takes (one of more than 16 KiB counts as several). Lines are
/// numbered from the first one that the terminal has shown, and no number is used twice for lines of the scrollback. A line
/// that is on the screen has its number in advance: it changes when the program inserts or deletes lines above it, or breaks
/// or joins them, and is final when the line goes to the scrollback. Lines of the alternate screen have no numbers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_line_position {
    /// Number of the line; ORCH_LINE_NONE for no place.
    pub line: u64,
    /// Columns of the line before the place, over all of its rows.
    pub col: u64,
}

pub(super) const NO_LINE: orch_line_position = orch_line_position { line: ORCH_LINE_NONE, col: 0 };

impl From<LinePosition> for orch_line_position {
    fn from(position: LinePosition) -> Self {
        orch_line_position { line: position.line, col: position.col }
    }
}

impl From<Option<LinePosition>> for orch_line_position {
    fn from(position: Option<LinePosition>) -> Self {
        position.map_or(NO_LINE, orch_line_position::from)
    }
}

impl orch_line_position {
    pub(super) fn to_position(self) -> Option<LinePosition> {
        let position = LinePosition { line: self.line, col: self.col };
        (self.line != ORCH_LINE_NONE).then_some(position)
    }
}

/// Mark: a prompt begins (OSC 133 or 633, A).
pub const ORCH_MARK_PROMPT_START: u32 = 0;
/// Mark: the prompt ends, and what the user types begins (B).
pub const ORCH_MARK_COMMAND_START: u32 = 1;
/// Mark: the command runs, and its output begins (C).
pub const ORCH_MARK_OUTPUT_START: u32 = 2;
/// Mark: the output ends (D).
pub const ORCH_MARK_OUTPUT_END: u32 = 3;

/// A place that the program has marked. It stays with its text, and vanishes with it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_mark {
    /// One of ORCH_MARK_*. Ignore kinds that you do not know.
    pub kind: u32,
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
    /// The marks in the order of the text; elements lie `mark_stride` bytes apart (`orch_mark_at`).
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

/// Where a place in a line is now, at the present size: its row (0 is the top of the screen, -1 the newest row of the
/// scrollback) and column. A column behind the end of its row is that row's last one.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID, ORCH_E_NOT_FOUND when the line has left the
/// scrollback or was erased, while the alternate screen hides it, and for a moment while a long scrollback is counted
/// after a change of the width. Then the outputs are left as they are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_get_position(
    engine: *mut orch_engine,
    terminal: u64,
    position: orch_line_position,
    out_row: *mut i32,
    out_col: *mut u32,
) -> i32 {
    let query = |inner: &mut Inner| {
        sized::check_pointer(out_row)?;
        sized::check_pointer(out_col)?;
        let id = TerminalId::from_u64(terminal);
        let place =
            position.to_position().map(|place| inner.engine.locate(id, place)).transpose()?;
        let Some(at) = place.flatten() else {
            let line = position.line;
            return Err(Error::new(ErrorKind::NotFound, format!("line {line} is not shown")));
        };
        // SAFETY: the pointers were checked; the caller vouches that they are writable.
        unsafe { sized::put(out_row, at.row) };
        // SAFETY: as above.
        unsafe { sized::put(out_col, at.col.into()) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// The prompts, commands and outputs that the program has marked, in the order of the text: the newest 4,096 of the
/// scrollback, and 256 of the primary screen. Set `out_marks->size` before; it is left as it is.
///
/// Lent as by `orch_terminal_get_screen`. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_get_marks(
    engine: *mut orch_engine,
    terminal: u64,
    out_marks: *mut orch_marks,
) -> i32 {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_marks) }?;
        let mut marks = Vec::new();
        inner.engine.marks(TerminalId::from_u64(terminal), &mut marks)?;
        inner.shown.end();
        inner.shown.marks = marks.iter().map(orch_mark::from).collect();
        let c = orch_marks {
            marks: inner.shown.marks.as_ptr(),
            mark_count: inner.shown.marks.len(),
            ..orch_marks::defaults()
        };
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_marks, &c) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}
