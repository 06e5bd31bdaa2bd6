//! Files that lost a name while they may be written under another one.

use std::collections::VecDeque;

use super::super::tree::{FileId, Stat};

/// Deleted names of files with others that are remembered; of more the oldest is forgotten.
pub(in crate::watch) const NAMES_MAX: usize = 64;

/// Deleted names of files that had no others when they were looked at: one that came meanwhile may be found next.
pub(in crate::watch) const RECENT_MAX: usize = 32;

/// Names that were deleted, and which inode each was of.
#[derive(Default)]
pub(in crate::watch) struct Unlinked {
    pub(in crate::watch) names: VecDeque<Name>,
    pub(in crate::watch) recent: VecDeque<Name>,
}

/// A name in a directory, and the inode and device that it was of.
pub(in crate::watch) type Name = (FileId, Box<[u8]>, u64, u32);

impl Unlinked {
    /// A name of a file goes. What is remembered serves files that have others.
    pub(in crate::watch) fn note(
        &mut self,
        dir: FileId,
        name: Box<[u8]>,
        stat: &Stat,
        has_others: bool,
    ) {
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
    pub(in crate::watch) fn note_created(&mut self, stat: &Stat) {
        let is_it = |(.., ino, dev): &Name| (*ino, *dev) == (stat.ino, stat.dev);
        if let Some(name) = self.recent.iter().position(is_it).and_then(|at| self.recent.remove(at))
        {
            let (dir, name, ..) = name;
            self.note(dir, name, stat, true);
        }
    }

    /// Another file has the name now.
    pub(in crate::watch) fn forget(&mut self, dir: FileId, name: &[u8]) {
        let is_other = |(at, known, ..): &Name| *at != dir || **known != *name;
        self.names.retain(is_other);
        self.recent.retain(is_other);
    }

    pub(in crate::watch) fn inode(&self, dir: FileId, name: &[u8]) -> Option<(u64, u32)> {
        let mut names = self.names.iter().rev();
        let (.., ino, dev) = names.find(|(at, known, ..)| *at == dir && **known == *name)?;
        Some((*ino, *dev))
    }
}
