//! What changed in a tree since a version, in slices.

use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{FileId, FileType, Node, Tree, flag};

/// A state of a watch's tree: `n` counts its changes, and grows with every batch of events. Versions
/// of different epochs (another watch, another run of the program) do not compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileVersion {
    /// Chosen at random for each watch, below 2^53.
    pub epoch: u64,
    /// Changes so far.
    pub n: u64,
}

/// How far somebody has read the changes of a watch. [`FileCursor::default`] has read nothing, so what
/// it gets first is the whole tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileCursor {
    /// The epoch that the rest belongs to.
    pub(crate) epoch: u64,
    /// Where the reading began: what was removed before is of no interest.
    pub(crate) base: u64,
    /// Everything up to here has been read.
    pub(crate) position: u64,
}

impl FileCursor {
    /// A reader whose copy of the tree is that of this version.
    pub fn at(version: FileVersion) -> Self {
        FileCursor { epoch: version.epoch, base: version.n, position: version.n }
    }

    /// The version that the reader's copy is at, or on its way to.
    pub fn version(&self) -> FileVersion {
        FileVersion { epoch: self.epoch, n: self.position }
    }
}

/// An entry of a watch's tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileEntry<'a> {
    /// Which entry.
    pub id: FileId,
    /// The directory that it is in; `None` for a root.
    pub parent: Option<FileId>,
    /// Its absolute path.
    pub path: &'a Path,
    /// What it is.
    pub kind: FileType,
    /// Bytes; 0 for a directory.
    pub size: u64,
    /// Last change of the content in nanoseconds since 1970; 0 for a directory.
    pub modified_ns: i64,
    /// Number on its device.
    pub inode: u64,
    /// Type and permission bits as in `st_mode`.
    pub mode: u16,
    /// A directory that is one entry: what is in it is not watched.
    pub ignored: bool,
}

/// What changed since a cursor. To bring a copy up to date: if `full`, empty it; take the removed entries
/// out; put in every other one under its id, in place of what it was. While `more` is set, the copy is
/// between two versions and entries may have parents that come later. A directory that is renamed is reported
/// alone: paths of what is in it follow from parents and names.
#[derive(Clone, Debug, Default)]
pub struct FileChanges {
    /// The version that this leads to.
    pub version: FileVersion,
    /// The reader's version is too old or of another epoch: this begins with an empty tree.
    pub full: bool,
    /// There is more to read at once.
    pub more: bool,
    /// Entries that are gone; the reader may never have known some of them.
    pub removed: Vec<FileId>,
    entries: Vec<Kept>,
    paths: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Kept {
    entry: FileEntry<'static>,
    path: Range<usize>,
}

impl FileChanges {
    /// Entries that are new or different, in the order of their last change.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = FileEntry<'_>> {
        self.entries.iter().map(|kept| {
            let path = self.paths.get(kept.path.clone()).unwrap_or_default();
            FileEntry { path: Path::new(OsStr::from_bytes(path)), ..kept.entry }
        })
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.removed.is_empty()
    }
}

impl Node<'_> {
    fn entry(&self, id: FileId) -> FileEntry<'static> {
        let of_file = |value| if self.stat.is_dir() { 0 } else { value };
        FileEntry {
            id,
            parent: Some(self.parent).filter(|parent| *parent != FileId::ROOT_PARENT),
            path: Path::new(""),
            kind: self.stat.kind,
            size: if self.stat.is_dir() { 0 } else { self.stat.size },
            modified_ns: of_file(self.stat.mtime),
            inode: self.stat.ino,
            mode: self.stat.mode,
            ignored: self.has(flag::OPAQUE),
        }
    }
}

/// A change of a tree.
pub(crate) enum Change<'a> {
    /// An entry that is new or different.
    Entry(FileId, Node<'a>),
    Removed(FileId),
}

/// How a reader of changes came on.
pub(crate) struct Progress {
    /// It began with an empty tree.
    pub(crate) full: bool,
    /// There is more to read at once.
    pub(crate) more: bool,
}

impl Tree {
    /// At most `max` changes after the cursor, which moves behind them. Costs what changed after the
    /// cursor; see [`FileChanges`] for what to do with it.
    pub(crate) fn changes(
        &mut self,
        epoch: u64,
        cursor: &mut FileCursor,
        max: usize,
        out: &mut FileChanges,
    ) {
        *out = FileChanges {
            entries: std::mem::take(&mut out.entries),
            paths: std::mem::take(&mut out.paths),
            removed: std::mem::take(&mut out.removed),
            ..FileChanges::default()
        };
        out.entries.clear();
        out.paths.clear();
        out.removed.clear();
        let (paths, entries, removed) = (&mut out.paths, &mut out.entries, &mut out.removed);
        let progress = self.visit_changes(epoch, cursor, max, |tree, change| match change {
            Change::Entry(id, node) => {
                let start = paths.len();
                tree.path_into(id, paths);
                entries.push(Kept { entry: node.entry(id), path: start..paths.len() });
            }
            Change::Removed(id) => removed.push(id),
        });
        (out.full, out.more) = (progress.full, progress.more);
        out.version = FileVersion { epoch, n: cursor.position };
    }

    /// Shows at most `max` changes after the cursor, which moves behind them, in their order.
    pub(crate) fn visit_changes(
        &mut self,
        epoch: u64,
        cursor: &mut FileCursor,
        max: usize,
        mut visit: impl FnMut(&Tree, Change<'_>),
    ) -> Progress {
        let known = cursor.epoch == epoch && cursor.position <= self.seq;
        let full = !known || cursor.base < self.floor;
        if full {
            *cursor = FileCursor { epoch, base: self.seq, position: 0 };
        }
        let mut slot = self.first_after(cursor.position);
        let buried_from = cursor.position.max(cursor.base);
        let first = self.tombstones.partition_point(|(seq, _)| *seq <= buried_from);
        let mut tombstones = self.tombstones.range(first..).peekable();
        let mut stopped = self.stopped;
        for _ in 0..max.max(1) {
            let node = self.nodes.named(slot);
            match (node, tombstones.peek()) {
                (Some((node, name)), tombstone)
                    if tombstone.is_none_or(|(seq, _)| node.seq < *seq) =>
                {
                    visit(self, Change::Entry(self.id_of(slot), self.seen(node, name)));
                    stopped = (node.seq, slot);
                    (cursor.position, slot) = (node.seq, node.newer);
                }
                (_, Some((seq, id))) => {
                    visit(self, Change::Removed(*id));
                    cursor.position = *seq;
                    tombstones.next();
                }
                _ => break,
            }
        }
        let more = self.nodes.get(slot).is_some() || tombstones.peek().is_some();
        self.stopped = stopped;
        if !more {
            (cursor.base, cursor.position) = (self.seq, self.seq);
        }
        Progress { full, more }
    }
}
