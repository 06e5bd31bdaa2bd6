//! Directories that wait to be listed, and the one that is.

use std::collections::VecDeque;

use super::super::disk::Listing;
use super::super::tree::{FileId, Tree};
use super::DirLoading;

/// Directories that the queue keeps its memory for.
pub(in crate::watch) const QUEUE_KEPT: usize = 256;

/// Directories that wait to be listed, and the one that is.
#[derive(Default)]
pub(in crate::watch) struct Scan {
    pub(in crate::watch) queue: VecDeque<FileId>,
    pub(in crate::watch) current: Option<Current>,
    /// The memory of the last listing.
    pub(in crate::watch) buffer: Vec<u8>,
    /// Directories that entries were left out of, for want of room.
    pub(in crate::watch) limited: Vec<FileId>,
    /// Those that are to be listed again, since there is room.
    pub(in crate::watch) relieved: Vec<FileId>,
    /// Directories that are watched under another name.
    pub(in crate::watch) aliases: Vec<FileId>,
    /// Those whose other name may not be there any more.
    pub(in crate::watch) invalidated: Vec<FileId>,
    /// Counts listings.
    pub(in crate::watch) number: u32,
}

pub(in crate::watch) struct Current {
    pub(in crate::watch) dir: FileId,
    /// All below it is to be listed too.
    pub(in crate::watch) deep: bool,
    /// It had entries before, some of which may be gone.
    pub(in crate::watch) known: bool,
    /// Which listing this is; entries that it had carry the number.
    pub(in crate::watch) number: u32,
    /// The listing is at its end: what it did not have is looked for, from this entry on.
    pub(in crate::watch) is_listed: bool,
    pub(in crate::watch) next: Option<FileId>,
    /// Some name must not be looked at.
    pub(in crate::watch) is_closed: bool,
    /// The rules that are taken in before anything is listed.
    pub(in crate::watch) rules: Option<Box<DirLoading>>,
    pub(in crate::watch) listing: Listing,
}

impl Scan {
    pub(in crate::watch) fn is_pending(&self) -> bool {
        self.current.is_some()
            || !self.queue.is_empty()
            || !self.relieved.is_empty()
            || !self.invalidated.is_empty()
    }

    pub(in crate::watch) fn len(&self) -> usize {
        self.queue.len() + usize::from(self.current.is_some())
    }

    /// The next directory of the queue. When it is the last one, the memory of a long queue is freed.
    pub(in crate::watch) fn next_dir(&mut self) -> Option<FileId> {
        let dir = self.queue.pop_front()?;
        if self.queue.is_empty() && self.queue.capacity() > QUEUE_KEPT {
            self.queue = VecDeque::new();
        }
        Some(dir)
    }

    /// A directory went away or has another place: it may have been the other name of an alias.
    pub(in crate::watch) fn on_directory_moved(&mut self) {
        match self.invalidated.is_empty() {
            true => self.invalidated = std::mem::take(&mut self.aliases),
            false => self.invalidated.append(&mut self.aliases),
        }
    }

    /// An entry leaves its place: the search for what is missing goes on with the next one.
    pub(in crate::watch) fn step_over(&mut self, tree: &Tree, entry: FileId) {
        if let Some(current) = self.current.as_mut().filter(|current| current.next == Some(entry)) {
            current.next = tree.next_sibling(entry);
        }
    }

    /// Whether a directory that is new has rules that are not compiled yet.
    pub(in crate::watch) fn waits_for_rules(&self, dir: FileId) -> bool {
        let waits =
            |current: &Current| current.dir == dir && !current.known && current.rules.is_some();
        self.current.as_ref().is_some_and(waits)
    }

    /// An entry of this directory was left out. Whether it is the first one in all.
    pub(in crate::watch) fn limit(&mut self, dir: FileId) -> bool {
        let first = self.limited.is_empty();
        if self.limited.last() != Some(&dir) {
            self.limited.push(dir);
        }
        first
    }

    pub(in crate::watch) fn is_limited(&self) -> bool {
        !self.limited.is_empty()
    }

    /// Entries went away: when a sixteenth is free, what was left out is looked for again.
    pub(in crate::watch) fn make_room(&mut self, entries: usize, limit: usize) {
        if !self.limited.is_empty() && entries <= limit - limit.div_ceil(16) {
            self.relieved.append(&mut self.limited);
        }
    }
}
