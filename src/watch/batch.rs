//! A batch: what changed together, in the order in which it can be applied to a copy of the tree.

use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::tree::FileVersion;
use super::tree::{FileId, FileType};

/// What happened to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FileEventKind {
    /// It is new.
    Create = 1,
    /// Its content is different, or may be: it was written, or another file came to its name. With `replaced` it is another file under the same name, as atomic saves
    /// leave it. A directory that was replaced is followed by the differences of what is in it.
    Modify = 2,
    /// Only its attributes are different: permissions, owner, number of links.
    Metadata = 3,
    /// It was opened for writing and closed, and looks as before.
    Touch = 4,
    /// It is gone. What was in a directory is deleted before it.
    Delete = 5,
    /// It has another path, and what is in it moved along; with `replaced` it took the place of a file.
    Rename = 6,
}

/// One change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileEvent<'a> {
    /// What happened.
    pub kind: FileEventKind,
    /// The absolute path; after a rename the new one. Not necessarily UTF-8.
    pub path: &'a Path,
    /// The path before a rename.
    pub from: Option<&'a Path>,
    /// What it is, or was.
    pub file_type: FileType,
    /// See [`FileEventKind`].
    pub replaced: bool,
    /// A directory that is one entry: what is in it is not watched.
    pub ignored: bool,
    /// Which entry of the tree.
    pub id: FileId,
}

/// Changes in one directory that are not listed, counted.
///
/// An event is counted in the directory in which its entry is after the batch, or in which it was deleted. A
/// summary without any count names a directory that entries were renamed out of; the renames are counted
/// where they lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSummary<'a> {
    /// The absolute path of the directory, after the batch.
    pub dir: &'a Path,
    /// Entries that are new.
    pub created: usize,
    /// Entries that were modified or touched, or have other attributes.
    pub modified: usize,
    /// Entries that are gone.
    pub deleted: usize,
    /// Entries that were renamed to here.
    pub renamed: usize,
    /// Directories below it are counted in.
    pub recursive: bool,
}

/// What changed together.
///
/// Applying the events in their order to a copy of the tree as it was after the batch before always works:
/// parents are there before what is in them, a path is free before something takes it. When there are more
/// events than the watch's [`summary_threshold`](crate::WatchOptions), some are counted in summaries
/// instead. The events that are left can still be applied in their order, where a deletion of a directory takes
/// along what is in it; wherever the result differs from the tree, a summary names the directory. The events
/// and the counts of all summaries together are [`original_events`](FileBatch::original_events).
/// [`watch_changes`](crate::Engine::watch_changes) gives the exact difference.
#[derive(Clone, Debug, Default)]
pub struct FileBatch {
    pub(super) version: FileVersion,
    pub(super) complete: bool,
    pub(super) original_events: usize,
    pub(super) vanished: u64,
    pub(super) events: Vec<Raw>,
    pub(super) summaries: Vec<RawSummary>,
    pub(super) text: Vec<u8>,
}

/// An event, its paths in the batch's text.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) kind: FileEventKind,
    pub(super) file_type: FileType,
    pub(super) replaced: bool,
    pub(super) ignored: bool,
    pub(super) id: FileId,
    pub(super) path: Range<usize>,
    pub(super) from: Option<Range<usize>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawSummary {
    pub(super) dir: Range<usize>,
    pub(super) counts: Counts,
    pub(super) recursive: bool,
}

/// How many changes of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) created: usize,
    pub(super) modified: usize,
    pub(super) deleted: usize,
    pub(super) renamed: usize,
}

impl FileBatch {
    /// The state of the tree after it.
    pub fn version(&self) -> FileVersion {
        self.version
    }

    /// The tree equals the disk as far as events are known. Else directories are still being listed, and
    /// more batches follow.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The changes, in order.
    pub fn events(&self) -> impl ExactSizeIterator<Item = FileEvent<'_>> {
        self.events.iter().map(|raw| FileEvent {
            kind: raw.kind,
            path: self.path(&raw.path),
            from: raw.from.as_ref().map(|from| self.path(from)),
            file_type: raw.file_type,
            replaced: raw.replaced,
            ignored: raw.ignored,
            id: raw.id,
        })
    }

    /// What was counted instead of listed.
    pub fn summaries(&self) -> impl ExactSizeIterator<Item = FileSummary<'_>> {
        self.summaries.iter().map(|raw| FileSummary {
            dir: self.path(&raw.dir),
            created: raw.counts.created,
            modified: raw.counts.modified,
            deleted: raw.counts.deleted,
            renamed: raw.counts.renamed,
            recursive: raw.recursive,
        })
    }

    /// How many events there were before some were counted in summaries.
    pub fn original_events(&self) -> usize {
        self.original_events
    }

    /// How many names came and went again before anybody looked; they make no events.
    pub fn vanished(&self) -> u64 {
        self.vanished
    }

    /// Bytes that it takes.
    pub(super) fn memory(&self) -> usize {
        let events = self.events.capacity() * size_of::<Raw>();
        events + self.summaries.capacity() * size_of::<RawSummary>() + self.text.capacity()
    }

    pub(super) fn bytes(&self, range: &Range<usize>) -> &[u8] {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn path(&self, range: &Range<usize>) -> &Path {
        Path::new(OsStr::from_bytes(self.bytes(range)))
    }

    /// Keeps a text.
    pub(super) fn keep(&mut self, text: &[u8]) -> Range<usize> {
        let start = self.text.len();
        self.text.extend_from_slice(text);
        start..self.text.len()
    }

    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.summaries.clear();
        self.text.clear();
        (self.original_events, self.vanished, self.complete) = (0, 0, false);
    }
}

impl Counts {
    pub(super) fn add(&mut self, kind: FileEventKind) {
        *match kind {
            FileEventKind::Create => &mut self.created,
            FileEventKind::Modify | FileEventKind::Metadata | FileEventKind::Touch => {
                &mut self.modified
            }
            FileEventKind::Delete => &mut self.deleted,
            FileEventKind::Rename => &mut self.renamed,
        } += 1;
    }

    pub(super) fn join(&mut self, other: Counts) {
        self.created += other.created;
        self.modified += other.modified;
        self.deleted += other.deleted;
        self.renamed += other.renamed;
    }
}
