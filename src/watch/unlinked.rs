//! Files that are written under a name that is not there: one from `O_TMPFILE`, which the kernel calls by its
//! inode's number (`#123`) also after it got a name, and one that is open under a name that was deleted while it has
//! others. So an entry of that inode is looked at.
//!
//! Temporary files without any name bring such events too. Each is one dirty name, which is looked at once in
//! a maximum wait however often it is written, and makes no event.

use super::Watch;
use super::merge::{Evidence, evidence};
use super::tree::FileId;

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
