//! Screens: how they are made, what readers get of them, and what they show.

use super::argument;
use super::line::orch_marks;
use super::screen_loan::orch_snapshot;
use super::screen_options::rgb_from;
use crate::error::ErrorKind;

use super::guard::{Inner, on_engine, orch_engine};
use super::line::orch_line_position;
use super::line::orch_mark;
use super::sized::{self, SizedStruct};
use super::status::*;
use super::terminal::command;
use super::types::orch_bytes;
use super::update::{orch_color, orch_rows, orch_screen_update};
use crate::error::Error;
use crate::{ReaderId, ScreenOptions, Size, TerminalId};

/// Replaces the colours of `orch_screen_options` with those of the window that shows the terminal, each
/// ORCH_COLOR_RGB plus 0xRRGGBB or ORCH_COLOR_DEFAULT. They are reported to a program that queries a colour which it
/// has not set itself. A program that has set mode 2031 also gets a report when the background changes between dark
/// and light.
///
/// Owner thread. Errors: ORCH_E_INVALID, ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_NO_SCREEN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_set_colors(
    engine: *mut orch_engine,
    terminal: u64,
    foreground: orch_color,
    background: orch_color,
    cursor: orch_color,
) -> orch_status {
    let set = |e: &mut crate::Engine| {
        let id = TerminalId::from_u64(terminal);
        let default = ScreenOptions::default();
        let foreground = rgb_from("foreground", foreground, default.foreground)?;
        let background = rgb_from("background", background, default.background)?;
        e.set_screen_colors(id, foreground, background, rgb_from("cursor", cursor, default.cursor)?)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, set) }
}

/// Makes the next event of a reader of bytes an ORCH_EVENT_SNAPSHOT with at most `scrollback` rows
/// above the screen; its bytes go on from there. What a reader does after ORCH_EVENT_GAP.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID for a reader with
/// ORCH_DELIVERY_SCREEN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_reader_request_snapshot(
    engine: *mut orch_engine,
    reader: u64,
    scrollback: usize,
) -> orch_status {
    let request =
        |e: &mut crate::Engine| e.request_snapshot(ReaderId::from_u64(reader), scrollback);
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, request) }
}

/// What changed on a screen since an earlier update. `generation` is that of the update, from this call or from an event
/// of a reader that is not scrolled back; with 0, or one that is too old, all of the screen is returned. Set
/// `out_update->size` before; it is left as it is.
///
/// What this call, `orch_terminal_get_rows`, `orch_terminal_get_text`, `orch_terminal_get_snapshot`,
/// `orch_terminal_get_marks` and `orch_terminal_search` lend is good until the next of these calls on the engine
/// that succeeds, or the engine's end. Events and turns do not matter to it, nor it to what an event has lent.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_get_screen(
    engine: *mut orch_engine,
    terminal: u64,
    generation: u64,
    out_update: *mut orch_screen_update,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_update) }?;
        let shown = &mut inner.shown;
        let id = TerminalId::from_u64(terminal);
        inner.engine.screen_changes(id, generation, &mut shown.update)?;
        shown.end();
        let update = shown.loan.lend(&shown.update);
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_update, update) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// Rows of a screen (0 is its top) and its scrollback (-1 is its newest row), as many of `count` from
/// `first` on as there are.
///
/// Lent as by `orch_terminal_get_screen`. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN,
/// ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_get_rows(
    engine: *mut orch_engine,
    terminal: u64,
    first: i32,
    count: usize,
    out_rows: *mut orch_rows,
) -> orch_status {
    let query = |inner: &mut Inner| {
        argument::output("out_rows", out_rows)?;
        let shown = &mut inner.shown;
        let id = TerminalId::from_u64(terminal);
        inner.engine.screen_rows(id, first, count, &mut shown.rows)?;
        shown.end();
        let rows = shown.loan.lend_rows(&shown.rows);
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_rows, rows) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// A screen as text, UTF-8, with at most `scrollback` rows above it: a line per row, each with a line
/// feed, trailing blanks cut.
///
/// Lent as by `orch_terminal_get_screen`. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN,
/// ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_get_text(
    engine: *mut orch_engine,
    terminal: u64,
    scrollback: usize,
    out_text: *mut orch_bytes,
) -> orch_status {
    let query = |inner: &mut Inner| {
        argument::output("out_text", out_text)?;
        let text = inner.engine.screen_text(TerminalId::from_u64(terminal), scrollback)?;
        let text = inner.shown.lend_bytes(text.into_bytes());
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_text, text) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// A snapshot of a screen with at most `scrollback` rows above it, to be fed to another terminal of the
/// same size. Set `out_snapshot->size` before; it is left as it is.
///
/// Lent as by `orch_terminal_get_screen`. Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN,
/// ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_get_snapshot(
    engine: *mut orch_engine,
    terminal: u64,
    scrollback: usize,
    out_snapshot: *mut orch_snapshot,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_snapshot) }?;
        let snapshot = inner.engine.snapshot(TerminalId::from_u64(terminal), scrollback)?;
        let bytes = inner.shown.lend_bytes(snapshot.bytes);
        let c = orch_snapshot {
            offset: snapshot.offset,
            data: bytes.data,
            len: bytes.len,
            window: Size::cells(snapshot.cols, snapshot.rows).into(),
            line: snapshot.line.into(),
            ..orch_snapshot::defaults()
        };
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_snapshot, &c) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
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
) -> orch_status {
    let query = |inner: &mut Inner| {
        argument::output("out_row", out_row)?;
        argument::output("out_col", out_col)?;
        let id = TerminalId::from_u64(terminal);
        let place =
            position.to_position().map(|place| inner.engine.position(id, place)).transpose()?;
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
) -> orch_status {
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
