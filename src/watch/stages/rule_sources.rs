//! Names of files of rules that are watched for.

use std::collections::HashMap;

use super::super::tree::FileId;

/// A name that is watched for.
pub(in crate::watch) struct Source {
    pub(in crate::watch) name: Box<[u8]>,
    /// The directory whose rules depend on it; the parent of the roots stands for the rules above them.
    pub(in crate::watch) dir: FileId,
}

/// See the module's documentation.
#[derive(Default)]
pub(in crate::watch) struct Sources {
    pub(in crate::watch) by_watch: HashMap<i32, Vec<Source>>,
    /// The watches that a directory's rules have.
    pub(in crate::watch) of_dir: HashMap<FileId, Vec<i32>>,
    pub(in crate::watch) count: usize,
}

/// Files that are being watched for.
pub(in crate::watch) struct SourceWatching {
    pub(in crate::watch) dir: FileId,
    /// The watches of before.
    pub(in crate::watch) before: Vec<i32>,
    /// One of the files is not what was read.
    pub(in crate::watch) has_changed: bool,
}
