//! Where the names of a watch are looked up: by path, or beneath a directory that was granted to a client.
//!
//! A client's watch outlives the check of its path. So each later look begins at the descriptor of the
//! granted directory and follows no symbolic link, and the root counts only while its own name, looked up
//! without links, leads to the same inode. A name that leads elsewhere later is gone for the watch.
//!
//! The granted directory is whatever directory is at the granted path, which has no symbolic link in it. When a
//! root is not found, the path is opened anew: the watch goes on with what took the place of a directory that was
//! deleted, moved or mounted over.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat2};

use super::disk;
use super::tree::Stat;

/// A directory that was granted to clients.
#[derive(Debug)]
pub(crate) struct Granted {
    /// The directory itself; `O_PATH` is enough.
    pub(crate) fd: OwnedFd,
    /// Where it was when the client's path was resolved, without symbolic links.
    pub(crate) path: PathBuf,
}

/// See the module's documentation.
#[derive(Clone)]
pub(super) struct NameLookup {
    /// `None`: names are looked up by their paths, and a root that is a link is followed.
    granted: Option<Arc<Granted>>,
}

impl NameLookup {
    pub(super) fn new(granted: Option<Arc<Granted>>) -> Self {
        NameLookup { granted }
    }

    /// What a root is; `None` for nothing.
    pub(super) fn look_at_root(&mut self, path: &[u8]) -> Result<Option<Stat>, Errno> {
        let Some(granted) = &self.granted else { return disk::look_at_root(path) };
        let found = granted.look_at_root(path)?;
        if found.is_some() {
            return Ok(found);
        }
        let Ok(renewed) = Granted::at(&granted.path) else {
            return granted.look_while_away(path);
        };
        let found = renewed.look_at_root(path)?;
        self.granted = Some(Arc::new(renewed));
        Ok(found)
    }

    /// Opens a directory to look at names in it. `is_root`: a symbolic link is followed, if any is.
    pub(super) fn open_dir(&self, path: &[u8], is_root: bool) -> Result<OwnedFd, Errno> {
        match &self.granted {
            None => disk::open_dir(path, is_root),
            Some(granted) => granted.open(path, OFlag::O_PATH | OFlag::O_DIRECTORY),
        }
    }

    /// Opens a directory to list and to watch it.
    pub(super) fn open_for_listing(&self, path: &[u8], is_root: bool) -> Result<OwnedFd, Errno> {
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_DIRECTORY;
        match &self.granted {
            None => disk::open_for_listing(path, is_root),
            Some(granted) => granted.open(path, flags),
        }
    }

    /// Whether a root can be watched: it is there, and can be listed if it is a directory. Of a directory the path
    /// that it leads to, without symbolic links.
    pub(super) fn check_root(&mut self, path: &Path) -> io::Result<Option<PathBuf>> {
        let path = path.as_os_str().as_bytes();
        let found = match &self.granted {
            None => Some(disk::follow_root(path)?),
            Some(_) => self.look_at_root(path)?,
        };
        if !found.ok_or(Errno::ENOENT)?.is_dir() {
            return Ok(None);
        }
        let listed = self.open_for_listing(path, true);
        let listed = if self.is_granted() { there(listed)?.ok_or(Errno::ENOENT) } else { listed };
        let fd = listed?;
        // Without /proc it is not known.
        let link = PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()));
        Ok(std::fs::read_link(link).ok())
    }

    /// Whether names are looked up beneath a directory that was granted, and through no symbolic link.
    pub(super) fn is_granted(&self) -> bool {
        self.granted.is_some()
    }

    /// What is at an absolute path, which has no symbolic link in it but for its last name; `None` for nothing. It
    /// is open for being identified and watched alone.
    pub(super) fn open_place(&self, path: &[u8]) -> Result<Option<OwnedFd>, Errno> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW;
        there(match &self.granted {
            None => disk::open_place(path, flags),
            Some(_) => open_plain(path, flags),
        })
    }

    /// Has a file that is a root, or the directory above one, watched: calls `watch` with a path that leads
    /// there for the time of the call.
    pub(super) fn with_path<T>(
        &self,
        path: &Path,
        watch: impl FnOnce(PathBuf) -> io::Result<T>,
    ) -> io::Result<T> {
        if self.granted.is_none() {
            return watch(path.to_path_buf());
        }
        // The directory above may be outside: only the root's own name is of interest there.
        let fd = open_plain(path.as_os_str().as_bytes(), OFlag::O_PATH)?;
        watch(PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd())))
    }
}

impl Granted {
    /// The directory that is at an absolute path now. The path is refused if a part of it is a symbolic link.
    pub(crate) fn at(path: &Path) -> Result<Self, Errno> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY;
        let fd = open_plain(path.as_os_str().as_bytes(), flags)?;
        Ok(Granted { fd, path: path.to_path_buf() })
    }

    /// Opens what is at a path of the watch, from here.
    fn open(&self, path: &[u8], flags: OFlag) -> Result<OwnedFd, Errno> {
        let path = Path::new(OsStr::from_bytes(path));
        let below = path.strip_prefix(&self.path).map_err(|_| Errno::ENOENT)?.as_os_str();
        let below = if below.is_empty() { b"." } else { below.as_bytes() };
        disk::in_pieces(below, flags, |base, piece, flags| {
            open_beneath(base.unwrap_or(self.fd.as_fd()), piece, flags)
        })
    }

    fn look_at_root(&self, path: &[u8]) -> Result<Option<Stat>, Errno> {
        let Some(below) = there(self.open(path, OFlag::O_PATH))? else {
            return Ok(None);
        };
        let stat = disk::identify(below.as_fd())?;
        let Some(named) = there(open_plain(path, OFlag::O_PATH))? else {
            return Ok(None);
        };
        let is_same = disk::identify(named.as_fd())?.is_same_inode(&stat);
        Ok(Some(stat).filter(|_| is_same))
    }

    /// What a root is in the directory that was granted, while no directory is at the path of that: it was moved, and
    /// is still the one that was granted.
    fn look_while_away(&self, path: &[u8]) -> Result<Option<Stat>, Errno> {
        if path == self.path.as_os_str().as_bytes() {
            return Ok(None);
        }
        let below = there(self.open(path, OFlag::O_PATH))?;
        below.map(|below| disk::identify(below.as_fd())).transpose()
    }
}

/// Nothing, where a name or a part of the way is missing or a link.
fn there(outcome: Result<OwnedFd, Errno>) -> Result<Option<OwnedFd>, Errno> {
    match outcome {
        Ok(fd) => Ok(Some(fd)),
        Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP | Errno::EXDEV) => Ok(None),
        Err(errno) => Err(errno),
    }
}

fn open_beneath(base: BorrowedFd<'_>, path: &[u8], flags: OFlag) -> Result<OwnedFd, Errno> {
    open_at(base, path, flags, ResolveFlag::RESOLVE_BENEATH)
}

/// Opens an absolute path that has no symbolic link in it.
fn open_plain(path: &[u8], flags: OFlag) -> Result<OwnedFd, Errno> {
    disk::in_pieces(path, flags, |base, piece, flags| {
        open_at(base.unwrap_or(AT_FDCWD), piece, flags, ResolveFlag::empty())
    })
}

fn open_at(
    base: BorrowedFd<'_>,
    path: &[u8],
    flags: OFlag,
    resolve: ResolveFlag,
) -> Result<OwnedFd, Errno> {
    let links = ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    let how = OpenHow::new().flags(flags | OFlag::O_CLOEXEC).resolve(resolve | links);
    openat2(base, path, how)
}
