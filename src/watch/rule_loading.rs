//! Reading files of rules in slices.
//!
//! Rules above the roots (`.gitignore` files up to the top of the repository, and what the repository has) are read
//! before anything else, and again when one of their files changes. Those of a directory are read when it is
//! listed, if they are others than before, and are taken in before the first name is looked at. What is below is
//! checked again if their text has changed; if only other names are tracked, those names are.

use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::event::WatchProblem;
use super::filter::{GIT_NAME, Inner, Outer, RULES_NAME};
use super::git::{Compiling, FILE_BYTES_MAX};
use super::repository::{
    BYTES_PER_NS, GitDir, LOOK_COST, ReadRepository, RepositoryLoading, SourceFile,
};
use super::stages::Current;
use super::stages::SourceWatching;
use super::stages::{DirLoading, OuterLoading, OuterRules, Step};
use super::tree::{FileId, FileType, Stat};
use super::{Watch, disk};
use crate::policy::Slice;

/// An absolute path without a slash at its end: that of `/` is empty.
fn bytes_of(dir: &Path) -> &[u8] {
    let bytes = dir.as_os_str().as_bytes();
    bytes.strip_suffix(b"/").unwrap_or(bytes)
}

impl Watch {
    /// Reads the rules above the roots again.
    pub(super) fn reload_outer_rules(&mut self) {
        self.outer.again = self.outer.is_pending();
        if !self.outer.again {
            self.outer.steps = OuterRules::steps(self.roots.iter());
        }
    }

    /// Does the next step of reading the rules above the roots.
    pub(super) fn load_outer_rules(&mut self) {
        match self.outer.loading.take() {
            Some(OuterLoading::Rules { dir, is_top, compiling }) => {
                self.load_outer_file(dir, is_top, compiling);
            }
            Some(OuterLoading::Repository(top, loading)) => {
                self.load_outer_repository(top, loading);
            }
            Some(OuterLoading::Watching(watching)) => return self.watch_outer_source(watching),
            None => self.next_outer_step(),
        }
        if !self.outer.is_pending() {
            self.finish_outer_rules();
        }
    }

    fn next_outer_step(&mut self) {
        let Some(step) = self.outer.steps.pop_front() else { return };
        self.spent += LOOK_COST;
        match step {
            Step::Find { root, dir } => {
                // One root after the other, so that what was found for one is all there for the next.
                if let Some(next) = self.find_top(root, dir) {
                    self.outer.steps.push_front(next);
                }
            }
            Step::Above { dir, top } => self.read_outer_rules(dir, top),
        }
    }

    /// Looks whether the repository that a root is in begins in a directory; what to do next.
    fn find_top(&mut self, root: PathBuf, dir: PathBuf) -> Option<Step> {
        let first = root.parent()?.to_path_buf();
        if dir == root {
            // Its own repository is read with it.
            return GitDir::of(&dir).is_none().then_some(Step::Find { dir: first, root });
        }
        if self.outer.is_top.contains_key(&dir) {
            let top = dir.ancestors().find(|above| self.outer.is_top.get(*above) == Some(&true))?;
            return Some(Step::Above { dir: first, top: top.to_path_buf() });
        }
        self.outer.sources.push(SourceFile::at(&dir.join(OsStr::from_bytes(GIT_NAME))));
        let is_top = GitDir::of(&dir).is_some();
        self.outer.is_top.insert(dir.clone(), is_top);
        match is_top {
            true => Some(Step::Above { dir: first, top: dir }),
            false => Some(Step::Find { dir: dir.parent()?.to_path_buf(), root }),
        }
    }

    fn read_outer_rules(&mut self, dir: PathBuf, top: PathBuf) {
        if !self.outer.read_of.insert(dir.clone()) {
            return;
        }
        let path = dir.join(OsStr::from_bytes(RULES_NAME));
        self.outer.sources.push(SourceFile::at(&path));
        let read = disk::read_small_at(&path, FILE_BYTES_MAX);
        let (text, size) = read.unwrap_or_default();
        self.spent += text.len() as u64 / BYTES_PER_NS;
        (bytes_of(&dir), &text).hash(&mut self.outer.hasher);
        let cut = size > text.len() as u64;
        let compiling = Compiling::new(text, self.filter.room(), cut);
        let is_top = dir == top;
        if !is_top {
            let above = dir.parent().unwrap_or(Path::new("/")).to_path_buf();
            self.outer.steps.push_front(Step::Above { dir: above, top });
        }
        self.outer.loading = Some(OuterLoading::Rules { dir, is_top, compiling });
    }

    fn load_outer_file(&mut self, dir: PathBuf, is_top: bool, mut compiling: Compiling) {
        if !compiling.is_done() {
            self.spent += compiling.step();
            self.outer.loading = Some(OuterLoading::Rules { dir, is_top, compiling });
            return;
        }
        let rules = compiling.finish();
        if rules.has_left_out() {
            let path = dir.join(OsStr::from_bytes(RULES_NAME));
            self.warn(WatchProblem::TooManyRules, path.into_os_string().into_vec());
        }
        if is_top || !rules.is_empty() {
            let outer = Outer { dir: bytes_of(&dir).to_vec(), rules, repository: None };
            let at = self.outer.read.partition_point(|known| known.dir.len() >= outer.dir.len());
            self.outer.read.insert(at, outer);
        }
        // Where the rules of the top are read, the repository follows.
        if is_top && let Some(git) = GitDir::of(&dir) {
            let loading = RepositoryLoading::new(dir.clone(), git, self.filter.room());
            self.outer.loading = Some(OuterLoading::Repository(dir, Box::new(loading)));
        }
    }

    fn load_outer_repository(&mut self, top: PathBuf, mut loading: Box<RepositoryLoading>) {
        if !loading.is_done() {
            self.spent += loading.step(self.filter.outer_tracked(bytes_of(&top)));
            self.outer.loading = Some(OuterLoading::Repository(top, loading));
            return;
        }
        let ReadRepository { repository, changes, sources, left_out } = loading.finish();
        self.warn_of_files(left_out);
        self.outer.sources.extend(sources);
        repository.digest.hash(&mut self.outer.hasher);
        if let Some(outer) = self.outer.read.iter_mut().find(|outer| outer.dir == bytes_of(&top)) {
            outer.repository = Some(Box::new(repository));
        }
        self.outer.changes.push((bytes_of(&top).to_vec(), changes));
    }

    fn finish_outer_rules(&mut self) {
        let digest = std::mem::take(&mut self.outer.hasher).finish();
        let before = self.outer.digest.replace(digest);
        self.filter.set_outer(std::mem::take(&mut self.outer.read));
        self.outer.is_top.clear();
        self.outer.read_of.clear();
        self.outer.loading = Some(OuterLoading::Watching(self.begin_sources(FileId::ROOT_PARENT)));
        let changes = std::mem::take(&mut self.outer.changes);
        if before.is_some_and(|before| before != digest) {
            self.scan_all();
        } else if before.is_some() {
            for (top, changes) in changes {
                self.on_tracked_changes(&top, changes);
            }
        }
    }

    /// Watches for the next of the files that were read.
    fn watch_outer_source(&mut self, mut watching: SourceWatching) {
        if let Some(file) = self.outer.sources.pop() {
            self.watch_source(&mut watching, &file);
            self.outer.loading = Some(OuterLoading::Watching(watching));
            return;
        }
        self.end_sources(watching);
        if std::mem::take(&mut self.outer.again) {
            self.outer.steps = OuterRules::steps(self.roots.iter());
        }
    }

    /// Has every name checked against the rules again.
    pub(super) fn scan_all(&mut self) {
        self.roots.look_at_all(true);
        self.due = true;
    }

    fn warn_of_files(&mut self, paths: Vec<PathBuf>) {
        for path in paths {
            self.warn(WatchProblem::TooManyRules, path.into_os_string().into_vec());
        }
    }

    /// Reads the rules of a directory, if they are not those that it was checked against before.
    pub(super) fn read_rules(
        &mut self,
        dir: FileId,
        fd: BorrowedFd<'_>,
    ) -> Option<Box<DirLoading>> {
        if !self.filter.gitignore {
            return None;
        }
        let git = disk::look(fd, GIT_NAME).ok().flatten();
        let rules = disk::read_small(fd, RULES_NAME, FILE_BYTES_MAX);
        let stamp = rules.as_ref().map(|(_, stat)| *stat);
        if self.filter.is_current(dir, stamp.as_ref(), git.as_ref()) {
            return None;
        }
        let text = rules.map(|(text, _)| text).unwrap_or_default();
        self.spent += text.len() as u64 / BYTES_PER_NS;
        let mut hasher = DefaultHasher::new();
        (stamp.is_some(), &text).hash(&mut hasher);
        let cut = stamp.is_some_and(|stamp| stamp.size > text.len() as u64 && !text.is_empty());
        let compiling = Compiling::new(text, self.filter.room(), cut);
        let mut path = Vec::new();
        self.moves.path_into(&self.tree, dir, &mut path);
        let top = PathBuf::from(std::ffi::OsString::from_vec(path));
        let found = git.and_then(|_| GitDir::of(&top));
        let missing = match (&git, &found) {
            (Some(_), None) => GitDir::missing(&top),
            _ => Vec::new(),
        };
        let room = self.filter.room();
        let repository = found.map(|git| Box::new(RepositoryLoading::new(top, git, room)));
        let digest = if stamp.is_some() { hasher.finish() } else { 0 };
        let inner = Inner { stamp, git, digest, ..Inner::default() };
        Some(Box::new(DirLoading { compiling, inner, repository, missing }))
    }

    /// Takes in the rules of a directory. Whether they are complete.
    pub(super) fn compile_rules(&mut self, current: &mut Current, slice: &mut Slice) -> bool {
        let Some(mut loading) = current.rules.take() else { return true };
        while self.step_rules(current.dir, &mut loading) {
            if self.must_pause(slice) {
                current.rules = Some(loading);
                return false;
            }
        }
        self.finish_rules(current, *loading);
        true
    }

    /// False: all is read.
    fn step_rules(&mut self, dir: FileId, loading: &mut DirLoading) -> bool {
        if !loading.compiling.is_done() {
            self.spent += loading.compiling.step();
            return true;
        }
        let Some(repository) = loading.repository.as_mut().filter(|loading| !loading.is_done())
        else {
            return false;
        };
        let before = self.filter.inner(dir).and_then(|inner| inner.repository.as_ref());
        self.spent += repository.step(before.map(|before| &before.tracked));
        true
    }

    fn finish_rules(&mut self, current: &mut Current, loading: DirLoading) {
        let DirLoading { compiling, mut inner, repository, missing: mut sources } = loading;
        let dir = current.dir;
        inner.rules = compiling.finish();
        let mut path = self.tree.path(dir);
        let mut changes = None;
        if let Some(repository) = repository {
            let read = repository.finish();
            self.warn_of_files(read.left_out);
            sources.extend(read.sources);
            inner.digest ^= read.repository.digest.rotate_left(1);
            let had = self.filter.inner(dir).is_some_and(|inner| inner.repository.is_some());
            changes = Some(read.changes).filter(|_| had);
            inner.repository = Some(Box::new(read.repository));
        }
        let before = self.filter.inner(dir).map_or(0, |inner| inner.digest);
        // What is below was checked against others.
        current.deep |= inner.digest != before;
        let is_cut = inner.rules.has_left_out();
        self.filter.set_inner(dir, inner);
        self.watch_sources_of(dir, &sources);
        if let Some(changes) = changes.filter(|_| !current.deep) {
            self.on_tracked_changes(bytes_of(Path::new(OsStr::from_bytes(&path))), changes);
        }
        if is_cut {
            path.push(b'/');
            path.extend_from_slice(RULES_NAME);
            self.warn(WatchProblem::TooManyRules, path);
        }
    }

    fn watch_sources_of(&mut self, dir: FileId, sources: &[SourceFile]) {
        if sources.is_empty() {
            self.unwatch_sources(dir);
        } else {
            self.watch_sources(dir, sources);
        }
    }

    /// If the name is that of a file of rules which is not the one that was read, the directory has to be
    /// listed again, and is read first then. `is_evident`: something happened to it, whatever it looks like.
    pub(super) fn note_rules(
        &mut self,
        dir: FileId,
        name: &[u8],
        stat: Option<Stat>,
        is_evident: bool,
    ) {
        let is_rules = name == RULES_NAME;
        if !(is_rules || name == GIT_NAME) || !self.filter.gitignore || dir == FileId::ROOT_PARENT {
            return;
        }
        let stat = stat.filter(|stat| !is_rules || stat.kind == FileType::File);
        let known = self.filter.inner(dir);
        let was = known.and_then(|inner| if is_rules { inner.stamp } else { inner.git });
        if was != stat || (is_evident && is_rules) {
            self.filter.make_stale(dir);
            self.request_scan(dir, false);
        }
    }
}
