//! Peers: what is asked of another engine.

use std::ffi::c_void;
use std::mem::size_of;
use std::time::Duration;

use super::batch::*;
use super::guard::{Inner, on_engine, orch_engine, without_engine};
use super::options::*;
use super::search::{ORCH_SEARCH_IGNORE_CASE, ORCH_SEARCH_REGEX};
use super::sized::{self, SizedStruct, size_through};
use super::state_change::{ops_from, orch_state_op};
use super::state_entry::text_from;
use super::status::*;
use crate::error::{Error, Result};
use crate::{PeerId, RemoteAttach, RemoteMode, RemoteOp, RemoteRequest, RemoteStart, Size};

/// Start of a reader, for `orch_peer_attach` only: with the screen and at most 1,000 rows of scrollback; without
/// a screen as ORCH_START_OLDEST.
pub const ORCH_START_SCREEN: u32 = 5;

/// How to follow a terminal of another engine. Fill with `orch_peer_attach_options_init` first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_peer_attach_options {
    /// `sizeof(orch_peer_attach_options)`.
    pub size: usize,
    /// ORCH_DELIVERY_LOSSLESS (default): every byte, and the program waits for us, as long as we keep nobody
    /// else waiting. ORCH_DELIVERY_LOSSY: the program never waits; what we cannot follow is a gap.
    /// ORCH_DELIVERY_SCREEN: what changed on the screen instead of bytes.
    pub mode: u32,
    /// Where it begins: ORCH_START_SCREEN (default), ORCH_START_OLDEST, ORCH_START_NOW, ORCH_START_SNAPSHOT, or
    /// ORCH_START_RESUME: at `offset` if that is still there, else with a snapshot or a gap. After a broken
    /// connection it goes on where it was.
    pub start: u32,
    /// For ORCH_START_RESUME: bytes since the terminal's start.
    pub offset: u64,
    /// Bytes that may be on their way or unread; the other engine has bounds for it. 0 (the default) is
    /// 256 KiB.
    pub window: u64,
    /// For ORCH_START_SNAPSHOT: rows of scrollback, at most.
    pub scrollback: u32,
    /// Must be 0.
    pub reserved: u32,
    /// The columns and rows of the window that shows the terminal: it gets this size if the policy of the other
    /// engine says so (ORCH_SIZE_*). Pixels do not count. 0 columns and 0 rows (the default): not reported, the
    /// size stays as it is.
    pub grid: orch_size,
}

// SAFETY: repr(C), `size` first, integers only.
unsafe impl SizedStruct for orch_peer_attach_options {
    const FIRST_SIZE: usize = size_through!(orch_peer_attach_options, reserved, u32);
    fn defaults() -> Self {
        orch_peer_attach_options {
            size: size_of::<Self>(),
            mode: ORCH_DELIVERY_LOSSLESS,
            start: ORCH_START_SCREEN,
            offset: 0,
            window: 0,
            scrollback: 0,
            reserved: 0,
            grid: NO_SIZE,
        }
    }
}

/// Fills options with the defaults. `size` is `sizeof(orch_peer_attach_options)`.
///
/// Any thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_attach_options_init(
    options: *mut orch_peer_attach_options,
    size: usize,
) -> i32 {
    // SAFETY: the caller vouches for `size` bytes at `options`.
    without_engine(|| unsafe { sized::init(options, size) })
}

fn attach_from(c: orch_peer_attach_options) -> Result<RemoteAttach> {
    if c.reserved != 0 {
        return Err(Error::invalid("reserved: must be 0"));
    }
    let mode = match c.mode {
        ORCH_DELIVERY_LOSSLESS => RemoteMode::Lossless,
        ORCH_DELIVERY_LOSSY => RemoteMode::Lossy,
        ORCH_DELIVERY_SCREEN => RemoteMode::Screen,
        other => return Err(unknown("mode", other)),
    };
    let start = match c.start {
        ORCH_START_SCREEN => RemoteStart::Default,
        ORCH_START_OLDEST => RemoteStart::Oldest,
        ORCH_START_NOW => RemoteStart::Now,
        ORCH_START_RESUME => RemoteStart::Offset(c.offset),
        ORCH_START_SNAPSHOT => RemoteStart::Snapshot(c.scrollback),
        other => return Err(unknown("start", other)),
    };
    let is_reported = (c.grid.cols, c.grid.rows) != (0, 0);
    let grid = is_reported.then(|| Size::cells(c.grid.cols, c.grid.rows));
    Ok(RemoteAttach { mode, start, window: c.window, grid })
}

/// Attaches to a terminal of another engine, or attaches anew; without a connection as soon as there is one. It
/// stays attached when the connection is made anew. `options` may be NULL for the defaults. ORCH_PEER_ATTACHED
/// comes, or ORCH_PEER_DETACHED if there is no such terminal.
///
/// Owner thread. Does not wait. Errors: ORCH_E_STALE_ID, ORCH_E_LIMIT, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_attach(
    engine: *mut orch_engine,
    peer: u64,
    terminal: u64,
    options: *const orch_peer_attach_options,
) -> i32 {
    let attach = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        let options = attach_from(unsafe { sized::read(options, true) }?)?;
        inner.engine.peer_attach(PeerId::from_u64(peer), terminal, &options)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, attach) }
}

/// Reports the columns and rows of the window that shows a terminal of another engine, as
/// `orch_peer_attach_options.grid` does when attaching; the attachment goes on. Without a connection it is
/// reported with the next one. What the other engine refuses comes as ORCH_PEER_PROBLEM.
///
/// Owner thread. Does not wait. Errors: ORCH_E_STALE_ID, also when it is not attached; ORCH_E_INVALID for a grid
/// without columns or rows; ORCH_E_LIMIT when too much waits to be sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_set_grid(
    engine: *mut orch_engine,
    peer: u64,
    terminal: u64,
    grid: orch_size,
) -> i32 {
    let set = |inner: &mut Inner| {
        let grid = Size::cells(grid.cols, grid.rows);
        inner.engine.peer_set_grid(PeerId::from_u64(peer), terminal, grid)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, set) }
}

/// Lets go of a terminal of another engine. What came before is still told, then ORCH_PEER_DETACHED.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, also when it is not attached.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_detach(
    engine: *mut orch_engine,
    peer: u64,
    terminal: u64,
) -> i32 {
    let detach = |inner: &mut Inner| {
        inner.engine.peer_detach(PeerId::from_u64(peer), terminal)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, detach) }
}

/// Types into a terminal of another engine: all of the bytes are queued, or none. There is no answer; what the
/// other engine refuses comes as ORCH_PEER_PROBLEM. The bytes are copied.
///
/// Owner thread. Does not wait. Errors: ORCH_E_DISCONNECTED while there is no connection, ORCH_E_LIMIT when too
/// much waits to be sent, ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_write(
    engine: *mut orch_engine,
    peer: u64,
    terminal: u64,
    data: *const c_void,
    len: usize,
) -> i32 {
    let write = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the bytes.
        let bytes = unsafe { sized::bytes(data, len) }?;
        inner.engine.peer_write(PeerId::from_u64(peer), terminal, bytes)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, write) }
}

/// Asks for something and gives the number of the request.
///
/// # Safety
/// As [`on_engine`]; `out_request` is NULL or writable.
unsafe fn ask(
    engine: *mut orch_engine,
    peer: u64,
    request: impl FnOnce() -> Result<RemoteRequest>,
    out_request: *mut u64,
) -> i32 {
    let work = |inner: &mut Inner| {
        sized::check_pointer(out_request)?;
        let number = inner.engine.peer_request(PeerId::from_u64(peer), &request()?)?;
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_request, number) };
        Ok(ORCH_OK)
    };
    // SAFETY: passed on from the caller.
    unsafe { on_engine(engine, work) }
}

/// Operation, for `orch_peer_batch` only: types the interrupt character and drops output that was not sent
/// yet.
pub const ORCH_OP_INTERRUPT: u32 = 8;
/// Operation, for `orch_peer_batch` only: ends the input.
pub const ORCH_OP_EOF: u32 = 9;
/// Operation, for `orch_peer_batch` only: hangs up; SIGKILL follows after `value` milliseconds.
pub const ORCH_OP_CLOSE: u32 = 10;

/// An operation as Rust takes it.
///
/// # Safety
/// The bytes are as the header describes them.
unsafe fn op_from(c: &orch_op) -> Result<RemoteOp> {
    if c.reserved != 0 {
        return Err(Error::invalid("reserved: must be 0"));
    }
    // SAFETY: passed on from the caller.
    let bytes = || Ok::<_, Error>(unsafe { sized::bytes(c.data, c.len) }?.to_owned());
    Ok(match c.kind {
        ORCH_OP_INPUT => RemoteOp::Input(bytes()?),
        ORCH_OP_PASTE => RemoteOp::Paste(bytes()?),
        ORCH_OP_RESIZE => RemoteOp::Resize(Size::cells(c.window.cols, c.window.rows)),
        ORCH_OP_SIGNAL if c.value == ORCH_SIGNAL_FOREGROUND => RemoteOp::Signal(c.signal),
        ORCH_OP_SIGNAL => return Err(unknown("signal target", c.value)),
        ORCH_OP_CLEAR => RemoteOp::Clear,
        ORCH_OP_INTERRUPT => RemoteOp::Interrupt,
        ORCH_OP_EOF => RemoteOp::Eof,
        ORCH_OP_CLOSE => RemoteOp::Close { grace: Duration::from_millis(c.value.into()) },
        other => return Err(unknown("operation", other)),
    })
}

/// Does `count` operations on terminals of another engine, an array whose elements lie `stride` bytes apart
/// (`sizeof(orch_op)`). They are ORCH_OP_INPUT, _PASTE, _RESIZE (of a terminal that is attached, as
/// `orch_peer_set_grid`; else it changes the size, in cells), _SIGNAL (to ORCH_SIGNAL_FOREGROUND),
/// _CLEAR, _INTERRUPT, _EOF and _CLOSE; after one that fails, those after it for the same terminal are skipped.
/// Everything is copied. ORCH_REPLY_RESULTS comes under the number that `out_request` gets.
///
/// This and the other requests below: owner thread; they do not wait; an answer comes in any case, with
/// ORCH_REMOTE_DISCONNECTED if the connection was lost before. Errors: ORCH_E_DISCONNECTED while there is no
/// connection; ORCH_E_LIMIT when 1,024 requests wait, too much waits to be sent, or the request is too large for
/// the other engine; ORCH_E_STALE_ID; ORCH_E_INVALID. Nothing was sent then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_batch(
    engine: *mut orch_engine,
    peer: u64,
    ops: *const orch_op,
    count: usize,
    stride: usize,
    out_request: *mut u64,
) -> i32 {
    let request = || {
        if count > 0 {
            sized::check_pointer(ops.cast_mut())?;
            sized::check_stride(count, stride, orch_op::FIRST_SIZE)?;
        }
        let op = |index| {
            let op = ops.wrapping_byte_add(index * stride).cast();
            // SAFETY: the caller vouches for `count` elements `stride` bytes apart.
            let c =
                unsafe { sized::read_element(op, stride, orch_op::FIRST_SIZE, orch_op::NOTHING) }?;
            // SAFETY: the caller vouches for what they point to.
            let op = unsafe { op_from(&c) };
            let named =
                |error: Error| Error::invalid(format!("operation {index}: {}", error.message()));
            Ok((c.terminal, op.map_err(named)?))
        };
        Ok(RemoteRequest::Batch((0..count).map(op).collect::<Result<_>>()?))
    };
    // SAFETY: the caller vouches for the pointers.
    unsafe { ask(engine, peer, request, out_request) }
}

/// Starts a program there: the `profile` by the name that the other host has granted (`orch_grant_profile`), in
/// the directory `cwd`, inside its granted ones; no bytes: that of the profile. `window` may be NULL for the
/// profile's size; only its cells count. ORCH_REPLY_SPAWNED comes under the number that `out_request` gets.
///
/// Threads, blocking and errors as of `orch_peer_batch`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_spawn(
    engine: *mut orch_engine,
    peer: u64,
    profile: orch_bytes,
    cwd: orch_bytes,
    window: *const orch_size,
    out_request: *mut u64,
) -> i32 {
    let request = || {
        // SAFETY: the caller vouches for the bytes.
        let profile = unsafe { text_from("profile", profile) }?.to_owned();
        // SAFETY: the caller vouches for the bytes.
        let cwd = unsafe { sized::bytes(cwd.data, cwd.len) }?;
        let cwd = (!cwd.is_empty()).then(|| cwd.to_owned());
        // SAFETY: the caller vouches that it is NULL or readable.
        let window = (!window.is_null()).then(|| unsafe { window.read_unaligned() });
        let size = window.map(|window| Size::cells(window.cols, window.rows));
        if size.is_some_and(|size| size.cols == 0 || size.rows == 0) {
            return Err(Error::invalid("window: at least 1 column and 1 row"));
        }
        Ok(RemoteRequest::Spawn { profile, cwd, size })
    };
    // SAFETY: the caller vouches for the pointers.
    unsafe { ask(engine, peer, request, out_request) }
}

/// Searches the screen and the scrollback of a terminal of another engine for a `pattern`, UTF-8. `flags` is a sum
/// of ORCH_SEARCH_REGEX and ORCH_SEARCH_IGNORE_CASE; `max` bounds the matches, at most 10,000, and 0 is 1,000.
/// ORCH_REPLY_MATCHES comes under the number that `out_request` gets.
///
/// Threads, blocking and errors as of `orch_peer_batch`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_search(
    engine: *mut orch_engine,
    peer: u64,
    terminal: u64,
    pattern: orch_bytes,
    flags: u32,
    max: u32,
    out_request: *mut u64,
) -> i32 {
    let request = || {
        sized::check_flags("search", flags, ORCH_SEARCH_REGEX | ORCH_SEARCH_IGNORE_CASE)?;
        Ok(RemoteRequest::Search {
            terminal,
            // SAFETY: the caller vouches for the bytes.
            pattern: unsafe { text_from("pattern", pattern) }?.to_owned(),
            regex: flags & ORCH_SEARCH_REGEX != 0,
            ignore_case: flags & ORCH_SEARCH_IGNORE_CASE != 0,
            max,
        })
    };
    // SAFETY: the caller vouches for the pointers.
    unsafe { ask(engine, peer, request, out_request) }
}

/// Asks for everything that is known of a terminal of another engine at the moment. ORCH_REPLY_TERMINAL comes
/// under the number that `out_request` gets.
///
/// Threads, blocking and errors as of `orch_peer_batch`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_query(
    engine: *mut orch_engine,
    peer: u64,
    terminal: u64,
    out_request: *mut u64,
) -> i32 {
    // SAFETY: the caller vouches for the pointers.
    unsafe { ask(engine, peer, || Ok(RemoteRequest::Query { terminal }), out_request) }
}

/// Has the other engine watch files in one of its granted directories, by an absolute path; they appear in the
/// copy of its state. It ends with the connection. ORCH_REPLY_WATCHING comes under the number that
/// `out_request` gets.
///
/// Threads, blocking and errors as of `orch_peer_batch`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_watch(
    engine: *mut orch_engine,
    peer: u64,
    path: orch_bytes,
    out_request: *mut u64,
) -> i32 {
    let request = || {
        // SAFETY: the caller vouches for the bytes.
        let path = unsafe { sized::bytes(path.data, path.len) }?.to_owned();
        Ok(RemoteRequest::Watch { path })
    };
    // SAFETY: the caller vouches for the pointers.
    unsafe { ask(engine, peer, request, out_request) }
}

/// Ends a watch that was asked for on this connection. ORCH_REPLY_DONE comes under the number that
/// `out_request` gets.
///
/// Threads, blocking and errors as of `orch_peer_batch`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_unwatch(
    engine: *mut orch_engine,
    peer: u64,
    watch: u64,
    out_request: *mut u64,
) -> i32 {
    // SAFETY: the caller vouches for the pointers.
    unsafe { ask(engine, peer, || Ok(RemoteRequest::Unwatch { watch }), out_request) }
}

/// Changes sessions and panes of another engine: operations as of `orch_state_change`, all of them or none. Bases
/// are versions of entries in the copy. Everything is copied. ORCH_PEER_APPLIED or ORCH_PEER_REJECTED comes
/// under the number that `out_change` gets; when ORCH_PEER_APPLIED is read, the effect is in the copy.
///
/// Threads, blocking and errors as of `orch_peer_batch`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_change(
    engine: *mut orch_engine,
    peer: u64,
    ops: *const orch_state_op,
    count: usize,
    stride: usize,
    out_change: *mut u64,
) -> i32 {
    let change = |inner: &mut Inner| {
        sized::check_pointer(out_change)?;
        // SAFETY: the caller vouches for the array and what it points to.
        let set = unsafe { ops_from(ops, count, stride) }?.map_err(|(_, error)| error)?;
        let number = inner.engine.peer_change(PeerId::from_u64(peer), &set)?;
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_change, number) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, change) }
}
