//! Resolving the paths of roots as the kernel does it, name by name: each name is watched, *then* looked at, so
//! that no change of what the path means goes unnoticed.
//!
//! A directory on the way is watched itself for being moved or deleted, and a symbolic link as well: so what
//! happens beside them wakes nobody. Where nothing is, the directory is watched for the name. The root itself is
//! not watched here but by the tree. When a place changes, the paths that lead through it are resolved anew, and
//! their roots are looked at.
//!
//! What cannot be watched is resolved again at the interval of polling: for want of watches, where permissions close
//! the path, and where neither a directory nor the one above it may be read.
//!
//! A path that permissions close is a warning: what was known of the root stays, and all of it is listed again
//! when the way is open. For a client's watch no symbolic link is followed: such a path leads nowhere while the
//! link is there.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;
use nix::fcntl::readlinkat;

use super::Watch;
use super::disk;
use super::event::WatchProblem;
use super::kernel::Interest;
use super::merge::Evidence;
use super::path_trie::{Notice, PathNodeId, RootId, TOP, What};
use super::root_paths::{Trouble, Walk};
use super::tree::{FileId, FileType};
use crate::policy::Slice;

/// Symbolic links that a path may lead through, as many as the kernel follows.
const LINKS_MAX: u32 = 40;
/// How often a place is looked at that changes meanwhile.
const TRIES: u32 = 3;

/// What it costs to look at a place and watch it, for each byte of its path, and a step of a search.
const LOOK_COST: u64 = 12_000;
const BYTE_COST: u64 = 50;
const STEP_COST: u64 = 300;

/// Where a walk has come to.
enum Step {
    Further,
    /// Its end: the root, or where the path leads nowhere.
    End,
}

impl Watch {
    /// Resolves paths that are to be resolved, as far as the slice goes. Whether there was anything to do.
    pub(super) fn resolve_root_paths(&mut self, slice: &mut Slice) -> bool {
        let mut busy = false;
        while self.roots.paths.is_pending() {
            busy = true;
            self.spent += STEP_COST;
            if self.roots.paths.trie.has_invalidated() {
                let found = self.roots.paths.trie.step_invalidated();
                self.roots.paths.queue.extend(found);
            } else if let Some(mut walk) = self.roots.paths.walk.take() {
                match self.step_walk(&mut walk) {
                    Step::Further => self.roots.paths.walk = Some(walk),
                    Step::End => self.finish_walk(walk),
                }
            } else if let Some(root) = self.roots.paths.next(self.now, self.options.poll_interval) {
                self.roots.paths.walk = self.roots.get(root as usize).map(|of| Walk {
                    root,
                    at: TOP,
                    rest: names(&of.path),
                    links: 0,
                    uses: Vec::new(),
                    trouble: Trouble::None,
                });
            }
            if self.must_pause(slice) || slice.is_over() {
                break;
            }
        }
        busy
    }

    /// Looks up the next name.
    fn step_walk(&mut self, walk: &mut Walk) -> Step {
        let Some(name) = walk.rest.pop() else {
            self.use_place(walk, walk.at);
            return Step::End;
        };
        if *name == *b"." {
            return Step::Further;
        }
        if *name == *b".." {
            self.use_place(walk, walk.at);
            walk.at = self.roots.paths.trie.get(walk.at).map_or(TOP, |place| place.parent);
            return Step::Further;
        }
        let place = self.roots.paths.trie.enter(walk.at, &name);
        self.spent += LOOK_COST;
        match self.look_at_place(place, walk.rest.is_empty(), walk) {
            Some(What::Directory) => walk.at = place,
            Some(What::Link(target)) if walk.links < LINKS_MAX && !self.lookup.is_granted() => {
                self.use_place(walk, place);
                walk.links += 1;
                walk.at = if target.first() == Some(&b'/') { TOP } else { walk.at };
                walk.rest.extend(names(&target));
            }
            _ => {
                self.use_place(walk, place);
                return Step::End;
            }
        }
        Step::Further
    }

    fn use_place(&mut self, walk: &mut Walk, place: PathNodeId) {
        if !walk.uses.contains(&place) {
            self.roots.paths.trie.add_user(place, walk.root);
            walk.uses.push(place);
        }
    }

    /// What is at a place, which is watched from now on if it can be; `None` if that cannot be found out. The
    /// last one of a path is watched by the tree, unless it is a symbolic link or missing.
    fn look_at_place(&mut self, id: PathNodeId, is_last: bool, walk: &mut Walk) -> Option<What> {
        let place = self.roots.paths.trie.get(id)?;
        if place.what != What::Unknown && place.notice != Notice::None {
            return Some(place.what.clone());
        }
        let path = self.roots.paths.trie.path(id);
        self.spent += path.len() as u64 * BYTE_COST;
        for _ in 0..TRIES {
            self.unwatch_place(id);
            let fd = match self.lookup.open_place(&path) {
                Ok(fd) => fd,
                Err(Errno::EACCES | Errno::EPERM) => {
                    walk.trouble = Trouble::Inaccessible;
                    return None;
                }
                Err(Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM) => break,
                Err(_) => None,
            };
            let what = match &fd {
                None => What::Nothing,
                Some(fd) => what_is(fd)?,
            };
            if is_last && matches!(what, What::Directory | What::Other) {
                return Some(What::Directory);
            }
            let outcome = self.watch_place(id, fd.as_ref(), &what);
            let notice = outcome.as_ref().map_or(Notice::None, |notice| *notice);
            if let Err(error) = outcome {
                self.note_unwatched(walk, &error);
            }
            // What happened before it was watched shows now.
            let again = self.lookup.open_place(&path).unwrap_or(None);
            if is_same(fd.as_ref(), again.as_ref()) {
                let place = self.roots.paths.trie.get_mut(id)?;
                (place.what, place.notice) = (what.clone(), notice);
                return Some(what);
            }
        }
        self.note_unwatched(walk, &io::Error::from(io::ErrorKind::Other));
        None
    }

    fn note_unwatched(&mut self, walk: &mut Walk, error: &io::Error) {
        let short = error.raw_os_error() == Some(Errno::ENOSPC as i32);
        if walk.trouble == Trouble::None {
            walk.trouble = Trouble::Unwatched { short };
        }
    }

    /// Watches the inode of a place, or its name where that cannot be or nothing is.
    fn watch_place(
        &mut self,
        id: PathNodeId,
        fd: Option<&OwnedFd>,
        what: &What,
    ) -> io::Result<Notice> {
        let Some(fd) = fd else { return self.watch_name(id) };
        let names = self.roots.paths.trie.get(id).is_some_and(|place| place.names > 0);
        let interest = match what {
            What::Directory if names => Interest::Names,
            What::Directory => Interest::Place,
            _ => Interest::Inode,
        };
        match self.watch_inode(fd, interest) {
            Ok(wd) => {
                self.set_descriptor(id, wd);
                Ok(Notice::Own)
            }
            // It may be searched and not be read.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => self.watch_name(id),
            Err(error) => Err(error),
        }
    }

    /// Watches the directory of a place for its name.
    fn watch_name(&mut self, id: PathNodeId) -> io::Result<Notice> {
        let trie = &self.roots.paths.trie;
        let dir = trie.get(id).map_or(TOP, |place| place.parent);
        let fd = self.lookup.open_place(&trie.path(dir))?.ok_or(Errno::ENOENT)?;
        let wd = self.watch_inode(&fd, Interest::Names)?;
        if let Some(dir) = self.roots.paths.trie.get_mut(dir) {
            dir.names += 1;
        }
        self.set_descriptor(dir, wd);
        Ok(Notice::Name)
    }

    fn watch_inode(&mut self, fd: &OwnedFd, interest: Interest) -> io::Result<i32> {
        if !self.polling.may_watch(self.now) {
            return Err(Errno::ENOSPC.into());
        }
        let had = self.kernel.len();
        let outcome = self.kernel.watch_place(fd.as_fd(), interest);
        self.note_asked(had, &outcome);
        outcome
    }

    fn set_descriptor(&mut self, id: PathNodeId, wd: i32) {
        let old = self.roots.paths.trie.set_descriptor(id, wd);
        if old != 0 {
            self.kernel.release_place(old);
        }
    }

    /// A place is not watched any more.
    fn unwatch_place(&mut self, id: PathNodeId) {
        let trie = &mut self.roots.paths.trie;
        let Some(place) = trie.get_mut(id) else { return };
        let (notice, dir) = (std::mem::replace(&mut place.notice, Notice::None), place.parent);
        if place.names == 0 && place.wd != 0 {
            self.set_descriptor(id, 0);
        }
        if notice == Notice::Name {
            self.unwatch_name(dir);
        }
    }

    /// A name in a directory is not watched for any more. With the last one the directory itself is left, so that
    /// what happens in it wakes nobody.
    fn unwatch_name(&mut self, dir: PathNodeId) {
        let trie = &mut self.roots.paths.trie;
        let Some(place) = trie.get_mut(dir) else { return };
        place.names = place.names.saturating_sub(1);
        if place.names > 0 {
            return;
        }
        let (wd, notice) = (place.wd, place.notice);
        if notice != Notice::Own {
            self.set_descriptor(dir, 0);
            return;
        }
        if self.kernel.get(wd).is_none_or(|watched| watched.entry != FileId::ROOT_PARENT) {
            return;
        }
        let fd = self.lookup.open_place(&trie.path(dir)).ok().flatten();
        let narrowed = fd.map(|fd| self.kernel.narrow_place(fd.as_fd()));
        if !narrowed.is_some_and(|narrowed| narrowed.is_ok_and(|now| now == wd)) {
            // It is not there any more, and its event is on the way.
            self.roots.paths.invalidate(dir);
        }
    }

    /// Takes out the places that nobody uses, from one upwards.
    fn prune(&mut self, id: PathNodeId) {
        let mut at = Some(id);
        while let Some(id) = at.filter(|id| self.roots.paths.trie.is_unused(*id)) {
            self.unwatch_place(id);
            self.set_descriptor(id, 0);
            at = self.roots.paths.trie.remove(id);
        }
    }

    /// A path has been resolved: its root is looked at.
    fn finish_walk(&mut self, walk: Walk) {
        let Some(root) = self.roots.get_mut(walk.root) else { return broken!("roots stay") };
        let (path, old) = (root.path.clone(), std::mem::take(&mut root.uses));
        root.uses = walk.uses;
        let kept = root.uses.clone();
        for place in old.into_iter().filter(|place| !kept.contains(place)) {
            self.roots.paths.trie.remove_user(place, walk.root);
            self.prune(place);
        }
        self.set_trouble(walk.root, walk.trouble, kept.last().copied());
        match self.ready {
            true => self.dirty.mark(FileId::ROOT_PARENT, &path, Evidence::default(), self.now),
            false => self.dirty.mark_urgent(FileId::ROOT_PARENT, &path, self.now),
        }
        self.due = true;
    }

    fn set_trouble(&mut self, id: RootId, trouble: Trouble, end: Option<PathNodeId>) {
        let Some(root) = self.roots.get_mut(id) else { return broken!("roots stay") };
        let path = root.path.clone();
        let old = std::mem::replace(&mut root.trouble, trouble);
        if old == trouble {
            return;
        }
        let next_poll = self.now + self.options.poll_interval;
        self.roots.paths.change_trouble(id, (old, trouble), next_poll);
        if old == Trouble::Inaccessible {
            self.on_way_open(&path);
        }
        match trouble {
            Trouble::Inaccessible => {
                let closed = end.map(|end| self.closed_above(end));
                self.warn(WatchProblem::Unreadable, closed.unwrap_or(path));
            }
            Trouble::Unwatched { short: true } if self.roots.paths.short() == 1 => {
                self.warn(WatchProblem::OutOfWatches, path);
            }
            _ => {}
        }
    }

    /// The way to a root is open again: what happened meanwhile was not looked at.
    fn on_way_open(&mut self, path: &[u8]) {
        if let Some(entry) = self.tree.child(FileId::ROOT_PARENT, path) {
            self.request_scan(entry, true);
        }
    }

    /// The directory that must not be searched, above a place that cannot be looked at.
    fn closed_above(&mut self, id: PathNodeId) -> Vec<u8> {
        let trie = &self.roots.paths.trie;
        let mut at = id;
        loop {
            at = trie.get(at).map_or(TOP, |place| place.parent);
            let path = trie.path(at);
            self.spent += STEP_COST + path.len() as u64 * BYTE_COST;
            let is_closed =
                matches!(self.lookup.open_place(&path), Err(Errno::EACCES | Errno::EPERM));
            if at == TOP || !is_closed {
                return path;
            }
        }
    }

    /// A file system was mounted here, or unmounted: on the way to roots, or in them. What finding that out cost.
    pub(super) fn on_mount(&mut self, path: &[u8]) -> u64 {
        let mut rest = names(path);
        let mut cost = STEP_COST;
        let mut at = TOP;
        let mut inside = Vec::new();
        loop {
            let trie = &self.roots.paths.trie;
            let is_end = |root: &RootId| {
                self.roots.get(*root as usize).is_some_and(|root| root.uses.last() == Some(&at))
            };
            inside.extend(trie.users(at).filter(is_end).map(|root| (root, rest.len())));
            let Some(name) = rest.last() else {
                self.roots.paths.invalidate(at);
                self.due = true;
                break;
            };
            cost += STEP_COST;
            let Some(below) = trie.child(at, name) else { break };
            at = below;
            rest.pop();
        }
        let all = names(path);
        for (root, left) in inside {
            cost += all.len() as u64 * STEP_COST;
            self.look_in_root(root, all.get(..left).unwrap_or_default());
        }
        cost
    }

    /// Looks at an entry of a root; `names` of its path, the last one first.
    fn look_in_root(&mut self, root: RootId, names: &[Box<[u8]>]) {
        let Some((last, above)) = names.split_first() else { return };
        let root = self.roots.get(root as usize).map(|root| &*root.path).unwrap_or_default();
        let mut dir = self.tree.child(FileId::ROOT_PARENT, root);
        for name in above.iter().rev() {
            dir = dir.and_then(|dir| self.tree.child(dir, name));
        }
        if let Some(dir) = dir {
            self.dirty.mark_urgent(dir, last, self.now);
            self.due = true;
        }
    }

    /// Something happened to an inode that paths lead through, or to a name in it.
    pub(super) fn on_place(&mut self, wd: i32, name: Option<&[u8]>) {
        let paths = &mut self.roots.paths;
        for place in paths.trie.places_of(wd) {
            match name {
                None => paths.invalidate(place),
                Some(name) => {
                    if let Some(below) = paths.trie.child(place, name) {
                        paths.invalidate(below);
                    }
                }
            }
        }
        self.due = true;
    }

    /// The kernel has dropped the descriptor of an inode that paths lead through.
    pub(super) fn on_place_lost(&mut self, wd: i32) {
        self.on_place(wd, None);
        for place in self.roots.paths.trie.places_of(wd) {
            self.roots.paths.trie.set_descriptor(place, 0);
        }
    }

    /// Inotify watches that are in use for the paths of roots alone.
    pub(super) fn path_watches(&self) -> usize {
        let alone = |wd: &i32| {
            self.kernel.get(*wd).is_some_and(|watched| watched.entry == FileId::ROOT_PARENT)
        };
        let descriptors: BTreeSet<i32> = self.roots.paths.trie.descriptors().collect();
        descriptors.iter().filter(|wd| alone(wd)).count()
    }
}

/// The names of a path, the first one last.
fn names(path: &[u8]) -> Vec<Box<[u8]>> {
    let names = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty());
    names.rev().map(Box::from).collect()
}

fn what_is(fd: &OwnedFd) -> Option<What> {
    let stat = disk::identify(fd.as_fd()).ok()?;
    match stat.kind {
        FileType::Directory => Some(What::Directory),
        FileType::Symlink => {
            let target = readlinkat(fd, c"").ok()?;
            Some(What::Link(target.as_bytes().into()))
        }
        _ => Some(What::Other),
    }
}

/// Whether two looks have found the same inode, or nothing.
fn is_same(a: Option<&OwnedFd>, b: Option<&OwnedFd>) -> bool {
    let identify = |fd: Option<&OwnedFd>| fd.and_then(|fd| disk::identify(fd.as_fd()).ok());
    match (identify(a), identify(b)) {
        (Some(a), Some(b)) => a.is_same_inode(&b),
        (None, None) => true,
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use std::fs::File;
    use std::time::Instant;

    use super::*;
    use crate::id::IdTable;
    use crate::limits::Limits;
    use crate::watch::WatchOptions;

    /// The system gives no watch for an inode that is watched already: so it may have none left all the same.
    #[test]
    fn a_watch_that_is_there_ends_no_scarcity() {
        let id = IdTable::<_, ()>::new().next_id().unwrap();
        let (limits, now) = (Limits::default(), Instant::now());
        let mut watch = Watch::new(id, &WatchOptions::new("/"), &limits, now).unwrap();
        let root = OwnedFd::from(File::open("/").unwrap());
        for (interest, is_new) in [(Interest::Place, true), (Interest::Names, false)] {
            // Its delay is over at once.
            watch.polling.short.on_failure(now, 0);
            assert!(watch.polling.may_watch(now));
            watch.watch_inode(&root, interest).unwrap();
            assert_eq!(watch.polling.short.is_lasting(), !is_new, "{interest:?}");
        }
    }
}
