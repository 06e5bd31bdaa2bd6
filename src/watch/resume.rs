//! Going on from a saved tree: what changed while nobody watched is reported as any other change.
//!
//! The saved entries become the published tree before anything is looked at. The first reading then lists all
//! directories as ones that are known, so each name is compared with what was saved, and every difference is an
//! event; when all is compared, the watch is ready.
//!
//! A name that a listing does not have may have moved, so it is not deleted before all directories were listed.
//! A new name with the inode of a saved entry that has not been seen is believed to be that entry, renamed, and
//! both names are looked at as with a rename that the kernel reports. Inode numbers are used again, so it takes
//! more evidence: of a file the same size, time and mode; of a directory the same owner and mode, and one of the
//! first entries that were in it.

use std::os::fd::BorrowedFd;

use super::Watch;
use super::disk;
use super::event::WatchProblem;
use super::merge::{Evidence, evidence};
use super::saved::{Loaded, Step};
use super::tree::{FileId, Stat, flag};

/// Entries of a directory that are looked for to know it again, and what each costs.
const WITNESSES: usize = 8;

const WITNESS_COST: u64 = 3_000;

/// Missing names that are looked at in one unit, and what each costs.
const MISSING: usize = 128;

const MISSING_COST: u64 = 500;

impl Watch {
    /// Reads a part of the saved tree.
    pub(super) fn load_saved(&mut self) {
        if let Some(tree) = &mut self.resuming.discarded {
            match tree.shed() {
                0 => self.resuming.discarded = None,
                cost => self.spent += cost,
            }
        }
        if let Some(reader) = self.resuming.reader.take() {
            let lookup = &mut self.lookup;
            let (reader, step) = reader.step(|root| lookup.look_at_root(root).ok().flatten());
            self.resuming.reader = reader;
            match step {
                Step::More(cost) => self.spent += cost,
                Step::Done(loaded) => self.resume_with(*loaded),
                Step::Unusable(tree, problem) => {
                    self.resuming.discarded = Some(tree);
                    (self.resuming.failed, self.resuming.problem) = (true, Some(problem));
                }
            }
        }
        if std::mem::take(&mut self.resuming.failed) {
            let root = self.roots.first().map(|root| root.path.clone());
            self.warn(WatchProblem::SaveUnusable, root.unwrap_or_default());
        }
    }

    /// Has everything compared with the disk that was saved.
    fn resume_with(&mut self, loaded: Loaded) {
        self.tree = loaded.tree;
        self.resuming.known = Some(loaded.known);
        let roots: Vec<FileId> = self.tree.children(FileId::ROOT_PARENT).collect();
        for root in roots {
            // When its name is looked at it is listed, and all below it.
            self.tree.set_flags(root, flag::WANTED);
        }
    }

    /// An entry that a listing did not have waits until it is known whether it moved. Whether it does.
    pub(super) fn postpone_missing(&mut self, entry: FileId) -> bool {
        let is_comparing = self.resuming.is_comparing();
        if is_comparing {
            self.resuming.missing.push(entry);
        }
        is_comparing
    }

    /// Has missing names looked at, now that everything is listed. Whether there were any.
    pub(super) fn look_for_missing(&mut self) -> bool {
        let has_some = self.resuming.has_missing();
        for _ in 0..MISSING {
            let Some(entry) = self.resuming.missing.pop() else { break };
            self.spent += MISSING_COST;
            let Some(node) = self.tree.get(entry) else { continue };
            // It need not wait for an event that says so.
            let seen = Evidence { kinds: evidence::DELETED, ..Evidence::default() };
            self.dirty.mark(node.parent, node.name, seen, self.now);
            self.dirty.mark_urgent(node.parent, node.name, self.now);
            self.due = true;
        }
        has_some
    }

    /// Whether names are still dirty that the comparison has found: they are part of it. A name that cannot be
    /// looked at is waited for at most the maximum wait.
    pub(super) fn is_behind_saved(&mut self) -> bool {
        if !self.resuming.is_comparing() {
            return false;
        }
        let (order, until) = *self
            .resuming
            .listed
            .get_or_insert((self.dirty.order(), self.now + self.options.max_wait));
        self.now < until && self.dirty.oldest().is_some_and(|oldest| oldest <= order)
    }

    /// Whether a name that was not there before is a saved entry that was renamed: then it is believed to be,
    /// and both names are looked at. `fd` is the directory `dir`.
    pub(super) fn is_saved_elsewhere(
        &mut self,
        fd: BorrowedFd<'_>,
        dir: FileId,
        name: &[u8],
        stat: Option<&Stat>,
    ) -> bool {
        let (Some(known), Some(stat)) = (&self.resuming.known, stat) else { return false };
        let Some(entry) = known.get(&(stat.ino, stat.dev)).copied() else { return false };
        let Some(node) = self.tree.get(entry).filter(|node| node.listed == 0) else { return false };
        let (was, parent, old) = (node.stat, node.parent, node.name.to_vec());
        if parent == FileId::ROOT_PARENT || !was.is_same_inode(stat) || stat.linked {
            return false;
        }
        let same = (was.size, was.mtime, was.mode) == (stat.size, stat.mtime, stat.mode);
        if !same || (was.is_dir() && !self.has_witness(fd, name, entry)) {
            return false;
        }
        self.moves.found(entry, dir, name);
        let seen = Evidence { kinds: evidence::MOVED, ..Evidence::default() };
        for (dir, name) in [(parent, &*old), (dir, name)] {
            self.dirty.mark(dir, name, seen, self.now);
            self.dirty.mark_urgent(dir, name, self.now);
        }
        self.due = true;
        self.request_scan(entry, true);
        true
    }

    /// Whether something is in this directory that was in the saved one.
    fn has_witness(&mut self, fd: BorrowedFd<'_>, name: &[u8], entry: FileId) -> bool {
        self.spent += WITNESS_COST * WITNESSES as u64;
        let tree = &self.tree;
        tree.children(entry).take(WITNESSES).filter_map(|child| tree.get(child)).any(|child| {
            let path = [name, b"/", child.name].concat();
            disk::look(fd, &path).ok().flatten().is_some_and(|now| now.is_same_inode(&child.stat))
        })
    }
}
