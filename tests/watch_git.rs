//! What a watch shows of repositories is what git would: random repositories, drawn from printed seeds, are edited
//! while they are watched, and compared with `git ls-files -co --exclude-standard` after each step.
//!
//! The test runs in a process of its own, since the environment says where git's configuration lies.
//! `ORCHFLOW_SOAK=1`: twenty times as many.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use orchflow::{FileChanges, FileCursor, FileType, WatchOptions};
use support::files::TempDir;
use support::mirror::Mirror;
use support::{has_tool, scaled};

const INSIDE: &str = "ORCHFLOW_TEST_GIT_HOME";

/// Whether this is a process whose user is the test's. If not, runs the test of this name in one and passes its
/// failure on; the caller returns then.
fn enter(test: &str) -> Option<PathBuf> {
    if let Some(home) = std::env::var_os(INSIDE) {
        return Some(home.into());
    }
    if !has_tool("git") {
        return None;
    }
    let home = TempDir::new();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    command.env(INSIDE, home.path()).env("HOME", home.path()).env("GIT_CONFIG_NOSYSTEM", "1");
    for name in ["XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_COUNT", "GIT_DIR"] {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    None
}

fn git(dir: &Path, args: &[&OsStr]) -> Option<Vec<u8>> {
    let output = Command::new("git").args(args).current_dir(dir).output().unwrap();
    output.status.success().then_some(output.stdout)
}

fn run(dir: &Path, args: &[&str]) {
    let args: Vec<_> = args.iter().map(OsStr::new).collect();
    git(dir, &args).unwrap_or_else(|| panic!("git {args:?} in {}", dir.display()));
}

/// The files that git lists in a directory of a working tree, and in the repositories in it. False: a repository tracks
/// files in another one, and which of the two decides is anybody's guess.
fn listed(dir: &Path, found: &mut BTreeSet<PathBuf>) -> bool {
    let args = ["ls-files", "-co", "--exclude-standard", "-z"].map(OsStr::new);
    let out = git(dir, &args).unwrap_or_default();
    for name in out.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let path = dir.join(OsStr::from_bytes(name.strip_suffix(b"/").unwrap_or(name)));
        let above = path.parent().unwrap().ancestors().take_while(|above| *above != dir);
        if above.into_iter().any(|above| above.join(".git").exists()) {
            return false;
        }
        match path.symlink_metadata() {
            Ok(meta) if !meta.is_dir() => drop(found.insert(path)),
            Ok(_) if path.join(".git").exists() && !listed(&path, found) => return false,
            _ => {}
        }
    }
    true
}

/// What the watch shows.
#[derive(Default)]
struct Shown {
    /// Files and links.
    files: BTreeSet<PathBuf>,
    /// Directories that are one entry, but for git's own.
    closed: BTreeSet<PathBuf>,
    open: BTreeSet<PathBuf>,
}

fn shown(mirror: &mut Mirror) -> Shown {
    let mut shown = Shown::default();
    let (mut cursor, mut changes) = (FileCursor::default(), FileChanges::default());
    mirror.engine.file_changes(mirror.watch, &mut cursor, usize::MAX, &mut changes).unwrap();
    assert!(!changes.more);
    for entry in changes.entries() {
        let path = entry.path.to_path_buf();
        match entry.kind {
            FileType::File | FileType::Symlink => drop(shown.files.insert(path)),
            FileType::Directory if entry.path.ends_with(".git") => {}
            FileType::Directory if entry.ignored => drop(shown.closed.insert(path)),
            FileType::Directory => drop(shown.open.insert(path)),
            _ => {}
        }
    }
    mirror.read_events();
    shown
}

/// Which of these directories git ignores, each asked of the repository that it is an entry of.
fn ignored(dirs: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for dir in dirs {
        let above = dir.parent().unwrap();
        let args = ["check-ignore", "-q", "--no-index", "--"].map(OsStr::new);
        if git(above, &[&args[..], &[dir.as_os_str()]].concat()).is_some() {
            found.insert(dir.clone());
        }
    }
    found
}

/// Draws numbers (splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
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
struct Playground {
    draw: Draw,
    home: PathBuf,
    /// Something else than a directory of the watched tree: where lists and worktrees lie.
    aside: PathBuf,
    top: PathBuf,
    log: Vec<String>,
}

impl Playground {
    fn new(seed: u64, home: &Path, aside: &Path) -> Self {
        for entry in fs::read_dir(home).unwrap() {
            let path = entry.unwrap().path();
            let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
        }
        fs::create_dir_all(aside.join("top/w")).unwrap();
        let (home, aside, top) = (home.to_path_buf(), aside.to_path_buf(), aside.join("top"));
        run(&top, &["init", "-q"]);
        let mut playground = Playground { draw: Draw(seed), home, aside, top, log: Vec::new() };
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

    fn git_dir(&mut self) -> (PathBuf, PathBuf) {
        let dir = self.dir();
        let args = ["rev-parse", "--path-format=absolute", "--git-common-dir"].map(OsStr::new);
        let mut out = git(&dir, &args).unwrap();
        out.pop();
        (dir, PathBuf::from(OsString::from_vec(out)))
    }

    fn edit(&mut self) {
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
        let (_, git_dir) = self.git_dir();
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

/// `ORCHFLOW_SEED`: that one alone.
fn seeds() -> std::ops::Range<u64> {
    let one = std::env::var("ORCHFLOW_SEED").ok().and_then(|seed| seed.parse().ok());
    one.map_or(0..scaled(40, 800) as u64, |seed: u64| seed..seed + 1)
}

fn compare(mirror: &mut Mirror, root: &Path, when: &str, log: &[String], dirs: bool) -> bool {
    mirror.sync();
    let mut expected = BTreeSet::new();
    if !listed(root, &mut expected) {
        return false;
    }
    let shown = shown(mirror);
    let missing: Vec<_> = expected.difference(&shown.files).collect();
    let extra: Vec<_> = shown.files.difference(&expected).collect();
    let state = mirror.engine.watch_state(mirror.watch).unwrap();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "{when}: missing {missing:?}, too many {extra:?}\n{log:#?}\n{state:?}"
    );
    if dirs {
        let judged = ignored(&shown.closed);
        assert_eq!(shown.closed, judged, "{when}: closed, and ignored: {log:#?}");
        // What is ignored and open all the same has something in it that is tracked.
        for dir in ignored(&shown.open) {
            let is_kept =
                expected.iter().any(|path| path.starts_with(&dir)) || dir == root || tracks(&dir);
            assert!(is_kept, "{when}: {} is open: {log:#?}", dir.display());
        }
    }
    true
}

/// Whether something in a directory is tracked, there or not.
fn tracks(dir: &Path) -> bool {
    let args = ["ls-files", "-z", "--"].map(OsStr::new);
    let out = git(dir.parent().unwrap(), &[&args[..], &[dir.as_os_str()]].concat());
    out.is_some_and(|out| !out.is_empty())
}

#[test]
fn what_git_lists_is_shown() {
    let Some(home) = enter("what_git_lists_is_shown") else { return };
    for seed in seeds() {
        let folder = TempDir::new();
        let mut playground = Playground::new(seed, &home, folder.path());
        // Every fourth is watched from a directory below its top.
        let root = if seed % 4 == 3 { playground.top.join("w") } else { playground.top.clone() };
        if std::env::var_os("ORCHFLOW_SEED").is_some() {
            // To be looked at.
            std::mem::forget(folder);
        }
        let options =
            WatchOptions::new(&root).window(Duration::from_millis(1)).summary_threshold(0);
        let mut mirror = Mirror::new(&options);
        let is_asked_for = |root: &Path, top: &Path| {
            // What is ignored as a whole is watched all the same, if it is what was asked for.
            root == top || git(top, &["check-ignore", "-q", "w"].map(OsStr::new)).is_none()
        };
        for step in 0..12 {
            if !root.is_dir() || !is_asked_for(&root, &playground.top) {
                break;
            }
            let when = format!("seed {seed}, step {step}");
            if !compare(&mut mirror, &root, &when, &playground.log, seed % 8 == 0) {
                break;
            }
            playground.log.push(format!("step {step}:"));
            for _ in 0..1 + playground.draw.below(3) {
                playground.edit();
            }
        }
    }
}

/// A file is there, or not, without anybody asking.
fn wait_for(mirror: &mut Mirror, path: &Path, is_there: bool, what: &str) {
    mirror.wait(what, |mirror| mirror.paths.contains_key(path) == is_there);
}

/// Rules above the root, lists, configuration and the index are read again when they change.
#[test]
fn other_rules_are_noticed() {
    let Some(home) = enter("other_rules_are_noticed") else { return };
    let folder = TempDir::new();
    let (top, root) = (folder.path().join("top"), folder.path().join("top/w"));
    fs::create_dir_all(&root).unwrap();
    let file = root.join("x.log");
    fs::write(&file, b"x").unwrap();
    let options = WatchOptions::new(&root).window(Duration::from_millis(1)).summary_threshold(0);
    let mut mirror = Mirror::new(&options);
    assert!(mirror.paths.contains_key(&file));
    // Something that changes, is noticed, and is taken back.
    let mut toggle = |what: &str, on: &dyn Fn(), off: &dyn Fn()| {
        on();
        wait_for(&mut mirror, &file, false, what);
        off();
        wait_for(&mut mirror, &file, true, what);
    };
    let write = |path: PathBuf, text: &str| fs::write(path, text).unwrap();
    toggle("rules above", &|| write(top.join(".gitignore"), "*.log\n"), &|| {
        fs::remove_file(top.join(".gitignore")).unwrap();
    });
    let exclude = top.join(".git/info/exclude");
    toggle(
        "a repository that comes, and goes",
        &|| {
            run(&top, &["init", "-q"]);
            write(exclude.clone(), "*.log\n");
        },
        &|| fs::remove_dir_all(top.join(".git")).unwrap(),
    );
    run(&top, &["init", "-q"]);
    toggle("info/exclude", &|| write(exclude.clone(), "*.log\n"), &|| write(exclude.clone(), ""));
    let list = home.join(".config/git/ignore");
    toggle(
        "the list of the user",
        &|| {
            fs::create_dir_all(list.parent().unwrap()).unwrap();
            write(list.clone(), "*.log\n");
        },
        &|| fs::remove_dir_all(home.join(".config")).unwrap(),
    );
    write(folder.path().join("other"), "x.*\n");
    let other = folder.path().join("other");
    toggle(
        "configuration",
        &|| run(&top, &["config", "core.excludesFile", other.to_str().unwrap()]),
        &|| run(&top, &["config", "--unset", "core.excludesFile"]),
    );
    write(top.join(".gitignore"), "*.log\n");
    wait_for(&mut mirror, &file, false, "rules again");
    run(&top, &["add", "-f", "w/x.log"]);
    wait_for(&mut mirror, &file, true, "a file that is tracked");
    run(&top, &["rm", "-q", "--cached", "w/x.log"]);
    wait_for(&mut mirror, &file, false, "a file that is not tracked any more");
}

/// In an ignored directory that which is tracked is shown, and nothing else.
#[test]
fn tracked_files_in_ignored_directories() {
    let Some(_) = enter("tracked_files_in_ignored_directories") else { return };
    let folder = TempDir::new();
    let top = folder.path().join("top");
    fs::create_dir_all(top.join("build/deep/er")).unwrap();
    run(&top, &["init", "-q"]);
    fs::write(top.join(".gitignore"), "build/\n").unwrap();
    for name in ["build/kept", "build/not", "build/deep/er/kept", "build/deep/not"] {
        fs::write(top.join(name), b"x").unwrap();
    }
    run(&top, &["add", "-f", "build/kept", "build/deep/er/kept"]);
    let options = WatchOptions::new(&top).window(Duration::from_millis(1)).summary_threshold(0);
    let mut mirror = Mirror::new(&options);
    assert!(compare(&mut mirror, &top, "at first", &[], true));
    fs::write(top.join("build/deep/er/new"), b"x").unwrap();
    fs::write(top.join("build/kept"), b"xy").unwrap();
    assert!(compare(&mut mirror, &top, "changed", &[], true));
    run(&top, &["rm", "-q", "--cached", "build/deep/er/kept"]);
    assert!(compare(&mut mirror, &top, "not tracked any more", &[], true));
    run(&top, &["add", "-f", "build/deep/not"]);
    assert!(compare(&mut mirror, &top, "tracked", &[], true));
    fs::write(top.join(".gitignore"), "").unwrap();
    assert!(compare(&mut mirror, &top, "without rules", &[], true));
}
