//! Repositories that are edited at random, drawn from a seed: rules of every form, lists, nested repositories, working
//! trees, names of odd bytes, files that are tracked though they are ignored.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn git(dir: &Path, args: &[&OsStr]) -> Option<Vec<u8>> {
    let output = Command::new("git").args(args).current_dir(dir).output().unwrap();
    output.status.success().then_some(output.stdout)
}

pub(crate) fn run(dir: &Path, args: &[&str]) {
    let args: Vec<_> = args.iter().map(OsStr::new).collect();
    git(dir, &args).unwrap_or_else(|| panic!("git {args:?} in {}", dir.display()));
}

/// Draws numbers (splitmix64).
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn rules(&mut self) -> Vec<u8> {
        const RULES: &[&[u8]] = &[
            b"*.log",
            b"*.o",
            b"!keep.log",
            b"!a.o",
            b"build",
            b"build/",
            b"/build",
            b"a",
            b"/a",
            b"a/b",
            b"a/*",
            b"a/**",
            b"**/b",
            b"a/**/b.log",
            b"*",
            b"!*/",
            b"!*.c",
            b"*.{log,o}",
            b"[ab].c",
            b"[!a].o",
            b"x[\\]]y",
            b"foo**/bar",
            b"sub/",
            b"sub/*.c",
            b"d\xe9*",
            b"\\#x",
            b"# no",
            b"a.c ",
            b"keep.log\\ ",
            b"B",
            b"*.LOG",
            b"/*/a.c",
            b"!build/",
            b"!sub",
            b"",
            b".gitignore",
            b"**",
            b"a.?",
            b"*.log\r",
        ];
        let bom: &[u8] = if self.below(8) == 0 { b"\xEF\xBB\xBF" } else { b"" };
        let lines: Vec<_> = (0..1 + self.below(4)).map(|_| *self.one(RULES)).collect();
        [bom, &lines.join(&b'\n'), b"\n"].concat()
    }

    fn name(&mut self) -> OsString {
        const NAMES: &[&[u8]] = &[
            b"a.c",
            b"b.c",
            b"a.o",
            b"b.log",
            b"keep.log",
            b"#x",
            b"x]y",
            b"d\xe9j\xe0",
            b"B",
            b"A.LOG",
            b"bar",
            b"b",
            b"x.{log,o}",
        ];
        OsString::from_vec(self.one(NAMES).to_vec())
    }

    fn dir_name(&mut self) -> &'static str {
        self.one::<&str>(&["a", "b", "build", "sub", "foox", "B", "foo"])
    }
}

/// Repositories that are being edited.
pub(crate) struct Playground {
    pub(crate) draw: Draw,
    home: PathBuf,
    /// Something else than a directory of the watched tree: where lists and worktrees lie.
    aside: PathBuf,
    pub(crate) top: PathBuf,
    pub(crate) log: Vec<String>,
    /// Some repository does not distinguish letters by their case.
    pub(crate) folds: bool,
}

impl Playground {
    pub(crate) fn new(seed: u64, home: &Path, aside: &Path) -> Self {
        for entry in fs::read_dir(home).unwrap() {
            let path = entry.unwrap().path();
            let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
        }
        fs::create_dir_all(aside.join("top/w")).unwrap();
        let (home, aside, top) = (home.to_path_buf(), aside.to_path_buf(), aside.join("top"));
        run(&top, &["init", "-q"]);
        let mut playground =
            Playground { draw: Draw(seed), home, aside, top, log: Vec::new(), folds: false };
        for _ in 0..30 {
            playground.edit();
        }
        playground
    }

    /// A directory of the tree outside of git's own.
    fn dir(&mut self) -> PathBuf {
        let mut dirs = vec![self.top.clone()];
        let mut at = 0;
        while let Some(dir) = dirs.get(at).cloned() {
            at += 1;
            let Ok(entries) = fs::read_dir(&dir) else { continue };
            let entries = entries.map(|entry| entry.unwrap());
            let inner =
                entries.filter(|e| e.file_type().unwrap().is_dir() && e.file_name() != ".git");
            dirs.extend(inner.map(|entry| entry.path()));
        }
        dirs.sort();
        self.draw.one(&dirs).clone()
    }

    /// The common directory of some repository; nothing in a working tree whose repository is gone.
    fn git_dir(&mut self) -> Option<PathBuf> {
        let dir = self.dir();
        let args = ["rev-parse", "--path-format=absolute", "--git-common-dir"].map(OsStr::new);
        let mut out = git(&dir, &args)?;
        out.pop();
        Some(PathBuf::from(OsString::from_vec(out)))
    }

    pub(crate) fn edit(&mut self) {
        let dir = self.dir();
        let what = self.draw.below(26);
        self.log.push(format!("{what} in {}", dir.display()));
        match what {
            0..5 => drop(fs::write(dir.join(self.draw.name()), b"x")),
            5..8 => drop(fs::create_dir_all(dir.join(self.draw.dir_name()))),
            8..11 => fs::write(dir.join(".gitignore"), self.draw.rules()).unwrap(),
            11 => drop(fs::remove_file(dir.join(".gitignore"))),
            12 => drop(fs::remove_file(dir.join(self.draw.name()))),
            13 => drop(std::os::unix::fs::symlink("a.c", dir.join(self.draw.name()))),
            14 => drop(fs::rename(dir.join(self.draw.dir_name()), dir.join(self.draw.dir_name()))),
            15 => self.exclude(),
            16 => self.user_list(),
            17 | 18 => self.track(&dir),
            19 => {
                let args = ["rm", "-q", "--cached", "-r", "--ignore-unmatch", "."].map(OsStr::new);
                git(&dir, &args);
            }
            20 => self.nest(&dir),
            21 => drop(fs::remove_dir_all(dir.join(self.draw.dir_name()))),
            22 => self.settings(&dir),
            23 => self.worktree(&dir),
            24 if dir != self.top => {
                let git = dir.join(".git");
                let _ = fs::remove_dir_all(&git).or_else(|_| fs::remove_file(&git));
            }
            _ => drop(fs::write(dir.join(self.draw.name()), b"yy")),
        }
    }

    fn exclude(&mut self) {
        let Some(git_dir) = self.git_dir() else { return };
        fs::create_dir_all(git_dir.join("info")).unwrap();
        fs::write(git_dir.join("info/exclude"), self.draw.rules()).unwrap();
    }

    /// A list of the user, by one of the ways in which git finds it.
    fn user_list(&mut self) {
        let list = self.aside.join("list");
        fs::write(&list, self.draw.rules()).unwrap();
        fs::create_dir_all(self.home.join(".config/git")).unwrap();
        let usual = self.home.join(".config/git/ignore");
        let config = |text: &str| fs::write(self.home.join(".gitconfig"), text).unwrap();
        let _ = fs::remove_file(&usual);
        match self.draw.below(6) {
            0 => fs::write(&usual, fs::read(&list).unwrap()).unwrap(),
            1 => std::os::unix::fs::symlink(&list, &usual).unwrap(),
            2 => config(&format!("[core]\n\texcludesFile = \"{}\" # mine\n", list.display())),
            3 => {
                fs::write(
                    self.home.join("more"),
                    format!("[core]\nexcludesfile={}\n", list.display()),
                )
                .unwrap();
                config("[include]\npath = more\n");
            }
            4 => {
                fs::copy(&list, self.home.join("mine")).unwrap();
                config("[core]\nexcludesFile = ~/mine\n");
            }
            _ => drop(fs::remove_file(self.home.join(".gitconfig"))),
        }
    }

    fn track(&mut self, dir: &Path) {
        let name = self.draw.name();
        let args = ["add", "-f", "--"].map(OsStr::new);
        let name = [OsStr::new("."), &name][self.draw.below(2)];
        git(dir, &[&args[..], &[name]].concat());
    }

    fn nest(&mut self, dir: &Path) {
        let new = dir.join(self.draw.dir_name());
        if fs::create_dir_all(&new).is_err() || new.join(".git").exists() {
            return;
        }
        match self.draw.below(2) {
            0 => run(&new, &["init", "-q"]),
            _ => {
                let number = self.draw.below(usize::MAX);
                let apart = self.aside.join(format!("git-{number}"));
                run(&new, &["init", "-q", "--separate-git-dir", apart.to_str().unwrap()]);
            }
        }
    }

    fn settings(&mut self, dir: &Path) {
        let value = *self.draw.one(&["true", "false"]);
        self.folds |= value == "true";
        run(dir, &["config", "core.ignorecase", value]);
    }

    fn worktree(&mut self, dir: &Path) {
        let new = dir.join(self.draw.dir_name());
        if !new.exists() {
            let add = ["worktree", "add", "-q", "--detach"].map(OsStr::new);
            let me = ["-c", "user.name=me", "-c", "user.email=me@here"].map(OsStr::new);
            let commit = ["commit", "-q", "--allow-empty", "-m", "x"].map(OsStr::new);
            git(dir, &[&me[..], &commit[..]].concat());
            git(dir, &[&add[..], &[new.as_os_str()]].concat());
        }
    }
}
