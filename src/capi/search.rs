//! Search in a screen and its scrollback.

use super::argument;
use super::matches::orch_match;
use super::matches::orch_matches;

use super::guard::{Inner, on_engine, orch_engine};
use super::line::orch_line_position;
use super::sized::{self, SizedStruct, size_through};
use super::status::*;
use super::types::{NO_BYTES, orch_bytes};
use crate::error::{Error, Result};
use crate::{Search, TerminalId};

/// Flags of `orch_search_options`.
pub type orch_search_flags = u32;
/// The pattern is a regular expression in the syntax of Rust's regex crate: no backreferences, no look-around,
/// matched in linear time.
pub const ORCH_SEARCH_REGEX: orch_search_flags = 1;
/// Upper and lower case are equal.
pub const ORCH_SEARCH_IGNORE_CASE: orch_search_flags = 2;
/// The search starts at the row `from` and the column `from_col`.
pub const ORCH_SEARCH_FROM_ROW: orch_search_flags = 4;
/// The search starts at the place `from_line`; if its line is gone, at the oldest one. On the alternate screen,
/// whose lines have no numbers, `from` and `from_col` count if ORCH_SEARCH_FROM_ROW is set, too.
pub const ORCH_SEARCH_FROM_LINE: orch_search_flags = 8;

const FLAGS: orch_search_flags =
    ORCH_SEARCH_REGEX | ORCH_SEARCH_IGNORE_CASE | ORCH_SEARCH_FROM_ROW | ORCH_SEARCH_FROM_LINE;

/// What to search and where. In every field but `pattern` 0 is the default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_search_options {
    /// `sizeof(orch_search_options)`.
    pub size: usize,
    /// Text or an expression, UTF-8, 1 to 16,384 bytes; with a flag 1 to 2,048, and no larger when compiled
    /// than what takes about a millisecond.
    pub pattern: orch_bytes,
    /// Sum of ORCH_SEARCH_*. Without a flag that says where, the search starts at the oldest row.
    pub flags: orch_search_flags,
    /// With ORCH_SEARCH_FROM_ROW: the row to start at. 0 is the top of the screen, -1 the newest row of the
    /// scrollback.
    pub from: i32,
    /// The most rows to look at. Each row of a line that wraps counts. A line that does not fit into what
    /// is left is kept for the next call; one that is longer than all is looked at in parts of this size,
    /// and a match over the end of a part is not found whole. Default 10,000.
    pub rows_max: usize,
    /// The most matches to find. Default 1,000.
    pub matches_max: usize,
    /// With ORCH_SEARCH_FROM_ROW: the column to start at.
    pub from_col: u32,
    /// Must be 0.
    pub reserved: u32,
    /// With ORCH_SEARCH_FROM_LINE: the place to start at.
    pub from_line: orch_line_position,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_search_options {
    const FIRST_SIZE: usize = size_through!(orch_search_options, matches_max, usize);
    fn defaults() -> Self {
        orch_search_options {
            size: size_of::<Self>(),
            pattern: NO_BYTES,
            flags: 0,
            from: 0,
            rows_max: 0,
            matches_max: 0,
            from_col: 0,
            reserved: 0,
            from_line: orch_line_position { line: 0, col: 0 },
        }
    }
}

/// A search as Rust takes it.
///
/// # Safety
/// `search` is NULL or a struct as the header describes it.
unsafe fn search_from(search: *const orch_search_options) -> Result<Search> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(search, false) }?;
    sized::check_flags("orch_search_options.flags", c.flags, FLAGS)?;
    if c.reserved != 0 {
        return Err(Error::invalid("orch_search_options.reserved must be 0"));
    }
    // SAFETY: passed on from the caller.
    let pattern = unsafe { argument::bytes("orch_search_options.pattern", c.pattern) }?;
    let pattern = str::from_utf8(pattern)
        .map_err(|_| Error::invalid("orch_search_options.pattern is not UTF-8"))?;
    let default = Search::literal(pattern);
    let has = |flag| c.flags & flag != 0;
    let or = |value, default| if value == 0 { default } else { value };
    Ok(Search {
        regex: has(ORCH_SEARCH_REGEX),
        ignore_case: has(ORCH_SEARCH_IGNORE_CASE),
        from: has(ORCH_SEARCH_FROM_ROW).then_some(c.from),
        from_col: u16::try_from(c.from_col).unwrap_or(u16::MAX),
        from_line: if has(ORCH_SEARCH_FROM_LINE) { c.from_line.to_position() } else { None },
        rows_max: or(c.rows_max, default.rows_max),
        matches_max: or(c.matches_max, default.matches_max),
        ..default
    })
}

/// Searches a screen and its scrollback. Rows that wrap into each other are one line, up to 1,000 rows or
/// 64 KiB of text; a longer line is searched in pieces. Empty matches are left out.
/// In the middle of a line, matches are those that begin at `from` or later. Set `out_matches->size` before;
/// it is left as it is.
///
/// Lent as by `orch_terminal_get_screen`. Owner thread. It stops after about
/// 100 ms with `has_more` set, somewhat later for expressions that are made to be slow. Search a long scrollback in
/// slices, by `rows_max` and `from_line`; to cancel a search, do not ask for the next slice. The compiled pattern is kept
/// for the next slice.
/// Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID; the message says what is wrong with a pattern.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_search(
    engine: *mut orch_engine,
    terminal: u64,
    search: *const orch_search_options,
    out_matches: *mut orch_matches,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_matches) }?;
        // SAFETY: the caller vouches for the struct and its pattern.
        let search = unsafe { search_from(search) }?;
        let found = inner.engine.search(TerminalId::from_u64(terminal), &search)?;
        inner.shown.end();
        inner.shown.matches = found.matches.iter().map(orch_match::from).collect();
        let mut c = orch_matches {
            matches: inner.shown.matches.as_ptr(),
            match_count: inner.shown.matches.len(),
            has_more: found.next.is_some().into(),
            next: found.next.unwrap_or(0),
            next_col: found.next_col.into(),
            next_line: found.next_line.into(),
            ..orch_matches::defaults()
        };
        // SAFETY: the output was checked; every such struct begins with its size.
        let size = unsafe { out_matches.cast::<usize>().read_unaligned() };
        if size < size_through!(orch_matches, next_col, u32) {
            c.next = c.next.saturating_add(i32::from(c.next_col > 0));
        }
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_matches, &c) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}
