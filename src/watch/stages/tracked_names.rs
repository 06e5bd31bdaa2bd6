//! Names that are tracked now, or not any more, and are to be checked again.

use std::collections::VecDeque;

use super::super::tree::FileId;

/// Names that are to be checked again.
#[derive(Default)]
pub(in crate::watch) struct TrackedNames {
    /// Absolute paths.
    pub(in crate::watch) paths: VecDeque<Vec<u8>>,
    pub(in crate::watch) entries: VecDeque<FileId>,
}

impl TrackedNames {
    pub(in crate::watch) fn is_pending(&self) -> bool {
        !self.paths.is_empty() || !self.entries.is_empty()
    }
}
