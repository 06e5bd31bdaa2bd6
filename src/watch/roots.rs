//! Roots: what was asked to be watched. They may be files, vanish, and come back.
//!
//! A root that is a directory is watched as any other. For one that is a file, and for one that is
//! missing, the directory above it is watched for its name: an atomic save makes a new file. A missing
//! root is looked for now and then as well, since more than one directory above it may be missing.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::anchor::Anchor;
use super::options::{WatchOptions, absolute};
use super::tree::FileId;
use super::{Watch, disk};
use crate::error::{Error, Result};

const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LAST: Duration = Duration::from_secs(10);

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
    /// The descriptor of the directory above it, 0 for none.
    above: i32,
    /// When a missing root is looked for again.
    pub(super) retry_at: Option<Instant>,
    backoff: Backoff,
}

impl Root {
    pub(super) fn path_buf(&self) -> PathBuf {
        PathBuf::from(OsStr::from_bytes(&self.path))
    }

    fn name(&self) -> &[u8] {
        self.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
    }
}

/// The roots of a watch; each has to be there, and none may lie in another one.
pub(super) fn resolve(options: &WatchOptions, anchor: &mut Anchor) -> Result<Vec<Root>> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for root in &options.roots {
        let path = absolute(root)?;
        // What cannot be listed cannot be watched.
        anchor.check_root(&path).map_err(|e| disk::path_error(&path, &e))?;
        if let Some(other) =
            paths.iter().find(|other| path.starts_with(other) || other.starts_with(&path))
        {
            let (a, b) = (other.display(), path.display());
            return Err(Error::invalid(format!("roots lie in each other: {a} and {b}")));
        }
        paths.push(path);
    }
    Ok(paths
        .into_iter()
        .map(|path| Root {
            path: path.into_os_string().into_encoded_bytes(),
            above: 0,
            retry_at: None,
            backoff: Backoff::new(RETRY_FIRST),
        })
        .collect())
}

impl Watch {
    /// Looks at every root: at the beginning, and when it may be another one.
    pub(crate) fn start(&mut self) {
        for index in 0..self.roots.len() {
            self.look_at_root(index);
        }
    }

    pub(super) fn look_at_root(&mut self, index: usize) {
        if let Some(root) = self.roots.get(index) {
            self.dirty.mark_urgent(FileId::NOBODY, &root.path, self.now);
            self.due = true;
        }
    }

    fn root_index(&self, path: &[u8]) -> Option<usize> {
        self.roots.iter().position(|root| root.path == path)
    }

    /// A root has come, or is another inode now.
    pub(super) fn on_root_changed(&mut self, entry: FileId) {
        let Some(node) = self.tree.get(entry).filter(|node| node.parent == FileId::NOBODY) else {
            return;
        };
        let (is_dir, path) = (node.stat.is_dir(), node.name.clone());
        let Some(index) = self.root_index(&path) else { return broken!("a root is one of ours") };
        if is_dir {
            self.release_above(index);
        } else {
            self.watch_above(index);
            if self.watch_file(entry, &path) {
                // What happened before it was watched shows now.
                self.look_at_root(index);
            }
        }
        if let Some(root) = self.roots.get_mut(index) {
            root.retry_at = None;
            root.backoff.reset();
        }
    }

    /// Watches the inode of a root that is a file: it may be changed under other names as well.
    /// Whether it was not watched before.
    fn watch_file(&mut self, entry: FileId, path: &[u8]) -> bool {
        let path = PathBuf::from(OsStr::from_bytes(path));
        let (anchor, kernel) = (&self.anchor, &mut self.kernel);
        let Ok(wd) = anchor.with_path(&path, |path| kernel.watch_file(path)) else { return false };
        if let Some(watched) = self.kernel.get_mut(wd) {
            (watched.entry, watched.confirmed) = (entry, self.lost.rescan);
        }
        let old = self.tree.get_mut(entry).map_or(0, |node| std::mem::replace(&mut node.wd, wd));
        if old != 0 && old != wd {
            self.release(entry, old);
        }
        old != wd
    }

    /// An entry does not need its descriptor any more. Two roots may be names of the same file, and share
    /// one.
    pub(super) fn release(&mut self, entry: FileId, wd: i32) {
        if wd == 0 || self.kernel.get(wd).is_none_or(|watched| watched.entry != entry) {
            return;
        }
        let mut roots = self.tree.children(FileId::NOBODY);
        let other = roots
            .find(|root| *root != entry && self.tree.get(*root).is_some_and(|node| node.wd == wd));
        drop(roots);
        match (other, self.kernel.get_mut(wd)) {
            (Some(other), Some(watched)) => watched.entry = other,
            _ => self.kernel.release(wd),
        }
    }

    pub(super) fn on_root_gone(&mut self, path: &[u8]) {
        let Some(index) = self.root_index(path) else { return broken!("a root is one of ours") };
        self.watch_above(index);
        let now = self.now;
        if let Some(root) = self.roots.get_mut(index) {
            root.retry_at = Some(now + root.backoff.next());
        }
        // It may have come back before the directory above was watched.
        self.look_at_root(index);
    }

    /// Looks for missing roots when it is time to.
    pub(super) fn tend_roots(&mut self, now: Instant) {
        for index in 0..self.roots.len() {
            let Some(root) = self.roots.get_mut(index) else { return broken!("roots stay") };
            if root.retry_at.is_some_and(|at| at <= now) {
                root.retry_at = Some(now + root.backoff.next());
                self.watch_above(index);
                self.look_at_root(index);
            }
        }
    }

    fn watch_above(&mut self, index: usize) {
        let Some(root) = self.roots.get(index).filter(|root| root.above == 0) else { return };
        let path = root.path_buf();
        let Some(parent) = path.parent() else { return };
        let (anchor, kernel) = (&self.anchor, &mut self.kernel);
        if let Ok(wd) = anchor.with_path(parent, |path| kernel.watch_above_root(path))
            && let Some(root) = self.roots.get_mut(index)
        {
            root.above = wd;
        }
    }

    fn release_above(&mut self, index: usize) {
        let Some(root) = self.roots.get_mut(index) else { return broken!("roots stay") };
        let wd = std::mem::take(&mut root.above);
        if wd != 0 && !self.roots.iter().any(|root| root.above == wd) {
            self.kernel.release_above_root(wd);
        }
    }

    /// Something happened in, or to, a directory that roots are in. `name`: `None` for the directory.
    pub(super) fn on_above_root(&mut self, wd: i32, name: Option<&[u8]>, now: Instant) {
        for index in 0..self.roots.len() {
            let Some(root) = self.roots.get_mut(index).filter(|root| root.above == wd) else {
                continue;
            };
            match name {
                Some(name) if name != root.name() => {}
                Some(_) => {
                    let path = root.path.clone();
                    let seen = super::merge::Evidence::default();
                    self.dirty.mark(FileId::NOBODY, &path, seen, now);
                }
                None => {
                    // The path leads elsewhere now.
                    self.release_above(index);
                    if let Some(root) = self.roots.get_mut(index) {
                        root.retry_at = Some(now);
                    }
                }
            }
        }
        self.due |= name.is_none();
    }
}
