//! An entry: as it is kept, and as it is seen.
//!
//! There can be a million of them, so an entry is kept in 88 bytes beside its name: a directory has its first
//! entry and its watch where a file has its times, neighbours are slots, and what few entries have is in tables
//! beside them (`Tree::links`, `Tree::file_watches`).

use super::{FileId, FileType, NONE, Stat};

/// An entry as it is seen: read from where it is kept.
#[derive(Clone, Copy)]
pub(crate) struct Node<'t> {
    pub(crate) name: &'t [u8],
    pub(crate) stat: Stat,
    pub(crate) parent: FileId,
    /// Which emptying of the kernel's queue came before the last look; see `merge.rs`.
    pub(crate) looked: u32,
    /// Number of the listing that had it last.
    pub(crate) listed: u32,
    pub(crate) flags: u16,
}

impl Node<'_> {
    pub(crate) fn has(&self, flags: u16) -> bool {
        self.flags & flags != 0
    }
}

/// What is left of an entry that was taken away.
pub(crate) struct Removed {
    pub(crate) name: Box<[u8]>,
    pub(crate) stat: Stat,
    pub(crate) parent: FileId,
    pub(crate) wd: i32,
    pub(crate) flags: u16,
}

impl Removed {
    pub(crate) fn has(&self, flags: u16) -> bool {
        self.flags & flags != 0
    }
}

/// An entry as it is kept.
pub(super) struct Packed {
    body: Body,
    ino: u64,
    /// Number of the last change.
    pub(super) seq: u64,
    /// Where its name is; see `pages.rs`.
    pub(super) name: u32,
    pub(super) generation: u32,
    pub(super) parent: u32,
    /// Neighbours in the directory.
    pub(super) next: u32,
    pub(super) prev: u32,
    /// Neighbours in the order of change.
    pub(super) newer: u32,
    pub(super) older: u32,
    pub(super) looked: u32,
    pub(super) listed: u32,
    pub(super) flags: u16,
}

/// What a file has, and what a directory has.
enum Body {
    File {
        kind: FileType,
        linked: bool,
        mode: u16,
        dev: u32,
        size: u64,
        mtime: i64,
        ctime: i64,
    },
    /// `wd`: the watch descriptor, 0 for none.
    Directory {
        mode: u16,
        dev: u32,
        owner: u64,
        first_child: u32,
        wd: i32,
    },
}

impl From<&Stat> for Body {
    fn from(stat: &Stat) -> Self {
        let Stat { ino: _, size, mtime, ctime, dev, mode, kind, linked } = *stat;
        match kind {
            FileType::Directory => {
                Body::Directory { mode, dev, owner: size, first_child: NONE, wd: 0 }
            }
            _ => Body::File { kind, linked, mode, dev, size, mtime, ctime },
        }
    }
}

impl Packed {
    pub(super) fn new(stat: &Stat, parent: u32, generation: u32) -> Self {
        Packed {
            body: Body::from(stat),
            ino: stat.ino,
            seq: 0,
            name: 0,
            generation,
            parent,
            next: NONE,
            prev: NONE,
            newer: NONE,
            older: NONE,
            looked: 0,
            listed: 0,
            flags: 0,
        }
    }

    pub(super) fn is_dir(&self) -> bool {
        matches!(self.body, Body::Directory { .. })
    }

    #[inline]
    pub(super) fn stat(&self) -> Stat {
        let ino = self.ino;
        match self.body {
            Body::File { kind, linked, mode, dev, size, mtime, ctime } => {
                Stat { ino, size, mtime, ctime, dev, mode, kind, linked }
            }
            Body::Directory { mode, dev, owner, .. } => {
                let kind = FileType::Directory;
                Stat { ino, size: owner, mtime: 0, ctime: 0, dev, mode, kind, linked: false }
            }
        }
    }

    /// Replaces what is known of it; a directory stays one, with what is in it.
    pub(super) fn set_stat(&mut self, stat: &Stat) {
        invariant!(self.is_dir() == stat.is_dir(), "a directory stays one");
        let (child, descriptor) = (self.first_child(), self.wd());
        (self.ino, self.body) = (stat.ino, Body::from(stat));
        self.set_first_child(child);
        self.set_wd(descriptor);
    }

    /// The number on its device, and the device.
    pub(super) fn inode(&self) -> (u64, u32) {
        let (Body::File { dev, .. } | Body::Directory { dev, .. }) = self.body;
        (self.ino, dev)
    }

    pub(super) fn first_child(&self) -> u32 {
        match self.body {
            Body::File { .. } => NONE,
            Body::Directory { first_child, .. } => first_child,
        }
    }

    pub(super) fn set_first_child(&mut self, slot: u32) {
        if let Body::Directory { first_child, .. } = &mut self.body {
            *first_child = slot;
        }
    }

    /// The watch descriptor of a directory; 0 for none.
    pub(super) fn wd(&self) -> i32 {
        match self.body {
            Body::File { .. } => 0,
            Body::Directory { wd, .. } => wd,
        }
    }

    pub(super) fn set_wd(&mut self, descriptor: i32) {
        if let Body::Directory { wd, .. } = &mut self.body {
            *wd = descriptor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_small() {
        assert_eq!(size_of::<Packed>(), 88);
        // A free slot takes no more.
        assert_eq!(size_of::<Option<Packed>>(), 88);
    }
}
