//! Looking at the disk: one place for every system call that asks about files.
//!
//! Names are looked at relative to an open directory, whose identity the caller has compared: a path may
//! lead somewhere else a moment later. No name is followed if it is a symbolic link, but that of a root.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, open, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat, stat};
use nix::time::{ClockId, clock_gettime};

use super::tree::{FileType, Stat};
use crate::error::{Error, ErrorKind};

/// Bytes that the kernel takes as one path; longer ones are walked in pieces.
const PATH_PIECE: usize = 3800;

/// Bytes of a directory that are listed with one call.
const LISTING_BYTES: usize = 32 << 10;

impl From<&FileStat> for Stat {
    fn from(raw: &FileStat) -> Self {
        let kind = match SFlag::from_bits_truncate(raw.st_mode & SFlag::S_IFMT.bits()) {
            SFlag::S_IFREG => FileType::File,
            SFlag::S_IFDIR => FileType::Directory,
            SFlag::S_IFLNK => FileType::Symlink,
            _ => FileType::Other,
        };
        let is_dir = kind == FileType::Directory;
        let owner = u64::from(raw.st_uid) << 32 | u64::from(raw.st_gid);
        let ns = |seconds: i64, part: i64| {
            if is_dir { 0 } else { seconds.saturating_mul(1_000_000_000).saturating_add(part) }
        };
        Stat {
            ino: raw.st_ino,
            size: if is_dir { owner } else { raw.st_size as u64 },
            mtime: ns(raw.st_mtime, raw.st_mtime_nsec),
            ctime: ns(raw.st_ctime, raw.st_ctime_nsec),
            dev: (libc::major(raw.st_dev) << 20) | (libc::minor(raw.st_dev) & 0xF_FFFF),
            mode: raw.st_mode as u16,
            kind,
            linked: !is_dir && raw.st_nlink > 1,
        }
    }
}

/// What a name in a directory is; `None` for nothing.
pub(super) fn look(dir: BorrowedFd<'_>, name: &[u8]) -> Result<Option<Stat>, Errno> {
    found(fstatat(dir, name, AtFlags::AT_SYMLINK_NOFOLLOW))
}

/// What a root is; `None` for nothing.
pub(super) fn look_at_root(path: &[u8]) -> Result<Option<Stat>, Errno> {
    found(stat(path))
}

/// What a root is that has to be there, or why it cannot be looked at.
pub(super) fn follow_root(path: &[u8]) -> Result<Stat, Errno> {
    stat(path).map(|raw| Stat::from(&raw))
}

fn found(outcome: nix::Result<FileStat>) -> Result<Option<Stat>, Errno> {
    match outcome {
        Ok(raw) => Ok(Some(Stat::from(&raw))),
        Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// What an open directory is.
pub(super) fn identify(fd: BorrowedFd<'_>) -> Result<Stat, Errno> {
    fstat(fd).map(|raw| Stat::from(&raw))
}

/// Opens a directory to look at names in it. `is_root`: a symbolic link is followed.
pub(super) fn open_dir(path: &[u8], is_root: bool) -> Result<OwnedFd, Errno> {
    open_by_path(path, OFlag::O_PATH, is_root)
}

/// Opens a directory to list and to watch it.
pub(super) fn open_for_listing(path: &[u8], is_root: bool) -> Result<OwnedFd, Errno> {
    open_by_path(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK, is_root)
}

/// Opens what is at a path, whatever it is.
pub(super) fn open_place(path: &[u8], flags: OFlag) -> Result<OwnedFd, Errno> {
    in_pieces(path, flags | OFlag::O_CLOEXEC, |base, piece, flags| {
        openat(base.unwrap_or(AT_FDCWD), piece, flags, Mode::empty())
    })
}

fn open_by_path(path: &[u8], flags: OFlag, follow: bool) -> Result<OwnedFd, Errno> {
    let dir = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let last = if follow { flags | dir } else { flags | dir | OFlag::O_NOFOLLOW };
    in_pieces(path, last, |base, piece, flags| {
        openat(base.unwrap_or(AT_FDCWD), piece, flags, Mode::empty())
    })
}

/// Opens a path that may be longer than the kernel takes at once. `open` opens one piece of it from a
/// directory, from where the whole path begins if that is `None`; `last` are the flags for the last piece.
pub(super) fn in_pieces(
    path: &[u8],
    last: OFlag,
    open: impl Fn(Option<BorrowedFd<'_>>, &[u8], OFlag) -> Result<OwnedFd, Errno>,
) -> Result<OwnedFd, Errno> {
    let between = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut at: Option<OwnedFd> = None;
    let mut rest = path;
    loop {
        let base = at.as_ref().map(AsFd::as_fd);
        if rest.len() <= PATH_PIECE {
            return open(base, rest, last);
        }
        let window = rest.get(..PATH_PIECE).unwrap_or(rest);
        let Some(cut) = window.iter().rposition(|byte| *byte == b'/').filter(|cut| *cut > 0) else {
            return Err(Errno::ENAMETOOLONG);
        };
        let (piece, behind) = rest.split_at(cut);
        at = Some(open(base, piece, between)?);
        rest = behind.get(1..).unwrap_or_default();
    }
}

/// Whether there is a descriptor left.
pub(super) fn can_open() -> bool {
    open("/", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()).is_ok()
}

/// The clock that the kernel stamps files with: a stamp of this value or later may come again.
pub(super) fn file_time() -> i64 {
    let now = clock_gettime(ClockId::CLOCK_REALTIME_COARSE);
    now.map_or(i64::MIN, |now| {
        now.tv_sec().saturating_mul(1_000_000_000).saturating_add(now.tv_nsec())
    })
}

/// The content of a small file in a directory with what it was; nothing if it cannot be read, and `None`
/// if there is no such file.
pub(super) fn read_small(dir: BorrowedFd<'_>, name: &[u8], max: usize) -> Option<(Vec<u8>, Stat)> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let is_file = |stat: &Stat| stat.kind == FileType::File;
    let fd = match openat(dir, name, flags, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::ENOENT) => return None,
        Err(_) => {
            let stat = look(dir, name).ok().flatten().filter(is_file)?;
            return Some((Vec::new(), stat));
        }
    };
    let stat = identify(fd.as_fd()).ok().filter(is_file)?;
    Some((read_up_to(&fd, max.min(stat.size as usize)), stat))
}

fn read_up_to(fd: &OwnedFd, max: usize) -> Vec<u8> {
    let mut content = vec![0; max];
    let mut filled = 0;
    while filled < content.len() {
        match nix::unistd::read(fd, content.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(Errno::EINTR) => {}
            Err(_) => break,
        }
    }
    content.truncate(filled);
    content
}

/// [`read_small`] by path, for files above the roots; with the size of the file.
pub(super) fn read_small_at(path: &Path, max: usize) -> Option<(Vec<u8>, u64)> {
    let dir = open(path.parent()?, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()).ok()?;
    let name = std::os::unix::ffi::OsStrExt::as_bytes(path.file_name()?);
    read_small(dir.as_fd(), name, max).map(|(content, stat)| (content, stat.size))
}

/// A regular file by its path, links followed, opened for reading.
pub(super) fn open_file(path: &Path) -> Option<(OwnedFd, Stat)> {
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let fd = open(path, flags, Mode::empty()).ok()?;
    let stat = identify(fd.as_fd()).ok().filter(|stat| stat.kind == FileType::File)?;
    Some((fd, stat))
}

/// The beginning of a regular file by its path, links followed.
pub(super) fn read_file(path: &Path, max: usize) -> Option<(Vec<u8>, Stat)> {
    let (fd, stat) = open_file(path)?;
    Some((read_up_to(&fd, max.min(stat.size as usize)), stat))
}

/// A directory that is being listed; it can be left for other work between any two names.
pub(super) struct Listing {
    pub(super) fd: OwnedFd,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
}

impl Listing {
    pub(super) fn new(fd: OwnedFd, mut buffer: Vec<u8>) -> Self {
        buffer.resize(LISTING_BYTES, 0);
        Listing { fd, buffer, at: 0, end: 0 }
    }

    /// Gives the buffer back.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    /// The next name, `.` and `..` left out; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, Errno> {
        loop {
            if self.at == self.end {
                self.end = read_entries(self.fd.as_fd(), &mut self.buffer)?;
                self.at = 0;
                if self.end == 0 {
                    return Ok(None);
                }
            }
            let name = self.take_entry().ok_or(Errno::EINVAL)?;
            let bytes = self.buffer.get(name.clone()).unwrap_or_default();
            if bytes != b"." && bytes != b".." {
                return Ok(self.buffer.get(name));
            }
        }
    }

    /// Steps over one `linux_dirent64`: inode and offset (8 bytes each), length (2), type (1), name.
    fn take_entry(&mut self) -> Option<std::ops::Range<usize>> {
        const NAME: usize = 19;
        let entry = self.buffer.get(self.at..self.end)?;
        let length = usize::from(u16::from_ne_bytes([*entry.get(16)?, *entry.get(17)?]));
        let name = entry.get(NAME..length)?;
        let name_len = name.iter().position(|byte| *byte == 0)?;
        let start = self.at + NAME;
        self.at += length;
        Some(start..start + name_len)
    }
}

/// `getdents64`, which neither libc nor nix wrap without a stream of their own: opening one costs two
/// more system calls and 32 KiB for each directory.
fn read_entries(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<usize, Errno> {
    let (address, len) = (buffer.as_mut_ptr(), buffer.len());
    // SAFETY: the kernel writes at most `len` bytes to the buffer, which is borrowed for the call.
    let read = unsafe { libc::syscall(libc::SYS_getdents64, fd.as_raw_fd(), address, len) };
    Errno::result(read).map(|read| read as usize)
}

/// Gives an inotify descriptor back. One that the kernel has dropped already is an error that does not matter.
pub(super) fn remove_watch(inotify: BorrowedFd<'_>, wd: i32) {
    // SAFETY: the call takes two numbers and touches no memory of ours.
    unsafe { libc::inotify_rm_watch(inotify.as_raw_fd(), wd) };
}

/// Why a root cannot be watched.
pub(super) fn path_error(path: &Path, error: &io::Error) -> Error {
    let Some(errno) = error.raw_os_error().map(Errno::from_raw) else {
        // Not from the kernel: a NUL in the path.
        return Error::invalid(format!("{}: {error}", path.display()));
    };
    let kind = match errno {
        Errno::ENOENT => ErrorKind::NotFound,
        Errno::EACCES | Errno::EPERM => ErrorKind::PermissionDenied,
        Errno::ENOTDIR => ErrorKind::NotADirectory,
        Errno::EMFILE | Errno::ENFILE => ErrorKind::OutOfDescriptors,
        _ => ErrorKind::System,
    };
    Error::new(kind, format!("{}: {}", path.display(), errno.desc())).with_errno(errno)
}
