//! Files that are written under a name that is not there: one from `O_TMPFILE`, which the kernel calls by its
//! inode's number (`#123`) also after it got a name, and one that is open under a name that was deleted while it has
//! others. So an entry of that inode is looked at.
//!
//! Temporary files without any name bring such events too. Each is one dirty name, which is looked at once in
//! a maximum wait however often it is written, and makes no event.

use std::collections::VecDeque;

use super::Watch;
use super::merge::{Evidence, evidence};
use super::tree::{FileId, Stat};

/// Deleted names of files with others that are remembered; of more the oldest is forgotten.
const NAMES_MAX: usize = 64;

/// Deleted names of files that had no others when they were looked at: one that came meanwhile may be found next.
const RECENT_MAX: usize = 32;

/// Names that were deleted, and which inode each was of.
#[derive(Default)]
pub(super) struct Unlinked {
    names: VecDeque<Name>,
    recent: VecDeque<Name>,
}

/// A name in a directory, and the inode and device that it was of.
type Name = (FileId, Box<[u8]>, u64, u32);

impl Unlinked {
    /// A name of a file goes. What is remembered serves files that have others.
    pub(super) fn note(&mut self, dir: FileId, name: Box<[u8]>, stat: &Stat, has_others: bool) {
        let (names, max) = match has_others {
            true => (&mut self.names, NAMES_MAX),
            false => (&mut self.recent, RECENT_MAX),
        };
        if names.len() >= max {
            names.pop_front();
        }
        names.push_back((dir, name, stat.ino, stat.dev));
    }

    /// A file has come: if its inode had another name just now, that one is remembered for longer.
    pub(super) fn note_created(&mut self, stat: &Stat) {
        let is_it = |(.., ino, dev): &Name| (*ino, *dev) == (stat.ino, stat.dev);
        if let Some(name) = self.recent.iter().position(is_it).and_then(|at| self.recent.remove(at))
        {
            let (dir, name, ..) = name;
            self.note(dir, name, stat, true);
        }
    }

    /// Another file has the name now.
    fn forget(&mut self, dir: FileId, name: &[u8]) {
        let is_other = |(at, known, ..): &Name| *at != dir || **known != *name;
        self.names.retain(is_other);
        self.recent.retain(is_other);
    }

    fn inode(&self, dir: FileId, name: &[u8]) -> Option<(u64, u32)> {
        let mut names = self.names.iter().rev();
        let (.., ino, dev) = names.find(|(at, known, ..)| *at == dir && **known == *name)?;
        Some((*ino, *dev))
    }
}

impl Watch {
    /// Notes an event of a name for the file that may be open under it, if the name is not there.
    pub(super) fn note_unlinked(&mut self, dir: FileId, name: &[u8], seen: Evidence) {
        if seen.has(evidence::REPLACED | evidence::MOVED) {
            self.unlinked.forget(dir, name);
            return;
        }
        if !seen.has(evidence::NEW_CONTENT) || self.tree.child(dir, name).is_some() {
            return;
        }
        let number =
            name.strip_prefix(b"#").and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
        let dev = self.tree.get(dir).map(|node| node.stat.dev);
        let inode = self.unlinked.inode(dir, name).or_else(|| number.zip(dev));
        // If that is different, its other names are looked at after it.
        let entry = inode.and_then(|(ino, dev)| self.tree.name_of_inode(ino, dev));
        if let Some(node) = entry.and_then(|entry| self.tree.get(entry)) {
            self.dirty.mark(node.parent, node.name, seen, self.now);
        }
    }
}
