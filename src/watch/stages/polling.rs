//! Directories that are polled, and when.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::time::{Duration, Instant};

use super::super::tree::FileId;
use crate::policy::{Outage, RetryPolicy};

/// When the system is asked for watches again, at first and at most.
const WATCHES_AGAIN: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// When a directory is opened again that could not be for want of descriptors or memory, at first; at most after the
/// interval of polling.
const REFUSED_AGAIN: Duration = Duration::from_millis(20);

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
    /// The system has no watches.
    pub(in crate::watch) short: Outage,
    /// It does not let directories be opened, for want of descriptors or memory.
    pub(in crate::watch) refused: Outage,
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
            short: Outage::new(backoff(WATCHES_AGAIN.0, WATCHES_AGAIN.1)),
            refused: Outage::new(backoff(REFUSED_AGAIN.min(interval), interval)),
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
        self.short.retry_at().is_none_or(|at| at <= now)
    }

    /// A directory could not be opened for want of descriptors or memory.
    pub(in crate::watch) fn on_refused(&mut self, now: Instant, random: u64) {
        self.refused.on_failure(now, random);
        if let Some(at) = self.refused.retry_at() {
            self.next_at = Some(self.next_at.map_or(at, |next| next.min(at)));
        }
    }

    /// Lists directories at once that could not be opened, unless that goes on already.
    pub(in crate::watch) fn retry_refused(&mut self, now: Instant) {
        if !self.is_going_on() {
            self.next_at = Some(now);
        }
    }

    /// When the next listing begins, after one that took so long. It takes at most one part of `share` of the time.
    pub(in crate::watch) fn next_after(&self, now: Instant, took: Duration, share: u32) -> Instant {
        let usual = now + self.interval;
        let next = self.refused.retry_at().map_or(usual, |at| at.min(usual));
        next.max(now + took * (share - 1))
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

/// An interval of zero is none that could be backed off from.
fn backoff(initial: Duration, max: Duration) -> RetryPolicy {
    RetryPolicy::new(initial, max).unwrap_or_default()
}
