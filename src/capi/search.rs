//! Search in a screen and its scrollback.

use std::ptr;

use super::guard::{Inner, on_engine, orch_engine, without_engine};
use super::options::{NO_BYTES, orch_bytes};
use super::sized::{self, SizedStruct, size_through};
use super::status::*;
use crate::error::{Error, Result};
use crate::{Match, Search, TerminalId};

/// Search flag: the pattern is a regular expression in the syntax of Rust's regex crate; without
/// backreferences and look-around, in a time that is linear in the text.
pub const ORCH_SEARCH_REGEX: u32 = 1;
/// Search flag: upper and lower case are the same.
pub const ORCH_SEARCH_IGNORE_CASE: u32 = 2;

/// For `orch_search.from`: the oldest row.
pub const ORCH_SEARCH_OLDEST: i32 = i32::MIN;

/// What to search and where. Fill with `orch_search_init` first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_search {
    /// `sizeof(orch_search)`.
    pub size: usize,
    /// Text or an expression, UTF-8, 1 to 16,384 bytes.
    pub pattern: orch_bytes,
    /// Sum of ORCH_SEARCH_REGEX and ORCH_SEARCH_IGNORE_CASE. Default 0.
    pub flags: u32,
    /// The first row to look at: 0 is the top of the screen, -1 the newest row of the scrollback.
    /// Default ORCH_SEARCH_OLDEST.
    pub from: i32,
    /// Rows to look at. Default 10,000, also for 0.
    pub rows_max: usize,
    /// After how many matches to stop; those of the line that it happens in are all there. Default
    /// 1,000, also for 0.
    pub matches_max: usize,
}

/// A match: from the first character's column up to, not including, the column after the last one's.
/// Rows are counted as in `orch_search.from`.
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
    /// Where to go on then, for `orch_search.from`.
    pub next: i32,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_search {
    const FIRST_SIZE: usize = size_through!(orch_search, matches_max, usize);
    fn defaults() -> Self {
        let default = Search::literal("");
        orch_search {
            size: size_of::<Self>(),
            pattern: NO_BYTES,
            flags: 0,
            from: ORCH_SEARCH_OLDEST,
            rows_max: default.rows_max,
            matches_max: default.matches_max,
        }
    }
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
        }
    }
}

/// Fills a search with the defaults. `size` is `sizeof(orch_search)`.
///
/// Any thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_search_init(search: *mut orch_search, size: usize) -> i32 {
    // SAFETY: the caller vouches for `size` bytes at `search`.
    without_engine(|| unsafe { sized::init(search, size) })
}

/// A search as Rust takes it.
///
/// # Safety
/// `search` is NULL or a struct as the header describes it.
unsafe fn search_from(search: *const orch_search) -> Result<Search> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(search, false) }?;
    sized::check_flags("search", c.flags, ORCH_SEARCH_REGEX | ORCH_SEARCH_IGNORE_CASE)?;
    // SAFETY: passed on from the caller.
    let pattern = unsafe { sized::bytes(c.pattern.data, c.pattern.len) }?;
    let pattern = str::from_utf8(pattern)
        .map_err(|_| Error::invalid("a search pattern is UTF-8, and this one is not"))?;
    let default = Search::literal(pattern);
    let or = |value, default| if value == 0 { default } else { value };
    Ok(Search {
        regex: c.flags & ORCH_SEARCH_REGEX != 0,
        ignore_case: c.flags & ORCH_SEARCH_IGNORE_CASE != 0,
        from: Some(c.from),
        rows_max: or(c.rows_max, default.rows_max),
        matches_max: or(c.matches_max, default.matches_max),
        ..default
    })
}

impl From<&Match> for orch_match {
    fn from(found: &Match) -> Self {
        orch_match {
            start_row: found.start.row,
            start_col: found.start.col.into(),
            end_row: found.end.row,
            end_col: found.end.col.into(),
        }
    }
}

/// Searches a screen and its scrollback. Rows that wrap into each other are one line, and a search
/// begins at the beginning of one. Set `out_matches->size` before; it is left as it is.
///
/// Lent as by `orch_terminal_get_screen`. Owner thread. Takes time for the rows that it looks at: search
/// a long scrollback in slices. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID; the message
/// says what is wrong with a pattern.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_search(
    engine: *mut orch_engine,
    terminal: u64,
    search: *const orch_search,
    out_matches: *mut orch_matches,
) -> i32 {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_matches) }?;
        // SAFETY: the caller vouches for the struct and its pattern.
        let search = unsafe { search_from(search) }?;
        let found = inner.engine.search(TerminalId::from_u64(terminal), &search)?;
        inner.shown.end();
        inner.shown.matches = found.matches.iter().map(orch_match::from).collect();
        let c = orch_matches {
            matches: inner.shown.matches.as_ptr(),
            match_count: inner.shown.matches.len(),
            has_more: found.next.is_some().into(),
            next: found.next.unwrap_or(0),
            ..orch_matches::defaults()
        };
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_matches, &c) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}
