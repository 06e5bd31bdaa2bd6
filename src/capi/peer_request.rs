//! Peers: requests to other engines.

use super::argument::unknown;
use super::types::NO_BYTES;
use super::types::NO_SIZE;
use super::types::orch_bytes;
use super::types::orch_size;
use std::mem::size_of;
use std::ptr;
use std::time::Duration;

use super::argument;
use super::batch::*;
use super::guard::{Inner, on_engine, orch_engine};
use super::line::orch_line_position;
use super::peer_file::orch_peer_file_version;
use super::search::{ORCH_SEARCH_IGNORE_CASE, ORCH_SEARCH_REGEX, orch_search_flags};
use super::sized::{self, SizedStruct, size_through};
use super::state_op::{ops_from, orch_state_op};
use super::status::*;
use crate::error::{Error, Result};
use crate::{PeerId, RemoteOp, RemoteRequest, Size};

/// The kind of a request.
pub type orch_request_kind = u32;
/// Does the operations `ops`. They are ORCH_OP_INPUT, ORCH_OP_PASTE, ORCH_OP_RESIZE, ORCH_OP_SIGNAL (to
/// ORCH_SIGNAL_FOREGROUND), ORCH_OP_CLEAR, ORCH_OP_INTERRUPT, ORCH_OP_EOF and ORCH_OP_CLOSE. If one fails, those after
/// it for the same terminal are skipped. ORCH_OP_RESIZE of an attached terminal is as `orch_peer_set_grid`; of another
/// one it changes the size, in cells. The reply is ORCH_REPLY_RESULTS.
pub const ORCH_REQUEST_BATCH: orch_request_kind = 1;
/// Starts the program of `profile` in the directory `cwd` and with the size `window`. The reply is
/// ORCH_REPLY_SPAWNED.
pub const ORCH_REQUEST_SPAWN: orch_request_kind = 2;
/// Searches the screen and the scrollback of `terminal` for `pattern`, with `flags` and `matches_max`. The reply
/// is ORCH_REPLY_MATCHES.
pub const ORCH_REQUEST_SEARCH: orch_request_kind = 3;
/// Asks for everything that is known of `terminal` now. The reply is ORCH_REPLY_TERMINAL.
pub const ORCH_REQUEST_QUERY: orch_request_kind = 4;
/// Watches the files in `path`. They appear in the copy of the state. The watch ends with the connection. The
/// reply is ORCH_REPLY_WATCHING.
pub const ORCH_REQUEST_WATCH: orch_request_kind = 5;
/// Ends `watch`, which was requested on this connection. The reply is ORCH_REPLY_DONE.
pub const ORCH_REQUEST_UNWATCH: orch_request_kind = 6;
/// Changes sessions and panes by `changes`: all of the operations or none, as in `orch_state_change`. Bases are
/// versions of entries in the copy. ORCH_EVENT_PEER_APPLIED or ORCH_EVENT_PEER_REJECTED follows instead of a reply;
/// when ORCH_EVENT_PEER_APPLIED is read, the copy has the change.
pub const ORCH_REQUEST_CHANGE: orch_request_kind = 7;
/// Reads rows of the screen and the scrollback of `terminal`: up to `above` rows above the row that shows the place `from`,
/// and up to `rows_max` from that row on. At most 1,000 come, and fewer if they are large: neighbours, those nearest to
/// `from`. The reply is ORCH_REPLY_ROWS.
pub const ORCH_REQUEST_ROWS: orch_request_kind = 8;
/// Reads a part of the regular file `path`: `bytes_max` bytes from `offset` on. With `base`, the reply says whether the
/// file has changed since. The reply is ORCH_REPLY_SLICE.
pub const ORCH_REQUEST_READ: orch_request_kind = 9;
/// Asks for figures of the other engine and of the connection. The reply is ORCH_REPLY_STATS.
pub const ORCH_REQUEST_STATS: orch_request_kind = 10;

/// A request to another engine. Set fields that its kind does not name to 0. Everything is read during the call and
/// copied.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_request {
    /// `sizeof(orch_request)`.
    pub size: usize,
    /// One of ORCH_REQUEST_*.
    pub kind: orch_request_kind,
    /// ORCH_REQUEST_SEARCH: sum of ORCH_SEARCH_REGEX and ORCH_SEARCH_IGNORE_CASE.
    pub flags: orch_search_flags,
    /// ORCH_REQUEST_SEARCH, ORCH_REQUEST_QUERY, ORCH_REQUEST_ROWS: the terminal.
    pub terminal: u64,
    /// ORCH_REQUEST_BATCH: the operations; elements lie `op_stride` bytes apart.
    pub ops: *const orch_op,
    /// Elements of `ops`.
    pub op_count: usize,
    /// `sizeof(orch_op)`.
    pub op_stride: usize,
    /// ORCH_REQUEST_CHANGE: the operations; elements lie `change_stride` bytes apart.
    pub changes: *const orch_state_op,
    /// Elements of `changes`.
    pub change_count: usize,
    /// `sizeof(orch_state_op)`.
    pub change_stride: usize,
    /// ORCH_REQUEST_SPAWN: the name of a profile of the other engine (`orch_profile_set`); UTF-8.
    pub profile: orch_bytes,
    /// ORCH_REQUEST_SPAWN: the working directory, inside a granted one (`orch_directory_set_granted`). No bytes (the
    /// default): that of the profile.
    pub cwd: orch_bytes,
    /// ORCH_REQUEST_SPAWN: the size in cells; pixels are ignored. 0 columns and 0 rows (the default): that of the
    /// profile.
    pub window: orch_size,
    /// ORCH_REQUEST_SEARCH: text, or with ORCH_SEARCH_REGEX an expression; UTF-8.
    pub pattern: orch_bytes,
    /// ORCH_REQUEST_WATCH, ORCH_REQUEST_READ: an absolute path inside a granted directory.
    pub path: orch_bytes,
    /// ORCH_REQUEST_UNWATCH: the watch of the other engine.
    pub watch: u64,
    /// ORCH_REQUEST_SEARCH: the most matches, at most 10,000. 0 (the default): 1,000.
    pub matches_max: u32,
    /// Must be 0.
    pub reserved: u32,
    /// ORCH_REQUEST_READ: offset of the first byte.
    pub offset: u64,
    /// ORCH_REQUEST_READ: `version` of an earlier slice. NULL (the default): none.
    pub base: *const orch_peer_file_version,
    /// ORCH_REQUEST_READ: the most bytes, at most 262,144. 0 (the default): 65,536.
    pub bytes_max: u32,
    /// Must be 0.
    pub reserved_read: u32,
    /// ORCH_REQUEST_ROWS: a place in the scrollback or on the screen; a `line` of ORCH_LINE_NONE is the top row of the
    /// screen. A place that is no longer kept is taken as the oldest row.
    pub from: orch_line_position,
    /// ORCH_REQUEST_ROWS: rows above the row that shows `from`.
    pub above: u32,
    /// ORCH_REQUEST_ROWS: rows from that row on.
    pub rows_max: u32,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_request {
    const FIRST_SIZE: usize = size_through!(orch_request, reserved, u32);
    fn defaults() -> Self {
        orch_request {
            size: size_of::<Self>(),
            kind: 0,
            flags: 0,
            terminal: 0,
            ops: ptr::null(),
            op_count: 0,
            op_stride: 0,
            changes: ptr::null(),
            change_count: 0,
            change_stride: 0,
            profile: NO_BYTES,
            cwd: NO_BYTES,
            window: NO_SIZE,
            pattern: NO_BYTES,
            path: NO_BYTES,
            watch: 0,
            matches_max: 0,
            reserved: 0,
            offset: 0,
            base: ptr::null(),
            bytes_max: 0,
            reserved_read: 0,
            from: orch_line_position { line: 0, col: 0 },
            above: 0,
            rows_max: 0,
        }
    }
}

/// For ORCH_REQUEST_BATCH only: types the interrupt character and discards output that was not yet sent to this engine.
pub const ORCH_OP_INTERRUPT: orch_op_kind = 8;
/// For ORCH_REQUEST_BATCH only: ends the input.
pub const ORCH_OP_EOF: orch_op_kind = 9;
/// For ORCH_REQUEST_BATCH only: sends SIGHUP, and SIGKILL after `value` milliseconds.
pub const ORCH_OP_CLOSE: orch_op_kind = 10;

impl orch_request {
    /// The request as Rust takes it, of every kind but ORCH_REQUEST_CHANGE.
    ///
    /// # Safety
    /// The pointers are as the header describes them.
    unsafe fn to_remote(self) -> Result<RemoteRequest> {
        Ok(match self.kind {
            // SAFETY: passed on from the caller.
            ORCH_REQUEST_BATCH => unsafe { self.to_batch() }?,
            // SAFETY: passed on from the caller.
            ORCH_REQUEST_SPAWN => unsafe { self.to_spawn() }?,
            ORCH_REQUEST_SEARCH => {
                let known = ORCH_SEARCH_REGEX | ORCH_SEARCH_IGNORE_CASE;
                sized::check_flags("orch_request.flags", self.flags, known)?;
                // SAFETY: passed on from the caller.
                let pattern = unsafe { argument::text("orch_request.pattern", self.pattern) }?;
                RemoteRequest::Search {
                    terminal: self.terminal,
                    pattern: pattern.to_owned(),
                    regex: self.flags & ORCH_SEARCH_REGEX != 0,
                    ignore_case: self.flags & ORCH_SEARCH_IGNORE_CASE != 0,
                    max: self.matches_max,
                }
            }
            ORCH_REQUEST_ROWS => RemoteRequest::Rows {
                terminal: self.terminal,
                from: self.from.to_position(),
                above: self.above,
                max: self.rows_max,
            },
            ORCH_REQUEST_QUERY => RemoteRequest::Query { terminal: self.terminal },
            ORCH_REQUEST_WATCH => {
                // SAFETY: passed on from the caller.
                let path = unsafe { argument::bytes("orch_request.path", self.path) }?;
                RemoteRequest::Watch { path: path.to_owned() }
            }
            ORCH_REQUEST_STATS => RemoteRequest::Stats,
            ORCH_REQUEST_UNWATCH => RemoteRequest::Unwatch { watch: self.watch },
            // SAFETY: passed on from the caller.
            ORCH_REQUEST_READ => unsafe { self.to_read() }?,
            other => return Err(unknown("orch_request.kind", other)),
        })
    }

    /// # Safety
    /// As [`to_remote`](Self::to_remote).
    unsafe fn to_batch(self) -> Result<RemoteRequest> {
        let (ops, stride) = (self.ops, self.op_stride);
        argument::strided("orch_request.ops", ops, self.op_count, stride, orch_op::FIRST_SIZE)?;
        let op = |index| {
            let op = ops.wrapping_byte_add(index * stride).cast();
            // SAFETY: the caller vouches for the elements of the array.
            let c =
                unsafe { sized::read_element(op, stride, orch_op::FIRST_SIZE, orch_op::NOTHING) }?;
            // SAFETY: the caller vouches for what they point to.
            let op = unsafe { op_from(&c) };
            let named = |error| argument::in_name(&format!("operation {index}"), &error);
            Ok((c.terminal, op.map_err(named)?))
        };
        Ok(RemoteRequest::Batch((0..self.op_count).map(op).collect::<Result<_>>()?))
    }

    /// # Safety
    /// As [`to_remote`](Self::to_remote).
    unsafe fn to_read(self) -> Result<RemoteRequest> {
        argument::reserved("orch_request.reserved_read", self.reserved_read)?;
        // SAFETY: passed on from the caller.
        let path = unsafe { argument::bytes("orch_request.path", self.path) }?.to_owned();
        let count = usize::from(!self.base.is_null());
        // SAFETY: passed on from the caller.
        let base = unsafe { argument::array("orch_request.base", self.base, count) }?.first();
        let base = base.map(|base| base.to_remote());
        Ok(RemoteRequest::Read { path, offset: self.offset, max: self.bytes_max, base })
    }

    /// # Safety
    /// As [`to_remote`](Self::to_remote).
    unsafe fn to_spawn(self) -> Result<RemoteRequest> {
        // SAFETY: passed on from the caller.
        let profile = unsafe { argument::text("orch_request.profile", self.profile) }?.to_owned();
        // SAFETY: passed on from the caller.
        let cwd = unsafe { argument::bytes("orch_request.cwd", self.cwd) }?;
        let cwd = (!cwd.is_empty()).then(|| cwd.to_owned());
        let size = match (self.window.cols, self.window.rows) {
            (0, 0) => None,
            (0, _) | (_, 0) => {
                return Err(Error::invalid("orch_request.window: at least 1 column and 1 row"));
            }
            (cols, rows) => Some(Size::cells(cols, rows)),
        };
        Ok(RemoteRequest::Spawn { profile, cwd, size })
    }
}

/// An operation as Rust takes it.
///
/// # Safety
/// The bytes are as the header describes them.
unsafe fn op_from(c: &orch_op) -> Result<RemoteOp> {
    argument::reserved("orch_op.reserved", c.reserved)?;
    // SAFETY: passed on from the caller.
    let bytes = || unsafe { argument::array("orch_op.data", c.data.cast::<u8>(), c.len) };
    Ok(match c.kind {
        ORCH_OP_INPUT => RemoteOp::Input(bytes()?.to_owned()),
        ORCH_OP_PASTE => RemoteOp::Paste(bytes()?.to_owned()),
        ORCH_OP_RESIZE => RemoteOp::Resize(Size::cells(c.window.cols, c.window.rows)),
        ORCH_OP_SIGNAL if c.value == ORCH_SIGNAL_FOREGROUND => RemoteOp::Signal(c.signal),
        ORCH_OP_SIGNAL => return Err(unknown("orch_op.value: signal target", c.value)),
        ORCH_OP_CLEAR => RemoteOp::Clear,
        ORCH_OP_INTERRUPT => RemoteOp::Interrupt,
        ORCH_OP_EOF => RemoteOp::Eof,
        ORCH_OP_CLOSE => RemoteOp::Close { grace: Duration::from_millis(c.value.into()) },
        other => return Err(unknown("orch_op.kind", other)),
    })
}

/// Sends a request to a peer. `out_request` gets its number, and the reply comes as ORCH_EVENT_PEER_REPLY with that
/// number (with ORCH_REQUEST_CHANGE as ORCH_EVENT_PEER_APPLIED or ORCH_EVENT_PEER_REJECTED). A reply comes in any case:
/// if the connection is lost first, it is ORCH_REMOTE_DISCONNECTED. Numbers of one peer are never used again.
///
/// Owner thread. Does not wait. Errors: ORCH_E_DISCONNECTED without a connection; ORCH_E_LIMIT if 1,024 requests wait,
/// too much waits to be sent, or the request is too large for the other engine; ORCH_E_STALE_ID if there is no such
/// peer; ORCH_E_INVALID. After an error nothing was sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_request(
    engine: *mut orch_engine,
    peer: u64,
    request: *const orch_request,
    out_request: *mut u64,
) -> orch_status {
    let send = |inner: &mut Inner| {
        argument::output("out_request", out_request)?;
        // SAFETY: the caller vouches for the struct.
        let c = unsafe { sized::read(request, false) }?;
        argument::reserved("orch_request.reserved", c.reserved)?;
        let peer = PeerId::from_u64(peer);
        let number = if c.kind == ORCH_REQUEST_CHANGE {
            // SAFETY: the caller vouches for the array and what it points to.
            let set = unsafe {
                ops_from("orch_request.changes", c.changes, c.change_count, c.change_stride)
            }?;
            inner.engine.peer_change(peer, &set.map_err(|(_, error)| error)?)?
        } else {
            // SAFETY: the caller vouches for what it points to.
            let request = unsafe { c.to_remote() }?;
            inner.engine.peer_request(peer, &request)?
        };
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_request, number) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, send) }
}
