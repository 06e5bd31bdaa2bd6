//! A name that is judged: its path, and the repository that it lies in.

use super::{Filter, LEVEL_COST, Outer, Repository};
use crate::watch::tree::{FileId, Tree};

/// A name that is judged, and what it lies in.
pub(super) struct Subject<'a> {
    pub(super) path: Vec<u8>,
    pub(super) is_dir: bool,
    /// The nearest repository, and the length of the path of its top; 0 without one.
    pub(super) repository: Option<&'a Repository>,
    pub(super) top_len: usize,
    /// The lengths of the paths of its directory and its root.
    pub(super) dir_len: usize,
    pub(super) root_len: usize,
}

impl<'a> Subject<'a> {
    pub(super) fn new(
        filter: &'a Filter,
        tree: &Tree,
        dir: FileId,
        name: &[u8],
        is_dir: bool,
    ) -> Self {
        let mut path = tree.path(dir);
        let dir_len = path.len();
        path.push(b'/');
        path.extend_from_slice(name);
        let (mut repository, mut top_len) = (None, 0);
        let (mut above, mut at) = (dir_len, dir);
        while let Some(node) = tree.get(at) {
            filter.cost.set(filter.cost.get() + LEVEL_COST);
            let found = filter.inner.get(&at).filter(|_| repository.is_none());
            if let Some(found) = found.and_then(|inner| inner.repository.as_deref()) {
                (repository, top_len) = (Some(found), above);
            }
            if node.parent == FileId::NOBODY {
                break;
            }
            above = above.saturating_sub(node.name.len() + 1);
            at = node.parent;
        }
        let mut subject = Subject { path, is_dir, repository, top_len, dir_len, root_len: above };
        // Those above the roots are gone through here, and once more for their rules.
        filter.cost.set(filter.cost.get() + LEVEL_COST * filter.outer.len() as u64);
        if subject.repository.is_none() {
            let tops = filter.outer.iter().filter(|outer| outer.repository.is_some());
            if let Some(top) = tops.into_iter().find(|top| subject.is_below(top)) {
                subject.repository = top.repository.as_deref();
                subject.top_len = top.dir.len();
            }
        }
        subject
    }

    /// Its path below a directory whose own path has this length.
    pub(super) fn below(&self, above: usize) -> &[u8] {
        self.path.get(above + 1..).unwrap_or_default()
    }

    /// Whether it lies in a directory above the roots, in the same repository.
    pub(super) fn is_below(&self, outer: &Outer) -> bool {
        let len = outer.dir.len();
        len >= self.top_len
            && self.path.starts_with(&outer.dir)
            && self.path.get(len) == Some(&b'/')
    }

    /// Whether its directory is that of a submodule.
    pub(super) fn is_in_submodule(&self) -> bool {
        let dir = self.path.get(self.top_len + 1..self.dir_len).unwrap_or_default();
        self.repository.is_some_and(|repository| repository.tracked.has_submodule(dir))
    }

    pub(super) fn is_tracked(&self) -> bool {
        let path = self.below(self.top_len);
        let tracked = self.repository.map(|repository| &repository.tracked);
        // A directory in the place of a tracked file is not tracked.
        tracked.is_some_and(|tracked| match self.is_dir {
            true => tracked.has_submodule(path) || tracked.has_below(path),
            false => tracked.has_name(path),
        })
    }
}
