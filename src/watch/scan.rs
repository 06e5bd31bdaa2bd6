//! Listing directories: each is opened, watched, and *then* listed, so that a name that appears meanwhile
//! is in the listing or in an event, never in neither.
//!
//! Directories wait in a queue, breadth first; one is listed at a time, and can be left for another slice
//! between any two names. Its rules are compiled before, so that no name is checked without them. A listing of
//! a directory that was known already finds what is missing as well.

use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;

use super::Watch;
use super::disk::{self, Listing};
use super::merge::{Evidence, evidence};
use super::stages::Current;
use super::stages::Observed;
use super::tree::{FileId, FileType, Stat, flag};
use crate::policy::Slice;

/// What it costs to open and watch a directory, to list a name, to look at it and apply what was seen, and
/// to step over an entry that was listed.
const OPEN_COST: u64 = 20_000;

const NAME_COST: u64 = 300;

const LOOK_COST: u64 = 5_000;

const STEP_COST: u64 = 50;

/// Names between two looks at the file system's clock.
const NAMES_PER_TIME: usize = 8;

impl Watch {
    /// Gives up on the directory that is being listed: it will be listed again.
    pub(super) fn restart_listing(&mut self) {
        if let Some(current) = self.scan.current.take() {
            self.end_listing(current);
        }
    }

    fn end_listing(&mut self, current: Current) {
        if let Some(loading) = current.rules {
            self.filter.discard(loading.into_rules());
        }
        self.scan.buffer = current.listing.into_buffer();
    }

    /// Has a directory listed. `deep`: and all that is below it.
    pub(super) fn request_scan(&mut self, dir: FileId, deep: bool) {
        let Some(node) = self.tree.get(dir) else { return };
        if !node.stat.is_dir() || node.has(flag::OPAQUE) || dir == FileId::ROOT_PARENT {
            return;
        }
        let is_queued = node.has(flag::QUEUED);
        self.tree.set_flags(dir, if deep { flag::QUEUED | flag::DEEP } else { flag::QUEUED });
        if !is_queued {
            self.scan.queue.push_back(dir);
        }
    }

    /// Lists directories, as far as the slice goes. Whether there was anything to do.
    pub(super) fn scan(&mut self, slice: &mut Slice) -> bool {
        let mut busy = false;
        while self.scan.is_pending() {
            busy = true;
            if let Some(dir) = self.scan.relieved.pop() {
                self.tree.clear_flags(dir, flag::INCOMPLETE);
                self.request_scan(dir, false);
                self.spent += NAME_COST;
            } else if let Some(dir) = self.scan.invalidated.pop() {
                self.tree.clear_flags(dir, flag::OPAQUE | flag::ALIAS);
                self.tree.mark_changed(dir);
                self.request_scan(dir, false);
                // Rules may have closed it meanwhile.
                self.recheck_name(dir);
                self.spent += NAME_COST;
            } else if let Some(mut current) =
                self.scan.current.take().or_else(|| self.next_listing())
            {
                if self.list(&mut current, slice) {
                    self.note_closed(&current);
                    self.end_listing(current);
                } else {
                    self.scan.current = Some(current);
                }
            }
            if self.must_pause(slice) || slice.is_over() {
                break;
            }
        }
        busy
    }

    /// Opens and watches the next directory; `None` if that cannot be listed now.
    fn next_listing(&mut self) -> Option<Current> {
        let dir = self.scan.next_dir()?;
        self.spent += OPEN_COST;
        let deep = self.tree.get(dir)?.has(flag::DEEP);
        let known = self.tree.has_children(dir);
        self.tree.clear_flags(dir, flag::QUEUED | flag::DEEP | flag::WANTED);
        if self.tree.has(dir, flag::OPAQUE) {
            return None;
        }
        let mut path = std::mem::take(&mut self.path);
        path.clear();
        self.moves.path_into(&self.tree, dir, &mut path);
        let is_root = self.tree.get(dir).is_some_and(|node| node.parent == FileId::ROOT_PARENT);
        let opened = self.lookup.open_for_listing(&path, is_root);
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
            self.recheck_name(dir);
            return None;
        }
        if self.is_inside_itself(dir) || !self.watch_directory(dir, fd.as_fd()) {
            self.tree.set_flags(dir, flag::ALIAS);
            self.close(dir);
            self.scan.aliases.push(dir);
            return None;
        }
        self.set_hindrances(dir, 0, flag::REFUSED);
        let rules = self.read_rules(dir, fd.as_fd());
        // 0 stands for no listing.
        self.scan.number = self.scan.number.wrapping_add(1).max(1);
        let number = self.scan.number;
        let listing = Listing::new(fd, std::mem::take(&mut self.scan.buffer));
        Some(Current {
            dir,
            deep,
            known,
            number,
            is_listed: false,
            next: None,
            is_closed: false,
            rules,
            listing,
        })
    }

    /// Whether one of the directories above is the same inode: a bind mount in itself.
    fn is_inside_itself(&self, dir: FileId) -> bool {
        let Some(node) = self.tree.get(dir) else { return false };
        let mut at = node.parent;
        while let Some(above) = self.tree.get(at).filter(|_| at != FileId::ROOT_PARENT) {
            if above.stat.is_same_inode(&node.stat) {
                // Unless that has moved in here, and its event has not come yet.
                return self.is_still_there(at);
            }
            at = above.parent;
        }
        false
    }

    /// Watches a directory that was opened; without a watch it is polled. False: it is watched already
    /// under another name that still leads to it.
    fn watch_directory(&mut self, dir: FileId, fd: BorrowedFd<'_>) -> bool {
        let had = self.tree.wd(dir);
        if had == 0 && !self.polling.may_watch(self.now) {
            self.poll(dir);
            return true;
        }
        let descriptors = self.kernel.len();
        let outcome = self.kernel.watch_directory(fd);
        self.note_asked(descriptors, &outcome);
        let Ok(wd) = outcome else {
            self.poll(dir);
            return true;
        };
        let other = self.kernel.get(wd).map_or(FileId::ROOT_PARENT, |watched| watched.entry);
        if other != dir && other != FileId::ROOT_PARENT && self.tree.is_alive(other) {
            if self.is_still_there(other) {
                self.note_overlap(dir, other);
                return false;
            }
            // It moved here, and its event has not come yet: the old name has to be looked at.
            self.tree.set_wd(other, 0);
            self.tree.set_flags(other, flag::WANTED);
            self.recheck_name(other);
        }
        if had != wd {
            self.release(dir, had);
        }
        let rescan = self.lost.rescan;
        if let Some(watched) = self.kernel.get_mut(wd) {
            (watched.entry, watched.confirmed) = (dir, rescan);
        }
        self.tree.set_wd(dir, wd);
        self.stop_polling(dir);
        self.roots.clear_overlap(dir);
        if had != wd {
            self.on_root_watched(dir);
        }
        true
    }

    /// Whether the name under which an entry is published still leads to it.
    fn is_still_there(&self, entry: FileId) -> bool {
        let Some(node) = self.tree.get(entry) else { return false };
        let is_root = node.parent == FileId::ROOT_PARENT;
        let opened = self.lookup.open_dir(&self.tree.path(entry), is_root);
        let Ok(fd) = opened else { return false };
        disk::identify(fd.as_fd()).is_ok_and(|stat| stat.is_same_inode(&node.stat))
    }

    /// A directory that is not what it was at its name: the name has to be looked at.
    pub(super) fn recheck_name(&mut self, entry: FileId) {
        self.tree.set_flags(entry, flag::WANTED);
        if let Some((dir, name)) = self.moves.believed(&self.tree, entry) {
            self.dirty.mark_urgent(dir, &name, self.now);
            self.due = true;
        }
    }

    /// Goes on with a listing. Whether it is done.
    fn list(&mut self, current: &mut Current, slice: &mut Slice) -> bool {
        if !self.tree.is_alive(current.dir) || self.tree.has(current.dir, flag::OPAQUE) {
            return true;
        }
        if !self.compile_rules(current, slice) {
            return false;
        }
        if current.is_listed {
            return self.find_missing(current, slice);
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
                    current.is_listed = true;
                    current.next = self.tree.first_child(current.dir).filter(|_| current.known);
                    done = self.find_missing(current, slice);
                    break;
                }
                Err(errno) => {
                    self.on_not_opened(current.dir, errno);
                    done = true;
                    break;
                }
            }
            self.on_listed(current, &name, file_time);
            if self.must_pause(slice) {
                break;
            }
            if count % NAMES_PER_TIME == 0 {
                file_time = disk::file_time();
            }
        }
        self.name = name;
        done
    }

    /// A name in a listing. It is looked at as if it were due, but for renames: those are decided with
    /// both of their names.
    fn on_listed(&mut self, current: &mut Current, name: &[u8], file_time: i64) {
        let dir = current.dir;
        let entry = self.tree.child(dir, name);
        if let Some(entry) = entry {
            self.tree.note_listed(entry, current.number);
        }
        self.spent += NAME_COST;
        if !self.waits_as_rename(dir, name) {
            self.spent += LOOK_COST;
            let stat = match disk::look(current.listing.fd.as_fd(), name) {
                Ok(stat) => stat,
                Err(Errno::EACCES | Errno::EPERM) => {
                    current.is_closed = true;
                    return;
                }
                Err(_) => {
                    self.dirty.mark(dir, name, Evidence::default(), self.now);
                    return;
                }
            };
            let fd = current.listing.fd.as_fd();
            if entry.is_none() && self.is_saved_elsewhere(fd, dir, name, stat.as_ref()) {
                return;
            }
            if entry.is_none() && self.is_young(stat.as_ref(), file_time) {
                // It may be half written: it gets its window, as it would have with an event.
                let seen = Evidence { kinds: evidence::CREATED, ..Evidence::default() };
                self.dirty.mark(dir, name, seen, self.now);
                self.due = true;
                return;
            }
            let seen = self.dirty.take(dir, name).map_or(Evidence::default(), |mark| mark.evidence);
            let now = Observed { stat, file_time, emptied: self.emptied };
            self.reconcile(dir, name, now, seen);
        }
        let entry = self.tree.child(dir, name);
        if let Some(entry) = entry {
            self.tree.note_listed(entry, current.number);
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
        self.ready && !self.has_reached_sync_point() && stat.is_some_and(is_new)
    }

    fn waits_as_rename(&self, dir: FileId, name: &[u8]) -> bool {
        self.dirty.get(dir, name).is_some_and(|mark| mark.is_rename())
    }

    /// Looks for the entries of a directory that its listing did not have. Whether all were looked for.
    fn find_missing(&mut self, current: &mut Current, slice: &mut Slice) -> bool {
        while let Some(child) = current.next {
            if self.must_pause(slice) {
                return false;
            }
            current.next = self.tree.next_sibling(child);
            self.spent += STEP_COST;
            let Some(node) = self.tree.get(child).filter(|node| node.listed != current.number)
            else {
                continue;
            };
            let name = node.name.to_vec();
            if self.postpone_missing(child) {
                continue;
            }
            if self.waits_as_rename(current.dir, &name) {
                if current.deep {
                    // Wherever it is now, it is to be listed too.
                    self.request_scan(child, true);
                }
                continue;
            }
            self.spent += LOOK_COST;
            let file_time = disk::file_time();
            if let Ok(stat) = disk::look(current.listing.fd.as_fd(), &name) {
                let now = Observed { stat, file_time, emptied: self.emptied };
                self.reconcile(current.dir, &name, now, Evidence::default());
            }
        }
        true
    }
}
