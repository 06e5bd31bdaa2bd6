//! Search in a screen and its scrollback.

use std::ptr;

use super::guard::{Inner, on_engine, orch_engine, without_engine};
use super::line::{NO_LINE, orch_line_position};
use super::options::{NO_BYTES, orch_bytes};
use super::sized::{self, SizedStruct, size_through};
use super::status::*;
use super::update::Lendable;
use crate::error::{Error, Result};
use crate::{Match, Search, TerminalId};

/// Search flag: the pattern is a regular expression in the syntax of Rust's regex crate; without
/// backreferences and look-around, in a time that is linear in the text.
pub const ORCH_SEARCH_REGEX: u32 = 1;
/// Search flag: upper and lower case are the same.
pub const ORCH_SEARCH_IGNORE_CASE: u32 = 2;

/// For `orch_search_options.from`: the oldest row.
pub const ORCH_SEARCH_OLDEST: i32 = i32::MIN;

/// What to search and where. Fill with `orch_search_options_init` first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_search_options {
    /// `sizeof(orch_search_options)`.
    pub size: usize,
    /// Text or an expression, UTF-8, 1 to 16,384 bytes; with a flag 1 to 2,048, and no larger when compiled
    /// than what takes about a millisecond.
    pub pattern: orch_bytes,
    /// Sum of ORCH_SEARCH_REGEX and ORCH_SEARCH_IGNORE_CASE. Default 0.
    pub flags: u32,
    /// The first row to look at: 0 is the top of the screen, -1 the newest row of the scrollback.
    /// Default ORCH_SEARCH_OLDEST.
    pub from: i32,
    /// The most rows to look at. Each row of a line that wraps counts. A line that does not fit into what
    /// is left is kept for the next call; one that is longer than all is looked at in parts of this size,
    /// and a match over the end of a part is not found whole. Default 10,000, also for 0.
    pub rows_max: usize,
    /// The most matches to find. Default 1,000, also for 0.
    pub matches_max: usize,
    /// The column to begin at, in the row `from`. Default 0.
    pub from_col: u32,
    /// Always 0.
    pub reserved: u32,
    /// The place to begin at in place of `from`; if its line is gone, the oldest one. Of no effect on the alternate screen.
    /// Default ORCH_LINE_NONE.
    pub from_line: orch_line_position,
}

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
unsafe impl SizedStruct for orch_search_options {
    const FIRST_SIZE: usize = size_through!(orch_search_options, matches_max, usize);
    fn defaults() -> Self {
        let default = Search::literal("");
        orch_search_options {
            size: size_of::<Self>(),
            pattern: NO_BYTES,
            flags: 0,
            from: ORCH_SEARCH_OLDEST,
            rows_max: default.rows_max,
            matches_max: default.matches_max,
            from_col: 0,
            reserved: 0,
            from_line: NO_LINE,
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
            next_col: 0,
            reserved: 0,
            next_line: NO_LINE,
        }
    }
}

/// Fills a search with the defaults. `size` is `sizeof(orch_search_options)`.
///
/// Any thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_search_options_init(
    search: *mut orch_search_options,
    size: usize,
) -> i32 {
    // SAFETY: the caller vouches for `size` bytes at `search`.
    without_engine(|| unsafe { sized::init(search, size) })
}

/// A search as Rust takes it.
///
/// # Safety
/// `search` is NULL or a struct as the header describes it.
unsafe fn search_from(search: *const orch_search_options) -> Result<Search> {
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
        from_col: u16::try_from(c.from_col).unwrap_or(u16::MAX),
        from_line: c.from_line.to_position(),
        rows_max: or(c.rows_max, default.rows_max),
        matches_max: or(c.matches_max, default.matches_max),
        ..default
    })
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

/// Searches a screen and its scrollback. Rows that wrap into each other are one line, up to 1,000 rows or
/// 64 KiB of text; the rest of a longer one is looked at as what follows on it. Empty matches are left out.
/// In the middle of a line, matches are those that begin at `from` or later. Set `out_matches->size` before;
/// it is left as it is.
///
/// Lent as by `orch_terminal_get_screen`. Owner thread. Takes an estimated 10 ms for 10,000 rows of 80 columns, and
/// stops after about 100 ms, `has_more` set, or when the search for one more match in one line is through if
/// that takes longer, which only expressions do that are made for it: search a long scrollback in slices, by
/// `rows_max` and `from_line`; to end a search is not to go on. What was compiled is kept for the next slice.
/// Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID; the message says what is wrong with a pattern.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_search(
    engine: *mut orch_engine,
    terminal: u64,
    search: *const orch_search_options,
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
