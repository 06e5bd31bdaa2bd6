//! Files that decide what is ignored and lie outside of the watched trees, or in directories that are not looked
//! into: `.gitignore` files above the roots, `info/exclude`, configuration, the index, a `.git` that may come.
//!
//! The directory of each is watched for its name, or, where that is missing, the nearest one above it for the
//! next name on the way. A file that is a link is watched for at both ends. When such a name changes, what
//! depends on it is read again.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Watch;
use super::repository::{LOOK_COST, SourceFile};
use super::stages::{Source, SourceWatching};
use super::tree::FileId;

/// Names that are watched for.
const SOURCES_MAX: usize = 1 << 14;

impl Watch {
    /// Watches for the files that the rules of a directory come from; for no others any more.
    pub(super) fn watch_sources(&mut self, dir: FileId, files: &[SourceFile]) {
        let mut watching = self.begin_sources(dir);
        for file in files {
            self.watch_source(&mut watching, file);
        }
        self.end_sources(watching);
    }

    /// Begins to watch for other files; those of before are kept until the end.
    pub(super) fn begin_sources(&mut self, dir: FileId) -> SourceWatching {
        let mut before = self.sources.of_dir.remove(&dir).unwrap_or_default();
        before.sort_unstable();
        before.dedup();
        for wd in &before {
            if let Some(sources) = self.sources.by_watch.get_mut(wd) {
                let had = sources.len();
                sources.retain(|source| source.dir != dir);
                self.sources.count -= had - sources.len();
            }
        }
        SourceWatching { dir, before, has_changed: false }
    }

    /// Watches for one file.
    pub(super) fn watch_source(&mut self, watching: &mut SourceWatching, file: &SourceFile) {
        let path = &file.path;
        self.watch_source_name(watching.dir, path);
        // The other end of a link.
        let target = path.canonicalize().ok().filter(|target| target != path);
        if let Some(target) = target {
            self.watch_source_name(watching.dir, &target);
        }
        // What changed before it was watched shows now.
        watching.has_changed |= file.has_changed();
    }

    pub(super) fn end_sources(&mut self, watching: SourceWatching) {
        for wd in watching.before {
            self.release_source(wd);
        }
        if watching.has_changed {
            self.read_sources_again(watching.dir);
        }
    }

    fn watch_source_name(&mut self, dir: FileId, path: &Path) {
        let mut path = path;
        while let (Some(above), Some(name)) = (path.parent(), path.file_name()) {
            self.spent += LOOK_COST;
            if self.sources.count >= SOURCES_MAX {
                return;
            }
            if let Ok(wd) = self.kernel.watch_source(above.to_path_buf()) {
                let source = Source { name: name.as_bytes().into(), dir };
                self.sources.by_watch.entry(wd).or_default().push(source);
                self.sources.of_dir.entry(dir).or_default().push(wd);
                self.sources.count += 1;
                return;
            }
            path = above;
        }
    }

    fn release_source(&mut self, wd: i32) {
        if self.sources.by_watch.get(&wd).is_some_and(Vec::is_empty) {
            self.sources.by_watch.remove(&wd);
            self.kernel.release_source(wd);
        }
    }

    /// A directory is gone, and its rules with it.
    pub(super) fn unwatch_sources(&mut self, dir: FileId) {
        if self.sources.of_dir.contains_key(&dir) {
            self.watch_sources(dir, &[]);
        }
    }

    /// Something happened to a name, or to the directory itself, where files of rules are watched for.
    pub(super) fn on_source(&mut self, wd: i32, name: Option<&[u8]>) {
        let Some(sources) = self.sources.by_watch.get(&wd) else { return };
        let matches = |source: &&Source| name.is_none_or(|name| *source.name == *name);
        let mut dirs: Vec<FileId> =
            sources.iter().filter(matches).map(|source| source.dir).collect();
        dirs.dedup();
        for dir in dirs {
            self.read_sources_again(dir);
        }
    }

    fn read_sources_again(&mut self, dir: FileId) {
        if dir == FileId::ROOT_PARENT {
            self.reload_outer_rules();
        } else {
            self.filter.make_stale(dir);
            self.request_scan(dir, false);
        }
        self.due = true;
    }

    /// The kernel has dropped a watch.
    pub(super) fn on_source_gone(&mut self, wd: i32) {
        self.on_source(wd, None);
        if let Some(sources) = self.sources.by_watch.remove(&wd) {
            self.sources.count -= sources.len();
        }
    }
}
