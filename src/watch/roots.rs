//! Roots: what was asked to be watched. They may be files, vanish, come back, and be something else than before.
//!
//! A root that is there is watched itself: as any directory, or as a file. What its path leads through on the
//! way there is watched by `root_paths.rs`; so is the name of what is missing. Whatever may be different, the root is
//! looked at as any name that is due.
//!
//! There can be very many roots. So they are found by hash, and everything that concerns all of them is a
//! cursor. Only the call that adds a watch looks at each of them, to refuse what is not there.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::hash::BuildHasher;
use std::ops::{Bound, Deref};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hashbrown::DefaultHashBuilder;
use nix::errno::Errno;

use super::Watch;
use super::disk;
use super::event::WatchProblem;
use super::index::Index;
use super::name_lookup::NameLookup;
use super::options::{WatchOptions, absolute};
use super::path_trie::{PathNodeId, RootId};
use super::root_paths::{RootPaths, Trouble};
use super::tree::{FileId, flag};
use crate::error::{Error, Result};

const RETRY_LAST: Duration = Duration::from_secs(10);

/// Roots that are queued for a look in one unit, and what each costs.
const QUEUED: usize = 64;
const QUEUED_COST: u64 = 500;

/// A wait that doubles, up to 10 s.
pub(super) struct Backoff {
    first: Duration,
    next: Duration,
}

impl Backoff {
    pub(super) fn new(first: Duration) -> Self {
        Backoff { first, next: first }
    }

    pub(super) fn next(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(RETRY_LAST);
        wait
    }

    pub(super) fn reset(&mut self) {
        self.next = self.first;
    }
}

/// One root.
pub(super) struct Root {
    pub(super) path: Vec<u8>,
    /// The places that its path leads through and that concern it alone; see `path_trie.rs`.
    pub(super) uses: Vec<PathNodeId>,
    pub(super) trouble: Trouble,
    /// It was looked at for the first time.
    is_read: bool,
    /// It is an entry of the tree.
    is_there: bool,
}

impl Root {
    pub(super) fn path_buf(&self) -> PathBuf {
        PathBuf::from(OsStr::from_bytes(&self.path))
    }
}

/// The roots of a watch, in the order of its options.
pub(super) struct Roots {
    list: Vec<Root>,
    by_path: Index,
    hasher: DefaultHashBuilder,
    pub(super) paths: RootPaths,
    /// The next one that is to be queued for a look, and whether all below it is to be listed.
    looking: Option<(usize, bool)>,
    /// How many were not looked at yet, and how many are not there.
    unread: usize,
    gone: usize,
    /// The roots that are files, by descriptor: several may be names of the same file, and share one.
    files: BTreeSet<(i32, FileId)>,
    /// Directories that are one entry, since another root has the same inode.
    overlapping: BTreeSet<FileId>,
}

impl Deref for Roots {
    type Target = [Root];

    fn deref(&self) -> &[Root] {
        &self.list
    }
}

impl Roots {
    fn new(paths: Vec<PathBuf>) -> Self {
        let hasher = DefaultHashBuilder::default();
        let mut by_path = Index::new();
        let list: Vec<Root> = paths.into_iter().map(Root::new).collect();
        for (index, root) in list.iter().enumerate() {
            by_path.insert(hasher.hash_one(&*root.path), index as u32, |other| {
                list.get(other as usize).map_or(0, |root| hasher.hash_one(&*root.path))
            });
        }
        let (unread, gone, paths) = (list.len(), list.len(), RootPaths::new(list.len()));
        let (files, overlapping) = (BTreeSet::new(), BTreeSet::new());
        Roots { list, by_path, hasher, paths, looking: None, unread, gone, files, overlapping }
    }

    pub(super) fn get_mut(&mut self, id: RootId) -> Option<&mut Root> {
        self.list.get_mut(id as usize)
    }

    /// The root of this path.
    pub(super) fn find(&self, path: &[u8]) -> Option<RootId> {
        let same = |id: &u32| self.list.get(*id as usize).is_some_and(|root| root.path == path);
        self.by_path.find(self.hasher.hash_one(path), same)
    }

    /// Has every root looked at. `deep`: and everything below listed.
    pub(super) fn look_at_all(&mut self, deep: bool) {
        let deep = deep || self.looking.is_some_and(|(_, deep)| deep);
        self.looking = Some((0, deep));
    }

    /// Whether roots are still to be queued for a look.
    pub(super) fn is_looking(&self) -> bool {
        self.looking.is_some()
    }

    /// Whether all roots have been looked at.
    pub(super) fn are_read(&self) -> bool {
        self.unread == 0
    }

    /// How many roots are not there.
    pub(super) fn gone(&self) -> usize {
        self.gone
    }

    fn note_there(&mut self, id: RootId, is_there: bool) {
        if let Some(root) = self.list.get_mut(id as usize).filter(|root| root.is_there != is_there)
        {
            root.is_there = is_there;
            self.gone = if is_there { self.gone.saturating_sub(1) } else { self.gone + 1 };
        }
    }

    /// The entries that share the descriptor of a root that is a file.
    pub(super) fn sharing(&self, wd: i32) -> Vec<FileId> {
        let after = Bound::Included((wd, FileId::ROOT_PARENT));
        let range = self.files.range((after, Bound::Unbounded));
        range.take_while(|(other, _)| *other == wd).map(|(_, entry)| *entry).collect()
    }

    /// Whether a directory is missing in a root since it is in another one.
    pub(super) fn overlap(&self) -> bool {
        !self.overlapping.is_empty()
    }

    /// A directory is listed, or gone.
    pub(super) fn clear_overlap(&mut self, dir: FileId) {
        self.overlapping.remove(&dir);
    }

    /// What of it has to be freed in steps.
    pub(super) fn size(&self) -> usize {
        self.list.len() + self.paths.trie.len()
    }

    /// Frees at most `max` roots and places of a watch that is gone; how many.
    pub(super) fn shed(&mut self, max: usize) -> usize {
        self.paths.shed();
        for count in 0..max {
            let freed = [self.list.pop().is_some(), self.paths.trie.shed()];
            self.files.pop_first();
            if freed == [false; 2] {
                return count;
            }
        }
        max
    }
}

impl Root {
    fn new(path: PathBuf) -> Self {
        Root {
            path: path.into_os_string().into_encoded_bytes(),
            uses: Vec::new(),
            trouble: Trouble::None,
            is_read: false,
            is_there: false,
        }
    }
}

/// The roots of a watch. Each has to be there, and none may lie in another one, whether by its path or by what
/// that leads to now.
pub(super) fn resolve(options: &WatchOptions, lookup: &mut NameLookup) -> Result<Roots> {
    let mut paths: Vec<PathBuf> = Vec::with_capacity(options.roots.len());
    let mut directories: Vec<(PathBuf, usize)> = Vec::new();
    for root in &options.roots {
        let path = absolute(root)?;
        // What cannot be listed cannot be watched.
        let led = lookup.check_root(&path).map_err(|e| disk::path_error(&path, &e))?;
        directories.extend(led.map(|led| (led, paths.len())));
        paths.push(path);
    }
    let shown = |index: usize| paths.get(index).map_or(Path::new(""), |path| path).display();
    if let Some((a, b)) = nested(paths.iter().enumerate().map(|(index, path)| (&**path, index))) {
        let (a, b) = (shown(a), shown(b));
        return Err(Error::invalid(format!("roots lie in each other: {a} and {b}")));
    }
    if let Some((a, b)) = nested(directories.iter().map(|(path, index)| (&**path, *index))) {
        let (a, b) = (shown(a), shown(b));
        return Err(Error::invalid(format!("roots lead into each other: {a} and {b}")));
    }
    Ok(Roots::new(paths))
}

/// Two of these paths that are the same, or of which one lies in the other.
fn nested<'p>(paths: impl Iterator<Item = (&'p Path, usize)> + Clone) -> Option<(usize, usize)> {
    let mut known: HashMap<&Path, usize> = HashMap::new();
    for (path, index) in paths.clone() {
        if let Some(other) = known.insert(path, index) {
            return Some((other, index));
        }
    }
    let inside = |(path, index): (&'p Path, usize)| {
        let above = path.ancestors().skip(1).find_map(|above| known.get(above));
        above.map(|above| (*above, index))
    };
    paths.into_iter().find_map(inside)
}

impl Watch {
    /// Has every root looked at, at the beginning and when a client asks.
    pub(crate) fn start(&mut self) {
        self.roots.look_at_all(false);
        self.due = true;
    }

    fn look_at_root(&mut self, id: RootId) {
        if let Some(root) = self.roots.get(id as usize) {
            self.dirty.mark_urgent(FileId::ROOT_PARENT, &root.path, self.now);
            self.due = true;
        }
    }

    /// Queues some of the roots for a look that are to be looked at. Whether there were any.
    pub(super) fn look_at_roots(&mut self) -> bool {
        let Some((first, deep)) = self.roots.looking.take() else { return false };
        let end = self.roots.len().min(first + QUEUED);
        for id in first..end {
            self.spent += QUEUED_COST;
            self.look_at_root(id as RootId);
            let path = self.roots.get(id).filter(|_| deep).map(|root| &*root.path);
            if let Some(entry) = path.and_then(|path| self.tree.child(FileId::ROOT_PARENT, path)) {
                self.request_scan(entry, true);
            }
        }
        self.roots.looking = Some((end, deep)).filter(|_| end < self.roots.len());
        true
    }

    /// A root was looked at, whatever it is.
    pub(super) fn on_root_read(&mut self, path: &[u8]) {
        let Some(id) = self.roots.find(path) else { return broken!("a root is one of ours") };
        if let Some(root) = self.roots.get_mut(id).filter(|root| !root.is_read) {
            root.is_read = true;
            self.roots.unread = self.roots.unread.saturating_sub(1);
        }
    }

    /// A root could not be looked at: its path is resolved again to find out why.
    pub(super) fn on_root_inaccessible(&mut self, path: &[u8]) {
        self.on_root_read(path);
        if let Some(id) = self.roots.find(path) {
            self.roots.paths.queue(id);
            self.due = true;
        }
    }

    /// A root has come, or is another inode now.
    pub(super) fn on_root_changed(&mut self, entry: FileId) {
        let Some(node) = self.tree.get(entry).filter(|node| node.parent == FileId::ROOT_PARENT)
        else {
            return;
        };
        let (is_dir, path) = (node.stat.is_dir(), node.name.to_vec());
        let Some(id) = self.roots.find(&path) else { return broken!("a root is one of ours") };
        self.roots.note_there(id, true);
        if !is_dir && self.watch_file(entry, &path) {
            // What happened before it was watched shows now.
            self.look_at_root(id);
        }
    }

    /// A directory that is a root has a watch: what it was replaced by before shows now.
    pub(super) fn on_root_watched(&mut self, dir: FileId) {
        let Some(node) = self.tree.get(dir).filter(|node| node.parent == FileId::ROOT_PARENT)
        else {
            return;
        };
        if let Some(id) = self.roots.find(node.name) {
            self.look_at_root(id);
        }
    }

    /// Watches the inode of a root that is a file: it may be changed under other names as well. Without a watch it
    /// is polled. Whether it is watched and was not before.
    fn watch_file(&mut self, entry: FileId, path: &[u8]) -> bool {
        let old = self.tree.wd(entry);
        if old == 0 && !self.polling.may_watch(self.now) {
            self.poll(entry);
            return false;
        }
        let path = PathBuf::from(OsStr::from_bytes(path));
        let (lookup, kernel) = (&self.lookup, &mut self.kernel);
        let wd = match lookup.with_path(&path, |path| kernel.watch_file(path)) {
            Ok(wd) => wd,
            Err(error) => {
                if error.raw_os_error() == Some(Errno::ENOSPC as i32) {
                    self.polling.out_of_watches(self.now);
                }
                self.poll(entry);
                return false;
            }
        };
        if let Some(watched) = self.kernel.get_mut(wd) {
            (watched.entry, watched.confirmed) = (entry, self.lost.rescan);
        }
        self.tree.set_wd(entry, wd);
        self.roots.files.insert((wd, entry));
        self.stop_polling(entry);
        if old != 0 && old != wd {
            self.release(entry, old);
        }
        old != wd
    }

    /// Looks at a root that is a file and has no watch, and tries to watch it.
    pub(super) fn look_at_polled_file(&mut self, entry: FileId) {
        self.on_root_changed(entry);
        self.on_root_watched(entry);
    }

    /// A directory is watched under another name, which may be in another root.
    pub(super) fn note_overlap(&mut self, dir: FileId, other: FileId) {
        if self.root_of(dir) != self.root_of(other) && self.roots.overlapping.insert(dir) {
            self.warn_of(WatchProblem::RootsOverlap, dir);
        }
    }

    fn root_of(&self, entry: FileId) -> FileId {
        let mut at = entry;
        while let Some(node) = self.tree.get(at).filter(|node| node.parent != FileId::ROOT_PARENT) {
            at = node.parent;
        }
        at
    }

    /// An entry does not need its descriptor any more. Roots that are the same file share one.
    pub(super) fn release(&mut self, entry: FileId, wd: i32) {
        if wd == 0 {
            return;
        }
        self.roots.files.remove(&(wd, entry));
        if self.kernel.get(wd).is_none_or(|watched| watched.entry != entry) {
            return;
        }
        let other = self.roots.sharing(wd).first().copied();
        match (other, self.kernel.get_mut(wd)) {
            (Some(other), Some(watched)) => watched.entry = other,
            _ => self.kernel.release(wd),
        }
    }

    /// The kernel has dropped a descriptor: an entry has none any more. If it is there all the same, it has to be
    /// watched again. Whether it had that one.
    pub(super) fn lose(&mut self, entry: FileId, wd: i32) -> bool {
        self.roots.files.remove(&(wd, entry));
        if self.tree.wd(entry) != wd {
            return false;
        }
        self.tree.set_wd(entry, 0);
        self.tree.set_flags(entry, flag::WANTED);
        true
    }

    pub(super) fn on_root_gone(&mut self, path: &[u8]) {
        let Some(id) = self.roots.find(path) else { return broken!("a root is one of ours") };
        self.roots.note_there(id, false);
        // Watches for the name, or for the first one of the path that is missing; then looks again.
        self.roots.paths.queue(id);
        self.due = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_each_other() {
        let check = |paths: &[&str]| {
            nested(paths.iter().enumerate().map(|(index, path)| (Path::new(*path), index)))
        };
        assert_eq!(check(&["/a", "/ab", "/a-b", "/b/a"]), None);
        assert_eq!(check(&["/x", "/a/b", "/a-b", "/a"]), Some((3, 1)));
        assert_eq!(check(&["/x", "/a", "/a"]), Some((1, 2)));
        assert_eq!(check(&["/x", "/"]), Some((1, 0)));
    }
}
