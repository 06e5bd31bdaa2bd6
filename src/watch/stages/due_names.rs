//! A round of names that are due: the names that are still to be looked at, and what was seen so far. See `due_names.rs` above.

use std::collections::{HashMap, VecDeque};
use std::os::fd::OwnedFd;

use super::super::dirty::Mark;
use super::super::merge::Evidence;
use super::super::tree::FileId;
use super::Observed;
use super::Renames;

/// A name that was looked at.
pub(in crate::watch) struct Look {
    pub(in crate::watch) dir: FileId,
    pub(in crate::watch) name: Box<[u8]>,
    pub(in crate::watch) seen: Evidence,
    pub(in crate::watch) now: Observed,
}

/// What became of a directory that could not be opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::watch) enum Fate {
    /// It is gone: its own name, or one above it, is among the looks.
    Gone,
    /// It is there, and not where it was looked for.
    Elsewhere,
    /// It must not be looked into: what is known stays, and an event of its permissions shows when that changes.
    Inaccessible,
}

/// Names that are looked at, and what was seen.
#[derive(Default)]
pub(in crate::watch) struct Round {
    /// Names that are still to be looked at, in the order of their directories.
    pub(in crate::watch) marks: VecDeque<Mark>,
    /// The directory that was opened last.
    pub(in crate::watch) opened: Option<(FileId, Result<OwnedFd, Fate>)>,
    pub(in crate::watch) file_time: i64,
    /// What is still to be applied.
    pub(in crate::watch) looks: VecDeque<Look>,
    /// Made when everything was looked at.
    pub(in crate::watch) renames: Option<Renames>,
    /// Names in directories that are gone, if nothing turns up.
    pub(in crate::watch) below: Vec<Mark>,
    pub(in crate::watch) fates: HashMap<FileId, Fate>,
}
