//! Trees that are saved by one watch and compared with the disk by the next: what changed while nobody
//! watched is reported, exactly.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use orchflow::{ErrorKind, Limits, SaveProblem, WatchOptions, WatchProblem, WatchSave};
use support::files::TempDir;
use support::havoc::Havoc;
use support::mirror::{Mirror, walk_all};

/// Everything of a watch, in parts of so many changes.
fn save(mirror: &mut Mirror, max: usize) -> Vec<u8> {
    let (mut save, mut bytes) = (WatchSave::default(), Vec::new());
    while mirror.engine.save_watch(mirror.watch, &mut save, max, &mut bytes).unwrap() {}
    bytes
}

fn options(root: &Path) -> WatchOptions {
    WatchOptions::new(root).summary_threshold(0)
}

/// A watch that goes on from a saved tree: its events until it is ready, sorted, without the root. They are
/// applied to the tree of before, and what comes of it is what is on the disk.
fn resume(options: &WatchOptions, before: &Mirror, bytes: &[u8]) -> (Mirror, Vec<String>) {
    let mut mirror = Mirror::start(&options.clone().since(bytes), Limits::default());
    (mirror.paths, mirror.resumes) = (before.paths.clone(), true);
    mirror.wait("the comparison", |mirror| mirror.ready);
    let root = mirror.engine.watch_state(mirror.watch).unwrap().roots[0].clone();
    let mut log: Vec<String> = mirror.take_log();
    let prefix = format!("{}/", root.display());
    log.iter_mut().for_each(|line| *line = line.replace(&prefix, ""));
    log.sort();
    assert_eq!(mirror.paths, Mirror::new(options).paths, "{log:?}");
    (mirror, log)
}

fn sh(folder: &Path, script: &str) {
    let output = Command::new("sh").args(["-ec", script]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{script}: {output:?}");
}

const BEFORE: &str =
    "mkdir -p a/b c empty; echo 1 > a/1; echo 2 > a/b/2; echo 3 > c/3; ln -s nowhere l
    echo 4 > linked; ln linked c/linked";

#[test]
fn what_changed_while_nobody_watched() {
    let cases: &[(&str, &[&str])] = &[
        ("", &[]),
        ("echo more >> a/1", &["modify a/1"]),
        ("echo 1 > new; touch -r a/1 new; mv new a/1", &["modify replaced a/1"]),
        ("chmod 600 a/1", &["metadata a/1"]),
        ("chmod 700 a", &["metadata a"]),
        ("rm a/1; mkdir a/d; echo > a/d/n", &["create a/d", "create a/d/n", "delete a/1"]),
        ("rm -r a", &["delete a", "delete a/1", "delete a/b", "delete a/b/2"]),
        ("mv a/1 c/one", &["rename c/one from a/1"]),
        ("mv a z", &["rename z from a"]),
        ("mv a/b c/b; mv c d", &["rename d from c", "rename d/b from a/b"]),
        ("mv a z; echo more >> z/b/2; rm z/1", &["delete z/1", "modify z/b/2", "rename z from a"]),
        ("mv a/1 x; echo more >> x", &["create x", "delete a/1"]),
        // Nothing in it says that it is the same one.
        ("mv empty void", &["create void", "delete empty"]),
        (
            "rm -r c; echo > c",
            &["create c", "delete c", "delete c/3", "delete c/linked", "metadata linked"],
        ),
        ("echo 5 >> linked", &["modify c/linked", "modify linked"]),
        ("ln -s elsewhere m; mv m l", &["modify replaced l"]),
    ];
    for (script, expected) in cases {
        let root = TempDir::new();
        sh(root.path(), BEFORE);
        let mut first = Mirror::new(&options(root.path()));
        let bytes = save(&mut first, 3);
        sh(root.path(), script);
        let (mut second, log) = resume(&options(root.path()), &first, &bytes);
        assert_eq!(log, *expected, "{script}");
        assert!(second.warnings.is_empty(), "{script}");
        // And it goes on as any other.
        fs::write(root.file("later"), b"x").unwrap();
        second.sync();
        assert!(second.take_log().iter().any(|line| line.contains("later")), "{script}");
        second.check(&walk_all(root.path()));
    }
}

#[test]
fn a_root_that_was_replaced() {
    let base = TempDir::new();
    let root = base.path().join("root");
    fs::create_dir(&root).unwrap();
    sh(&root, BEFORE);
    let mut first = Mirror::new(&options(&root));
    let bytes = save(&mut first, 1000);
    fs::rename(&root, base.file("old")).unwrap();
    assert!(
        first.engine.add_watch(&options(&root).since(&*bytes)).unwrap_err().kind()
            == ErrorKind::NotFound
    );
    fs::create_dir(&root).unwrap();
    fs::write(root.join("n"), b"").unwrap();
    let (_, log) = resume(&options(&root), &first, &bytes);
    assert!(log.iter().any(|line| line == "create n"), "{log:?}");
    assert!(log.iter().any(|line| line == "delete a/b/2"), "{log:?}");
    // A root that is a file.
    let file = base.path().join("file");
    fs::write(&file, b"1").unwrap();
    let mut first = Mirror::new(&options(&file));
    let bytes = save(&mut first, 1000);
    assert!(resume(&options(&file), &first, &bytes).1.is_empty());
    fs::write(&file, b"12").unwrap();
    assert_eq!(resume(&options(&file), &first, &bytes).1.len(), 1);
}

/// What other options hide is deleted, what they show is created.
#[test]
fn other_options() {
    let root = TempDir::new();
    sh(root.path(), BEFORE);
    let mut first = Mirror::new(&options(root.path()).ignore("c"));
    let bytes = save(&mut first, 2);
    let (_, log) = resume(&options(root.path()).ignore("a"), &first, &bytes);
    let log: BTreeSet<&str> = log.iter().map(String::as_str).collect();
    for line in ["create c/3", "create c/linked", "delete a/1", "delete a/b/2"] {
        assert!(log.contains(line), "{line}: {log:?}");
    }
}

#[test]
fn bytes_that_are_of_no_use() {
    let (root, other) = (TempDir::new(), TempDir::new());
    sh(root.path(), BEFORE);
    symlink("x", root.file("y")).unwrap();
    let mut first = Mirror::new(&options(root.path()));
    let bytes = save(&mut first, 1000);
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let mut newer = bytes.clone();
    newer[8] += 1;
    use SaveProblem::{Damaged, OtherRoots, OtherVersion, TooManyEntries};
    let cases: [(&str, &Path, &[u8], usize, SaveProblem); 9] = [
        ("nothing", root.path(), b"", 1000, Damaged),
        ("noise", root.path(), &[7; 3000], 1000, Damaged),
        ("cut", root.path(), &bytes[..middle], 1000, Damaged),
        ("damaged", root.path(), &damaged, 1000, Damaged),
        ("of another version", root.path(), &newer, 1000, OtherVersion),
        ("of another root", other.path(), &bytes, 1000, OtherRoots),
        ("of another root, and damaged", other.path(), &damaged, 1000, Damaged),
        ("too many entries", root.path(), &bytes, 5, TooManyEntries),
        ("too many entries, and damaged", root.path(), &damaged, 5, Damaged),
    ];
    for (what, root, bytes, entries, problem) in cases {
        let options = options(root).entry_limit(entries);
        let mut mirror = Mirror::start(&options.since(bytes), Limits::default());
        mirror.wait("the first reading", |mirror| mirror.ready);
        assert!(mirror.take_log().is_empty(), "{what}: afresh, so nothing has changed");
        let is_said = |(problem, _): &(WatchProblem, _)| *problem == WatchProblem::SaveUnusable;
        assert!(mirror.warnings.iter().any(is_said), "{what}");
        let state = mirror.engine.watch_state(mirror.watch).unwrap();
        assert_eq!(state.save_problem, Some(problem), "{what}");
    }
}

/// A tree is saved in parts while it changes, and the next watch knows the last state.
#[test]
fn a_busy_tree_is_saved() {
    let root = TempDir::new();
    sh(root.path(), BEFORE);
    let mut first = Mirror::new(&options(root.path()));
    let (mut save, mut bytes) = (WatchSave::default(), Vec::new());
    for n in 0.. {
        let more = first.engine.save_watch(first.watch, &mut save, 2, &mut bytes).unwrap();
        if !more {
            break;
        }
        if n < 3 {
            fs::write(root.path().join(format!("n{n}")), b"x").unwrap();
            fs::rename(root.path().join(if n == 0 { "c" } else { "d" }), root.file("e")).unwrap();
            fs::rename(root.file("e"), root.file("d")).unwrap();
            first.sync();
        }
    }
    assert!(resume(&options(root.path()), &first, &bytes).1.is_empty());
}

/// Random changes between two watches: the events lead from one tree to the other.
#[test]
fn havoc_between_two_watches() {
    for seed in 0..6 {
        println!("seed {seed}");
        let (root, outside) = (TempDir::new(), TempDir::new());
        Havoc::new(seed, root.path(), outside.path(), false).run(300);
        let mut first = Mirror::new(&options(root.path()));
        let bytes = save(&mut first, 7);
        Havoc::new(seed + 100, root.path(), outside.path(), false).run(300);
        let (mut second, _) = resume(&options(root.path()), &first, &bytes);
        second.sync();
        second.check(&walk_all(root.path()));
    }
}
