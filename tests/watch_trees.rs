//! Trees in all states: roots that vanish and come back, single files, what is ignored, limits,
//! summaries.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orchflow::{
    Config, Engine, ErrorKind, FileChanges, FileCursor, FileEventKind, Limits, WatchOptions,
    WatchProblem,
};
use support::files::TempDir;
use support::is_readable;
use support::mirror::{Mirror, walk_all};

fn options(root: &Path) -> WatchOptions {
    WatchOptions::new(root).window(Duration::from_millis(1)).summary_threshold(0)
}

/// The events since the last look, without the folder in their paths.
fn log(mirror: &mut Mirror, folder: &Path) -> Vec<String> {
    mirror.sync();
    let prefix = format!("{}/", folder.display());
    mirror.take_log().into_iter().map(|line| line.replace(&prefix, "")).collect()
}

fn paths(mirror: &Mirror, folder: &Path) -> Vec<String> {
    let below = |path: &PathBuf| path.strip_prefix(folder).unwrap().display().to_string();
    mirror.paths.keys().map(below).collect()
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let folder = TempDir::new();
    fs::write(folder.path().join("f"), b"x").unwrap();
    fs::create_dir_all(folder.path().join("a/b")).unwrap();
    let mut engine = Engine::new(Config::default()).unwrap();
    let mut refuse = |options: WatchOptions| engine.add_watch(&options).unwrap_err();
    let at = |name: &str| WatchOptions::new(folder.path().join(name));
    let table = [
        (refuse(at("none")), ErrorKind::NotFound, "none"),
        (refuse(at("f/x")), ErrorKind::NotADirectory, "f/x"),
        (refuse(WatchOptions::new("")), ErrorKind::InvalidArgument, "empty"),
        (
            refuse(at("a").root(folder.path().join("a/b"))),
            ErrorKind::InvalidArgument,
            "in each other",
        ),
        (
            refuse(at("a").root(folder.path().join("a"))),
            ErrorKind::InvalidArgument,
            "in each other",
        ),
        (refuse(at("a").ignore("x\ny")), ErrorKind::InvalidArgument, "one line"),
        (refuse(at("a").kinds(&[])), ErrorKind::InvalidArgument, "kinds"),
        (refuse(at("a").max_depth(0)), ErrorKind::InvalidArgument, "max_depth"),
        (refuse(at("a").entry_limit(0)), ErrorKind::InvalidArgument, "entry_limit"),
        (refuse(at("a").window(Duration::from_secs(1))), ErrorKind::InvalidArgument, "max_wait"),
        (
            refuse(at("a").poll_interval(Duration::ZERO)),
            ErrorKind::InvalidArgument,
            "poll_interval",
        ),
        (refuse(at("a\0b")), ErrorKind::InvalidArgument, "NUL"),
    ];
    for (error, kind, mention) in table {
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(mention), "{error}");
    }
    assert!(engine.watches().is_empty() && !is_readable(&engine));
}

#[test]
fn stale_ids_and_the_limit_on_watches() {
    let folder = TempDir::new();
    let limits = Limits { watches: 2, ..Limits::default() };
    let mut engine = Engine::new(Config { limits, ..Config::default() }).unwrap();
    let options = WatchOptions::new(folder.path());
    let first = engine.add_watch(&options).unwrap();
    engine.add_watch(&options).unwrap();
    assert!(engine.add_watch(&options).unwrap_err().is_limit_reached());
    engine.remove_watch(first).unwrap();
    let third = engine.add_watch(&options).unwrap();
    assert_ne!(third, first);
    assert_eq!(engine.watches().len(), 2);
    let (mut cursor, mut changes) = (FileCursor::default(), FileChanges::default());
    assert!(engine.remove_watch(first).unwrap_err().is_stale_id());
    assert!(engine.sync_watch(first, 1).unwrap_err().is_stale_id());
    assert!(engine.watch_state(first).unwrap_err().is_stale_id());
    assert!(engine.watch_changes(first, &mut cursor, 1, &mut changes).unwrap_err().is_stale_id());
    assert_eq!(cursor, FileCursor::default());
    engine.shutdown(Duration::ZERO).unwrap();
    assert!(engine.watches().is_empty());
    assert_eq!(engine.add_watch(&options).unwrap_err().kind(), ErrorKind::EngineGone);
}

#[test]
fn a_root_goes_and_comes_back() {
    let folder = TempDir::new();
    let root = folder.path().join("up/root");
    fs::create_dir_all(root.join("d")).unwrap();
    let mut mirror = Mirror::new(&options(&root));
    // Deleted, and made again.
    fs::remove_dir_all(&root).unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["delete up/root/d", "delete up/root"]);
    assert!(mirror.warnings.contains(&(WatchProblem::RootGone, root.clone())));
    let state = mirror.engine.watch_state(mirror.watch).unwrap();
    assert_eq!((state.problem, state.entries), (Some(WatchProblem::RootGone), 0));
    fs::create_dir_all(root.join("new")).unwrap();
    mirror.wait("the root", |mirror| mirror.paths.len() == 2);
    mirror.sync();
    mirror.check(&walk_all(&root));
    // Moved away, with the directory above it; another one takes its place.
    fs::rename(folder.path().join("up"), folder.path().join("aside")).unwrap();
    fs::rename(folder.path().join("aside/root"), folder.path().join("elsewhere")).unwrap();
    mirror.wait("no root", |mirror| mirror.paths.is_empty());
    fs::create_dir_all(root.join("third")).unwrap();
    mirror.wait("the root again", |mirror| mirror.paths.len() == 2);
    mirror.sync();
    mirror.check(&walk_all(&root));
    assert!(mirror.engine.watch_state(mirror.watch).unwrap().healthy);
    // What happens to the old one is of no interest.
    mirror.take_log();
    fs::write(folder.path().join("elsewhere/x"), b"x").unwrap();
    assert!(log(&mut mirror, folder.path()).is_empty());
}

#[test]
fn a_root_is_a_single_file() {
    let folder = TempDir::new();
    let root = folder.path().join("f");
    fs::write(&root, b"one").unwrap();
    fs::write(folder.path().join("beside"), b"x").unwrap();
    let mut mirror = Mirror::new(&options(&root));
    assert_eq!(paths(&mirror, folder.path()), ["f"]);
    fs::write(&root, b"two two").unwrap();
    fs::write(folder.path().join("beside"), b"y").unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["modify f"]);
    fs::write(folder.path().join("t"), b"three").unwrap();
    fs::rename(folder.path().join("t"), &root).unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["modify replaced f"]);
    // Its inode is the one that is watched now, also by another name.
    fs::hard_link(&root, folder.path().join("link")).unwrap();
    log(&mut mirror, folder.path());
    fs::write(folder.path().join("link"), b"four four four").unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["modify f"]);
    // The number of a freed inode may be used again; the new file is watched all the same.
    fs::remove_file(folder.path().join("link")).unwrap();
    fs::remove_file(&root).unwrap();
    fs::write(&root, b"five").unwrap();
    log(&mut mirror, folder.path());
    fs::write(&root, b"six six").unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["modify f"]);
    fs::remove_file(&root).unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["delete f"]);
    fs::write(&root, b"back").unwrap();
    mirror.wait("the file", |mirror| mirror.paths.len() == 1);
    // It may come back as a directory.
    fs::remove_file(&root).unwrap();
    fs::create_dir_all(root.join("in")).unwrap();
    mirror.wait("a directory", |mirror| mirror.paths.len() == 2);
    mirror.sync();
    mirror.check(&walk_all(&root));
}

#[test]
fn roots_that_are_links_and_relative_paths_with_dots() {
    let folder = TempDir::new();
    fs::create_dir_all(folder.path().join("real/d")).unwrap();
    symlink("real", folder.path().join("link")).unwrap();
    let dotted = folder.path().join("./link/../real/./d/../");
    let mirror = Mirror::new(&options(&dotted));
    assert_eq!(paths(&mirror, folder.path()), ["real", "real/d"]);
    let mut mirror = Mirror::new(&options(&folder.path().join("link")));
    assert_eq!(paths(&mirror, folder.path()), ["link", "link/d"]);
    fs::write(folder.path().join("real/d/f"), b"x").unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["create link/d/f"]);
}

#[test]
fn several_roots_are_one_tree() {
    let folder = TempDir::new();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    fs::create_dir_all(&a).unwrap();
    fs::create_dir_all(&b).unwrap();
    fs::write(a.join("f"), b"x").unwrap();
    let mut mirror = Mirror::new(&options(&a).root(&b));
    fs::rename(a.join("f"), b.join("g")).unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["rename b/g from a/f"]);
}

#[test]
fn what_is_ignored() {
    let folder = TempDir::new();
    let top = folder.path();
    fs::create_dir_all(top.join(".git/objects")).unwrap();
    fs::create_dir_all(top.join("target/debug")).unwrap();
    fs::create_dir_all(top.join("src/deep")).unwrap();
    fs::write(top.join(".gitignore"), "target/\n*.log\n").unwrap();
    fs::write(top.join("src/.gitignore"), "!keep.log\n/deep\n").unwrap();
    for name in ["a.log", "src/keep.log", "src/x.o", "src/deep/f", "target/debug/f", ".git/HEAD"] {
        fs::write(top.join(name), b"x").unwrap();
    }
    let mut mirror = Mirror::new(&options(&top.join("src")).ignore("*.o"));
    assert_eq!(paths(&mirror, top), ["src", "src/.gitignore", "src/deep", "src/keep.log"]);
    // The rules above the root, up to the repository, count too.
    fs::write(top.join("src/b.log"), b"x").unwrap();
    fs::write(top.join("src/deep/g"), b"x").unwrap();
    assert!(log(&mut mirror, top).is_empty());
    // Other rules: what they hide goes, what they show comes.
    fs::write(top.join("src/.gitignore"), "keep.log\n").unwrap();
    let mut got = log(&mut mirror, top);
    got.sort();
    assert_eq!(
        got,
        ["create src/deep/f", "create src/deep/g", "delete src/keep.log", "modify src/.gitignore"]
    );
    fs::remove_file(top.join("src/.gitignore")).unwrap();
    assert_eq!(log(&mut mirror, top), ["delete src/.gitignore"]);
    // Rules that are moved away hold no more, also such as hide themselves.
    fs::write(top.join("src/.gitignore"), "*\n").unwrap();
    log(&mut mirror, top);
    assert_eq!(paths(&mirror, top), ["src", "src/deep"]);
    fs::rename(top.join("src/.gitignore"), top.join("src/rules")).unwrap();
    log(&mut mirror, top);
    assert!(paths(&mirror, top).contains(&"src/rules".into()));
    fs::rename(top.join("src/rules"), top.join("src/.gitignore")).unwrap();
    log(&mut mirror, top);
    fs::remove_file(top.join("src/.gitignore")).unwrap();
    log(&mut mirror, top);
    assert_eq!(paths(&mirror, top), ["src", "src/deep", "src/deep/f", "src/deep/g"]);
    // A directory takes an ignored name, and leaves it.
    fs::rename(top.join("src/deep"), top.join("src/target")).unwrap();
    let got = log(&mut mirror, top);
    assert!(got.contains(&"create src/target".to_owned()), "{got:?}");
    assert_eq!(paths(&mirror, top), ["src", "src/target"]);
    fs::rename(top.join("src/target"), top.join("src/deep")).unwrap();
    log(&mut mirror, top);
    assert_eq!(paths(&mirror, top), ["src", "src/deep", "src/deep/f", "src/deep/g"]);
    let state = mirror.engine.watch_state(mirror.watch).unwrap();
    assert_eq!(state.kernel_watches, 2, "none for what is ignored");
    // All of it.
    let all = options(top).gitignore(false).git_dir(true);
    let mut mirror = Mirror::new(&all);
    mirror.check(&walk_all(top));
    let visible = Mirror::new(&options(top).gitignore(false).hidden(false));
    assert!(visible.paths.keys().all(|path| !path.to_string_lossy().contains("/.git")));
}

#[test]
fn depth_and_entries_are_bounded() {
    let folder = TempDir::new();
    let root = folder.path().join("r");
    fs::create_dir_all(root.join("1/2/3")).unwrap();
    let mirror = Mirror::new(&options(&root).max_depth(2));
    assert_eq!(paths(&mirror, &root), ["", "1", "1/2"]);
    for n in 0..40 {
        fs::write(root.join(format!("f{n}")), b"x").unwrap();
    }
    let mut mirror = Mirror::new(&options(&root).entry_limit(20));
    assert_eq!(mirror.paths.len(), 20);
    assert_eq!(mirror.warnings, [(WatchProblem::TooManyEntries, root.clone())]);
    let state = mirror.engine.watch_state(mirror.watch).unwrap();
    assert!(!state.healthy && state.problem == Some(WatchProblem::TooManyEntries));
    // When there is room again, what was left out is found.
    for n in 0..30 {
        fs::remove_file(root.join(format!("f{n}"))).unwrap();
    }
    mirror.sync();
    mirror.check(&walk_all(&root));
    assert!(mirror.engine.watch_state(mirror.watch).unwrap().healthy);
}

#[test]
fn only_kinds_of_interest_are_reported_and_the_tree_is_exact() {
    let folder = TempDir::new();
    fs::write(folder.path().join("f"), b"x").unwrap();
    let kinds = [FileEventKind::Create, FileEventKind::Delete];
    let mut mirror = Mirror::new(&options(folder.path()).kinds(&kinds));
    fs::write(folder.path().join("f"), b"more").unwrap();
    fs::write(folder.path().join("g"), b"x").unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["create g"]);
    mirror.check(&walk_all(folder.path()));
}

#[test]
fn many_events_are_summed_up() {
    let folder = TempDir::new();
    let mut mirror = Mirror::new(&options(folder.path()).summary_threshold(10));
    for n in 0..300 {
        let dir = folder.path().join(format!("d{}/e", n % 3));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join(format!("{n}")), b"x").unwrap();
    }
    mirror.sync();
    assert!(mirror.take_log().len() < 20);
    // The tree is exact all the same.
    mirror.check(&walk_all(folder.path()));
}

#[test]
fn names_are_bytes() {
    let folder = TempDir::new();
    let name = std::ffi::OsStr::from_bytes(b"not \xff utf-8\n");
    fs::write(folder.path().join(name), b"x").unwrap();
    let mut mirror = Mirror::new(&options(folder.path()));
    assert!(mirror.paths.contains_key(&folder.path().join(name)));
    fs::rename(folder.path().join(name), folder.path().join("plain")).unwrap();
    mirror.sync();
    mirror.check(&walk_all(folder.path()));
}

/// What waits to be looked at in a directory that becomes ignored stays out.
#[test]
fn a_busy_directory_becomes_ignored() {
    let folder = TempDir::new();
    let build = folder.path().join("build");
    fs::create_dir_all(build.join("old")).unwrap();
    let slow = WatchOptions::new(folder.path()).summary_threshold(0);
    let mut mirror = Mirror::new(&slow);
    fs::write(build.join("new"), b"x").unwrap();
    fs::create_dir_all(build.join("deep/er")).unwrap();
    fs::write(folder.path().join(".gitignore"), "build/\n").unwrap();
    log(&mut mirror, folder.path());
    mirror.sync();
    assert_eq!(paths(&mirror, folder.path()), ["", ".gitignore", "build"]);
    assert_eq!(mirror.engine.watch_state(mirror.watch).unwrap().kernel_watches, 1);
}

/// A root whose path leads elsewhere is found out by a sync point.
#[test]
fn a_root_that_is_a_link_is_turned() {
    let folder = TempDir::new();
    let (a, b, link) = (folder.path().join("a"), folder.path().join("b"), folder.path().join("l"));
    fs::create_dir_all(a.join("in-a")).unwrap();
    fs::create_dir_all(b.join("in-b")).unwrap();
    symlink(&a, &link).unwrap();
    let mut mirror = Mirror::new(&options(&link));
    symlink(&b, folder.path().join("t")).unwrap();
    fs::rename(folder.path().join("t"), &link).unwrap();
    mirror.sync();
    mirror.sync();
    assert_eq!(paths(&mirror, folder.path()), ["l", "l/in-b"]);
}

/// Files of rules are read up to a bound, and nobody has to find that out.
#[test]
fn too_many_rules_are_warned_of() {
    let folder = TempDir::new();
    let rules = folder.path().join(".gitignore");
    let many: String = (0..65_536).map(|n| format!("n{n}\n")).collect();
    fs::write(&rules, format!("{many}last\n")).unwrap();
    for name in ["n0", "n65535", "last", "other"] {
        fs::write(folder.path().join(name), b"x").unwrap();
    }
    let mut mirror = Mirror::new(&options(folder.path()));
    assert_eq!(paths(&mirror, folder.path()), ["", ".gitignore", "last", "other"]);
    assert_eq!(mirror.warnings, [(WatchProblem::TooManyRules, rules.clone())]);
    let state = mirror.engine.watch_state(mirror.watch).unwrap();
    assert_eq!((state.healthy, state.problem), (false, Some(WatchProblem::TooManyRules)));
    fs::write(&rules, format!("{many}# last\n")).unwrap();
    mirror.sync();
    assert!(mirror.engine.watch_state(mirror.watch).unwrap().healthy);
}
