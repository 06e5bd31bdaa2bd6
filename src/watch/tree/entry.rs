//! An entry: its id, and what is known of it on the disk.

/// Names an entry of a watch for as long as it exists; the number is never used again.
///
/// An entry that is renamed keeps it, one that is deleted and made again gets another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub(super) u64);

impl FileId {
    /// Who the roots are children of; names nothing.
    pub(crate) const ROOT_PARENT: FileId = FileId(0);

    /// The id as an integer; 0 stands for no entry.
    pub fn to_u64(self) -> u64 {
        self.0
    }

    pub(crate) fn slot(self) -> u32 {
        self.0 as u32
    }
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FileType {
    /// A regular file.
    File = 1,
    /// A directory.
    Directory = 2,
    /// A symbolic link; what it leads to is not looked at.
    Symlink = 3,
    /// A device, a fifo or a socket.
    Other = 4,
}

/// What is known of an entry on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) ino: u64,
    /// Bytes. Of a directory its owner, since its size follows from what is in it.
    pub(crate) size: u64,
    /// Nanoseconds since 1970; 0 of a directory, for the same reason.
    pub(crate) mtime: i64,
    pub(crate) ctime: i64,
    /// Number of the device.
    pub(crate) dev: u32,
    pub(crate) mode: u16,
    pub(crate) kind: FileType,
    /// It has more names than one.
    pub(crate) linked: bool,
}

impl Stat {
    pub(crate) fn is_dir(&self) -> bool {
        self.kind == FileType::Directory
    }

    /// The same object, whatever it is called.
    pub(crate) fn is_same_inode(&self, other: &Stat) -> bool {
        (self.ino, self.dev, self.kind) == (other.ino, other.dev, other.kind)
    }
}

/// The end of every list.
pub(super) const NONE: u32 = u32::MAX;
