//! Peers: terminals of other engines.

use super::argument::unknown;
use super::types::NO_SIZE;
use super::types::orch_size;
use std::ffi::c_void;
use std::mem::size_of;

use super::argument;
use super::guard::{Inner, on_engine, orch_engine};
use super::options::*;
use super::sized::{self, SizedStruct, size_through};
use super::status::*;
use crate::error::Result;
use crate::{PeerId, RemoteAttach, RemoteMode, RemoteStart, Size};

/// How to follow a terminal of another engine. All zeroes but `size` are the defaults.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_peer_attach_options {
    /// `sizeof(orch_peer_attach_options)`.
    pub size: usize,
    /// ORCH_DELIVERY_LOSSLESS (the default): every byte, and this host exerts backpressure on the program. If other
    /// readers have to wait for it for more than 500 ms, it gets a snapshot or a gap instead.
    /// ORCH_DELIVERY_LOSSY: the program never waits; bytes that come too fast are reported as a gap.
    /// ORCH_DELIVERY_SCREEN: the changes of the screen instead of bytes.
    pub mode: orch_delivery,
    /// Where the output begins: ORCH_START_DEFAULT, ORCH_START_OLDEST, ORCH_START_NOW, ORCH_START_SNAPSHOT, or
    /// ORCH_START_RESUME (at `offset` if that is still kept, else with a snapshot or a gap). After a lost connection
    /// the output resumes where it was.
    pub start: orch_start,
    /// ORCH_START_RESUME: the offset in bytes since the terminal's start.
    pub offset: u64,
    /// The most bytes that are in flight or unread; the other engine bounds it. 0 (the default): 256 KiB.
    pub window: u64,
    /// ORCH_START_SNAPSHOT: the most rows of scrollback.
    pub scrollback: u32,
    /// Must be 0.
    pub reserved: u32,
    /// The columns and rows of the window that shows the terminal. The terminal gets this size if the size policy
    /// there (ORCH_SIZE_POLICY_*) says so. Pixels are ignored. 0 columns and 0 rows (the default): no size is reported,
    /// and the terminal keeps its size.
    pub grid: orch_size,
}

// SAFETY: repr(C), `size` first, integers only.
unsafe impl SizedStruct for orch_peer_attach_options {
    const FIRST_SIZE: usize = size_through!(orch_peer_attach_options, reserved, u32);
    fn defaults() -> Self {
        orch_peer_attach_options {
            size: size_of::<Self>(),
            mode: ORCH_DELIVERY_LOSSLESS,
            start: ORCH_START_DEFAULT,
            offset: 0,
            window: 0,
            scrollback: 0,
            reserved: 0,
            grid: NO_SIZE,
        }
    }
}

fn attach_from(c: orch_peer_attach_options) -> Result<RemoteAttach> {
    argument::reserved("orch_peer_attach_options.reserved", c.reserved)?;
    let mode = match c.mode {
        ORCH_DELIVERY_LOSSLESS => RemoteMode::Lossless,
        ORCH_DELIVERY_LOSSY => RemoteMode::Lossy,
        ORCH_DELIVERY_SCREEN => RemoteMode::Screen,
        other => return Err(unknown("orch_peer_attach_options.mode", other)),
    };
    let start = match c.start {
        ORCH_START_DEFAULT => RemoteStart::Default,
        ORCH_START_OLDEST => RemoteStart::Oldest,
        ORCH_START_NOW => RemoteStart::Now,
        ORCH_START_RESUME => RemoteStart::Offset(c.offset),
        ORCH_START_SNAPSHOT => RemoteStart::Snapshot(c.scrollback),
        other => return Err(unknown("orch_peer_attach_options.start", other)),
    };
    let is_reported = (c.grid.cols, c.grid.rows) != (0, 0);
    let grid = is_reported.then(|| Size::cells(c.grid.cols, c.grid.rows));
    Ok(RemoteAttach { mode, start, window: c.window, grid })
}

/// Attaches to a terminal of a peer, or changes how it is attached. Without a connection this is done once there is one.
/// The attachment stays when the connection is lost and made again. `options` may be NULL for the defaults.
/// ORCH_EVENT_PEER_ATTACHED follows, or ORCH_EVENT_PEER_DETACHED if there is no such terminal.
///
/// Owner thread. Does not wait. Errors: ORCH_E_STALE_ID if there is no such peer, ORCH_E_LIMIT, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_attach(
    engine: *mut orch_engine,
    peer: u64,
    terminal: u64,
    options: *const orch_peer_attach_options,
) -> orch_status {
    let attach = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        let options = attach_from(unsafe { sized::read(options, true) }?)?;
        inner.engine.peer_attach(PeerId::from_u64(peer), terminal, &options)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, attach) }
}

/// Reports the columns and rows of the window that shows a terminal of a peer, as `orch_peer_attach_options.grid` does;
/// the attachment stays. Without a connection they are reported with the next one. If the other engine refuses them,
/// ORCH_EVENT_PEER_PROBLEM comes.
///
/// Owner thread. Does not wait. Errors: ORCH_E_STALE_ID if there is no such peer or the terminal is not attached,
/// ORCH_E_INVALID without columns or rows, ORCH_E_LIMIT if too much waits to be sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_set_grid(
    engine: *mut orch_engine,
    peer: u64,
    terminal: u64,
    grid: orch_size,
) -> orch_status {
    let set = |inner: &mut Inner| {
        let grid = Size::cells(grid.cols, grid.rows);
        inner.engine.peer_set_grid(PeerId::from_u64(peer), terminal, grid)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, set) }
}

/// Looks at what is `rows` rows above the top of a terminal of a peer that is attached with ORCH_DELIVERY_SCREEN, at most as
/// many as there are; 0: at the screen. A full ORCH_EVENT_PEER_SCREEN with its `viewport` follows. The view stays with its
/// text. After the connection was made anew it is at the screen.
///
/// Owner thread. Does not wait. Errors: ORCH_E_DISCONNECTED without a connection; ORCH_E_STALE_ID if there is no such
/// peer or the terminal is not attached; ORCH_E_INVALID with another delivery; ORCH_E_LIMIT if too much waits to be sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_scroll(
    engine: *mut orch_engine,
    peer: u64,
    terminal: u64,
    rows: u32,
) -> orch_status {
    let scroll = |inner: &mut Inner| {
        inner.engine.peer_scroll(PeerId::from_u64(peer), terminal, rows)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, scroll) }
}

/// Detaches from a terminal of a peer. Events that came before are still reported, then ORCH_EVENT_PEER_DETACHED.
///
/// Owner thread. Does not wait. Errors: ORCH_E_STALE_ID if there is no such peer or the terminal is not attached.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_detach(
    engine: *mut orch_engine,
    peer: u64,
    terminal: u64,
) -> orch_status {
    let detach = |inner: &mut Inner| {
        inner.engine.peer_detach(PeerId::from_u64(peer), terminal)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, detach) }
}

/// Types into a terminal of a peer: all of the bytes are queued, or none. The bytes are copied. No answer comes; if the
/// other engine refuses the input, ORCH_EVENT_PEER_PROBLEM comes.
///
/// Owner thread. Does not wait. Errors: ORCH_E_DISCONNECTED without a connection, ORCH_E_LIMIT if too much waits to be
/// sent, ORCH_E_STALE_ID if there is no such peer, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_write(
    engine: *mut orch_engine,
    peer: u64,
    terminal: u64,
    data: *const c_void,
    len: usize,
) -> orch_status {
    let write = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the bytes.
        let bytes = unsafe { argument::array("data", data.cast::<u8>(), len) }?;
        inner.engine.peer_write(PeerId::from_u64(peer), terminal, bytes)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, write) }
}
