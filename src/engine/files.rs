//! Files that clients read: in slices, from the granted directories.
//!
//! A slice is read in one unit of the turn, so it is small. What the file was is noted before its bytes are read: if
//! somebody writes meanwhile, the next slice says that the file has changed, and never the other way round.

use std::io::{Read as _, Seek, SeekFrom};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::sys::stat::FileStat;

use super::Engine;
use crate::error::Result;
use crate::policy::UNIT_COST_MAX;
use crate::reactor::io_error;
use crate::sync::open_regular;
use crate::sync::protocol::values::{Decimal, Octets};
use crate::sync::protocol::{FileSlice, FileVersion, Outcome, Read};

/// Bytes of a slice that asks for no other length, and of the longest one.
const SLICE_BYTES: (u32, u32) = (64 << 10, 256 << 10);

/// The cost of a slice: looking its path up and opening it; and a byte, which is read, encoded and copied.
const OPEN_COST: u64 = 40_000;
const BYTE_COST: u64 = 3;
const _: () = assert!(OPEN_COST + BYTE_COST * SLICE_BYTES.1 as u64 <= UNIT_COST_MAX);

impl Engine {
    /// Reads a slice of a file for a client.
    pub(super) fn read_for(&self, request: &Read) -> Result<Outcome> {
        let found = self.server.access.directories.resolve(&request.path.0)?;
        let (mut file, stat) = open_regular(found.fd.as_fd())?;
        let version = version_of(&stat);
        let max = length_of(request);
        let expected = version.size.saturating_sub(request.offset).min(max) as usize;
        let mut data = Vec::with_capacity(expected + 1);
        match file.seek(SeekFrom::Start(request.offset)) {
            // One byte more shows whether something follows.
            Ok(_) => file.take(max + 1).read_to_end(&mut data).map_err(|e| io_error("read", &e))?,
            // Beyond what a file can have.
            Err(e) if e.raw_os_error() == Some(Errno::EINVAL as i32) => 0,
            Err(e) => return Err(io_error("lseek", &e)),
        };
        let end = data.len() as u64 <= max;
        data.truncate(max as usize);
        Ok(Outcome::Slice(FileSlice {
            data: Octets(data),
            offset: request.offset,
            version,
            changed: request.base.is_some_and(|base| base != version),
            end,
        }))
    }
}

/// What a slice costs at most.
pub(super) fn cost_of(request: &Read) -> u64 {
    OPEN_COST + BYTE_COST * length_of(request)
}

fn length_of(request: &Read) -> u64 {
    let (usual, max) = SLICE_BYTES;
    u64::from(if request.max == 0 { usual } else { request.max.min(max) })
}

fn version_of(stat: &FileStat) -> FileVersion {
    let seconds = (stat.st_ctime as u64).wrapping_mul(1_000_000_000);
    FileVersion {
        device: Decimal(stat.st_dev),
        inode: Decimal(stat.st_ino),
        size: stat.st_size as u64,
        changed_ns: Decimal(seconds.wrapping_add(stat.st_ctime_nsec as u64)),
    }
}
