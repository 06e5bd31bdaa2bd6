//! Writers that do to a tree whatever programs do, at random from a seed, and all at once on the same few
//! names.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

/// Numbers without a pattern, the same for the same seed (splitmix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0x9E37_79B9_7F4A_7C15)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// One writer in `root`, with a place outside of it on the same file system.
pub(crate) struct Havoc {
    random: Random,
    root: PathBuf,
    outside: PathBuf,
    /// May take away and replace the root itself.
    replaces_root: bool,
}

impl Havoc {
    pub(crate) fn new(seed: u64, root: &Path, outside: &Path, replaces_root: bool) -> Self {
        let (root, outside) = (root.to_path_buf(), outside.to_path_buf());
        Havoc { random: Random::new(seed), root, outside, replaces_root }
    }

    /// A path that may exist; names collide.
    fn path(&mut self) -> PathBuf {
        let mut path = self.root.clone();
        for _ in 0..=self.random.below(4) {
            path.push(["a", "b", "c", "d.txt", "é", "x~"][self.random.below(6)]);
        }
        path
    }

    fn outside(&mut self) -> PathBuf {
        self.outside.join(["o", "p", "q"][self.random.below(3)])
    }

    /// Does this many things. What fails, fails: others are at work.
    pub(crate) fn run(&mut self, steps: usize) {
        for _ in 0..steps {
            self.step();
        }
    }

    fn step(&mut self) {
        let path = self.path();
        let other = self.path();
        match self.random.below(23) {
            // A write under a name that comes and goes before anybody looks is reported to nobody, so a file
            // with several names is left as it is; what it is to write to one is in `watch_saves.rs`.
            0..=4 if is_shared(&path) => {}
            0..=2 => drop(fs::write(&path, vec![b'x'; self.random.below(2000)])),
            3 => append(&path),
            4 => drop(OpenOptions::new().write(true).open(&path).and_then(|f| f.set_len(3))),
            5 | 6 => drop(fs::remove_file(&path)),
            7..=9 => drop(fs::create_dir_all(&path)),
            10 => drop(fs::remove_dir_all(&path)),
            11 | 12 => drop(fs::rename(&path, &other)),
            13 => exchange(&path, &other),
            14 => drop(fs::hard_link(&path, &other)),
            // The last one leads to where these names cannot be made, whoever runs the test: writers follow links.
            15 => drop(symlink([".", "..", "loop", "/proc"][self.random.below(4)], &path)),
            16 => {
                let mode = [0o000, 0o755, 0o644][self.random.below(3)];
                // Only entries themselves: chmod would follow a symbolic link out of here.
                if fs::symlink_metadata(&path).is_ok_and(|meta| !meta.is_symlink()) {
                    let _ = fs::set_permissions(&path, fs::Permissions::from_mode(mode));
                }
            }
            17 => drop(fs::rename(&path, self.outside())),
            18 => drop(fs::rename(self.outside(), &path)),
            19 => save_like_an_editor(&path),
            20 => save_with_backup(&path),
            21 if self.replaces_root && self.random.below(4) == 0 => self.replace_root(),
            _ => {
                let dir = path.parent().unwrap_or(&self.root);
                let _ = fs::create_dir_all(dir);
                if !is_shared(&path) {
                    let _ = fs::write(&path, b"at once");
                }
            }
        }
    }

    fn replace_root(&mut self) {
        let aside = self.outside();
        if self.random.below(2) == 0 {
            let _ = fs::rename(&self.root, aside);
        } else {
            let _ = fs::remove_dir_all(&self.root);
        }
        let _ = fs::create_dir_all(&self.root);
    }
}

/// Whether what is there has another name.
fn is_shared(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| !meta.is_dir() && meta.nlink() > 1)
}

fn append(path: &Path) {
    if let Ok(mut file) = OpenOptions::new().append(true).open(path) {
        let _ = file.write_all(b"more");
    }
}

fn exchange(a: &Path, b: &Path) {
    let _ = renameat2(AT_FDCWD, a, AT_FDCWD, b, RenameFlags::RENAME_EXCHANGE);
}

fn save_like_an_editor(path: &Path) {
    let temporary = path.with_extension("tmp");
    if !is_shared(&temporary) && fs::write(&temporary, b"saved atomically").is_ok() {
        let _ = fs::rename(&temporary, path);
    }
}

fn save_with_backup(path: &Path) {
    let backup = path.with_extension("bak");
    let _ = fs::rename(path, &backup);
    if !is_shared(path) {
        let _ = fs::write(path, b"saved anew");
    }
    let _ = fs::remove_file(&backup);
}
