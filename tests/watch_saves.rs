//! What programs do to files when they save, switch branches, install and delete: each gives the right
//! events, none twice, none missing.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use orchflow::WatchOptions;
use support::files::{TempDir, sh};
use support::has_tool;
use support::mirror::{Mirror, walk, walk_all};

/// The events of a script, without the root in their paths.
fn events(mirror: &mut Mirror, root: &Path, script: &str) -> Vec<String> {
    mirror.take_log();
    sh(root, script);
    mirror.sync();
    let prefix = format!("{}/", root.display());
    mirror.take_log().into_iter().map(|line| line.replace(&prefix, "")).collect()
}

fn watch(root: &Path) -> Mirror {
    Mirror::new(&WatchOptions::new(root).summary_threshold(0))
}

/// Before, what happens, the events; and the program that it needs, if not every system has it.
struct Case {
    name: &'static str,
    before: &'static str,
    script: &'static str,
    events: &'static [&'static str],
    tool: Option<&'static str>,
}

const fn case(
    name: &'static str,
    before: &'static str,
    script: &'static str,
    events: &'static [&'static str],
) -> Case {
    Case { name, before, script, events, tool: None }
}

const fn vim(name: &'static str, script: &'static str, events: &'static [&'static str]) -> Case {
    Case { name, before: "echo one > f", script, events, tool: Some("vim") }
}

const CASES: &[Case] = &[
    case("write in place", "echo one > f", "echo two > f", &["modify f"]),
    case("append", "echo one > f", "echo two >> f; echo three >> f", &["modify f"]),
    case("attributes", "echo one > f", "chmod 600 f", &["metadata f"]),
    case("touched", "echo one > f", ": >> f", &["touch f"]),
    case("atomic", "echo one > f", "echo two > f.tmp; mv f.tmp f", &["modify replaced f"]),
    case("atomic, new", "", "echo two > f.tmp; mv f.tmp f", &["create f"]),
    case(
        "like emacs",
        "echo one > f",
        "mv f f~; echo two > f",
        &["modify replaced f", "create f~"],
    ),
    case(
        "like emacs, again",
        "echo one > f; echo zero > f~",
        "mv f f~; echo two > f",
        &["modify replaced f", "modify replaced f~"],
    ),
    case("sed -i", "echo one > f", "sed -i s/one/two/ f", &["modify replaced f"]),
    vim(
        "vim, no backup",
        "vim -u NONE -N -n -es -c 'set nobackup nowritebackup backupskip=' -c 'normal Gonew' -c wq f",
        &["modify f"],
    ),
    vim(
        "vim, as it comes",
        "vim -u NONE -N -n -es -c 'set backupcopy=auto backupskip=' -c 'normal Gonew' -c wq f",
        &["modify replaced f"],
    ),
    vim(
        "vim, backup by renaming",
        "vim -u NONE -N -n -es -c 'set backup backupcopy=no backupskip=' -c 'normal Gonew' -c wq f",
        &["modify replaced f", "create f~"],
    ),
    vim(
        "vim, backup by copying",
        "vim -u NONE -N -n -es -c 'set backup backupcopy=yes backupskip=' -c 'normal Gonew' -c wq f",
        &["modify f", "create f~"],
    ),
    case("a file that came and went", "", "echo x > f; rm f", &[]),
    case("renamed", "echo one > f", "mv f g", &["rename g from f"]),
    case("renamed on and on", "echo one > f", "mv f g; mv g h; mv h i", &["rename i from f"]),
    // A rename changes the time of the last change of attributes.
    case("renamed and back", "echo one > f", "mv f g; mv g f", &["metadata f"]),
    case(
        "renamed and written",
        "echo one > f",
        "mv f g; echo more >> g",
        &["rename g from f", "modify g"],
    ),
    case(
        "a log is rotated",
        "echo 0 > log; echo 1 > log.1; echo 2 > log.2",
        "mv log.1 log.2; mv log log.1; echo new > log",
        &["modify replaced log", "modify replaced log.1", "modify replaced log.2"],
    ),
    case(
        "renamed one after the other",
        "echo 0 > a; echo 1 > b",
        "mv b c; mv a b",
        &["rename c from b", "rename b from a"],
    ),
    case(
        "files are exchanged",
        "echo 0 > a; echo 1 > b",
        "mv a t; mv b a; mv t b",
        &["modify replaced a", "modify replaced b"],
    ),
    case("renamed over", "echo 0 > a; echo 1 > b", "mv a b", &["rename replaced b from a"]),
    case(
        "a directory is renamed",
        "mkdir -p d/e; echo x > d/e/f",
        "mv d dd",
        &["rename dd from d"],
    ),
    case(
        "a directory is renamed, and another one takes its place",
        "mkdir -p d; echo x > d/f",
        "mv d dd; mkdir d; echo y > d/g",
        &["rename dd from d", "create d", "create d/g"],
    ),
    case(
        "out of a directory that is deleted",
        "mkdir -p d/e; echo x > d/e/f; echo y > d/g",
        "mv d/e/f f; rm -r d",
        &["rename f from d/e/f", "delete d/e", "delete d/g", "delete d"],
    ),
    case(
        "a directory goes up, and the one above goes into it",
        "mkdir -p a/b",
        "mv a/b b; mv a b/a",
        &["rename b from a/b", "rename b/a from a"],
    ),
    case(
        "a directory is deleted",
        "mkdir -p d; echo x > d/f",
        "rm -r d",
        &["delete d/f", "delete d"],
    ),
    case(
        "another kind",
        "echo one > f",
        "rm f; mkdir f; echo x > f/g",
        &["delete f", "create f", "create f/g"],
    ),
    case("a link", "echo one > f", "ln -s f l; ln -sfn /nowhere l", &["create l"]),
    case("another name", "echo one > f", "ln f g", &["metadata f", "create g"]),
    case(
        "written by another name",
        "echo one > f; ln f g",
        "echo two >> f",
        &["modify f", "modify g"],
    ),
    case(
        "ten deep, with a file at once",
        "",
        "mkdir -p 1/2/3/4/5/6/7/8/9/10; echo x > 1/2/3/4/5/6/7/8/9/10/f",
        &[
            "create 1",
            "create 1/2",
            "create 1/2/3",
            "create 1/2/3/4",
            "create 1/2/3/4/5",
            "create 1/2/3/4/5/6",
            "create 1/2/3/4/5/6/7",
            "create 1/2/3/4/5/6/7/8",
            "create 1/2/3/4/5/6/7/8/9",
            "create 1/2/3/4/5/6/7/8/9/10",
            "create 1/2/3/4/5/6/7/8/9/10/f",
        ],
    ),
];

#[test]
fn saves() {
    for case in CASES {
        if !case.tool.is_none_or(has_tool) {
            continue;
        }
        let folder = TempDir::new();
        sh(folder.path(), case.before);
        let mut mirror = watch(folder.path());
        // What was made before is not young any more, for time stamps that differ by their tick.
        let mut got = events(&mut mirror, folder.path(), case.script);
        let mut expected: Vec<String> = case.events.iter().map(|line| (*line).into()).collect();
        // Names that do not depend on each other come in any order; the mirror has checked the rest.
        got.sort();
        expected.sort();
        assert_eq!(got, expected, "{}: {}", case.name, case.script);
        mirror.check(&walk_all(folder.path()));
    }
}

/// A repository with a branch `other` in which 5,000 files are different.
fn repository(folder: &Path) {
    for n in 0..5000 {
        let dir = folder.join(format!("d{}/e{}", n % 20, n % 7));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join(format!("f{n}")), format!("{n}\n")).unwrap();
    }
    sh(
        folder,
        "git init -q -b main .; git config user.email a@b; git config user.name n; \
         git add -A; git commit -qm one; git checkout -qb other; \
         find . -path ./.git -prune -o -type f -exec sed -i 's/$/ other/' {} +; \
         rm -r d3; mkdir new; echo x > new/file; \
         git add -A; git commit -qm two; git checkout -q main",
    );
}

fn is_git(path: &Path) -> bool {
    path.ends_with(".git")
}

/// Kinds and paths of what git says is different.
fn git_says(folder: &Path, args: &str) -> BTreeSet<String> {
    let output = Command::new("sh")
        .args(["-c", &format!("git diff --no-renames --name-status {args}")])
        .current_dir(folder)
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| {
            let (status, path) = line.split_once('\t').unwrap();
            let kind = match status {
                "A" => "create",
                "D" => "delete",
                _ => "modify",
            };
            format!("{kind} {path}")
        })
        .collect()
}

/// The events of files, each once.
fn once(events: Vec<String>, folder: &Path) -> BTreeSet<String> {
    let count = events.len();
    // The number of a freed inode is used again at once, so whether a file was replaced does not show.
    let set: BTreeSet<String> =
        events.into_iter().map(|line| line.replace("modify replaced", "modify")).collect();
    assert_eq!(set.len(), count, "an event twice");
    // Directories are none of git's business.
    let is_dir = |line: &String| {
        let path = line.rsplit(' ').next().unwrap_or_default();
        folder.join(path).is_dir()
            || ["d3", "new"].contains(&path)
            || path.starts_with("d3/e") && !path.contains("/f")
    };
    set.into_iter().filter(|line| !is_dir(line)).collect()
}

/// Two sets of thousands of lines are the same, or fail with a few of those that are in one only.
fn assert_same_set(got: &BTreeSet<String>, expected: &BTreeSet<String>) {
    let missing: Vec<_> = expected.difference(got).take(5).collect();
    let extra: Vec<_> = got.difference(expected).take(5).collect();
    assert!(missing.is_empty() && extra.is_empty(), "missing {missing:?}, too many {extra:?}");
}

#[test]
fn branches_and_stashes() {
    if !has_tool("git") {
        return;
    }
    let folder = TempDir::new();
    repository(folder.path());
    let mut mirror = watch(folder.path());
    let expected = git_says(folder.path(), "main other");
    assert_eq!(expected.len(), 5001);
    let got = events(&mut mirror, folder.path(), "git checkout -q other");
    assert_same_set(&once(got, folder.path()), &expected);
    mirror.check(&walk(folder.path(), &is_git));
    let expected = git_says(folder.path(), "other main");
    let got = events(&mut mirror, folder.path(), "git checkout -q main");
    assert_same_set(&once(got, folder.path()), &expected);
    // A stash takes changes away and gives them back.
    let got =
        events(&mut mirror, folder.path(), "for n in 1 141 281; do echo x >> d1/e1/f$n; done");
    assert_eq!(got.len(), 3, "{got:?}");
    let changed = git_says(folder.path(), "");
    let got = events(&mut mirror, folder.path(), "git stash -q");
    assert_eq!(once(got, folder.path()), changed);
    let got = events(&mut mirror, folder.path(), "git stash pop -q");
    assert_eq!(once(got, folder.path()), changed);
    mirror.check(&walk(folder.path(), &is_git));
}

/// As an installation of packages does it: many small files in many new directories, later deleted.
#[test]
fn twenty_thousand_files_come_and_go() {
    let folder = TempDir::new();
    let modules = folder.path().join("node_modules");
    let mut mirror = watch(folder.path());
    let installer = {
        let modules = modules.clone();
        std::thread::spawn(move || {
            for n in 0..20_000 {
                let dir = modules.join(format!("package{}/lib{}", n / 50, n % 3));
                fs::create_dir_all(&dir).unwrap();
                fs::write(dir.join(format!("{n}.js")), format!("module.exports = {n}")).unwrap();
            }
        })
    };
    mirror.wait("the installation", |_| installer.is_finished());
    installer.join().unwrap();
    mirror.sync();
    mirror.check(&walk_all(folder.path()));
    let log = mirror.take_log();
    let made: BTreeSet<&String> = log.iter().filter(|line| line.starts_with("create")).collect();
    assert_eq!(made.len(), 20_000 + 400 * 4 + 1, "each is created");
    // A file that was looked at before it was written is modified then. One that was looked at right after it
    // is touched, on a busy machine: a second write in the same tick of the clock would look the same.
    // Nothing else happens.
    let is_written = |line: &str| line.starts_with("modify") || line.starts_with("touch");
    let mut others = log.iter().filter(|line| !line.starts_with("create"));
    assert!(others.all(|line| is_written(line)), "{log:?}");
    fs::remove_dir_all(&modules).unwrap();
    mirror.sync();
    let log = mirror.take_log();
    let gone: BTreeSet<&String> = log.iter().collect();
    assert_eq!((log.len(), gone.len()), (21_601, 21_601), "each is deleted once");
    mirror.check(&walk_all(folder.path()));
}

/// A tree that moves while it is being listed for the first time, and after.
#[test]
fn a_directory_is_renamed_while_it_is_listed() {
    let folder = TempDir::new();
    let (root, outside) = (folder.path().join("root"), folder.path().join("outside"));
    fs::create_dir_all(&root).unwrap();
    for n in 0..3000 {
        let dir = outside.join(format!("{}", n % 60));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join(format!("{n}")), b"x").unwrap();
    }
    let mut mirror = watch(&root);
    fs::rename(&outside, root.join("in")).unwrap();
    let mut at = root.join("in");
    for n in 0..20 {
        mirror.engine.turn(Some(std::time::Duration::from_millis(1))).unwrap();
        mirror.read_events();
        let next = root.join(format!("in{n}"));
        fs::rename(&at, &next).unwrap();
        at = next;
    }
    mirror.sync();
    mirror.check(&walk_all(&root));
    assert_eq!(mirror.paths.len(), 3062);
}
