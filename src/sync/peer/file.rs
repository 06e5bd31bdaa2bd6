//! Files of another engine: what identifies one, and a part of it.

use crate::sync::protocol::values::Decimal;
use crate::sync::protocol::{FileSlice, FileVersion};

/// What identifies the content of a file of another engine: another file, or another content, has another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RemoteFileVersion {
    /// The number of its device.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// Its bytes.
    pub size: u64,
    /// When its content or what is known of it changed last, in nanoseconds since 1970.
    pub changed_ns: u64,
}

/// A part of a file of another engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteSlice {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Offset of the first one.
    pub offset: u64,
    /// What the file was before they were read.
    pub version: RemoteFileVersion,
    /// The file is not what the request has named as its base.
    pub changed: bool,
    /// Nothing follows.
    pub end: bool,
}

impl From<FileVersion> for RemoteFileVersion {
    fn from(version: FileVersion) -> Self {
        let FileVersion { device, inode, size, changed_ns } = version;
        RemoteFileVersion { device: device.0, inode: inode.0, size, changed_ns: changed_ns.0 }
    }
}

impl From<RemoteFileVersion> for FileVersion {
    fn from(version: RemoteFileVersion) -> Self {
        let RemoteFileVersion { device, inode, size, changed_ns } = version;
        let [device, inode, changed_ns] = [device, inode, changed_ns].map(Decimal);
        FileVersion { device, inode, size, changed_ns }
    }
}

impl From<FileSlice> for RemoteSlice {
    fn from(slice: FileSlice) -> Self {
        let FileSlice { data, offset, version, changed, end } = slice;
        RemoteSlice { bytes: data.0, offset, version: version.into(), changed, end }
    }
}
