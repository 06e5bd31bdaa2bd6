//! Directories that cannot be opened, listed or searched: each is a warning, and what was known of it stays.
//!
//! Permissions are noticed by events, and the directories above are marked so that a change of theirs has everything
//! below listed again. What the system refuses for want of descriptors or memory is tried again.

use nix::errno::Errno;

use super::Watch;
use super::event::WatchProblem;
use super::stages::Current;
use super::tree::{FileId, flag};

impl Watch {
    /// A directory could not be opened or listed.
    pub(super) fn on_not_opened(&mut self, dir: FileId, errno: Errno) {
        match errno {
            Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP => self.recheck_name(dir),
            Errno::EACCES | Errno::EPERM => {
                self.note_unreadable(dir);
                self.mark_inaccessible(dir);
            }
            Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM => {
                self.tree.set_flags(dir, flag::WANTED | flag::DEEP);
                self.note_refused(dir);
            }
            // The file system is not well. It may be again.
            _ => {
                self.note_unreadable(dir);
                self.poll(dir);
                self.polling.retry_soon(self.now);
            }
        }
    }

    /// The system has no descriptor or memory for a directory: it is listed again.
    pub(super) fn note_refused(&mut self, dir: FileId) {
        if !self.tree.has(dir, flag::REFUSED) {
            self.warn_of(WatchProblem::Refused, dir);
        }
        self.set_hindrances(dir, flag::REFUSED, 0);
        self.poll(dir);
        self.polling.on_refused(self.now, self.random());
    }

    /// Every change of the flags that say what hinders a directory.
    pub(super) fn set_hindrances(&mut self, dir: FileId, set: u16, clear: u16) {
        let Some(old) = self.tree.get(dir).map(|node| node.flags) else { return };
        self.tree.set_flags(dir, set);
        self.tree.clear_flags(dir, clear);
        self.hindrances.on_flags(old, (old | set) & !clear);
    }

    /// A directory was listed: whether what is in it may be looked at.
    pub(super) fn note_closed(&mut self, current: &Current) {
        if current.is_closed {
            self.note_unreadable(current.dir);
            self.mark_inaccessible(current.dir);
        } else if current.is_listed {
            self.set_hindrances(current.dir, 0, flag::UNREADABLE);
        }
    }

    fn note_unreadable(&mut self, dir: FileId) {
        let is_new = !self.tree.has(dir, flag::UNREADABLE);
        self.set_hindrances(dir, flag::UNREADABLE, flag::REFUSED);
        if is_new {
            self.warn_of(WatchProblem::Unreadable, dir);
        }
        // No event of a directory above a root shows that its permissions change.
        if self.tree.get(dir).is_some_and(|node| node.parent == FileId::ROOT_PARENT)
            && self.tree.wd(dir) == 0
        {
            self.poll(dir);
        }
    }

    /// Permissions keep us out of a directory, its own or those of one above it. When one of them changes,
    /// all below is listed again.
    pub(super) fn mark_inaccessible(&mut self, dir: FileId) {
        let (mut at, mut root) = (dir, dir);
        while let Some(node) = self.tree.get(at).filter(|_| at != FileId::ROOT_PARENT) {
            let above = node.parent;
            self.tree.set_flags(at, flag::INACCESSIBLE);
            (at, root) = (above, at);
        }
        // It may be the path of the root that is closed.
        if let Some(path) = self.tree.get(root).map(|node| node.name.to_vec()) {
            self.on_root_inaccessible(&path);
        }
    }
}
