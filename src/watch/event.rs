//! Events of a watch, and its state.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::batch::FileBatch;
use super::tree::FileVersion;

/// Something that happened in a file watch.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum WatchEvent<'a> {
    /// The tree has been read for the first time; from now on batches report what changes. What is there
    /// comes from [`watch_changes`](crate::Engine::watch_changes).
    Ready {
        /// The state of the tree.
        version: FileVersion,
    },
    /// What changed.
    Batch {
        /// The changes.
        batch: &'a FileBatch,
    },
    /// Everything that had happened before a call of [`sync_watch`](crate::Engine::sync_watch) has been
    /// reported.
    Synced {
        /// The tag of the call.
        tag: u64,
        /// The state of the tree.
        version: FileVersion,
    },
    /// Something keeps a part of the tree from being exact, or makes it slower.
    Warning {
        /// What.
        problem: WatchProblem,
        /// Where.
        path: &'a Path,
    },
}

/// What may be wrong with a part of a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum WatchProblem {
    /// A directory must not be read or searched, or its file system is not well; what was known of it stays. It is
    /// read when its permissions, or those of one above, change. It may be a directory above a root.
    Unreadable = 1,
    /// The system has no inotify watch left (`fs.inotify.max_user_watches`): directories from here on, and roots
    /// that are files, are polled until it has. Of a root: its path is.
    OutOfWatches = 2,
    /// There are as many entries as are allowed: some are left out.
    TooManyEntries = 3,
    /// The kernel dropped events (`fs.inotify.max_queued_events`): everything is being listed again.
    EventsLost = 4,
    /// A root is gone. It is found again when it comes back.
    RootGone = 5,
    /// The system refused to let a directory be opened or listed, for want of descriptors or memory; it
    /// is tried again.
    Refused = 6,
    /// A file of ignore rules is larger than is read, or there are more rules than a watch may have: the
    /// rest of the file does not count. See [`WatchOptions::gitignore`](crate::WatchOptions::gitignore).
    TooManyRules = 7,
    /// A directory is in two roots at once, by a symbolic link or a bind mount: its content is in one of them, and
    /// is missing here. It shows when the other one leads elsewhere.
    RootsOverlap = 8,
    /// What [`WatchOptions::since`](crate::WatchOptions::since) was given is damaged, of another version of the
    /// form, of other roots, or has more entries than this watch may hold: the watch begins afresh.
    /// [`WatchState::save_problem`] says which.
    SaveUnusable = 9,
    /// All memory of the engine is used up ([`Limits::memory_bytes_total`](crate::Limits)): entries are left out. They are
    /// looked for again when there is some.
    OutOfMemory = 10,
}

/// Why a saved tree is of no use to a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum SaveProblem {
    /// It is no saved tree, or not the whole of one, or some of its bytes are others.
    Damaged = 1,
    /// It was saved in another version of the form.
    OtherVersion = 2,
    /// It is of other roots.
    OtherRoots = 3,
    /// It has more entries than the watch may hold.
    TooManyEntries = 4,
}

/// What is known of a watch now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchState {
    /// The tag that the host gave it.
    pub tag: u64,
    /// The absolute paths of its roots.
    pub roots: Vec<PathBuf>,
    /// The state of the tree.
    pub version: FileVersion,
    /// The tree has been read for the first time.
    pub ready: bool,
    /// Nothing waits to be listed: the tree equals the disk as far as events are known.
    pub complete: bool,
    /// Everything is watched and nothing is left out; else `problem` says why not.
    pub healthy: bool,
    /// The gravest problem there is at the moment.
    pub problem: Option<WatchProblem>,
    /// Entries of the tree.
    pub entries: usize,
    /// Directories among them.
    pub directories: usize,
    /// Inotify watches in use for what is in the tree; those that notice other rules or other paths of roots are not
    /// counted.
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
    /// Why the saved tree that the watch was to begin with was of no use, if it was not.
    pub save_problem: Option<SaveProblem>,
}

/// An event that waits to be read.
#[derive(Debug)]
pub(crate) enum PendingEvent {
    Ready(FileVersion),
    Batch(FileBatch),
    Synced(u64, FileVersion),
    Warning(WatchProblem, Vec<u8>),
}

impl PendingEvent {
    /// Bytes that it takes.
    pub(crate) fn memory(&self) -> usize {
        match self {
            PendingEvent::Batch(batch) => batch.memory(),
            PendingEvent::Warning(_, path) => path.capacity(),
            PendingEvent::Ready(_) | PendingEvent::Synced(..) => 0,
        }
    }

    pub(crate) fn event(&self) -> WatchEvent<'_> {
        match self {
            PendingEvent::Ready(version) => WatchEvent::Ready { version: *version },
            PendingEvent::Batch(batch) => WatchEvent::Batch { batch },
            PendingEvent::Synced(tag, version) => {
                WatchEvent::Synced { tag: *tag, version: *version }
            }
            PendingEvent::Warning(problem, path) => {
                WatchEvent::Warning { problem: *problem, path: Path::new(OsStr::from_bytes(path)) }
            }
        }
    }
}
