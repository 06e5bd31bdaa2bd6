//! Files by the ten thousand, and rules that ignore them.

#![allow(dead_code)] // Every test binary uses another part of it.

use std::fs;
use std::path::{Path, PathBuf};

use super::files::TempDir;

/// Files of a subtree.
pub(crate) const FILES: usize = 50_000;
/// Rules of one `.gitignore`.
pub(crate) const RULES: usize = 14_000;

const FOLDERS: usize = 50;

/// A directory to watch with a subtree, and a place beside it that is not watched.
pub(crate) struct Grove {
    directory: TempDir,
}

impl Grove {
    /// With nothing in it.
    pub(crate) fn empty() -> Self {
        let grove = Grove { directory: TempDir::new() };
        fs::create_dir(grove.root()).unwrap();
        grove
    }

    /// With a subtree of [`FILES`] files in 50 directories.
    pub(crate) fn plant() -> Self {
        let grove = Grove::empty();
        for folder in 0..FOLDERS {
            let path = grove.root().join(format!("subtree/{folder}"));
            fs::create_dir_all(&path).unwrap();
            for file in 0..FILES / FOLDERS {
                fs::File::create(path.join(file.to_string())).unwrap();
            }
        }
        grove
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.directory.path().join("watched")
    }

    /// Moves the subtree out of what is watched.
    pub(crate) fn take_away(&self) {
        fs::rename(self.root().join("subtree"), self.aside()).unwrap();
    }

    /// Moves it in again.
    pub(crate) fn bring_back(&self) {
        fs::rename(self.aside(), self.root().join("subtree")).unwrap();
    }

    fn aside(&self) -> PathBuf {
        self.directory.path().join("aside")
    }

    /// Writes so many rules and one for `dropped*`; each round other ones.
    pub(crate) fn write_rules(&self, count: usize, round: usize) {
        let rules: String =
            (0..count).map(|n| format!("/some/where/**/file{round}-{n}.[oa]\n")).collect();
        write_whole(&self.root().join(".gitignore"), &format!("{rules}/dropped*\n"));
    }

    pub(crate) fn write_file(&self, name: &str) {
        write_whole(&self.root().join(name), "x");
    }

    /// Entries of the root, itself included.
    pub(crate) fn count(&self) -> usize {
        fs::read_dir(self.root()).unwrap().count() + 1
    }
}

/// Writes a file so that it is never seen half written.
fn write_whole(path: &Path, text: &str) {
    let aside = path.with_extension("new");
    let aside = path.parent().unwrap().parent().unwrap().join(aside.file_name().unwrap());
    fs::write(&aside, text).unwrap();
    fs::rename(&aside, path).unwrap();
}
