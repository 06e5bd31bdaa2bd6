//! File watches: the tree, what changed in it, and what is known of a watch.

use std::ffi::c_void;
use std::mem::size_of;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;

use super::sized::{SizedStruct, size_through};
use super::types::orch_bytes;
use crate::{FileChanges, FileEntry, FileVersion};

/// What an entry of a tree is.
pub type orch_file_type = u32;
/// A regular file.
pub const ORCH_FILE_TYPE_FILE: orch_file_type = 1;
/// A directory.
pub const ORCH_FILE_TYPE_DIRECTORY: orch_file_type = 2;
/// A symbolic link; what it leads to is not looked at.
pub const ORCH_FILE_TYPE_SYMLINK: orch_file_type = 3;
/// A device, a fifo or a socket.
pub const ORCH_FILE_TYPE_OTHER: orch_file_type = 4;

/// What keeps a tree from being exact, or makes it slower.
pub type orch_watch_problem = u32;
/// None.
pub const ORCH_WATCH_PROBLEM_NONE: orch_watch_problem = 0;
/// A directory cannot be read or searched (no permission), also one above a root; what was known of it stays.
pub const ORCH_WATCH_PROBLEM_UNREADABLE: orch_watch_problem = 1;
/// The system has no inotify watch left (fs.inotify.max_user_watches); what has none is polled.
pub const ORCH_WATCH_PROBLEM_OUT_OF_WATCHES: orch_watch_problem = 2;
/// There are as many entries as are allowed; some are left out.
pub const ORCH_WATCH_PROBLEM_TOO_MANY_ENTRIES: orch_watch_problem = 3;
/// The kernel dropped events (fs.inotify.max_queued_events); everything is listed again.
pub const ORCH_WATCH_PROBLEM_EVENTS_LOST: orch_watch_problem = 4;
/// A root is gone. It is found again when it comes back.
pub const ORCH_WATCH_PROBLEM_ROOT_GONE: orch_watch_problem = 5;
/// The system refused to open or list a directory; it is tried again.
pub const ORCH_WATCH_PROBLEM_REFUSED: orch_watch_problem = 6;
/// There are more ignore rules than are read; the rest of their file is ignored.
pub const ORCH_WATCH_PROBLEM_TOO_MANY_RULES: orch_watch_problem = 7;
/// A directory is in two roots at once, by a symbolic link or a bind mount; its content is in the other one.
pub const ORCH_WATCH_PROBLEM_ROOTS_OVERLAP: orch_watch_problem = 8;
/// The saved tree in `since` of orch_watch_options is damaged, of another format version, of other
/// roots, or too large: the watch starts from scratch. Comes as a warning only; `save_problem` of the state says which.
pub const ORCH_WATCH_PROBLEM_SAVE_UNUSABLE: orch_watch_problem = 9;
/// All memory of the engine is used up (`memory_bytes_total` of orch_config); entries are left out until there is some.
pub const ORCH_WATCH_PROBLEM_OUT_OF_MEMORY: orch_watch_problem = 10;

/// Why a saved tree could not be used.
pub type orch_save_problem = u32;
/// No problem.
pub const ORCH_SAVE_PROBLEM_NONE: orch_save_problem = 0;
/// It is damaged or incomplete.
pub const ORCH_SAVE_PROBLEM_DAMAGED: orch_save_problem = 1;
/// It was saved in another format version.
pub const ORCH_SAVE_PROBLEM_OTHER_VERSION: orch_save_problem = 2;
/// It is of other roots.
pub const ORCH_SAVE_PROBLEM_OTHER_ROOTS: orch_save_problem = 3;
/// It has more entries than the watch may hold.
pub const ORCH_SAVE_PROBLEM_TOO_MANY_ENTRIES: orch_save_problem = 4;

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

/// Flags of files.
pub type orch_file_flags = u32;
/// A directory that is one entry: what is in it is not watched.
pub const ORCH_FILE_FLAG_IGNORED: orch_file_flags = 1;
/// Another file has taken the place of this one, or it has taken the place of another one.
pub const ORCH_FILE_FLAG_REPLACED: orch_file_flags = 2;

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
    pub file_type: orch_file_type,
    /// ORCH_FILE_FLAG_IGNORED or 0.
    pub flags: orch_file_flags,
    /// Type and permission bits as in `st_mode`.
    pub mode: u32,
    /// Always 0.
    pub reserved: u32,
}

/// What changed since a cursor. To bring a copy up to date: if `full`, empty it; take out the removed ids;
/// put in each entry under its id, in place of what it was. While `more` is 1 the copy is between two
/// versions, and entries may have parents that come later. A directory that is renamed is reported alone: paths
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
    /// Entries that are new or different; they lie `entry_stride` bytes apart (`orch_element_at`).
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
    pub(super) changes: FileChanges,
    pub(super) removed: Vec<u64>,
    pub(super) entries: Vec<orch_file_entry>,
    pub(super) roots: Vec<PathBuf>,
    pub(super) root_bytes: Vec<orch_bytes>,
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

/// Flags of `orch_watch_state`.
pub type orch_watch_state_flags = u32;
/// The tree has been read for the first time.
pub const ORCH_WATCH_IS_READY: orch_watch_state_flags = 1;
/// Nothing waits to be listed: the tree equals the disk as far as events are known.
pub const ORCH_WATCH_IS_COMPLETE: orch_watch_state_flags = 2;
/// Everything is watched and nothing is left out.
pub const ORCH_WATCH_IS_HEALTHY: orch_watch_state_flags = 4;

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
    pub flags: orch_watch_state_flags,
    /// The gravest problem at the moment, one of ORCH_WATCH_PROBLEM_*.
    pub problem: orch_watch_problem,
    /// Entries of the tree.
    pub entries: usize,
    /// Directories among them.
    pub directories: usize,
    /// Inotify watches in use for what is in the tree.
    pub kernel_watches: usize,
    /// Directories that are polled for want of a watch.
    pub polled_directories: usize,
    /// Directories that cannot be read (no permission).
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
    pub save_problem: orch_save_problem,
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
