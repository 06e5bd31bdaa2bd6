//! Tables of names and verdicts.

use super::*;
use crate::watch::tree::FileType;

fn dir() -> Stat {
    let kind = FileType::Directory;
    Stat { ino: 1, size: 0, mtime: 0, ctime: 0, dev: 0, mode: 0, kind, linked: false }
}

/// `/w/r` is watched, with `/w/r/sub` in it.
fn tree() -> (Tree, FileId, FileId) {
    let mut tree = Tree::new(0);
    let root = tree.insert(FileId::ROOT_PARENT, b"/w/r", dir());
    let sub = tree.insert(root, b"sub", dir());
    (tree, root, sub)
}

fn rules(text: &str) -> Rules {
    let mut compiling = Compiling::new(text.into(), 1000, false);
    while !compiling.is_done() {
        compiling.step();
    }
    compiling.finish()
}

fn set(filter: &mut Filter, at: FileId, text: &str) {
    filter.set_inner(at, Inner { rules: rules(text), stamp: Some(dir()), ..Inner::default() });
}

fn globs(globs: &[&str]) -> Filter {
    let globs: Vec<String> = globs.iter().map(|glob| (*glob).into()).collect();
    Filter::new(false, true, true, &globs).unwrap()
}

#[test]
fn globs_are_relative_to_the_root() {
    let (tree, root, sub) = tree();
    let filter = globs(&["*.o", "build/", "/only-here", "sub/deep", "!keep.o"]);
    let table = [
        (root, "a.o", false, Verdict::Hide),
        (sub, "a.o", false, Verdict::Hide),
        (sub, "keep.o", false, Verdict::Show),
        (root, "build", true, Verdict::Opaque),
        (sub, "build", true, Verdict::Opaque),
        (root, "build", false, Verdict::Show),
        (root, "only-here", false, Verdict::Hide),
        (sub, "only-here", false, Verdict::Show),
        (sub, "deep", true, Verdict::Opaque),
        (root, "deep", true, Verdict::Show),
        (root, "a.c", false, Verdict::Show),
    ];
    for (dir, name, is_dir, expected) in table {
        assert_eq!(filter.verdict(&tree, dir, name.as_bytes(), is_dir), expected, "{name}");
    }
    // A root is what was asked for, whatever it is called.
    assert_eq!(filter.verdict(&tree, FileId::ROOT_PARENT, b"/x.o", false), Verdict::Show);
}

#[test]
fn the_nearest_rules_decide() {
    let (tree, root, sub) = tree();
    let mut filter = globs(&[]);
    let (dir, rules_above) = (b"/w".to_vec(), rules("*.log\n/r/sub/x\n*.tmp\n"));
    filter.set_outer(vec![Outer { dir, rules: rules_above, repository: None }]);
    set(&mut filter, root, "!a.log\n\n# a comment/\n");
    set(&mut filter, sub, "a.log");
    let hidden =
        |dir, name: &str| filter.verdict(&tree, dir, name.as_bytes(), false) == Verdict::Hide;
    assert!(hidden(root, "b.log") && !hidden(root, "a.log") && hidden(sub, "a.log"));
    assert!(hidden(sub, "x") && !hidden(root, "x") && hidden(sub, "t.tmp"));
}

#[test]
fn switches() {
    let (tree, root, _) = tree();
    let verdict = |git_dir, hidden, name: &str, is_dir| {
        let filter = Filter::new(git_dir, hidden, true, &[]).unwrap();
        filter.verdict(&tree, root, name.as_bytes(), is_dir)
    };
    assert_eq!(verdict(false, true, ".git", true), Verdict::Opaque);
    assert_eq!(verdict(true, true, ".git", true), Verdict::Show);
    assert_eq!(verdict(false, true, ".git", false), Verdict::Hide);
    assert_eq!(verdict(false, true, ".x", false), Verdict::Show);
    assert_eq!(verdict(true, false, ".x", false), Verdict::Hide);
    assert_eq!(verdict(false, false, ".git", true), Verdict::Hide);
}

#[test]
fn names_that_are_no_text_are_matched_too() {
    let (tree, root, _) = tree();
    let filter = globs(&["*.o"]);
    assert_eq!(filter.verdict(&tree, root, b"\xff.o", false), Verdict::Hide);
    assert_eq!(filter.verdict(&tree, root, b"\xff.c", false), Verdict::Show);
}

#[test]
fn a_bad_glob_is_an_error_and_a_bad_rule_is_none() {
    assert!(Filter::new(false, true, true, &["a\nb".into()]).is_err());
    assert!(Filter::new(false, true, true, &["x".repeat(5000)]).is_err());
    let (tree, root, _) = tree();
    let mut filter = globs(&[]);
    set(&mut filter, root, "a[\nb");
    assert_eq!(filter.verdict(&tree, root, b"b", false), Verdict::Hide);
}

#[test]
fn what_a_move_may_change() {
    let (mut tree, root, sub) = tree();
    let other = tree.insert(root, b"other", dir());
    let mut filter = globs(&["*.o"]);
    assert!(!filter.depends_on_place(&tree, root, sub));
    set(&mut filter, sub, "*.x");
    assert!(filter.depends_on_place(&tree, sub, root));
    assert!(!filter.depends_on_place(&tree, root, other));
    set(&mut filter, root, "/a");
    assert!(filter.depends_on_place(&tree, root, root));
}
