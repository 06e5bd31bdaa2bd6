//! Which entries a watch shows, and which directories it looks into.
//!
//! Rules come from the watch's own globs, from `.gitignore` files in and above its roots, and from a few
//! switches. An ignored file is not there at all; an ignored directory is one entry, and what is in it is
//! not watched. The rules of the directory nearest to a file decide, then those of its repository; rules do not
//! reach into another repository. What is tracked is shown though it is ignored, as git does it.
//!
//! Rules come in compiled (`git/`). What comparing names with them costs is added up, for whoever charges it.
//!
//! Pure.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use super::git::{Compiling, FILE_BYTES_MAX, Found, Rules, Tracked};
use super::tree::{FileId, Stat, Tree, flag};
use crate::error::{Error, Result};

/// The file that holds rules for its directory.
pub(crate) const RULES_NAME: &[u8] = b".gitignore";
/// What makes a directory the top of a repository.
pub(crate) const GIT_NAME: &[u8] = b".git";
/// Rules of all files of a watch, and bytes that they take.
const RULES_MAX: usize = 1 << 18;
const BYTES_MAX: usize = 16 << 20;

/// What stepping up a directory costs, and freeing the rules of a file.
const LEVEL_COST: u64 = 20;
const DROP_COST: u64 = 20_000;

/// What to do with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Show,
    /// It is ignored, and tracked, or a directory with something in it that is. Of such a directory only that is shown.
    Kept,
    /// A directory that is one entry.
    Opaque,
    Hide,
}

/// A repository, as far as it decides what is ignored in it.
#[derive(Default)]
pub(crate) struct Repository {
    /// `info/exclude`, and the list of the user.
    pub(crate) exclude: Rules,
    pub(crate) user: Rules,
    /// `core.ignoreCase`.
    pub(crate) fold: bool,
    pub(crate) tracked: Tracked,
    /// Of all that it was read from, but the index.
    pub(crate) digest: u64,
}

/// What was read for a directory.
#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) rules: Rules,
    /// What their file was when it was read.
    pub(crate) stamp: Option<Stat>,
    /// What `.git` was.
    pub(crate) git: Option<Stat>,
    pub(crate) repository: Option<Box<Repository>>,
    /// Of all rules.
    pub(crate) digest: u64,
    /// To be read again.
    pub(crate) is_stale: bool,
}

/// Rules of a directory above the roots.
pub(crate) struct Outer {
    /// Its absolute path, without a slash at its end.
    pub(crate) dir: Vec<u8>,
    pub(crate) rules: Rules,
    pub(crate) repository: Option<Box<Repository>>,
}

/// See the module's documentation.
pub(crate) struct Filter {
    /// Looks into `.git`.
    git_dir: bool,
    /// Shows names that begin with a dot.
    hidden: bool,
    pub(crate) gitignore: bool,
    globs: Rules,
    inner: HashMap<FileId, Inner>,
    /// The nearest directory first.
    outer: Vec<Outer>,
    /// Entries that are ignored and shown.
    kept: HashSet<FileId>,
    /// Some rule names a directory, so that moving a directory may change what is ignored in it.
    by_path: bool,
    /// Rules of all files, and files of which some are left out.
    count: usize,
    bytes: usize,
    /// Bytes that tracked names take, as they were when they were read.
    tracked_bytes: usize,
    left_out: usize,
    /// Rules that are not needed any more.
    discarded: Vec<Rules>,
    /// What was compared since the last time has cost so much.
    cost: Cell<u64>,
    /// A name was not compared with all rules that might match it.
    is_cut: Cell<bool>,
    /// That has been noted, of the rules that there are.
    has_cut: bool,
}

impl Filter {
    pub(crate) fn new(
        git_dir: bool,
        hidden: bool,
        gitignore: bool,
        globs: &[String],
    ) -> Result<Self> {
        let globs = own_rules(globs)?;
        let by_path = globs.names_directory();
        Ok(Filter {
            git_dir,
            hidden,
            gitignore,
            globs,
            inner: HashMap::new(),
            outer: Vec::new(),
            kept: HashSet::new(),
            by_path,
            count: 0,
            bytes: 0,
            tracked_bytes: 0,
            left_out: 0,
            discarded: Vec::new(),
            cost: Cell::new(0),
            is_cut: Cell::new(false),
            has_cut: false,
        })
    }

    /// Bytes that rules and tracked names take, about.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes + self.tracked_bytes
    }

    /// How many more rules there may be.
    pub(crate) fn room(&self) -> usize {
        match self.bytes < BYTES_MAX {
            true => RULES_MAX.saturating_sub(self.count),
            false => 0,
        }
    }

    /// Whether rules of a file are left out.
    pub(crate) fn has_left_out(&self) -> bool {
        self.left_out > 0 || self.has_cut
    }

    /// Whether, for the first time, a name was not compared with all rules that might match it.
    pub(crate) fn notes_cut(&mut self) -> bool {
        let is_new = self.is_cut.take() && !self.has_cut;
        self.has_cut |= is_new;
        is_new
    }

    /// Sets the rules of directories above the roots. The digest of those before is in `Outer`.
    pub(crate) fn set_outer(&mut self, outer: Vec<Outer>) {
        self.has_cut = false;
        for Outer { rules, repository, .. } in std::mem::replace(&mut self.outer, outer) {
            self.uncount(rules, repository);
        }
        for at in 0..self.outer.len() {
            let Some(Outer { rules, repository, .. }) = self.outer.get(at) else { return };
            let sizes = sizes(rules, repository.as_deref());
            self.count(sizes);
        }
    }

    /// What is tracked in the repository above the roots that begins at a directory.
    pub(crate) fn outer_tracked(&self, dir: &[u8]) -> Option<&Tracked> {
        let outer = self.outer.iter().find(|outer| outer.repository.is_some() && outer.dir == dir);
        outer?.repository.as_ref().map(|repository| &repository.tracked)
    }

    /// What was read last for a directory.
    pub(crate) fn inner(&self, dir: FileId) -> Option<&Inner> {
        self.inner.get(&dir)
    }

    /// Sets what was read for a directory.
    pub(crate) fn set_inner(&mut self, dir: FileId, inner: Inner) {
        self.forget(dir);
        self.has_cut = false;
        if inner.stamp.is_some() || inner.git.is_some() {
            self.count(sizes(&inner.rules, inner.repository.as_deref()));
            self.inner.insert(dir, inner);
        }
    }

    /// Has the rules of a directory read again, whatever their files look like.
    pub(crate) fn make_stale(&mut self, dir: FileId) {
        if let Some(inner) = self.inner.get_mut(&dir) {
            inner.is_stale = true;
        }
    }

    /// Has the rules of a directory taken for read when their file was this.
    #[cfg(test)]
    pub(crate) fn believe_stamp(&mut self, dir: FileId, stamp: Stat) {
        if let Some(inner) = self.inner.get_mut(&dir) {
            inner.stamp = Some(stamp);
        }
    }

    /// Whether what was read for a directory is what is there: its file of rules, and `.git`.
    pub(crate) fn is_current(&self, dir: FileId, stamp: Option<&Stat>, git: Option<&Stat>) -> bool {
        match self.inner.get(&dir) {
            Some(inner) => {
                !inner.is_stale && (inner.stamp.as_ref(), inner.git.as_ref()) == (stamp, git)
            }
            None => stamp.is_none() && git.is_none(),
        }
    }

    /// Notes whether an entry is shown though it is ignored.
    pub(crate) fn note_kept(&mut self, entry: FileId, is_kept: bool) {
        if is_kept {
            self.kept.insert(entry);
        } else if !self.kept.is_empty() {
            self.kept.remove(&entry);
        }
    }

    /// Entries that are shown though they are ignored.
    pub(crate) fn kept(&self) -> Vec<FileId> {
        self.kept.iter().copied().collect()
    }

    fn count(&mut self, sizes: Sizes) {
        self.by_path |= sizes.by_path;
        self.count += sizes.count;
        self.bytes += sizes.bytes;
        self.tracked_bytes += sizes.tracked;
        self.left_out += usize::from(sizes.left_out);
    }

    fn uncount(&mut self, rules: Rules, repository: Option<Box<Repository>>) {
        let sizes = sizes(&rules, repository.as_deref());
        self.count -= sizes.count;
        self.bytes -= sizes.bytes;
        self.tracked_bytes = self.tracked_bytes.saturating_sub(sizes.tracked);
        self.left_out -= usize::from(sizes.left_out);
        self.discard(rules);
        if let Some(repository) = repository {
            self.discard(repository.exclude);
            self.discard(repository.user);
        }
    }

    /// A directory is gone.
    pub(crate) fn forget(&mut self, dir: FileId) {
        if let Some(Inner { rules, repository, .. }) = self.inner.remove(&dir) {
            self.uncount(rules, repository);
        }
    }

    /// Has rules freed in slices.
    pub(crate) fn discard(&mut self, rules: Rules) {
        self.discarded.extend(Some(rules).filter(|rules| !rules.is_empty()));
    }

    /// Files of rules that are to be freed.
    pub(crate) fn discarded(&self) -> usize {
        self.discarded.len()
    }

    /// Frees rules that are not needed any more; what that cost.
    pub(crate) fn drop_discarded(&mut self) -> Option<u64> {
        self.discarded.pop().map(|_| DROP_COST)
    }

    /// Has all rules freed by [`drop_discarded`](Self::drop_discarded).
    pub(crate) fn discard_all(&mut self) {
        let inner = self.inner.drain().map(|(_, inner)| inner.rules);
        self.discarded.extend(inner.chain(self.outer.drain(..).map(|outer| outer.rules)));
    }

    /// What was compared since [`take_cost`](Self::take_cost) was called last has cost so much.
    pub(crate) fn cost(&self) -> u64 {
        self.cost.get()
    }

    pub(crate) fn take_cost(&self) -> u64 {
        self.cost.take()
    }

    /// Compares a path with rules.
    fn compare(&self, rules: &Rules, path: &[u8], is_dir: bool, fold: bool) -> Found {
        let outcome = rules.matched(path, is_dir, fold);
        self.cost.set(self.cost.get() + outcome.cost);
        if outcome.is_cut {
            self.is_cut.set(true);
        }
        outcome.found
    }

    /// Whether what is in a directory may be shown or hidden differently when it moves between these places.
    pub(crate) fn depends_on_place(&self, tree: &Tree, from: FileId, to: FileId) -> bool {
        let moves_path = self.by_path || !self.kept.is_empty();
        if moves_path || (!self.outer.is_empty() && root_of(tree, from) != root_of(tree, to)) {
            return true;
        }
        let rules = |dir: FileId| -> Vec<FileId> {
            let mut above = Vec::new();
            let mut at = dir;
            while let Some(node) = tree.get(at).filter(|_| at != FileId::ROOT_PARENT) {
                above.extend(self.inner.contains_key(&at).then_some(at));
                at = node.parent;
            }
            above
        };
        from != to && !self.inner.is_empty() && rules(from) != rules(to)
    }

    /// What to do with an entry of this name.
    pub(crate) fn verdict(&self, tree: &Tree, dir: FileId, name: &[u8], is_dir: bool) -> Verdict {
        if dir == FileId::ROOT_PARENT {
            return Verdict::Show;
        }
        if !self.hidden && name.first() == Some(&b'.') {
            return Verdict::Hide;
        }
        let one_entry = if is_dir { Verdict::Opaque } else { Verdict::Hide };
        if name == GIT_NAME && !self.git_dir && (is_dir || self.gitignore) {
            // For git no file of this name is one.
            return one_entry;
        }
        let ruled = !self.globs.is_empty() || !self.inner.is_empty() || !self.outer.is_empty();
        if !ruled {
            return Verdict::Show;
        }
        let candidate = Candidate::new(self, tree, dir, name, is_dir);
        match self.own_rule(&candidate) {
            Found::Keep => Verdict::Show,
            Found::Ignore => one_entry,
            Found::Nothing if !self.is_ignored(tree, dir, &candidate) => Verdict::Show,
            Found::Nothing if candidate.is_tracked() => Verdict::Kept,
            Found::Nothing => one_entry,
        }
    }

    fn own_rule(&self, candidate: &Candidate<'_>) -> Found {
        self.compare(&self.globs, candidate.below(candidate.root_len), candidate.is_dir, false)
    }

    fn is_ignored(&self, tree: &Tree, dir: FileId, candidate: &Candidate<'_>) -> bool {
        let is_top = self.inner.get(&dir).is_some_and(|inner| inner.repository.is_some());
        if !is_top && (tree.has(dir, flag::KEPT) || candidate.is_in_submodule()) {
            // What is in an ignored directory is ignored, whatever other rules say; and what is in the directory of a
            // submodule that is not there is nobody's.
            return true;
        }
        let fold = candidate.repository.is_some_and(|repository| repository.fold);
        let compare = |rules: &Rules, above: usize| {
            self.compare(rules, candidate.below(above), candidate.is_dir, fold)
        };
        let mut above = candidate.dir_len;
        let mut at = dir;
        while let Some(node) = tree.get(at).filter(|_| above >= candidate.top_len) {
            if let Some(inner) = self.inner.get(&at) {
                let found = compare(&inner.rules, above);
                if found != Found::Nothing {
                    return found == Found::Ignore;
                }
            }
            if node.parent == FileId::ROOT_PARENT {
                break;
            }
            above = above.saturating_sub(node.name.len() + 1);
            at = node.parent;
        }
        let outer = self.outer.iter().filter(|outer| candidate.is_below(outer));
        let outer = outer.map(|outer| (&outer.rules, outer.dir.len()));
        let lists = candidate.repository.map(|repository| [&repository.exclude, &repository.user]);
        let lists = lists.into_iter().flatten().map(|rules| (rules, candidate.top_len));
        outer
            .chain(lists)
            .map(|(rules, above)| compare(rules, above))
            .find(|found| *found != Found::Nothing)
            .is_some_and(|found| found == Found::Ignore)
    }
}

/// How much room rules take.
struct Sizes {
    count: usize,
    bytes: usize,
    tracked: usize,
    by_path: bool,
    left_out: bool,
}

fn sizes(rules: &Rules, repository: Option<&Repository>) -> Sizes {
    let lists = repository.map(|repository| [&repository.exclude, &repository.user]);
    let mut sizes = Sizes { count: 0, bytes: 0, tracked: 0, by_path: false, left_out: false };
    for rules in [rules].into_iter().chain(lists.into_iter().flatten()) {
        sizes.count += rules.count();
        sizes.bytes += rules.bytes();
        sizes.by_path |= rules.names_directory();
        sizes.left_out |= rules.has_left_out();
    }
    sizes.tracked = repository.map_or(0, |repository| repository.tracked.bytes());
    sizes.left_out |= repository.is_some_and(|repository| repository.tracked.has_left_out());
    sizes
}

/// The rules of a watch's own globs, each a line of its own.
fn own_rules(globs: &[String]) -> Result<Rules> {
    let mut text = Vec::new();
    for glob in globs {
        if glob.contains(['\n', '\0']) {
            return Err(Error::invalid(format!("ignore glob {glob:?}: one line is one glob")));
        }
        text.extend_from_slice(glob.as_bytes());
        text.push(b'\n');
    }
    let is_cut = text.len() > FILE_BYTES_MAX;
    let mut compiling = Compiling::new(text, RULES_MAX, is_cut);
    while !compiling.is_done() {
        compiling.step();
    }
    let rules = compiling.finish();
    match rules.has_left_out() {
        true => Err(Error::invalid("ignore globs: 65,536 of 4,096 bytes, 1 MiB in all at most")),
        false => Ok(rules),
    }
}

fn root_of(tree: &Tree, mut entry: FileId) -> FileId {
    while let Some(node) = tree.get(entry).filter(|node| node.parent != FileId::ROOT_PARENT) {
        entry = node.parent;
    }
    entry
}

/// A name that is checked against the rules, and what it lies in.
struct Candidate<'a> {
    path: Vec<u8>,
    is_dir: bool,
    /// The nearest repository, and the length of the path of its top; 0 without one.
    repository: Option<&'a Repository>,
    top_len: usize,
    /// The lengths of the paths of its directory and its root.
    dir_len: usize,
    root_len: usize,
}

impl<'a> Candidate<'a> {
    fn new(filter: &'a Filter, tree: &Tree, dir: FileId, name: &[u8], is_dir: bool) -> Self {
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
            if node.parent == FileId::ROOT_PARENT {
                break;
            }
            above = above.saturating_sub(node.name.len() + 1);
            at = node.parent;
        }
        let mut candidate =
            Candidate { path, is_dir, repository, top_len, dir_len, root_len: above };
        // Those above the roots are gone through here, and once more for their rules.
        filter.cost.set(filter.cost.get() + LEVEL_COST * filter.outer.len() as u64);
        if candidate.repository.is_none() {
            let tops = filter.outer.iter().filter(|outer| outer.repository.is_some());
            if let Some(top) = tops.into_iter().find(|top| candidate.is_below(top)) {
                candidate.repository = top.repository.as_deref();
                candidate.top_len = top.dir.len();
            }
        }
        candidate
    }

    /// Its path below a directory whose own path has this length.
    fn below(&self, above: usize) -> &[u8] {
        self.path.get(above + 1..).unwrap_or_default()
    }

    /// Whether it lies in a directory above the roots, in the same repository.
    fn is_below(&self, outer: &Outer) -> bool {
        let len = outer.dir.len();
        len >= self.top_len
            && self.path.starts_with(&outer.dir)
            && self.path.get(len) == Some(&b'/')
    }

    /// Whether its directory is that of a submodule.
    fn is_in_submodule(&self) -> bool {
        let dir = self.path.get(self.top_len + 1..self.dir_len).unwrap_or_default();
        self.repository.is_some_and(|repository| repository.tracked.has_submodule(dir))
    }

    fn is_tracked(&self) -> bool {
        let path = self.below(self.top_len);
        let tracked = self.repository.map(|repository| &repository.tracked);
        // A directory in the place of a tracked file is not tracked.
        tracked.is_some_and(|tracked| match self.is_dir {
            true => tracked.has_submodule(path) || tracked.has_below(path),
            false => tracked.has_name(path),
        })
    }
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
