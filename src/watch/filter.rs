//! Which entries a watch shows, and which directories it looks into.
//!
//! Rules come from the watch's own globs, from `.gitignore` files in and above its roots, and from a few
//! switches. An ignored file is not there at all; an ignored directory is one entry, and what is in it is
//! not watched. The rules of the directory nearest to a file decide, as git does it; unlike git, a file
//! that is ignored and committed nevertheless stays ignored.
//!
//! Pure: the text of rules comes in as a parameter.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::tree::{FileId, Stat, Tree};
use crate::error::{Error, Result};

/// The file that holds rules for its directory.
pub(crate) const RULES_NAME: &[u8] = b".gitignore";
/// Bytes of a file of rules that are read; what is behind them does not count.
pub(crate) const RULES_BYTES_MAX: usize = 1 << 20;

/// What to do with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Show,
    /// A directory that is one entry.
    Opaque,
    Hide,
}

/// Rules from one file.
struct Rules {
    matcher: Gitignore,
    /// What the file was when it was read.
    stamp: Option<Stat>,
}

/// Rules of a directory above the roots.
struct Outer {
    /// Its absolute path.
    dir: Vec<u8>,
    matcher: Gitignore,
}

/// See the module's documentation.
pub(crate) struct Filter {
    /// Looks into `.git`.
    git_dir: bool,
    /// Shows names that begin with a dot.
    hidden: bool,
    pub(crate) gitignore: bool,
    globs: Gitignore,
    inner: HashMap<FileId, Rules>,
    /// The nearest directory first.
    outer: Vec<Outer>,
    /// Some rule names a directory, so that moving a directory may change what is ignored in it.
    by_path: bool,
}

impl Filter {
    pub(crate) fn new(
        git_dir: bool,
        hidden: bool,
        gitignore: bool,
        globs: &[String],
    ) -> Result<Self> {
        let mut builder = GitignoreBuilder::new("");
        for glob in globs {
            builder
                .add_line(None, glob)
                .map_err(|e| Error::invalid(format!("ignore glob {glob}: {e}")))?;
        }
        let globs_by_path = globs.iter().any(|glob| names_directory(glob));
        let globs = builder.build().map_err(|e| Error::invalid(format!("ignore globs: {e}")))?;
        Ok(Filter {
            git_dir,
            hidden,
            gitignore,
            globs,
            inner: HashMap::new(),
            outer: Vec::new(),
            by_path: globs_by_path,
        })
    }

    /// Adds rules of a directory above a root; the nearest is added first.
    pub(crate) fn add_outer(&mut self, dir: &Path, text: &[u8]) {
        let (matcher, by_path) = parse(text);
        if !matcher.is_empty() {
            self.by_path |= by_path;
            self.outer.push(Outer { dir: dir.as_os_str().as_bytes().to_vec(), matcher });
        }
    }

    /// Sets the rules of a directory to those of its file, or to none.
    pub(crate) fn set_rules(&mut self, dir: FileId, text: Option<&[u8]>, stamp: Option<Stat>) {
        let Some(text) = text else {
            self.inner.remove(&dir);
            return;
        };
        let (matcher, by_path) = parse(text);
        self.by_path |= by_path;
        self.inner.insert(dir, Rules { matcher, stamp });
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
        if !self.inner.is_empty() {
            self.inner.remove(&dir);
        }
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
        let below =
            |above: usize| Path::new(OsStr::from_bytes(path.get(above + 1..).unwrap_or_default()));
        let mut root = dir;
        let mut root_len = above;
        let mut nearest = Match::None;
        while let Some(node) = tree.get(root) {
            if nearest.is_none()
                && let Some(rules) = self.inner.get(&root)
            {
                nearest = rules.matcher.matched(below(above), is_dir).map(|_| ());
            }
            root_len = above;
            if node.parent == FileId::NOBODY {
                break;
            }
            above -= node.name.len() + 1;
            root = node.parent;
        }
        let own = self.globs.matched(below(root_len), is_dir);
        if !own.is_none() {
            return own.is_ignore();
        }
        for outer in &self.outer {
            if !nearest.is_none() {
                break;
            }
            if path.starts_with(&outer.dir) && path.get(outer.dir.len()) == Some(&b'/') {
                nearest = outer.matcher.matched(below(outer.dir.len()), is_dir).map(|_| ());
            }
        }
        nearest.is_ignore()
    }
}

fn root_of(tree: &Tree, mut entry: FileId) -> FileId {
    while let Some(node) = tree.get(entry).filter(|node| node.parent != FileId::NOBODY) {
        entry = node.parent;
    }
    entry
}

/// The rules in a text, and whether one of them names a directory.
fn parse(text: &[u8]) -> (Gitignore, bool) {
    let mut builder = GitignoreBuilder::new("");
    let mut by_path = false;
    for line in text.split(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches('\r');
        // A line that makes no sense is no rule, as for git.
        let _ = builder.add_line(None, line);
        by_path |= names_directory(line);
    }
    (builder.build().unwrap_or_else(|_| Gitignore::empty()), by_path)
}

/// Whether a rule has more than the name of an entry.
fn names_directory(rule: &str) -> bool {
    !rule.starts_with('#') && rule.trim_end_matches('/').contains('/')
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
        filter.add_outer(Path::new("/w"), b"*.log\n/r/sub/x\n*.tmp\n");
        filter.set_rules(root, Some(b"!a.log\n\n# a comment/\n"), None);
        filter.set_rules(sub, Some(b"a.log"), None);
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
        assert!(Filter::new(false, true, true, &["a{".into()]).is_err());
        let (tree, root, _) = tree();
        let mut filter = globs(&[]);
        filter.set_rules(root, Some(b"a{\nb"), None);
        assert_eq!(filter.verdict(&tree, root, b"b", false), Verdict::Hide);
    }

    #[test]
    fn what_a_move_may_change() {
        let (mut tree, root, sub) = tree();
        let other = tree.insert(root, b"other", dir());
        let mut filter = globs(&["*.o"]);
        assert!(!filter.depends_on_place(&tree, root, sub));
        filter.set_rules(sub, Some(b"*.x"), None);
        assert!(filter.depends_on_place(&tree, sub, root));
        assert!(!filter.depends_on_place(&tree, root, other));
        filter.set_rules(root, Some(b"/a"), None);
        assert!(filter.depends_on_place(&tree, root, root));
    }
}
