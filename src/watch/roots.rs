//! Roots: what was asked to be watched. They may be files, vanish, come back, and be something else than before.
//!
//! A root that is there is watched itself: as any directory, or as a file. What its path leads through on the
//! way there is watched by `root_paths.rs`; so is the name of what is missing. Whatever may be different, the root is
//! looked at as any name that is due.
//!
//! There can be very many roots. So they are found by hash, and everything that concerns all of them is a
//! cursor. Only the call that adds a watch looks at each of them, to refuse what is not there.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::Watch;
use super::event::WatchProblem;
use super::path_trie::RootId;
use super::tree::{FileId, flag};

/// Roots that are queued for a look in one unit, and what each costs.
const QUEUED: usize = 64;

const QUEUED_COST: u64 = 500;

impl Watch {
    /// Has every root looked at, at the beginning and when a client asks.
    pub(crate) fn start(&mut self) {
        self.roots.look_at_all(false);
        self.due = true;
    }

    fn look_at_root(&mut self, id: RootId) {
        if let Some(root) = self.roots.get(id as usize) {
            self.dirty.mark_urgent(FileId::ROOT_PARENT, &root.path, self.now);
            self.due = true;
        }
    }

    /// Queues some of the roots for a look that are to be looked at. Whether there were any.
    pub(super) fn look_at_roots(&mut self) -> bool {
        let Some((first, deep)) = self.roots.looking.take() else { return false };
        let end = self.roots.len().min(first + QUEUED);
        for id in first..end {
            self.spent += QUEUED_COST;
            self.look_at_root(id as RootId);
            let path = self.roots.get(id).filter(|_| deep).map(|root| &*root.path);
            if let Some(entry) = path.and_then(|path| self.tree.child(FileId::ROOT_PARENT, path)) {
                self.request_scan(entry, true);
            }
        }
        self.roots.looking = Some((end, deep)).filter(|_| end < self.roots.len());
        true
    }

    /// A root was looked at, whatever it is.
    pub(super) fn on_root_read(&mut self, path: &[u8]) {
        let Some(id) = self.roots.find(path) else { return broken!("a root is one of ours") };
        if let Some(root) = self.roots.get_mut(id).filter(|root| !root.is_read) {
            root.is_read = true;
            self.roots.unread = self.roots.unread.saturating_sub(1);
        }
    }

    /// A root could not be looked at: its path is resolved again to find out why.
    pub(super) fn on_root_inaccessible(&mut self, path: &[u8]) {
        self.on_root_read(path);
        if let Some(id) = self.roots.find(path) {
            self.roots.paths.queue(id);
            self.due = true;
        }
    }

    /// A root has come, or is another inode now.
    pub(super) fn on_root_changed(&mut self, entry: FileId) {
        let Some(node) = self.tree.get(entry).filter(|node| node.parent == FileId::ROOT_PARENT)
        else {
            return;
        };
        let (is_dir, path) = (node.stat.is_dir(), node.name.to_vec());
        let Some(id) = self.roots.find(&path) else { return broken!("a root is one of ours") };
        self.roots.note_there(id, true);
        if !is_dir && self.watch_file(entry, &path) {
            // What happened before it was watched shows now.
            self.look_at_root(id);
        }
    }

    /// A directory that is a root has a watch: what it was replaced by before shows now.
    pub(super) fn on_root_watched(&mut self, dir: FileId) {
        let Some(node) = self.tree.get(dir).filter(|node| node.parent == FileId::ROOT_PARENT)
        else {
            return;
        };
        if let Some(id) = self.roots.find(node.name) {
            self.look_at_root(id);
        }
    }

    /// Watches the inode of a root that is a file: it may be changed under other names as well. Without a watch it
    /// is polled. Whether it is watched and was not before.
    fn watch_file(&mut self, entry: FileId, path: &[u8]) -> bool {
        let old = self.tree.wd(entry);
        if old == 0 && !self.polling.may_watch(self.now) {
            self.poll(entry);
            return false;
        }
        let path = PathBuf::from(OsStr::from_bytes(path));
        let (lookup, kernel) = (&self.lookup, &mut self.kernel);
        let had = kernel.len();
        let outcome = lookup.with_path(&path, |path| kernel.watch_file(path));
        self.note_asked(had, &outcome);
        let Ok(wd) = outcome else {
            self.poll(entry);
            return false;
        };
        if let Some(watched) = self.kernel.get_mut(wd) {
            (watched.entry, watched.confirmed) = (entry, self.lost.rescan);
        }
        self.tree.set_wd(entry, wd);
        self.roots.files.insert((wd, entry));
        self.stop_polling(entry);
        if old != 0 && old != wd {
            self.release(entry, old);
        }
        old != wd
    }

    /// Looks at a root that is a file and has no watch, and tries to watch it.
    pub(super) fn look_at_polled_file(&mut self, entry: FileId) {
        self.on_root_changed(entry);
        self.on_root_watched(entry);
    }

    /// A directory is watched under another name, which may be in another root.
    pub(super) fn note_overlap(&mut self, dir: FileId, other: FileId) {
        if self.root_of(dir) != self.root_of(other) && self.roots.overlapping.insert(dir) {
            self.warn_of(WatchProblem::RootsOverlap, dir);
        }
    }

    fn root_of(&self, entry: FileId) -> FileId {
        let mut at = entry;
        while let Some(node) = self.tree.get(at).filter(|node| node.parent != FileId::ROOT_PARENT) {
            at = node.parent;
        }
        at
    }

    /// An entry does not need its descriptor any more. Roots that are the same file share one.
    pub(super) fn release(&mut self, entry: FileId, wd: i32) {
        if wd == 0 {
            return;
        }
        self.roots.files.remove(&(wd, entry));
        if self.kernel.get(wd).is_none_or(|watched| watched.entry != entry) {
            return;
        }
        let other = self.roots.sharing(wd).first().copied();
        match (other, self.kernel.get_mut(wd)) {
            (Some(other), Some(watched)) => watched.entry = other,
            _ => self.kernel.release(wd),
        }
    }

    /// The kernel has dropped a descriptor: an entry has none any more. If it is there all the same, it has to be
    /// watched again. Whether it had that one.
    pub(super) fn lose(&mut self, entry: FileId, wd: i32) -> bool {
        self.roots.files.remove(&(wd, entry));
        if self.tree.wd(entry) != wd {
            return false;
        }
        self.tree.set_wd(entry, 0);
        self.tree.set_flags(entry, flag::WANTED);
        true
    }

    pub(super) fn on_root_gone(&mut self, path: &[u8]) {
        let Some(id) = self.roots.find(path) else { return broken!("a root is one of ours") };
        self.roots.note_there(id, false);
        // Watches for the name, or for the first one of the path that is missing; then looks again.
        self.roots.paths.queue(id);
        self.due = true;
    }
}
