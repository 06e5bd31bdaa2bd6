//! File watches: the tree, what changed in it, and what is known of a watch.

use std::ffi::c_void;
use std::mem::size_of;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;

use super::guard::{Inner, on_engine, orch_engine};
use super::options::orch_bytes;
use super::sized::{self, SizedStruct, size_through};
use super::status::*;
use crate::{FileChanges, FileCursor, FileEntry, FileVersion, WatchId, WatchState};

/// File type: a regular file.
pub const ORCH_FILE_TYPE_FILE: u32 = 1;
/// File type: a directory.
pub const ORCH_FILE_TYPE_DIRECTORY: u32 = 2;
/// File type: a symbolic link; what it leads to is not looked at.
pub const ORCH_FILE_TYPE_SYMLINK: u32 = 3;
/// File type: a device, a fifo or a socket.
pub const ORCH_FILE_TYPE_OTHER: u32 = 4;

/// Problem: none.
pub const ORCH_WATCH_PROBLEM_NONE: u32 = 0;
/// Problem: a directory must not be read or searched, also one above a root; what was known of it stays.
pub const ORCH_WATCH_PROBLEM_UNREADABLE: u32 = 1;
/// Problem: the system has no inotify watch left (fs.inotify.max_user_watches); what has none is polled.
pub const ORCH_WATCH_PROBLEM_OUT_OF_WATCHES: u32 = 2;
/// Problem: there are as many entries as are allowed; some are left out.
pub const ORCH_WATCH_PROBLEM_TOO_MANY_ENTRIES: u32 = 3;
/// Problem: the kernel dropped events (fs.inotify.max_queued_events); everything is listed again.
pub const ORCH_WATCH_PROBLEM_EVENTS_LOST: u32 = 4;
/// Problem: a root is gone. It is found again when it comes back.
pub const ORCH_WATCH_PROBLEM_ROOT_GONE: u32 = 5;
/// Problem: the system refused to open or list a directory; it is tried again.
pub const ORCH_WATCH_PROBLEM_REFUSED: u32 = 6;
/// Problem: there are more ignore rules than are read; the rest of their file does not count.
pub const ORCH_WATCH_PROBLEM_TOO_MANY_RULES: u32 = 7;
/// Problem: a directory is in two roots at once, by a symbolic link or a bind mount; its content is in the other one.
pub const ORCH_WATCH_PROBLEM_ROOTS_OVERLAP: u32 = 8;
/// Problem: the saved tree in `since` of orch_watch_options is damaged, of another version of the form, of other
/// roots, or too large: the watch begins afresh. Comes as a warning only; `save_problem` of the state says which.
pub const ORCH_WATCH_PROBLEM_SAVE_UNUSABLE: u32 = 9;

/// Why a saved tree is of no use: it is not.
pub const ORCH_SAVE_PROBLEM_NONE: u32 = 0;
/// Why a saved tree is of no use: it is none, or not the whole of one, or some of its bytes are others.
pub const ORCH_SAVE_PROBLEM_DAMAGED: u32 = 1;
/// Why a saved tree is of no use: it was saved in another version of the form.
pub const ORCH_SAVE_PROBLEM_OTHER_VERSION: u32 = 2;
/// Why a saved tree is of no use: it is of other roots.
pub const ORCH_SAVE_PROBLEM_OTHER_ROOTS: u32 = 3;
/// Why a saved tree is of no use: it has more entries than the watch may hold.
pub const ORCH_SAVE_PROBLEM_TOO_MANY_ENTRIES: u32 = 4;

/// A state of a watch's tree. Versions of different epochs do not compare.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_file_version {
    /// Chosen at random for each watch, below 2^53.
    pub epoch: u64,
    /// Changes so far; grows with every batch that has events.
    pub n: u64,
}

impl From<FileVersion> for orch_file_version {
    fn from(version: FileVersion) -> Self {
        orch_file_version { epoch: version.epoch, n: version.n }
    }
}

/// How far a host has read the changes of a watch. All 0: nothing, so that it gets the whole tree. Its
/// fields are the library's.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_file_cursor {
    /// The epoch that the rest belongs to.
    pub epoch: u64,
    /// Where the reading began.
    pub base: u64,
    /// Everything up to here has been read.
    pub position: u64,
}

/// File flag: a directory that is one entry: what is in it is not watched.
pub const ORCH_FILE_FLAG_IGNORED: u32 = 1;
/// File flag: another file has taken the place of this one, or it has taken the place of another one.
pub const ORCH_FILE_FLAG_REPLACED: u32 = 2;

/// An entry of a watch's tree.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_file_entry {
    /// Names it as long as it exists, renames included.
    pub id: u64,
    /// The directory that it is in; 0 for a root.
    pub parent: u64,
    /// Its absolute path, not necessarily UTF-8.
    pub path: orch_bytes,
    /// Bytes; 0 for a directory.
    pub bytes: u64,
    /// Last change of the content in nanoseconds since 1970; 0 for a directory.
    pub modified_ns: i64,
    /// Number on its device.
    pub inode: u64,
    /// One of ORCH_FILE_TYPE_FILE and the like.
    pub file_type: u32,
    /// ORCH_FILE_FLAG_IGNORED or 0.
    pub flags: u32,
    /// Type and permission bits as in `st_mode`.
    pub mode: u32,
    /// Always 0.
    pub reserved: u32,
}

/// What changed since a cursor. To bring a copy up to date: if `full`, empty it; take out the removed ids;
/// put in each entry under its id, in place of what it was. While `more` is 1 the copy is between two
/// versions, and entries may have parents that come later. A directory that is renamed is told alone: paths
/// of what is in it follow from parents and names.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_file_changes {
    /// `sizeof(orch_file_changes)`, set by the host.
    pub size: usize,
    /// The version that this leads to.
    pub version: orch_file_version,
    /// 1: the cursor was too old or of another epoch; this begins with an empty tree.
    pub full: u32,
    /// 1: there is more to read at once.
    pub more: u32,
    /// Ids of entries that are gone; the host may never have known some of them.
    pub removed: *const u64,
    /// How many.
    pub removed_count: usize,
    /// Entries that are new or different; they lie `entry_stride` bytes apart (`orch_file_entry_at`).
    pub entries: *const orch_file_entry,
    /// How many.
    pub entry_count: usize,
    /// Bytes from one to the next.
    pub entry_stride: usize,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_file_changes {
    const FIRST_SIZE: usize = size_through!(orch_file_changes, entry_stride, usize);
    fn defaults() -> Self {
        orch_file_changes {
            size: size_of::<Self>(),
            version: orch_file_version { epoch: 0, n: 0 },
            full: 0,
            more: 0,
            removed: ptr::null(),
            removed_count: 0,
            entries: ptr::null(),
            entry_count: 0,
            entry_stride: size_of::<orch_file_entry>(),
        }
    }
}

/// What questions about watches have lent.
#[derive(Default)]
pub(super) struct Files {
    changes: FileChanges,
    removed: Vec<u64>,
    entries: Vec<orch_file_entry>,
    roots: Vec<PathBuf>,
    root_bytes: Vec<orch_bytes>,
    /// A part of a saved tree.
    pub(super) saved: Vec<u8>,
}

/// A path as C gets it.
pub(super) fn path_bytes(path: &Path) -> orch_bytes {
    let bytes = path.as_os_str().as_bytes();
    orch_bytes { data: bytes.as_ptr().cast::<c_void>(), len: bytes.len() }
}

impl From<FileEntry<'_>> for orch_file_entry {
    fn from(entry: FileEntry<'_>) -> Self {
        orch_file_entry {
            id: entry.id.to_u64(),
            parent: entry.parent.map_or(0, |parent| parent.to_u64()),
            path: path_bytes(entry.path),
            bytes: entry.size,
            modified_ns: entry.modified_ns,
            inode: entry.inode,
            file_type: entry.kind as u32,
            flags: if entry.ignored { ORCH_FILE_FLAG_IGNORED } else { 0 },
            mode: entry.mode.into(),
            reserved: 0,
        }
    }
}

/// What changed in a watch's tree since `cursor`, at most `max` changes (0: 4,096); the cursor moves behind
/// them. A cursor of zeroes gets the whole tree; call again while `more` is 1, also over several turns.
/// Costs what changed. Batches up to the version that this leads to are contained in it. Set
/// `out_changes->size` before; it is left as it is.
///
/// Lent until the next question about a watch on this engine. Owner thread. Errors: ORCH_E_STALE_ID,
/// ORCH_E_INVALID; the cursor is untouched then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_watch_get_changes(
    engine: *mut orch_engine,
    watch: u64,
    cursor: *mut orch_file_cursor,
    max: usize,
    out_changes: *mut orch_file_changes,
) -> i32 {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_changes) }?;
        sized::check_pointer(cursor)?;
        // SAFETY: the pointer was checked; the caller vouches that it is readable.
        let c = unsafe { cursor.read_unaligned() };
        let mut at = FileCursor { epoch: c.epoch, base: c.base, position: c.position };
        let max = if max == 0 { 4096 } else { max };
        let files = &mut inner.files;
        let id = WatchId::from_u64(watch);
        inner.engine.file_changes(id, &mut at, max, &mut files.changes)?;
        files.removed = files.changes.removed.iter().map(|id| id.to_u64()).collect();
        files.entries = files.changes.entries().map(orch_file_entry::from).collect();
        let c = orch_file_changes {
            version: files.changes.version.into(),
            full: files.changes.full.into(),
            more: files.changes.more.into(),
            removed: files.removed.as_ptr(),
            removed_count: files.removed.len(),
            entries: files.entries.as_ptr(),
            entry_count: files.entries.len(),
            ..orch_file_changes::defaults()
        };
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_changes, &c) };
        let at = orch_file_cursor { epoch: at.epoch, base: at.base, position: at.position };
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(cursor, at) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// Watch state: the tree has been read for the first time.
pub const ORCH_WATCH_IS_READY: u32 = 1;
/// Watch state: nothing waits to be listed: the tree equals the disk as far as events are known.
pub const ORCH_WATCH_IS_COMPLETE: u32 = 2;
/// Watch state: everything is watched and nothing is left out.
pub const ORCH_WATCH_IS_HEALTHY: u32 = 4;

/// What is known of a watch.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_watch_state {
    /// `sizeof(orch_watch_state)`, set by the host.
    pub size: usize,
    /// The tag that the host gave it.
    pub tag: u64,
    /// The state of the tree.
    pub version: orch_file_version,
    /// The absolute paths of its roots.
    pub roots: *const orch_bytes,
    /// How many.
    pub root_count: usize,
    /// Sum of ORCH_WATCH_IS_*.
    pub flags: u32,
    /// The gravest problem at the moment, one of ORCH_WATCH_PROBLEM_*.
    pub problem: u32,
    /// Entries of the tree.
    pub entries: usize,
    /// Directories among them.
    pub directories: usize,
    /// Inotify watches in use for what is in the tree.
    pub kernel_watches: usize,
    /// Directories that are polled for want of a watch.
    pub polled_directories: usize,
    /// Directories that must not be read.
    pub unreadable_directories: usize,
    /// Directories that wait to be listed.
    pub waiting_directories: usize,
    /// Names that wait to be looked at.
    pub dirty_names: usize,
    /// Events that came from the kernel.
    pub kernel_events: u64,
    /// Events that were published.
    pub events: u64,
    /// Batches that were published.
    pub batches: u64,
    /// How often the kernel dropped events.
    pub overflows: u64,
    /// Inotify watches in use for the directories and symbolic links that the paths of the roots lead through.
    pub path_watches: usize,
    /// Why the saved tree that the watch was to begin with is of no use, one of ORCH_SAVE_PROBLEM_*.
    pub save_problem: u32,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_watch_state {
    const FIRST_SIZE: usize = size_through!(orch_watch_state, overflows, u64);
    fn defaults() -> Self {
        orch_watch_state {
            size: size_of::<Self>(),
            tag: 0,
            version: orch_file_version { epoch: 0, n: 0 },
            roots: ptr::null(),
            root_count: 0,
            flags: 0,
            problem: 0,
            entries: 0,
            directories: 0,
            kernel_watches: 0,
            polled_directories: 0,
            unreadable_directories: 0,
            waiting_directories: 0,
            dirty_names: 0,
            kernel_events: 0,
            events: 0,
            batches: 0,
            overflows: 0,
            path_watches: 0,
            save_problem: ORCH_SAVE_PROBLEM_NONE,
        }
    }
}

fn state_to_c(state: WatchState, files: &mut Files) -> orch_watch_state {
    let flags = [
        (state.ready, ORCH_WATCH_IS_READY),
        (state.complete, ORCH_WATCH_IS_COMPLETE),
        (state.healthy, ORCH_WATCH_IS_HEALTHY),
    ];
    files.roots = state.roots;
    files.root_bytes = files.roots.iter().map(|root| path_bytes(root)).collect();
    orch_watch_state {
        tag: state.tag,
        version: state.version.into(),
        roots: files.root_bytes.as_ptr(),
        root_count: files.root_bytes.len(),
        flags: flags.iter().filter(|(holds, _)| *holds).map(|(_, flag)| flag).sum(),
        problem: state.problem.map_or(ORCH_WATCH_PROBLEM_NONE, |problem| problem as u32),
        entries: state.entries,
        directories: state.directories,
        kernel_watches: state.kernel_watches,
        polled_directories: state.polled_directories,
        unreadable_directories: state.unreadable_directories,
        waiting_directories: state.waiting_directories,
        dirty_names: state.dirty_names,
        kernel_events: state.kernel_events,
        events: state.events,
        batches: state.batches,
        overflows: state.overflows,
        path_watches: state.path_watches,
        save_problem: state.save_problem.map_or(ORCH_SAVE_PROBLEM_NONE, |problem| problem as u32),
        ..orch_watch_state::defaults()
    }
}

/// Everything that is known about a watch now. Set `out_state->size` before; it is left as it is.
///
/// The roots are lent until the next question about a watch on this engine. Owner thread. Errors:
/// ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_watch_get_state(
    engine: *mut orch_engine,
    watch: u64,
    out_state: *mut orch_watch_state,
) -> i32 {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_state) }?;
        let state = inner.engine.watch_state(WatchId::from_u64(watch))?;
        let c = state_to_c(state, &mut inner.files);
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_state, &c) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}
