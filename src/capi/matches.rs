//! What searches find.

use std::ptr;

use super::lent::Lendable;
use super::line::{NO_LINE, orch_line_position};
use super::sized::{SizedStruct, size_through};
use crate::Match;

/// A match: from the first character's column up to, not including, the column after the last one's.
/// Rows are counted as in `orch_search_options.from`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_match {
    /// Row of the first character.
    pub start_row: i32,
    /// Column of the first character.
    pub start_col: u32,
    /// Row of the last character: another one where a line wraps.
    pub end_row: i32,
    /// The column after the last character.
    pub end_col: u32,
    /// The place of the first character in its line; ORCH_LINE_NONE on the alternate screen, and of another engine where
    /// the match goes on in another line.
    pub start: orch_line_position,
    /// The place behind the last character.
    pub end: orch_line_position,
}

/// What a search found.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_matches {
    /// `sizeof(orch_matches)`, set by the host.
    pub size: usize,
    /// The matches in the order of the text; elements lie `match_stride` bytes apart.
    pub matches: *const orch_match,
    /// How many.
    pub match_count: usize,
    /// Size of an element as this library has it.
    pub match_stride: usize,
    /// 1 if the search was ended by one of its bounds: there is more to look at.
    pub has_more: u32,
    /// The row to go on from then, for `orch_search_options.from`.
    pub next: i32,
    /// The column in that row, for `orch_search_options.from_col`. A host whose struct ends before it goes on in
    /// the row after that: it loses the matches in the rest of the row, and gets none twice.
    pub next_col: u32,
    /// Always 0.
    pub reserved: u32,
    /// The same place in its line, for `orch_search_options.from_line`: right also when more output has come in between.
    /// ORCH_LINE_NONE on the alternate screen.
    pub next_line: orch_line_position,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_matches {
    const FIRST_SIZE: usize = size_through!(orch_matches, next, i32);
    fn defaults() -> Self {
        orch_matches {
            size: size_of::<Self>(),
            matches: ptr::null(),
            match_count: 0,
            match_stride: size_of::<orch_match>(),
            has_more: 0,
            next: 0,
            next_col: 0,
            reserved: 0,
            next_line: NO_LINE,
        }
    }
}

// SAFETY: integers only.
unsafe impl Lendable for orch_match {}

impl From<&Match> for orch_match {
    fn from(found: &Match) -> Self {
        orch_match {
            start_row: found.start.row,
            start_col: found.start.col.into(),
            end_row: found.end.row,
            end_col: found.end.col.into(),
            start: found.in_line.map(|(start, _)| start).into(),
            end: found.in_line.map(|(_, end)| end).into(),
        }
    }
}
