//! Everything that happens is reported: what a batch does not list lies in a directory that one of its
//! summaries names, and what may have been written is not reported as less.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use orchflow::WatchOptions;
use support::files::{TempDir, sh};
use support::has_tool;
use support::mirror::{Mirror, walk_all};

/// The events and summaries of a script that runs while nobody turns the engine, without the root in their
/// paths; they are compared with the disk.
fn reports(root: &Path, before: &str, script: &str) -> (Vec<String>, Vec<String>) {
    sh(root, before);
    let mut mirror = Mirror::new(&WatchOptions::new(root));
    sh(root, script);
    mirror.sync();
    mirror.check(&walk_all(root));
    assert_eq!(mirror.batches, 1, "{script}");
    let prefix = format!("{}/", root.display());
    let short = |lines: Vec<String>| lines.iter().map(|line| line.replace(&prefix, "")).collect();
    (short(mirror.take_log()), short(std::mem::take(&mut mirror.summaries)))
}

/// Before, what happens, the events and the summaries.
type Case = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const CASES: &[Case] = &[
    (
        "mkdir -p src/gen; for n in $(seq 130); do echo $n > src/gen/$n; done",
        "for n in $(seq 130); do echo more >> src/gen/$n; done; mv src lib",
        &["rename lib from src"],
        &["lib/gen/* +0 ~130 -0 >0"],
    ),
    (
        "mkdir d",
        "for n in $(seq 150); do echo $n > d/$n; done; mv d e",
        &["rename e from d"],
        &["e/* +150 ~0 -0 >0"],
    ),
    (
        "mkdir d; for n in $(seq 150); do echo $n > d/$n; done",
        "rm d/*; mv d e",
        &["rename e from d"],
        &["e/* +0 ~0 -150 >0"],
    ),
    (
        "mkdir a b; for n in $(seq 150); do echo $n > a/$n; done",
        "mv a/* b; mv a c",
        &["rename c from a"],
        &["b/* +0 ~0 -0 >150", "c/* +0 ~0 -0 >0"],
    ),
    (
        "mkdir -p d/e; for n in $(seq 150); do echo $n > d/e/$n; done",
        "mv d/e/7 kept; rm -r d; echo new > d",
        &["rename kept from d/e/7", "delete d", "create d"],
        &["d/** +0 ~0 -150 >0"],
    ),
    (
        "mkdir -p d/e; for n in $(seq 150); do echo $n > d/e/$n; done",
        "mv d/e e; rm -r d; rm e/[1-5]*; echo new > e/7",
        &["rename e from d/e", "delete d"],
        &["e/* +0 ~1 -106 >0"],
    ),
    (
        "mkdir -p a/x b/x; for n in $(seq 80); do echo $n > a/x/$n; echo $n > b/x/$n; done",
        "for n in $(seq 80); do echo y >> a/x/$n; echo y >> b/x/$n; done; mv a t; mv b a; mv t b",
        &[],
        &[],
    ),
];

#[test]
fn what_is_not_listed_is_in_a_directory_that_is_named() {
    for (before, script, events, summaries) in CASES {
        let folder = TempDir::new();
        let (log, named) = reports(folder.path(), before, script);
        let is_given = !events.is_empty();
        assert!(!named.is_empty(), "{script}: {log:?}");
        assert!(!is_given || log == *events, "{script}: {log:?}, {named:?}");
        assert!(!is_given || named == *summaries, "{script}: {log:?}, {named:?}");
    }
}

/// Before, what happens, the events. Each writes other bytes of the same number, and sets the time back.
const HIDDEN: &[(&str, &str, &[&str])] = &[
    (
        "printf aaa > f; touch -d 2020-01-01 f",
        "printf bbb > f; touch -d 2020-01-01 f",
        &["modify f"],
    ),
    (
        "printf aaa > f; touch -d 2020-01-01 f",
        "rm f; printf bbb > f; touch -d 2020-01-01 f",
        &["modify f"],
    ),
    (
        "printf aaa > f; printf bbb > ../outside; touch -d 2020-01-01 f ../outside",
        "cp -p ../outside f",
        &["modify f"],
    ),
    (
        "printf aaa > f; touch -d 2020-01-01 f; tar cf ../t.tar f; printf bbb > f; touch -d 2020-01-01 f",
        "tar xf ../t.tar",
        &["modify f"],
    ),
    (
        "printf aaa > f; touch -d 2020-01-01 f",
        "rm f; printf bbb > g; touch -d 2020-01-01 g; mv g f",
        &["modify f"],
    ),
    (
        "printf aaa > f; touch -d 2020-01-01 f",
        "printf bbb > g; mv g f; printf ccc > g; touch -d 2020-01-01 g; mv g f",
        &["modify f"],
    ),
    (
        "printf aaa > f; touch -d 2020-01-01 f",
        "printf bbb > f; touch -d 2020-01-01 f; mv f g",
        &["rename g from f", "modify g"],
    ),
    (
        "printf aaa > f; touch -d 2020-01-01 f",
        "mv f g; printf bbb > g; touch -d 2020-01-01 g; mv g h",
        &["rename h from f", "modify h"],
    ),
    (
        "printf aaa > f; touch -d 2020-01-01 f; ln f g",
        "printf bbb > f; touch -d 2020-01-01 f",
        &["modify f", "modify g"],
    ),
    (
        "printf aaa > f; touch -d 2020-01-01 f; ln f g",
        "printf bbb > f; touch -d 2020-01-01 f; rm f",
        &["delete f", "modify g"],
    ),
    // Nothing was written.
    ("printf aaa > f", "chmod 600 f", &["metadata f"]),
    ("printf aaa > f; touch -d 2020-01-01 f", "touch -d 2020-01-01 f", &["metadata f"]),
    ("printf aaa > f; touch -d 2020-01-01 f", "touch f", &["modify f"]),
    ("printf aaa > f; touch -d 2020-01-01 f", "mv f g; mv g f", &["metadata f"]),
    (
        "printf aaa > f; touch -d 2020-01-01 f",
        "mv f g; chmod 600 g",
        &["rename g from f", "metadata g"],
    ),
    ("printf aaa > f; touch -d 2020-01-01 f", "ln f g; rm f; mv g f", &["modify f"]),
];

#[test]
fn what_may_be_new_content_is_a_modification() {
    for (before, script, expected) in HIDDEN {
        let folder = TempDir::new();
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        sh(&root, before);
        let mut mirror = Mirror::new(&WatchOptions::new(&root));
        sh(&root, script);
        mirror.sync();
        mirror.check(&walk_all(&root));
        let prefix = format!("{}/", root.display());
        // The number of a freed inode is used again, or not.
        let plain = |line: String| line.replace(&prefix, "").replace(" replaced", "");
        let mut got: Vec<String> = mirror.take_log().into_iter().map(plain).collect();
        got.sort();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(got, expected, "{before}; {script}");
    }
}

/// Names that come one soon after the other are one batch, although each is looked at soon.
#[test]
fn a_burst_is_one_batch() {
    let folder = TempDir::new();
    let second = Duration::from_secs(1);
    let options = WatchOptions::new(folder.path()).window(second).max_wait(600 * second);
    let mut mirror = Mirror::new(&options.summary_threshold(150));
    for part in 0..10 {
        (0..20).for_each(|n| fs::write(folder.path().join(format!("{part}.{n}")), b"x").unwrap());
        mirror.wait("the part is looked at", |mirror| {
            let state = mirror.engine.watch_state(mirror.watch).unwrap();
            state.entries > 20 * (part + 1)
        });
        assert_eq!(mirror.batches, 0);
    }
    mirror.wait("the batch", |mirror| mirror.batches > 0);
    // So what is counted is the whole of it.
    assert_eq!(mirror.summaries, [format!("{}/* +200 ~0 -0 >0", folder.path().display())]);
    mirror.check(&walk_all(folder.path()));
}

/// The threshold counts what the reader has not seen: what happens while a batch is unread counts together with
/// that batch, whether the engine was turned meanwhile or not.
#[test]
fn what_happens_while_a_batch_is_unread_counts_with_it() {
    let minute = Duration::from_secs(60);
    for (is_late, is_turned) in [(false, true), (true, true), (true, false)] {
        let folder = TempDir::new();
        let make = |dir: &str| {
            let dir = folder.path().join(dir);
            fs::create_dir(&dir).unwrap();
            (0..7).for_each(|n| fs::write(dir.join(n.to_string()), b"x").unwrap());
        };
        let options = WatchOptions::new(folder.path()).window(minute).max_wait(minute);
        let mut mirror = Mirror::new(&options.summary_threshold(10));
        make("a");
        mirror.engine.sync_watch(mirror.watch, 1).unwrap();
        mirror.turn_until(|state| state.batches == 1);
        if !is_late {
            mirror.read_events();
        }
        make("b");
        if is_turned {
            mirror.turn_until(|state| state.dirty_names > 0);
        }
        mirror.sync();
        let (log, summaries) = (mirror.take_log(), std::mem::take(&mut mirror.summaries));
        let b = folder.path().join("b");
        let expected = [format!("{}/* +7 ~0 -0 >0", b.display())];
        let (listed, summaries_expected) = if is_late { (9, &expected[..]) } else { (16, &[][..]) };
        assert_eq!((mirror.batches, log.len()), (2, listed), "{log:?}, {summaries:?}");
        assert_eq!(summaries, summaries_expected);
        // All of that has been read.
        make("c");
        mirror.sync();
        assert_eq!((mirror.take_log().len(), mirror.summaries.len()), (8, 0));
        mirror.check(&walk_all(folder.path()));
    }
}

/// A save on its own does not wait for others.
#[test]
fn a_single_change_is_no_burst() {
    let folder = TempDir::new();
    let minute = Duration::from_secs(60);
    let mut mirror = Mirror::new(&WatchOptions::new(folder.path()).window(minute).max_wait(minute));
    fs::write(folder.path().join("f"), b"x").unwrap();
    mirror.wait("the batch", |mirror| mirror.batches == 1);
    mirror.check(&walk_all(folder.path()));
}

/// A repository with 200 files, which are different on the branch `other`.
fn repository(folder: &Path) {
    sh(
        folder,
        "git init -q -b main .; git config user.email a@b; git config user.name n; mkdir -p src/a src/b; \
         for n in $(seq 100); do echo $n > src/a/$n; echo $n > src/b/$n; done; \
         git add -A; git commit -qm one; git checkout -qb other; \
         for n in $(seq 100); do echo other >> src/a/$n; echo other >> src/b/$n; done; \
         git commit -qam two; git checkout -q main",
    );
}

#[test]
fn a_checkout_is_one_batch() {
    if !has_tool("git") {
        return;
    }
    let folder = TempDir::new();
    repository(folder.path());
    // Also from a directory of the repository, and in a work tree of its own.
    sh(folder.path(), "git worktree add -q ../$(basename $PWD)-tree -b third");
    let tree = folder
        .path()
        .with_file_name(format!("{}-tree", folder.path().file_name().unwrap().to_str().unwrap()));
    for (root, at) in [(folder.path(), ""), (folder.path(), "src"), (&*tree, "src")] {
        let wait = Duration::from_secs(60);
        let mut mirror =
            Mirror::new(&WatchOptions::new(root.join(at)).summary_threshold(0).git_wait(wait));
        let mut git = Command::new("git");
        let mut child =
            git.args(["checkout", "-q", "--detach", "other"]).current_dir(root).spawn().unwrap();
        // One that is looked at half written is reported twice.
        let mut files = BTreeSet::new();
        let path = |line: String| line.rsplit(' ').next().map(str::to_owned);
        mirror.wait("all changes", |mirror| {
            files.extend(mirror.take_log().into_iter().filter_map(path));
            files.len() >= 200
        });
        assert!(child.wait().unwrap().success());
        assert_eq!((files.len(), mirror.batches), (200, 1), "{}", root.display());
        sh(root, "git checkout -q main || git checkout -q third");
    }
    let _ = fs::remove_dir_all(&tree);
}

/// A lock that nobody took away holds nothing up.
#[test]
fn a_stale_lock_does_not_count() {
    let folder = TempDir::new();
    sh(folder.path(), "mkdir -p .git/objects .git/refs; echo 'ref: refs/heads/main' > .git/HEAD");
    sh(folder.path(), "touch -d 2020-01-01 .git/index.lock");
    let wait = Duration::from_secs(60);
    let mut mirror = Mirror::new(&WatchOptions::new(folder.path()).git_wait(wait));
    fs::write(folder.path().join("f"), b"x").unwrap();
    mirror.wait("the batch", |mirror| mirror.batches == 1);
    // One that is there holds the batch, until it is gone; a sync point does not wait for it.
    sh(folder.path(), "rm .git/index.lock; touch .git/index.lock; echo y > g");
    mirror.wait("the change is seen", |mirror| {
        mirror.engine.watch_state(mirror.watch).unwrap().entries == 4
    });
    assert_eq!(mirror.batches, 1);
    mirror.sync();
    assert_eq!(mirror.batches, 2);
    sh(folder.path(), "echo z > h");
    mirror.wait("the change is seen", |mirror| {
        mirror.engine.watch_state(mirror.watch).unwrap().entries == 5
    });
    assert_eq!(mirror.batches, 2);
    sh(folder.path(), "rm .git/index.lock");
    mirror.wait("the batch", |mirror| mirror.batches == 3);
}

/// The events since the last call, without the root in their paths.
fn taken(mirror: &mut Mirror, root: &Path) -> Vec<String> {
    mirror.sync();
    let prefix = format!("{}/", root.display());
    let mut lines: Vec<String> =
        mirror.take_log().iter().map(|line| line.replace(&prefix, "")).collect();
    lines.sort();
    lines
}

#[test]
fn a_file_is_written_under_a_name_that_is_not_there() {
    let folder = TempDir::new();
    let root = folder.path();
    sh(root, "echo x > f; ln f g");
    let mut mirror = Mirror::new(&WatchOptions::new(root));
    let mut deleted = fs::OpenOptions::new().append(true).open(root.join("g")).unwrap();
    fs::remove_file(root.join("g")).unwrap();
    assert_eq!(taken(&mut mirror, root), ["delete g", "metadata f"]);
    deleted.write_all(b"more").unwrap();
    assert_eq!(taken(&mut mirror, root), ["modify f"]);
    // The name is another file's now.
    fs::write(root.join("g"), b"other").unwrap();
    assert_eq!(taken(&mut mirror, root), ["create g"]);
    // It had one name when it was looked at, and then another one instead.
    let mut deleted = fs::OpenOptions::new().append(true).open(root.join("g")).unwrap();
    fs::hard_link(root.join("g"), root.join("i")).unwrap();
    fs::remove_file(root.join("g")).unwrap();
    assert_eq!(taken(&mut mirror, root), ["create i", "delete g"]);
    deleted.write_all(b"more").unwrap();
    assert_eq!(taken(&mut mirror, root), ["modify i"]);

    let flags = libc::O_TMPFILE;
    let made = fs::OpenOptions::new().write(true).custom_flags(flags).open(root);
    // Not every file system has them.
    let Ok(mut temporary) = made else { return };
    for _ in 0..10_000 {
        temporary.write_all(b"x").unwrap();
    }
    assert!(taken(&mut mirror, root).is_empty(), "a file without a name");
    let link = format!("/proc/self/fd/{}", temporary.as_raw_fd());
    let follow = nix::fcntl::AtFlags::AT_SYMLINK_FOLLOW;
    let cwd = nix::fcntl::AT_FDCWD;
    nix::unistd::linkat(cwd, link.as_str(), cwd, &root.join("h"), follow).unwrap();
    assert_eq!(taken(&mut mirror, root), ["create h"]);
    temporary.write_all(b"more").unwrap();
    assert_eq!(taken(&mut mirror, root), ["modify h"]);
    mirror.check(&walk_all(root));
}
