//! Directories that wait to be listed, and the one that is.

use std::collections::VecDeque;

use super::super::disk::Listing;
use super::super::tree::{FileId, Tree};
use super::DirLoading;

/// Directories that the queue keeps its memory for.
pub(in crate::watch) const QUEUE_KEPT: usize = 256;

/// What an entry was left out for want of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::watch) enum Lack {
    /// There are as many as the watch may hold.
    Entries,
    /// The engine's memory is used up.
    Memory,
}

/// Directories that wait to be listed, and the one that is.
#[derive(Default)]
pub(in crate::watch) struct Scan {
    pub(in crate::watch) queue: VecDeque<FileId>,
    pub(in crate::watch) current: Option<Current>,
    /// The memory of the last listing.
    pub(in crate::watch) buffer: Vec<u8>,
    /// Directories that entries were left out of, for want of room.
    limited: Vec<FileId>,
    /// What there was no room for want of, of those.
    lacks_entries: bool,
    lacks_memory: bool,
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

    /// An entry of this directory was left out, the first one of it if `is_new`. Whether it is the first one in all for
    /// want of that.
    pub(in crate::watch) fn limit(&mut self, dir: FileId, is_new: bool, lack: Lack) -> bool {
        if is_new && self.limited.last() != Some(&dir) {
            self.limited.push(dir);
        }
        let lacks = match lack {
            Lack::Entries => &mut self.lacks_entries,
            Lack::Memory => &mut self.lacks_memory,
        };
        !std::mem::replace(lacks, true)
    }

    /// Whether entries were left out for want of that.
    pub(in crate::watch) fn lacks(&self, lack: Lack) -> bool {
        match lack {
            Lack::Entries => self.lacks_entries,
            Lack::Memory => self.lacks_memory,
        }
    }

    /// Entries went away: when a sixteenth is free, what was left out is looked for again.
    pub(in crate::watch) fn make_room(&mut self, entries: usize, limit: usize) {
        if !self.limited.is_empty() && entries <= limit - limit.div_ceil(16) {
            self.retry_limited();
        }
    }

    /// There is memory again: what was left out is looked for again.
    pub(in crate::watch) fn on_memory(&mut self) {
        if self.lacks_memory {
            self.retry_limited();
        }
    }

    fn retry_limited(&mut self) {
        self.relieved.append(&mut self.limited);
        (self.lacks_entries, self.lacks_memory) = (false, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was left out for want of memory is looked for when there is some, however few entries are free: those that
    /// there is no room for are left out again.
    #[test]
    fn memory_and_entries_are_two_things() {
        let dir = FileId::ROOT_PARENT;
        let mut scan = Scan::default();
        assert!(scan.limit(dir, true, Lack::Memory));
        assert!(!scan.limit(dir, false, Lack::Memory));
        assert!(scan.lacks(Lack::Memory) && !scan.lacks(Lack::Entries));
        scan.make_room(99, 100);
        assert!(scan.lacks(Lack::Memory) && scan.relieved.is_empty());
        scan.on_memory();
        assert!(!scan.lacks(Lack::Memory));
        assert_eq!(std::mem::take(&mut scan.relieved), [dir]);
        assert!(scan.limit(dir, true, Lack::Entries));
        // Of a directory that is listed as incomplete already.
        assert!(scan.limit(dir, false, Lack::Memory));
        assert!(scan.lacks(Lack::Memory) && scan.lacks(Lack::Entries));
        scan.make_room(90, 100);
        assert!(!scan.lacks(Lack::Memory) && !scan.lacks(Lack::Entries));
        assert_eq!(std::mem::take(&mut scan.relieved), [dir]);
        assert!(scan.limit(dir, true, Lack::Entries));
        scan.on_memory();
        assert!(scan.lacks(Lack::Entries) && scan.relieved.is_empty());
    }
}
