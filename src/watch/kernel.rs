//! The kernel's side: one inotify instance, and what each of its watch descriptors stands for.
//!
//! The queue says which names to look at; it is never believed further. Descriptors are numbers that the
//! kernel does not use again, so an event of one that is not known any more is of no interest.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::PathBuf;

use inotify::{Events, Inotify, WatchMask};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::disk;
use super::tree::FileId;
use crate::error::{Error, Result};

/// What is asked for of a directory. Never opening, reading or closing without a write: listing would
/// feed on itself. Writes under names that are not there are asked for, since the file may have others:
/// see `unlinked.rs`.
const DIRECTORY: WatchMask = WatchMask::CREATE
    .union(WatchMask::DELETE)
    .union(WatchMask::MODIFY)
    .union(WatchMask::CLOSE_WRITE)
    .union(WatchMask::ATTRIB)
    .union(WatchMask::MOVED_FROM)
    .union(WatchMask::MOVED_TO)
    .union(WatchMask::DELETE_SELF)
    .union(WatchMask::MOVE_SELF)
    .union(WatchMask::ONLYDIR);

/// What is asked for of an inode that the path of a root leads through.
const PLACE: WatchMask = WatchMask::DELETE_SELF.union(WatchMask::MOVE_SELF);

/// The same, where another inode may take its name while it lives on: it has fewer names then.
const INODE: WatchMask = PLACE.union(WatchMask::ATTRIB);

/// What is asked for of a directory in which a name is waited for.
const NAMES: WatchMask = PLACE
    .union(WatchMask::CREATE)
    .union(WatchMask::DELETE)
    .union(WatchMask::MOVED_FROM)
    .union(WatchMask::MOVED_TO)
    .union(WatchMask::ONLYDIR);

/// What is asked for of a directory in which files of rules are watched for.
const SOURCE: WatchMask = NAMES.union(WatchMask::CLOSE_WRITE).union(WatchMask::ATTRIB);

/// What is asked for of a root that is a file.
const FILE: WatchMask = WatchMask::MODIFY
    .union(WatchMask::CLOSE_WRITE)
    .union(WatchMask::ATTRIB)
    .union(WatchMask::DELETE_SELF)
    .union(WatchMask::MOVE_SELF);

/// What is of interest of an inode that the path of a root leads through.
#[derive(Clone, Copy, Debug)]
pub(super) enum Interest {
    /// That a directory is moved or deleted.
    Place,
    /// That, and the names in it.
    Names,
    /// That something else is moved, deleted or replaced.
    Inode,
}

/// What a descriptor is for; one may be for several.
pub(super) struct Watched {
    /// The entry; the parent of the roots if none.
    pub(super) entry: FileId,
    /// Paths of roots lead through it.
    pub(super) is_place: bool,
    /// Files of rules are watched for in this directory.
    pub(super) has_sources: bool,
    /// In which rescan it was seen last.
    pub(super) confirmed: u32,
}

/// See the module's documentation.
pub(super) struct Kernel {
    inotify: Inotify,
    /// Ordered, so that it can be gone through in slices, and never grows by a large step.
    watched: BTreeMap<i32, Watched>,
    /// Directories in which files of rules are watched for.
    source_dirs: usize,
}

impl Kernel {
    pub(super) fn new() -> Result<Self> {
        let inotify = Inotify::init().map_err(|e| match e.raw_os_error() {
            // The system says the same for both; so is there a descriptor left?
            Some(code) if code == Errno::EMFILE as i32 && disk::can_open() => {
                Error::limit("no inotify instance left: see fs.inotify.max_user_instances")
                    .with_errno(Errno::EMFILE)
            }
            code => Error::system("inotify_init1", Errno::from_raw(code.unwrap_or(0))),
        })?;
        Ok(Kernel { inotify, watched: BTreeMap::new(), source_dirs: 0 })
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }

    /// Descriptors in use but those that are for files of rules alone. Goes through those directories.
    pub(super) fn of_entries(&self) -> usize {
        let is_for_rules =
            |w: &&Watched| w.has_sources && w.entry == FileId::ROOT_PARENT && !w.is_place;
        match self.source_dirs {
            0 => self.len(),
            _ => self.len() - self.watched.values().filter(is_for_rules).count(),
        }
    }

    /// Descriptors in use.
    pub(super) fn len(&self) -> usize {
        self.watched.len()
    }

    pub(super) fn get(&self, wd: i32) -> Option<&Watched> {
        self.watched.get(&wd)
    }

    pub(super) fn get_mut(&mut self, wd: i32) -> Option<&mut Watched> {
        self.watched.get_mut(&wd)
    }

    /// Takes events; `None` when there are none.
    pub(super) fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Option<Events<'b>> {
        // An interruption is rare, and the queue stays readable.
        self.inotify.read_events(buffer).ok()
    }

    /// Whether there are events to be taken.
    pub(super) fn has_events(&self) -> bool {
        let mut queue = [PollFd::new(self.inotify.as_fd(), PollFlags::POLLIN)];
        poll(&mut queue, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }

    /// Watches an open directory for an entry. An inode that is watched already gives the descriptor that
    /// it has.
    pub(super) fn watch_directory(&mut self, fd: BorrowedFd<'_>) -> io::Result<i32> {
        // By descriptor: the path may lead elsewhere by now.
        self.add(by_descriptor(fd), DIRECTORY)
    }

    /// Watches what the path of a root leads through; `O_PATH` is enough.
    pub(super) fn watch_place(
        &mut self,
        fd: BorrowedFd<'_>,
        interest: Interest,
    ) -> io::Result<i32> {
        let mask = match interest {
            Interest::Place => PLACE,
            Interest::Names => NAMES,
            Interest::Inode => INODE,
        };
        let wd = self.add(by_descriptor(fd), mask | WatchMask::MASK_ADD)?;
        if let Some(watched) = self.watched.get_mut(&wd) {
            watched.is_place = true;
        }
        Ok(wd)
    }

    /// The names in a directory that is watched for nothing else are of no interest any more. An inode that is not
    /// known is not watched.
    pub(super) fn narrow_place(&mut self, fd: BorrowedFd<'_>) -> io::Result<i32> {
        let wd = self.add(by_descriptor(fd), PLACE)?;
        if self.get(wd).is_some_and(|watched| watched.has_sources) {
            self.add(by_descriptor(fd), SOURCE | WatchMask::MASK_ADD)?;
        }
        self.drop_unused(wd);
        Ok(wd)
    }

    /// Watches a directory for files of rules.
    pub(super) fn watch_source(&mut self, dir: PathBuf) -> io::Result<i32> {
        let wd = self.add(dir, SOURCE | WatchMask::MASK_ADD)?;
        if let Some(watched) = self.watched.get_mut(&wd) {
            self.source_dirs += usize::from(!watched.has_sources);
            watched.has_sources = true;
        }
        Ok(wd)
    }

    pub(super) fn watch_file(&mut self, path: PathBuf) -> io::Result<i32> {
        self.add(path, FILE | WatchMask::MASK_ADD)
    }

    fn add(&mut self, path: PathBuf, mask: WatchMask) -> io::Result<i32> {
        let descriptor = self.inotify.watches().add(path, mask)?;
        let wd = descriptor.get_watch_descriptor_id();
        // The number alone: with the rest of what the crate keeps, a directory took twice as much.
        self.watched.entry(wd).or_insert(Watched {
            entry: FileId::ROOT_PARENT,
            is_place: false,
            has_sources: false,
            confirmed: 0,
        });
        Ok(wd)
    }

    /// Puts an event of a descriptor of its own at the end of the queue: `IGNORED` for this number.
    pub(super) fn mark_end(&mut self, fd: BorrowedFd<'_>) -> io::Result<i32> {
        let descriptor = self.inotify.watches().add(by_descriptor(fd), WatchMask::ATTRIB)?;
        let wd = descriptor.get_watch_descriptor_id();
        self.inotify.watches().remove(descriptor)?;
        Ok(wd)
    }

    /// The entry does not need its descriptor any more.
    pub(super) fn release(&mut self, wd: i32) {
        if let Some(watched) = self.watched.get_mut(&wd) {
            watched.entry = FileId::ROOT_PARENT;
            self.drop_unused(wd);
        }
    }

    /// No path of a root leads through it any more.
    pub(super) fn release_place(&mut self, wd: i32) {
        if let Some(watched) = self.watched.get_mut(&wd) {
            watched.is_place = false;
            self.drop_unused(wd);
        }
    }

    /// No file of rules is watched for in this directory any more.
    pub(super) fn release_source(&mut self, wd: i32) {
        if let Some(watched) = self.watched.get_mut(&wd) {
            self.source_dirs -= usize::from(watched.has_sources);
            watched.has_sources = false;
            self.drop_unused(wd);
        }
    }

    fn drop_unused(&mut self, wd: i32) {
        let is_unused =
            |w: &Watched| w.entry == FileId::ROOT_PARENT && !w.is_place && !w.has_sources;
        let unused = self.watched.get(&wd).is_some_and(is_unused);
        if unused {
            self.watched.remove(&wd);
            disk::remove_watch(self.inotify.as_fd(), wd);
        }
    }

    /// Gives at most `max` descriptors back; how many. Closing an instance with very many of them at once
    /// takes the kernel milliseconds.
    pub(super) fn shed(&mut self, max: usize) -> usize {
        for count in 0..max {
            let Some((wd, _)) = self.watched.pop_first() else { return count };
            disk::remove_watch(self.inotify.as_fd(), wd);
        }
        max
    }

    /// The kernel has dropped a descriptor.
    pub(super) fn forget(&mut self, wd: i32) -> Option<Watched> {
        let watched = self.watched.remove(&wd)?;
        self.source_dirs -= usize::from(watched.has_sources);
        Some(watched)
    }

    /// Among the next `max` descriptors after `after` those of entries that the rescan has not seen, and
    /// the last one of them; `None` at the end.
    pub(super) fn stale(
        &self,
        after: i32,
        max: usize,
        rescan: u32,
    ) -> (Vec<(i32, FileId)>, Option<i32>) {
        let mut stale = Vec::new();
        let mut last = None;
        let rest = (Bound::Excluded(after), Bound::Unbounded);
        for (wd, watched) in self.watched.range::<i32, _>(rest).take(max) {
            if watched.entry != FileId::ROOT_PARENT && watched.confirmed != rescan {
                stale.push((*wd, watched.entry));
            }
            last = Some(*wd);
        }
        (stale, last)
    }
}

/// A path that leads to what is open, whatever its name is now.
fn by_descriptor(fd: BorrowedFd<'_>) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()))
}
