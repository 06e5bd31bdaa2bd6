//! Screens: how they are made, what readers get of them, and what they show.

use std::ffi::c_void;

use super::guard::{Inner, Lent, on_engine, orch_engine, without_engine};
use super::line::orch_mark;
use super::line::{NO_LINE, orch_line_position};
use super::options::{NO_BYTES, NO_SIZE, delivery_from, orch_bytes, orch_size};
use super::search::orch_match;
use super::sized::{self, SizedStruct, lend, size_through};
use super::status::*;
use super::terminal::command;
use super::update::{ShownLoan, orch_rows, orch_screen_update, poison_all, rgb_number};
use crate::error::{Error, Result};
use crate::{ReaderId, Rgb, Rows, ScreenOptions, ScreenUpdate, Size, TerminalId};

/// Screen option: the engine does not answer the program's questions (where the cursor is, which
/// colours there are, what the terminal can). For when the output also goes to another terminal, which
/// answers them itself.
pub const ORCH_SCREEN_NO_REPLIES: u32 = 1;
/// Screen option: programs may ask to set the clipboard (ORCH_EVENT_CLIPBOARD).
pub const ORCH_SCREEN_CLIPBOARD: u32 = 2;
/// Screen option: programs may read back what is on the screen (checksums of rectangles, DECRQCRA) and the
/// titles of the window (CSI 20 t, CSI 21 t). A program then sees what others have written, and text that
/// somebody else has put into a title is typed as if the user had entered it, which has been used to run
/// commands; leave it off unless all output comes from programs that you trust, as in tests of conformance.
pub const ORCH_SCREEN_READBACK: u32 = 4;

const FLAGS: u32 = ORCH_SCREEN_NO_REPLIES | ORCH_SCREEN_CLIPBOARD | ORCH_SCREEN_READBACK;

/// How the engine keeps a terminal's screen. Fill with `orch_screen_options_init` first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_screen_options {
    /// `sizeof(orch_screen_options)`.
    pub size: usize,
    /// Rows of scrollback, at most the engine's `scrollback_rows`. Default 1,000.
    pub scrollback: usize,
    /// Sum of ORCH_SCREEN_NO_REPLIES, ORCH_SCREEN_CLIPBOARD and ORCH_SCREEN_READBACK. Default 0.
    pub flags: u32,
    /// The foreground that a program is told, 0xRRGGBB. Default light grey.
    pub foreground: u32,
    /// The background that a program is told. Default black.
    pub background: u32,
    /// The cursor's colour that a program is told. Default light grey.
    pub cursor: u32,
}

// SAFETY: repr(C), `size` first, integers only.
unsafe impl SizedStruct for orch_screen_options {
    const FIRST_SIZE: usize = size_through!(orch_screen_options, cursor, u32);
    fn defaults() -> Self {
        let default = ScreenOptions::default();
        let flag = |holds, flag| if holds { flag } else { 0 };
        orch_screen_options {
            size: size_of::<Self>(),
            scrollback: default.scrollback,
            flags: flag(!default.answers, ORCH_SCREEN_NO_REPLIES)
                | flag(default.clipboard, ORCH_SCREEN_CLIPBOARD)
                | flag(default.readback, ORCH_SCREEN_READBACK),
            foreground: rgb_number(default.foreground),
            background: rgb_number(default.background),
            cursor: rgb_number(default.cursor),
        }
    }
}

/// Fills screen options with the defaults. `size` is `sizeof(orch_screen_options)`.
///
/// Any thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_screen_options_init(
    options: *mut orch_screen_options,
    size: usize,
) -> i32 {
    // SAFETY: the caller vouches for `size` bytes at `options`.
    without_engine(|| unsafe { sized::init(options, size) })
}

/// Screen options as Rust takes them; NULL for no screen.
///
/// # Safety
/// `options` is NULL or a struct as the header describes it.
pub(super) unsafe fn screen_options(
    options: *const orch_screen_options,
) -> Result<Option<ScreenOptions>> {
    if options.is_null() {
        return Ok(None);
    }
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(options, false) }?;
    sized::check_flags("screen options", c.flags, FLAGS)?;
    Ok(Some(ScreenOptions {
        scrollback: c.scrollback,
        answers: c.flags & ORCH_SCREEN_NO_REPLIES == 0,
        clipboard: c.flags & ORCH_SCREEN_CLIPBOARD != 0,
        readback: c.flags & ORCH_SCREEN_READBACK != 0,
        foreground: rgb_from(c.foreground)?,
        background: rgb_from(c.background)?,
        cursor: rgb_from(c.cursor)?,
    }))
}

fn rgb_from(number: u32) -> Result<Rgb> {
    let [0, r, g, b] = number.to_be_bytes() else {
        return Err(Error::invalid(format!("colour {number:#x}: at most 0xFFFFFF")));
    };
    Ok(Rgb { r, g, b })
}

/// What the last question about a screen has lent.
#[derive(Default)]
pub(super) struct Shown {
    update: ScreenUpdate,
    rows: Rows,
    loan: ShownLoan,
    bytes: Vec<u8>,
    pub(super) matches: Vec<orch_match>,
    pub(super) marks: Vec<orch_mark>,
}

impl Shown {
    /// Ends the loan and lets go of what may be big.
    pub(super) fn end(&mut self) {
        self.loan.end();
        if cfg!(debug_assertions) {
            self.bytes.fill(Lent::POISON);
            poison_all(&mut self.matches);
            poison_all(&mut self.marks);
        }
        self.bytes = Vec::new();
        self.matches = Vec::new();
        self.marks = Vec::new();
    }

    fn lend_bytes(&mut self, bytes: Vec<u8>) -> orch_bytes {
        self.end();
        self.bytes = bytes;
        lend(&self.bytes)
    }
}

/// Drops a screen's scrollback and the rows above the cursor's, which becomes the first one; on the
/// alternate screen, which a program draws, only the scrollback. Readers of bytes get
/// ORCH_EVENT_CLEARED, the program is not told.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_NO_SCREEN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_clear_screen(
    engine: *mut orch_engine,
    terminal: u64,
) -> i32 {
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, |e| e.clear_screen(TerminalId::from_u64(terminal))) }
}

/// Replaces the colours of `orch_screen_options` with those of the window that shows the terminal now, 0xRRGGBB each.
/// They are reported to the program when it queries a colour that it has not set itself. A program that has set mode
/// 2031 also gets a report when the background changes between dark and light.
///
/// Owner thread. Errors: ORCH_E_INVALID, ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_NO_SCREEN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_terminal_set_colors(
    engine: *mut orch_engine,
    terminal: u64,
    foreground: u32,
    background: u32,
    cursor: u32,
) -> i32 {
    let set = |e: &mut crate::Engine| {
        let id = TerminalId::from_u64(terminal);
        e.set_screen_colors(id, rgb_from(foreground)?, rgb_from(background)?, rgb_from(cursor)?)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, set) }
}

/// Scrolls a reader with ORCH_DELIVERY_SCREEN back to so many rows above the screen, at most as many
/// as there are; 0 is the screen itself. Further output leaves its view where it is.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_CLOSING, ORCH_E_NO_SCREEN, ORCH_E_INVALID for another kind
/// of reader.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_reader_scroll_to(
    engine: *mut orch_engine,
    reader: u64,
    rows: u32,
) -> i32 {
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, |e| e.scroll_to(ReaderId::from_u64(reader), rows)) }
}

/// Changes how output reaches a reader, to one of ORCH_DELIVERY_LOSSLESS, ORCH_DELIVERY_LOSSY and
/// ORCH_DELIVERY_SCREEN. From ORCH_DELIVERY_SCREEN to bytes, an ORCH_EVENT_SNAPSHOT comes first; to
/// it, all of the screen.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_NO_SCREEN, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_reader_set_delivery(
    engine: *mut orch_engine,
    reader: u64,
    delivery: u32,
) -> i32 {
    let set = |e: &mut crate::Engine| {
        e.set_delivery(ReaderId::from_u64(reader), delivery_from(delivery)?)
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
) -> i32 {
    let request =
        |e: &mut crate::Engine| e.request_snapshot(ReaderId::from_u64(reader), scrollback);
    // SAFETY: the caller vouches for the pointer.
    unsafe { command(engine, request) }
}

/// What changed on a screen since the update of this generation (of this call or of an event for any
/// reader of the terminal that is not scrolled back); everything for 0 and for one that is too long
/// ago. Set `out_update->size` before; it is left as it is.
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
) -> i32 {
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
) -> i32 {
    let query = |inner: &mut Inner| {
        sized::check_pointer(out_rows)?;
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
) -> i32 {
    let query = |inner: &mut Inner| {
        sized::check_pointer(out_text)?;
        let text = inner.engine.screen_text(TerminalId::from_u64(terminal), scrollback)?;
        let text = inner.shown.lend_bytes(text.into_bytes());
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_text, text) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// A snapshot of a screen.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_snapshot {
    /// `sizeof(orch_snapshot)`, set by the host.
    pub size: usize,
    /// Go on with the output from this offset.
    pub offset: u64,
    /// Control sequences that reset a terminal and make it show the same.
    pub data: *const c_void,
    /// How many bytes.
    pub len: usize,
    /// Columns and rows of the screen, which the other terminal has to have as well.
    pub window: orch_size,
    /// The place of the first row that it shows, of the scrollback or the primary screen: lines of the other terminal can be
    /// named as here.
    pub line: orch_line_position,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_snapshot {
    const FIRST_SIZE: usize = size_through!(orch_snapshot, window, orch_size);
    fn defaults() -> Self {
        orch_snapshot {
            size: size_of::<Self>(),
            offset: 0,
            data: NO_BYTES.data,
            len: 0,
            window: NO_SIZE,
            line: NO_LINE,
        }
    }
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
) -> i32 {
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

/// Bytes that all screens of the engine take at the moment with their scrollback, about.
///
/// Owner thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_screen_bytes(
    engine: *const orch_engine,
    out_bytes: *mut usize,
) -> i32 {
    let screen_bytes = |inner: &mut Inner| {
        sized::check_pointer(out_bytes)?;
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_bytes, inner.engine.screen_bytes()) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, screen_bytes) }
}
