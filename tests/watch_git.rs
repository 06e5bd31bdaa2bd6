//! What a watch shows of repositories is what git would: random repositories, drawn from printed seeds, are edited
//! while they are watched, and compared with `git ls-files -co --exclude-standard` after each step.
//!
//! The test runs in a process of its own, since the environment says where git's configuration lies.
//! `ORCHFLOW_SOAK=1`: eight times as many.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use orchflow::{FileChanges, FileCursor, FileType, WatchOptions};
use support::files::TempDir;
use support::mirror::Mirror;
use support::repositories::{Playground, git, run};
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
    mirror.engine.watch_changes(mirror.watch, &mut cursor, usize::MAX, &mut changes).unwrap();
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

/// Whether paths differ by case alone: git does not list all of them where case does not count.
fn has_names_by_case(mirror: &mut Mirror) -> bool {
    mirror.sync();
    let walk = mirror.new_copy().walk();
    let folded = walk.keys().map(|path| path.as_os_str().as_bytes().to_ascii_lowercase());
    folded.collect::<BTreeSet<_>>().len() < walk.len()
}

/// Those of one half; with `ORCHFLOW_SEED` that one alone.
fn seeds(half: u64) -> impl Iterator<Item = u64> {
    let one = std::env::var("ORCHFLOW_SEED").ok().and_then(|seed| seed.parse().ok());
    let range = one.map_or(0..scaled(500, 4_000) as u64, |seed: u64| seed..seed + 1);
    range.filter(move |seed| seed % 2 == half)
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

// Two halves, for two processors.
#[test]
fn what_git_lists_is_shown_of_even_seeds() {
    edit_and_compare("what_git_lists_is_shown_of_even_seeds", 0);
}

#[test]
fn what_git_lists_is_shown_of_odd_seeds() {
    edit_and_compare("what_git_lists_is_shown_of_odd_seeds", 1);
}

fn edit_and_compare(test: &str, half: u64) {
    let Some(home) = enter(test) else { return };
    for seed in seeds(half) {
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
            if playground.folds && has_names_by_case(&mut mirror) {
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

/// Each root is judged by what is above it, the nearest first, also where roots share some of that.
#[test]
fn roots_in_several_repositories() {
    let Some(_) = enter("roots_in_several_repositories") else { return };
    let folder = TempDir::new();
    let roots = ["a/w", "b/w", "b/deep/v", "b/deep/w"].map(|root| folder.path().join(root));
    for root in &roots {
        fs::create_dir_all(root).unwrap();
        for name in ["x", "y", "z"] {
            fs::write(root.join(name), b"x").unwrap();
        }
    }
    for (repository, ignored) in [("a", "x\n"), ("b", "y\n")] {
        let top = folder.path().join(repository);
        run(&top, &["init", "-q"]);
        fs::write(top.join(".git/info/exclude"), ignored).unwrap();
        fs::write(top.join(".gitignore"), "z\n").unwrap();
    }
    fs::write(folder.path().join("b/deep/.gitignore"), "!z\n").unwrap();
    let [first, rest @ ..] = &roots;
    let options = WatchOptions::new(first).window(Duration::from_millis(1)).summary_threshold(0);
    let mut mirror = Mirror::new(&rest.iter().fold(options, |options, root| options.root(root)));
    let mut expected = BTreeSet::new();
    assert!(roots.iter().all(|root| listed(root, &mut expected)));
    mirror.sync();
    assert_eq!(shown(&mut mirror).files, expected);
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
    // An index in two parts.
    run(&top, &["update-index", "--split-index"]);
    run(&top, &["add", "-f", "build/not"]);
    assert!(
        fs::read_dir(top.join(".git"))
            .unwrap()
            .any(|entry| { entry.unwrap().file_name().as_bytes().starts_with(b"sharedindex.") })
    );
    assert!(compare(&mut mirror, &top, "in two parts", &[], true));
    fs::write(top.join(".gitignore"), "").unwrap();
    assert!(compare(&mut mirror, &top, "without rules", &[], true));
}

/// Configuration that counts on a branch, or with a remote, as git has it.
#[test]
fn configuration_under_conditions() {
    let Some(home) = enter("configuration_under_conditions") else { return };
    let folder = TempDir::new();
    let top = folder.path().join("top");
    fs::create_dir_all(&top).unwrap();
    run(&top, &["init", "-q", "-b", "main"]);
    let who = ["-c", "user.name=n", "-c", "user.email=e"];
    run(&top, &[&who[..], &["commit", "-q", "--allow-empty", "-m", "one"]].concat());
    for (name, pattern) in [("a", "a*\n"), ("b", "b*\n"), ("c", "c*\n"), ("d", "d*\n")] {
        fs::write(folder.path().join(name), pattern).unwrap();
        let text = format!("[core]\nexcludesFile = {}\n", folder.path().join(name).display());
        fs::write(folder.path().join(format!("{name}.config")), text).unwrap();
        fs::write(top.join(format!("{name}1")), b"x").unwrap();
    }
    let includes = [
        ("onbranch:main", "a"),
        ("onbranch:topic/", "b"),
        ("onbranch:*", "a"),
        ("onbranch:topic/*/x", "c"),
        ("hasconfig:remote.*.url:https://example.com/**", "c"),
        ("hasconfig:remote.*.url:git@*:work/**", "d"),
        ("hasconfig:remote.*.url:https://*/one", "b"),
        ("hasconfig:remote.other.url:**", "d"),
    ];
    let steps: [&[&str]; 9] = [
        &["checkout", "-q", "-b", "topic/one"],
        &["checkout", "-q", "-b", "topic/two/x"],
        &["remote", "add", "origin", "https://example.com/team/one"],
        &["remote", "set-url", "origin", "git@example.com:work/two"],
        &["remote", "add", "second", "https://example.org/one"],
        &["checkout", "-q", "--detach"],
        &["remote", "remove", "origin"],
        &["checkout", "-q", "main"],
        &["remote", "remove", "second"],
    ];
    // Each alone, in the configuration of the user; then all of them, the last one that holds wins.
    let each = includes.iter().map(std::slice::from_ref);
    for chosen in each.chain([&includes[..]]) {
        let line = |(condition, name): &(&str, &str)| {
            let file = folder.path().join(format!("{name}.config"));
            format!("[includeIf \"{condition}\"]\npath = {}\n", file.display())
        };
        fs::write(home.join(".gitconfig"), chosen.iter().map(line).collect::<String>()).unwrap();
        let options = WatchOptions::new(&top).window(Duration::from_millis(1)).summary_threshold(0);
        let mut mirror = Mirror::new(&options);
        assert!(compare(&mut mirror, &top, &format!("{chosen:?} at first"), &[], true));
        for step in steps {
            run(&top, step);
            assert!(compare(&mut mirror, &top, &format!("{chosen:?} after {step:?}"), &[], true));
        }
        run(&top, &["branch", "-q", "-D", "topic/one", "topic/two/x"]);
    }
}
