//! Reading files of rules, and compiling them in slices.
//!
//! Rules above the roots (`.gitignore` files up to the top of the repository, and git's lists of exclusions)
//! are read once, before anything else. Those of a directory are read when it is listed, if its file is
//! another one than before, and are compiled before the first name is looked at.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::event::WatchProblem;
use super::filter::RULES_NAME;
use super::git::{Compiling, FILE_BYTES_MAX};
use super::roots::Root;
use super::scan::Current;
use super::tree::{FileId, Stat};
use super::{Watch, disk};
use crate::policy::Slice;

/// What looking for a file costs, and reading each byte of it.
const LOOK_COST: u64 = 20_000;
/// Bytes that are read at the cost of one nanosecond.
const BYTES_PER_NS: u64 = 4;

/// What is still to be read.
pub(super) struct OuterRules {
    steps: VecDeque<Step>,
    /// The rules that are being compiled, and of which directory.
    compiling: Option<(PathBuf, PathBuf, Compiling)>,
}

enum Step {
    /// Looks for the top of the repository that a root is in, here or above.
    Find {
        root: PathBuf,
        dir: PathBuf,
    },
    /// Reads the rules of a directory, then those above it.
    Above {
        dir: PathBuf,
        top: PathBuf,
    },
    /// Reads the repository's own list, then the user's.
    Excluded {
        top: PathBuf,
    },
    OfUser {
        top: PathBuf,
    },
}

impl OuterRules {
    pub(super) fn new<'r>(roots: impl Iterator<Item = &'r Root>) -> Self {
        let steps = roots.map(|root| Step::Find { root: root.path_buf(), dir: root.path_buf() });
        OuterRules { steps: steps.collect(), compiling: None }
    }

    pub(super) fn is_pending(&self) -> bool {
        self.compiling.is_some() || !self.steps.is_empty()
    }
}

/// The list of exclusions of the user.
fn user_list() -> Option<PathBuf> {
    let is_set = |value: &std::ffi::OsString| !value.is_empty();
    let config = std::env::var_os("XDG_CONFIG_HOME").filter(is_set).map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"));
    Some(config.or_else(home)?.join("git/ignore"))
}

impl Watch {
    /// Does the next step.
    pub(super) fn load_outer_rules(&mut self) {
        if let Some((dir, path, mut compiling)) = self.outer.compiling.take() {
            self.spent += compiling.step();
            if compiling.is_done() {
                let rules = compiling.finish();
                if rules.has_left_out() {
                    self.warn(WatchProblem::TooManyRules, path.into_os_string().into_vec());
                }
                self.filter.add_outer(&dir, rules);
            } else {
                self.outer.compiling = Some((dir, path, compiling));
            }
            return;
        }
        let Some(step) = self.outer.steps.pop_front() else { return };
        self.spent += LOOK_COST;
        let next = match step {
            Step::Find { root, dir } => {
                if dir.join(".git").exists() {
                    // The rules of the root itself are read with it.
                    let above = root.parent().unwrap_or(Path::new("")).to_path_buf();
                    Some(Step::Above { dir: above, top: dir })
                } else {
                    let above = dir.parent().map(Path::to_path_buf);
                    above.map(|dir| Step::Find { root, dir })
                }
            }
            Step::Above { dir, top } if dir.starts_with(&top) => {
                self.read_outer_rules(&dir, &dir.join(OsStr::from_bytes(RULES_NAME)));
                let above = dir.parent().unwrap_or(Path::new("")).to_path_buf();
                Some(Step::Above { dir: above, top })
            }
            Step::Above { top, .. } => Some(Step::Excluded { top }),
            Step::Excluded { top } => {
                self.read_outer_rules(&top, &top.join(".git/info/exclude"));
                Some(Step::OfUser { top })
            }
            Step::OfUser { top } => {
                if let Some(list) = user_list() {
                    self.read_outer_rules(&top, &list);
                }
                None
            }
        };
        if let Some(next) = next {
            self.outer.steps.push_front(next);
        }
    }

    fn read_outer_rules(&mut self, dir: &Path, path: &Path) {
        let Some((text, size)) = disk::read_small_at(path, FILE_BYTES_MAX) else { return };
        self.spent += text.len() as u64 / BYTES_PER_NS;
        let cut = size > text.len() as u64;
        let compiling = Compiling::new(text, self.filter.room(), cut);
        self.outer.compiling = Some((dir.to_path_buf(), path.to_path_buf(), compiling));
    }

    /// Reads the rules of a directory, if they are not those that it was judged by before.
    pub(super) fn read_rules(
        &mut self,
        dir: FileId,
        fd: BorrowedFd<'_>,
    ) -> Option<(Compiling, Option<Stat>)> {
        if !self.filter.gitignore {
            return None;
        }
        let rules = disk::read_small(fd, RULES_NAME, FILE_BYTES_MAX);
        let stamp = rules.as_ref().map(|(_, stat)| *stat);
        if self.filter.has_rules_of(dir, stamp.as_ref()) {
            return None;
        }
        let text = rules.map(|(text, _)| text).unwrap_or_default();
        self.spent += text.len() as u64 / BYTES_PER_NS;
        let cut = stamp.is_some_and(|stamp| stamp.size > text.len() as u64 && !text.is_empty());
        Some((Compiling::new(text, self.filter.room(), cut), stamp))
    }

    /// Compiles the rules of a directory. Whether they are complete.
    pub(super) fn compile_rules(&mut self, current: &mut Current, slice: &mut Slice) -> bool {
        let Some((mut compiling, stamp)) = current.rules.take() else { return true };
        while !compiling.is_done() {
            self.spent += compiling.step();
            if self.must_pause(slice) && !compiling.is_done() {
                current.rules = Some((compiling, stamp));
                return false;
            }
        }
        let rules = compiling.finish();
        if rules.has_left_out() {
            let mut path = self.tree.path(current.dir);
            path.push(b'/');
            path.extend_from_slice(RULES_NAME);
            self.warn(WatchProblem::TooManyRules, path);
        }
        self.filter.set_rules(current.dir, stamp.map(|_| rules), stamp);
        // What is below was judged by others.
        current.deep = true;
        true
    }
}
