//! Rules that are being read: those above the roots, and those of a directory before it is listed.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::DefaultHasher;
use std::path::PathBuf;

use super::super::filter::{Inner, Outer};
use super::super::git::Compiling;
use super::super::repository::{RepositoryLoading, SourceFile};
use super::Root;
use super::SourceWatching;

/// Rules above the roots that are read.
#[derive(Default)]
pub(in crate::watch) struct OuterRules {
    pub(in crate::watch) steps: VecDeque<Step>,
    pub(in crate::watch) loading: Option<OuterLoading>,
    /// Directories above roots, which share them: whether a repository begins there, and whose rules were read.
    pub(in crate::watch) is_top: HashMap<PathBuf, bool>,
    pub(in crate::watch) read_of: HashSet<PathBuf>,
    /// What was read so far, the nearest directory first, and of the last time: the digest of all, `None` before
    /// the first one.
    pub(in crate::watch) read: Vec<Outer>,
    pub(in crate::watch) sources: Vec<SourceFile>,
    pub(in crate::watch) hasher: DefaultHasher,
    pub(in crate::watch) digest: Option<u64>,
    /// Names that are tracked, or not any more, by the repository that begins at a directory.
    pub(in crate::watch) changes: Vec<(Vec<u8>, super::super::git::Changes)>,
    /// To be read again when this is done.
    pub(in crate::watch) again: bool,
}

pub(in crate::watch) enum OuterLoading {
    Rules {
        dir: PathBuf,
        is_top: bool,
        compiling: Compiling,
    },
    Repository(PathBuf, Box<RepositoryLoading>),
    /// All is read: the files are watched for, from the last one to the first.
    Watching(SourceWatching),
}

pub(in crate::watch) enum Step {
    /// Looks for the top of the repository that a root is in, above it.
    Find { root: PathBuf, dir: PathBuf },
    /// Reads the rules of a directory, then those above it, then what the repository has.
    Above { dir: PathBuf, top: PathBuf },
}

impl OuterRules {
    pub(in crate::watch) fn new<'r>(roots: impl Iterator<Item = &'r Root>) -> Self {
        OuterRules { steps: OuterRules::steps(roots), ..OuterRules::default() }
    }

    pub(in crate::watch) fn steps<'r>(roots: impl Iterator<Item = &'r Root>) -> VecDeque<Step> {
        roots.map(|root| Step::Find { root: root.path_buf(), dir: root.path_buf() }).collect()
    }

    pub(in crate::watch) fn is_pending(&self) -> bool {
        self.loading.is_some() || !self.steps.is_empty()
    }
}

/// Rules of a directory that are taken in before it is listed.
pub(in crate::watch) struct DirLoading {
    pub(in crate::watch) compiling: Compiling,
    pub(in crate::watch) inner: Inner,
    pub(in crate::watch) repository: Option<Box<RepositoryLoading>>,
    /// Where `.git` may become that of a repository.
    pub(in crate::watch) missing: Vec<SourceFile>,
}

impl DirLoading {
    /// What is to be freed.
    pub(in crate::watch) fn into_rules(self) -> super::super::git::Rules {
        self.compiling.finish()
    }
}
