//! The roots of a watch, in the order of its options, found by hash. What of them changes is in `roots.rs` above.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::hash::BuildHasher;
use std::ops::{Bound, Deref};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hashbrown::DefaultHashBuilder;

use super::super::disk;
use super::super::index::Index;
use super::super::name_lookup::NameLookup;
use super::super::options::{WatchOptions, absolute};
use super::super::path_trie::{PathNodeId, RootId};
use super::super::root_paths::{RootPaths, Trouble};
use super::super::tree::FileId;
use crate::error::{Error, Result};

pub(in crate::watch) const RETRY_LAST: Duration = Duration::from_secs(10);

/// A wait that doubles, up to 10 s.
pub(in crate::watch) struct Backoff {
    pub(in crate::watch) first: Duration,
    pub(in crate::watch) next: Duration,
}

impl Backoff {
    pub(in crate::watch) fn new(first: Duration) -> Self {
        Backoff { first, next: first }
    }

    pub(in crate::watch) fn next(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(RETRY_LAST);
        wait
    }

    pub(in crate::watch) fn reset(&mut self) {
        self.next = self.first;
    }
}

/// One root.
pub(in crate::watch) struct Root {
    pub(in crate::watch) path: Vec<u8>,
    /// The places that its path leads through and that concern it alone; see `path_trie.rs`.
    pub(in crate::watch) uses: Vec<PathNodeId>,
    pub(in crate::watch) trouble: Trouble,
    /// It was looked at for the first time.
    pub(in crate::watch) is_read: bool,
    /// It is an entry of the tree.
    pub(in crate::watch) is_there: bool,
}

impl Root {
    pub(in crate::watch) fn path_buf(&self) -> PathBuf {
        PathBuf::from(OsStr::from_bytes(&self.path))
    }
}

/// The roots of a watch, in the order of its options.
pub(in crate::watch) struct Roots {
    pub(in crate::watch) list: Vec<Root>,
    pub(in crate::watch) by_path: Index,
    pub(in crate::watch) hasher: DefaultHashBuilder,
    pub(in crate::watch) paths: RootPaths,
    /// The next one that is to be queued for a look, and whether all below it is to be listed.
    pub(in crate::watch) looking: Option<(usize, bool)>,
    /// How many were not looked at yet, and how many are not there.
    pub(in crate::watch) unread: usize,
    pub(in crate::watch) gone: usize,
    /// The roots that are files, by descriptor: several may be names of the same file, and share one.
    pub(in crate::watch) files: BTreeSet<(i32, FileId)>,
    /// Directories that are one entry, since another root has the same inode.
    pub(in crate::watch) overlapping: BTreeSet<FileId>,
}

impl Deref for Roots {
    type Target = [Root];

    fn deref(&self) -> &[Root] {
        &self.list
    }
}

impl Roots {
    pub(in crate::watch) fn new(paths: Vec<PathBuf>) -> Self {
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

    pub(in crate::watch) fn get_mut(&mut self, id: RootId) -> Option<&mut Root> {
        self.list.get_mut(id as usize)
    }

    /// The root of this path.
    pub(in crate::watch) fn find(&self, path: &[u8]) -> Option<RootId> {
        let same = |id: &u32| self.list.get(*id as usize).is_some_and(|root| root.path == path);
        self.by_path.find(self.hasher.hash_one(path), same)
    }

    /// Has every root looked at. `deep`: and everything below listed.
    pub(in crate::watch) fn look_at_all(&mut self, deep: bool) {
        let deep = deep || self.looking.is_some_and(|(_, deep)| deep);
        self.looking = Some((0, deep));
    }

    /// Whether roots are still to be queued for a look.
    pub(in crate::watch) fn is_looking(&self) -> bool {
        self.looking.is_some()
    }

    /// Whether all roots have been looked at.
    pub(in crate::watch) fn are_read(&self) -> bool {
        self.unread == 0
    }

    /// How many roots are not there.
    pub(in crate::watch) fn gone(&self) -> usize {
        self.gone
    }

    pub(in crate::watch) fn note_there(&mut self, id: RootId, is_there: bool) {
        if let Some(root) = self.list.get_mut(id as usize).filter(|root| root.is_there != is_there)
        {
            root.is_there = is_there;
            self.gone = if is_there { self.gone.saturating_sub(1) } else { self.gone + 1 };
        }
    }

    /// The entries that share the descriptor of a root that is a file.
    pub(in crate::watch) fn sharing(&self, wd: i32) -> Vec<FileId> {
        let after = Bound::Included((wd, FileId::ROOT_PARENT));
        let range = self.files.range((after, Bound::Unbounded));
        range.take_while(|(other, _)| *other == wd).map(|(_, entry)| *entry).collect()
    }

    /// Whether a directory is missing in a root since it is in another one.
    pub(in crate::watch) fn overlap(&self) -> bool {
        !self.overlapping.is_empty()
    }

    /// A directory is listed, or gone.
    pub(in crate::watch) fn clear_overlap(&mut self, dir: FileId) {
        self.overlapping.remove(&dir);
    }

    /// What of it has to be freed in steps.
    pub(in crate::watch) fn size(&self) -> usize {
        self.list.len() + self.paths.trie.len()
    }

    /// Frees at most `max` roots and places of a watch that is gone; how many.
    pub(in crate::watch) fn shed(&mut self, max: usize) -> usize {
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
    pub(in crate::watch) fn new(path: PathBuf) -> Self {
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
pub(in crate::watch) fn resolve(options: &WatchOptions, lookup: &mut NameLookup) -> Result<Roots> {
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
pub(in crate::watch) fn nested<'p>(
    paths: impl Iterator<Item = (&'p Path, usize)> + Clone,
) -> Option<(usize, usize)> {
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
