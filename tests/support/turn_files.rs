//! Files by the ten thousand, and rules that ignore them.

#![allow(dead_code)] // Every test binary uses another part of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

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

/// What happens to files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileAttack {
    /// The subtree leaves and comes back.
    Subtree,
    /// Other rules, [`RULES`] of them.
    Rules,
}

/// A thread that changes files until it is dropped; the subtree is in its place then.
pub(crate) struct Gardener {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Gardener {
    pub(crate) fn start(grove: Arc<Grove>, files: &[FileAttack]) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (over, files) = (is_over.clone(), files.to_vec());
        let pause = || std::thread::sleep(Duration::from_millis(150));
        let work = move || {
            for round in 0.. {
                if files.contains(&FileAttack::Rules) {
                    grove.write_rules(RULES, round);
                }
                if files.contains(&FileAttack::Subtree) {
                    grove.take_away();
                    pause();
                    grove.bring_back();
                }
                pause();
                if over.load(Ordering::SeqCst) {
                    return;
                }
            }
        };
        Gardener { is_over, thread: Some(std::thread::spawn(work)) }
    }
}

impl Drop for Gardener {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
