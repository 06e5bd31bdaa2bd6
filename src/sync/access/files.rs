//! Files that others name: opened beneath a directory, and only if they are regular.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};

use crate::error::{Error, ErrorKind, Result};

/// The kernel asks for another try when something was renamed while it looked.
const TRIES: u32 = 16;

/// What a relative path leads to beneath a directory (`O_PATH`), through links that stay there.
pub(super) fn look_up(directory: BorrowedFd<'_>, path: &Path) -> nix::Result<OwnedFd> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    retry(|| openat2(directory, path, how))
}

/// Opens a regular file for reading that was found before (`O_PATH`), and nothing else: opening a device or a FIFO
/// may do something, or wait. It is opened by its descriptor, so it is the one that was looked at.
pub(crate) fn open_regular(found: BorrowedFd<'_>) -> Result<(File, FileStat)> {
    let stat = fstat(found).map_err(|e| Error::system("fstat", e))?;
    let kind = SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT;
    if kind != SFlag::S_IFREG {
        let kind = match kind {
            SFlag::S_IFDIR => "a directory",
            SFlag::S_IFIFO => "a FIFO",
            SFlag::S_IFSOCK => "a socket",
            _ => "a device",
        };
        return Err(Error::invalid(format!("it is {kind}, and no file")));
    }
    let link = format!("/proc/self/fd/{}", found.as_raw_fd());
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let file = retry(|| open(link.as_str(), flags, Mode::empty())).map_err(|errno| {
        let kind = match errno {
            Errno::EACCES | Errno::EPERM => ErrorKind::PermissionDenied,
            Errno::ENOENT => ErrorKind::NotFound,
            Errno::EMFILE | Errno::ENFILE => ErrorKind::OutOfDescriptors,
            _ => return Error::system("open", errno),
        };
        Error::new(kind, errno.desc()).with_errno(errno)
    })?;
    Ok((File::from(file), stat))
}

/// Opens a regular file beneath a directory that the host named; `None` if there is none that may be read.
pub(crate) fn open_beneath(directory: &Path, path: &Path) -> Option<(File, FileStat)> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let directory = retry(|| open(directory, flags, Mode::empty())).ok()?;
    let found = look_up(directory.as_fd(), path).ok()?;
    open_regular(found.as_fd()).ok()
}

pub(super) fn retry<T>(mut call: impl FnMut() -> nix::Result<T>) -> nix::Result<T> {
    let mut outcome = call();
    for _ in 1..TRIES {
        match outcome {
            Err(Errno::EAGAIN | Errno::EINTR) => outcome = call(),
            _ => break,
        }
    }
    outcome
}
