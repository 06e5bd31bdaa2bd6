//! What a watch still knows of the one before it.

use std::time::Instant;

use super::super::event::SaveProblem;
use super::super::options::WatchOptions;
use super::super::saved::{Known, Reader};
use super::super::tree::{FileId, Tree};
use crate::limits::Limits;

/// What a watch still knows of the one before it.
#[derive(Default)]
pub(in crate::watch) struct Resuming {
    pub(in crate::watch) reader: Option<Reader>,
    /// A tree that could not be used; it is freed in steps.
    pub(in crate::watch) discarded: Option<Box<Tree>>,
    /// The saved bytes are of no use, and that was not reported yet; and why they are not.
    pub(in crate::watch) failed: bool,
    pub(in crate::watch) problem: Option<SaveProblem>,
    /// Where inodes were; `None` when the watch has caught up.
    pub(in crate::watch) known: Option<Known>,
    /// Entries that listings did not have.
    pub(in crate::watch) missing: Vec<FileId>,
    /// Everything was listed: names that became dirty until then have a lower order. And how long to wait.
    pub(in crate::watch) listed: Option<(u64, Instant)>,
}

impl Resuming {
    pub(in crate::watch) fn new(
        options: &WatchOptions,
        roots: Vec<Vec<u8>>,
        entries_max: usize,
        limits: &Limits,
    ) -> Self {
        let Some(bytes) = options.since.clone() else { return Resuming::default() };
        match Reader::new(bytes, roots, entries_max, Tree::new(limits.watch_tombstones)) {
            Ok(reader) => Resuming { reader: Some(reader), ..Resuming::default() },
            Err(problem) => {
                Resuming { failed: true, problem: Some(problem), ..Resuming::default() }
            }
        }
    }

    /// Why the saved tree is of no use.
    pub(in crate::watch) fn problem(&self) -> Option<SaveProblem> {
        self.problem
    }

    /// Whether the saved tree has to be read before anything else.
    pub(in crate::watch) fn is_loading(&self) -> bool {
        self.reader.is_some() || self.discarded.is_some() || self.failed
    }

    /// Whether the tree is being compared with the disk.
    pub(in crate::watch) fn is_comparing(&self) -> bool {
        self.known.is_some()
    }

    pub(in crate::watch) fn has_missing(&self) -> bool {
        !self.missing.is_empty()
    }

    /// Everything is compared.
    pub(in crate::watch) fn finish(&mut self) {
        self.known = None;
    }
}
