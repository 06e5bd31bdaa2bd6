//! Directories that lose what is in them, and where to go on.

use super::super::tree::FileId;

/// Directories that lose what is in them.
#[derive(Default)]
pub(in crate::watch) struct SubtreeRemoval {
    pub(in crate::watch) dirs: Vec<FileId>,
    /// Where to go on.
    pub(in crate::watch) at: Option<FileId>,
}

impl SubtreeRemoval {
    pub(in crate::watch) fn is_pending(&self) -> bool {
        !self.dirs.is_empty()
    }
}
