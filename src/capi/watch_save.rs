//! File watches: the tree as bytes, for a later watch.

use super::argument;
use super::guard::{Inner, on_engine, orch_engine};
use super::sized;
use super::status::*;
use super::types::orch_bytes;
use crate::error::Result;
use crate::{WatchId, WatchSave};

/// Changes that are saved by one call where none are named.
const CHANGES: usize = 4096;

/// How far a watch's tree has been saved. All 0: nothing. Its fields are the library's.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_save_cursor {
    /// The epoch that the rest belongs to.
    pub epoch: u64,
    /// Where the reading began.
    pub base: u64,
    /// Everything up to here has been saved.
    pub position: u64,
    /// Of the bytes so far.
    pub checksum: u64,
    /// 0 before the first part, 1 after it, 2 after the last one.
    pub phase: u64,
}

/// Saves a part of a watch's tree, at most `max` changes (0: 4,096; some 60 bytes each): `out_bytes` are the bytes
/// of this part, to be written behind those of the part before. Call it again with the same cursor, all 0 at
/// first, while `out_more` is 1, also over several turns; what changes meanwhile is in a later part. When it is
/// 0 the bytes are whole: `since` of orch_watch_options takes them. Batches that are unread are contained in them,
/// so read those first. The form is described in docs/SAVED.md.
///
/// Lent until the next question about a watch on this engine. Owner thread. Errors: ORCH_E_STALE_ID;
/// ORCH_E_INVALID before the watch is ready, and for a cursor that was begun with another watch. The outputs
/// and the cursor are untouched then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_watch_save(
    engine: *mut orch_engine,
    watch: u64,
    cursor: *mut orch_save_cursor,
    max: usize,
    out_bytes: *mut orch_bytes,
    out_more: *mut u32,
) -> orch_status {
    let save = |inner: &mut Inner| -> Result<i32> {
        argument::output("cursor", cursor)?;
        argument::output("out_bytes", out_bytes)?;
        argument::output("out_more", out_more)?;
        // SAFETY: the pointer was checked; the caller vouches that it is readable.
        let c = unsafe { cursor.read_unaligned() };
        let mut save = WatchSave::from_raw([c.epoch, c.base, c.position, c.checksum, c.phase])?;
        let max = if max == 0 { CHANGES } else { max };
        let mut part = Vec::new();
        let more = inner.engine.save_watch(WatchId::from_u64(watch), &mut save, max, &mut part)?;
        inner.files.saved = part;
        let [epoch, base, position, checksum, phase] = save.to_raw();
        let at = orch_save_cursor { epoch, base, position, checksum, phase };
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_bytes, sized::lend(&inner.files.saved)) };
        // SAFETY: the same.
        unsafe { sized::put(out_more, u32::from(more)) };
        // SAFETY: the same.
        unsafe { sized::put(cursor, at) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, save) }
}
