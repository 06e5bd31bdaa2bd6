//! Peers: parts of files of other engines.

use super::sized::lend;
use super::types::{NO_BYTES, orch_bytes};
use crate::{RemoteFileVersion, RemoteSlice};

/// What identifies the content of a file of another engine. Another file, or another content, has another one.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_peer_file_version {
    /// The number of its device.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// Its bytes.
    pub size: u64,
    /// When its content or metadata changed last, in nanoseconds since 1970.
    pub changed_ns: u64,
}

/// A part of a file of another engine.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_peer_slice {
    /// The bytes.
    pub data: orch_bytes,
    /// Offset of the first byte.
    pub offset: u64,
    /// What the file was before the bytes were read.
    pub version: orch_peer_file_version,
    /// 1: the file is not what `base` of the request says.
    pub changed: u32,
    /// 1: nothing follows.
    pub end: u32,
}

pub(super) const NO_SLICE: orch_peer_slice = orch_peer_slice {
    data: NO_BYTES,
    offset: 0,
    version: orch_peer_file_version { device: 0, inode: 0, size: 0, changed_ns: 0 },
    changed: 0,
    end: 0,
};

impl orch_peer_file_version {
    pub(super) fn to_remote(self) -> RemoteFileVersion {
        let orch_peer_file_version { device, inode, size, changed_ns } = self;
        RemoteFileVersion { device, inode, size, changed_ns }
    }
}

impl orch_peer_slice {
    /// The slice with its bytes, which are lent.
    pub(super) fn lending(slice: &RemoteSlice) -> Self {
        let RemoteFileVersion { device, inode, size, changed_ns } = slice.version;
        orch_peer_slice {
            data: lend(&slice.bytes),
            offset: slice.offset,
            version: orch_peer_file_version { device, inode, size, changed_ns },
            changed: slice.changed.into(),
            end: slice.end.into(),
        }
    }
}
