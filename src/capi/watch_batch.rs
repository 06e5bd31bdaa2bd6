//! File watches: batches of events.

use std::mem::size_of;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use super::lent::{Lendable, Lent, poison, poison_all};
use super::types::{NO_BYTES, orch_bytes};
use super::watch_tree::orch_file_flags;
use super::watch_tree::orch_file_type;
use super::watch_tree::{
    ORCH_FILE_FLAG_IGNORED, ORCH_FILE_FLAG_REPLACED, orch_file_version, path_bytes,
};
use crate::FileBatch;

/// What happened to a file.
pub type orch_file_event_kind = u32;
/// The entry is new.
pub const ORCH_FILE_EVENT_CREATE: orch_file_event_kind = 1;
/// Its content is different; with ORCH_FILE_FLAG_REPLACED it is another file under the same name,
/// as atomic saves leave it.
pub const ORCH_FILE_EVENT_MODIFY: orch_file_event_kind = 2;
/// Only its attributes are different: permissions, owner, number of links.
pub const ORCH_FILE_EVENT_METADATA: orch_file_event_kind = 3;
/// It was opened for writing and closed, and looks as before.
pub const ORCH_FILE_EVENT_TOUCH: orch_file_event_kind = 4;
/// It is gone. What was in a directory is deleted before it.
pub const ORCH_FILE_EVENT_DELETE: orch_file_event_kind = 5;
/// It was at `from` before, and what is in it moved along; with ORCH_FILE_FLAG_REPLACED it took the
/// place of a file.
pub const ORCH_FILE_EVENT_RENAME: orch_file_event_kind = 6;

/// One change of a file.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_file_event {
    /// One of ORCH_FILE_EVENT_CREATE and the like.
    pub kind: orch_file_event_kind,
    /// What it is, or was: one of ORCH_FILE_TYPE_FILE and the like.
    pub file_type: orch_file_type,
    /// Sum of ORCH_FILE_FLAG_IGNORED and ORCH_FILE_FLAG_REPLACED.
    pub flags: orch_file_flags,
    /// Always 0.
    pub reserved: u32,
    /// Which entry of the tree.
    pub id: u64,
    /// The absolute path, not necessarily UTF-8; after a rename the new one.
    pub path: orch_bytes,
    /// ORCH_FILE_EVENT_RENAME: the path before.
    pub from: orch_bytes,
}

/// Changes in one directory that are not listed, counted. An event is counted in the directory in which its
/// entry is after the batch, or in which it was deleted. A summary without any count names a directory that
/// entries were renamed out of; the renames are counted where they lead.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_file_summary {
    /// The absolute path of the directory, after the batch.
    pub dir: orch_bytes,
    /// Entries that are new.
    pub created: usize,
    /// Entries that were modified or touched, or have other attributes.
    pub modified: usize,
    /// Entries that are gone.
    pub deleted: usize,
    /// Entries that were renamed to here.
    pub renamed: usize,
    /// 1: directories below it are counted in.
    pub recursive: u32,
    /// Always 0.
    pub reserved: u32,
}

/// What changed in one flush. Applying the events in their order to a copy of the tree as it was after the
/// batch before always works.
///
/// With summaries, the events that are left can still be applied in their order, where a deletion of a
/// directory takes along what is in it; wherever the result differs from the tree, a summary names the
/// directory. `event_count` and the counts of all summaries together are `original_events`.
/// `orch_watch_get_changes` gives the exact difference.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_watch_batch {
    /// The version of the tree after the batch.
    pub version: orch_file_version,
    /// 1: the tree equals the disk as far as events are known; 0: directories are still being listed, and
    /// more batches follow.
    pub complete: u32,
    /// Always 0.
    pub reserved: u32,
    /// The changes; elements lie `event_stride` bytes apart (`orch_element_at`).
    pub events: *const orch_file_event,
    /// How many.
    pub event_count: usize,
    /// Bytes from one to the next.
    pub event_stride: usize,
    /// What was counted instead of listed; elements lie `summary_stride` bytes apart
    /// (`orch_element_at`).
    pub summaries: *const orch_file_summary,
    /// How many.
    pub summary_count: usize,
    /// Bytes from one to the next.
    pub summary_stride: usize,
    /// How many events there were before some were counted in summaries.
    pub original_events: usize,
    /// How many names came and went again before anybody looked.
    pub vanished: u64,
}

const NO_BATCH: orch_event_watch_batch = orch_event_watch_batch {
    version: orch_file_version { epoch: 0, n: 0 },
    complete: 0,
    reserved: 0,
    events: ptr::null(),
    event_count: 0,
    event_stride: size_of::<orch_file_event>(),
    summaries: ptr::null(),
    summary_count: 0,
    summary_stride: size_of::<orch_file_summary>(),
    original_events: 0,
    vanished: 0,
};

/// A batch in C's form, lent until the next event. The paths stay where the engine has them; a debug build
/// lends copies and overwrites them when the loan ends.
pub(super) struct BatchLoan {
    batch: orch_event_watch_batch,
    events: Vec<orch_file_event>,
    summaries: Vec<orch_file_summary>,
    paths: Vec<u8>,
}

impl Default for BatchLoan {
    fn default() -> Self {
        BatchLoan { batch: NO_BATCH, events: Vec::new(), summaries: Vec::new(), paths: Vec::new() }
    }
}

impl BatchLoan {
    /// Ends the loan.
    pub(super) fn end(&mut self) {
        if cfg!(debug_assertions) {
            poison(&mut self.batch);
            poison_all(&mut self.events);
            poison_all(&mut self.summaries);
            self.paths.fill(Lent::POISON);
        }
    }

    /// Lends a batch; what it points to stays until [`end`](Self::end) or the next loan.
    pub(super) fn lend(&mut self, batch: &FileBatch) -> &orch_event_watch_batch {
        self.end();
        self.paths.clear();
        if cfg!(debug_assertions) {
            // Room for all copies, so that none of them moves.
            let events = batch.events().map(|event| {
                event.path.as_os_str().len() + event.from.map_or(0, |from| from.as_os_str().len())
            });
            let dirs = batch.summaries().map(|summary| summary.dir.as_os_str().len());
            self.paths.reserve(events.sum::<usize>() + dirs.sum::<usize>());
        }
        self.events.clear();
        for event in batch.events() {
            let ignored = if event.ignored { ORCH_FILE_FLAG_IGNORED } else { 0 };
            let replaced = if event.replaced { ORCH_FILE_FLAG_REPLACED } else { 0 };
            let path = self.path(event.path);
            let from = event.from.map_or(NO_BYTES, |from| self.path(from));
            self.events.push(orch_file_event {
                kind: event.kind as u32,
                file_type: event.file_type as u32,
                flags: ignored | replaced,
                reserved: 0,
                id: event.id.to_u64(),
                path,
                from,
            });
        }
        self.summaries.clear();
        for summary in batch.summaries() {
            let dir = self.path(summary.dir);
            self.summaries.push(orch_file_summary {
                dir,
                created: summary.created,
                modified: summary.modified,
                deleted: summary.deleted,
                renamed: summary.renamed,
                recursive: summary.recursive.into(),
                reserved: 0,
            });
        }
        self.batch = orch_event_watch_batch {
            version: batch.version().into(),
            complete: batch.is_complete().into(),
            events: self.events.as_ptr(),
            event_count: self.events.len(),
            summaries: self.summaries.as_ptr(),
            summary_count: self.summaries.len(),
            original_events: batch.original_events(),
            vanished: batch.vanished(),
            ..NO_BATCH
        };
        &self.batch
    }

    fn path(&mut self, path: &Path) -> orch_bytes {
        if !cfg!(debug_assertions) {
            return path_bytes(path);
        }
        let start = self.paths.len();
        self.paths.extend_from_slice(path.as_os_str().as_bytes());
        super::sized::lend(&self.paths[start..])
    }
}

// SAFETY: integers and raw pointers only, in all of them.
unsafe impl Lendable for orch_event_watch_batch {}
// SAFETY: as above.
unsafe impl Lendable for orch_file_event {}
// SAFETY: as above.
unsafe impl Lendable for orch_file_summary {}
