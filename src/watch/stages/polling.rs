//! Directories that are polled, and when.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::time::{Duration, Instant};

use super::super::tree::FileId;

/// When the system is asked for watches again.
pub(in crate::watch) const WATCHES_AGAIN: Duration = Duration::from_secs(5);

/// See the module's documentation.
pub(in crate::watch) struct Polling {
    pub(in crate::watch) dirs: BTreeSet<FileId>,
    /// Those that something happened in since they were listed.
    pub(in crate::watch) active: BTreeSet<FileId>,
    pub(in crate::watch) interval: Duration,
    pub(in crate::watch) next_at: Option<Instant>,
    /// Directories that are still to be put into the queue of listings: the active ones, and all after one.
    pub(in crate::watch) first: BTreeSet<FileId>,
    pub(in crate::watch) after: Option<FileId>,
    /// When the listing that goes on began.
    pub(in crate::watch) began: Option<Instant>,
    /// The system has no watches before this.
    pub(in crate::watch) watches_at: Option<Instant>,
}

impl Polling {
    pub(in crate::watch) fn new(interval: Duration) -> Self {
        Polling {
            dirs: BTreeSet::new(),
            active: BTreeSet::new(),
            interval,
            next_at: None,
            first: BTreeSet::new(),
            after: None,
            began: None,
            watches_at: None,
        }
    }

    pub(in crate::watch) fn len(&self) -> usize {
        self.dirs.len()
    }

    pub(in crate::watch) fn deadline(&self) -> Option<Instant> {
        self.next_at
    }

    pub(in crate::watch) fn is_going_on(&self) -> bool {
        self.began.is_some()
    }

    /// Whether directories are still to be put into the queue of listings.
    pub(in crate::watch) fn is_queueing(&self) -> bool {
        self.after.is_some()
    }

    /// The next directory that is to be listed.
    pub(in crate::watch) fn next_queued(&mut self) -> Option<FileId> {
        if let Some(dir) = self.first.pop_first() {
            return Some(dir);
        }
        let rest = (Bound::Excluded(self.after?), Bound::Unbounded);
        self.after = self.dirs.range(rest).next().copied();
        self.after
    }

    /// Whether it makes sense to ask the system for a watch.
    pub(in crate::watch) fn may_watch(&self, now: Instant) -> bool {
        self.watches_at.is_none_or(|at| at <= now)
    }

    /// The system has refused one.
    pub(in crate::watch) fn out_of_watches(&mut self, now: Instant) {
        self.watches_at = Some(now + WATCHES_AGAIN);
    }

    pub(in crate::watch) fn note_activity(&mut self, dir: FileId) {
        self.active.insert(dir);
    }

    pub(in crate::watch) fn retry_soon(&mut self, now: Instant) {
        let at = now + self.interval;
        self.next_at = Some(self.next_at.map_or(at, |next| next.min(at)));
    }

    pub(in crate::watch) fn forget(&mut self, dir: FileId) {
        self.dirs.remove(&dir);
        self.active.remove(&dir);
        if self.dirs.is_empty() {
            self.next_at = None;
        }
    }
}
