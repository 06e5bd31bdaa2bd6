//! Parts of files.

use serde::{Deserialize, Serialize};

use super::values::{Decimal, Octets};

/// What identifies the content of a file: another file or another content has another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileVersion {
    pub(crate) device: Decimal,
    pub(crate) inode: Decimal,
    pub(crate) size: u64,
    /// When the content or what is known of the file changed last (ctime), in nanoseconds since 1970.
    pub(crate) changed_ns: Decimal,
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileSlice {
    pub(crate) data: Octets,
    /// Of the first byte of `data`.
    pub(crate) offset: u64,
    pub(crate) version: FileVersion,
    /// The file is not what the request's `base` says.
    pub(crate) changed: bool,
    /// Nothing follows `data`.
    pub(crate) end: bool,
}
