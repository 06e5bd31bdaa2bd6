//! Listing directories: each is opened, watched, and *then* listed, so that a name that appears meanwhile
//! is in the listing or in an event, never in neither.
//!
//! Directories wait in a queue, breadth first; one is listed at a time, and can be left for another slice
//! between any two names. A listing of a directory that was known already finds what is missing as well.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;

use super::apply::Now;
use super::disk::{self, Listing};
use super::event::WatchProblem;
use super::filter::{RULES_BYTES_MAX, RULES_NAME};
use super::merge::{Evidence, evidence};
use super::tree::{FileId, FileType, Stat, flag};
use super::{Slice, Watch};

/// Names between two looks at the clock.
const NAMES_PER_LOOK: usize = 8;

/// Directories that wait to be listed, and the one that is.
#[derive(Default)]
pub(super) struct Scan {
    queue: VecDeque<FileId>,
    current: Option<Current>,
    /// The memory of the last listing.
    buffer: Vec<u8>,
    /// Directories that entries were left out of, for want of room.
    limited: Vec<FileId>,
    /// There is room again.
    has_room: bool,
    /// Directories that are watched under another name.
    aliases: Vec<FileId>,
    /// One of those other names may not be there any more.
    aliases_changed: bool,
}

struct Current {
    dir: FileId,
    /// All below it is to be listed too.
    deep: bool,
    /// It had entries before, some of which may be gone.
    known: bool,
    /// Entries that its listing did not have and that are still to be looked for; `None` before its end.
    unseen: Option<Vec<FileId>>,
    listing: Listing,
}

impl Scan {
    pub(super) fn is_pending(&self) -> bool {
        self.current.is_some() || !self.queue.is_empty() || self.has_room || self.aliases_changed
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len() + usize::from(self.current.is_some())
    }

    /// Gives up on the directory that is being listed: it will be listed again.
    pub(super) fn restart(&mut self) {
        if let Some(current) = self.current.take() {
            self.buffer = current.listing.into_buffer();
        }
    }

    /// A directory went away or has another place: it may have been the other name of an alias.
    pub(super) fn on_directory_moved(&mut self) {
        self.aliases_changed |= !self.aliases.is_empty();
    }

    /// An entry of this directory was left out. Whether it is the first one in all.
    pub(super) fn limit(&mut self, dir: FileId) -> bool {
        let first = self.limited.is_empty();
        if self.limited.last() != Some(&dir) {
            self.limited.push(dir);
        }
        first
    }

    pub(super) fn is_limited(&self) -> bool {
        !self.limited.is_empty()
    }

    /// Entries went away: when a sixteenth is free, what was left out is looked for again.
    pub(super) fn make_room(&mut self, entries: usize, limit: usize) {
        self.has_room |= !self.limited.is_empty() && entries <= limit - limit.div_ceil(16);
    }
}

impl Watch {
    /// Has a directory listed. `deep`: and all that is below it.
    pub(super) fn request_scan(&mut self, dir: FileId, deep: bool) {
        let Some(node) = self.tree.get_mut(dir) else { return };
        if !node.stat.is_dir() || node.has(flag::OPAQUE) || dir == FileId::NOBODY {
            return;
        }
        if deep {
            node.flags |= flag::DEEP;
        }
        if !node.has(flag::QUEUED) {
            node.flags |= flag::QUEUED;
            self.scan.queue.push_back(dir);
        }
    }

    /// Lists directories, as far as the slice goes. Whether there was anything to do.
    pub(super) fn scan(&mut self, slice: Slice<'_>) -> bool {
        if std::mem::take(&mut self.scan.has_room) {
            for dir in std::mem::take(&mut self.scan.limited) {
                self.tree.clear_flags(dir, flag::INCOMPLETE);
                self.request_scan(dir, false);
            }
        }
        if std::mem::take(&mut self.scan.aliases_changed) {
            for dir in std::mem::take(&mut self.scan.aliases) {
                self.tree.clear_flags(dir, flag::OPAQUE | flag::ALIAS);
                self.tree.mark_changed(dir);
                self.request_scan(dir, false);
                // Rules may have closed it meanwhile.
                self.suspect(dir);
            }
        }
        let mut busy = false;
        while !self.is_blocked() {
            let Some(mut current) = self.scan.current.take().or_else(|| self.next_listing()) else {
                // Directories that could not be opened have left the queue, too.
                if self.scan.queue.is_empty() {
                    return busy;
                }
                busy = true;
                if slice.is_over() {
                    return true;
                }
                continue;
            };
            busy = true;
            let done = self.list(&mut current, slice);
            if done {
                self.scan.buffer = current.listing.into_buffer();
            } else {
                self.scan.current = Some(current);
            }
            if slice.is_over() {
                return true;
            }
        }
        busy
    }

    /// Opens and watches the next directory; `None` if that cannot be listed now.
    fn next_listing(&mut self) -> Option<Current> {
        let dir = self.scan.queue.pop_front()?;
        let node = self.tree.get_mut(dir)?;
        let deep = node.has(flag::DEEP);
        let known = self.tree.has_children(dir);
        self.tree.clear_flags(dir, flag::QUEUED | flag::DEEP | flag::WANTED);
        if self.tree.has(dir, flag::OPAQUE) {
            return None;
        }
        let mut path = std::mem::take(&mut self.path);
        path.clear();
        self.moves.path_into(&self.tree, dir, &mut path);
        let is_root = self.tree.get(dir).is_some_and(|node| node.parent == FileId::NOBODY);
        let opened = self.anchor.open_for_listing(&path, is_root);
        self.path = path;
        let fd = match opened {
            Ok(fd) => fd,
            Err(errno) => {
                self.on_not_opened(dir, errno);
                return None;
            }
        };
        let stat = match disk::identify(fd.as_fd()) {
            Ok(stat) => Some(stat),
            Err(errno) => {
                self.on_not_opened(dir, errno);
                return None;
            }
        };
        let same =
            self.tree.get(dir).zip(stat).is_some_and(|(node, s)| node.stat.is_same_inode(&s));
        if !same {
            self.suspect(dir);
            return None;
        }
        if self.is_inside_itself(dir) || !self.watch_directory(dir, fd.as_fd()) {
            self.tree.set_flags(dir, flag::ALIAS);
            self.close(dir);
            self.scan.aliases.push(dir);
            return None;
        }
        self.unreadable -= self.tree.take_flag(dir, flag::UNREADABLE);
        self.refused -= self.tree.take_flag(dir, flag::REFUSED);
        let deep = self.read_rules(dir, fd.as_fd()) || deep;
        if known {
            let children: Vec<FileId> = self.tree.children(dir).collect();
            children.into_iter().for_each(|child| self.tree.clear_flags(child, flag::SEEN));
        }
        let listing = Listing::new(fd, std::mem::take(&mut self.scan.buffer));
        Some(Current { dir, deep, known, unseen: None, listing })
    }

    /// Reads the rules of a directory. Whether they are not those that it was judged by before.
    fn read_rules(&mut self, dir: FileId, fd: BorrowedFd<'_>) -> bool {
        if !self.filter.gitignore {
            return false;
        }
        let rules = disk::read_small(fd, RULES_NAME, RULES_BYTES_MAX);
        let stamp = rules.as_ref().map(|(_, stat)| *stat);
        if self.filter.has_rules_of(dir, stamp.as_ref()) {
            return false;
        }
        self.filter.set_rules(dir, rules.as_ref().map(|(text, _)| text.as_slice()), stamp);
        true
    }

    /// Whether one of the directories above is the same inode: a bind mount in itself.
    fn is_inside_itself(&self, dir: FileId) -> bool {
        let Some(node) = self.tree.get(dir) else { return false };
        let mut at = node.parent;
        while let Some(above) = self.tree.get(at).filter(|_| at != FileId::NOBODY) {
            if above.stat.is_same_inode(&node.stat) {
                // Unless that has moved in here, and nobody has told yet.
                return self.is_still_there(at);
            }
            at = above.parent;
        }
        false
    }

    /// Watches a directory that was opened; without a watch it is polled. False: it is watched already
    /// under another name that still leads to it.
    fn watch_directory(&mut self, dir: FileId, fd: BorrowedFd<'_>) -> bool {
        let had = self.tree.get(dir).map_or(0, |node| node.wd);
        if had == 0 && !self.polling.may_watch(self.now) {
            self.poll(dir);
            return true;
        }
        let wd = match self.kernel.watch_directory(fd) {
            Ok(wd) => wd,
            Err(error) => {
                // Not the system's limit on watches: memory, a file system that cannot, no /proc.
                if error.raw_os_error() == Some(Errno::ENOSPC as i32) {
                    self.polling.out_of_watches(self.now);
                }
                self.poll(dir);
                return true;
            }
        };
        let other = self.kernel.get(wd).map_or(FileId::NOBODY, |watched| watched.entry);
        if other != dir && other != FileId::NOBODY && self.tree.is_alive(other) {
            if self.is_still_there(other) {
                return false;
            }
            // It moved here, and nobody has told yet: the old name has to be looked at.
            if let Some(node) = self.tree.get_mut(other) {
                node.wd = 0;
                node.flags |= flag::WANTED;
            }
            self.suspect(other);
        }
        if had != wd {
            self.release(dir, had);
        }
        let rescan = self.lost.rescan;
        if let Some(watched) = self.kernel.get_mut(wd) {
            (watched.entry, watched.confirmed) = (dir, rescan);
        }
        if let Some(node) = self.tree.get_mut(dir) {
            node.wd = wd;
        }
        self.stop_polling(dir);
        true
    }

    /// Whether the name under which an entry is published still leads to it.
    fn is_still_there(&self, entry: FileId) -> bool {
        let Some(node) = self.tree.get(entry) else { return false };
        let is_root = node.parent == FileId::NOBODY;
        let opened = self.anchor.open_dir(&self.tree.path(entry), is_root);
        let Ok(fd) = opened else { return false };
        disk::identify(fd.as_fd()).is_ok_and(|stat| stat.is_same_inode(&node.stat))
    }

    /// A directory that is not what it was at its name: the name has to be looked at.
    pub(super) fn suspect(&mut self, entry: FileId) {
        self.tree.set_flags(entry, flag::WANTED);
        if let Some((dir, name)) = self.moves.believed(&self.tree, entry) {
            self.dirty.mark_urgent(dir, &name, self.now);
            self.due = true;
        }
    }

    fn on_not_opened(&mut self, dir: FileId, errno: Errno) {
        match errno {
            Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP => self.suspect(dir),
            Errno::EACCES | Errno::EPERM => {
                self.note_unreadable(dir);
                self.bar(dir);
            }
            Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM => {
                if !self.tree.has(dir, flag::REFUSED) {
                    self.refused += 1;
                    self.warn_of(WatchProblem::Refused, dir);
                }
                self.tree.set_flags(dir, flag::WANTED | flag::DEEP | flag::REFUSED);
                self.poll(dir);
                self.polling.retry_soon(self.now);
            }
            // The file system is not well. It may be again.
            _ => {
                self.note_unreadable(dir);
                self.poll(dir);
                self.polling.retry_soon(self.now);
            }
        }
    }

    fn note_unreadable(&mut self, dir: FileId) {
        self.refused -= self.tree.take_flag(dir, flag::REFUSED);
        if !self.tree.has(dir, flag::UNREADABLE) {
            self.tree.set_flags(dir, flag::UNREADABLE);
            self.unreadable += 1;
            self.warn_of(WatchProblem::Unreadable, dir);
        }
    }

    /// Permissions keep us out of a directory, its own or those of one above it. When one of them changes,
    /// all below is listed again.
    pub(super) fn bar(&mut self, dir: FileId) {
        let mut at = dir;
        while let Some(node) = self.tree.get_mut(at).filter(|_| at != FileId::NOBODY) {
            node.flags |= flag::BARRED;
            at = node.parent;
        }
    }

    /// Goes on with a listing. Whether it is done.
    fn list(&mut self, current: &mut Current, slice: Slice<'_>) -> bool {
        if !self.tree.is_alive(current.dir) || self.tree.has(current.dir, flag::OPAQUE) {
            return true;
        }
        let mut file_time = disk::file_time();
        let mut name = std::mem::take(&mut self.name);
        let mut done = false;
        for count in 1.. {
            match current.listing.next() {
                Ok(Some(bytes)) => {
                    name.clear();
                    name.extend_from_slice(bytes);
                }
                Ok(None) => {
                    done = self.find_missing(current, file_time, slice);
                    break;
                }
                Err(errno) => {
                    self.on_not_opened(current.dir, errno);
                    done = true;
                    break;
                }
            }
            self.on_listed(current, &name, file_time);
            if count % NAMES_PER_LOOK == 0 {
                if slice.is_over() || self.is_blocked() {
                    break;
                }
                file_time = disk::file_time();
            }
        }
        self.name = name;
        done
    }

    /// A name in a listing. It is looked at as if it were due, but for renames: those are settled with
    /// both of their names.
    fn on_listed(&mut self, current: &Current, name: &[u8], file_time: i64) {
        let dir = current.dir;
        let entry = self.tree.child(dir, name);
        if let Some(entry) = entry {
            self.tree.set_flags(entry, flag::SEEN);
        }
        if !self.waits_as_rename(dir, name) {
            let stat = match disk::look(current.listing.fd.as_fd(), name) {
                Ok(stat) => stat,
                Err(Errno::EACCES | Errno::EPERM) => {
                    self.bar(dir);
                    return;
                }
                Err(_) => {
                    self.dirty.mark(dir, name, Evidence::default(), self.now);
                    return;
                }
            };
            if entry.is_none() && self.is_young(stat.as_ref(), file_time) {
                // It may be half written: it gets its window, as it would have with an event.
                let seen = Evidence { kinds: evidence::CREATED, written_in: 0 };
                self.dirty.mark(dir, name, seen, self.now);
                self.due = true;
                return;
            }
            let seen = self.dirty.take(dir, name).map_or(Evidence::default(), |mark| mark.evidence);
            self.reconcile(dir, name, Now { stat, file_time }, seen);
        }
        let entry = self.tree.child(dir, name);
        if let Some(entry) = entry {
            self.tree.set_flags(entry, flag::SEEN);
            if current.deep {
                self.request_scan(entry, true);
            }
        }
    }

    /// Whether a file that is not known yet was changed within the window.
    fn is_young(&self, stat: Option<&Stat>, file_time: i64) -> bool {
        let window = self.options.window.as_nanos() as i64;
        let is_new = |stat: &Stat| {
            stat.kind == FileType::File && file_time.saturating_sub(stat.ctime) < window
        };
        self.ready && !self.is_fenced() && stat.is_some_and(is_new)
    }

    fn waits_as_rename(&self, dir: FileId, name: &[u8]) -> bool {
        self.dirty.get(dir, name).is_some_and(|mark| mark.is_rename())
    }

    /// Looks for the entries of a directory that its listing did not have.
    /// Whether all were looked for.
    fn find_missing(&mut self, current: &mut Current, file_time: i64, slice: Slice<'_>) -> bool {
        if !current.known {
            return true;
        }
        let tree = &self.tree;
        let unseen = current.unseen.get_or_insert_with(|| {
            tree.children(current.dir).filter(|child| !tree.has(*child, flag::SEEN)).collect()
        });
        let mut unseen = std::mem::take(unseen);
        while let Some(child) = unseen.pop() {
            if slice.is_over() || self.is_blocked() {
                unseen.push(child);
                current.unseen = Some(unseen);
                return false;
            }
            let Some(node) = self.tree.get(child) else { continue };
            let name = node.name.clone();
            if self.waits_as_rename(current.dir, &name) {
                if current.deep {
                    // Wherever it is now, it is to be listed too.
                    self.request_scan(child, true);
                }
                continue;
            }
            if let Ok(stat) = disk::look(current.listing.fd.as_fd(), &name) {
                self.reconcile(current.dir, &name, Now { stat, file_time }, Evidence::default());
            }
        }
        true
    }
}
