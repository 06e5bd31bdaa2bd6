//! The renames of a round, and what is in the way of each.

use std::collections::{HashMap, HashSet, VecDeque};

use super::super::tree::FileId;

/// The renames that a round of looks has confirmed.
#[derive(Default)]
pub(in crate::watch) struct Renames {
    pub(in crate::watch) order: VecDeque<FileId>,
    /// Those that are not carried out yet, and which look shows where they are now.
    pub(in crate::watch) pending: HashMap<FileId, usize>,
    /// One of them, with those on top that have to come before.
    pub(in crate::watch) stack: Vec<FileId>,
    pub(in crate::watch) waiting: HashSet<FileId>,
}

/// What stands in the way of a rename.
pub(in crate::watch) enum Obstacle {
    Nothing,
    /// Another rename has to come first.
    Rename(FileId),
    /// It cannot be.
    Never,
}
