//! What was seen at a name, and what of it is to be shown.

use super::super::tree::Stat;

/// A look at a name.
#[derive(Clone, Copy)]
pub(in crate::watch) struct Observed {
    pub(in crate::watch) stat: Option<Stat>,
    /// What the file system's clock said before.
    pub(in crate::watch) file_time: i64,
    /// How often the kernel's queue had been emptied before.
    pub(in crate::watch) emptied: u32,
}

/// What of a name is to be shown.
pub(in crate::watch) struct Classified {
    pub(in crate::watch) stat: Option<Stat>,
    /// A directory that stays closed.
    pub(in crate::watch) is_opaque: bool,
    /// It is ignored, and shown since it is tracked.
    pub(in crate::watch) is_kept: bool,
}
