//! The paths that are passed to the command of `watch --exec`: each path once, up to a limit.

use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Limits on the paths that are passed to a command, in number and bytes. The kernel limits both.
const PATHS_MAX: usize = 1000;
const BYTES_MAX: usize = 64 << 10;

/// See the module documentation.
#[derive(Default)]
pub(crate) struct Changes {
    /// In the order of their first change.
    paths: Vec<PathBuf>,
    known: HashSet<PathBuf>,
    bytes: usize,
    left_out: usize,
}

impl Changes {
    pub(crate) fn add(&mut self, path: &Path) {
        if self.known.contains(path) {
            return;
        }
        let bytes = path.as_os_str().len() + 1;
        if self.paths.len() == PATHS_MAX || self.bytes + bytes > BYTES_MAX {
            self.left_out += 1;
            return;
        }
        self.bytes += bytes;
        self.paths.push(path.to_owned());
        self.known.insert(path.to_owned());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.left_out == 0
    }

    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// One path per line.
    pub(crate) fn lines(&self) -> OsString {
        let paths: Vec<&[u8]> = self.paths.iter().map(|path| path.as_os_str().as_bytes()).collect();
        OsString::from_vec(paths.join(&b'\n'))
    }

    /// The number of changes to other paths.
    pub(crate) fn left_out(&self) -> usize {
        self.left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_bounded_and_each_counts_once() {
        let mut changes = Changes::default();
        assert!(changes.is_empty());
        for _ in 0..2 {
            changes.add(Path::new("/a"));
            changes.add(Path::new("/b"));
        }
        assert_eq!((changes.lines(), changes.left_out), (OsString::from("/a\n/b"), 0));
        for n in 0..PATHS_MAX {
            changes.add(Path::new(&format!("/{n}")));
        }
        assert_eq!((changes.paths.len(), changes.left_out), (PATHS_MAX, 2));
        let mut changes = Changes::default();
        for n in 0..20 {
            changes.add(Path::new(&format!("/{n}{}", "x".repeat(4000))));
        }
        assert!(changes.lines().len() < BYTES_MAX && changes.left_out == 4, "{}", changes.left_out);
    }
}
