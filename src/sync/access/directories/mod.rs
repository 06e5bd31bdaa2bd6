//! Paths of clients: only what lies in the directories that the host granted.
//!
//! A grant is of a real path: that of the directory at the time of the grant, without symbolic links. The
//! directory that is at this path now is granted, so one that is deleted and made anew, replaced by another
//! directory, or mounted over is served as it is then. The path is opened without following symbolic links: a
//! link in its place, or in the place of a directory above it, grants nothing. While no directory is at the path,
//! the one that was granted stays so if it was only moved.
//!
//! The kernel decides, not a comparison of text: `openat2` resolves beneath the directory that was opened, so
//! neither a symbolic link nor a rename in between leads out. What is returned is
//! the thing that was found, as a descriptor, and where it was. The descriptor is what may be used: by the
//! time a path is looked up again, a program that may write in a granted directory can have put a link there.
//!
//! A symbolic link with an absolute target is refused even if it leads back inside.

use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, readlink};
use nix::sys::stat::{FileStat, Mode, fstat, lstat};

use super::files::{look_up, retry};
use crate::error::{Error, ErrorKind, Result};
use crate::reactor::io_error;
use crate::watch::Granted;

/// Bytes of a path, as the kernel has it without the NUL.
pub(crate) const PATH_BYTES_MAX: usize = 4095;
/// Granted directories; each costs a descriptor.
const GRANTS_MAX: usize = 256;
struct Grant {
    /// As the host named it.
    named: PathBuf,
    /// Where it was when it was granted, without symbolic links: this path is what is granted.
    real: PathBuf,
    /// The directory that was there then.
    fd: OwnedFd,
}

impl Grant {
    /// The part of `path` below this grant, and how specific the grant's name is.
    fn below<'p>(&self, path: &'p Path) -> Option<(usize, &'p Path)> {
        [&self.named, &self.real]
            .into_iter()
            .filter_map(|name| Some((name.components().count(), path.strip_prefix(name).ok()?)))
            .max_by_key(|(length, _)| *length)
    }

    /// The directory that is granted now: the one at the path, else the one that was there first.
    fn directory(&self) -> Result<Granted> {
        let fd = match retry(|| Granted::at(&self.real)) {
            Ok(there) => there.fd,
            Err(_) => self.fd.try_clone().map_err(|e| io_error("dup", &e))?,
        };
        // It is read now: a rename may just have moved the directory.
        let path = real_path(fd.as_fd())?;
        Ok(Granted { fd, path })
    }
}

/// What a path led to.
pub(crate) struct Resolved {
    /// The thing itself (`O_PATH`). Whoever uses it begins here, not at its name.
    pub(crate) fd: OwnedFd,
    /// Where it was: for people, and for comparison with other paths.
    pub(crate) path: PathBuf,
    /// The granted directory that it is in.
    pub(crate) granted: Granted,
}

/// The directories that were granted.
#[derive(Default)]
pub(crate) struct Directories {
    grants: Vec<Grant>,
}

impl Directories {
    /// Grants the directory that is at an absolute path now, and everything in it; see the module for what
    /// becomes of the grant later. A directory that was granted under the same path is replaced. Errors name the
    /// path.
    pub(crate) fn grant(&mut self, path: &Path) -> Result<()> {
        self.try_grant(path).map_err(|error| {
            let message = match error.kind() {
                ErrorKind::NotADirectory => "not a directory",
                _ => error.message(),
            };
            let text = format!("{}: {message}", path.display());
            let named = Error::new(error.kind(), text);
            error.errno().map(Errno::from_raw).into_iter().fold(named, Error::with_errno)
        })
    }

    fn try_grant(&mut self, path: &Path) -> Result<()> {
        let named: PathBuf = checked(path.as_os_str().as_bytes())?.components().collect();
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let fd = retry(|| open(&named, flags, Mode::empty())).map_err(refused)?;
        let real = real_path(fd.as_fd())?;
        self.grants.retain(|grant| grant.named != named);
        if self.grants.len() >= GRANTS_MAX {
            return Err(Error::limit("at most 256 granted directories"));
        }
        self.grants.push(Grant { named, real, fd });
        Ok(())
    }

    /// Takes a grant back; false if there is none for this path.
    pub(crate) fn revoke(&mut self, path: &Path) -> bool {
        let before = self.grants.len();
        self.grants.retain(|grant| grant.named != path);
        self.grants.len() != before
    }

    /// What an absolute path of a client leads to.
    ///
    /// - [`InvalidArgument`](ErrorKind::InvalidArgument): empty, relative, too long, with a NUL or `..`.
    /// - [`PermissionDenied`](ErrorKind::PermissionDenied): not in a granted directory, or it leads out.
    ///   For a path that is in none, nothing was looked at.
    /// - [`NotFound`](ErrorKind::NotFound), [`NotADirectory`](ErrorKind::NotADirectory): as the kernel
    ///   says.
    /// - [`System`](ErrorKind::System): anything else, a kernel without `openat2` included.
    pub(crate) fn resolve(&self, path: &[u8]) -> Result<Resolved> {
        let path = checked(path)?;
        let nearest = self
            .grants
            .iter()
            .filter_map(|grant| grant.below(path).map(|(length, below)| (length, grant, below)))
            .max_by_key(|(length, ..)| *length);
        let (_, grant, below) = nearest.ok_or_else(outside)?;
        let below = if below.as_os_str().is_empty() { Path::new(".") } else { below };
        let granted = grant.directory()?;
        let fd = look_up(granted.fd.as_fd(), below).map_err(refused)?;
        let real = real_path(fd.as_fd())?;
        if !real.starts_with(&granted.path) {
            return Err(outside());
        }
        let stat = stat(fd.as_fd())?;
        // The name that the kernel gives for something deleted, or mounted over, leads elsewhere.
        if !lstat(&real).is_ok_and(|at| (at.st_dev, at.st_ino) == (stat.st_dev, stat.st_ino)) {
            return Err(Error::new(ErrorKind::NotFound, "it is gone").with_errno(Errno::ENOENT));
        }
        Ok(Resolved { fd, path: real, granted })
    }
}

/// An absolute path that says where it leads without a way up.
fn checked(bytes: &[u8]) -> Result<&Path> {
    let path = Path::new(OsStr::from_bytes(bytes));
    let rules = [
        (bytes.is_empty(), "path: must not be empty"),
        (bytes.len() > PATH_BYTES_MAX, "path: at most 4,095 bytes"),
        (bytes.contains(&0), "path: must not contain NUL"),
        (!path.is_absolute(), "path: must be absolute"),
        (path.components().any(|part| part == Component::ParentDir), "path: must not contain .."),
    ];
    match rules.iter().find(|(broken, _)| *broken) {
        Some((_, rule)) => Err(Error::invalid(*rule)),
        None => Ok(path),
    }
}

fn outside() -> Error {
    Error::new(ErrorKind::PermissionDenied, "outside of the granted directories")
}

fn refused(errno: Errno) -> Error {
    let (kind, message) = match errno {
        // A way out, or a magic link; a loop of links looks like the latter.
        Errno::EXDEV | Errno::ELOOP => return outside().with_errno(errno),
        Errno::ENOENT => (ErrorKind::NotFound, "no such file or directory"),
        Errno::ENOTDIR => (ErrorKind::NotADirectory, "a part of the path is no directory"),
        Errno::EACCES | Errno::EPERM => (ErrorKind::PermissionDenied, "permission denied"),
        Errno::ENAMETOOLONG => (ErrorKind::InvalidArgument, "a name is too long"),
        Errno::ENOSYS => {
            (ErrorKind::System, "paths of clients need openat2, which is in Linux 5.6 and newer")
        }
        errno => return Error::system("openat2", errno),
    };
    Error::new(kind, message).with_errno(errno)
}

/// The name that the kernel has for an open file.
fn real_path(fd: BorrowedFd<'_>) -> Result<PathBuf> {
    let link = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let path = readlink(link.as_str()).map_err(|e| Error::system("readlink /proc/self/fd", e))?;
    let path = PathBuf::from(path);
    // Out of sight for this process, as after a chroot.
    if !path.is_absolute() {
        return Err(outside());
    }
    // The kernel marks the name of what was removed, and a name may really end like that.
    if path.as_os_str().as_encoded_bytes().ends_with(b" (deleted)") {
        let (open, named) = (stat(fd)?, nix::sys::stat::stat(&path).map_err(refused)?);
        if (open.st_dev, open.st_ino) != (named.st_dev, named.st_ino) {
            return Err(refused(Errno::ENOENT));
        }
    }
    Ok(path)
}

fn stat(fd: BorrowedFd<'_>) -> Result<FileStat> {
    fstat(fd).map_err(|e| Error::system("fstat", e))
}

#[cfg(test)]
mod tests;
