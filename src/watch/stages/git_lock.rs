//! What is known of the locks of git.

use std::time::Instant;

/// What is known of locks.
#[derive(Default)]
pub(in crate::watch) struct GitLock {
    /// One was there at the last look.
    pub(in crate::watch) locked: bool,
    /// When to look again; set while a batch waits.
    pub(in crate::watch) next_look: Option<Instant>,
}
