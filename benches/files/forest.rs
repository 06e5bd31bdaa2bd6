//! The tree that all watchers are measured on.

use std::fs;
use std::path::{Path, PathBuf};

const BRANCHES: usize = 100;
const TWIGS: usize = 100;
const LEAVES: usize = 10;
/// Branches that are felled and planted again.
const FELLED: usize = 10;

/// 10,101 directories with 100,000 files, removed at the end.
pub(crate) struct Forest {
    folder: PathBuf,
    root: PathBuf,
}

impl Forest {
    pub(crate) fn plant() -> Self {
        let name = format!("forest-{}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let forest = Forest { root: folder.join("full"), folder };
        forest.plant_branches(&forest.root, 0..BRANCHES, LEAVES);
        forest.plant_branches(&forest.bare(), 0..BRANCHES, 0);
        fs::create_dir_all(forest.empty()).unwrap();
        forest
    }

    fn plant_branches(&self, root: &Path, branches: std::ops::Range<usize>, leaves: usize) {
        for branch in branches {
            for twig in 0..TWIGS {
                let dir = root.join(format!("branch{branch}/twig{twig}"));
                fs::create_dir_all(&dir).unwrap();
                for leaf in 0..leaves {
                    fs::write(dir.join(format!("leaf{leaf}")), b"green").unwrap();
                }
            }
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The same directories without files.
    pub(crate) fn bare(&self) -> PathBuf {
        self.folder.join("bare")
    }

    pub(crate) fn empty(&self) -> PathBuf {
        self.folder.join("empty")
    }

    fn more(&self) -> impl Iterator<Item = PathBuf> + '_ {
        (0..2).flat_map(move |leaf| {
            (0..BRANCHES * TWIGS).map(move |n| {
                self.root.join(format!("branch{}/twig{}/more{leaf}", n / TWIGS, n % TWIGS))
            })
        })
    }

    /// Writes two more files in each directory.
    pub(crate) fn write_more(&self) {
        for path in self.more() {
            fs::write(path, b"more").unwrap();
        }
    }

    pub(crate) fn delete_more(&self) {
        for path in self.more() {
            fs::remove_file(path).unwrap();
        }
    }

    /// Deletes a tenth.
    pub(crate) fn fell_some(&self) {
        for branch in 0..FELLED {
            fs::remove_dir_all(self.root.join(format!("branch{branch}"))).unwrap();
        }
    }

    pub(crate) fn plant_some(&self) {
        self.plant_branches(&self.root, 0..FELLED, LEAVES);
    }
}

impl Drop for Forest {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
