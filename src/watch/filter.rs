//! Which entries a watch shows, and which directories it looks into.
//!
//! Rules come from the watch's own globs, from `.gitignore` files in and above its roots, and from a few
//! switches. An ignored file is not there at all; an ignored directory is one entry, and what is in it is
//! not watched. The rules of the directory nearest to a file decide, as git does it; unlike git, a file
//! that is ignored and committed nevertheless stays ignored.
//!
//! Rules come in compiled (`git/`). What comparing names with them costs is added up, for whoever charges it.
//!
//! Pure.

use std::cell::Cell;
use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::git::{Compiling, FILE_BYTES_MAX, Found, Rules};
use super::tree::{FileId, Stat, Tree};
use crate::error::{Error, Result};

/// The file that holds rules for its directory.
pub(crate) const RULES_NAME: &[u8] = b".gitignore";
/// Rules of all files of a watch, and bytes that they take.
const RULES_MAX: usize = 1 << 18;
const BYTES_MAX: usize = 16 << 20;

/// What stepping up a directory costs, and freeing the rules of a file.
const LEVEL_COST: u64 = 20;
const DROP_COST: u64 = 20_000;

/// What to do with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Show,
    /// A directory that is one entry.
    Opaque,
    Hide,
}

/// Rules of a directory in a root.
struct Inner {
    rules: Rules,
    /// What their file was when it was read.
    stamp: Option<Stat>,
}

/// Rules of a directory above the roots.
struct Outer {
    /// Its absolute path.
    dir: Vec<u8>,
    rules: Rules,
}

/// See the module's documentation.
pub(crate) struct Filter {
    /// Looks into `.git`.
    git_dir: bool,
    /// Shows names that begin with a dot.
    hidden: bool,
    pub(crate) gitignore: bool,
    globs: Rules,
    inner: HashMap<FileId, Inner>,
    /// The nearest directory first.
    outer: Vec<Outer>,
    /// Some rule names a directory, so that moving a directory may change what is ignored in it.
    by_path: bool,
    /// Rules of all files, and files of which some are left out.
    count: usize,
    bytes: usize,
    left_out: usize,
    /// Rules that are not needed any more.
    discarded: Vec<Rules>,
    /// What was compared since the last time has cost so much.
    cost: Cell<u64>,
    /// A name was not compared with all rules that might match it.
    is_cut: Cell<bool>,
    /// That has been noted, of the rules that there are.
    has_cut: bool,
}

impl Filter {
    pub(crate) fn new(
        git_dir: bool,
        hidden: bool,
        gitignore: bool,
        globs: &[String],
    ) -> Result<Self> {
        let globs = own_rules(globs)?;
        let by_path = globs.names_directory();
        Ok(Filter {
            git_dir,
            hidden,
            gitignore,
            globs,
            inner: HashMap::new(),
            outer: Vec::new(),
            by_path,
            count: 0,
            bytes: 0,
            left_out: 0,
            discarded: Vec::new(),
            cost: Cell::new(0),
            is_cut: Cell::new(false),
            has_cut: false,
        })
    }

    /// How many more rules there may be.
    pub(crate) fn room(&self) -> usize {
        match self.bytes < BYTES_MAX {
            true => RULES_MAX.saturating_sub(self.count),
            false => 0,
        }
    }

    /// Whether rules of a file are left out.
    pub(crate) fn has_left_out(&self) -> bool {
        self.left_out > 0 || self.has_cut
    }

    /// Whether, for the first time, a name was not compared with all rules that might match it.
    pub(crate) fn notes_cut(&mut self) -> bool {
        let is_new = self.is_cut.take() && !self.has_cut;
        self.has_cut |= is_new;
        is_new
    }

    /// Adds rules of a directory above a root; the nearest is added first.
    pub(crate) fn add_outer(&mut self, dir: &Path, rules: Rules) {
        self.count(&rules);
        if !rules.is_empty() {
            self.outer.push(Outer { dir: dir.as_os_str().as_bytes().to_vec(), rules });
        }
    }

    /// Sets the rules of a directory to those of its file, or to none.
    pub(crate) fn set_rules(&mut self, dir: FileId, rules: Option<Rules>, stamp: Option<Stat>) {
        self.forget(dir);
        self.has_cut = false;
        if let Some(rules) = rules {
            self.count(&rules);
            self.inner.insert(dir, Inner { rules, stamp });
        }
    }

    fn count(&mut self, rules: &Rules) {
        self.by_path |= rules.names_directory();
        self.count += rules.count();
        self.bytes += rules.bytes();
        self.left_out += usize::from(rules.has_left_out());
    }

    /// Whether the rules of a directory are those of this file.
    pub(crate) fn has_rules_of(&self, dir: FileId, stamp: Option<&Stat>) -> bool {
        match (self.inner.get(&dir), stamp) {
            (Some(rules), Some(stamp)) => rules.stamp.as_ref() == Some(stamp),
            (None, None) => true,
            _ => false,
        }
    }

    /// A directory is gone.
    pub(crate) fn forget(&mut self, dir: FileId) {
        if self.inner.is_empty() {
            return;
        }
        if let Some(Inner { rules, .. }) = self.inner.remove(&dir) {
            self.count -= rules.count();
            self.bytes -= rules.bytes();
            self.left_out -= usize::from(rules.has_left_out());
            self.discard(rules);
        }
    }

    /// Has rules freed in slices.
    pub(crate) fn discard(&mut self, rules: Rules) {
        self.discarded.extend(Some(rules).filter(|rules| !rules.is_empty()));
    }

    /// Files of rules that are to be freed.
    pub(crate) fn discarded(&self) -> usize {
        self.discarded.len()
    }

    /// Frees rules that are not needed any more; what that cost.
    pub(crate) fn drop_discarded(&mut self) -> Option<u64> {
        self.discarded.pop().map(|_| DROP_COST)
    }

    /// Has all rules freed by [`drop_discarded`](Self::drop_discarded).
    pub(crate) fn discard_all(&mut self) {
        let inner = self.inner.drain().map(|(_, inner)| inner.rules);
        let all = inner.chain(self.outer.drain(..).map(|outer| outer.rules));
        self.discarded.extend(all);
    }

    /// What was compared since [`take_cost`](Self::take_cost) was called last has cost so much.
    pub(crate) fn cost(&self) -> u64 {
        self.cost.get()
    }

    pub(crate) fn take_cost(&self) -> u64 {
        self.cost.take()
    }

    /// Compares a path with rules.
    fn compare(&self, rules: &Rules, path: &[u8], is_dir: bool) -> Found {
        let outcome = rules.matched(path, is_dir, false);
        self.cost.set(self.cost.get() + outcome.cost);
        if outcome.is_cut {
            self.is_cut.set(true);
        }
        outcome.found
    }

    /// Whether what is in a directory may be judged differently when it moves between these places.
    pub(crate) fn depends_on_place(&self, tree: &Tree, from: FileId, to: FileId) -> bool {
        if self.by_path || (!self.outer.is_empty() && root_of(tree, from) != root_of(tree, to)) {
            return true;
        }
        let rules = |dir: FileId| -> Vec<FileId> {
            let mut above = Vec::new();
            let mut at = dir;
            while let Some(node) = tree.get(at).filter(|_| at != FileId::NOBODY) {
                above.extend(self.inner.contains_key(&at).then_some(at));
                at = node.parent;
            }
            above
        };
        from != to && !self.inner.is_empty() && rules(from) != rules(to)
    }

    /// What to do with an entry of this name.
    pub(crate) fn verdict(&self, tree: &Tree, dir: FileId, name: &[u8], is_dir: bool) -> Verdict {
        if dir == FileId::NOBODY {
            return Verdict::Show;
        }
        if !self.hidden && name.first() == Some(&b'.') {
            return Verdict::Hide;
        }
        if name == b".git" && is_dir && !self.git_dir {
            return Verdict::Opaque;
        }
        let ruled = !self.globs.is_empty() || !self.inner.is_empty() || !self.outer.is_empty();
        match ruled && self.is_ignored(tree, dir, name, is_dir) {
            false => Verdict::Show,
            true if is_dir => Verdict::Opaque,
            true => Verdict::Hide,
        }
    }

    fn is_ignored(&self, tree: &Tree, dir: FileId, name: &[u8], is_dir: bool) -> bool {
        let mut path = tree.path(dir);
        let mut above = path.len();
        path.push(b'/');
        path.extend_from_slice(name);
        // The part of the path below a directory whose own path has this length.
        let below = |above: usize| path.get(above + 1..).unwrap_or_default();
        let mut root = dir;
        let mut root_len = above;
        let mut nearest = Found::Nothing;
        while let Some(node) = tree.get(root) {
            if nearest == Found::Nothing
                && let Some(rules) = self.inner.get(&root)
            {
                nearest = self.compare(&rules.rules, below(above), is_dir);
            }
            root_len = above;
            self.cost.set(self.cost.get() + LEVEL_COST);
            if node.parent == FileId::NOBODY {
                break;
            }
            above -= node.name.len() + 1;
            root = node.parent;
        }
        let own = self.compare(&self.globs, below(root_len), is_dir);
        if own != Found::Nothing {
            return own == Found::Ignore;
        }
        for outer in &self.outer {
            if nearest != Found::Nothing {
                break;
            }
            if path.starts_with(&outer.dir) && path.get(outer.dir.len()) == Some(&b'/') {
                nearest = self.compare(&outer.rules, below(outer.dir.len()), is_dir);
            }
        }
        nearest == Found::Ignore
    }
}

/// The rules of a watch's own globs, each a line of its own.
fn own_rules(globs: &[String]) -> Result<Rules> {
    let mut text = Vec::new();
    for glob in globs {
        if glob.contains(['\n', '\0']) {
            return Err(Error::invalid(format!("ignore glob {glob:?}: one line is one glob")));
        }
        text.extend_from_slice(glob.as_bytes());
        text.push(b'\n');
    }
    let is_cut = text.len() > FILE_BYTES_MAX;
    let mut compiling = Compiling::new(text, RULES_MAX, is_cut);
    while !compiling.is_done() {
        compiling.step();
    }
    let rules = compiling.finish();
    match rules.has_left_out() {
        true => Err(Error::invalid("ignore globs: 65,536 of 4,096 bytes, 1 MiB in all at most")),
        false => Ok(rules),
    }
}

fn root_of(tree: &Tree, mut entry: FileId) -> FileId {
    while let Some(node) = tree.get(entry).filter(|node| node.parent != FileId::NOBODY) {
        entry = node.parent;
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::tree::FileType;

    fn dir() -> Stat {
        let kind = FileType::Directory;
        Stat { ino: 1, size: 0, mtime: 0, ctime: 0, dev: 0, mode: 0, kind, linked: false }
    }

    /// `/w/r` is watched, with `/w/r/sub` in it.
    fn tree() -> (Tree, FileId, FileId) {
        let mut tree = Tree::new(0);
        let root = tree.insert(FileId::NOBODY, b"/w/r", dir());
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
        assert_eq!(filter.verdict(&tree, FileId::NOBODY, b"/x.o", false), Verdict::Show);
    }

    #[test]
    fn the_nearest_rules_decide() {
        let (tree, root, sub) = tree();
        let mut filter = globs(&[]);
        filter.add_outer(Path::new("/w"), rules("*.log\n/r/sub/x\n*.tmp\n"));
        filter.set_rules(root, Some(rules("!a.log\n\n# a comment/\n")), None);
        filter.set_rules(sub, Some(rules("a.log")), None);
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
        assert_eq!(verdict(false, true, ".git", false), Verdict::Show);
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
        filter.set_rules(root, Some(rules("a[\nb")), None);
        assert_eq!(filter.verdict(&tree, root, b"b", false), Verdict::Hide);
    }

    #[test]
    fn what_a_move_may_change() {
        let (mut tree, root, sub) = tree();
        let other = tree.insert(root, b"other", dir());
        let mut filter = globs(&["*.o"]);
        assert!(!filter.depends_on_place(&tree, root, sub));
        filter.set_rules(sub, Some(rules("*.x")), None);
        assert!(filter.depends_on_place(&tree, sub, root));
        assert!(!filter.depends_on_place(&tree, root, other));
        filter.set_rules(root, Some(rules("/a")), None);
        assert!(filter.depends_on_place(&tree, root, root));
    }
}
