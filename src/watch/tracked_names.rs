//! Names that a repository tracks now, or not any more: they are checked against the rules again.
//!
//! An index changes with each `git add`, so not everything is looked at again: only the names that are new in it, and, if
//! some are gone, the entries that are shown though they are ignored.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Watch;
use super::git::Changes;
use super::tree::{FileId, flag};

/// Names that are found in one unit, and what each costs.
const NAMES: usize = 32;

const NAME_COST: u64 = 2_000;

impl Watch {
    /// Other names are tracked by the repository that begins at a directory.
    pub(super) fn on_tracked_changes(&mut self, top: &[u8], changes: Changes) {
        let Some(added) = changes.added else { return self.scan_all() };
        let paths = added.iter().map(|name| [top, name].join(&b'/'));
        self.tracked_names.paths.extend(paths);
        if changes.has_lost {
            self.tracked_names.entries.extend(self.filter.kept());
        }
    }

    /// Has some names looked at.
    pub(super) fn recheck_tracked_names(&mut self) {
        self.spent += NAMES as u64 * NAME_COST;
        for _ in 0..NAMES {
            if let Some(path) = self.tracked_names.paths.pop_front() {
                self.recheck_path(&path);
            } else if let Some(entry) = self.tracked_names.entries.pop_front()
                && let Some(node) = self.tree.get(entry)
            {
                self.dirty.mark_urgent(node.parent, node.name, self.now);
            }
        }
        self.due = true;
        if !self.tracked_names.is_pending() {
            self.extend_sync_points();
        }
    }

    /// Marks the first part of a path that is not known, or not looked into.
    fn recheck_path(&mut self, path: &[u8]) {
        let path = Path::new(OsStr::from_bytes(path));
        let found = path.ancestors().find_map(|dir| self.roots.find(dir.as_os_str().as_bytes()));
        let Some(root) = found.and_then(|id| self.roots.get(id as usize)) else { return };
        let Ok(below) = path.strip_prefix(root.path_buf()) else { return };
        let Some(mut dir) = self.tree.child(FileId::ROOT_PARENT, &root.path) else { return };
        for part in below {
            let name = part.as_bytes();
            match self.tree.child(dir, name) {
                Some(entry) if self.is_open_dir(entry) => dir = entry,
                _ => return self.dirty.mark_urgent(dir, name, self.now),
            }
        }
        // A directory is that of a submodule now.
        self.request_scan(dir, true);
    }

    fn is_open_dir(&self, entry: FileId) -> bool {
        let node = self.tree.get(entry);
        node.is_some_and(|node| node.stat.is_dir() && !node.has(flag::OPAQUE))
    }
}
